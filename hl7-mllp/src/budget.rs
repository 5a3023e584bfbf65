//! Bounds what all connections of a server buffer together.
//!
//! A connection that begins a large frame takes its part of the budget before it reads on, and
//! gives it back when the frame was answered. While nothing is left it does not read, which holds
//! its sender back. So that connections that each hold half a frame do not wait for each other,
//! one at a time may go on beyond the budget: in all at most `max_buffered` and one frame.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

/// What each connection may buffer without asking: 128 KiB.
pub(crate) const FREE: usize = 128 * 1024;

/// Bytes of one permit, so that their number fits a `u32`.
const UNIT: usize = 4 * 1024;

/// The part of the budget is taken in steps of at least this many units.
const STEP: usize = 64;

/// What the connections of one server share.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    left: Arc<Semaphore>,
    beyond: Arc<Semaphore>,
}

/// The part of one connection.
#[derive(Debug, Default)]
pub(crate) struct Share {
    budget: Option<Budget>,
    held: Option<OwnedSemaphorePermit>,
    beyond: Option<OwnedSemaphorePermit>,
}

impl Budget {
    pub(crate) fn new(bytes: usize) -> Self {
        let units = (bytes / UNIT).min(Semaphore::MAX_PERMITS);
        Self { left: Arc::new(Semaphore::new(units)), beyond: Arc::new(Semaphore::new(1)) }
    }

    pub(crate) fn share(&self) -> Share {
        Share { budget: Some(self.clone()), ..Share::default() }
    }
}

impl Share {
    /// Waits until `bytes` may be buffered; tells how long that was. May be dropped and called
    /// again.
    pub(crate) async fn cover(&mut self, bytes: usize) -> Duration {
        let Some(budget) = &self.budget else { return Duration::ZERO };
        if bytes <= FREE || self.beyond.is_some() {
            return Duration::ZERO;
        }
        let held = self.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let needed = (bytes - FREE).div_ceil(UNIT);
        if needed <= held {
            return Duration::ZERO;
        }
        let missing = u32::try_from((needed - held).max(STEP)).unwrap_or(u32::MAX);
        let started = Instant::now();
        tokio::select! {
            biased;
            Ok(more) = Arc::clone(&budget.left).acquire_many_owned(missing) => match &mut self.held {
                Some(held) => held.merge(more),
                held => *held = Some(more),
            },
            Ok(beyond) = Arc::clone(&budget.beyond).acquire_owned() => self.beyond = Some(beyond),
            // Neither is ever closed.
            else => {}
        }
        started.elapsed()
    }

    /// Gives all back.
    pub(crate) fn release(&mut self) {
        self.held = None;
        self.beyond = None;
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    const MIB: usize = 1024 * 1024;
    const SOON: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn one_share_goes_beyond_and_the_next_waits_until_something_is_given_back() {
        let budget = Budget::new(MIB);
        let (mut first, mut second, mut third) = (budget.share(), budget.share(), budget.share());
        for share in [&mut first, &mut second, &mut third] {
            assert_eq!(share.cover(FREE).await, Duration::ZERO, "free");
        }
        first.cover(FREE + MIB).await;
        assert!(first.beyond.is_none(), "at the bound");
        second.cover(FREE + 100 * MIB).await;
        assert!(second.beyond.is_some(), "one beyond it");
        second.cover(FREE + 200 * MIB).await;
        assert!(timeout(SOON, third.cover(FREE + 1)).await.is_err(), "nothing is left");
        first.release();
        let waited = timeout(SOON, third.cover(FREE + 1)).await.expect("something was given back");
        assert_eq!((waited, third.beyond.is_some()), (Duration::ZERO, false));
    }

    #[tokio::test(start_paused = true)]
    async fn a_frame_larger_than_the_whole_budget_passes_alone() {
        let budget = Budget::new(0);
        let (mut first, mut second) = (budget.share(), budget.share());
        first.cover(10 * MIB).await;
        assert!(timeout(SOON, second.cover(10 * MIB)).await.is_err());
        drop(first);
        timeout(SOON, second.cover(10 * MIB)).await.expect("its turn");
    }
}
