//! [`Inner`]: answers one request, from its head to its response.

use std::{future::poll_fn, pin::Pin, sync::Arc, task::Poll};

use bytes::Bytes;
use hl7_ack::{Peer, Responder};
use hl7_transport::{Background, Shutdown};
use http::{HeaderMap, Method, Response, StatusCode, Version, header, request::Parts};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::{
    access::NoAccess,
    body::Body,
    budget::{Budget, Held},
    exchange::{Answered, Verdict, answer},
    gzip,
    packing::Packing,
    read::{Patience, Unread, discard, read},
    refusal::{Refusal, close, retry_later},
    request_parts::RequestParts,
    service::Options,
};
use crate::{content, media_type::MediaType};

/// What the clones of a service share.
#[derive(Clone, Debug)]
pub(super) struct Inner {
    pub(super) responder: Responder,
    pub(super) options: Options,
    pub(super) shutdown: Shutdown,
    in_flight: Arc<Semaphore>,
    budget: Budget,
    background: Background,
}

/// A request whose body was read, and that was not refused.
pub(super) struct Begun {
    pub(super) content: Bytes,
    pub(super) peer: Peer,
    content_type: Option<MediaType>,
    held: (OwnedSemaphorePermit, Held),
}

/// What can be told before the body is read.
struct Seen {
    permit: OwnedSemaphorePermit,
    packing: Packing,
    content_type: Option<MediaType>,
    peer: Peer,
}

impl Inner {
    pub(super) fn new(responder: Responder, options: Options, shutdown: Shutdown) -> Self {
        let in_flight = options.max_in_flight.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            responder,
            in_flight: Arc::new(Semaphore::new(in_flight)),
            budget: Budget::new(options.max_buffered.max(options.max_body_len)),
            background: Background::new(shutdown.clone(), options.max_background),
            options,
            shutdown,
        }
    }

    /// Everything up to the handler.
    pub(super) async fn begin<B>(
        self: &Arc<Self>,
        parts: Parts,
        peer: Peer,
        body: B,
    ) -> Result<Begun, Refusal>
    where
        B: http_body::Body + Send + 'static,
        B::Data: Send,
    {
        let mut body = Box::pin(body);
        // Whether the caller waits for a word before it sends its body.
        let waits = parts.headers.contains_key(header::EXPECT);
        let Seen { permit, packing, content_type, peer } = match self.look_at(parts, peer) {
            Ok(seen) => seen,
            Err(refusal) => {
                self.discard(waits, body);
                return Err(refusal);
            }
        };
        let mut held = self.budget.hold();
        let max = self.options.max_body_len;
        let mut unpacked = read(body.as_mut(), max, &mut held, self.patience()).await;
        if let (Ok(packed), Packing::Gzip) = (&unpacked, packing) {
            unpacked = self.unpacked(packed.clone(), &mut held).await?;
        }
        let content = match unpacked {
            Ok(body) => self.options.dialect.request_content(&body).ok_or(Refusal::NotHl7)?,
            Err(unread) => {
                if matches!(unread, Unread::NoRoom | Unread::TooLong) {
                    self.discard(waits, body);
                }
                return Err(unread.into());
            }
        };
        if content.trim_ascii().is_empty() {
            return Err(Refusal::NotHl7);
        }
        Ok(Begun { content, content_type, peer, held: (permit, held) })
    }

    /// Who sends, whether there is a place, and the type of the body.
    fn look_at(&self, parts: Parts, mut peer: Peer) -> Result<Seen, Refusal> {
        let Options { access, paths, trusted_proxies, .. } = &self.options;
        let Parts { method, uri, headers, .. } = parts;
        let request = RequestParts::new(method, uri, headers, &peer, trusted_proxies);
        if let Some(access) = access {
            access.decide(&request, &peer).map_err(|reason| match reason {
                NoAccess::Unauthorized => Refusal::Unauthorized,
                NoAccess::Forbidden => Refusal::Forbidden,
            })?;
        }
        if !paths.is_empty() && !paths.iter().any(|path| path == request.path()) {
            return Err(Refusal::NotFound);
        }
        if *request.method() != Method::POST {
            return Err(Refusal::Method);
        }
        let permit = Arc::clone(&self.in_flight).try_acquire_owned();
        let permit = permit.map_err(|_| Refusal::Overloaded)?;
        let packing = Packing::of(request.headers()).ok_or(Refusal::ContentEncoding)?;
        let content_type = self.taken(request.headers())?;
        peer.extensions_mut().insert(request);
        Ok(Seen { permit, packing, content_type, peer })
    }

    /// The type of the body, if it is one that is taken.
    fn taken(&self, headers: &HeaderMap) -> Result<Option<MediaType>, Refusal> {
        // Some callers send the header without a value where they know of none.
        let value = headers.get(header::CONTENT_TYPE);
        let Some(value) = value.filter(|value| !value.is_empty()) else { return Ok(None) };
        value
            .to_str()
            .ok()
            .and_then(MediaType::parse)
            .filter(|found| self.options.dialect.accepts(found.essence()))
            .map(Some)
            .ok_or(Refusal::ContentType)
    }

    /// Unpacks on a thread that may be kept busy.
    async fn unpacked(
        &self,
        packed: Bytes,
        held: &mut Held,
    ) -> Result<Result<Bytes, Unread>, Refusal> {
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
    fn discard<B>(self: &Arc<Self>, waits: bool, body: Pin<Box<B>>)
    where
        B: http_body::Body + Send + 'static,
        B::Data: Send,
    {
        if waits || body.is_end_stream() {
            return;
        }
        let inner = Arc::clone(self);
        self.shutdown.spawn(async move {
            let max = inner.options.max_body_len.saturating_mul(2);
            discard(body, max, inner.patience()).await;
        });
    }

    fn patience(&self) -> Patience<'_> {
        let Options { body_timeout: limit, stop_grace, .. } = self.options;
        Patience { limit, stop_grace, shutdown: &self.shutdown }
    }

    /// The handler, and its answer.
    pub(super) async fn finish(
        self: &Arc<Self>,
        begun: Begun,
        version: Version,
    ) -> Result<Response<Body>, Refusal> {
        let Begun { content, content_type, peer, held } = begun;
        let answered = self.handle(content, peer, held).await?;
        self.response(answered, content_type, version)
    }

    /// Handles the messages; once begun, that goes on also when the caller goes away.
    async fn handle(
        self: &Arc<Self>,
        content: Bytes,
        peer: Peer,
        held: (OwnedSemaphorePermit, Held),
    ) -> Result<Answered, Refusal> {
        let inner = Arc::clone(self);
        let mut handling = Box::pin(async move {
            let _held = held;
            let Self { responder, options, background, .. } = &*inner;
            answer(content, peer, responder, &options.dialect, background).await
        });
        // Many handlers are done at once, and need no task of their own to be so.
        let at_once = poll_fn(|context| Poll::Ready(handling.as_mut().poll(context)));
        if let Poll::Ready(answered) = at_once.await {
            return Ok(answered);
        }
        let (done, answered) = oneshot::channel();
        self.shutdown.spawn(async move {
            // A caller that has gone takes no answer; what it left to do starts when the answer
            // is dropped.
            let _caller_has_gone = done.send(handling.await);
        });
        // Not 503, which says that nothing was done.
        answered.await.map_err(|_| Refusal::CutOff)
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
        retry_later(&mut response);
        Ok(response)
    }
}

impl From<Unread> for Refusal {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Broken => Self::Broken,
            Unread::NoRoom => Self::NoRoom,
            Unread::NotGzip => Self::NotGzip,
            Unread::Stopping => Self::Stopping,
            Unread::TimedOut => Self::TimedOut,
            Unread::TooLong => Self::TooLong,
        }
    }
}
