//! [`Shutdown`]: tells tasks to stop and waits for them, up to a deadline.

use std::{future::Future, time::Duration};

use tokio::runtime::Handle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;

use crate::cut_off::CutOff;

/// A server's graceful stop. Clones are handles to the same one.
///
/// The order of events: [`stop`](Self::stop) is called once; every task sees
/// [`stopping`](Self::stopping) complete, finishes the exchange it is in and returns;
/// [`finish`](Self::finish) waits for all of them, and cuts off at the deadline what is left.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    stopping: CancellationToken,
    cut_off: CancellationToken,
    tasks: TaskTracker,
}

impl Shutdown {
    /// A stop that nobody has asked for yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks every task to finish what it is doing and return. Further calls change nothing.
    pub fn stop(&self) {
        self.stopping.cancel();
    }

    /// Whether [`stop`](Self::stop) was called.
    pub fn is_stopping(&self) -> bool {
        self.stopping.is_cancelled()
    }

    /// Completes once [`stop`](Self::stop) was called. Cheap to ask again and again: no lock is
    /// shared with others that wait.
    pub fn stopping(&self) -> impl Future<Output = ()> + Send + 'static {
        self.stopping.child_token().cancelled_owned()
    }

    /// Runs `future` until it completes or the stop begins, whichever is first; then it is dropped
    /// and the answer is `None`.
    pub async fn until_stopping<F: Future>(&self, future: F) -> Option<F::Output> {
        self.stopping.run_until_cancelled(future).await
    }

    /// Runs `future` as a task that [`finish`](Self::finish) waits for, in the `tracing` span of its
    /// caller: what a server logs stands in the span in which the server is run.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn spawn<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.spawn_on(future.in_current_span(), &Handle::current());
    }

    /// Runs `future` as a task of the runtime behind `handle`; like [`spawn`](Self::spawn), but
    /// usable from any thread.
    pub fn spawn_on<F>(&self, future: F, handle: &Handle)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        // One of its own: each wake of the task asks it, under its lock.
        let cut_off = self.cut_off.child_token();
        let task = async move {
            let _finished = cut_off.run_until_cancelled(future).await;
        };
        drop(self.tasks.spawn_on(task, handle));
    }

    /// How many tasks are running.
    pub fn running(&self) -> usize {
        self.tasks.len()
    }

    /// Stops (if nobody has), waits for all tasks up to `deadline`, then cuts off the rest: each
    /// is dropped at its next await.
    ///
    /// # Errors
    ///
    /// [`CutOff`], with how many had to be dropped.
    pub async fn finish(&self, deadline: Duration) -> Result<(), CutOff> {
        self.stop();
        self.tasks.close();
        if tokio::time::timeout(deadline, self.tasks.wait()).await.is_ok() {
            return Ok(());
        }
        let left = self.tasks.len();
        self.cut_off.cancel();
        Err(CutOff::new(left, deadline))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn finish_waits_for_tasks_that_end_before_the_deadline() {
        let shutdown = Shutdown::new();
        let done = Arc::new(AtomicUsize::new(0));
        for seconds in 1..=3 {
            let (stopping, done) = (shutdown.stopping(), Arc::clone(&done));
            shutdown.spawn(async move {
                stopping.await;
                sleep(Duration::from_secs(seconds)).await;
                done.fetch_add(1, Ordering::Relaxed);
            });
        }
        assert_eq!(shutdown.running(), 3);
        assert_eq!(shutdown.finish(Duration::from_secs(4)).await, Ok(()));
        assert_eq!(done.load(Ordering::Relaxed), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn finish_cuts_off_what_outlives_the_deadline_and_counts_it() {
        struct Dropped(Arc<AtomicUsize>);
        impl Drop for Dropped {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }

        let shutdown = Shutdown::new();
        let dropped = Arc::new(AtomicUsize::new(0));
        for _ in 0..2 {
            let guard = Dropped(Arc::clone(&dropped));
            shutdown.spawn(async move {
                let _guard = guard;
                std::future::pending::<()>().await;
            });
        }
        shutdown.spawn(async {});
        let started = tokio::time::Instant::now();
        let cut_off = shutdown.finish(Duration::from_secs(30)).await.expect_err("two are left");
        assert_eq!(cut_off.tasks(), 2, "{cut_off}");
        assert_eq!(started.elapsed().as_secs(), 30);
        shutdown.tasks.wait().await;
        assert_eq!(dropped.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn until_stopping_prefers_neither_but_ends_with_the_stop() {
        let shutdown = Shutdown::new();
        assert_eq!(shutdown.until_stopping(async { 7 }).await, Some(7));
        assert!(!shutdown.is_stopping());
        shutdown.stop();
        assert!(shutdown.is_stopping());
        assert_eq!(shutdown.until_stopping(std::future::pending::<()>()).await, None);
        shutdown.stopping().await;
    }
}
