//! [`Data`]: the data of an ED, decoded as it is read, in bounded memory.

use std::{fmt, io, iter::FusedIterator};

use memchr::{memchr, memmem};

use crate::{
    Separators, unescape,
    value::{Encoding, Raw, ValueError, ValueErrorKind},
};

/// The data of a document, still encoded. Made by [`crate::value::Ed::data`].
///
/// Decoded by [`Data::reader`] or [`Data::chunks`] in pieces: neither the encoded nor the decoded
/// data is copied as a whole, however long it is.
///
/// Base64 is read tolerantly: both alphabets, with or without padding, with blanks, line breaks
/// and their escape sequences (`\X0D\`, `\.br\`) in it, and with `data:..;base64,` before it.
/// Escape sequences for delimiters that the alphabet has (where `/` is one) are resolved.
#[derive(Clone, Copy)]
pub struct Data<'a> {
    raw: Raw<'a>,
    encoding: Encoding,
}

impl<'a> Data<'a> {
    /// The most bytes in one of [`Data::chunks`].
    pub const CHUNK_LEN: usize = 48 * 1024;

    pub(crate) fn new(raw: Raw<'a>, encoding: Encoding) -> Self {
        Self { raw, encoding }
    }

    /// How the data is encoded.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The data as it was sent.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.raw.as_bytes()
    }

    /// No more bytes than this come of decoding.
    #[must_use]
    pub fn max_len(&self) -> usize {
        let len = self.as_bytes().len();
        match self.encoding {
            Encoding::Text => len,
            Encoding::Hex => len / 2,
            Encoding::Base64 => len / 4 * 3 + 2,
        }
    }

    /// The decoded bytes, in pieces of at most [`Data::CHUNK_LEN`].
    ///
    /// What could be decoded comes before an error, and nothing after it.
    ///
    /// ```
    /// use hl7_parse::{Message, value::Ed};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rOBX|1|ED|1||^AP^PDF^Base64^SEw3*\r")?;
    /// let document: Ed = message.segment("OBX").ok_or("no OBX")?.field(5).read()?;
    /// let mut chunks = document.data()?.chunks();
    /// assert_eq!(chunks.next().transpose()?.as_deref(), Some(&b"HL7"[..]));
    /// let error = chunks.next().and_then(Result::err).ok_or("no error")?;
    /// assert_eq!(error.to_string(), "ED: not in the form of the type (component 5, byte 4)");
    /// assert!(chunks.next().is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn chunks(&self) -> Chunks<'a> {
        Chunks { decoder: Decoder::new(self), is_over: false }
    }

    /// The decoded bytes as a [`io::Read`]. A [`ValueError`] is inside of the error, which is of
    /// kind [`io::ErrorKind::InvalidData`], and comes after what could be decoded. Decodes into
    /// the buffer that it is given.
    #[must_use]
    pub fn reader(&self) -> DataReader<'a> {
        DataReader { decoder: Decoder::new(self) }
    }

    /// All decoded bytes at once, if they are no more than `max_len`.
    ///
    /// # Errors
    ///
    /// [`ValueErrorKind::TooLong`], [`ValueErrorKind::Form`] and [`ValueErrorKind::Incomplete`].
    pub fn to_vec(&self, max_len: usize) -> Result<Vec<u8>, ValueError> {
        let mut decoder = Decoder::new(self);
        let mut decoded = Vec::with_capacity(self.max_len().min(max_len));
        let mut chunk = [0u8; 4096];
        loop {
            let len = decoder.fill(&mut chunk)?;
            let piece = chunk.get(..len).unwrap_or_default();
            if piece.is_empty() {
                return Ok(decoded);
            }
            if decoded.len() + len > max_len {
                return Err(self.raw.error(ValueErrorKind::TooLong, "ED", decoder.at()));
            }
            decoded.extend_from_slice(piece);
        }
    }
}

impl fmt::Debug for Data<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Data")
            .field("encoding", &self.encoding)
            .field("encoded_len", &self.as_bytes().len())
            .finish()
    }
}

/// The decoded bytes of a document, in pieces. Made by [`Data::chunks`].
#[derive(Clone)]
pub struct Chunks<'a> {
    decoder: Decoder<'a>,
    is_over: bool,
}

impl Iterator for Chunks<'_> {
    type Item = Result<Vec<u8>, ValueError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let mut chunk = vec![0; self.decoder.max_len().min(Data::CHUNK_LEN)];
        match self.decoder.fill(&mut chunk) {
            Ok(0) => {
                self.is_over = true;
                None
            }
            Ok(len) => {
                chunk.truncate(len);
                Some(Ok(chunk))
            }
            Err(error) => {
                self.is_over = true;
                Some(Err(error))
            }
        }
    }
}

impl FusedIterator for Chunks<'_> {}

impl fmt::Debug for Chunks<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunks").field("read", &self.decoder.at()).finish_non_exhaustive()
    }
}

/// The decoded bytes of a document, as a [`io::Read`]. Made by [`Data::reader`].
#[derive(Clone)]
pub struct DataReader<'a> {
    decoder: Decoder<'a>,
}

impl io::Read for DataReader<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        Ok(self.decoder.fill(buf)?)
    }
}

impl fmt::Debug for DataReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataReader").field("read", &self.decoder.at()).finish_non_exhaustive()
    }
}

/// How long `data:..;base64,` before the data is, if it is there.
pub(crate) fn data_uri(data: &[u8]) -> Option<usize> {
    /// Where no comma is so far, this is no data URI.
    const MAX_LEN: usize = 256;
    let head = data.get(..MAX_LEN).unwrap_or(data);
    let scheme = head.get(..5)?;
    let head = head.get(..memchr(b',', head)?)?;
    let is_base64 = head.len() >= 12
        && memmem::rfind(&head.to_ascii_lowercase(), b";base64") == Some(head.len() - 7);
    (scheme.eq_ignore_ascii_case(b"data:") && is_base64).then_some(head.len() + 1)
}

/// A piece of text in which escape sequences are found, and what it is.
#[derive(Clone, Copy)]
enum Piece<'a> {
    /// Without an escape character.
    Plain(&'a [u8]),
    /// A byte that was escaped.
    Byte(u8),
    /// A sequence that stands for no byte, or an escape character that opens none.
    Kept(&'a [u8]),
}

/// The pieces of a text, the same as [`unescape`] finds, one after the other.
#[derive(Clone)]
struct Pieces<'a> {
    text: &'a [u8],
    at: usize,
    /// Where the digits of a `\X..\` end, when in one.
    hex_end: usize,
    separators: Separators,
}

impl<'a> Pieces<'a> {
    fn next(&mut self) -> Option<Piece<'a>> {
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

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Decodes piece by piece into whatever buffer there is.
#[derive(Clone)]
struct Decoder<'a> {
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
    fn new(data: &Data<'a>) -> Self {
        let text = data.as_bytes();
        let at = match data.encoding {
            Encoding::Base64 => data_uri(text).unwrap_or(0),
            Encoding::Hex | Encoding::Text => 0,
        };
        let separators = data.raw.separators();
        Self {
            raw: data.raw,
            encoding: data.encoding,
            pieces: Pieces { text, at, hex_end: 0, separators },
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
    fn at(&self) -> usize {
        self.pieces.at - self.run.len()
    }

    /// No more bytes than this are to come; at least 1.
    fn max_len(&self) -> usize {
        self.pieces.text.len().saturating_sub(self.at()) + 3
    }

    /// Decodes into `buffer` as much as there is room for, and says how many bytes that is; 0 at
    /// the end. An error comes once everything before it has been handed out, and comes again.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, ValueError> {
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
