//! [`AckRequest`]: which acknowledgment a message asks for (2.9.2, 2.9.3, Table 0155).

use hl7_parse::{Field, Message};

use crate::{
    AckCode, Level,
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
    of_acknowledgment: bool,
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
        if field.as_bytes().trim_ascii().is_empty() || field.is_null() {
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
        let msa = message.segment("MSA").or_else(|| message.segment("msa"));
        let message_code = header.message_type().component(1).as_bytes().trim_ascii();
        if msa.is_some() || message_code.eq_ignore_ascii_case(b"ACK") {
            let code = msa.and_then(|msa| msa.field(1).as_bytes().trim_ascii_start().first());
            let accept = match code {
                Some(b'C' | b'c') => Condition::Never,
                _ => accept.unwrap_or(Condition::Never),
            };
            return Self {
                of_acknowledgment: true,
                mode: Mode::Enhanced,
                accept,
                application: Condition::Never,
            };
        }
        let (accept, application) = match mode {
            Mode::Original => (Condition::Never, Condition::Always),
            Mode::Enhanced => {
                (accept.unwrap_or(Condition::Never), application.unwrap_or(Condition::Never))
            }
        };
        Self { of_acknowledgment: false, mode, accept, application }
    }

    /// Whether the message is itself an acknowledgment, or a response with MSA.
    #[must_use]
    pub fn of_acknowledgment(&self) -> bool {
        self.of_acknowledgment
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

    /// Whether nothing in the same exchange means that the message was accepted: MSH-15 is `ER`.
    #[must_use]
    pub fn silence_accepts(&self) -> bool {
        self.mode == Mode::Enhanced && self.accept == Condition::OnError
    }

    /// Whether an answer that came from elsewhere is to reach the sender in the same exchange.
    ///
    /// Where an acknowledgment of that outcome is due, whatever its level. An application
    /// acknowledgment also where MSH-16 asks for one: sent on the same connection, as many systems
    /// do, it is better heard here than not at all.
    #[must_use]
    pub fn wants(&self, code: AckCode) -> bool {
        match self.mode {
            Mode::Original => true,
            Mode::Enhanced => {
                self.accept.holds(code.is_positive())
                    || (code.level() == Level::Application
                        && self.application.holds(code.is_positive()))
            }
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
