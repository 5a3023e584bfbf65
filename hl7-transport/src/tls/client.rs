//! [`ClientTls`]: the client's side of TLS and mutual TLS.

use std::{fmt, sync::Arc, time::Duration};

use rustls::{
    ClientConfig, RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier},
};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;

use super::{
    DEFAULT_HANDSHAKE_TIMEOUT, VERSIONS,
    error::{TlsError, TlsErrorKind},
    pem::Pem,
    provider,
    reload::Reloadable,
    server::{certified_key, unusable},
    stream::TlsStream,
    verify::{Others, Pinned},
    within,
};

/// What a client needs to open TLS connections. Clones are handles to the same configuration.
///
/// The server's certificate is always verified, against the system's authorities unless others
/// or the [very certificate](ClientTlsBuilder::pinned_server) are named, and for the name that is
/// connected to. [`reload`](Self::reload) reads the files again.
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
    shared: Arc<Reloadable<ClientConfig>>,
    handshake_timeout: Duration,
}

/// Collects the parts of a [`ClientTls`].
#[derive(Clone, Debug, Default)]
#[must_use = "a builder does nothing until `build`"]
pub struct ClientTlsBuilder {
    authorities: Vec<Pem>,
    system_roots: bool,
    pinned: Vec<Pem>,
    revoked: Vec<Pem>,
    identity: Option<(Pem, Pem)>,
    unverified: bool,
}

impl ClientTls {
    /// Starts with the system's authorities and no client certificate.
    pub fn builder() -> ClientTlsBuilder {
        ClientTlsBuilder::default()
    }

    /// Starts with a client that accepts whatever certificate a server shows: whoever is between
    /// it and the server reads and changes every message. For finding out, on a test system, what
    /// is wrong with a certificate; [`pinned_server`](ClientTlsBuilder::pinned_server) is as easy
    /// and safe.
    pub fn dangerous_unverified() -> ClientTlsBuilder {
        ClientTlsBuilder { unverified: true, ..ClientTlsBuilder::default() }
    }

    /// Takes a ready rustls configuration, for what the builder has no word for.
    pub fn from_config(config: Arc<ClientConfig>) -> Self {
        Self::from_shared(Reloadable::fixed(config))
    }

    fn from_shared(shared: Reloadable<ClientConfig>) -> Self {
        Self { shared: Arc::new(shared), handshake_timeout: DEFAULT_HANDSHAKE_TIMEOUT }
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

    /// The rustls configuration in use.
    pub fn config(&self) -> Arc<ClientConfig> {
        self.shared.current()
    }

    /// Reads the files again, for handshakes that begin from now on; connections that are open
    /// stay as they are. Concerns every clone, but not what was made of [`config`](Self::config)
    /// before.
    ///
    /// # Errors
    ///
    /// [`TlsError`] as from [`build`](ClientTlsBuilder::build), and the configuration that was in
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
        let connector = TlsConnector::from(self.config());
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

    /// Accepts these very certificates, compared byte by byte (IHE ITI-19): self-signed ones, and
    /// ones that hold the server's name nowhere but in CN, if at all. Their dates are checked.
    ///
    /// Others are refused then, unless an authority is named too. May be called several times.
    pub fn pinned_server(mut self, certificates: Pem) -> Self {
        self.pinned.push(certificates);
        self
    }

    /// Refuses server certificates on these lists (CRL), and those of authorities that none of the
    /// lists is from. Concerns the server's own certificate, not its authorities', and not pinned
    /// ones. May be called several times.
    pub fn revoked(mut self, lists: Pem) -> Self {
        self.revoked.push(lists);
        self
    }

    /// Reads the files and the system's store, and checks that the parts belong together.
    ///
    /// # Errors
    ///
    /// [`TlsError`] naming the file that can not be read or holds the wrong thing, or saying that
    /// the system's store is empty.
    pub fn build(self) -> Result<ClientTls, TlsError> {
        if self.unverified {
            tracing::warn!("TLS: the certificates of servers are not verified");
        }
        Reloadable::new(move || self.config()).map(ClientTls::from_shared)
    }

    fn config(&self) -> Result<ClientConfig, TlsError> {
        let mut certificates = Vec::new();
        for pinned in &self.pinned {
            certificates.extend(pinned.certificates()?);
        }
        let named = self.system_roots || !self.authorities.is_empty();
        let others = match (self.unverified, named || certificates.is_empty()) {
            (true, _) => Others::Accepted,
            (false, true) => Others::Verified(self.chain_verifier()?),
            (false, false) => Others::Refused,
        };
        let verifier: Arc<dyn ServerCertVerifier> = match others {
            Others::Verified(chain) if certificates.is_empty() => chain,
            others => Arc::new(Pinned { certificates, others, provider: provider() }),
        };
        let builder = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(VERSIONS)
            .map_err(|error| unusable(&error))?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        Ok(match &self.identity {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => {
                let resolver = rustls::sign::SingleCertAndKey::from(certified_key(chain, key)?);
                builder.with_client_cert_resolver(Arc::new(resolver))
            }
        })
    }

    fn chain_verifier(&self) -> Result<Arc<dyn ServerCertVerifier>, TlsError> {
        let mut roots = RootCertStore::empty();
        for authorities in &self.authorities {
            authorities.add_to(&mut roots)?;
        }
        if self.system_roots || self.authorities.is_empty() {
            add_system_roots(&mut roots)?;
        }
        let mut lists = Vec::new();
        for revoked in &self.revoked {
            lists.extend(revoked.revocation_lists()?);
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider())
            .with_crls(lists)
            .only_check_end_entity_revocation()
            .build()
            .map_err(|error| TlsError::new(TlsErrorKind::Certificate, error.to_string()))?;
        Ok(verifier)
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
