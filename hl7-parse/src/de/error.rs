//! [`DeError`]: why a struct could not be filled, and where.

use std::fmt;

use serde_core::de;
use thiserror::Error;

use crate::{Message, Path, value::ValueErrorKind};

/// Why a type could not be filled from a message.
///
/// `Copy`, and free of message content: safe to log. `Display` is one line that says where, what,
/// and what to do.
///
/// ```
/// use hl7_parse::{Message, Path, de::{self, DeErrorKind}};
///
/// #[derive(Debug, serde::Deserialize)]
/// struct Result {
///     #[serde(rename = "OBX-1")]
///     number: u8,
/// }
///
/// let message = Message::parse(b"MSH|^~\\&|A\rOBX|first\r")?;
/// let error = de::from_message::<Result>(&message).map(|result| result.number).unwrap_err();
/// assert_eq!(error.kind(), DeErrorKind::NotANumber);
/// assert_eq!((error.path(), error.offset()), (Some(Path::new("OBX-1")), Some(15)));
/// assert_eq!(error.name(), None);
/// # Ok::<(), hl7_parse::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeError {
    kind: DeErrorKind,
    path: Option<Path>,
    name: Option<&'static str>,
    offset: Option<usize>,
    called: Called,
}

/// Which constructor of serde's made the error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Called {
    None,
    InvalidType,
    InvalidLength,
}

/// The kinds of [`DeError`].
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeErrorKind {
    /// Absent or empty, and the type needs a value.
    #[error("no value; where that is allowed use Option or #[serde(default)]")]
    Missing,
    /// The delete indicator `""`, and the type has no place for it.
    #[error("the delete indicator (two double quotes); to take it use Nullable, or null_as_none")]
    Null,
    /// Not written as a number, or as a whole one for an integer.
    #[error("not a number that the type can be")]
    NotANumber,
    /// A number beyond what the type can hold, or what there is: month 13.
    #[error("a number out of its range")]
    OutOfRange,
    /// None of the texts that mean true or false.
    #[error("neither true nor false (Y, N, 1, 0, true, false)")]
    NotABool,
    /// More than one character for a `char`.
    #[error("not one single character")]
    NotAChar,
    /// Text that the message does not hold as it is, for a `&str`.
    #[error(
        "text that can not be borrowed, because of an escape sequence or its character set; \
         instead of &str use String, or Cow<str> with #[serde(borrow)]"
    )]
    NotBorrowable,
    /// The type's own `Deserialize` refused the value; also a text that names no variant.
    #[error("a value that the type refuses")]
    Refused,
    /// A text that the type of [`crate::value`] can not be.
    #[error("{0}")]
    Value(ValueErrorKind),
    /// A name that is no path where it stands.
    #[error(
        "is no path here; rename the field with #[serde(rename = \"..\")]: in a message like \
         PID-5.1, in a segment like 5.1, in a field or repetition like 4.2, in a component like \
         2; or leave it out with #[serde(skip)]"
    )]
    NotAPath,
    /// A line without a segment ID, for [`super::from_segment`].
    #[error("the line does not begin with a segment ID")]
    NotASegment,
    /// A whole message for something that is no struct.
    #[error("a message fills a struct whose fields are renamed to paths, and nothing else")]
    NotAStruct,
    /// A map, which `#[serde(flatten)]` is as well.
    #[error(
        "a map or #[serde(flatten)] can not be filled, because it names no paths; name them in \
         the struct itself, or nest the struct under the path of a segment or field"
    )]
    Map,
    /// `#[serde(alias)]`, or a `Deserialize` that does not ask for all of its fields.
    #[error("a struct with #[serde(alias)] can not be filled; give each field one path")]
    Alias,
    /// A tuple, tuple struct or array.
    #[error("a tuple or array can not be filled; use a struct with paths, or Vec")]
    Tuple,
    /// A unit, a unit struct or `PhantomData`.
    #[error("a unit can not be filled; leave the field out with #[serde(skip)]")]
    Unit,
    /// An enum with a variant that has content.
    #[error("only variants without content can be filled; use a struct with paths")]
    EnumContent,
    /// An untagged enum with no variant that takes text alone: each is tried with nothing else.
    #[error(
        "no variant of an untagged enum takes the text; give it a variant of text as the last, \
         or use a struct with paths"
    )]
    Untagged,
    /// A list for what does not repeat.
    #[error(
        "nothing here repeats; a list is for a segment ID alone, like OBX, and for a field or \
         component of which no repetition is named, like PID-3 or PID-3.1 (for bytes use &[u8])"
    )]
    NoList,
    /// A struct for what has no parts.
    #[error("a subcomponent has no parts to fill a struct with")]
    NoParts,
}

impl DeError {
    #[cold]
    pub(super) fn new(kind: DeErrorKind) -> Self {
        Self { kind, path: None, name: None, offset: None, called: Called::None }
    }

    pub(super) fn named(kind: DeErrorKind, name: &'static str) -> Self {
        Self { name: Some(name), ..Self::new(kind) }
    }

    /// Adds the place, unless a place further down is known.
    #[cold]
    pub(super) fn at(self, place: Option<Path>) -> Self {
        Self { path: self.path.or(place), ..self }
    }

    /// Adds the offset.
    #[cold]
    pub(super) fn in_message(self, message: &Message<'_>) -> Self {
        let offset = self.path.and_then(|path| message.span_of(message.get(&path)));
        Self { offset: offset.map(|span| span.start), ..self }
    }

    /// The same where serde's "invalid type" stands for something more exact.
    #[cold]
    pub(super) fn or_if_invalid_type(self, kind: DeErrorKind) -> Self {
        if self.called == Called::InvalidType && self.path.is_none() {
            Self::new(kind)
        } else {
            self
        }
    }

    pub(super) fn is_missing_at(&self, place: Option<Path>) -> bool {
        self.kind == DeErrorKind::Missing && self.path == place
    }

    pub(super) fn is_invalid_length(&self) -> bool {
        self.called == Called::InvalidLength && self.path.is_none()
    }

    /// What was wrong.
    #[must_use]
    pub fn kind(&self) -> DeErrorKind {
        self.kind
    }

    /// Where it was; of an element that is missing, where it would be. `None` where the type as
    /// a whole is at fault. An occurrence or repetition above 65,535 is shown as that.
    #[must_use]
    pub fn path(&self) -> Option<Path> {
        self.path
    }

    /// The name in the struct that is no path ([`DeErrorKind::NotAPath`]).
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        self.name
    }

    /// Where it was in [`Message::as_bytes`], from 0; `None` for what was not sent.
    #[must_use]
    pub fn offset(&self) -> Option<usize> {
        self.offset
    }
}

impl fmt::Display for DeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = self.path {
            write!(f, "{path}: ")?;
        }
        if let Some(name) = self.name {
            write!(f, "`{name}` ")?;
        }
        write!(f, "{}", self.kind)?;
        match self.offset {
            Some(offset) => write!(f, " (byte {offset})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for DeError {}

/// For implementations of `Deserialize`. The texts are dropped: they could hold what was read.
impl de::Error for DeError {
    fn custom<T: fmt::Display>(text: T) -> Self {
        // What serde says of untagged enums; it has no constructor of its own.
        let untagged = begins_with(&text, "data did not match any variant of untagged enum");
        Self::new(if untagged { DeErrorKind::Untagged } else { DeErrorKind::Refused })
    }

    fn invalid_type(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self { called: Called::InvalidType, ..Self::new(DeErrorKind::Refused) }
    }

    fn invalid_value(found: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        let kind = match found {
            de::Unexpected::Other(text) => value_kind(text),
            _ => None,
        };
        Self::new(match kind {
            Some(ValueErrorKind::NotValued) => DeErrorKind::Missing,
            Some(ValueErrorKind::Null) => DeErrorKind::Null,
            Some(ValueErrorKind::OutOfRange) => DeErrorKind::OutOfRange,
            Some(kind) => DeErrorKind::Value(kind),
            None => DeErrorKind::Refused,
        })
    }

    fn invalid_length(_: usize, _: &dyn de::Expected) -> Self {
        Self { called: Called::InvalidLength, ..Self::new(DeErrorKind::Refused) }
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self::new(DeErrorKind::Refused)
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self::new(DeErrorKind::Refused)
    }

    fn missing_field(_: &'static str) -> Self {
        Self::new(DeErrorKind::Refused)
    }

    fn duplicate_field(_: &'static str) -> Self {
        Self::new(DeErrorKind::Refused)
    }
}

/// Whether what is shown begins so. None of it is kept.
fn begins_with(shown: &impl fmt::Display, beginning: &str) -> bool {
    /// What is still to come of the beginning; `None` where it was something else.
    struct Left<'b>(Option<&'b str>);

    impl fmt::Write for Left<'_> {
        fn write_str(&mut self, piece: &str) -> fmt::Result {
            let left = self.0.ok_or(fmt::Error)?;
            self.0 = left.strip_prefix(piece).or_else(|| piece.starts_with(left).then_some(""));
            Ok(())
        }
    }

    let mut left = Left(Some(beginning));
    // An error says no more than that the rest was not looked at.
    let _ = fmt::write(&mut left, format_args!("{shown}"));
    left.0 == Some("")
}

/// The kind that says this of itself.
fn value_kind(text: &str) -> Option<ValueErrorKind> {
    use ValueErrorKind as Kind;
    [
        Kind::NotValued,
        Kind::Null,
        Kind::Form,
        Kind::OutOfRange,
        Kind::Code,
        Kind::NotWhole,
        Kind::Precision,
        Kind::NoOffset,
        Kind::Incomplete,
        Kind::TooLong,
        Kind::NoField,
    ]
    .into_iter()
    .find(|kind| kind.to_string() == text)
}
