//! [`RequestParts`]: what a handler may want to know of the HTTP request.

use std::{fmt, net::IpAddr};

use hl7_ack::Peer;
use http::{HeaderMap, HeaderValue, Method, Uri, header};

use super::forwarded::{Behind, TrustedProxies};
use crate::media_type::MediaType;

/// The request a message came in, without its body.
///
/// A handler finds it in the peer's extensions:
///
/// ```
/// use hl7_ack::{Outcome, Received};
/// use hl7_http::server::RequestParts;
///
/// async fn handle(received: Received) -> Outcome {
///     if let Some(request) = received.peer.extensions().get::<RequestParts>() {
///         let _organisation = request.headers().get("organisation-code");
///         let _interface = request.path();
///     }
///     Outcome::accepted()
/// }
/// ```
#[derive(Clone)]
pub struct RequestParts {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    behind: Behind,
}

impl RequestParts {
    pub(super) fn new(
        method: Method,
        uri: Uri,
        mut headers: HeaderMap,
        peer: &Peer,
        proxies: &TrustedProxies,
    ) -> Self {
        let behind = proxies.take(&mut headers, peer.address());
        Self { method, uri, headers, behind }
    }

    /// The method; POST.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path, which selects the interface in the role the TCP port has in MLLP. Where the
    /// service is mounted under a prefix, this may be what follows it.
    #[must_use]
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// The request target, with the query if there is one.
    #[must_use]
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The headers, credentials included; without those by which proxies tell who is behind them.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The address a trusted proxy says the caller has; see [`TrustedProxies`].
    #[must_use]
    pub fn forwarded_for(&self) -> Option<IpAddr> {
        self.behind.address
    }

    /// What a trusted proxy says of the caller's certificate; see [`TrustedProxies`].
    #[must_use]
    pub fn forwarded_certificate(&self) -> Option<&HeaderValue> {
        self.behind.certificate.as_ref()
    }

    /// The charset parameter of Content-Type, in lower case.
    #[must_use]
    pub fn charset(&self) -> Option<String> {
        let content_type = self.headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        MediaType::parse(content_type)?.charset().map(str::to_owned)
    }
}

impl fmt::Debug for RequestParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestParts")
            .field("method", &self.method)
            .field("headers", &self.headers.len())
            .finish_non_exhaustive()
    }
}
