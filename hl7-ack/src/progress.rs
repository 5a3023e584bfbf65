//! [`Progress`]: what is known of a delivery while it is under way.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use crate::{Cause, Delivery, lock::lock};

/// What is known of a delivery while it is under way, for whoever may have to cut it off.
///
/// A client calls [`Progress::begin`] before the first byte of the message leaves. Whoever has a
/// time limit can then say the truth when it is over: what has not begun is
/// [`Delivery::NotSent`], what has begun is [`Delivery::Unknown`]. Clones are handles to the same
/// one.
///
/// ```
/// use hl7_ack::{Cause, CauseKind, Delivery, Progress};
///
/// let progress = Progress::new();
/// let cause = Cause::new(CauseKind::TimedOut, "after 25 s");
/// assert!(matches!(progress.cut_off(cause.clone()), Delivery::NotSent(_)));
/// progress.begin();
/// assert!(matches!(progress.cut_off(cause.clone()), Delivery::Unknown(_)));
///
/// // That attempt came to nothing, and another is to be made.
/// progress.attempted(&Delivery::NotSent(cause.clone()));
/// assert!(!progress.has_begun() && !progress.is_last());
/// progress.make_last();
/// assert!(progress.is_last());
/// ```
#[derive(Clone, Default)]
pub struct Progress {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Whether a byte left in the attempt under way.
    begun: bool,
    /// What the attempts before it came to.
    earlier: Option<Delivery>,
    /// Whether no further attempt is to be made.
    last: bool,
}

impl Progress {
    /// Of a delivery that has not begun.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Says that the message is about to leave: to be called before its first byte does. Calling
    /// it too early is safe, too late is not.
    pub fn begin(&self) {
        lock(&self.state).begun = true;
    }

    /// Whether a byte of the message may have left in the attempt under way.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        lock(&self.state).begun
    }

    /// Says that no further attempt is to be made: nobody waits for its result.
    pub fn make_last(&self) {
        lock(&self.state).last = true;
    }

    /// Whether no further attempt is to be made.
    #[must_use]
    pub fn is_last(&self) -> bool {
        lock(&self.state).last
    }

    /// Says what an attempt came to after which there may be another.
    pub fn attempted(&self, delivery: &Delivery) {
        let mut state = lock(&self.state);
        state.begun = false;
        state.earlier = Some(delivery.clone().after(state.earlier.take()));
    }

    /// What has become of the message if its delivery ends here, because of `cause`.
    pub fn cut_off(&self, cause: Cause) -> Delivery {
        let state = lock(&self.state);
        match state.begun {
            true => Delivery::Unknown(cause),
            false => Delivery::NotSent(cause).after(state.earlier.clone()),
        }
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = lock(&self.state);
        f.debug_struct("Progress")
            .field("begun", &state.begun)
            .field("last", &state.last)
            .finish_non_exhaustive()
    }
}
