#!/usr/bin/env python3
"""Measures the built gateway from MLLP to HTTP, in the clear and with TLS on both sides, and what an outage costs.

    python3 interop/gateway_bench.py [--examples DIR] [--seconds N] [--rounds N]

DIR holds the built examples, `target/release/examples` unless told: `gateway` twice, once as what is
measured and once as a receiver that takes every message, and `replay` for the load. Each is a
process of its own, all on loopback. Rounds take turns, and the median counts. Prints a table, and
fails where a message is not acknowledged, or where an outage of the destination costs more memory
than the limits of the configuration allow.
"""

import argparse
import contextlib
import os
import pathlib
import re
import selectors
import socket
import statistics
import sys
import tempfile
import threading
import time

from gateway import ROOT, Authority, acknowledge, expect_ack, field, message
from harness import END, WAIT, FarSide, Program, Wire, bound_whole_run, expect, frame, free_port, require

MESSAGE = ROOT / "testdata" / "messages" / "adt_a01.hl7"

#: Takes every message: what a filter holds back is acknowledged.
RECEIVER = """
[[route]]
name = "receiver"
from.http.listen = "127.0.0.1:%(port)d"
%(tls)s
filter = [{ path = "MSH-10", valued = false }]
[[route.to]]
name = "nowhere"
mllp.address = "127.0.0.1:1"
"""

GATEWAY = """
[[route]]
name = "bench"
from.mllp.listen = "127.0.0.1:%(port)d"
%(tls)s
[[route.to]]
name = "receiver"
http.url = "%(url)s"
%(ca)s
"""

SERVER_TLS = 'from.%s.tls = { certificate = "gateway.pem", key = "gateway.key" }'

#: Of the outage: connections, bytes of each message, most bytes of messages that are held, rounds.
SENDERS, LEN, BUFFERED, WAVES = 200, 256 * 1024, 32 * 1024 * 1024, 3
#: Beside what is held: what each connection may hold by itself, and the program.
ROOM = SENDERS * 128 * 1024 + 32 * 1024 * 1024

OUTAGE = """
[[route]]
name = "outage"
from.mllp.listen = "127.0.0.1:%(port)d"
from.mllp.max_buffered = "32MiB"
[[route.to]]
name = "receiver"
http.url = "%(url)s"
order = "sequential"
deadline = "3s"
"""


@contextlib.contextmanager
def started(program, folder, name, text):
    """A running gateway, whose lines for exchanges nobody reads."""
    config = folder / (name + ".toml")
    config.write_text(text)
    with Program(program, "--config", config) as gateway:
        gateway.until_printed("ready")
        yield gateway


def status(program, name):
    """A line of the process's status, in bytes."""
    for line in open("/proc/%d/status" % program.process.pid):
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise KeyError(name)


def cpu_time(program):
    """Seconds that all its threads have run."""
    fields = open("/proc/%d/stat" % program.process.pid).read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# Messages per second -------------------------------------------------------------------------


class Pair:
    """A gateway and its receiver, in the clear or over TLS."""

    def __init__(self, stack, program, folder, over_tls):
        port, far = free_port(), free_port()
        self.ca = ["--ca", folder / "ca.pem"] if over_tls else []
        self.to = "%s://127.0.0.1:%d" % ("mllps" if over_tls else "mllp", port)
        self.name = "MLLP and HTTP over TLS" if over_tls else "MLLP and HTTP in the clear"
        label = "tls" if over_tls else "clear"
        tls = {"tls": SERVER_TLS % "http" if over_tls else "", "port": far}
        stack.enter_context(started(program, folder, "receiver-" + label, RECEIVER % tls))
        values = {
            "tls": SERVER_TLS % "mllp" if over_tls else "", "port": port,
            "url": "%s://127.0.0.1:%d/hl7" % ("https" if over_tls else "http", far),
            "ca": 'http.tls.ca = "ca.pem"' if over_tls else "",
        }
        self.gateway = stack.enter_context(started(program, folder, "gateway-" + label, GATEWAY % values))

    def load(self, replay, connections, count):
        """Messages per second, p50 and p99 in milliseconds, CPU time of the gateway for each in microseconds."""
        before = cpu_time(self.gateway)
        arguments = ["--to", self.to, *self.ca, "--connections", connections, "--count", count, "--fresh-ids", MESSAGE]
        with Program(replay, *arguments) as run:
            expect(run.exit_status(120), 0, "exit status of replay: %s%s" % (run.stdout, run.stderr))
        took = (cpu_time(self.gateway) - before) / count * 1e6
        rate = re.search(r"(\d+) answers/s", run.stdout)
        latency = re.search(r"p50 ([\d.]+) ms, .*p99 ([\d.]+),", run.stdout)
        return float(rate[1]), float(latency[1]), float(latency[2]), took


def throughput(program, replay, folder, seconds, rounds):
    with contextlib.ExitStack() as stack:
        pairs = [Pair(stack, program, folder, over_tls) for over_tls in (False, True)]
        print("| connections | | messages/s | p50 | p99 | CPU time of the gateway for each |")
        print("|---|---|---|---|---|---|")
        for connections in (1, 16):
            found = {pair.name: [] for pair in pairs}
            counts = {pair.name: max(100, int(pair.load(replay, connections, 500)[0] * seconds)) for pair in pairs}
            for _ in range(rounds):
                for pair in pairs:
                    found[pair.name].append(pair.load(replay, connections, counts[pair.name]))
            for name, runs in found.items():
                rate, p50, p99, took = (statistics.median(figures) for figures in zip(*runs))
                print("| %d | %s | %.0f | %.2f ms | %.2f ms | %.0f us |" % (connections, name, rate, p50, p99, took), flush=True)


# An outage -----------------------------------------------------------------------------------


def wave(port):
    """One large message on each connection at once; gives how many were answered by which code."""
    large = frame(message("L1", extra="OBX|1|ED|||" + "Q" * LEN))
    codes, deadline = {}, time.monotonic() + 4 * WAIT
    with contextlib.ExitStack() as stack, selectors.DefaultSelector() as selector:
        for _ in range(SENDERS):
            sender = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=WAIT))
            sender.setblocking(False)
            selector.register(sender, selectors.EVENT_READ | selectors.EVENT_WRITE, [memoryview(large), b""])
        while selector.get_map():
            require(time.monotonic() < deadline, "%d senders have no answer" % len(selector.get_map()))
            for key, events in selector.select(1):
                left = key.data
                if events & selectors.EVENT_WRITE:
                    left[0] = left[0][key.fileobj.send(left[0]):]
                    if not left[0]:
                        selector.modify(key.fileobj, selectors.EVENT_READ, left)
                if events & selectors.EVENT_READ:
                    data = key.fileobj.recv(65536)
                    left[1] += data
                    if END in left[1] or not data:
                        code = field(left[1].strip(b"\x0b\x1c\r"), "MSA", 1) if data else "closed"
                        codes[code] = codes.get(code, 0) + 1
                        selector.unregister(key.fileobj)
    return codes


def outage(program, folder):
    answers = threading.Event()

    def far(request):
        answers.wait(WAIT)
        return 200, "application/hl7-v2+er7", acknowledge(request.body)

    answers.set()
    with FarSide(far) as receiver:
        port = free_port()
        text = OUTAGE % {"port": port, "url": receiver.url}
        with started(program, folder, "outage", text) as gateway:
            with Wire(port) as wire:
                for number in range(100):
                    expect_ack(wire.exchange(message("B%d" % number)), "AA", "B%d" % number)
            before = status(gateway, "VmRSS")
            answers.clear()
            waves = []
            for _ in range(WAVES):
                codes = wave(port)
                expect(codes, {"AR": SENDERS}, "answers during the outage")
                waves.append(status(gateway, "VmHWM") - before)
            answers.set()
            with Wire(port) as wire:
                expect_ack(wire.exchange(message("B0"), limit=2 * WAIT), "AA", "B0")
            after = status(gateway, "VmRSS") - before
    megabytes = [grown / 1e6 for grown in [*waves, after]]
    print("outage: %d waves of %d messages of %d KiB, of which at most %d MiB are held: all AR" % (WAVES, SENDERS, LEN // 1024, BUFFERED >> 20))
    print("memory above that before: %s MB at the peak after each wave, %.0f MB when it is over"
          % (", ".join("%.0f" % grown for grown in megabytes[:-1]), megabytes[-1]))
    require(waves[-1] <= BUFFERED + ROOM, "an outage costs %d bytes, more than %d" % (waves[-1], BUFFERED + ROOM))


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--examples", default=ROOT / "target" / "release" / "examples", type=pathlib.Path)
    arguments.add_argument("--seconds", default=3.0, type=float, help="of load in each round")
    arguments.add_argument("--rounds", default=5, type=int)
    arguments = arguments.parse_args()
    programs = [arguments.examples / name for name in ("gateway", "replay")]
    for program in programs:
        require(program.exists(), "%s is not there; run: cargo build --release --examples" % program)
    bound_whole_run(900)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        Authority(folder)
        throughput(*programs, folder, arguments.seconds, arguments.rounds)
        outage(programs[0], folder)


if __name__ == "__main__":
    sys.exit(main())
