//! [`Cause`]: why a message was not delivered.

use std::{borrow::Cow, fmt, time::Duration};

use thiserror::Error;

/// Why a message was not delivered, or why that is not known.
///
/// The text names addresses, limits and status codes; never content, never a URL's query.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub struct Cause {
    kind: CauseKind,
    detail: Cow<'static, str>,
    attempts: u32,
    retry_after: Option<Duration>,
}

impl Cause {
    /// A cause with what more there is to say: what was tried, what to do.
    #[must_use]
    pub fn new(kind: CauseKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, detail: detail.into(), attempts: 1, retry_after: None }
    }

    /// The same cause, where the far side asks not to be tried again before this time is over.
    #[must_use]
    pub fn with_retry_after(self, pause: Duration) -> Self {
        Self { retry_after: Some(pause), ..self }
    }

    /// How long the far side asks to be left alone: `Retry-After` of HTTP. [`crate::Retry`] waits
    /// so long, up to its longest pause.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use hl7_ack::{Cause, CauseKind};
    ///
    /// let cause = Cause::new(CauseKind::Overloaded, "HTTP status 503");
    /// assert_eq!(cause.retry_after(), None);
    /// let cause = cause.with_retry_after(Duration::from_secs(30));
    /// assert_eq!(cause.retry_after(), Some(Duration::from_secs(30)));
    /// ```
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The kind of it.
    #[must_use]
    pub fn kind(&self) -> CauseKind {
        self.kind
    }

    /// How often it was tried: 1 unless something like [`crate::Retry`] tried again.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    pub(crate) fn after_attempts(self, attempts: u32) -> Self {
        Self { attempts, ..self }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.detail)?;
        match self.attempts {
            0 | 1 => Ok(()),
            attempts => write!(f, " ({attempts} attempts)"),
        }
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
    /// The far side does not let this sender in: HTTP status 401 or 403 without HL7. It has not
    /// looked at the message.
    AccessRefused,
    /// Too many messages wait already, here or at the far side.
    Overloaded,
    /// The sender is shutting down.
    ShuttingDown,
    /// A store could not be read or written.
    Storage,
    /// The program has a fault: code that was to deliver the message panicked.
    Internal,
}

impl CauseKind {
    /// Whether the cause lies in the content, so that a resend of the same can not help.
    #[must_use]
    pub fn is_of_content(self) -> bool {
        matches!(self, Self::InvalidContent | Self::ContentRefused)
    }
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
            Self::AccessRefused => "access refused",
            Self::Overloaded => "overloaded",
            Self::ShuttingDown => "shutting down",
            Self::Storage => "storage failed",
            Self::Internal => "internal error",
        })
    }
}
