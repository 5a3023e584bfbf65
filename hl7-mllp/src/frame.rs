//! Names the bytes of an MLLP block and what a codec yields.
//!
//! `VT content FS CR` (MLLP release 1 and 2). The envelope is three bytes, two of which can be
//! others by agreement; there is no length field and no checksum.

use std::fmt;

use bytes::Bytes;

/// Start of a block: VT, `0x0B` (`<SB>` in the specification).
pub const START_BLOCK: u8 = 0x0b;

/// End of a block: FS, `0x1C` (`<EB>` in the specification), followed by [`CARRIAGE_RETURN`].
pub const END_BLOCK: u8 = 0x1c;

/// The byte after [`END_BLOCK`]: CR, `0x0D`.
pub const CARRIAGE_RETURN: u8 = 0x0d;

/// Most bytes of an over-long frame kept in [`Skipped::head`]: 4 KiB.
///
/// Enough for any message header, so that the sender can be told which message was refused.
pub const MAX_HEAD_LEN: usize = 4 * 1024;

pub(crate) const LINE_FEED: u8 = 0x0a;
const TAB: u8 = 0x09;
const ESCAPE: u8 = 0x1b;

const ACK: u8 = 0x06;
const NAK: u8 = 0x15;

/// The bytes that begin and end a block: VT and FS, unless something else was agreed upon.
///
/// Some systems were set to STX and ETX, or to bytes of their own. The CR behind the end stays.
///
/// ```
/// use bytes::BytesMut;
/// use hl7_mllp::{Block, Envelope, MllpCodec};
/// use tokio_util::codec::Decoder;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let stx_etx = Envelope::new(0x02, 0x03).ok_or("no bytes for an envelope")?;
/// let mut codec = MllpCodec::new().envelope(stx_etx);
/// let mut buffer = BytesMut::from(&b"\x02MSH|^~\\&|LAB\r\x03\r"[..]);
/// assert_eq!(codec.decode(&mut buffer)?, Some(Block::Content("MSH|^~\\&|LAB\r".into())));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope {
    start: u8,
    end: u8,
}

impl Envelope {
    /// VT and FS, as the specification has them.
    pub const MLLP: Self = Self { start: START_BLOCK, end: END_BLOCK };

    /// `start` before the content and `end` behind it.
    ///
    /// `None` unless they are two control characters, `0x01` to `0x1F`, that do not stand in
    /// messages or between blocks: not TAB, LF, CR or ESC.
    #[must_use]
    pub const fn new(start: u8, end: u8) -> Option<Self> {
        match start != end && Self::is_apart(start) && Self::is_apart(end) {
            true => Some(Self { start, end }),
            false => None,
        }
    }

    /// The byte before the content.
    #[must_use]
    pub const fn start(self) -> u8 {
        self.start
    }

    /// The byte behind the content; [`CARRIAGE_RETURN`] follows it.
    #[must_use]
    pub const fn end(self) -> u8 {
        self.end
    }

    /// What follows the content.
    pub(crate) const fn trailer(self) -> [u8; 2] {
        [self.end, CARRIAGE_RETURN]
    }

    /// Whether `content` can stand in a block: it holds neither of the two bytes.
    pub(crate) fn can_hold(self, content: &[u8]) -> bool {
        memchr::memchr2(self.start, self.end, content).is_none()
    }

    const fn is_apart(byte: u8) -> bool {
        matches!(byte, 0x01..=0x1f) && !matches!(byte, TAB | LINE_FEED | CARRIAGE_RETURN | ESCAPE)
    }
}

/// Said of content that [an envelope can not hold](Envelope::can_hold).
#[cfg(any(feature = "client", feature = "server"))]
pub(crate) const UNFRAMEABLE: &str =
    "it holds a byte that begins or ends a frame (VT or FS, unless others were agreed upon)";

/// [`Envelope::MLLP`].
impl Default for Envelope {
    fn default() -> Self {
        Self::MLLP
    }
}

/// One item of an MLLP stream.
///
/// `Debug` shows lengths, never content.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Block {
    /// The content of one block, without its envelope: normally exactly one message.
    Content(Bytes),
    /// A commit acknowledgment block of MLLP release 2.
    ///
    /// Decoded only by a codec with [`release2`](crate::MllpCodec::release2) switched on.
    Commit(Commit),
    /// Something on the stream that was no block and was survived. Never encoded.
    Skipped(Skipped),
}

impl Block {
    /// The content, if this is a content block.
    ///
    /// ```
    /// # use hl7_mllp::Block;
    /// assert_eq!(Block::Content("MSH|".into()).into_content().as_deref(), Some(&b"MSH|"[..]));
    /// ```
    pub fn into_content(self) -> Option<Bytes> {
        match self {
            Self::Content(content) => Some(content),
            Self::Commit(_) | Self::Skipped(_) => None,
        }
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Content(content) => write!(f, "Content({} bytes)", content.len()),
            Self::Commit(commit) => f.debug_tuple("Commit").field(commit).finish(),
            Self::Skipped(skipped) => fmt::Debug::fmt(skipped, f),
        }
    }
}

/// A commit acknowledgment: one byte between VT and FS CR (MLLP release 2).
///
/// It says that the content is stored, or is not; it names no message and does not replace the
/// acknowledgment that MSH-15 and MSH-16 ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Commit {
    /// `0x06`: the content was committed to storage.
    Ack,
    /// `0x15`: it was not.
    Nak,
}

impl Commit {
    /// The byte that stands between VT and FS: `0x06` or `0x15`.
    pub const fn as_byte(self) -> u8 {
        match self {
            Self::Ack => ACK,
            Self::Nak => NAK,
        }
    }

    /// The commit acknowledgment that this content is, if it is one.
    pub(crate) const fn from_content(content: &[u8]) -> Option<Self> {
        match content {
            [ACK] => Some(Self::Ack),
            [NAK] => Some(Self::Nak),
            _ => None,
        }
    }
}

/// What a codec passed over and survived: how much of what.
///
/// An item and not an error, because the stream goes on behind it. `Debug` shows lengths, never
/// content.
#[derive(Clone, PartialEq, Eq)]
pub struct Skipped {
    kind: SkippedKind,
    dropped: u64,
    head: Bytes,
}

impl Skipped {
    pub(crate) const fn new(kind: SkippedKind, dropped: u64) -> Self {
        Self { kind, dropped, head: Bytes::new() }
    }

    pub(crate) const fn too_long(dropped: u64, head: Bytes) -> Self {
        Self { kind: SkippedKind::TooLong, dropped, head }
    }

    /// What was skipped.
    pub const fn kind(&self) -> SkippedKind {
        self.kind
    }

    /// How many bytes were dropped, envelope bytes not counted.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The first bytes of an over-long frame, at most [`MAX_HEAD_LEN`]; empty for other kinds.
    pub const fn head(&self) -> &Bytes {
        &self.head
    }
}

impl fmt::Debug for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Skipped({:?}, {} bytes)", self.kind, self.dropped)
    }
}

/// The kinds of [`Skipped`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SkippedKind {
    /// A frame that was cut off by the start of the next one. It must not be acknowledged.
    CutOff,
    /// A frame without content. Some peers send it to keep a connection alive.
    Empty,
    /// Bytes between frames other than CR, LF, NUL and blank.
    Garbage,
    /// A complete frame over [`max_frame_len`](crate::MllpCodec::max_frame_len). Its first bytes
    /// are in [`Skipped::head`], so that it can be answered.
    TooLong,
    /// A frame that had begun when the stream ended. It must not be acknowledged.
    Unfinished,
}

/// The content of a commit block.
#[cfg(any(feature = "client", feature = "server"))]
pub(crate) const fn commit_content(commit: Commit) -> Bytes {
    Bytes::from_static(match commit {
        Commit::Ack => &[ACK],
        Commit::Nak => &[NAK],
    })
}
