//! [`TimeLimited`]: a [`Deliver`] that takes no longer than it may.

use std::time::Duration;

use hl7_parse::OwnedMessage;

use crate::{
    Cause, CauseKind, Deliver, Delivery, OneAttempt, Progress, Timer,
    timer::{AnyTimer, Within},
};

/// Ends a delivery that takes too long, and says what is true of it: [`Delivery::NotSent`] where
/// no byte had left, [`Delivery::Unknown`] where one had.
///
/// Around a client it limits one attempt, around a [`crate::Retry`] all of them. Where attempts
/// were made before, and the one that is cut off had not begun, what they came to stands.
///
/// ```
/// use std::time::Duration;
/// use hl7_ack::{Deliver, TimeLimited, Timer};
///
/// fn impatient(client: impl Deliver, timer: impl Timer) -> impl Deliver {
///     TimeLimited::new(client, Duration::from_secs(20), timer)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct TimeLimited<D> {
    inner: D,
    limit: Duration,
    timer: AnyTimer,
}

impl<D: Deliver> TimeLimited<D> {
    /// Delivers by `inner`, within `limit`.
    #[must_use]
    pub fn new(inner: D, limit: Duration, timer: impl Timer) -> Self {
        Self { inner, limit, timer: AnyTimer::new(timer) }
    }
}

impl<D: Deliver> Deliver for TimeLimited<D> {
    fn deliver(&self, message: OwnedMessage) -> impl Future<Output = Delivery> + Send {
        self.deliver_tracked(message, Progress::new())
    }

    fn deliver_tracked(
        &self,
        message: OwnedMessage,
        progress: Progress,
    ) -> impl Future<Output = Delivery> + Send {
        let delivering = Box::pin(self.inner.deliver_tracked(message, progress.clone()));
        async move {
            match self.timer.within(self.limit, delivering).await {
                Within::Finished(delivery) => delivery,
                Within::Elapsed(delivering) => {
                    drop(delivering);
                    progress.cut_off(elapsed(self.limit))
                }
            }
        }
    }
}

impl<D: OneAttempt> OneAttempt for TimeLimited<D> {}

pub(crate) fn elapsed(limit: Duration) -> Cause {
    Cause::new(CauseKind::TimedOut, format!("no answer within {} s", limit.as_secs_f64()))
}
