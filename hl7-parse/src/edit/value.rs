//! What an edit puts into an element, and how it is written.

use std::{borrow::Cow, sync::Arc};

use crate::{Charset, EditErrorKind, Level, Separators, escape, formatted::level_of, unescape};

/// What an edit puts into an element. Cheap to clone: one edit may go to many segments.
#[derive(Clone)]
pub(crate) enum Value {
    /// To be escaped.
    Text(Arc<str>),
    /// To be escaped, line ends as `\.br\`.
    Formatted(Arc<str>),
    /// Each to be escaped, component separators between them; the last one is valued.
    Components(Arc<[String]>),
    /// To be written as it is.
    Raw(Arc<[u8]>),
}

impl Value {
    pub(crate) fn null() -> Self {
        Self::Raw(Arc::from(NULL))
    }

    pub(crate) fn empty() -> Self {
        Self::Raw(Arc::from([].as_slice()))
    }

    pub(crate) fn components<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Self {
        let mut texts: Vec<_> = texts.into_iter().map(|text| text.as_ref().to_owned()).collect();
        while texts.last().is_some_and(String::is_empty) {
            texts.pop();
        }
        Self::Components(texts.into())
    }

    /// Whether nothing is to be written, so that nothing need be reached for it.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) | Self::Formatted(text) => text.is_empty(),
            Self::Components(texts) => texts.is_empty(),
            Self::Raw(bytes) => bytes.is_empty(),
        }
    }

    /// Whether it is text beyond ASCII in UTF-8. Raw bytes that are not UTF-8 are in whatever
    /// set they are in.
    pub(crate) fn is_utf8_beyond_ascii(&self) -> bool {
        match self {
            Self::Text(text) | Self::Formatted(text) => !text.is_ascii(),
            Self::Components(texts) => !texts.iter().all(|text| text.is_ascii()),
            Self::Raw(bytes) => !bytes.is_ascii() && std::str::from_utf8(bytes).is_ok(),
        }
    }

    /// Whether it may stand in an element of this level.
    pub(crate) fn check(&self, level: Level, separators: &Separators) -> Result<(), EditErrorKind> {
        let is_null = |text: &str| text.as_bytes() == NULL;
        match self {
            Self::Text(text) | Self::Formatted(text) if is_null(text) => {
                Err(EditErrorKind::NullText)
            }
            Self::Text(_) | Self::Formatted(_) => Ok(()),
            Self::Components(texts) => {
                if level > Level::Repetition {
                    Err(EditErrorKind::WrongLevel)
                } else if texts.iter().any(|text| is_null(text)) {
                    Err(EditErrorKind::NullText)
                } else if texts.len() > 1 && separators.component().is_none() {
                    Err(EditErrorKind::LevelNotInUse)
                } else {
                    Ok(())
                }
            }
            Self::Raw(bytes) => {
                let too_wide = |byte: &u8| {
                    matches!(byte, b'\r' | b'\n' | 0x0B | 0x1C | 0)
                        || level_of(*byte, separators).is_some_and(|separates| separates <= level)
                };
                match bytes.iter().any(too_wide) {
                    true => Err(EditErrorKind::RawTooWide),
                    false => Ok(()),
                }
            }
        }
    }
}

/// The delete indicator (2.5.3).
pub(crate) const NULL: &[u8] = b"\"\"";

/// Writes text for a message: in its character set, escaped with its delimiters.
#[derive(Clone, Copy)]
pub(crate) struct Encoder {
    pub(crate) separators: Separators,
    /// What text is written in where no character set is declared.
    pub(crate) undeclared: Undeclared,
}

/// A set that is not declared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Undeclared {
    Utf8,
    /// What a message is read as that is not UTF-8.
    Windows1252,
    /// What the first one is where MSH-18 names further ones.
    Ascii,
}

impl Encoder {
    /// A value as it stands in the message.
    pub(crate) fn bytes<'v>(&self, value: &'v Value) -> Result<Cow<'v, [u8]>, EditErrorKind> {
        Ok(match value {
            Value::Raw(bytes) => (&**bytes).into(),
            Value::Text(text) => self.text(text)?,
            Value::Formatted(text) => {
                let mut lines = Lines { rest: Some(text) };
                let mut written = self.text(lines.next().unwrap_or_default())?;
                for line in lines {
                    let written = written.to_mut();
                    written.extend_from_slice(&self.line_break()?);
                    written.extend_from_slice(&self.text(line)?);
                }
                written
            }
            Value::Components(texts) => {
                let mut written = Vec::new();
                for (at, text) in texts.iter().enumerate() {
                    if at > 0 {
                        written.extend(self.separators.component());
                    }
                    written.extend_from_slice(&self.text(text)?);
                }
                written.into()
            }
        })
    }

    fn text<'v>(&self, text: &'v str) -> Result<Cow<'v, [u8]>, EditErrorKind> {
        let refused = match self.separators.charset.needs_decoding() {
            true => EditErrorKind::NeedsEncoding,
            false => EditErrorKind::NotInCharset,
        };
        let bytes = self.encoded(text).ok_or(refused)?;
        let Cow::Owned(escaped) = escape(&bytes, &self.separators) else { return Ok(bytes) };
        // Without an escape character something is lost.
        // Where a letter delimits, the code of a sequence may hold one.
        let Separators { field, component, repetition, subcomponent, .. } = self.separators;
        let delimits = |byte: &u8| [field, component, repetition, subcomponent].contains(byte);
        if escaped.iter().any(delimits) {
            return Err(EditErrorKind::NotEscapable);
        }
        if *unescape(&escaped, &self.separators) != *bytes {
            return Err(EditErrorKind::NotEscapable);
        }
        Ok(escaped.into())
    }

    fn line_break(&self) -> Result<Vec<u8>, EditErrorKind> {
        let escape = self.separators.escape().ok_or(EditErrorKind::NotEscapable)?;
        let body = b".br";
        let delimits = |byte: &u8| *byte == escape || level_of(*byte, &self.separators).is_some();
        if body.iter().any(delimits) {
            return Err(EditErrorKind::NotEscapable);
        }
        Ok([&[escape], body.as_slice(), &[escape]].concat())
    }

    /// Text in the character set of the message; `None` where that is not possible.
    fn encoded<'v>(&self, text: &'v str) -> Option<Cow<'v, [u8]>> {
        if text.is_ascii() {
            return Some(text.as_bytes().into());
        }
        let charset = self.separators.charset;
        let bytes = match charset {
            Charset::Utf8 => return Some(text.as_bytes().into()),
            Charset::Unspecified | Charset::Unknown => match self.undeclared {
                Undeclared::Utf8 => return Some(text.as_bytes().into()),
                Undeclared::Windows1252 => single_bytes(text, Charset::Windows1252)?,
                Undeclared::Ascii => return None,
            },
            // In some the byte of a delimiter may be half of a character.
            Charset::Ascii => return None,
            _ if charset.needs_decoding() => return None,
            Charset::Latin1 | Charset::Latin5 | Charset::Windows1252 | Charset::JisX0201 => {
                single_bytes(text, charset)?
            }
            _ => other_bytes(text, charset)?,
        };
        // It may read as another text: undeclared, it may be UTF-8 by chance.
        (charset.decode(&bytes) == text).then_some(bytes.into())
    }
}

/// Text in a set that is not written here.
#[cfg(feature = "charset")]
fn other_bytes(text: &str, charset: Charset) -> Option<Vec<u8>> {
    let (bytes, _, replaced) = charset.encoding()?.encode(text);
    (!replaced).then(|| bytes.into_owned())
}

#[cfg(not(feature = "charset"))]
fn other_bytes(_: &str, _: Charset) -> Option<Vec<u8>> {
    None
}

/// Text in a set of one byte for each character.
fn single_bytes(text: &str, charset: Charset) -> Option<Vec<u8>> {
    let high: Vec<u8> = (0x80..=0xFF).collect();
    let characters = charset.decode(&high);
    let byte = |character: char| match u8::try_from(character) {
        Ok(byte) if byte.is_ascii() => Some(byte),
        _ => {
            let at = characters.chars().position(|known| known == character)?;
            high.get(at).copied()
        }
    };
    text.chars().map(byte).collect()
}

/// The lines of a text: CR LF, CR and LF end one.
struct Lines<'t> {
    rest: Option<&'t str>,
}

impl<'t> Iterator for Lines<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        let rest = self.rest?;
        let Some((line, after)) = rest.split_once(['\r', '\n']) else {
            self.rest = None;
            return Some(rest);
        };
        let after_cr = rest.as_bytes().get(line.len()) == Some(&b'\r');
        self.rest = Some(if after_cr { after.strip_prefix('\n').unwrap_or(after) } else { after });
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_with_cr_lf_or_both() {
        for (text, expected) in [
            ("", &[""][..]),
            ("a", &["a"]),
            ("a\nb", &["a", "b"]),
            ("a\r\nb\rc\n", &["a", "b", "c", ""]),
            ("\n\r", &["", "", ""]),
        ] {
            assert_eq!(Lines { rest: Some(text) }.collect::<Vec<_>>(), expected, "{text:?}");
        }
    }

    #[test]
    fn single_byte_sets_are_written_as_they_are_read() {
        for charset in [Charset::Latin1, Charset::Windows1252] {
            let bytes: Vec<u8> = (0..=255).collect();
            let text = charset.decode(&bytes).into_owned();
            assert_eq!(single_bytes(&text, charset), Some(bytes), "{charset:?}");
            assert_eq!(single_bytes("\u{416}", charset), None, "{charset:?}");
        }
    }
}
