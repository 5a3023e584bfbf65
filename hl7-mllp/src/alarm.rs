//! [`Alarm`]: the timer of a connection.
//!
//! Each message moves the deadline of a connection a little further. A timer set anew each time is
//! taken out of the runtime's wheel and put back in, under a lock that all connections share. This
//! one is left as it is, rings for a deadline that was moved since, and is only then set to the
//! one that counts.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    task::Poll,
};

use tokio::time::{Instant, Sleep, sleep_until};

/// One timer, used again and again; none before the first wait.
#[derive(Debug, Default)]
pub(crate) struct Alarm {
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Alarm {
    /// The output of `future`, or `None` where the deadline comes first.
    pub(crate) async fn before<F: Future>(
        &mut self,
        deadline: Instant,
        future: F,
    ) -> Option<F::Output> {
        let mut future = pin!(future);
        poll_fn(|cx| {
            if let Poll::Ready(output) = future.as_mut().poll(cx) {
                return Poll::Ready(Some(output));
            }
            let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
            if sleep.deadline() > deadline {
                sleep.as_mut().reset(deadline);
            }
            while sleep.as_mut().poll(cx).is_ready() {
                if sleep.deadline() >= deadline {
                    return Poll::Ready(None);
                }
                sleep.as_mut().reset(deadline);
            }
            Poll::Pending
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::{pending, ready},
        time::Duration,
    };

    use tokio::time::sleep;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn it_rings_at_the_deadline_whether_that_was_moved_back_or_forth() {
        let (mut alarm, started) = (Alarm::default(), Instant::now());
        let mut expected = Duration::ZERO;
        for seconds in [10, 3, 7, 1, 100, 100] {
            let deadline = Instant::now() + seconds * SECOND;
            assert_eq!(alarm.before(deadline, pending::<()>()).await, None);
            expected += seconds * SECOND;
            assert_eq!(started.elapsed(), expected, "after {seconds} s");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_silent_while_the_deadline_is_moved_before_it_comes() {
        let mut alarm = Alarm::default();
        for _ in 0..10 {
            let deadline = Instant::now() + 3 * SECOND;
            assert_eq!(alarm.before(deadline, sleep(2 * SECOND)).await, Some(()));
        }
        let deadline = Instant::now() + SECOND;
        assert_eq!(alarm.before(deadline, sleep(2 * SECOND)).await, None);
        assert_eq!(Instant::now(), deadline);
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_that_is_over_rings_at_once_and_a_result_goes_first() {
        let (mut alarm, over) = (Alarm::default(), Instant::now());
        sleep(SECOND).await;
        for _ in 0..2 {
            assert_eq!(alarm.before(over, pending::<()>()).await, None);
            assert_eq!(alarm.before(over, ready(7)).await, Some(7));
        }
        assert_eq!(over.elapsed(), SECOND);
    }
}
