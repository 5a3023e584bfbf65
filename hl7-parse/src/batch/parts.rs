//! [`parts`]: cuts bytes that are all there.

use std::fmt;

use super::{
    Fault, Part, PartKind,
    envelope::{Entry, Envelope},
    heads::{Head, Heads},
};
use crate::scan::{LineFeeds, line_feeds_alone, slice};

/// Cuts `bytes` into its messages and envelope segments, in order.
///
/// A part begins at a line that begins with MSH, FHS, BHS, BTS or FTS and ends where the next
/// begins, so that every byte is in one part. Blanks and framing bytes before such a line belong
/// to it. What else stands before the first is a part of its own, [`PartKind::Other`], as is an
/// input of blanks alone.
///
/// Nothing is copied, and there is no limit: the bytes are there already. For files that should
/// not be in memory as a whole there is [`super::Reader`].
#[must_use]
pub fn parts(bytes: &[u8]) -> Parts<'_> {
    Parts {
        bytes,
        rest: bytes,
        heads: Heads::new(LineFeeds::Guessed),
        envelope: Envelope::new(),
        under_way: None,
        ended: bytes.is_empty(),
    }
}

/// The parts of a file, batch, frame or body. Made by [`parts`].
#[derive(Clone)]
pub struct Parts<'a> {
    bytes: &'a [u8],
    rest: &'a [u8],
    heads: Heads,
    envelope: Envelope,
    under_way: Option<Head>,
    ended: bool,
}

impl<'a> Parts<'a> {
    /// The same parts where CR alone ends a line: [`super::SplitOptions::line_feeds_are_data`].
    /// Begins anew.
    ///
    /// ```
    /// use hl7_parse::batch::parts;
    ///
    /// let bytes = b"MSH|^~\\&|LAB\rNTE|1||a line\nMSH|no header\rPID|1\r";
    /// let parts: Vec<_> = parts(bytes).line_feeds_are_data().collect();
    /// assert_eq!(parts.len(), 1);
    /// assert_eq!(parts[0].read()?.segments().len(), 3);
    /// # Ok::<(), hl7_parse::ParseError>(())
    /// ```
    #[must_use]
    pub fn line_feeds_are_data(self) -> Self {
        Self { heads: Heads::new(LineFeeds::AlwaysData), ..parts(self.bytes) }
    }

    fn cut(&mut self, head: Head, end: u64) -> Part<'a> {
        let [line, text, end] = [head.line, head.text, end]
            .map(|offset| usize::try_from(offset).unwrap_or(usize::MAX).min(self.bytes.len()));
        let text = slice(self.bytes, text, end);
        let Entry { place, mut faults, separators } = self.envelope.enter(head.kind, text);
        let bytes = slice(self.bytes, line, end);
        let line_feeds = self.heads.line_feeds();
        let alone = line_feeds != LineFeeds::Guessed && line_feeds_alone(text, separators);
        faults.add_if(alone, Fault::LineFeedsAlone);
        Part { kind: head.kind, bytes, offset: line, separators, line_feeds, place, faults }
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        if self.ended {
            return None;
        }
        while let Some(head) = self.heads.next(&mut self.rest).or_else(|| self.heads.finish()) {
            if let Some(finished) = self.under_way.replace(head) {
                return Some(self.cut(finished, head.line));
            }
        }
        self.ended = true;
        // Where there was no head all is blank.
        let blank = Head { kind: PartKind::Other, line: 0, text: 0 };
        let last = self.under_way.take().unwrap_or(blank);
        let mut part = self.cut(last, self.bytes.len() as u64);
        part.faults.add_all(self.envelope.end());
        Some(part)
    }
}

impl fmt::Debug for Parts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts")
            .field("offset", &(self.bytes.len() - self.rest.len()))
            .field("len", &self.bytes.len())
            .finish()
    }
}
