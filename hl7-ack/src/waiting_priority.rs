//! [`WaitingPriority`]: Table 0520.

/// How urgent the most urgent message is that waits to be fetched (MSA-8, Table 0520, from 2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WaitingPriority {
    /// `H`.
    High,
    /// `M`.
    Medium,
    /// `L`.
    Low,
}

impl WaitingPriority {
    /// Reads MSA-8, upper or lower case; `None` where it is not in the table.
    ///
    /// ```
    /// use hl7_ack::WaitingPriority;
    ///
    /// assert_eq!(WaitingPriority::from_msa_8("h "), Some(WaitingPriority::High));
    /// assert_eq!(WaitingPriority::from_msa_8("X"), None);
    /// ```
    #[must_use]
    pub fn from_msa_8(value: &str) -> Option<Self> {
        let value = value.trim();
        [Self::High, Self::Medium, Self::Low]
            .into_iter()
            .find(|priority| priority.as_str().eq_ignore_ascii_case(value))
    }

    /// The letter.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::High => "H",
            Self::Medium => "M",
            Self::Low => "L",
        }
    }
}
