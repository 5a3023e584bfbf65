//! [`Part`]: a message, an envelope segment, or something else, borrowed.

use std::fmt;

use super::{Faults, Place};
use crate::{
    Message, ParseError, ParseOptions, Separators,
    scan::{First, Ignore, LineFeeds, scan_with},
};

/// A message, an envelope segment, or something else. Made by [`super::parts()`].
#[derive(Clone, Copy)]
pub struct Part<'a> {
    pub(super) kind: PartKind,
    pub(super) bytes: &'a [u8],
    pub(super) offset: usize,
    pub(super) separators: Separators,
    pub(super) line_feeds: LineFeeds,
    pub(super) place: Place,
    pub(super) faults: Faults,
}

/// What a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PartKind {
    /// FHS, and the lines that follow it (ARV).
    FileHeader,
    /// BHS, and the lines that follow it (ARV, QPD and RCP of a query answered as a batch).
    BatchHeader,
    /// MSH and the segments that follow it.
    Message,
    /// BTS.
    BatchTrailer,
    /// FTS.
    FileTrailer,
    /// Lines before the first of the others.
    Other,
    /// Any of the others where it is longer than [`super::SplitOptions::max_message_len`]: its
    /// content was skipped. [`super::parts()`] has no such limit and never gives it.
    TooLong,
}

impl PartKind {
    pub(super) fn of_id(id: [u8; 3]) -> Option<Self> {
        match &id {
            b"MSH" => Some(Self::Message),
            b"FHS" => Some(Self::FileHeader),
            b"BHS" => Some(Self::BatchHeader),
            b"BTS" => Some(Self::BatchTrailer),
            b"FTS" => Some(Self::FileTrailer),
            _ => None,
        }
    }

    pub(super) fn id(self) -> &'static [u8] {
        match self {
            Self::Message => b"MSH",
            Self::FileHeader => b"FHS",
            Self::BatchHeader => b"BHS",
            Self::BatchTrailer => b"BTS",
            Self::FileTrailer => b"FTS",
            Self::Other | Self::TooLong => b"",
        }
    }
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

    /// Which file, which batch, which message.
    #[must_use]
    pub fn place(&self) -> Place {
        self.place
    }

    /// What is wrong with the envelope, as far as this part shows it.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.faults
    }

    /// Reads the segments, as tolerantly as [`Message::parse`]. Of an envelope the first
    /// segment is FHS, BHS, BTS or FTS, which [`Message::header`] then shows.
    ///
    /// BTS, FTS and other lines are read with the delimiters that are in force for them.
    ///
    /// # Errors
    ///
    /// Those of [`Message::parse`].
    pub fn read(&self) -> Result<Message<'a>, ParseError> {
        read(self.line_feeds, self.bytes, self.separators)
    }
}

pub(super) fn read(
    line_feeds: LineFeeds,
    bytes: &[u8],
    in_force: Separators,
) -> Result<Message<'_>, ParseError> {
    let (first, max_segments) = (First::Any(in_force), ParseOptions::MAX_SEGMENTS);
    let scanned = scan_with(line_feeds, bytes, first, max_segments, &mut Ignore)?;
    Ok(Message::from_scanned(bytes, scanned))
}

impl fmt::Debug for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part")
            .field("kind", &self.kind)
            .field("offset", &self.offset)
            .field("len", &self.bytes.len())
            .field("place", &self.place)
            .field("faults", &self.faults)
            .finish()
    }
}
