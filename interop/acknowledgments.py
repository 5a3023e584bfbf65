#!/usr/bin/env python3
"""Has python-hl7 and hl7apy read every acknowledgment that the example `ack` builds.

    python3 interop/acknowledgments.py [--examples DIR] [--corpus DIR]

DIR holds the built examples, `target/release/examples` unless told. All of `testdata/` is
acknowledged, positively and negatively, and so are the `messages/*.hl7` of a message corpus where
there is one (`HL7_CORPUS`, else `../shared/corpus`). hl7apy reads them at its tolerant level, and at
its strict one too, in which every field has to be one of the version. It is told there that an ACK
comes: from `ACK` alone in MSH-9, which is what versions before 2.3.1 prescribe and what is answered
to a message without an event, it finds no structure. Left out of it are answers in 2.1, where it
asks for a component of MSH-7 that 2.1 does not have, and those to messages without MSH-10, whose
MSA-2 can not be but empty. The packages are installed at their pinned
versions into `target/interop-venv`. One line per case, then `N passed, N failed`; the exit status
is 0 only when none failed. Without Python's `venv` or `pip` the test says `skipped` and ends
with 0.
"""

import argparse
import collections
import json
import os
import pathlib
import subprocess
import sys

from environment import ROOT, TARGET, enter_venv

if __name__ == "__main__":
    enter_venv(__file__)

import hl7
import hl7apy
import hl7apy.consts
import hl7apy.core
import hl7apy.parser

from harness import Cases, Failed, bound_whole_run, expect, require

#: Seconds the whole run may take.
WHOLE_RUN = 420
#: What the refusals say; a delimiter must not end the field.
TEXT = "no | PID-3"
#: Files given to the example at once.
FILES_AT_ONCE = 500

CODES = {"accepted": ("AA", "CA"), "refused": ("AE", "CE", "AR")}
#: What a receiver refuses by itself, whatever is made of the message.
REFUSED_ANYWAY = (
    "not a readable HL7 message",
    "no message control ID",
    "the message control ID is too long",
    "MSH holds text in a set that MSH-18 does not name",
)


def built(examples, files, how):
    """The answers to the messages of each file, as the example prints them."""
    arguments = ["--refuse", TEXT] if how == "refused" else []
    answers = {}
    for start in range(0, len(files), FILES_AT_ONCE):
        done = subprocess.run(
            [examples / "ack", "--json", *arguments, *files[start : start + FILES_AT_ONCE]], capture_output=True
        )
        expect(done.returncode, 0, "exit status of ack (%r)" % done.stderr)
        for line in done.stdout.decode().splitlines():
            entry = json.loads(line)
            answers[entry["file"]] = entry["answers"]
    expect(sorted(answers), sorted(map(str, files)), "files answered")
    return answers


def headers(file):
    """The MSH lines of a file as lists of fields, split by hand, with None before field 1."""
    found = []
    for line in file.read_bytes().decode("latin-1").replace("\n", "\r").split("\r"):
        line = line.lstrip("\x0b \t").replace("\xef\xbb\xbf", "")
        if line.startswith("MSH") and len(line) > 3:
            found.append([None, line[3], *line.split(line[3])[1:]])
    return found


def expect_usual_delimiters_echoed(answer, header):
    """MSA-2 is MSH-10, byte by byte, where the delimiters need not be changed."""
    separator, encoding_characters = header[1], (header + [""] * 10)[2]
    if separator != "|" or encoding_characters != "^~\\&":
        return False
    control_id = (header + [""] * 12)[10]
    if any(ord(character) < 32 or ord(character) == 127 for character in control_id):
        return False
    # The answer is text; what is compared is bytes.
    try:
        control_id = control_id.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        pass
    msa = next(line for line in answer.split("\r") if line.startswith("MSA|")).split("|")
    expect((msa + [""])[2].rstrip(), control_id.rstrip("\x1c"), "MSA-2")
    return True


def with_python_hl7(answer, how):
    message = hl7.parse(answer)
    msh, msa = message.segment("MSH"), message.segment("MSA")
    expect(message.extract_field("MSH", 1, 9, 1, 1), "ACK", "MSH-9.1")
    require(str(msa(1)) in CODES[how], "MSA-1 is %s" % msa(1))
    # Where `+` delimits the sign of the offset is escaped.
    require(len(message.unescape(str(msh(7)))) == 19, "MSH-7 is %r" % str(msh(7)))
    require(1 <= len(str(msh(10))) <= 20, "MSH-10 is %r" % str(msh(10)))
    if how == "refused":
        message.segment("ERR")


def with_hl7apy(answer, how):
    """False where hl7apy does not know the version, or no version is the standard's."""
    version = answer.split("\r")[0].split(answer[3])[11].split(answer[4])[0]
    if version not in hl7apy.SUPPORTED_LIBRARIES:
        return False
    message = hl7apy.parser.parse_message(answer, find_groups=False)
    expect(message.msh.msh_9.msh_9_1.value if message.msh.msh_9.children else message.msh.msh_9.value, "ACK", "MSH-9.1")
    require(message.msa.msa_1.value in CODES[how], "MSA-1 is %s" % message.msa.msa_1.value)
    if how == "refused":
        require(len(message.err) >= 1, "no ERR")
    return True


def read_back(examples, files, how, reader):
    """Reads every answer; says how many, and fails with the first few that could not be read."""
    counts, failures = collections.Counter(), []
    for file, answers in built(examples, files, how).items():
        lines = headers(pathlib.Path(file))
        for number, answer in enumerate(answers):
            counts["messages"] += 1
            if answer is None:
                counts["none due"] += 1
                continue
            try:
                counts["read"] += bool(reader(answer, how, lines, number, len(answers)))
            except Exception as error:
                failures.append("%s, message %d: %s: %r" % (file, number + 1, error, answer))
    print("      %s" % ", ".join("%d %s" % (counts[what], what) for what in ("messages", "none due", "read")))
    if failures:
        raise Failed("%d could not be read:\n      %s" % (len(failures), "\n      ".join(failures[:5])))
    require(counts["read"] > 0, "nothing was read")


def made_of(answer, how):
    return "refused" if any(text in answer for text in REFUSED_ANYWAY) else how


def by_python_hl7(answer, how, *_):
    with_python_hl7(answer, made_of(answer, how))
    return True


def by_hl7apy(answer, how, *_):
    return with_hl7apy(answer, made_of(answer, how))


def by_hl7apy_strictly(answer, *_):
    encoding_characters, _, version = hl7apy.parser.get_message_info(answer)
    msa = next(line for line in answer.split("\r") if line.startswith("MSA")).split(answer[3])
    if version == "2.1" or not (msa + [""])[2]:
        return False
    strict = hl7apy.consts.VALIDATION_LEVEL.STRICT
    message = hl7apy.core.Message("ACK", version=version, validation_level=strict, encoding_chars=encoding_characters)
    message.children = hl7apy.parser.parse_segments(
        answer, version, encoding_characters, strict, message.structure_by_name
    )
    require(message.validate(), "not valid")
    return True


def by_hand(answer, how, lines, number, count):
    # Where both see the same messages they stand in the same order.
    return len(lines) == count and expect_usual_delimiters_echoed(answer, lines[number])


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--examples", type=pathlib.Path, default=TARGET / "release" / "examples")
    arguments.add_argument(
        "--corpus", type=pathlib.Path, default=os.environ.get("HL7_CORPUS", ROOT.parent / "shared" / "corpus")
    )
    arguments = arguments.parse_args()
    if not (arguments.examples / "ack").is_file():
        sys.exit("%s is missing; run: cargo build --release --examples" % (arguments.examples / "ack"))
    bound_whole_run(WHOLE_RUN)
    groups = {"testdata": sorted((ROOT / "testdata").rglob("*.hl7"))}
    corpus = sorted((arguments.corpus / "messages").glob("*.hl7"))
    if corpus:
        groups["corpus"] = corpus
    else:
        print("no message corpus at %s: testdata alone" % arguments.corpus)
    cases = Cases()
    for group, files in groups.items():
        for how in CODES:
            readers = [(by_python_hl7, "python-hl7"), (by_hl7apy, "hl7apy"), (by_hand, "MSA-2 by hand")]
            # What is echoed of other messages may be out of order itself.
            if group == "testdata":
                readers.append((by_hl7apy_strictly, "hl7apy, strict"))
            for reader, name in readers:
                cases.run("%s, %s: %s" % (group, how, name), read_back, arguments.examples, files, how, reader)
    print("%d passed, %d failed" % (cases.passed, cases.failed))
    sys.exit(1 if cases.failed else 0)


if __name__ == "__main__":
    main()
