//! Finds MSA: by it a message answers another, whatever its type.

use hl7_parse::{Charset, Message, Segment, Separators};
use memchr::{memchr, memchr2_iter};

use crate::hidden;

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

/// The delimiters of MSA. A run of ISO 2022 is one whatever set is declared: MSH-10 is echoed as it
/// came.
pub(crate) fn separators_of(msa: &Segment<'_>) -> Separators {
    const ESC: u8 = 0x1B;
    let (line, declared) = (msa.as_bytes(), msa.separators());
    match memchr(ESC, line).is_some() && declared.first_hidden(line).is_none() {
        true => declared.with_charset(Charset::Iso2022Jp),
        false => declared,
    }
}

/// What MSA holds from field `n` on, if that is there. A separator within a character cuts nothing.
pub(crate) fn msa_from<'a>(msa: &Segment<'a>, n: usize) -> Option<&'a [u8]> {
    let separators = separators_of(msa);
    let mut rest = msa.as_bytes();
    for _ in 0..n {
        let field = hidden::until(rest, Some(separators.field()), &separators);
        rest = rest.get(field.len() + 1..)?;
    }
    Some(rest)
}

/// Field `n` of MSA as it stands.
pub(crate) fn msa_field<'a>(msa: &Segment<'a>, n: usize) -> &'a [u8] {
    let separators = separators_of(msa);
    let from = msa_from(msa, n).unwrap_or_default();
    hidden::until(from, Some(separators.field()), &separators)
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
