//! What stands between and within the lines of a message that is edited.

use std::borrow::Cow;

use memchr::{memchr_iter, memchr2};

use crate::{
    EditErrorKind, Message, Segment, escape::unescape, scan::is_segment_head, search::find_nth,
};

/// Whether each LF ends a line, as reading decided it: by what ends MSH. One inside of MSH ended
/// its first line only if no CR ends the whole; else it is data.
pub(super) fn line_feed_ends(message: &Message<'_>) -> bool {
    let header = message.header().segment().as_bytes();
    let gap = gap(message, 0);
    let first = |bytes: &[u8]| memchr2(b'\r', b'\n', bytes).and_then(|at| bytes.get(at)).copied();
    match first(header) {
        Some(end) => end == b'\n' && !gap.contains(&b'\r'),
        None => first(gap) == Some(b'\n'),
    }
}

/// Whether the first line of MSH ended with CR, and LF stands behind the last of those that were
/// joined to it: to be read in the same way the one line that is written needs a CR.
pub(super) fn header_needs_cr(message: &Message<'_>) -> bool {
    let joined = message.header().segment().as_bytes().contains(&b'\r');
    joined && !line_feed_ends(message) && {
        let gap = gap(message, 0);
        memchr2(b'\r', b'\n', gap).and_then(|at| gap.get(at)) == Some(&b'\n')
    }
}

/// Whether a line feed in a segment stands before what would begin another one: where reading
/// guessed it would have ended there, so that line feeds were read as data.
pub(super) fn line_feeds_are_data(message: &Message<'_>) -> bool {
    let field = message.separators().field;
    message.segments().any(|segment| begins_segment(segment.as_bytes(), field))
}

/// Whether what follows a line feed in a segment begins another one, unless line feeds are data.
pub(super) fn begins_segment(segment: &[u8], field: u8) -> bool {
    memchr_iter(b'\n', segment).any(|line_feed| {
        let after = segment.get(line_feed + 1..).unwrap_or_default();
        after.get(3) == Some(&field) && is_segment_head(after, field)
    })
}

/// A segment whose lines were joined on reading, with the line ends between them escaped: as
/// they are they would end it. Refused where its text would not stay the same.
pub(super) fn one_line<'a>(
    segment: Segment<'a>,
    line_feed_ends: bool,
) -> Result<Cow<'a, [u8]>, EditErrorKind> {
    let (bytes, separators) = (segment.as_bytes(), segment.separators());
    let Some(first) = memchr2(b'\r', b'\n', bytes) else { return Ok(bytes.into()) };
    if !line_feed_ends && !bytes.contains(&b'\r') {
        return Ok(bytes.into());
    }
    let escape = separators.escape().ok_or(EditErrorKind::NotEscapable)?;
    let before_text = if segment.is_header() { 2 } else { 1 };
    if find_nth(bytes, separators.field, before_text).is_none_or(|at| first < at) {
        return Err(EditErrorKind::NotEscapable);
    }
    let mut line = Vec::with_capacity(bytes.len() + 16);
    for byte in bytes {
        match byte {
            b'\r' => line.extend([escape, b'X', b'0', b'D', escape]),
            b'\n' => line.extend([escape, b'X', b'0', b'A', escape]),
            _ => line.push(*byte),
        }
    }
    let leaf = |byte: &u8| {
        let cuts = [separators.component(), separators.repetition(), separators.subcomponent()];
        *byte == separators.field || cuts.contains(&Some(*byte))
    };
    let same = bytes
        .split(leaf)
        .zip(line.split(leaf))
        .all(|(came, now)| unescape(came, &separators) == unescape(now, &separators));
    if same { Ok(line.into()) } else { Err(EditErrorKind::NotEscapable) }
}

/// What stands between a segment and the next.
pub(super) fn gap<'a>(message: &Message<'a>, at: usize) -> &'a [u8] {
    let bytes = message.as_bytes();
    let start = message.spans().get(at).map_or(bytes.len(), |span| span.end as usize);
    let end = message.spans().get(at + 1).map_or(bytes.len(), |span| span.start as usize);
    bytes.get(start..end).unwrap_or_default()
}

/// What stays of the gap after a segment that is gone: all but the end of its line.
pub(super) fn without_line_end(gap: &[u8]) -> &[u8] {
    match memchr2(b'\r', b'\n', gap) {
        Some(at) => gap.get(at + end_len(gap, at)..).unwrap_or_default(),
        None => gap,
    }
}

/// The length of the line end at `at`: CR LF is one.
pub(super) fn end_len(gap: &[u8], at: usize) -> usize {
    match gap.get(at..) {
        Some([b'\r', b'\n', ..]) => 2,
        _ => 1,
    }
}
