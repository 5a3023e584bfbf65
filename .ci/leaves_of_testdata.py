"""Checks what the `leaves` example printed for testdata/: `FILES LISTING`.

Every file has its line; every file of `messages` and `batches` was read, and values known
from the files stand where they should.
"""

import json
import sys

files = open(sys.argv[1], encoding="utf-8").read().split()
listed = {}
for line in open(sys.argv[2], encoding="utf-8"):
    entry = json.loads(line)
    listed[entry["file"]] = entry

missing = [file for file in files if file not in listed]
if missing:
    sys.exit("no line for %s" % ", ".join(missing))
refused = [file for file in files if "/malformed/" not in file and "error" in listed[file]]
if refused:
    sys.exit("refused: %s" % ", ".join("%s (%s)" % (file, listed[file]["error"]) for file in refused))

KNOWN = {
    "testdata/messages/adt_a01.hl7": [
        [1, "MSH", 2, 1, 1, 1, "^~\\&"],
        [1, "MSH", 10, 1, 1, 1, "NF0000481"],
        [3, "PID", 3, 2, 4, 1, "NATIONAL"],
        [3, "PID", 5, 1, 2, 1, "EVE"],
        [6, "AL1", 5, 1, 1, 1, "RASH \\T\\ HIVES"],
    ],
    "testdata/messages/custom_delimiters.hl7": [
        [1, "MSH", 1, 1, 1, 1, "#"],
        [3, "PID", 3, 2, 4, 2, "2.16"],
        [3, "PID", 5, 1, 1, 1, "PIPE|MAN"],
    ],
    "testdata/messages/latin1_8859_1.hl7": [[2, "PID", 5, 1, 1, 1, "M\u00dcLLER-BEISPIEL"]],
    "testdata/messages/utf8.hl7": [[2, "PID", 5, 2, 1, 1, "\u5c71\u7530"]],
    "testdata/messages/lf_ends.hl7": [[3, "PID", 5, 1, 1, 1, "EVERYWOMAN"]],
    "testdata/messages/oru_r01_100_obx.hl7": [[104, "OBX", 1, 1, 1, 1, "100"]],
    "testdata/batches/file_batch_three.hl7": [[13, "PID", 3, 1, 1, 1, "4490003"], [16, "FTS", 1, 1, 1, 1, "1"]],
}
for file, leaves in KNOWN.items():
    for leaf in leaves:
        if leaf not in listed[file]["leaves"]:
            sys.exit("%s: %s is not among its leaves" % (file, leaf))
errors = sum("error" in entry for entry in listed.values())
print("%d files, %d of them refused with a reason" % (len(files), errors))
