//! [`Pauses`]: how long to wait before each further attempt.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

#[derive(Clone)]
pub(super) struct Pauses {
    first: Duration,
    longest: Duration,
    random: Arc<dyn Fn() -> u64 + Send + Sync>,
}

impl Pauses {
    pub(super) fn new() -> Self {
        let (seed, count) = (RandomState::new(), AtomicU64::new(0));
        Self {
            first: Duration::from_millis(500),
            longest: Duration::from_secs(10),
            random: Arc::new(move || seed.hash_one(count.fetch_add(1, Ordering::Relaxed))),
        }
    }

    pub(super) fn between(self, first: Duration, longest: Duration) -> Self {
        Self { first, longest, ..self }
    }

    pub(super) fn random(self, random: Arc<dyn Fn() -> u64 + Send + Sync>) -> Self {
        Self { random, ..self }
    }

    /// The pause after this many attempts: half of the full one and a random part of the other
    /// half.
    pub(super) fn after(&self, attempts: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(attempts.saturating_sub(1));
        let full = self.first.saturating_mul(doubled).min(self.longest);
        let part = f64::from(u32::try_from((self.random)() >> 32).unwrap_or(u32::MAX));
        let half = full / 2;
        half + half.mul_f64(part / f64::from(u32::MAX))
    }

    /// The same, or what the far side asks for, where that is longer; never more than the longest.
    pub(super) fn asked_for(&self, asked: Option<Duration>, attempts: u32) -> Duration {
        self.after(attempts).max(asked.unwrap_or_default().min(self.longest))
    }
}

impl fmt::Debug for Pauses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pauses")
            .field("first", &self.first)
            .field("longest", &self.longest)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_lose_at_most_half() {
        let pauses = Pauses::new().between(Duration::from_secs(1), Duration::from_secs(8));
        let (none, all) = (pauses.clone().random(Arc::new(|| 0)), pauses.random(Arc::new(|| !0)));
        for (attempts, seconds) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 8), (u32::MAX, 8)] {
            let full = Duration::from_secs(seconds);
            assert_eq!(none.after(attempts), full / 2, "after {attempts}");
            assert_eq!(all.after(attempts), full, "after {attempts}");
        }
    }

    #[test]
    fn a_pause_that_is_asked_for_is_kept_up_to_the_longest() {
        let pauses = Pauses::new().between(Duration::from_secs(2), Duration::from_secs(8));
        let pauses = pauses.random(Arc::new(|| !0));
        for (asked, seconds) in [(None, 2), (Some(1), 2), (Some(5), 5), (Some(8), 8), (Some(9), 8)]
        {
            let pause = pauses.asked_for(asked.map(Duration::from_secs), 1);
            assert_eq!(pause, Duration::from_secs(seconds), "{asked:?}");
        }
    }

    #[test]
    fn no_limit_overflows() {
        let pauses = Pauses::new().between(Duration::MAX, Duration::MAX);
        for attempts in [1, 2, u32::MAX] {
            assert!(pauses.after(attempts) >= Duration::MAX / 2, "after {attempts}");
        }
    }

    #[test]
    fn the_default_randomness_differs_between_calls_and_clients() {
        let (one, other) = (Pauses::new(), Pauses::new());
        let drawn: Vec<Duration> = (0..4).flat_map(|_| [one.after(5), other.after(5)]).collect();
        let mut unique = drawn.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), drawn.len(), "{drawn:?}");
    }
}
