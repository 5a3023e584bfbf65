//! Finds MSA: by it a message answers another, whatever its type.

use hl7_parse::{Message, Segment};
use memchr::memchr2_iter;

/// The MSA segment of a message.
pub(crate) fn msa_of<'a>(message: &Message<'a>) -> Option<Segment<'a>> {
    message.segments().find(|segment| is_segment(segment, b"MSA"))
}

/// Whether a segment has this ID; in lower case it is one as well.
pub(crate) fn is_segment(segment: &Segment<'_>, id: &[u8; 3]) -> bool {
    let bytes = match segment.as_bytes() {
        indented @ [b' ' | b'\t', ..] => indented.trim_ascii_start(),
        bytes => bytes,
    };
    bytes.split_first_chunk().is_some_and(|(found, rest): (&[u8; 3], _)| {
        found.eq_ignore_ascii_case(id)
            && rest.first().is_none_or(|byte| *byte == segment.separators().field())
    })
}

/// Whether a line begins with MSA: then what can not be read may be an acknowledgment.
pub(crate) fn may_hold_msa(bytes: &[u8]) -> bool {
    let mut seen = 0;
    memchr2_iter(b'M', b'm', bytes).any(|at| {
        let line = bytes.get(at..).unwrap_or_default();
        // The second form is UTF-16.
        let ([_, b'S' | b's', b'A' | b'a', rest @ ..]
        | [_, 0, b'S' | b's', 0, b'A' | b'a', rest @ ..]) = line
        else {
            return false;
        };
        if rest.first().is_some_and(u8::is_ascii_alphanumeric) {
            return false;
        }
        // No byte is looked at twice: what follows an MSA begins behind it.
        let before = bytes.get(seen..at).unwrap_or_default();
        let indented = before.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t'));
        let blanks = indented.count();
        let begins = match before.iter().rev().nth(blanks) {
            Some(byte) => byte.is_ascii_control(),
            None => seen == 0,
        };
        seen = at + 3;
        begins
    })
}
