//! [`Clock`] and [`ControlIds`]: what MSH-7 and MSH-10 of an acknowledgment are made from.

use std::{
    collections::hash_map::RandomState,
    fmt,
    hash::BuildHasher,
    sync::atomic::{AtomicU64, Ordering},
    time::SystemTime,
};

/// Tells the time, for MSH-7.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> SystemTime;
}

impl<F: Fn() -> SystemTime + Send + Sync + 'static> Clock for F {
    fn now(&self) -> SystemTime {
        self()
    }
}

/// Makes message control IDs, for MSH-10.
pub trait ControlIds: Send + Sync + 'static {
    /// An ID that was not given out before: at most 20 characters, letters and digits, so that
    /// it fits every version of the standard.
    fn next(&self) -> String;
}

impl<F: Fn() -> String + Send + Sync + 'static> ControlIds for F {
    fn next(&self) -> String {
        self()
    }
}

/// Control IDs that differ across processes and restarts: 12 characters drawn at random when
/// made, then 8 that count.
pub struct UniqueIds {
    prefix: String,
    count: AtomicU64,
}

/// Without letters that are taken for digits.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl UniqueIds {
    /// Draws 60 bits from the randomness that the standard library seeds its hash maps with,
    /// together with the time and the process.
    #[must_use]
    pub fn new() -> Self {
        let seed = RandomState::new().hash_one((SystemTime::now(), std::process::id()));
        Self { prefix: base_32(seed, 12), count: AtomicU64::new(0) }
    }
}

impl Default for UniqueIds {
    fn default() -> Self {
        Self::new()
    }
}

impl ControlIds for UniqueIds {
    fn next(&self) -> String {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        self.prefix.clone() + &base_32(count, 8)
    }
}

impl fmt::Debug for UniqueIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UniqueIds").field("count", &self.count).finish()
    }
}

/// The lowest `5 * digits` bits.
fn base_32(number: u64, digits: u32) -> String {
    let digit = |at: u32| {
        let index = (number >> (5 * at)) & 31;
        usize::try_from(index).ok().and_then(|index| ALPHABET.get(index)).copied().unwrap_or(b'0')
    };
    (0..digits).rev().map(|at| char::from(digit(at))).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_fit_and_differ_within_and_across_generators() {
        let generators = [UniqueIds::new(), UniqueIds::new(), UniqueIds::new()];
        let ids: HashSet<String> = (0..3000).map(|n| generators[n % 3].next()).collect();
        assert_eq!(ids.len(), 3000);
        for id in ids {
            assert!(id.len() == 20 && id.bytes().all(|b| b.is_ascii_alphanumeric()), "{id}");
        }
    }
}
