//! Answers on connections that somebody else opened.

use std::{io, pin::pin, sync::Arc, time::Duration};

use bytes::Bytes;
use hl7_ack::{AnyDeliver, Handler, Peer, Responder};
use hl7_transport::{Background, Shutdown};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::Semaphore,
    time::Instant,
};
use tracing::Instrument as _;

use super::{
    exchange::{Exchanges, Next},
    options::{Options, option_setters},
    outbox::{CloseGuard, Outbox, SameConnection},
};
use crate::{
    Block, FrameError, FrameErrorKind, Skipped, SkippedKind,
    budget::Budget,
    connection::{Connection, ReadError},
    meter,
};

/// Answers messages on connections over any `AsyncRead + AsyncWrite`.
///
/// For connections that [`Server`](super::Server) does not open: Unix sockets, pipes, tunnels, a
/// TCP connection that was opened towards the sender. Clones are handles to the same one.
///
/// ```
/// use hl7_ack::{Outcome, Peer, Received};
/// use hl7_mllp::server::Connections;
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let connections =
///     Connections::builder().build(|_: Received| async { Outcome::accepted() });
/// let (mut sender, receiver) = tokio::io::duplex(1024);
/// sender.write_all(b"\x0bMSH|^~\\&|A|B|C|D|20240229||ADT^A01|7|P|2.5\r\x1c\r").await?;
/// sender.shutdown().await?;
///
/// connections.serve(receiver, Peer::default()).await;
///
/// let mut answer = String::new();
/// sender.read_to_string(&mut answer).await?;
/// assert!(answer.contains("\rMSA|AA|7"), "{answer:?}");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Connections {
    inner: Arc<Inner>,
    shutdown: Shutdown,
    background: Background,
}

#[derive(Debug)]
struct Inner {
    options: Options,
    responder: Responder,
    in_flight: Semaphore,
    budget: Budget,
}

/// Sets the limits of [`Connections`].
#[derive(Debug, Default)]
#[must_use = "a builder does nothing until it builds"]
pub struct ConnectionsBuilder {
    options: Options,
}

impl ConnectionsBuilder {
    option_setters!();

    /// Answers every message by `handler`.
    pub fn build(self, handler: impl Handler) -> Connections {
        let responder = self.options.responder(handler);
        Connections::new(self.options, responder)
    }

    /// Answers every message by a [`Responder`] prepared by the caller; `handler_timeout` is not
    /// applied.
    pub fn build_with_responder(self, responder: Responder) -> Connections {
        Connections::new(self.options, responder)
    }
}

impl Connections {
    /// Starts with the limits of the [module documentation](super).
    pub fn builder() -> ConnectionsBuilder {
        ConnectionsBuilder::default()
    }

    pub(super) fn new(options: Options, responder: Responder) -> Self {
        let shutdown = Shutdown::new();
        let background = Background::new(shutdown.clone(), options.max_background);
        let in_flight = options.max_in_flight.clamp(1, Semaphore::MAX_PERMITS);
        let (in_flight, budget) = (Semaphore::new(in_flight), Budget::new(options.max_buffered));
        let inner = Arc::new(Inner { options, responder, in_flight, budget });
        Self { inner, shutdown, background }
    }

    /// Answers the messages of one connection until it is closed by either side.
    ///
    /// Returns when the connection is closed; what went wrong on it is logged, because nobody
    /// could do more about it. Dropping the future closes the connection; a message that is being
    /// handled is then not answered.
    pub async fn serve<S>(&self, io: S, peer: Peer)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin,
    {
        let span = tracing::info_span!("connection", %peer);
        self.answer_all(io, peer).instrument(span).await;
    }

    async fn answer_all<S>(&self, io: S, peer: Peer)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin,
    {
        let _held = meter::Held::begin();
        let options = &self.inner.options;
        let outbox = Arc::new(Outbox::default());
        let (answer_timeout, envelope) = (options.answer_timeout, options.codec.envelope_in_use());
        // In release 2 a block between a commit and the answer behind it would confuse the peer.
        let peer = match options.release2 {
            true => peer,
            false => {
                let way = SameConnection { outbox: Arc::clone(&outbox), answer_timeout, envelope };
                peer.with_same_connection(AnyDeliver::new(way))
            }
        };
        let mut connection = Connection::new(io, options.codec.clone(), options.end_timeout)
            .with_share(self.inner.budget.share());
        let exchanges = Exchanges {
            responder: &self.inner.responder,
            background: &self.background,
            in_flight: &self.inner.in_flight,
            write_timeout: options.write_timeout,
            commit_timeout: options.commit_timeout,
            envelope,
            peer: &peer,
        };
        let _closed_at_last = CloseGuard(&outbox);
        let (idle, frame) = (options.idle_timeout, options.frame_timeout);
        let mut answered: Option<Instant> = None;
        // Both are asked again and again, and taken down as waiting but once.
        let mut stopping = pin!(self.shutdown.stopping());
        let mut wanted = pin!(outbox.wanted());
        let mut is_last = false;
        while !is_last {
            let read = tokio::select! {
                biased;
                () = &mut stopping => {
                    if !connection.has_begun() {
                        break;
                    }
                    // What has begun to arrive gets a moment to do so; it was never acknowledged.
                    is_last = true;
                    let grace = frame.min(options.stop_grace);
                    connection.next(grace, grace).await
                }
                () = &mut wanted => {
                    wanted.set(outbox.wanted());
                    if Box::pin(send_own(&exchanges, &mut connection, &outbox)).await == Next::Close
                    {
                        break;
                    }
                    continue;
                }
                read = connection.next(idle, frame) => read,
            };
            let next = match read {
                Ok(Some(Block::Content(content))) => match outbox.take_answers(content) {
                    None => Next::Continue,
                    Some(content) => {
                        // In a box: what an exchange needs is not held by idle connections.
                        let exchange = self.exchange(&exchanges, &mut connection, content);
                        let next = Box::pin(exchange).await;
                        answered = Some(Instant::now());
                        next
                    }
                },
                Ok(Some(Block::Skipped(skipped))) => {
                    log_skipped(&skipped, &peer);
                    if skipped.kind() == SkippedKind::TooLong {
                        let refusal = async {
                            match options.release2 {
                                true => exchanges.refuse_commit(&mut connection).await,
                                false => exchanges.refuse(&mut connection, &skipped).await,
                            }
                        };
                        let next = Box::pin(refusal).await;
                        answered = Some(Instant::now());
                        next
                    } else {
                        Next::Continue
                    }
                }
                Ok(Some(Block::Commit(_))) => {
                    tracing::debug!(%peer, "commit block, and nothing to commit");
                    Next::Continue
                }
                Ok(None) => {
                    log_end(connection.is_touched(), &peer);
                    Next::Close
                }
                Err(error) => {
                    log_lost(&error, &connection, &peer);
                    Next::Close
                }
            };
            if next == Next::Close {
                break;
            }
            connection.settle();
        }
        Box::pin(connection.close(answered.is_some_and(|at| at.elapsed() < RECENT))).await;
    }

    /// Handles a frame.
    async fn exchange<S>(
        &self,
        exchanges: &Exchanges<'_>,
        connection: &mut Connection<S>,
        content: Bytes,
    ) -> Next
    where
        S: AsyncRead + AsyncWrite + Send + Unpin,
    {
        match self.inner.options.release2 {
            true => exchanges.commit(connection, content).await,
            false => exchanges.answer(connection, content).await,
        }
    }

    /// Stops gracefully: idle connections are closed, exchanges in flight finished, and what
    /// handlers left for after their answers is awaited, within `shutdown_timeout`.
    ///
    /// Waits for background work; connections are waited for by whoever awaits
    /// [`serve`](Self::serve).
    ///
    /// # Errors
    ///
    /// [`TimedOut`](io::ErrorKind::TimedOut): the time was over and something was cut off.
    pub async fn shutdown(&self) -> io::Result<()> {
        Ok(self.shutdown.finish(self.inner.options.shutdown_timeout).await?)
    }

    pub(super) fn stop(&self) -> &Shutdown {
        &self.shutdown
    }
}

/// Sends what the outbox holds.
async fn send_own<S>(
    exchanges: &Exchanges<'_>,
    connection: &mut Connection<S>,
    outbox: &Outbox,
) -> Next
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    while let Some(content) = outbox.next() {
        if exchanges.send(connection, &content).await == Next::Close {
            return Next::Close;
        }
        outbox.sent();
    }
    Next::Continue
}

/// For so long after an answer was written, it may still be on its way to the peer.
const RECENT: Duration = Duration::from_secs(1);

fn log_skipped(skipped: &Skipped, peer: &Peer) {
    let bytes = skipped.dropped();
    meter::noted(match skipped.kind() {
        SkippedKind::CutOff => "cut_off",
        SkippedKind::Empty => "empty_frame",
        SkippedKind::Garbage => "garbage",
        SkippedKind::TooLong => "too_long",
        SkippedKind::Unfinished => "unfinished",
    });
    match skipped.kind() {
        SkippedKind::CutOff => {
            tracing::warn!(%peer, bytes, "frame cut off by the next one, dropped");
        }
        SkippedKind::Empty => tracing::debug!(%peer, "empty frame"),
        SkippedKind::Garbage => tracing::warn!(%peer, bytes, "bytes outside of frames, skipped"),
        SkippedKind::TooLong => tracing::warn!(%peer, bytes, "frame over the limit, refused"),
        SkippedKind::Unfinished => {
            tracing::warn!(%peer, bytes, "connection ended within a frame, dropped");
        }
    }
}

fn log_end(touched: bool, peer: &Peer) {
    if touched {
        tracing::debug!(%peer, "closed by the peer");
    } else {
        meter::noted("probe");
        tracing::debug!(%peer, "opened and closed without a byte");
    }
}

fn log_lost<S>(error: &ReadError, connection: &Connection<S>, peer: &Peer)
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    meter::noted(match error {
        ReadError::Idle => "idle",
        ReadError::Slow => "slow",
        ReadError::Lost(_) => "lost",
    });
    match error {
        ReadError::Idle => tracing::debug!(%peer, "idle for too long, closed"),
        ReadError::Slow => tracing::warn!(%peer, "frame not complete in time, dropped and closed"),
        ReadError::Lost(error) => log_frame_error(error, connection.has_begun(), peer),
    }
}

fn log_frame_error(error: &FrameError, begun: bool, peer: &Peer) {
    match (error.kind(), error.io_error()) {
        (_, Some(error)) if begun => {
            tracing::warn!(%peer, %error, "connection lost within a frame, dropped");
        }
        (_, Some(error)) => tracing::debug!(%peer, %error, "connection lost"),
        (FrameErrorKind::ForeignProtocol(protocol), None) => {
            tracing::warn!(%peer, "{protocol} spoken to an MLLP port, closed");
        }
        (_, None) => tracing::warn!(%peer, %error, "closed"),
    }
}
