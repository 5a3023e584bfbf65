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
use http::Version;
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
    /// When the first byte after that came. Not kept of HTTP/2, where bytes need be no request.
    begun: Option<Instant>,
    is_http_2: bool,
    /// Since when the peer makes no room for bytes: those being written, those being flushed.
    blocked: [Option<Instant>; 2],
    /// When each answer was ready of those that were not yet handed over; few, by the limit of
    /// requests on one connection.
    ready: Vec<(u64, Instant)>,
    next: u64,
}

/// The waits of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) header: Duration,
    pub(super) idle: Duration,
    pub(super) write: Duration,
}

/// Which half of sending bytes is meant.
#[derive(Clone, Copy)]
enum Sending {
    Write,
    Flush,
}

impl Watch {
    pub(super) fn new() -> Self {
        let state = State {
            in_flight: 0,
            idle_since: Instant::now(),
            begun: None,
            is_http_2: false,
            blocked: [None; 2],
            ready: Vec::new(),
            next: 0,
        };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    fn with<T>(&self, job: impl FnOnce(&mut State) -> T) -> T {
        // Nothing panics while the lock is held, and the state is sound after every line.
        job(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// When the connection is to be closed unless something happens; `None` while it answers and
    /// the peer takes what it is sent.
    pub(super) fn deadline(&self, limits: Limits) -> Option<Instant> {
        let after = |since: Instant, limit| {
            since.checked_add(limit).unwrap_or_else(|| deadline_after(limit))
        };
        self.with(|state| {
            let request = match (state.in_flight, state.begun) {
                (1.., _) => None,
                (0, Some(begun)) => Some(after(begun, limits.header)),
                (0, None) => Some(after(state.idle_since, limits.idle)),
            };
            let ready = state.ready.iter().map(|&(_, since)| since);
            let blocked = state.blocked.into_iter().flatten().chain(ready).min();
            request.into_iter().chain(blocked.map(|since| after(since, limits.write))).min()
        })
    }

    /// Counts a request of this version until the guard is dropped.
    pub(super) fn request(&self, version: Version) -> InFlight {
        self.with(|state| {
            state.is_http_2 = version == Version::HTTP_2;
            state.in_flight += 1;
            state.begun = None;
        });
        InFlight { watch: self.clone(), ready: None }
    }

    /// Notes whether the peer takes what it is sent.
    fn sending<T>(&self, half: Sending, polled: &Poll<T>) {
        let (slot, is_blocked) = (half as usize, polled.is_pending());
        self.with(|state| {
            let Some(since) = state.blocked.get_mut(slot) else { return };
            match is_blocked {
                true => drop(since.get_or_insert_with(Instant::now)),
                false => *since = None,
            }
        });
    }

    fn received(&self) {
        self.with(|state| {
            if state.in_flight == 0 && !state.is_http_2 {
                state.begun.get_or_insert_with(Instant::now);
            }
        });
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(super) struct InFlight {
    watch: Watch,
    ready: Option<u64>,
}

impl InFlight {
    /// Its answer is ready: from now on the peer has to take it.
    pub(super) fn answered(mut self) -> Self {
        self.ready = Some(self.watch.with(|state| {
            state.next = state.next.wrapping_add(1);
            state.ready.push((state.next, Instant::now()));
            state.next
        }));
        self
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.watch.with(|state| {
            state.in_flight = state.in_flight.saturating_sub(1);
            state.ready.retain(|&(number, _)| Some(number) != self.ready);
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
        let polled = Pin::new(&mut self.inner).poll_write(context, buf);
        self.watch.sending(Sending::Write, &polled);
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write_vectored(context, bufs);
        self.watch.sending(Sending::Write, &polled);
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_flush(context);
        self.watch.sending(Sending::Flush, &polled);
        polled
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

    const LIMITS: Limits = Limits {
        header: Duration::from_secs(3),
        idle: Duration::from_secs(9),
        write: Duration::from_secs(5),
    };

    #[tokio::test(start_paused = true)]
    async fn the_deadline_follows_what_the_connection_does() {
        let watch = Watch::new();
        let start = Instant::now();
        let after = |seconds| Some(start + Duration::from_secs(seconds));
        let second = || tokio::time::advance(Duration::from_secs(1));
        assert_eq!(watch.deadline(LIMITS), after(9), "idle from the start");
        second().await;
        watch.received();
        second().await;
        watch.received();
        assert_eq!(watch.deadline(LIMITS), after(1 + 3), "in headers since second 1");
        let request = || watch.request(Version::HTTP_11);
        let (one, two) = (request(), request());
        watch.received();
        assert_eq!(watch.deadline(LIMITS), None, "answering");
        drop(one);
        assert_eq!(watch.deadline(LIMITS), None, "still answering");
        second().await;
        drop(two);
        assert_eq!(watch.deadline(LIMITS), after(3 + 9), "idle since second 3");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_no_request_on_http_2_neither_shortens_nor_lengthens_the_wait() {
        let watch = Watch::new();
        let start = Instant::now();
        let after = |seconds| Some(start + Duration::from_secs(seconds));
        watch.received();
        assert_eq!(watch.deadline(LIMITS), after(3), "it may be anything yet");
        drop(watch.request(Version::HTTP_2));
        for _ in 0..4 {
            watch.received();
            assert_eq!(watch.deadline(LIMITS), after(9), "a ping, idle from the start");
            tokio::time::advance(Duration::from_secs(1)).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_not_taken_has_its_own_deadline() {
        let watch = Watch::new();
        let start = Instant::now();
        let after = |seconds| Some(start + Duration::from_secs(seconds));
        let second = || tokio::time::advance(Duration::from_secs(1));
        let request = watch.request(Version::HTTP_11);
        assert_eq!(watch.deadline(LIMITS), None, "being handled, for as long as that takes");
        second().await;
        let request = request.answered();
        assert_eq!(watch.deadline(LIMITS), after(1 + 5), "ready since second 1");
        second().await;
        watch.sending(Sending::Write, &Poll::<()>::Pending);
        drop(request);
        assert_eq!(watch.deadline(LIMITS), after(2 + 5), "blocked since second 2");
        second().await;
        watch.sending(Sending::Write, &Poll::<()>::Pending);
        watch.sending(Sending::Flush, &Poll::Ready(()));
        assert_eq!(watch.deadline(LIMITS), after(2 + 5), "still");
        watch.sending(Sending::Write, &Poll::Ready(()));
        assert_eq!(watch.deadline(LIMITS), after(2 + 9), "idle since second 2");
    }
}
