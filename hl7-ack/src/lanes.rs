//! [`Lanes`]: who waits for whom, by keys.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    future::poll_fn,
    sync::Mutex,
    task::{Poll, Waker},
};

use crate::lock::lock;

/// A queue for each key. Who has several keys stands in several queues, in all of them since the
/// same moment, and goes when it is at the front of all. Whoever came first can therefore always
/// go, so that nobody waits in a circle.
///
/// A queue exists while somebody stands in it.
#[derive(Debug)]
pub(crate) struct Lanes {
    state: Mutex<State>,
    max: usize,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    standing: HashMap<u64, Standing>,
    /// The tickets of each key, in the order in which they came.
    queues: HashMap<u64, VecDeque<u64>>,
}

#[derive(Debug)]
struct Standing {
    keys: Box<[u64]>,
    /// In how many of its queues somebody stands before it.
    blocked_by: usize,
    waker: Option<Waker>,
}

/// A place in the queues, from when it is taken to when it is dropped.
#[derive(Debug)]
pub(crate) struct Ticket<'a> {
    lanes: &'a Lanes,
    number: u64,
}

impl Lanes {
    /// For at most `max` at once, waiting or going.
    pub(crate) fn new(max: usize) -> Self {
        Self { state: Mutex::default(), max }
    }

    pub(crate) fn max(&self) -> usize {
        self.max
    }

    /// Takes a place behind all who have one of these keys, each of which is named once; `None`
    /// where all places are taken.
    pub(crate) fn enter(&self, keys: Box<[u64]>) -> Option<Ticket<'_>> {
        let mut state = lock(&self.state);
        if state.standing.len() >= self.max {
            return None;
        }
        let number = state.next;
        state.next = state.next.wrapping_add(1);
        let mut blocked_by = 0_usize;
        for key in &keys {
            let queue = state.queues.entry(*key).or_default();
            blocked_by = blocked_by.saturating_add(usize::from(!queue.is_empty()));
            queue.push_back(number);
        }
        state.standing.insert(number, Standing { keys, blocked_by, waker: None });
        drop(state);
        Some(Ticket { lanes: self, number })
    }

    fn leave(&self, number: u64) {
        let mut wakers = Vec::new();
        let mut state = lock(&self.state);
        let State { standing, queues, .. } = &mut *state;
        let Some(leaving) = standing.remove(&number) else { return };
        for key in leaving.keys {
            let Entry::Occupied(mut queue) = queues.entry(key) else { continue };
            let was_first = queue.get().front() == Some(&number);
            if let Ok(at) = queue.get().binary_search(&number) {
                queue.get_mut().remove(at);
            }
            match queue.get().front() {
                None => {
                    queue.remove();
                }
                Some(next) if was_first => {
                    let Some(next) = standing.get_mut(next) else { continue };
                    next.blocked_by = next.blocked_by.saturating_sub(1);
                    if next.blocked_by == 0 {
                        wakers.extend(next.waker.take());
                    }
                }
                Some(_) => {}
            }
        }
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl Ticket<'_> {
    /// Completes when nobody stands before it.
    pub(crate) async fn turn(&self) {
        poll_fn(|context| {
            let mut state = lock(&self.lanes.state);
            match state.standing.get_mut(&self.number) {
                Some(standing) if standing.blocked_by > 0 => {
                    standing.waker = Some(context.waker().clone());
                    Poll::Pending
                }
                _ => Poll::Ready(()),
            }
        })
        .await;
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.lanes.leave(self.number);
    }
}

#[cfg(test)]
impl Lanes {
    pub(crate) fn is_empty(&self) -> bool {
        let state = lock(&self.state);
        state.standing.is_empty() && state.queues.is_empty()
    }
}
