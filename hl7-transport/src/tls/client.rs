//! [`ClientTls`]: the client's side of TLS and mutual TLS.

use std::{fmt, sync::Arc, time::Duration};

use rustls::{ClientConfig, RootCertStore, client::WebPkiServerVerifier};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;

use super::{
    DEFAULT_HANDSHAKE_TIMEOUT, VERSIONS,
    error::{TlsError, TlsErrorKind},
    pem::Pem,
    provider,
    server::{certified_key, unusable},
    stream::TlsStream,
    within,
};

/// What a client needs to open TLS connections. Cheap to clone.
///
/// The server's certificate is always verified, against the system's authorities unless others
/// are named, and for the name that is connected to.
///
/// ```no_run
/// use hl7_transport::{ClientTls, Pem};
///
/// # fn main() -> Result<(), hl7_transport::TlsError> {
/// let tls = ClientTls::builder()
///     .ca(Pem::file("hospital-ca.pem")) // instead of the system's authorities
///     .identity(Pem::file("client.pem"), Pem::file("client.key")) // mutual TLS
///     .build()?;
/// # drop(tls);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ClientTls {
    config: Arc<ClientConfig>,
    handshake_timeout: Duration,
}

/// Collects the parts of a [`ClientTls`].
#[derive(Clone, Debug, Default)]
#[must_use = "a builder does nothing until `build`"]
pub struct ClientTlsBuilder {
    authorities: Vec<Pem>,
    system_roots: bool,
    identity: Option<(Pem, Pem)>,
}

impl ClientTls {
    /// Starts with the system's authorities and no client certificate.
    pub fn builder() -> ClientTlsBuilder {
        ClientTlsBuilder::default()
    }

    /// Takes a ready rustls configuration, for what the builder has no word for.
    pub fn from_config(config: Arc<ClientConfig>) -> Self {
        Self { config, handshake_timeout: DEFAULT_HANDSHAKE_TIMEOUT }
    }

    /// Trusts no server at all, so that every handshake fails: for a client of plain text whose
    /// library wants a configuration nevertheless. Reads no file.
    ///
    /// # Errors
    ///
    /// None with the provider of this crate; the type is that of the other constructors.
    pub fn trusting_nobody() -> Result<Self, TlsError> {
        let config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(VERSIONS)
            .map_err(|error| unusable(&error))?
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        Ok(Self::from_config(Arc::new(config)))
    }

    /// The rustls configuration.
    pub fn config(&self) -> &Arc<ClientConfig> {
        &self.config
    }

    /// Sets the time a handshake may take; 10 s by default.
    #[must_use]
    pub fn handshake_timeout(mut self, limit: Duration) -> Self {
        self.handshake_timeout = limit;
        self
    }

    /// Performs the handshake on a connection that is open, and checks that the server's
    /// certificate is for `server_name`: a DNS name, or an IP address (IPv6 with or without
    /// brackets).
    ///
    /// With TLS 1.3 a server that does not accept the client's certificate says so only after this
    /// returned: the first read then fails.
    ///
    /// # Errors
    ///
    /// [`TlsError`] when the name is none, the certificate is not accepted, the peer does not
    /// speak TLS, goes away, or takes longer than the handshake timeout.
    pub async fn connect<IO>(&self, server_name: &str, io: IO) -> Result<TlsStream<IO>, TlsError>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let bare = server_name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        let name = ServerName::try_from(bare.unwrap_or(server_name).to_owned()).map_err(|_| {
            TlsError::new(
                TlsErrorKind::ServerName,
                "the server's name is neither a DNS name nor an IP address",
            )
        })?;
        let connector = TlsConnector::from(Arc::clone(&self.config));
        within(self.handshake_timeout, connector.connect(name, io)).await.map(TlsStream::new)
    }
}

impl ClientTlsBuilder {
    /// Trusts servers whose certificate is signed by one of these authorities, instead of the
    /// system's. May be called several times.
    pub fn ca(mut self, authorities: Pem) -> Self {
        self.authorities.push(authorities);
        self
    }

    /// Trusts the system's authorities besides those named by [`ca`](Self::ca).
    pub fn system_roots(mut self) -> Self {
        self.system_roots = true;
        self
    }

    /// Presents this certificate chain (the client's own first), with its private key, to servers
    /// that ask for one (mutual TLS).
    pub fn identity(mut self, chain: Pem, key: Pem) -> Self {
        self.identity = Some((chain, key));
        self
    }

    /// Reads the files and the system's store, and checks that the parts belong together.
    ///
    /// # Errors
    ///
    /// [`TlsError`] naming the file that can not be read or holds the wrong thing, or saying that
    /// the system's store is empty.
    pub fn build(self) -> Result<ClientTls, TlsError> {
        let mut roots = RootCertStore::empty();
        for authorities in &self.authorities {
            authorities.add_to(&mut roots)?;
        }
        if self.system_roots || self.authorities.is_empty() {
            add_system_roots(&mut roots)?;
        }
        let provider = provider();
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .build()
                .map_err(|error| TlsError::new(TlsErrorKind::Certificate, error.to_string()))?;
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(VERSIONS)
            .map_err(|error| unusable(&error))?
            .with_webpki_verifier(verifier);
        let config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => {
                let resolver = rustls::sign::SingleCertAndKey::from(certified_key(chain, key)?);
                builder.with_client_cert_resolver(Arc::new(resolver))
            }
        };
        Ok(ClientTls::from_config(Arc::new(config)))
    }
}

/// Adds every certificate of the system's store that rustls can read; at least one.
fn add_system_roots(roots: &mut RootCertStore) -> Result<(), TlsError> {
    let found = rustls_native_certs::load_native_certs();
    let (added, _unreadable) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        return Err(TlsError::new(
            TlsErrorKind::SystemRoots,
            "the system's certificate store holds no authority; install ca-certificates or name one",
        ));
    }
    Ok(())
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientTls")
            .field("handshake_timeout", &self.handshake_timeout)
            .finish_non_exhaustive()
    }
}
