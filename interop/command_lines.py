"""Holds the cases of command lines that can not work.

Each must end in bounded time with a status other than 0 and one line that says why.
"""

import socket
import time

from harness import Program, expect, require, reserve_port
from messages import adt


def expect_one_line_error(status, err, *words):
    """Non-zero status; one line of error (clap's hint apart) that holds one of `words`."""
    require(status not in (0, 101) and status > 0, "exit status %s: %s" % (status, err))
    lines = [line for line in err.splitlines() if line.strip() and not line.startswith("For more information")]
    expect(len(lines), 1, "lines of error in %r" % err)
    require(any(word.lower() in lines[0].lower() for word in words), "error does not say any of %s: %r" % (words, lines[0]))


def gateway_refuses(examples, words, *arguments):
    with Program(examples.folder / "gateway", *arguments) as program:
        expect_one_line_error(program.exit_status(), program.stderr, *words)


def gateway_keeps_secrets(examples, to):
    """Neither the password nor the query of a refused `--to` is printed."""
    with Program(examples.folder / "gateway", "--to", to) as program:
        expect_one_line_error(program.exit_status(), program.stderr, "127.0.0.1", "--to", "send")
        require("hidden" not in program.stderr, "the error tells a secret: %r" % program.stderr)


def port_in_use(examples, name):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = "127.0.0.1:%d" % taken.getsockname()[1]
        extra = ("--to", "http://127.0.0.1:9/") if name == "gateway" else ()
        with Program(examples.folder / name, "--listen", address, *extra) as program:
            expect_one_line_error(program.exit_status(), program.stderr, address)


def send_fails(examples, folder, words, to):
    path = folder / "fails.hl7"
    path.write_bytes(adt("FAILS1"))
    status, _, err = examples.send("--to", to, path)
    expect_one_line_error(status, err, *words)


def send_refused(examples, folder, scheme):
    with reserve_port() as reserved:
        address = "127.0.0.1:%d" % reserved.getsockname()[1]
        to = address if scheme == "mllp" else "http://%s/" % address
        send_fails(examples, folder, ("refused",), to)


def send_missing_file(examples):
    status, _, err = examples.send("--to", "127.0.0.1:9", "no-such-file.hl7")
    expect_one_line_error(status, err, "no-such-file.hl7")


def send_times_out(examples, folder, scheme):
    path = folder / "waits.hl7"
    path.write_bytes(adt("WAITS1"))
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = "127.0.0.1:%d" % silent.getsockname()[1]
        began = time.monotonic()
        to = address if scheme == "mllp" else "http://%s/" % address
        status, _, err = examples.send("--to", to, "--timeout", "1", path)
        expect_one_line_error(status, err, "time", "within", "answer")
        require(0.9 < time.monotonic() - began < 10, "took %.1f s" % (time.monotonic() - began))
