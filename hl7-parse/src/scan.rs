//! Finds segment boundaries in one pass, and the nth delimiter in dense text.
//!
//! A segment ends at a carriage return (2.4.4). What else ends one in practice is decided here
//! and nowhere else. Nothing below the segment is located.

use memchr::memchr2_iter;

use crate::{DiagnosticCode, ParseError, ParseErrorKind, Separators, header};

/// Where one segment lies in the input. No lifetime, 8 bytes, `Copy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
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
    pub(crate) separators: Separators,
    pub(crate) spans: Vec<Span>,
}

/// More than this is not reserved before it is needed.
const MAX_RESERVED_SPANS: usize = 1024;

/// Which first segments [`scan`] takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum First {
    /// MSH alone.
    Header,
    /// Anything; where it is no MSH, FHS or BHS these delimiters are in force.
    Any(Separators),
}

pub(crate) fn scan<R: Report>(
    bytes: &[u8],
    first: First,
    max_segments: usize,
    report: &mut R,
) -> Result<Scanned, ParseError> {
    if u32::try_from(bytes.len()).is_err() {
        return Err(ParseError::new(ParseErrorKind::TooLong, u32::MAX as usize));
    }
    let (start, end) = (leading(bytes), trailing(bytes));
    if start >= end {
        return Err(ParseError::new(ParseErrorKind::Empty, bytes.len()));
    }
    if R::ACTIVE && start > 0 {
        report.report(DiagnosticCode::BytesBeforeHeader, 0, 0)?;
    }

    let content = slice(bytes, 0, end);
    let line = header::line(slice(bytes, start, end));
    let separators = match (header::declared(line, start, report), first) {
        (Ok(separators), _) => separators,
        (Err(error), First::Any(in_force)) if error.kind() == ParseErrorKind::MissingHeader => {
            in_force
        }
        (Err(error), _) => return Err(error),
    };
    if first == First::Header && !line.starts_with(b"MSH") {
        return Err(ParseError::new(ParseErrorKind::Batch, start));
    }

    let mut lines = Lines {
        content,
        separators,
        // What ends the header tells what ends the others.
        line_feed_ends: content.get(start + line.len()) == Some(&b'\n'),
        spans: Vec::with_capacity((content.len() / 64 + 8).min(MAX_RESERVED_SPANS)),
        max_segments,
        report,
    };
    lines.find(start)?;
    if R::ACTIVE {
        lines.report_tail(bytes)?;
    }
    Ok(Scanned { separators, spans: lines.spans })
}

struct Lines<'a, R> {
    content: &'a [u8],
    separators: Separators,
    line_feed_ends: bool,
    spans: Vec<Span>,
    max_segments: usize,
    report: &'a mut R,
}

impl<R: Report> Lines<'_, R> {
    fn find(&mut self, start: usize) -> Result<(), ParseError> {
        let mut line_start = start;
        for at in memchr2_iter(b'\r', b'\n', self.content.get(start..).unwrap_or_default()) {
            let at = start + at;
            if self.content.get(at) == Some(&b'\n') {
                let after_cr = at == line_start && at > start && self.byte(at - 1) == Some(b'\r');
                if after_cr {
                    self.note(DiagnosticCode::LineFeedTerminator, at)?;
                    line_start = at + 1;
                    continue;
                }
                if !self.line_feed_ends && !self.ends_before(at + 1) {
                    self.note(DiagnosticCode::LineFeedInData, at)?;
                    continue;
                }
                self.note(DiagnosticCode::LineFeedTerminator, at)?;
            }
            self.push(line_start, at)?;
            line_start = at + 1;
        }
        if line_start < self.content.len() {
            self.push(line_start, self.content.len())?;
        }
        Ok(())
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.content.get(at).copied()
    }

    /// Whether what begins at `at` could not belong to the segment before it: a segment, a
    /// blank line, or nothing.
    fn ends_before(&self, at: usize) -> bool {
        let rest = self.content.get(at..).unwrap_or_default();
        match rest {
            [] | [b'\r' | b'\n', ..] => true,
            _ => is_segment_head(rest, self.separators.field),
        }
    }

    fn push(&mut self, start: usize, end: usize) -> Result<(), ParseError> {
        let line = slice(self.content, start, end);
        // A blank line is rare: the first byte tells most others apart.
        if line.first().is_none_or(|byte| byte.is_ascii_whitespace() || *byte == 0)
            && line.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0)
        {
            return self.note(DiagnosticCode::BlankLine, start);
        }
        if self.spans.len() >= self.max_segments {
            return Err(ParseError::new(ParseErrorKind::TooManySegments, start));
        }
        let narrow = |n| u32::try_from(n).unwrap_or(u32::MAX);
        self.spans.push(Span { start: narrow(start), end: narrow(end) });
        if R::ACTIVE {
            self.check_head(line, start)?;
        }
        Ok(())
    }

    fn check_head(&mut self, line: &[u8], start: usize) -> Result<(), ParseError> {
        let trimmed = line.trim_ascii_start();
        if trimmed.len() < line.len() {
            self.note(DiagnosticCode::BlanksBeforeSegment, start)?;
        }
        if !is_segment_head(trimmed, self.separators.field) {
            self.note(DiagnosticCode::NotASegment, start)?;
        } else if trimmed.starts_with(b"MSH") && self.spans.len() > 1 {
            self.note(DiagnosticCode::AnotherHeader, start)?;
        }
        Ok(())
    }

    /// What was between the last segment and the end of the input.
    fn report_tail(&mut self, bytes: &[u8]) -> Result<(), ParseError> {
        let last = self.spans.last().map_or(0, |span| span.end as usize);
        let tail = bytes.get(last..).unwrap_or_default();
        match tail.first() {
            None => self.note(DiagnosticCode::MissingTerminator, last)?,
            Some(b'\r') => {}
            Some(b'\n') => self.note(DiagnosticCode::LineFeedTerminator, last)?,
            Some(_) => self.note(DiagnosticCode::MissingTerminator, last)?,
        }
        let after = tail.strip_prefix(b"\r").or_else(|| tail.strip_prefix(b"\n")).unwrap_or(tail);
        if let Some(stray) = after.iter().position(|byte| !matches!(byte, b'\r' | b'\n')) {
            let offset = bytes.len() - after.len() + stray;
            self.note(DiagnosticCode::BytesAfterMessage, offset)?;
        } else if after.first() == Some(&b'\n') && tail.first() == Some(&b'\r') {
            self.note(DiagnosticCode::LineFeedTerminator, bytes.len() - after.len())?;
        } else if !after.is_empty() {
            self.note(DiagnosticCode::BlankLine, bytes.len() - after.len())?;
        }
        Ok(())
    }

    fn note(&mut self, code: DiagnosticCode, offset: usize) -> Result<(), ParseError> {
        if R::ACTIVE { self.report.report(code, offset, self.spans.len()) } else { Ok(()) }
    }
}

/// Whether this begins with three characters that can be a segment ID, and then a field
/// separator, a line end or nothing.
pub(crate) fn is_segment_head(line: &[u8], field_separator: u8) -> bool {
    match line.split_first_chunk::<3>() {
        Some((id, rest)) => {
            is_segment_id(id)
                && rest
                    .first()
                    .is_none_or(|next| *next == field_separator || matches!(next, b'\r' | b'\n'))
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
    const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
    let mut rest = bytes;
    loop {
        match rest {
            [b' ' | b'\t' | b'\r' | b'\n' | 0x0B | 0x1C | 0, after @ ..] => rest = after,
            _ => match rest.strip_prefix(BYTE_ORDER_MARK) {
                Some(after) => rest = after,
                None => return bytes.len() - rest.len(),
            },
        }
    }
}

/// Where the last segment ends: before line ends, framing bytes and NULs.
fn trailing(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let [before @ .., b'\r' | b'\n' | 0x0B | 0x1C | 0] = rest {
        rest = before;
    }
    rest.len()
}

/// The position of the `n`th `wanted`, from 1.
///
/// Delimiters are dense: counting matches in chunks of 16 bytes, which the compiler
/// vectorises, beats stopping at each of them.
pub(crate) fn find_nth(haystack: &[u8], wanted: u8, n: usize) -> Option<usize> {
    if n == 0 {
        return None;
    }
    let mut left = n;
    let mut rest = haystack;
    while let Some((chunk, after)) = rest.split_first_chunk::<CHUNK>() {
        let here = usize::from(chunk.iter().map(|byte| u8::from(*byte == wanted)).sum::<u8>());
        if here >= left {
            break;
        }
        left -= here;
        rest = after;
    }
    for (at, byte) in rest.iter().enumerate() {
        if *byte == wanted {
            left -= 1;
            if left == 0 {
                return Some(haystack.len() - rest.len() + at);
            }
        }
    }
    None
}

const CHUNK: usize = 16;

/// Everything before the first `wanted`, or all.
///
/// The end of a field is mostly near; a document in a field is long. So: a short look, then
/// memchr.
pub(crate) fn until(text: &[u8], wanted: u8) -> &[u8] {
    const NEAR: usize = 16;
    let near = text.get(..NEAR).unwrap_or(text);
    let end = near.iter().position(|byte| *byte == wanted).or_else(|| {
        memchr::memchr(wanted, text.get(NEAR..).unwrap_or_default()).map(|at| at + NEAR)
    });
    end.map_or(text, |end| text.get(..end).unwrap_or_default())
}

/// The `n`th piece, from 1, of what `separator` cuts.
pub(crate) fn nth_piece(text: &[u8], separator: u8, n: usize) -> Option<&[u8]> {
    let rest = match n {
        0 => return None,
        1 => text,
        _ => text.get(find_nth(text, separator, n - 1)? + 1..)?,
    };
    Some(until(rest, separator))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nth_piece_is_what_split_gives() {
        let text = b"a||bcdefghijklmnopqrstuvwxyz|0123456789abcdef||x|";
        for len in 0..=text.len() {
            let text = &text[..len];
            let pieces: Vec<_> = text.split(|byte| *byte == b'|').collect();
            for n in 1..=pieces.len() + 1 {
                assert_eq!(
                    nth_piece(text, b'|', n),
                    pieces.get(n - 1).copied(),
                    "piece {n} of {:?}",
                    text.escape_ascii().to_string()
                );
            }
            assert_eq!(nth_piece(text, b'|', 0), None);
        }
    }

    #[test]
    fn find_nth_does_not_overflow_on_uniform_text() {
        let text = [b'|'; 1000];
        for n in 1..=1000 {
            assert_eq!(find_nth(&text, b'|', n), Some(n - 1));
        }
        assert_eq!(find_nth(&text, b'|', 1001), None);
        assert_eq!(find_nth(&text, b'|', 0), None);
    }
}
