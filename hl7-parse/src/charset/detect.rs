//! Tells from the bytes alone what has to be decoded before it can be split.

use memchr::memchr;

use crate::{Charset, ParseError, ParseErrorKind, Segment, Separators, charset::Switching, header};

/// A byte order mark, and its length (FE FF and the like).
pub(crate) fn mark(bytes: &[u8]) -> Option<(Charset, usize)> {
    // The longer ones first: FF FE 00 00 begins as FF FE does.
    match bytes {
        [0, 0, 0xFE, 0xFF, ..] => Some((Charset::Utf32Be, 4)),
        [0xFF, 0xFE, 0, 0, ..] => Some((Charset::Utf32Le, 4)),
        [0xEF, 0xBB, 0xBF, ..] => Some((Charset::Utf8, 3)),
        [0xFE, 0xFF, ..] => Some((Charset::Utf16Be, 2)),
        [0xFF, 0xFE, ..] => Some((Charset::Utf16Le, 2)),
        _ => None,
    }
}

/// UTF-16 or UTF-32 without a mark: the first characters are those of a segment ID.
pub(crate) fn pattern(bytes: &[u8]) -> Option<Charset> {
    match bytes {
        [0, 0, 0, b'M' | b'F' | b'B', 0, 0, 0, b'S' | b'H', ..] => Some(Charset::Utf32Be),
        [b'M' | b'F' | b'B', 0, 0, 0, b'S' | b'H', 0, 0, 0, ..] => Some(Charset::Utf32Le),
        [0, b'M' | b'F' | b'B', 0, b'S' | b'H', ..] => Some(Charset::Utf16Be),
        [b'M' | b'F' | b'B', 0, b'S' | b'H', 0, ..] => Some(Charset::Utf16Le),
        _ => None,
    }
}

/// UTF-16 or UTF-32, with or without a mark.
pub(crate) fn wide(bytes: &[u8]) -> Option<Charset> {
    mark(bytes).map(|(charset, _)| charset).filter(|charset| charset.is_wide()).or(pattern(bytes))
}

/// Why there is no header in `bytes`: because they are wide, or what `error` says.
pub(crate) fn explain(error: ParseError, bytes: &[u8]) -> ParseError {
    match wide(bytes) {
        Some(charset) if error.kind() == ParseErrorKind::MissingHeader => {
            ParseError::new(ParseErrorKind::NeedsDecoding(charset), 0)
        }
        _ => error,
    }
}

/// Whether `bytes` may be split at delimiters, after a header that begins with `line`.
///
/// Looks at the bytes only where the header declares a set in which they may mislead. Where it
/// declares none, kanji may stand behind it: [`may_hold_kanji`].
pub(crate) fn check_splits(
    bytes: &[u8],
    line: &[u8],
    separators: Separators,
) -> Result<(), ParseError> {
    match collision(bytes, line, separators) {
        Some((charset, at)) => Err(ParseError::new(ParseErrorKind::NeedsDecoding(charset), at)),
        None => Ok(()),
    }
}

fn collision(bytes: &[u8], line: &[u8], separators: Separators) -> Option<(Charset, usize)> {
    let escape = || memchr(super::ESCAPE, bytes);
    let eight_bit = || match bytes.is_ascii() {
        true => None,
        false => bytes.iter().position(|byte| !byte.is_ascii()),
    };
    let charset = separators.charset;
    let at = if charset.is_iso_2022_jp() {
        [escape(), eight_bit()].into_iter().flatten().min()
    } else if charset.collides() {
        eight_bit()
    } else if charset == Charset::EucKr && separators.has_a_letter() {
        // Second halves in the extension of EUC-KR may be letters.
        eight_bit()
    } else if separators.switching == Switching::Iso2022 {
        return match switched_to(line, separators) {
            Some(charset) => Some((charset, escape()?)),
            None => Some((Charset::Iso2022Jp, kanji(bytes, &separators)?)),
        };
    } else {
        return None;
    };
    Some((charset, at?))
}

/// Whether ESC is to be looked for behind the header: what may be Japanese mail, of which nothing
/// is declared that says so.
pub(crate) fn may_hold_kanji(separators: &Separators) -> bool {
    separators.charset.says_little() && separators.switching != Switching::Iso2022
}

/// Where text changes to a set of ISO 2022 in which bytes that look like delimiters are none: 日
/// holds the byte of `|`.
pub(crate) fn kanji(bytes: &[u8], separators: &Separators) -> Option<usize> {
    let at_kanji = |at: &usize| leads_to_kanji(bytes.get(at + 1..).unwrap_or_default(), separators);
    memchr::memchr_iter(super::ESCAPE, bytes).find(at_kanji)
}

/// Whether what follows an ESC changes to such a set, in text of which nothing says so: there a
/// delimiter is one.
pub(crate) fn leads_to_kanji(after_escape: &[u8], separators: &Separators) -> bool {
    hides_delimiters(after_escape)
        && !after_escape.first().is_some_and(|byte| separators.delimits(*byte))
}

/// Whether what follows an ESC designates such a set, for the bytes below 0x80: those of two bytes
/// a character, and half-width katakana.
pub(crate) fn hides_delimiters(after_escape: &[u8]) -> bool {
    matches!(
        after_escape,
        [b'$', b'@' | b'A' | b'B', ..] | [b'$', b'(', b'@'..=b'D', ..] | [b'(', b'I', ..]
    )
}

/// The first of the additional sets (MSH-18, from the second repetition) whose characters have
/// more than one byte, where escape sequences of ISO 2022 lead to it.
pub(crate) fn switched_to(line: &[u8], separators: Separators) -> Option<Charset> {
    if separators.switching != Switching::Iso2022 {
        return None;
    }
    header::charsets(Segment::new(line, separators).field(18))
        .skip(1)
        .find(|charset| charset.is_multi_byte_of_iso_2022())
}
