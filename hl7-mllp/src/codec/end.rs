//! What ends a frame.

use memchr::memchr2;

use crate::{CARRIAGE_RETURN, Envelope, frame::LINE_FEED};

/// What a search for the end of a frame came upon.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found {
    /// The content ends at `at`, followed by this many bytes of envelope.
    End { at: usize, trailer: usize },
    /// A new frame begins at `at`, inside of this one.
    Start { at: usize },
    /// FS at `at` is not followed by CR, and that is not tolerated.
    WrongEnding { at: usize },
    /// Nothing before `at`. An FS there is the last byte, and what it means is not known yet.
    Open { at: usize },
}

impl Found {
    /// How far the search has come.
    pub(super) const fn reached(self) -> usize {
        match self {
            Self::End { at, .. }
            | Self::Start { at }
            | Self::WrongEnding { at }
            | Self::Open { at } => at,
        }
    }
}

/// Looks for the end of a frame, and for the start of another, from `from` on.
pub(super) fn scan(bytes: &[u8], from: usize, envelope: Envelope, strict: bool) -> Found {
    let mut at = from;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(offset) = memchr2(envelope.end(), envelope.start(), rest) else {
            return Found::Open { at: bytes.len() };
        };
        at += offset;
        match rest.get(offset..).unwrap_or_default() {
            [mark, ..] if *mark == envelope.start() => return Found::Start { at },
            [_, CARRIAGE_RETURN, ..] => return Found::End { at, trailer: 2 },
            [_, _, ..] if strict => return Found::WrongEnding { at },
            [_, LINE_FEED, ..] => return Found::End { at, trailer: 2 },
            [_, next, ..] if *next == envelope.start() => return Found::End { at, trailer: 1 },
            [_, _, ..] => at += 1,
            [..] => return Found::Open { at },
        }
    }
}
