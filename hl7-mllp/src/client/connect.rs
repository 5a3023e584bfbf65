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
        self.open_first(&addresses, deadline).await
    }

    /// Opens a connection to the first address where that can be done, the handshake included.
    /// Each has its part of the time that is left.
    async fn open_first(
        &self,
        addresses: &[SocketAddr],
        deadline: Instant,
    ) -> Result<AnyIo, Cause> {
        let mut failure = None;
        for (at, &address) in addresses.iter().enumerate() {
            let left = count(addresses.len().saturating_sub(at));
            let share = deadline.saturating_duration_since(Instant::now()) / left;
            let began = Instant::now();
            let opened = timeout(share, self.open_at(address)).await;
            let ms = milliseconds(began.elapsed());
            let cause = match opened {
                Ok(Ok(io)) => {
                    tracing::debug!(%address, ms, "connected");
                    return Ok(io);
                }
                Ok(Err(cause)) => cause,
                Err(_) => {
                    let detail = format!("no connection to {address} within {share:?}");
                    Cause::new(CauseKind::TimedOut, detail)
                }
            };
            tracing::debug!(%address, ms, %cause, "not connected");
            // Where somebody answered, that tells more than an address where nobody did.
            match &failure {
                Some(known) if is_of_tls(known) && !is_of_tls(&cause) => {}
                _ => failure = Some(cause),
            }
        }
        let none = || Cause::new(CauseKind::Unreachable, format!("{self:?} has no address"));
        Err(failure.unwrap_or_else(none))
    }

    async fn open_at(&self, address: SocketAddr) -> Result<AnyIo, Cause> {
        let stream = TcpStream::connect(address)
            .await
            .map_err(|error| Cause::new(CauseKind::Unreachable, format!("{address}: {error}")))?;
        if let Err(error) = tune(&stream, Some(DEFAULT_KEEPALIVE)) {
            tracing::debug!(%address, %error, "socket options not set");
        }
        self.secure(stream).await
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

fn is_of_tls(cause: &Cause) -> bool {
    cause.kind() == CauseKind::Tls
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

#[cfg(all(test, feature = "tls"))]
mod tests {
    use hl7_transport::{ClientTls, Pem, ServerTls};
    use rcgen::generate_simple_self_signed;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    #[tokio::test]
    async fn an_address_whose_handshake_fails_or_hangs_does_not_keep_from_the_next() {
        let made = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let pem = || Pem::bytes(made.cert.pem());
        let key = Pem::bytes(made.signing_key.serialize_pem());
        let tls = ServerTls::builder(pem(), key).build().unwrap();
        let target = Target::Address {
            host: "localhost".to_owned(),
            port: 1,
            pause: Pause::up_to(Duration::ZERO),
            tls: Some((ClientTls::builder().ca(pem()).build().unwrap(), "localhost".to_owned())),
        };
        let bind = || TcpListener::bind("127.0.0.1:0");
        let (closing, hanging, serving) =
            (bind().await.unwrap(), bind().await.unwrap(), bind().await.unwrap());
        let addresses = [&closing, &hanging, &serving].map(|it| it.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = closing.accept().await {
                // Another service: it says something, and that is no TLS.
                drop(stream.write_all(b"220 ready\r\n").await);
            }
        });
        tokio::spawn(async move {
            let (stream, _) = serving.accept().await.unwrap();
            let mut stream = tls.accept(stream).await.unwrap();
            stream.write_all(b"here").await.unwrap();
            stream.shutdown().await.unwrap();
        });
        let deadline = deadline_after(Duration::from_secs(3));
        let mut opened = target.open_first(&addresses, deadline).await.expect("the third address");
        let mut read = String::new();
        opened.read_to_string(&mut read).await.unwrap();
        assert_eq!(read, "here");

        // Of several failures the one that tells most is reported.
        let nobody = bind().await.unwrap().local_addr().unwrap();
        for addresses in [[addresses[0], nobody], [nobody, addresses[0]]] {
            let deadline = deadline_after(Duration::from_secs(3));
            let Err(cause) = target.open_first(&addresses, deadline).await else {
                panic!("opened")
            };
            assert_eq!(cause.kind(), CauseKind::Tls, "{cause}");
        }
    }
}
