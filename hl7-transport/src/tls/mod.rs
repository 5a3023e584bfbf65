//! TLS 1.2 and 1.3 for both sides of a connection, from PEM.
//!
//! IHE ATNA (ITI-19) and BCP 195 (RFC 9325) ask for TLS 1.2 or later with ECDHE and AES-GCM and
//! for mutual authentication; rustls speaks nothing less. The cryptography is ring's, named
//! explicitly: a process-wide default provider is neither read nor set.

mod certificate;
mod client;
mod error;
mod pem;
mod reload;
mod server;
mod stream;
mod verify;

use std::{io, sync::Arc, time::Duration};

use rustls::crypto::CryptoProvider;

pub use self::client::{ClientTls, ClientTlsBuilder};
pub use self::error::{TlsError, TlsErrorKind};
pub use self::pem::Pem;
pub use self::server::{ServerTls, ServerTlsBuilder};
pub use self::stream::TlsStream;

/// Time a handshake may take: 10 seconds.
const DEFAULT_HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// The protocol versions offered and accepted, newest first.
static VERSIONS: &[&rustls::SupportedProtocolVersion] =
    &[&rustls::version::TLS13, &rustls::version::TLS12];

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Waits for a handshake, up to its time limit, and puts a failure into words.
async fn within<T>(
    limit: Duration,
    handshake: impl Future<Output = io::Result<T>>,
) -> Result<T, TlsError> {
    match tokio::time::timeout(limit, handshake).await {
        Ok(done) => done.map_err(|error| TlsError::handshake(&error)),
        Err(_) => Err(TlsError::timed_out(limit)),
    }
}
