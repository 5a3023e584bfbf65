//! [`Serving`]: accepts connections until it is told to stop, and then stops gracefully.

use std::{
    fmt,
    future::{Future, IntoFuture},
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use hl7_ack::Peer;
use tokio::net::TcpStream;

#[cfg(feature = "tls")]
use crate::tls::ServerTls;
use crate::{
    admission::{Admission, Place},
    listener::Listener,
    shutdown::Shutdown,
    stream::Stream,
};

/// A server about to serve: await it.
///
/// Each connection is answered by a task of its own. Dropping the future that is awaited stops the
/// server without waiting: exchanges in flight are finished by their tasks.
///
/// ```
/// use std::time::Duration;
///
/// use hl7_transport::{Listener, Serving, Shutdown};
/// use tokio::io::AsyncWriteExt;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let listener = Listener::bind("127.0.0.1:0").await?;
/// Serving::new(listener, Shutdown::new(), Duration::from_secs(30), |mut stream, peer| async move {
///     if let Err(error) = stream.write_all(b"not now\n").await {
///         println!("{peer}: {error}");
///     }
/// })
/// .with_graceful_shutdown(async {}) // at once
/// .await
/// # }
/// ```
#[must_use = "a server does nothing until it is awaited"]
pub struct Serving {
    listener: Listener,
    #[cfg(feature = "tls")]
    tls: Option<ServerTls>,
    answer: Arc<Answer>,
    shutdown: Shutdown,
    shutdown_timeout: Duration,
    signal: Pin<Box<dyn Future<Output = ()> + Send>>,
}

type Answer = dyn Fn(Stream, Peer) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync;

impl Serving {
    /// Lets `answer` serve each connection of `listener`.
    ///
    /// `answer` is to watch [`stopping`](Shutdown::stopping) of the same `shutdown`. What has not
    /// ended `shutdown_timeout` after the stop began is cut off.
    pub fn new<F, Fut>(
        listener: Listener,
        shutdown: Shutdown,
        shutdown_timeout: Duration,
        answer: F,
    ) -> Self
    where
        F: Fn(Stream, Peer) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        Self {
            listener,
            #[cfg(feature = "tls")]
            tls: None,
            answer: Arc::new(move |stream, peer| Box::pin(answer(stream, peer))),
            shutdown,
            shutdown_timeout,
            signal: Box::pin(std::future::pending()),
        }
    }

    /// Performs a TLS handshake first on every connection.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: ServerTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Stops gracefully once `signal` completes.
    pub fn with_graceful_shutdown(
        mut self,
        signal: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        self.signal = Box::pin(signal);
        self
    }

    /// The address that is listened on.
    pub fn local_addr(&self) -> SocketAddr {
        self.listener.local_addr()
    }

    async fn run(mut self) -> io::Result<()> {
        let _stop_when_dropped = StopGuard(self.shutdown.clone());
        loop {
            let (stream, address, permit) = tokio::select! {
                biased;
                () = &mut self.signal => break,
                accepted = self.listener.accept() => accepted,
            };
            let (opening, answer) = (self.opening(), Arc::clone(&self.answer));
            self.shutdown.spawn(async move {
                let _permit = permit;
                // In a box: what a handshake needs is not held for as long as the connection is.
                let opened = Box::pin(opening.open(stream, address)).await;
                if let Some((stream, peer, _place)) = opened {
                    answer(stream, peer).await;
                }
            });
        }
        drop(self.listener);
        Ok(self.shutdown.finish(self.shutdown_timeout).await?)
    }

    fn opening(&self) -> Opening {
        Opening {
            admission: self.listener.admission().clone(),
            #[cfg(feature = "tls")]
            tls: self.tls.clone(),
            shutdown: self.shutdown.clone(),
        }
    }
}

/// What lies between a connection and its first byte of a message.
struct Opening {
    admission: Admission,
    #[cfg(feature = "tls")]
    tls: Option<ServerTls>,
    shutdown: Shutdown,
}

impl Opening {
    /// Learns who the peer is; `None` when that, or the stop, does not let the connection go on.
    async fn open(
        self,
        mut tcp: TcpStream,
        address: SocketAddr,
    ) -> Option<(Stream, Peer, Option<Place>)> {
        let origin = self.admission.origin(&mut tcp, address);
        let (address, place) = match self.shutdown.until_stopping(origin).await? {
            Ok(origin) => origin,
            Err(refusal) if refusal.is_probe() => {
                tracing::debug!(proxy = %address, "opened and closed without a byte");
                return None;
            }
            Err(refusal) => {
                tracing::warn!(proxy = %address, %refusal, "connection refused");
                return None;
            }
        };
        let (stream, peer) = self.secure(tcp, Peer::at(address)).await?;
        Some((stream, peer, place))
    }

    #[cfg(feature = "tls")]
    async fn secure(&self, tcp: TcpStream, peer: Peer) -> Option<(Stream, Peer)> {
        let Some(tls) = &self.tls else { return Some((tcp.into(), peer)) };
        match self.shutdown.until_stopping(tls.accept_unless_probe(tcp)).await? {
            Some(Ok(stream)) => {
                let peer = match stream.peer_identity() {
                    None => peer,
                    Some(identity) => {
                        tracing::info!(%peer, %identity, "client certificate verified");
                        peer.with_identity(identity)
                    }
                };
                Some((stream.into(), peer))
            }
            Some(Err(error)) => {
                tracing::warn!(%peer, %error, "TLS handshake failed");
                None
            }
            None => {
                tracing::debug!(%peer, "opened and closed without a byte");
                None
            }
        }
    }

    #[cfg(not(feature = "tls"))]
    #[expect(clippy::unused_async, reason = "awaits a handshake with the feature `tls`")]
    async fn secure(&self, tcp: TcpStream, peer: Peer) -> Option<(Stream, Peer)> {
        Some((tcp.into(), peer))
    }
}

impl IntoFuture for Serving {
    /// An error of kind [`TimedOut`](io::ErrorKind::TimedOut) when the graceful stop had to cut
    /// off exchanges at `shutdown_timeout`; there is no other.
    type Output = io::Result<()>;
    type IntoFuture = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serving").field("listener", &self.listener).finish_non_exhaustive()
    }
}

/// Begins the stop when it is dropped.
struct StopGuard(Shutdown);

impl Drop for StopGuard {
    fn drop(&mut self) {
        self.0.stop();
    }
}
