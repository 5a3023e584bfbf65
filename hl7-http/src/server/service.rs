//! [`Service`]: a `tower` service around a handler.

use std::{
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use hl7_ack::{Acknowledger, Handler, Peer, Responder};
use hl7_transport::{Background, CutOff, Shutdown, TokioTimer};
use http::{Method, Request, Response, StatusCode, Version, header, request::Parts};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::{
    access::{Access, NoAccess},
    body::Body,
    budget::{Budget, Held},
    exchange::{Answered, Verdict, answer},
    forwarded::TrustedProxies,
    gzip,
    read::{Patience, Unread, discard, read},
    refusal::{Refusal, close},
    request_parts::RequestParts,
};
use crate::{content, date, dialect::Dialect, media_type::MediaType};

/// Answers HL7 messages in POST requests, wherever requests come from.
///
/// For applications that have an HTTP server already. It needs a tokio runtime. Clones are handles
/// to the same one.
///
/// ```
/// use axum::Router;
/// use hl7_ack::{Outcome, Received};
/// use hl7_http::server::Service;
///
/// let adt = Service::new(|_: Received| async { Outcome::accepted() });
/// let app: Router = Router::new().route_service("/hospital/adt", adt);
/// ```
///
/// What it answers is in the [module documentation](super), as are the limits, of which those of
/// connections are the business of the server it is mounted in. That server may tell the caller's
/// address: a [`Peer`] in the extensions of the request is handed to the handler.
#[derive(Clone, Debug)]
pub struct Service {
    inner: Arc<Inner>,
}

#[derive(Clone, Debug)]
struct Inner {
    responder: Responder,
    options: Options,
    in_flight: Arc<Semaphore>,
    budget: Budget,
    background: Background,
    shutdown: Shutdown,
}

/// What a service and a server have in common.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) dialect: Dialect,
    pub(super) access: Option<Access>,
    pub(super) trusted_proxies: TrustedProxies,
    pub(super) max_in_flight: usize,
    pub(super) max_body_len: usize,
    pub(super) max_buffered: usize,
    pub(super) max_background: usize,
    pub(super) body_timeout: Duration,
    pub(super) handler_timeout: Duration,
    pub(super) stop_grace: Duration,
    pub(super) acknowledger: Option<Acknowledger>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            dialect: Dialect::default(),
            access: None,
            trusted_proxies: TrustedProxies::default(),
            max_in_flight: 1024,
            max_body_len: 16 * 1024 * 1024,
            max_buffered: 256 * 1024 * 1024,
            max_background: Background::DEFAULT_MAX,
            body_timeout: Duration::from_secs(60),
            handler_timeout: Duration::from_secs(60),
            stop_grace: Duration::from_secs(3),
            acknowledger: None,
        }
    }
}

impl Options {
    pub(super) fn responder(&self, handler: impl Handler) -> Responder {
        let responder =
            Responder::new(handler).with_time_limit(self.handler_timeout, TokioTimer::default());
        match &self.acknowledger {
            Some(acknowledger) => responder.with_acknowledger(acknowledger.clone()),
            None => responder,
        }
    }
}

impl Service {
    /// Answers by this handler, which has 60 s for each message.
    pub fn new(handler: impl Handler) -> Self {
        let options = Options::default();
        let responder = options.responder(handler);
        Self::with(responder, options, Shutdown::new())
    }

    /// Answers by a [`Responder`] prepared by the caller, with its own acknowledger and time
    /// limit.
    pub fn from_responder(responder: Responder) -> Self {
        Self::with(responder, Options::default(), Shutdown::new())
    }

    pub(super) fn with(responder: Responder, options: Options, shutdown: Shutdown) -> Self {
        let in_flight = options.max_in_flight.clamp(1, Semaphore::MAX_PERMITS);
        let inner = Inner {
            responder,
            in_flight: Arc::new(Semaphore::new(in_flight)),
            budget: Budget::new(options.max_buffered.max(options.max_body_len)),
            background: Background::new(shutdown.clone(), options.max_background),
            options,
            shutdown,
        };
        Self { inner: Arc::new(inner) }
    }

    pub(super) fn options(&self) -> &Options {
        &self.inner.options
    }

    fn change(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(&mut Arc::make_mut(&mut self.inner).options);
        let Inner { responder, options, shutdown, .. } = Arc::unwrap_or_clone(self.inner);
        Self::with(responder, options, shutdown)
    }

    /// Speaks as its senders expect. Default [`Dialect::hapi_draft`].
    #[must_use]
    pub fn dialect(self, dialect: Dialect) -> Self {
        self.change(|options| options.dialect = dialect)
    }

    /// Most requests answered at once, at least 1. Default 1024.
    #[must_use]
    pub fn max_in_flight(self, requests: usize) -> Self {
        self.change(|options| options.max_in_flight = requests)
    }

    /// Most bytes of one body. Default 16 MiB.
    #[must_use]
    pub fn max_body_len(self, bytes: usize) -> Self {
        self.change(|options| options.max_body_len = bytes)
    }

    /// Most bytes of bodies held at once over all requests, at least `max_body_len`. Default 256
    /// MiB; over it the answer is 503.
    #[must_use]
    pub fn max_buffered(self, bytes: usize) -> Self {
        self.change(|options| options.max_buffered = bytes)
    }

    /// Lets in whom this lets in. Default: everybody.
    #[must_use]
    pub fn access(self, access: Access) -> Self {
        self.change(|options| options.access = Some(access))
    }

    /// Believes these proxies about who is behind them. Default: none.
    #[must_use]
    pub fn trusted_proxies(self, proxies: TrustedProxies) -> Self {
        self.change(|options| options.trusted_proxies = proxies)
    }

    /// Most futures of [`Reply::then`](hl7_ack::Reply::then) that run at once, counted per
    /// request, at least 1. Default 256.
    #[must_use]
    pub fn max_background(self, tasks: usize) -> Self {
        self.change(|options| options.max_background = tasks)
    }

    /// Longest time from the end of the headers to the end of the body. Default 60 s.
    #[must_use]
    pub fn body_timeout(self, limit: Duration) -> Self {
        self.change(|options| options.body_timeout = limit)
    }

    /// Longest time that [`finish`](Self::finish) leaves for the rest of a body that has begun to
    /// arrive; then the answer is 503. Default 3 s.
    #[must_use]
    pub fn stop_grace(self, limit: Duration) -> Self {
        self.change(|options| options.stop_grace = limit)
    }

    /// Waits for messages that are being handled and for what handlers left for after their
    /// answers, up to `deadline`, then cuts off the rest.
    ///
    /// For the end of the program, after the server it is mounted in has stopped.
    ///
    /// # Errors
    ///
    /// [`CutOff`], with how much had to be cut off.
    pub async fn finish(&self, deadline: Duration) -> Result<(), CutOff> {
        self.inner.shutdown.finish(deadline).await
    }

    /// Answers one request.
    ///
    /// # Panics
    ///
    /// When polled outside a tokio runtime.
    pub async fn answer<B>(&self, request: Request<B>) -> Response<Body>
    where
        B: http_body::Body + Send + 'static,
        B::Data: Send,
    {
        let (parts, body) = request.into_parts();
        match self.begin_answer(&parts, body).await {
            Ok(begun) => self.finish_answer(begun, parts.version).await,
            Err(response) => response,
        }
    }

    /// Everything up to the handler; a refusal is a response already.
    pub(super) async fn begin_answer<B>(
        &self,
        parts: &Parts,
        body: B,
    ) -> Result<Begun, Response<Body>>
    where
        B: http_body::Body + Send + 'static,
        B::Data: Send,
    {
        let begun = self.inner.begin(parts, body).await;
        begun.map_err(|refusal| self.refuse(refusal, parts.version))
    }

    /// The handler, and its answer.
    pub(super) async fn finish_answer(&self, begun: Begun, version: Version) -> Response<Body> {
        let Begun { content, content_type, peer, held } = begun;
        let answered = self.inner.handle(content, peer, held).await;
        let response = answered
            .and_then(|answered| self.inner.response(answered, content_type, version))
            .map(dated);
        response.unwrap_or_else(|refusal| self.refuse(refusal, version))
    }

    pub(super) fn refuse(&self, refusal: Refusal, version: Version) -> Response<Body> {
        dated(self.inner.refuse(refusal, version))
    }

    /// The messages in a body.
    #[cfg(feature = "axum")]
    pub(super) fn messages(&self, begun: &Begun) -> Vec<bytes::Bytes> {
        self.inner.responder.messages(begun.content.clone())
    }
}

/// A request whose body was read, and that was not refused.
pub(super) struct Begun {
    content: bytes::Bytes,
    content_type: Option<MediaType>,
    pub(super) peer: Peer,
    held: (OwnedSemaphorePermit, Held),
}

/// With the time at which it was made (RFC 9110, 6.6.1).
fn dated(mut response: Response<Body>) -> Response<Body> {
    if let Some(date) = date::now() {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

impl Inner {
    async fn begin<B>(&self, parts: &Parts, body: B) -> Result<Begun, Refusal>
    where
        B: http_body::Body + Send + 'static,
        B::Data: Send,
    {
        let (permit, content_type, peer) = match self.look_at(parts) {
            Ok(seen) => seen,
            Err(refusal) => {
                self.discard(parts, Box::pin(body));
                return Err(refusal);
            }
        };
        let mut held = self.budget.hold();
        let content = self.content(parts, body, &mut held).await?;
        if content.trim_ascii().is_empty() {
            return Err(Refusal::NotHl7);
        }
        Ok(Begun { content, content_type, peer, held: (permit, held) })
    }

    fn refuse(&self, refusal: Refusal, version: Version) -> Response<Body> {
        let mut response = refusal.response(version);
        if let (Refusal::Unauthorized, Some(access)) = (refusal, &self.options.access) {
            access.challenge(response.headers_mut());
        }
        response
    }

    /// What can be told before the body is read: who sends, whether there is a place, and the type
    /// of the body.
    fn look_at(
        &self,
        parts: &Parts,
    ) -> Result<(OwnedSemaphorePermit, Option<MediaType>, Peer), Refusal> {
        let Options { access, trusted_proxies, .. } = &self.options;
        let mut peer = parts.extensions.get::<Peer>().cloned().unwrap_or_default();
        let request = RequestParts::of(parts, &peer, trusted_proxies);
        if let Some(access) = access {
            access.decide(&request, &peer).map_err(|reason| match reason {
                NoAccess::Unauthorized => Refusal::Unauthorized,
                NoAccess::Forbidden => Refusal::Forbidden,
            })?;
        }
        peer.extensions_mut().insert(request);
        let permit = self.admit(parts)?;
        Ok((permit, self.taken(parts)?, peer))
    }

    /// A place among the requests in flight.
    fn admit(&self, parts: &Parts) -> Result<OwnedSemaphorePermit, Refusal> {
        if parts.method != Method::POST {
            return Err(Refusal::Method);
        }
        Arc::clone(&self.in_flight).try_acquire_owned().map_err(|_| Refusal::Overloaded)
    }

    /// The type of the request, if it is one that is taken; `None` when it has none.
    fn taken(&self, parts: &Parts) -> Result<Option<MediaType>, Refusal> {
        if Packing::of(parts).is_none() {
            return Err(Refusal::ContentEncoding);
        }
        let Some(value) = parts.headers.get(header::CONTENT_TYPE) else { return Ok(None) };
        value
            .to_str()
            .ok()
            .and_then(MediaType::parse)
            .filter(|found| self.options.dialect.accepts(found.essence()))
            .map(Some)
            .ok_or(Refusal::ContentType)
    }

    /// The HL7 in the body, unpacked and without an envelope.
    async fn content<B>(
        &self,
        parts: &Parts,
        body: B,
        held: &mut Held,
    ) -> Result<bytes::Bytes, Refusal>
    where
        B: http_body::Body + Send + 'static,
        B::Data: Send,
    {
        let Options { max_body_len, dialect, .. } = &self.options;
        let mut body = Box::pin(body);
        let mut read = read(body.as_mut(), *max_body_len, held, self.patience()).await;
        if let (Ok(content), Some(Packing::Gzip)) = (&read, Packing::of(parts)) {
            read = self.unpacked(content.clone(), held).await?;
        }
        match read {
            Ok(content) => dialect.request_content(&content).ok_or(Refusal::NotHl7),
            Err(Unread::Broken) => Err(Refusal::Broken),
            Err(Unread::NotGzip) => Err(Refusal::NotGzip),
            Err(Unread::Stopping) => Err(Refusal::Stopping),
            Err(Unread::TimedOut) => Err(Refusal::TimedOut),
            Err(Unread::NoRoom) => {
                self.discard(parts, body);
                Err(Refusal::NoRoom)
            }
            Err(Unread::TooLong) => {
                self.discard(parts, body);
                Err(Refusal::TooLong)
            }
        }
    }

    /// Unpacks on a thread that may be kept busy.
    async fn unpacked(
        &self,
        packed: bytes::Bytes,
        held: &mut Held,
    ) -> Result<Result<bytes::Bytes, Unread>, Refusal> {
        let max = self.options.max_body_len;
        let mut lent = std::mem::replace(held, self.budget.hold());
        let unpacking = tokio::task::spawn_blocking(move || {
            let content = gzip::unpacked(&packed, max, &mut lent);
            (content, lent)
        });
        let (content, returned) = unpacking.await.map_err(|_| Refusal::Stopping)?;
        *held = returned;
        Ok(content)
    }

    /// Reads on up to twice `max_body_len` while the refusal is on its way, unless the caller waits
    /// for a word before it sends its body.
    fn discard<B>(&self, parts: &Parts, body: Pin<Box<B>>)
    where
        B: http_body::Body + Send + 'static,
        B::Data: Send,
    {
        if parts.headers.contains_key(header::EXPECT) || body.is_end_stream() {
            return;
        }
        let inner = self.clone();
        self.shutdown.spawn(async move {
            let max = inner.options.max_body_len.saturating_mul(2);
            discard(body, max, inner.patience()).await;
        });
    }

    fn patience(&self) -> Patience<'_> {
        let Options { body_timeout: limit, stop_grace, .. } = self.options;
        Patience { limit, stop_grace, shutdown: &self.shutdown }
    }

    /// Handles the messages in a task of its own, which goes on when the caller goes away.
    async fn handle(
        &self,
        content: bytes::Bytes,
        peer: Peer,
        held: (OwnedSemaphorePermit, Held),
    ) -> Result<Answered, Refusal> {
        let (done, answered) = oneshot::channel();
        let inner = self.clone();
        self.shutdown.spawn(async move {
            let _held = held;
            let Self { responder, options, background, .. } = &inner;
            let answered = answer(content, &peer, responder, &options.dialect, background).await;
            // A caller that has gone takes no answer; what it left to do starts when the answer
            // is dropped.
            let _caller_has_gone = done.send(answered);
        });
        answered.await.map_err(|_| Refusal::Stopping)
    }

    fn response(
        &self,
        answered: Answered,
        content_type: Option<MediaType>,
        version: Version,
    ) -> Result<Response<Body>, Refusal> {
        let Answered { result, after } = answered;
        let dialect = &self.options.dialect;
        let (status, body, value) = match result {
            Verdict::Answer(status, content) => {
                let own = content_type.filter(MediaType::is_hl7);
                let essence = own.as_ref().map_or(dialect.content_type(), MediaType::essence);
                let value = content::content_type(essence, dialect.charset(), &content);
                let body = dialect.response_body(status, &content);
                (status, Body::new(body, after), value)
            }
            Verdict::Nothing => (dialect.empty_status(), Body::empty(after), None),
            Verdict::HangUp => {
                let mut response = Response::new(Body::empty(after));
                *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                close(response.headers_mut(), version);
                return Ok(response);
            }
            Verdict::Unreadable => return Err(Refusal::NotHl7),
            Verdict::TooMany => return Err(Refusal::TooManyMessages),
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        if let Some(value) = value {
            response.headers_mut().insert(header::CONTENT_TYPE, value);
        }
        Ok(response)
    }
}

/// How a body is packed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Packing {
    Not,
    Gzip,
}

impl Packing {
    /// `None` when it is packed in a way that is not taken.
    fn of(parts: &Parts) -> Option<Self> {
        let mut codings = parts.headers.get_all(header::CONTENT_ENCODING).iter();
        let coding = match (codings.next(), codings.next()) {
            (None, _) => return Some(Self::Not),
            (Some(coding), None) => coding.as_bytes().trim_ascii(),
            _ => return None,
        };
        let is = |name: &[u8]| coding.eq_ignore_ascii_case(name);
        match () {
            () if is(b"identity") => Some(Self::Not),
            () if is(b"gzip") || is(b"x-gzip") => Some(Self::Gzip),
            () => None,
        }
    }
}

impl<B> tower_service::Service<Request<B>> for Service
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Answering {
        let service = self.clone();
        Answering { inner: Box::pin(async move { service.answer(request).await }) }
    }
}

/// A response of a [`Service`] in the making.
#[must_use = "futures do nothing unless polled"]
pub struct Answering {
    inner: Pin<Box<dyn Future<Output = Response<Body>> + Send>>,
}

impl Future for Answering {
    type Output = Result<Response<Body>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.inner.as_mut().poll(context).map(Ok)
    }
}

impl fmt::Debug for Answering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answering")
    }
}
