//! Cuts what holds several messages: files, batches (2.10.3), frames and bodies.
//!
//! ```text
//! [FHS] { [BHS] { MSH ... } [BTS] } [FTS]
//! ```
//!
//! All of the envelope is optional: a run of messages is cut as well.
//!
//! ```
//! use hl7_parse::batch::{PartKind, parts};
//!
//! let file = b"BHS|^~\\&|LAB\rMSH|^~\\&|LAB||1\rPID|1\rMSH|^~\\&|LAB||2\rPID|1\rBTS|2\r";
//! let messages = parts(file).filter(|part| part.kind() == PartKind::Message);
//! for part in messages {
//!     let message = part.read()?;
//!     assert_eq!(message.segments().count(), 2);
//! }
//! # Ok::<(), hl7_parse::ParseError>(())
//! ```

use std::fmt;

use memchr::memchr2;

use crate::{
    Message, ParseError, ParseOptions, Separators,
    header::{self, declared},
    scan::{First, Ignore, leading, scan},
};

/// Cuts `bytes` into its messages and envelope segments, in order.
///
/// A part begins at a line that begins with MSH, FHS, BHS, BTS or FTS and ends where the next
/// begins, so that every byte is in one part; BTS and FTS count only after a BHS or FHS. What stands before the first such line is a part
/// of its own, [`PartKind::Other`], unless it is only white space or framing bytes.
#[must_use]
pub fn parts(bytes: &[u8]) -> Parts<'_> {
    Parts { bytes, at: 0, separators: Separators::default(), enveloped: false }
}

/// The parts of a file, batch, frame or body. Made by [`parts`].
#[derive(Clone)]
pub struct Parts<'a> {
    bytes: &'a [u8],
    at: usize,
    separators: Separators,
    /// Whether FHS or BHS was seen: only then are BTS and FTS trailers.
    enveloped: bool,
}

/// A message, an envelope segment, or something else.
#[derive(Clone, Copy)]
pub struct Part<'a> {
    kind: PartKind,
    bytes: &'a [u8],
    offset: usize,
    separators: Separators,
}

/// What a [`Part`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PartKind {
    /// FHS.
    FileHeader,
    /// BHS.
    BatchHeader,
    /// MSH and the segments that follow it.
    Message,
    /// BTS.
    BatchTrailer,
    /// FTS.
    FileTrailer,
    /// Lines before the first of the others.
    Other,
}

impl<'a> Part<'a> {
    /// What it is.
    #[must_use]
    pub fn kind(&self) -> PartKind {
        self.kind
    }

    /// The bytes, line ends and whatever stood before the first line included.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Where the part begins in the input, in bytes from 0.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Reads the segments, as tolerantly as [`Message::parse`]. Of an envelope the first
    /// segment is FHS, BHS, BTS or FTS, which [`Message::header`] then shows.
    ///
    /// BTS, FTS and other lines are read with the delimiters of the header before them.
    ///
    /// # Errors
    ///
    /// Those of [`Message::parse`].
    pub fn read(&self) -> Result<Message<'a>, ParseError> {
        let first = First::Any(self.separators);
        let scanned = scan(self.bytes, first, ParseOptions::MAX_SEGMENTS, &mut Ignore)?;
        Ok(Message::from_scanned(self.bytes, scanned))
    }
}

impl fmt::Debug for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part")
            .field("kind", &self.kind)
            .field("offset", &self.offset)
            .field("len", &self.bytes.len())
            .finish()
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        let rest = self.bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
        let kind = match head(rest, self.separators, self.enveloped) {
            Some((kind, separators)) => {
                self.separators = separators;
                self.enveloped |= matches!(kind, PartKind::FileHeader | PartKind::BatchHeader);
                kind
            }
            None => PartKind::Other,
        };
        let mut end = skip_line(rest);
        while let Some(line) = rest.get(end..).filter(|line| !line.is_empty()) {
            if head(line, self.separators, self.enveloped).is_some() {
                break;
            }
            end += skip_line(line);
        }
        let part = Part {
            kind,
            bytes: rest.get(..end).unwrap_or(rest),
            offset: self.at,
            separators: self.separators,
        };
        self.at += end;
        Some(part)
    }
}

impl fmt::Debug for Parts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").field("offset", &self.at).field("len", &self.bytes.len()).finish()
    }
}

/// What the line at the start of `text` opens, and the delimiters in force from there.
fn head(text: &[u8], in_force: Separators, enveloped: bool) -> Option<(PartKind, Separators)> {
    let line = text.get(leading(text)..)?;
    let kind = match line.get(..3)? {
        b"MSH" => PartKind::Message,
        b"FHS" => PartKind::FileHeader,
        b"BHS" => PartKind::BatchHeader,
        b"BTS" => PartKind::BatchTrailer,
        b"FTS" => PartKind::FileTrailer,
        _ => return None,
    };
    match kind {
        PartKind::BatchTrailer | PartKind::FileTrailer if !enveloped => None,
        PartKind::BatchTrailer | PartKind::FileTrailer => {
            let next = line.get(3);
            next.is_none_or(|next| *next == in_force.field() || matches!(next, b'\r' | b'\n'))
                .then_some((kind, in_force))
        }
        _ => declared(header::line(line), 0, &mut Ignore).ok().map(|declared| (kind, declared)),
    }
}

/// The length of what stands before the next line, its end included; of blank lines as well.
fn skip_line(text: &[u8]) -> usize {
    let start = leading(text);
    memchr2(b'\r', b'\n', text.get(start..).unwrap_or_default())
        .map_or(text.len(), |end| start + end + 1)
}
