//! [`Body`]: the body of a response, which starts what is left to do once it was handed over.

use std::{
    convert::Infallible,
    fmt,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hl7_ack::Then;
use hl7_transport::Slot;
use http_body::{Frame, SizeHint};

/// The body of a response: acknowledgments, one line of text, or nothing.
///
/// What handlers left for after their answer starts when the body is dropped: the HTTP machinery
/// drops it once it has taken the bytes over, or when the caller has gone.
pub struct Body {
    content: Option<Bytes>,
    _after: Option<After>,
}

/// What handlers left for after their answer; it starts when this is dropped, wherever that is.
pub(super) struct After {
    waiting: Option<(Slot, Vec<Then>)>,
}

impl Body {
    pub(super) fn new(content: impl Into<Bytes>, after: Option<After>) -> Self {
        let content = Some(content.into()).filter(|content| !content.is_empty());
        Self { content, _after: after }
    }

    pub(super) fn empty(after: Option<After>) -> Self {
        Self { content: None, _after: after }
    }
}

impl After {
    pub(super) fn new(slot: Slot, thens: Vec<Then>) -> Self {
        Self { waiting: Some((slot, thens)) }
    }
}

impl Drop for After {
    fn drop(&mut self) {
        if let Some((slot, thens)) = self.waiting.take() {
            slot.spawn(async move {
                for then in thens {
                    survive(then).await;
                }
            });
        }
    }
}

/// Runs a future to its end or its panic, so that one that panics does not keep the next ones from
/// running. The panic is reported by the panic hook.
async fn survive(mut then: Then) {
    poll_fn(|context| {
        // After a panic the future is not polled again, and what it shared is the handler's own.
        let polled = AssertUnwindSafe(|| then.as_mut().poll(context));
        catch_unwind(polled).unwrap_or(Poll::Ready(()))
    })
    .await;
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.content.take().map(|content| Ok(Frame::data(content))))
    }

    fn is_end_stream(&self) -> bool {
        self.content.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.content.as_ref().map_or(0, |content| content.len() as u64))
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("len", &self.content.as_ref().map_or(0, Bytes::len)).finish()
    }
}
