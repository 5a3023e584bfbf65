//! [`Version`]: the versions of the standard, and which of them an acknowledgment takes its form
//! from.

use hl7_parse::Header;

/// A version of the standard (MSH-12, Table 0104), older before newer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Version {
    /// 2.1: original mode alone.
    V2_1,
    /// 2.2: enhanced mode.
    V2_2,
    /// 2.3: MSH-18.
    V2_3,
    /// 2.3.1: Table 0357, and MSH-9 of three components.
    V2_3_1,
    /// 2.4.
    V2_4,
    /// 2.5: ERR in its present form.
    V2_5,
    /// 2.5.1.
    V2_5_1,
    /// 2.6: control IDs of up to 199 characters.
    V2_6,
    /// 2.7: MSA-3 and the old form of ERR are withdrawn.
    V2_7,
    /// 2.7.1.
    V2_7_1,
    /// 2.8.
    V2_8,
    /// 2.8.1.
    V2_8_1,
    /// 2.8.2.
    V2_8_2,
    /// 2.9.
    V2_9,
}

impl Version {
    /// The version whose form answers this message: the newest that is not newer than MSH-12,
    /// and 2.5.1 where MSH-12 is empty or no version. `2.31` is 2.3.1, `2.50` is 2.5.
    ///
    /// ```
    /// use hl7_ack::Version;
    /// use hl7_parse::Header;
    ///
    /// let header = Header::parse(b"MSH|^~\\&|||||||ADT^A01|1|P|2.3.2^USA\r")?;
    /// assert_eq!(Version::of(&header), Version::V2_3_1);
    /// # Ok::<(), hl7_parse::ParseError>(())
    /// ```
    #[must_use]
    pub fn of(header: &Header<'_>) -> Self {
        Self::of_form(header.version().component(1).as_bytes())
    }

    /// The same of component 1 of MSH-12.
    pub(crate) fn of_form(version_id: &[u8]) -> Self {
        let [b'2', b'.', minor @ b'0'..=b'9', rest @ ..] = version_id.trim_ascii() else {
            return Self::WHERE_UNKNOWN;
        };
        // Of two digits, and not the short form of 2.3.1 or 2.5.1.
        if *minor == b'1' && rest.first().is_some_and(u8::is_ascii_digit) {
            return Self::V2_9;
        }
        let patch = match rest {
            [b'.', patch @ b'0'..=b'9', ..] | [patch @ b'0'..=b'9', ..] => *patch,
            _ => b'0',
        };
        match (*minor, patch) {
            (b'0' | b'1', _) => Self::V2_1,
            (b'2', _) => Self::V2_2,
            (b'3', b'0') => Self::V2_3,
            (b'3', _) => Self::V2_3_1,
            (b'4', _) => Self::V2_4,
            (b'5', b'0') => Self::V2_5,
            (b'5', _) => Self::V2_5_1,
            (b'6', _) => Self::V2_6,
            (b'7', b'0') => Self::V2_7,
            (b'7', _) => Self::V2_7_1,
            (b'8', b'0') => Self::V2_8,
            (b'8', b'1') => Self::V2_8_1,
            (b'8', _) => Self::V2_8_2,
            _ => Self::V2_9,
        }
    }

    /// One named in a list of what is taken; none for `""`, `*` and what is no version.
    pub(crate) fn listed(version_id: &str) -> Option<Self> {
        version_id.trim().starts_with("2.").then(|| Self::of_form(version_id.as_bytes()))
    }

    /// What is written where a message does not say.
    pub(crate) const WHERE_UNKNOWN: Self = Self::V2_5_1;

    /// As MSH-12 has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2_1 => "2.1",
            Self::V2_2 => "2.2",
            Self::V2_3 => "2.3",
            Self::V2_3_1 => "2.3.1",
            Self::V2_4 => "2.4",
            Self::V2_5 => "2.5",
            Self::V2_5_1 => "2.5.1",
            Self::V2_6 => "2.6",
            Self::V2_7 => "2.7",
            Self::V2_7_1 => "2.7.1",
            Self::V2_8 => "2.8",
            Self::V2_8_1 => "2.8.1",
            Self::V2_8_2 => "2.8.2",
            Self::V2_9 => "2.9",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_that_of_the_newest_version_that_is_not_newer() {
        for (written, form) in [
            ("2.0", "2.1"),
            ("2.0D", "2.1"),
            ("2.1", "2.1"),
            ("2.2", "2.2"),
            ("2.3", "2.3"),
            ("2.3.1", "2.3.1"),
            ("2.3.2", "2.3.1"),
            ("2.31", "2.3.1"),
            ("2.4", "2.4"),
            ("2.5", "2.5"),
            ("2.50", "2.5"),
            ("2.5.1", "2.5.1"),
            (" 2.6 ", "2.6"),
            ("2.7", "2.7"),
            ("2.7.1", "2.7.1"),
            ("2.8", "2.8"),
            ("2.8.1", "2.8.1"),
            ("2.8.2", "2.8.2"),
            ("2.9", "2.9"),
            ("2.9.1", "2.9"),
            ("2.10", "2.9"),
            ("2.10.1", "2.9"),
            ("2.1.1", "2.1"),
            ("", "2.5.1"),
            ("\"\"", "2.5.1"),
            ("3.0", "2.5.1"),
            ("2", "2.5.1"),
            ("v2.3", "2.5.1"),
        ] {
            assert_eq!(Version::of_form(written.as_bytes()).as_str(), form, "{written:?}");
        }
    }
}
