//! [`Nullable`]: a value, the delete indicator, or neither.

use std::{fmt, marker::PhantomData};

use serde_core::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, Visitor},
};

/// The three states of an element (2.5.3): what an `Option` can not tell.
///
/// An element whose whole content is `""` is [`Nullable::Null`]; that says nothing of its
/// neighbours, so ask at the level at which the sender deletes: `Nullable` of a struct for a
/// field.
///
/// ```
/// use hl7_parse::{Message, de::{self, Nullable}};
///
/// #[derive(serde::Deserialize)]
/// struct Patient {
///     #[serde(rename = "PID-7")]
///     born: Nullable<String>,
///     #[serde(rename = "PID-8")]
///     sex: Nullable<char>,
///     #[serde(rename = "PID-19")]
///     ssn: Nullable<String>,
/// }
///
/// let message = Message::parse(b"MSH|^~\\&|A\rPID|||||||\"\"|F\r")?;
/// let patient: Patient = de::from_message(&message)?;
/// assert_eq!(patient.born, Nullable::Null);
/// assert_eq!(patient.sex, Nullable::Value('F'));
/// assert_eq!(patient.ssn, Nullable::Absent);
/// assert!(patient.born.is_null() && patient.ssn.is_absent());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// In other formats it is what a JSON merge patch (RFC 7396) means: `null` deletes, and what
/// is left out stays. For that to come out right give the field
/// `#[serde(default, skip_serializing_if = "Nullable::is_absent")]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the standard knows these three states")]
pub enum Nullable<T> {
    /// Not sent, or sent empty: what is stored stays.
    #[default]
    Absent,
    /// The delete indicator, `""`: what is stored is to be deleted.
    Null,
    /// A value.
    Value(T),
}

impl<T> Nullable<T> {
    /// Whether nothing was sent.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Whether the delete indicator was sent.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The value, where the difference between the other two does not matter.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// The same of a reference to the value.
    pub fn as_ref(&self) -> Nullable<&T> {
        match self {
            Self::Absent => Nullable::Absent,
            Self::Null => Nullable::Null,
            Self::Value(value) => Nullable::Value(value),
        }
    }
}

/// Reads an `Option` for which `""` is `None`, like absent and empty.
///
/// ```
/// use hl7_parse::{Message, de};
///
/// #[derive(serde::Deserialize)]
/// struct Patient {
///     #[serde(rename = "PID-19", deserialize_with = "de::null_as_none")]
///     ssn: Option<String>,
/// }
///
/// let message = Message::parse(b"MSH|^~\\&|A\rPID|||||||||||||||||||\"\"\r")?;
/// assert_eq!(de::from_message::<Patient>(&message)?.ssn, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Those of reading a `T`.
pub fn null_as_none<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Nullable::deserialize(deserializer)?.value())
}

/// The name by which our deserializer knows that it may tell the three states.
pub(super) const NAME: &str = "$hl7_parse::Nullable";

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Nullable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(NAME, NullableVisitor(PhantomData))
    }
}

struct NullableVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for NullableVisitor<T> {
    type Value = Nullable<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or null")
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Nullable::Absent)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Nullable::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        T::deserialize(deserializer).map(Nullable::Value)
    }

    /// Of any other format.
    fn visit_newtype_struct<D>(self, deserializer: D) -> Result<Self::Value, D::Error>
    where
        D: Deserializer<'de>,
    {
        Ok(Option::deserialize(deserializer)?.map_or(Nullable::Null, Nullable::Value))
    }
}

impl<T: Serialize> Serialize for Nullable<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent | Self::Null => serializer.serialize_none(),
            Self::Value(value) => serializer.serialize_some(value),
        }
    }
}
