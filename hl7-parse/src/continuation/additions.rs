//! Joins segments that were cut: what an ADD holds belongs to the segment before it (2.10.2.1).

use crate::{
    OwnedMessage, Segment, Separators,
    scan::{Span, unindented},
};

/// Joins each ADD segment to the segment before it: what stands after `ADD|`, byte for byte.
///
/// The same message, sharing its bytes, where there is nothing to join. Otherwise each segment
/// of the result is ended by one CR. A bare ADD adds nothing: it marks a segment that goes on in
/// the next message, for which there is [`super::Continuation`]. An ADD right after MSH belongs
/// to a segment of the message before, and stays.
///
/// ```
/// use hl7_parse::{OwnedMessage, continuation::join_additions};
///
/// let cut = OwnedMessage::parse("MSH|^~\\&|A\rC|34\rADD|5|678|\rADD|90\r")?;
/// assert_eq!(join_additions(&cut).as_bytes(), "MSH|^~\\&|A\rC|345|678|90\r");
/// # Ok::<(), hl7_parse::ParseError>(())
/// ```
#[must_use]
pub fn join_additions(message: &OwnedMessage) -> OwnedMessage {
    let view = message.as_message();
    let mut glue = Glue::default();
    let mut after_header = view.segments().skip(1).skip_while(|segment| is_addition(segment));
    if !after_header.any(|segment| is_addition(&segment)) {
        return message.clone();
    }
    glue.bytes.reserve(view.as_bytes().len());
    view.segments().for_each(|segment| glue.push(segment));
    glue.into_message(view.separators())
}

fn is_addition(segment: &Segment<'_>) -> bool {
    segment.id() == "ADD"
}

/// Segments put one after another, additions to the one before them.
#[derive(Clone, Default)]
pub(super) struct Glue {
    /// Each segment, ended by CR.
    pub(super) bytes: Vec<u8>,
    spans: Vec<Span>,
}

impl Glue {
    pub(super) fn push(&mut self, segment: Segment<'_>) {
        // Behind the header and another segment.
        let follows = self.spans.len() > 1;
        match self.spans.last_mut() {
            Some(last) if follows && is_addition(&segment) => {
                let line = unindented(segment.as_bytes());
                self.bytes.pop();
                self.bytes.extend_from_slice(line.get(b"ADD|".len()..).unwrap_or_default());
                last.end = narrow(self.bytes.len());
            }
            _ => {
                let start = narrow(self.bytes.len());
                self.bytes.extend_from_slice(segment.as_bytes());
                self.spans.push(Span { start, end: narrow(self.bytes.len()) });
            }
        }
        self.bytes.push(b'\r');
    }

    pub(super) fn into_message(self, separators: Separators) -> OwnedMessage {
        OwnedMessage::from_spans(self.bytes.into(), separators.into(), self.spans.into())
    }

    /// The first segment.
    pub(super) fn header(&self, separators: Separators) -> Segment<'_> {
        let bytes = self.spans.first().map(|span| span.of(&self.bytes)).unwrap_or_default();
        Segment::new(bytes, separators)
    }
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
