//! Names a character set in MSH-18.

use bytes::Bytes;

use crate::{
    Message, escape, header,
    scan::{First, Ignore, leading, scan},
};

/// A message in UTF-8 with another MSH-18.
pub(super) struct Renamed {
    pub(super) message: Bytes,
    /// Where what follows the name is, now and before.
    end: usize,
    old_end: usize,
}

impl Renamed {
    /// Where in the message as it came a byte was.
    pub(super) fn old_offset(&self, offset: usize) -> usize {
        match offset.checked_sub(self.end) {
            Some(behind) => self.old_end.saturating_add(behind),
            None => offset.min(self.old_end),
        }
    }
}

/// The message with this name in MSH-18, and nothing else there: all of it is to be in one set.
/// `None` where it has no MSH.
pub(super) fn rename(message: &Bytes, name: &str) -> Option<Renamed> {
    let start = leading(message);
    let line = header::line(message.get(start..)?);
    // Its bytes are those of UTF-8, whatever MSH-18 says so far.
    let scanned = scan(line, First::Decoded, 1, &mut Ignore).ok()?;
    let read = Message::from_scanned(line, scanned);
    let segment = read.segments().next()?;
    let separators = segment.separators();
    let name = escape(name.as_bytes(), &separators);

    let (from, old_end, padding) = match read.span_of(segment.field(18)) {
        Some(span) => (start + span.start, start + span.end, 0),
        None => {
            let end = start + line.len();
            (end, end, 18usize.saturating_sub(segment.fields().count()))
        }
    };
    let padding = vec![separators.field(); padding];
    let named = [&padding[..], &*name].concat();
    if message.get(from..old_end)? == named {
        return Some(Renamed { message: message.clone(), end: old_end, old_end });
    }
    let bytes = [message.get(..from)?, &named, message.get(old_end..)?].concat();
    Some(Renamed { message: bytes.into(), end: from + named.len(), old_end })
}
