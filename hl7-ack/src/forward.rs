//! [`Forward`]: a [`Handler`] made of a [`Deliver`], so that a bridge is a server and a client.

mod unreachable;

use std::{pin::Pin, time::Duration};

pub use self::unreachable::{Unreachable, WhenUnreachable};
use hl7_parse::{Editor, OwnedMessage, Path};

use crate::{
    AckCode, AckRequest, Acknowledgment, Answer, AnyDeliver, Cause, CauseKind, Deliver, Delivery,
    Handler, Mode, Outcome, Progress, Received, Reply, Timer,
    catch_panic::deliver_caught,
    enhanced::in_application_phase,
    level,
    msa::msa_of,
    named::Named,
    time_limited::elapsed,
    timer::{AnyTimer, Within},
};

/// Passes each message on and answers with what the far side answered.
///
/// The bytes pass unchanged, but that every segment is ended by one CR and that nothing stands
/// before MSH; the far side's acknowledgment passes likewise, at the level (A. or C.) it has, if
/// the sender asked for one of that outcome (MSH-15, MSH-16). Where it does not name the message,
/// but was matched all the same ([`crate::Matching`]), MSA-2 becomes the message's MSH-10.
/// One that is negative and that nobody asked for is told to the log of the server.
///
/// What the sender hears when there is none is the policy: [`Unreachable`].
///
/// ```
/// use hl7_ack::{Forward, InOrder, OneAttempt, Retry, RetryPolicy, Timer};
///
/// /// Message by message, each tried again for a while before the sender is told to.
/// fn bridge(client: impl OneAttempt, timer: impl Timer + Clone) -> Forward {
///     let retry = Retry::new(client, RetryPolicy::park_content_errors(), timer.clone());
///     Forward::to(InOrder::new(retry)).deadline(Forward::DEADLINE, timer)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Forward {
    deliver: AnyDeliver,
    unreachable: Unreachable,
    deadline: Option<(Duration, AnyTimer)>,
    verbatim_ends: bool,
    translate_level: bool,
    always_original: bool,
}

/// What became of a message, and what is still to come of it after the deadline.
pub(crate) struct Forwarded {
    pub(crate) delivery: Delivery,
    pub(crate) late: Option<Delivering>,
}

pub(crate) type Delivering = Pin<Box<dyn Future<Output = Delivery> + Send>>;

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
            verbatim_ends: false,
            translate_level: false,
            always_original: false,
        }
    }

    /// Answers by the policy once this much time has passed, whatever the destination's own
    /// limits are; see [`Forward::DEADLINE`].
    ///
    /// A message that still waits for its turn is not sent any more, and the policy for
    /// `not_sent` answers. One that has begun to leave goes on after the policy for `unknown`
    /// has answered, without being retried, and a [`crate::Replay`] around this learns what came
    /// of it.
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

    /// Passes every byte of the message as it came: segment ends of LF or CR LF too, and what
    /// stands before MSH. For a destination that is known to take them.
    #[must_use]
    pub fn verbatim_ends(mut self) -> Self {
        self.verbatim_ends = true;
        self
    }

    /// Writes MSA-1 of the far side's answer at the level the sender asked for: A. in original
    /// mode, C. where MSH-15 asks for an accept acknowledgment. Nothing else of it changes.
    ///
    /// | far side | sender hears |
    /// |---|---|
    /// | CA | AA |
    /// | CE | AE where an error code says that the content is at fault, AR where not |
    /// | CR | AR |
    /// | AA | CA |
    /// | AE | CE |
    /// | AR | CR where an error code is 200 to 203, CE where not |
    #[must_use]
    pub fn translate_level(mut self) -> Self {
        self.translate_level = true;
        self
    }

    /// Passes every answer back whatever MSH-15 and MSH-16 say, and answers AA where the message
    /// left and asks for none: for a server whose acknowledger is
    /// [`crate::Acknowledger::always_original_mode`]. The message passes as it is;
    /// [`Forward::translate_level`] makes A. of the C. that the far side may answer.
    ///
    /// ```
    /// use hl7_ack::{Deliver, Forward};
    ///
    /// fn bridge(client: impl Deliver) -> Forward {
    ///     Forward::to(client).always_original_mode().translate_level()
    /// }
    /// ```
    #[must_use]
    pub fn always_original_mode(mut self) -> Self {
        self.always_original = true;
        self
    }

    /// Passes a message on, and says what became of it by the deadline.
    pub(crate) async fn forward(&self, received: &Received) -> Forwarded {
        let message = match self.verbatim_ends {
            true => received.message.clone(),
            false => received.message.with_cr_ends(),
        };
        let progress = Progress::new();
        let delivering: Delivering =
            Box::pin(deliver_caught(self.deliver.clone(), message, progress.clone()));
        let Some((limit, timer)) = &self.deadline else {
            return Forwarded { delivery: delivering.await, late: None };
        };
        match timer.within(*limit, delivering).await {
            Within::Finished(delivery) => Forwarded { delivery, late: None },
            Within::Elapsed(delivering) => {
                progress.make_last();
                let late = progress.has_begun().then_some(delivering);
                Forwarded { delivery: progress.cut_off(elapsed(*limit)), late }
            }
        }
    }

    /// What the sender hears.
    pub(crate) fn reply(&self, received: &Received, delivery: Delivery) -> Reply {
        let policy = &self.unreachable;
        match delivery {
            Delivery::Answered(answer) => self.pass_back(received, answer),
            Delivery::NoneDue
                if self.always_original && self.request(received).mode() == Mode::Original =>
            {
                Outcome::accepted().into()
            }
            Delivery::NoneDue => Reply::none(),
            Delivery::NotSent(cause) | Delivery::Unknown(cause) if cause.kind().is_of_content() => {
                policy.invalid_reply().because(cause)
            }
            Delivery::NotSent(cause) => policy.not_sent_reply().because(cause),
            Delivery::Unknown(cause) => policy.unknown_reply().because(cause),
        }
    }

    /// What the sender is taken to ask for. As the application of an [`crate::Enhanced`], every
    /// answer: what becomes of it is decided there.
    fn request(&self, received: &Received) -> AckRequest {
        let request = AckRequest::of(&received.message.as_message());
        match self.always_original || in_application_phase(received) {
            true => request.in_original_mode(),
            false => request,
        }
    }

    fn pass_back(&self, received: &Received, answer: Answer) -> Reply {
        let request = self.request(received);
        let answer = match self.translate_level {
            true => level::translated(answer, request),
            false => answer,
        };
        let Some(code) = answer.code() else {
            let cause = Cause::new(CauseKind::Unreadable, "its MSA-1 is not in Table 0008");
            return self.unreachable.unknown_reply().because(cause);
        };
        if request.wants(code) {
            let answer = naming(&received.message, answer, code);
            Acknowledgment::passed_on(&answer).into()
        } else if code.is_positive() {
            Reply::none()
        } else {
            // Nobody asked for it, but it is not to be lost without a trace.
            let detail = format!("{code}, which the sender has not asked for");
            Reply::none().because(Cause::new(CauseKind::Refused, detail))
        }
    }
}

/// The answer with an MSA-2 by which the sender knows it: one that was matched by less may have
/// another, or none.
fn naming(message: &OwnedMessage, answer: Answer, code: AckCode) -> Answer {
    let view = message.as_message();
    let header = view.header();
    let asked = header.control_id();
    let named = answer.message().as_message();
    let Some(msa) = msa_of(&named) else { return answer };
    let (wanted, said) = (Named::by_header(&header), Named::by_msa(&msa));
    let same = said.as_written() == wanted.as_written() || said.comparable() == wanted.comparable();
    if same || !asked.is_valued() {
        return answer;
    }
    let edited = Editor::new(&named)
        .keep_line_ends()
        .set(const { &Path::new("MSA-2") }, &*asked.decode())
        .finish();
    match edited {
        Ok(message) => answer.with_message(message, code),
        // It is longer than the editor's limit, or its MSA can not be found: as it is, then.
        Err(_) => answer,
    }
}

impl Handler for Forward {
    async fn handle(&self, received: Received) -> Reply {
        let Forwarded { delivery, late } = self.forward(&received).await;
        let reply = self.reply(&received, delivery);
        match late {
            None => reply,
            Some(late) => {
                let forward = self.clone();
                reply.late(async move {
                    let delivery = late.await;
                    forward.reply(&received, delivery)
                })
            }
        }
    }
}
