//! [`Hl7`]: a message as an argument of an axum handler.

use std::{
    fmt,
    sync::{Mutex, OnceLock, PoisonError},
};

use axum_core::extract::{FromRequest, Request};
use hl7_ack::{ErrorCode, Outcome, Peer, Received, Reply};
use hl7_parse::OwnedMessage;
use http::{Response, Version};

use super::{answering::Begun, body::Body, refusal::Refusal, service::Service};

/// One message, taken by an axum handler, which remembers its caller: [`answer`](Self::answer)
/// gives the response in the caller's type and by the dialect.
///
/// ```
/// use axum::{Router, response::Response, routing::post};
/// use hl7_ack::Outcome;
/// use hl7_http::server::{Body, Hl7};
///
/// async fn adt(hl7: Hl7) -> Response<Body> {
///     let outcome = match hl7.message().as_message().segment("PID") {
///         Some(_) => Outcome::accepted(),
///         None => Outcome::error(hl7_ack::ErrorCode::SEGMENT_SEQUENCE_ERROR, "no PID"),
///     };
///     hl7.answer(outcome).await
/// }
///
/// let app: Router = Router::new().route("/adt", post(adt));
/// # drop(app);
/// ```
///
/// Dialect, limits and access are those of a [`Service::for_extractor`] that a layer puts into the
/// request's extensions (`axum::Extension`); without one, the defaults. Whatever the
/// [module documentation](super) says about requests holds here too, except for one thing: a
/// body with several messages is refused by 400.
pub struct Hl7 {
    message: OwnedMessage,
    peer: Peer,
    begun: Begun,
    service: Service,
    version: Version,
}

/// The reply on its way from the handler to the service that answers.
struct HandedOver(Mutex<Option<Reply>>);

impl Service {
    /// What [`Hl7`] answers by: set its dialect, limits and access, and put it into a layer.
    ///
    /// ```
    /// use axum::{Extension, Router, routing::post};
    /// use hl7_ack::Outcome;
    /// use hl7_http::{
    ///     Dialect,
    ///     server::{Hl7, Service},
    /// };
    ///
    /// let service = Service::for_extractor().dialect(Dialect::mirth()).max_body_len(1024 * 1024);
    /// let app: Router = Router::new()
    ///     .route("/adt", post(async |hl7: Hl7| hl7.answer(Outcome::accepted()).await))
    ///     .layer(Extension(service));
    /// # drop(app);
    /// ```
    pub fn for_extractor() -> Self {
        Self::new(|received: Received| {
            let handed_over = received.peer.extensions().get::<HandedOver>();
            let reply = handed_over
                .and_then(|slot| slot.0.lock().unwrap_or_else(PoisonError::into_inner).take());
            let reply = reply.unwrap_or_else(|| {
                Outcome::rejected(ErrorCode::APPLICATION_ERROR, "not handled").into()
            });
            std::future::ready(reply)
        })
    }
}

impl Hl7 {
    /// The message.
    #[must_use]
    pub fn message(&self) -> &OwnedMessage {
        &self.message
    }

    /// The caller; its extensions hold the [`RequestParts`](super::RequestParts).
    #[must_use]
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// The same as a [`Handler`](hl7_ack::Handler) gets.
    #[must_use]
    pub fn received(&self) -> Received {
        Received::new(self.message.clone(), self.peer.clone())
    }

    /// The response for this reply: an outcome, an acknowledgment, a response message, nothing.
    pub async fn answer(self, reply: impl Into<Reply>) -> Response<Body> {
        let Self { mut begun, service, version, .. } = self;
        let slot = HandedOver(Mutex::new(Some(reply.into())));
        begun.peer.extensions_mut().insert(slot);
        service.finish_answer(begun, version).await
    }
}

impl<S: Send + Sync> FromRequest<S> for Hl7 {
    type Rejection = Response<Body>;

    async fn from_request(request: Request, _: &S) -> Result<Self, Response<Body>> {
        static DEFAULT: OnceLock<Service> = OnceLock::new();
        let (parts, body) = request.into_parts();
        let service = parts.extensions.get::<Service>().cloned();
        let service =
            service.unwrap_or_else(|| DEFAULT.get_or_init(Service::for_extractor).clone());
        let version = parts.version;
        let begun = service.begin_answer(parts, body).await?;
        let refuse = |refusal| service.refuse(refusal, version);
        let mut messages = service.messages(&begun).into_iter();
        let (Some(content), None) = (messages.next(), messages.next()) else {
            return Err(refuse(Refusal::SeveralMessages));
        };
        let Ok(message) = OwnedMessage::parse_undecoded(content) else {
            // What the service answers to it is a refusal, or an acknowledgment by the dialect.
            return Err(service.finish_answer(begun, version).await);
        };
        let peer = begun.peer.clone();
        Ok(Self { message, peer, begun, service, version })
    }
}

impl fmt::Debug for Hl7 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hl7")
            .field("message", &self.message)
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}
