//! [`SafeText`]: the little of a message that may be logged.

use std::fmt;

/// Printable ASCII, at most 64 characters: of MSH-9 and MSH-10, for logs.
///
/// Anything else in the field becomes `?`, and a longer field is cut. Held in place: it is made of every
/// message, also where nobody reads the log.
#[derive(Clone)]
pub(crate) struct SafeText {
    text: [u8; MAX_LEN],
    len: u8,
}

const MAX_LEN: usize = 64;

impl SafeText {
    pub(crate) fn of(field: &[u8]) -> Self {
        let (mut text, mut len) = ([0; MAX_LEN], 0);
        for (shown, byte) in text.iter_mut().zip(field) {
            *shown = match byte {
                0x20..=0x7E => *byte,
                _ => b'?',
            };
            len += 1;
        }
        Self { text, len }
    }

    pub(crate) fn as_str(&self) -> &str {
        let text = self.text.get(..usize::from(self.len)).unwrap_or_default();
        // It is ASCII.
        str::from_utf8(text).unwrap_or_default()
    }
}

impl fmt::Debug for SafeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
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
