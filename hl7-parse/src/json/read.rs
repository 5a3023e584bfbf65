//! Reads the form that [`super`] describes, and writes the bytes of the message.

use std::fmt;

use serde_core::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor},
};

use super::{
    Json,
    items::{After, Flag, Key, Text},
    refuse::{refuse, refuse_all_but_strings},
};
use crate::{
    OwnedMessage, ParseOptions, Segment, Separators,
    header::declared,
    scan::{First, Ignore, Scanned, Span, scan, unindented},
};

impl<'de> Deserialize<'de> for Json<OwnedMessage> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MessageVisitor).map(Json)
    }
}

struct MessageVisitor;

impl MessageVisitor {
    fn refusal<E: Error>(&self) -> E {
        E::custom("the JSON form of a message is an object with `segments`")
    }
}

impl<'de> Visitor<'de> for MessageVisitor {
    type Value = OwnedMessage;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `segments`")
    }

    refuse_all_but_strings!();
    refuse!(visit_str(&str));

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<OwnedMessage, A::Error> {
        let twice = || A::Error::custom("a key of the JSON form of a message stands there twice");
        let mut decoded: Option<Flag> = None;
        let mut before: Option<Text> = None;
        let mut line_end: Option<Text> = None;
        let mut lines: Option<Lines> = None;
        let mut after: Option<Vec<(usize, Text)>> = None;
        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::Decoded if decoded.is_none() => decoded = Some(map.next_value()?),
                Key::Before if before.is_none() => before = Some(map.next_value()?),
                Key::LineEnd if line_end.is_none() => line_end = Some(map.next_value()?),
                Key::Segments if lines.is_none() => {
                    lines = Some(map.next_value_seed(SegmentsSeed(Lines::default()))?);
                }
                Key::After if after.is_none() => after = Some(map.next_value::<After>()?.0),
                Key::Decoded | Key::Before | Key::LineEnd | Key::Segments | Key::After => {
                    return Err(twice());
                }
                Key::Bytes | Key::Repetitions | Key::Unknown => {
                    return Err(A::Error::custom(
                        "the JSON form of a message has the keys `segments`, `line_end`, \
                         `before`, `after` and `decoded`",
                    ));
                }
            }
        }
        let lines = lines.ok_or_else(|| self.refusal::<A::Error>())?;
        let line_end = match line_end.as_ref().map(|Text(text)| text.as_ref()) {
            None => "\r",
            Some(end @ ("\r" | "\n" | "\r\n")) => end,
            Some(_) => {
                return Err(A::Error::custom(
                    "`line_end` is a carriage return, a line feed, or both in that order",
                ));
            }
        };
        let before = before.unwrap_or_default();
        let after = after.unwrap_or_default();
        let (bytes, spans) = lines.join(&before.0, line_end, &after).map_err(A::Error::custom)?;
        let decoded = decoded.is_some_and(|Flag(decoded)| decoded);
        // An error says kind and offset, and nothing of the content.
        let scanned = scan_again(&bytes, decoded).map_err(A::Error::custom)?;
        match scanned.spans == spans {
            true => Ok(OwnedMessage::from_scanned(bytes.into(), scanned)),
            false => Err(A::Error::custom(
                "`before`, `after` or a line feed in a string make other segments",
            )),
        }
    }
}

/// Finds the segments of a message; of one that was decoded to UTF-8 whatever MSH-18 says.
pub(super) fn scan_again(bytes: &[u8], decoded: bool) -> Result<Scanned, String> {
    let first = if decoded { first_of_decoded(bytes)? } else { First::Header };
    scan(bytes, first, ParseOptions::MAX_SEGMENTS, &mut Ignore).map_err(|error| error.to_string())
}

#[cfg(feature = "charset")]
fn first_of_decoded(bytes: &[u8]) -> Result<First, String> {
    match std::str::from_utf8(bytes) {
        Ok(_) => Ok(First::Decoded),
        Err(_) => Err("what was decoded is UTF-8".into()),
    }
}

#[cfg(not(feature = "charset"))]
fn first_of_decoded(_: &[u8]) -> Result<First, String> {
    Err("to read a message that was decoded takes the feature `charset`".into())
}

/// The segments, one behind the other, and where each lies.
#[derive(Default)]
struct Lines {
    content: Vec<u8>,
    spans: Vec<Span>,
    /// Known after MSH-2.
    separators: Option<Separators>,
    /// Of the segment that is being read.
    field: usize,
}

impl Lines {
    fn error<E: Error>(&self, what: &'static str) -> E {
        E::custom(format_args!("segment {}, item {}: {what}", self.spans.len() + 1, self.field))
    }

    fn separators(&self) -> Separators {
        self.separators.unwrap_or(Separators::LITERAL)
    }

    /// Takes what can stand in one piece: neither a line end nor one of `delimiters`.
    fn push<E: Error>(&mut self, text: &[u8], delimiters: Separators) -> Result<(), E> {
        let cuts = [
            b'\r',
            delimiters.field,
            delimiters.component,
            delimiters.repetition,
            delimiters.subcomponent,
        ];
        if text.iter().any(|byte| cuts.contains(byte)) {
            return Err(self.error("a string holds a delimiter or a carriage return"));
        }
        self.content.extend_from_slice(text);
        Ok(())
    }

    /// The bytes of the message, and where its segments are to be.
    fn join(
        &self,
        before: &str,
        line_end: &str,
        after: &[(usize, Text)],
    ) -> Result<(Vec<u8>, Vec<Span>), &'static str> {
        let mut bytes = Vec::with_capacity(
            before.len()
                + self.content.len()
                + self.spans.len().saturating_mul(line_end.len())
                + after.iter().map(|(_, Text(text))| text.len()).sum::<usize>(),
        );
        let mut spans = Vec::with_capacity(self.spans.len());
        bytes.extend_from_slice(before.as_bytes());
        let mut after = after.iter().peekable();
        for (number, span) in (1..).zip(&self.spans) {
            let start = u32::try_from(bytes.len());
            bytes.extend_from_slice(span.of(&self.content));
            let (Ok(start), Ok(end)) = (start, u32::try_from(bytes.len())) else {
                return Err("the message is longer than 4 GiB");
            };
            spans.push(Span { start, end });
            let other = after.next_if(|(other, _)| *other == number);
            let end = other.map_or(line_end, |(_, Text(text))| text);
            bytes.extend_from_slice(end.as_bytes());
        }
        if after.next().is_some() {
            return Err("`after` is in the order of the segments, each once at most");
        }
        Ok((bytes, spans))
    }
}

struct SegmentsSeed(Lines);

impl SegmentsSeed {
    fn refusal<E: Error>(&self) -> E {
        E::custom("`segments` is an array of arrays")
    }
}

impl<'de> DeserializeSeed<'de> for SegmentsSeed {
    type Value = Lines;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Lines, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for SegmentsSeed {
    type Value = Lines;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of segments")
    }

    refuse_all_but_strings!();
    refuse!(visit_str(&str));

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Lines, A::Error> {
        while list.next_element_seed(SegmentSeed(&mut self.0))?.is_some() {
            if self.0.spans.len() > ParseOptions::MAX_SEGMENTS {
                return Err(A::Error::custom("too many segments"));
            }
        }
        Ok(self.0)
    }
}

struct SegmentSeed<'l>(&'l mut Lines);

impl SegmentSeed<'_> {
    fn refusal<E: Error>(&self) -> E {
        self.0.error("a segment is an array that begins with its ID")
    }
}

impl<'de> DeserializeSeed<'de> for SegmentSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.0.field = 0;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for SegmentSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a segment")
    }

    refuse_all_but_strings!();
    refuse!(visit_str(&str));

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let lines = &mut *self.0;
        let start = lines.content.len();
        // Of the first segment nothing is known yet.
        let whole = Separators { field: lines.separators().field, ..Separators::LITERAL };
        if items.next_element_seed(Node::leaf(lines, whole))?.is_none() {
            return Err(lines.error("a segment is an array that begins with its ID"));
        }
        // As a reader of the message takes it, which looks past a few blanks only.
        let line = lines.content.get(start..).unwrap_or_default();
        let id = unindented(line);
        let is_header = Segment::new(line, lines.separators()).is_header();
        if lines.separators.is_none() && !(is_header && id == b"MSH") {
            return Err(lines.error("the first segment is MSH"));
        }
        let mut more = match is_header {
            true => read_delimiters(lines, start, &mut items)?,
            false => true,
        };
        while more {
            let at = lines.content.len();
            lines.field += 1;
            let separators = lines.separators();
            lines.content.push(separators.field);
            more =
                items.next_element_seed(Node { lines, level: Level::Field, separators })?.is_some();
            if !more {
                lines.content.truncate(at);
            }
        }
        let narrow = |n| u32::try_from(n).map_err(|_| A::Error::custom("too long"));
        let span = Span { start: narrow(start)?, end: narrow(lines.content.len())? };
        lines.spans.push(span);
        Ok(())
    }
}

/// Reads MSH-1 and MSH-2, or those of FHS and BHS, and says whether there may be more. Those of
/// the first segment are the delimiters of the message.
fn read_delimiters<'de, A: SeqAccess<'de>>(
    lines: &mut Lines,
    start: usize,
    items: &mut A,
) -> Result<bool, A::Error> {
    const FIELD_SEPARATOR: &str = "this is the field separator, one character and always the same";
    lines.field = 1;
    let at = lines.content.len();
    if items.next_element_seed(Node::leaf(lines, Separators::LITERAL))?.is_none() {
        return match lines.separators {
            // An ID alone.
            Some(_) => Ok(false),
            None => Err(lines.error(FIELD_SEPARATOR)),
        };
    }
    let field = match (lines.content.get(at..), lines.separators) {
        (Some([field]), None) => *field,
        (Some([field]), Some(separators)) if *field == separators.field => *field,
        _ => return Err(lines.error(FIELD_SEPARATOR)),
    };
    lines.field = 2;
    let whole = Separators { field, ..Separators::LITERAL };
    // A header that ends behind MSH-1 is the same as one with an empty MSH-2.
    let more = items.next_element_seed(Node::leaf(lines, whole))?.is_some();
    if lines.separators.is_none() {
        let line = lines.content.get(start..).unwrap_or_default();
        match declared(line, 0, &mut Ignore) {
            Ok(separators) => lines.separators = Some(separators),
            Err(_) => return Err(lines.error("MSH-1 is not a usable field separator")),
        }
    }
    Ok(more)
}

/// How far down an item is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Field,
    Repetition,
    Component,
    Leaf,
}

/// A field or a part of one, to be written behind what is there.
struct Node<'l> {
    lines: &'l mut Lines,
    level: Level,
    separators: Separators,
}

impl<'l> Node<'l> {
    fn leaf(lines: &'l mut Lines, separators: Separators) -> Self {
        Self { lines, level: Level::Leaf, separators }
    }

    fn refusal<E: Error>(&self) -> E {
        self.lines.error(match self.level {
            Level::Field => "a field is a string, an array of components, or an object",
            Level::Repetition => "a repetition is a string, an array of components, or an object",
            Level::Component => "a component is a string, an array of strings, or an object",
            Level::Leaf => "this is a string, or an object with `bytes`",
        })
    }

    /// Reads the items of a list at `level`, with `delimiter` between them.
    fn list<'de, A: SeqAccess<'de>>(
        self,
        mut items: A,
        level: Level,
        delimiter: Option<u8>,
    ) -> Result<(), A::Error> {
        let Self { lines, separators, .. } = self;
        let mut first = true;
        loop {
            let at = lines.content.len();
            if !first {
                // Of a level that is not in use there can be one item and no more.
                lines.content.push(delimiter.unwrap_or_default());
            }
            if items.next_element_seed(Node { lines, level, separators })?.is_none() {
                if !first {
                    lines.content.truncate(at);
                }
                return Ok(());
            }
            if !first && delimiter.is_none() {
                return Err(lines.error("MSH-2 declares no delimiter for an array like this"));
            }
            first = false;
        }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field or a part of one")
    }

    refuse_all_but_strings!();

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.lines.push(text.as_bytes(), self.separators)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<(), A::Error> {
        match self.level {
            Level::Field | Level::Repetition => {
                let component = self.separators.component();
                self.list(items, Level::Component, component)
            }
            Level::Component => {
                let subcomponent = self.separators.subcomponent();
                self.list(items, Level::Leaf, subcomponent)
            }
            Level::Leaf => Err(self.refusal()),
        }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        match (map.next_key()?, self.level) {
            (Some(Key::Bytes), _) => {
                let Text(text) = map.next_value()?;
                let bytes: Result<Vec<u8>, _> = text.chars().map(u8::try_from).collect();
                let Ok(bytes) = bytes else {
                    return Err(self.lines.error("`bytes` has characters up to U+00FF"));
                };
                self.lines.push(&bytes, self.separators)?;
            }
            (Some(Key::Repetitions), Level::Field) => {
                map.next_value_seed(RepetitionsSeed(self.again()))?;
            }
            _ => return Err(self.refusal()),
        }
        match map.next_key::<Key>()? {
            None => Ok(()),
            Some(_) => Err(self.refusal()),
        }
    }
}

impl Node<'_> {
    fn again(&mut self) -> Node<'_> {
        Node { lines: self.lines, level: self.level, separators: self.separators }
    }
}

/// The array that stands under `repetitions`.
struct RepetitionsSeed<'l>(Node<'l>);

impl RepetitionsSeed<'_> {
    fn refusal<E: Error>(&self) -> E {
        self.0.lines.error("`repetitions` is an array")
    }
}

impl<'de> DeserializeSeed<'de> for RepetitionsSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for RepetitionsSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of repetitions")
    }

    refuse_all_but_strings!();
    refuse!(visit_str(&str));

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<(), A::Error> {
        let repetition = self.0.separators.repetition();
        self.0.list(items, Level::Repetition, repetition)
    }
}
