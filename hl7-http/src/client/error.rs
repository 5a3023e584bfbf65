//! [`ClientError`]: why a client could not be built.

use std::{error::Error, fmt};

use hl7_transport::TlsError;

/// A client could not be built from its options.
///
/// `Display` is one line. It never shows the URL, which may hold credentials.
#[derive(Clone, Debug)]
pub struct ClientError {
    kind: ClientErrorKind,
    text: String,
    source: Option<TlsError>,
}

/// Which option is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientErrorKind {
    /// A user name, password or token can not be sent.
    Credentials,
    /// A header's name or value can not be sent.
    Header,
    /// The proxy's URL is malformed.
    Proxy,
    /// TLS could not be set up; see the source.
    Tls,
    /// The URL is malformed, has no host, or a scheme other than `http` and `https`.
    Url,
}

impl ClientError {
    pub(crate) fn new(kind: ClientErrorKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), source: None }
    }

    pub(super) fn credentials() -> Self {
        let text = "a user name, password or token holds characters that can not be sent";
        Self::new(ClientErrorKind::Credentials, text)
    }

    pub(super) fn tls(source: TlsError) -> Self {
        let text = format!("TLS can not be set up: {source}");
        Self { kind: ClientErrorKind::Tls, text, source: Some(source) }
    }

    /// Which option is at fault.
    pub fn kind(&self) -> ClientErrorKind {
        self.kind
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for ClientError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}
