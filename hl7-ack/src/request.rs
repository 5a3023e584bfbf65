//! [`AckRequest`]: which acknowledgment a message asks for (2.9.2, 2.9.3, Table 0155).

use hl7_parse::{Message, Path, Segment};

use crate::{
    AckCode, ErrorCode, Fault, Level, Severity,
    header_fields::HeaderFields,
    msa::msa_of,
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
/// let request = AckRequest::of(&original);
/// assert_eq!(request.code_for(&Outcome::accepted()), Some(AckCode::AA));
/// assert!(!request.of_acknowledgment() && !request.silence_accepts());
/// # Ok::<(), hl7_parse::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AckRequest {
    of_acknowledgment: bool,
    mode: Mode,
    accept: Condition,
    application: Condition,
    /// Whether MSH-15 and MSH-16 hold values that are not in the table.
    misread: [bool; 2],
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
    /// `None` where nothing is said; and whether it is a value of the table.
    fn read(value: &[u8]) -> (Option<Self>, bool) {
        let condition = match value.trim_ascii() {
            [] => return (None, true),
            [b'A' | b'a', b'L' | b'l'] => Self::Always,
            [b'N' | b'n', b'E' | b'e'] => Self::Never,
            [b'S' | b's', b'U' | b'u'] => Self::OnSuccess,
            [b'E' | b'e', b'R' | b'r'] => Self::OnError,
            _ => return (Some(Self::Always), false),
        };
        (Some(condition), true)
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
    /// What a message without MSH-15 and MSH-16 asks for.
    pub(crate) const ORIGINAL: Self = Self {
        of_acknowledgment: false,
        mode: Mode::Original,
        accept: Condition::Never,
        application: Condition::Always,
        misread: [false; 2],
    };

    /// Reads what a message asks for.
    ///
    /// Where only one of MSH-15 and MSH-16 is valued the other is taken for `NE`, in every
    /// version: what MSH-12 says does not matter here.
    ///
    /// An acknowledgment is never acknowledged: of a message with MSA, or of type ACK, only the
    /// accept acknowledgment that its own MSH-15 asks for is due, and none of an accept
    /// acknowledgment (2.9.3).
    #[must_use]
    pub fn of(message: &Message<'_>) -> Self {
        Self::read(message, &HeaderFields::of(&message.header()))
    }

    pub(crate) fn read(message: &Message<'_>, header: &HeaderFields<'_>) -> Self {
        Self::of_header(header, msa_of(message))
    }

    pub(crate) fn of_header(header: &HeaderFields<'_>, msa: Option<Segment<'_>>) -> Self {
        let (accept, accept_known) = Condition::read(header.said(15));
        let (application, application_known) = Condition::read(header.said(16));
        let misread = [!accept_known, !application_known];
        if msa.is_some() || header.is_of_type_ack() {
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
                misread,
            };
        }
        if accept.is_none() && application.is_none() {
            return Self::ORIGINAL;
        }
        Self {
            of_acknowledgment: false,
            mode: Mode::Enhanced,
            accept: accept.unwrap_or(Condition::Never),
            application: application.unwrap_or(Condition::Never),
            misread,
        }
    }

    /// What counts where every message is acknowledged in original mode by agreement.
    pub(crate) fn in_original_mode(self) -> Self {
        match self.of_acknowledgment {
            true => self,
            false => Self::ORIGINAL,
        }
    }

    /// What is told of values that are not in Table 0155 and were taken for `AL`.
    pub(crate) fn misread(&self) -> Vec<Fault> {
        const PLACES: [Path; 2] = [Path::new("MSH-15"), Path::new("MSH-16")];
        let told = |place| {
            Fault::new(ErrorCode::TABLE_VALUE_NOT_FOUND, "taken for AL")
                .at(place)
                .with_severity(Severity::Warning)
        };
        if self.misread == [false; 2] {
            return Vec::new();
        }
        let misread = PLACES.into_iter().zip(self.misread).filter(|(_, misread)| *misread);
        misread.map(|(place, _)| told(place)).collect()
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
    ///
    /// In original mode AA, AE or AR; in enhanced mode CA, CE or CR, as MSH-15 asks.
    #[must_use]
    pub fn code_for(&self, outcome: &Outcome) -> Option<AckCode> {
        match self.mode {
            Mode::Original => Some(application_code(outcome)),
            Mode::Enhanced if self.accept.holds(outcome.is_accepted()) => {
                let of_header = || outcome.error_codes().any(ErrorCode::concerns_header);
                Some(match outcome.verdict() {
                    Verdict::Accepted => AckCode::CA,
                    Verdict::Rejected if of_header() => AckCode::CR,
                    Verdict::Error | Verdict::Rejected => AckCode::CE,
                })
            }
            Mode::Enhanced => None,
        }
    }

    /// The code that is due later, as an exchange of its own, once what became of a message is
    /// known: AA, AE or AR, as MSH-16 asks.
    ///
    /// None in original mode, where it was the answer, and none where the message was not taken
    /// over: after CE or CR no application acknowledgment follows, and that is for the caller to
    /// know.
    ///
    /// ```
    /// use hl7_ack::{AckCode, AckRequest, Outcome};
    /// use hl7_parse::Message;
    ///
    /// let order = Message::parse(b"MSH|^~\\&|A|B|C|D|1||OML^O21|1|P|2.5|||AL|AL\r")?;
    /// let request = AckRequest::of(&order);
    /// assert_eq!(request.code_for(&Outcome::accepted()), Some(AckCode::CA));
    /// assert_eq!(request.later_code_for(&Outcome::accepted()), Some(AckCode::AA));
    /// # Ok::<(), hl7_parse::ParseError>(())
    /// ```
    #[must_use]
    pub fn later_code_for(&self, outcome: &Outcome) -> Option<AckCode> {
        let due = self.mode == Mode::Enhanced && self.application.holds(outcome.is_accepted());
        due.then(|| application_code(outcome))
    }
}

pub(crate) fn application_code(outcome: &Outcome) -> AckCode {
    match outcome.verdict() {
        Verdict::Accepted => AckCode::AA,
        Verdict::Error => AckCode::AE,
        Verdict::Rejected => AckCode::AR,
    }
}
