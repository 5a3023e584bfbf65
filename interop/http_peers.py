#!/usr/bin/env python3
"""Runs the built examples against curl, Python's requests, nginx and an OpenID provider.

    python3 interop/http_peers.py [--examples DIR]

DIR holds the built examples, `target/release/examples` unless told. What Python and npm install
goes into `target/`, at pinned versions. One line per case, then `N passed, N failed`; the exit
status is 0 only when none failed. A peer whose tool is missing is told by a line with `skipped`.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys

from environment import HERE, TARGET, enter_venv

if __name__ == "__main__":
    enter_venv(__file__)

import base64
import contextlib
import gzip
import json
import tempfile
import urllib.parse
import urllib.request

import requests

from harness import (
    MARK, WAIT, Cases, Examples, FarSide, Program, bound_whole_run, expect, free_port, require,
)
from messages import acknowledge, adt, as_asked, expect_ack

#: Seconds the whole run may take.
WHOLE_RUN = 300

ER7 = "application/hl7-v2+er7; charset=utf-8"


# curl ----------------------------------------------------------------------------------------


def curl(*arguments, content=b""):
    """Runs curl; gives (status, content type, body)."""
    done = subprocess.run(
        ["curl", "--silent", "--show-error", "--max-time", str(int(WAIT)), "--noproxy", "*",
         "--write-out", "\n%{http_code} %{content_type}", *map(str, arguments)],
        input=content, capture_output=True, timeout=WAIT + 5,
    )
    require(done.returncode == 0, "curl ended with %d: %s" % (done.returncode, done.stderr.decode()))
    body, _, line = done.stdout.rpartition(b"\n")
    status, _, content_type = line.decode().partition(" ")
    return int(status), content_type, body


def curl_posts(url, far_side, control_id, *arguments, message=None, packed=False):
    message = message or adt(control_id)
    content = gzip.compress(message) if packed else message
    if packed:
        arguments = ("--header", "Content-Encoding: gzip", *arguments)
    status, content_type, body = curl(
        "--header", "Content-Type: " + ER7, "--data-binary", "@-", *arguments, url, content=content
    )
    expect(status, 200, "status")
    expect(content_type, ER7, "content type")
    expect_ack(body, "AA", control_id)
    expect(far_side.next().body, message, "body on the far side")


def curl_says_nothing_of_the_type(url, far_side):
    message = adt("CURLTYPE")
    status, content_type, body = curl("--data-binary", "@-", url, content=message)
    expect((status, content_type), (200, ER7), "status and content type")
    expect_ack(body, "AA", "CURLTYPE")
    expect(far_side.next().body, message, "body on the far side")


def curl_is_refused(url, far_side, status, *arguments, content=b""):
    found, content_type, body = curl(*arguments, url, content=content)
    expect((found, content_type), (status, "text/plain; charset=utf-8"), "status and content type")
    require(body.count(b"\n") == 1 and MARK.encode() not in body, "body: %r" % body)
    require(far_side.requests.empty(), "something went to the far side")


def large(control_id, length):
    rest = b"OBX|1|ED|18842-5^Document^LN||^AP^PDF^Base64^" + b"QUJD" * (length // 4) + b"||||||F\r"
    return adt(control_id, extra=rest)


# requests ------------------------------------------------------------------------------------


def requests_keeps_its_connection(url, far_side):
    with requests.Session() as session:
        session.trust_env = False
        for number in range(20):
            message = adt("KEEP%d" % number)
            response = session.post(url, data=message, headers={"Content-Type": "application/hl7-v2"}, timeout=WAIT)
            expect(response.status_code, 200, "status")
            expect(response.headers["Content-Type"], "application/hl7-v2; charset=utf-8", "content type")
            expect_ack(response.content, "AA", "KEEP%d" % number)
            expect(far_side.next().body, message, "body on the far side")


def requests_sends_chunks_of_gzip(url, far_side):
    message = large("CHUNKS", 300_000)
    packed = gzip.compress(message)
    chunks = (packed[at : at + 100] for at in range(0, len(packed), 100))
    headers = {"Content-Type": "text/plain", "Content-Encoding": "gzip"}
    with requests.Session() as session:
        session.trust_env = False
        response = session.post(url, data=chunks, headers=headers, timeout=WAIT)
    expect(response.status_code, 200, "status")
    expect_ack(response.content, "AA", "CHUNKS")
    expect(far_side.next().body, message, "body on the far side")


def requests_is_refused(url, far_side):
    headers = {"Content-Type": "application/json"}
    with requests.Session() as session:
        session.trust_env = False
        response = session.post(url, json={"message": "MSH"}, headers=headers, timeout=WAIT)
        expect(response.status_code, 415, "status")
        response = session.put(url, data=adt("PUT1"), timeout=WAIT)
        expect((response.status_code, response.headers["Allow"]), (405, "POST"), "status and Allow")
    require(far_side.requests.empty(), "something went to the far side")


# nginx ---------------------------------------------------------------------------------------

NGINX = """
daemon off;
pid %(folder)s/nginx.pid;
error_log stderr;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path %(folder)s/body;
  proxy_temp_path %(folder)s/proxy;
  fastcgi_temp_path %(folder)s/fastcgi;
  uwsgi_temp_path %(folder)s/uwsgi;
  scgi_temp_path %(folder)s/scgi;
  client_max_body_size 20m;
  gzip on;
  gzip_min_length 1;
  gzip_types application/hl7-v2+er7;
  gzip_proxied any;
  server {
    listen 127.0.0.1:%(port)d ssl;
    ssl_certificate %(folder)s/server.pem;
    ssl_certificate_key %(folder)s/server.key;
    location / {
      proxy_pass http://127.0.0.1:%(upstream)d;
      proxy_http_version 1.1;
      proxy_request_buffering off;
      proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }
  }
}
"""


def certify(folder, name):
    """A certificate for localhost that vouches for itself, and its key."""
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=interoperability " + name,
         "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE",
         "-addext", "extendedKeyUsage=serverAuth",
         "-keyout", folder / (name + ".key"), "-out", folder / (name + ".pem")],
        capture_output=True, text=True,
    )
    require(made.returncode == 0, "openssl: " + made.stderr)


@contextlib.contextmanager
def nginx(upstream, folder):
    """nginx with TLS before a port; gives the URL and the file with its certificate."""
    port = free_port()
    certify(folder, "server")
    certify(folder, "stranger")
    configuration = folder / "nginx.conf"
    configuration.write_text(NGINX % {"folder": folder, "port": port, "upstream": upstream})
    with Program(NGINX_PROGRAM, "-p", folder, "-c", configuration) as program:
        program.until_listening(port)
        yield "https://localhost:%d/hl7" % port, folder / "server.pem"


NGINX_PROGRAM = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def nginx_answers_in_gzip(url, far_side, certificate):
    arguments = ("--cacert", certificate, "--compressed", "--dump-header", "/dev/stderr")
    message = adt("NGZIP")
    done = subprocess.run(
        ["curl", "--silent", "--max-time", "20", *map(str, arguments),
         "--header", "Content-Type: " + ER7, "--data-binary", "@-", url],
        input=message, capture_output=True, timeout=WAIT + 5,
    )
    require(b"content-encoding: gzip" in done.stderr.lower(), "the answer was not packed: %r" % done.stderr)
    expect_ack(done.stdout, "AA", "NGZIP")
    expect(far_side.next().body, message, "body on the far side")


def send_through_nginx(url, far_side, certificate, examples, folder):
    """Our client and our server with nginx between: TLS out, plain in."""
    path = folder / "through.hl7"
    path.write_bytes(adt("THROUGH1") + adt("THROUGH2"))
    status, out, err = examples.send("--to", url, "--ca", certificate, path)
    expect(status, 0, "exit status (%s)" % err)
    lines = [line for line in out.splitlines() if line.startswith("MSA|")]
    expect(lines, ["MSA|AA|THROUGH1", "MSA|AA|THROUGH2"], "MSA lines printed")
    expect(far_side.next().body + far_side.next().body, path.read_bytes(), "bodies on the far side")
    status, _, err = examples.send("--to", url, "--ca", folder / "stranger.pem", path)
    require(status != 0, "sent although the certificate is of nobody who is trusted")
    require("not signed by an authority" in err and len(err.splitlines()) <= 2, "error: " + err)
    require(far_side.requests.empty(), "something went to the far side")


# OpenID provider -----------------------------------------------------------------------------

CLIENT_ID, CLIENT_SECRET = "site 7", "s:e/c+r&e%t"


def node_version():
    """The major version; 0 without node."""
    if not shutil.which("node"):
        return 0
    told = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
    return int(told.lstrip("v").split(".")[0] or 0)


def install_provider():
    """The folder with the provider and what it needs, installed from npm at the pinned version."""
    folder = TARGET / "interop-oidc"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "provider.js"):
        shutil.copy(HERE / "oidc" / name, folder / name)
    if not (folder / "node_modules" / "oidc-provider").is_dir():
        done = subprocess.run(
            ["npm", "install", "--silent", "--no-audit", "--no-fund"], cwd=folder, capture_output=True, text=True
        )
        require(done.returncode == 0, "npm: " + (done.stdout + done.stderr)[-500:])
    return folder


def is_active(port, token):
    """What the provider itself says of a token (RFC 7662)."""
    pair = ":".join(map(urllib.parse.quote_plus, (CLIENT_ID, CLIENT_SECRET)))
    request = urllib.request.Request(
        "http://127.0.0.1:%d/token/introspection" % port,
        data=urllib.parse.urlencode({"token": token}).encode(),
        headers={"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()},
    )
    with urllib.request.urlopen(request, timeout=WAIT) as response:
        return json.load(response)


def oauth_send(examples, port, url, path, secret=CLIENT_SECRET):
    os.environ["HL7_CLIENT_SECRET"] = secret
    try:
        with Program(
            examples.folder / "oauth_send", "--to", url, "--token-url", "http://127.0.0.1:%d/token" % port,
            "--client-id", CLIENT_ID, "--scope", "hl7.write", path,
        ) as program:
            return program.exit_status(), program.stdout, program.stderr
    finally:
        del os.environ["HL7_CLIENT_SECRET"]


def tokens_of_a_provider(examples, folder):
    """One token for three messages; a refused one is replaced; a wrong secret sends nothing."""
    installed, port = install_provider(), free_port()
    path = folder / "oauth.hl7"
    path.write_bytes(b"".join(adt("OAUTH%d" % number) for number in range(3)))
    refused = []

    def answer(request):
        token = request.headers.get("Authorization", "").partition("Bearer ")[2]
        found = is_active(port, token)
        if not found["active"] or found["client_id"] != CLIENT_ID or found.get("scope") != "hl7.write":
            return 401, "text/plain", b"no"
        if refuse_first and not refused:
            refused.append(token)
        if token in refused:
            return 401, "text/plain", b"no"
        return 200, ER7, acknowledge(request.body, "AA")

    with Program(shutil.which("node"), installed / "provider.js", port, CLIENT_ID, CLIENT_SECRET, 600) as program:
        program.until_listening(port)
        for refuse_first, tokens_wanted in ((False, 1), (True, 2)):
            with FarSide(answer) as far_side:
                status, out, err = oauth_send(examples, port, far_side.url, path)
                expect(status, 0, "exit status (%s)" % err)
                lines = [line for line in out.splitlines() if line.startswith("MSA|")]
                expect(lines, ["MSA|AA|OAUTH%d" % number for number in range(3)], "MSA lines printed")
                seen = [far_side.next().headers["Authorization"] for _ in range(3 + refuse_first)]
                expect(len(set(seen)), tokens_wanted, "different tokens")
        with FarSide(answer) as far_side:
            status, _, err = oauth_send(examples, port, far_side.url, path, secret="wrong")
            require(status != 0, "exit status 0 with a wrong secret")
            require("HTTP status 401" in err and "wrong" not in err, "error: " + err)
            require(far_side.requests.empty(), "a message went out without a token")


def signed_token(port, **more):
    """A token that the provider has signed."""
    pair = ":".join(map(urllib.parse.quote_plus, (CLIENT_ID, CLIENT_SECRET)))
    request = urllib.request.Request(
        "http://127.0.0.1:%d/token" % port,
        data=urllib.parse.urlencode({"grant_type": "client_credentials", **more}).encode(),
        headers={"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()},
    )
    with urllib.request.urlopen(request, timeout=WAIT) as response:
        return json.load(response)["access_token"]


def tokens_are_verified_by_the_keys_of_a_provider(examples):
    """A signed token with the scope gets in; none, an opaque or a changed one, another scope do not."""
    installed, port, ours = install_provider(), free_port(), free_port()
    issuer = "http://127.0.0.1:%d" % port
    with Program(shutil.which("node"), installed / "provider.js", port, CLIENT_ID, CLIENT_SECRET, 600) as provider:
        provider.until_listening(port)
        resource = {"resource": "urn:hl7"}
        good = signed_token(port, scope="hl7.write", **resource)
        require(good.count(".") == 2, "not a signed token: %s" % good)
        head, claims, signature = good.split(".")
        changed = ".".join((head, claims, signature[:-8] + ("A" if signature[-8] != "A" else "B") + signature[-7:]))
        with Program(
            examples.folder / "jwt_access", "--listen", "127.0.0.1:%d" % ours, "--issuer", issuer,
            "--jwks", issuer + "/jwks", "--audience", "hl7", "--scope", "hl7.write",
        ) as server:
            server.until_listening(ours)
            with requests.Session() as session:
                session.trust_env = False
                for name, token, status in (
                    ("signed", good, 200),
                    ("none", None, 401),
                    ("changed", changed, 401),
                    ("opaque", signed_token(port, scope="hl7.write"), 401),
                    ("without the scope", signed_token(port, **resource), 403),
                ):
                    headers = {"Authorization": "Bearer " + token} if token else {}
                    response = session.post(
                        "http://127.0.0.1:%d/hl7" % ours, data=adt("JWT1"), headers=headers, timeout=WAIT
                    )
                    expect(response.status_code, status, "status with a token: " + name)
                    challenge = response.headers.get("WWW-Authenticate")
                    expect(challenge, 'Bearer realm="hl7"' if status == 401 else None, "challenge: " + name)
                    if status == 200:
                        expect_ack(response.content, "AA", "JWT1")


# -----------------------------------------------------------------------------------------------


def run(examples, folder, cases):
    port = free_port()
    url = "http://127.0.0.1:%d/hl7" % port
    with FarSide(as_asked) as far_side, examples.gateway(port, far_side.url, "http://").until_listening(port):
        for name, case, *arguments in (
            ("requests: twenty messages on one connection", requests_keeps_its_connection),
            ("requests: chunks of gzip", requests_sends_chunks_of_gzip),
            ("requests: JSON and PUT are refused", requests_is_refused),
        ):
            far_side.forget()
            cases.run(name, case, url, far_side, *arguments)
        if not shutil.which("curl"):
            print("skipped: no curl")
            return
        http2 = b"HTTP2" in subprocess.run(["curl", "--version"], capture_output=True).stdout
        for name, case, *arguments in (
            ("curl: a message", lambda *at: curl_posts(*at, "CURL1")),
            ("curl: chunked", lambda *at: curl_posts(*at, "CURL2", "--header", "Transfer-Encoding: chunked")),
            ("curl: gzip", lambda *at: curl_posts(*at, "CURL3", packed=True)),
            ("curl: 5 MB, waiting for 100 Continue",
             lambda *at: curl_posts(*at, "CURL4", "--header", "Expect: 100-continue", message=large("CURL4", 5 << 20))),
            ("curl: HTTP/1.0", lambda *at: curl_posts(*at, "CURL5", "--http1.0")),
            ("curl: no type but its own", curl_says_nothing_of_the_type),
            ("curl: GET is refused", curl_is_refused, 405),
            ("curl: 17 MB are refused", curl_is_refused, 413, "--data-binary", "@-"),
        ):
            far_side.forget()
            content = {"content": large("OVER", 17 << 20)} if "17 MB" in name else {}
            cases.run(name, lambda: case(url, far_side, *arguments, **content))
        if http2:
            far_side.forget()
            cases.run("curl: HTTP/2", curl_posts, url, far_side, "CURL6", "--http2-prior-knowledge")
        else:
            print("skipped: curl without HTTP/2")
        if NGINX_PROGRAM and shutil.which("openssl"):
            with nginx(port, folder) as (outside, certificate):
                ca = ("--cacert", certificate)
                for name, case, *arguments in (
                    ("nginx: TLS", lambda *at: curl_posts(*at, "NGINX1", *ca)),
                    ("nginx: chunked through", lambda *at: curl_posts(
                        *at, "NGINX2", *ca, "--header", "Transfer-Encoding: chunked", message=large("NGINX2", 1 << 20))),
                    ("nginx: gzip through", lambda *at: curl_posts(*at, "NGINX3", *ca, packed=True)),
                    ("nginx: the answer in gzip", nginx_answers_in_gzip, certificate),
                    ("nginx: between send and gateway", send_through_nginx, certificate, examples, folder),
                ):
                    far_side.forget()
                    cases.run(name, case, outside, far_side, *arguments)
        else:
            print("skipped: no nginx, or no openssl")
    if node_version() >= 20 and shutil.which("npm"):
        cases.run("oidc-provider: tokens by client credentials", tokens_of_a_provider, examples, folder)
        cases.run("oidc-provider: signed tokens", tokens_are_verified_by_the_keys_of_a_provider, examples)
    else:
        print("skipped: no node of version 20 or later, or no npm")


def no_patient_data_printed():
    require(Program.printed, "no program printed anything: the check saw nothing")
    for name, stream, line in Program.printed:
        require(MARK.encode() not in line, "%s wrote patient data to its %s" % (name, stream))


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--examples", default=str(TARGET / "release" / "examples"))
    examples = Examples(arguments.parse_args().examples)
    for name in ("gateway", "send", "oauth_send", "jwt_access"):
        if not (examples.folder / name).is_file():
            sys.exit("%s is missing; run: cargo build --release --examples" % (examples.folder / name))
    bound_whole_run(WHOLE_RUN)
    cases = Cases()
    with tempfile.TemporaryDirectory() as folder:
        run(examples, pathlib.Path(folder), cases)
    cases.run("privacy: no patient data in any output", no_patient_data_printed)
    print("%d passed, %d failed" % (cases.passed, cases.failed))
    sys.exit(1 if cases.failed else 0)


if __name__ == "__main__":
    main()
