//! [`Value`]: a place in a message, as serde's deserializer.

use std::borrow::Cow;

use serde_core::de::{Deserializer, Visitor, value::StrDeserializer};

use super::{
    DeError, DeErrorKind,
    access::{Members, RepetitionList, SegmentList},
    nullable, scalar,
    view::{self, ValueType, View},
};
use crate::{Component, Element, Field, Message, Path, Repetition, Segment};

/// What a type is filled from. `'m` is the borrow of the message, `'de` that of its bytes.
#[derive(Clone, Copy)]
pub(super) struct Value<'m, 'de> {
    /// What text and numbers are read from.
    element: Element<'de>,
    /// What a struct is filled from.
    parts: Parts<'m, 'de>,
    /// What a list is filled from.
    list: List<'m, 'de>,
    /// `None` for the message.
    place: Option<Path>,
    /// Of OBX-5: its segment, of which field 2 names the type.
    typed_by: Option<Segment<'de>>,
}

#[derive(Clone, Copy)]
enum Parts<'m, 'de> {
    Message(&'m Message<'de>),
    Segment(Segment<'de>),
    Repetition(Repetition<'de>),
    Component(Component<'de>),
    /// There are none: a subcomponent, or a segment that is missing.
    None,
}

#[derive(Clone, Copy)]
enum List<'m, 'de> {
    Segments(&'m Message<'de>),
    /// The repetitions of the field, or the component or subcomponent of each that the place
    /// names; and of OBX-5 its segment.
    Repetitions(Field<'de>, Option<Segment<'de>>),
    None,
}

impl<'m, 'de> Value<'m, 'de> {
    pub(super) fn message(message: &'m Message<'de>) -> Self {
        Self {
            element: Element::ABSENT,
            parts: Parts::Message(message),
            list: List::None,
            place: None,
            typed_by: None,
        }
    }

    pub(super) fn segment(segment: Segment<'de>, place: Path) -> Self {
        Self {
            element: segment.into(),
            parts: Parts::Segment(segment),
            list: List::None,
            place: Some(place),
            typed_by: None,
        }
    }

    fn in_message(message: &'m Message<'de>, path: Path) -> Self {
        let mut named = message.segments().filter(|segment| segment.id() == path.segment());
        let segment = named.nth(path.occurrence().saturating_sub(1));
        match (segment, path.field()) {
            (Some(segment), Some(_)) => Self::in_segment(segment, path),
            (None, Some(_)) => Self::in_segment(Segment::new(&[], message.separators()), path),
            (segment, None) => Self {
                element: segment.map_or(Element::ABSENT, Element::from),
                parts: segment.map_or(Parts::None, Parts::Segment),
                list: match path.names_occurrence() {
                    true => List::None,
                    false => List::Segments(message),
                },
                place: Some(path),
                typed_by: None,
            },
        }
    }

    fn in_segment(segment: Segment<'de>, path: Path) -> Self {
        let field = segment.field(path.field().unwrap_or_default());
        let repetition = field.repetition(path.repetition().unwrap_or(1));
        const VALUE: Path = Path::new("OBX-5");
        let is_value = path.field() == VALUE.field() && path.segment() == VALUE.segment();
        let typed_by = is_value.then_some(segment);
        let list = match path.repetition() {
            Some(_) => List::None,
            None => List::Repetitions(field, typed_by),
        };
        match (path.component(), path.repetition()) {
            (Some(_), _) => Self { list, ..Self::in_repetition(repetition, path, None) },
            (None, Some(_)) => Self::repetition(repetition, path, typed_by),
            (None, None) => {
                Self { element: field.into(), list, ..Self::repetition(repetition, path, typed_by) }
            }
        }
    }

    /// What the path names in a repetition: all of it, or a part.
    pub(super) fn in_repetition(
        repetition: Repetition<'de>,
        path: Path,
        typed_by: Option<Segment<'de>>,
    ) -> Self {
        match path.component() {
            Some(component) => Self::in_component(repetition.component(component), path),
            None => Self::repetition(repetition, path, typed_by),
        }
    }

    fn repetition(repetition: Repetition<'de>, path: Path, typed_by: Option<Segment<'de>>) -> Self {
        Self {
            element: repetition.into(),
            parts: Parts::Repetition(repetition),
            list: List::None,
            place: Some(path),
            typed_by,
        }
    }

    fn in_component(component: Component<'de>, path: Path) -> Self {
        let (element, parts) = match path.subcomponent() {
            Some(n) => (component.subcomponent(n).into(), Parts::None),
            None => (component.into(), Parts::Component(component)),
        };
        Self { element, parts, list: List::None, place: Some(path), typed_by: None }
    }

    /// What a name leads to from here.
    pub(super) fn member(&self, name: &'static str) -> Result<Self, DeError> {
        let path = || {
            let path = self.place.map_or_else(|| name.parse(), |place| place.below(name));
            path.map_err(|_| DeError::named(DeErrorKind::NotAPath, name).at(self.place))
        };
        match self.parts {
            Parts::Message(message) => Ok(Self::in_message(message, path()?)),
            Parts::Segment(segment) => Ok(Self::in_segment(segment, path()?)),
            Parts::Repetition(repetition) => Ok(Self::in_repetition(repetition, path()?, None)),
            Parts::Component(component) => Ok(Self::in_component(component, path()?)),
            Parts::None => Err(self.error(DeErrorKind::NoParts)),
        }
    }

    pub(super) fn place(&self) -> Option<Path> {
        self.place
    }

    /// Whether there is anything: always of a message.
    fn is_valued(&self) -> bool {
        self.place.is_none() || self.element.is_valued()
    }

    fn error(&self, kind: DeErrorKind) -> DeError {
        DeError::new(kind).at(self.place)
    }

    /// Refuses what has no value.
    fn valued(&self) -> Result<(), DeError> {
        match self.is_valued() {
            true => Ok(()),
            false => Err(self.error(DeErrorKind::Missing)),
        }
    }

    /// Refuses what has no value, and the delete indicator.
    fn valued_and_not_null(&self) -> Result<(), DeError> {
        self.valued()?;
        match self.element.is_null() {
            true => Err(self.error(DeErrorKind::Null)),
            false => Ok(()),
        }
    }

    fn text(&self) -> Result<Cow<'de, str>, DeError> {
        if self.place.is_none() {
            return Err(self.error(DeErrorKind::NotAStruct));
        }
        self.valued_and_not_null()?;
        Ok(self.element.decode())
    }

    /// Text that `read` understands.
    fn read<T>(&self, read: impl Fn(&str) -> Result<T, DeErrorKind>) -> Result<T, DeError> {
        read(&self.text()?).map_err(|kind| self.error(kind))
    }

    fn visit_text<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        match self.text()? {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor
                .visit_string(text)
                .map_err(|error: DeError| error.or_if_invalid_type(DeErrorKind::NotBorrowable)),
        }
    }
}

/// Methods that read a number.
macro_rules! numbers {
    ($($method:ident, $visit:ident, $read:path;)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
            let number = self.read($read)?;
            visitor.$visit(number).map_err(|error: DeError| error.at(self.place))
        }
    )+};
}

/// Methods for what can not be filled.
macro_rules! refused {
    ($($method:ident($($argument:ty),*): $kind:ident;)+) => {$(
        fn $method<V: Visitor<'de>>(self, $(_: $argument,)* _: V) -> Result<V::Value, DeError> {
            Err(self.error(DeErrorKind::$kind))
        }
    )+};
}

impl<'de> Deserializer<'de> for Value<'_, 'de> {
    type Error = DeError;

    /// For types that take what comes: it is text.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        self.visit_text(visitor).map_err(|error| error.at(self.place))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        self.deserialize_any(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        self.deserialize_any(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        self.deserialize_any(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        let single = |text: &str| {
            let mut characters = text.chars();
            let first = characters.next().filter(|_| characters.next().is_none());
            first.ok_or(DeErrorKind::NotAChar)
        };
        let character = self.read(single)?;
        visitor.visit_char(character).map_err(|error: DeError| error.at(self.place))
    }

    numbers! {
        deserialize_bool, visit_bool, scalar::boolean;
        deserialize_i8, visit_i8, scalar::integer;
        deserialize_i16, visit_i16, scalar::integer;
        deserialize_i32, visit_i32, scalar::integer;
        deserialize_i64, visit_i64, scalar::integer;
        deserialize_i128, visit_i128, scalar::integer;
        deserialize_u8, visit_u8, scalar::integer;
        deserialize_u16, visit_u16, scalar::integer;
        deserialize_u32, visit_u32, scalar::integer;
        deserialize_u64, visit_u64, scalar::integer;
        deserialize_u128, visit_u128, scalar::integer;
        deserialize_f32, visit_f32, scalar::decimal;
        deserialize_f64, visit_f64, scalar::decimal;
    }

    /// The bytes as they were sent, `""` among them.
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        if self.place.is_none() {
            return Err(self.error(DeErrorKind::NotAStruct));
        }
        self.valued()?;
        let bytes = self.element.as_bytes();
        visitor.visit_borrowed_bytes(bytes).map_err(|error: DeError| error.at(self.place))
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        match self.is_valued() {
            true => visitor.visit_some(self),
            false => visitor.visit_none(),
        }
        .map_err(|error: DeError| error.at(self.place))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DeError> {
        match name {
            nullable::NAME if !self.is_valued() => visitor.visit_none(),
            nullable::NAME if self.element.is_null() => visitor.visit_unit(),
            nullable::NAME => visitor.visit_some(self),
            view::NAME => match self.place {
                Some(place) => {
                    let named = |obx: Segment<'de>| {
                        ValueType::new(obx.field(2).component(1).subcomponent(1).as_bytes())
                    };
                    let value_type = self.typed_by.map(named);
                    View { element: self.element, place, value_type }.give(visitor)
                }
                None => Err(self.error(DeErrorKind::NotAStruct)),
            },
            _ => visitor.visit_newtype_struct(self),
        }
        .map_err(|error| error.at(self.place))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        match (self.list, self.place) {
            (_, None) => Err(self.error(DeErrorKind::NotAStruct)),
            (List::Segments(message), Some(place)) => {
                visitor.visit_seq(SegmentList::new(message, place))
            }
            (List::Repetitions(field, typed_by), Some(place)) => {
                visitor.visit_seq(RepetitionList::new(field, place, typed_by))
            }
            (List::None, _) => Err(self.error(DeErrorKind::NoList)),
        }
        .map_err(|error| error.at(self.place))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        self.valued_and_not_null()?;
        let mut members = Members::new(self, names);
        let filled = visitor.visit_seq(&mut members);
        members.checked(filled).map_err(|error| error.at(self.place))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        let text = self.text()?;
        visitor
            .visit_enum(StrDeserializer::new(&text))
            .map_err(|error: DeError| error.or_if_invalid_type(DeErrorKind::EnumContent))
            .map_err(|error| error.at(self.place))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        visitor.visit_unit()
    }

    refused! {
        deserialize_map(): Map;
        deserialize_tuple(usize): Tuple;
        deserialize_tuple_struct(&'static str, usize): Tuple;
        deserialize_unit(): Unit;
        deserialize_unit_struct(&'static str): Unit;
    }
}
