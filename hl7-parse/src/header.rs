//! [`Header`]: the MSH segment alone, and the delimiters it declares.

use std::fmt;

use memchr::memchr2;
use nom::{IResult, Parser, bytes::complete::take, bytes::complete::take_till, combinator::verify};

use crate::{
    Charset, DiagnosticCode, Element, Field, ParseError, ParseErrorKind, Segment, Separators,
    charset::{self, Switching},
    escape::unescape,
    scan::{Ignore, Report, leading, without_framing},
    search::{after_nth, until},
};

pub(crate) mod hidden;

/// The MSH segment, read without looking at the rest of the message.
///
/// For routing and for answering: nothing is allocated, and the cost does not grow with the
/// message.
///
/// Its fields are right in sets of which a byte may look like a separator too, where MSH-18 names
/// the set: in Shift_JIS, Big5 and GB 18030 the second byte of a character, in ISO-2022-JP what
/// `ESC $ B` leads to. Below the field such text is cut as bytes; to read it, decode the message.
/// What can not be told is how a header was meant in which one field hides a separator and another
/// ends with half a character: there is no reading that brings the name of the set to MSH-18, and
/// the fields are cut as bytes, so that another than MSH-10 may stand in its place.
///
/// A line feed ends the header, as in [`crate::Message::parse`]. There is no choice here: where
/// line feeds are data
/// ([`ParseOptions::line_feeds_are_data`](crate::ParseOptions::line_feeds_are_data)) and MSH holds
/// one, parse the message.
///
/// ```
/// use hl7_parse::Header;
///
/// let header = Header::parse(b"MSH|^~\\&|LAB|GH|EHR|GH|20240229||ORU^R01|7|P|2.5.1\rPID|1\r")?;
/// assert_eq!(header.message_type().component(1).as_bytes(), b"ORU");
/// assert_eq!(header.control_id().as_bytes(), b"7");
/// assert_eq!(header.version().as_bytes(), b"2.5.1");
///
/// // MSH-4 is ポ病院, of which the second byte is that of `|`.
/// let line = b"MSH|^~\\&|A|\x83|\x95a\x89@|||1||ADT^A01|7|P|2.5||||||SHIFT_JIS";
/// assert_eq!(Header::parse(line)?.control_id().as_bytes(), b"7");
/// # Ok::<(), hl7_parse::ParseError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Header<'a> {
    segment: Segment<'a>,
    /// Where MSH-9 begins in it; 0 where that is not known.
    msh_9: u32,
}

impl<'a> Header<'a> {
    /// Reads the MSH segment at the start of `bytes`, as tolerantly as
    /// [`crate::Message::parse`].
    ///
    /// # Errors
    ///
    /// [`ParseErrorKind::Empty`], [`ParseErrorKind::MissingHeader`],
    /// [`ParseErrorKind::Batch`] and [`ParseErrorKind::BadFieldSeparator`];
    /// [`ParseErrorKind::NeedsDecoding`] for UTF-16 and UTF-32 alone.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        let start = leading(bytes);
        let line = line(bytes.get(start..).unwrap_or_default());
        if line.is_empty() {
            return Err(ParseError::new(ParseErrorKind::Empty, bytes.len()));
        }
        let Declared { separators, msh_9 } =
            read(line, start, &mut Ignore).map_err(|error| charset::explain(error, bytes))?;
        if !line.starts_with(b"MSH") {
            return Err(ParseError::new(ParseErrorKind::Batch, start));
        }
        Ok(Self::new(Segment::new(line, separators), msh_9))
    }

    pub(crate) fn new(segment: Segment<'a>, msh_9: u32) -> Self {
        Self { segment, msh_9 }
    }

    /// The MSH segment.
    #[must_use]
    pub fn segment(&self) -> Segment<'a> {
        self.segment
    }

    /// MSH-`n`. MSH-1 is the field separator itself, MSH-2 the encoding characters.
    #[must_use]
    #[inline]
    pub fn field(&self, n: usize) -> Field<'a> {
        match n.checked_sub(8) {
            Some(nth @ 1..) if self.msh_9 > 0 => self.segment.field_from(self.msh_9 as usize, nth),
            _ => self.segment.field(n),
        }
    }

    /// The delimiters of the message.
    #[must_use]
    pub fn separators(&self) -> Separators {
        self.segment.separators()
    }

    /// MSH-3.
    #[must_use]
    pub fn sending_application(&self) -> Field<'a> {
        self.field(3)
    }

    /// MSH-4.
    #[must_use]
    pub fn sending_facility(&self) -> Field<'a> {
        self.field(4)
    }

    /// MSH-5.
    #[must_use]
    pub fn receiving_application(&self) -> Field<'a> {
        self.field(5)
    }

    /// MSH-6.
    #[must_use]
    pub fn receiving_facility(&self) -> Field<'a> {
        self.field(6)
    }

    /// MSH-9: message code, trigger event and structure as components 1, 2 and 3.
    #[must_use]
    pub fn message_type(&self) -> Field<'a> {
        self.field(9)
    }

    /// MSH-10.
    #[must_use]
    pub fn control_id(&self) -> Field<'a> {
        self.field(10)
    }

    /// MSH-11: `P`, `T` or `D` (Table 0103) as component 1.
    #[must_use]
    pub fn processing_id(&self) -> Field<'a> {
        self.field(11)
    }

    /// MSH-12: the version (Table 0104) as component 1.
    #[must_use]
    pub fn version(&self) -> Field<'a> {
        self.field(12)
    }

    /// The character set that MSH-18 declares.
    #[must_use]
    pub fn charset(&self) -> Charset {
        self.separators().charset()
    }
}

impl fmt::Debug for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Header").field(&self.segment).finish()
    }
}

/// The first line of `bytes`, without framing bytes at its end.
pub(crate) fn line(bytes: &[u8]) -> &[u8] {
    without_framing(until_line_end(bytes))
}

/// The first line of `bytes`, whatever ends it.
pub(crate) fn until_line_end(bytes: &[u8]) -> &[u8] {
    memchr2(b'\r', b'\n', bytes).and_then(|end| bytes.get(..end)).unwrap_or(bytes)
}

/// `MSH` (or `FHS`, `BHS`), the field separator, and MSH-2 up to the next separator.
fn opening(line: &[u8]) -> IResult<&[u8], (u8, &[u8])> {
    let (rest, _) = verify(take(3usize), is_header_id).parse(line)?;
    let (rest, separator) = nom::number::complete::u8.parse(rest)?;
    let (rest, encoding_characters) = take_till(|byte| byte == separator).parse(rest)?;
    Ok((rest, (separator, encoding_characters)))
}

pub(crate) fn is_header_id(id: &[u8]) -> bool {
    matches!(id, b"MSH" | b"FHS" | b"BHS")
}

/// What a header segment declares.
#[derive(Clone, Copy)]
pub(crate) struct Declared {
    pub(crate) separators: Separators,
    /// Where MSH-9 begins in the line. Whoever routes or answers a message reads it and MSH-10, and
    /// from here they are near: 6 ns instead of 18. 0 where there is none, and where text may hold
    /// bytes that look like separators.
    pub(crate) msh_9: u32,
}

impl From<Separators> for Declared {
    /// Without saying where MSH-9 is.
    fn from(separators: Separators) -> Self {
        Self { separators, msh_9: 0 }
    }
}

/// The delimiters that a header segment declares.
pub(crate) fn declared<R: Report>(
    line: &[u8],
    offset: usize,
    report: &mut R,
) -> Result<Separators, ParseError> {
    read(line, offset, report).map(|declared| declared.separators)
}

/// What a header segment declares; `offset` is where the line begins.
///
/// Delimiters by position: component, repetition, escape, subcomponent, truncation (2.5.4, 2.14.9.2).
pub(crate) fn read<R: Report>(
    line: &[u8],
    offset: usize,
    report: &mut R,
) -> Result<Declared, ParseError> {
    if line.starts_with(b"MSH|^~\\&|") {
        // As nearly all do.
        return declare_from_fields(line, offset, Separators::RECOMMENDED, report);
    }
    let Ok((_, (field, encoding_characters))) = opening(line) else {
        let bare = line.get(..3).is_some_and(is_header_id);
        let kind = match bare {
            true => ParseErrorKind::BadFieldSeparator,
            false => ParseErrorKind::MissingHeader,
        };
        return Err(ParseError::new(kind, offset + if bare { 3 } else { 0 }));
    };
    if !field.is_ascii_punctuation() {
        return Err(ParseError::new(ParseErrorKind::BadFieldSeparator, offset + 3));
    }

    let mut at_msh_2 = |code| report.report(code, offset + 4, 1);
    let encoding_characters = match encoding_characters.len() {
        0 => {
            at_msh_2(DiagnosticCode::MissingEncodingCharacters)?;
            b"^~\\&"
        }
        length => {
            if length < 4 {
                at_msh_2(DiagnosticCode::ShortEncodingCharacters)?;
            } else if length > 5 {
                at_msh_2(DiagnosticCode::LongEncodingCharacters)?;
            }
            encoding_characters
        }
    };

    let mut separators = Separators {
        component: field,
        repetition: field,
        escape: field,
        subcomponent: field,
        truncation: field,
        field,
        charset: Charset::Unspecified,
        switching: Switching::Sequences,
    };
    let mut take_if_free = |position: usize, separators: &Separators| {
        let Some(byte) = character(encoding_characters, position) else { return Ok(field) };
        if byte.is_ascii_control() || matches!(byte, b' ' | 0x80..) {
            at_msh_2(DiagnosticCode::UnusableDelimiter)?;
            return Ok(field);
        }
        if byte.is_ascii_alphanumeric() {
            at_msh_2(DiagnosticCode::AlphanumericDelimiter)?;
        }
        let taken = [
            separators.field,
            separators.repetition,
            separators.component,
            separators.subcomponent,
            separators.escape,
        ];
        if taken.contains(&byte) {
            at_msh_2(DiagnosticCode::DuplicateDelimiter)?;
            return Ok(field);
        }
        Ok(byte)
    };
    // The earlier level has a character that is declared twice.
    separators.repetition = take_if_free(1, &separators)?;
    separators.component = take_if_free(0, &separators)?;
    separators.subcomponent = take_if_free(3, &separators)?;
    separators.escape = take_if_free(2, &separators)?;
    separators.truncation = take_if_free(4, &separators)?;

    declare_from_fields(line, offset, separators, report)
}

/// The character at a position of MSH-2. One that is not ASCII counts as one, and as a byte that
/// can not delimit.
fn character(encoding_characters: &[u8], position: usize) -> Option<u8> {
    if encoding_characters.is_ascii() {
        return encoding_characters.get(position).copied();
    }
    match std::str::from_utf8(encoding_characters) {
        Ok(text) => text.chars().nth(position).map(|found| u8::try_from(found).unwrap_or(u8::MAX)),
        Err(_) => encoding_characters.get(position).copied(),
    }
}

/// Adds what MSH-12 and MSH-18 tell.
fn declare_from_fields<R: Report>(
    line: &[u8],
    offset: usize,
    delimiters: Separators,
    report: &mut R,
) -> Result<Declared, ParseError> {
    let mut separators = delimiters;
    if !line.starts_with(b"MSH") {
        return Ok(separators.into());
    }
    // The separator before MSH-n is the one before the last of n; MSH-18 is looked for from there.
    let from_9 = after_nth(line, separators.field, 9 - 1).unwrap_or_default();
    let from_12 = after_nth(from_9, separators.field, 12 - 9).unwrap_or_default();
    let field_at = |rest| Field::new(Some(until(rest, delimiters.field)), delimiters);
    if matches!(from_12, [b'2', b'.', b'7'..=b'9', ..]) {
        separators.truncation = truncation_of(field_at(from_12), &delimiters);
    }
    let from_18 = after_nth(from_12, separators.field, 18 - 12);
    let msh_18 = from_18.map(field_at).filter(Field::is_valued);
    if let Some(msh_18) = msh_18 {
        let msh_20 = Segment::new(line, separators).field(20);
        (separators.charset, separators.switching) = set_of(msh_18, msh_20);
    }
    let declared = |separators: Separators| {
        let known = !from_9.is_empty() && !separators.may_be_hidden();
        let msh_9 = if known { line.len() - from_9.len() } else { 0 };
        Declared { separators, msh_9: u32::try_from(msh_9).unwrap_or(0) }
    };
    if !matches!(separators.charset, Charset::Unspecified | Charset::Unknown) {
        return Ok(declared(separators));
    }
    if hidden::may_hide(line)
        && let Some(found) = hidden::declared(line, delimiters)
    {
        return Ok(declared(found));
    }
    if R::ACTIVE
        && separators.charset == Charset::Unknown
        && let Some(msh_18) = msh_18
    {
        let declared = msh_18.repetition(1).component(1).as_bytes().trim_ascii();
        let at = declared.as_ptr() as usize - line.as_ptr() as usize;
        report.report(DiagnosticCode::UnknownCharset, offset + at, 1)?;
    }
    Ok(declared(separators))
}

/// The set of the message, and how it is changed.
///
/// The set is the one that MSH-18 names first. Where that is no more than ASCII and nothing leads
/// to the further ones, text beyond ASCII can be in these alone.
pub(crate) fn set_of(msh_18: Field<'_>, msh_20: Field<'_>) -> (Charset, Switching) {
    let mut named = charsets(msh_18);
    let first = named.next().unwrap_or(Charset::Unspecified);
    let switching = Switching::declared(msh_18, msh_20, first);
    let further = match first {
        Charset::Unspecified | Charset::Ascii if switching != Switching::Iso2022 => {
            named.find(|charset| charset.has_colliding_pairs())
        }
        _ => None,
    };
    (further.unwrap_or(first), switching)
}

/// Whether MSH-18 names sets, and the first of them not: that is ASCII then.
pub(crate) fn names_further_alone(msh_18: Field<'_>) -> bool {
    let mut named = charsets(msh_18);
    named.next() == Some(Charset::Unspecified)
        && named.any(|charset| !matches!(charset, Charset::Unspecified | Charset::Unknown))
}

/// The sets that MSH-18 names, in order.
pub(crate) fn charsets<'a>(msh_18: Field<'a>) -> impl Iterator<Item = Charset> + use<'a> {
    let separators = Element::from(msh_18).separators();
    msh_18.repetitions().map(move |name| charset_named(name.component(1).as_bytes(), &separators))
}

/// The set that a name in MSH-18 means. It may be escaped: many have a slash, which may be a
/// delimiter.
fn charset_named(name: &[u8], separators: &Separators) -> Charset {
    Charset::from_name(&unescape(name.trim_ascii(), separators))
}

/// The truncation character where MSH-2 has none: `#` from 2.7 on (2.5.4), if it is free.
fn truncation_of(msh_12: Field<'_>, separators: &Separators) -> u8 {
    let version = msh_12.component(1).as_bytes();
    let is_later =
        matches!(version, [b'2', b'.', b'7'..=b'9'] | [b'2', b'.', b'7'..=b'9', b'.', ..]);
    let taken = [
        separators.repetition,
        separators.component,
        separators.subcomponent,
        separators.escape,
        separators.field,
    ];
    match separators.truncation() {
        None if is_later && !taken.contains(&b'#') => b'#',
        _ => separators.truncation,
    }
}
