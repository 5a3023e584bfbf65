//! [`InOrder`]: a [`Deliver`] that sends one message after the other.

use std::{fmt, sync::Arc};

use hl7_parse::OwnedMessage;

use crate::{Cause, CauseKind, Deliver, Delivery, Progress, lanes::Lanes};

/// Delivers messages one at a time, in the order in which `deliver` was called. The next one
/// begins when nothing more will be done about the one before.
///
/// Retrying belongs inside, so that a message keeps its turn while it is tried again:
///
/// ```
/// use hl7_ack::{InOrder, OneAttempt, Retry, RetryPolicy, Timer};
///
/// fn keeping_order(client: impl OneAttempt, timer: impl Timer) -> impl hl7_ack::Deliver {
///     InOrder::new(Retry::new(client, RetryPolicy::park_content_errors(), timer))
/// }
/// ```
///
/// The other way round a message that is tried again would go to the end of the queue, and that
/// does not compile:
///
/// ```compile_fail,E0277
/// use hl7_ack::{InOrder, OneAttempt, Retry, RetryPolicy, Timer};
///
/// fn losing_order(client: impl OneAttempt, timer: impl Timer) -> impl hl7_ack::Deliver {
///     Retry::new(InOrder::new(client), RetryPolicy::park_content_errors(), timer)
/// }
/// ```
///
/// A message that could not be delivered is given back to its caller, and the next one goes:
/// whoever may not go on without it waits for the [`Delivery`] before the next call. Dropping the
/// future gives its place to the next; one that is kept and not polled holds up all behind it.
/// Clones are handles to the same queue.
#[derive(Clone)]
pub struct InOrder<D> {
    inner: D,
    queue: Arc<Lanes>,
}

impl<D: Deliver> InOrder<D> {
    /// Messages that may wait unless [`InOrder::max_waiting`] says otherwise.
    pub const MAX_WAITING: usize = 1024;

    /// Delivers by `inner`.
    #[must_use]
    pub fn new(inner: D) -> Self {
        Self { inner, queue: queue(Self::MAX_WAITING) }
    }

    /// How many messages may wait while another is delivered; one more is
    /// [`Delivery::NotSent`], [`CauseKind::Overloaded`], at once. Default 1024.
    ///
    /// To be set before the first message, and before cloning.
    ///
    /// ```
    /// use hl7_ack::{Deliver, InOrder};
    ///
    /// fn short_queue(client: impl Deliver) -> impl Deliver {
    ///     InOrder::new(client).max_waiting(10)
    /// }
    /// ```
    #[must_use]
    pub fn max_waiting(self, messages: usize) -> Self {
        Self { queue: queue(messages), ..self }
    }
}

fn queue(max_waiting: usize) -> Arc<Lanes> {
    Arc::new(Lanes::new(max_waiting.saturating_add(1)))
}

impl<D: Deliver> Deliver for InOrder<D> {
    fn deliver(&self, message: OwnedMessage) -> impl Future<Output = Delivery> + Send {
        self.deliver_tracked(message, Progress::new())
    }

    fn deliver_tracked(
        &self,
        message: OwnedMessage,
        progress: Progress,
    ) -> impl Future<Output = Delivery> + Send {
        // The place is taken by the call, not when the future is first polled.
        let ticket = self.queue.enter(Box::new([0]));
        async move {
            let Some(ticket) = ticket else { return Delivery::NotSent(full(&self.queue)) };
            ticket.turn().await;
            self.inner.deliver_tracked(message, progress).await
        }
    }
}

/// Why there is no place.
pub(crate) fn full(lanes: &Lanes) -> Cause {
    let detail = format!("{} messages are waiting or under way already", lanes.max());
    Cause::new(CauseKind::Overloaded, detail)
}

impl<D: fmt::Debug> fmt::Debug for InOrder<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InOrder").field("inner", &self.inner).finish_non_exhaustive()
    }
}
