//! Writes the fields of a message: where each lies, what its path is, what it says.

use std::{
    collections::HashMap,
    io::{self, Write},
};

use hl7_parse::{Component, Element, Message, Segment};

/// Of a longer text only the beginning is shown: a document would hide the rest.
const MAX_SHOWN: usize = 60;

/// Writes a line for each element that has content and is not divided further. `offset` is where
/// the message begins in its file.
pub(crate) fn write(out: &mut impl Write, message: &Message<'_>, offset: usize) -> io::Result<()> {
    writeln!(out, "    offset  bytes  path             text")?;
    let mut occurrences = HashMap::<&str, usize>::new();
    for segment in message.segments() {
        let occurrence = occurrences.entry(segment.id()).or_default();
        *occurrence += 1;
        let path = match *occurrence {
            1 => segment.id().to_owned(),
            n => format!("{}[{n}]", segment.id()),
        };
        let mut lines = Lines { out, message, offset };
        lines.segment(&path, segment)?;
    }
    Ok(())
}

struct Lines<'o, 'a, W> {
    out: &'o mut W,
    message: &'o Message<'a>,
    offset: usize,
}

impl<'a, W: Write> Lines<'_, 'a, W> {
    fn segment(&mut self, path: &str, segment: Segment<'a>) -> io::Result<()> {
        writeln!(self.out, "                   {}", printable(path))?;
        for (n, field) in (1..).zip(segment.fields()) {
            let several = field.repetitions().nth(1).is_some();
            for (r, repetition) in (1..).zip(field.repetitions()) {
                let path = match several {
                    true => format!("{path}-{n}[{r}]"),
                    false => format!("{path}-{n}"),
                };
                let several = repetition.components().nth(1).is_some();
                for (c, component) in (1..).zip(repetition.components()) {
                    self.component(&path, c, several, component)?;
                }
            }
        }
        Ok(())
    }

    /// The path goes no deeper than what was sent: `PID-7` where there is one component.
    fn component(
        &mut self,
        path: &str,
        c: usize,
        several: bool,
        component: Component<'a>,
    ) -> io::Result<()> {
        if component.subcomponents().nth(1).is_some() {
            for (s, subcomponent) in (1..).zip(component.subcomponents()) {
                self.line(&format!("{path}.{c}.{s}"), subcomponent.into())?;
            }
            return Ok(());
        }
        match several {
            true => self.line(&format!("{path}.{c}"), component.into()),
            false => self.line(path, component.into()),
        }
    }

    fn line(&mut self, path: &str, element: Element<'a>) -> io::Result<()> {
        let Some(span) = self.message.span_of(element).filter(|span| !span.is_empty()) else {
            return Ok(());
        };
        let (start, len) = (self.offset + span.start, span.len());
        let text = match element.is_null() {
            true => "\"\" (delete)".to_owned(),
            false => shown(&element.decode()),
        };
        writeln!(self.out, "{start:>10} {len:>6}  {path:<16} {text}", path = printable(path))
    }
}

/// The beginning of a text, in one line.
fn shown(text: &str) -> String {
    let beginning: String = text.chars().take(MAX_SHOWN).collect();
    match text.len() - beginning.len() {
        0 => printable(&beginning),
        more => format!("{} ... and {more} bytes", printable(&beginning)),
    }
}

/// Control characters as escapes: they would reach the terminal.
fn printable(text: &str) -> String {
    let escape = |c: char| match c.is_control() {
        true => c.escape_debug().to_string(),
        false => c.to_string(),
    };
    text.chars().map(escape).collect()
}
