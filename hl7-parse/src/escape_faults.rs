//! Finds what looks like an escape sequence and is none (2.7).

use memchr::memchr;

use crate::{DiagnosticCode, Message, Separators, TokenKind, formatted::kind_of};

/// An escape character that opens no sequence, and where it stands.
pub(crate) struct EscapeFault {
    pub(crate) code: DiagnosticCode,
    /// In the bytes of the message.
    pub(crate) offset: usize,
    /// The segment and the field, from 1.
    pub(crate) segment: usize,
    pub(crate) field: usize,
}

/// Those of a message, in order. MSH-1 and MSH-2 are literal and hold none.
pub(crate) fn escape_faults<'m>(
    message: &'m Message<'_>,
) -> impl Iterator<Item = EscapeFault> + 'm {
    let escape = message.separators().escape();
    let escaped = move |text: &[u8]| escape.is_some_and(|escape| memchr(escape, text).is_some());
    let segments = (1..).zip(message.segments());
    let segments = segments.filter(move |(_, segment)| escaped(segment.as_bytes()));
    segments.flat_map(move |(number, segment)| {
        let leaves = segment.leaves().filter(move |leaf| escaped(leaf.as_bytes()));
        leaves.flat_map(move |leaf| {
            let start = message.span_of(leaf.value()).map_or(0, |span| span.start);
            let faults = Faults { leaf: leaf.as_bytes(), at: 0, separators: leaf.separators() };
            faults.map(move |(at, code)| EscapeFault {
                code,
                offset: start + at,
                segment: number,
                field: leaf.field,
            })
        })
    })
}

/// The faults of a leaf: a sequence never crosses a delimiter.
struct Faults<'a> {
    leaf: &'a [u8],
    at: usize,
    separators: Separators,
}

impl Iterator for Faults<'_> {
    type Item = (usize, DiagnosticCode);

    fn next(&mut self) -> Option<Self::Item> {
        let escape = self.separators.escape()?;
        loop {
            let start = self.at + memchr(escape, self.leaf.get(self.at..)?)?;
            let after = self.leaf.get(start + 1..)?;
            let Some(len) = memchr(escape, after) else {
                self.at = self.leaf.len();
                return Some((start, DiagnosticCode::UnclosedEscape));
            };
            let body = after.get(..len)?;
            self.at = start + len + 2;
            match kind_of(body, &self.separators) {
                Some(TokenKind::Unknown) => return Some((start, DiagnosticCode::UnknownEscape)),
                Some(_) => {}
                None => {
                    // The next escape character may open what this one does not.
                    let following = after.get(len + 1..)?;
                    let opens = memchr(escape, following).and_then(|end| following.get(..end));
                    if opens.is_some_and(|body| kind_of(body, &self.separators).is_some()) {
                        self.at -= 1;
                    }
                    return Some(match body {
                        [b'X', ..] => (start, DiagnosticCode::MalformedHexEscape),
                        _ => (start, DiagnosticCode::UnknownEscape),
                    });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DiagnosticCode::{
        MalformedHexEscape as Hex, UnclosedEscape as Unclosed, UnknownEscape as Unknown,
    };

    #[test]
    fn what_is_no_sequence_is_found_once() {
        for (leaf, expected) in [
            (r"", &[][..]),
            (r"plain", &[]),
            (r"\F\\S\\T\\R\\E\\H\a\N\\.br\\.sp+3\\X0d0A\\Zab\\C2842\\M242844\", &[]),
            (r"\Q\ and more", &[(0, Unknown)]),
            (r"\f\", &[(0, Unknown)]),
            (r"\P\", &[(0, Unknown)]),
            (r"a\\b", &[(1, Unknown)]),
            (r"\\\", &[(0, Unknown), (2, Unclosed)]),
            (r"\.xx\\.sp-1\\C28\", &[(0, Unknown), (5, Unknown), (12, Unknown)]),
            (r"\X4\\X\\XZZ\\X0D\", &[(0, Hex), (4, Hex), (7, Hex)]),
            (r"50 \ h", &[(3, Unclosed)]),
            (r"\", &[(0, Unclosed)]),
            (r"C:\temp\file", &[(2, Unknown)]),
            (r"C:\temp\T\x", &[(2, Unknown)]),
            (r"a\b\c\d", &[(1, Unknown), (5, Unclosed)]),
        ] {
            let separators = Separators::RECOMMENDED;
            let found = Faults { leaf: leaf.as_bytes(), at: 0, separators };
            assert_eq!(found.collect::<Vec<_>>(), expected, "{leaf}");
        }
    }
}
