//! [`Listener`]: accepts TCP connections, never more than it was told to hold.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpSocket, TcpStream, ToSocketAddrs, lookup_host},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep, sleep_until},
};

use crate::{
    admission::{Admission, Place},
    allow_list::AllowList,
    bind_error::{BindError, BindErrorKind},
    networks::Networks,
    socket::{DEFAULT_KEEPALIVE, tune},
};

/// A bound TCP socket with the limits and options of an HL7 server.
///
/// | option | default | meaning |
/// |---|---|---|
/// | [`max_connections`](Self::max_connections) | 1024 | connections held at once; more wait in the system's queue |
/// | [`max_per_address`](Self::max_per_address) | no other limit | connections of one address; more are closed |
/// | [`allow`](Self::allow) | everybody | networks whose addresses may connect; others are closed |
/// | [`proxy_protocol`](Self::proxy_protocol) | nobody | addresses that say on whose behalf they connect |
/// | [`proxy_timeout`](Self::proxy_timeout) | 5 s | time such an address has to say so |
/// | [`keepalive`](Self::keepalive) | 60 s | idle time before the first TCP keepalive probe |
///
/// TCP_NODELAY is always set. The queue of connections the system has completed and nobody has
/// accepted yet is [`BACKLOG`](Self::BACKLOG) long; beyond it the system refuses or ignores peers.
#[derive(Debug)]
pub struct Listener {
    inner: TcpListener,
    local: SocketAddr,
    slots: Arc<Semaphore>,
    admission: Admission,
    keepalive: Option<Duration>,
}

/// The right to hold one connection; dropping it frees the slot for the next one.
#[derive(Debug)]
#[must_use = "the slot is free again once the permit is dropped"]
pub struct Permit {
    _slot: OwnedSemaphorePermit,
    _place: Option<Place>,
}

impl Listener {
    /// Connections held at once unless [`max_connections`](Self::max_connections) says otherwise.
    pub const DEFAULT_MAX_CONNECTIONS: usize = 1024;

    /// Connections the system completes ahead of `accept`.
    pub const BACKLOG: u32 = 1024;

    /// Pause before the next try of [`bind_retry`](Self::bind_retry).
    pub const RETRY_PAUSE: Duration = Duration::from_millis(250);

    /// Binds to the first of the addresses that can be bound. Port 0 lets the system choose; see
    /// [`local_addr`](Self::local_addr).
    ///
    /// On Unix the address is reusable at once after a restart (`SO_REUSEADDR`).
    ///
    /// # Errors
    ///
    /// [`BindError`] of the last address tried, with address and remedy in one line.
    pub async fn bind(address: impl ToSocketAddrs) -> Result<Self, BindError> {
        Self::bind_first(&resolve(address).await?)
    }

    /// Binds like [`bind`](Self::bind), but waits up to `max_wait` for an address that is in use
    /// or not there yet, trying every 250 ms.
    ///
    /// For restarts where the old process still holds the port, and for machines whose address
    /// appears after the service starts. A name is resolved once. Other failures return at once.
    ///
    /// # Errors
    ///
    /// [`BindError`] of the last try.
    pub async fn bind_retry(
        address: impl ToSocketAddrs,
        max_wait: Duration,
    ) -> Result<Self, BindError> {
        let addresses = resolve(address).await?;
        let started = Instant::now();
        loop {
            let error = match Self::bind_first(&addresses) {
                Ok(listener) => return Ok(listener),
                Err(error) => error,
            };
            let may_pass = matches!(
                error.kind(),
                BindErrorKind::AddressInUse | BindErrorKind::AddressNotAvailable
            );
            let left = max_wait.saturating_sub(started.elapsed());
            if !may_pass || left.is_zero() {
                return Err(error);
            }
            tracing::warn!(%error, "waiting to listen");
            sleep(left.min(Self::RETRY_PAUSE)).await;
        }
    }

    /// Takes over a socket that is bound already, for example one handed in by a service manager.
    ///
    /// # Errors
    ///
    /// When the system can not name the socket's address.
    pub fn from_listener(inner: TcpListener) -> io::Result<Self> {
        let local = inner.local_addr()?;
        let slots = Arc::new(Semaphore::new(Self::DEFAULT_MAX_CONNECTIONS));
        let admission = Admission::new();
        Ok(Self { inner, local, slots, admission, keepalive: Some(DEFAULT_KEEPALIVE) })
    }

    fn bind_first(addresses: &[SocketAddr]) -> Result<Self, BindError> {
        let mut last = None;
        for &address in addresses {
            match listen(address).and_then(Self::from_listener) {
                Ok(listener) => return Ok(listener),
                Err(error) => last = Some(BindError::at(address, error)),
            }
        }
        Err(last.unwrap_or_else(|| BindError::unresolved(io::ErrorKind::NotFound.into())))
    }

    /// Sets how many connections are held at once, at least 1. Permits given out before do not
    /// count against the new number: set it before the first [`accept`](Self::accept).
    #[must_use]
    pub fn max_connections(mut self, max: usize) -> Self {
        self.slots = Arc::new(Semaphore::new(max.clamp(1, Semaphore::MAX_PERMITS)));
        self
    }

    /// Sets how many connections one address may hold at once, at least 1; one more is closed at
    /// once, with a line at `warn`. Without it one sender may take all of
    /// [`max_connections`](Self::max_connections).
    #[must_use]
    pub fn max_per_address(mut self, max: usize) -> Self {
        self.admission.max_per_address = Some(max.max(1));
        self
    }

    /// Takes connections from these networks only; others are closed at once, with a line at
    /// `warn`. Of a connection through [`proxy_protocol`](Self::proxy_protocol) the address in the
    /// header counts. An empty list allows nobody.
    ///
    /// ```
    /// # use hl7_transport::Listener;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let listener = Listener::bind("127.0.0.1:0")
    ///     .await?
    ///     .allow("10.1.0.0/16, 192.0.2.7".parse()?)
    ///     .proxy_protocol("10.0.0.2".parse()?) // the load balancer
    ///     .max_per_address(8);
    /// # drop(listener);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn allow(self, networks: Networks) -> Self {
        self.allow_list(AllowList::new(networks))
    }

    /// Takes connections from the networks of this list as it is when they come: for a program that
    /// reads its list again while it runs.
    #[must_use]
    pub fn allow_list(mut self, list: AllowList) -> Self {
        self.admission.allowed = Some(list);
        self
    }

    /// Expects of connections from these addresses, and from no others, a header of the PROXY
    /// protocol (version 1 or 2) before the first byte: a load balancer's word on who connects.
    /// [`Serving`](crate::Serving) reads it, before TLS, and closes a connection without it.
    ///
    /// Where it connects on its own behalf (a health check, which version 2 can say), its own
    /// address is the peer's, and need not be [allowed](Self::allow). Where it does not say on whose
    /// (`UNKNOWN`), likewise, but the connection is refused if there is an allow-list and the
    /// proxy is not in it.
    #[must_use]
    pub fn proxy_protocol(mut self, trusted: Networks) -> Self {
        self.admission.proxies = Some(trusted);
        self
    }

    /// Sets the time a trusted proxy has for its header. Default 5 s.
    #[must_use]
    pub fn proxy_timeout(mut self, limit: Duration) -> Self {
        self.admission.proxy_timeout = limit;
        self
    }

    /// Sets the idle time before the first keepalive probe (whole seconds), or `None` to leave
    /// keepalive as the system has it.
    #[must_use]
    pub fn keepalive(mut self, idle: Option<Duration>) -> Self {
        self.keepalive = idle;
        self
    }

    /// The address that is listened on, with the port the system chose if 0 was asked for.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    pub(crate) fn admission(&self) -> &Admission {
        &self.admission
    }

    /// Waits for a free slot, then for a connection from an address that may have one.
    ///
    /// Never fails: an error that concerns one connection (`ECONNABORTED`, `ECONNRESET`) is
    /// passed over, and one that concerns the machine (`EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM`)
    /// is logged and followed by a pause, 50 ms at first and at most 1 s while it persists.
    ///
    /// Dropping the future loses no connection.
    pub async fn accept(&self) -> (TcpStream, SocketAddr, Permit) {
        let mut pause = FIRST_PAUSE;
        loop {
            let Ok(slot) = Arc::clone(&self.slots).acquire_owned().await else {
                // Only a closed semaphore gets here, and nothing closes it.
                std::future::pending::<()>().await;
                continue;
            };
            match self.inner.accept().await {
                Ok((stream, peer)) => {
                    if let Err(error) = tune(&stream, self.keepalive) {
                        tracing::debug!(%peer, %error, "socket options not set");
                    }
                    match self.admission.accepted(peer) {
                        Ok(place) => return (stream, peer, Permit { _slot: slot, _place: place }),
                        Err(refusal) => tracing::warn!(%peer, %refusal, "connection refused"),
                    }
                }
                Err(error) if concerns_one_connection(&error) => {
                    tracing::debug!(%error, "connection lost before it was accepted");
                }
                Err(error) => {
                    tracing::warn!(%error, address = %self.local, "can not accept, pausing");
                    drop(slot);
                    sleep_until(Instant::now() + pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }
}

/// Resolves to at least one address.
async fn resolve(address: impl ToSocketAddrs) -> Result<Vec<SocketAddr>, BindError> {
    lookup_host(address).await.map(Iterator::collect).map_err(BindError::unresolved)
}

/// Opens, binds and listens.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // On Windows the option would let another program take the port over.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(Listener::BACKLOG)
}

fn concerns_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
