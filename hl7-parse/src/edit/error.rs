//! [`EditError`]: why a message could not be edited or built, and where.

use std::fmt;

use thiserror::Error;

use crate::Path;

/// Why a message could not be edited or built.
///
/// `Copy`, and free of message content: safe to log.
///
/// ```
/// use hl7_parse::{EditErrorKind, Editor, Message, Path};
///
/// let message = Message::parse(b"MSH|^~\\&|A\rPID|1\r")?;
/// let error = Editor::new(&message).set(&Path::new("PV1-2"), "I").finish().unwrap_err();
/// assert_eq!(error.kind(), EditErrorKind::MissingSegment);
/// assert_eq!(error.to_string(), "PV1-2: the message has no such segment");
/// # Ok::<(), hl7_parse::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub struct EditError {
    kind: EditErrorKind,
    path: Option<Path>,
}

impl EditError {
    pub(crate) fn new(kind: EditErrorKind) -> Self {
        Self { kind, path: None }
    }

    pub(crate) fn at(kind: EditErrorKind, path: Path) -> Self {
        Self { kind, path: Some(path) }
    }

    /// What was wrong.
    #[must_use]
    pub fn kind(&self) -> EditErrorKind {
        self.kind
    }

    /// Where, if at some place.
    #[must_use]
    pub fn path(&self) -> Option<Path> {
        self.path
    }
}

impl From<EditErrorKind> for EditError {
    fn from(kind: EditErrorKind) -> Self {
        Self::new(kind)
    }
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = self.path {
            write!(f, "{path}: ")?;
        }
        self.kind.fmt(f)
    }
}

/// The kinds of [`EditError`].
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EditErrorKind {
    /// The message has no segment that the path names.
    #[error("the message has no such segment")]
    MissingSegment,
    /// The segment was removed by an earlier edit.
    #[error("the segment was removed by an earlier edit")]
    RemovedSegment,
    /// A value needs a path to a field or below; a segment a path that names no field; a
    /// repetition a path to a field; components one to a field or a repetition.
    #[error("the path leads to another level than this needs")]
    WrongLevel,
    /// A field number, relative path or path that is none, or one of another segment.
    #[error("not a place in this segment")]
    WrongPlace,
    /// MSH-1 and MSH-2 are changed for the whole message only
    /// ([`crate::Editor::swap_delimiters`]).
    #[error("the delimiters are not fields to set")]
    Delimiters,
    /// The first segment stays what and where it is.
    #[error("the first segment can not be removed, nor preceded by another")]
    FirstSegment,
    /// The path names a second repetition, component or subcomponent, and MSH-2 declares no
    /// separator for it.
    #[error("the separator for this level is not in use")]
    LevelNotInUse,
    /// The text holds a delimiter or a control character, and MSH-2 declares no escape
    /// character; or one with which the sequence can not be written.
    #[error("the text can not be escaped with the delimiters in use")]
    NotEscapable,
    /// The text is two double quotes, which says "delete" ([`crate::Editor::set_null`]).
    #[error("two double quotes are the delete indicator and no text")]
    NullText,
    /// The raw value holds a separator of its own level or of one above, or a control character
    /// that ends or pads a segment: CR, LF, VT, FS, NUL.
    #[error("the raw value is more than one element of its level")]
    RawTooWide,
    /// The character set of the message does not have a character of the text, or it is one
    /// that can not be written.
    #[error("the text can not be written in the character set of the message")]
    NotInCharset,
    /// More than ASCII, as text or raw, where MSH-18 names a set in which a delimiter may be half of
    /// a character, or UTF-16 or UTF-32: bytes of these can not be told from delimiters. Also, in a
    /// new message, escape sequences that lead to kanji where MSH-18 names no set. Make the
    /// message in UTF-8, and encode it when it is complete; the set is named in MSH-18 by that
    /// (`charset::EncodeOptions::declaring`, feature `charset`).
    #[error("text in this character set is not written: make the message in UTF-8 and encode it")]
    NeedsEncoding,
    /// The bytes of the text may look like delimiters
    /// ([`crate::OwnedMessage::parse_undecoded`]): of such a message whole fields of MSH can be
    /// edited, and segments added and removed. For more decode it first (`charset::decode`). Or
    /// those of the message would after the edits: with escape sequences in raw values that lead
    /// to kanji, or an MSH-18 that came to name a set for text that was in another.
    #[error("the message has to be decoded before this edit, or would have to be after it")]
    NeedsDecoding,
    /// The delimiters are not 1 to 5 different ASCII punctuation characters beside MSH-1, or
    /// leave out a level above one in use. Double quotes can not delimit.
    #[error("not a usable set of delimiters")]
    BadDelimiters,
    /// An escape sequence that has to stay as it is holds one of the new delimiters.
    #[error("an escape sequence can not be written with the new delimiters")]
    SequenceLost,
    /// Not a capital letter and two capital letters or digits, or MSH, FHS, BHS, FTS or BTS.
    #[error("not the ID of a segment that can be added")]
    BadSegmentId,
    /// MSH-9, MSH-10, MSH-11 or MSH-12 of a new message is not valued.
    #[error("a required field of the header is missing")]
    MissingHeaderField,
    /// What follows a line feed inside a segment would begin a segment after this edit. Not
    /// refused where such line feeds came already, and so were read as data
    /// ([`crate::ParseOptions::line_feeds_are_data`]).
    #[error("a line feed in the segment would end it after this edit")]
    LineFeed,
    /// The message would be longer than its limit.
    #[error("the message would be too long")]
    TooLong,
    /// The message would have more segments than [`crate::ParseOptions::MAX_SEGMENTS`].
    #[error("the message would have too many segments")]
    TooManySegments,
}
