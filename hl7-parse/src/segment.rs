//! [`Segment`]: one line of a message, and its fields.

use std::fmt;

use crate::{
    Component, Element, Field, Leaves, Separators,
    header::hidden::{self, Hides},
    scan::{Span, is_segment_id, unindented},
    search::{after_nth, find_nth, nth_piece, until, until_any},
};

/// One segment: a three-character ID, then fields.
///
/// A view: `Copy`, and alive as long as the bytes it shows.
#[derive(Clone, Copy)]
pub struct Segment<'a> {
    bytes: &'a [u8],
    separators: Separators,
}

impl<'a> Segment<'a> {
    pub(crate) fn new(bytes: &'a [u8], separators: Separators) -> Self {
        Self { bytes, separators }
    }

    /// The segment as it was sent, without its terminator.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The delimiters in force.
    #[must_use]
    pub fn separators(&self) -> Separators {
        self.separators
    }

    /// The segment ID, without blanks before it; empty where the line does not begin with a
    /// letter, two letters or digits, and then a field separator or nothing.
    ///
    /// ```
    /// let message = hl7_parse::Message::parse(b"MSH|^~\\&|A\rZPI|1\rno segment\r")?;
    /// let ids: Vec<_> = message.segments().map(|segment| segment.id()).collect();
    /// assert_eq!(ids, ["MSH", "ZPI", ""]);
    /// # Ok::<(), hl7_parse::ParseError>(())
    /// ```
    #[must_use]
    pub fn id(&self) -> &'a str {
        match (unindented(self.bytes).split_first_chunk::<3>(), self.head()) {
            (Some((id, _)), [.., next]) if is_segment_id(id) && next == self.separators.field => {
                std::str::from_utf8(id).unwrap_or_default()
            }
            _ => "",
        }
    }

    /// What stands before the first field separator, whatever it is.
    #[must_use]
    pub fn id_bytes(&self) -> &'a [u8] {
        until(self.bytes, self.separators.field)
    }

    /// Field `n`, from 1. Total: a field beyond the last one sent is an absent view.
    ///
    /// In MSH, FHS and BHS field 1 is the field separator itself and field 2 the encoding
    /// characters, each one literal piece (2.14.9). Looks from the start of the segment; to
    /// walk a whole segment use [`Segment::fields`].
    #[must_use]
    #[inline]
    pub fn field(&self, n: usize) -> Field<'a> {
        self.field_here(n)
    }

    #[inline(always)]
    pub(crate) fn field_here(&self, n: usize) -> Field<'a> {
        let separator = self.separators.field;
        // Of a header the separator before field `n` is the one before the last of `n`.
        let before = match self.is_header() {
            false => n,
            true if self.separators.may_be_hidden() => return self.field_of_header(n),
            true if n > 2 => n - 1,
            true => return self.delimiter_field(n),
        };
        let field = after_nth(self.bytes, separator, before).map(|rest| until(rest, separator));
        Field::new(field, self.separators)
    }

    /// Component 1 of the first repetition of field `n`, found in one step: it ends where the first
    /// delimiter of any of the three levels is. `None` in a header, of which the field may be
    /// literal.
    #[inline(always)]
    pub(crate) fn first_component(&self, n: usize) -> Option<Component<'a>> {
        if self.is_header() {
            return None;
        }
        let Separators { field, repetition, component, .. } = self.separators;
        let rest = after_nth(self.bytes, field, n);
        let first = rest.map(|rest| until_any(rest, [field, repetition, component]));
        Some(Component::new(Element::new(first, self.separators)))
    }

    /// The `nth` field, from 1, of those from an offset on.
    #[inline]
    pub(crate) fn field_from(&self, at: usize, nth: usize) -> Field<'a> {
        let rest = self.bytes.get(at..).unwrap_or_default();
        Field::new(nth_piece(rest, self.separators.field, nth), self.separators)
    }

    /// A field of MSH where text may hold bytes that look like separators.
    #[cold]
    fn field_of_header(&self, n: usize) -> Field<'a> {
        n.checked_sub(1).and_then(|n| self.fields().nth(n)).unwrap_or(Field::ABSENT)
    }

    /// MSH-1 and MSH-2: literal, whatever they hold.
    #[inline(never)]
    fn delimiter_field(&self, n: usize) -> Field<'a> {
        let separator = self.separators.field;
        let Some(at) = find_nth(self.bytes, separator, 1) else { return Field::ABSENT };
        let bytes = match n {
            1 => self.bytes.get(at..=at),
            2 => self.bytes.get(at + 1..).map(|rest| until(rest, separator)),
            _ => None,
        };
        Field::new(bytes, Separators::LITERAL)
    }

    /// All fields in order, in one pass. The first item is field 1.
    ///
    /// ```
    /// let message = hl7_parse::Message::parse(b"MSH|^~\\&|A\rPID|1||X\r")?;
    /// let pid = message.segment("PID").ok_or("no PID")?;
    /// let fields: Vec<_> = pid.fields().map(|field| field.as_bytes()).collect();
    /// assert_eq!(fields, [&b"1"[..], b"", b"X"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn fields(&self) -> Fields<'a> {
        if self.is_header() {
            let hides = match self.separators.may_be_hidden() {
                true => hidden::hides(self),
                false => None,
            };
            return Fields::of_header(self.bytes, self.separators, hides);
        }
        let rest = from_separator(self.bytes, self.separators.field);
        Fields { rest, separators: self.separators, literal: 0, hides: None }
    }

    /// Every non-empty leaf with its numbers, in one pass.
    #[must_use]
    pub fn leaves(&self) -> Leaves<'a> {
        Leaves::of_segment(*self)
    }

    /// Whether a level that is not in use has the field separator: then that cuts a field in which
    /// it is hidden.
    pub(crate) fn is_cut_by_field_separator(&self) -> bool {
        let Separators { field, repetition, component, subcomponent, .. } = self.separators;
        [repetition, component, subcomponent].contains(&field)
    }

    /// Whether this is MSH, FHS or BHS, whose first two fields are the delimiters.
    #[inline]
    pub(crate) fn is_header(&self) -> bool {
        let [id @ .., separator] = self.head();
        matches!(&id, b"MSH" | b"FHS" | b"BHS") && separator == self.separators.field
    }

    /// Whether this is a segment with that ID: `self.id() == id`, without making text of it.
    #[inline]
    pub(crate) fn has_id(&self, [first, second, third]: [u8; 3]) -> bool {
        self.head() == [first, second, third, self.separators.field]
    }

    /// The ID and what follows it; a segment that is no more than an ID is followed by its
    /// field separator.
    #[inline]
    fn head(&self) -> [u8; 4] {
        match self.bytes.first_chunk::<4>() {
            Some(head @ [b'!'..=u8::MAX, ..]) => *head,
            _ => unusual_head(self.bytes, self.separators.field),
        }
    }
}

/// The head of a segment that is indented or short. Takes the parts of one, so that a segment
/// stays in registers.
#[inline(never)]
fn unusual_head(bytes: &[u8], field_separator: u8) -> [u8; 4] {
    match unindented(bytes) {
        [first, second, third, next, ..] => [*first, *second, *third, *next],
        [first, second, third] => [*first, *second, *third, field_separator],
        _ => [0; 4],
    }
}

impl fmt::Debug for Segment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A line of text can begin with what looks like an ID; real ones are upper case.
        let shown = self.id();
        let shown = if shown.bytes().any(|byte| byte.is_ascii_lowercase()) { "" } else { shown };
        f.debug_struct("Segment").field("id", &shown).field("len", &self.bytes.len()).finish()
    }
}

/// The segments of a message, in order. Made by [`crate::Message::segments`].
#[derive(Clone)]
pub struct Segments<'m, 'a> {
    bytes: &'a [u8],
    separators: Separators,
    spans: std::slice::Iter<'m, Span>,
}

impl<'m, 'a> Segments<'m, 'a> {
    pub(crate) fn new(bytes: &'a [u8], separators: Separators, spans: &'m [Span]) -> Self {
        Self { bytes, separators, spans: spans.iter() }
    }
}

impl<'a> Iterator for Segments<'_, 'a> {
    type Item = Segment<'a>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let span = self.spans.next()?;
        Some(Segment::new(span.of(self.bytes), self.separators))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.spans.size_hint()
    }
}

impl DoubleEndedIterator for Segments<'_, '_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let span = self.spans.next_back()?;
        Some(Segment::new(span.of(self.bytes), self.separators))
    }
}

impl ExactSizeIterator for Segments<'_, '_> {}

impl fmt::Debug for Segments<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Segments").field("left", &self.spans.len()).finish()
    }
}

/// The fields of a segment, in order. Made by [`Segment::fields`].
#[derive(Clone)]
pub struct Fields<'a> {
    /// From the separator before the next field.
    rest: Option<&'a [u8]>,
    separators: Separators,
    literal: u8,
    hides: Option<Hides>,
}

impl<'a> Fields<'a> {
    /// Those of MSH, FHS or BHS.
    pub(crate) fn of_header(line: &'a [u8], separators: Separators, hides: Option<Hides>) -> Self {
        Self { rest: from_separator(line, separators.field), separators, literal: 2, hides }
    }

    /// Whether bytes of text in them may look like separators.
    pub(crate) fn hide_separators(&self) -> bool {
        self.hides.is_some()
    }
}

/// Everything from the first separator on.
fn from_separator(line: &[u8], separator: u8) -> Option<&[u8]> {
    line.get(until(line, separator).len()..).filter(|rest| !rest.is_empty())
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest?;
        if self.literal == 2 {
            // MSH-1: the separator stays in front of MSH-2.
            self.literal = 1;
            return Some(Field::new(rest.get(..1), Separators::LITERAL));
        }
        let after = rest.get(1..)?;
        let field = match self.hides {
            // MSH-2 is no text.
            Some(hides) if self.literal == 0 => hides.until(after, self.separators.field),
            _ => until(after, self.separators.field),
        };
        self.rest = after.get(field.len()..).filter(|rest| !rest.is_empty());
        if self.literal == 1 {
            self.literal = 0;
            return Some(Field::new(Some(field), Separators::LITERAL));
        }
        Some(Field::new(Some(field), self.separators))
    }
}

impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fields").field("len", &self.rest.map_or(0, <[u8]>::len)).finish()
    }
}
