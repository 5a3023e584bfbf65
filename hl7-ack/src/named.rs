//! [`Named`]: a message control ID where it stands, to be compared whatever the delimiters are.

use hl7_parse::{Header, Level, Segment, Separators, TokenKind, Tokens};

use crate::msa::{msa_field, separators_of};

/// MSH-10 of a message, or MSA-2 of its answer.
#[derive(Clone, Copy)]
pub(crate) struct Named<'a> {
    bytes: &'a [u8],
    separators: Separators,
}

impl<'a> Named<'a> {
    pub(crate) fn by_header(header: &Header<'a>) -> Self {
        Self { bytes: header.control_id().as_bytes(), separators: header.separators() }
    }

    pub(crate) fn by_msa(msa: &Segment<'a>) -> Self {
        Self { bytes: msa_field(msa, 2), separators: separators_of(msa) }
    }

    /// As it stands, without blanks around it.
    pub(crate) fn as_written(&self) -> &'a [u8] {
        self.bytes.trim_ascii()
    }

    /// In one form whatever the delimiters are.
    pub(crate) fn comparable(&self) -> Vec<u8> {
        comparable(self.bytes, &self.separators)
    }
}

/// A field in one form, whatever the delimiters of its message.
pub(crate) fn comparable(field: &[u8], separators: &Separators) -> Vec<u8> {
    if is_plain(field, separators) {
        return field.trim_ascii().to_vec();
    }
    let (mut bytes, mut rest) = (Vec::new(), field);
    while let Some(hidden) = separators.first_hidden(rest) {
        let (before, from) = rest.split_at_checked(hidden.start).unwrap_or((rest, &[]));
        let (characters, after) = from.split_at_checked(hidden.len()).unwrap_or((from, &[]));
        put(&mut bytes, before, separators);
        bytes.extend_from_slice(characters);
        rest = after;
    }
    put(&mut bytes, rest, separators);
    controls_escaped(bytes.trim_ascii())
}

/// Control characters as an answer writes them. In what begins like an escape sequence and is none
/// they are not told from the letters that stand for them.
fn controls_escaped(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for byte in text {
        match byte.is_ascii_control() {
            true => bytes.extend(format!("\\X{byte:02X}\\").bytes()),
            false => bytes.push(*byte),
        }
    }
    bytes
}

/// Whether it is the same in every form: ASCII that prints, without a delimiter. Most are.
fn is_plain(field: &[u8], separators: &Separators) -> bool {
    let field_separator = separators.field();
    let or_field = |separator: Option<u8>| separator.unwrap_or(field_separator);
    let delimiters = [
        field_separator,
        or_field(separators.component()),
        or_field(separators.repetition()),
        or_field(separators.escape()),
        or_field(separators.subcomponent()),
        or_field(separators.truncation()),
    ];
    // To the end in any case: many bytes are looked at in one step so.
    field.iter().fold(true, |plain, byte| {
        let delimits =
            delimiters.iter().fold(false, |found, delimiter| found | (byte == delimiter));
        plain & matches!(byte, b' '..=b'~') & !delimits
    })
}

fn put(bytes: &mut Vec<u8>, text: &[u8], separators: &Separators) {
    for token in Tokens::new(text, *separators) {
        match token.kind() {
            TokenKind::Separator(Level::Repetition) => bytes.push(b'~'),
            TokenKind::Separator(Level::Component) => bytes.push(b'^'),
            TokenKind::Separator(_) => bytes.push(b'&'),
            TokenKind::Text | TokenKind::Escaped(_) | TokenKind::Hex => {
                bytes.extend_from_slice(&token.unescape());
            }
            // A sequence that stands for no byte, between two escape characters.
            _ => {
                let sequence = token.as_bytes();
                let body = sequence.get(1..sequence.len().saturating_sub(1)).unwrap_or_default();
                bytes.push(b'\\');
                bytes.extend_from_slice(body);
                bytes.push(b'\\');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_has_one_form_whatever_the_delimiters() {
        for (delimiters, field, expected) in [
            ("|^~\\&", "7", "7"),
            ("|^~\\&", " 20240229-17 ", "20240229-17"),
            ("|^~\\&", "A^B&C~D", "A^B&C~D"),
            ("|$%!*", "A$B*C%D", "A^B&C~D"),
            ("|$%!*", "A^B", "A^B"),
            ("|^~\\&", "\\X37\\", "7"),
            ("|$%!*", "!X37!", "7"),
            ("|$%!*", "\\X37\\", "\\X37\\"),
            ("|^~\\&", "\\H\\7", "\\H\\7"),
            ("|$%!*", "!H!7", "\\H\\7"),
        ] {
            let line = format!("MSH{delimiters}|A|B|C|D|1||ADT|7|P|2.5");
            let header = Header::parse(line.as_bytes()).expect("a header");
            let found = comparable(field.as_bytes(), &header.separators());
            assert_eq!(found, expected.as_bytes(), "{field:?} by {delimiters}");
        }
    }

    #[test]
    fn the_short_way_gives_what_the_long_one_does() {
        let header = Header::parse(b"MSH|^~\\&#|A|B|C|D|1||ADT|7|P|2.7").expect("a header");
        let separators = header.separators();
        for first in 0..=u8::MAX {
            for second in [b' ', b'x', b'#', b'\\', first] {
                let field = [first, second];
                if is_plain(&field, &separators) {
                    let mut bytes = Vec::new();
                    put(&mut bytes, &field, &separators);
                    let expected = controls_escaped(bytes.trim_ascii());
                    assert_eq!(comparable(&field, &separators), expected, "{field:?}");
                }
            }
        }
    }

    #[test]
    fn what_a_sequence_stands_for_is_a_delimiter_of_its_own_message() {
        let comparable = |line: &str| {
            Named::by_header(&Header::parse(line.as_bytes()).expect("a header")).comparable()
        };
        let usual = comparable("MSH|^~\\&|A|B|C|D|1||ADT|\\S\\\\R\\\\T\\\\F\\\\E\\|P");
        let others = comparable("MSH#*!?%#A#B#C#D#1##ADT#?S??R??T??F??E?#P");
        assert_eq!((&usual[..], &others[..]), (&b"^~&|\\"[..], &b"*!%#?"[..]));
    }

    #[test]
    fn a_control_character_is_compared_as_an_answer_writes_it() {
        let separators = Separators::RECOMMENDED;
        for (sent, answered) in [
            ("A\x10B", "A\\X10\\B"),
            ("\\AM\x10L\\T", "\\AM\\X10\\L\\T"),
            ("\\A\x01\x02\\", "\\A\\X01\\\\X02\\\\"),
            ("A\\M24E\x195", "A\\M24E\\X19\\5"),
        ] {
            let [sent, answered] =
                [sent, answered].map(|field| comparable(field.as_bytes(), &separators));
            assert_eq!(sent.escape_ascii().to_string(), answered.escape_ascii().to_string());
        }
    }
}
