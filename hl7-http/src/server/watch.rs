//! Watches a connection for requests that do not come, or not to their end.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use hl7_transport::deadline_after;
use http_body::{Frame, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

/// What a connection is doing: idle, in the headers of a request, or answering requests.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    /// Requests whose headers were read and whose answers were not yet handed over.
    in_flight: usize,
    /// When the last answer was handed over, or the connection was opened.
    idle_since: Instant,
    /// When the first byte after that came.
    begun: Option<Instant>,
}

impl Watch {
    pub(super) fn new() -> Self {
        let state = State { in_flight: 0, idle_since: Instant::now(), begun: None };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    fn with<T>(&self, job: impl FnOnce(&mut State) -> T) -> T {
        // Nothing panics while the lock is held, and the state is sound after every line.
        job(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// When the connection is to be closed unless something happens; `None` while it answers.
    pub(super) fn deadline(&self, header: Duration, idle: Duration) -> Option<Instant> {
        self.with(|state| match (state.in_flight, state.begun) {
            (1.., _) => None,
            (0, Some(begun)) => {
                Some(begun.checked_add(header).unwrap_or_else(|| deadline_after(header)))
            }
            (0, None) => {
                Some(state.idle_since.checked_add(idle).unwrap_or_else(|| deadline_after(idle)))
            }
        })
    }

    /// Counts a request until the guard is dropped.
    pub(super) fn request(&self) -> InFlight {
        self.with(|state| {
            state.in_flight += 1;
            state.begun = None;
        });
        InFlight { watch: self.clone() }
    }

    fn received(&self) {
        self.with(|state| {
            if state.in_flight == 0 {
                state.begun.get_or_insert_with(Instant::now);
            }
        });
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(super) struct InFlight {
    watch: Watch,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.watch.with(|state| {
            state.in_flight = state.in_flight.saturating_sub(1);
            state.idle_since = Instant::now();
            state.begun = None;
        });
    }
}

/// A connection whose received bytes are watched.
#[derive(Debug)]
pub(super) struct Watched<S> {
    pub(super) inner: S,
    pub(super) watch: Watch,
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(context, buf);
        if buf.filled().len() > before {
            self.watch.received();
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(context, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

/// A response's body that counts as in flight until it is dropped.
#[derive(Debug)]
pub(super) struct Counted<B> {
    pub(super) inner: B,
    pub(super) _in_flight: InFlight,
}

impl<B: http_body::Body<Data = Bytes> + Unpin> http_body::Body for Counted<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        Pin::new(&mut self.inner).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: Duration = Duration::from_secs(3);
    const IDLE: Duration = Duration::from_secs(9);

    #[tokio::test(start_paused = true)]
    async fn the_deadline_follows_what_the_connection_does() {
        let watch = Watch::new();
        let start = Instant::now();
        let after = |seconds| Some(start + Duration::from_secs(seconds));
        let second = || tokio::time::advance(Duration::from_secs(1));
        assert_eq!(watch.deadline(HEADER, IDLE), after(9), "idle from the start");
        second().await;
        watch.received();
        second().await;
        watch.received();
        assert_eq!(watch.deadline(HEADER, IDLE), after(1 + 3), "in headers since second 1");
        let (one, two) = (watch.request(), watch.request());
        watch.received();
        assert_eq!(watch.deadline(HEADER, IDLE), None, "answering");
        drop(one);
        assert_eq!(watch.deadline(HEADER, IDLE), None, "still answering");
        second().await;
        drop(two);
        assert_eq!(watch.deadline(HEADER, IDLE), after(3 + 9), "idle since second 3");
    }
}
