//! [`TokioTimer`]: the clock of `hl7-ack`, on tokio.

use std::{future::Future, time::Duration};

use hl7_ack::Timer;
use tokio::time::Instant;

/// The instant at which a time limit that begins now is over.
///
/// A limit too long for the clock ([`Duration::MAX`], say) is over in a hundred years: in effect
/// none, and no overflow.
/// Follows a paused clock.
#[must_use]
pub fn deadline_after(limit: Duration) -> Instant {
    const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
    let now = Instant::now();
    now.checked_add(limit.min(CENTURY)).unwrap_or(now)
}

/// Sleeps on the tokio runtime, for time limits that `hl7-ack` applies without knowing a runtime.
///
/// Under `tokio::time::pause` it follows the paused clock, so that a test of a time limit takes no
/// time.
///
/// ```
/// use std::time::Duration;
///
/// use hl7_ack::Timer;
/// use hl7_transport::TokioTimer;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// TokioTimer::default().sleep(Duration::from_millis(1)).await;
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokioTimer;

impl Timer for TokioTimer {
    /// Completes after `duration`.
    ///
    /// # Panics
    ///
    /// When polled outside a tokio runtime that has its time driver enabled.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send {
        tokio::time::sleep(duration)
    }
}
