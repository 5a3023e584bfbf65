//! [`OAuth`]: access tokens by the client credentials grant of OAuth 2.0 (RFC 6749, 4.4).

use std::{
    borrow::Cow,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use hl7_ack::{Cause, CauseKind};
use hl7_transport::deadline_after;
use http::{HeaderValue, StatusCode, header};
use reqwest::Url;
use serde::Deserialize;
use tokio::time::Instant;

use super::{ClientError, builder, failure, read_body};

/// Where a client gets its access tokens, and as whom.
///
/// A token is asked for with the first message and kept until shortly before it expires
/// ([`refresh_before`](Self::refresh_before)): then one task asks for the next one, while messages
/// go on with the one at hand. After a 401 without HL7 the token is given up, and the message is
/// sent once more with a new one.
///
/// ```no_run
/// use hl7_http::client::{Client, OAuth};
///
/// # fn main() -> Result<(), hl7_http::client::ClientError> {
/// let tokens = OAuth::client_credentials("https://login.example.org/token", "site-7", "secret")
///     .scope("hl7.write");
/// let client = Client::builder("https://ehr.example.org/hl7").oauth(tokens).build()?;
/// # drop(client);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "it does nothing until it is given to a client's builder"]
pub struct OAuth {
    token_url: String,
    client_id: String,
    client_secret: String,
    parameters: Vec<(String, String)>,
    secret_in_body: bool,
    refresh_before: Duration,
}

impl OAuth {
    /// The token endpoint, and the client's name and secret there.
    ///
    /// They are sent by HTTP Basic, which every endpoint has to take (RFC 6749, 2.3.1).
    pub fn client_credentials(
        token_url: impl Into<String>,
        client_id: impl Into<String>,
        client_secret: impl Into<String>,
    ) -> Self {
        Self {
            token_url: token_url.into(),
            client_id: client_id.into(),
            client_secret: client_secret.into(),
            parameters: Vec::new(),
            secret_in_body: false,
            refresh_before: Duration::from_secs(60),
        }
    }

    /// Asks for this scope; several are separated by blanks.
    pub fn scope(self, scope: &str) -> Self {
        self.parameter("scope", scope)
    }

    /// Sends one more parameter: `audience` or `resource`, where the endpoint wants to know what
    /// the token is for.
    pub fn parameter(mut self, name: &str, value: &str) -> Self {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends name and secret in the body, for endpoints that do not take HTTP Basic.
    pub fn secret_in_body(mut self) -> Self {
        self.secret_in_body = true;
        self
    }

    /// How long before its end a token is replaced; never more than half of its lifetime. Default
    /// 60 s.
    pub fn refresh_before(mut self, ahead: Duration) -> Self {
        self.refresh_before = ahead;
        self
    }
}

impl fmt::Debug for OAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuth")
            .field("refresh_before", &self.refresh_before)
            .finish_non_exhaustive()
    }
}

/// The tokens of one client: the one at hand, and a lock so that one task at a time gets the next.
pub(super) struct Tokens {
    http: reqwest::Client,
    url: Url,
    destination: String,
    /// The form that is posted, and the credentials outside of it.
    form: String,
    authorization: Option<HeaderValue>,
    refresh_before: Duration,
    timeout: Duration,
    connect_timeout: Duration,
    current: Mutex<Option<Token>>,
    fetching: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Clone)]
struct Token {
    header: HeaderValue,
    refresh_at: Instant,
    expires_at: Instant,
}

/// What a token endpoint answers (RFC 6749, 5.1).
#[derive(Deserialize)]
struct Issued<'a> {
    #[serde(borrow)]
    access_token: Cow<'a, str>,
    #[serde(borrow)]
    token_type: Cow<'a, str>,
    expires_in: Option<u64>,
}

/// Lifetime of a token whose answer names none.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(300);

/// Most bytes of a token endpoint's answer.
const MAX_ANSWER_LEN: usize = 64 * 1024;

/// Pause after a token could not be replaced ahead of its end.
const RETRY_PAUSE: Duration = Duration::from_secs(5);

impl Tokens {
    pub(super) fn new(
        oauth: &OAuth,
        url: Url,
        http: reqwest::Client,
        connect_timeout: Duration,
        timeout: Duration,
    ) -> Result<Self, ClientError> {
        let mut form = vec![("grant_type", "client_credentials")];
        form.extend(oauth.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let authorization = match oauth.secret_in_body {
            true => {
                form.push(("client_id", &oauth.client_id));
                form.push(("client_secret", &oauth.client_secret));
                None
            }
            // Each half is form-encoded before it is put into Basic (RFC 6749, 2.3.1).
            false => {
                let half = |text: &str| encoded([(text, None)]);
                let (id, secret) = (half(&oauth.client_id), half(&oauth.client_secret));
                Some(basic(&id, &secret)?)
            }
        };
        Ok(Self {
            http,
            destination: url.origin().ascii_serialization(),
            url,
            form: encoded(form.into_iter().map(|(name, value)| (name, Some(value)))),
            authorization,
            refresh_before: oauth.refresh_before,
            timeout,
            connect_timeout,
            current: Mutex::new(None),
            fetching: Arc::default(),
        })
    }

    /// The address of the endpoint, checked like that of messages.
    pub(super) fn url_of(oauth: &OAuth) -> Result<Url, ClientError> {
        builder::parse(&oauth.token_url)
    }

    fn current(&self) -> Option<Token> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, token: Option<Token>) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = token;
    }

    /// A value for `Authorization` that has not expired.
    pub(super) async fn get(self: &Arc<Self>) -> Result<HeaderValue, Cause> {
        let usable = || self.current().filter(|token| Instant::now() < token.expires_at);
        if let Some(token) = usable() {
            if Instant::now() >= token.refresh_at {
                self.refresh_ahead();
            }
            return Ok(token.header);
        }
        let _alone = self.fetching.lock().await;
        // Somebody else may have been first.
        if let Some(token) = usable() {
            return Ok(token.header);
        }
        let token = self.fetch().await?;
        let header = token.header.clone();
        self.keep(Some(token));
        Ok(header)
    }

    /// Gives up a token that was refused, unless it has been replaced already.
    pub(super) fn forget(&self, refused: &HeaderValue) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_some_and(|token| token.header == refused) {
            *current = None;
        }
    }

    /// Replaces the token in a task of its own, of which there is one at most.
    fn refresh_ahead(self: &Arc<Self>) {
        let Ok(alone) = Arc::clone(&self.fetching).try_lock_owned() else { return };
        let tokens = Arc::clone(self);
        tokio::spawn(async move {
            let _alone = alone;
            match tokens.fetch().await {
                Ok(token) => tokens.keep(Some(token)),
                Err(cause) => {
                    tracing::warn!(%cause, "the access token was not refreshed");
                    let again = |token| Token { refresh_at: deadline_after(RETRY_PAUSE), ..token };
                    tokens.keep(tokens.current().map(again));
                }
            }
        });
    }

    async fn fetch(&self) -> Result<Token, Cause> {
        let fetching = async {
            let mut request = self
                .http
                .post(self.url.clone())
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header(header::ACCEPT, "application/json");
            if let Some(authorization) = &self.authorization {
                request = request.header(header::AUTHORIZATION, authorization);
            }
            let asked = Instant::now();
            let mut response = request.body(self.form.clone()).send().await?;
            let status = response.status();
            Ok((asked, status, read_body(&mut response, MAX_ANSWER_LEN).await?))
        };
        let to = &self.destination;
        let finished: Result<_, reqwest::Error> =
            tokio::time::timeout(self.timeout, fetching).await.map_err(|_| {
                let text = format!("no access token from {to} within {:?}", self.timeout);
                Cause::new(CauseKind::TimedOut, text)
            })?;
        let (asked, status, body) =
            finished.map_err(|error| failure(&error, to, self.connect_timeout))?;
        if status != StatusCode::OK {
            let text =
                format!("HTTP status {} from {to} to a request for a token", status.as_u16());
            return Err(Cause::new(CauseKind::Refused, text));
        }
        let issued = body.as_deref().and_then(|body| issued(body, asked, self.refresh_before));
        issued.ok_or_else(|| {
            Cause::new(CauseKind::Refused, format!("no bearer token in the answer of {to}"))
        })
    }
}

/// The token in an endpoint's answer, with its times counted from when it was asked for.
fn issued(body: &[u8], asked: Instant, refresh_before: Duration) -> Option<Token> {
    let issued: Issued<'_> = serde_json::from_slice(body).ok()?;
    if !issued.token_type.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let lifetime = issued.expires_in.map_or(DEFAULT_LIFETIME, Duration::from_secs);
    let ahead = refresh_before.min(lifetime / 2);
    let at = |after: Duration| asked.checked_add(after).unwrap_or_else(|| deadline_after(after));
    Some(Token {
        header: bearer(&issued.access_token).ok()?,
        refresh_at: at(lifetime.saturating_sub(ahead)),
        expires_at: at(lifetime),
    })
}

/// Names and values as a form has them (`application/x-www-form-urlencoded`).
fn encoded<'a>(pairs: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        match value {
            Some(value) => form.append_pair(name, value),
            None => form.append_key_only(name),
        };
    }
    form.finish()
}

/// The value of `Authorization` for HTTP Basic (RFC 7617).
pub(super) fn basic(user: &str, password: &str) -> Result<HeaderValue, ClientError> {
    sensitive(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
}

/// The value of `Authorization` for a bearer token (RFC 6750).
pub(super) fn bearer(token: &str) -> Result<HeaderValue, ClientError> {
    sensitive(format!("Bearer {token}"))
}

fn sensitive(text: String) -> Result<HeaderValue, ClientError> {
    let mut value = HeaderValue::try_from(text).map_err(|_| ClientError::credentials())?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_token_is_replaced_ahead_of_its_end_and_at_most_half_its_life_early() {
        let asked = Instant::now();
        let minute = Duration::from_secs(60);
        for (expires_in, refresh, end) in
            [(",\"expires_in\":3600", 3540, 3600), (",\"expires_in\":10", 5, 10), ("", 240, 300)]
        {
            let body = format!("{{\"access_token\":\"x\",\"token_type\":\"Bearer\"{expires_in}}}");
            let token = issued(body.as_bytes(), asked, minute).expect(&body);
            assert_eq!(token.header, "Bearer x", "{body}");
            assert_eq!((token.refresh_at - asked).as_secs(), refresh, "{body}");
            assert_eq!((token.expires_at - asked).as_secs(), end, "{body}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_no_bearer_token_is_none() {
        for body in [
            "",
            "{}",
            "[]",
            r#"{"access_token":"x"}"#,
            r#"{"access_token":"x","token_type":"mac"}"#,
            r#"{"access_token":"x\ny","token_type":"bearer"}"#,
            r#"{"access_token":1,"token_type":"bearer"}"#,
        ] {
            assert!(issued(body.as_bytes(), Instant::now(), Duration::ZERO).is_none(), "{body}");
        }
    }
}
