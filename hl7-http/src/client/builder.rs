//! [`ClientBuilder`]: the options of a client.

use std::{
    fmt,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use hl7_ack::{InOrder, Matching};
use hl7_transport::{ClientTls, DEFAULT_KEEPALIVE};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use reqwest::{Url, redirect};

use super::{
    Client, Credentials, Inner, Limits, USER_AGENT,
    error::{ClientError, ClientErrorKind},
    oauth::{OAuth, Tokens, basic, bearer},
};
use crate::dialect::Dialect;

/// Collects the options of a [`Client`]; a fault in any of them is told by [`build`](Self::build).
#[must_use = "a builder does nothing until `build`"]
pub struct ClientBuilder {
    url: Result<Url, ClientError>,
    dialect: Dialect,
    headers: Result<HeaderMap, ClientError>,
    credentials: Shown,
    tls: Option<ClientTls>,
    proxy: Option<String>,
    max_idle_connections: usize,
    idle_timeout: Duration,
    matching: Matching,
    always_original: bool,
    limits: Limits,
    max_waiting: usize,
}

/// What a client is to show of itself, not yet checked.
enum Shown {
    Nothing,
    Header(Result<HeaderValue, ClientError>),
    OAuth(OAuth),
}

impl ClientBuilder {
    pub(super) fn new(url: &str) -> Self {
        Self {
            url: parse(url),
            dialect: Dialect::default(),
            headers: Ok(HeaderMap::new()),
            credentials: Shown::Nothing,
            tls: None,
            proxy: None,
            max_idle_connections: 8,
            idle_timeout: Duration::from_secs(4),
            matching: Matching::exact(),
            always_original: false,
            limits: Limits {
                connect_timeout: Duration::from_secs(5),
                timeout: Duration::from_secs(30),
                max_response_len: 1024 * 1024,
                max_redirects: 0,
            },
            max_waiting: InOrder::<Client>::MAX_WAITING,
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

    /// Longest time of one exchange, from the first step to the last byte of the answer: waiting
    /// for its turn, an access token and redirects included. Default 30 s, as most senders of HL7
    /// wait.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.limits.timeout = limit;
        self
    }

    /// How closely an acknowledgment has to name the message that was sent, for peers that do not
    /// copy MSH-10 as they should. Default [`Matching::exact`].
    ///
    /// ```
    /// use hl7_ack::Matching;
    /// use hl7_http::client::Client;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = Client::builder("https://ehr.example.org/hl7")
    ///     .matching(Matching::exact().or_missing())
    ///     .build()?;
    /// # drop(client);
    /// # Ok(())
    /// # }
    /// ```
    pub fn matching(mut self, matching: Matching) -> Self {
        self.matching = matching;
        self
    }

    /// Expects an answer to every message, whatever its MSH-15 and MSH-16 say: for a peer that
    /// always acknowledges in original mode, by agreement. Default: what they say.
    ///
    /// ```
    /// use hl7_http::client::Client;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = Client::builder("https://ehr.example.org/hl7").always_original_mode().build()?;
    /// # drop(client);
    /// # Ok(())
    /// # }
    /// ```
    pub fn always_original_mode(mut self) -> Self {
        self.always_original = true;
        self
    }

    /// Most bytes read of a response's body. Default 1 MiB.
    pub fn max_response_len(mut self, bytes: usize) -> Self {
        self.limits.max_response_len = bytes;
        self
    }

    /// Most connections kept open without an exchange. Default 8; 0 opens a new one for every
    /// message.
    pub fn max_idle_connections(mut self, connections: usize) -> Self {
        self.max_idle_connections = connections;
        self
    }

    /// Longest time a connection is kept open without an exchange. Default 4 s: common servers
    /// close theirs after 5 s, and what becomes of a message sent at that moment is not known.
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.idle_timeout = limit;
        self
    }

    /// Most redirects followed for one message. Default 0. Only 307 and 308 are, to the same host
    /// and never from `https` to `http`; any other is a refusal.
    pub fn max_redirects(mut self, redirects: usize) -> Self {
        self.limits.max_redirects = redirects;
        self
    }

    /// Most messages that wait for their turn, with a dialect that
    /// [keeps order](Dialect::keeping_order). Default 1024; over it a message is not sent.
    pub fn max_waiting(mut self, messages: usize) -> Self {
        self.max_waiting = messages;
        self
    }

    /// Shows a user name and password, by HTTP Basic (RFC 7617), in UTF-8.
    pub fn basic(mut self, user: &str, password: &str) -> Self {
        let header = match user.contains(':') {
            true => Err(ClientError::credentials()),
            false => basic(user, password),
        };
        self.credentials = Shown::Header(header);
        self
    }

    /// Shows this bearer token (RFC 6750), an API key or an access token that does not expire.
    pub fn bearer(mut self, token: &str) -> Self {
        self.credentials = Shown::Header(bearer(token));
        self
    }

    /// Shows access tokens of OAuth 2.0, which it gets by the client's own credentials. The token
    /// endpoint is reached with the same [`tls`](Self::tls) and [`proxy`](Self::proxy).
    pub fn oauth(mut self, oauth: OAuth) -> Self {
        self.credentials = Shown::OAuth(oauth);
        self
    }

    /// Goes through this HTTP proxy, such as `http://proxy.example.org:3128`; user name and
    /// password may stand in the URL. `https` is tunnelled. Default: none, also where the
    /// environment names one.
    pub fn proxy(mut self, url: &str) -> Self {
        self.proxy = Some(url.to_owned());
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
        let mut url = self.url?;
        let headers = self.headers?;
        let dialect = self.dialect;
        if dialect.query().len() > 0 {
            url.query_pairs_mut().extend_pairs(dialect.query());
        }
        let token_url = match &self.credentials {
            Shown::OAuth(oauth) => Some(Tokens::url_of(oauth)?),
            _ => None,
        };
        let is_plain = |url: &Url| url.scheme() == "http";
        let is_clear = is_plain(&url)
            && self.limits.max_redirects == 0
            && token_url.as_ref().is_none_or(is_plain);
        let tls = match self.tls {
            Some(tls) => tls,
            None if is_clear => ClientTls::trusting_nobody().map_err(ClientError::tls)?,
            None => ClientTls::builder().build().map_err(ClientError::tls)?,
        };
        let limits = Limits {
            connect_timeout: self.limits.connect_timeout.min(self.limits.timeout),
            ..self.limits
        };
        let mut http = reqwest::Client::builder()
            .tls_backend_preconfigured(rustls_config(&tls))
            .no_proxy()
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(limits.connect_timeout)
            .pool_max_idle_per_host(self.max_idle_connections)
            .pool_idle_timeout(self.idle_timeout)
            .tcp_nodelay(true)
            .tcp_keepalive(DEFAULT_KEEPALIVE);
        if let Some(proxy) = &self.proxy {
            let error = || ClientError::new(ClientErrorKind::Proxy, "the proxy's URL is malformed");
            parse(proxy).map_err(|_| error())?;
            http = http.proxy(reqwest::Proxy::all(proxy.trim()).map_err(|_| error())?);
        }
        let http = http
            .build()
            // The URL is not part of it; what is left is the TLS configuration.
            .map_err(|_| ClientError::new(ClientErrorKind::Tls, "TLS can not be set up"))?;
        // What stands in the URL becomes a header, which every request has.
        let (url, in_url) = without_credentials(&http, url)?;
        let credentials = match (self.credentials, token_url) {
            (Shown::Header(value), _) => Credentials::Fixed(value?),
            (Shown::OAuth(oauth), Some(at)) => {
                let Limits { connect_timeout, timeout, .. } = limits;
                let tokens = Tokens::new(&oauth, at, http.clone(), connect_timeout, timeout)?;
                Credentials::Tokens(Arc::new(tokens))
            }
            _ => in_url.map_or(Credentials::Elsewhere, Credentials::Fixed),
        };
        let destination = url.origin().ascii_serialization();
        let (matching, always_original) = (self.matching, self.always_original);
        let inner = Inner {
            http,
            headers: with_own(&url, &dialect, &headers),
            url,
            destination,
            own: headers,
            dialect,
            credentials,
            matching,
            always_original,
            limits,
            dropped_inbound: AtomicU64::new(0),
        };
        Ok(Client::new(inner, self.max_waiting))
    }
}

/// The URL without a user name and password, and the header that shows them.
fn without_credentials(
    http: &reqwest::Client,
    url: Url,
) -> Result<(Url, Option<HeaderValue>), ClientError> {
    let request = http.post(url).build().map_err(|_| ClientError::credentials())?;
    let shown = request.headers().get(header::AUTHORIZATION).cloned();
    Ok((request.url().clone(), shown))
}

/// What every request has: the dialect's headers and ours, and the caller's own in place of those
/// of the same name.
///
/// Host is among them, because the HTTP machinery would write it anew for each message.
fn with_own(url: &Url, dialect: &Dialect, own: &HeaderMap) -> HeaderMap {
    let mut headers = dialect.headers().clone();
    let host = url.host_str().unwrap_or_default();
    let host = match url.port() {
        Some(port) => HeaderValue::try_from(format!("{host}:{port}")),
        None => HeaderValue::try_from(host),
    };
    if let Ok(host) = host {
        headers.entry(header::HOST).or_insert(host);
    }
    headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
    for name in own.keys() {
        headers.remove(name);
    }
    for (name, value) in own {
        headers.append(name.clone(), value.clone());
    }
    headers
}

/// The configuration by value, as reqwest takes it, in the versions of rustls both share.
fn rustls_config(tls: &ClientTls) -> impl std::any::Any + use<> {
    let mut config = (*tls.config()).clone();
    if config.alpn_protocols.is_empty() {
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
    }
    config
}

pub(super) fn parse(text: &str) -> Result<Url, ClientError> {
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
