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
    Copy(Copy),
    /// The same, and too many wait already.
    TooMany,
}

impl InHand {
    pub(super) fn arrived(self: &Arc<Self>, key: ReplayKey, max_waiting: usize) -> Arrived {
        let mut state = lock(&self.state);
        let State { messages, waiting } = &mut *state;
        match messages.entry(key) {
            Entry::Occupied(_) if *waiting >= max_waiting => Arrived::TooMany,
            Entry::Occupied(first) => {
                *waiting = waiting.saturating_add(1);
                Arrived::Copy(Copy { in_hand: Arc::clone(self), answered: first.get().clone() })
            }
            Entry::Vacant(place) => {
                let answered = place.insert(Later::new()).clone();
                Arrived::First(First { in_hand: Arc::clone(self), key, answered, answer: None })
            }
        }
    }
}

pub(super) struct First {
    in_hand: Arc<InHand>,
    key: ReplayKey,
    answered: Answered,
    answer: Option<FinalAnswer>,
}

impl First {
    pub(super) fn key(&self) -> &ReplayKey {
        &self.key
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

pub(super) struct Copy {
    in_hand: Arc<InHand>,
    answered: Answered,
}

impl Copy {
    pub(super) async fn answer(self) -> Option<FinalAnswer> {
        self.answered.wait().await
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let mut state = lock(&self.in_hand.state);
        state.waiting = state.waiting.saturating_sub(1);
    }
}
