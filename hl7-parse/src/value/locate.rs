//! Finds the path of a view in its message.

use memchr::memchr_iter;

use crate::{
    Field, Message, Path, Segment,
    value::{Raw, error::Place},
    whence::Whence,
};

impl<'a> Message<'a> {
    /// The path of a view of this message: of a field, repetition, component, subcomponent or
    /// part of a value. Views do not know where they are, so that the segments before it are
    /// looked at.
    ///
    /// `None` for an absent view, for one of another message, for one in a line that is no
    /// segment, and where a number of the path is above 65,535.
    ///
    /// ```
    /// use hl7_parse::{Message, Path, value::Observation};
    ///
    /// let message = Message::parse(
    ///     b"MSH|^~\\&|A\rPID|||7^^^GH\rOBX|1|NM|||7\rOBX|2|NM|||8~<5\r",
    /// )?;
    /// let pid = message.segment("PID").ok_or("no PID")?;
    /// let authority = pid.field(3).component(4);
    /// assert_eq!(message.path_of(authority), Some(Path::new("PID[1]-3[1].4")));
    ///
    /// // As the place of an error, which adds what it knows itself.
    /// let mut refused = Vec::new();
    /// for obx in message.segments_with_id("OBX") {
    ///     for error in Observation::of(obx).filter_map(Result::err) {
    ///         refused.push(error.at(message.path_of(obx.field(5))).to_string());
    ///     }
    /// }
    /// assert_eq!(refused, ["NM: not in the form of the type (OBX[2]-5[2], byte 0)"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn path_of(&self, view: impl Into<Raw<'a>>) -> Option<Path> {
        let view = view.into();
        self.span_of(view.element())?;
        self.path_from(view.whence()?)
    }

    /// The path of what is somewhere in this message.
    pub(crate) fn path_from(&self, whence: Whence) -> Option<Path> {
        let start = whence.offset_in(self.as_bytes())?;
        let at =
            self.spans().partition_point(|span| span.start as usize <= start).checked_sub(1)?;
        let span = self.spans().get(at).filter(|span| start <= span.end as usize)?;
        let segment = Segment::new(span.of(self.as_bytes()), self.separators());
        let id = segment.id().as_bytes().first_chunk().copied()?;
        let occurrence = 1 + self.segments().take(at).filter(|other| other.has_id(id)).count();

        let separators = self.separators();
        let before = segment.as_bytes().get(..start.checked_sub(span.start as usize)?)?;
        let cuts = |text: &[u8], separator| memchr_iter(separator, text).count();
        let after_last = |text: &'a [u8], separator| match memchr::memrchr(separator, text) {
            Some(last) => text.get(last + 1..).unwrap_or_default(),
            None => text,
        };
        let hidden = Some(segment).filter(|segment| {
            segment.is_header() && separators.may_be_hidden() && segment.fields().hide_separators()
        });
        let (field, within) = match hidden {
            Some(segment) => hidden_field(&segment, before)?,
            None => {
                let fields = cuts(before, separators.field);
                let is_separator = segment.as_bytes().get(before.len()) == Some(&separators.field);
                let field = match (segment.is_header(), fields) {
                    // MSH-1 is the separator itself, which nothing stands before.
                    (true, fields) if fields > 0 || is_separator => fields + 1,
                    (_, fields) => fields,
                };
                (field, after_last(before, separators.field))
            }
        };
        let mut numbers = [0; 3];
        if !(segment.is_header() && field <= 2) {
            let mut rest = within;
            let levels = [separators.repetition, separators.component, separators.subcomponent];
            for (number, separator) in numbers.iter_mut().zip(levels).take(whence.level().depth()) {
                *number = u16::try_from(1 + cuts(rest, separator)).ok()?;
                rest = after_last(rest, separator);
            }
        }
        let [repetition, component, subcomponent] = numbers;
        let field = Path::of_field(id, occurrence, field)?;
        Place { base: Some(field), repetition, component, subcomponent }.path()
    }
}

/// The number of the field of MSH that ends a text, and what of it is in the text, where bytes may
/// look like separators.
#[cold]
fn hidden_field<'a>(segment: &Segment<'a>, before: &'a [u8]) -> Option<(usize, &'a [u8])> {
    let base = segment.as_bytes().as_ptr() as usize;
    let start = |field: Field<'a>| (field.as_bytes().as_ptr() as usize).checked_sub(base);
    let starts = (1..).zip(segment.fields().map_while(start));
    let (field, start) = starts.take_while(|(_, start)| *start <= before.len()).last()?;
    Some((field, before.get(start..)?))
}
