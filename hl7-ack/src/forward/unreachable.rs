//! [`Unreachable`]: what the sender hears when a message could not be passed on.

use crate::{ErrorCode, Outcome, Reply};

/// What the sender of a message hears when it could not be passed on.
///
/// The default answers AR with code 207, at the accept level CE, where the message did not
/// leave or no answer came: a sender that is told AE parks a message that could simply be sent
/// again. After an unknown outcome a resend may make a duplicate at the far side, where it did
/// arrive; that is told apart by MSH-10.
///
/// ```
/// use hl7_ack::{Unreachable, WhenUnreachable};
///
/// let policy = Unreachable::default().unknown(WhenUnreachable::HangUp);
/// ```
#[derive(Clone, Debug)]
pub struct Unreachable {
    not_sent: WhenUnreachable,
    unknown: WhenUnreachable,
    invalid: WhenUnreachable,
}

/// An answer, or none.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum WhenUnreachable {
    /// Answer this.
    Answer(Outcome),
    /// Close the connection without an answer.
    HangUp,
}

impl WhenUnreachable {
    fn reply(&self) -> Reply {
        match self {
            Self::Answer(outcome) => outcome.clone().into(),
            Self::HangUp => Reply::hang_up(),
        }
    }
}

impl Unreachable {
    /// When no byte of the message left.
    #[must_use]
    pub fn not_sent(mut self, answer: WhenUnreachable) -> Self {
        self.not_sent = answer;
        self
    }

    /// When bytes left and no usable answer came: it may have arrived.
    #[must_use]
    pub fn unknown(mut self, answer: WhenUnreachable) -> Self {
        self.unknown = answer;
        self
    }

    pub(super) fn not_sent_reply(&self) -> Reply {
        self.not_sent.reply()
    }

    pub(super) fn unknown_reply(&self) -> Reply {
        self.unknown.reply()
    }

    pub(super) fn invalid_reply(&self) -> Reply {
        self.invalid.reply()
    }

    /// When the message can not be carried (it holds a framing byte, say) or the far side refuses
    /// its content. By default AE with code 207, because a resend can not help.
    #[must_use]
    pub fn invalid(mut self, answer: WhenUnreachable) -> Self {
        self.invalid = answer;
        self
    }
}

impl Default for Unreachable {
    fn default() -> Self {
        let rejected =
            |text| WhenUnreachable::Answer(Outcome::rejected(ErrorCode::APPLICATION_ERROR, text));
        Self {
            not_sent: rejected("destination not reached"),
            unknown: rejected("no answer from the destination"),
            invalid: WhenUnreachable::Answer(Outcome::error(
                ErrorCode::APPLICATION_ERROR,
                "the message can not be passed on",
            )),
        }
    }
}
