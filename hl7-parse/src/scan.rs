//! Finds segment boundaries in one pass.
//!
//! A segment ends at a carriage return (2.4.4). What else ends one in practice is decided here
//! and nowhere else. Nothing below the segment is located.

use memchr::memchr_iter;

use crate::{
    Charset, DiagnosticCode, ParseError, ParseErrorKind, Separators,
    charset::{self, ESCAPE},
    header::{self, Declared},
    mask::each_control,
};

/// Where one segment lies in the input. No lifetime, 8 bytes, `Copy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    /// Both within a text that is no longer than `u32::MAX`.
    #[expect(clippy::cast_possible_truncation, reason = "longer text is refused before")]
    fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32 }
    }

    pub(crate) fn of<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        slice(bytes, self.start as usize, self.end as usize)
    }
}

/// `bytes[start..end]`, or nothing where that is out of range.
pub(crate) fn slice(bytes: &[u8], start: usize, end: usize) -> &[u8] {
    bytes.get(start..end).unwrap_or_default()
}

/// Takes note of what was tolerated, or refuses it.
pub(crate) trait Report {
    /// False where nothing listens, so that the looking can be left out.
    const ACTIVE: bool;

    fn report(
        &mut self,
        code: DiagnosticCode,
        offset: usize,
        segment: usize,
    ) -> Result<(), ParseError>;
}

/// Tolerates everything and remembers nothing.
pub(crate) struct Ignore;

impl Report for Ignore {
    const ACTIVE: bool = false;

    fn report(&mut self, _: DiagnosticCode, _: usize, _: usize) -> Result<(), ParseError> {
        Ok(())
    }
}

/// What one pass over a message finds.
pub(crate) struct Scanned {
    pub(crate) declared: Declared,
    pub(crate) spans: Vec<Span>,
}

/// More than this is not reserved before it is needed.
const MAX_RESERVED_SPANS: usize = 1024;

/// Which first segments [`scan`] takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum First {
    /// MSH alone.
    Header,
    /// MSH alone, in UTF-8 whatever MSH-18 says.
    #[cfg(feature = "charset")]
    Decoded,
    /// Anything; where it is no MSH, FHS or BHS these delimiters are in force.
    Any(Separators),
    /// MSH alone, split at the bytes of its delimiters whatever set it declares.
    Undecoded,
}

/// What a line feed is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineFeeds {
    /// What it seems to be: by the end of MSH, and by what follows it.
    Guessed,
    /// Data, unless it follows a CR or no CR stands between two segments.
    Data,
    /// Data, unless it follows a CR: of a part that was cut at CR.
    AlwaysData,
}

pub(crate) fn scan<R: Report>(
    bytes: &[u8],
    first: First,
    max_segments: usize,
    report: &mut R,
) -> Result<Scanned, ParseError> {
    scan_with(LineFeeds::Guessed, bytes, first, max_segments, report)
}

pub(crate) fn scan_with<R: Report>(
    line_feeds: LineFeeds,
    bytes: &[u8],
    first: First,
    max_segments: usize,
    report: &mut R,
) -> Result<Scanned, ParseError> {
    if u32::try_from(bytes.len()).is_err() {
        return Err(ParseError::new(ParseErrorKind::TooLong, u32::MAX as usize));
    }
    let start = leading(bytes);
    if start == bytes.len() {
        return Err(ParseError::new(ParseErrorKind::Empty, start));
    }
    if R::ACTIVE && start > 0 {
        report.report(DiagnosticCode::BytesBeforeHeader, 0, 0)?;
    }

    let body = slice(bytes, start, bytes.len());
    let line_feeds_are_data = match line_feeds {
        LineFeeds::Guessed => false,
        LineFeeds::Data => cr_ends(slice(bytes, start, content_end(bytes)), first),
        LineFeeds::AlwaysData => true,
    };
    let mut escape_in_header = false;
    let header_ends = each_control(body, 0, |at| match body.get(at) {
        Some(b'\r') => Err(at),
        Some(b'\n') if !line_feeds_are_data => Err(at),
        byte => {
            escape_in_header |= byte == Some(&ESCAPE);
            Ok(())
        }
    });
    let line_end = start + header_ends.err().unwrap_or(body.len());
    let line = without_framing(slice(bytes, start, line_end));
    let mut may_hold_kanji = false;
    let declared = match (header::read(line, start, report), first) {
        #[cfg(feature = "charset")]
        (Ok(Declared { separators, msh_9 }), First::Decoded) => {
            Declared { separators: separators.with_charset(Charset::Utf8), msh_9 }
        }
        (Ok(declared), First::Undecoded) => declared,
        (Ok(declared), _) => {
            charset::check_splits(bytes, line, declared.separators)?;
            may_hold_kanji = charset::may_hold_kanji(&declared.separators);
            declared
        }
        (Err(error), First::Any(in_force)) if error.kind() == ParseErrorKind::MissingHeader => {
            in_force.into()
        }
        (Err(error), _) => return Err(charset::explain(error, bytes)),
    };
    let separators = declared.separators;
    if !matches!(first, First::Any(_)) && !line.starts_with(b"MSH") {
        return Err(ParseError::new(ParseErrorKind::Batch, start));
    }

    let mut lines = Lines {
        content: bytes,
        separators,
        // What ends the header tells what ends the others.
        line_feed_ends: bytes.get(line_end) == Some(&b'\n'),
        line_feeds_are_data,
        may_hold_kanji,
        content_end: None,
        spans: Vec::with_capacity((bytes.len() / 64 + 8).min(MAX_RESERVED_SPANS)),
        max_segments,
        report,
        start,
        line_start: start,
    };
    if may_hold_kanji
        && escape_in_header
        && let Some(at) = charset::kanji(line, &separators)
    {
        let kind = ParseErrorKind::NeedsDecoding(Charset::Iso2022Jp);
        return Err(ParseError::new(kind, start + at));
    }
    // What ends the header is known, but for line feeds in it that are data.
    let from = if line_feeds_are_data { 0 } else { line_end - start };
    each_control(body, from, |at| lines.end(start + at))?;
    lines.end_last()?;
    Ok(Scanned { declared, spans: lines.spans })
}

/// Whether the segments of a part seem to end with line feeds, and none with CR.
pub(crate) fn line_feeds_alone(bytes: &[u8], in_force: Separators) -> bool {
    let content = slice(bytes, leading(bytes), content_end(bytes));
    let field = field_separator(content, First::Any(in_force));
    let leads_to_head = |at: usize| {
        let rest = content.get(at + 1..).unwrap_or_default();
        rest.get(3) == Some(&field) && is_segment_head(rest, field)
    };
    memchr_iter(b'\n', content).any(leads_to_head) && !cr_ends(content, First::Any(in_force))
}

/// The field separator in force for what begins a message or part.
fn field_separator(content: &[u8], first: First) -> u8 {
    match first {
        First::Any(in_force) if !content.get(..3).is_some_and(header::is_header_id) => {
            in_force.field
        }
        _ => content.get(3).copied().unwrap_or_default(),
    }
}

/// Whether a CR in a message, of which nothing stands before and behind the content, is followed by
/// a segment. One at the very end tells nothing: it may be that of a frame.
fn cr_ends(content: &[u8], first: First) -> bool {
    /// Blank lines before a segment that are looked past.
    const MAX_BLANK_LINES: usize = 16;
    let field = field_separator(content, first);
    memchr_iter(b'\r', content).any(|at| {
        let rest = content.get(at + 1..).unwrap_or_default();
        let blank = rest.iter().take(MAX_BLANK_LINES).take_while(|byte| **byte == b'\n').count();
        is_segment_head(unindented(rest.get(blank..).unwrap_or_default()), field)
    })
}

struct Lines<'a, R> {
    content: &'a [u8],
    separators: Separators,
    line_feed_ends: bool,
    line_feeds_are_data: bool,
    may_hold_kanji: bool,
    /// Where nothing but line ends, framing bytes and blank lines follow.
    content_end: Option<usize>,
    spans: Vec<Span>,
    max_segments: usize,
    report: &'a mut R,
    /// Where the first line begins, and the one that is looked at.
    start: usize,
    line_start: usize,
}

impl<R: Report> Lines<'_, R> {
    /// Takes the line that ends at `at`, if that carriage return or line feed ends one.
    #[inline]
    fn end(&mut self, at: usize) -> Result<(), ParseError> {
        match self.byte(at) {
            Some(b'\r') => self.push(self.line_start, at)?,
            Some(b'\n') => return self.end_at_line_feed(at),
            Some(ESCAPE) if self.may_hold_kanji => return self.check_escape(at),
            _ => return Ok(()),
        };
        self.line_start = at + 1;
        Ok(())
    }

    /// Sees to it that no bytes that look like delimiters follow.
    #[cold]
    fn check_escape(&self, at: usize) -> Result<(), ParseError> {
        let after = self.content.get(at + 1..).unwrap_or_default();
        match charset::leads_to_kanji(after, &self.separators) {
            true => Err(ParseError::new(ParseErrorKind::NeedsDecoding(Charset::Iso2022Jp), at)),
            false => Ok(()),
        }
    }

    #[inline(never)]
    fn end_at_line_feed(&mut self, at: usize) -> Result<(), ParseError> {
        if at == self.line_start {
            // The second half of CR LF, or a blank line.
            let after_cr = at > self.start && self.byte(at - 1) == Some(b'\r');
            self.note(
                match after_cr {
                    true => DiagnosticCode::LineFeedTerminator,
                    false => DiagnosticCode::BlankLine,
                },
                at,
            )?;
        } else if !self.line_feed_ends && !self.ends_before(at + 1) {
            return self.note_in_next(DiagnosticCode::LineFeedInData, at);
        } else {
            self.push(self.line_start, at)?;
            self.note(DiagnosticCode::LineFeedTerminator, at)?;
        }
        self.line_start = at + 1;
        Ok(())
    }

    /// Takes what follows the last line end.
    fn end_last(&mut self) -> Result<(), ParseError> {
        let end = self.content.len();
        if self.line_start < end && self.push(self.line_start, end)? {
            self.note(DiagnosticCode::MissingTerminator, end)?;
        }
        Ok(())
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.content.get(at).copied()
    }

    /// Whether what begins at `at` can not belong to the segment before it: an ID with a field
    /// separator, or nothing more but blanks.
    fn ends_before(&mut self, at: usize) -> bool {
        /// Blank lines before a segment that are looked past.
        const MAX_BLANK_LINES: usize = 16;
        let rest = self.content.get(at..).unwrap_or_default();
        let blank = rest.iter().take(MAX_BLANK_LINES).take_while(|byte| **byte == b'\n').count();
        at >= *self.content_end.get_or_insert_with(|| content_end(self.content))
            || !self.line_feeds_are_data
                && rest.get(blank..).and_then(<[u8]>::split_first_chunk::<4>).is_some_and(
                    |([first, second, third, next], _)| {
                        *next == self.separators.field && is_segment_id(&[*first, *second, *third])
                    },
                )
    }

    /// Takes a line as a segment, and says whether it is one.
    #[inline(never)]
    fn push(&mut self, start: usize, end: usize) -> Result<bool, ParseError> {
        let room = self.spans.capacity().min(self.max_segments);
        match self.content.get(start..end) {
            // Nearly every line begins with a segment ID and ends with what prints.
            Some([b'!'..=b'~', .., b' '..=u8::MAX]) if !R::ACTIVE && self.spans.len() < room => {
                self.spans.push(Span::new(start, end));
                Ok(true)
            }
            line => self.push_unusual(start, line.unwrap_or_default()),
        }
    }

    /// [`push`](Self::push) for any line.
    #[inline(never)]
    fn push_unusual(&mut self, start: usize, line: &[u8]) -> Result<bool, ParseError> {
        let text = without_framing(line);
        if text.len() < line.len() {
            self.note(DiagnosticCode::FramingBytes, start + text.len())?;
        }
        if is_blank_line(text) {
            if text.len() == line.len() {
                self.note(DiagnosticCode::BlankLine, start)?;
            }
            return Ok(false);
        }
        if self.spans.len() >= self.max_segments {
            return Err(ParseError::new(ParseErrorKind::TooManySegments, start));
        }
        self.spans.push(Span::new(start, start + text.len()));
        if R::ACTIVE {
            self.check_head(text, start)?;
        }
        Ok(true)
    }

    fn check_head(&mut self, line: &[u8], start: usize) -> Result<(), ParseError> {
        let trimmed = unindented(line);
        if trimmed.len() < line.len() {
            self.note(DiagnosticCode::BlanksBeforeSegment, start)?;
        }
        if !is_segment_head(trimmed, self.separators.field) {
            self.note(DiagnosticCode::NotASegment, start)?;
        } else if trimmed.iter().take(3).any(u8::is_ascii_lowercase) {
            self.note(DiagnosticCode::LowerCaseSegmentId, start)?;
        } else if trimmed.starts_with(b"MSH") && self.spans.len() > 1 {
            self.note(DiagnosticCode::AnotherHeader, start)?;
        }
        Ok(())
    }

    fn note(&mut self, code: DiagnosticCode, offset: usize) -> Result<(), ParseError> {
        if R::ACTIVE { self.report.report(code, offset, self.spans.len()) } else { Ok(()) }
    }

    fn note_in_next(&mut self, code: DiagnosticCode, offset: usize) -> Result<(), ParseError> {
        if R::ACTIVE { self.report.report(code, offset, self.spans.len() + 1) } else { Ok(()) }
    }
}

/// A segment without a few blanks before its ID. Not of any number: this is looked at again and
/// again.
pub(crate) fn unindented(bytes: &[u8]) -> &[u8] {
    const MAX_BLANKS: usize = 16;
    if !matches!(bytes, [b' ' | b'\t', ..]) {
        return bytes;
    }
    let blanks = bytes.iter().take(MAX_BLANKS);
    let blanks = blanks.take_while(|byte| is_space(byte)).count();
    bytes.get(blanks..).unwrap_or_default()
}

/// Whether this begins with three characters that can be a segment ID, and then a field
/// separator, a line end or nothing.
pub(crate) fn is_segment_head(line: &[u8], field_separator: u8) -> bool {
    match line.split_first_chunk::<3>() {
        Some((id, rest)) => {
            is_segment_id(id)
                && rest.first().is_none_or(|next| {
                    *next == field_separator || matches!(next, b'\r' | b'\n' | 0x0B | 0x1C | 0)
                })
        }
        None => false,
    }
}

/// A letter, then letters or digits; lower case is seen and taken.
pub(crate) fn is_segment_id(id: &[u8; 3]) -> bool {
    let [first, second, third] = id;
    first.is_ascii_alphabetic() && second.is_ascii_alphanumeric() && third.is_ascii_alphanumeric()
}

/// How many bytes stand before the first segment: a byte order mark, white space, framing bytes.
pub(crate) fn leading(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    loop {
        match rest {
            [b' ' | b'\t' | b'\r' | b'\n' | 0x0B | 0x1C | 0, after @ ..]
            // A byte order mark.
            | [0xEF, 0xBB, 0xBF, after @ ..] => rest = after,
            _ => return bytes.len() - rest.len(),
        }
    }
}

/// Where nothing but line ends, framing bytes and blank lines follow. Spaces after a line feed may
/// be data, up to the next CR.
fn content_end(bytes: &[u8]) -> usize {
    let text = without_last(bytes, |byte| ends_message(byte) || is_space(byte)).len();
    let after = bytes.get(text..).unwrap_or_default();
    let line = after
        .iter()
        .position(|byte| *byte == b'\r')
        .and_then(|end| after.get(..end))
        .unwrap_or(after);
    text + without_last(line, ends_message).len()
}

/// Bytes without those at their end that `skips` takes, and byte order marks among them.
pub(crate) fn without_last(bytes: &[u8], skips: impl Fn(&u8) -> bool) -> &[u8] {
    let mut rest = bytes;
    loop {
        match rest {
            [before @ .., last] if skips(last) => rest = before,
            // A byte order mark.
            [before @ .., 0xEF, 0xBB, 0xBF] => rest = before,
            _ => return rest,
        }
    }
}

fn is_space(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// What may stand after the last segment: line ends, framing bytes, NULs.
pub(crate) fn ends_message(byte: &u8) -> bool {
    matches!(byte, b'\r' | b'\n' | 0x0B | 0x1C | 0)
}

/// Whether nothing is left of a line but white space, framing bytes or byte order marks.
#[inline]
fn is_blank_line(line: &[u8]) -> bool {
    // Nearly every line begins with a segment ID.
    !line.first().is_some_and(u8::is_ascii_graphic)
        && (line.iter().all(is_blank) || leading(line) == line.len())
}

fn is_blank(byte: &u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, 0x0B | 0x1C | 0)
}

/// A line without the framing bytes and NULs at its end.
#[inline]
pub(crate) fn without_framing(line: &[u8]) -> &[u8] {
    // Most lines end with what prints.
    if line.last().is_some_and(|byte| *byte >= b' ') {
        return line;
    }
    let mut rest = line;
    while let [before @ .., 0x0B | 0x1C | 0] = rest {
        rest = before;
    }
    rest
}
