//! [`CatchPanic`]: goes on after a panic of somebody else's code.

use std::{
    future::Future,
    ops::DerefMut,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    task::{Context, Poll},
};

use hl7_parse::OwnedMessage;

use crate::{AnyDeliver, Cause, CauseKind, Deliver, Delivery, Progress};

/// Completes with the output of a future, or with `None` where it panicked. The panic hook has
/// told of it by then.
pub(crate) struct CatchPanic<P>(pub(crate) Pin<P>);

impl<P: DerefMut<Target: Future> + Unpin> Future for CatchPanic<P> {
    type Output = Option<<P::Target as Future>::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // After a panic the future is not polled again, and what it shared is its owner's own.
        match catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(context))) {
            Ok(poll) => poll.map(Some),
            Err(payload) => {
                // Dropping it could panic again.
                std::mem::forget(payload);
                Poll::Ready(None)
            }
        }
    }
}

/// Delivers, and says what is true of the message where that panics.
pub(crate) async fn deliver_caught(
    deliver: AnyDeliver,
    message: OwnedMessage,
    progress: Progress,
) -> Delivery {
    let tracked = progress.clone();
    let delivering = pin!(async move { deliver.deliver_tracked(message, tracked).await });
    let panicked = || Cause::new(CauseKind::Internal, "the delivery panicked");
    CatchPanic(delivering).await.unwrap_or_else(|| progress.cut_off(panicked()))
}
