//! [`Reader`]: the parts of what an [`io::Read`] gives.

use std::{
    error, fmt,
    io::{self, ErrorKind},
};

use bytes::{Bytes, BytesMut};

use super::{Fault, OwnedPart, SplitError, SplitOptions, Splitter};

/// The parts of a file or another stream, read as they are asked for.
///
/// An iterator that holds, beside the part that it gave, at most twice
/// [`SplitOptions::max_message_len`] and 256 KiB, however large the file. It reads blocks of
/// 64 KiB itself and needs no [`io::BufReader`].
///
/// After an error of the underlying reader it ends: what was under way is not given, because it
/// would be taken for a whole message. After a part that was refused it goes on.
///
/// ```
/// use hl7_parse::batch::{PartKind, Reader};
///
/// let file = std::io::Cursor::new("FHS|^~\\&\rMSH|^~\\&|LAB\rPID|1\rMSH|^~\\&|LAB\rPID|2\rFTS\r");
/// let mut patients = Vec::new();
/// for part in Reader::new(file) {
///     let part = part?;
///     if part.kind() == PartKind::Message {
///         let message = part.parse()?;
///         let pid = message.as_message().segment("PID").map(|pid| pid.field(1).decode().into_owned());
///         patients.push((part.place().index_in_file(), pid));
///     }
/// }
/// assert_eq!(patients, [(Some(1), Some("1".to_owned())), (Some(2), Some("2".to_owned()))]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// What was refused can be taken after all:
///
/// ```
/// use hl7_parse::batch::{Fault, Reader, SplitOptions};
///
/// let file = &b"MSH|^~\\&|LAB\rBTS|1\r"[..];
/// let options = SplitOptions::new().refuse(Fault::BatchTrailerWithoutHeader);
/// let mut reader = Reader::with_options(file, options);
/// let message = reader.next().ok_or("a message")??;
/// assert!(message.faults().is_empty());
/// assert_eq!(message.head(), b"MSH|^~\\&|LAB\r");
///
/// let refused = reader.next().ok_or("a trailer")?.err().ok_or("without a header")?;
/// assert!(!refused.is_io());
/// assert_eq!(refused.into_part().map(|part| part.offset()), Some(13));
/// assert!(reader.next().is_none());
/// assert!(reader.into_inner().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Reader<R> {
    read: R,
    splitter: Splitter,
    /// What is read into, from its start.
    block: BytesMut,
    input: Bytes,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Reading,
    AtEnd,
    Ended,
}

impl<R: io::Read> Reader<R> {
    const BLOCK_LEN: usize = 64 * 1024;
    /// Less is not read into.
    const MIN_READ: usize = 4 * 1024;

    /// With [`SplitOptions::new`].
    #[must_use]
    pub fn new(read: R) -> Self {
        Self::with_options(read, SplitOptions::new())
    }

    /// With a limit and refusals of one's own.
    #[must_use]
    pub fn with_options(read: R, options: SplitOptions) -> Self {
        Self {
            read,
            splitter: Splitter::with_options(options),
            block: BytesMut::new(),
            input: Bytes::new(),
            state: State::Reading,
        }
    }

    /// The reader it was made of; what was read of it and not given out is lost.
    #[must_use]
    pub fn into_inner(self) -> R {
        self.read
    }

    /// Reads the next piece; an empty one at the end.
    fn fill(&mut self) -> io::Result<usize> {
        if self.block.len() < Self::MIN_READ {
            self.block = BytesMut::zeroed(Self::BLOCK_LEN);
        }
        let len = loop {
            match self.read.read(&mut self.block) {
                Ok(len) => break len.min(self.block.len()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        };
        self.input = self.block.split_to(len).freeze();
        Ok(len)
    }
}

impl<R: io::Read> Iterator for Reader<R> {
    type Item = Result<OwnedPart, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.state == State::Reading {
            if let Some(part) = self.splitter.next_part(&mut self.input) {
                return Some(part.map_err(ReadError::refused));
            }
            match self.fill() {
                Ok(0) => self.state = State::AtEnd,
                Ok(_) => {}
                Err(error) => {
                    self.state = State::Ended;
                    return Some(Err(ReadError { kind: Kind::Io(error) }));
                }
            }
        }
        if self.state == State::AtEnd {
            if let Some(part) = self.splitter.finish() {
                return Some(part.map_err(ReadError::refused));
            }
            self.state = State::Ended;
        }
        None
    }
}

impl<R> fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("splitter", &self.splitter)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// Why [`Reader`] could not give a part: reading failed, or the part was refused.
///
/// ```
/// use hl7_parse::batch::{Fault, SplitOptions};
///
/// // Refuses whatever is wrong with an envelope, but that nothing may end it.
/// let options = SplitOptions::strict().tolerate(Fault::UnendedBatch);
/// let file = &b"BHS|^~\\&|LAB\rMSH|^~\\&|LAB\rBTS|2\r"[..];
/// let error = options.reader(file).filter_map(Result::err).next().ok_or("one message of two")?;
/// assert!(!error.is_io());
/// assert_eq!(error.fault(), Some(Fault::MessageCount));
/// // The part is not lost for that.
/// assert_eq!(error.into_part().ok_or("refused")?.as_bytes(), "BTS|2\r");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ReadError {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Io(io::Error),
    Refused(SplitError),
}

impl ReadError {
    fn refused(error: SplitError) -> Self {
        Self { kind: Kind::Refused(error) }
    }

    /// Whether reading failed, and the stream is at its end for that.
    #[must_use]
    pub fn is_io(&self) -> bool {
        matches!(self.kind, Kind::Io(_))
    }

    /// The fault for which a part was refused.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        match &self.kind {
            Kind::Io(_) => None,
            Kind::Refused(error) => Some(error.fault()),
        }
    }

    /// The part that was refused, to take it after all.
    #[must_use]
    pub fn into_part(self) -> Option<OwnedPart> {
        match self.kind {
            Kind::Io(_) => None,
            Kind::Refused(error) => Some(error.into_part()),
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Io(_) => f.write_str("reading failed"),
            Kind::Refused(error) => error.fmt(f),
        }
    }
}

impl error::Error for ReadError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &self.kind {
            Kind::Io(error) => Some(error),
            Kind::Refused(_) => None,
        }
    }
}
