//! [`ParseOptions`]: what is tolerated, and how much is read.

use std::sync::Arc;

use bytes::Bytes;

use crate::{
    Diagnostic, DiagnosticCode, Message, OwnedMessage, ParseError, ParseErrorKind,
    scan::{First, Report, Scanned, Span, is_segment_head, scan, unindented},
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
    max_segments: usize,
    max_diagnostics: usize,
}

/// A message, and what was tolerated in reading it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Parsed<'a> {
    /// The message.
    pub message: Message<'a>,
    /// What was tolerated, in the order of the input. Equal findings that follow one another
    /// are one entry with a count.
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
            max_segments: Self::MAX_SEGMENTS,
            max_diagnostics: Self::MAX_DIAGNOSTICS,
        }
    }

    /// Tolerates nothing but line feeds inside segments, which are data by the standard.
    #[must_use]
    pub fn strict() -> Self {
        Self { refused: u32::MAX, ..Self::new() }.tolerate(DiagnosticCode::LineFeedInData)
    }

    /// Tolerates one thing.
    #[must_use]
    pub fn tolerate(mut self, code: DiagnosticCode) -> Self {
        self.refused &= !bit(code);
        self
    }

    /// Refuses one thing, with [`ParseErrorKind::NotTolerated`].
    #[must_use]
    pub fn refuse(mut self, code: DiagnosticCode) -> Self {
        self.refused |= bit(code);
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
        let mut scanned = scan(bytes, First::Header, self.max_segments, &mut collect)?;
        if self.lines_joined {
            join_lines(bytes, &mut scanned, &mut collect.diagnostics);
        }
        Ok(Parsed {
            message: Message::from_scanned(bytes, scanned),
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
        let (separators, spans) = message.into_parts();
        let spans = Arc::from(&*spans);
        let message = OwnedMessage::from_spans(bytes, separators, spans);
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
            Some(last) if !is_segment_head(line, scanned.separators.field) => last.end = span.end,
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
        if self.options.refused & bit(code) != 0 {
            return Err(ParseError::new(ParseErrorKind::NotTolerated(code), offset));
        }
        let full = self.diagnostics.len() >= self.options.max_diagnostics;
        match self.diagnostics.last_mut() {
            Some(last) if last.code() == code && self.left_out == 0 => last.again(),
            _ if full => self.left_out = self.left_out.saturating_add(1),
            _ => self.diagnostics.push(Diagnostic::new(code, offset, segment)),
        }
        Ok(())
    }
}
