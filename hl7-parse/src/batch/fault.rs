//! [`Fault`]: what is wrong with an envelope, shown by a part of it.

use std::fmt;

use thiserror::Error;

/// Something that an envelope should not have, or lacks (2.10.3).
///
/// Found while cutting and carried by the part that shows it. `Display` is one line of text and
/// holds no message content.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// On BTS: BTS-1 is not the number of messages since BHS.
    #[error("BTS-1 is not the number of messages in the batch")]
    MessageCount,
    /// On FTS: FTS-1 is not the number of batches since FHS. A file of messages without BHS
    /// counts as one batch.
    #[error("FTS-1 is not the number of batches in the file")]
    BatchCount,
    /// On BTS or FTS: field 1 has content and is no whole number.
    #[error("the count of a trailer is no number")]
    UnreadableCount,
    /// On BHS: the batch before it has no BTS. It is taken as ended.
    #[error("a batch begins within a batch")]
    NestedBatch,
    /// On FHS: the file before it has no FTS. It is taken as ended.
    #[error("a file begins within a file")]
    NestedFile,
    /// On BTS: there is no batch that it could end.
    #[error("a batch ends that did not begin")]
    BatchTrailerWithoutHeader,
    /// On FTS: there is no file that it could end.
    #[error("a file ends that did not begin")]
    FileTrailerWithoutHeader,
    /// On FHS, FTS or the last part: a batch has no BTS.
    #[error("a batch has no BTS")]
    UnendedBatch,
    /// On the last part: a file has no FTS.
    #[error("a file has no FTS")]
    UnendedFile,
    /// On a message: its file has batches, and it stands in none of them. On BHS: such messages
    /// stand before the first batch of the file.
    #[error("a message stands outside of the batches of its file")]
    MessageOutsideBatch,
    /// On MSH, FHS or BHS: the field separator is missing or can not be one.
    #[error("a header has no usable field separator")]
    DamagedHeader,
    /// On BTS or FTS: lines follow that belong to nothing. On [`super::PartKind::Other`]: so
    /// does all of it.
    #[error("lines that belong to no message")]
    StrayLines,
    /// On [`super::PartKind::TooLong`].
    #[error("longer than the limit for a message")]
    TooLong,
    /// Where [`super::SplitOptions::line_feeds_are_data`] was asked for: no CR stands between two
    /// segments of the part, and line feeds seem to. More messages may be in it.
    #[error("line feeds alone seem to end the segments, and were taken for data")]
    LineFeedsAlone,
}

impl Fault {
    const ALL: [Self; 14] = [
        Self::MessageCount,
        Self::BatchCount,
        Self::UnreadableCount,
        Self::NestedBatch,
        Self::NestedFile,
        Self::BatchTrailerWithoutHeader,
        Self::FileTrailerWithoutHeader,
        Self::UnendedBatch,
        Self::UnendedFile,
        Self::MessageOutsideBatch,
        Self::DamagedHeader,
        Self::StrayLines,
        Self::TooLong,
        Self::LineFeedsAlone,
    ];

    /// A name that stays the same in every release, for counting and filtering.
    ///
    /// ```
    /// assert_eq!(hl7_parse::batch::Fault::MessageCount.name(), "message-count");
    /// ```
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::MessageCount => "message-count",
            Self::BatchCount => "batch-count",
            Self::UnreadableCount => "unreadable-count",
            Self::NestedBatch => "nested-batch",
            Self::NestedFile => "nested-file",
            Self::BatchTrailerWithoutHeader => "batch-trailer-without-header",
            Self::FileTrailerWithoutHeader => "file-trailer-without-header",
            Self::UnendedBatch => "unended-batch",
            Self::UnendedFile => "unended-file",
            Self::MessageOutsideBatch => "message-outside-batch",
            Self::DamagedHeader => "damaged-header",
            Self::StrayLines => "stray-lines",
            Self::TooLong => "too-long",
            Self::LineFeedsAlone => "line-feeds-alone",
        }
    }

    pub(super) fn bit(self) -> u16 {
        1 << (self as u16)
    }
}

/// The faults that a part shows; mostly none. A set of [`Fault`], `Copy`.
///
/// ```
/// use hl7_parse::batch::{Fault, parts};
///
/// let trailer = parts(b"BHS|^~\\&\rMSH|^~\\&\rBTS|2\r").last().ok_or("a trailer")?;
/// assert_eq!(trailer.faults().iter().collect::<Vec<_>>(), [Fault::MessageCount]);
/// assert_eq!(trailer.faults().stated(), Some(2));
/// assert_eq!(trailer.faults().counted(), Some(1));
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    set: u16,
    counts: Option<(u64, u64)>,
}

impl Faults {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.set == 0
    }

    /// Whether this one is there.
    #[must_use]
    pub fn contains(&self, fault: Fault) -> bool {
        self.set & fault.bit() != 0
    }

    /// All that there are, in the order in which [`Fault`] lists them.
    pub fn iter(&self) -> impl Iterator<Item = Fault> + use<> {
        let set = self.set;
        Fault::ALL.into_iter().filter(move |fault| set & fault.bit() != 0)
    }

    /// With [`Fault::MessageCount`] or [`Fault::BatchCount`]: what the trailer says.
    #[must_use]
    pub fn stated(&self) -> Option<u64> {
        self.counts.map(|(stated, _)| stated)
    }

    /// With [`Fault::MessageCount`] or [`Fault::BatchCount`]: how many there were.
    #[must_use]
    pub fn counted(&self) -> Option<u64> {
        self.counts.map(|(_, counted)| counted)
    }

    /// The first of these faults that is in a set of bits.
    pub(super) fn first_of(&self, set: u16) -> Option<Fault> {
        self.iter().find(|fault| fault.bit() & set != 0)
    }

    pub(super) fn add_if(&mut self, found: bool, fault: Fault) {
        if found {
            self.set |= fault.bit();
        }
    }

    pub(super) fn add_count(&mut self, fault: Fault, stated: u64, counted: u64) {
        self.add_if(true, fault);
        self.counts = Some((stated, counted));
    }

    pub(super) fn add_all(&mut self, other: Self) {
        self.set |= other.set;
        self.counts = self.counts.or(other.counts);
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_fault_has_its_own_bit_and_name() {
        let bits: HashSet<_> = Fault::ALL.iter().map(|fault| fault.bit()).collect();
        let names: HashSet<_> = Fault::ALL.iter().map(|fault| fault.name()).collect();
        assert_eq!((bits.len(), names.len()), (Fault::ALL.len(), Fault::ALL.len()));
        for fault in Fault::ALL {
            let mut faults = Faults::default();
            faults.add_if(true, fault);
            assert_eq!(faults.iter().collect::<Vec<_>>(), [fault]);
        }
    }
}
