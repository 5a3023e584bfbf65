//! [`Outstanding`]: what a client remembers of a message it sent, to know its answer.

use bytes::Bytes;
use hl7_parse::{
    OwnedMessage,
    batch::{self, PartKind},
};

use crate::{
    AckRequest, Answer, Matching,
    header_fields::HeaderFields,
    msa::msa_of,
    named::{Named, comparable},
    responder::read,
    safe_text::SafeText,
};

/// A message that was sent and waits for its answer.
///
/// ```
/// use hl7_ack::{Finding, Outstanding};
/// use hl7_parse::OwnedMessage;
///
/// let sent = Outstanding::of(&OwnedMessage::parse("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\r")?);
/// assert!(sent.answer_due() && !sent.silence_accepts());
/// assert_eq!((sent.message_type(), sent.control_id()), ("ADT^A01", "7"));
/// for (bytes, found) in [
///     ("MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.5\rMSA|AA|7\r", "positive"),
///     ("MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.5\rMSA|AE|7\r", "negative"),
///     ("MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.5\rMSA|AA|6\r", "of another message"),
///     ("MSH|^~\\&|C|D|A|B|1||ORU^R01|9|P|2.5\rPID|1\r", "no answer at all"),
///     ("<html>", "unreadable"),
/// ] {
///     assert_eq!(found, match sent.examine(bytes.into()) {
///         Finding::Answer(answer) if answer.is_positive() => "positive",
///         Finding::Answer(_) => "negative",
///         Finding::Other(_) => "of another message",
///         Finding::Inbound(_) => "no answer at all",
///         _ => "unreadable",
///     });
/// }
/// # Ok::<(), hl7_parse::ParseError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Outstanding {
    control_id: Compared,
    /// MSH-10 as it stands.
    written: Compared,
    /// MSH-3 and MSH-4.
    sender: [Compared; 2],
    matching: Matching,
    request: AckRequest,
    shown: (SafeText, SafeText),
}

/// A field that is compared and never shown.
#[derive(Clone)]
struct Compared(Vec<u8>);

impl std::fmt::Debug for Compared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Compared").field("len", &self.0.len()).finish()
    }
}

/// What came back on the way an answer is expected.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Finding {
    /// MSA-2 is the control ID of the outstanding message.
    Answer(Answer),
    /// An acknowledgment of something else: a late one, most often.
    Other(OwnedMessage),
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
        let fields = HeaderFields::of(&header);
        let compared = |text| Compared(comparable(text, &header.separators()));
        let [application, facility] = [3, 4].map(|n| compared(fields.get(n)));
        Self {
            // The delete indicator names nothing: it is not echoed.
            control_id: compared(fields.said(10)),
            written: Compared(fields.get(10).trim_ascii().to_vec()),
            sender: [application, facility],
            matching: Matching::exact(),
            request: AckRequest::read(&view, &fields),
            shown: shown(&fields),
        }
    }

    /// Matches answers less, or more, closely.
    #[must_use]
    pub fn matching(mut self, matching: Matching) -> Self {
        self.matching = matching;
        self
    }

    /// Expects the answer of original mode whatever MSH-15 and MSH-16 say, as a receiver gives it
    /// that is in [`Acknowledger::always_original_mode`](crate::Acknowledger::always_original_mode).
    /// What is itself an acknowledgment asks for what it says.
    ///
    /// ```
    /// use hl7_ack::Outstanding;
    /// use hl7_parse::OwnedMessage;
    ///
    /// let sent = OwnedMessage::parse("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5|||NE|AL\r")?;
    /// assert!(!Outstanding::of(&sent).answer_due());
    /// assert!(Outstanding::of(&sent).always_original_mode().answer_due());
    /// # Ok::<(), hl7_parse::ParseError>(())
    /// ```
    #[must_use]
    pub fn always_original_mode(mut self) -> Self {
        self.request = self.request.in_original_mode();
        self
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

    /// Whether one answer could be taken for that of either message, so that they are not to wait
    /// at the same time where only MSA-2 tells whose an answer is.
    ///
    /// So it is with one control ID in two messages, however it is written. One that is empty, or
    /// holds anything but letters, digits and such characters as can be no usual delimiter, and
    /// one that is [matched](Outstanding::matching) less than exactly, may be meant by too many
    /// answers to be compared: such a message shares them with all others.
    ///
    /// ```
    /// use hl7_ack::Outstanding;
    /// use hl7_parse::{OwnedMessage, ParseError};
    ///
    /// let sent = |id: &str| -> Result<Outstanding, ParseError> {
    ///     let message = format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|{id}|P|2.5\r");
    ///     Ok(Outstanding::of(&OwnedMessage::parse(message)?))
    /// };
    /// assert!(!sent("7")?.may_share_answer(&sent("8")?));
    /// assert!(sent("7")?.may_share_answer(&sent(" 7")?));
    /// assert!(sent("7")?.may_share_answer(&sent("\\X37\\")?));
    /// assert!(sent("1")?.may_share_answer(&sent("")?));
    /// # Ok::<(), ParseError>(())
    /// ```
    #[must_use]
    pub fn may_share_answer(&self, other: &Self) -> bool {
        self.control_id.0 == other.control_id.0 || !self.is_named() || !other.is_named()
    }

    /// Whether only an acknowledgment that names this very control ID is taken for its answer,
    /// whatever the delimiters.
    fn is_named(&self) -> bool {
        let plain = |byte: &u8| byte.is_ascii() && !b"|^~\\&".contains(byte);
        let id = &self.control_id.0;
        !self.matching.is_tolerant()
            && !id.is_empty()
            && *id == self.written.0
            && id.iter().all(plain)
    }

    /// Says what the bytes of a frame or body are to the outstanding message.
    ///
    /// MSA-2 and MSH-10 are compared byte by byte after resolving escape sequences, without
    /// blanks around them; [`Outstanding::matching`] takes other answers too. A message that was
    /// sent without a control ID is answered by an acknowledgment without one, or with `0`, `1` or
    /// `UNKNOWN`, the usual fillers. In a batch, or a run of messages, the answer may be any of
    /// them; nothing is said of the others, which [`Outstanding::examine_each`] has.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "an answer is handed over, not lent")]
    pub fn examine(&self, content: Bytes) -> Finding {
        let mut first = None;
        for finding in self.examine_each(&content) {
            match finding {
                Finding::Answer(answer) => return Finding::Answer(answer),
                other => first = first.or(Some(other)),
            }
        }
        first.unwrap_or(Finding::Unreadable)
    }

    /// The same of each message of a frame or body, in order; of none where it holds none. For a
    /// client, which is not to lose what the peer has put beside the answer.
    ///
    /// Each is looked at when it is asked for. Several may be answers: an accept acknowledgment,
    /// and the application acknowledgment behind it.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use hl7_ack::{Finding, Outstanding};
    /// use hl7_parse::OwnedMessage;
    ///
    /// let sent = OwnedMessage::parse("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\r")?;
    /// let frame = "MSH|^~\\&|C|D|A|B|1||ORU^R01|4|P|2.5\rPID|1\r\
    ///              MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.5\rMSA|AA|7\r";
    /// let frame = Bytes::from(frame);
    /// let outstanding = Outstanding::of(&sent);
    /// let mut findings = outstanding.examine_each(&frame);
    /// assert!(matches!(findings.next(), Some(Finding::Inbound(_))));
    /// assert!(matches!(findings.next(), Some(Finding::Answer(_))));
    /// assert!(findings.next().is_none());
    /// # Ok::<(), hl7_parse::ParseError>(())
    /// ```
    pub fn examine_each<'a>(&'a self, content: &'a Bytes) -> impl Iterator<Item = Finding> + 'a {
        let messages = batch::parts(content).filter(|part| part.kind() == PartKind::Message);
        messages.map(|part| self.examine_one(content.slice_ref(part.as_bytes())))
    }

    fn examine_one(&self, content: Bytes) -> Finding {
        read(content).map_or(Finding::Unreadable, |message| self.examine_message(&message))
    }

    /// The same of a message that has been read: where several wait, each that comes is read once.
    ///
    /// ```
    /// use hl7_ack::{Finding, Outstanding};
    /// use hl7_parse::OwnedMessage;
    ///
    /// let sent = OwnedMessage::parse("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\r")?;
    /// let came = OwnedMessage::parse("MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.5\rMSA|AA|7\r")?;
    /// let found = Outstanding::of(&sent).examine_message(&came);
    /// assert!(matches!(found, Finding::Answer(_)));
    /// # Ok::<(), hl7_parse::ParseError>(())
    /// ```
    #[must_use]
    pub fn examine_message(&self, message: &OwnedMessage) -> Finding {
        let view = message.as_message();
        let Some(msa) = msa_of(&view) else {
            return Finding::Inbound(message.clone());
        };
        let header = view.header();
        let receiver = [header.receiving_application(), header.receiving_facility()];
        let addressed = !self.matching.checks_address()
            || receiver
                .into_iter()
                .zip(&self.sender)
                .all(|(field, ours)| comparable(field.as_bytes(), &header.separators()) == ours.0);
        let named = Named::by_msa(&msa);
        // Some copy the bytes of MSH-10 into an acknowledgment with other delimiters.
        let ours = named.as_written() == self.written.0
            || self.matching.names(&self.control_id.0, &named.comparable());
        if addressed && ours {
            Finding::Answer(Answer::new(message.clone(), self.request))
        } else {
            Finding::Other(message.clone())
        }
    }
}

/// MSH-9 and MSH-10 as they may be logged.
pub(crate) fn shown(fields: &HeaderFields<'_>) -> (SafeText, SafeText) {
    (SafeText::of(fields.get(9)), SafeText::of(fields.get(10)))
}
