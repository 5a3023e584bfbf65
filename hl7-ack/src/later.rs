//! [`Later`]: a value that comes once, and any number who wait for it.

use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use crate::lock::lock;

/// Handles to one value that is still to come. `None` says that it will not.
#[derive(Debug)]
pub(crate) struct Later<T>(Arc<Mutex<State<T>>>);

#[derive(Debug)]
struct State<T> {
    value: Option<Option<T>>,
    next: u64,
    wakers: HashMap<u64, Waker>,
}

impl<T> Clone for Later<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Clone> Later<T> {
    pub(crate) fn new() -> Self {
        let (next, wakers) = (0, HashMap::new());
        Self(Arc::new(Mutex::new(State { value: None, next, wakers })))
    }

    /// Gives the value to all who wait; the first one given counts. Says whether it is this one.
    pub(crate) fn settle(&self, value: Option<T>) -> bool {
        let mut state = lock(&self.0);
        let counts = state.value.is_none();
        if counts {
            state.value = Some(value);
        }
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        wakers.into_values().for_each(Waker::wake);
        counts
    }

    /// The value, where it has come.
    pub(crate) fn settled(&self) -> Option<T> {
        lock(&self.0).value.clone().flatten()
    }

    /// Completes with the value.
    pub(crate) fn wait(&self) -> Wait<T> {
        let mut state = lock(&self.0);
        let number = state.next;
        state.next = state.next.wrapping_add(1);
        drop(state);
        Wait { later: self.clone(), number }
    }
}

pub(crate) struct Wait<T> {
    later: Later<T>,
    number: u64,
}

impl<T: Clone> Future for Wait<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let mut state = lock(&self.later.0);
        match &state.value {
            Some(value) => Poll::Ready(value.clone()),
            None => {
                state.wakers.insert(self.number, context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl<T> Drop for Wait<T> {
    fn drop(&mut self) {
        lock(&self.later.0).wakers.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_waits_no_more_is_forgotten() {
        let later = Later::<u8>::new();
        let mut context = Context::from_waker(Waker::noop());
        let mut waits = [later.wait(), later.wait()];
        for wait in &mut waits {
            assert!(Pin::new(wait).poll(&mut context).is_pending());
        }
        assert_eq!(lock(&later.0).wakers.len(), 2);
        let [first, mut second] = waits;
        drop(first);
        assert_eq!(lock(&later.0).wakers.len(), 1);
        assert!(later.settle(Some(7)) && !later.settle(Some(8)));
        assert_eq!(Pin::new(&mut second).poll(&mut context), Poll::Ready(Some(7)));
        assert!(lock(&later.0).wakers.is_empty());
    }
}
