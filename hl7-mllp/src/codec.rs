//! Cuts a byte stream into MLLP blocks, and writes them.
//!
//! # Block format
//!
//! ```text
//! +----+----------------------------- - - ----+----+----+
//! | VT | content: bytes other than VT and FS  | FS | CR |
//! | 0B | 4D 53 48 7C 5E 7E 5C 26 7C ...       | 1C | 0D |
//! +----+----------------------------- - - ----+----+----+
//! ```
//!
//! There is no length field: the receiver looks for the end. Where other bytes than VT and FS were
//! agreed upon, [`envelope`](MllpCodec::envelope) names them; all of the following holds for
//! them. In release 2 a content of one byte,
//! `06` or `15`, is a commit acknowledgment.
//!
//! # States
//!
//! ```text
//!          +--------- other: skipped, counted
//!          v  |
//!        +------+   VT    +-------+   FS    +-----+
//!   ---> | IDLE | ------> | FRAME | ------> | END |
//!        +------+         +-------+ <------ +-----+
//!           ^              |  ^  |   other:    |
//!           |              +--+  |   FS was    |
//!           |           VT: the  |   data      |
//!           |           frame was| over the    | CR or LF, or VT of the next frame,
//!           |           cut off  | limit       | or silence: the frame is yielded
//!           |                    v             |
//!           |              +----------+        |
//!           |              | OVERLONG |        |
//!           |              +----------+        |
//!           +--------------------+-------------+
//! ```
//!
//! * IDLE: CR, LF, NUL and blanks between frames are normal. Other bytes are garbage; they are
//!   skipped, and reported as one [`Skipped`] item when the next frame begins. More than
//!   `max_garbage_len` is an error, and so is a stream that begins with HTTP or TLS.
//! * FRAME: the search for the end goes on where it stopped when more bytes arrive, so a frame
//!   costs one pass whatever the size of the reads.
//! * END: FS is the end only if CR or LF follows, or VT, or nothing ([below](#the-silent-end)).
//!   Followed by another byte it is content. [`strict`](MllpCodec::strict): FS CR alone.
//! * OVERLONG: a frame over `max_frame_len` is passed over without being kept, but for its first
//!   bytes, and ends as one [`Skipped`] item.
//!
//! The items do not depend on how the transport cut the bytes, only on the bytes.
//!
//! # The silent end
//!
//! Some peers send FS, and CR late or never. A decoder has no clock, so when [`decode`] returns
//! `None` and [`awaits_end`] is true, whoever reads the connection waits a moment (the server and
//! client of this crate: 200 ms) and then calls [`end_of_wait`], which yields the frame. A CR or
//! LF that comes late is then skipped like any other between frames. At the end of the stream FS
//! alone ends a frame too.
//!
//! # Use
//!
//! As every tokio-util codec, by `Framed`, or by hand:
//!
//! ```
//! use bytes::BytesMut;
//! use hl7_mllp::{Block, MllpCodec};
//! use tokio_util::codec::{Decoder, Encoder};
//!
//! # fn main() -> Result<(), hl7_mllp::FrameError> {
//! let mut codec = MllpCodec::new();
//! let mut buffer = BytesMut::from(&b"\x0bMSH|^~\\&|LAB\r\x1c\r\x0bMSH|"[..]);
//!
//! let content = codec.decode(&mut buffer)?.and_then(Block::into_content);
//! assert_eq!(content.as_deref(), Some(&b"MSH|^~\\&|LAB\r"[..]));
//! assert_eq!(codec.decode(&mut buffer)?, None); // the second frame is not complete
//!
//! let mut out = BytesMut::new();
//! codec.encode(Block::Content("MSH|^~\\&|".into()), &mut out)?;
//! assert_eq!(&out[..], b"\x0bMSH|^~\\&|\x1c\r");
//! # Ok(())
//! # }
//! ```
//!
//! # Memory
//!
//! At most `max_frame_len` bytes and what was read behind them are buffered. Content is cut out
//! of the read buffer without a copy, except where it would keep more than 64 KiB beyond its own
//! length alive: a small frame behind a large one is copied. For this to hold, give one decoder
//! one buffer from the start.
//!
//! [`Skipped`]: crate::Skipped
//! [`decode`]: tokio_util::codec::Decoder::decode
//! [`awaits_end`]: MllpCodec::awaits_end
//! [`end_of_wait`]: MllpCodec::end_of_wait

mod decoder;
mod encoder;
mod end;
mod state;

use bytes::BytesMut;

use self::state::{Head, State};
use crate::{Block, Envelope, foreign::Lead, retention::Retention};

/// The MLLP codec, releases 1 and 2.
///
/// Tolerant by default; the [module documentation](crate::codec) draws its states. One value per
/// connection and direction: it remembers where it stopped.
#[derive(Clone, Debug)]
pub struct MllpCodec {
    envelope: Envelope,
    max_frame_len: usize,
    max_garbage_len: u64,
    strict: bool,
    release2: bool,
    state: State,
    /// The first bytes of a frame over the limit; empty while there is none.
    head: Head,
    /// The first bytes of the stream, until they show that it is not another protocol.
    lead: Option<Lead>,
    retention: Retention,
    #[cfg(test)]
    work: u64,
}

impl MllpCodec {
    /// Default of [`max_frame_len`](Self::max_frame_len): 16 MiB.
    pub const DEFAULT_MAX_FRAME_LEN: usize = 16 * 1024 * 1024;

    /// Default of [`max_garbage_len`](Self::max_garbage_len): 64 KiB.
    pub const DEFAULT_MAX_GARBAGE_LEN: usize = 64 * 1024;

    /// A tolerant release 1 codec with the default limits.
    pub const fn new() -> Self {
        Self {
            envelope: Envelope::MLLP,
            max_frame_len: Self::DEFAULT_MAX_FRAME_LEN,
            max_garbage_len: Self::DEFAULT_MAX_GARBAGE_LEN as u64,
            strict: false,
            release2: false,
            state: State::IDLE,
            head: Head(Vec::new()),
            lead: Some(Lead::new()),
            retention: Retention::new(),
            #[cfg(test)]
            work: 0,
        }
    }

    /// Most bytes of content in one frame, envelope not counted. Default 16 MiB.
    ///
    /// A longer frame is passed over and yields [`SkippedKind::TooLong`]. Does not apply to
    /// encoding.
    ///
    /// [`SkippedKind::TooLong`]: crate::SkippedKind::TooLong
    #[must_use]
    pub const fn max_frame_len(mut self, bytes: usize) -> Self {
        self.max_frame_len = bytes;
        self
    }

    /// Most bytes between two frames, or before the first. Default 64 KiB.
    ///
    /// More is [`FrameErrorKind::Garbage`].
    ///
    /// [`FrameErrorKind::Garbage`]: crate::FrameErrorKind::Garbage
    #[must_use]
    pub const fn max_garbage_len(mut self, bytes: usize) -> Self {
        self.max_garbage_len = bytes as u64;
        self
    }

    /// Takes FS CR alone for the end of a frame, and no garbage between frames. Default: off.
    ///
    /// FS followed by anything else is then [`FrameErrorKind::WrongEnding`], and a byte between
    /// frames that is not CR, LF, NUL or blank is [`FrameErrorKind::Garbage`]. A frame whose CR
    /// never comes is [`SkippedKind::Unfinished`] at the end of the stream.
    ///
    /// [`FrameErrorKind::WrongEnding`]: crate::FrameErrorKind::WrongEnding
    /// [`FrameErrorKind::Garbage`]: crate::FrameErrorKind::Garbage
    /// [`SkippedKind::Unfinished`]: crate::SkippedKind::Unfinished
    #[must_use]
    pub const fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Begins and ends blocks, of both directions, with other bytes. Default VT and FS.
    ///
    /// Set it before the first byte is decoded.
    #[must_use]
    pub const fn envelope(mut self, envelope: Envelope) -> Self {
        self.envelope = envelope;
        self
    }

    /// Reads a content of one byte, `06` or `15`, as [`Block::Commit`]. Default: off.
    ///
    /// Releases can not be told apart on the wire: which one a peer speaks is agreed upon (MLLP
    /// release 2).
    #[must_use]
    pub const fn release2(mut self, release2: bool) -> Self {
        self.release2 = release2;
        self
    }

    /// Whether a frame has begun and has not ended.
    ///
    /// Tells which time limit applies while more bytes are awaited.
    pub const fn in_frame(&self) -> bool {
        matches!(self.state, State::Frame { .. } | State::Overlong { .. })
    }

    /// Whether `src` ends with an FS that may be the end of the frame.
    ///
    /// To be asked after [`decode`](tokio_util::codec::Decoder::decode) returned `None`. Never true in strict mode.
    ///
    /// ```
    /// use bytes::BytesMut;
    /// use hl7_mllp::{Block, MllpCodec};
    /// use tokio_util::codec::Decoder;
    ///
    /// # fn main() -> Result<(), hl7_mllp::FrameError> {
    /// let (mut codec, mut buffer) = (MllpCodec::new(), BytesMut::from(&b"\x0bMSH|\x1c"[..]));
    /// assert_eq!(codec.decode(&mut buffer)?, None);
    /// assert!(codec.awaits_end(&buffer));
    /// // 200 ms later:
    /// assert_eq!(codec.end_of_wait(&mut buffer), Some(Block::Content("MSH|".into())));
    /// // CR comes after all, and is no garbage:
    /// buffer.extend_from_slice(b"\r\x0bMSH|\x1c\r");
    /// assert_eq!(codec.decode(&mut buffer)?, Some(Block::Content("MSH|".into())));
    /// # Ok(())
    /// # }
    /// ```
    pub fn awaits_end(&self, src: &BytesMut) -> bool {
        let resume = match self.state {
            State::Frame { scanned } => scanned,
            State::Overlong { .. } => 0,
            State::Idle { .. } | State::Lost(_) => return false,
        };
        !self.strict && src.get(resume..) == Some(&[self.envelope.end()])
    }

    /// Yields the frame whose FS was followed by silence, if there is one.
    ///
    /// See [the silent end](crate::codec#the-silent-end). `None` in strict mode and whenever
    /// [`awaits_end`](Self::awaits_end) is false.
    pub fn end_of_wait(&mut self, src: &mut BytesMut) -> Option<Block> {
        if !self.awaits_end(src) {
            return None;
        }
        self.retention.observe(src);
        Some(self.finish(src, src.len() - 1, 1))
    }

    /// Lets go of the memory of a buffer that is empty, where no frame has begun.
    #[cfg(any(feature = "client", feature = "server"))]
    pub(crate) fn release(&mut self, src: &mut BytesMut) {
        self.retention.release(src);
    }

    /// The bytes that begin and end blocks.
    #[cfg(any(feature = "client", feature = "server"))]
    pub(crate) const fn envelope_in_use(&self) -> Envelope {
        self.envelope
    }

    /// Whether a byte was ever decoded.
    #[cfg(feature = "server")]
    pub(crate) const fn is_touched(&self) -> bool {
        self.lead.is_none() || !matches!(self.state, State::Idle { skipped: 0, .. })
    }

    /// Whether the stream is between frames and nothing but filler followed the last one.
    #[cfg(feature = "client")]
    pub(crate) const fn is_between_frames(&self) -> bool {
        matches!(self.state, State::Idle { garbage: false, .. })
    }
}

impl Default for MllpCodec {
    fn default() -> Self {
        Self::new()
    }
}
