//! [`WideReader`]: a stream of UTF-16 or UTF-32, read as UTF-8.

use std::{
    fmt,
    io::{self, Read},
};

use encoding_rs::{CoderResult, Decoder};

use super::detect;
use crate::Charset;

/// Reads UTF-16 and UTF-32 as UTF-8, and anything else as it is.
///
/// For files and batches, which are cut at bytes: [`crate::batch::Reader`] takes it as any other
/// [`Read`]. Which set it is shows in the first bytes, a byte order mark or the beginning of MSH,
/// FHS or BHS. The mark of a wide set is left out. Beside the reader it holds 24 KiB.
///
/// A message of such a file may still declare the set that it came in (MSH-18), so it is decoded
/// as UTF-8 by name:
///
/// ```
/// use hl7_parse::{Path, batch::{PartKind, Reader}, charset::{self, WideReader}};
///
/// let text = "BHS|^~\\&\rMSH|^~\\&|A|||||||1|P|2.5||||||UNICODE UTF-16\rPID|||||Zoë\rBTS|1\r";
/// let file: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
///
/// for part in Reader::new(WideReader::new(&file[..])) {
///     let part = part?;
///     if part.kind() == PartKind::Message {
///         let decoded = charset::decode(part.as_bytes().clone(), Some("utf-8"))?;
///         let name = decoded.message.as_message().get(&Path::new("PID-5"));
///         assert_eq!(name.decode(), "Zoë");
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// What is no character of the set becomes U+FFFD:
///
/// ```
/// use hl7_parse::{Charset, charset::WideReader};
/// use std::io::Read;
///
/// let mut reader = WideReader::new(&b"M\0S\0H\0|\0\0\xD8"[..]);
/// let mut text = String::new();
/// reader.read_to_string(&mut text)?;
/// assert_eq!((text.as_str(), reader.charset()), ("MSH|\u{FFFD}", Some(Charset::Utf16Le)));
/// assert!(reader.is_replaced());
/// assert!(reader.into_inner().is_empty());
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct WideReader<R> {
    read: R,
    state: State,
    /// Read, and not decoded or given out yet: the filled part of `block`.
    block: Box<[u8]>,
    start: usize,
    end: usize,
    /// Whether there is something in `block` that was not tried to decode.
    is_fresh: bool,
    /// Decoded, and not given out yet.
    text: Box<[u8]>,
    given: usize,
    decoded: usize,
    charset: Option<Charset>,
    is_replaced: bool,
}

enum State {
    /// The first bytes are not all there.
    Beginning,
    /// Nothing is to be decoded.
    AsItIs,
    Utf16(Box<Decoder>),
    Utf32(fn([u8; 4]) -> u32),
    Ended,
}

impl<R: Read> WideReader<R> {
    const BLOCK_LEN: usize = 8 * 1024;
    /// Three bytes of UTF-8 for two of UTF-16 at most, and what a decoder asks for beyond.
    const TEXT_LEN: usize = 16 * 1024;
    /// What tells the set.
    const HEAD_LEN: usize = 12;

    /// Nothing is read yet.
    #[must_use]
    pub fn new(read: R) -> Self {
        Self {
            read,
            state: State::Beginning,
            block: vec![0; Self::BLOCK_LEN].into(),
            start: 0,
            end: 0,
            is_fresh: true,
            text: vec![0; Self::TEXT_LEN].into(),
            given: 0,
            decoded: 0,
            charset: None,
            is_replaced: false,
        }
    }

    /// The wide set that was found; `None` where it is none, and before the first read.
    #[must_use]
    pub fn charset(&self) -> Option<Charset> {
        self.charset
    }

    /// Whether something was no character of the set, so far.
    #[must_use]
    pub fn is_replaced(&self) -> bool {
        self.is_replaced
    }

    /// The reader it was made of; what was read of it and not given out is lost.
    #[must_use]
    pub fn into_inner(self) -> R {
        self.read
    }

    fn unread(&self) -> &[u8] {
        self.block.get(self.start..self.end).unwrap_or_default()
    }

    /// Reads more into the block, behind what is left in it; false at the end.
    fn fill(&mut self) -> io::Result<bool> {
        self.block.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        let room = self.block.get_mut(self.end..).unwrap_or_default();
        if room.is_empty() {
            return Ok(true);
        }
        let len = self.read.read(room)?.min(room.len());
        self.end += len;
        Ok(len > 0)
    }

    /// Finds out which set it is.
    fn begin(&mut self) -> io::Result<()> {
        while self.unread().len() < Self::HEAD_LEN && self.fill()? {}
        self.charset = detect::wide(self.unread());
        let mark =
            detect::mark(self.unread()).filter(|(charset, _)| Some(*charset) == self.charset);
        self.start += mark.map_or(0, |(_, len)| len);
        let utf_16 = |encoding: &'static encoding_rs::Encoding| {
            State::Utf16(Box::new(encoding.new_decoder_without_bom_handling()))
        };
        self.state = match self.charset {
            Some(Charset::Utf16Be) => utf_16(encoding_rs::UTF_16BE),
            Some(Charset::Utf16Le) => utf_16(encoding_rs::UTF_16LE),
            Some(Charset::Utf32Be) => State::Utf32(u32::from_be_bytes),
            Some(Charset::Utf32Le) => State::Utf32(u32::from_le_bytes),
            _ => State::AsItIs,
        };
        Ok(())
    }

    /// Decodes what there is of the next block; nothing at the end alone.
    fn decode(&mut self) -> io::Result<()> {
        // An error of the reader comes after the text before it.
        let more = std::mem::take(&mut self.is_fresh) || self.fill()?;
        let bytes = self.block.get(self.start..self.end).unwrap_or_default();
        (self.given, self.decoded) = (0, 0);
        match &mut self.state {
            State::Utf16(decoder) => {
                let (result, read, written, replaced) =
                    decoder.decode_to_utf8(bytes, &mut self.text, !more);
                self.start += read;
                self.decoded = written;
                self.is_replaced |= replaced;
                if !more && result == CoderResult::InputEmpty {
                    self.state = State::Ended;
                }
            }
            State::Utf32(number) => {
                let (units, left) = bytes.as_chunks::<4>();
                let ended = (!more && !left.is_empty()).then_some(None);
                let found = units.iter().map(|unit| char::from_u32(number(*unit)));
                for found in found.chain(ended) {
                    self.is_replaced |= found.is_none();
                    let found = found.unwrap_or(char::REPLACEMENT_CHARACTER);
                    let mut utf_8 = [0; 4];
                    for byte in found.encode_utf8(&mut utf_8).bytes() {
                        // There is room: four bytes never become more.
                        if let Some(slot) = self.text.get_mut(self.decoded) {
                            *slot = byte;
                            self.decoded += 1;
                        }
                    }
                }
                self.start = if more { self.end - left.len() } else { self.end };
                if !more {
                    self.state = State::Ended;
                }
            }
            State::Beginning | State::AsItIs | State::Ended => {}
        }
        Ok(())
    }
}

impl<R: Read> Read for WideReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if matches!(self.state, State::Beginning) {
            self.begin()?;
        }
        if matches!(self.state, State::AsItIs) {
            if self.start == self.end {
                return self.read.read(buffer);
            }
            let len = self.unread().read(buffer)?;
            self.start += len;
            return Ok(len);
        }
        while self.given == self.decoded && !matches!(self.state, State::Ended) {
            self.decode()?;
        }
        let mut text = self.text.get(self.given..self.decoded).unwrap_or_default();
        let len = text.read(buffer)?;
        self.given += len;
        Ok(len)
    }
}

impl<R> fmt::Debug for WideReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WideReader")
            .field("charset", &self.charset)
            .field("is_replaced", &self.is_replaced)
            .finish_non_exhaustive()
    }
}
