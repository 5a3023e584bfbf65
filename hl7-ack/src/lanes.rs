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

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        task::{Context, Wake},
    };

    use proptest::prelude::*;

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn may_go(ticket: &Ticket<'_>, woken: &Arc<Woken>) -> bool {
        let waker = Waker::from(Arc::clone(woken));
        let mut turn = std::pin::pin!(ticket.turn());
        turn.as_mut().poll(&mut Context::from_waker(&waker)).is_ready()
    }

    #[test]
    fn places_are_given_up_to_the_limit_and_come_back() {
        let lanes = Lanes::new(2);
        let first = lanes.enter(Box::new([1])).expect("under");
        let second = lanes.enter(Box::new([2])).expect("at");
        assert!(lanes.enter(Box::new([3])).is_none(), "over");
        drop(first);
        drop(lanes.enter(Box::new([3])).expect("a place came back"));
        drop(second);
        assert!(lanes.is_empty());
        assert!(Lanes::new(0).enter(Box::new([1])).is_none());
    }

    #[derive(Clone, Debug)]
    enum Step {
        Enter(Vec<u64>),
        /// The one at this place among those that stand, whether it may go or not.
        Leave(prop::sample::Index),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let enter = prop::collection::btree_set(0_u64..6, 1..4)
            .prop_map(|keys| Step::Enter(keys.into_iter().collect()));
        let leave = any::<prop::sample::Index>().prop_map(Step::Leave);
        prop::collection::vec(prop_oneof![3 => enter, 2 => leave], 0..60)
    }

    proptest! {
        /// Against the rule in its plainest form: whoever shares a key with one who came before
        /// and still stands has to wait, and nobody else.
        #[test]
        fn who_may_go_is_who_shares_no_key_with_an_earlier_one(steps in steps()) {
            let lanes = Lanes::new(1000);
            let mut standing: Vec<(Vec<u64>, Ticket<'_>, Arc<Woken>)> = Vec::new();
            for step in steps {
                let waited: Vec<bool> =
                    standing.iter().map(|(_, ticket, woken)| !may_go(ticket, woken)).collect();
                let before: Vec<usize> =
                    standing.iter().map(|(.., woken)| woken.0.load(Ordering::SeqCst)).collect();
                let mut left = None;
                match step {
                    Step::Enter(keys) => {
                        let ticket = lanes.enter(keys.clone().into()).expect("there is room");
                        standing.push((keys, ticket, Arc::default()));
                    }
                    Step::Leave(_) if standing.is_empty() => {}
                    Step::Leave(at) => {
                        let at = at.index(standing.len());
                        standing.remove(at);
                        left = Some(at);
                    }
                }
                for (at, (keys, ticket, woken)) in standing.iter().enumerate() {
                    let blocked = standing[..at]
                        .iter()
                        .any(|(earlier, ..)| earlier.iter().any(|key| keys.contains(key)));
                    prop_assert_eq!(may_go(ticket, woken), !blocked, "{} of {:?}", at, keys);
                    let old = at + usize::from(left.is_some_and(|left| left <= at));
                    if waited.get(old) == Some(&true) && !blocked {
                        let wakes = woken.0.load(Ordering::SeqCst);
                        prop_assert_eq!(wakes, before[old] + 1, "{:?} was not woken", keys);
                    }
                }
            }
            drop(standing);
            prop_assert!(lanes.is_empty(), "keys that nobody has are forgotten");
        }
    }

    #[test]
    fn a_message_for_which_there_is_no_place_is_told_how_many_there_are() {
        for max in [0, 1, 3] {
            let why = crate::in_order::full(&Lanes::new(max)).to_string();
            assert!(why.contains(&format!("{max} messages are waiting")), "{why}");
        }
    }
}
