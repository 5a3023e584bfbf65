//! [`AtOnce`]: a [`Deliver`] that sends so many messages at a time.

use std::{
    collections::BTreeMap,
    fmt,
    future::poll_fn,
    sync::{Arc, Mutex},
    task::{Poll, Waker},
};

use hl7_parse::OwnedMessage;

use crate::{Cause, CauseKind, Deliver, Delivery, OneAttempt, Progress, lock::lock};

/// Delivers up to so many messages at once; those beyond wait, and begin in the order in which
/// `deliver` was called. For a destination that is not to be flooded, where order does not matter:
/// [`crate::InOrder`] and [`crate::PerKey`] keep it.
///
/// ```
/// use hl7_ack::{AtOnce, Deliver};
///
/// fn gentle(client: impl Deliver) -> impl Deliver {
///     AtOnce::new(client, 4).max_waiting(100)
/// }
/// ```
///
/// With a [`crate::Retry`] inside, a message keeps its place while it is tried again; outside,
/// others go meanwhile. Dropping the future gives its place to the next. Clones are handles to the
/// same places.
#[derive(Clone)]
pub struct AtOnce<D> {
    inner: D,
    turns: Arc<Turns>,
}

impl<D: Deliver> AtOnce<D> {
    /// Messages that may wait unless [`AtOnce::max_waiting`] says otherwise.
    pub const MAX_WAITING: usize = 1024;

    /// Delivers by `inner`, at most `messages` at once, and at least one.
    #[must_use]
    pub fn new(inner: D, messages: usize) -> Self {
        Self { inner, turns: Arc::new(Turns::new(messages, Self::MAX_WAITING)) }
    }

    /// How many messages may wait while as many as may are delivered; one more is
    /// [`Delivery::NotSent`], [`CauseKind::Overloaded`], at once. Default 1024.
    ///
    /// To be set before the first message, and before cloning.
    #[must_use]
    pub fn max_waiting(self, messages: usize) -> Self {
        Self { turns: Arc::new(Turns::new(self.turns.at_once, messages)), ..self }
    }
}

impl<D: Deliver> Deliver for AtOnce<D> {
    fn deliver(&self, message: OwnedMessage) -> impl Future<Output = Delivery> + Send {
        self.deliver_tracked(message, Progress::new())
    }

    fn deliver_tracked(
        &self,
        message: OwnedMessage,
        progress: Progress,
    ) -> impl Future<Output = Delivery> + Send {
        // The place is taken by the call, not when the future is first polled.
        let turn = self.turns.enter();
        async move {
            let Some(turn) = turn else {
                let detail = format!("{} messages are waiting already", self.turns.max_waiting);
                return Delivery::NotSent(Cause::new(CauseKind::Overloaded, detail));
            };
            turn.comes().await;
            self.inner.deliver_tracked(message, progress).await
        }
    }
}

impl<D: OneAttempt> OneAttempt for AtOnce<D> {}

impl<D: fmt::Debug> fmt::Debug for AtOnce<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AtOnce")
            .field("inner", &self.inner)
            .field("messages", &self.turns.at_once)
            .field("max_waiting", &self.turns.max_waiting)
            .finish()
    }
}

/// Who goes, and who waits for somebody to end.
struct Turns {
    at_once: usize,
    max_waiting: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    next: u64,
    going: usize,
    /// Those who wait, in the order in which they came.
    waiting: BTreeMap<u64, Option<Waker>>,
}

/// A place, from when it is taken to when it is dropped.
struct Turn<'a> {
    turns: &'a Turns,
    number: u64,
}

impl Turns {
    fn new(at_once: usize, max_waiting: usize) -> Self {
        Self { at_once: at_once.max(1), max_waiting, state: Mutex::default() }
    }

    fn enter(&self) -> Option<Turn<'_>> {
        let mut state = lock(&self.state);
        let number = state.next;
        // While somebody waits nobody passes.
        if state.going < self.at_once && state.waiting.is_empty() {
            state.going += 1;
        } else if state.waiting.len() < self.max_waiting {
            state.waiting.insert(number, None);
        } else {
            return None;
        }
        state.next = number.wrapping_add(1);
        drop(state);
        Some(Turn { turns: self, number })
    }
}

impl Turn<'_> {
    async fn comes(&self) {
        poll_fn(|context| match lock(&self.turns.state).waiting.get_mut(&self.number) {
            Some(waker) => {
                *waker = Some(context.waker().clone());
                Poll::Pending
            }
            None => Poll::Ready(()),
        })
        .await;
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.turns.state);
        if state.waiting.remove(&self.number).is_some() {
            return;
        }
        // Its place goes to the one that has waited longest.
        match state.waiting.pop_first() {
            Some((_, waker)) => {
                drop(state);
                waker.into_iter().for_each(Waker::wake);
            }
            None => state.going = state.going.saturating_sub(1),
        }
    }
}
