//! [`Outcome`]: what became of a message, before it is put into an acknowledgment.

use hl7_parse::Path;

use crate::{Cause, CauseKind, ErrorCode, Fault, Version, WaitingPriority};

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
    expected_sequence_number: Option<i64>,
    newest_version: Option<Version>,
    messages_waiting: Option<(u32, Option<WaitingPriority>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accepted,
    Error,
    Rejected,
}

impl Outcome {
    /// Entries beyond this many are not written: an acknowledgment stays small.
    pub const MAX_ERRORS: usize = 100;

    fn new(verdict: Verdict) -> Self {
        Self {
            verdict,
            faults: Vec::new(),
            expected_sequence_number: None,
            newest_version: None,
            messages_waiting: None,
        }
    }

    /// Processed, or taken over for good: AA or CA.
    #[must_use]
    pub fn accepted() -> Self {
        Self::new(Verdict::Accepted)
    }

    /// The content has a fault: AE or CE. The sender is to park the message, not to resend it.
    ///
    /// `text` is for people: see [`Fault::new`].
    #[must_use]
    pub fn error(code: ErrorCode, text: impl Into<String>) -> Self {
        Self::new(Verdict::Error).and(code, text)
    }

    /// The receiver does not take such messages, or is unable to now: AR; at the accept level
    /// CR for codes 200 to 203, CE for any other. With code 203 MSH-12 of the acknowledgment is
    /// [`Outcome::newest_version`], and where that is not said
    /// [`Acknowledger::newest_version`](crate::Acknowledger::newest_version).
    #[must_use]
    pub fn rejected(code: ErrorCode, text: impl Into<String>) -> Self {
        Self::new(Verdict::Rejected).and(code, text)
    }

    /// Adds another fault, up to [`Outcome::MAX_ERRORS`].
    #[must_use]
    pub fn and(self, code: ErrorCode, text: impl Into<String>) -> Self {
        self.with(Fault::new(code, text))
    }

    /// Adds a fault that has more to say; of a message that was accepted, a warning or a piece of
    /// information.
    #[must_use]
    pub fn with(mut self, fault: Fault) -> Self {
        if self.faults.len() < Self::MAX_ERRORS {
            self.faults.push(fault);
        }
        self
    }

    /// Says where the fault added last is: [`Fault::at`].
    #[must_use]
    pub fn at(mut self, location: Path) -> Self {
        if let Some(last) = self.faults.pop() {
            self.faults.push(last.at(location));
        }
        self
    }

    /// What stands in MSA-4: [`Sequence::expected`](crate::Sequence::expected).
    #[must_use]
    pub fn expecting(mut self, sequence_number: i64) -> Self {
        self.expected_sequence_number = Some(sequence_number);
        self
    }

    /// How many messages wait here for the sender to fetch them, and how urgent the most urgent of
    /// them is: MSA-7 and MSA-8, from 2.6 on. Before, nothing says so.
    ///
    /// ```
    /// use hl7_ack::{Acknowledger, Outcome, WaitingPriority};
    /// use hl7_parse::Message;
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A|B|C|D|1||QCN^J01|77|P|2.6\r")?;
    /// let outcome = Outcome::accepted().messages_waiting(3, Some(WaitingPriority::High));
    /// let built = Acknowledger::new().acknowledge(&message, &outcome).ok_or("nothing due")?;
    /// assert!(built.as_bytes().ends_with(b"\rMSA|AA|77|||||3|H\r"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn messages_waiting(mut self, number: u32, priority: Option<WaitingPriority>) -> Self {
        self.messages_waiting = Some((number, priority));
        self
    }

    /// The newest version that is taken, where that of the message is not: what MSH-12 of the
    /// acknowledgment says with code 203. [`AcceptOnly`](crate::AcceptOnly) says it.
    ///
    /// ```
    /// use hl7_ack::{Acknowledger, ErrorCode, Outcome, Version};
    /// use hl7_parse::Message;
    ///
    /// let message = Message::parse(b"MSH|^~\\&|LAB|GH|EHR|GH|20260101||ORU^R01|77|P|2.8\r")?;
    /// let outcome = Outcome::rejected(ErrorCode::UNSUPPORTED_VERSION_ID, "2.4 at most")
    ///     .newest_version(Version::V2_4);
    /// let built = Acknowledger::new().acknowledge(&message, &outcome).ok_or("nothing due")?;
    /// assert_eq!(Message::parse(built.as_bytes())?.header().version().as_bytes(), b"2.4");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn newest_version(mut self, version: Version) -> Self {
        self.newest_version = Some(version);
        self
    }

    /// Whether the message was accepted.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.verdict == Verdict::Accepted
    }

    /// What is wrong, in the order in which it was added.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// The codes of what is an error, and not only told with one.
    pub(crate) fn error_codes(&self) -> impl Iterator<Item = ErrorCode> + '_ {
        self.faults.iter().filter_map(Fault::error_code)
    }

    /// That it is a refusal, for the log of a server where no acknowledgment says so.
    pub(crate) fn refusal(&self) -> Option<Cause> {
        if self.is_accepted() {
            return None;
        }
        let code = self.error_codes().next().map(|code| format!("code {}, ", code.number()));
        let detail = format!("{}and no answer that says so is due", code.unwrap_or_default());
        Some(Cause::new(CauseKind::Refused, detail))
    }

    pub(crate) fn verdict(&self) -> Verdict {
        self.verdict
    }

    pub(crate) fn newest_version_taken(&self) -> Option<Version> {
        self.newest_version
    }

    pub(crate) fn number_waiting(&self) -> Option<(u32, Option<WaitingPriority>)> {
        self.messages_waiting
    }

    pub(crate) fn expected_sequence_number(&self) -> Option<i64> {
        self.expected_sequence_number
    }
}
