//! [`Background`]: runs what is left to do after an answer was written, bounded.

use std::{future::Future, sync::Arc};

use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore},
};

use crate::shutdown::Shutdown;

/// A bounded number of tasks that a [`Shutdown`] waits for. Clones share the bound.
///
/// What a handler leaves for after its answer (an application acknowledgment in enhanced mode, a
/// forward that has to finish) runs here. Nothing is dropped when all slots are taken: the caller
/// waits, which holds back its connection and in the end its peer.
#[derive(Clone, Debug)]
pub struct Background {
    slots: Arc<Semaphore>,
    max: usize,
    shutdown: Shutdown,
}

/// A reserved place for one background task.
#[derive(Debug)]
#[must_use = "the place is free again once the slot is dropped"]
pub struct Slot {
    held: Option<OwnedSemaphorePermit>,
    shutdown: Shutdown,
    runtime: Handle,
}

impl Background {
    /// Tasks at once unless [`new`](Self::new) says otherwise.
    pub const DEFAULT_MAX: usize = 256;

    /// At most `max` tasks at once, at least 1, all of which `shutdown` waits for.
    pub fn new(shutdown: Shutdown, max: usize) -> Self {
        let max = max.clamp(1, Semaphore::MAX_PERMITS);
        Self { slots: Arc::new(Semaphore::new(max)), max, shutdown }
    }

    /// Waits for a free place and reserves it, so that a task can later be started from a place
    /// that can not wait.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub async fn slot(&self) -> Slot {
        // A closed semaphore is the only error, and nothing closes it; without a permit the task
        // would still run, merely uncounted.
        let held = Arc::clone(&self.slots).acquire_owned().await.ok();
        Slot { held, shutdown: self.shutdown.clone(), runtime: Handle::current() }
    }

    /// Waits for a free place, then starts `future` and returns without waiting for its end.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub async fn spawn<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.slot().await.spawn(future);
    }

    /// How many places are taken.
    pub fn running(&self) -> usize {
        self.max.saturating_sub(self.slots.available_permits())
    }
}

impl Slot {
    /// Starts `future` in this place, on the runtime the slot was reserved on. May be called from
    /// a destructor.
    pub fn spawn<F>(self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let Self { held, shutdown, runtime } = self;
        shutdown.spawn_on(
            async move {
                let _held = held;
                future.await;
            },
            &runtime,
        );
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{sync::oneshot, time::timeout};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_task_over_the_bound_waits_until_one_ends() {
        let background = Background::new(Shutdown::new(), 2);
        let (end, ended) = oneshot::channel::<()>();
        background.spawn(std::future::pending()).await;
        background.spawn(async move { drop(ended.await) }).await;
        assert_eq!(background.running(), 2);

        let third = background.slot();
        tokio::pin!(third);
        assert!(timeout(Duration::from_secs(9), &mut third).await.is_err(), "no place yet");
        end.send(()).unwrap();
        let slot = timeout(Duration::from_secs(9), third).await.expect("a place is free");
        drop(slot);
        assert_eq!(background.running(), 1);
    }

    #[tokio::test]
    async fn the_shutdown_waits_for_background_tasks() {
        let shutdown = Shutdown::new();
        let background = Background::new(shutdown.clone(), 0);
        let (done, is_done) = oneshot::channel();
        let slot = background.slot().await;
        std::thread::spawn(move || slot.spawn(async move { done.send(7).unwrap() }))
            .join()
            .expect("a slot spawns from any thread");
        assert_eq!(shutdown.finish(Duration::from_secs(30)).await, Ok(()));
        assert_eq!(is_done.await, Ok(7));
        assert_eq!(background.running(), 0);
    }
}
