//! Holds back connecting after it failed: twice as long each time, and never quite as long as
//! others do.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

/// Longest first pause.
const FIRST: Duration = Duration::from_millis(100);

/// The pause between two tries to connect.
pub(super) struct Pause {
    longest: Duration,
    state: Mutex<State>,
}

#[derive(Clone, Copy)]
struct State {
    failures: u32,
    until: Option<Instant>,
}

impl Pause {
    pub(super) fn up_to(longest: Duration) -> Self {
        Self { longest, state: Mutex::new(State { failures: 0, until: None }) }
    }

    /// Waits until the pause is over, if there is one.
    pub(super) async fn over(&self) {
        let until = self.lock().until;
        if let Some(until) = until {
            sleep_until(until).await;
        }
    }

    /// Which try is the next since it worked last: from 1.
    pub(super) fn attempt(&self) -> u32 {
        self.lock().failures.saturating_add(1)
    }

    /// Begins a pause after one more failure.
    pub(super) fn failed(&self) {
        let mut state = self.lock();
        let full = FIRST.saturating_mul(1 << state.failures.min(20)).min(self.longest);
        state.failures = state.failures.saturating_add(1);
        // Between half and all of it.
        let part = f64::from(random()) / f64::from(u16::MAX);
        let pause = full.mul_f64(0.5 + part / 2.0);
        state.until = Instant::now().checked_add(pause);
    }

    /// It worked.
    pub(super) fn worked(&self) {
        *self.lock() = State { failures: 0, until: None };
    }

    /// The state is right after every step, so a panic elsewhere does not spoil it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A number that differs from call to call and from process to process.
fn random() -> u16 {
    let [low, high, ..] = RandomState::new().hash_one(0_u8).to_le_bytes();
    u16::from_le_bytes([low, high])
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn paused(pause: &Pause) -> Duration {
        let started = Instant::now();
        pause.over().await;
        started.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_doubles_up_to_its_bound_and_ends_with_a_success() {
        let pause = Pause::up_to(Duration::from_secs(1));
        assert_eq!(paused(&pause).await, Duration::ZERO);
        for full in [100, 200, 400, 800, 1000, 1000] {
            pause.failed();
            let (took, full) = (paused(&pause).await, Duration::from_millis(full));
            // The clock of the runtime counts whole milliseconds.
            let most = full + Duration::from_millis(1);
            assert!((full / 2..=most).contains(&took), "{took:?} of {full:?}");
            assert_eq!(paused(&pause).await, Duration::ZERO, "over");
        }
        for _ in 0..100 {
            pause.failed();
        }
        assert!(paused(&pause).await <= Duration::from_millis(1001), "bounded");
        pause.failed();
        pause.worked();
        assert_eq!(paused(&pause).await, Duration::ZERO);
    }

    #[test]
    fn pauses_differ() {
        let numbers: std::collections::HashSet<u16> = (0..64).map(|_| random()).collect();
        assert!(numbers.len() > 16, "{numbers:?}");
    }
}
