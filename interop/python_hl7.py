#!/usr/bin/env python3
"""Runs the built examples against python-hl7, raw sockets and a Python HTTP receiver.

    python3 interop/python_hl7.py [--examples DIR]

DIR holds the built examples, `target/release/examples` unless told. The package `hl7` is
installed at its pinned version into `target/interop-venv`. One line per case, then
`N passed, N failed`; the exit status is 0 only when none failed. Without Python's `venv` or
`pip` the test says `skipped` and ends with 0.
"""

import argparse
import pathlib
import subprocess
import sys

from environment import ROOT, TARGET, enter_venv

if __name__ == "__main__":
    enter_venv(__file__)

import asyncio
import signal
import socket
import tempfile
import threading
import time
import urllib.request

import hl7
import hl7.mllp

from command_lines import (
    gateway_keeps_secrets, gateway_refuses, port_in_use, send_fails, send_missing_file,
    send_refused, send_times_out,
)
from harness import (
    END, MARK, START, WAIT, Cases, Examples, Failed, FarSide, Program, Wire,
    bound_whole_run, expect, frame, free_port, require, reserve_port,
)
from messages import ack_of, acknowledge, adt, as_asked, expect_ack, header_field

#: Seconds the whole run may take.
WHOLE_RUN = 420

# Through the gateway -------------------------------------------------------------------------


def serves(port, far_side, control_id):
    """The server at `port` still takes a good message to the far side and answers it."""
    message = adt(control_id)
    with Wire(port) as wire:
        expect_ack(wire.exchange(message), "AA", control_id)
    expect(far_side.next().body, message, "body on the far side")


def mllp_send_loose(port, far_side, folder):
    messages = [adt("LOOSE1"), adt("LOOSE2")]
    path = folder / "loose.hl7"
    path.write_bytes(b"".join(messages).replace(b"\r", b"\r\n"))
    mllp_send(port, far_side, messages, "--loose", "--file", path)


def mllp_send_framed(port, far_side, folder):
    messages = [adt("FRAMED1"), adt("FRAMED2"), adt("FRAMED3")]
    path = folder / "framed.mllp"
    path.write_bytes(b"".join(map(frame, messages)))
    mllp_send(port, far_side, messages, "--file", path)


def mllp_send(port, far_side, messages, *arguments):
    """python-hl7's command; it cuts the last CR off, and the gateway ends every segment."""
    command = pathlib.Path(sys.executable).parent / "mllp_send"
    done = subprocess.run(
        [command, "--port", str(port), *map(str, arguments), "127.0.0.1"], capture_output=True, timeout=WAIT
    )
    expect(done.returncode, 0, "exit status of mllp_send")
    answers = [part.split(START)[-1] for part in done.stdout.split(END)[:-1]]
    expect(len(answers), len(messages), "number of answers")
    for message, answer in zip(messages, answers):
        expect_ack(answer, "AA", header_field(message, 10))
        expect(far_side.next().body, message, "body on the far side")


def asyncio_client(port, far_side):
    async def converse():
        reader, writer = await hl7.mllp.open_hl7_connection("127.0.0.1", port, encoding="utf-8")
        try:
            for number in range(5):
                message = hl7.parse(adt("ASYNC%d" % number).decode())
                writer.writemessage(message)
                await writer.drain()
                answer = await asyncio.wait_for(reader.readmessage(), WAIT)
                expect(str(answer.segment("MSA")(1)), "AA", "MSA-1")
                expect(str(answer.segment("MSA")(2)), "ASYNC%d" % number, "MSA-2")
        finally:
            writer.close()

    asyncio.run(converse())
    for number in range(5):
        expect(far_side.next().body, adt("ASYNC%d" % number), "body on the far side")


def two_in_one_write(port, far_side):
    first, second = adt("WRITE1"), adt("WRITE2")
    with Wire(port) as wire:
        wire.send(frame(first) + frame(second))
        expect_ack(wire.read_frame(), "AA", "WRITE1")
        expect_ack(wire.read_frame(), "AA", "WRITE2")
    expect(far_side.next().body, first, "first body")
    expect(far_side.next().body, second, "second body")


def one_byte_writes(port, far_side):
    message = adt("BYTES1")
    with Wire(port) as wire:
        for byte in frame(message):
            wire.send(bytes([byte]))
        expect_ack(wire.read_frame(), "AA", "BYTES1")
    expect(far_side.next().body, message, "body on the far side")


def five_megabytes(port, far_side):
    document = (MARK.encode() + b"QUJDREVGR0g=") * (5 * 1024 * 1024 // 20 + 1)
    message = adt("LARGE1", extra=b"OBX|1|ED|18842-5^Document^LN||^AP^PDF^Base64^" + document + b"||||||F\r")
    require(len(message) > 5 * 1024 * 1024, "message is smaller than meant")
    with Wire(port) as wire:
        expect_ack(wire.exchange(message), "AA", "LARGE1")
    expect(far_side.next().body, message, "body on the far side")


def charset(port, far_side, control_id, encoding, declared, wanted):
    name = "%s-MÜLLER^JÜRGEN" % MARK
    message = adt(control_id, name=name, charset=declared, encoding=encoding)
    with Wire(port) as wire:
        expect_ack(wire.exchange(message), "AA", control_id)
    request = far_side.next()
    expect(request.body, message, "body on the far side")
    expect(request.charset, wanted, "charset parameter of the request")
    expect(request.headers.get_content_type(), "application/hl7-v2+er7", "content type of the request")


def answer_passes_unchanged(port, far_side):
    """AE with an ERR segment: code, text and bytes are the far side's own."""
    answer = acknowledge(adt("PASS1"), "AE") + b"ERR||PID^1^3|101^Required field missing^HL70357|E\r"
    usual, far_side.answer = far_side.answer, lambda _: (200, "application/hl7-v2+er7", answer)
    try:
        with Wire(port) as wire:
            expect(wire.exchange(adt("PASS1")), answer, "answer")
    finally:
        far_side.answer = usual
    far_side.next()


def accept_acknowledgment(port, far_side):
    message = adt("ACCEPT1", ask=("AL", "NE"))
    with Wire(port) as wire:
        expect_ack(wire.exchange(message), "CA", "ACCEPT1")
    expect(far_side.next().body, message, "body on the far side")


def nothing_due(port, far_side):
    """NE/NE: delivered, no answer; the first frame that comes answers the message after it."""
    silent, next_one = adt("SILENT1", ask=("NE", "NE")), adt("SILENT2")
    with Wire(port) as wire:
        wire.send(frame(silent))
        expect(far_side.next().body, silent, "body on the far side")
        expect_ack(wire.exchange(next_one), "AA", "SILENT2")
    expect(far_side.next().body, next_one, "body on the far side")


def line_feed_ends(port, far_side):
    message = adt("ENDS1")
    with Wire(port) as wire:
        expect_ack(wire.exchange(message.replace(b"\r", b"\n")), "AA", "ENDS1")
    expect(far_side.next().body, message, "body on the far side")


def several_connections(port, far_side):
    """Twenty connections open at once, each answered with its own control ID."""
    wires = [Wire(port) for _ in range(20)]
    try:
        for number, wire in enumerate(wires):
            wire.send(frame(adt("MANY%02d" % number)))
        for number, wire in enumerate(wires):
            expect_ack(wire.read_frame(), "AA", "MANY%02d" % number)
    finally:
        for wire in wires:
            wire.close()
    bodies = sorted(far_side.next().body for _ in wires)
    expect(bodies, sorted(adt("MANY%02d" % number) for number in range(20)), "bodies on the far side")


# A far side that fails -----------------------------------------------------------------------


def expect_refusal(wire, control_id, ask, code, secrets=()):
    """A negative acknowledgment for the right message that tells nothing about our inside."""
    answer = wire.exchange(adt(control_id, ask=ask))
    expect_ack(answer, code, control_id)
    for secret in (b"127.0.0.1", b"http", *secrets):
        require(secret not in answer, "the acknowledgment tells %r" % secret)


def far_side_down(examples):
    reserved, port = reserve_port(), free_port()
    url = "http://127.0.0.1:%d/" % reserved.getsockname()[1]
    with examples.gateway(port, url).until_listening(port):
        with Wire(port) as wire:
            expect_refusal(wire, "DOWN1", ("", ""), "AR")
            expect_refusal(wire, "DOWN2", ("AL", "NE"), "CE")
            with FarSide(as_asked, reserved) as far_side:
                expect_ack(wire.exchange(adt("DOWN3")), "AA", "DOWN3")
                expect(far_side.next().body, adt("DOWN3"), "body on the far side")


def far_side_answers_nonsense(examples):
    nonsense = [
        ("text", 200, "text/plain", b"hello there"),
        ("page", 500, "text/html", b"<html>hello there</html>"),
        ("missing path", 404, "text/plain", b"hello there"),
        ("nothing", 200, None, b""),
        ("another's answer", 200, "application/hl7-v2+er7", acknowledge(b"", "AA", "hello there")),
        ("half an answer", 200, "application/hl7-v2+er7", b"MSH|^~\\&|hello there"),
        ("redirect", 302, "text/plain", b"hello there"),
    ]
    answers = iter(nonsense)
    port = free_port()
    with FarSide(lambda _: next(answers)[1:]) as far_side:
        with examples.gateway(port, far_side.url).until_listening(port), Wire(port) as wire:
            for number, (what, *_) in enumerate(nonsense):
                control_id, (ask, code) = "NONSENSE%d" % number, ((("", ""), "AR"), (("AL", "NE"), "CE"))[number % 2]
                try:
                    expect_refusal(wire, control_id, ask, code, secrets=(b"hello",))
                except Failed as failure:
                    raise Failed("far side answered %s: %s" % (what, failure)) from None
                far_side.next()
            far_side.answer = as_asked
            serves(port, far_side, "NONSENSE-OVER")


class SilentFarSide:
    """One exchange with a far side that takes the message and never answers, on its own thread."""

    LIMIT = 40.0

    def __init__(self, examples):
        self._result = None
        self._thread = threading.Thread(target=self._converse, args=(examples,), daemon=True)
        self._thread.start()

    def _converse(self, examples):
        release, port = threading.Event(), free_port()

        def never(_):
            release.wait(self.LIMIT)
            return 200, None, b""

        try:
            with FarSide(never) as far_side:
                with examples.gateway(port, far_side.url).until_listening(port), Wire(port) as wire:
                    began = time.monotonic()
                    expect_ack(wire.exchange(adt("TIME1"), limit=self.LIMIT), "AR", "TIME1")
                    require(time.monotonic() - began < 30, "the answer came after the sender's usual 30 s")
                    far_side.answer = as_asked
                    far_side.next()
                    serves(port, far_side, "TIME2")
        except Exception as error:
            self._result = error
        finally:
            release.set()

    def check(self):
        self._thread.join(timeout=self.LIMIT + WAIT)
        require(not self._thread.is_alive(), "no answer in %g s" % self.LIMIT)
        if self._result:
            raise self._result


# Bad input -----------------------------------------------------------------------------------


def no_msh(port, far_side):
    with Wire(port) as wire:
        expect_ack(wire.exchange(b"PID|1||%s7001\r" % MARK.encode()), "AR", "")
        expect_ack(wire.exchange(adt("NOMSH1")), "AA", "NOMSH1")
    expect(far_side.next().body, adt("NOMSH1"), "the first body on the far side")


def unfinished_frame(port, far_side):
    with Wire(port) as wire:
        wire.send(START + adt("UNFINISHED1"))
        wire.socket.shutdown(socket.SHUT_WR)
        expect(wire.read_to_end(), b"", "what came back for an unfinished frame")
    serves(port, far_side, "UNFINISHED2")


def broken_off(port, far_side):
    """The sender vanishes by a reset in the middle of a frame."""
    with Wire(port) as wire:
        wire.send(START + adt("RESET1"))
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    serves(port, far_side, "RESET2")


def foreign_protocol(port, far_side, opening):
    with Wire(port) as wire:
        wire.send(opening)
        answer = wire.read_to_end()
        require(START not in answer, "a foreign protocol was answered with a frame")
    serves(port, far_side, "FOREIGN")


def over_long_frame(port, far_side):
    """17 MiB against the limit of 16 MiB: refused by name, nothing of it passed on."""
    message = adt("LONG1", extra=b"OBX|1|ED|||" + MARK.encode() * (17 * 1024 * 1024 // len(MARK)) + b"\r")
    with Wire(port) as wire:
        sender = threading.Thread(target=_send_quietly, args=(wire, frame(message)), daemon=True)
        sender.start()
        answer = wire.read_frame()
        sender.join(timeout=WAIT)
    code, control_id = ack_of(answer)
    require(code in ("AR", "AE"), "MSA-1 of the answer to an over-long frame is %s" % code)
    expect(control_id, "LONG1", "MSA-2")
    serves(port, far_side, "LONG2")


def _send_quietly(wire, data):
    try:
        wire.send(data)
    except OSError:
        pass  # the server may close once it has answered; what it answered is what counts


# Stopping ------------------------------------------------------------------------------------


def stops_after_what_is_in_flight(examples, number):
    """The signal comes while the far side works; the answer still arrives, then exit 0."""
    release, port = threading.Event(), free_port()

    def slow(request):
        release.wait(WAIT)
        return as_asked(request)

    with FarSide(slow) as far_side:
        with examples.gateway(port, far_side.url).until_listening(port) as gateway:
            with Wire(port) as busy, Wire(port) as idle:
                busy.send(frame(adt("STOP1")))
                far_side.next()
                gateway.signal(number)
                expect(idle.read_to_end(), b"", "what an idle connection heard")
                _until_refused(port)
                require(gateway.is_running(), "the gateway ended before what was in flight")
                release.set()
                expect_ack(busy.read_frame(), "AA", "STOP1")
                expect(gateway.exit_status(), 0, "exit status")


def stalled_peers_hold_nothing_up(examples, scheme, begun):
    """The signal comes while a peer stalls in what it sends; it was never acknowledged, so exit 0."""
    port = free_port()
    with examples.gateway(port, "http://127.0.0.1:9/", scheme).until_listening(port) as gateway:
        with Wire(port) as stalled, Wire(port) as idle:
            stalled.send(begun)
            gateway.signal(signal.SIGTERM)
            expect(idle.read_to_end(), b"", "what an idle connection heard")
            heard = stalled.read_to_end()
            require(b"MSA|" not in heard, "an unfinished message was answered")
            expect(gateway.exit_status(), 0, "exit status")


def _until_refused(port):
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.02)
    raise Failed("port %d still accepts connections" % port)


# listen and send -----------------------------------------------------------------------------


def listen_to_asyncio_client(examples):
    port = free_port()

    async def converse():
        reader, writer = await hl7.mllp.open_hl7_connection("127.0.0.1", port, encoding="utf-8")
        try:
            for control_id, ask, code in (
                ("LISTEN1", ("", ""), "AA"), ("LISTEN2", ("AL", "NE"), "CA"),
                ("LISTEN3", ("NE", "NE"), None), ("LISTEN4", ("", ""), "AA"),
            ):
                writer.writemessage(hl7.parse(adt(control_id, ask=ask).decode()))
                await writer.drain()
                if code:
                    answer = await asyncio.wait_for(reader.readmessage(), WAIT)
                    expect(str(answer.segment("MSA")(1)), code, "MSA-1 for %s" % control_id)
                    expect(str(answer.segment("MSA")(2)), control_id, "MSA-2")
        finally:
            writer.close()

    with examples.listen(port, "--verbose").until_listening(port) as listen:
        asyncio.run(converse())
        listen.until_printed("LISTEN4")
        for control_id in ("LISTEN1", "LISTEN2", "LISTEN3"):
            require(control_id in listen.stderr, "no line for %s" % control_id)
        listen.signal(signal.SIGTERM)
        expect(listen.exit_status(), 0, "exit status after SIGTERM")


class PythonServer:
    """python-hl7's asyncio server on its own thread; `answer(message)` gives the answer."""

    def __init__(self, answer):
        self.received, self._answer = [], answer
        self._loop, self._ready = asyncio.new_event_loop(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        require(self._ready.wait(WAIT), "python-hl7's server did not start")

    def _run(self):
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            hl7.mllp.start_hl7_server(self._serve, "127.0.0.1", 0, limit=1 << 24, encoding="utf-8")
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _serve(self, reader, writer):
        try:
            while True:
                message = await reader.readmessage()
                self.received.append(str(message).encode("utf-8"))
                writer.writemessage(self._answer(message))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)


def send_over_mllp(examples, folder):
    messages = [adt("SEND1", name="%s^ZOË" % MARK), adt("SEND2"), adt("SEND3")]
    one, two = folder / "one.hl7", folder / "two.hl7"
    one.write_bytes(messages[0])
    two.write_bytes(messages[1] + messages[2])
    with PythonServer(lambda message: message.create_ack()) as server:
        status, out, err = examples.send("--to", "127.0.0.1:%d" % server.port, one, two)
        expect(status, 0, "exit status (%s)" % err)
        expect(server.received, messages, "messages received by python-hl7")
    lines = [line for line in out.splitlines() if line.startswith("MSA|")]
    expect(lines, ["MSA|AA|SEND1", "MSA|AA|SEND2", "MSA|AA|SEND3"], "MSA lines printed")
    expect(sum(line.startswith("MSH|") for line in out.splitlines()), 3, "MSH lines printed")


def send_negative(examples, folder):
    """One message refused among three: all are sent, all printed, and the status says so."""
    paths = [folder / ("refused%d.hl7" % n) for n in range(3)]
    for number, path in enumerate(paths):
        path.write_bytes(adt("REFUSED%d" % number))
    code_for = lambda message: "AE" if str(message.segment("MSH")(10)) == "REFUSED1" else "AA"
    with PythonServer(lambda message: message.create_ack(ack_code=code_for(message))) as server:
        status, out, _ = examples.send("--to", "127.0.0.1:%d" % server.port, *paths)
    require(status != 0, "exit status 0 although one message was refused")
    lines = [line for line in out.splitlines() if line.startswith("MSA|")]
    expect(lines, ["MSA|AA|REFUSED0", "MSA|AE|REFUSED1", "MSA|AA|REFUSED2"], "MSA lines printed")


def send_over_http(examples, folder):
    path = folder / "http.hl7"
    path.write_bytes(adt("HTTP1"))
    with FarSide(as_asked) as far_side:
        status, out, err = examples.send("--to", far_side.url, path)
        expect(status, 0, "exit status (%s)" % err)
        expect(far_side.next().body, adt("HTTP1"), "body on the far side")
    require("MSA|AA|HTTP1" in out.splitlines(), "acknowledgment not printed: %r" % out)


def send_batch(examples):
    """A batch file with envelope: its three messages go out one by one."""
    path = ROOT / "testdata" / "batches" / "file_batch_three.hl7"
    with FarSide(as_asked) as far_side:
        status, out, err = examples.send("--to", far_side.url, path)
        expect(status, 0, "exit status (%s)" % err)
        sent = [header_field(far_side.next().body, 10) for _ in range(3)]
        require(far_side.requests.empty(), "more than three requests")
    expect(sent, ["BT0001", "BT0002", "BT0003"], "control IDs sent")
    expect(sum(line.startswith("MSA|AA|") for line in out.splitlines()), 3, "acknowledgments printed")


def http_to_mllp(examples, folder):
    """The gateway the other way round, in front of python-hl7's server, which then goes away."""
    port, path = free_port(), folder / "round.hl7"
    path.write_bytes(adt("ROUND1", name="%s^ZOË" % MARK) + adt("ROUND2"))
    with PythonServer(lambda message: message.create_ack()) as server:
        with examples.gateway(port, "127.0.0.1:%d" % server.port, "http://").until_listening(port):
            status, out, err = examples.send("--to", "http://127.0.0.1:%d/" % port, path)
            expect(status, 0, "exit status (%s)" % err)
            expect(b"".join(server.received), path.read_bytes(), "messages received by python-hl7")
            lines = [line for line in out.splitlines() if line.startswith("MSA|")]
            expect(lines, ["MSA|AA|ROUND1", "MSA|AA|ROUND2"], "MSA lines printed")
            request = urllib.request.Request("http://127.0.0.1:%d/" % port, data=adt("ROUND3"), method="POST")
            request.add_header("Content-Type", "application/hl7-v2; charset=utf-8")
            with urllib.request.urlopen(request, timeout=WAIT) as response:
                expect(response.status, 200, "status")
                expect(response.headers.get_content_type(), "application/hl7-v2", "type of the answer: the request's")
                expect_ack(response.read(), "AA", "ROUND3")


def http_to_mllp_down(examples):
    """HTTP in, nobody behind: a negative acknowledgment with status 200, as the draft says."""
    port = free_port()
    with reserve_port() as reserved:
        to = "127.0.0.1:%d" % reserved.getsockname()[1]
        with examples.gateway(port, to, "http://").until_listening(port):
            for control_id, ask, code in (("BACK1", ("", ""), "AR"), ("BACK2", ("AL", "NE"), "CE")):
                request = urllib.request.Request("http://127.0.0.1:%d/" % port, data=adt(control_id, ask=ask))
                request.add_header("Content-Type", "application/hl7-v2+er7")
                with urllib.request.urlopen(request, timeout=WAIT) as response:
                    expect(response.status, 200, "status")
                    expect_ack(response.read(), code, control_id)


# Privacy -------------------------------------------------------------------------------------


def no_patient_data_printed():
    """Nothing any program wrote, in any case above, holds a value of a patient field."""
    require(Program.printed, "no program printed anything: the check saw nothing")
    for name, stream, line in Program.printed:
        require(MARK.encode() not in line, "%s wrote patient data to its %s" % (name, stream))


# -----------------------------------------------------------------------------------------------


def run(examples, folder, cases):
    silent = SilentFarSide(examples)
    port = free_port()
    with FarSide(as_asked) as far_side, examples.gateway(port, far_side.url).until_listening(port) as gateway:
        for name, case, *arguments in (
            ("gateway: mllp_send, loose file with CRLF", mllp_send_loose, folder),
            ("gateway: mllp_send, framed file", mllp_send_framed, folder),
            ("gateway: python-hl7's asyncio client", asyncio_client),
            ("gateway: two messages in one write", two_in_one_write),
            ("gateway: one message in writes of one byte", one_byte_writes),
            ("gateway: 5 MB in OBX-5", five_megabytes),
            ("gateway: ASCII, MSH-18 empty", charset, "SET0", "utf-8", "", "utf-8"),
            ("gateway: Latin-1, MSH-18 empty: no charset declared", charset, "SET1", "latin-1", "", None),
            ("gateway: Latin-1, MSH-18 8859/1", charset, "SET2", "latin-1", "8859/1", "iso-8859-1"),
            ("gateway: UTF-8, MSH-18 UNICODE UTF-8", charset, "SET3", "utf-8", "UNICODE UTF-8", "utf-8"),
            ("gateway: the far side's AE passes unchanged", answer_passes_unchanged),
            ("gateway: enhanced mode, accept acknowledgment", accept_acknowledgment),
            ("gateway: enhanced mode, nothing due", nothing_due),
            ("gateway: LF between segments becomes CR", line_feed_ends),
            ("gateway: twenty connections at once", several_connections),
            ("bad input: no MSH", no_msh),
            ("bad input: unfinished frame, then half-close", unfinished_frame),
            ("bad input: unfinished frame, then reset", broken_off),
            ("bad input: HTTP on the MLLP port", foreign_protocol,
             b"GET /%s HTTP/1.1\r\nHost: localhost\r\n\r\n" % MARK.encode()),
            ("bad input: TLS on the MLLP port", foreign_protocol,
             bytes.fromhex("16030100c8010000c40303") + bytes(194)),
            ("bad input: frame of 17 MiB", over_long_frame),
        ):
            far_side.forget()
            cases.run(name, case, port, far_side, *arguments)
        require(gateway.is_running(), "the gateway ended by itself: %s" % gateway.stderr)

    for name, case, *arguments in (
        ("far side down: AR and CE, then up: AA", far_side_down, examples),
        ("far side answers nonsense: AR and CE, then sense: AA", far_side_answers_nonsense, examples),
        ("SIGTERM: what is in flight is finished, exit 0", stops_after_what_is_in_flight, examples, signal.SIGTERM),
        ("SIGINT: what is in flight is finished, exit 0", stops_after_what_is_in_flight, examples, signal.SIGINT),
        ("SIGTERM: a frame that stalls", stalled_peers_hold_nothing_up, examples, "", b"\x0bMSH|^~\\&|"),
        ("SIGTERM: a request's headers that stall", stalled_peers_hold_nothing_up, examples, "http://",
         b"POST / HTTP/1.1\r\nHost: x"),
        ("SIGTERM: a request's body that stalls", stalled_peers_hold_nothing_up, examples, "http://",
         b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nMSH|"),
        ("listen: python-hl7's asyncio client; AA, CA, nothing", listen_to_asyncio_client, examples),
        ("send: to python-hl7's asyncio server", send_over_mllp, examples, folder),
        ("send: one of three refused", send_negative, examples, folder),
        ("send: over HTTP", send_over_http, examples, folder),
        ("send: a batch file", send_batch, examples),
        ("gateway: HTTP to python-hl7's asyncio server", http_to_mllp, examples, folder),
        ("gateway: HTTP to nobody: AR and CE", http_to_mllp_down, examples),
        ("gateway: port in use", port_in_use, examples, "gateway"),
        ("listen: port in use", port_in_use, examples, "listen"),
        ("gateway: --to without scheme", gateway_refuses, examples, ("--to", "send", "url"), "--to", "nonsense"),
        ("gateway: --to with another scheme", gateway_refuses, examples, ("http",), "--to", "ftp://127.0.0.1/"),
        ("gateway: --to without host", gateway_refuses, examples, ("--to", "send", "url"), "--to", "http://"),
        ("gateway: no secret of --to is told, other scheme", gateway_keeps_secrets, examples,
         "ftp://me:hidden@127.0.0.1/?token=hidden"),
        ("gateway: no secret of --to is told, bad port", gateway_keeps_secrets, examples,
         "http://me:hidden@127.0.0.1:99999/?token=hidden"),
        ("gateway: malformed --listen", gateway_refuses, examples, ("--listen", "address", "nowhere"),
         "--listen", "nowhere", "--to", "http://127.0.0.1:9/"),
        ("send: missing file", send_missing_file, examples),
        ("send: malformed --to", send_fails, examples, folder, ("--to", "nonsense"), "nonsense"),
        ("send: refused connection, MLLP", send_refused, examples, folder, "mllp"),
        ("send: refused connection, HTTP", send_refused, examples, folder, "http"),
        ("send: time limit, MLLP", send_times_out, examples, folder, "mllp"),
        ("send: time limit, HTTP", send_times_out, examples, folder, "http"),
        ("far side silent: AR before the sender gives up", silent.check),
        ("privacy: no patient data in any output", no_patient_data_printed),
    ):
        cases.run(name, case, *arguments)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--examples", default=str(TARGET / "release" / "examples"))
    examples = Examples(arguments.parse_args().examples)
    for name in ("gateway", "listen", "send"):
        if not (examples.folder / name).is_file():
            sys.exit("%s is missing; run: cargo build --release --examples" % (examples.folder / name))
    bound_whole_run(WHOLE_RUN)
    cases = Cases()
    with tempfile.TemporaryDirectory() as folder:
        run(examples, pathlib.Path(folder), cases)
    print("%d passed, %d failed" % (cases.passed, cases.failed))
    sys.exit(1 if cases.failed else 0)


if __name__ == "__main__":
    main()
