//! [`Outstanding`]: what a client remembers of a message it sent, to know its answer.

use bytes::Bytes;
use hl7_parse::{
    Header, Message, OwnedMessage, Separators,
    batch::{self, PartKind},
    unescape,
};

use crate::{AckRequest, Answer, responder::read, rewrite::rewritten, safe_text::SafeText};

/// A message that was sent and waits for its answer.
#[derive(Clone, Debug)]
pub struct Outstanding {
    control_id: ControlId,
    request: AckRequest,
    shown: (SafeText, SafeText),
}

/// MSH-10, compared and never shown.
#[derive(Clone)]
struct ControlId(Vec<u8>);

impl std::fmt::Debug for ControlId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ControlId").field("len", &self.0.len()).finish()
    }
}

/// What came back on the way an answer is expected.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Finding {
    /// MSA-2 is the control ID of the outstanding message.
    Answer(Answer),
    /// An acknowledgment of something else: a late one, most often.
    Other,
    /// A message without MSA: no answer at all, but a message of the peer's own.
    Inbound(OwnedMessage),
    /// No HL7 message.
    Unreadable,
}

impl Outstanding {
    /// Remembers what is needed of a message.
    #[must_use]
    pub fn of(message: &OwnedMessage) -> Self {
        let view = message.as_message();
        let header = view.header();
        Self {
            control_id: ControlId(comparable(header.control_id().as_bytes(), &header)),
            request: AckRequest::of(&view),
            shown: shown(&header),
        }
    }

    /// Whether an answer in the same exchange is due. Where it is not, the exchange ends with
    /// the last byte sent.
    #[must_use]
    pub fn answer_due(&self) -> bool {
        self.request.answer_due()
    }

    /// Whether no answer at all means that the message was accepted (MSH-15 is `ER`).
    #[must_use]
    pub fn silence_accepts(&self) -> bool {
        self.request.silence_accepts()
    }

    /// What the message asks for.
    #[must_use]
    pub fn request(&self) -> AckRequest {
        self.request
    }

    /// MSH-9 for logs: printable ASCII, at most 64 characters.
    #[must_use]
    pub fn message_type(&self) -> &str {
        self.shown.0.as_str()
    }

    /// MSH-10 for logs: printable ASCII, at most 64 characters.
    #[must_use]
    pub fn control_id(&self) -> &str {
        self.shown.1.as_str()
    }

    /// Says what the bytes of a frame or body are to the outstanding message.
    ///
    /// MSA-2 and MSH-10 are compared byte by byte after resolving escape sequences, without
    /// blanks around them. A message that was sent without a control ID is answered by an
    /// acknowledgment without one, or with `0`, `1` or `UNKNOWN`, the usual fillers. In a batch,
    /// or a run of messages, the answer may be any of them.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "an answer is handed over, not lent")]
    pub fn examine(&self, content: Bytes) -> Finding {
        let mut first = None;
        for part in batch::parts(&content).filter(|part| part.kind() == PartKind::Message) {
            match self.examine_one(content.slice_ref(part.as_bytes())) {
                Finding::Answer(answer) => return Finding::Answer(answer),
                other => first = first.or(Some(other)),
            }
        }
        first.unwrap_or(Finding::Unreadable)
    }

    fn examine_one(&self, content: Bytes) -> Finding {
        let Ok(message) = read(content) else { return Finding::Unreadable };
        let view = message.as_message();
        let Some(msa) = view.segment("MSA") else {
            return Finding::Inbound(message);
        };
        let named = comparable(msa.field(2).as_bytes(), &view.header());
        let ours = match self.control_id.0.is_empty() {
            true => matches!(named.as_slice(), b"" | b"0" | b"1" | b"UNKNOWN"),
            false => named == self.control_id.0,
        };
        if ours {
            Finding::Answer(Answer::new(message.clone(), self.request))
        } else {
            Finding::Other
        }
    }
}

/// A control ID in one form, whatever the delimiters of its message.
pub(crate) fn comparable(id: &[u8], header: &Header<'_>) -> Vec<u8> {
    let written = rewritten(id, &header.separators(), &Separators::RECOMMENDED);
    unescape(&written, &Separators::RECOMMENDED).trim_ascii().to_vec()
}

/// MSH-9 and MSH-10 as they may be logged.
pub(crate) fn shown(header: &Header<'_>) -> (SafeText, SafeText) {
    (SafeText::of(header.message_type().as_bytes()), SafeText::of(header.control_id().as_bytes()))
}

/// The same of a message.
pub(crate) fn shown_of(message: &Message<'_>) -> (SafeText, SafeText) {
    shown(&message.header())
}
