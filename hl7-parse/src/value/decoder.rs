//! [`Decoder`]: Base64, Hex and escaped text, decoded into whatever buffer there is.

use crate::value::{
    Encoding, Raw, ValueError, ValueErrorKind,
    data::data_uri,
    pieces::{Piece, Pieces, hex_digit},
};

/// Decodes piece by piece into whatever buffer there is.
#[derive(Clone)]
pub(crate) struct Decoder<'a> {
    raw: Raw<'a>,
    encoding: Encoding,
    pieces: Pieces<'a>,
    /// What is left of a plain piece.
    run: &'a [u8],
    /// The digits of a group that is not complete.
    group: u32,
    digits: u8,
    /// How many `=` there were.
    padding: u8,
    /// Decoded, and without room in the last buffer.
    ready: [u8; 3],
    ready_len: u8,
    failed: Option<ValueError>,
}

/// What a byte of encoded data is.
enum Symbol {
    Digit(u8),
    Padding,
    Blank,
    Bad,
}

impl<'a> Decoder<'a> {
    pub(crate) fn new(raw: Raw<'a>, encoding: Encoding) -> Self {
        let text = raw.as_bytes();
        let at = match encoding {
            Encoding::Base64 => data_uri(text).unwrap_or(0),
            Encoding::Hex | Encoding::Text => 0,
        };
        Self {
            raw,
            encoding,
            pieces: Pieces::new(text, at, raw.separators()),
            run: &[],
            group: 0,
            digits: 0,
            padding: 0,
            ready: [0; 3],
            ready_len: 0,
            failed: None,
        }
    }

    /// Where in the text the next byte is.
    pub(crate) fn at(&self) -> usize {
        self.pieces.at().saturating_sub(self.run.len())
    }

    /// No more bytes than this are to come; at least 1.
    pub(crate) fn max_len(&self) -> usize {
        self.pieces.left() + self.run.len() + 3
    }

    /// Decodes into `buffer` as much as there is room for, and says how many bytes that is; 0 at
    /// the end. An error comes once everything before it has been handed out, and comes again.
    pub(crate) fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, ValueError> {
        let mut out = Out { buffer, len: 0 };
        while self.failed.is_none() && out.len < out.buffer.len() {
            if self.ready_len > 0 {
                let [first, second, third] = self.ready;
                out.push(first);
                self.ready = [second, third, 0];
                self.ready_len -= 1;
                continue;
            }
            match self.step(&mut out) {
                Ok(true) => {}
                Ok(false) => break,
                Err((kind, at)) => self.failed = Some(self.raw.error(kind, "ED", at)),
            }
        }
        match self.failed {
            Some(error) if out.len == 0 && !out.buffer.is_empty() => Err(error),
            _ => Ok(out.len),
        }
    }

    /// Reads on, at least one byte; false at the end.
    fn step(&mut self, out: &mut Out<'_>) -> Result<bool, (ValueErrorKind, usize)> {
        if self.encoding == Encoding::Text {
            self.run = out.extend(self.run);
        } else if self.encoding == Encoding::Base64 && self.digits == 0 && self.padding == 0 {
            self.run = out.extend_base64(self.run);
        }
        if out.len == out.buffer.len() {
            return Ok(true);
        }
        let at = self.at();
        let byte = match self.run.split_first() {
            Some((byte, rest)) => {
                self.run = rest;
                *byte
            }
            None => match self.pieces.next() {
                Some(Piece::Plain(run)) => {
                    self.run = run;
                    return Ok(true);
                }
                Some(Piece::Byte(byte)) => byte,
                Some(Piece::Kept(text)) if self.encoding == Encoding::Text => {
                    self.run = text;
                    return Ok(true);
                }
                // A formatting command is as good as a blank.
                Some(Piece::Kept([_, b'.', ..])) => return Ok(true),
                Some(Piece::Kept(_)) => return Err((ValueErrorKind::Form, at)),
                None => return self.end(at).map(|()| self.ready_len > 0),
            },
        };
        let symbol = match self.encoding {
            Encoding::Text => {
                out.push(byte);
                return Ok(true);
            }
            Encoding::Base64 => base64_symbol(byte),
            Encoding::Hex => hex_symbol(byte),
        };
        match symbol {
            Symbol::Blank => {}
            Symbol::Digit(digit) if self.padding == 0 => self.digit(digit),
            // At most as many as complete the group: two after two digits, one after three.
            Symbol::Padding if self.digits >= 2 && self.digits + self.padding < 4 => {
                self.padding += 1;
            }
            _ => return Err((ValueErrorKind::Form, at)),
        }
        Ok(true)
    }

    fn digit(&mut self, digit: u8) {
        let (bits, whole) = match self.encoding {
            Encoding::Hex => (4, 2),
            Encoding::Base64 | Encoding::Text => (6, 4),
        };
        self.group = self.group << bits | u32::from(digit);
        self.digits += 1;
        if self.digits < whole {
            return;
        }
        let [_, first, second, third] = self.group.to_be_bytes();
        (self.ready, self.ready_len) = match self.encoding {
            Encoding::Hex => ([third, 0, 0], 1),
            Encoding::Base64 | Encoding::Text => ([first, second, third], 3),
        };
        (self.group, self.digits) = (0, 0);
    }

    /// What an incomplete group at the end stands for.
    fn end(&mut self, at: usize) -> Result<(), (ValueErrorKind, usize)> {
        let digits = std::mem::take(&mut self.digits);
        let [_, first, second, _] =
            (self.group << (24 - 6 * u32::from(digits.min(4)))).to_be_bytes();
        (self.ready, self.ready_len) = match (self.encoding, digits) {
            (_, 0) => return Ok(()),
            (Encoding::Base64, 2) => ([first, 0, 0], 1),
            (Encoding::Base64, 3) => ([first, second, 0], 2),
            _ => return Err((ValueErrorKind::Incomplete, at)),
        };
        Ok(())
    }
}

/// A buffer, and how much of it is full.
struct Out<'b> {
    buffer: &'b mut [u8],
    len: usize,
}

impl Out<'_> {
    fn push(&mut self, byte: u8) {
        if let Some(slot) = self.buffer.get_mut(self.len) {
            *slot = byte;
            self.len += 1;
        }
    }

    /// Takes as much as there is room for, and gives back the rest.
    fn extend<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let room = self.buffer.get_mut(self.len..).unwrap_or_default();
        let (taken, rest) = bytes.split_at_checked(room.len()).unwrap_or((bytes, &[]));
        for (slot, byte) in room.iter_mut().zip(taken) {
            *slot = *byte;
        }
        self.len += taken.len();
        rest
    }

    /// Decodes whole groups while there is room for them and nothing else between, and gives
    /// back the rest.
    fn extend_base64<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let room = self.buffer.get_mut(self.len..).unwrap_or_default();
        let mut groups = 0;
        let (whole, _) = bytes.as_chunks::<4>();
        let (slots, _) = room.as_chunks_mut::<3>();
        for (slot, group) in slots.iter_mut().zip(whole) {
            let [a, b, c, d] = group.map(base64_digit);
            if (a | b | c | d) & NO_DIGIT != 0 {
                break;
            }
            *slot = [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d];
            groups += 1;
        }
        self.len += groups * 3;
        bytes.get(groups * 4..).unwrap_or_default()
    }
}

/// A bit that no digit has.
const NO_DIGIT: u8 = 0x80;

/// The digits of both alphabets of RFC 4648.
#[expect(clippy::indexing_slicing, reason = "a byte is an index of 256, and this is const")]
const BASE64: [u8; 256] = {
    let mut table = [NO_DIGIT; 256];
    let mut rest: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut digit = 0;
    while let [symbol, after @ ..] = rest {
        table[*symbol as usize] = digit;
        digit += 1;
        rest = after;
    }
    table[b'-' as usize] = 62;
    table[b'_' as usize] = 63;
    table
};

fn base64_digit(byte: u8) -> u8 {
    BASE64.get(usize::from(byte)).copied().unwrap_or(NO_DIGIT)
}

fn base64_symbol(byte: u8) -> Symbol {
    match (base64_digit(byte), byte) {
        (NO_DIGIT, b'=') => Symbol::Padding,
        (NO_DIGIT, b' ' | b'\t' | b'\r' | b'\n') => Symbol::Blank,
        (NO_DIGIT, _) => Symbol::Bad,
        (digit, _) => Symbol::Digit(digit),
    }
}

fn hex_symbol(byte: u8) -> Symbol {
    match (hex_digit(byte), byte) {
        (Some(digit), _) => Symbol::Digit(digit),
        (None, b' ' | b'\t' | b'\r' | b'\n') => Symbol::Blank,
        (None, _) => Symbol::Bad,
    }
}
