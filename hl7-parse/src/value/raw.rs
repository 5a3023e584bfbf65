//! [`Raw`]: a value as it was sent, at whatever level, and [`FromRaw`], what can be read from it.

use std::{borrow::Cow, fmt, iter::FusedIterator, marker::PhantomData, str::Utf8Error};

use crate::{
    Component, Element, Field, Message, Path, Repetition, Separators, Subcomponent,
    search::until,
    value::{ValueError, ValueErrorKind, error::Place},
    whence::{Level, Whence},
};

/// A value as it was sent, which knows how deep it is.
///
/// A composite has its parts between component separators where it fills a field, and between
/// subcomponent separators where it is a component itself (2.5.3). `Raw` is either, so that one
/// type reads both: a CX from PID-3, and the HD in CX.4.
///
/// A view: `Copy`, and alive as long as the bytes it shows. Made from a [`Field`] (then it stands
/// for the first repetition, unless repetitions are asked for), [`Repetition`], [`Component`] or
/// [`Subcomponent`].
///
/// ```
/// use hl7_parse::{Message, value::Raw};
///
/// let message = Message::parse(b"MSH|^~\\&|A\rPID|||7^^^GH&1.2.3&ISO\r")?;
/// let pid = message.segment("PID").ok_or("no PID")?;
/// let id = Raw::from(pid.field(3));
/// assert_eq!(id.part(4).part(2).decode(), "1.2.3");
/// assert_eq!(id.part(1).part(1).part(1).decode(), "7");
/// assert_eq!(id.repetitions().count(), 1);
/// assert_eq!(message.span_of(id.part(4).part(2).element()), Some(24..29));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct Raw<'a> {
    element: Element<'a>,
    level: Level,
    place: Place,
}

impl<'a> Raw<'a> {
    /// What a path names.
    pub(crate) fn named(element: Element<'a>, path: Path) -> Result<Self, ValueError> {
        let place = Place { base: Some(path), ..Place::default() };
        let level = match (path.field(), path.repetition(), path.component(), path.subcomponent()) {
            (None, ..) => {
                let error = ValueError::new(ValueErrorKind::NoField, "value", 0);
                return Err(error.within(place, None));
            }
            (.., Some(_)) => Level::Subcomponent,
            (.., Some(_), None) => Level::Component,
            (_, Some(_), None, None) => Level::Repetition,
            (_, None, None, None) => Level::Field,
        };
        Ok(Self { element, level, place })
    }

    /// Part `n`, from 1: a component of a field or repetition, a subcomponent of a component; an
    /// absent view where there are fewer. Part 1 of what has no parts is the whole of it.
    #[must_use]
    pub fn part(&self, n: usize) -> Self {
        let number = u16::try_from(n).unwrap_or(u16::MAX);
        let Self { element, level, place } = *self;
        let separators = element.separators();
        match level {
            Level::Field => self.single().part(n),
            Level::Repetition => Self {
                element: element.piece(separators.component, n),
                level: Level::Component,
                place: Place { component: number, ..place },
            },
            Level::Component => Self {
                element: element.piece(separators.subcomponent, n),
                level: Level::Subcomponent,
                place: Place { subcomponent: number, ..place },
            },
            Level::Subcomponent if n == 1 => *self,
            Level::Subcomponent => Self { element: Element::ABSENT, ..*self },
        }
    }

    /// The parts in order, as [`Self::part`] numbers them; none where nothing was sent. A
    /// subcomponent is its own only part.
    ///
    /// ```
    /// use hl7_parse::{Message, value::Raw};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rZZZ|a^b&c^~d\r")?;
    /// let value = Raw::from(message.segment("ZZZ").ok_or("no ZZZ")?.field(1));
    /// let parts: Vec<_> = value.parts().map(|part| part.parts().count()).collect();
    /// assert_eq!(parts, [1, 2, 0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn parts(&self) -> RawParts<'a> {
        RawParts { rest: Some(self.single()).filter(Self::is_valued), number: 0 }
    }

    /// The repetitions of a field, in order; none where it is empty. Anything below a field is
    /// its own only repetition.
    #[must_use]
    pub fn repetitions(&self) -> RawRepetitions<'a> {
        RawRepetitions { rest: Some(*self).filter(Self::is_valued), number: 0 }
    }

    /// Reads the value as a type.
    ///
    /// # Errors
    ///
    /// Where nothing was sent (read `Option<T>` where that may be), and those of the type.
    pub fn read<T: FromRaw<'a>>(&self) -> Result<T, ValueError> {
        T::from_raw(*self)
    }

    /// What was sent, escape sequences and all; empty if nothing was.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.element.as_bytes()
    }

    /// The same as [`Self::as_bytes`], as text, escape sequences untouched.
    ///
    /// # Errors
    ///
    /// Where the bytes are not UTF-8. [`Self::decode`] reads those too.
    pub fn to_str(&self) -> Result<&'a str, Utf8Error> {
        self.element.to_str()
    }

    /// The text: escape sequences resolved, in the character set of the message. Delimiters of
    /// lower levels stay as they are; see [`Element::decode`].
    #[must_use]
    pub fn decode(&self) -> Cow<'a, str> {
        self.element.decode()
    }

    /// Whether there is content; a delete indicator (`""`) is.
    #[must_use]
    pub fn is_valued(&self) -> bool {
        self.element.is_valued()
    }

    /// Whether the content is the delete indicator (`""`).
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.element.is_null()
    }

    /// Whether the element was sent, if only as nothing between two delimiters.
    #[must_use]
    pub fn is_present(&self) -> bool {
        self.element.is_present()
    }

    /// The element without its level, as for [`Message::span_of`].
    #[must_use]
    pub fn element(&self) -> Element<'a> {
        self.element
    }

    /// Where it is; of what was not sent that is not known.
    pub(crate) fn whence(&self) -> Option<Whence> {
        let sent = self.element.is_present();
        sent.then(|| Whence::of(self.element.as_bytes(), self.level))
    }

    pub(crate) fn separators(&self) -> Separators {
        self.element.separators()
    }

    /// The first repetition, where this is a field.
    pub(crate) fn single(&self) -> Self {
        match self.level {
            Level::Field => {
                let separator = self.separators().repetition;
                let element = self.element.piece(separator, 1);
                Self { element, level: Level::Repetition, ..*self }
            }
            _ => *self,
        }
    }

    /// The first leaf: what a primitive type is read from. Components that a primitive does not
    /// have are ignored (2.7.1, 2.7.2).
    pub(crate) fn leaf(&self) -> Self {
        let mut raw = self.single();
        while raw.level != Level::Subcomponent {
            raw = raw.part(1);
        }
        Self { place: self.place, ..raw }
    }

    /// The content of the first leaf, if there is any.
    pub(crate) fn primitive(&self, type_name: &'static str) -> Result<&'a [u8], ValueError> {
        let leaf = self.leaf();
        self.check(leaf, type_name)?;
        Ok(leaf.as_bytes())
    }

    /// The value as a composite: a single one that is there.
    pub(crate) fn composite(&self, type_name: &'static str) -> Result<Self, ValueError> {
        let single = self.single();
        self.check(single, type_name)?;
        Ok(single)
    }

    fn check(&self, part: Self, type_name: &'static str) -> Result<(), ValueError> {
        let kind = if part.is_null() {
            ValueErrorKind::Null
        } else if !part.is_valued() {
            ValueErrorKind::NotValued
        } else {
            return Ok(());
        };
        Err(self.error(kind, type_name, 0))
    }

    pub(crate) fn error(
        &self,
        kind: ValueErrorKind,
        type_name: &'static str,
        offset: usize,
    ) -> ValueError {
        ValueError::new(kind, type_name, offset).within(self.place, self.whence())
    }
}

impl fmt::Debug for Raw<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Raw")
            .field("present", &self.is_present())
            .field("len", &self.as_bytes().len())
            .finish()
    }
}

/// What can be read from a value of a message.
///
/// Implemented by the types of this module; by `Option<T>`, which is `None` where nothing was
/// sent (a delete indicator is still an error, so that a deletion is not taken for silence: ask
/// [`Field::is_null`] first); by `Vec<T>`, one for each repetition; and by [`Raw`] itself.
/// Implement it for types of your own:
///
/// ```
/// use hl7_parse::{Message, value::{Cx, FromRaw, Raw, ValueError}};
///
/// struct RecordNumber(String);
///
/// impl<'a> FromRaw<'a> for RecordNumber {
///     fn from_raw(raw: Raw<'a>) -> Result<Self, ValueError> {
///         let id: Cx<'a> = raw.read()?;
///         Ok(Self(id.id_number().decode().into_owned()))
///     }
/// }
///
/// let message = Message::parse(b"MSH|^~\\&|A\rPID|||7^^^GH\r")?;
/// let pid = message.segment("PID").ok_or("no PID")?;
/// assert_eq!(pid.field(3).read::<RecordNumber>()?.0, "7");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait FromRaw<'a>: Sized {
    /// Reads a value.
    ///
    /// # Errors
    ///
    /// Where there is none, or it is not in the form of the type.
    fn from_raw(raw: Raw<'a>) -> Result<Self, ValueError>;
}

impl<'a> FromRaw<'a> for Raw<'a> {
    fn from_raw(raw: Self) -> Result<Self, ValueError> {
        Ok(raw)
    }
}

impl<'a, T: FromRaw<'a>> FromRaw<'a> for Option<T> {
    fn from_raw(raw: Raw<'a>) -> Result<Self, ValueError> {
        match T::from_raw(raw) {
            Ok(value) => Ok(Some(value)),
            // Of the value itself, and not of a part of it.
            Err(error)
                if error.kind() == ValueErrorKind::NotValued && error.is_within(raw.place) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

impl<'a, T: FromRaw<'a>> FromRaw<'a> for Vec<T> {
    fn from_raw(raw: Raw<'a>) -> Result<Self, ValueError> {
        raw.repetitions().map(T::from_raw).collect()
    }
}

/// The repetitions of a value. Made by [`Raw::repetitions`].
#[derive(Clone, Debug)]
pub struct RawRepetitions<'a> {
    rest: Option<Raw<'a>>,
    number: u16,
}

impl<'a> Iterator for RawRepetitions<'a> {
    type Item = Raw<'a>;

    fn next(&mut self) -> Option<Raw<'a>> {
        let raw = self.rest.take()?;
        if raw.level != Level::Field {
            return Some(raw);
        }
        let separators = raw.separators();
        let bytes = raw.as_bytes();
        let piece = until(bytes, separators.repetition);
        if let Some(after) = bytes.get(piece.len() + 1..) {
            self.rest = Some(Raw { element: Element::new(Some(after), separators), ..raw });
        }
        self.number = self.number.saturating_add(1);
        Some(Raw {
            element: Element::new(Some(piece), separators),
            level: Level::Repetition,
            place: Place { repetition: self.number, ..raw.place },
        })
    }
}

impl FusedIterator for RawRepetitions<'_> {}

/// The parts of a value. Made by [`Raw::parts`].
#[derive(Clone, Debug)]
pub struct RawParts<'a> {
    rest: Option<Raw<'a>>,
    number: u16,
}

impl<'a> Iterator for RawParts<'a> {
    type Item = Raw<'a>;

    fn next(&mut self) -> Option<Raw<'a>> {
        let raw = self.rest.take()?;
        let separators = raw.separators();
        self.number = self.number.saturating_add(1);
        let (separator, level, place) = match raw.level {
            Level::Field | Level::Repetition => {
                let place = Place { component: self.number, ..raw.place };
                (separators.component, Level::Component, place)
            }
            Level::Component => {
                let place = Place { subcomponent: self.number, ..raw.place };
                (separators.subcomponent, Level::Subcomponent, place)
            }
            Level::Subcomponent => return Some(raw),
        };
        let bytes = raw.as_bytes();
        let piece = until(bytes, separator);
        if let Some(after) = bytes.get(piece.len() + 1..) {
            self.rest = Some(Raw { element: Element::new(Some(after), separators), ..raw });
        }
        Some(Raw { element: Element::new(Some(piece), separators), level, place })
    }
}

impl FusedIterator for RawParts<'_> {}

/// The repetitions of a field, each read as a type. Made by [`Field::read_each`].
pub struct ReadEach<'a, T> {
    repetitions: RawRepetitions<'a>,
    type_read: PhantomData<fn() -> T>,
}

impl<'a, T: FromRaw<'a>> Iterator for ReadEach<'a, T> {
    type Item = Result<T, ValueError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.repetitions.next().map(T::from_raw)
    }
}

impl<T> fmt::Debug for ReadEach<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadEach").field("repetitions", &self.repetitions).finish()
    }
}

macro_rules! readable {
    ($view:ident is $level:ident) => {
        impl<'a> From<$view<'a>> for Raw<'a> {
            fn from(view: $view<'a>) -> Self {
                Self { element: view.into(), level: Level::$level, place: Place::default() }
            }
        }

        impl<'a> $view<'a> {
            /// Reads the value as a type of [`crate::value`].
            ///
            /// ```
            /// use hl7_parse::{Message, value::{Date, Precision}};
            ///
            /// let message = Message::parse(b"MSH|^~\\&|A\rPID|||||||196203\r")?;
            /// let pid = message.segment("PID").ok_or("no PID")?;
            /// let born: Date = pid.field(7).read()?;
            /// assert_eq!(born.precision(), Precision::Month);
            /// assert_eq!(pid.field(29).read::<Option<Date>>()?, None);
            /// # Ok::<(), Box<dyn std::error::Error>>(())
            /// ```
            ///
            /// # Errors
            ///
            /// Where nothing was sent (read `Option<T>` where that may be), and those of the
            /// type. The text stays readable on the view; [`ValueError::in_message`] adds the
            /// path.
            pub fn read<T: FromRaw<'a>>(&self) -> Result<T, ValueError> {
                T::from_raw(Raw::from(*self))
            }
        }
    };
}

readable!(Field is Field);
readable!(Repetition is Repetition);
readable!(Component is Component);
readable!(Subcomponent is Subcomponent);

impl<'a> Field<'a> {
    /// Reads each repetition as a type of [`crate::value`], when the iterator comes to it.
    ///
    /// ```
    /// use hl7_parse::{Message, value::Cx};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rPID|||7^^^GH^MR~8^^^GH^AN\r")?;
    /// let pid = message.segment("PID").ok_or("no PID")?;
    /// for id in pid.field(3).read_each::<Cx>() {
    ///     let id = id?;
    ///     if id.identifier_type_code().as_bytes() == b"MR" {
    ///         assert_eq!(id.id_number().decode(), "7");
    ///     }
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn read_each<T: FromRaw<'a>>(&self) -> ReadEach<'a, T> {
        ReadEach { repetitions: Raw::from(*self).repetitions(), type_read: PhantomData }
    }
}

impl<'a> Message<'a> {
    /// Reads what a path leads to as a type of [`crate::value`]. Errors name the path, and those
    /// that come of what was read do too.
    ///
    /// ```
    /// use hl7_parse::{Message, Path, value::Hd};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rPID|||7^^^GH&1.2.3&ISO\r")?;
    /// let authority: Hd = message.read(&Path::new("PID-3.4"))?;
    /// assert_eq!(authority.universal_id().decode(), "1.2.3");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Where nothing was sent (read `Option<T>` where that may be), those of the type, and
    /// [`ValueErrorKind::NoField`] for the path of a segment.
    pub fn read<T: FromRaw<'a>>(&self, path: &Path) -> Result<T, ValueError> {
        T::from_raw(Raw::named(self.get(path), *path)?)
    }
}
