//! [`Key`], [`Text`] and [`After`]: the small items of the form that [`super`] describes.

use std::fmt;

use serde_core::{
    Deserialize, Deserializer,
    de::{Error, SeqAccess, Visitor},
};

use super::refuse::{refuse, refuse_all_but_strings};

/// A key of one of the objects.
#[derive(Clone, Copy)]
pub(super) enum Key {
    Before,
    LineEnd,
    Segments,
    After,
    Bytes,
    Repetitions,
    Unknown,
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KeyVisitor)
    }
}

struct KeyVisitor;

impl KeyVisitor {
    fn refusal<E: Error>(&self) -> E {
        E::custom("a key is a string")
    }
}

impl Visitor<'_> for KeyVisitor {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    refuse_all_but_strings!();

    fn visit_str<E: Error>(self, key: &str) -> Result<Key, E> {
        Ok(match key {
            "before" => Key::Before,
            "line_end" => Key::LineEnd,
            "segments" => Key::Segments,
            "after" => Key::After,
            "bytes" => Key::Bytes,
            "repetitions" => Key::Repetitions,
            _ => Key::Unknown,
        })
    }
}

/// A string and nothing else.
#[derive(Default)]
pub(super) struct Text(pub(super) Box<str>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl TextVisitor {
    fn refusal<E: Error>(&self) -> E {
        E::custom("`before`, `line_end`, `bytes` and what is in `after` are strings")
    }
}

impl Visitor<'_> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    refuse_all_but_strings!();

    fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
        Ok(Text(text.into()))
    }
}

/// Pairs of a segment number and what follows the segment.
pub(super) struct After(pub(super) Vec<(usize, Text)>);

impl<'de> Deserialize<'de> for After {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AfterVisitor)
    }
}

struct AfterVisitor;

impl AfterVisitor {
    fn refusal<E: Error>(&self) -> E {
        E::custom("`after` is an array of pairs of a segment number and a string")
    }
}

impl<'de> Visitor<'de> for AfterVisitor {
    type Value = After;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of pairs")
    }

    refuse_all_but_strings!();
    refuse!(visit_str(&str));

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<After, A::Error> {
        let mut pairs = Vec::new();
        while let Some(Pair(number, text)) = items.next_element()? {
            pairs.push((number, text));
        }
        Ok(After(pairs))
    }
}

struct Pair(usize, Text);

impl<'de> Deserialize<'de> for Pair {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PairVisitor)
    }
}

struct PairVisitor;

impl PairVisitor {
    fn refusal<E: Error>(&self) -> E {
        AfterVisitor.refusal()
    }
}

impl<'de> Visitor<'de> for PairVisitor {
    type Value = Pair;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a pair")
    }

    refuse_all_but_strings!();
    refuse!(visit_str(&str));

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Pair, A::Error> {
        let number = items.next_element::<Number>()?;
        let text = items.next_element()?;
        match (number, text, items.next_element::<Number>()?) {
            (Some(Number(number)), Some(text), None) => Ok(Pair(number, text)),
            _ => Err(self.refusal()),
        }
    }
}

struct Number(usize);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor)
    }
}

struct NumberVisitor;

impl NumberVisitor {
    fn refusal<E: Error>(&self) -> E {
        AfterVisitor.refusal()
    }
}

impl Visitor<'_> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a segment number")
    }

    refuse! {
        visit_bool(bool), visit_i64(i64), visit_i128(i128), visit_u128(u128), visit_f64(f64),
        visit_bytes(&[u8]), visit_str(&str)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Number, E> {
        usize::try_from(number).map(Number).map_err(|_| self.refusal())
    }
}
