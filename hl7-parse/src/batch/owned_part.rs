//! [`OwnedPart`]: a part that owns its bytes.

use std::fmt;

use bytes::Bytes;

use super::{Faults, PartKind, Place, part::read};
use crate::{Message, OwnedMessage, ParseError, ParseErrorKind, Separators, scan::LineFeeds};

/// A message, an envelope segment, or something else. Made by [`super::Splitter`] and
/// [`super::Reader`].
///
/// It shares its bytes with the piece of input that it came in, or owns them where it came in
/// several: `Clone` copies none. [`OwnedPart::parse`] and then [`OwnedMessage::detach`] keep a
/// message without the input around it.
///
/// ```
/// use hl7_parse::batch::{PartKind, Reader};
///
/// let file = &b"BHS|^~\\&|LAB\rMSH|^~\\&|LAB|||||||7\rPID|1\rBTS|2\r"[..];
/// let parts: Vec<_> = Reader::new(file).collect::<Result<_, _>>()?;
/// let [_, message, end] = parts.as_slice() else { return Err("three parts".into()) };
///
/// assert_eq!((message.kind(), message.offset(), message.len()), (PartKind::Message, 13, 27));
/// assert_eq!((message.place().batch(), message.place().index()), (Some(1), Some(1)));
/// assert_eq!(message.parse()?.as_message().segments().len(), 2);
/// // Its header, also where it is too long to be held.
/// assert_eq!(hl7_parse::Header::parse(message.head())?.control_id().as_bytes(), b"7");
///
/// // BTS-1 says two messages.
/// assert_eq!(end.as_bytes(), "BTS|2\r");
/// assert_eq!(end.faults().iter().count(), 1);
/// assert_eq!(end.read()?.segments().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct OwnedPart {
    pub(super) kind: PartKind,
    /// All of it; of what is too long the beginning.
    pub(super) bytes: Bytes,
    pub(super) offset: u64,
    pub(super) len: u64,
    pub(super) separators: Separators,
    pub(super) line_feeds: LineFeeds,
    pub(super) place: Place,
    pub(super) faults: Faults,
}

impl OwnedPart {
    /// What it is.
    #[must_use]
    pub fn kind(&self) -> PartKind {
        self.kind
    }

    /// The bytes: from the segment ID to the end of the last line, its terminator included.
    /// Empty where the kind is [`PartKind::TooLong`].
    #[must_use]
    pub fn as_bytes(&self) -> &Bytes {
        static NOTHING: Bytes = Bytes::new();
        if self.kind == PartKind::TooLong { &NOTHING } else { &self.bytes }
    }

    /// The first bytes, at most [`super::Splitter::HEAD_LEN`]; also of what is too long, to read
    /// its [`crate::Header`] and to refuse it to whoever sent it.
    #[must_use]
    pub fn head(&self) -> &[u8] {
        self.bytes.get(..super::Splitter::HEAD_LEN).unwrap_or(&self.bytes)
    }

    /// Where it begins, in bytes from the start of the stream, which is 0.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// How long it is, in bytes; also of what is too long.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a part is never empty")]
    pub fn len(&self) -> u64 {
        self.len
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

    /// Reads the segments, as [`super::Part::read`] does.
    ///
    /// # Errors
    ///
    /// Those of [`Message::parse`], and [`ParseErrorKind::OverLimit`] where the kind is
    /// [`PartKind::TooLong`].
    pub fn read(&self) -> Result<Message<'_>, ParseError> {
        self.check_length()?;
        read(self.line_feeds, &self.bytes, self.separators)
    }

    /// Reads a message, without copying its bytes.
    ///
    /// # Errors
    ///
    /// Those of [`OwnedMessage::parse`], [`ParseErrorKind::Batch`] for an envelope segment among
    /// them, and [`ParseErrorKind::OverLimit`] where the kind is [`PartKind::TooLong`].
    pub fn parse(&self) -> Result<OwnedMessage, ParseError> {
        self.check_length()?;
        OwnedMessage::parse_with(self.line_feeds, self.bytes.clone())
    }

    fn check_length(&self) -> Result<(), ParseError> {
        match self.kind {
            PartKind::TooLong => Err(ParseError::new(ParseErrorKind::OverLimit, self.bytes.len())),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for OwnedPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedPart")
            .field("kind", &self.kind)
            .field("offset", &self.offset)
            .field("len", &self.len)
            .field("place", &self.place)
            .field("faults", &self.faults)
            .finish()
    }
}
