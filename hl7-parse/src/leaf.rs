//! [`Leaves`]: every non-empty leaf of a segment or message, with its numbers, in one pass.

use std::fmt;

use crate::{Fields, Segment, Separators, Subcomponent, field::Element, search::until};

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

    pub(crate) fn separators(&self) -> Separators {
        self.separators
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
            "Leaf({}: {:?} {}[{}].{}.{}, {} bytes)",
            self.segment_number,
            self.segment,
            self.field,
            self.repetition,
            self.component,
            self.subcomponent,
            self.bytes.len()
        )
    }
}

/// The leaves of a segment or a message. Made by [`Segment::leaves`] and
/// [`crate::Message::leaves`].
#[derive(Clone)]
pub struct Leaves<'a, S = std::iter::Empty<Segment<'a>>> {
    /// The segments after this one.
    following: S,
    segment_number: usize,
    segment: Segment<'a>,
    is_header: bool,
    /// What is not read yet: from the start of a leaf.
    rest: &'a [u8],
    field: usize,
    repetition: usize,
    component: usize,
    subcomponent: usize,
    /// The fields that are left of an undecoded MSH in which bytes of text look like separators;
    /// `rest` is then of one field.
    hidden: Option<Fields<'a>>,
    /// Which bytes delimit. One look-up for each byte of a message, dense in delimiters, is
    /// faster than a search for each leaf.
    delimits: [bool; 256],
}

impl<'a> Leaves<'a> {
    pub(crate) fn of_segment(segment: Segment<'a>) -> Self {
        Self::new(segment, std::iter::empty())
    }
}

impl<'a, S: Iterator<Item = Segment<'a>>> Leaves<'a, S> {
    /// The leaves of `segment` and of those after it, which have the same delimiters.
    pub(crate) fn new(segment: Segment<'a>, following: S) -> Self {
        let separators = segment.separators();
        let mut leaves = Self {
            following,
            segment_number: 0,
            segment,
            is_header: false,
            rest: &[],
            field: 0,
            repetition: 1,
            component: 1,
            subcomponent: 1,
            hidden: None,
            delimits: [false; 256],
        };
        for delimiter in
            [separators.field, separators.repetition, separators.component, separators.subcomponent]
        {
            if let Some(delimits) = leaves.delimits.get_mut(usize::from(delimiter)) {
                *delimits = true;
            }
        }
        leaves.enter(segment);
        leaves
    }

    fn enter(&mut self, segment: Segment<'a>) {
        self.segment = segment;
        self.segment_number += 1;
        self.is_header = segment.is_header();
        let id = segment.id_bytes().len();
        self.rest = segment.as_bytes().get(id..).unwrap_or_default();
        self.field = 0;
        if self.is_header && segment.separators().may_be_hidden() {
            self.enter_hidden(segment);
        }
    }

    #[cold]
    fn enter_hidden(&mut self, segment: Segment<'a>) {
        let mut fields = segment.fields();
        if fields.hide_separators() {
            // MSH-1 and MSH-2 are no text.
            fields.nth(1);
            self.hidden = Some(fields);
            self.field_separator_delimits(segment.is_cut_by_field_separator());
        }
    }

    /// Goes to the next field in which separators may be hidden; false behind the last.
    #[cold]
    fn enter_hidden_field(&mut self) -> bool {
        let Some(fields) = &mut self.hidden else { return false };
        match fields.next() {
            Some(field) => {
                self.rest = field.as_bytes();
                self.field += 1;
                (self.repetition, self.component, self.subcomponent) = (1, 1, 1);
                true
            }
            None => {
                self.hidden = None;
                self.field_separator_delimits(true);
                false
            }
        }
    }

    fn field_separator_delimits(&mut self, does: bool) {
        let separator = usize::from(self.segment.separators().field);
        if let Some(delimits) = self.delimits.get_mut(separator) {
            *delimits = does;
        }
    }

    fn leaf(
        &self,
        (field, repetition, component, subcomponent): (usize, usize, usize, usize),
        bytes: &'a [u8],
        separators: Separators,
    ) -> Leaf<'a> {
        Leaf {
            segment_number: self.segment_number,
            segment: self.segment,
            field,
            repetition,
            component,
            subcomponent,
            bytes,
            separators,
        }
    }

    /// Counts on, after the delimiter that ended a leaf.
    fn step(&mut self, delimiter: u8) {
        let separators = self.segment.separators();
        if delimiter == separators.field && self.hidden.is_none() {
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

    /// The field separator before field 1, and MSH-1 and MSH-2, which are literal.
    fn open(&mut self) -> Option<Leaf<'a>> {
        let (separator, after) = self.rest.split_first()?;
        if !self.is_header {
            self.rest = after;
            self.step(*separator);
            return None;
        }
        (self.repetition, self.component, self.subcomponent) = (1, 1, 1);
        self.field += 1;
        if self.field == 1 {
            return Some(self.leaf((1, 1, 1, 1), self.rest.get(..1)?, Separators::LITERAL));
        }
        let msh_2 = until(after, *separator);
        let leaf = self.leaf((2, 1, 1, 1), msh_2, Separators::LITERAL);
        // As if the separator after MSH-2 were the one before field 1.
        self.is_header = false;
        self.rest = after.get(msh_2.len()..).unwrap_or_default();
        if self.hidden.is_some() {
            self.rest = &[];
            self.field = 2;
            return Some(leaf).filter(|leaf| !leaf.bytes.is_empty());
        }
        match self.rest.split_first() {
            Some((separator, after)) => {
                self.rest = after;
                self.step(*separator);
            }
            None => self.field += 1,
        }
        Some(leaf).filter(|leaf| !leaf.bytes.is_empty())
    }
}

impl<'a, S: Iterator<Item = Segment<'a>>> Iterator for Leaves<'a, S> {
    type Item = Leaf<'a>;

    fn next(&mut self) -> Option<Leaf<'a>> {
        loop {
            if (self.field == 0 || self.is_header)
                && let Some(leaf) = self.open()
            {
                return Some(leaf);
            }
            while !self.rest.is_empty() {
                let delimits = |byte: &u8| self.delimits.get(usize::from(*byte)) == Some(&true);
                let length = self.rest.iter().position(delimits).unwrap_or(self.rest.len());
                let (bytes, ended) = self.rest.split_at_checked(length)?;
                let numbers = (self.field, self.repetition, self.component, self.subcomponent);
                match ended.split_first() {
                    Some((delimiter, after)) => {
                        self.rest = after;
                        self.step(*delimiter);
                    }
                    None => self.rest = ended,
                }
                if !bytes.is_empty() {
                    return Some(self.leaf(numbers, bytes, self.segment.separators()));
                }
            }
            if self.hidden.is_some() && self.enter_hidden_field() {
                continue;
            }
            let segment = self.following.next()?;
            self.enter(segment);
        }
    }
}

impl<S> fmt::Debug for Leaves<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leaves").field("len", &self.rest.len()).finish()
    }
}
