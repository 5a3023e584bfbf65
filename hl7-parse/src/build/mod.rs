//! [`MessageBuilder`]: writes a new message, segment by segment.

mod segment;

use std::fmt;

pub use segment::{FieldPlace, SegmentBuilder};

use crate::{
    Charset, EditError, EditErrorKind, Editor, Message, OwnedMessage, ParseOptions, Path,
    Separators,
    charset::ESCAPE,
    edit::{Encoder, Output, Undeclared, encoding_characters, needs_decoding},
    header::declared,
    scan::{Ignore, Span},
};

/// A new message: the header by name, then segments in the order in which they are added.
///
/// Text is escaped. Each segment ends with one CR.
///
/// ```
/// use hl7_parse::MessageBuilder;
///
/// let mut builder = MessageBuilder::new();
/// builder
///     .sending_application("LAB")
///     .sending_facility("GH")
///     .date_time("20240229")
///     .message_type(["ORU", "R01", "ORU_R01"])
///     .control_id("MSG0001")
///     .processing_id("P")
///     .version("2.5.1");
/// builder
///     .segment("PID")
///     .set(1, "1")
///     .set_components(3, ["12345", "", "", "GH", "MR"])
///     .set("5.1", "EVERYWOMAN")
///     .set("5.2", "EVE");
/// for (n, value) in (1..).zip(["13.2", "<0.1"]) {
///     builder.segment("OBX").set(1, n.to_string()).set(2, "ST").set(5, value);
/// }
/// let message = builder.finish()?;
/// assert_eq!(
///     message.as_bytes(),
///     "MSH|^~\\&|LAB|GH|||20240229||ORU^R01^ORU_R01|MSG0001|P|2.5.1\r\
///      PID|1||12345^^^GH^MR||EVERYWOMAN^EVE\r\
///      OBX|1|ST|||13.2\r\
///      OBX|2|ST|||<0.1\r",
/// );
/// # Ok::<(), hl7_parse::EditError>(())
/// ```
///
/// # Character set
///
/// Text is written in the set that MSH-18 names, one of those that [`Editor`] writes. Where some
/// text is not ASCII and none is named, the message is UTF-8 and MSH-18 says so; raw values that
/// are UTF-8 count as text. Raw values in another set need its name in MSH-18. Where that names
/// further sets and not the first, text is ASCII.
///
/// In Shift_JIS, Big5, GB 18030, ISO-2022-JP, UTF-16 and UTF-32 only ASCII is written here, raw
/// values too ([`EditErrorKind::NeedsEncoding`]). Such a message is built in UTF-8, without a name
/// in MSH-18, and encoded when it is complete: `charset::EncodeOptions::declaring` (feature
/// `charset`) has an example, and names the set in MSH-18.
#[derive(Clone)]
pub struct MessageBuilder {
    separators: Separators,
    header: SegmentBuilder,
    segments: Vec<SegmentBuilder>,
    max_len: usize,
}

/// What every message needs (2.14.9).
const REQUIRED: [Path; 4] =
    [Path::new("MSH-9"), Path::new("MSH-10"), Path::new("MSH-11"), Path::new("MSH-12")];

impl MessageBuilder {
    /// A message with the recommended delimiters and nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self {
            separators: Separators::RECOMMENDED,
            header: SegmentBuilder::header(),
            segments: Vec::new(),
            max_len: Editor::MAX_LEN,
        }
    }

    /// Chooses the delimiters (MSH-1, MSH-2). Raw values are to be written with these.
    ///
    /// ```
    /// use hl7_parse::{MessageBuilder, SegmentBuilder, Separators};
    ///
    /// let mut event = SegmentBuilder::new("EVN");
    /// event.set(2, "20240229");
    /// let mut builder = MessageBuilder::new();
    /// builder
    ///     .delimiters(Separators::new(b'|', "^~\\&#")?)
    ///     .receiving_application("EHR")
    ///     .receiving_facility("GH")
    ///     .message_type(["ADT", "A01", "ADT_A01"])
    ///     .control_id("1")
    ///     .processing_id("T")
    ///     .version("2.7")
    ///     .character_set("UNICODE UTF-8")
    ///     .append(event)
    ///     .max_len(10_000);
    /// builder.header().set(15, "AL").set(16, "NE");
    /// assert_eq!(
    ///     builder.finish()?.as_bytes(),
    ///     "MSH|^~\\&#|||EHR|GH|||ADT^A01^ADT_A01|1|T|2.7|||AL|NE||UNICODE UTF-8\rEVN||20240229\r",
    /// );
    /// # Ok::<(), hl7_parse::EditError>(())
    /// ```
    pub fn delimiters(&mut self, delimiters: Separators) -> &mut Self {
        self.separators = delimiters;
        self
    }

    /// MSH-3.
    pub fn sending_application(&mut self, text: impl AsRef<str>) -> &mut Self {
        self.set(3, text)
    }

    /// MSH-4.
    pub fn sending_facility(&mut self, text: impl AsRef<str>) -> &mut Self {
        self.set(4, text)
    }

    /// MSH-5.
    pub fn receiving_application(&mut self, text: impl AsRef<str>) -> &mut Self {
        self.set(5, text)
    }

    /// MSH-6.
    pub fn receiving_facility(&mut self, text: impl AsRef<str>) -> &mut Self {
        self.set(6, text)
    }

    /// MSH-7, when the message was made: `20240229120000+0100`. Required from 2.4 on. There is
    /// no clock in here.
    pub fn date_time(&mut self, text: impl AsRef<str>) -> &mut Self {
        self.set(7, text)
    }

    /// MSH-9: message code, trigger event and, from 2.3.1 on, structure.
    pub fn message_type<T: AsRef<str>>(
        &mut self,
        components: impl IntoIterator<Item = T>,
    ) -> &mut Self {
        self.header.set_components(9, components);
        self
    }

    /// MSH-10, by which the acknowledgment names the message.
    pub fn control_id(&mut self, text: impl AsRef<str>) -> &mut Self {
        self.set(10, text)
    }

    /// MSH-11: `P`, `T` or `D` (Table 0103).
    pub fn processing_id(&mut self, text: impl AsRef<str>) -> &mut Self {
        self.set(11, text)
    }

    /// MSH-12: `2.5.1` (Table 0104).
    pub fn version(&mut self, text: impl AsRef<str>) -> &mut Self {
        self.set(12, text)
    }

    /// MSH-18: the character set to write text in, by its name in Table 0211: `UNICODE UTF-8`.
    pub fn character_set(&mut self, name: impl AsRef<str>) -> &mut Self {
        self.set(18, name)
    }

    /// The MSH segment, for what has no name here.
    pub fn header(&mut self) -> &mut SegmentBuilder {
        &mut self.header
    }

    /// Adds a segment, and gives it to be filled.
    pub fn segment(&mut self, id: &str) -> &mut SegmentBuilder {
        self.segments.push_mut(SegmentBuilder::new(id))
    }

    /// Adds a segment that is filled already.
    pub fn append(&mut self, segment: SegmentBuilder) -> &mut Self {
        self.segments.push(segment);
        self
    }

    /// How long the message may become, in bytes; [`Editor::MAX_LEN`] if not set, and 4 GiB in
    /// any case.
    pub fn max_len(&mut self, max: usize) -> &mut Self {
        self.max_len = max;
        self
    }

    /// Writes the message.
    ///
    /// # Errors
    ///
    /// Where MSH-9, MSH-10, MSH-11 or MSH-12 is missing, and the first value or segment that can
    /// not be written.
    pub fn finish(&self) -> Result<OwnedMessage, EditError> {
        let characters = encoding_characters(&self.separators)?;
        let mut header = self.header.clone();
        for path in REQUIRED {
            if !header.reaches(&path) {
                return Err(EditError::at(EditErrorKind::MissingHeaderField, path));
            }
        }
        const CHARSET: Path = Path::new("MSH-18");
        let needs_utf8 =
            header.needs_utf8() || self.segments.iter().any(SegmentBuilder::needs_utf8);
        if needs_utf8 && !header.reaches(&CHARSET) {
            header.set(18, "UNICODE UTF-8");
        }

        let mut out = Output::new(256, self.max_len.min(u32::MAX as usize - 1));
        let mut spans = Vec::with_capacity(self.segments.len() + 1);
        let mut encoder = Encoder {
            separators: self.separators.with_charset(Charset::Unspecified),
            undeclared: Undeclared::Utf8,
        };
        let opening = format!("MSH{}{characters}", char::from(self.separators.field));
        (encoder.separators.charset, encoder.undeclared) =
            header.charset(opening.as_bytes(), &encoder)?;
        let narrow = |n| u32::try_from(n).unwrap_or(u32::MAX);
        header.write_from(&mut out, opening.as_bytes(), &encoder)?;
        let separators = declared(out.from(0), 0, &mut Ignore).unwrap_or(self.separators);
        spans.push(Span { start: 0, end: narrow(out.len()) });
        out.write(b"\r")?;
        for (at, segment) in self.segments.iter().enumerate() {
            if spans.len() >= ParseOptions::MAX_SEGMENTS {
                return Err(EditErrorKind::TooManySegments.into());
            }
            let start = out.len();
            segment.write(&mut out, &encoder).map_err(|error| self.occurring(error, at))?;
            spans.push(Span { start: narrow(start), end: narrow(out.len()) });
            out.write(b"\r")?;
        }
        let built =
            OwnedMessage::from_spans(out.into_bytes().into(), separators.into(), spans.into());
        check_readable(&built.as_message())?;
        Ok(built)
    }

    fn set(&mut self, field: usize, text: impl AsRef<str>) -> &mut Self {
        self.header.set(field, text);
        self
    }

    /// The error, with which of the segments of its ID it is in.
    fn occurring(&self, error: EditError, at: usize) -> EditError {
        let Some(path) = error.path() else { return error };
        let id = path.segment();
        let before = self.segments.iter().take(at);
        let occurrence = 1 + before.filter(|segment| segment.id() == Some(id)).count();
        let text = path.to_string();
        let below = text.get(id.len()..).unwrap_or_default();
        match format!("{id}[{occurrence}]{below}").parse() {
            Ok(path) => EditError::at(error.kind(), path),
            Err(_) => error,
        }
    }
}

/// Sees to it that what is written reads as it was meant. Text is in the set of MSH-18 by now; of
/// raw values nobody knows.
fn check_readable(message: &Message<'_>) -> Result<(), EditError> {
    let (bytes, separators) = (message.as_bytes(), message.separators());
    let is_wide = separators.charset().is_wide() && !bytes.is_ascii();
    if !is_wide && !needs_decoding(bytes, message.header().segment().as_bytes(), separators) {
        return Ok(());
    }
    let is_beyond_ascii = |byte: &u8| !byte.is_ascii() || *byte == ESCAPE;
    let mut fields = message.segments().flat_map(|segment| segment.fields());
    let found = fields.find(|field| field.as_bytes().iter().any(is_beyond_ascii));
    let kind = EditErrorKind::NeedsEncoding;
    let path = found.and_then(|field| message.path_of(field));
    Err(path.map_or(kind.into(), |path| EditError::at(kind, path)))
}

impl Default for MessageBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MessageBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageBuilder")
            .field("separators", &self.separators)
            .field("segments", &self.segments.len())
            .finish_non_exhaustive()
    }
}
