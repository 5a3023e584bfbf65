//! [`Histogram`]: percentiles of durations in bounded memory.

use std::time::Duration;

/// Counts durations, and tells below which one a share of them lies.
///
/// To the microsecond below 256 µs and within 1 % above, in 60 KB however many there are.
#[derive(Clone, Debug)]
pub struct Histogram {
    /// How many in each bucket: one for each number below 128, then 128 for each power of two.
    buckets: Vec<u64>,
    count: u64,
    max: u64,
}

/// Buckets for each power of two.
const WITHIN: u64 = 128;
const POWERS: u64 = 58;

impl Histogram {
    /// Without any duration.
    #[must_use]
    pub fn new() -> Self {
        let len = usize::try_from(WITHIN * POWERS).unwrap_or_default();
        Self { buckets: vec![0; len], count: 0, max: 0 }
    }

    /// Counts one.
    pub fn record(&mut self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        if let Some(bucket) = self.buckets.get_mut(bucket(micros)) {
            *bucket += 1;
        }
        self.count += 1;
        self.max = self.max.max(micros);
    }

    /// Adds those of another.
    pub fn add(&mut self, other: &Self) {
        for (bucket, more) in self.buckets.iter_mut().zip(&other.buckets) {
            *bucket += more;
        }
        self.count += other.count;
        self.max = self.max.max(other.max);
    }

    /// The shortest duration that `share` of all, from 0 to 1, do not exceed. Zero where there
    /// is none.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a share of a count"
    )]
    pub fn percentile(&self, share: f64) -> Duration {
        let wanted = ((self.count as f64 * share).ceil() as u64).clamp(1, self.count.max(1));
        let mut seen = 0;
        for (bucket, count) in (0..).zip(&self.buckets) {
            seen += count;
            if seen >= wanted {
                return Duration::from_micros(longest(bucket).min(self.max));
            }
        }
        self.max()
    }

    /// The longest, to the microsecond.
    #[must_use]
    pub fn max(&self) -> Duration {
        Duration::from_micros(self.max)
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

fn bucket(micros: u64) -> usize {
    let shift = micros.checked_ilog2().unwrap_or_default().saturating_sub(WITHIN.ilog2());
    let number = u64::from(shift) * WITHIN + (micros >> shift);
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The longest duration that a bucket counts.
fn longest(bucket: u64) -> u64 {
    let shift = (bucket / WITHIN).saturating_sub(1);
    ((bucket - shift * WITHIN) << shift) | ((1 << shift) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_holds_a_number_and_is_within_a_hundredth_of_it() {
        let powers = (0..64).map(|power| 1_u64 << power);
        let numbers = powers.flat_map(|n| [n.saturating_sub(1), n, n.saturating_add(n / 3)]);
        for n in numbers.chain([0, 255, 256, 257, u64::MAX]) {
            let bucket = u64::try_from(bucket(n)).unwrap();
            assert!(bucket < WITHIN * POWERS, "{n}: bucket {bucket}");
            let longest = longest(bucket);
            assert!(longest >= n && longest - n <= n / 100, "{n}: up to {longest}");
            assert!(bucket == 0 || super::longest(bucket - 1) < n, "{n}: bucket {bucket}");
        }
    }

    #[test]
    fn percentiles_are_those_of_all_that_were_recorded() {
        let (mut odd, mut even) = (Histogram::new(), Histogram::new());
        for micros in 1..=200 {
            let histogram = if micros % 2 == 0 { &mut even } else { &mut odd };
            histogram.record(Duration::from_micros(micros));
        }
        even.add(&odd);
        for (share, micros) in [(0.0, 1), (0.005, 1), (0.5, 100), (0.99, 198), (1.0, 200)] {
            assert_eq!(even.percentile(share), Duration::from_micros(micros), "{share}");
        }
        assert_eq!(even.max(), Duration::from_micros(200));
        assert_eq!(Histogram::new().percentile(0.5), Duration::ZERO);
    }
}
