//! [`SafeText`]: the little of a message that may be logged.

use std::fmt;

/// Printable ASCII, at most 64 characters: of MSH-9 and MSH-10, for logs.
///
/// Anything else in the field becomes `?`, and a longer field is cut.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SafeText(String);

const MAX_LEN: usize = 64;

impl SafeText {
    pub(crate) fn of(field: &[u8]) -> Self {
        let shown = |byte: &u8| match byte {
            0x20..=0x7E => char::from(*byte),
            _ => '?',
        };
        let field = field.get(..MAX_LEN).unwrap_or(field);
        let mut text = String::with_capacity(field.len());
        text.extend(field.iter().map(shown));
        Self(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SafeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_ascii_that_prints_and_of_limited_length() {
        let long = "x".repeat(MAX_LEN);
        for (field, expected) in [
            (&b""[..], ""),
            (b"ADT^A01", "ADT^A01"),
            (b" ~", " ~"),
            (b"a\x1f\x7f\x80\xff\r\0", "a??????"),
            ("Ü".as_bytes(), "??"),
            (long.as_bytes(), &long),
            ((long.clone() + "y").as_bytes(), &long),
        ] {
            let text = SafeText::of(field);
            assert_eq!(text.as_str(), expected, "{}", field.escape_ascii());
            assert_eq!(format!("{text:?}"), format!("{expected:?}"), "{}", field.escape_ascii());
        }
    }
}
