//! [`Deliver`]: sends a message on and tells what became of it.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use hl7_parse::OwnedMessage;

use crate::{
    AckCode, Cause, Level, Progress,
    acknowledgment::msa_code,
    request::{AckRequest, Condition, Mode},
};

/// Sends messages to one destination. `hl7-mllp` and `hl7-http` have clients that do.
///
/// Decorators add what a client does not do by itself: [`crate::Retry`], [`crate::InOrder`],
/// [`crate::PerKey`], [`crate::TimeLimited`].
pub trait Deliver: Send + Sync + 'static {
    /// Sends the bytes of the message as they are and waits for what is due.
    ///
    /// Dropping the future before it completes leaves open whether the message arrived.
    fn deliver(&self, message: OwnedMessage) -> impl Future<Output = Delivery> + Send;

    /// The same, and tells `progress` before the first byte leaves, so that somebody with a time
    /// limit knows what dropping the future means.
    ///
    /// A `Deliver` that does not tell is taken to begin at once.
    fn deliver_tracked(
        &self,
        message: OwnedMessage,
        progress: Progress,
    ) -> impl Future<Output = Delivery> + Send {
        progress.begin();
        self.deliver(message)
    }
}

/// A [`Deliver`] that tries once, and keeps no order: what [`crate::Retry`] can repeat.
///
/// The clients of `hl7-mllp` and `hl7-http` are. [`crate::InOrder`] and [`crate::PerKey`] are not:
/// repeated from outside, a message would go to the end of their queues, behind those that came
/// after it. So retrying goes inside of keeping order, and the other way round does not compile.
/// [`AnyDeliver`] is none either, as it may be anything: its type is hidden after retrying.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can not be retried",
    label = "keeps an order, retries by itself, or does not say that it does neither",
    note = "retry inside of it: `InOrder::new(Retry::new(client, policy, timer))`",
    note = "a client of your own says `impl OneAttempt for MyClient {{}}`"
)]
pub trait OneAttempt: Deliver {}

impl<D: Deliver> Deliver for Arc<D> {
    fn deliver(&self, message: OwnedMessage) -> impl Future<Output = Delivery> + Send {
        D::deliver(self, message)
    }

    fn deliver_tracked(
        &self,
        message: OwnedMessage,
        progress: Progress,
    ) -> impl Future<Output = Delivery> + Send {
        D::deliver_tracked(self, message, progress)
    }
}

impl<D: OneAttempt> OneAttempt for Arc<D> {}

/// What became of a message that was to be sent.
///
/// Only [`Delivery::NotSent`] is safe to repeat without a duplicate at the far side.
#[derive(Clone, Debug)]
#[must_use = "a message that was not delivered is lost unless somebody looks"]
#[non_exhaustive]
pub enum Delivery {
    /// The far side answered this message.
    Answered(Answer),
    /// The message was sent and asks for no answer.
    NoneDue,
    /// No byte of the message left, or the far side says that it has not looked at it (HTTP status
    /// 401, say).
    NotSent(Cause),
    /// At least one byte left, and no usable answer came.
    Unknown(Cause),
}

impl Delivery {
    /// Whether the message was taken: answered positively, or sent where no answer is due.
    #[must_use]
    pub fn is_positive(&self) -> bool {
        match self {
            Self::Answered(answer) => answer.is_positive(),
            Self::NoneDue => true,
            Self::NotSent(_) | Self::Unknown(_) => false,
        }
    }

    /// Why there is no answer.
    #[must_use]
    pub fn cause(&self) -> Option<&Cause> {
        match self {
            Self::NotSent(cause) | Self::Unknown(cause) => Some(cause),
            Self::Answered(_) | Self::NoneDue => None,
        }
    }

    /// What several attempts came to, of which this is the last: one that did not leave does not
    /// undo what is known of those before.
    pub(crate) fn after(self, earlier: Option<Self>) -> Self {
        match (self, earlier) {
            (Self::NotSent(_), Some(earlier @ (Self::Answered(_) | Self::Unknown(_)))) => earlier,
            (last, _) => last,
        }
    }

    pub(crate) fn after_attempts(self, attempts: u32) -> Self {
        match self {
            Self::Answered(answer) => Self::Answered(Answer { attempts, ..answer }),
            Self::NoneDue => Self::NoneDue,
            Self::NotSent(cause) => Self::NotSent(cause.after_attempts(attempts)),
            Self::Unknown(cause) => Self::Unknown(cause.after_attempts(attempts)),
        }
    }
}

/// An answer that names the message that was sent.
#[derive(Clone, Debug)]
pub struct Answer {
    message: OwnedMessage,
    code: Option<AckCode>,
    application_due: bool,
    attempts: u32,
}

impl Answer {
    pub(crate) fn new(message: OwnedMessage, request: AckRequest) -> Self {
        let code = msa_code(&message.as_message());
        let application_due = code == Some(AckCode::CA)
            && request.mode() == Mode::Enhanced
            && request.application() != Condition::Never;
        Self { message, code, application_due, attempts: 1 }
    }

    /// The same answer in other words.
    pub(crate) fn with_message(self, message: OwnedMessage, code: AckCode) -> Self {
        Self { message, code: Some(code), ..self }
    }

    /// The answer itself: an acknowledgment, or a response message with MSA.
    #[must_use]
    pub fn message(&self) -> &OwnedMessage {
        &self.message
    }

    /// MSA-1; `None` where it is not in Table 0008, which counts as negative.
    #[must_use]
    pub fn code(&self) -> Option<AckCode> {
        self.code
    }

    /// Whether it is AA or CA.
    #[must_use]
    pub fn is_positive(&self) -> bool {
        self.code.is_some_and(AckCode::is_positive)
    }

    /// Whether an application acknowledgment is still to come, as an exchange of its own: the
    /// answer is CA and MSH-16 of the message asked for one.
    #[must_use]
    pub fn application_due(&self) -> bool {
        self.application_due
    }

    /// Whether this is an application acknowledgment and the other an accept acknowledgment: of two
    /// answers to one message it is the one that says what became of the content.
    ///
    /// ```
    /// use hl7_ack::{Finding, Outstanding};
    /// use hl7_parse::OwnedMessage;
    ///
    /// let sent = OwnedMessage::parse("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5|||AL|AL\r")?;
    /// let answers = ["CA", "AE"].map(|code| {
    ///     let answer = format!("MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.5\rMSA|{code}|7\r");
    ///     match Outstanding::of(&sent).examine(answer.into()) {
    ///         Finding::Answer(answer) => Some(answer),
    ///         _ => None,
    ///     }
    /// });
    /// let [Some(accept), Some(application)] = answers else { return Err("no answer".into()) };
    /// assert!(application.supersedes(&accept));
    /// assert!(!accept.supersedes(&application));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn supersedes(&self, other: &Self) -> bool {
        let level = |answer: &Self| answer.code.map(AckCode::level);
        level(self) == Some(Level::Application) && level(other) == Some(Level::Accept)
    }

    /// How often it was tried to send the message: 1 unless something like [`crate::Retry`] tried
    /// again.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }
}

type Delivering<'a> = Pin<Box<dyn Future<Output = Delivery> + Send + 'a>>;

trait ErasedDeliver: Send + Sync {
    fn deliver(&self, message: OwnedMessage, progress: Progress) -> Delivering<'_>;
}

impl<D: Deliver> ErasedDeliver for D {
    fn deliver(&self, message: OwnedMessage, progress: Progress) -> Delivering<'_> {
        Box::pin(self.deliver_tracked(message, progress))
    }
}

/// A [`Deliver`] of whatever type. `Clone` is a reference count.
#[derive(Clone)]
pub struct AnyDeliver(Arc<dyn ErasedDeliver>);

impl AnyDeliver {
    /// Hides the type.
    #[must_use]
    pub fn new(deliver: impl Deliver) -> Self {
        Self(Arc::new(deliver))
    }
}

impl Deliver for AnyDeliver {
    fn deliver(&self, message: OwnedMessage) -> impl Future<Output = Delivery> + Send {
        self.0.deliver(message, Progress::new())
    }

    fn deliver_tracked(
        &self,
        message: OwnedMessage,
        progress: Progress,
    ) -> impl Future<Output = Delivery> + Send {
        self.0.deliver(message, progress)
    }
}

impl fmt::Debug for AnyDeliver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnyDeliver")
    }
}
