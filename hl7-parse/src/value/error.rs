//! [`ValueError`]: why a value could not be read as its type, and where.

use std::{fmt, io};

use thiserror::Error;

use crate::{Message, Path, whence::Whence};

/// Why a value could not be read as what was asked for.
///
/// `Copy`, and free of message content: safe to log. The text that could not be read stays where
/// it was, on the view.
///
/// ```
/// use hl7_parse::{Message, Path, value::{DateTime, ValueErrorKind}};
///
/// let message = Message::parse(b"MSH|^~\\&|A\rPID|||||||20241301\r")?;
/// let error = message.read::<DateTime>(&Path::new("PID-7")).unwrap_err();
/// assert_eq!(error.kind(), ValueErrorKind::OutOfRange);
/// assert_eq!((error.type_name(), error.offset()), ("DTM", 4));
/// assert_eq!(error.to_string(), "DTM: a number out of its range (PID-7, byte 4)");
/// # Ok::<(), hl7_parse::ParseError>(())
/// ```
#[derive(Clone, Copy)]
pub struct ValueError {
    kind: ValueErrorKind,
    type_name: &'static str,
    place: Place,
    /// Where the value is that could not be read, if it was read from a view and sent.
    whence: Option<Whence>,
    offset: u32,
}

impl ValueError {
    pub(crate) fn new(kind: ValueErrorKind, type_name: &'static str, offset: usize) -> Self {
        let offset = u32::try_from(offset).unwrap_or(u32::MAX);
        Self { kind, type_name, place: Place::default(), whence: None, offset }
    }

    pub(crate) fn within(self, place: Place, whence: Option<Whence>) -> Self {
        Self { place, whence, ..self }
    }

    pub(crate) fn is_within(&self, place: Place) -> bool {
        self.place == place
    }

    /// What was wrong.
    #[must_use]
    pub fn kind(&self) -> ValueErrorKind {
        self.kind
    }

    /// The data type that was asked for, by its name in the standard: `DTM`, `NM`.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        self.type_name
    }

    /// Where in the element that [`Self::path`] names: a byte offset, from 0; `u32::MAX` for
    /// anything further.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset as usize
    }

    /// The element that could not be read. Known where the value was read by a path
    /// ([`crate::Message::read`]), and after [`Self::in_message`] or [`Self::at`]; a view alone does
    /// not know where it is in the message.
    #[must_use]
    pub fn path(&self) -> Option<Path> {
        self.place.path()
    }

    /// The same error with its path, where it is about a view of this message.
    ///
    /// For whoever has the message, once for many values that were read from views. Nothing is kept
    /// of a message but addresses, so it has to be the message that the views were of, or a clone
    /// of it that shares the bytes; of another the error stays as it is, but where that came to lie
    /// at the same addresses. It stays as it is too where it has a path already, was not of a view
    /// (of [`crate::value::Nm::new`]), is of a value that was read (as of a conversion), or of one
    /// that was not sent: such a view is nowhere, and [`crate::Message::read`] tells the path.
    ///
    /// ```
    /// use hl7_parse::{Message, Path, value::{Date, Nm, ValueError}};
    ///
    /// /// Knows nothing of the message.
    /// fn sum<'a>(
    ///     obxs: impl Iterator<Item = hl7_parse::Segment<'a>>,
    /// ) -> Result<f64, ValueError> {
    ///     obxs.map(|obx| obx.field(5).read::<Nm>()?.to_f64()).sum()
    /// }
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rPID|1\rOBX|1|NM|||7.4\rOBX|2|NM|||<5\r")?;
    /// let error = sum(message.segments_with_id("OBX")).unwrap_err();
    /// assert_eq!(error.to_string(), "NM: not in the form of the type (byte 0)");
    /// let error = error.in_message(&message);
    /// assert_eq!(error.to_string(), "NM: not in the form of the type (OBX[2]-5, byte 0)");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn in_message(self, message: &Message<'_>) -> Self {
        match (self.place.base, self.whence) {
            (None, Some(whence)) => self.at(message.path_from(whence)),
            _ => self,
        }
    }

    /// The same error with the path of the value that was read, as known otherwise or as
    /// [`crate::Message::path_of`] finds it. What the error knows itself, as the component that was at fault, is added to it.
    ///
    /// ```
    /// use hl7_parse::{Message, Path, value::Cx};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rPID|||7^^^^^^2024-1\r")?;
    /// let pid = message.segment("PID").ok_or("no PID")?;
    /// let error = Cx::of(pid.field(3)).effective_date().unwrap_err();
    /// assert_eq!(error.to_string(), "DT: not in the form of the type (component 7, byte 4)");
    /// assert_eq!(error.at(Path::new("PID-3")).path(), Some(Path::new("PID-3.7")));
    /// let error = error.at(message.path_of(pid.field(3)));
    /// assert_eq!(error.path(), Some(Path::new("PID[1]-3.7")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn at(self, path: impl Into<Option<Path>>) -> Self {
        Self { place: Place { base: path.into(), ..self.place }, ..self }
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, type_name, place, offset, .. } = self;
        write!(f, "{type_name}: {kind} ({place}byte {offset})")
    }
}

/// Without addresses.
impl fmt::Debug for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValueError")
            .field("kind", &self.kind)
            .field("type_name", &self.type_name)
            .field("place", &self.place)
            .field("offset", &self.offset)
            .finish_non_exhaustive()
    }
}

/// What two errors say: not which bytes they are of.
impl PartialEq for ValueError {
    fn eq(&self, other: &Self) -> bool {
        let said = |error: &Self| (error.kind, error.type_name, error.place, error.offset);
        said(self) == said(other)
    }
}

impl Eq for ValueError {}

impl std::error::Error for ValueError {}

impl From<ValueError> for io::Error {
    fn from(error: ValueError) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}

/// The kinds of [`ValueError`].
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ValueErrorKind {
    /// Nothing was sent. Read `Option<T>` where that may be.
    #[error("not valued")]
    NotValued,
    /// The delete indicator, `""`.
    #[error("the delete indicator")]
    Null,
    /// The text is not in the form of the type.
    #[error("not in the form of the type")]
    Form,
    /// In form, but a number is out of its range: month 13, or an integer beyond the Rust type.
    #[error("a number out of its range")]
    OutOfRange,
    /// A code that its table does not have.
    #[error("a code that is not in its table")]
    Code,
    /// A number with a fraction where a whole one was asked for.
    #[error("not a whole number")]
    NotWhole,
    /// The value is less precise than what it was to become.
    #[error("less precise than asked for")]
    Precision,
    /// An instant was asked for, and the value has no offset from UTC.
    #[error("no offset from UTC")]
    NoOffset,
    /// Encoded data ends in the middle of a group.
    #[error("encoded data ends too early")]
    Incomplete,
    /// More than the limit that was given.
    #[error("longer than allowed")]
    TooLong,
    /// The path names a segment, which is no value.
    #[error("the path names no field")]
    NoField,
}

/// Where an element is, as far as that is known. Numbers from 1; 0 where not known.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) base: Option<Path>,
    pub(crate) repetition: u16,
    pub(crate) component: u16,
    pub(crate) subcomponent: u16,
}

impl Place {
    pub(crate) fn path(self) -> Option<Path> {
        Some(self.base?.narrowed(self.repetition, self.component, self.subcomponent))
    }
}

/// Ends with a comma and a blank, or is empty.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = self.path() {
            return write!(f, "{path}, ");
        }
        for (name, number) in [
            ("repetition", self.repetition),
            ("component", self.component),
            ("subcomponent", self.subcomponent),
        ] {
            if number != 0 {
                write!(f, "{name} {number}, ")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Place({self})")
    }
}
