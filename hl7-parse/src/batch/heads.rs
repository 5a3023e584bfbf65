//! Finds where parts begin, in text that comes in pieces of any size.
//!
//! Each byte is looked at once, but for the one that decides about a line, which is looked at
//! twice. What is found does not depend on where the pieces were cut.

use memchr::{memchr, memchr2};

use super::{PartKind, in_force::InForce};
use crate::{
    Separators,
    header::declared,
    scan::{Ignore, LineFeeds},
};

/// The beginning of a part. Offsets are from the start of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) kind: PartKind,
    /// Where its line begins, with what is blank before the text.
    pub(super) line: u64,
    /// Where its text begins.
    pub(super) text: u64,
}

/// Looks for [`Head`]s.
#[derive(Clone)]
pub(super) struct Heads {
    state: State,
    /// The offset of the next byte.
    at: u64,
    line: u64,
    text: u64,
    content_end: u64,
    /// Whether there was a part.
    begun: bool,
    /// Whether the first line of the part under way, if it has ended, was ended by a lone LF.
    line_feed_ends: Option<bool>,
    field: InForce<u8>,
    line_feeds: LineFeeds,
    #[cfg(test)]
    pub(super) work: u64,
}

#[derive(Clone, Copy)]
enum State {
    /// Before the text of a line.
    Blank(Before),
    /// In what may be a byte order mark before the text.
    Mark { seen: usize, before: Before },
    /// In what may be the ID of a part.
    Id { id: [u8; 3], seen: usize },
    /// In the text of a line that is decided about.
    Text,
}

/// What stands before a blank.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// The CR that ended a line: an LF here is the second half of its terminator.
    Cr,
    /// A lone LF where CR ends lines: what is blank up to the next CR may be data.
    DataLf,
    Other,
}

const BYTE_ORDER_MARK: [u8; 3] = *b"\xEF\xBB\xBF";

impl Heads {
    pub(super) fn new(line_feeds: LineFeeds) -> Self {
        Self {
            state: State::Blank(Before::Other),
            at: 0,
            line: 0,
            text: 0,
            content_end: 0,
            begun: false,
            line_feed_ends: None,
            field: InForce::new(Separators::RECOMMENDED.field()),
            line_feeds,
            #[cfg(test)]
            work: 0,
        }
    }

    pub(super) fn line_feeds(&self) -> LineFeeds {
        self.line_feeds
    }

    /// Where the last line that is not blank ends, its terminator included.
    pub(super) fn content_end(&self) -> u64 {
        self.content_end
    }

    /// How far it is known that what there is belongs to the part under way.
    pub(super) fn certain_end(&self) -> u64 {
        match self.state {
            State::Text => self.at,
            _ => self.content_end,
        }
    }

    /// Where a text begins that may be the head of a part.
    pub(super) fn undecided(&self) -> Option<u64> {
        matches!(self.state, State::Mark { .. } | State::Id { .. }).then_some(self.text)
    }

    /// Goes on through `rest` to behind the next head, or to its end.
    pub(super) fn next(&mut self, rest: &mut &[u8]) -> Option<Head> {
        while let Some((byte, after)) = rest.split_first() {
            let byte = *byte;
            let mut consumed = after;
            let mut head = None;
            match self.state {
                State::Text => match self.line_end(rest) {
                    Some(end) => {
                        consumed = rest.get(end + 1..).unwrap_or_default();
                        self.end_line_at(self.at + (end + 1) as u64);
                        let is_cr = rest.get(end) == Some(&b'\r');
                        let line_feed_ends = *self.line_feed_ends.get_or_insert(!is_cr);
                        self.state = State::Blank(match (is_cr, line_feed_ends) {
                            (true, _) => Before::Cr,
                            (false, true) => Before::Other,
                            (false, false) => Before::DataLf,
                        });
                    }
                    None => consumed = &[],
                },
                State::Blank(before) if is_blank_before(byte) => {
                    self.state = State::Blank(match (before, byte) {
                        (Before::Cr, b'\n') => {
                            self.end_line_at(self.at + 1);
                            Before::Other
                        }
                        (Before::DataLf, b'\r') => {
                            self.end_line_at(self.at + 1);
                            Before::Cr
                        }
                        (Before::DataLf, _) => Before::DataLf,
                        (Before::Cr | Before::Other, _) => Before::Other,
                    });
                }
                State::Blank(before) => {
                    self.text = self.at;
                    consumed = rest;
                    match byte {
                        b'M' | b'F' | b'B' => self.state = State::Id { id: [0; 3], seen: 0 },
                        0xEF => self.state = State::Mark { seen: 0, before },
                        _ => head = self.no_head(),
                    }
                }
                State::Mark { seen, before } => match BYTE_ORDER_MARK.get(seen) {
                    Some(expected) if *expected == byte => {
                        self.state = match (seen, before) {
                            (2, Before::DataLf) => State::Blank(Before::DataLf),
                            (2, _) => State::Blank(Before::Other),
                            _ => State::Mark { seen: seen + 1, before },
                        };
                    }
                    _ => {
                        consumed = rest;
                        head = self.no_head();
                    }
                },
                State::Id { mut id, seen } => match id.get_mut(seen) {
                    Some(place) if !matches!(byte, b'\r' | b'\n') => {
                        *place = byte;
                        self.state = State::Id { id, seen: seen + 1 };
                    }
                    Some(_) => {
                        consumed = rest;
                        head = self.no_head();
                    }
                    None => {
                        consumed = rest;
                        head = self.decide(id, Some(byte));
                    }
                },
            }
            let looked_at = rest.len() - consumed.len();
            self.at += looked_at as u64;
            #[cfg(test)]
            {
                self.work += looked_at.max(1) as u64;
            }
            *rest = consumed;
            if head.is_some() {
                return head;
            }
        }
        None
    }

    fn line_end(&self, text: &[u8]) -> Option<usize> {
        match self.line_feeds {
            LineFeeds::Guessed => memchr2(b'\r', b'\n', text),
            LineFeeds::Data | LineFeeds::AlwaysData => memchr(b'\r', text),
        }
    }

    /// Says that there is no more; to be asked until there is no head any more.
    pub(super) fn finish(&mut self) -> Option<Head> {
        let head = match self.state {
            State::Id { id, seen: 3 } => self.decide(id, None),
            State::Id { .. } | State::Mark { .. } => self.no_head(),
            State::Blank(_) | State::Text => None,
        };
        if head.is_none() && matches!(self.state, State::Text | State::Blank(Before::DataLf)) {
            self.content_end = self.at;
            self.state = State::Blank(Before::Other);
        }
        head
    }

    /// Whether a line begins a part, by its first three bytes and the one after them.
    fn decide(&mut self, id: [u8; 3], next: Option<u8>) -> Option<Head> {
        let Some(kind) = PartKind::of_id(id) else { return self.no_head() };
        let mut field = None;
        let is_head = match (kind, next) {
            (_, None | Some(b'\r' | b'\n' | 0x0B | 0x1C | 0)) => true,
            (PartKind::BatchTrailer | PartKind::FileTrailer, Some(next)) => {
                self.field.of_trailer(kind, |field| *field == next).is_some()
            }
            (_, Some(next)) => {
                let [first, second, third] = id;
                let opening = [first, second, third, next];
                field = declared(&opening, 0, &mut Ignore).ok().map(|declared| declared.field());
                !next.is_ascii_alphanumeric()
            }
        };
        if !is_head {
            return self.no_head();
        }
        self.field.pass(kind, field);
        Some(self.begin(kind))
    }

    /// A line that begins no part; what stands before all parts is one.
    fn no_head(&mut self) -> Option<Head> {
        self.state = State::Text;
        (!self.begun).then(|| self.begin(PartKind::Other))
    }

    fn end_line_at(&mut self, end: u64) {
        self.content_end = end;
        self.line = end;
    }

    fn begin(&mut self, kind: PartKind) -> Head {
        self.line_feed_ends = None;
        self.state = State::Text;
        self.begun = true;
        Head { kind, line: self.line, text: self.text }
    }
}

/// What [`crate::scan::leading`] skips, but for the byte order mark.
fn is_blank_before(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x0B | 0x1C | 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::leading;

    #[test]
    fn what_is_blank_is_what_reading_skips() {
        for byte in 0..=u8::MAX {
            assert_eq!(is_blank_before(byte), leading(&[byte]) == 1, "byte {byte:#04x}");
        }
        assert_eq!(leading(&BYTE_ORDER_MARK), BYTE_ORDER_MARK.len());
    }
}
