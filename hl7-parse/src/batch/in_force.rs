//! [`InForce`]: whose delimiters hold where.

use super::PartKind;

/// What the headers so far declared; of it the delimiters of a trailer are chosen.
#[derive(Clone, Copy)]
pub(super) struct InForce<T> {
    file: Option<T>,
    batch: Option<T>,
    last: T,
}

impl<T: Copy> InForce<T> {
    /// Before the first header.
    pub(super) fn new(default: T) -> Self {
        Self { file: None, batch: None, last: default }
    }

    /// What the last header declared.
    pub(super) fn last(&self) -> T {
        self.last
    }

    /// What a trailer is read with: what its own header declared, else what the header around
    /// or within it did, and of these the first that fits.
    pub(super) fn of_trailer(&self, kind: PartKind, fits: impl Fn(&T) -> bool) -> Option<T> {
        let own = match kind {
            PartKind::FileTrailer => [self.file, self.batch],
            _ => [self.batch, self.file],
        };
        own.into_iter().flatten().chain([self.last]).find(fits)
    }

    /// Goes on behind a part. `declared` is `None` where it is no header, or a damaged one.
    pub(super) fn pass(&mut self, kind: PartKind, declared: Option<T>) {
        match kind {
            PartKind::FileHeader => (self.file, self.batch) = (declared, None),
            PartKind::BatchHeader => self.batch = declared,
            PartKind::BatchTrailer => self.batch = None,
            PartKind::FileTrailer => (self.file, self.batch) = (None, None),
            PartKind::Message | PartKind::Other | PartKind::TooLong => {}
        }
        self.last = declared.unwrap_or(self.last);
    }
}
