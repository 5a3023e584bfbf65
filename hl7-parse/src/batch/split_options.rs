//! [`SplitOptions`]: how long a message may be, and which faults are errors.

use std::io;

use super::{Fault, Reader, Splitter};

/// How to cut a stream: a limit, and what to do about faults.
///
/// ```
/// use hl7_parse::batch::{Fault, SplitOptions};
///
/// let file = &b"BHS|^~\\&\rMSH|^~\\&|LAB\rBTS|2\r"[..];
/// let options = SplitOptions::new().max_message_len(1024 * 1024).refuse(Fault::MessageCount);
///
/// let results: Vec<_> = options.reader(file).collect();
/// assert!(results[1].is_ok());
/// let error = results[2].as_ref().unwrap_err();
/// assert_eq!(error.fault(), Some(Fault::MessageCount));
/// assert_eq!(error.to_string(), "BTS-1 is not the number of messages in the batch (byte 22)");
///
/// // The same for bytes that come by themselves.
/// let mut splitter = options.splitter();
/// let mut piece = bytes::Bytes::from_static(file);
/// assert!(splitter.next_part(&mut piece).is_some_and(|part| part.is_ok()));
/// ```
#[derive(Clone, Debug)]
pub struct SplitOptions {
    pub(super) max_message_len: usize,
    pub(super) refused: u16,
}

impl SplitOptions {
    /// The default for [`SplitOptions::max_message_len`]: 16 MiB.
    pub const MAX_MESSAGE_LEN: usize = 16 * 1024 * 1024;

    /// The default limit; faults are told and refuse nothing.
    #[must_use]
    pub fn new() -> Self {
        Self { max_message_len: Self::MAX_MESSAGE_LEN, refused: 0 }
    }

    /// Refuses every fault.
    #[must_use]
    pub fn strict() -> Self {
        Self { refused: u16::MAX, ..Self::new() }
    }

    /// How long a message may be, in bytes, its segment ends included. A longer one comes out
    /// as [`super::PartKind::TooLong`] without its content, and what follows it as ever.
    #[must_use]
    pub fn max_message_len(mut self, max: usize) -> Self {
        self.max_message_len = max;
        self
    }

    /// Makes one fault an error: a part that shows it comes out as [`super::SplitError`]. The
    /// parts after it come out as ever; whether to go on is the caller's choice.
    #[must_use]
    pub fn refuse(mut self, fault: Fault) -> Self {
        self.refused |= fault.bit();
        self
    }

    /// Makes one fault no error.
    #[must_use]
    pub fn tolerate(mut self, fault: Fault) -> Self {
        self.refused &= !fault.bit();
        self
    }

    /// A splitter with these options.
    #[must_use]
    pub fn splitter(&self) -> Splitter {
        Splitter::with_options(self.clone())
    }

    /// A reader with these options.
    #[must_use]
    pub fn reader<R: io::Read>(&self, read: R) -> Reader<R> {
        Reader::with_options(read, self.clone())
    }
}

impl Default for SplitOptions {
    fn default() -> Self {
        Self::new()
    }
}
