//! [`Deliver`]: sends a message on and tells what became of it.

use std::{borrow::Cow, fmt, future::Future, pin::Pin, sync::Arc};

use hl7_parse::OwnedMessage;
use thiserror::Error;

use crate::{
    AckCode,
    acknowledgment::msa_code,
    request::{AckRequest, Condition},
};

/// Sends messages to one destination. `hl7-mllp` and `hl7-http` have clients that do.
pub trait Deliver: Send + Sync + 'static {
    /// Sends the bytes of the message as they are and waits for what is due.
    ///
    /// Dropping the future before it completes leaves open whether the message arrived.
    fn deliver(&self, message: OwnedMessage) -> impl Future<Output = Delivery> + Send;
}

impl<D: Deliver> Deliver for Arc<D> {
    fn deliver(&self, message: OwnedMessage) -> impl Future<Output = Delivery> + Send {
        D::deliver(self, message)
    }
}

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
    /// No byte of the message left.
    NotSent(Cause),
    /// At least one byte left, and no usable answer came.
    Unknown(Cause),
}

/// An answer that names the message that was sent.
#[derive(Clone, Debug)]
pub struct Answer {
    message: OwnedMessage,
    code: Option<AckCode>,
    application_due: bool,
}

impl Answer {
    pub(crate) fn new(message: OwnedMessage, request: AckRequest) -> Self {
        let code = msa_code(&message.as_message());
        let application_due =
            code == Some(AckCode::CA) && request.application() != Condition::Never;
        Self { message, code, application_due }
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
}

/// Why a message was not delivered, or why that is not known.
///
/// The text names addresses, limits and status codes; never content, never a URL's query.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{kind}: {detail}")]
pub struct Cause {
    kind: CauseKind,
    detail: Cow<'static, str>,
}

impl Cause {
    /// A cause with what more there is to say: what was tried, what to do.
    #[must_use]
    pub fn new(kind: CauseKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, detail: detail.into() }
    }

    /// The kind of it.
    #[must_use]
    pub fn kind(&self) -> CauseKind {
        self.kind
    }
}

/// The kinds of [`Cause`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CauseKind {
    /// No connection: refused, no route, no such name.
    Unreachable,
    /// A time limit passed.
    TimedOut,
    /// The connection was lost.
    Closed,
    /// TLS could not be agreed on.
    Tls,
    /// What came back is no HL7.
    Unreadable,
    /// What came back answers something else.
    Mismatched,
    /// The message can not be carried by this transport: it holds a framing byte, say.
    InvalidContent,
    /// The far side refused at the level of the transport: an HTTP status without HL7.
    Refused,
    /// The far side refused the content at the level of the transport, so that a resend can not
    /// help: HTTP status 400, 413, 415 or 422 without HL7.
    ContentRefused,
    /// Too many messages wait already.
    Overloaded,
    /// The sender is shutting down.
    ShuttingDown,
}

impl fmt::Display for CauseKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed out",
            Self::Closed => "connection lost",
            Self::Tls => "TLS failed",
            Self::Unreadable => "the answer is not HL7",
            Self::Mismatched => "the answer is to another message",
            Self::InvalidContent => "the message can not be sent",
            Self::Refused => "refused",
            Self::ContentRefused => "content refused",
            Self::Overloaded => "overloaded",
            Self::ShuttingDown => "shutting down",
        })
    }
}

type Delivering<'a> = Pin<Box<dyn Future<Output = Delivery> + Send + 'a>>;

trait ErasedDeliver: Send + Sync {
    fn deliver(&self, message: OwnedMessage) -> Delivering<'_>;
}

impl<D: Deliver> ErasedDeliver for D {
    fn deliver(&self, message: OwnedMessage) -> Delivering<'_> {
        Box::pin(Deliver::deliver(self, message))
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
        self.0.deliver(message)
    }
}

impl fmt::Debug for AnyDeliver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnyDeliver")
    }
}
