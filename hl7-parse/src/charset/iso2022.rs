//! Decodes ISO 2022: text in which escape sequences switch the character set.
//!
//! ISO-2022-JP is the case that is met (MSH-18 `~ISO IR87`, MSH-20 `ISO 2022-1994`). The sets
//! that a `\C..\` or `\M..\` sequence names are the same ones (2.6.3): its digits are the bytes
//! that follow ESC.

use std::borrow::Cow;

use memchr::memchr;

use super::{
    ESCAPE, leads_to_kanji,
    text::Read,
    unended::{delimiter_in_katakana, delimiter_in_pairs},
};
use crate::{Charset, Separators};

/// What bytes below 0x80 mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    Ascii,
    /// JIS X 0201: ASCII with a yen sign and an overline.
    Romaji,
    /// JIS X 0201: half-width katakana.
    Katakana,
    /// Two bytes for a character, in the set that the EUC encoding holds in its right half
    /// after these bytes.
    Pairs(Charset, &'static [u8]),
}

/// What is designated at one place of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State {
    left: Left,
    /// The set whose bytes from 0x80 are meant; that of the message where none is designated.
    right: Option<Charset>,
}

impl State {
    pub(crate) const INITIAL: Self = Self { left: Left::Ascii, right: None };

    /// Follows a designation: what stands at the start of `bytes`, which follow an ESC. Gives
    /// the length of it as well.
    pub(crate) fn after(self, bytes: &[u8]) -> Option<(Self, usize)> {
        let left = |left, len| Some((Self { left, ..self }, len));
        let right = |charset, len| Some((Self { right: Some(charset), ..self }, len));
        let jis_x_0208 = Left::Pairs(Charset::EucJp, b"");
        match bytes {
            [b'(', b'B', ..] => left(Left::Ascii, 2),
            [b'(', b'J', ..] => left(Left::Romaji, 2),
            [b'(', b'I', ..] => left(Left::Katakana, 2),
            [b'$', b'@' | b'B', ..] => left(jis_x_0208, 2),
            [b'$', b'A', ..] => left(Left::Pairs(Charset::Gb18030, b""), 2),
            [b'$', b'(', b'@' | b'B', ..] => left(jis_x_0208, 3),
            [b'$', b'(', b'A', ..] => left(Left::Pairs(Charset::Gb18030, b""), 3),
            [b'$', b'(', b'C', ..] => left(Left::Pairs(Charset::EucKr, b""), 3),
            [b'$', b'(', b'D', ..] => left(Left::Pairs(Charset::EucJp, b"\x8F"), 3),
            [b'$', b')', b'A', ..] => right(Charset::Gb18030, 3),
            [b'$', b')', b'C', ..] => right(Charset::EucKr, 3),
            [b')', b'I', ..] => right(Charset::JisX0201, 2),
            [b'-', b'A', ..] => right(Charset::Latin1, 2),
            [b'-', b'B', ..] => right(Charset::Latin2, 2),
            [b'-', b'C', ..] => right(Charset::Latin3, 2),
            [b'-', b'D', ..] => right(Charset::Latin4, 2),
            [b'-', b'L', ..] => right(Charset::Cyrillic, 2),
            [b'-', b'G', ..] => right(Charset::Arabic, 2),
            [b'-', b'F', ..] => right(Charset::Greek, 2),
            [b'-', b'H', ..] => right(Charset::Hebrew, 2),
            [b'-', b'M', ..] => right(Charset::Latin5, 2),
            [b'-', b'b', ..] => right(Charset::Latin9, 2),
            // Announces the 1990 revision of the set that is designated next.
            [b'&', b'@', ESCAPE, ..] => Some((self, 2)),
            _ => None,
        }
    }

    /// Reads bytes among which no designation stands. `default` is the set of the message.
    pub(crate) fn read<'a>(
        self,
        bytes: &'a [u8],
        default: Charset,
        separators: &Separators,
    ) -> Read<'a> {
        let right = self.right.unwrap_or(default);
        match self.left {
            Left::Ascii => right.read(bytes, Charset::Windows1252),
            Left::Romaji => {
                let (text, replaced) = right.read(bytes, Charset::Windows1252);
                // The standard lets those two bytes go on delimiting.
                (replace(text, |byte| romaji(byte, separators)), replaced)
            }
            Left::Katakana => {
                let (text, replaced) = right.read(bytes, Charset::Windows1252);
                (replace(text, katakana), replaced)
            }
            Left::Pairs(euc, prefix) => pairs(bytes, euc, prefix),
        }
    }

    /// Whether bytes below 0x80 are no ASCII, so that delimiters may be hidden among them.
    fn hides(self) -> bool {
        matches!(self.left, Left::Katakana | Left::Pairs(..))
    }

    /// Where a line end or a delimiter stands in `run` that this state does not outlast, and
    /// the state from there. `is_ended`: another set follows the run.
    fn end(self, run: &[u8], is_ended: bool, delimiters: Option<[u8; 2]>) -> Option<(usize, Self)> {
        if self == Self::INITIAL {
            return None;
        }
        let line_end = run.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        let line = line_end.and_then(|end| run.get(..end)).unwrap_or(run);
        let delimiter = match self.left {
            Left::Pairs(..) => delimiters.and_then(|delimiters| {
                delimiter_in_pairs(line, is_ended && line_end.is_none(), delimiters)
            }),
            Left::Katakana => {
                delimiters.and_then(|delimiters| delimiter_in_katakana(line, delimiters))
            }
            Left::Ascii | Left::Romaji => None,
        };
        match delimiter {
            Some(at) => Some((at, Self { left: Left::Ascii, ..self })),
            None => line_end.map(|at| (at, Self::INITIAL)),
        }
    }
}

/// Decodes text with designations in it. `default` is the set of the bytes from 0x80 before the
/// first one; a designation holds at most to the end of its line.
pub(crate) fn decode<'a>(bytes: &'a [u8], default: Charset, separators: &Separators) -> Read<'a> {
    decode_until(None, bytes, default, separators).0
}

/// Decodes a message. Text that was not brought back to ASCII ends before a delimiter too, as far
/// as one can be told. Whether there is some comes second.
pub(crate) fn decode_message<'a>(
    bytes: &'a [u8],
    default: Charset,
    separators: &Separators,
) -> (Read<'a>, bool) {
    let delimiters = [separators.field, separators.repetition];
    decode_until(Some(delimiters), bytes, default, separators)
}

fn decode_until<'a>(
    delimiters: Option<[u8; 2]>,
    bytes: &'a [u8],
    default: Charset,
    separators: &Separators,
) -> (Read<'a>, bool) {
    let Some(first) = memchr(ESCAPE, bytes) else {
        return (State::INITIAL.read(bytes, default, separators), false);
    };
    let mut is_unended = false;
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 4);
    let mut replaced = false;
    let mut state = State::INITIAL;
    let mut add = |state: State, run: &[u8], text: &mut String| {
        let (run, some) = state.read(run, default, separators);
        text.push_str(&run);
        replaced |= some;
    };
    let (mut run, mut rest) = bytes.split_at_checked(first).unwrap_or((bytes, &[]));
    loop {
        // `rest` begins with ESC, or is empty.
        let next = rest.split_first().and_then(|(_, after)| state.after(after));
        let is_ended = next.is_some_and(|(next, _)| next.left != state.left);
        // What was not brought back to ASCII does not take the next element with it.
        while let Some((end, following)) = state.end(run, is_ended, delimiters) {
            let (before, after) = run.split_at_checked(end).unwrap_or((run, &[]));
            add(state, before, &mut text);
            is_unended |= state.hides();
            (run, state) = (after, following);
        }
        add(state, run, &mut text);
        let Some((_, after)) = rest.split_first() else { break };
        let designation = match state.after(after) {
            Some((following, length)) => {
                state = following;
                length
            }
            None => {
                text.push(char::from(ESCAPE));
                0
            }
        };
        let unread = after.get(designation..).unwrap_or_default();
        let length = memchr(ESCAPE, unread).unwrap_or(unread.len());
        (run, rest) = unread.split_at_checked(length).unwrap_or((unread, &[]));
    }
    ((text.into(), replaced), is_unended)
}

/// Whether text with ESC in it is ISO 2022: no other bytes from 0x80, and a designation of JIS.
pub(crate) fn is_iso_2022_jp(bytes: &[u8], separators: &Separators) -> bool {
    bytes.is_ascii()
        && memchr::memchr_iter(ESCAPE, bytes).any(|at| {
            let after = bytes.get(at + 1..).unwrap_or_default();
            leads_to_kanji(after, separators) || after.starts_with(b"(J")
        })
}

fn romaji(byte: u8, separators: &Separators) -> Option<char> {
    match byte {
        b'\\' | b'~' if separators.delimits(byte) => None,
        b'\\' => Some('\u{A5}'),
        b'~' => Some('\u{203E}'),
        _ => None,
    }
}

fn katakana(byte: u8) -> Option<char> {
    match byte {
        0x21..=0x5F => char::from_u32(0xFF61 + u32::from(byte - 0x21)),
        _ => None,
    }
}

fn replace(text: Cow<'_, str>, of: impl Fn(u8) -> Option<char>) -> Cow<'_, str> {
    let of = |character: char| u8::try_from(character).ok().filter(u8::is_ascii).and_then(&of);
    match text.chars().any(|character| of(character).is_some()) {
        true => text.chars().map(|character| of(character).unwrap_or(character)).collect(),
        false => text,
    }
}

/// Reads pairs of bytes through the EUC encoding that holds them in its right half.
fn pairs<'a>(bytes: &[u8], euc: Charset, prefix: &[u8]) -> Read<'a> {
    let mut moved = Vec::with_capacity(bytes.len() + bytes.len() / 2 * prefix.len());
    let mut rest = bytes;
    loop {
        rest = match rest {
            [lead @ 0x21..=0x7E, trail @ 0x21..=0x7E, after @ ..] => {
                moved.extend_from_slice(prefix);
                moved.extend_from_slice(&[lead | 0x80, trail | 0x80]);
                after
            }
            // Half a character, or a byte of no character: 0xFF is in no EUC encoding.
            [0x21..=0x7E | 0x80..=0xFF, after @ ..] => {
                moved.push(0xFF);
                after
            }
            [control, after @ ..] => {
                moved.push(*control);
                after
            }
            [] => break,
        };
    }
    let (text, replaced) = euc.read(&moved, Charset::Windows1252);
    (text.into_owned().into(), replaced)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> (String, bool) {
        let (text, replaced) = decode(bytes, Charset::JisX0201, &Separators::RECOMMENDED);
        (text.into_owned(), replaced)
    }

    /// Bytes by Python: `"山田".encode("iso2022_jp")`, `"丂".encode("iso2022_jp_1")`,
    /// `"한".encode("iso2022_kr")`; and, without their high bits, `"中".encode("gb2312")` and
    /// `"ﾔﾏﾀﾞ".encode("shift_jis")`.
    #[test]
    fn every_designation_is_followed() {
        for (bytes, expected) in [
            (&b"A|\x1b$B;3ED\x1b(B^\x1b(ITO@^\x1b(B|"[..], "A|山田^ﾔﾏﾀﾞ|"),
            (b"\x1b$@;3\x1b(J|ED\\~\x1b(B|", "山|ED\\~|"),
            (b"\x1b&@\x1b$B;3\x1b(B", "山"),
            (b"\x1b$(D0!\x1b(B", "丂"),
            (b"\x1b$(CGQ\x1b(B\x1b$AVP\x1b(B", "한中"),
            (b"\x1b$)C\xC7\xD1|\xC7\xD1", "한|한"),
            (b"\x1b-L\xB0\xD0|\x1b-A\xE9", "Аа|é"),
            (b"\x1b)I\xB1", "ｱ"),
            (b"\xB1", "ｱ"),
            (b"\x1b", "\x1b"),
            (b"\x1b(Z|\x1b\x1b(B", "\x1b(Z|\x1b"),
            (b"", ""),
        ] {
            let shown = bytes.escape_ascii().to_string();
            assert_eq!(text(bytes), (expected.to_owned(), false), "{shown}");
        }
    }

    #[test]
    fn a_line_that_does_not_return_to_ascii_leaves_the_next_alone() {
        assert_eq!(text(b"\x1b$B;3\rPID|1\r\x1b$B;3\nX"), ("山\rPID|1\r山\nX".to_owned(), false));
    }

    #[test]
    fn what_was_not_brought_back_to_ascii_ends_before_a_delimiter_and_is_told() {
        for (bytes, expected, is_unended) in [
            (&b"\x1b$B;3ED|19800101|M||X|Y"[..], "山田|19800101|M||X|Y", true),
            (b"\x1b$B;3ED|1|\x1b$B;3\x1b(B|", "山田|1|山|", true),
            (b"\x1b$B;3ED~B|1\x1b(B", "山田~B|1", true),
            (b"\x1b(I^|19|\x1b(B", "ﾞ|19|", true),
            (b"\x1b-L\xD0\x1b$B;3|\xD0\r\xB1", "а山|а\rｱ", true),
            (b"\x1b$B;3\rPID|1", "山\rPID|1", true),
            // An extension of JIS X 0208, which begins with the byte of a delimiter.
            (b"\x1b$B|b66\x1b(B|", "髙橋|", false),
            (b"\x1b$B;3\x1b(B|\x1b-L\xD0\r", "山|а\r", false),
            (b"\x1b(J;3\r", ";3\r", false),
        ] {
            let shown = bytes.escape_ascii().to_string();
            let found = decode_message(bytes, Charset::JisX0201, &Separators::RECOMMENDED);
            assert_eq!(found, ((expected.into(), false), is_unended), "{shown}");
        }
    }

    #[test]
    fn half_a_character_is_replaced() {
        assert_eq!(text(b"\x1b$B;3E\x1b(B|"), ("山\u{fffd}|".to_owned(), true));
        assert_eq!(text(b"\x1b$B;3\xE9ED\x1b(B|"), ("山\u{fffd}田|".to_owned(), true));
    }

    #[test]
    fn a_yen_sign_is_one_where_it_does_not_delimit() {
        let message = crate::Message::parse(b"MSH!@#$%!").expect("readable");
        let (text, _) = decode(b"\x1b(J\\~", Charset::Ascii, &message.separators());
        assert_eq!(text, "¥‾");
    }
}
