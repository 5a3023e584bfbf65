//! [`Severity`]: Table 0516.

/// How bad a [`crate::Fault`] is (ERR-4, Table 0516, from 2.5; no acknowledgment of an earlier version
/// tells it).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// `E`: the message was not processed.
    Error,
    /// `W`: it was, but parts may not have been stored.
    Warning,
    /// `I`: it was, and there is something to tell.
    Information,
    /// `F`, from 2.7: not processed because an application or the network failed. Written as `E`
    /// in earlier versions.
    FatalError,
    /// Another letter, by local agreement.
    Other(char),
}

impl Severity {
    /// Reads ERR-4: its first letter, upper or lower case. `None` where it is not valued.
    ///
    /// ```
    /// use hl7_ack::Severity;
    ///
    /// assert_eq!(Severity::from_err_4("w"), Some(Severity::Warning));
    /// assert_eq!(Severity::from_err_4("X"), Some(Severity::Other('X')));
    /// assert_eq!(Severity::from_err_4(""), None);
    /// ```
    #[must_use]
    pub fn from_err_4(value: &str) -> Option<Self> {
        let letter = value.trim().chars().next().filter(|letter| *letter != '"')?;
        Some(match letter.to_ascii_uppercase() {
            'E' => Self::Error,
            'W' => Self::Warning,
            'I' => Self::Information,
            'F' => Self::FatalError,
            other => Self::Other(other),
        })
    }

    /// The letter.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::Error => 'E',
            Self::Warning => 'W',
            Self::Information => 'I',
            Self::FatalError => 'F',
            Self::Other(letter) => letter,
        }
    }
}
