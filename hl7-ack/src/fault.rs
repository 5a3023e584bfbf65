//! [`Fault`]: one error of an acknowledgment, to be written and as it was read.

use std::fmt;

use hl7_parse::Path;

use crate::{ErrorCode, Severity};

/// One error, warning or piece of information of an acknowledgment: what ERR says, in whatever
/// form it is written (2.13.5).
///
/// ```
/// use hl7_ack::{ErrorCode, Fault, Outcome, Severity};
/// use hl7_parse::Path;
///
/// let odd = Fault::new(ErrorCode::TABLE_VALUE_NOT_FOUND, "sex not known, taken as U")
///     .at(Path::new("PID-8"))
///     .with_severity(Severity::Warning);
/// let outcome = Outcome::accepted().with(odd);
/// assert!(outcome.is_accepted());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Fault {
    pub(crate) code: Option<ErrorCode>,
    pub(crate) severity: Option<Severity>,
    pub(crate) locations: Vec<Path>,
    pub(crate) text: String,
    pub(crate) diagnostic: String,
    pub(crate) application_code: String,
}

impl Fault {
    /// Places beyond this many are not kept.
    pub const MAX_LOCATIONS: usize = 100;

    /// A fault with a text for people (MSA-3, ERR-8). It is escaped when written, cut where it is
    /// longer than its field may be, and not to hold a patient's data. Characters that the
    /// character set of the message does not have are written as `?`.
    #[must_use]
    pub fn new(code: ErrorCode, text: impl Into<String>) -> Self {
        Self {
            code: Some(code),
            severity: None,
            locations: Vec::new(),
            text: text.into(),
            diagnostic: String::new(),
            application_code: String::new(),
        }
    }

    /// Says where it is (ERR-2, in the old form ERR-1). Several places mean that what is wrong is
    /// their combination.
    #[must_use]
    pub fn at(mut self, location: Path) -> Self {
        if self.locations.len() < Self::MAX_LOCATIONS {
            self.locations.push(location);
        }
        self
    }

    /// How bad it is (ERR-4). Where this is not said: an error, and of a message that was
    /// accepted a warning. A warning or a piece of information beside an error changes nothing of
    /// what follows from that: neither the code of the answer nor what a resend gets.
    ///
    /// Before 2.5 ERR has no place for it, nor has any other field: whoever reads such an
    /// acknowledgment takes a warning for an error, and MSA-1 alone says whether the message was
    /// accepted.
    ///
    /// ```
    /// use hl7_ack::{Acknowledger, ErrorCode, Fault, Outcome, Severity};
    /// use hl7_parse::Message;
    ///
    /// let odd = Fault::new(ErrorCode::TABLE_VALUE_NOT_FOUND, "").with_severity(Severity::Warning);
    /// let outcome = Outcome::accepted().with(odd);
    /// for (version, expected) in [
    ///     ("2.4", "MSA|AA|7\rERR|^^^103&Table value not found&HL70357\r"),
    ///     ("2.5", "MSA|AA|7\rERR|||103^Table value not found^HL70357|W\r"),
    /// ] {
    ///     let message = format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|{version}\r");
    ///     let message = Message::parse(message.as_bytes())?;
    ///     let built = Acknowledger::new().acknowledge(&message, &outcome).ok_or("nothing due")?;
    ///     assert!(built.as_bytes().ends_with(expected.as_bytes()), "{version}");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }

    /// More for support staff (ERR-7): up to 2048 characters are written. Before 2.5 there is no
    /// place for it but that of the text, which comes first.
    ///
    /// ```
    /// use hl7_ack::{ErrorCode, Fault};
    ///
    /// let fault = Fault::new(ErrorCode::APPLICATION_ERROR, "not stored")
    ///     .with_diagnostic("deadlock on table 12")
    ///     .with_application_code("DB-17");
    /// assert_eq!(fault.diagnostic(), "deadlock on table 12");
    /// assert_eq!(fault.application_code(), "DB-17");
    /// ```
    #[must_use]
    pub fn with_diagnostic(mut self, text: impl Into<String>) -> Self {
        self.diagnostic = text.into();
        self
    }

    /// The code that the application itself has for it (ERR-5, Table 0533; before 2.5 the
    /// alternate code of ERR-1).
    #[must_use]
    pub fn with_application_code(mut self, code: impl Into<String>) -> Self {
        self.application_code = code.into();
        self
    }

    /// The code (ERR-3, in the old form component 4 of ERR-1); `None` where one that was read is
    /// missing or no number, which then is the [`Fault::application_code`].
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        self.code
    }

    /// The code, where it is one of an error: what is only told with one (severity `W` or `I`)
    /// decides nothing.
    pub(crate) fn error_code(&self) -> Option<ErrorCode> {
        match self.severity {
            Some(Severity::Warning | Severity::Information) => None,
            _ => self.code,
        }
    }

    /// How bad it is; `None` where nothing is said.
    #[must_use]
    pub fn severity(&self) -> Option<Severity> {
        self.severity
    }

    /// Where it is.
    #[must_use]
    pub fn locations(&self) -> &[Path] {
        &self.locations
    }

    /// The text for people: as it was read, that of ERR-8, or that of the code.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text for support staff.
    #[must_use]
    pub fn diagnostic(&self) -> &str {
        &self.diagnostic
    }

    /// The application's own code.
    #[must_use]
    pub fn application_code(&self) -> &str {
        &self.application_code
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fault")
            .field("code", &self.code)
            .field("severity", &self.severity)
            .field("locations", &self.locations)
            .field("text_len", &self.text.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_kept_up_to_the_limit() {
        for places in
            [0, 1, Fault::MAX_LOCATIONS - 1, Fault::MAX_LOCATIONS, Fault::MAX_LOCATIONS + 1]
        {
            let fault = Fault::new(ErrorCode::DATA_TYPE_ERROR, "odd");
            let fault = (0..places).fold(fault, |fault, _| fault.at(Path::new("PID-3")));
            assert_eq!(fault.locations().len(), places.min(Fault::MAX_LOCATIONS), "{places}");
        }
    }

    #[test]
    fn the_texts_of_a_fault_are_told_apart() {
        let fault =
            Fault::new(ErrorCode::DATA_TYPE_ERROR, "for people").with_diagnostic("for staff");
        assert_eq!((fault.text(), fault.diagnostic()), ("for people", "for staff"));
        assert_eq!(fault.application_code(), "");
    }
}
