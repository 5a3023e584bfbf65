//! [`Reply`]: what a handler wants answered, and what it still has to do afterwards.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use hl7_parse::OwnedMessage;

use crate::{Acknowledgment, Cause, FinalAnswer, Outcome, catch_panic::CatchPanic};

/// Work that goes on after the answer was written. A graceful stop waits for it.
pub type Then = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What a handler wants answered.
///
/// An [`Outcome`] becomes the acknowledgment that is due, an [`Acknowledgment`] is sent as it
/// is, an [`OwnedMessage`] is a response message (RSP, ORR, ...).
///
/// ```
/// use hl7_ack::{Outcome, Reply};
///
/// let reply = Reply::from(Outcome::accepted()).then(async { /* tell others */ });
/// ```
pub struct Reply {
    pub(crate) answer: ReplyAnswer,
    pub(crate) then: Option<Then>,
    pub(crate) late: Option<Late>,
    pub(crate) cause: Option<Cause>,
    /// Is set where this was late: the sender has heard something else by then.
    pub(crate) was_late: Option<Arc<AtomicBool>>,
}

pub(crate) type Late = Pin<Box<dyn Future<Output = Reply> + Send>>;

pub(crate) enum ReplyAnswer {
    Outcome(Outcome),
    Acknowledgment(Acknowledgment),
    Message(OwnedMessage),
    /// An answer that a store has, to be sent as it is.
    Kept(FinalAnswer),
    None,
    HangUp,
}

impl Reply {
    fn new(answer: ReplyAnswer) -> Self {
        Self { answer, then: None, late: None, cause: None, was_late: None }
    }

    /// Nothing is answered, because nothing is due. HTTP says 204.
    #[must_use]
    pub fn none() -> Self {
        Self::new(ReplyAnswer::None)
    }

    /// The connection is closed without an answer: the sender will take the outcome for
    /// unknown.
    #[must_use]
    pub fn hang_up() -> Self {
        Self::new(ReplyAnswer::HangUp)
    }

    /// Goes on with this after the answer was written. Several are run one after the other, also
    /// after one that panicked.
    #[must_use]
    pub fn then(mut self, future: impl Future<Output = ()> + Send + 'static) -> Self {
        self.then = Some(match self.then.take() {
            None => Box::pin(future),
            Some(first) => Box::pin(async move {
                let _or_panicked = CatchPanic(first).await;
                future.await;
            }),
        });
        self
    }

    /// This answer only says that the true one is late: the work goes on after it was written, and
    /// its result goes to [`crate::Replay`], so that a resend gets the true answer.
    ///
    /// ```
    /// use hl7_ack::{ErrorCode, Outcome, Reply};
    ///
    /// async fn still_working() -> Reply {
    ///     Outcome::accepted().into()
    /// }
    ///
    /// let late = Outcome::rejected(ErrorCode::APPLICATION_ERROR, "no result in time");
    /// let reply = Reply::from(late).late(still_working());
    /// ```
    #[must_use]
    pub fn late(mut self, future: impl Future<Output = Self> + Send + 'static) -> Self {
        self.late = Some(Box::pin(future));
        self
    }

    pub(crate) fn kept(answer: FinalAnswer) -> Self {
        Self::new(ReplyAnswer::Kept(answer))
    }

    /// All that is to be run once the answer was written.
    pub(crate) fn take_afterwards(&mut self) -> Option<Then> {
        match self.late.take() {
            None => self.then.take(),
            Some(late) => {
                let then = self.then.take();
                Some(Box::pin(async move {
                    if let Some(then) = then {
                        let _or_panicked = CatchPanic(then).await;
                    }
                    let mut reply = late.await;
                    if let Some(was_late) = &reply.was_late {
                        was_late.store(true, Ordering::Release);
                    }
                    if let Some(then) = reply.take_afterwards() {
                        then.await;
                    }
                }))
            }
        }
    }

    /// Why the answer is not what the sender hoped for, for the log of the server.
    #[must_use]
    pub fn because(mut self, cause: Cause) -> Self {
        self.cause = Some(cause);
        self
    }
}

impl From<Outcome> for Reply {
    fn from(outcome: Outcome) -> Self {
        Self::new(ReplyAnswer::Outcome(outcome))
    }
}

impl From<Acknowledgment> for Reply {
    fn from(acknowledgment: Acknowledgment) -> Self {
        Self::new(ReplyAnswer::Acknowledgment(acknowledgment))
    }
}

impl From<FinalAnswer> for Reply {
    /// Says that the handler has kept it, so that [`crate::Replay`] does not.
    fn from(answer: FinalAnswer) -> Self {
        Self::kept(answer)
    }
}

impl From<OwnedMessage> for Reply {
    fn from(message: OwnedMessage) -> Self {
        Self::new(ReplyAnswer::Message(message))
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let answer = match &self.answer {
            ReplyAnswer::Outcome(_) => "outcome",
            ReplyAnswer::Acknowledgment(_) => "acknowledgment",
            ReplyAnswer::Message(_) => "message",
            ReplyAnswer::Kept(_) => "kept",
            ReplyAnswer::None => "none",
            ReplyAnswer::HangUp => "hang up",
        };
        f.debug_struct("Reply")
            .field("answer", &answer)
            .field("then", &self.then.is_some())
            .field("late", &self.late.is_some())
            .finish()
    }
}
