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
    let (mut bytes, mut rest) = (Vec::new(), field);
    while let Some(hidden) = separators.first_hidden(rest) {
        let (before, from) = rest.split_at_checked(hidden.start).unwrap_or((rest, &[]));
        let (characters, after) = from.split_at_checked(hidden.len()).unwrap_or((from, &[]));
        put(&mut bytes, before, separators);
        bytes.extend_from_slice(characters);
        rest = after;
    }
    put(&mut bytes, rest, separators);
    bytes.trim_ascii().to_vec()
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
    fn a_control_id_is_compared_in_one_form_whatever_the_delimiters_are() {
        let comparable = |line: &str| {
            Named::by_header(&Header::parse(line.as_bytes()).expect("a header")).comparable()
        };
        for (usual, others, expected) in [
            ("a^b~c&d", "a*b!c%d", "a^b~c&d"),
            ("\\X41\\", "?X41?", "A"),
            ("\\.br\\", "?.br?", "\\.br\\"),
            (" 7 ", " 7", "7"),
        ] {
            let usual = format!("MSH|^~\\&|A|B|C|D|1||ADT|{usual}|P");
            let others = format!("MSH#*!?%#A#B#C#D#1##ADT#{others}#P");
            assert_eq!(comparable(&usual), expected.as_bytes(), "{usual}");
            assert_eq!(comparable(&others), expected.as_bytes(), "{others}");
        }
        // What a sequence stands for is a delimiter of its own message.
        let usual = comparable("MSH|^~\\&|A|B|C|D|1||ADT|\\S\\\\R\\\\T\\\\F\\\\E\\|P");
        let others = comparable("MSH#*!?%#A#B#C#D#1##ADT#?S??R??T??F??E?#P");
        assert_eq!((&usual[..], &others[..]), (&b"^~&|\\"[..], &b"*!%#?"[..]));
    }
}
