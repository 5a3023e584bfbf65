//! [`ServerTls`]: the server's side of TLS and mutual TLS.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rustls::{
    RootCertStore, ServerConfig,
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
    sign::CertifiedKey,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsAcceptor;

use super::{
    DEFAULT_HANDSHAKE_TIMEOUT, VERSIONS,
    error::{TlsError, TlsErrorKind, fault},
    pem::Pem,
    provider,
    reload::Reloadable,
    stream::TlsStream,
    verify::{Others, Pinned},
    within,
};

/// What a server needs to accept TLS. Clones are handles to the same configuration.
///
/// [`reload`](Self::reload) reads the files again, for certificates that are renewed while the
/// server runs: keep a clone and call it on a signal or every hour.
///
/// ```no_run
/// use hl7_transport::{Pem, ServerTls};
///
/// # fn main() -> Result<(), hl7_transport::TlsError> {
/// let tls = ServerTls::builder(Pem::file("server.pem"), Pem::file("server.key"))
///     .client_ca(Pem::file("senders-ca.pem")) // mutual TLS
///     .build()?;
/// # drop(tls);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ServerTls {
    shared: Arc<Reloadable<ServerConfig>>,
    alpn: Vec<Vec<u8>>,
    /// The last configuration, and what `alpn` made of it.
    with_alpn: Arc<Mutex<Option<[Arc<ServerConfig>; 2]>>>,
    handshake_timeout: Duration,
}

/// Collects the parts of a [`ServerTls`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct ServerTlsBuilder {
    chain: Pem,
    key: Pem,
    client_ca: Vec<Pem>,
    pinned: Vec<Pem>,
    revoked: Vec<Pem>,
}

impl ServerTls {
    /// Starts from the server's certificate chain (its own certificate first) and private key.
    pub fn builder(chain: Pem, key: Pem) -> ServerTlsBuilder {
        ServerTlsBuilder {
            chain,
            key,
            client_ca: Vec::new(),
            pinned: Vec::new(),
            revoked: Vec::new(),
        }
    }

    /// Takes a ready rustls configuration, for what the builder has no word for.
    pub fn from_config(config: Arc<ServerConfig>) -> Self {
        Self::from_shared(Reloadable::fixed(config))
    }

    fn from_shared(shared: Reloadable<ServerConfig>) -> Self {
        Self {
            shared: Arc::new(shared),
            alpn: Vec::new(),
            with_alpn: Arc::default(),
            handshake_timeout: DEFAULT_HANDSHAKE_TIMEOUT,
        }
    }

    /// The rustls configuration in use, with the offered protocols.
    pub fn config(&self) -> Arc<ServerConfig> {
        let current = self.shared.current();
        if self.alpn.is_empty() || !current.alpn_protocols.is_empty() {
            return current;
        }
        let mut made = self.with_alpn.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some([from, config]) = &*made
            && Arc::ptr_eq(from, &current)
        {
            return Arc::clone(config);
        }
        let mut config = ServerConfig::clone(&current);
        config.alpn_protocols.clone_from(&self.alpn);
        let config = Arc::new(config);
        *made = Some([current, Arc::clone(&config)]);
        config
    }

    /// Reads the files again, for handshakes that begin from now on; connections that are open
    /// stay as they are. Concerns every clone.
    ///
    /// # Errors
    ///
    /// [`TlsError`] as from [`build`](ServerTlsBuilder::build), and the configuration that was in
    /// use stays in use. [`NotReloadable`](TlsErrorKind::NotReloadable) after
    /// [`from_config`](Self::from_config).
    pub fn reload(&self) -> Result<(), TlsError> {
        self.shared.reload()
    }

    /// Sets the time a handshake may take; 10 s by default.
    #[must_use]
    pub fn handshake_timeout(mut self, limit: Duration) -> Self {
        self.handshake_timeout = limit;
        self
    }

    /// Offers these application protocols (ALPN), best first, unless the configuration offers
    /// some already. MLLP has none; HTTP has `h2` and `http/1.1`.
    #[must_use]
    pub fn with_alpn(mut self, protocols: &[&[u8]]) -> Self {
        self.alpn = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        self.with_alpn = Arc::default();
        self
    }

    /// Performs the handshake on an accepted connection.
    ///
    /// # Errors
    ///
    /// [`TlsError`] when the peer does not speak TLS, presents no acceptable certificate where one
    /// is required, goes away, or takes longer than the handshake timeout. Only this connection is
    /// concerned.
    pub async fn accept<IO>(&self, io: IO) -> Result<TlsStream<IO>, TlsError>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let acceptor = TlsAcceptor::from(self.config());
        within(self.handshake_timeout, acceptor.accept(io)).await.map(TlsStream::new)
    }

    /// Like [`accept`](Self::accept); `None` where the peer leaves without a byte, as a balancer's
    /// probe does.
    pub(crate) async fn accept_unless_probe(
        &self,
        tcp: TcpStream,
    ) -> Option<Result<TlsStream<TcpStream>, TlsError>> {
        let handshake = async {
            match tcp.peek(&mut [0]).await {
                Ok(0) | Err(_) => Ok(None),
                Ok(_) => TlsAcceptor::from(self.config()).accept(tcp).await.map(Some),
            }
        };
        let accepted = within(self.handshake_timeout, handshake).await;
        accepted.map(|stream| stream.map(TlsStream::new)).transpose()
    }
}

impl ServerTlsBuilder {
    /// Requires of every client a certificate signed by one of these authorities (mutual TLS).
    /// May be called several times.
    pub fn client_ca(mut self, authorities: Pem) -> Self {
        self.client_ca.push(authorities);
        self
    }

    /// Requires of every client a certificate, and accepts these very ones, compared byte by byte
    /// (IHE ITI-19). Whoever issued them, and whatever names and usages they hold; their dates
    /// are checked. May be called several times, and together with
    /// [`client_ca`](Self::client_ca).
    pub fn pinned_client(mut self, certificates: Pem) -> Self {
        self.pinned.push(certificates);
        self
    }

    /// Refuses client certificates on these lists (CRL), and those of authorities that none of the
    /// lists is from. Concerns the client's own certificate, not its authorities', and not pinned
    /// ones. May be called several times.
    pub fn revoked(mut self, lists: Pem) -> Self {
        self.revoked.push(lists);
        self
    }

    /// Reads the files and checks that the parts belong together.
    ///
    /// # Errors
    ///
    /// [`TlsError`] naming the file that can not be read or holds the wrong thing, or the two that
    /// do not belong together.
    pub fn build(self) -> Result<ServerTls, TlsError> {
        Reloadable::new(move || self.config()).map(ServerTls::from_shared)
    }

    fn config(&self) -> Result<ServerConfig, TlsError> {
        let certified = certified_key(&self.chain, &self.key)?;
        let builder = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(VERSIONS)
            .map_err(|error| unusable(&error))?;
        let builder = match self.verifier()? {
            None => builder.with_no_client_auth(),
            Some(verifier) => builder.with_client_cert_verifier(verifier),
        };
        let resolver = rustls::sign::SingleCertAndKey::from(certified);
        Ok(builder.with_cert_resolver(Arc::new(resolver)))
    }

    /// Who verifies client certificates; `None`: none is asked for.
    fn verifier(&self) -> Result<Option<Arc<dyn ClientCertVerifier>>, TlsError> {
        let chain = self.chain_verifier()?;
        if self.pinned.is_empty() {
            return Ok(chain);
        }
        let mut certificates = Vec::new();
        for pinned in &self.pinned {
            certificates.extend(pinned.certificates()?);
        }
        let others = chain.map_or(Others::Refused, Others::Verified);
        Ok(Some(Arc::new(Pinned { certificates, others, provider: provider() })))
    }

    fn chain_verifier(&self) -> Result<Option<Arc<dyn ClientCertVerifier>>, TlsError> {
        if self.client_ca.is_empty() {
            return Ok(None);
        }
        let mut roots = RootCertStore::empty();
        for authorities in &self.client_ca {
            authorities.add_to(&mut roots)?;
        }
        let mut lists = Vec::new();
        for revoked in &self.revoked {
            lists.extend(revoked.revocation_lists()?);
        }
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider())
            .with_crls(lists)
            .only_check_end_entity_revocation()
            .build()
            .map(Some)
            .map_err(|error| TlsError::new(TlsErrorKind::Certificate, error.to_string()))
    }
}

/// Chain and key as one, after checking that the key is the first certificate's.
pub(super) fn certified_key(chain: &Pem, key: &Pem) -> Result<CertifiedKey, TlsError> {
    CertifiedKey::from_der(chain.certificates()?, key.private_key()?, &provider()).map_err(
        |error| match error {
            rustls::Error::InconsistentKeys(_) => TlsError::new(
                TlsErrorKind::KeyMismatch,
                format!(
                    "the private key in {key} does not belong to the first certificate in {chain}"
                ),
            ),
            rustls::Error::InvalidCertificate(cause) => {
                let found = format!("the first certificate {}", fault(&cause));
                chain.error(TlsErrorKind::Certificate, &found)
            }
            _ => key.error(
                TlsErrorKind::PrivateKey,
                "the private key is of a kind not supported; RSA of 2048 bits or more, \
                 ECDSA P-256 or P-384, and Ed25519 are",
            ),
        },
    )
}

pub(super) fn unusable(error: &rustls::Error) -> TlsError {
    TlsError::new(TlsErrorKind::Handshake, error.to_string())
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTls")
            .field("handshake_timeout", &self.handshake_timeout)
            .finish_non_exhaustive()
    }
}
