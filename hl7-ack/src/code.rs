//! [`AckCode`] and [`ErrorCode`]: Tables 0008 and 0357.

use std::fmt;

/// An acknowledgment code (MSA-1, Table 0008), named as the standard does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AckCode {
    /// Application Accept: processed, or taken over for good.
    AA,
    /// Application Error: the content has a fault; not to be resent unchanged.
    AE,
    /// Application Reject: type, version or processing ID not taken, or the receiver is unable.
    AR,
    /// Commit Accept: in safe storage.
    CA,
    /// Commit Error: not stored; a resend may succeed.
    CE,
    /// Commit Reject: type, version or processing ID not taken.
    CR,
}

/// Which of the two acknowledgments of enhanced mode a code belongs to (2.9.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Level {
    /// CA, CE, CR.
    Accept,
    /// AA, AE, AR.
    Application,
}

impl AckCode {
    /// The two letters.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AA => "AA",
            Self::AE => "AE",
            Self::AR => "AR",
            Self::CA => "CA",
            Self::CE => "CE",
            Self::CR => "CR",
        }
    }

    /// Whether the message was accepted.
    #[must_use]
    pub fn is_positive(self) -> bool {
        matches!(self, Self::AA | Self::CA)
    }

    /// Accept or application level.
    #[must_use]
    pub fn level(self) -> Level {
        match self {
            Self::AA | Self::AE | Self::AR => Level::Application,
            Self::CA | Self::CE | Self::CR => Level::Accept,
        }
    }

    /// Reads MSA-1: blanks around it, lower case, and one letter for the application level are
    /// seen and taken. `None` for anything else.
    ///
    /// ```
    /// use hl7_ack::AckCode;
    ///
    /// assert_eq!(AckCode::from_msa_1(b" ca"), Some(AckCode::CA));
    /// assert_eq!(AckCode::from_msa_1(b"A"), Some(AckCode::AA));
    /// assert_eq!(AckCode::from_msa_1(b"OK"), None);
    /// ```
    #[must_use]
    pub fn from_msa_1(value: &[u8]) -> Option<Self> {
        Some(match value.trim_ascii().to_ascii_uppercase().as_slice() {
            b"AA" | b"A" => Self::AA,
            b"AE" | b"E" => Self::AE,
            b"AR" | b"R" => Self::AR,
            b"CA" => Self::CA,
            b"CE" => Self::CE,
            b"CR" => Self::CR,
            _ => return None,
        })
    }
}

impl fmt::Display for AckCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An error code (ERR-3, Table 0357).
///
/// ```
/// use hl7_ack::ErrorCode;
///
/// assert_eq!(ErrorCode::REQUIRED_FIELD_MISSING.number(), 101);
/// assert_eq!(ErrorCode::other(9001).text(), "");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ErrorCode(u16);

impl ErrorCode {
    /// 100: segments out of order, or a required one missing.
    pub const SEGMENT_SEQUENCE_ERROR: Self = Self(100);
    /// 101.
    pub const REQUIRED_FIELD_MISSING: Self = Self(101);
    /// 102: letters in a number, for example.
    pub const DATA_TYPE_ERROR: Self = Self(102);
    /// 103.
    pub const TABLE_VALUE_NOT_FOUND: Self = Self(103);
    /// 104, from 2.7: longer than the receiver can hold.
    pub const VALUE_TOO_LONG: Self = Self(104);
    /// 198, from 2.9: too many or too few repetitions.
    pub const NON_CONFORMANT_CARDINALITY: Self = Self(198);
    /// 199, from 2.9: any other fault of syntax or conformance.
    pub const OTHER_HL7_ERROR: Self = Self(199);
    /// 200: MSH-9.1.
    pub const UNSUPPORTED_MESSAGE_TYPE: Self = Self(200);
    /// 201: MSH-9.2.
    pub const UNSUPPORTED_EVENT_CODE: Self = Self(201);
    /// 202: MSH-11.
    pub const UNSUPPORTED_PROCESSING_ID: Self = Self(202);
    /// 203: MSH-12.
    pub const UNSUPPORTED_VERSION_ID: Self = Self(203);
    /// 204: patient or order not found.
    pub const UNKNOWN_KEY_IDENTIFIER: Self = Self(204);
    /// 205: it exists already.
    pub const DUPLICATE_KEY_IDENTIFIER: Self = Self(205);
    /// 206.
    pub const APPLICATION_RECORD_LOCKED: Self = Self(206);
    /// 207: called application internal error before 2.9.
    pub const APPLICATION_ERROR: Self = Self(207);

    /// A code of a local agreement.
    #[must_use]
    pub const fn other(number: u16) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }

    /// The text of the table; empty for a code that is not in it.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self.0 {
            0 => "Message accepted",
            100 => "Segment sequence error",
            101 => "Required field missing",
            102 => "Data type error",
            103 => "Table value not found",
            104 => "Value too long",
            198 => "Non-conformant cardinality",
            199 => "Other HL7 error",
            200 => "Unsupported message type",
            201 => "Unsupported event code",
            202 => "Unsupported processing ID",
            203 => "Unsupported version ID",
            204 => "Unknown key identifier",
            205 => "Duplicate key identifier",
            206 => "Application record locked",
            207 => "Application error",
            _ => "",
        }
    }

    /// Whether it says that MSH-9, MSH-11 or MSH-12 is not taken: what makes an accept
    /// acknowledgment CR instead of CE (2.9.3).
    pub(crate) fn concerns_header(self) -> bool {
        (200..=203).contains(&self.0)
    }
}
