//! [`TlsError`]: what is wrong with a certificate, a key or a handshake, in one line.

use std::{error::Error, fmt, io, time::Duration};

use rustls::{AlertDescription, CertificateError};

/// TLS could not be set up, or a handshake failed.
///
/// `Display` is one line for the person who operates the connection: it names the file, or says
/// what the peer's certificate lacks, and the remedy where there is a usual one.
#[derive(Clone)]
pub struct TlsError {
    kind: TlsErrorKind,
    text: String,
}

/// The causes a program may want to tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsErrorKind {
    /// A certificate of ours is missing in its file, is no valid PEM or not usable.
    Certificate,
    /// The connection ended or broke during the handshake.
    Closed,
    /// The private key is encrypted.
    EncryptedKey,
    /// A PEM file can not be read.
    File,
    /// The handshake failed for another reason: no common version or cipher, for example.
    Handshake,
    /// The private key does not belong to the certificate.
    KeyMismatch,
    /// The configuration was not read from files, so it can not be read again.
    NotReloadable,
    /// The peer did not speak TLS.
    NotTls,
    /// The peer's certificate was not accepted, or it presented none though one is required.
    PeerCertificate,
    /// A list of revoked certificates is missing in its file or not usable.
    RevocationList,
    /// The private key is missing in its file or not usable.
    PrivateKey,
    /// The peer refused: it sent an alert, often because it does not accept our certificate.
    Refused,
    /// The name to check the server's certificate against is no DNS name or IP address.
    ServerName,
    /// The system's certificate store gave no certificate.
    SystemRoots,
    /// The handshake took longer than its time limit.
    TimedOut,
}

impl TlsError {
    pub(super) fn new(kind: TlsErrorKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }

    pub(super) fn timed_out(limit: Duration) -> Self {
        let limit = limit.as_secs_f32();
        Self::new(TlsErrorKind::TimedOut, format!("TLS handshake took longer than {limit} s"))
    }

    /// What failed while the handshake was going on.
    pub(super) fn handshake(error: &io::Error) -> Self {
        if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
            return Self::of_rustls(error);
        }
        let text = match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                "the peer closed the connection during the TLS handshake; is it set to plain text?"
                    .to_owned()
            }
            _ => format!("connection lost during TLS handshake: {error}"),
        };
        Self::new(TlsErrorKind::Closed, text)
    }

    fn of_rustls(error: &rustls::Error) -> Self {
        use rustls::Error as E;
        let (kind, text) = match error {
            E::InvalidMessage(_) => (
                TlsErrorKind::NotTls,
                "the peer did not speak TLS; is it set to plain text?".to_owned(),
            ),
            E::InvalidCertificate(cause) => {
                (TlsErrorKind::PeerCertificate, format!("the peer's certificate {}", fault(cause)))
            }
            E::NoCertificatesPresented => (
                TlsErrorKind::PeerCertificate,
                "the peer presented no certificate, and one is required here".to_owned(),
            ),
            E::AlertReceived(alert) => (TlsErrorKind::Refused, refusal(*alert)),
            E::PeerIncompatible(lacks) => (
                TlsErrorKind::Handshake,
                format!(
                    "the peer and this side have no version or cipher in common ({lacks:?}); TLS 1.2 \
                     or 1.3 with ECDHE and AES-GCM or ChaCha20-Poly1305 is spoken here"
                ),
            ),
            other => (TlsErrorKind::Handshake, format!("TLS handshake failed: {other}")),
        };
        Self::new(kind, text)
    }

    /// Finds a failure of TLS in an error of a library that rests on rustls, or in its sources.
    ///
    /// For transports whose handshake is made by another crate; see [`ClientTls::config`].
    ///
    /// [`ClientTls::config`]: crate::ClientTls::config
    pub fn find(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(tls) = error.downcast_ref() {
                return Some(Self::of_rustls(tls));
            }
            // The source of an io::Error is that of what it wraps, not what it wraps.
            next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
                Some(wrapped) => Some(wrapped),
                None => error.source(),
            };
        }
        None
    }

    /// What kind of cause it is.
    pub fn kind(&self) -> TlsErrorKind {
        self.kind
    }
}

/// Why a certificate was not accepted; follows "the peer's certificate", or whose it is.
pub(super) fn fault(cause: &CertificateError) -> String {
    use CertificateError as C;
    let text = match cause {
        C::Expired | C::ExpiredContext { .. } => "has expired",
        C::NotValidYet | C::NotValidYetContext { .. } => "is not valid yet; check both clocks",
        C::UnknownIssuer => "is not signed by an authority that is trusted here",
        C::UnknownRevocationStatus => "is not covered by the revocation lists given here",
        C::NotValidForName | C::NotValidForNameContext { .. } => {
            "is not for the name that was connected to"
        }
        C::Revoked => "is revoked",
        C::InvalidPurpose | C::InvalidPurposeContext { .. } => {
            "is not for this use; extended key usage must hold clientAuth for a client and \
             serverAuth for a server"
        }
        C::BadEncoding => "is not well formed X.509",
        C::Other(other) if other.to_string() == "UnsupportedCertVersion" => {
            "is of X.509 version 1, and only version 3 is read here; openssl makes that with \
             `req -x509`, or with `x509 -req -extfile`"
        }
        C::BadSignature => "has a signature that is not of the authority it names",
        other => return format!("is not accepted: {other}"),
    };
    text.to_owned()
}

/// What an alert of the peer usually means.
fn refusal(alert: AlertDescription) -> String {
    use AlertDescription as A;
    let text = match alert {
        A::CertificateRequired => "the peer requires a client certificate",
        A::UnknownCA => "the peer does not trust the authority that signed our certificate",
        A::CertificateExpired => "the peer says our certificate has expired",
        A::BadCertificate | A::UnsupportedCertificate | A::CertificateUnknown => {
            "the peer does not accept our certificate; is it for this use (clientAuth, serverAuth)?"
        }
        A::ProtocolVersion => "the peer speaks neither TLS 1.2 nor TLS 1.3",
        A::HandshakeFailure => "the peer found no common cipher, or misses a client certificate",
        A::UnrecognisedName => "the peer does not serve the name that was connected to",
        other => return format!("the peer ended the TLS handshake with the alert {other:?}"),
    };
    text.to_owned()
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsError").field("kind", &self.kind).field("text", &self.text).finish()
    }
}

impl Error for TlsError {}

impl From<TlsError> for io::Error {
    fn from(error: TlsError) -> Self {
        let kind = match error.kind {
            TlsErrorKind::TimedOut => io::ErrorKind::TimedOut,
            TlsErrorKind::Closed => io::ErrorKind::ConnectionAborted,
            _ => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}
