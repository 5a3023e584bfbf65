//! [`InHand`]: the messages that are being handled, and the copies that wait for their answers.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex},
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
    messages: HashMap<ReplayKey, Answered>,
    waiting: usize,
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
        let State { messages, waiting } = &mut *state;
        let id_in_use =
            messages.keys().any(|other| other.id() == key.id() && other.content() != key.content());
        match messages.entry(key) {
            Entry::Occupied(_) if *waiting >= max_waiting => Arrived::TooMany,
            Entry::Occupied(first) => {
                *waiting = waiting.saturating_add(1);
                Arrived::Repeat(Repeat { in_hand: Arc::clone(self), answered: first.get().clone() })
            }
            Entry::Vacant(place) => {
                let answered = place.insert(Later::new()).clone();
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
        lock(&self.in_hand.state).messages.remove(&self.key);
        self.answered.settle(self.answer.take());
    }
}

pub(super) struct Repeat {
    in_hand: Arc<InHand>,
    answered: Answered,
}

impl Repeat {
    pub(super) async fn answer(self) -> Option<FinalAnswer> {
        self.answered.wait().await
    }
}

impl Drop for Repeat {
    fn drop(&mut self) {
        let mut state = lock(&self.in_hand.state);
        state.waiting = state.waiting.saturating_sub(1);
    }
}
