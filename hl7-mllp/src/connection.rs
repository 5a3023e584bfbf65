//! Reads and writes the blocks of one connection, whichever side opened it.
//!
//! What client and server share: an own read buffer that holds no memory while the connection is
//! idle, the clock that the codec lacks, and one vectored write per frame.

use std::{
    future::poll_fn,
    io,
    mem::MaybeUninit,
    pin::{Pin, pin},
    task::{Poll, ready},
    time::Duration,
};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use hl7_transport::deadline_after;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    time::{Instant, timeout},
};
use tokio_util::codec::Decoder;

#[cfg(feature = "server")]
use crate::Commit;
#[cfg(feature = "server")]
use crate::budget::Share;
use crate::{Block, FrameError, MllpCodec, SkippedKind, alarm::Alarm};

/// Default of the time that FS waits for its CR: 200 ms.
pub(crate) const DEFAULT_END_TIMEOUT: Duration = Duration::from_millis(200);

/// First read of a frame: 16 KiB, on the stack.
const FIRST_READ_LEN: usize = 16 * 1024;

/// Most bytes of one further read, and so the most that is read ahead of a frame: 64 KiB.
const MAX_READ_LEN: usize = 64 * 1024;

/// Content up to which a frame is put together before it is written: 4 KiB. A copy of so little
/// costs less than a vectored write does.
const MAX_COPIED_LEN: usize = 4 * 1024;

/// How long a closing connection waits for its peer to close too.
#[cfg(feature = "server")]
const LINGER: Duration = Duration::from_millis(500);

/// How many bytes of the peer a closing connection passes over.
#[cfg(feature = "server")]
const MAX_LINGER_LEN: usize = 1024 * 1024;

/// One connection with its codec and read buffer.
pub(crate) struct Connection<S> {
    io: S,
    codec: MllpCodec,
    buffer: BytesMut,
    end_timeout: Duration,
    alarm: Alarm,
    #[cfg(feature = "server")]
    share: Share,
    /// Content that came before the commit block that was waited for.
    #[cfg(feature = "server")]
    early: Option<Bytes>,
    /// Whether the peer has closed its side.
    ended: bool,
}

/// Why no further block can be read.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// The stream is lost, or the connection failed.
    Lost(FrameError),
    /// No frame began in time.
    Idle,
    /// A frame began and did not end in time.
    Slow,
}

/// Why a frame was not written.
#[derive(Debug)]
pub(crate) struct WriteError {
    /// The error of the connection; `None`: out of time.
    pub(crate) error: Option<io::Error>,
    /// Whether a byte of the frame was written.
    pub(crate) begun: bool,
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Connection<S> {
    pub(crate) fn new(io: S, codec: MllpCodec, end_timeout: Duration) -> Self {
        Self {
            io,
            codec,
            buffer: BytesMut::new(),
            end_timeout,
            alarm: Alarm::default(),
            #[cfg(feature = "server")]
            share: Share::default(),
            #[cfg(feature = "server")]
            early: None,
            ended: false,
        }
    }

    /// The next block; `None` when the peer has closed its side and everything was yielded.
    ///
    /// `idle` is the time for a frame to begin, `frame` the time from then to its end. May be
    /// dropped and called again without losing a byte.
    pub(crate) async fn next(
        &mut self,
        idle: Duration,
        frame: Duration,
    ) -> Result<Option<Block>, ReadError> {
        #[cfg(feature = "server")]
        if let Some(content) = self.early.take() {
            return Ok(Some(Block::Content(content)));
        }
        self.read_on(deadline_after(idle), Some(frame)).await
    }

    /// The same where one time limit holds for the frame's begin and end.
    pub(crate) async fn next_by(&mut self, deadline: Instant) -> Result<Option<Block>, ReadError> {
        self.read_on(deadline, None).await
    }

    async fn read_on(
        &mut self,
        idle_deadline: Instant,
        frame: Option<Duration>,
    ) -> Result<Option<Block>, ReadError> {
        let mut frame_deadline = None;
        loop {
            if let Some(block) = self.codec.decode(&mut self.buffer).map_err(ReadError::Lost)? {
                return Ok(Some(block));
            }
            if self.ended {
                return self.codec.decode_eof(&mut self.buffer).map_err(ReadError::Lost);
            }
            self.codec.release(&mut self.buffer);
            let mut deadline = idle_deadline;
            if let Some(frame) = frame
                && self.codec.in_frame()
            {
                deadline = *frame_deadline.get_or_insert_with(|| deadline_after(frame));
            }
            if self.codec.awaits_end(&self.buffer) {
                deadline = deadline.min(deadline_after(self.end_timeout));
            }
            #[cfg(feature = "server")]
            let waited = self.share.cover(self.buffer.len().saturating_add(MAX_READ_LEN)).await;
            #[cfg(feature = "server")]
            if !waited.is_zero() {
                // It was not the peer who was slow.
                deadline += waited;
                frame_deadline = frame_deadline.map(|deadline| deadline + waited);
            }
            let reading = read(&mut self.io, &mut self.buffer);
            match self.alarm.before(deadline, reading).await {
                Some(Ok(0)) => self.ended = true,
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(ReadError::Lost(error.into())),
                None => {
                    return match self.codec.end_of_wait(&mut self.buffer) {
                        Some(block) => Ok(Some(block)),
                        None if self.codec.in_frame() => Err(ReadError::Slow),
                        None => Err(ReadError::Idle),
                    };
                }
            }
        }
    }

    /// Whether bytes of a frame were read that has not been yielded.
    pub(crate) fn has_begun(&self) -> bool {
        #[cfg(feature = "server")]
        if self.early.is_some() {
            return true;
        }
        self.codec.in_frame() || !self.buffer.is_empty()
    }

    /// Writes `content` as one frame: `VT | content | FS CR` in one write, vectored and without a
    /// copy of the content where that is large and the stream can.
    ///
    /// The caller has made sure that the content is encodable.
    pub(crate) async fn write(
        &mut self,
        content: &Bytes,
        limit: Duration,
    ) -> Result<(), WriteError> {
        let envelope = self.codec.envelope_in_use();
        let (start, trailer) = ([envelope.start()], envelope.trailer());
        let len = content.len() + start.len() + trailer.len();
        // Three small writes would be three packets, which some receivers can not read.
        if content.len() <= MAX_COPIED_LEN || !self.io.is_write_vectored() {
            let mut frame = BytesMut::with_capacity(len);
            frame.put_slice(&start);
            frame.put_slice(content);
            frame.put_slice(&trailer);
            let result = in_time(limit, pin!(write_plain(&mut self.io, &mut frame))).await;
            return done(result, frame.len() < len);
        }
        let mut frame = Buf::chain(Buf::chain(&start[..], content.clone()), &trailer[..]);
        let result = in_time(limit, pin!(write_all(&mut self.io, &mut frame))).await;
        done(result, frame.remaining() < len)
    }

    /// Whether the connection can carry another exchange: still open, and nothing unread on it
    /// but the CR or LF that may follow a frame, empty frames, and blocks that somebody takes.
    #[cfg(feature = "client")]
    pub(crate) async fn is_fresh(&mut self, take: impl Fn(&Bytes) -> bool) -> bool {
        // Lets the runtime learn what happened to the socket meanwhile.
        tokio::task::yield_now().await;
        loop {
            match self.codec.decode(&mut self.buffer) {
                Ok(None) if self.codec.is_between_frames() && !self.ended => {}
                Ok(Some(Block::Content(content))) if take(&content) => continue,
                Ok(Some(Block::Skipped(skipped))) if skipped.kind() == SkippedKind::Empty => {
                    continue;
                }
                _ => return false,
            }
            self.codec.release(&mut self.buffer);
            match at_once(pin!(read(&mut self.io, &mut self.buffer))).await {
                Poll::Pending => return true,
                Poll::Ready(Ok(0) | Err(_)) => return false,
                Poll::Ready(Ok(_)) => {}
            }
        }
    }
}

/// What only the side that listens needs.
#[cfg(feature = "server")]
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Connection<S> {
    /// Takes what is buffered from a share of a budget.
    pub(crate) fn with_share(mut self, share: Share) -> Self {
        self.share = share;
        self
    }

    /// Gives back to the budget what the last frame took of it.
    pub(crate) fn settle(&mut self) {
        if self.early.is_none() {
            self.share.release();
        }
    }

    /// The commit block that is due (MLLP release 2); `None` when there is none in time, or
    /// something else.
    ///
    /// One block of content that comes before it is kept for [`next`](Self::next): its sender
    /// waits for the commit of its last block, and not for the answer that it has to commit.
    pub(crate) async fn committed(&mut self, limit: Duration) -> Option<Commit> {
        let deadline = deadline_after(limit);
        loop {
            match self.next_by(deadline).await {
                Ok(Some(Block::Commit(commit))) => return Some(commit),
                Ok(Some(Block::Content(content))) if self.early.is_none() => {
                    self.early = Some(content);
                }
                Ok(Some(Block::Skipped(skipped))) if skipped.kind() != SkippedKind::TooLong => {}
                _ => return None,
            }
        }
    }

    /// Whether the peer has sent anything at all.
    pub(crate) const fn is_touched(&self) -> bool {
        self.codec.is_touched()
    }

    /// Ends our side. With `linger`, waits a moment for the peer to end its own: what it has sent
    /// and nobody read would otherwise reset the connection under an answer that was just written.
    pub(crate) async fn close(mut self, linger: bool) {
        let closing = async {
            if self.io.shutdown().await.is_err() || !linger || self.ended {
                return;
            }
            let mut passed = 0;
            while passed < MAX_LINGER_LEN {
                self.buffer.clear();
                match read(&mut self.io, &mut self.buffer).await {
                    Ok(0) | Err(_) => return,
                    Ok(n) => passed += n,
                }
            }
        };
        // Out of time or not, the connection is dropped now.
        let _in_time = timeout(LINGER, closing).await;
    }
}

/// Writes one piece. Less than [`write_all`] does for a vector that has but one part.
async fn write_plain(
    io: &mut (impl AsyncWrite + Send + Unpin),
    frame: &mut BytesMut,
) -> io::Result<()> {
    while !frame.is_empty() {
        match io.write(frame).await? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            n => frame.advance(n),
        }
    }
    io.flush().await
}

async fn write_all(
    io: &mut (impl AsyncWrite + Send + Unpin),
    frame: &mut (impl Buf + Send),
) -> io::Result<()> {
    io.write_all_buf(frame).await?;
    io.flush().await
}

/// Reads what is there. 0: the peer has closed its side.
async fn read(
    io: &mut (impl AsyncRead + Send + Unpin),
    buffer: &mut BytesMut,
) -> io::Result<usize> {
    if !buffer.is_empty() {
        buffer.reserve(FIRST_READ_LEN);
        return io.read_buf(&mut buffer.limit(MAX_READ_LEN)).await;
    }
    // The stack serves every idle connection; only what arrives gets memory of its own.
    poll_fn(|cx| {
        let mut scratch = [MaybeUninit::uninit(); FIRST_READ_LEN];
        let mut read = ReadBuf::uninit(&mut scratch);
        ready!(Pin::new(&mut *io).poll_read(cx, &mut read))?;
        buffer.extend_from_slice(read.filled());
        Poll::Ready(Ok(read.filled().len()))
    })
    .await
}

/// Polls once.
async fn at_once<F: Future>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
}

/// The output of `future`, or `None` after `limit`. What need not wait costs no timer.
async fn in_time<F: Future>(limit: Duration, mut future: Pin<&mut F>) -> Option<F::Output> {
    match at_once(future.as_mut()).await {
        Poll::Ready(output) => Some(output),
        Poll::Pending => timeout(limit, future).await.ok(),
    }
}

fn done(result: Option<io::Result<()>>, begun: bool) -> Result<(), WriteError> {
    match result {
        Some(Ok(())) => Ok(()),
        Some(Err(error)) => Err(WriteError { error: Some(error), begun }),
        None => Err(WriteError { error: None, begun }),
    }
}

#[cfg(test)]
mod tests {
    use std::task::Context;

    use super::*;

    /// Takes whatever is written, and counts the writes.
    #[derive(Default)]
    struct Sink {
        writes: usize,
        taken: Vec<u8>,
        vectored: bool,
    }

    impl AsyncRead for Sink {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Poll::Pending
        }
    }

    impl AsyncWrite for Sink {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.writes += 1;
            self.taken.extend_from_slice(bytes);
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_write_vectored(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            parts: &[io::IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            self.writes += 1;
            let whole = parts.iter().flat_map(|part| part.iter().copied());
            self.taken.extend(whole);
            Poll::Ready(Ok(parts.iter().map(|part| part.len()).sum()))
        }

        fn is_write_vectored(&self) -> bool {
            self.vectored
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn a_frame_is_one_write_whatever_its_length() {
        for len in [1, MAX_COPIED_LEN - 1, MAX_COPIED_LEN, MAX_COPIED_LEN + 1, 100_000] {
            for vectored in [false, true] {
                let sink = Sink { vectored, ..Sink::default() };
                let mut connection = Connection::new(sink, MllpCodec::new(), Duration::MAX);
                let content = Bytes::from(vec![b'x'; len]);
                connection.write(&content, Duration::from_secs(1)).await.unwrap();
                let expected = [b"\x0b", &content[..], b"\x1c\r"].concat();
                assert_eq!(connection.io.writes, 1, "{len} bytes, vectored: {vectored}");
                assert!(connection.io.taken == expected, "{len} bytes, vectored: {vectored}");
            }
        }
    }
}
