//! Cuts blocks out of a stream: the states that the documentation of the codec draws.

use std::mem;

use bytes::BytesMut;
use memchr::{memchr, memchr2};
use tokio_util::codec::Decoder;

use super::{
    MllpCodec,
    end::{Found, scan},
    state::{Head, Passed, State},
};
use crate::{
    Block, CARRIAGE_RETURN, Commit, FrameError, FrameErrorKind, Skipped, SkippedKind,
    foreign::Verdict, frame::LINE_FEED,
};

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

impl MllpCodec {
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
    pub(super) fn finish(&mut self, src: &mut BytesMut, end: usize, trailer: usize) -> Block {
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

const fn is_filler(byte: u8) -> bool {
    matches!(byte, CARRIAGE_RETURN | LINE_FEED | 0 | b' ')
}

const fn skip(kind: SkippedKind, dropped: u64) -> Block {
    Block::Skipped(Skipped::new(kind, dropped))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MAX_HEAD_LEN;

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
