//! [`Forward`]: a [`Handler`] made of a [`Deliver`], so that a bridge is a server and a client.

use std::time::Duration;

use crate::{
    AckRequest, Acknowledgment, Answer, AnyDeliver, Cause, CauseKind, Deliver, Delivery, ErrorCode,
    Handler, Outcome, Received, Reply, Timer,
    timer::{AnyTimer, Within},
};

/// Passes each message on and answers with what the far side answered.
///
/// The bytes pass unchanged, but that every segment is ended by one CR and that nothing stands
/// before MSH; the far side's acknowledgment passes likewise, at the level (A. or C.) it has, if
/// the sender asked for one of that outcome (MSH-15, MSH-16). One that is negative and that nobody
/// asked for is told to the log of the server.
/// What the sender hears when there is none is the policy: [`Unreachable`].
#[derive(Clone, Debug)]
pub struct Forward {
    deliver: AnyDeliver,
    unreachable: Unreachable,
    deadline: Option<(Duration, AnyTimer)>,
}

impl Forward {
    /// The usual deadline: senders mostly wait for 30 s.
    pub const DEADLINE: Duration = Duration::from_secs(25);

    /// Passes messages on to this destination.
    #[must_use]
    pub fn to(deliver: impl Deliver) -> Self {
        Self {
            deliver: AnyDeliver::new(deliver),
            unreachable: Unreachable::default(),
            deadline: None,
        }
    }

    /// Answers by the policy for an unknown outcome once this much time has passed, whatever
    /// the destination's own limits are; see [`Forward::DEADLINE`].
    #[must_use]
    pub fn deadline(mut self, deadline: Duration, timer: impl Timer) -> Self {
        self.deadline = Some((deadline, AnyTimer::new(timer)));
        self
    }

    /// What the sender hears when the far side gave no answer.
    #[must_use]
    pub fn unreachable(mut self, policy: Unreachable) -> Self {
        self.unreachable = policy;
        self
    }

    async fn deliver(&self, received: &Received) -> Delivery {
        let message = received.message.with_cr_ends();
        let Some((limit, timer)) = &self.deadline else {
            return self.deliver.deliver(message).await;
        };
        match timer.within(*limit, Box::pin(self.deliver.deliver(message))).await {
            Within::Finished(delivery) => delivery,
            Within::Elapsed(_) => Delivery::Unknown(Cause::new(
                CauseKind::TimedOut,
                format!("no answer within {} s", limit.as_secs_f64()),
            )),
        }
    }

    fn pass_back(&self, received: &Received, answer: &Answer) -> Reply {
        let Some(code) = answer.code() else {
            let cause = Cause::new(CauseKind::Unreadable, "its MSA-1 is not in Table 0008");
            return self.unreachable.unknown.reply().because(cause);
        };
        if AckRequest::of(&received.message.as_message()).wants(code) {
            Acknowledgment::passed_on(answer).into()
        } else if code.is_positive() {
            Reply::none()
        } else {
            // Nobody asked for it, but it is not to be lost without a trace.
            let detail = format!("{code}, which the sender has not asked for");
            Reply::none().because(Cause::new(CauseKind::Refused, detail))
        }
    }
}

/// Whether a resend can not help.
fn is_final(kind: CauseKind) -> bool {
    matches!(kind, CauseKind::InvalidContent | CauseKind::ContentRefused)
}

impl Handler for Forward {
    async fn handle(&self, received: Received) -> Reply {
        match self.deliver(&received).await {
            Delivery::Answered(answer) => self.pass_back(&received, &answer),
            Delivery::NoneDue => Reply::none(),
            Delivery::NotSent(cause) | Delivery::Unknown(cause) if is_final(cause.kind()) => {
                self.unreachable.invalid.reply().because(cause)
            }
            Delivery::NotSent(cause) => self.unreachable.not_sent.reply().because(cause),
            Delivery::Unknown(cause) => self.unreachable.unknown.reply().because(cause),
        }
    }
}

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
