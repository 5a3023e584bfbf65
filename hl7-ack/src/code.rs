//! [`AckCode`] and [`ErrorCode`]: Tables 0008 and 0357.

use std::fmt;

use crate::Version;

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

    /// Reads MSA-1: blanks and quotes around it, lower case, and one letter for the application
    /// level are seen and taken; so is what follows the code, a further component or a text.
    /// `None` for anything else.
    ///
    /// ```
    /// use hl7_ack::AckCode;
    ///
    /// assert_eq!(AckCode::from_msa_1(b" ca"), Some(AckCode::CA));
    /// assert_eq!(AckCode::from_msa_1(b"A"), Some(AckCode::AA));
    /// assert_eq!(AckCode::from_msa_1(b"AE^Application Error"), Some(AckCode::AE));
    /// assert_eq!(AckCode::from_msa_1(b"OK"), None);
    /// ```
    #[must_use]
    pub fn from_msa_1(value: &[u8]) -> Option<Self> {
        let mut value = value.trim_ascii();
        if let [b'"', quoted @ .., b'"'] | [b'\'', quoted @ .., b'\''] = value {
            value = quoted.trim_ascii();
        }
        let code = match value {
            [one] => [one.to_ascii_uppercase(), b' '],
            [first, second, rest @ ..] if !rest.first().is_some_and(u8::is_ascii_alphanumeric) => {
                [first.to_ascii_uppercase(), second.to_ascii_uppercase()]
            }
            _ => return None,
        };
        Some(match &code {
            b"AA" | b"A " => Self::AA,
            b"AE" | b"E " => Self::AE,
            b"AR" | b"R " => Self::AR,
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
    /// 0: nothing is wrong. It is written with severity `I`.
    pub const MESSAGE_ACCEPTED: Self = Self(0);
    /// 100: segments out of order, or a required one missing.
    pub const SEGMENT_SEQUENCE_ERROR: Self = Self(100);
    /// 101.
    pub const REQUIRED_FIELD_MISSING: Self = Self(101);
    /// 102: letters in a number, for example.
    pub const DATA_TYPE_ERROR: Self = Self(102);
    /// 103.
    pub const TABLE_VALUE_NOT_FOUND: Self = Self(103);
    /// 104: longer than the receiver can hold. Written as 102 before 2.7.
    pub const VALUE_TOO_LONG: Self = Self(104);
    /// 198: too many or too few repetitions. Written as 102 before 2.9.
    pub const NON_CONFORMANT_CARDINALITY: Self = Self(198);
    /// 199: any other fault of syntax or conformance. Written as 207 before 2.9.
    pub const OTHER_HL7_ERROR: Self = Self(199);
    /// 200: MSH-9.1.
    pub const UNSUPPORTED_MESSAGE_TYPE: Self = Self(200);
    /// 201: MSH-9.2.
    pub const UNSUPPORTED_EVENT_CODE: Self = Self(201);
    /// 202: MSH-11.
    pub const UNSUPPORTED_PROCESSING_ID: Self = Self(202);
    /// 203: MSH-12.
    pub const UNSUPPORTED_VERSION_ID: Self = Self(203);
    /// 204: patient or order not found. From 2.9 written as 207 with 101 in ERR-5.
    pub const UNKNOWN_KEY_IDENTIFIER: Self = Self(204);
    /// 205: it exists already. From 2.9 written as 207 with 102 in ERR-5.
    pub const DUPLICATE_KEY_IDENTIFIER: Self = Self(205);
    /// 206. From 2.9 written as 207 with 103 in ERR-5.
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

    /// Reads a code; `None` where it is no number up to 65,535.
    ///
    /// ```
    /// use hl7_ack::ErrorCode;
    ///
    /// assert_eq!(ErrorCode::from_err_3(" 101"), Some(ErrorCode::REQUIRED_FIELD_MISSING));
    /// assert_eq!(ErrorCode::from_err_3("E-17"), None);
    /// ```
    #[must_use]
    pub fn from_err_3(value: &str) -> Option<Self> {
        let digits = value.trim();
        let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|_| all_digits).map(Self)
    }

    /// The code that says it in an acknowledgment of this version, and its text there.
    ///
    /// 104 came with 2.7, 198 and 199 with 2.9; before, 102 and 207 stand in. Up to 2.8.2 the text
    /// of 207 is another.
    pub(crate) fn in_version(self, version: Version) -> (Self, &'static str) {
        let code = match self {
            Self::VALUE_TOO_LONG if version < Version::V2_7 => Self::DATA_TYPE_ERROR,
            Self::NON_CONFORMANT_CARDINALITY if version < Version::V2_9 => Self::DATA_TYPE_ERROR,
            Self::OTHER_HL7_ERROR if version < Version::V2_9 => Self::APPLICATION_ERROR,
            other => other,
        };
        match code {
            Self::APPLICATION_ERROR if version < Version::V2_9 => {
                (code, "Application internal error")
            }
            code => (code, code.text()),
        }
    }

    /// The code of Table 0533 that replaces this one from 2.9.
    pub(crate) fn in_table_0533(self) -> Option<&'static str> {
        match self {
            Self::UNKNOWN_KEY_IDENTIFIER => Some("101"),
            Self::DUPLICATE_KEY_IDENTIFIER => Some("102"),
            Self::APPLICATION_RECORD_LOCKED => Some("103"),
            _ => None,
        }
    }

    /// The code that one of Table 0533 replaced.
    pub(crate) fn from_table_0533(code: &str) -> Option<Self> {
        [
            Self::UNKNOWN_KEY_IDENTIFIER,
            Self::DUPLICATE_KEY_IDENTIFIER,
            Self::APPLICATION_RECORD_LOCKED,
        ]
        .into_iter()
        .find(|replaced| replaced.in_table_0533() == Some(code))
    }

    /// Whether it says that MSH-9, MSH-11 or MSH-12 is not taken: what makes an accept
    /// acknowledgment CR instead of CE (2.9.3).
    pub(crate) fn concerns_header(self) -> bool {
        (200..=203).contains(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_whatever_stands_around_it() {
        for (written, expected) in [
            ("AA", "AA"),
            ("\"AA\"", "AA"),
            ("'ae'", "AE"),
            ("AA^Accepted", "AA"),
            ("AA - ok", "AA"),
            ("CR&x", "CR"),
            ("E", "AE"),
            ("A^Accepted", ""),
            ("\"\"", ""),
            ("\"", ""),
            ("", ""),
            ("AAA", ""),
            ("AA1", ""),
            ("ARRIVED", ""),
            ("OK", ""),
            ("A A", ""),
        ] {
            let read = AckCode::from_msa_1(written.as_bytes()).map_or("", AckCode::as_str);
            assert_eq!(read, expected, "{written}");
        }
    }

    #[test]
    fn a_code_is_shown_as_it_is_written() {
        for code in ["AA", "AE", "AR", "CA", "CE", "CR"] {
            let read = AckCode::from_msa_1(code.as_bytes()).expect("a code");
            assert_eq!((read.as_str(), read.to_string()), (code, code.to_owned()));
        }
    }

    #[test]
    fn each_code_of_table_0357_has_its_text_and_no_other_code_has_one() {
        let texts = [
            (0, "Message accepted"),
            (100, "Segment sequence error"),
            (101, "Required field missing"),
            (102, "Data type error"),
            (103, "Table value not found"),
            (104, "Value too long"),
            (198, "Non-conformant cardinality"),
            (199, "Other HL7 error"),
            (200, "Unsupported message type"),
            (201, "Unsupported event code"),
            (202, "Unsupported processing ID"),
            (203, "Unsupported version ID"),
            (204, "Unknown key identifier"),
            (205, "Duplicate key identifier"),
            (206, "Application record locked"),
            (207, "Application error"),
        ];
        for number in 0..=300 {
            let code = ErrorCode::from_err_3(&number.to_string()).expect("a number");
            assert_eq!(code.number(), number);
            let expected =
                texts.iter().find(|(known, _)| *known == number).map_or("", |(_, text)| text);
            assert_eq!(code.text(), expected, "{number}");
        }
    }

    #[test]
    fn what_table_0533_took_over_is_read_back_from_it() {
        for (number, code) in [("101", 204), ("102", 205), ("103", 206)] {
            let read = ErrorCode::from_table_0533(number).expect("in the table");
            assert_eq!((read.number(), read.in_table_0533()), (code, Some(number)));
        }
        for other in ["", "100", "104", "204"] {
            assert_eq!(ErrorCode::from_table_0533(other), None, "{other}");
        }
    }
}
