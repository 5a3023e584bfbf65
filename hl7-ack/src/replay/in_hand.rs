//! [`InHand`]: the messages that are being handled, and the copies that wait for their answers.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::{FinalAnswer, ReplayKey};
use crate::{later::Later, lock::lock};

/// What a copy gets, whether or not it is kept for later ones.
pub(super) type Answered = Later<FinalAnswer>;

#[derive(Default)]
pub(super) struct InHand {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    messages: HashMap<ReplayKey, Held>,
    /// How many messages have each ID: one, unless a sender uses it for several.
    ids: HashMap<u128, usize>,
}

/// A message that is being handled.
struct Held {
    answered: Answered,
    /// How many copies of it wait.
    waiting: Arc<AtomicUsize>,
}

/// What a message is that has arrived.
pub(super) enum Arrived {
    /// The first of its kind; whoever holds this is to handle it.
    First(First),
    /// A copy of one that is being handled.
    Repeat(Repeat),
    /// The same, and too many wait already.
    TooMany,
}

impl InHand {
    pub(super) fn arrived(self: &Arc<Self>, key: ReplayKey, max_waiting: usize) -> Arrived {
        let mut state = lock(&self.state);
        let State { messages, ids } = &mut *state;
        match messages.entry(key) {
            Entry::Occupied(held) => {
                let Held { answered, waiting } = held.get();
                // It only grows under this lock.
                if waiting.load(Ordering::Relaxed) >= max_waiting {
                    return Arrived::TooMany;
                }
                waiting.fetch_add(1, Ordering::Relaxed);
                Arrived::Repeat(Repeat { waiting: Arc::clone(waiting), answered: answered.clone() })
            }
            Entry::Vacant(place) => {
                let answered = Later::new();
                place.insert(Held { answered: answered.clone(), waiting: Arc::default() });
                let of_id = ids.entry(key.id()).or_default();
                let id_in_use = *of_id > 0;
                *of_id = of_id.saturating_add(1);
                Arrived::First(First {
                    in_hand: Arc::clone(self),
                    key,
                    id_in_use,
                    answered,
                    answer: None,
                })
            }
        }
    }
}

pub(super) struct First {
    in_hand: Arc<InHand>,
    key: ReplayKey,
    id_in_use: bool,
    answered: Answered,
    answer: Option<FinalAnswer>,
}

impl First {
    pub(super) fn key(&self) -> &ReplayKey {
        &self.key
    }

    /// Whether a message with the same ID and other content was in hand when it came.
    pub(super) fn id_in_use(&self) -> bool {
        self.id_in_use
    }

    /// Ends it; copies get `answer`, or are handled themselves where there is none.
    pub(super) fn end(mut self, answer: Option<FinalAnswer>) {
        self.answer = answer;
    }
}

impl Drop for First {
    /// Also where its handling was given up, without an answer.
    fn drop(&mut self) {
        // In this order: a copy that has to begin anew must not find this one.
        let mut state = lock(&self.in_hand.state);
        state.messages.remove(&self.key);
        if let Entry::Occupied(mut of_id) = state.ids.entry(self.key.id()) {
            match *of_id.get() {
                0 | 1 => drop(of_id.remove()),
                more => *of_id.get_mut() = more.saturating_sub(1),
            }
        }
        drop(state);
        self.answered.settle(self.answer.take());
    }
}

pub(super) struct Repeat {
    waiting: Arc<AtomicUsize>,
    answered: Answered,
}

impl Repeat {
    pub(super) async fn answer(self) -> Option<FinalAnswer> {
        self.answered.wait().await
    }
}

impl Drop for Repeat {
    fn drop(&mut self) {
        // Each has added one.
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use hl7_parse::Message;

    use super::*;

    fn key(content: &str) -> ReplayKey {
        let text = format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\rPID|{content}\r");
        let message = Message::parse(text.as_bytes()).expect("readable");
        ReplayKey::of(&message).expect("has an ID")
    }

    #[test]
    fn an_id_is_in_use_until_the_last_of_its_messages_has_ended() {
        let in_hand = Arc::new(InHand::default());
        let first = |content| match in_hand.arrived(key(content), 1) {
            Arrived::First(first) => first,
            _ => panic!("{content} is in hand"),
        };
        let (one, two) = (first("1"), first("2"));
        assert!(!one.id_in_use() && two.id_in_use());
        drop(one);
        let three = first("3");
        assert!(three.id_in_use(), "by the second");
        drop((two, three));
        assert!(!first("4").id_in_use());
        let state = lock(&in_hand.state);
        assert!(state.messages.is_empty() && state.ids.is_empty(), "nothing is left");
    }

    #[test]
    fn a_copy_that_leaves_late_frees_no_place_of_the_next_first() {
        let in_hand = Arc::new(InHand::default());
        let arrived = || in_hand.arrived(key("1"), 1);
        let (first, copy) = (arrived(), arrived());
        assert!(matches!(arrived(), Arrived::TooMany));
        drop(first);
        let (_next, _waits) = (arrived(), arrived());
        drop(copy);
        assert!(matches!(arrived(), Arrived::TooMany));
    }
}
