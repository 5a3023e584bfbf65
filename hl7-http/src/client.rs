//! Sends messages by HTTP POST.
//!
//! [`Client`] is a [`Deliver`]: one message per request, the answer in the body of the response.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use hl7_ack::{Deliver, Delivery};
//! use hl7_http::client::Client;
//! use hl7_parse::OwnedMessage;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::builder("https://ehr.example.org/Lab/ADT")
//!     .header("x-api-key", "1234")
//!     .timeout(Duration::from_secs(20))
//!     .build()?;
//! let message = OwnedMessage::parse("MSH|^~\\&|A|B|C|D|20240229||ADT^A01|7|P|2.5\rPID|1\r")?;
//! match client.deliver(message).await {
//!     Delivery::Answered(answer) => println!("{:?}", answer.code()),
//!     Delivery::NoneDue => println!("taken"),
//!     Delivery::NotSent(cause) => println!("not sent, try again: {cause}"),
//!     Delivery::Unknown(cause) => println!("may have arrived: {cause}"),
//!     _ => {}
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What a response means
//!
//! The body decides, the status is evidence: old peers send AE with status 500, and some send AR
//! with 400. The first row that fits counts.
//!
//! | response | delivery |
//! |---|---|
//! | any status, the body names the message (MSA-2) | [`Answered`](Delivery::Answered), unless [`Dialect::conflict`] says otherwise |
//! | 2xx, and no answer was due (MSH-15 and MSH-16, or [`Dialect::empty_answer`]) | [`NoneDue`](Delivery::NoneDue) |
//! | any status, the body is HL7 but answers something else | [`Unknown`](Delivery::Unknown), `Mismatched` |
//! | 2xx with an empty body, or one that is not HL7 | `Unknown`, `Unreadable` |
//! | 400, 413, 415, 422 without HL7 | `Unknown`, `ContentRefused`, "HTTP status 415" |
//! | 401, 403 without HL7 | [`NotSent`](Delivery::NotSent), `AccessRefused` |
//! | 429, and 503 with `Retry-After`, without HL7 | `NotSent`, `Overloaded`, with [`Cause::retry_after`] |
//! | any other status without HL7, redirects included | `Unknown`, `Refused`, "HTTP status 404" |
//! | no connection, no such name, TLS failed, no access token | `NotSent` |
//! | an answer that is not HTTP | `Unknown`, `Unreadable` |
//! | time limit or loss once the body began to leave | `Unknown`, `TimedOut` or `Closed` |
//!
//! What else a body holds is nobody's answer: it is dropped, counted
//! ([`Client::dropped_inbound`]) and logged.
//!
//! # Limits
//!
//! | name | default |
//! |---|---|
//! | [`connect_timeout`](ClientBuilder::connect_timeout) | 5 s, TLS included |
//! | [`timeout`](ClientBuilder::timeout) | 30 s in all: waiting, access token, redirects and answer |
//! | [`max_response_len`](ClientBuilder::max_response_len) | 1 MiB |
//! | [`max_idle_connections`](ClientBuilder::max_idle_connections) | 8 |
//! | [`idle_timeout`](ClientBuilder::idle_timeout) | 4 s |
//! | `Retry-After` of an answer | taken for an hour where it says more |
//! | [`max_redirects`](ClientBuilder::max_redirects) | 0 |
//! | [`max_waiting`](ClientBuilder::max_waiting) | 1024 messages, with a dialect that keeps order |
//!
//! Proxies are not taken from the environment, and nothing is retried but for one thing: a message
//! answered by 401 without HL7, with a new access token ([`OAuth`]). Whether another try is
//! harmless is the business of whoever knows.
//!
//! With the feature `metrics` deliveries are counted as `hl7_http_deliveries_total` by `outcome`
//! (`answered`, `none due`, `not sent`, `unknown`) and timed as `hl7_http_delivery_seconds`.

mod builder;
mod error;
mod evaluate;
mod failure;
mod fetch;
mod oauth;
mod retry_after;
mod sent_body;

use std::{
    fmt,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use hl7_ack::{
    Cause, CauseKind, Deliver, Delivery, InOrder, Matching, OneAttempt, Outstanding, Progress,
};
use hl7_parse::OwnedMessage;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use reqwest::{Request, Url};

pub use self::builder::ClientBuilder;
pub use self::error::{ClientError, ClientErrorKind};
pub(crate) use self::fetch::Fetched;
pub use self::oauth::OAuth;
pub(crate) use self::retry_after::retry_after;
use self::{
    evaluate::{Content, Evaluated, evaluate},
    failure::failure,
    oauth::Tokens,
    sent_body::SentBody,
};
use crate::{content, date, dialect::Dialect, meter};

/// Sends messages to one URL. `Clone` is a reference count, and clones share connections.
///
/// The [module documentation](self) says what each response means, and the limits.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
    /// With a dialect that keeps order.
    in_order: Option<InOrder<Sender>>,
}

/// Sends a message as soon as it is asked to, without a time limit.
#[derive(Clone)]
struct Sender(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    url: Url,
    destination: String,
    dialect: Dialect,
    /// The caller's own headers, and those of every request: the dialect's, ours and these.
    own: HeaderMap,
    headers: HeaderMap,
    credentials: Credentials,
    matching: Matching,
    always_original: bool,
    limits: Limits,
    dropped_inbound: AtomicU64,
}

/// What a client shows of itself.
enum Credentials {
    /// What a certificate or the caller's own headers hold, if anything.
    Elsewhere,
    Fixed(HeaderValue),
    Tokens(Arc<Tokens>),
}

/// The limits an exchange needs to name.
#[derive(Clone, Copy, Debug)]
struct Limits {
    connect_timeout: Duration,
    timeout: Duration,
    max_response_len: usize,
    max_redirects: usize,
}

/// Why there is no response to look at.
enum Failed {
    /// There was no access token.
    Before(Cause),
    Http(reqwest::Error),
}

impl From<reqwest::Error> for Failed {
    fn from(error: reqwest::Error) -> Self {
        Self::Http(error)
    }
}

impl Client {
    /// Starts with a URL such as `https://host/path` and the defaults of the
    /// [module documentation](self).
    ///
    /// A user name and password in the URL are sent as HTTP Basic credentials. Neither they nor
    /// the URL's query ever appear in an error or a log.
    pub fn builder(url: &str) -> ClientBuilder {
        ClientBuilder::new(url)
    }

    /// Scheme, host and port of the URL, for logs.
    pub fn destination(&self) -> &str {
        &self.inner.destination
    }

    /// How many messages responses held that were not the answer: a message of the peer's own, the
    /// acknowledgment of another. They are dropped, and the log says so without their content.
    ///
    /// Of several acknowledgments of one message in one response the first is its answer, but an
    /// application acknowledgment is so instead of an accept acknowledgment, which is not counted.
    pub fn dropped_inbound(&self) -> u64 {
        self.inner.dropped_inbound.load(Ordering::Relaxed)
    }

    fn new(inner: Inner, max_waiting: usize) -> Self {
        let inner = Arc::new(inner);
        let in_order = inner.dialect.is_in_order();
        let in_order =
            in_order.then(|| InOrder::new(Sender(Arc::clone(&inner))).max_waiting(max_waiting));
        Self { inner, in_order }
    }
}

impl Sender {
    /// Sends one message; `progress` says whether a byte of it left.
    async fn exchange(
        &self,
        message: &OwnedMessage,
        outstanding: &Outstanding,
        progress: &Progress,
    ) -> Result<Delivery, Failed> {
        let inner = &*self.0;
        let Inner { dialect, limits, .. } = inner;
        let body = dialect.request_body(message.as_bytes());
        let mut url = inner.url.clone();
        let (mut redirects, mut renewed) = (0, false);
        loop {
            let authorization = inner.credentials.header().await?;
            let mut request = Request::new(Method::POST, url.clone());
            *request.headers_mut() = inner.headers_for(message.as_bytes(), authorization.as_ref());
            if redirects > 0 && !inner.own.contains_key(header::HOST) {
                // It may be another port.
                request.headers_mut().remove(header::HOST);
            }
            let sent = SentBody::new(body.clone(), progress.clone());
            *request.body_mut() = Some(reqwest::Body::wrap(sent));
            let mut response = inner.http.execute(request).await?;
            let status = response.status();
            if let Some(next) = redirected(&response, &url)
                && redirects < limits.max_redirects
            {
                redirects += 1;
                url = next;
                continue;
            }
            let retry_after = retry_after(response.headers());
            let max = limits.max_response_len;
            let content = match read_body(&mut response, max).await? {
                Some(content) => Content::Complete(content),
                None => Content::TooLong,
            };
            let evaluated = evaluate(outstanding, dialect, status, content, max, retry_after);
            let Evaluated { delivery, beside } = evaluated;
            if beside > 0 {
                self.0.dropped_inbound.fetch_add(beside, Ordering::Relaxed);
                let to = &self.0.destination;
                tracing::warn!(%to, messages = beside, "in a response, not its answer, dropped");
            }
            if status == StatusCode::UNAUTHORIZED
                && !renewed
                && !matches!(delivery, Delivery::Answered(_))
                && let (Credentials::Tokens(tokens), Some(refused)) =
                    (&inner.credentials, &authorization)
            {
                tokens.forget(refused);
                renewed = true;
                // Nobody has looked at it: without another token it was not sent.
                progress.attempted(&delivery);
                continue;
            }
            return Ok(delivery);
        }
    }
}

impl OneAttempt for Client {}

impl Inner {
    /// The headers of one request; the caller's own replace those of the dialect.
    fn headers_for(&self, content: &[u8], authorization: Option<&HeaderValue>) -> HeaderMap {
        let mut headers = self.headers_without_body(authorization);
        if !self.own.contains_key(header::CONTENT_TYPE) {
            let (essence, rule) = (self.dialect.content_type(), self.dialect.charset());
            if let Some(value) = content::content_type(essence, rule, content) {
                headers.insert(header::CONTENT_TYPE, value);
            }
        }
        headers
    }

    fn headers_without_body(&self, authorization: Option<&HeaderValue>) -> HeaderMap {
        let mut headers = self.headers.clone();
        if let Some(value) = date::now().filter(|_| !self.own.contains_key(header::DATE)) {
            headers.insert(header::DATE, value);
        }
        if let Some(value) = authorization.filter(|_| !self.own.contains_key(header::AUTHORIZATION))
        {
            headers.insert(header::AUTHORIZATION, value.clone());
        }
        headers
    }

    fn timed_out(&self) -> Cause {
        let text = format!("no answer from {} within {:?}", self.destination, self.limits.timeout);
        Cause::new(CauseKind::TimedOut, text)
    }
}

impl Credentials {
    async fn header(&self) -> Result<Option<HeaderValue>, Failed> {
        match self {
            Self::Elsewhere => Ok(None),
            Self::Fixed(value) => Ok(Some(value.clone())),
            Self::Tokens(tokens) => tokens.get().await.map(Some).map_err(Failed::Before),
        }
    }
}

impl Deliver for Sender {
    fn deliver(&self, message: OwnedMessage) -> impl Future<Output = Delivery> + Send {
        self.deliver_tracked(message, Progress::new())
    }

    async fn deliver_tracked(&self, message: OwnedMessage, progress: Progress) -> Delivery {
        let mut outstanding = Outstanding::of(&message).matching(self.0.matching);
        if self.0.always_original {
            outstanding = outstanding.always_original_mode();
        }
        let (cause, is_connect) = match self.exchange(&message, &outstanding, &progress).await {
            Ok(delivery) => return delivery,
            Err(Failed::Before(cause)) => (cause, false),
            Err(Failed::Http(error)) => {
                let Inner { destination, limits, .. } = &*self.0;
                (failure(&error, destination, limits.connect_timeout), error.is_connect())
            }
        };
        match progress.has_begun() && !is_connect {
            true => Delivery::Unknown(cause),
            false => Delivery::NotSent(cause),
        }
    }
}

impl Deliver for Client {
    fn deliver(&self, message: OwnedMessage) -> impl Future<Output = Delivery> + Send {
        self.deliver_tracked(message, Progress::new())
    }

    fn deliver_tracked(
        &self,
        message: OwnedMessage,
        progress: Progress,
    ) -> impl Future<Output = Delivery> + Send {
        // A place in the queue is taken by the call.
        let (queued, tracked) = (message.clone(), progress.clone());
        let turn = self.in_order.as_ref().map(|queue| queue.deliver_tracked(queued, tracked));
        async move {
            let started = Instant::now();
            let sending = async {
                match turn {
                    Some(turn) => turn.await,
                    None => {
                        let sender = Sender(Arc::clone(&self.inner));
                        sender.deliver_tracked(message, progress.clone()).await
                    }
                }
            };
            // Pinned here, so that it is not moved into the time limit.
            let sending = pin!(sending);
            let in_time = tokio::time::timeout(self.inner.limits.timeout, sending).await;
            let delivery = in_time.unwrap_or_else(|_| progress.cut_off(self.inner.timed_out()));
            meter::delivered(&delivery, started.elapsed());
            delivery
        }
    }
}

/// Where a 307 or 308 points, if that is the same host and no step down from TLS: a message is not
/// carried to somebody else because a response says so.
fn redirected(response: &reqwest::Response, from: &Url) -> Option<Url> {
    if !matches!(response.status(), StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT)
    {
        return None;
    }
    let location = response.headers().get(header::LOCATION)?.to_str().ok()?;
    let to = from.join(location).ok()?;
    let same = to.origin() == from.origin()
        || (from.scheme() == "http" && to.scheme() == "https" && to.host() == from.host());
    same.then_some(to)
}

/// Reads the body, up to `max` bytes; `None` when there are more.
async fn read_body(
    response: &mut reqwest::Response,
    max: usize,
) -> Result<Option<Bytes>, reqwest::Error> {
    let announced = response.content_length().unwrap_or(0);
    if usize::try_from(announced).map_or(true, |announced| announced > max) {
        return Ok(None);
    }
    let mut content = BytesMut::new();
    while let Some(chunk) = response.chunk().await? {
        if chunk.len() > max - content.len() {
            return Ok(None);
        }
        content.extend_from_slice(&chunk);
    }
    Ok(Some(content.freeze()))
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("destination", &self.inner.destination)
            .field("dialect", &self.inner.dialect)
            .field("limits", &self.inner.limits)
            .finish_non_exhaustive()
    }
}

const USER_AGENT: &str = concat!("hl7-http/", env!("CARGO_PKG_VERSION"));
