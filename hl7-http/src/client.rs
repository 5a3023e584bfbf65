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
//! | any status, the body names the message (MSA-2) | [`Answered`](Delivery::Answered) |
//! | 2xx, and no answer was due (MSH-15 and MSH-16) | [`NoneDue`](Delivery::NoneDue) |
//! | any status, the body is HL7 but answers something else | [`Unknown`](Delivery::Unknown), `Mismatched` |
//! | 2xx with an empty body, or one that is not HL7 | `Unknown`, `Unreadable` |
//! | any other status without HL7, redirects included | `Unknown`, `Refused`, "HTTP status 404" |
//! | no connection, no such name, TLS failed | [`NotSent`](Delivery::NotSent) |
//! | time limit or loss once the body began to leave | `Unknown`, `TimedOut` or `Closed` |
//!
//! # Limits
//!
//! | name | default |
//! |---|---|
//! | [`connect_timeout`](ClientBuilder::connect_timeout) | 5 s, TLS included |
//! | [`timeout`](ClientBuilder::timeout) | 30 s in all |
//! | [`max_response_len`](ClientBuilder::max_response_len) | 1 MiB |
//! | [`max_idle_connections`](ClientBuilder::max_idle_connections) | 8, for 4 s each |
//!
//! Redirects are not followed, proxies are not taken from the environment, and nothing is retried:
//! that is the business of whoever knows whether a duplicate is harmless.

mod builder;
mod error;
mod evaluate;
mod sent_body;

use std::{fmt, sync::Arc};

use bytes::{Bytes, BytesMut};
use hl7_ack::{Cause, CauseKind, Deliver, Delivery, OneAttempt, Outstanding, Progress};
use hl7_parse::OwnedMessage;
use hl7_transport::TlsError;
use http::{HeaderMap, HeaderValue, header};

pub use self::builder::ClientBuilder;
pub use self::error::{ClientError, ClientErrorKind};
use self::{
    evaluate::{Content, evaluate},
    sent_body::SentBody,
};
use crate::{content, date, dialect::Dialect};

/// Sends messages to one URL. `Clone` is a reference count, and clones share connections.
///
/// The [module documentation](self) says what each response means, and the limits.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    http: reqwest::Client,
    url: reqwest::Url,
    destination: String,
    dialect: Dialect,
    headers: HeaderMap,
    limits: Limits,
}

/// The limits an exchange needs to name.
#[derive(Clone, Copy, Debug)]
struct Limits {
    connect_timeout: std::time::Duration,
    timeout: std::time::Duration,
    max_response_len: usize,
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

    /// Sends one message; the progress that `body` tells says whether a byte of it left.
    async fn exchange(
        &self,
        message: &OwnedMessage,
        outstanding: &Outstanding,
        body: SentBody,
    ) -> Result<Delivery, reqwest::Error> {
        let inner = &self.inner;
        let request = inner
            .http
            .post(inner.url.clone())
            .headers(inner.headers_for(message.as_bytes()))
            .body(reqwest::Body::wrap(body));
        let mut response = request.send().await?;
        let status = response.status();
        let content = read(&mut response, inner.limits.max_response_len).await?;
        Ok(evaluate(outstanding, status, content, inner.limits.max_response_len))
    }
}

impl OneAttempt for Client {}

impl Inner {
    /// The headers of one request; the caller's own replace those of the dialect.
    fn headers_for(&self, content: &[u8]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let dialect = &self.dialect;
        let content_type =
            content::content_type(dialect.content_type(), dialect.charset(), content);
        if let Some(value) = content_type {
            headers.insert(header::CONTENT_TYPE, value);
        }
        if let Some(value) = date::now() {
            headers.insert(header::DATE, value);
        }
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        for name in self.headers.keys() {
            headers.remove(name);
        }
        for (name, value) in &self.headers {
            headers.append(name.clone(), value.clone());
        }
        headers
    }

    /// Puts a failure into words, without the URL that reqwest's own text would show.
    fn cause(&self, error: &reqwest::Error) -> Cause {
        let (to, limits) = (&self.destination, &self.limits);
        if let Some(tls) = TlsError::find(error) {
            return Cause::new(CauseKind::Tls, format!("{to}: {tls}"));
        }
        if error.is_timeout() {
            let text = match error.is_connect() {
                true => format!("no connection to {to} within {:?}", limits.connect_timeout),
                false => format!("no answer from {to} within {:?}", limits.timeout),
            };
            return Cause::new(CauseKind::TimedOut, text);
        }
        let reason = system_error(error).map(|reason| format!(": {reason}")).unwrap_or_default();
        if error.is_connect() {
            return Cause::new(CauseKind::Unreachable, format!("{to}{reason}"));
        }
        let text = format!("{to} closed or broke the connection before its answer was complete");
        Cause::new(CauseKind::Closed, text + &reason)
    }
}

impl Deliver for Client {
    fn deliver(&self, message: OwnedMessage) -> impl Future<Output = Delivery> + Send {
        self.deliver_tracked(message, Progress::new())
    }

    async fn deliver_tracked(&self, message: OwnedMessage, progress: Progress) -> Delivery {
        let outstanding = Outstanding::of(&message);
        let body = SentBody::new(message.as_bytes().clone(), progress.clone());
        match self.exchange(&message, &outstanding, body).await {
            Ok(delivery) => delivery,
            Err(error) => {
                let cause = self.inner.cause(&error);
                match progress.has_begun() && !error.is_connect() {
                    true => Delivery::Unknown(cause),
                    false => Delivery::NotSent(cause),
                }
            }
        }
    }
}

/// Reads the body, up to `max` bytes.
async fn read(response: &mut reqwest::Response, max: usize) -> Result<Content, reqwest::Error> {
    let announced = response.content_length().unwrap_or(0);
    if usize::try_from(announced).map_or(true, |announced| announced > max) {
        return Ok(Content::TooLong);
    }
    let mut content = BytesMut::new();
    while let Some(chunk) = response.chunk().await? {
        if chunk.len() > max - content.len() {
            return Ok(Content::TooLong);
        }
        content.extend_from_slice(&chunk);
    }
    Ok(Content::Complete(Bytes::from(content)))
}

/// What the operating system said, if it is among the sources: "connection refused" and the like.
fn system_error(error: &reqwest::Error) -> Option<String> {
    let mut next = std::error::Error::source(error);
    while let Some(error) = next {
        // The resolver's own type is private to the crate below reqwest.
        if error.to_string() == "dns error" {
            return Some("the name can not be resolved".to_owned());
        }
        let io = error.downcast_ref::<std::io::Error>();
        if io.is_some_and(|io| io.kind() == std::io::ErrorKind::UnexpectedEof) {
            return Some("the peer closed the connection".to_owned());
        }
        // Texts of other crates' errors could hold what the peer sent.
        if let Some(io) = io.filter(|io| io.raw_os_error().is_some() || io.get_ref().is_none()) {
            return Some(io.to_string());
        }
        next = error.source();
    }
    None
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
