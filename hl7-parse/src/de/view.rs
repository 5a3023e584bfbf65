//! Hands views through serde: [`Element`], [`Raw`], [`Segment`] and [`Observation`] as types to
//! fill.

use std::fmt;

use serde_core::{
    Deserialize, Deserializer,
    de::{
        DeserializeSeed, Error, IntoDeserializer, SeqAccess, Unexpected, Visitor,
        value::{BorrowedBytesDeserializer, U64Deserializer},
    },
};

use super::DeError;
use crate::{
    Charset, Element, Path, Segment, Separators,
    charset::Switching,
    value::{FromRaw, Observation, Raw, ValueError, ValueErrorKind},
};

/// The name by which our deserializer knows that a view is wanted.
pub(super) const NAME: &str = "$hl7_parse::View";

/// From a message alone, with [`super::from_message`] and [`super::from_segment`]: a view of what
/// is there, to be looked at later. Absent where there is nothing.
///
/// ```
/// use hl7_parse::{Element, Message, de};
///
/// #[derive(serde::Deserialize)]
/// struct Letter<'a> {
///     #[serde(rename = "OBX-5", borrow)]
///     content: Element<'a>,
/// }
///
/// let message = Message::parse(b"MSH|^~\\&|A\rOBX|1|TX|||fish \\T\\ chips\r")?;
/// let letter: Letter<'_> = de::from_message(&message)?;
/// assert_eq!(letter.content.as_bytes(), b"fish \\T\\ chips");
/// assert_eq!(letter.content.decode(), "fish & chips");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl<'de: 'a, 'a> Deserialize<'de> for Element<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        View::receive(deserializer).map(|view| view.element)
    }
}

/// From a message alone, as [`Element`] is: a value of which the level and the path are known, to
/// be read as its type later.
impl<'de: 'a, 'a> Deserialize<'de> for Raw<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let View { element, place, .. } = View::receive(deserializer)?;
        Self::named(element, place).map_err(refused)
    }
}

/// From a message alone, as [`Element`] is: OBX-5, read as the type that OBX-2 of the same segment
/// names. `Vec<Observation>` is one for each repetition. Nothing and the delete indicator are
/// variants of their own. Refused anywhere but at OBX-5, and where the value is not in the form of
/// its type.
///
/// ```
/// use hl7_parse::{Message, de, value::Observation};
///
/// #[derive(serde::Deserialize)]
/// struct Report<'a> {
///     #[serde(rename = "OBX", borrow)]
///     results: Vec<Obx<'a>>,
/// }
///
/// #[derive(serde::Deserialize)]
/// struct Obx<'a> {
///     #[serde(rename = "5", borrow)]
///     values: Vec<Observation<'a>>,
/// }
///
/// let message = Message::parse(b"MSH|^~\\&|A\rOBX|1|NM|||13.2~13.4\rOBX|2|CE|||POS^Positive\r")?;
/// let report: Report<'_> = de::from_message(&message)?;
/// assert!(matches!(report.results[0].values[..], [Observation::Nm(_), Observation::Nm(_)]));
/// assert!(matches!(report.results[1].values[..], [Observation::Cwe(_)]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl<'de: 'a, 'a> Deserialize<'de> for Observation<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let View { element, place, value_type } = View::receive(deserializer)?;
        let Some(value_type) = value_type else {
            return Err(refused(ValueError::new(ValueErrorKind::Form, "observation", 0)));
        };
        let raw = Raw::named(element, place).map_err(refused)?;
        Self::typed(value_type.as_bytes(), raw).map_err(refused)
    }
}

/// From a message alone, as [`Element`] is: a segment, to be walked later. Where there is none it
/// is missing, so ask for an `Option` or a `Vec`.
///
/// ```
/// use hl7_parse::{Message, Segment, de, value::Observation};
///
/// #[derive(serde::Deserialize)]
/// struct Result<'a> {
///     #[serde(rename = "OBX", borrow)]
///     observations: Vec<Segment<'a>>,
/// }
///
/// let message = Message::parse(b"MSH|^~\\&|A\rOBX|1|NM|||13.2\rOBX|2|ST|||high\r")?;
/// let result: Result<'_> = de::from_message(&message)?;
/// for obx in result.observations {
///     assert_eq!(Observation::of(obx).count(), 1);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl<'de: 'a, 'a> Deserialize<'de> for Segment<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let View { element, place, .. } = View::receive(deserializer)?;
        match place.field() {
            None if element.is_present() => Ok(Self::new(element.as_bytes(), element.separators())),
            None => Err(refused(ValueError::new(ValueErrorKind::NotValued, "segment", 0))),
            Some(_) => Err(refused(ValueError::new(ValueErrorKind::Form, "segment", 0))),
        }
    }
}

/// Reads a type by its [`FromRaw`]: `#[serde(deserialize_with = "hl7_parse::de::read")]`.
///
/// The types of [`crate::value`] need no such help; types of your own do.
///
/// ```
/// use hl7_parse::{Message, de, value::{Cx, FromRaw, Raw, ValueError}};
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
/// #[derive(serde::Deserialize)]
/// struct Patient {
///     #[serde(rename = "PID-3", deserialize_with = "de::read")]
///     record_number: RecordNumber,
/// }
///
/// let message = Message::parse(b"MSH|^~\\&|A\rPID|||7^^^GH\r")?;
/// assert_eq!(de::from_message::<Patient>(&message)?.record_number.0, "7");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Those of the type: [`super::DeErrorKind::Value`], and `Missing`, `Null` and `OutOfRange` for
/// what these are elsewhere.
pub fn read<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromRaw<'de>,
{
    Raw::deserialize(deserializer)?.read().map_err(refused)
}

/// The kind of a [`ValueError`] as serde can carry it: our own error reads it again. It holds no
/// value.
pub(super) fn refused<E: Error>(error: ValueError) -> E {
    E::invalid_value(Unexpected::Other(&error.kind().to_string()), &error.type_name())
}

/// What is handed: an element, and where it is.
#[derive(Clone, Copy)]
pub(super) struct View<'de> {
    pub(super) element: Element<'de>,
    pub(super) place: Path,
    /// Of OBX-5: what OBX-2 names.
    pub(super) value_type: Option<ValueType>,
}

/// The beginning of OBX-2, as long as no name of a type is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct ValueType {
    name: [u8; 7],
    len: u8,
}

impl ValueType {
    pub(super) fn new(name: &[u8]) -> Self {
        let mut bytes = [0; 7];
        let mut len = 0;
        for (slot, byte) in bytes.iter_mut().zip(name) {
            *slot = *byte;
            len += 1;
        }
        Self { name: bytes, len }
    }

    fn as_bytes(&self) -> &[u8] {
        self.name.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// 0 for none.
    fn to_number(this: Option<Self>) -> u64 {
        let Some(Self { name: [a, b, c, d, e, f, g], len }) = this else { return 0 };
        u64::from_be_bytes([len + 1, a, b, c, d, e, f, g])
    }

    fn from_number(number: u64) -> Option<Self> {
        let [len, name @ ..] = number.to_be_bytes();
        Some(Self { name, len: len.checked_sub(1)? })
    }
}

impl<'de> View<'de> {
    /// Gives it to the visitor of [`Self::receive`].
    pub(super) fn give<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        let [first, second] = self.place.to_bits();
        let separators = to_number(self.element.separators());
        let present = u64::from(self.element.is_present());
        let value_type = ValueType::to_number(self.value_type);
        visitor.visit_seq(Parts {
            bytes: Some(self.element.as_bytes()),
            numbers: [separators, present, first, second, value_type].into_iter(),
        })
    }

    fn receive<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(NAME, ViewVisitor)
    }
}

struct Parts<'de> {
    bytes: Option<&'de [u8]>,
    numbers: std::array::IntoIter<u64, 5>,
}

impl<'de> SeqAccess<'de> for Parts<'de> {
    type Error = DeError;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, DeError> {
        if let Some(bytes) = self.bytes.take() {
            return seed.deserialize(BorrowedBytesDeserializer::new(bytes)).map(Some);
        }
        let Some(number) = self.numbers.next() else { return Ok(None) };
        let number: U64Deserializer<DeError> = number.into_deserializer();
        seed.deserialize(number).map(Some)
    }
}

struct ViewVisitor;

impl<'de> Visitor<'de> for ViewVisitor {
    type Value = View<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an element, which only an HL7 message has")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<View<'de>, A::Error> {
        let missing = || A::Error::invalid_length(0, &Self);
        let bytes = parts.next_element::<&'de [u8]>()?.ok_or_else(missing)?;
        let mut number = || parts.next_element::<u64>()?.ok_or_else(missing);
        let separators = from_number(number()?);
        let is_present = number()? != 0;
        let place = Path::from_bits([number()?, number()?]);
        let value_type = ValueType::from_number(number()?);
        let element = Element::new(is_present.then_some(bytes), separators);
        Ok(View { element, place, value_type })
    }
}

fn to_number(separators: Separators) -> u64 {
    let Separators {
        field,
        component,
        repetition,
        escape,
        subcomponent,
        truncation,
        charset,
        switching,
    } = separators;
    let switching = match switching {
        Switching::Not => 0,
        Switching::Sequences => 1,
        Switching::Iso2022 => 2,
    };
    let charset = charset as u8;
    u64::from_be_bytes([
        switching,
        charset,
        field,
        component,
        repetition,
        escape,
        subcomponent,
        truncation,
    ])
}

fn from_number(number: u64) -> Separators {
    let [switching, charset, field, component, repetition, escape, subcomponent, truncation] =
        number.to_be_bytes();
    Separators {
        field,
        component,
        repetition,
        escape,
        subcomponent,
        truncation,
        charset: Charset::from_number(charset),
        switching: match switching {
            1 => Switching::Sequences,
            2 => Switching::Iso2022,
            _ => Switching::Not,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_come_back_from_their_number() {
        let names = [
            "",
            "ASCII",
            "8859/1",
            "8859/15",
            "ISO IR14",
            "ISO IR159",
            "UNICODE UTF-8",
            "UTF-32",
            "KLINGON",
        ];
        for name in names {
            let charset = Charset::from_name(name.as_bytes());
            for separators in [Separators::RECOMMENDED, Separators::LITERAL] {
                for switching in [Switching::Not, Switching::Sequences, Switching::Iso2022] {
                    let separators = Separators { charset, switching, ..separators };
                    assert_eq!(from_number(to_number(separators)), separators, "{name}");
                }
            }
        }
    }

    #[test]
    fn value_types_come_back_from_their_number() {
        for (name, kept) in [("", ""), ("NM", "NM"), ("NM\0", "NM\0"), ("LONGNAME", "LONGNAM")] {
            let value_type = Some(ValueType::new(name.as_bytes()));
            let again = ValueType::from_number(ValueType::to_number(value_type));
            assert_eq!(again, value_type, "{name}");
            assert_eq!(again.map(|again| again.as_bytes().to_vec()), Some(kept.into()), "{name}");
        }
        assert_eq!(ValueType::from_number(ValueType::to_number(None)), None);
    }

    #[test]
    fn paths_come_back_from_their_bits() {
        for path in ["PID", "PID-5.1", "OBX[3]-5[65535].4.1", "zzz[65535]-1[2].65535.65535"] {
            let path: Path = path.parse().expect(path);
            assert_eq!(Path::from_bits(path.to_bits()), path);
        }
    }
}
