//! Finds MSA: by it a message answers another, whatever its type.

use std::sync::LazyLock;

use hl7_parse::{Message, Segment};
use memchr::{memchr2_iter, memmem::Finder};

/// The MSA segment of a message.
pub(crate) fn msa_of<'a>(message: &Message<'a>) -> Option<Segment<'a>> {
    // Most segments are told by their first byte.
    let may_be = |segment: &Segment<'_>| {
        matches!(segment.as_bytes().first(), Some(b'M' | b'm' | b' ' | b'\t'))
    };
    message.segments().find(|segment| may_be(segment) && is_segment(segment, b"MSA"))
}

/// Whether a segment has this ID; in lower case it is one as well.
pub(crate) fn is_segment(segment: &Segment<'_>, id: &[u8; 3]) -> bool {
    let bytes = match segment.as_bytes() {
        indented @ [b' ' | b'\t', ..] => indented.trim_ascii_start(),
        bytes => bytes,
    };
    bytes.split_first_chunk().is_some_and(|(found, rest): (&[u8; 3], _)| {
        (found == id || *found == id.map(|letter| letter.to_ascii_lowercase()))
            && rest.first().is_none_or(|byte| *byte == segment.separators().field())
    })
}

/// Whether [`msa_of`] may find something in a message with these bytes.
pub(crate) fn may_have_msa(bytes: &[u8]) -> bool {
    static UPPER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("MSA"));
    static LOWER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("msa"));
    UPPER.find(bytes).is_some() || LOWER.find(bytes).is_some()
}

/// Whether a line begins with MSA: then what is not read may be an acknowledgment.
pub(crate) fn may_hold_msa(bytes: &[u8]) -> bool {
    let starts = memchr2_iter(b'\r', b'\n', bytes).map(|end| end + 1);
    std::iter::once(0).chain(starts).any(|start| begins_with_msa(bytes.get(start..)))
}

fn begins_with_msa(line: Option<&[u8]>) -> bool {
    let mut rest = line.unwrap_or_default();
    // No line end among them: no byte is looked at for two lines.
    while let [b' ' | 0..=9 | 0x0B | 0x0C | 0x0E..=0x1F | 0x7F, after @ ..] = rest {
        rest = after;
    }
    match rest {
        [b'M' | b'm', b'S' | b's', b'A' | b'a', after @ ..]
        // UTF-16.
        | [b'M' | b'm', 0, b'S' | b's', 0, b'A' | b'a', after @ ..] => {
            !after.first().is_some_and(u8::is_ascii_alphanumeric)
        }
        _ => false,
    }
}
