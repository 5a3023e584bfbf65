//! [`Outcome`]: what became of a message, before it is put into an acknowledgment.

use std::fmt;

use hl7_parse::Path;

use crate::ErrorCode;

/// What became of a message. The transport turns it into the acknowledgment that MSH-15 and
/// MSH-16 ask for, or into none.
///
/// ```
/// use hl7_ack::{ErrorCode, Outcome};
/// use hl7_parse::Path;
///
/// let accepted = Outcome::accepted();
/// let refused = Outcome::error(ErrorCode::REQUIRED_FIELD_MISSING, "no birth date")
///     .at(Path::new("PID-7"));
/// assert!(accepted.is_accepted() && !refused.is_accepted());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    verdict: Verdict,
    faults: Vec<Fault>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accepted,
    Error,
    Rejected,
}

/// One entry of ERR.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: ErrorCode,
    pub(crate) text: String,
    pub(crate) location: Option<Path>,
}

impl Outcome {
    /// Entries beyond this many are not written: an acknowledgment stays small.
    pub const MAX_ERRORS: usize = 100;

    /// Processed, or taken over for good: AA or CA.
    #[must_use]
    pub fn accepted() -> Self {
        Self { verdict: Verdict::Accepted, faults: Vec::new() }
    }

    /// The content has a fault: AE or CE. The sender is to park the message, not to resend it.
    ///
    /// `text` is for people (MSA-3, ERR-8); it is escaped when written and is not to hold a
    /// patient's data.
    #[must_use]
    pub fn error(code: ErrorCode, text: impl Into<String>) -> Self {
        Self { verdict: Verdict::Error, faults: Vec::new() }.and(code, text)
    }

    /// The receiver does not take such messages, or is unable to now: AR; at the accept level
    /// CR for codes 200 to 203, CE for any other.
    #[must_use]
    pub fn rejected(code: ErrorCode, text: impl Into<String>) -> Self {
        Self { verdict: Verdict::Rejected, faults: Vec::new() }.and(code, text)
    }

    /// Adds another fault, up to [`Outcome::MAX_ERRORS`].
    #[must_use]
    pub fn and(mut self, code: ErrorCode, text: impl Into<String>) -> Self {
        if self.faults.len() < Self::MAX_ERRORS {
            self.faults.push(Fault { code, text: text.into(), location: None });
        }
        self
    }

    /// Says where the fault added last is (ERR-2, in the old form ERR-1).
    #[must_use]
    pub fn at(mut self, location: Path) -> Self {
        if let Some(fault) = self.faults.last_mut() {
            fault.location = Some(location);
        }
        self
    }

    /// Whether the message was accepted.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.verdict == Verdict::Accepted
    }

    pub(crate) fn verdict(&self) -> Verdict {
        self.verdict
    }

    pub(crate) fn faults(&self) -> &[Fault] {
        &self.faults
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fault")
            .field("code", &self.code)
            .field("location", &self.location)
            .field("text_len", &self.text.len())
            .finish()
    }
}
