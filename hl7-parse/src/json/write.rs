//! Writes a message in the form that [`super`] describes.

use std::fmt::{self, Write};

use serde_core::{
    Serialize, Serializer,
    ser::{Error, SerializeMap, SerializeSeq},
};

use super::Json;
use crate::{
    Charset, Component, Element, Field, Message, OwnedMessage, Repetition, Segment,
    header::declared,
    json::read::scan_again,
    scan::{Ignore, slice},
};

impl Serialize for Json<&Message<'_>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write(self.0, serializer)
    }
}

impl Serialize for Json<Message<'_>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write(&self.0, serializer)
    }
}

impl Serialize for Json<&OwnedMessage> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write(&self.0.as_message(), serializer)
    }
}

impl Serialize for Json<OwnedMessage> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write(&self.0.as_message(), serializer)
    }
}

fn write<S: Serializer>(message: &Message<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    check(message).map_err(S::Error::custom)?;
    let before = before(message);
    let line_end = match after(message).next() {
        Some((_, end @ ("\n" | "\r\n"))) => end,
        _ => "\r",
    };
    let others = Others { message, line_end };
    let has_others = others.iter().next().is_some();
    let count = 1
        + usize::from(!before.is_empty())
        + usize::from(line_end != "\r")
        + usize::from(has_others)
        + usize::from(is_decoded(message));

    let mut map = serializer.serialize_map(Some(count))?;
    if is_decoded(message) {
        map.serialize_entry("decoded", &true)?;
    }
    if !before.is_empty() {
        map.serialize_entry("before", before)?;
    }
    if line_end != "\r" {
        map.serialize_entry("line_end", line_end)?;
    }
    map.serialize_entry("segments", &Segments(message))?;
    if has_others {
        map.serialize_entry("after", &others)?;
    }
    map.end()
}

/// Sees to it that nothing is written that reading would refuse.
fn check(message: &Message<'_>) -> Result<(), String> {
    // An error says kind and offset, and nothing of the content.
    let scanned = scan_again(message.as_bytes(), is_decoded(message))
        .map_err(|error| format!("this message could not be read back from JSON: {error}"))?;
    match scanned.spans == message.spans() {
        true => Ok(()),
        false => Err("this message could not be read back from JSON: \
                      its segments are others than its bytes make (joined lines, line feeds read as data)"
            .into()),
    }
}

/// Whether this is UTF-8 although MSH-18 says something else.
fn is_decoded(message: &Message<'_>) -> bool {
    let declared = declared(message.header().segment().as_bytes(), 0, &mut Ignore);
    message.separators().charset() == Charset::Utf8
        && declared.is_ok_and(|declared| declared.charset() != Charset::Utf8)
}

/// What stands between segments is white space, framing bytes and byte order marks: UTF-8.
fn between<'a>(message: &Message<'a>, start: usize, end: usize) -> &'a str {
    std::str::from_utf8(slice(message.as_bytes(), start, end)).unwrap_or_default()
}

fn before<'a>(message: &Message<'a>) -> &'a str {
    let end = message.spans().first().map_or(0, |span| span.start as usize);
    between(message, 0, end)
}

/// What follows each segment, with the number of the segment.
fn after<'a>(message: &Message<'a>) -> impl Iterator<Item = (usize, &'a str)> {
    let ends = message.spans().iter().map(|span| span.end as usize);
    let starts = message.spans().iter().skip(1).map(|span| span.start as usize);
    let starts = starts.chain([message.as_bytes().len()]);
    (1..).zip(ends.zip(starts).map(|(end, start)| between(message, end, start)))
}

/// What follows segments that do not end with `line_end`.
struct Others<'m, 'a> {
    message: &'m Message<'a>,
    line_end: &'a str,
}

impl<'a> Others<'_, 'a> {
    fn iter(&self) -> impl Iterator<Item = (usize, &'a str)> {
        after(self.message).filter(|(_, end)| *end != self.line_end)
    }
}

impl Serialize for Others<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.iter().count()))?;
        for other in self.iter() {
            list.serialize_element(&other)?;
        }
        list.end()
    }
}

struct Segments<'m, 'a>(&'m Message<'a>);

impl Serialize for Segments<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let segments = self.0.segments();
        let mut list = serializer.serialize_seq(Some(segments.len()))?;
        for segment in segments {
            list.serialize_element(&One(segment))?;
        }
        list.end()
    }
}

/// One part of a message, at whatever level.
struct One<T>(T);

impl Serialize for One<Segment<'_>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = self.0.fields();
        let mut list = serializer.serialize_seq(Some(1 + fields.clone().count()))?;
        list.serialize_element(&Leaf(self.0.id_bytes()))?;
        for field in fields {
            list.serialize_element(&One(field))?;
        }
        list.end()
    }
}

impl Serialize for One<Field<'_>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let repetitions = self.0.repetitions();
        let count = repetitions.clone().count();
        if count < 2 {
            return One(self.0.repetition(1)).serialize(serializer);
        }
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("repetitions", &List(count, || repetitions.clone().map(One)))?;
        map.end()
    }
}

impl Serialize for One<Repetition<'_>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let components = self.0.components();
        let count = components.clone().count();
        let first = self.0.component(1);
        if count < 2 && first.subcomponents().nth(1).is_none() {
            return Leaf(Element::from(self.0).as_bytes()).serialize(serializer);
        }
        List(count, || components.clone().map(One)).serialize(serializer)
    }
}

impl Serialize for One<Component<'_>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let subcomponents = self.0.subcomponents();
        let count = subcomponents.clone().count();
        if count < 2 {
            return Leaf(self.0.as_bytes()).serialize(serializer);
        }
        List(count, || subcomponents.clone().map(|leaf| Leaf(leaf.as_bytes())))
            .serialize(serializer)
    }
}

/// So many items that `.1` gives.
struct List<F>(usize, F);

impl<I, F> Serialize for List<F>
where
    I: Iterator<Item: Serialize>,
    F: Fn() -> I,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0))?;
        for item in self.1() {
            list.serialize_element(&item)?;
        }
        list.end()
    }
}

/// What is not cut any further.
struct Leaf<'a>(&'a [u8]);

impl Serialize for Leaf<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("bytes", &Bytes(self.0))?;
                map.end()
            }
        }
    }
}

/// One character for each byte.
struct Bytes<'a>(&'a [u8]);

impl fmt::Display for Bytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| f.write_char(char::from(*byte)))
    }
}

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
