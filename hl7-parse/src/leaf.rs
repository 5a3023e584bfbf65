//! [`Leaves`]: every non-empty leaf of a segment or message, with its numbers, in one pass.

use std::fmt;

use crate::{Message, Segment, Separators, Subcomponent, field::Element};

/// A leaf: the lowest element that has content, and where it is. All numbers from 1.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Leaf<'a> {
    /// The position of the segment in the message.
    pub segment_number: usize,
    /// The segment.
    pub segment: Segment<'a>,
    /// The field.
    pub field: usize,
    /// The repetition of the field.
    pub repetition: usize,
    /// The component of the repetition.
    pub component: usize,
    /// The subcomponent of the component.
    pub subcomponent: usize,
    bytes: &'a [u8],
    separators: Separators,
}

impl<'a> Leaf<'a> {
    /// What was sent, escape sequences untouched. Never empty.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The leaf as a view, to decode it.
    #[must_use]
    pub fn value(&self) -> Subcomponent<'a> {
        Subcomponent::from_leaf(Element::new(Some(self.bytes), self.separators))
    }
}

impl fmt::Debug for Leaf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Leaf({}: {}-{}[{}].{}.{}, {} bytes)",
            self.segment_number,
            self.segment.id(),
            self.field,
            self.repetition,
            self.component,
            self.subcomponent,
            self.bytes.len()
        )
    }
}

/// The leaves of a segment. Made by [`Segment::leaves`] and [`Message::leaves`].
#[derive(Clone)]
pub struct Leaves<'a> {
    segment_number: usize,
    segment: Segment<'a>,
    /// What is not read yet: from the start of a leaf.
    rest: &'a [u8],
    field: usize,
    repetition: usize,
    component: usize,
    subcomponent: usize,
}

impl<'a> Leaves<'a> {
    pub(crate) fn of_segment(segment: Segment<'a>) -> Self {
        let id = segment.id_bytes().len();
        let bytes = segment.as_bytes();
        Self {
            segment_number: 1,
            segment,
            rest: bytes.get(id..).unwrap_or_default(),
            field: 0,
            repetition: 1,
            component: 1,
            subcomponent: 1,
        }
    }

    pub(crate) fn of_message(message: &Message<'a>) -> impl Iterator<Item = Leaf<'a>> {
        let leaves = |(at, segment)| Self { segment_number: at + 1, ..Self::of_segment(segment) };
        message.segments().enumerate().flat_map(leaves)
    }

    fn leaf(&self, bytes: &'a [u8], separators: Separators) -> Leaf<'a> {
        Leaf {
            segment_number: self.segment_number,
            segment: self.segment,
            field: self.field,
            repetition: self.repetition,
            component: self.component,
            subcomponent: self.subcomponent,
            bytes,
            separators,
        }
    }

    /// Counts on, after the delimiter that ended a leaf.
    fn step(&mut self, delimiter: u8) {
        let separators = self.segment.separators();
        if delimiter == separators.field {
            self.field += 1;
            (self.repetition, self.component, self.subcomponent) = (1, 1, 1);
        } else if delimiter == separators.repetition {
            self.repetition += 1;
            (self.component, self.subcomponent) = (1, 1);
        } else if delimiter == separators.component {
            self.component += 1;
            self.subcomponent = 1;
        } else {
            self.subcomponent += 1;
        }
    }
}

impl<'a> Iterator for Leaves<'a> {
    type Item = Leaf<'a>;

    fn next(&mut self) -> Option<Leaf<'a>> {
        let separators = self.segment.separators();
        if self.field == 0 {
            let (separator, after) = self.rest.split_first()?;
            self.field = 1;
            if self.segment.is_header() {
                let msh_1 = self.rest.get(..1).unwrap_or_default();
                let msh_2 = crate::scan::until(after, *separator);
                // MSH-2 is read next, as one piece.
                self.rest = after;
                let leaf = self.leaf(msh_1, Separators::LITERAL);
                self.field = 2;
                if msh_2.is_empty() {
                    self.rest = after.get(1..).unwrap_or_default();
                    self.field = 3;
                }
                return Some(leaf);
            }
            self.rest = after;
        }
        let literal = self.field == 2 && self.segment.is_header();
        let ends = |byte: &u8| {
            *byte == separators.field
                || (!literal
                    && (*byte == separators.component
                        || *byte == separators.repetition
                        || *byte == separators.subcomponent))
        };
        while !self.rest.is_empty() {
            let length = self.rest.iter().position(ends).unwrap_or(self.rest.len());
            let (bytes, ended) = self.rest.split_at_checked(length)?;
            let separators = if literal { Separators::LITERAL } else { separators };
            let leaf = self.leaf(bytes, separators);
            match ended.split_first() {
                Some((delimiter, after)) => {
                    self.rest = after;
                    self.step(*delimiter);
                }
                None => self.rest = ended,
            }
            if !bytes.is_empty() {
                return Some(leaf);
            }
        }
        None
    }
}

impl fmt::Debug for Leaves<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leaves").field("len", &self.rest.len()).finish()
    }
}
