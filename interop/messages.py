"""The messages and acknowledgments of the cases, written by hand.

Nothing here shares code with what is tested; acknowledgments are read by python-hl7.
"""

import hl7

from harness import MARK, expect, require


def adt(control_id, name="%s^EVE" % MARK, charset="", ask=("", ""), extra=b"", encoding="utf-8"):
    """An ADT^A04 about an invented person; every segment ends in CR."""
    header = "MSH|^~\\&|ADMIT|NORTHFIELD|ENGINE|NORTHFIELD|20260302081530||ADT^A04^ADT_A01|%s|P|2.5.1|||%s|%s||%s"
    header = (header % (control_id, ask[0], ask[1], charset)).rstrip("|")
    patient = "PID|1||%s7001^^^NORTHFIELD^MR||%s||19620320|F|||12 %s LANE" % (MARK, name, MARK)
    return ("%s\r%s\r" % (header, patient)).encode(encoding) + extra


def header_field(message, number):
    """MSH-`number` of raw bytes, read without a parser."""
    return message.split(b"\r", 1)[0].split(message[3:4])[number - 1].decode("latin-1")


def acknowledge(message, code, control_id=None):
    """An acknowledgment written by hand: the far side shares no code with what is tested."""
    named = control_id or header_field(message, 10)
    return ("MSH|^~\\&|FAR|SIDE|||20260302081531||ACK^A04^ACK|FAR-%s|P|2.5.1\rMSA|%s|%s\r" % (named, code, named)).encode()


def ack_of(content):
    """(MSA-1, MSA-2) as python-hl7 reads them."""
    message = hl7.parse(content.decode("latin-1"))
    msa = message.segment("MSA")
    return str(msa(1)), str(msa(2))


def expect_ack(content, code, control_id):
    expect(ack_of(content), (code, control_id), "MSA-1 and MSA-2")
    require(MARK.encode() not in content, "the acknowledgment holds patient data")


def as_asked(request):
    """A well-behaved far side: AA, CA or nothing, as MSH-15 and MSH-16 of the message ask."""
    fields = request.body.split(b"\r", 1)[0].split(b"|")
    asked = [fields[n - 1].decode() if len(fields) >= n else "" for n in (15, 16)]
    if asked == ["", ""]:
        return 200, "application/hl7-v2+er7", acknowledge(request.body, "AA")
    if asked[0] in ("AL", "SU"):
        return 200, "application/hl7-v2+er7", acknowledge(request.body, "CA")
    return 204, None, b""
