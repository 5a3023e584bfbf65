#!/usr/bin/env python3
"""Sends every message file through the built gateway and holds what arrives against the file.

    python3 interop/files.py [--examples DIR] [FOLDER...]

FOLDERs hold `.hl7` files; `testdata/messages`, unless told. Each file goes in one MLLP frame over a
connection of its own. Either the far side gets every line of it, unchanged, and the sender gets
the far side's very answers; or nothing reaches the far side, and the sender gets a negative
acknowledgment. Needs Python alone. One line per folder; the exit status is 0 only when all held.
"""

import argparse
import os
import pathlib
import re
import sys

from harness import Examples, Failed, FarSide, Wire, bound_whole_run, expect, frame, free_port, require

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
ENVELOPE = (b"FHS", b"BHS", b"BTS", b"FTS")
NOTHING = b"\xef\xbb\xbf \t\x00\x0b\x1c"

#: Of a hundred files so many may be refused; beyond it something is wrong with the gateway.
MAX_REFUSED = 1

#: Seconds the whole run may take.
WHOLE_RUN = 300


def lines(content):
    """The lines that are not blank, without envelopes; framing bytes and marks around each left out."""
    kept = (line.strip(NOTHING) for line in re.split(rb"[\r\n]", content))
    return [line for line in kept if line and not line.startswith(ENVELOPE)]


def field(header, number):
    fields = header.split(header[3:4])
    return fields[number - 1].strip() if len(fields) >= number else b""


def asked(header, number):
    value = field(header, number)
    return b"" if value == b'""' else value


def answer(request):
    """AA, CA or nothing, as asked, with the sender's own delimiters and MSH-10 as it stands."""
    header = re.split(rb"[\r\n]", request.body, maxsplit=1)[0]
    bar, delimiters, control_id = header[3:4], field(header, 2), field(header, 10)
    accept, application = asked(header, 15), asked(header, 16)
    is_answer = any((line + bar).startswith(b"MSA" + bar) for line in lines(request.body))
    is_answer = is_answer or field(header, 9)[:3] == b"ACK"
    # An answer is acknowledged, at the accept level, only where it asks for that.
    if not accept and (application or is_answer) or accept in (b"NE", b"ER"):
        return 204, None, b""
    code = b"CA" if accept else b"AA"
    acknowledgment = b"MSH" + bar + delimiters + bar * 7 + b"ACK" + bar + b"1" + bar + b"P" + bar + b"2.5\r"
    acknowledgment += b"MSA" + bar + code + bar + control_id + b"\r"
    return 200, "application/hl7-v2", acknowledgment


def exchange(port, content):
    """Everything the gateway answers to one frame, after which the sender says no more."""
    with Wire(port) as wire:
        wire.send(frame(content))
        wire.shut_down()
        return wire.read_to_end()


def passes(port, far_side, content):
    """True if it passed unchanged, false if it was refused; anything else fails."""
    answered = exchange(port, content)
    arrived, expected = [], b""
    while not far_side.requests.empty():
        request = far_side.next()
        arrived += lines(request.body)
        expected += frame(answer(request)[2]) if answer(request)[0] == 200 else b""
    if not arrived:
        require(re.search(rb"\rMSA.[AC][RE]", answered), "neither passed on nor refused: %r" % answered[:200])
        return False
    expect(b"\r".join(arrived), b"\r".join(lines(content)), "lines at the far side")
    expect(answered, expected, "answers")
    return True


def check(examples, folder):
    """The files that failed, after a line that counts."""
    refused, failed, files = 0, [], sorted(folder.rglob("*.hl7"))
    port = free_port()
    with FarSide(answer) as far_side, examples.gateway(port, far_side.url).until_listening(port):
        for file in files:
            try:
                refused += not passes(port, far_side, file.read_bytes())
            except (Failed, OSError) as failure:
                failed.append("%s: %s" % (file, failure))
                far_side.forget()
    if not files or refused * 100 > len(files) * MAX_REFUSED:
        failed.append("%s: %d of %d files were refused" % (folder, refused, len(files)))
    print("%s: %d files, %d refused, %d failed" % (folder, len(files), refused, len(failed)))
    return failed


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--examples", default=str(TARGET / "release" / "examples"))
    arguments.add_argument("folders", nargs="*", type=pathlib.Path, default=[ROOT / "testdata" / "messages"])
    arguments = arguments.parse_args()
    bound_whole_run(WHOLE_RUN)
    failed = [failure for folder in arguments.folders for failure in check(Examples(arguments.examples), folder)]
    for failure in failed:
        print("FAILED %s" % failure)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
