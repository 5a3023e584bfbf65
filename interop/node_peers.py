#!/usr/bin/env python3
"""Runs the built examples against the MLLP clients and servers that npm has.

    python3 interop/node_peers.py [--examples DIR]

DIR holds the built examples, `target/release/examples` unless told. The peers are installed at
their pinned versions into `target/interop-node`. One line per case, then `N passed, N failed`;
the exit status is 0 only when none failed. Without node or npm the test says `skipped` and ends
with 0.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from harness import (
    MARK, WAIT, Cases, Examples, Failed, Program, Wire, bound_whole_run, expect, frame, free_port,
    require,
)

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
FOLDER = TARGET / "interop-node"

PEERS = ["simple-hl7", "medplum", "node-hl7"]

NO_FINAL_CR = "no CR at the end of the answer"
ACK_ALONE = "ACK alone in MSH-9"
TEXT = "text in MSA-3"
OLD_ANSWERS = "the answer to an old message again"

#: What is peculiar about the answers of each server: what our client is shown here to live with.
QUIRKS = {
    "simple-hl7": {NO_FINAL_CR, ACK_ALONE},
    "medplum": {NO_FINAL_CR, TEXT},
    "node-hl7": {NO_FINAL_CR, OLD_ANSWERS},
}

#: Messages of one run, all over one connection.
MESSAGES = 20


def skip(why):
    print("skipped: %s" % why)
    sys.exit(0)


def install():
    """Installs what is pinned, beside the script that uses it."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            skip("no %s" % tool)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "peer.mjs"):
        shutil.copy(HERE / "node" / name, FOLDER / name)
    done = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=FOLDER, capture_output=True, text=True, timeout=300,
    )
    if done.returncode:
        sys.exit("npm could not install %s: %s" % (HERE / "node" / "package.json", done.stderr.strip()))


def message(control_id, document=0):
    """An ADT^A04 about an invented person, or with a document an ORU^R01."""
    kind = "ORU^R01^ORU_R01" if document else "ADT^A04^ADT_A01"
    header = "MSH|^~\\&|ADMIT|NORTHFIELD|ENGINE|NORTHFIELD|20260302081530||%s|%s|P|2.5.1" % (kind, control_id)
    patient = "PID|1||%s7001^^^NORTHFIELD^MR||%s^EVE||19620320|F" % (MARK, MARK)
    segments = [header, patient]
    if document:
        segments.append("OBX|1|ED|18842-5^Document^LN||^AP^PDF^Base64^%s||||||F" % ("Q" * document))
    return "".join(segment + "\r" for segment in segments)


def node(*arguments):
    program = Program(shutil.which("node"), FOLDER / "peer.mjs", *arguments)
    program.name = "%s %s" % (arguments[1], arguments[0])
    return program


def their_client(peer, examples, folder):
    """Every answer of ours is understood and names the message it was sent for."""
    texts = [message("%s-%d" % (peer, number)) for number in range(MESSAGES)]
    texts.append(message("%s-large" % peer, 200_000))
    path = folder / ("%s.json" % peer)
    path.write_text(json.dumps(texts))
    port = free_port()
    with examples.listen(port) as listen:
        listen.until_listening(port)
        with node("send", peer, port, path) as client:
            status = client.exit_status(limit=3 * WAIT)
        expect(status, 0, "exit status of the client (%s)" % client.stderr)
        wanted = ["AA %s-%d" % (peer, number) for number in range(MESSAGES)] + ["AA %s-large" % peer]
        expect(client.stdout.split("\n")[:-1], wanted, "what the client read of the answers")
        require(listen.is_running(), "listen ended")


def their_server(peer, examples, folder):
    """Our client knows each answer of theirs for the answer to its message."""
    path = folder / ("%s.hl7" % peer)
    texts = [message("%s-%d" % (peer, number)) for number in range(MESSAGES)]
    texts.append(message("%s-large" % peer, 200_000))
    path.write_text("".join(texts), newline="")
    port = free_port()
    with node("serve", peer, port) as server:
        server.until_listening(port)
        status, output, errors = examples.send("--timeout", WAIT, "--to", "127.0.0.1:%d" % port, path)
        expect(status, 0, "exit status of send (%s)" % errors.strip())
        answers = [line.split("|") for line in output.replace("\r", "\n").split("\n") if line.startswith("MSA|")]
        seen = [tuple(fields[1:3]) for fields in answers]
        wanted = [("AA", "%s-%d" % (peer, number)) for number in range(MESSAGES)] + [("AA", "%s-large" % peer)]
        expect(seen, wanted, "MSA-1 and MSA-2 of their answers")


def their_quirks(peer):
    """The quirks that our client is to live with are there, and no others."""
    port = free_port()
    with node("serve", peer, port) as server:
        server.until_listening(port)
        with Wire(port) as wire:
            wire.exchange(message("OLD").encode())
            wire.send(frame(message("NEW").encode()))
            answer = wire.read_frame().decode()
    msh, msa = [segment.split("|") for segment in answer.rstrip("\r").split("\r")][:2]
    seen = set()
    if not answer.endswith("\r"):
        seen.add(NO_FINAL_CR)
    if msh[8] == "ACK":
        seen.add(ACK_ALONE)
    if len(msa) > 3 and msa[3]:
        seen.add(TEXT)
    if msa[2] == "OLD":
        seen.add(OLD_ANSWERS)
    expect(sorted(seen), sorted(QUIRKS[peer]), "quirks of the server")


def without_final_cr(examples):
    """A message that does not end with CR is answered, and so are both of two in one frame."""
    port = free_port()
    with examples.listen(port) as listen:
        listen.until_listening(port)
        with Wire(port) as wire:
            answer = wire.exchange(message("CUT").rstrip("\r").encode()).decode()
            require("\rMSA|AA|CUT\r" in answer, "no answer to the message without CR")
            wire.send(frame((message("ONE") + message("TWO").rstrip("\r")).encode()))
            for control_id in ("ONE", "TWO"):
                answer = wire.read_frame().decode()
                require("\rMSA|AA|%s\r" % control_id in answer, "no answer to %s" % control_id)


def nothing_printed():
    """No program of ours has printed what marks a patient's fields."""
    for name, stream, line in Program.printed:
        if name in ("listen", "send", "gateway") and MARK.encode() in line:
            raise Failed("%s printed patient data on %s" % (name, stream))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--examples", type=pathlib.Path, default=TARGET / "release" / "examples")
    examples = Examples(parser.parse_args().examples)
    install()
    bound_whole_run(300)
    cases = Cases()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for peer in PEERS:
            cases.run("%s sends to listen" % peer, their_client, peer, examples, folder)
            cases.run("send sends to %s" % peer, their_server, peer, examples, folder)
            cases.run("the quirks of %s are those we know" % peer, their_quirks, peer)
        cases.run("a message without CR at its end is sent to listen", without_final_cr, examples)
    cases.run("no patient data in any output", nothing_printed)
    print("%d passed, %d failed" % (cases.passed, cases.failed))
    sys.exit(1 if cases.failed else 0)


if __name__ == "__main__":
    main()
