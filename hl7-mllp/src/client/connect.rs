//! Opens the connection of a client.

use std::{
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use super::pause::Pause;
use hl7_ack::{Cause, CauseKind};
use hl7_transport::{DEFAULT_KEEPALIVE, deadline_after, tune};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpStream, lookup_host},
    time::{Instant, timeout, timeout_at},
};
use tracing::Instrument as _;

use crate::meter::{self, milliseconds};

/// Where the connection of a client leads.
pub(super) enum Target {
    /// A host that is connected to whenever a connection is needed.
    Address {
        host: String,
        port: u16,
        pause: Pause,
        #[cfg(feature = "tls")]
        tls: Option<(hl7_transport::ClientTls, String)>,
    },
    /// The connection was given, and there is no other.
    Given,
}

impl Target {
    /// Opens a connection: resolves the name, tries every address, performs the TLS handshake.
    pub(super) async fn connect(&self, limit: Duration) -> Result<AnyIo, Cause> {
        let late = |_| {
            let detail = format!("no connection to {self:?} within {limit:?}");
            Cause::new(CauseKind::TimedOut, detail)
        };
        let deadline = deadline_after(limit);
        let Self::Address { pause, .. } = self else { return self.open(deadline).await };
        let span = tracing::info_span!("connect", to = ?self, attempt = pause.attempt());
        let opening = async {
            pause.over().await;
            self.open(deadline).await
        };
        let opened = timeout_at(deadline, opening).instrument(span.clone()).await;
        if opened.is_err() {
            let ms = milliseconds(limit);
            span.in_scope(|| tracing::debug!(ms, "not connected in time"));
        }
        let opened = opened.map_err(late).flatten();
        match &opened {
            Ok(_) => pause.worked(),
            Err(_) => pause.failed(),
        }
        meter::connected(if opened.is_ok() { "opened" } else { "failed" });
        opened
    }

    async fn open(&self, deadline: Instant) -> Result<AnyIo, Cause> {
        let Self::Address { host, port, .. } = self else {
            let detail = "the connection was closed, and there is no address to open another";
            return Err(Cause::new(CauseKind::Unreachable, detail));
        };
        let unreachable = |detail| Cause::new(CauseKind::Unreachable, detail);
        let addresses: Vec<SocketAddr> = lookup_host((host.as_str(), *port))
            .await
            .map_err(|error| unreachable(format!("{self:?} can not be resolved: {error}")))?
            .collect();
        let mut failure = unreachable(format!("{self:?} has no address"));
        let mut left = addresses.len();
        for address in addresses {
            let share = deadline.saturating_duration_since(Instant::now()) / count(left);
            left = left.saturating_sub(1);
            let began = Instant::now();
            match timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    if let Err(error) = tune(&stream, Some(DEFAULT_KEEPALIVE)) {
                        tracing::debug!(%address, %error, "socket options not set");
                    }
                    let secured = self.secure(stream).await;
                    let ms = milliseconds(began.elapsed());
                    match &secured {
                        Ok(_) => tracing::debug!(%address, ms, "connected"),
                        Err(cause) => tracing::debug!(%address, ms, %cause, "not connected"),
                    }
                    return secured;
                }
                Ok(Err(error)) => failure = unreachable(format!("{address}: {error}")),
                Err(_) => {
                    let detail = format!("no connection to {address} within {share:?}");
                    failure = Cause::new(CauseKind::TimedOut, detail);
                }
            }
            let ms = milliseconds(began.elapsed());
            tracing::debug!(%address, ms, cause = %failure, "not connected");
        }
        Err(failure)
    }

    #[cfg(feature = "tls")]
    async fn secure(&self, stream: TcpStream) -> Result<AnyIo, Cause> {
        let Self::Address { tls: Some((tls, name)), .. } = self else {
            return Ok(AnyIo::new(stream));
        };
        match tls.connect(name, stream).await {
            Ok(stream) => Ok(AnyIo::new(stream)),
            Err(error) => Err(Cause::new(CauseKind::Tls, error.to_string())),
        }
    }

    #[cfg(not(feature = "tls"))]
    #[expect(clippy::unused_async, reason = "awaits a handshake with the feature `tls`")]
    async fn secure(&self, stream: TcpStream) -> Result<AnyIo, Cause> {
        Ok(AnyIo::new(stream))
    }
}

/// The address as it was given, for causes and `Debug`.
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address { host, port, .. } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Address { host, port, .. } => write!(f, "{host}:{port}"),
            Self::Given => f.write_str("a given connection"),
        }
    }
}

fn count(addresses: usize) -> u32 {
    u32::try_from(addresses).unwrap_or(u32::MAX).max(1)
}

/// A stream of any kind.
pub(super) struct AnyIo(Pin<Box<dyn Io>>);

trait Io: AsyncRead + AsyncWrite + Send {}

impl<T: AsyncRead + AsyncWrite + Send> Io for T {}

impl AnyIo {
    pub(super) fn new(io: impl AsyncRead + AsyncWrite + Send + 'static) -> Self {
        Self(Box::pin(io))
    }
}

impl AsyncRead for AnyIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_read(cx, buf)
    }
}

impl AsyncWrite for AnyIo {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.as_mut().poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.as_mut().poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_shutdown(cx)
    }
}
