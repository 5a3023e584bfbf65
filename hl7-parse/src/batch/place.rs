//! [`Place`]: which file, which batch, which message.

/// Where a part stands in the files and batches of a stream. All numbers count from 1.
///
/// ```
/// use hl7_parse::batch::{PartKind, parts};
///
/// let stream = b"FHS|^~\\&\rBHS|^~\\&\rMSH|^~\\&\rBTS\rBHS|^~\\&\rMSH|^~\\&\rMSH|^~\\&\rBTS\rFTS\r";
/// let last = parts(stream).filter(|part| part.kind() == PartKind::Message).last();
/// let place = last.ok_or("a message")?.place();
/// assert_eq!((place.file(), place.batch()), (Some(1), Some(2)));
/// assert_eq!((place.index_in_batch(), place.index_in_file(), place.index()), (Some(2), Some(3), Some(3)));
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    // 0: none.
    pub(super) file: u64,
    pub(super) batch: u64,
    pub(super) index: u64,
    pub(super) index_in_file: u64,
    pub(super) index_in_batch: u64,
}

impl Place {
    /// The number of the file in the stream. FHS and FTS stand in their own file; `None` where
    /// there is no FHS before.
    #[must_use]
    pub fn file(&self) -> Option<u64> {
        some(self.file)
    }

    /// The number of the batch in its file, or outside of files since the end of the last one.
    /// BHS and BTS stand in their own batch; `None` outside of batches.
    #[must_use]
    pub fn batch(&self) -> Option<u64> {
        some(self.batch)
    }

    /// The number of the message in the stream; `None` for what is no message.
    #[must_use]
    pub fn index(&self) -> Option<u64> {
        some(self.index)
    }

    /// The number of the message in its file; `None` outside of files.
    #[must_use]
    pub fn index_in_file(&self) -> Option<u64> {
        some(self.index_in_file)
    }

    /// The number of the message in its batch; `None` outside of batches.
    #[must_use]
    pub fn index_in_batch(&self) -> Option<u64> {
        some(self.index_in_batch)
    }
}

fn some(number: u64) -> Option<u64> {
    (number != 0).then_some(number)
}
