#!/usr/bin/env python3
"""Runs the built gateway by its configuration files, between stand-ins for both ends.

    python3 interop/gateway.py [--examples DIR]

DIR holds the built examples, `target/release/examples` unless told. Needs `openssl` for
certificates of an hour. One line per case, then `N passed, N failed`; the exit status is 0 only
when none failed.
"""

import argparse
import base64
import contextlib
import http.server
import json
import os
import pathlib
import queue
import shutil
import signal
import socket
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

from harness import (
    END, MARK, START, WAIT, Cases, Failed, FarSide, Program, Wire, bound_whole_run, expect, frame, free_port, require,
)

ROOT = pathlib.Path(__file__).resolve().parent.parent
CONFIG = ROOT / "examples" / "config"

# Messages ------------------------------------------------------------------------------------


def message(control_id, kind="ADT^A04^ADT_A01", patient="PID|1||%s7^^^GH^MR||%s^EVE||19620320|F|||12 %s LANE", visit="PV1|1|I",
            ask="", processing_id="P", extra=""):
    header = "MSH|^~\\&|HIS|GH|ENGINE|GH|20260302081530||%s|%s|%s|2.5.1%s" % (kind, control_id, processing_id, ask)
    patient = patient.replace("%s", MARK)
    return "".join(line + "\r" for line in (header, patient, visit, extra) if line).encode()


def field(content, segment, number):
    for line in content.decode("latin-1").split("\r"):
        fields = line.split("|")
        if fields[0] == segment:
            number = number - 1 if segment == "MSH" else number
            return fields[number] if len(fields) > number else ""
    raise Failed("no segment %s in %d bytes" % (segment, len(content)))


def acknowledge(content, code="AA", extra=""):
    named = field(content, "MSH", 10)
    return ("MSH|^~\\&|FAR|SIDE|||20260302081531||ACK|FAR-%s|P|2.5.1\rMSA|%s|%s%s\r" % (named, code, named, extra)).encode()


def expect_ack(content, code, control_id):
    expect((field(content, "MSA", 1), field(content, "MSA", 2)), (code, control_id), "MSA-1 and MSA-2")
    require(MARK.encode() not in content, "the acknowledgment holds patient data")


def positive(request):
    return 200, "application/hl7-v2+er7", acknowledge(request.body)


# Stand-ins -----------------------------------------------------------------------------------


class MllpSide:
    """An MLLP receiver that records each message and answers with what `answer(message)` returns."""

    def __init__(self, answer=acknowledge, start=START, end=END):
        self.received = queue.Queue()
        side = self
        side.answer = answer

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                buffered = b""
                while True:
                    data = self.request.recv(65536)
                    if not data:
                        return
                    buffered += data
                    while end in buffered:
                        content, buffered = buffered.split(end, 1)
                        content = content.removeprefix(start)
                        side.received.put(content)
                        self.request.sendall(frame(side.answer(content), start, end))

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.address = "127.0.0.1:%d" % self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def next(self):
        try:
            return self.received.get(timeout=WAIT)
        except queue.Empty:
            raise Failed("the MLLP side received nothing within %g s" % WAIT) from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


class Outbox:
    """An HTTPS source: GET gives what waits, DELETE of `/outbox/CONTROL_ID` forgets it."""

    def __init__(self, context):
        self.waiting, self.asked, self.credentials = {}, 0, set()
        outbox = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outbox.asked += 1
                outbox.credentials.add(self.headers["Authorization"])
                self._answer(b"".join(list(outbox.waiting.values())[:2]))

            def do_DELETE(self):
                outbox.waiting.pop(self.path.removeprefix("/outbox/"), None)
                self._answer(b"")

            def _answer(self, body):
                self.send_response(200 if body else 204)
                if body:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = "https://127.0.0.1:%d/outbox" % self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def until(self, holds, what):
        deadline = time.monotonic() + WAIT
        while not holds():
            require(time.monotonic() < deadline, what)
            time.sleep(0.02)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


class Authority:
    """Certificates of an hour, made by openssl."""

    def __init__(self, folder):
        self.folder = folder
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
                      "-subj", "/CN=Test Authority", "-keyout", "ca.key", "-out", "ca.pem")
        for name in ("service-ca", "exchange-ca", "ems-ca"):
            shutil.copy(folder / "ca.pem", folder / (name + ".pem"))
        for name in ("gateway", "client", "far"):
            self.issue(name)

    def issue(self, name):
        extensions = self.folder / "extensions"
        extensions.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=" + name,
                      "-keyout", name + ".key", "-out", name + ".csr")
        self._openssl("x509", "-req", "-in", name + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                      "-days", "1", "-extfile", "extensions", "-out", name + ".pem")

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True, timeout=60)

    def server(self, wants_client=False):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "far.pem", self.folder / "far.key")
        if wants_client:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.folder / "ca.pem")
        return context

    def client(self, shows="client"):
        context = ssl.create_default_context(cafile=self.folder / "ca.pem")
        if shows:
            context.load_cert_chain(self.folder / (shows + ".pem"), self.folder / (shows + ".key"))
        return context


def over_tls(far_side, context):
    """The far side, from its next connection on, over TLS."""
    far_side._server.socket = context.wrap_socket(far_side._server.socket, server_side=True)
    return far_side


def post(url, body, content_type="application/hl7-v2+er7", context=None, headers=()):
    request = urllib.request.Request(url, body, {"Content-Type": content_type, **dict(headers)})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(request, timeout=WAIT) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def get(port, path):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open("http://127.0.0.1:%d%s" % (port, path), timeout=WAIT) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


# The gateway ---------------------------------------------------------------------------------


class Site:
    """A place to run configurations in: the program, certificates, secrets."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        (folder / "certificates").mkdir()
        (folder / "secrets").mkdir()
        for name in ("service-token", "events-password", "ingest-client-secret"):
            (folder / "secrets" / name).write_text("secret of %s\n" % name)
        self.authority = Authority(folder / "certificates")

    def settings(self, ports, **others):
        """What the shipped files take from the environment."""
        return {
            "CERTIFICATES": self.folder / "certificates", "SECRETS": self.folder / "secrets",
            "LISTEN": "127.0.0.1:%d" % ports[0], "LISTEN_HTTP": "127.0.0.1:%d" % ports[1],
            "LISTEN_HTTPS": "127.0.0.1:%d" % ports[1], "STATUS": "127.0.0.1:%d" % ports[2], **others,
        }

    @contextlib.contextmanager
    def gateway(self, name, **settings):
        """A running gateway; gives it with its MLLP port, HTTP port and status port."""
        ports = [free_port() for _ in range(3)]
        with environment(self.settings(ports, **settings)), Program(self.program, "--config", CONFIG / name) as program:
            program.until_printed("ready")
            yield program, *ports
            program.signal(signal.SIGTERM)
            expect(program.exit_status(), 0, "exit status after SIGTERM")


@contextlib.contextmanager
def environment(settings):
    before = dict(os.environ)
    os.environ.update({name: str(value) for name, value in settings.items()})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def run(program, *arguments):
    with Program(program, *arguments) as started:
        return started.exit_status(), started.stdout, started.stderr


# Cases: configuration ------------------------------------------------------------------------


def shipped_files_pass(program):
    files = sorted(CONFIG.glob("*.toml"))
    require(len(files) >= 5, "%d files" % len(files))
    for file in files:
        status, out, err = run(program, "--config", file, "--check")
        expect((status, err), (0, ""), "status and errors of %s" % file.name)
        require("no fault found" in out, "printed %r" % out)


def faults_have_lines(program, folder):
    file = folder / "faulty.toml"
    file.write_text('[[route]]\nname = "a"\nfrom.mllp.lisen = "127.0.0.1:1"\n')
    status, _, err = run(program, "--config", file, "--check")
    expect(status, 1, "status")
    expect(err, "gateway: %s:3: unknown key `lisen`; did you mean `listen`?\n" % file, "errors")


MISTAKES = (
    # What stands in the route or before it, what in its destination, and what is told.
    ('from.mllp.max_connections = "4"', "", "4: `from.mllp.max_connections`: expected is a whole number"),
    ("from.http.listen = '127.0.0.1:1'", "", "3: only one of the keys in this table can stand there"),
    ("transform = [{ set = { path = 'MSH-5', valu = 'A' } }]", "", "4: unknown key `valu`; did you mean `value`?"),
    ("accept = { types = [] }", "", "4: an empty list takes no message; leave it out to take all"),
    ("accept = { types = ['ADT_A01'] }", "", "4: `ADT_A01` is no type; write `ADT^A01`"),
    ("from.mllp.idle_timeout = '0s'", "", "4: `0s` is no time; write 200ms, 5s, 10min, 24h or 7d"),
    ("from.mllp.allow = '10.0.0.0/33'", "", "4: `10.0.0.0/33` is no network: expected an address, or one with a length (10.1.0.0/16)"),
    ("", "http.bearer = '${HL7_GATEWAY_UNSET:-}'", "9: the secret is empty"),
    ("", "http.basic = { user = 'a', password = 4711 }", "9: `password`: expected is text in quotes"),
    ("", "http.dialect.preset = 'ingst'", "9: unknown word `ingst`; did you mean `ingest`?"),
    ("", "http.tls.ca = 'ca.pem'", "5: the URL is http, which sends in the clear; write https, or leave tls out"),
    ("", "retry = { max_attempts = 3 }", "9: `retry`: the key `preset` is missing"),
    ("", "retry = { preset = 'park_content_error' }", "9: unknown word `park_content_error`; did you mean `park_content_errors`?"),
)


def mistakes_are_told(program, folder):
    """Each in one line with its number, and no value that may be a secret."""
    file = folder / "mistaken.toml"
    for route, destination, told in MISTAKES:
        text = "[[route]]\nname = 'a'\nfrom.mllp.listen = '127.0.0.1:1'\n%s\n[[route.to]]\nname = 'b'\nhttp.url = 'http://127.0.0.1:1/'\n\n%s\n"
        file.write_text(text % (route, destination))
        status, _, err = run(program, "--config", file, "--check")
        expect((status, err), (1, "gateway: %s:%s\n" % (file, told)), "what is told of %s%s" % (route, destination))


def missing_files_are_told(program):
    with environment({"CERTIFICATES": "/nowhere", "SECRETS": "/nowhere"}):
        status, _, err = run(program, "--config", CONFIG / "events.toml", "--check-files")
    expect(status, 1, "status")
    expect(err.count("\n"), 1, "lines of %r" % err)
    require("/nowhere/" in err and "route events-https" in err, err)


# Cases: the integrations ---------------------------------------------------------------------


def scheduling(site):
    with over_tls(FarSide(positive), site.authority.server()) as service:
        url = "https://127.0.0.1:%d/messages" % service.port
        with site.gateway("scheduling.toml", SERVICE=url) as (gateway, port, _, status), Wire(port) as wire:
            sent = message("S1")
            expect_ack(wire.exchange(sent), "AA", "S1")
            request = service.next()
            lines = request.body.decode().split("\r")
            expect(lines[0], "MSH|^~\\&|HIS|GH|Scheduling|GH|20260302081530||ADT^A04^ADT_A01|S1|P|2.5.1", "MSH")
            require(lines[1].startswith("PID|||%s7^^^GH^MR||%s^EVE||19620320|F" % (MARK, MARK)), "PID is not as listed")
            require(b" LANE" not in request.body, "the address has left the hospital")
            expect(request.headers["Authorization"], "Bearer secret of service-token", "credentials")
            # A copy gets the same answer, and is not sent again.
            expect_ack(wire.exchange(sent), "AA", "S1")
            # An emergency is taken and not passed on; a type that is not listed is rejected.
            expect_ack(wire.exchange(message("S2", visit="PV1|1|E")), "AA", "S2")
            expect_ack(wire.exchange(message("S3", kind="MDM^T02")), "AR", "S3")
            expect_ack(wire.exchange(message("S4", kind="SIU^S12", extra="SCH|1|2")), "AA", "S4")
            expect(field(service.next().body, "MSH", 10), "S4", "the next message at the service")
            metrics_tell(status)


def appointments(site):
    """Fetched in order; confirmed only once the hospital has taken them; a failure is tried again."""
    refusing = threading.Event()
    refusing.set()

    def hospital(content):
        return acknowledge(content, "AR" if refusing.is_set() else "AA")

    with Outbox(site.authority.server()) as outbox, MllpSide(hospital) as his:
        for control_id in ("P1", "P2", "P3"):
            outbox.waiting[control_id] = message(control_id, kind="SIU^S12", extra="SCH|1|2")
        with site.gateway("scheduling.toml", OUTBOX=outbox.url, HIS=his.address, INTERVAL="100ms") as (gateway, *_):
            expect(field(his.next(), "MSH", 10), "P1", "the first message")
            outbox.until(lambda: outbox.asked >= 2, "a message that was refused is not fetched again")
            expect(list(outbox.waiting), ["P1", "P2", "P3"], "what waits after a refusal")
            refusing.clear()
            outbox.until(lambda: not outbox.waiting, "what was taken is not confirmed")
        seen = []
        with contextlib.suppress(queue.Empty):
            while True:
                seen.append(his.received.get_nowait())
        names = [field(content, "MSH", 10) for content in seen]
        expect([name for name in names if name != "P1"], ["P2", "P3"], "the others, in order")
        expect(seen[-1], message("P3", kind="SIU^S12", extra="SCH|1|2"), "the last message")
        expect(outbox.credentials, {"Bearer secret of service-token"}, "credentials")


def credentials_of_a_poller_are_reloaded(site):
    """SIGHUP: the next request shows the new token, and what was being delivered is confirmed."""
    token = site.folder / "secrets" / "service-token"
    before, release = token.read_text(), threading.Event()

    def hospital(content):
        release.wait(WAIT)
        return acknowledge(content)

    try:
        with Outbox(site.authority.server()) as outbox, MllpSide(hospital) as his:
            outbox.waiting["P1"] = message("P1", kind="SIU^S12", extra="SCH|1|2")
            with site.gateway("scheduling.toml", OUTBOX=outbox.url, HIS=his.address, INTERVAL="50ms") as (gateway, *_):
                expect(field(his.next(), "MSH", 10), "P1", "the message")
                token.write_text("fresh")
                gateway.signal(signal.SIGHUP)
                gateway.signal(signal.SIGHUP)
                gateway.until_printed("certificates, secrets and rules reloaded")
                release.set()
                outbox.until(lambda: not outbox.waiting, "what was under way is not confirmed")
                outbox.until(lambda: "Bearer fresh" in outbox.credentials, "the new token is not shown")
                outbox.waiting["P2"] = message("P2", kind="SIU^S12", extra="SCH|1|2")
                outbox.until(lambda: not outbox.waiting, "what comes later is not confirmed")
            expect([field(his.next(), "MSH", 10)], ["P2"], "delivered after the reload")
            require(his.received.empty(), "a message was delivered twice")
    finally:
        token.write_text(before)


def metrics_tell(status):
    expect(get(status, "/healthz"), (200, "ok\n"), "health")
    expect(get(status, "/readyz"), (200, "ready\n"), "readiness")
    expect(get(status, "/other")[0], 404, "status of another path")
    code, text = get(status, "/metrics")
    expect(code, 200, "status of the metrics")
    route = 'route="patients-and-appointments"'
    to = 'destination="service"'
    for line in (
        "hl7_gateway_received_total{%s} 5" % route,
        "hl7_gateway_filtered_total{%s} 1" % route,
        'hl7_gateway_deliveries_total{%s,%s,outcome="AA"} 2' % (route, to),
        "hl7_gateway_queued{%s,%s} 0" % (route, to),
        'hl7_gateway_delivery_seconds_bucket{%s,%s,le="+Inf"} 2' % (route, to),
        "hl7_mllp_connections 1",
    ):
        require(line in text.splitlines(), "no %s in:\n%s" % (line, text))
    require(MARK not in text, "the metrics hold patient data")


def outage(site):
    """A destination that is down is AR within the deadline, and the gateway stays."""
    nobody = "127.0.0.1:%d" % free_port()
    with site.gateway("intersystems.toml", LABORATORY=nobody) as (gateway, _, port, status):
        _, answer = post("http://127.0.0.1:%d/hl7/results" % port, message("O1"))
        expect_ack(answer, "AR", "O1")
        expect(get(status, "/readyz")[0], 200, "readiness")
        text = get(status, "/metrics")[1]
        require('outcome="not_sent"} 1' in text, "the outcome is not counted")
        for line in ('hl7_http_exchanges_total{code="AR"} 1', "hl7_http_connections_total 1"):
            require(line in text.splitlines(), "no %s in:\n%s" % (line, text))


def events(site):
    """Stored, whichever way it came; what the store does is held against `store.py`."""
    with site.gateway("events.toml", STORE="sqlite:%s" % (site.folder / "events.db")) as (gateway, port, https, _):
        with Wire(port) as wire:
            expect_ack(wire.exchange(message("E1")), "AA", "E1")
            expect_ack(wire.exchange(message("E2", patient="PID|1")), "AE", "E2")
            expect_ack(wire.exchange(message("E3", processing_id="T")), "AR", "E3")
        target = "https://127.0.0.1:%d/" % https
        context = site.authority.client(shows=None)
        expect(post(target, message("E4"), context=context)[0], 401, "status without a password")
        password = base64.b64encode(b"events:secret of events-password").decode()
        code, answer = post(target, message("E5"), context=context, headers={"Authorization": "Basic " + password}.items())
        expect(code, 200, "status")
        expect_ack(answer, "AA", "E5")
    lines = [json.loads(line) for line in gateway.stderr.splitlines()]
    exchanges = [line.get("control_id") for line in lines if line.get("message") == "exchange"]
    expect([name for name in exchanges if name], ["E1", "E2", "E3", "E5"], "control IDs in the log")
    routes = [line["spans"][0]["route"] for line in lines if line.get("message") == "exchange"]
    expect(routes[:3] + routes[-1:], ["events-mllp"] * 3 + ["events-https"], "routes in the log")


def ingest(site):
    """OAuth and a client certificate; the exchange's own acknowledgment under 200, 400 and 500."""
    answers = {"I1": (200, "AA"), "I2": (400, "AR"), "I3": (500, "AE")}
    asked = queue.Queue()

    def exchange(request):
        if b"grant_type" in request.body:
            asked.put(request)
            return 200, "application/json", json.dumps({"access_token": "t0ken", "token_type": "Bearer", "expires_in": 600}).encode()
        status, code = answers[field(request.body, "MSH", 10)]
        # As the exchange does: LF between segments, none at the end.
        return status, "text/plain", acknowledge(request.body, code).replace(b"\r", b"\n").rstrip(b"\n")

    with over_tls(FarSide(exchange), site.authority.server(wants_client=True)) as far:
        url = "https://127.0.0.1:%d" % far.port
        settings = {"EXCHANGE": url + "/api", "TOKENS": url + "/token", "ORGANISATION": "r0x"}
        with site.gateway("ingest.toml", **settings) as (gateway, port, _, status), Wire(port) as wire:
            # I2 last: an AR is tried again.
            for control_id in ("I1", "I3", "I2"):
                expect_ack(wire.exchange(message(control_id)), answers[control_id][1], control_id)
        token = asked.get(timeout=WAIT)
        credentials = base64.b64encode(b"hospital:" + urllib.parse.quote_plus("secret of ingest-client-secret").encode())
        expect(token.headers["Authorization"], "Basic " + credentials.decode(), "credentials at the token endpoint")
        while (request := far.next()) is token:
            pass
        expect(request.body, message("I1"), "body")
        for name, value in (("Authorization", "Bearer t0ken"), ("organisation-code", "r0x"),
                            ("source-domain", "emergency-care"), ("data-type", "Hl7v2")):
            expect(request.headers[name], value, name)
        expect(request.headers.get_content_type(), "text/plain", "content type")


def endoscopy(site):
    """In order with a client certificate; results with a PDF go there, and come back over mutual TLS."""
    under_way, most = [], []
    guard = threading.Lock()

    def ems(request):
        with guard:
            under_way.append(request)
            most.append(len(under_way))
        time.sleep(0.05)
        with guard:
            under_way.remove(request)
        return positive(request)

    document = "OBX|1|ED|PDF||^AP^^Base64^" + base64.b64encode(b"%PDF-1.4 " + b"x" * 200000).decode()
    with over_tls(FarSide(ems), site.authority.server(wants_client=True)) as far, MllpSide() as trust:
        settings = {"EMS": "https://127.0.0.1:%d/hl7" % far.port, "TRUST": trust.address, "EMS_NETWORKS": "127.0.0.1",
                    "PROCESSING_ID": "P", "EMS_CERTIFICATE": "client", "EMS_FACILITY": "GH"}
        with site.gateway("endoscopy.toml", **settings) as (gateway, port, https, _):
            wires = [Wire(port) for _ in range(4)]
            try:
                for number, wire in enumerate(wires):
                    wire.send(frame(message("M%d" % number, kind="ADT^A31")))
                for number, wire in enumerate(wires):
                    answer = wire.read_frame()
                    expect_ack(answer, "AA", "M%d" % number)
                    expect(field(answer, "MSH", 10), "FAR-M%d" % number, "control ID of the far side's own answer")
            finally:
                for wire in wires:
                    wire.close()
            expect(max(most), 1, "messages under way at once")
            outward = message("M4", kind="ORU^R01", extra=document)
            with Wire(port) as wire:
                expect_ack(wire.exchange(outward), "AA", "M4")
            while field((request := far.next()).body, "MSH", 10) != "M4":
                pass
            expect(request.body, outward, "a result with its PDF, at the far side")
            result = message("R1", kind="ORU^R01", extra=document)
            target = "https://127.0.0.1:%d/" % https
            code, answer = post(target, result, context=site.authority.client())
            expect(code, 200, "status")
            expect_ack(answer, "AA", "R1")
            expect(trust.next(), result, "message at the trust")
            # What another facility has sent is not for this certificate to bring; for another
            # certificate nothing is.
            foreign = result.replace(b"|HIS|GH|", b"|HIS|OTHER|").replace(b"|R1|", b"|R2|")
            expect_ack(post(target, foreign, context=site.authority.client())[1], "AR", "R2")
            try:
                code, answer = post(target, result, context=site.authority.client(shows="far"))
                require(code != 200 and b"MSA|AA" not in answer, "another certificate was let in")
            except OSError:
                pass
            try:
                post(target, result, context=site.authority.client(shows=None))
            except OSError:
                pass
            else:
                raise Failed("a caller without a certificate was answered")


def certificates_are_reloaded(site):
    """SIGHUP: the next connection is shown the new certificate, without a restart."""
    with MllpSide() as trust:
        with site.gateway("endoscopy.toml", TRUST=trust.address, EMS_NETWORKS="127.0.0.1") as (gateway, _, https, _2):
            def shown():
                with socket.create_connection(("127.0.0.1", https), timeout=WAIT) as plain:
                    with site.authority.client().wrap_socket(plain, server_hostname="localhost") as secure:
                        return secure.getpeercert()["serialNumber"]

            before = shown()
            site.authority.issue("gateway")
            expect(shown(), before, "certificate before the signal")
            gateway.signal(signal.SIGHUP)
            gateway.until_printed("certificates, secrets and rules reloaded")
            require(shown() != before, "the old certificate is still shown")


def secrets_are_reloaded(site):
    """SIGHUP: the next message shows the new token."""
    token = site.folder / "secrets" / "service-token"
    before = token.read_text()
    with over_tls(FarSide(positive), site.authority.server()) as service:
        url = "https://127.0.0.1:%d/messages" % service.port
        try:
            with site.gateway("scheduling.toml", SERVICE=url) as (gateway, port, *_), Wire(port) as wire:
                for number, text in enumerate(["first", "second"]):
                    token.write_text(text)
                    gateway.signal(signal.SIGHUP)
                    deadline = time.monotonic() + WAIT
                    while gateway.stderr.count("certificates, secrets and rules reloaded") <= number:
                        require(time.monotonic() < deadline, "not reloaded")
                        time.sleep(0.02)
                    expect_ack(wire.exchange(message("T%d" % number)), "AA", "T%d" % number)
                    expect(service.next().headers["Authorization"], "Bearer " + text, "credentials")
                # A secret that can not be read leaves the one before in use.
                token.unlink()
                gateway.signal(signal.SIGHUP)
                gateway.until_printed("not reloaded")
                expect_ack(wire.exchange(message("T9")), "AA", "T9")
                expect(service.next().headers["Authorization"], "Bearer second", "credentials")
        finally:
            token.write_text(before)


RELOADED = """
[status]
listen = "127.0.0.1:%(status)d"

[[route]]
name = "adt"
from.mllp.listen = "127.0.0.1:%(port)d"
%(rules)s

[route.replay]

[[route.to]]
name = "ehr"
mllp.address = "%(ehr)s"
order = "sequential"
"""


def rules_are_reloaded(site):
    """SIGHUP: rules and allow-lists of the file as it is now; a file that can not be used changes nothing."""
    config, table = site.folder / "reloaded.toml", site.folder / "codes.csv"
    table.write_text("F,female\n")
    step = "transform = [{ map_codes = { path = 'PID-8', table = 'codes.csv' } }]"
    with MllpSide() as ehr, contextlib.ExitStack() as stack:
        values = {"status": free_port(), "port": free_port(), "ehr": ehr.address}

        def write(rules, **others):
            config.write_text(RELOADED % {**values, "rules": rules, **others})

        write("")
        gateway = stack.enter_context(Program(site.program, "--config", config))
        gateway.until_printed("ready")

        def reload(rules, **others):
            write(rules, **others)
            before = gateway.stderr.count("rules reloaded")
            gateway.signal(signal.SIGHUP)
            deadline = time.monotonic() + WAIT
            while gateway.stderr.count("rules reloaded") <= before:
                require(time.monotonic() < deadline, "not reloaded")
                time.sleep(0.02)

        wire = stack.enter_context(Wire(values["port"]))

        def exchange(control_id, code, sex="F"):
            expect_ack(wire.exchange(message(control_id)), code, control_id)
            if code == "AA":
                expect(field(ehr.next(), "PID", 8), sex, "PID-8 of %s" % control_id)

        exchange("H1", "AA")
        reload("accept = { types = ['ORU^*'] }")
        exchange("H2", "AR")
        reload("validate = [{ required = ['PID-30'] }]")
        exchange("H3", "AE")
        # It was refused by a rule, and is not once the rule is gone.
        reload("")
        exchange("H3", "AA")
        reload("filter = [{ path = 'PV1-2', none_of = ['I'] }]\nfiltered = 'reject'")
        exchange("H4", "AR")
        reload(step)
        exchange("H5", "AA", sex="female")
        # A table, a file, and a file that says more than can be changed: what was in use stays.
        table.write_text("F,a,b\nF,c\n")
        reload(step)
        exchange("H6", "AA", sex="female")
        reload("acept = { types = ['ORU^*'] }")
        require("unknown key `acept`; did you mean `accept`?" in gateway.stderr, "the fault is not told")
        exchange("H7", "AA", sex="female")
        reload("accept = { types = ['ORU^*'] }", ehr="127.0.0.1:1")
        require("restart for it" in gateway.stderr, "that a restart is needed is not told")
        exchange("H8", "AA", sex="female")
        # The connection that is open stays open; the next one from here is closed.
        reload("from.mllp.allow = '192.0.2.1'")
        exchange("H9", "AA")
        with Wire(values["port"]) as refused:
            expect(refused.read_to_end(), b"", "what is read from a gateway that lets nobody in")
        reload("from.mllp.allow = '127.0.0.0/8'")
        with Wire(values["port"]) as again:
            expect_ack(again.exchange(message("H10")), "AA", "H10")
        # Under load no message is lost or left without an answer.
        ended, answered = threading.Event(), []

        def send():
            with Wire(values["port"]) as own:
                while not ended.is_set():
                    answered.append(field(own.exchange(message("H11")), "MSA", 1))

        senders = [threading.Thread(target=send) for _ in range(4)]
        for sender in senders:
            sender.start()
        for number in range(5):
            reload(("", "accept = { types = ['ORU^*'] }")[number % 2])
        ended.set()
        for sender in senders:
            sender.join(WAIT)
            require(not sender.is_alive(), "a sender does not end")
        require(set(answered) <= {"AA", "AR"} and answered.count("AA"), "answered %s" % set(answered))
        gateway.signal(signal.SIGTERM)
        expect(gateway.exit_status(), 0, "exit status after SIGTERM")


def nothing_starts_by_halves(site):
    """The second route's port is taken: the first takes no message before that is known."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = site.folder / "halves.toml"
        port = taken.getsockname()[1]
        config.write_text("".join(
            "[[route]]\nname = '%s'\nfrom.mllp.listen = '127.0.0.1:%d'\n[[route.to]]\nname = 'ehr'\nmllp.address = '127.0.0.1:1'\n"
            % (name, at) for name, at in (("first", free_port()), ("second", port))))
        status, _, err = run(site.program, "--config", config)
    expect(status, 1, "status")
    lines = err.splitlines()
    require(lines[-1].startswith("gateway: route second: cannot listen on 127.0.0.1:%d" % port), err)
    require("forwarding" not in err, "a route was started: %s" % err)


def first_and_any(site):
    """Whose answer the sender gets, and that every destination has got the message."""
    release = threading.Event()

    def slow(content):
        release.wait(WAIT)
        return acknowledge(content)

    def refusing(content):
        return acknowledge(content, "AE")

    for rule, first, second, code in (
        ("first", slow, acknowledge, "AA"), ("first", refusing, slow, "AE"), ("any", refusing, acknowledge, "AA"),
        ("any", slow, acknowledge, "AA"), ("any", refusing, refusing, "AE"), ("all", refusing, acknowledge, "AE"),
    ):
        release.clear()
        with MllpSide(first) as one, MllpSide(second) as other:
            port = free_port()
            config = site.folder / "fanned.toml"
            destination = "[[route.to]]\nname = '%s'\nmllp.address = '%s'\n"
            config.write_text(
                "[[route]]\nname = 'out'\nfrom.mllp.listen = '127.0.0.1:%d'\nanswer = '%s'\n" % (port, rule)
                + destination % ("one", one.address) + destination % ("other", other.address))
            with Program(site.program, "--config", config) as gateway:
                gateway.until_printed("ready")
                with Wire(port) as wire:
                    expect_ack(wire.exchange(message("X1"), limit=5), code, "X1")
                release.set()
                for side in (one, other):
                    expect(side.next(), message("X1"), "the message at a destination, answer = %s" % rule)
                gateway.signal(signal.SIGTERM)
                expect(gateway.exit_status(), 0, "exit status after SIGTERM")


def other_frames(site):
    """Each end of a route begins and ends its frames with its own bytes, and VT is noise there."""
    port, ends, far_ends = free_port(), (b"\x02", b"\x03\r"), (b"\x01", b"\x04\r")
    config = site.folder / "other-frames.toml"
    with MllpSide(acknowledge, *far_ends) as far:
        config.write_text(
            "[[route]]\nname = 'old'\nfrom.mllp = { listen = '127.0.0.1:%d', envelope = '0x02 0x03' }\n" % port
            + "[[route.to]]\nname = 'older'\nmllp = { address = '%s', envelope = '0x01 0x04' }\n" % far.address)
        with Program(site.program, "--config", config) as gateway:
            gateway.until_printed("ready")
            with Wire(port, *ends) as wire:
                for control_id in ("F1", "F2"):
                    wire.send(frame(message("VT")))
                    expect_ack(wire.exchange(message(control_id)), "AA", control_id)
                    expect(far.next(), message(control_id), "the message at the far side")
            gateway.signal(signal.SIGTERM)
            expect(gateway.exit_status(), 0, "exit status after SIGTERM")


def slow_destination(site):
    """A destination that does not answer holds the sender up to its deadline, and the other not at all."""
    release = threading.Event()

    def slow(content):
        release.wait(WAIT)
        return acknowledge(content)

    with FarSide(positive) as service, MllpSide(slow) as tcp:
        settings = {"SERVICE": "http://127.0.0.1:%d/hl7" % service.port, "TCP_SERVICE": tcp.address}
        with site.gateway("intersystems.toml", **settings) as (gateway, port, _, status), Wire(port) as wire:
            began = time.monotonic()
            wire.send(frame(message("W1")))
            service.next(2)
            expect_ack(wire.read_frame(), "AR", "W1")
            require(4 < time.monotonic() - began < 12, "answered after %g s" % (time.monotonic() - began))
            queued = 'hl7_gateway_queued{route="to-services",destination="tcp-service"} 1'
            require(queued in get(status, "/metrics")[1], "what is under way is not counted")
            # A stop lets what is in flight finish, and says meanwhile that it is not ready.
            wire.send(frame(message("W2")))
            service.next()
            gateway.signal(signal.SIGTERM)
            gateway.until_printed("stopping")
            expect(get(status, "/readyz"), (503, "not ready\n"), "readiness during a stop")
            release.set()
            expect_ack(wire.read_frame(), "AA", "W2")


def intersystems(site):
    """Fan-out: both services get the message, and the sender hears the one that failed."""
    with FarSide(positive) as service, MllpSide() as tcp, MllpSide() as laboratory:
        settings = {"SERVICE": "http://127.0.0.1:%d/hl7" % service.port, "TCP_SERVICE": tcp.address,
                    "LABORATORY": laboratory.address}
        with site.gateway("intersystems.toml", **settings) as (gateway, port, http_port, _):
            with Wire(port) as wire:
                expect_ack(wire.exchange(message("F1")), "AA", "F1")
                request = service.next()
                expect(request.body, message("F1"), "body at the HTTP service")
                require(request.charset, "no charset is declared")
                expect(tcp.next(), message("F1"), "message at the TCP service")
                tcp.answer = lambda content: acknowledge(content, "AE")
                expect_ack(wire.exchange(message("F2")), "AE", "F2")
            # The operation asks for an accept acknowledgment; the laboratory answers AA.
            asked = message("F3", ask="|||AL|NE")
            target = "http://127.0.0.1:%d" % http_port
            code, answer = post(target + "/hl7/results", asked)
            expect(code, 200, "status")
            expect_ack(answer, "CA", "F3")
            expect(post(target + "/elsewhere", asked)[0], 404, "status of another path")
            # The service says CA at once, and AE later, as a message of its own.
            tcp.answer = acknowledge
            service.answer = lambda request: (200, "application/hl7-v2+er7", acknowledge(request.body, "CA"))
            asked = message("F4", ask="|||AL|AL")
            with Wire(port) as wire:
                wire.send(frame(asked))
                while field(service.next().body, "MSH", 10) != "F4":
                    pass
                code, _ = post(target + "/hl7/results", acknowledge(asked, "AE"))
                require(code in (200, 204), "status %d of an acknowledgment" % code)
                expect_ack(wire.read_frame(), "AE", "F4")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--examples", default=ROOT / "target" / "release" / "examples", type=pathlib.Path)
    program = arguments.parse_args().examples / "gateway"
    require(program.exists(), "%s is not there; run: cargo build --release --examples" % program)
    bound_whole_run(420)
    cases = Cases()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        cases.run("every shipped configuration passes --check", shipped_files_pass, program)
        cases.run("an unknown key is told with its line and the nearest key", faults_have_lines, program, folder)
        cases.run("each mistake is told with its line, and no value", mistakes_are_told, program, folder)
        cases.run("--check-files tells of a missing file in one line", missing_files_are_told, program)
        site = Site(program, folder)
        cases.run("scheduling: MLLP, filtered and stripped, to HTTPS; metrics", scheduling, site)
        cases.run("scheduling: appointments fetched, delivered, confirmed", appointments, site)
        cases.run("events: MLLP and HTTPS into a store; log lines in JSON", events, site)
        cases.run("a destination that is down is AR, and counted", outage, site)
        cases.run("ingest: OAuth, client certificate, AR under 400, AE under 500", ingest, site)
        cases.run("endoscopy: one at a time; a PDF there, and back over mutual TLS", endoscopy, site)
        cases.run("SIGHUP reloads certificates", certificates_are_reloaded, site)
        cases.run("SIGHUP reloads secrets, and keeps what it can not replace", secrets_are_reloaded, site)
        cases.run("SIGHUP reloads what a poller shows", credentials_of_a_poller_are_reloaded, site)
        cases.run("SIGHUP reloads rules and allow-lists, all or none", rules_are_reloaded, site)
        cases.run("nothing starts where a port is taken", nothing_starts_by_halves, site)
        cases.run("fan-out answers with the first, or any, and delivers to all", first_and_any, site)
        cases.run("other bytes than VT and FS, at either end", other_frames, site)
        cases.run("a slow destination holds up the sender to its deadline", slow_destination, site)
        cases.run("InterSystems: fan-out, one path, codes translated, answers later", intersystems, site)
    printed = b"".join(line for _, _, line in Program.printed)
    cases.run("no patient data in any output", lambda: require(MARK.encode() not in printed, "patient data was printed"))
    print("%d passed, %d failed" % (cases.passed, cases.failed))
    return 1 if cases.failed else 0


if __name__ == "__main__":
    sys.exit(main())
