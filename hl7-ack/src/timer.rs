//! [`Timer`]: how time is waited for, passed in so that this crate needs no runtime.

use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

/// Waits. `hl7-transport` has one for tokio.
pub trait Timer: Send + Sync + 'static {
    /// Completes once `duration` has passed.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send;
}

pub(crate) type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A [`Timer`] of whatever type.
#[derive(Clone)]
pub(crate) struct AnyTimer(Arc<dyn Fn(Duration) -> Sleep + Send + Sync>);

impl AnyTimer {
    pub(crate) fn new(timer: impl Timer) -> Self {
        let timer = Arc::new(timer);
        Self(Arc::new(move |duration| {
            let timer = Arc::clone(&timer);
            Box::pin(async move { timer.sleep(duration).await })
        }))
    }

    pub(crate) fn sleep(&self, duration: Duration) -> Sleep {
        (self.0)(duration)
    }

    /// What the future gives, or the future again where it takes longer than `limit`.
    pub(crate) async fn within<F>(&self, limit: Duration, mut future: Pin<Box<F>>) -> Within<F>
    where
        F: Future + ?Sized,
    {
        // What is ready at once costs no timer.
        let mut sleep = None;
        let finished = std::future::poll_fn(|context| {
            if let std::task::Poll::Ready(output) = future.as_mut().poll(context) {
                return std::task::Poll::Ready(Some(output));
            }
            let sleep = sleep.get_or_insert_with(|| self.sleep(limit));
            sleep.as_mut().poll(context).map(|()| None)
        })
        .await;
        match finished {
            Some(output) => Within::Finished(output),
            None => Within::Elapsed(future),
        }
    }
}

impl fmt::Debug for AnyTimer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnyTimer")
    }
}

pub(crate) enum Within<F: Future + ?Sized> {
    Finished(F::Output),
    Elapsed(Pin<Box<F>>),
}
