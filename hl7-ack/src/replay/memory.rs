//! [`MemoryStore`]: a [`ReplayStore`] in memory, bounded.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use super::{FinalAnswer, Known, ReplayKey, ReplayStore};
use crate::{Cause, Clock, lock::lock};

/// Keeps answers in memory. The oldest are forgotten where there are too many, where they take too
/// much memory, or where they are too old; all are when the process ends.
///
/// ```
/// use std::time::Duration;
/// use hl7_ack::MemoryStore;
///
/// let store = MemoryStore::new()
///     .max_answers(100_000)
///     .max_bytes(64 * 1024 * 1024)
///     .max_age(Duration::from_secs(3600));
/// assert!(store.is_empty());
/// ```
///
/// Clones are handles to the same store.
#[derive(Clone)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
    clock: Arc<dyn Clock>,
    max_answers: usize,
    max_bytes: usize,
    max_age: Duration,
}

#[derive(Default)]
struct State {
    next: u64,
    answers: HashMap<ReplayKey, Kept>,
    /// How many answers there are for each `ReplayKey::id`.
    ids: HashMap<u128, usize>,
    /// From the oldest to the newest.
    ages: BTreeMap<u64, ReplayKey>,
    bytes: usize,
}

struct Kept {
    number: u64,
    at: SystemTime,
    answer: FinalAnswer,
}

impl MemoryStore {
    /// What each answer is counted for beside its bytes: about what the tables take.
    pub const OVERHEAD: usize = 256;

    /// For 10,000 answers, 16 MiB and 24 hours, by the system's clock.
    #[must_use]
    pub fn new() -> Self {
        Self {
            state: Arc::default(),
            clock: Arc::new(SystemTime::now),
            max_answers: 10_000,
            max_bytes: 16 * 1024 * 1024,
            max_age: Duration::from_secs(24 * 60 * 60),
        }
    }

    /// Tells ages by another clock.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Most answers. Default 10,000.
    #[must_use]
    pub fn max_answers(mut self, answers: usize) -> Self {
        self.max_answers = answers;
        self
    }

    /// Most bytes, [`MemoryStore::OVERHEAD`] for each answer included. Default 16 MiB.
    #[must_use]
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// How long an answer is kept at most. Default 24 hours.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }

    /// How many answers are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        lock(&self.state).answers.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn forget(&self, state: &mut State, now: SystemTime) {
        while let Some((_, oldest)) = state.ages.first_key_value() {
            let age = state.answers.get(oldest).map(|kept| now.duration_since(kept.at));
            // A clock that was set back makes nothing old.
            let too_old = age.is_none_or(|age| age.is_ok_and(|age| age > self.max_age));
            let too_many = state.answers.len() > self.max_answers || state.bytes > self.max_bytes;
            if !too_old && !too_many {
                return;
            }
            let oldest = *oldest;
            state.remove(&oldest);
        }
    }
}

impl State {
    fn remove(&mut self, key: &ReplayKey) {
        let Some(kept) = self.answers.remove(key) else { return };
        self.ages.remove(&kept.number);
        self.bytes = self.bytes.saturating_sub(weight(&kept.answer));
        if let Some(count) = self.ids.get_mut(&key.id()) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.ids.remove(&key.id());
            }
        }
    }
}

fn weight(answer: &FinalAnswer) -> usize {
    let bytes = answer.as_bytes().map_or(0, |bytes| bytes.len());
    bytes.saturating_add(MemoryStore::OVERHEAD)
}

impl ReplayStore for MemoryStore {
    async fn find(&self, key: &ReplayKey) -> Result<Known, Cause> {
        let now = self.clock.now();
        let mut state = lock(&self.state);
        self.forget(&mut state, now);
        Ok(match state.answers.get(key) {
            Some(kept) => Known::Answer(kept.answer.clone()),
            None if state.ids.contains_key(&key.id()) => Known::OtherContent,
            None => Known::Nothing,
        })
    }

    async fn keep(&self, key: &ReplayKey, answer: &FinalAnswer) -> Result<(), Cause> {
        let (at, answer) = (self.clock.now(), answer.detached());
        let mut state = lock(&self.state);
        state.remove(key);
        let number = state.next;
        state.next = state.next.wrapping_add(1);
        state.bytes = state.bytes.saturating_add(weight(&answer));
        state.ages.insert(number, *key);
        let count = state.ids.entry(key.id()).or_default();
        *count = count.saturating_add(1);
        state.answers.insert(*key, Kept { number, at, answer });
        self.forget(&mut state, at);
        Ok(())
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("len", &self.len())
            .field("max_answers", &self.max_answers)
            .field("max_bytes", &self.max_bytes)
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}
