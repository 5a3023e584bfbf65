//! [`Element`] as a type to fill: a view that is looked at later.

use std::fmt;

use serde_core::{
    Deserialize, Deserializer,
    de::{
        DeserializeSeed, Error, IntoDeserializer, SeqAccess, Visitor,
        value::{BorrowedBytesDeserializer, U64Deserializer},
    },
};

use super::DeError;
use crate::{Charset, Element, Separators};

/// The name by which our deserializer knows that a view is wanted.
pub(super) const NAME: &str = "$hl7_parse::Element";

/// From a message alone: with [`super::from_message`] and [`super::from_segment`].
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
        deserializer.deserialize_newtype_struct(NAME, ElementVisitor)
    }
}

/// Hands an element to the visitor above: its bytes, and the delimiters as a number.
pub(super) fn visit<'de, V: Visitor<'de>>(
    element: Element<'de>,
    visitor: V,
) -> Result<V::Value, DeError> {
    match element.is_present() {
        true => visitor.visit_seq(Parts { element, at: 0 }),
        false => visitor.visit_none(),
    }
}

struct Parts<'de> {
    element: Element<'de>,
    at: u8,
}

impl<'de> SeqAccess<'de> for Parts<'de> {
    type Error = DeError;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, DeError> {
        self.at = self.at.saturating_add(1);
        match self.at {
            1 => {
                seed.deserialize(BorrowedBytesDeserializer::new(self.element.as_bytes())).map(Some)
            }
            2 => {
                let number: U64Deserializer<DeError> =
                    to_number(self.element.separators()).into_deserializer();
                seed.deserialize(number).map(Some)
            }
            _ => Ok(None),
        }
    }
}

struct ElementVisitor;

impl<'de> Visitor<'de> for ElementVisitor {
    type Value = Element<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an element, which only an HL7 message has")
    }

    fn visit_none<E: Error>(self) -> Result<Element<'de>, E> {
        Ok(Element::ABSENT)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Element<'de>, A::Error> {
        match (parts.next_element::<&'de [u8]>()?, parts.next_element()?) {
            (Some(bytes), Some(number)) => Ok(Element::new(Some(bytes), from_number(number))),
            _ => Err(A::Error::invalid_length(0, &self)),
        }
    }
}

fn to_number(separators: Separators) -> u64 {
    let Separators { field, component, repetition, escape, subcomponent, truncation, charset } =
        separators;
    let charset = charset as u8;
    u64::from_le_bytes([field, component, repetition, escape, subcomponent, truncation, charset, 0])
}

fn from_number(number: u64) -> Separators {
    let [field, component, repetition, escape, subcomponent, truncation, charset, _] =
        number.to_le_bytes();
    let charset = Charset::from_number(charset);
    Separators { field, component, repetition, escape, subcomponent, truncation, charset }
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
                let separators = separators.with_charset(charset);
                assert_eq!(from_number(to_number(separators)), separators, "{name}");
            }
        }
    }
}
