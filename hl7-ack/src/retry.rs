//! [`Retry`]: a [`Deliver`] that tries again.

mod pauses;
mod policy;

use std::{fmt, future::poll_fn, sync::Arc, task::Poll, time::Duration};

use hl7_parse::OwnedMessage;

use self::pauses::Pauses;
pub use self::policy::{RetryAction, RetryPolicy};
use crate::{
    Cause, Deliver, Delivery, OneAttempt, Progress, Timer,
    timer::{AnyTimer, Sleep},
};

/// Sends a message again, by a [`RetryPolicy`]: the same bytes with the same MSH-10, after a
/// pause that doubles each time and is cut by a random part.
///
/// ```
/// use std::time::Duration;
/// use hl7_ack::{Deliver, OneAttempt, Retry, RetryPolicy, Timer};
///
/// fn persistent(client: impl OneAttempt, timer: impl Timer) -> impl Deliver {
///     Retry::new(client, RetryPolicy::park_content_errors(), timer)
///         .max_attempts(10)
///         .max_time(Duration::from_secs(3600))
///         .pauses(Duration::from_secs(1), Duration::from_secs(300))
/// }
/// ```
///
/// What comes back is what the last attempt came to, with the number of attempts
/// ([`crate::Answer::attempts`], [`crate::Cause::attempts`]). A last attempt that did not leave
/// does not undo what is known of those before: after one with an unknown outcome the delivery
/// stays unknown, and after an answer it is that answer.
///
/// Dropping the future ends the attempts.
///
/// # Limits
///
/// | name | default |
/// |---|---|
/// | `max_attempts` | 5 |
/// | `max_time` | 20 s, which fits below [`crate::Forward::DEADLINE`] |
/// | `pauses` | 0.5 s, doubled up to 10 s |
#[derive(Clone)]
pub struct Retry<D> {
    inner: D,
    policy: RetryPolicy,
    timer: AnyTimer,
    max_attempts: u32,
    max_time: Duration,
    pauses: Pauses,
}

impl<D: OneAttempt> Retry<D> {
    /// Delivers by `inner`, again as `policy` says.
    #[must_use]
    pub fn new(inner: D, policy: RetryPolicy, timer: impl Timer) -> Self {
        Self {
            inner,
            policy,
            timer: AnyTimer::new(timer),
            max_attempts: 5,
            max_time: Duration::from_secs(20),
            pauses: Pauses::new(),
        }
    }

    /// Most attempts, the first one included; 0 is taken for 1. Default 5.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// No attempt begins so long after the first one began. Default 20 s.
    ///
    /// One that has begun is not cut off: the client's own limits end it, or a
    /// [`crate::TimeLimited`] around this.
    #[must_use]
    pub fn max_time(mut self, limit: Duration) -> Self {
        self.max_time = limit;
        self
    }

    /// The pause after the first attempt, and the longest one. Default 0.5 s and 10 s.
    ///
    /// Each is twice the one before, less a random part of up to a half: senders that lost the
    /// same receiver at the same moment do not come back at the same moment. A far side that asks
    /// for a longer pause ([`Cause::retry_after`]) gets it, up to the longest.
    #[must_use]
    pub fn pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.pauses = self.pauses.between(first, longest);
        self
    }

    /// What the random part of the pauses is made from: any 64 bits at each call. Default: the
    /// randomness that the standard library seeds its hash maps with. A test that wants whole
    /// pauses gives `|| u64::MAX`.
    #[must_use]
    pub fn randomness(mut self, random: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        self.pauses = self.pauses.random(Arc::new(random));
        self
    }

    async fn attempts(&self, message: OwnedMessage, progress: Progress) -> Delivery {
        let mut over = Over::after(self.timer.sleep(self.max_time));
        let mut earlier = None;
        let mut attempts = 0_u32;
        loop {
            attempts = attempts.saturating_add(1);
            // It starts with the first attempt.
            let _not_awaited = over.or(None).await;
            let last = self.inner.deliver_tracked(message.clone(), progress.clone()).await;
            let again = self.policy.action_for(&last) == RetryAction::Retry
                && attempts < self.max_attempts
                && !progress.is_last();
            progress.attempted(&last);
            let asked = last.cause().and_then(Cause::retry_after);
            let known = last.after(earlier);
            let pause = || self.timer.sleep(self.pauses.asked_for(asked, attempts));
            if !again || over.or(Some(pause())).await || progress.is_last() {
                return known.after_attempts(attempts);
            }
            earlier = Some(known);
        }
    }
}

impl<D: OneAttempt> Deliver for Retry<D> {
    fn deliver(&self, message: OwnedMessage) -> impl Future<Output = Delivery> + Send {
        self.deliver_tracked(message, Progress::new())
    }

    fn deliver_tracked(
        &self,
        message: OwnedMessage,
        progress: Progress,
    ) -> impl Future<Output = Delivery> + Send {
        self.attempts(message, progress)
    }
}

/// Whether the time for all attempts is over.
struct Over(Option<Sleep>);

impl Over {
    fn after(sleep: Sleep) -> Self {
        Self(Some(sleep))
    }

    /// Waits until `pause` is over, or all time is, and says whether it is that; without a pause
    /// only looks.
    async fn or(&mut self, mut pause: Option<Sleep>) -> bool {
        poll_fn(|context| {
            let Some(over) = &mut self.0 else { return Poll::Ready(true) };
            if over.as_mut().poll(context).is_ready() {
                self.0 = None;
                return Poll::Ready(true);
            }
            match &mut pause {
                None => Poll::Ready(false),
                Some(pause) => pause.as_mut().poll(context).map(|()| false),
            }
        })
        .await
    }
}

impl<D: fmt::Debug> fmt::Debug for Retry<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry")
            .field("inner", &self.inner)
            .field("policy", &self.policy)
            .field("max_attempts", &self.max_attempts)
            .field("max_time", &self.max_time)
            .field("pauses", &self.pauses)
            .finish_non_exhaustive()
    }
}
