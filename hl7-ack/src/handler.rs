//! [`Handler`]: what a server calls with each message.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use crate::{Received, Reply};

/// Handles messages and says what to reply.
///
/// Infallible: a negative acknowledgment is the error. An `async fn(Received) -> Outcome`, or
/// anything else that gives something that turns into a [`Reply`], is a handler:
///
/// ```
/// use hl7_ack::{AnyHandler, ErrorCode, Outcome, Received};
///
/// async fn handle(received: Received) -> Outcome {
///     match received.message.as_message().segment("PID") {
///         Some(_) => Outcome::accepted(),
///         None => Outcome::error(ErrorCode::SEGMENT_SEQUENCE_ERROR, "no PID segment"),
///     }
/// }
///
/// let handler = AnyHandler::new(handle);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can not handle messages",
    label = "not an `async fn(Received) -> impl Into<Reply>`",
    note = "a handler takes `hl7_ack::Received` by value and returns an `Outcome`, an `Acknowledgment`, an `OwnedMessage` or a `Reply`"
)]
pub trait Handler: Send + Sync + 'static {
    /// Handles one message.
    fn handle(&self, received: Received) -> impl Future<Output = Reply> + Send;
}

impl<F, Fut, R> Handler for F
where
    F: Fn(Received) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = R> + Send,
    R: Into<Reply>,
{
    async fn handle(&self, received: Received) -> Reply {
        self(received).await.into()
    }
}

type Handling<'a> = Pin<Box<dyn Future<Output = Reply> + Send + 'a>>;

trait ErasedHandler: Send + Sync {
    fn handle(&self, received: Received) -> Handling<'_>;
}

impl<H: Handler> ErasedHandler for H {
    fn handle(&self, received: Received) -> Handling<'_> {
        Box::pin(Handler::handle(self, received))
    }
}

/// A [`Handler`] of whatever type. `Clone` is a reference count.
#[derive(Clone)]
pub struct AnyHandler(Arc<dyn ErasedHandler>);

impl AnyHandler {
    /// Hides the type.
    #[must_use]
    pub fn new(handler: impl Handler) -> Self {
        Self(Arc::new(handler))
    }
}

impl Handler for AnyHandler {
    fn handle(&self, received: Received) -> impl Future<Output = Reply> + Send {
        self.0.handle(received)
    }
}

impl fmt::Debug for AnyHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnyHandler")
    }
}
