//! [`ParseOptions`]: what is tolerated, and how much is read.

use std::sync::Arc;

use bytes::Bytes;

use crate::{
    Diagnostic, DiagnosticCode, Message, OwnedMessage, ParseError, ParseErrorKind,
    escape_faults::escape_faults,
    scan::{First, LineFeeds, Report, Scanned, Span, is_segment_head, scan_with, unindented},
};

/// How to read a message: tolerances and limits.
///
/// ```
/// use hl7_parse::{DiagnosticCode, ParseOptions};
///
/// let unix_ends = b"MSH|^~\\&|A\nPID|1\n";
/// let parsed = ParseOptions::new().parse(unix_ends)?;
/// assert_eq!(parsed.diagnostics[0].code(), DiagnosticCode::LineFeedTerminator);
/// assert_eq!(parsed.diagnostics[0].count(), 2);
///
/// assert!(ParseOptions::strict().parse(unix_ends).is_err());
/// assert!(
///     ParseOptions::strict()
///         .tolerate(DiagnosticCode::LineFeedTerminator)
///         .parse(unix_ends)
///         .is_ok()
/// );
///
/// let limited = ParseOptions::new().max_segments(2).max_diagnostics(0).parse(unix_ends)?;
/// assert_eq!(limited.diagnostics_left_out, 2);
/// assert!(ParseOptions::new().max_segments(1).parse(unix_ends).is_err());
/// # Ok::<(), hl7_parse::ParseError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ParseOptions {
    refused: u32,
    lines_joined: bool,
    line_feeds: LineFeeds,
    escapes_checked: bool,
    max_segments: usize,
    max_diagnostics: usize,
}

/// A message, and what was tolerated in reading it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Parsed<'a> {
    /// The message.
    pub message: Message<'a>,
    /// What was tolerated, in the order of the input; what is wrong with escape sequences after
    /// all else. Equal findings that follow one another are one entry with a count, those of fields
    /// where they are of one field.
    pub diagnostics: Vec<Diagnostic>,
    /// How many further findings there were beyond [`ParseOptions::max_diagnostics`].
    pub diagnostics_left_out: usize,
}

/// A message that owns its bytes, and what was tolerated in reading it.
#[derive(Debug)]
#[non_exhaustive]
pub struct ParsedOwned {
    /// The message.
    pub message: OwnedMessage,
    /// What was tolerated, as in [`Parsed::diagnostics`].
    pub diagnostics: Vec<Diagnostic>,
    /// How many further findings there were beyond [`ParseOptions::max_diagnostics`].
    pub diagnostics_left_out: usize,
}

impl ParseOptions {
    /// The default for [`ParseOptions::max_segments`]: one million.
    pub const MAX_SEGMENTS: usize = 1_000_000;
    /// The default for [`ParseOptions::max_diagnostics`]: one hundred.
    pub const MAX_DIAGNOSTICS: usize = 100;

    /// Tolerates everything there is a [`DiagnosticCode`] for.
    #[must_use]
    pub fn new() -> Self {
        Self {
            refused: 0,
            lines_joined: false,
            line_feeds: LineFeeds::Guessed,
            escapes_checked: false,
            max_segments: Self::MAX_SEGMENTS,
            max_diagnostics: Self::MAX_DIAGNOSTICS,
        }
    }

    /// Tolerates nothing but line feeds inside segments, which are data by the standard
    /// ([`ParseOptions::line_feeds_are_data`]), and checks the escape sequences
    /// ([`ParseOptions::check_escapes`]).
    #[must_use]
    pub fn strict() -> Self {
        Self { refused: u32::MAX, ..Self::new() }
            .line_feeds_are_data()
            .check_escapes()
            .tolerate(DiagnosticCode::LineFeedInData)
    }

    /// Tolerates one thing.
    #[must_use]
    pub fn tolerate(mut self, code: DiagnosticCode) -> Self {
        self.refused &= !bit(code);
        self
    }

    /// Refuses one thing, with [`ParseErrorKind::NotTolerated`]. To refuse one that
    /// [`ParseOptions::check_escapes`] tells turns that check on.
    ///
    /// ```
    /// use hl7_parse::{DiagnosticCode, ParseOptions};
    ///
    /// let options = ParseOptions::new().refuse(DiagnosticCode::NotASegment);
    /// assert!(options.parse(b"MSH|^~\\&|A\nPID|1\n").is_ok());
    /// assert!(options.parse(b"MSH|^~\\&|A\nno segment\n").is_err());
    /// ```
    #[must_use]
    pub fn refuse(mut self, code: DiagnosticCode) -> Self {
        self.refused |= bit(code);
        self.escapes_checked |= matches!(
            code,
            DiagnosticCode::UnknownEscape
                | DiagnosticCode::MalformedHexEscape
                | DiagnosticCode::UnclosedEscape
        );
        self
    }

    /// Takes a line that is no segment for the rest of the segment before it, with the line end
    /// between them as a part of the text: what senders make of notes in which they escape no
    /// line end. It is still told ([`DiagnosticCode::NotASegment`]), or refused.
    ///
    /// The bytes stay what they are. Read again without this the lines are by themselves.
    ///
    /// ```
    /// use hl7_parse::{ParseOptions, Path};
    ///
    /// let bytes = b"MSH|^~\\&|A\rNTE|1||first line\rand a second\rPID|1\r";
    /// let message = ParseOptions::new().join_lines().parse(bytes)?.message;
    /// assert_eq!(message.segments().len(), 3);
    /// assert_eq!(message.get(&Path::new("NTE-3")).decode(), "first line\rand a second");
    /// # Ok::<(), hl7_parse::ParseError>(())
    /// ```
    #[must_use]
    pub fn join_lines(mut self) -> Self {
        self.lines_joined = true;
        self
    }

    /// Takes a line feed for data where a segment begins behind a CR, as the standard does (2.4.4): also
    /// in MSH, and before what looks like another segment. It is still told
    /// ([`DiagnosticCode::LineFeedInData`]), or refused.
    ///
    /// One right after a CR is the second half of CR LF, and those at the very end are of no
    /// segment. A message in which no CR stands between two segments is read as without this: one at
    /// the very end may be that of a frame.
    ///
    /// ```
    /// use hl7_parse::{ParseOptions, Path};
    ///
    /// let bytes = b"MSH|^~\\&|A\nB\rNTE|1||weight\nBMI|high\rPID|1\r";
    /// let message = ParseOptions::new().line_feeds_are_data().parse(bytes)?.message;
    /// assert_eq!(message.segments().len(), 3);
    /// assert_eq!(message.header().sending_application().as_bytes(), b"A\nB");
    /// assert_eq!(message.get(&Path::new("NTE-3")).decode(), "weight\nBMI");
    /// # Ok::<(), hl7_parse::ParseError>(())
    /// ```
    #[must_use]
    pub fn line_feeds_are_data(mut self) -> Self {
        self.line_feeds = LineFeeds::Data;
        self
    }

    /// Looks for escape characters that open no sequence, which are else kept without a word when
    /// text is decoded: [`DiagnosticCode::UnknownEscape`],
    /// [`DiagnosticCode::MalformedHexEscape`], [`DiagnosticCode::UnclosedEscape`]. That takes
    /// another pass over the message, and one over each leaf of the segments that hold any.
    ///
    /// ```
    /// use hl7_parse::{DiagnosticCode, ParseOptions};
    ///
    /// let bytes = b"MSH|^~\\&|A\rOBX|1|ST|||a \\T\\ b|\\X4\\|50 \\ h\r";
    /// let parsed = ParseOptions::new().check_escapes().parse(bytes)?;
    /// let found: Vec<_> =
    ///     parsed.diagnostics.iter().map(|found| (found.code(), found.offset(), found.field())).collect();
    /// assert_eq!(
    ///     found,
    ///     [
    ///         (DiagnosticCode::MalformedHexEscape, 30, Some(6)),
    ///         (DiagnosticCode::UnclosedEscape, 38, Some(7)),
    ///     ]
    /// );
    /// # Ok::<(), hl7_parse::ParseError>(())
    /// ```
    #[must_use]
    pub fn check_escapes(mut self) -> Self {
        self.escapes_checked = true;
        self
    }

    /// How many segments a message may have, lines that are none included; each takes 8 bytes beside the message.
    #[must_use]
    pub fn max_segments(mut self, max: usize) -> Self {
        self.max_segments = max;
        self
    }

    /// How many diagnostics are listed; further ones are counted.
    #[must_use]
    pub fn max_diagnostics(mut self, max: usize) -> Self {
        self.max_diagnostics = max;
        self
    }

    /// Reads a message and tells what was tolerated.
    ///
    /// # Errors
    ///
    /// Those of [`Message::parse`], and [`ParseErrorKind::NotTolerated`].
    pub fn parse<'a>(&self, bytes: &'a [u8]) -> Result<Parsed<'a>, ParseError> {
        let mut collect = Collect { options: self, diagnostics: Vec::new(), left_out: 0 };
        let mut scanned =
            scan_with(self.line_feeds, bytes, First::Header, self.max_segments, &mut collect)?;
        if self.lines_joined {
            join_lines(bytes, &mut scanned, &mut collect.diagnostics);
        }
        let message = Message::from_scanned(bytes, scanned);
        if self.escapes_checked {
            for fault in escape_faults(&message) {
                let found = Diagnostic::new(fault.code, fault.offset, fault.segment);
                collect.add(found.in_field(fault.field))?;
            }
        }
        Ok(Parsed {
            message,
            diagnostics: collect.diagnostics,
            diagnostics_left_out: collect.left_out,
        })
    }

    /// Reads a message as [`Self::parse`] does, without copying the bytes: the message shares
    /// them.
    ///
    /// ```
    /// use hl7_parse::{DiagnosticCode, ParseOptions};
    ///
    /// let parsed = ParseOptions::new().join_lines().parse_owned("MSH|^~\\&|A\rNTE|1||a\rb\r")?;
    /// assert_eq!(parsed.diagnostics[0].code(), DiagnosticCode::NotASegment);
    /// let thread = std::thread::spawn(move || parsed.message.as_message().segments().len());
    /// assert_eq!(thread.join().ok(), Some(2));
    /// # Ok::<(), hl7_parse::ParseError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Self::parse`].
    pub fn parse_owned(&self, bytes: impl Into<Bytes>) -> Result<ParsedOwned, ParseError> {
        let bytes = bytes.into();
        let Parsed { message, diagnostics, diagnostics_left_out } = self.parse(&bytes)?;
        let (declared, spans) = (message.declared(), Arc::from(message.spans()));
        let message = OwnedMessage::from_spans(bytes, declared, spans);
        Ok(ParsedOwned { message, diagnostics, diagnostics_left_out })
    }
}

impl Default for ParseOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// Adds lines that are no segment to the segment before them.
fn join_lines(bytes: &[u8], scanned: &mut Scanned, diagnostics: &mut [Diagnostic]) {
    let mut joined: Vec<Span> = Vec::with_capacity(scanned.spans.len());
    // Of each line, the number of the segment it is in.
    let mut numbers = Vec::with_capacity(scanned.spans.len());
    for span in &scanned.spans {
        let line = unindented(span.of(bytes));
        match joined.last_mut() {
            Some(last) if !is_segment_head(line, scanned.declared.separators.field) => {
                last.end = span.end
            }
            _ => joined.push(*span),
        }
        numbers.push(joined.len());
    }
    for diagnostic in diagnostics {
        let number = |line: usize| {
            let at = line.checked_sub(1).and_then(|before| numbers.get(before));
            at.copied().unwrap_or(if line == 0 { 0 } else { joined.len() })
        };
        *diagnostic = diagnostic.renumbered(number);
    }
    scanned.spans = joined;
}

fn bit(code: DiagnosticCode) -> u32 {
    1 << (code as u32)
}

struct Collect<'o> {
    options: &'o ParseOptions,
    diagnostics: Vec<Diagnostic>,
    left_out: usize,
}

impl Report for Collect<'_> {
    const ACTIVE: bool = true;

    fn report(
        &mut self,
        code: DiagnosticCode,
        offset: usize,
        segment: usize,
    ) -> Result<(), ParseError> {
        self.add(Diagnostic::new(code, offset, segment))
    }
}

impl Collect<'_> {
    fn add(&mut self, found: Diagnostic) -> Result<(), ParseError> {
        let code = found.code();
        if self.options.refused & bit(code) != 0 {
            return Err(ParseError::new(ParseErrorKind::NotTolerated(code), found.offset()));
        }
        let full = self.diagnostics.len() >= self.options.max_diagnostics;
        match self.diagnostics.last_mut() {
            Some(last) if last.is_like(&found) && self.left_out == 0 => last.again(),
            _ if full => self.left_out = self.left_out.saturating_add(1),
            _ => self.diagnostics.push(found),
        }
        Ok(())
    }
}
