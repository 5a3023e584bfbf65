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
    fn what_is_shown_is_printable_ascii_of_64_characters() {
        for (field, shown) in [
            ("", "".to_owned()),
            ("ADT^A01", "ADT^A01".to_owned()),
            ("a\u{1}\u{7f}\u{e4} ~", "a???? ~".to_owned()),
            (&"7".repeat(63), "7".repeat(63)),
            (&"7".repeat(64), "7".repeat(64)),
            (&"7".repeat(65), "7".repeat(64)),
            (&"7".repeat(400), "7".repeat(64)),
        ] {
            assert_eq!(SafeText::of(field.as_bytes()).as_str(), shown, "{field:?}");
        }
    }
}
