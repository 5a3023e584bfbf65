//! Resolves escape sequences, and writes them (2.7).

use std::borrow::Cow;

use memchr::memchr;
use nom::{
    IResult, Parser,
    branch::alt,
    bytes::complete::tag,
    combinator::{all_consuming, map, value},
    multi::fold_many1,
    sequence::preceded,
};

use crate::Separators;

/// Resolves the sequences that stand for bytes: `\F\ \S\ \T\ \R\ \E\`, `\P\` where a truncation
/// character is in use, and `\Xdd..\`.
///
/// Everything else stays as it was sent: formatting, highlighting, local and character set
/// sequences, unknown ones, and an escape character that opens none. Borrows where there is no
/// escape character.
///
/// `text` is to be a leaf: a sequence never crosses a delimiter.
///
/// ```
/// use hl7_parse::{Separators, unescape};
///
/// let separators = Separators::default();
/// assert_eq!(*unescape(br"Bayer \T\ Co\X2E\", &separators), *b"Bayer & Co.");
/// assert_eq!(*unescape(br"line\.br\line \Q\ C:\temp", &separators), *br"line\.br\line \Q\ C:\temp");
/// ```
#[must_use]
pub fn unescape<'a>(text: &'a [u8], separators: &Separators) -> Cow<'a, [u8]> {
    let Some(escape) = separators.escape() else { return text.into() };
    let Some(first) = memchr(escape, text) else { return text.into() };

    let mut resolved = Vec::with_capacity(text.len());
    let (plain, mut rest) = text.split_at_checked(first).unwrap_or((text, &[]));
    resolved.extend_from_slice(plain);
    // `rest` begins with an escape character, or is empty.
    while let Some((_, after)) = rest.split_first() {
        let Some(length) = memchr(escape, after) else {
            resolved.extend_from_slice(rest);
            break;
        };
        let (body, closing) = after.split_at_checked(length).unwrap_or((after, &[]));
        let unread = match sequence(body, separators) {
            Some(Sequence::Byte(byte)) => {
                resolved.push(byte);
                closing.get(1..).unwrap_or_default()
            }
            Some(Sequence::Bytes(bytes)) => {
                resolved.extend_from_slice(&bytes);
                closing.get(1..).unwrap_or_default()
            }
            Some(Sequence::Kept) => {
                resolved.push(escape);
                resolved.extend_from_slice(body);
                resolved.push(escape);
                closing.get(1..).unwrap_or_default()
            }
            // The next escape character may open what this one does not.
            None => {
                resolved.push(escape);
                resolved.extend_from_slice(body);
                closing
            }
        };
        let plain = memchr(escape, unread).unwrap_or(unread.len());
        let (plain, following) = unread.split_at_checked(plain).unwrap_or((unread, &[]));
        resolved.extend_from_slice(plain);
        rest = following;
    }
    resolved.into()
}

/// What stands between two escape characters.
#[derive(Clone)]
enum Sequence {
    Byte(u8),
    Bytes(Vec<u8>),
    /// Defined, and no byte: stays as it is.
    Kept,
}

fn sequence(body: &[u8], separators: &Separators) -> Option<Sequence> {
    let separators = *separators;
    let delimiter = |code: &'static [u8], byte: Option<u8>| {
        move |input| -> IResult<&[u8], Option<u8>> { value(byte, tag(code)).parse(input) }
    };
    let named = alt((
        delimiter(b"F", Some(separators.field)),
        delimiter(b"S", separators.component()),
        delimiter(b"T", separators.subcomponent()),
        delimiter(b"R", separators.repetition()),
        delimiter(b"E", separators.escape()),
        delimiter(b"P", separators.truncation()),
    ));
    let resolved = all_consuming(alt((
        map(named, |byte| byte.map_or(Sequence::Kept, Sequence::Byte)),
        map(preceded(tag(&b"X"[..]), hex_bytes), Sequence::Bytes),
    )))
    .parse(body);
    if let Ok((_, sequence)) = resolved {
        return Some(sequence);
    }
    match body {
        [b'H' | b'N'] | [b'.' | b'C' | b'M' | b'Z', _, ..] => Some(Sequence::Kept),
        _ => None,
    }
}

/// Whether an escape character, `body` and another one are a sequence.
#[cfg(feature = "charset")]
pub(crate) fn is_sequence(body: &[u8], separators: &Separators) -> bool {
    sequence(body, separators).is_some()
}

/// Pairs of hexadecimal digits.
pub(crate) fn hex_bytes(input: &[u8]) -> IResult<&[u8], Vec<u8>> {
    let digit = |input| -> IResult<&[u8], u8> {
        nom::combinator::map_opt(nom::number::complete::u8, |byte| {
            char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
        })
        .parse(input)
    };
    fold_many1((digit, digit), Vec::new, |mut bytes, (high, low)| {
        bytes.push(high << 4 | low);
        bytes
    })
    .parse(input)
}

/// Writes text so that it can stand in a leaf: delimiters become their sequences, control
/// characters that would end a segment or a frame, or pad it (CR, LF, VT, FS, NUL), or change the
/// character set (ESC), become `\Xdd\`.
///
/// Where no escape character is in use (MSH-2 of one or two characters) nothing can be escaped:
/// what would break the message is left out of the result. Borrows where nothing needs
/// escaping.
///
/// ```
/// use hl7_parse::{Separators, escape};
///
/// let separators = Separators::default();
/// assert_eq!(*escape(b"Bayer & Co\r\n", &separators), *br"Bayer \T\ Co\X0D\\X0A\");
/// assert_eq!(*escape(b"plain", &separators), *b"plain");
/// ```
#[must_use]
pub fn escape<'a>(text: &'a [u8], separators: &Separators) -> Cow<'a, [u8]> {
    let code = |byte: u8| -> Option<&'static [u8]> {
        // A level not in use has the field separator, so that comes first.
        if byte == separators.field {
            Some(b"F")
        } else if byte == separators.escape {
            Some(b"E")
        } else if byte == separators.component {
            Some(b"S")
        } else if byte == separators.repetition {
            Some(b"R")
        } else if byte == separators.subcomponent {
            Some(b"T")
        } else {
            match byte {
                b'\r' => Some(b"X0D"),
                b'\n' => Some(b"X0A"),
                0x0B => Some(b"X0B"),
                0x1C => Some(b"X1C"),
                // Would change the character set of what follows (ISO 2022).
                0x1B => Some(b"X1B"),
                // At the end of a line it would be taken for padding.
                0 => Some(b"X00"),
                _ => None,
            }
        }
    };
    if !text.iter().any(|byte| code(*byte).is_some()) {
        return text.into();
    }
    let mut escaped = Vec::with_capacity(text.len() + 16);
    for byte in text {
        match (code(*byte), separators.escape()) {
            (None, _) => escaped.push(*byte),
            (Some(code), Some(escape)) => {
                escaped.push(escape);
                escaped.extend_from_slice(code);
                escaped.push(escape);
            }
            (Some(_), None) => {}
        }
    }
    escaped.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_resolved_or_kept_as_the_standard_says() {
        let separators = Separators::default();
        for (raw, expected) in [
            (r"", ""),
            (r"plain", "plain"),
            (r"\F\\S\\T\\R\\E\", r"|^&~\"),
            (r"a\X41\b", "aAb"),
            (r"\Xc3A9\", "\u{e9}"),
            (r"\XC3\\XA9\", "\u{e9}"),
            (r"\X4\", r"\X4\"),
            (r"\X\", r"\X\"),
            (r"\XZZ\", r"\XZZ\"),
            (r"\H\bold\N\", r"\H\bold\N\"),
            (r"\.br\\.sp+3\", r"\.br\\.sp+3\"),
            (r"\C2842\\M242844\\Zab\", r"\C2842\\M242844\\Zab\"),
            (r"\P\", r"\P\"),
            (r"\f\", r"\f\"),
            (r"\", r"\"),
            (r"\\", r"\\"),
            (r"\\\", r"\\\"),
            (r"a\b", r"a\b"),
            (r"C:\temp\T\x", r"C:\temp&x"),
            (r"C:\temp\file", r"C:\temp\file"),
            (r"x\E\.br\E\", r"x\.br\"),
            // What stays is read as a whole: its end opens nothing.
            (r"\H\T\N\", r"\H\T\N\"),
            (r"\.br\F\.br\", r"\.br\F\.br\"),
            (r"\C2842\S\M242844\R\Zab\", r"\C2842\S\M242844\R\Zab\"),
        ] {
            let resolved = unescape(raw.as_bytes(), &separators);
            assert_eq!(std::str::from_utf8(&resolved), Ok(expected), "{raw}");
        }
    }

    #[test]
    fn delimiters_and_the_controls_that_break_something_are_escaped_and_no_other_byte() {
        for byte in 0..=255 {
            let expected = match byte {
                b'|' => r"\F\",
                b'^' => r"\S\",
                b'&' => r"\T\",
                b'~' => r"\R\",
                b'\\' => r"\E\",
                b'\r' => r"\X0D\",
                b'\n' => r"\X0A\",
                0x0B => r"\X0B\",
                0x1B => r"\X1B\",
                0x1C => r"\X1C\",
                0 => r"\X00\",
                _ => "",
            };
            let plain = [byte];
            let expected = if expected.is_empty() { &plain } else { expected.as_bytes() };
            assert_eq!(*escape(&plain, &Separators::default()), *expected, "{byte:#04x}");
        }
    }

    #[test]
    fn text_without_an_escape_character_is_borrowed() {
        assert!(matches!(unescape(b"plain", &Separators::default()), Cow::Borrowed(_)));
        assert!(matches!(escape(b"plain", &Separators::default()), Cow::Borrowed(_)));
    }
}
