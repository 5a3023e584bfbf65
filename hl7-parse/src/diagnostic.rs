//! [`Diagnostic`]: something a tolerant reading put up with, and where it was.

use std::fmt;

use thiserror::Error;

/// One thing that the standard does not allow and that was tolerated.
///
/// Holds no message content. `Display` is one line of text.
///
/// ```
/// use hl7_parse::{DiagnosticCode, ParseOptions};
///
/// let parsed = ParseOptions::new().parse(b"MSH|^~\\&|A\r\r\rPID|1\r")?;
/// let [found] = parsed.diagnostics[..] else { return Err("one thing".into()) };
/// assert_eq!(found.code(), DiagnosticCode::BlankLine);
/// assert_eq!((found.offset(), found.segment(), found.count()), (11, 1, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    code: DiagnosticCode,
    /// 0 where the code tells, or it is of a line as a whole.
    field: u16,
    offset: u32,
    segment: u32,
    count: u32,
}

impl Diagnostic {
    pub(crate) fn new(code: DiagnosticCode, offset: usize, segment: usize) -> Self {
        let narrow = |n| u32::try_from(n).unwrap_or(u32::MAX);
        Self { code, field: 0, offset: narrow(offset), segment: narrow(segment), count: 1 }
    }

    /// The same of a field.
    pub(crate) fn in_field(self, field: usize) -> Self {
        Self { field: u16::try_from(field).unwrap_or(u16::MAX), ..self }
    }

    /// Whether the two are one entry: of the same field, if they are of one.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let is_in_place = self.field == 0 || self.segment == other.segment;
        self.code == other.code && self.field == other.field && is_in_place
    }

    pub(crate) fn again(&mut self) {
        self.count = self.count.saturating_add(1);
    }

    /// What was tolerated.
    #[must_use]
    pub fn code(&self) -> DiagnosticCode {
        self.code
    }

    /// The byte offset, from 0, at which it was first seen.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset as usize
    }

    /// The segment, from 1, in or before which it was first seen; 0 before the first segment.
    #[must_use]
    pub fn segment(&self) -> usize {
        self.segment as usize
    }

    /// The field it concerns; `None` where it is of a line as a whole.
    ///
    /// ```
    /// let parsed = hl7_parse::ParseOptions::new().parse(b"MSH|^~|A\r\rPID|1\r")?;
    /// let found: Vec<_> = parsed.diagnostics.iter().map(|found| (found.segment(), found.field())).collect();
    /// assert_eq!(found, [(1, Some(2)), (1, None)]);
    /// # Ok::<(), hl7_parse::ParseError>(())
    /// ```
    #[must_use]
    pub fn field(&self) -> Option<usize> {
        match self.code {
            DiagnosticCode::MissingEncodingCharacters
            | DiagnosticCode::ShortEncodingCharacters
            | DiagnosticCode::LongEncodingCharacters
            | DiagnosticCode::DuplicateDelimiter
            | DiagnosticCode::AlphanumericDelimiter
            | DiagnosticCode::UnusableDelimiter => Some(2),
            DiagnosticCode::UnknownCharset => Some(18),
            _ => Some(usize::from(self.field)).filter(|field| *field > 0),
        }
    }

    /// The same in a segment of another number.
    pub(crate) fn renumbered(self, number: impl Fn(usize) -> usize) -> Self {
        let segment = u32::try_from(number(self.segment as usize)).unwrap_or(u32::MAX);
        Self { segment, ..self }
    }

    /// How often it was seen: equal findings that follow one another are counted, not listed;
    /// those of escape sequences within one field.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count as usize
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (segment {}, ", self.code, self.segment)?;
        if let Some(field) = self.field() {
            write!(f, "field {field}, ")?;
        }
        write!(f, "byte {}", self.offset)?;
        if self.count > 1 {
            write!(f, ", {} times", self.count)?;
        }
        f.write_str(")")
    }
}

/// What a tolerant reading can put up with.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DiagnosticCode {
    /// A byte order mark, white space or framing bytes before the first segment.
    #[error("bytes before the first segment were skipped")]
    BytesBeforeHeader,
    /// Framing bytes (VT, FS) or NULs at the end of a line.
    #[error("framing bytes at the end of a line were skipped")]
    FramingBytes,
    /// LF or CRLF where CR ends a segment (2.4).
    #[error("a segment ends with LF or CR LF instead of CR")]
    LineFeedTerminator,
    /// A lone LF inside a segment of a message whose segments end with CR; kept as data.
    #[error("a line feed inside a segment was kept as data")]
    LineFeedInData,
    /// The last segment has no terminator.
    #[error("the last segment has no terminator")]
    MissingTerminator,
    /// A line that is empty, blank, or a byte order mark alone; skipped.
    #[error("a blank line was skipped")]
    BlankLine,
    /// A line that does not begin with a segment ID; kept as it is.
    #[error("a line is no segment")]
    NotASegment,
    /// Blanks before a segment ID.
    #[error("blanks before a segment ID")]
    BlanksBeforeSegment,
    /// A second MSH segment in what was read as one message.
    #[error("another MSH segment inside the message")]
    AnotherHeader,
    /// MSH-2 is empty or missing; `^~\&` was assumed.
    #[error("MSH-2 is missing, the recommended encoding characters were assumed")]
    MissingEncodingCharacters,
    /// MSH-2 has one to three characters; the levels left out are not split.
    #[error("MSH-2 is short, the levels left out are not split")]
    ShortEncodingCharacters,
    /// MSH-2 has more than five characters; the rest is ignored.
    #[error("MSH-2 is long, the rest was ignored")]
    LongEncodingCharacters,
    /// MSH-2 declares a delimiter twice; the earlier level has it.
    #[error("MSH-1 and MSH-2 declare a delimiter twice")]
    DuplicateDelimiter,
    /// MSH-2 declares a letter or digit as a delimiter; it is one.
    #[error("MSH-2 declares a letter or digit as a delimiter")]
    AlphanumericDelimiter,
    /// MSH-2 declares a character that can not delimit: a blank, a control character, or not ASCII.
    /// That level is not split.
    #[error("MSH-2 declares a character that can not delimit")]
    UnusableDelimiter,
    /// MSH-18 names a character set that is not known.
    #[error("MSH-18 names an unknown character set")]
    UnknownCharset,
    /// A segment ID with a letter in lower case; kept as it is, and not found by the ID in upper
    /// case.
    #[error("a segment ID is in lower case")]
    LowerCaseSegmentId,
    /// Between two escape characters stands what is no sequence (`\Q\`, `\f\`, `\\`, a path of
    /// Windows), or none with a meaning here (`\.xx\`, `\P\` before 2.7); kept as it is. Looked
    /// for where [`crate::ParseOptions::check_escapes`] asks.
    #[error("an escape sequence is not known")]
    UnknownEscape,
    /// `\X..\` without pairs of hexadecimal digits; kept as it is. Looked for where
    /// [`crate::ParseOptions::check_escapes`] asks.
    #[error("a hexadecimal escape sequence has no pairs of digits")]
    MalformedHexEscape,
    /// An escape character with no other one behind it in its leaf; kept as it is. Looked for
    /// where [`crate::ParseOptions::check_escapes`] asks.
    #[error("an escape sequence is not closed")]
    UnclosedEscape,
}

impl DiagnosticCode {
    /// A name that stays the same in every release, for counting and filtering.
    ///
    /// ```
    /// assert_eq!(hl7_parse::DiagnosticCode::BlankLine.name(), "blank-line");
    /// ```
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BytesBeforeHeader => "bytes-before-header",
            Self::FramingBytes => "framing-bytes",
            Self::LineFeedTerminator => "line-feed-terminator",
            Self::LineFeedInData => "line-feed-in-data",
            Self::MissingTerminator => "missing-terminator",
            Self::BlankLine => "blank-line",
            Self::NotASegment => "not-a-segment",
            Self::BlanksBeforeSegment => "blanks-before-segment",
            Self::AnotherHeader => "another-header",
            Self::MissingEncodingCharacters => "missing-encoding-characters",
            Self::ShortEncodingCharacters => "short-encoding-characters",
            Self::LongEncodingCharacters => "long-encoding-characters",
            Self::DuplicateDelimiter => "duplicate-delimiter",
            Self::AlphanumericDelimiter => "alphanumeric-delimiter",
            Self::UnusableDelimiter => "unusable-delimiter",
            Self::UnknownCharset => "unknown-charset",
            Self::LowerCaseSegmentId => "lower-case-segment-id",
            Self::UnknownEscape => "unknown-escape",
            Self::MalformedHexEscape => "malformed-hex-escape",
            Self::UnclosedEscape => "unclosed-escape",
        }
    }
}
