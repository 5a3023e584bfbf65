//! [`ClientBuilder`]: the options of a client.

use std::{fmt, sync::Arc, time::Duration};

use hl7_transport::{ClientTls, DEFAULT_KEEPALIVE};
use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Url, redirect};

use super::{
    Client, Inner, Limits,
    error::{ClientError, ClientErrorKind},
};
use crate::dialect::Dialect;

/// Collects the options of a [`Client`]; a fault in any of them is told by [`build`](Self::build).
#[must_use = "a builder does nothing until `build`"]
pub struct ClientBuilder {
    url: Result<Url, ClientError>,
    dialect: Dialect,
    headers: Result<HeaderMap, ClientError>,
    tls: Option<ClientTls>,
    max_idle_connections: usize,
    limits: Limits,
}

impl ClientBuilder {
    pub(super) fn new(url: &str) -> Self {
        Self {
            url: parse(url),
            dialect: Dialect::default(),
            headers: Ok(HeaderMap::new()),
            tls: None,
            max_idle_connections: 8,
            limits: Limits {
                connect_timeout: Duration::from_secs(5),
                timeout: Duration::from_secs(30),
                max_response_len: 1024 * 1024,
            },
        }
    }

    /// Speaks as this peer expects. Default [`Dialect::hapi_draft`].
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// Longest time to open a connection, TLS handshake included. Default 5 s.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.limits.connect_timeout = limit;
        self
    }

    /// Longest time of one exchange, from the first step to the last byte of the answer. Default
    /// 30 s, as most senders of HL7 wait.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.limits.timeout = limit;
        self
    }

    /// Most bytes read of a response's body. Default 1 MiB.
    pub fn max_response_len(mut self, bytes: usize) -> Self {
        self.limits.max_response_len = bytes;
        self
    }

    /// Most connections kept open without an exchange, each for at most 4 s: common servers close
    /// theirs after 5 s, and a message sent at that moment would be lost to an unknown outcome. Default 8; 0 opens
    /// a new one for every message.
    pub fn max_idle_connections(mut self, connections: usize) -> Self {
        self.max_idle_connections = connections;
        self
    }

    /// Sends this header with every request, in place of the one the client would send itself. A
    /// name given twice is sent twice.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Ok(headers) = &mut self.headers {
            match header(name, value) {
                Ok((name, value)) => {
                    headers.append(name, value);
                }
                Err(error) => self.headers = Err(error),
            }
        }
        self
    }

    /// Authorities to trust, and a certificate to present, for `https`. Default: the system's
    /// authorities and no certificate.
    pub fn tls(mut self, tls: ClientTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Checks the options and builds the client, without connecting.
    ///
    /// # Errors
    ///
    /// [`ClientError`] naming the option: a URL that is malformed or neither `http` nor `https`, a
    /// header that can not be sent, a system without trusted authorities.
    pub fn build(self) -> Result<Client, ClientError> {
        let url = self.url?;
        let headers = self.headers?;
        let tls = match self.tls {
            Some(tls) => tls,
            None if url.scheme() == "http" => {
                ClientTls::trusting_nobody().map_err(ClientError::tls)?
            }
            None => ClientTls::builder().build().map_err(ClientError::tls)?,
        };
        let limits = Limits {
            connect_timeout: self.limits.connect_timeout.min(self.limits.timeout),
            ..self.limits
        };
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(rustls_config(&tls))
            .no_proxy()
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(limits.connect_timeout)
            .timeout(limits.timeout)
            .pool_max_idle_per_host(self.max_idle_connections)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .tcp_nodelay(true)
            .tcp_keepalive(DEFAULT_KEEPALIVE)
            .build()
            // The URL is not part of it; what is left is the TLS configuration.
            .map_err(|_| ClientError::new(ClientErrorKind::Tls, "TLS can not be set up"))?;
        let destination = url.origin().ascii_serialization();
        let dialect = self.dialect;
        Ok(Client { inner: Arc::new(Inner { http, url, destination, dialect, headers, limits }) })
    }
}

/// The configuration by value, as reqwest takes it, in the versions of rustls both share.
fn rustls_config(tls: &ClientTls) -> impl std::any::Any + use<> {
    let mut config = (*tls.config()).clone();
    if config.alpn_protocols.is_empty() {
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
    }
    config
}

fn parse(text: &str) -> Result<Url, ClientError> {
    let error = |text: String| ClientError::new(ClientErrorKind::Url, text);
    let url = Url::parse(text.trim()).map_err(|cause| {
        error(format!("not a URL ({cause}); http://host:port/path is expected"))
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(error(
            "the URL is neither http nor https; http://host:port/path is expected".to_owned(),
        ));
    }
    Ok(url)
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), ClientError> {
    let error = |text: String| ClientError::new(ClientErrorKind::Header, text);
    let name = HeaderName::try_from(name)
        .map_err(|_| error("a header's name holds characters that can not be sent".to_owned()))?;
    let mut value = HeaderValue::try_from(value).map_err(|_| {
        error(format!("the value of the header {name} holds characters that can not be sent"))
    })?;
    value.set_sensitive(true);
    Ok((name, value))
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("dialect", &self.dialect)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

const IDLE_TIMEOUT: Duration = Duration::from_secs(4);
