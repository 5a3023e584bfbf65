//! [`SplitOptions`]: how long a message may be, and which faults are errors.

use std::io;

use super::{Fault, Reader, Splitter};
use crate::scan::LineFeeds;

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
    pub(super) line_feeds: LineFeeds,
}

impl SplitOptions {
    /// The default for [`SplitOptions::max_message_len`]: 16 MiB.
    pub const MAX_MESSAGE_LEN: usize = 16 * 1024 * 1024;

    /// The default limit; faults are told and refuse nothing.
    #[must_use]
    pub fn new() -> Self {
        let line_feeds = LineFeeds::Guessed;
        Self { max_message_len: Self::MAX_MESSAGE_LEN, refused: 0, line_feeds }
    }

    /// Refuses every fault, and takes line feeds for data
    /// ([`SplitOptions::line_feeds_are_data`]), as [`crate::ParseOptions::strict`] does.
    #[must_use]
    pub fn strict() -> Self {
        Self { refused: u16::MAX, ..Self::new() }.line_feeds_are_data()
    }

    /// How long a message may be, in bytes, its segment ends included. A longer one comes out
    /// as [`super::PartKind::TooLong`] without its content, and what follows it as ever.
    #[must_use]
    pub fn max_message_len(mut self, max: usize) -> Self {
        self.max_message_len = max;
        self
    }

    /// Takes a line feed for data, as the standard does: a line ends at CR, or CR LF, and nowhere
    /// else. What looks like a header behind a lone line feed begins no part, and the parts are
    /// read so too. A stream of which LF alone ends the lines is one part of one segment, with
    /// [`Fault::LineFeedsAlone`].
    ///
    /// ```
    /// use hl7_parse::batch::SplitOptions;
    ///
    /// let bytes = &b"MSH|^~\\&|LAB\rNTE|1||a line\nMSH|no header\rPID|1\r"[..];
    /// let mut parts = SplitOptions::new().line_feeds_are_data().reader(bytes);
    /// let message = parts.next().ok_or("a message")??.parse()?;
    /// assert_eq!(message.as_message().segments().len(), 3);
    /// assert!(parts.next().is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn line_feeds_are_data(mut self) -> Self {
        self.line_feeds = LineFeeds::AlwaysData;
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
