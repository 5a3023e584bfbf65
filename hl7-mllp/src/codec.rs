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
//! [`decode`]: Decoder::decode
//! [`awaits_end`]: MllpCodec::awaits_end
//! [`end_of_wait`]: MllpCodec::end_of_wait

use std::{fmt, mem};

use bytes::BytesMut;
use memchr::{memchr, memchr2};
use tokio_util::codec::{Decoder, Encoder};

use crate::{
    Block, CARRIAGE_RETURN, Commit, Envelope, FrameError, FrameErrorKind, MAX_HEAD_LEN, Skipped,
    SkippedKind,
    foreign::{Lead, Verdict},
    frame::LINE_FEED,
    retention::Retention,
};

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
    #[must_use]
    pub const fn max_frame_len(mut self, bytes: usize) -> Self {
        self.max_frame_len = bytes;
        self
    }

    /// Most bytes between two frames, or before the first. Default 64 KiB.
    ///
    /// More is [`FrameErrorKind::Garbage`].
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
    /// To be asked after [`decode`](Decoder::decode) returned `None`. Never true in strict mode.
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

    /// Where the search goes on, or what is to be yielded before.
    #[inline(never)]
    fn resume(&mut self, src: &mut BytesMut) -> Result<usize, Result<Option<Block>, FrameError>> {
        match self.state {
            State::Idle { .. } if src.is_empty() => Err(Ok(None)),
            State::Idle { .. } => match self.pass_garbage(src) {
                Ok(Passed::Frame) => Ok(1),
                Ok(Passed::Garbage(bytes)) => Err(Ok(Some(skip(SkippedKind::Garbage, bytes)))),
                Ok(Passed::All) => Err(Ok(None)),
                Err(kind) => Err(Err(self.lose(kind))),
            },
            State::Frame { scanned } => Ok(scanned),
            State::Overlong { .. } => Ok(0),
            State::Lost(kind) => Err(Err(kind.into())),
        }
    }

    /// IDLE: passes over what is not a frame.
    #[inline(never)]
    fn pass_garbage(&mut self, src: &mut BytesMut) -> Result<Passed, FrameErrorKind> {
        let State::Idle { mut skipped, mut garbage } = self.state else { return Ok(Passed::All) };
        let start = memchr(self.envelope.start(), src);
        let run = start.unwrap_or(src.len());
        self.count_work(run);
        let passed = src.get(..run).unwrap_or_default();
        skipped = skipped.saturating_add(run as u64);
        garbage = garbage || !passed.iter().all(|byte| is_filler(*byte));

        let verdict = self.lead.as_mut().map_or(Verdict::Unknown, |lead| lead.judge(passed));
        if let Verdict::Foreign(protocol) = verdict {
            return Err(FrameErrorKind::ForeignProtocol(protocol));
        }
        // While the first bytes may still prove to be another protocol, that error goes first.
        if verdict != Verdict::Open || start.is_some() {
            self.lead = None;
            self.check_garbage(skipped, garbage)?;
        }
        self.retention.skip(src, run);
        if start.is_none() {
            self.state = State::Idle { skipped, garbage };
            return Ok(Passed::All);
        }
        self.lead = None;
        self.state = State::IDLE;
        Ok(if garbage { Passed::Garbage(skipped) } else { Passed::Frame })
    }

    const fn check_garbage(&self, skipped: u64, garbage: bool) -> Result<(), FrameErrorKind> {
        if skipped > self.max_garbage_len || (garbage && self.strict) {
            return Err(FrameErrorKind::Garbage);
        }
        Ok(())
    }

    /// FRAME, END and OVERLONG: looks for the end from `from` on, and at what it is the end of.
    #[inline(never)]
    fn go_on(&mut self, src: &mut BytesMut, from: usize) -> Result<Option<Block>, FrameErrorKind> {
        let found = scan(src, from, self.envelope, self.strict);
        self.count_work(found.reached().saturating_sub(from));
        match found {
            Found::End { at, trailer } => Ok(Some(self.finish(src, at, trailer))),
            Found::Start { at } => {
                // An over-long frame has lost its first byte already.
                let dropped = match self.state {
                    State::Overlong { dropped } => dropped.saturating_add(at as u64),
                    _ => at.saturating_sub(1) as u64,
                };
                self.retention.skip(src, at);
                self.state = State::IDLE;
                self.head = Head::default();
                Ok(Some(skip(SkippedKind::CutOff, dropped)))
            }
            Found::WrongEnding { .. } => Err(FrameErrorKind::WrongEnding),
            Found::Open { at } => {
                match &mut self.state {
                    State::Overlong { dropped } => {
                        *dropped = dropped.saturating_add(at as u64);
                        self.head.fill(src.get(..at).unwrap_or_default());
                        self.retention.skip(src, at);
                    }
                    _ if at.saturating_sub(1) > self.max_frame_len => self.begin_overlong(src, at),
                    _ => self.state = State::Frame { scanned: at },
                }
                Ok(None)
            }
        }
    }

    /// Stops keeping a frame that is over the limit. What is at `at` and behind it stays.
    fn begin_overlong(&mut self, src: &mut BytesMut, at: usize) {
        self.head.fill(src.get(1..at).unwrap_or_default());
        self.state = State::Overlong { dropped: at.saturating_sub(1) as u64 };
        self.retention.skip(src, at);
        self.retention.renew(src);
    }

    /// Whether a frame within the limit ends at `at` with FS CR, and is nothing but content.
    #[inline]
    fn ends_at(&self, src: &BytesMut, at: usize) -> bool {
        // Byte by byte: two at once would wait for the two that they are held against.
        let ends = matches!(src.get(at..), Some([mark, CARRIAGE_RETURN, ..]) if *mark == self.envelope.end());
        // A commit block has one byte.
        ends && at > 2 && at <= self.max_frame_len && !matches!(self.state, State::Overlong { .. })
    }

    /// Yields what a complete frame is; its content ends at `end`.
    fn finish(&mut self, src: &mut BytesMut, end: usize, trailer: usize) -> Block {
        let (start, dropped) = match mem::replace(&mut self.state, State::IDLE) {
            State::Overlong { dropped } => (0, dropped),
            _ => (1, 0),
        };
        let content = src.get(start..end).unwrap_or_default();
        if start == 0 || content.len() > self.max_frame_len {
            let mut head = mem::take(&mut self.head);
            head.fill(content);
            let dropped = dropped.saturating_add(content.len() as u64);
            self.retention.skip(src, end + trailer);
            return Block::Skipped(Skipped::too_long(dropped, head.0.into()));
        }
        if content.is_empty() {
            self.retention.skip(src, end + trailer);
            return skip(SkippedKind::Empty, 0);
        }
        if let (true, Some(commit)) = (self.release2, Commit::from_content(content)) {
            self.retention.skip(src, end + trailer);
            return Block::Commit(commit);
        }
        Block::Content(self.retention.take(src, end, trailer))
    }

    fn lose(&mut self, kind: FrameErrorKind) -> FrameError {
        self.state = State::Lost(kind);
        kind.into()
    }

    #[cfg(test)]
    fn count_work(&mut self, bytes: usize) {
        self.work += bytes as u64;
    }

    #[cfg(not(test))]
    #[expect(clippy::unused_self, clippy::needless_pass_by_ref_mut, reason = "counts in tests")]
    const fn count_work(&mut self, _bytes: usize) {}
}

impl Default for MllpCodec {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder for MllpCodec {
    type Item = Block;
    type Error = FrameError;

    /// Yields the next item, or `None` if more bytes are needed.
    ///
    /// # Errors
    ///
    /// The stream is lost ([`FrameErrorKind`] says why). Every later call fails the same way.
    // Inlined, so that the caller takes the content as it was cut, without a way through memory
    // that costs more than finding it did; what is rare is not.
    #[inline]
    fn decode(&mut self, src: &mut BytesMut) -> Result<Option<Block>, FrameError> {
        self.retention.observe(src);
        let resume = match self.state {
            // Nothing to pass over: most frames come right behind one another.
            State::Idle { skipped: 0, .. } if src.first() == Some(&self.envelope.start()) => {
                self.lead = None;
                1
            }
            State::Frame { scanned } => scanned,
            _ => match self.resume(src) {
                Ok(resume) => resume,
                Err(item) => return item,
            },
        };
        let rest = src.get(resume..).unwrap_or_default();
        let mark = memchr2(self.envelope.end(), self.envelope.start(), rest);
        let at = mark.map_or(src.len(), |offset| resume + offset);
        self.count_work(at - resume);
        // Most frames are whole, and end as they should.
        if self.ends_at(src, at) {
            self.state = State::IDLE;
            return Ok(Some(Block::Content(self.retention.take(src, at, 2))));
        }
        self.go_on(src, at).map_err(|kind| self.lose(kind))
    }

    /// Yields what the end of the stream completes or cuts off.
    ///
    /// FS without CR ends the frame (not in strict mode); a frame without FS is
    /// [`SkippedKind::Unfinished`].
    fn decode_eof(&mut self, src: &mut BytesMut) -> Result<Option<Block>, FrameError> {
        if let Some(block) = self.decode(src)? {
            return Ok(Some(block));
        }
        if let Some(block) = self.end_of_wait(src) {
            return Ok(Some(block));
        }
        let last = match self.state {
            State::Idle { skipped, garbage } => {
                if let Err(kind) = self.check_garbage(skipped, garbage) {
                    return Err(self.lose(kind));
                }
                if skipped > 0 {
                    self.lead = None;
                }
                garbage.then(|| skip(SkippedKind::Garbage, skipped))
            }
            State::Frame { .. } => {
                Some(skip(SkippedKind::Unfinished, src.len().saturating_sub(1) as u64))
            }
            State::Overlong { dropped } => {
                Some(skip(SkippedKind::Unfinished, dropped.saturating_add(src.len() as u64)))
            }
            State::Lost(_) => None,
        };
        self.retention.skip(src, src.len());
        self.state = State::IDLE;
        self.head = Head::default();
        Ok(last)
    }
}

impl Encoder<Block> for MllpCodec {
    type Error = FrameError;

    /// Writes one block with its envelope.
    ///
    /// # Errors
    ///
    /// [`FrameErrorKind::InvalidContent`], and nothing is written: the content holds a byte of the
    /// [`envelope`](MllpCodec::envelope) (VT or FS); or it is one byte that a release 2 peer would take for a commit acknowledgment (only with
    /// [`release2`](MllpCodec::release2)); or the block is [`Block::Skipped`].
    fn encode(&mut self, block: Block, dst: &mut BytesMut) -> Result<(), FrameError> {
        let commit;
        let content: &[u8] = match &block {
            Block::Content(content) if self.release2 && Commit::from_content(content).is_some() => {
                return Err(FrameErrorKind::InvalidContent.into());
            }
            Block::Content(content) if self.envelope.can_hold(content) => content,
            Block::Content(_) | Block::Skipped(_) => {
                return Err(FrameErrorKind::InvalidContent.into());
            }
            Block::Commit(answer) => {
                commit = [answer.as_byte()];
                &commit
            }
        };
        let trailer = self.envelope.trailer();
        dst.reserve(content.len() + 1 + trailer.len());
        dst.extend_from_slice(&[self.envelope.start()]);
        dst.extend_from_slice(content);
        dst.extend_from_slice(&trailer);
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum State {
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
    const IDLE: Self = Self::Idle { skipped: 0, garbage: false };
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
enum Passed {
    /// All there is.
    All,
    /// So many bytes of garbage, and a frame begins behind them.
    Garbage(u64),
    /// Nothing but filler, and a frame begins behind it.
    Frame,
}

/// What a search for the end of a frame came upon.
#[derive(Clone, Copy, Debug)]
enum Found {
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
    const fn reached(self) -> usize {
        match self {
            Self::End { at, .. }
            | Self::Start { at }
            | Self::WrongEnding { at }
            | Self::Open { at } => at,
        }
    }
}

fn scan(bytes: &[u8], from: usize, envelope: Envelope, strict: bool) -> Found {
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

const fn is_filler(byte: u8) -> bool {
    matches!(byte, CARRIAGE_RETURN | LINE_FEED | 0 | b' ')
}

/// The first bytes of a frame, at most [`MAX_HEAD_LEN`].
#[derive(Clone, Default)]
struct Head(Vec<u8>);

impl Head {
    /// Adds what is still missing.
    fn fill(&mut self, content: &[u8]) {
        let missing = MAX_HEAD_LEN.saturating_sub(self.0.len());
        self.0.extend_from_slice(content.get(..missing).unwrap_or(content));
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Head({} bytes)", self.0.len())
    }
}

const fn skip(kind: SkippedKind, dropped: u64) -> Block {
    Block::Skipped(Skipped::new(kind, dropped))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1024 * 1024;

    /// Feeds `stream` in reads of `size` bytes; returns the frames and the bytes scanned.
    fn run(stream: &[u8], size: usize, mut codec: MllpCodec) -> (usize, u64) {
        let (mut buffer, mut frames) = (BytesMut::new(), 0);
        for chunk in stream.chunks(size) {
            buffer.extend_from_slice(chunk);
            while codec.decode(&mut buffer).unwrap().is_some() {
                frames += 1;
            }
        }
        (frames, codec.work)
    }

    fn framed(content: &[u8], times: usize) -> Vec<u8> {
        [b"\x0b", content, b"\x1c\r"].concat().repeat(times)
    }

    #[test]
    fn a_50_mb_frame_in_4_kib_reads_is_scanned_once() {
        let stream = framed(&vec![b'x'; 50 * MIB], 1);
        let (frames, work) = run(&stream, 4096, MllpCodec::new().max_frame_len(64 * MIB));
        assert_eq!(frames, 1);
        assert!(work <= stream.len() as u64, "{work} of {}", stream.len());
    }

    #[test]
    fn an_over_long_frame_is_scanned_once_and_not_kept() {
        let stream = framed(&vec![b'x'; 20 * MIB], 1);
        let (mut codec, mut buffer) = (MllpCodec::new().max_frame_len(MIB), BytesMut::new());
        let mut items = Vec::new();
        for chunk in stream.chunks(4096) {
            buffer.extend_from_slice(chunk);
            items.extend(codec.decode(&mut buffer).unwrap());
            assert!(buffer.len() <= MIB + 4096, "{} bytes kept", buffer.len());
        }
        assert!(buffer.capacity() <= 64 * 1024, "{} bytes allocated", buffer.capacity());
        assert!(codec.work <= stream.len() as u64, "{}", codec.work);
        let [Block::Skipped(skipped)] = &items[..] else { panic!("{items:?}") };
        assert_eq!(skipped.dropped(), 20 * MIB as u64);
        assert_eq!(skipped.head().len(), MAX_HEAD_LEN);
    }

    #[test]
    fn ten_thousand_frames_in_one_buffer_are_scanned_once() {
        let stream = framed(&[b'x'; 1000], 10_000);
        let (frames, work) = run(&stream, stream.len(), MllpCodec::new());
        assert_eq!(frames, 10_000);
        assert!(work <= stream.len() as u64, "{work} of {}", stream.len());
        assert!(work >= 10_000 * 1000, "{work} is less than the content");
    }

    #[test]
    fn content_full_of_end_bytes_is_scanned_once() {
        let content = b"\x1cx".repeat(MIB);
        let stream = framed(&content, 1);
        for size in [1, 2, 3, 4096, stream.len()] {
            let (frames, work) = run(&stream, size, MllpCodec::new());
            assert_eq!(frames, 1, "reads of {size}");
            assert!(work <= stream.len() as u64, "reads of {size}: {work}");
            assert!(work >= content.len() as u64, "reads of {size}: {work}");
        }
    }

    #[cfg(any(feature = "client", feature = "server"))]
    #[test]
    fn the_memory_of_a_buffer_is_let_go_of_only_where_nothing_is_in_it() {
        let (mut codec, mut buffer) = (MllpCodec::new(), BytesMut::with_capacity(4096));
        for content in [&b"abc"[..], &[b'x'; 3000]] {
            buffer.extend_from_slice(&framed(content, 1));
            assert_eq!(
                codec.decode(&mut buffer).unwrap(),
                Some(Block::Content(content.to_vec().into()))
            );
            codec.release(&mut buffer);
            assert_eq!(buffer.capacity(), 0, "behind {} bytes", content.len());
        }
        buffer.extend_from_slice(b"\x0babc");
        assert_eq!(codec.decode(&mut buffer).unwrap(), None);
        codec.release(&mut buffer);
        assert_eq!(buffer, &b"\x0babc"[..]);
    }

    #[cfg(feature = "server")]
    #[test]
    fn a_codec_is_touched_from_the_first_byte_on() {
        for stream in
            [&b""[..], b"G", b"\r", b"#", b"\x0b", b"\x0bA\x1c\r", b"GET / ", b"\x0bA\x1c\r\r"]
        {
            let (mut codec, mut buffer) = (MllpCodec::new(), BytesMut::from(stream));
            // Only what it is left in matters.
            while let Ok(Some(_)) = codec.decode(&mut buffer) {}
            assert_eq!(codec.is_touched(), !stream.is_empty(), "{}", stream.escape_ascii());
        }
    }
}
