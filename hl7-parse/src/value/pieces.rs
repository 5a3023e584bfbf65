//! [`Pieces`]: a text cut at its escape sequences, without a copy, however long.

use memchr::memchr;

use crate::{Separators, unescape};

/// A piece of text in which escape sequences are found, and what it is.
#[derive(Clone, Copy)]
pub(crate) enum Piece<'a> {
    /// Without an escape character.
    Plain(&'a [u8]),
    /// A byte that was escaped.
    Byte(u8),
    /// A sequence that stands for no byte, or an escape character that opens none.
    Kept(&'a [u8]),
}

/// The pieces of a text, the same as [`unescape`] finds, one after the other.
#[derive(Clone)]
pub(crate) struct Pieces<'a> {
    text: &'a [u8],
    at: usize,
    /// Where the digits of a `\X..\` end, when in one.
    hex_end: usize,
    separators: Separators,
}

impl<'a> Pieces<'a> {
    /// From `at` in the text.
    pub(crate) fn new(text: &'a [u8], at: usize, separators: Separators) -> Self {
        Self { text, at, hex_end: 0, separators }
    }

    /// How much of the text is read.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// How much of the text is not read yet.
    pub(crate) fn left(&self) -> usize {
        self.text.len().saturating_sub(self.at)
    }

    pub(crate) fn next(&mut self) -> Option<Piece<'a>> {
        if self.at < self.hex_end {
            let [high, low] = *self.text.get(self.at..)?.first_chunk()?;
            self.at += 2;
            if self.at == self.hex_end {
                // The closing escape character.
                self.at += 1;
            }
            return Some(Piece::Byte(hex_digit(high)? << 4 | hex_digit(low)?));
        }
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let next = self.separators.escape().and_then(|escape| memchr(escape, rest));
        match next {
            Some(0) => Some(self.sequence(rest)),
            next => {
                let plain = rest.get(..next.unwrap_or(rest.len()))?;
                self.at += plain.len();
                Some(Piece::Plain(plain))
            }
        }
    }

    /// `rest` begins with an escape character.
    fn sequence(&mut self, rest: &'a [u8]) -> Piece<'a> {
        let (escape, after) = rest.split_first().unwrap_or((&0, &[]));
        let Some(body) = memchr(*escape, after).and_then(|end| after.get(..end)) else {
            self.at += rest.len();
            return Piece::Kept(rest);
        };
        let whole = rest.get(..body.len() + 2).unwrap_or(rest);
        match body {
            [b'X', digits @ ..]
                if !digits.is_empty()
                    && digits.len().is_multiple_of(2)
                    && digits.iter().all(u8::is_ascii_hexdigit) =>
            {
                self.at += 2;
                self.hex_end = self.at + digits.len();
                self.next().unwrap_or(Piece::Kept(whole))
            }
            [_] => match *unescape(whole, &self.separators) {
                [byte] => {
                    self.at += whole.len();
                    Piece::Byte(byte)
                }
                _ if matches!(body, [b'H' | b'N' | b'P' | b'F' | b'S' | b'T' | b'R' | b'E']) => {
                    self.at += whole.len();
                    Piece::Kept(whole)
                }
                _ => self.no_sequence(body.len() + 1, rest),
            },
            [b'.' | b'C' | b'M' | b'Z', _, ..] => {
                self.at += whole.len();
                Piece::Kept(whole)
            }
            _ => self.no_sequence(body.len() + 1, rest),
        }
    }

    /// The next escape character may open what this one does not.
    fn no_sequence(&mut self, len: usize, rest: &'a [u8]) -> Piece<'a> {
        self.at += len;
        Piece::Kept(rest.get(..len).unwrap_or(rest))
    }
}

/// The value of a hexadecimal digit.
pub(crate) fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
