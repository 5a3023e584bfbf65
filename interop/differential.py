#!/usr/bin/env python3
"""Holds our reading of generated messages against that of python-hl7, leaf by leaf.

    python3 interop/differential.py [--examples DIR] [--messages N] [--seed S]

Hypothesis writes messages: any delimiters, repetitions, components, subcomponents, escape sequences,
empty and deleted values, files of several messages. Each is read by python-hl7 and by the example
`leaves`; a message on which they differ is cut down to the least that still shows it, and printed.

Where the two are known to differ, no such message is generated; instead each difference stands below
in `DIFFERENCES`, with what the standard says, and is tried: it must still be there, and ours must be
the reading that is written down. So a change on either side is noticed.
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile

from environment import TARGET, enter_venv

if __name__ == "__main__":
    enter_venv(__file__)

import hl7
from hypothesis import HealthCheck, given, seed, settings, strategies

#: Files of messages that are generated unless told.
MESSAGES = 1000

# The two readings ----------------------------------------------------------------------------


class Leaves:
    """The example `leaves`: one process for each message, as for each file."""

    def __init__(self, examples, folder):
        self.program = pathlib.Path(examples) / "leaves"
        self.file = pathlib.Path(folder) / "message.hl7"

    def read(self, message):
        """Segment IDs and leaves, or the error as a text."""
        self.file.write_bytes(message.encode())
        done = subprocess.run([self.program, self.file], capture_output=True, timeout=20)
        listing = json.loads(done.stdout)
        if "error" in listing:
            return listing["error"]
        return listing["segments"], [tuple(leaf) for leaf in listing["leaves"]]


def python_hl7(message):
    """The same of python-hl7."""
    try:
        parsed = hl7.parse(message)
    except Exception as error:  # whatever it does not take
        return "%s: %s" % (type(error).__name__, error)
    segments, leaves = [], []
    for number, segment in enumerate(parsed, 1):
        name = str(segment[0])
        segments.append(name)
        for field in range(1, len(segment)):
            for place, value in values(segment[field]):
                if value:
                    leaves.append((number, name, field, *place, value))
    return segments, leaves


def values(field):
    """Each subcomponent of a field with its place; a level with one item may not be there."""
    for repetition, components in enumerate(listed(field, hl7.Field), 1):
        for component, subcomponents in enumerate(listed(components, hl7.Repetition), 1):
            for subcomponent, value in enumerate(listed(subcomponents, hl7.Component), 1):
                yield (repetition, component, subcomponent), str(value)


def listed(value, level):
    return list(value) if isinstance(value, level) else [value]


# What is generated ---------------------------------------------------------------------------

#: Letters of values: of several bytes, blanks within, and what other messages use as delimiters.
LETTERS = "ABCxyz019 .-#'\"äßπ漢😀"

SEGMENTS = strategies.integers(0, 3)


@strategies.composite
def delimiters(draw):
    """Field, component, repetition, escape, subcomponent; each different, in no other use here."""
    if draw(strategies.booleans()):
        return "|^~\\&"
    return "".join(draw(strategies.permutations("|^~\\&$*!@+%;:"))[:5])


@strategies.composite
def file(draw):
    """One message or two; all have the delimiters of the first."""
    separators = draw(delimiters())
    return "".join(draw(strategies.lists(message(separators), min_size=1, max_size=2)))


@strategies.composite
def message(draw, separators):
    bar, hat, tilde, escape, amp = separators
    alphabet = [letter for letter in LETTERS if letter not in (bar, hat, tilde, escape, amp)]
    text = strategies.text(alphabet, max_size=6)
    sequence = strategies.sampled_from(["F", "S", "T", "R", "E", ".br", "H", "N", "X0D", "Zx", "C2842"])
    escaped = sequence.map(lambda name: escape + name + escape)
    value = strategies.one_of(
        text, text, strategies.just(""), strategies.just('""'),
        strategies.tuples(text, escaped, text).map("".join),
    )
    subcomponents = strategies.lists(value, max_size=2).map(amp.join)
    components = strategies.lists(subcomponents, max_size=3).map(hat.join)
    repetitions = strategies.lists(components, max_size=2).map(tilde.join)
    fields = strategies.lists(repetitions, max_size=4)
    name = strategies.from_regex(r"\A[A-Z][A-Z0-9]{2}\Z").filter(lambda name: name not in HEADERS)
    control_id = strategies.text("ABC019", min_size=1, max_size=8)
    header = [
        "MSH", hat + tilde + escape + amp, draw(repetitions), draw(repetitions), "", "",
        "20260302", "", "ADT%sA01" % hat, draw(control_id), "P", "2.5", draw(components), "X",
    ]
    lines = [bar.join(header)]
    for _ in range(draw(SEGMENTS)):
        # A line that ends in nothing is a difference of its own.
        lines.append(bar.join([draw(name), *draw(fields), "X"]))
    return "".join(line + "\r" for line in lines)


#: Segments that begin a message or an envelope.
HEADERS = ("MSH", "FHS", "BHS", "FTS", "BTS")


class Disagreement(AssertionError):
    pass


def compare(leaves, text):
    ours, theirs = leaves.read(text), python_hl7(text)
    if ours != theirs:
        raise Disagreement("%r\n  ours:   %s\n  theirs: %s" % (text, shown(ours, theirs), shown(theirs, ours)))


def shown(one, other):
    """The leaves that only one has."""
    if isinstance(one, str) or isinstance(other, str):
        return one
    return "%s segments, alone: %s" % (len(one[0]), [leaf for leaf in one[1] if leaf not in other[1]][:5])


# Known differences ---------------------------------------------------------------------------

#: Name, message, our leaves but those of MSH-1 and MSH-2, and why. Sections are those of chapter 2 of
#: the standard, version 2.9.
DIFFERENCES = [
    (
        "a header that ends with MSH-2",
        "MSH|^~\\&\rPID|1\r",
        [(2, "PID", 1, 1, 1, 1, "1")],
        "MSH-2 is all that stands between two field separators or up to the end of the segment (2.14.9.2). "
        "python-hl7 takes one character too few and makes up fields behind it.",
    ),
    (
        "segments that end with LF",
        "MSH|^~\\&|A\nPID|1\n",
        [(1, "MSH", 3, 1, 1, 1, "A"), (2, "PID", 1, 1, 1, 1, "1")],
        "Only CR ends a segment (2.5.4). Files and many senders have LF in its place; read by the letter a "
        "whole message would be its own header. Ours reads it and says so; `ParseOptions::strict` refuses it.",
    ),
    (
        "segments that end with CR LF",
        "MSH|^~\\&|A\r\nPID|1\r\n",
        [(1, "MSH", 3, 1, 1, 1, "A"), (2, "PID", 1, 1, 1, 1, "1")],
        "The same. In python-hl7 the LF becomes the first letter of the next segment's ID.",
    ),
    (
        "MSH-2 without a subcomponent separator",
        "MSH|^~\\|A&B^C\r",
        [(1, "MSH", 3, 1, 1, 1, "A&B"), (1, "MSH", 3, 1, 2, 1, "C")],
        "A sender that uses no subcomponents need not declare their separator (2.5.4); what it did not "
        "declare is an ordinary letter. python-hl7 fills in the recommended one.",
    ),
    (
        "MSH-2 with the component separator alone",
        "MSH|^|A^B~C\r",
        [(1, "MSH", 3, 1, 1, 1, "A"), (1, "MSH", 3, 1, 2, 1, "B~C")],
        "The same, for repetitions.",
    ),
    (
        "blanks at the end of the last field",
        "MSH|^~\\&|A\rPID|1| \r",
        [(1, "MSH", 3, 1, 1, 1, "A"), (2, "PID", 1, 1, 1, 1, "1"), (2, "PID", 2, 1, 1, 1, " ")],
        "Blanks at the end of a value may be removed by whoever reads it as ST,, and not before (chapter 2A, ST). "
        "python-hl7 strips the end of the message.",
    ),
    (
        "an empty line",
        "MSH|^~\\&|A\r\rPID|1\r",
        [(1, "MSH", 3, 1, 1, 1, "A"), (2, "PID", 1, 1, 1, 1, "1")],
        "A segment has an ID (2.5.2), so that an empty line is none. python-hl7 counts it as one.",
    ),
    (
        "a byte order mark",
        "\ufeffMSH|^~\\&|A\r",
        [(1, "MSH", 3, 1, 1, 1, "A")],
        "It says how the bytes are to be read and is no part of the text. python-hl7 finds no MSH behind it.",
    ),
    (
        "messages with delimiters of their own in one file",
        "MSH|^~\\&|A\rMSH*^~\\&*A*B\r",
        [(1, "MSH", 3, 1, 1, 1, "A"), (2, "MSH", 3, 1, 1, 1, "A"), (2, "MSH", 4, 1, 1, 1, "B")],
        "Each MSH declares the delimiters of its message (2.5.4). python-hl7 keeps those of the first.",
    ),
    (
        "one character for two delimiters",
        "MSH|^^^^|A^B\r",
        [(1, "MSH", 3, 1, 1, 1, "A"), (1, "MSH", 3, 2, 1, 1, "B")],
        "Delimiters have to differ (2.5.4), so that there is no right reading. Ours takes the higher level "
        "and says so; `ParseOptions::strict` refuses it. python-hl7 fails on an assertion.",
    ),
]


def difference(leaves, name, text, expected):
    """It is still there, and ours is the reading that is written down."""
    ours, theirs = leaves.read(text), python_hl7(text)
    found = ours if isinstance(ours, str) else [leaf for leaf in ours[1] if not is_of_delimiters(leaf)]
    if found != expected:
        raise Disagreement("%s: ours is %s where %s was written down" % (name, found, expected))
    if ours == theirs:
        raise Disagreement("%s: there is no difference any more" % name)


def is_of_delimiters(leaf):
    return leaf[1] in HEADERS[:3] and leaf[2] < 3


# ---------------------------------------------------------------------------------------------


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--examples", default=TARGET / "release" / "examples")
    parser.add_argument("--messages", type=int, default=MESSAGES)
    parser.add_argument("--seed", type=int, default=None)
    arguments = parser.parse_args()
    number = arguments.seed if arguments.seed is not None else random.randrange(1 << 32)
    print("seed %d" % number, flush=True)
    compared = failed = 0

    with tempfile.TemporaryDirectory() as folder:
        leaves = Leaves(arguments.examples, folder)
        for name, text, expected, why in DIFFERENCES:
            try:
                difference(leaves, name, text, expected)
            except Disagreement as disagreement:
                failed += 1
                print("FAIL  %s" % disagreement)
            else:
                print("known %s\n      %s" % (name, why))

        @seed(number)
        @settings(
            max_examples=arguments.messages, deadline=None, database=None, print_blob=False,
            suppress_health_check=list(HealthCheck),
        )
        @given(file())
        def agree(text):
            nonlocal compared
            compared += 1
            compare(leaves, text)

        try:
            agree()
        except Disagreement as disagreement:
            failed += 1
            print("FAIL  %s" % disagreement)
        else:
            print("ok    %d files of messages read alike" % compared)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
