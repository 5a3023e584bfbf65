//! [`Message`]: a message, borrowed.

use std::{borrow::Cow, fmt, ops::Range};

use crate::{
    Element, Header, Leaves, OwnedMessage, ParseError, ParseOptions, Path, Segment, Segments,
    Separators,
    header::Declared,
    scan::{First, Ignore, Scanned, Span, is_segment_id, scan},
};

/// A message that borrows the bytes it was read from.
///
/// [`Message::parse`] finds where the segments are, in one pass; everything below is found when
/// asked for. All that it allocates is the table of the segments, 8 bytes for each: once, where
/// there are at most eight more than one for each 64 bytes of the message, and at most 1,024;
/// beyond that the table doubles as it fills. Views taken from a message live as long as the
/// bytes, not only as long as the message. To keep a message, or to take it across an `await`,
/// use [`OwnedMessage`].
#[derive(Clone)]
pub struct Message<'a> {
    bytes: &'a [u8],
    separators: Separators,
    /// Where MSH-9 begins in the first segment; 0 where that is not known.
    msh_9: u32,
    spans: Cow<'a, [Span]>,
}

impl<'a> Message<'a> {
    /// Reads a message as tolerantly as possible: what real systems send.
    ///
    /// CR, LF and CR LF end a segment; blank lines, a missing last terminator, a byte order
    /// mark and framing bytes around the message are put up with; lines that are no segment
    /// are kept in place. To learn what was tolerated, or to refuse it, use
    /// [`ParseOptions::parse`].
    ///
    /// # Errors
    ///
    /// Where there is no MSH segment at the start, its fourth character can not separate
    /// fields, or the input has more than a million segments or 4 GiB. Where the text has to be
    /// decoded first: [`crate::ParseErrorKind::NeedsDecoding`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        let scanned = scan(bytes, First::Header, ParseOptions::MAX_SEGMENTS, &mut Ignore)?;
        Ok(Self::from_scanned(bytes, scanned))
    }

    pub(crate) fn from_scanned(bytes: &'a [u8], scanned: Scanned) -> Self {
        let Declared { separators, msh_9 } = scanned.declared;
        Self { bytes, separators, msh_9, spans: scanned.spans.into() }
    }

    pub(crate) fn from_spans(bytes: &'a [u8], declared: Declared, spans: &'a [Span]) -> Self {
        let Declared { separators, msh_9 } = declared;
        Self { bytes, separators, msh_9, spans: spans.into() }
    }

    /// The bytes that were read, all of them, as they came.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The delimiters in force, from MSH-1 and MSH-2, and the character set of MSH-18.
    #[must_use]
    pub fn separators(&self) -> Separators {
        self.separators
    }

    /// The MSH segment.
    #[must_use]
    pub fn header(&self) -> Header<'a> {
        let bytes = self.spans.first().map(|span| span.of(self.bytes)).unwrap_or_default();
        Header::new(Segment::new(bytes, self.separators), self.msh_9)
    }

    /// The first segment with this ID, if there is one.
    #[must_use]
    pub fn segment(&self, id: &str) -> Option<Segment<'a>> {
        self.segments_with_id(id).next()
    }

    /// All segments, in order; lines that are no segment among them.
    #[must_use]
    pub fn segments(&self) -> Segments<'_, 'a> {
        Segments::new(self.bytes, self.separators, &self.spans)
    }

    /// The segments with this ID, in order.
    ///
    /// ```
    /// let message = hl7_parse::Message::parse(b"MSH|^~\\&|A\rOBX|1\rNTE|1\rOBX|2\r")?;
    /// assert_eq!(message.segments_with_id("OBX").count(), 2);
    /// # Ok::<(), hl7_parse::ParseError>(())
    /// ```
    pub fn segments_with_id(&self, id: &str) -> impl Iterator<Item = Segment<'a>> {
        // What is no segment ID fits no segment.
        let id = id.as_bytes().try_into().ok().filter(is_segment_id);
        self.segments().filter(move |segment| id.is_some_and(|id| segment.has_id(id)))
    }

    /// What a path leads to. Total: an absent view where there is nothing.
    ///
    /// ```
    /// use hl7_parse::{Message, Path};
    ///
    /// const FAMILY_NAME: Path = Path::new("PID-5.1");
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rPID|||||EVERYWOMAN^EVE\r")?;
    /// assert_eq!(message.get(&FAMILY_NAME).decode(), "EVERYWOMAN");
    /// assert!(!message.get(&Path::new("PV1-2")).is_present());
    /// # Ok::<(), hl7_parse::ParseError>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn get(&self, path: &Path) -> Element<'a> {
        if self.msh_9 > 0 && path.id() == *b"MSH" && path.occurrence() == 1 {
            return self.get_in_header(path);
        }
        self.get_in_segments(path)
    }

    #[inline(never)]
    fn get_in_segments(&self, path: &Path) -> Element<'a> {
        let segment = |span: &Span| Segment::new(span.of(self.bytes), self.separators);
        let mut spans = self.spans.iter().filter(|span| segment(span).has_id(path.id()));
        match spans.nth(path.occurrence() - 1) {
            Some(span) => path.within(segment(span)),
            None => Element::ABSENT,
        }
    }

    /// Apart: what the header is read with would else be spread over all of [`Self::get`].
    #[inline(never)]
    fn get_in_header(&self, path: &Path) -> Element<'a> {
        let header = self.header();
        // Most often a whole field: it is handed on as it was found.
        match path.whole_field() {
            Some(n) => header.field(n).into(),
            None => path.within_fields(header.segment(), |n| header.field(n)),
        }
    }

    /// Every non-empty leaf with its numbers, in one pass.
    #[must_use]
    pub fn leaves(&self) -> Leaves<'a, Segments<'_, 'a>> {
        let mut segments = self.segments();
        let first = segments.next().unwrap_or(Segment::new(&[], self.separators));
        Leaves::new(first, segments)
    }

    /// Where an element lies in [`Message::as_bytes`]; also of an empty one that is present.
    /// `None` for an absent element and for one of another message.
    ///
    /// ```
    /// let message = hl7_parse::Message::parse(b"MSH|^~\\&|A\rPID|||7\r")?;
    /// let pid = message.segment("PID").ok_or("no PID")?;
    /// assert_eq!(message.span_of(pid.field(3)), Some(17..18));
    /// assert_eq!(message.span_of(pid.field(2)), Some(16..16));
    /// assert_eq!(message.span_of(pid.field(9)), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn span_of(&self, element: impl Into<Element<'a>>) -> Option<Range<usize>> {
        let element = element.into();
        if !element.is_present() {
            return None;
        }
        let part = element.as_bytes();
        let start = (part.as_ptr() as usize).checked_sub(self.bytes.as_ptr() as usize)?;
        let end = start.checked_add(part.len())?;
        (end <= self.bytes.len()).then_some(start..end)
    }

    /// The same message, owning a copy of the bytes.
    #[must_use]
    pub fn to_owned(&self) -> OwnedMessage {
        OwnedMessage::from_message(self)
    }

    pub(crate) fn declared(&self) -> Declared {
        Declared { separators: self.separators, msh_9: self.msh_9 }
    }

    pub(crate) fn spans(&self) -> &[Span] {
        &self.spans
    }
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("len", &self.bytes.len())
            .field("segments", &self.spans.len())
            .finish()
    }
}
