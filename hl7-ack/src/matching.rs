//! [`Matching`]: how closely an answer has to name the message that was sent.

/// How an acknowledgment is matched to its message.
///
/// By default MSA-2 is to be MSH-10, whole. What else is taken is taken because of what some
/// receivers send, and only where one message at a time waits for its answer, as on most MLLP
/// connections: then the next acknowledgment is the answer, whatever it says.
///
/// ```
/// use hl7_ack::{Finding, Matching, Outstanding};
/// use hl7_parse::OwnedMessage;
///
/// let sent = OwnedMessage::parse("MSH|^~\\&|A|B|C|D|1||ADT^A01|ADMISSION-2026-000001|P|2.5\r")?;
/// let cut = "MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.3\rMSA|AA|ADMISSION-2026-00000\r";
/// assert!(matches!(Outstanding::of(&sent).examine(cut.into()), Finding::Other(_)));
///
/// let tolerant = Outstanding::of(&sent).matching(Matching::exact().or_cut_to_20());
/// assert!(matches!(tolerant.examine(cut.into()), Finding::Answer(_)));
///
/// // From a receiver that echoes nothing, but says whom it means.
/// let mute = Matching::exact().or_missing().or_any().and_addressed_to_sender();
/// let nameless = "MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.3\rMSA|AA\r";
/// let found = Outstanding::of(&sent).matching(mute).examine(nameless.into());
/// assert!(matches!(found, Finding::Answer(_)));
/// # Ok::<(), hl7_parse::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Matching {
    cut_to_20: bool,
    missing: bool,
    any: bool,
    addressed: bool,
}

/// MSH-10 holds at most 20 characters up to 2.5.1, and some receivers cut it.
const CUT_LEN: usize = 20;

impl Matching {
    /// MSA-2 is MSH-10.
    #[must_use]
    pub fn exact() -> Self {
        Self::default()
    }

    /// Takes an MSA-2 of 20 characters that a longer MSH-10 begins with.
    #[must_use]
    pub fn or_cut_to_20(mut self) -> Self {
        self.cut_to_20 = true;
        self
    }

    /// Takes an acknowledgment without MSA-2.
    #[must_use]
    pub fn or_missing(mut self) -> Self {
        self.missing = true;
        self
    }

    /// Takes any acknowledgment. A late one of another message is then taken for the answer: for
    /// receivers that do not echo control IDs at all.
    #[must_use]
    pub fn or_any(mut self) -> Self {
        self.any = true;
        self
    }

    /// Takes an answer only if its MSH-5 and MSH-6 are MSH-3 and MSH-4 of the message.
    #[must_use]
    pub fn and_addressed_to_sender(mut self) -> Self {
        self.addressed = true;
        self
    }

    pub(crate) fn names(self, sent: &[u8], named: &[u8]) -> bool {
        if self.any || (self.missing && named.is_empty()) {
            return true;
        }
        match sent.is_empty() {
            // The usual fillers.
            true => matches!(named, b"" | b"0" | b"1" | b"UNKNOWN"),
            false => {
                let cut = named.len() == CUT_LEN && sent.starts_with(named);
                named == sent || (self.cut_to_20 && cut)
            }
        }
    }

    /// Whether an answer may name something else than MSH-10.
    pub(crate) fn is_tolerant(self) -> bool {
        self.any || self.missing || self.cut_to_20
    }

    pub(crate) fn checks_address(self) -> bool {
        self.addressed
    }
}
