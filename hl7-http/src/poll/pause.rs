//! How long a poller waits.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

/// The pauses of a poller.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pauses {
    pub(super) interval: Duration,
    pub(super) max: Duration,
}

/// The pause after the first failure.
const FIRST: Duration = Duration::from_secs(1);

impl Default for Pauses {
    fn default() -> Self {
        Self { interval: Duration::from_secs(5), max: Duration::from_secs(60) }
    }
}

impl Pauses {
    /// From one request to the next: the interval, and up to a tenth of it.
    pub(super) fn between(&self) -> Duration {
        self.interval.saturating_add(part_of(self.interval / 10, random()))
    }

    /// After so many failures in a row: doubled each time up to the longest, less up to half of it,
    /// so that those who failed together do not come back together.
    pub(super) fn after(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let pause = FIRST.saturating_mul(1 << doublings).min(self.max);
        pause.saturating_sub(part_of(pause / 2, random()))
    }

    /// The same, or what the source asks for, where that is longer; never more than the longest.
    pub(super) fn asked_for(&self, asked: Option<Duration>, failures: u32) -> Duration {
        self.after(failures).max(asked.unwrap_or_default().min(self.max))
    }
}

/// A part of the whole: nothing at 0, all of it at the highest.
fn part_of(whole: Duration, random: u32) -> Duration {
    whole.mul_f64(f64::from(random) / f64::from(u32::MAX))
}

/// Good enough to spread requests; each state of the standard library's hasher is seeded anew.
fn random() -> u32 {
    (RandomState::new().hash_one(0_u8) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_lose_at_most_half_but_of_what_is_asked_for() {
        let pauses = Pauses { interval: Duration::from_secs(10), max: Duration::from_secs(60) };
        for (failures, full) in [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (8, 60), (u32::MAX, 60)]
        {
            let full = Duration::from_secs(full);
            for _ in 0..100 {
                let pause = pauses.after(failures);
                assert!(pause <= full && pause >= full / 2, "{failures}: {pause:?}");
            }
        }
        for _ in 0..100 {
            let pause = pauses.between();
            assert!((10.0..=11.0).contains(&pause.as_secs_f64()), "{pause:?}");
        }
        for (asked, failures, least, most) in [
            (None, 1, 0.5, 1.0),
            (Some(20), 1, 20.0, 20.0),
            (Some(61), 1, 60.0, 60.0),
            (Some(1), 7, 30.0, 60.0),
        ] {
            let pause = pauses.asked_for(asked.map(Duration::from_secs), failures);
            assert!((least..=most).contains(&pause.as_secs_f64()), "{asked:?}: {pause:?}");
        }
        let endless = Pauses { interval: Duration::MAX, max: Duration::MAX };
        assert_eq!(endless.between(), Duration::MAX);
        assert!(endless.after(u32::MAX) >= Duration::from_secs(1 << 30));
    }
}
