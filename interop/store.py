#!/usr/bin/env python3
"""Runs the built gateway with a store: SQLite, and MariaDB and PostgreSQL as Debian packs them.

    python3 interop/store.py [--examples DIR] [--rounds N] [DATABASE...]

DIR holds the built examples, `target/release/examples` unless told. DATABASE is `sqlite`, `mariadb`
or `postgres`, all unless told; the latter two need a gateway built with their features. The same
cases for each, with `examples/config/events.toml`; in N rounds, 20 unless told, the gateway is
killed under load. One line per case, then `N passed, N failed`; the exit status is 0 only when none
failed.
"""

import argparse
import base64
import contextlib
import pathlib
import random
import signal
import sys
import tempfile
import threading
import time

from databases import DATABASES
from gateway import CONFIG, ROOT, Site, environment, expect_ack, get, message, post, run
from harness import MARK, WAIT, Cases, Failed, Program, Wire, bound_whole_run, expect, frame, free_port, require

SENDERS = 6


class Events:
    """The site of `events.toml`, with one of the databases."""

    def __init__(self, site, database):
        self.site, self.database = site, database
        self.config = site.folder / ("events-%s.toml" % database.name.lower())
        text = (CONFIG / "events.toml").read_text()
        if database.password:
            (site.folder / "secrets" / "store-password").write_text(database.password + "\n")
            text = text.replace("# password = ", "password = ")
        self.config.write_text(text)

    def gateway(self, **settings):
        return self.site.gateway(self.config, **{"STORE": self.database.url, **settings})

    @contextlib.contextmanager
    def gateway_to_kill(self):
        """One that is not asked to end."""
        ports = [free_port() for _ in range(3)]
        settings = self.site.settings(ports, STORE=self.database.url)
        with environment(settings), Program(self.site.program, "--config", self.config) as program:
            program.until_printed("ready")
            yield program, ports[0]

    def variant(self, **options):
        """The same with other options of the store."""
        text = self.config.read_text()
        lines = "".join("%s = %s\n" % option for option in options.items())
        changed = self.config.with_name("variant-" + self.config.name)
        changed.write_text(text.replace("[store.events]\n", "[store.events]\n" + lines))
        return self.site.gateway(changed, STORE=self.database.url)

    def post(self, port, body):
        password = base64.b64encode(b"events:secret of events-password").decode()
        return post("https://127.0.0.1:%d/" % port, body, context=self.site.authority.client(shows=None),
                    headers={"Authorization": "Basic " + password}.items())

    def rows(self, control_id):
        """Message and acknowledgment of each row with this MSH-10."""
        to_hex = self.database.hex
        found = self.database.rows("SELECT %s, %s FROM hl7_message WHERE control_id = '%s' ORDER BY id" % (
            to_hex("message"), to_hex("acknowledgment"), control_id))
        return [tuple(map(bytes.fromhex, row)) for row in found]


# Cases ---------------------------------------------------------------------------------------


def stored_and_acknowledged(events):
    sent = message("E1")
    before = time.time()
    with events.gateway() as (gateway, port, https, status):
        with Wire(port) as wire:
            first = wire.exchange(sent)
            expect_ack(first, "AA", "E1")
            expect(events.rows("E1"), [(sent, first)], "rows")
            # Again on the same transport, with another MSH-7, and on the other.
            expect(wire.exchange(sent), first, "the answer to a copy")
            later = sent.replace(b"20260302081530", b"20260302081630")
            expect(wire.exchange(later), first, "the answer to a copy with another time")
            expect(events.post(https, sent), (200, first), "the answer to a copy by HTTPS")
            expect(len(events.rows("E1")), 1, "rows")
            # The same ID with other content is another message.
            other = message("E1", visit="PV1|1|O")
            expect_ack(wire.exchange(other), "AA", "E1")
            expect([row for row, _ in events.rows("E1")], [sent, other], "rows of the ID")
        code, answer = events.post(https, message("E2"))
        expect(code, 200, "status")
        expect(events.rows("E2"), [(message("E2"), answer)], "rows")
        columns = "message_type, control_id, sending_application, sending_facility, received_ms"
        row = events.database.rows("SELECT %s FROM hl7_message WHERE control_id = 'E2'" % columns)[0]
        expect(row[:4], ("ADT^A04^ADT_A01", "E2", "HIS", "GH"), "columns")
        require(before * 1000 - 1 <= int(row[4]) <= time.time() * 1000 + 1, "received at %s" % row[4])
        counted = 'hl7_gateway_deliveries_total{route="events-mllp",destination="store",outcome="AA"} 4'
        require(counted in get(status, "/metrics")[1], "the deliveries are not counted")
    # Another process finds them too.
    with events.gateway() as (gateway, port, https, status), Wire(port) as wire:
        expect(wire.exchange(sent), first, "the answer to a copy, after a restart")
        # What no sender should write is stored all the same.
        odd = message("E3", visit="PV1|1|I|\0||||Z\xc3\xb3\xff")
        expect_ack(wire.exchange(odd), "AA", "E3")
        expect([row for row, _ in events.rows("E3")], [odd], "an odd message")
        # Nothing asked for is nothing answered, and known again.
        wire.send(frame(message("E4", ask="|||NE|NE")))
        wire.send(frame(message("E4", ask="|||NE|NE")))
        expect_ack(wire.exchange(message("E5", ask="|||AL|NE")), "CA", "E5")
        expect(events.rows("E4"), [(message("E4", ask="|||NE|NE"), b"")], "a message without an answer")
        # Without MSH-10 nothing says that it is a copy.
        answer = wire.exchange(message(""))
        require(b"MSA|AE|" in answer and b"MSH^1^10|101" in answer, "answered %r without MSH-10" % answer)
        expect(events.rows(""), [], "rows without MSH-10")


def validated(events):
    with events.gateway() as (gateway, port, https, status), Wire(port) as wire:
        for control_id, code, error, changed in (
            ("V1", "AE", "PID^1^3^^1|101", {"patient": "PID|1||^^^GH||%s^EVE"}),
            ("V2", "AE", "PID^1^3^^1|102", {"patient": "PID|1||" + "7" * 51 + "||%s^EVE"}),
            ("V3", "AR", "MSH^1^9^^1|200", {"kind": "MDM^T02"}),
            ("V4", "AR", "MSH^1^11^^1|202", {"processing_id": "T"}),
            ("V5", "AA", "ZZZ^1|100", {"extra": "ZZZ|1\rQRD|1"}),
            ("V6", "AA", "PID^1^5^^1|102", {"patient": "PID|1||7||" + "%s" * 30}),
        ):
            answer = wire.exchange(message(control_id, **changed))
            expect_ack(answer, code, control_id)
            stored = events.rows(control_id)
            if code == "AA":
                expect([kept for _, kept in stored], [answer], "the acknowledgment that is kept")
                require(b"|W|" in answer, "no warning in %r" % answer)
                error = error.replace("ZZZ", "QRD")
            else:
                expect(stored, [], "rows of what was refused")
            require(error.encode() in answer, "no %s in %r" % (error, answer))
        text = get(status, "/metrics")[1]
        for outcome in ("failed", "reported"):
            line = 'hl7_gateway_broken_rules_total{route="events-mllp",outcome="%s"} 2' % outcome
            require(line in text.splitlines(), "no %s in:\n%s" % (line, text))


def limits_and_reused_ids(events):
    with events.variant(max_message_len='"4KiB"', refuse_reused_ids="true") as (gateway, port, *_), Wire(port) as wire:
        long = message("L1", extra="NTE|1||" + "x" * 4096)
        answer = wire.exchange(long)
        expect_ack(answer, "AE", "L1")
        expect(events.rows("L1"), [], "rows of what is too long")
        expect_ack(wire.exchange(message("L2")), "AA", "L2")
        answer = wire.exchange(message("L2", visit="PV1|1|O"))
        expect_ack(answer, "AE", "L2")
        require(b"|205" in answer, "no 205 in %r" % answer)
        expect(len(events.rows("L2")), 1, "rows of the ID")
    big = message("L3", extra="OBX|1|ED|PDF||^AP^^Base64^" + "QUJD" * 1000000)
    with events.gateway() as (gateway, port, *_), Wire(port) as wire:
        expect_ack(wire.exchange(big), "AA", "L3")
        require(events.rows("L3")[0][0] == big, "4 MB are not stored as they came")


def copies_at_once(events):
    """Two processes and several connections get the same message at once: one row, one answer."""
    with events.gateway() as (_, first, *_2), events.gateway() as (_, second, *_2):
        for number in range(5):
            sent = message("C%d" % number)
            wires = [Wire(port) for port in (first, second) * 3]
            try:
                for wire in wires:
                    wire.send(frame(sent))
                answers = {wire.read_frame() for wire in wires}
            finally:
                for wire in wires:
                    wire.close()
            expect(len(answers), 1, "different answers")
            expect(events.rows("C%d" % number), [(sent, answers.pop())], "rows")


def outage(events):
    """Without its database the gateway answers "send again", never AA, and goes on afterwards."""
    with events.gateway() as (gateway, port, https, status), Wire(port) as wire:
        expect_ack(wire.exchange(message("O1")), "AA", "O1")
        with events.database.outage():
            answer = wire.exchange(message("O2"))
            expect_ack(answer, "AR", "O2")
            require(b"|207" in answer and b"not stored, send again" in answer, "not told to send again: %r" % answer)
            require(b"MSA|AR|O3" in events.post(https, message("O3"))[1], "no AR by HTTPS")
        deadline = time.monotonic() + WAIT
        while b"MSA|AA|" not in wire.exchange(message("O2")):
            require(time.monotonic() < deadline, "not stored after the outage")
        expect(len(events.rows("O2")), 1, "rows")
        expect(len(events.rows("O3")), 0, "rows of what was not sent again")


def started_before_its_database(events):
    with contextlib.ExitStack() as stack:
        with events.database.outage():
            gateway, port, *_ = stack.enter_context(events.gateway())
            require("store not reached yet" in gateway.stderr, "nothing is told: %s" % gateway.stderr)
            wire = stack.enter_context(Wire(port))
            expect_ack(wire.exchange(message("S1")), "AR", "S1")
        expect_ack(wire.exchange(message("S1")), "AA", "S1")


def what_can_not_work_is_told(events):
    """At the start, in one line: a wrong password, a place where no file can be."""
    text = events.config.read_text()
    broken = events.config.with_name("broken-" + events.config.name)
    url = events.database.url
    if events.database.password:
        broken.write_text(text.replace("file:${SECRETS:-secrets}/store-password", "guessed"))
    else:
        broken.write_text(text)
        url = "sqlite:/nowhere/events.db"
    with environment(events.site.settings([free_port() for _ in range(3)], STORE=url)):
        status, _, err = run(events.site.program, "--config", broken)
    expect(status, 1, "status")
    last = err.splitlines()[-1]
    require(last.startswith("gateway: store events: ") and "guessed" not in err, "told %r" % err)


# Killed under load ---------------------------------------------------------------------------


class Sender(threading.Thread):
    """Sends one message after the other over one connection, until told to read no more."""

    def __init__(self, port, name, hold):
        super().__init__(daemon=True)
        self.port, self.label, self.hold = port, name, hold
        self.held, self.ended = threading.Event(), threading.Event()
        self.acknowledged, self.in_flight, self.wrong = {}, None, None
        self.start()

    def run(self):
        with contextlib.suppress(OSError, Failed), Wire(self.port) as wire:
            for number in range(100000):
                control_id = "%s-%d" % (self.label, number)
                self.in_flight = control_id
                wire.send(frame(killed_message(control_id)))
                if self.hold.is_set():
                    self.held.set()
                    self.ended.wait(WAIT)
                    return
                answer = wire.read_frame()
                try:
                    expect_ack(answer, "AA", control_id)
                except Failed as failure:
                    self.wrong = failure
                    return
                self.acknowledged[control_id] = answer
                self.in_flight = None


def killed_message(control_id):
    return message(control_id, patient="PID|1||%s^^^GH^MR||%%s^EVE" % control_id)


def killed(events, rounds):
    chance = random.Random(7)
    acknowledged, unanswered, between = {}, [], 0
    for number in range(rounds + 1):
        with events.gateway_to_kill() as (gateway, port):
            # What was in flight when it was killed is sent again.
            with Wire(port) as wire:
                for control_id in unanswered:
                    stored = events.rows(control_id)
                    answer = wire.exchange(killed_message(control_id))
                    expect_ack(answer, "AA", control_id)
                    if stored:
                        expect(answer, stored[0][1], "the answer to %s, which had been stored" % control_id)
                    expect(len(events.rows(control_id)), 1, "rows of %s" % control_id)
                    acknowledged[control_id] = answer
            if number == rounds:
                break
            hold = threading.Event()
            senders = [Sender(port, "K%d-%d" % (number, at), hold) for at in range(SENDERS)]
            time.sleep(chance.uniform(0.05, 0.25))
            # Three rounds of four: a row is there whose acknowledgment nobody has read.
            if number % 4:
                hold.set()
                until_one_is_stored(events, senders)
            gateway.signal(signal.SIGKILL)
            gateway.exit_status()
            for sender in senders:
                sender.ended.set()
                sender.join(WAIT)
                require(not sender.is_alive(), "a sender does not end")
                require(sender.wrong is None, "%s" % sender.wrong)
                acknowledged.update(sender.acknowledged)
            unanswered = [sender.in_flight for sender in senders if sender.in_flight]
            between += any(events.rows(control_id) for control_id in unanswered)
    kept = "SELECT control_id, COUNT(*), MIN(%s) FROM hl7_message WHERE control_id LIKE 'K%%' GROUP BY control_id"
    kept = {row[0]: row[1:] for row in events.database.rows(kept % events.database.hex("acknowledgment"))}
    require(2 * len(acknowledged) >= SENDERS * rounds, "no load: only %d messages" % len(acknowledged))
    for control_id, answer in acknowledged.items():
        expect(kept.get(control_id), ("1", answer.hex()), "rows and acknowledgment of %s" % control_id)
    require(set(kept) == set(acknowledged), "rows that nobody was told of")
    require(2 * between >= rounds, "killed only %d times between commit and acknowledgment" % between)
    print("      %d rounds, %d with a message stored and not acknowledged, %d messages" % (rounds, between, len(acknowledged)))


def until_one_is_stored(events, senders):
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        held = ["'%s'" % sender.in_flight for sender in senders if sender.held.is_set()]
        if held and events.database.rows("SELECT id FROM hl7_message WHERE control_id IN (%s)" % ", ".join(held)):
            return
    raise Failed("no row of a message that waits for its acknowledgment")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--examples", default=ROOT / "target" / "release" / "examples", type=pathlib.Path)
    arguments.add_argument("--rounds", default=20, type=int)
    arguments.add_argument("database", nargs="*", choices=[[], *DATABASES], default=[])
    arguments = arguments.parse_args()
    program = arguments.examples / "gateway"
    require(program.exists(), "%s is not there; run: cargo build --release --examples" % program)
    bound_whole_run(600)
    cases = Cases()
    for name in arguments.database or DATABASES:
        kind = DATABASES[name]
        if kind.missing():
            print("skipped: %s, install %s" % (kind.name, kind.missing()))
            continue
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            # Servers run as somebody else.
            folder.chmod(0o755)
            with kind(folder) as database:
                events = Events(Site(program, folder), database)
                for title, case, *more in (
                    ("stored, acknowledged, and known again", stored_and_acknowledged),
                    ("validated: refused, or stored with a warning", validated),
                    ("limits, IDs used twice, a large document", limits_and_reused_ids),
                    ("copies at once in two processes are one row", copies_at_once),
                    ("an outage is AR, and over when it is", outage),
                    ("the gateway starts before its database", started_before_its_database),
                    ("what can not work is told at the start", what_can_not_work_is_told),
                    ("kill -9 under load loses and doubles nothing", killed, arguments.rounds),
                ):
                    if case is started_before_its_database and name == "sqlite":
                        continue  # It has no server.
                    cases.run("%s: %s" % (database.name, title), case, events, *more)
    printed = b"".join(line for _, _, line in Program.printed)
    cases.run("no patient data in any output", lambda: require(MARK.encode() not in printed, "patient data was printed"))
    print("%d passed, %d failed" % (cases.passed, cases.failed))
    return 1 if cases.failed else 0


if __name__ == "__main__":
    sys.exit(main())
