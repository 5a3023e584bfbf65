//! [`AckRequest`]: which acknowledgment a message asks for (2.9.2, 2.9.3, Table 0155).

use hl7_parse::{Field, Message};

use crate::{
    AckCode,
    outcome::{Outcome, Verdict},
};

/// What MSH-15 and MSH-16 ask for, and whether anything may be answered at all.
///
/// ```
/// use hl7_ack::{AckCode, AckRequest, Outcome};
/// use hl7_parse::Message;
///
/// let enhanced = Message::parse(b"MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5|||AL|NE\r")?;
/// let request = AckRequest::of(&enhanced);
/// assert_eq!(request.code_for(&Outcome::accepted()), Some(AckCode::CA));
///
/// let original = Message::parse(b"MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5\r")?;
/// assert_eq!(AckRequest::of(&original).code_for(&Outcome::accepted()), Some(AckCode::AA));
/// # Ok::<(), hl7_parse::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AckRequest {
    mode: Mode,
    accept: Condition,
    application: Condition,
}

/// The two modes of acknowledgment (2.9.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// Neither MSH-15 nor MSH-16 is valued: one application acknowledgment, at once.
    Original,
    /// At least one is: an accept acknowledgment at once, an application acknowledgment later
    /// as an exchange of its own, each only as asked.
    Enhanced,
}

/// When an acknowledgment is asked for (Table 0155).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Condition {
    /// `AL`. A value that is not in the table is taken for it, so that the sender hears.
    Always,
    /// `SU`: on success only.
    OnSuccess,
    /// `ER`: on error only.
    OnError,
    /// `NE`.
    Never,
}

impl Condition {
    fn read(field: Field<'_>) -> Option<Self> {
        if !field.is_valued() || field.is_null() {
            return None;
        }
        Some(match field.as_bytes().trim_ascii().to_ascii_uppercase().as_slice() {
            b"NE" => Self::Never,
            b"SU" => Self::OnSuccess,
            b"ER" => Self::OnError,
            _ => Self::Always,
        })
    }

    /// Whether it holds for a positive or a negative outcome.
    #[must_use]
    pub fn holds(self, positive: bool) -> bool {
        match self {
            Self::Always => true,
            Self::OnSuccess => positive,
            Self::OnError => !positive,
            Self::Never => false,
        }
    }
}

impl AckRequest {
    /// Reads what a message asks for.
    ///
    /// An acknowledgment is never acknowledged: of a message with MSA, or of type ACK, only the
    /// accept acknowledgment that its own MSH-15 asks for is due, and none of an accept
    /// acknowledgment (2.9.3).
    #[must_use]
    pub fn of(message: &Message<'_>) -> Self {
        let header = message.header();
        let accept = Condition::read(header.field(15));
        let application = Condition::read(header.field(16));
        let mode = match (accept, application) {
            (None, None) => Mode::Original,
            _ => Mode::Enhanced,
        };
        let msa = message.segment("MSA");
        if msa.is_some() || header.message_type().component(1).as_bytes() == b"ACK" {
            let code = msa.and_then(|msa| msa.field(1).as_bytes().trim_ascii_start().first());
            let accept = match code {
                Some(b'C' | b'c') => Condition::Never,
                _ => accept.unwrap_or(Condition::Never),
            };
            return Self { mode: Mode::Enhanced, accept, application: Condition::Never };
        }
        match mode {
            Mode::Original => {
                Self { mode, accept: Condition::Never, application: Condition::Always }
            }
            Mode::Enhanced => Self {
                mode,
                accept: accept.unwrap_or(Condition::Never),
                application: application.unwrap_or(Condition::Never),
            },
        }
    }

    /// Original or enhanced.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// When an accept acknowledgment (CA, CE, CR) is asked for.
    #[must_use]
    pub fn accept(&self) -> Condition {
        self.accept
    }

    /// When an application acknowledgment (AA, AE, AR) is asked for: in original mode as the
    /// answer, in enhanced mode as an exchange of its own.
    #[must_use]
    pub fn application(&self) -> Condition {
        self.application
    }

    /// Whether an answer in the same exchange is due for any outcome.
    #[must_use]
    pub fn answer_due(&self) -> bool {
        match self.mode {
            Mode::Original => true,
            Mode::Enhanced => self.accept != Condition::Never,
        }
    }

    /// The code that is due in the same exchange, if one is.
    #[must_use]
    pub fn code_for(&self, outcome: &Outcome) -> Option<AckCode> {
        match self.mode {
            Mode::Original => Some(match outcome.verdict() {
                Verdict::Accepted => AckCode::AA,
                Verdict::Error => AckCode::AE,
                Verdict::Rejected => AckCode::AR,
            }),
            Mode::Enhanced if self.accept.holds(outcome.is_accepted()) => {
                let of_header = outcome.faults().iter().any(|fault| fault.code.concerns_header());
                Some(match outcome.verdict() {
                    Verdict::Accepted => AckCode::CA,
                    Verdict::Rejected if of_header => AckCode::CR,
                    Verdict::Error | Verdict::Rejected => AckCode::CE,
                })
            }
            Mode::Enhanced => None,
        }
    }
}
