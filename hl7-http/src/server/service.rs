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
use http::{HeaderValue, Request, Response, Version, header, request::Parts};

use super::{
    access::Access,
    answering::{Begun, Inner},
    body::Body,
    forwarded::TrustedProxies,
    refusal::Refusal,
};
use crate::{date, dialect::Dialect};

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

/// What a service and a server have in common.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) dialect: Dialect,
    pub(super) access: Option<Access>,
    /// The only ones that are taken; all where there is none.
    pub(super) paths: Vec<String>,
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
            paths: Vec::new(),
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
        Self { inner: Arc::new(Inner::new(responder, options, shutdown)) }
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
        let (mut parts, body) = request.into_parts();
        let peer = parts.extensions.remove::<Peer>().unwrap_or_default();
        self.answer_to(peer, parts, body).await
    }

    /// Answers one request of this peer.
    pub(super) async fn answer_to<B>(&self, peer: Peer, parts: Parts, body: B) -> Response<Body>
    where
        B: http_body::Body + Send + 'static,
        B::Data: Send,
    {
        let version = parts.version;
        match self.inner.begin(parts, peer, body).await {
            Ok(begun) => self.finish_answer(begun, version).await,
            Err(refusal) => self.refuse(refusal, version),
        }
    }

    /// Everything up to the handler; a refusal is a response already.
    #[cfg(feature = "axum")]
    pub(super) async fn begin_answer<B>(
        &self,
        mut parts: Parts,
        body: B,
    ) -> Result<Begun, Response<Body>>
    where
        B: http_body::Body + Send + 'static,
        B::Data: Send,
    {
        let peer = parts.extensions.remove::<Peer>().unwrap_or_default();
        let version = parts.version;
        let begun = self.inner.begin(parts, peer, body).await;
        begun.map_err(|refusal| self.refuse(refusal, version))
    }

    /// The handler, and its answer.
    pub(super) async fn finish_answer(&self, begun: Begun, version: Version) -> Response<Body> {
        match self.inner.finish(begun, version).await {
            Ok(response) => dated(response),
            Err(refusal) => self.refuse(refusal, version),
        }
    }

    pub(super) fn refuse(&self, refusal: Refusal, version: Version) -> Response<Body> {
        let mut response = refusal.response(version);
        let Options { access, dialect, .. } = &self.inner.options;
        let headers = response.headers_mut();
        match (refusal, access) {
            (Refusal::Unauthorized, Some(access)) => access.challenge(headers),
            // What would be (RFC 9110, 15.5.16).
            (Refusal::ContentType, _) => {
                let taken = HeaderValue::try_from(dialect.content_type()).ok();
                headers.extend(taken.map(|value| (header::ACCEPT, value)));
            }
            _ => {}
        }
        dated(response)
    }

    /// The messages in a body.
    #[cfg(feature = "axum")]
    pub(super) fn messages(&self, begun: &Begun) -> Vec<bytes::Bytes> {
        self.inner.responder.messages(begun.content.clone())
    }
}

/// With the time at which it was made (RFC 9110, 6.6.1).
fn dated(mut response: Response<Body>) -> Response<Body> {
    if let Some(date) = date::now() {
        response.headers_mut().insert(header::DATE, date);
    }
    response
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
