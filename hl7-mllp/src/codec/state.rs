//! Where in the stream a codec is, and what it has to remember of it.

use std::fmt;

use crate::{FrameErrorKind, MAX_HEAD_LEN};

#[derive(Clone, Copy)]
pub(super) enum State {
    /// Between frames. `skipped` bytes were passed over; `garbage`: not only filler.
    Idle { skipped: u64, garbage: bool },
    /// The buffer begins with VT, and no end is before `scanned` (at least 1).
    Frame { scanned: usize },
    /// In a frame over the limit. `dropped` bytes of content are gone; the buffer holds nothing
    /// but an FS that may be the end.
    Overlong { dropped: u64 },
    /// The stream is lost.
    Lost(FrameErrorKind),
}

impl State {
    pub(super) const IDLE: Self = Self::Idle { skipped: 0, garbage: false };
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Idle { skipped, .. } => write!(f, "Idle({skipped} bytes skipped)"),
            Self::Frame { scanned } => write!(f, "Frame({scanned} bytes scanned)"),
            Self::Overlong { dropped, .. } => write!(f, "Overlong({dropped} bytes dropped)"),
            Self::Lost(kind) => f.debug_tuple("Lost").field(kind).finish(),
        }
    }
}

/// What was passed over in IDLE.
pub(super) enum Passed {
    /// All there is.
    All,
    /// So many bytes of garbage, and a frame begins behind them.
    Garbage(u64),
    /// Nothing but filler, and a frame begins behind it.
    Frame,
}

/// The first bytes of a frame, at most [`MAX_HEAD_LEN`].
#[derive(Clone, Default)]
pub(super) struct Head(pub(super) Vec<u8>);

impl Head {
    /// Adds what is still missing.
    pub(super) fn fill(&mut self, content: &[u8]) {
        let missing = MAX_HEAD_LEN.saturating_sub(self.0.len());
        self.0.extend_from_slice(content.get(..missing).unwrap_or(content));
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Head({} bytes)", self.0.len())
    }
}
