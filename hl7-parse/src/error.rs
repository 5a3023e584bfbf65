//! [`ParseError`]: why bytes were refused, and where.

use thiserror::Error;

/// Why bytes could not be read as a message.
///
/// Two words, `Copy`, and free of message content: safe to log.
///
/// ```
/// use hl7_parse::{Message, ParseErrorKind};
///
/// let error = Message::parse(b"PID|1").unwrap_err();
/// assert_eq!(error.kind(), ParseErrorKind::MissingHeader);
/// assert_eq!(error.to_string(), "no MSH segment at the start (byte 0)");
/// ```
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("{kind} (byte {offset})")]
pub struct ParseError {
    kind: ParseErrorKind,
    offset: u32,
}

impl ParseError {
    pub(crate) fn new(kind: ParseErrorKind, offset: usize) -> Self {
        Self { kind, offset: u32::try_from(offset).unwrap_or(u32::MAX) }
    }

    /// What was wrong.
    #[must_use]
    pub fn kind(&self) -> ParseErrorKind {
        self.kind
    }

    /// Where: a byte offset into the input, from 0; `u32::MAX` for anything further.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset as usize
    }
}

/// The kinds of [`ParseError`].
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// Nothing but blanks and framing bytes.
    #[error("the input is empty")]
    Empty,
    /// The first segment is not MSH.
    #[error("no MSH segment at the start")]
    MissingHeader,
    /// The input begins with FHS or BHS: it is to be cut by [`crate::batch::parts`] first.
    #[error("a batch or file, not one message")]
    Batch,
    /// The character after `MSH` can not separate fields: a letter, a digit, a blank, a control
    /// character or not ASCII; or there is none.
    #[error("MSH-1 is not a usable field separator")]
    BadFieldSeparator,
    /// The text is in a set in which bytes that equal delimiters may be parts of characters:
    /// Shift_JIS, Big5, GB 18030, ISO-2022-JP, UTF-16, UTF-32. It has to be decoded before it
    /// is split: `hl7_parse::charset::decode`, with the feature `charset`. Said only where the
    /// bytes are not plain ASCII; the offset is that of the first one that is not. ISO-2022-JP is
    /// also said where nothing declares it and ESC leads to its kanji, at that ESC.
    #[error("the text has to be decoded before it is split ({0})")]
    NeedsDecoding(crate::Charset),
    /// Something that [`crate::ParseOptions`] were told not to tolerate.
    #[error("not tolerated: {0}")]
    NotTolerated(crate::DiagnosticCode),
    /// More segments than [`crate::ParseOptions::max_segments`].
    #[error("too many segments")]
    TooManySegments,
    /// Longer than [`crate::batch::SplitOptions::max_message_len`]: the content was skipped.
    #[error("longer than the limit for a message")]
    OverLimit,
    /// 4 GiB or more.
    #[error("the input is longer than 4 GiB")]
    TooLong,
}
