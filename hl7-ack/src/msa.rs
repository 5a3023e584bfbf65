//! Finds MSA: by it a message answers another, whatever its type.

use hl7_parse::{Message, Segment};
use memchr::memchr2_iter;

/// The MSA segment of a message.
pub(crate) fn msa_of<'a>(message: &Message<'a>) -> Option<Segment<'a>> {
    message.segments().find(|segment| match segment.as_bytes() {
        // Most segments are told by their first bytes.
        [b'A'..=b'L' | b'N'..=b'Z', ..] | [b'M', _, b'H', ..] => false,
        line => has_id(line, segment.separators().field(), b"MSA"),
    })
}

/// Whether a segment has this ID, in whatever case, behind blanks, control characters and byte
/// order marks.
pub(crate) fn is_segment(segment: &Segment<'_>, id: &[u8; 3]) -> bool {
    has_id(segment.as_bytes(), segment.separators().field(), id)
}

fn has_id(line: &[u8], separator: u8, id: &[u8; 3]) -> bool {
    unmarked(line).split_first_chunk().is_some_and(|(found, rest): (&[u8; 3], _)| {
        found.eq_ignore_ascii_case(id) && rest.first().is_none_or(|byte| *byte == separator)
    })
}

/// Whether a line begins with MSA: then [`msa_of`] may find one, and what can not be read may be
/// an acknowledgment.
pub(crate) fn may_hold_msa(bytes: &[u8]) -> bool {
    let starts = memchr2_iter(b'\r', b'\n', bytes).map(|end| end + 1);
    std::iter::once(0).chain(starts).any(|start| begins_with_msa(bytes.get(start..)))
}

fn begins_with_msa(line: Option<&[u8]>) -> bool {
    match unmarked(line.unwrap_or_default()) {
        [b'M' | b'm', b'S' | b's', b'A' | b'a', after @ ..]
        // UTF-16.
        | [b'M' | b'm', 0, b'S' | b's', 0, b'A' | b'a', after @ ..] => {
            !after.first().is_some_and(u8::is_ascii_alphanumeric)
        }
        _ => false,
    }
}

/// What follows blanks, control characters and byte order marks.
#[inline]
fn unmarked(line: &[u8]) -> &[u8] {
    let mut rest = line;
    // No line end among them: no byte is looked at for two lines.
    while let [b' ' | 0..=9 | 0x0B | 0x0C | 0x0E..=0x1F | 0x7F, after @ ..]
    | [0xEF, 0xBB, 0xBF, after @ ..] = rest
    {
        rest = after;
    }
    rest
}
