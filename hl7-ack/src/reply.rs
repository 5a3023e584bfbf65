//! [`Reply`]: what a handler wants answered, and what it still has to do afterwards.

use std::{fmt, future::Future, pin::Pin};

use hl7_parse::OwnedMessage;

use crate::{Acknowledgment, Cause, Outcome};

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
    pub(crate) cause: Option<Cause>,
}

pub(crate) enum ReplyAnswer {
    Outcome(Outcome),
    Acknowledgment(Acknowledgment),
    Message(OwnedMessage),
    None,
    HangUp,
}

impl Reply {
    fn new(answer: ReplyAnswer) -> Self {
        Self { answer, then: None, cause: None }
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

    /// Goes on with this after the answer was written. Several are run one after the other.
    #[must_use]
    pub fn then(mut self, future: impl Future<Output = ()> + Send + 'static) -> Self {
        self.then = Some(match self.then.take() {
            None => Box::pin(future),
            Some(first) => Box::pin(async move {
                first.await;
                future.await;
            }),
        });
        self
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
            ReplyAnswer::None => "none",
            ReplyAnswer::HangUp => "hang up",
        };
        f.debug_struct("Reply")
            .field("answer", &answer)
            .field("then", &self.then.is_some())
            .finish()
    }
}
