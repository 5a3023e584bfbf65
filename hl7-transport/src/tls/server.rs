//! [`ServerTls`]: the server's side of TLS and mutual TLS.

use std::{fmt, sync::Arc, time::Duration};

use rustls::{RootCertStore, ServerConfig, server::WebPkiClientVerifier, sign::CertifiedKey};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;

use super::{
    DEFAULT_HANDSHAKE_TIMEOUT, VERSIONS,
    error::{TlsError, TlsErrorKind},
    pem::Pem,
    provider,
    stream::TlsStream,
    within,
};

/// What a server needs to accept TLS. Cheap to clone.
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
    config: Arc<ServerConfig>,
    handshake_timeout: Duration,
}

/// Collects the parts of a [`ServerTls`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct ServerTlsBuilder {
    chain: Pem,
    key: Pem,
    client_ca: Vec<Pem>,
}

impl ServerTls {
    /// Starts from the server's certificate chain (its own certificate first) and private key.
    pub fn builder(chain: Pem, key: Pem) -> ServerTlsBuilder {
        ServerTlsBuilder { chain, key, client_ca: Vec::new() }
    }

    /// Takes a ready rustls configuration, for what the builder has no word for.
    pub fn from_config(config: Arc<ServerConfig>) -> Self {
        Self { config, handshake_timeout: DEFAULT_HANDSHAKE_TIMEOUT }
    }

    /// The rustls configuration.
    pub fn config(&self) -> &Arc<ServerConfig> {
        &self.config
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
        if self.config.alpn_protocols.is_empty() {
            let mut config = ServerConfig::clone(&self.config);
            config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
            self.config = Arc::new(config);
        }
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
        let acceptor = TlsAcceptor::from(Arc::clone(&self.config));
        within(self.handshake_timeout, acceptor.accept(io)).await.map(TlsStream::new)
    }
}

impl ServerTlsBuilder {
    /// Requires of every client a certificate signed by one of these authorities (mutual TLS).
    /// May be called several times.
    pub fn client_ca(mut self, authorities: Pem) -> Self {
        self.client_ca.push(authorities);
        self
    }

    /// Reads the files and checks that the parts belong together.
    ///
    /// # Errors
    ///
    /// [`TlsError`] naming the file that can not be read or holds the wrong thing, or the two that
    /// do not belong together.
    pub fn build(self) -> Result<ServerTls, TlsError> {
        let provider = provider();
        let certified = certified_key(&self.chain, &self.key)?;
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(VERSIONS)
            .map_err(|error| unusable(&error))?;
        let builder = if self.client_ca.is_empty() {
            builder.with_no_client_auth()
        } else {
            let mut roots = RootCertStore::empty();
            for authorities in &self.client_ca {
                authorities.add_to(&mut roots)?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .map_err(|error| TlsError::new(TlsErrorKind::Certificate, error.to_string()))?;
            builder.with_client_cert_verifier(verifier)
        };
        let resolver = rustls::sign::SingleCertAndKey::from(certified);
        Ok(ServerTls::from_config(Arc::new(builder.with_cert_resolver(Arc::new(resolver)))))
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
            rustls::Error::InvalidCertificate(_) => {
                chain.error(TlsErrorKind::Certificate, "the first certificate is not valid X.509")
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
