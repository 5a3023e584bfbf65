//! [`Group`]: a run of segments behind a leading one, and [`Groups`], the runs of a message.

use std::fmt;

use crate::{
    Message, Segment, Segments, Separators,
    scan::{Span, is_segment_id, slice},
};

impl<'a> Message<'a> {
    /// The runs of segments that begin with this ID: each OBR with all that follows it up to the
    /// next OBR.
    ///
    /// What stands before the first is in [`Groups::before`]. The ID alone decides: the last run
    /// goes on to the end of the message, and structures of the standard are not known here.
    ///
    /// ```
    /// use hl7_parse::Message;
    ///
    /// let message = Message::parse(
    ///     b"MSH|^~\\&|A\rPID|1\rOBR|1\rOBX|1\rOBX|2\rNTE|1\rOBR|2\rOBX|1\r",
    /// )?;
    /// let orders = message.groups("OBR");
    /// assert_eq!(orders.before().segments().count(), 2);
    /// let results: Vec<_> = orders.map(|order| order.segments_with_id("OBX").count()).collect();
    /// assert_eq!(results, [2, 1]);
    /// # Ok::<(), hl7_parse::ParseError>(())
    /// ```
    #[must_use]
    pub fn groups(&self, id: &str) -> Groups<'_, 'a> {
        self.as_group().groups(id)
    }

    /// The `n`th segment with this ID, from 1.
    ///
    /// ```
    /// use hl7_parse::Message;
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rOBX|1\rNTE|1\rOBX|2\r")?;
    /// assert_eq!(message.nth_segment("OBX", 2).ok_or("a second OBX")?.field(1).as_bytes(), b"2");
    /// assert!(message.nth_segment("OBX", 3).is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn nth_segment(&self, id: &str, n: usize) -> Option<Segment<'a>> {
        self.as_group().nth_segment(id, n)
    }

    fn as_group(&self) -> Group<'_, 'a> {
        Group { bytes: self.as_bytes(), separators: self.separators(), spans: self.spans() }
    }
}

/// Segments that follow one another. A view: `Copy`. Made by [`Groups`].
///
/// `'m` is the message it was taken from, `'a` the bytes; segments live as long as those.
#[derive(Clone, Copy)]
pub struct Group<'m, 'a> {
    bytes: &'a [u8],
    separators: Separators,
    spans: &'m [Span],
}

impl<'m, 'a> Group<'m, 'a> {
    /// The first segment: the one the group was asked for by. `None` only of
    /// [`Groups::before`] where nothing stands before.
    #[must_use]
    pub fn leader(&self) -> Option<Segment<'a>> {
        self.segments().next()
    }

    /// All segments, in order, the first among them.
    #[must_use]
    pub fn segments(&self) -> Segments<'m, 'a> {
        Segments::new(self.bytes, self.separators, self.spans)
    }

    /// The first segment with this ID, if there is one.
    #[must_use]
    pub fn segment(&self, id: &str) -> Option<Segment<'a>> {
        self.nth_segment(id, 1)
    }

    /// The `n`th segment with this ID, from 1.
    #[must_use]
    pub fn nth_segment(&self, id: &str, n: usize) -> Option<Segment<'a>> {
        self.segments_with_id(id).nth(n.checked_sub(1)?)
    }

    /// The segments with this ID, in order.
    pub fn segments_with_id(&self, id: &str) -> impl Iterator<Item = Segment<'a>> + use<'m, 'a> {
        // What is no segment ID fits no segment.
        let id = id.as_bytes().try_into().ok().filter(is_segment_id);
        self.segments().filter(move |segment| id.is_some_and(|id| segment.has_id(id)))
    }

    /// The runs within this one that begin with this ID, as [`Message::groups`].
    ///
    /// ```
    /// let message = hl7_parse::Message::parse(
    ///     b"MSH|^~\\&|A\rORC|1\rOBR|1\rOBX|1\rNTE|1\rNTE|2\rOBX|2\rORC|2\r",
    /// )?;
    /// let order = message.groups("ORC").next().ok_or("an order")?;
    /// let notes: Vec<_> = order
    ///     .groups("OBX")
    ///     .map(|result| result.segments_with_id("NTE").count())
    ///     .collect();
    /// assert_eq!(notes, [2, 0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn groups(&self, id: &str) -> Groups<'m, 'a> {
        // No segment ID is all NUL.
        let id = id.as_bytes().try_into().unwrap_or_default();
        let mut groups = Groups { before: *self, rest: *self, id };
        let first = groups.leader_from(0);
        (groups.before.spans, groups.rest.spans) =
            self.spans.split_at_checked(first).unwrap_or_default();
        groups
    }
}

impl fmt::Debug for Group<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.spans.first().map_or(0, |span| span.start as usize);
        let end = self.spans.last().map_or(start, |span| span.end as usize);
        f.debug_struct("Group")
            .field("leader", &self.leader().map(|leader| leader.id()))
            .field("segments", &self.spans.len())
            .field("len", &slice(self.bytes, start, end).len())
            .finish()
    }
}

/// The runs of segments behind a leading one, in order. Made by [`Message::groups`] and
/// [`Group::groups`].
#[derive(Clone)]
pub struct Groups<'m, 'a> {
    before: Group<'m, 'a>,
    /// From a leader.
    rest: Group<'m, 'a>,
    id: [u8; 3],
}

impl<'m, 'a> Groups<'m, 'a> {
    /// What stands before the first run, whether it was passed already or not: all, where there
    /// is none.
    #[must_use]
    pub fn before(&self) -> Group<'m, 'a> {
        self.before
    }

    /// The position of the next leader in `rest`, or behind its end.
    fn leader_from(&self, from: usize) -> usize {
        let leads = |segment: Segment<'_>| segment.id().as_bytes() == self.id;
        let found = self.rest.segments().skip(from).position(leads);
        found.map_or(self.rest.spans.len(), |at| from + at)
    }
}

impl<'m, 'a> Iterator for Groups<'m, 'a> {
    type Item = Group<'m, 'a>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.spans.is_empty() {
            return None;
        }
        let (run, rest) = self.rest.spans.split_at_checked(self.leader_from(1))?;
        self.rest.spans = rest;
        Some(Group { spans: run, ..self.rest })
    }
}

impl fmt::Debug for Groups<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Groups").field("segments_left", &self.rest.spans.len()).finish()
    }
}
