//! [`Acknowledger`]: builds acknowledgments (2.9.2, 2.9.3, 2.13).

use std::{fmt, sync::Arc, time::SystemTime};

use hl7_parse::{Header, Message, ParseError};

use crate::{
    AckCode, AckRequest, Acknowledgment, Clock, ControlIds, ErrorCode, Outcome, Software,
    UniqueIds, Version, header_fields::HeaderFields, msa::may_hold_msa, request::application_code,
};

/// Builds acknowledgments: knows the time, makes control IDs, and may have a name of its own.
///
/// ```
/// use std::time::UNIX_EPOCH;
///
/// use hl7_ack::{Acknowledger, Outcome};
/// use hl7_parse::Message;
///
/// let message = Message::parse(b"MSH|^~\\&|LAB|GH|EHR|GH|20260101||ORU^R01|77|P|2.5.1\r")?;
/// let acknowledgment = Acknowledger::with(|| UNIX_EPOCH, || "1".to_owned())
///     .acknowledge(&message, &Outcome::accepted())
///     .ok_or("nothing due")?;
/// assert_eq!(
///     acknowledgment.as_bytes(),
///     "MSH|^~\\&|EHR|GH|LAB|GH|19700101000000+0000||ACK^R01^ACK|1|P|2.5.1\rMSA|AA|77\r"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Acknowledger {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) control_ids: Arc<dyn ControlIds>,
    pub(crate) identity: Option<Identity>,
    pub(crate) software: Option<Arc<Software>>,
    pub(crate) newest_version: Version,
    pub(crate) msa_3_always: bool,
    pub(crate) always_original: bool,
    pub(crate) tolerates_missing_control_id: bool,
}

#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) application: String,
    pub(crate) facility: String,
}

impl Acknowledger {
    /// A field of the message that is longer, in bytes, is not echoed: an acknowledgment stays
    /// small. Of MSH-10 that is twenty times what the standard allows: a server refuses a message
    /// whose answer could not name it for that ([`Responder`](crate::Responder)), with code 104.
    pub const MAX_ECHOED_LEN: usize = 4096;

    /// By the system's clock, with [`UniqueIds`].
    #[must_use]
    pub fn new() -> Self {
        Self::with(SystemTime::now, UniqueIds::new())
    }

    /// By another clock, with other control IDs.
    #[must_use]
    pub fn with(clock: impl Clock, control_ids: impl ControlIds) -> Self {
        Self {
            clock: Arc::new(clock),
            control_ids: Arc::new(control_ids),
            identity: None,
            software: None,
            newest_version: Version::V2_9,
            msa_3_always: false,
            always_original: false,
            tolerates_missing_control_id: false,
        }
    }

    /// What to write in MSH-3 and MSH-4, instead of MSH-5 and MSH-6 of the message: text, in which
    /// `^` stands between components (HD: namespace, universal ID and its type), whatever the
    /// delimiters of the message are.
    ///
    /// ```
    /// use hl7_ack::{AckCode, Acknowledger, Outcome};
    /// use hl7_parse::{Header, Message};
    ///
    /// let header = Header::parse(b"MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\r")?;
    /// let acknowledger = Acknowledger::new().identity("BRIDGE^1.2.3^ISO", "NORTH");
    /// let built = acknowledger.build(&header, AckCode::AA, &Outcome::accepted());
    /// let answer = Message::parse(built.as_bytes())?;
    /// assert_eq!(answer.header().sending_application().as_bytes(), b"BRIDGE^1.2.3^ISO");
    /// # Ok::<(), hl7_parse::ParseError>(())
    /// ```
    #[must_use]
    pub fn identity(mut self, application: impl Into<String>, facility: impl Into<String>) -> Self {
        let (application, facility) = (application.into(), facility.into());
        self.identity = Some(Identity { application, facility });
        self
    }

    /// Says in SFT, from 2.5 on, which software writes this.
    ///
    /// ```
    /// use hl7_ack::{Acknowledger, Outcome, Software};
    /// use hl7_parse::Message;
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\r")?;
    /// let ours = Software::new("Example Systems", "2.1.0", "Bridge", "9f3c2ab");
    /// let acknowledger = Acknowledger::new().software(ours);
    /// let built = acknowledger.acknowledge(&message, &Outcome::accepted()).ok_or("nothing due")?;
    /// let text = std::str::from_utf8(built.as_bytes())?;
    /// assert!(text.ends_with("\rSFT|Example Systems|2.1.0|Bridge|9f3c2ab\rMSA|AA|7\r"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn software(mut self, software: Software) -> Self {
        self.software = Some(Arc::new(software));
        self
    }

    /// The newest version that is taken here: what MSH-12 says where the version of the message
    /// is what is refused (code 203), since the sender may not go on in that one, unless
    /// [`Outcome::newest_version`] says it. Default 2.9.
    ///
    /// ```
    /// use hl7_ack::{Acknowledger, ErrorCode, Outcome, Version};
    /// use hl7_parse::Message;
    ///
    /// let message = Message::parse(b"MSH|^~\\&|LAB|GH|EHR|GH|20260101||ORU^R01|77|P|2.8\r")?;
    /// let outcome = Outcome::rejected(ErrorCode::UNSUPPORTED_VERSION_ID, "2.5.1 at most");
    /// let acknowledgment = Acknowledger::new()
    ///     .newest_version(Version::V2_5_1)
    ///     .acknowledge(&message, &outcome)
    ///     .ok_or("nothing due")?;
    /// let answer = Message::parse(acknowledgment.as_bytes())?;
    /// assert_eq!(answer.header().version().as_bytes(), b"2.5.1");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn newest_version(mut self, version: Version) -> Self {
        self.newest_version = version;
        self
    }

    /// Writes the text of the first fault into MSA-3 in versions after 2.6 too: withdrawn there,
    /// but the only text that many systems show.
    ///
    /// ```
    /// use hl7_ack::{Acknowledger, ErrorCode, Outcome};
    /// use hl7_parse::Message;
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.8\r")?;
    /// let down = Outcome::rejected(ErrorCode::APPLICATION_ERROR, "down for an hour");
    /// let acknowledger = Acknowledger::new().msa_3_in_every_version();
    /// let acknowledgment = acknowledger.acknowledge(&message, &down).ok_or("nothing due")?;
    /// let text = std::str::from_utf8(acknowledgment.as_bytes())?;
    /// assert!(text.contains("\rMSA|AR|7|down for an hour\r"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn msa_3_in_every_version(mut self) -> Self {
        self.msa_3_always = true;
        self
    }

    /// Answers in original mode whatever MSH-15 and MSH-16 say: the agreement that sites make most
    /// often.
    ///
    /// ```
    /// use hl7_ack::{AckCode, Acknowledger, Outcome};
    /// use hl7_parse::Message;
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5|||NE|AL\r")?;
    /// let acknowledger = Acknowledger::new().always_original_mode();
    /// let acknowledgment = acknowledger.acknowledge(&message, &Outcome::accepted());
    /// assert_eq!(acknowledgment.and_then(|ack| ack.code()), Some(AckCode::AA));
    /// # Ok::<(), hl7_parse::ParseError>(())
    /// ```
    #[must_use]
    pub fn always_original_mode(mut self) -> Self {
        self.always_original = true;
        self
    }

    /// Takes messages without MSH-10, or where it is delimiters, blanks and control characters
    /// alone. The standard requires it: their sender can not
    /// know the acknowledgment for its own, since MSA-2 is empty. So it is where MSH-10 is over
    /// [`Acknowledger::MAX_ECHOED_LEN`]. By default a server answers them
    /// with AE and code 101 or 104 (CE at the accept level) and does not hand them to its handler:
    /// [`Responder`](crate::Responder).
    ///
    /// ```
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    /// # runtime.block_on(async {
    /// use hl7_ack::{AckCode, Acknowledger, Outcome, Peer, Received, Responder};
    ///
    /// let strict = Responder::new(async |_: Received| Outcome::accepted());
    /// let tolerant = Acknowledger::new().tolerate_missing_control_id();
    /// let tolerant = strict.clone().with_acknowledger(tolerant);
    /// for (responder, code) in [(strict, AckCode::AE), (tolerant, AckCode::AA)] {
    ///     let message = "MSH|^~\\&|A|B|C|D|1||ADT^A01||P|2.5\r";
    ///     let response = responder.respond(message.into(), Peer::default()).await;
    ///     assert_eq!(response.code(), Some(code));
    /// }
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn tolerate_missing_control_id(mut self) -> Self {
        self.tolerates_missing_control_id = true;
        self
    }

    /// The acknowledgment that MSH-15 and MSH-16 ask for; `None` where none is due in the same
    /// exchange.
    ///
    /// It is that of the outcome whatever the message is: what refuses a message without MSH-10 is
    /// [`Responder`](crate::Responder). MSA-2 is empty then.
    #[must_use]
    pub fn acknowledge(&self, message: &Message<'_>, outcome: &Outcome) -> Option<Acknowledgment> {
        let fields = HeaderFields::of(&message.header());
        self.answer(&fields, AckRequest::read(message, &fields), outcome)
    }

    /// The acknowledgment that a message with these fields asks for.
    pub(crate) fn answer(
        &self,
        fields: &HeaderFields<'_>,
        request: AckRequest,
        outcome: &Outcome,
    ) -> Option<Acknowledgment> {
        let request = self.request(request);
        let code = request.code_for(outcome)?;
        Some(self.write(fields, request, code, outcome))
    }

    /// The acknowledgment of bytes of which no more than MSH is read: for receivers that store
    /// what they get before they look at it, and answer at once.
    ///
    /// The same bytes as [`Acknowledger::acknowledge`], in less time, for a message without MSH-10
    /// too. Nothing is known of the
    /// segments that follow, but whether MSA may be among them: then the message is read whole.
    /// The bytes are to be one message: of several the first is answered.
    ///
    /// ```
    /// use hl7_ack::{AckCode, Acknowledger, Outcome};
    ///
    /// let stored = b"MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5|||AL|NE\rPID|1\r";
    /// let acknowledgment = Acknowledger::new().acknowledge_unread(stored, &Outcome::accepted())?;
    /// assert_eq!(acknowledgment.and_then(|ack| ack.code()), Some(AckCode::CA));
    /// # Ok::<(), hl7_parse::ParseError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Header::parse`], and where MSA may be there those of [`Message::parse`]:
    /// [`Acknowledger::refuse_unreadable`] answers such bytes.
    pub fn acknowledge_unread(
        &self,
        bytes: &[u8],
        outcome: &Outcome,
    ) -> Result<Option<Acknowledgment>, ParseError> {
        if may_hold_msa(bytes) {
            return Ok(self.acknowledge(&Message::parse(bytes)?, outcome));
        }
        let fields = HeaderFields::of(&Header::parse(bytes)?);
        let request = self.request(AckRequest::of_header(&fields, None));
        let code = request.code_for(outcome);
        Ok(code.map(|code| self.write(&fields, request, code, outcome)))
    }

    /// An acknowledgment with this code, whatever the message asks for.
    ///
    /// With AA, AE or AR for a message in enhanced mode it is an exchange of its own, whose own
    /// MSH-15 and MSH-16 are `NE`: it wants no answer.
    ///
    /// ```
    /// use hl7_ack::{AckCode, Acknowledger, Outcome};
    /// use hl7_parse::Message;
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A|B|C|D|1||OML^O21|7|P|2.5|||AL|AL\r")?;
    /// let later = Acknowledger::new().build(&message.header(), AckCode::AA, &Outcome::accepted());
    /// let later = Message::parse(later.as_bytes())?;
    /// assert_eq!(later.header().field(16).as_bytes(), b"NE");
    /// # Ok::<(), hl7_parse::ParseError>(())
    /// ```
    #[must_use]
    pub fn build(&self, header: &Header<'_>, code: AckCode, outcome: &Outcome) -> Acknowledgment {
        let fields = HeaderFields::of(header);
        let request = self.request(AckRequest::of_header(&fields, None));
        self.write(&fields, request, code, outcome)
    }

    /// The negative acknowledgment of what is barely a message; `None` where it may be an
    /// acknowledgment itself, which is never answered, or where MSH-15 asks for none.
    ///
    /// What can be read of MSH is used. Of bytes without a usable MSH nothing is echoed: AR,
    /// MSA-2 empty.
    ///
    /// ```
    /// use hl7_ack::{AckCode, Acknowledger, ErrorCode, Outcome};
    ///
    /// let outcome = Outcome::error(ErrorCode::SEGMENT_SEQUENCE_ERROR, "no header");
    /// let acknowledger = Acknowledger::new();
    /// let refusal = acknowledger.refuse_unreadable(b"PID|1\r", &outcome).ok_or("none")?;
    /// assert_eq!(refusal.code(), Some(AckCode::AR));
    /// assert!(acknowledger.refuse_unreadable(b"MSA|AA|1\r", &outcome).is_none());
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn refuse_unreadable(&self, bytes: &[u8], outcome: &Outcome) -> Option<Acknowledgment> {
        if may_hold_msa(bytes) {
            return None;
        }
        let Ok(header) = Header::parse(bytes) else {
            let (nothing, request) = (HeaderFields::none(), AckRequest::ORIGINAL);
            return Some(self.write(&nothing, request, AckCode::AR, outcome));
        };
        let fields = HeaderFields::of(&header);
        let request = self.request(AckRequest::of_header(&fields, None));
        Some(self.write(&fields, request, request.code_for(outcome)?, outcome))
    }

    /// One acknowledgment of a whole batch, as some systems send and expect it: MSA-2 is BHS-11.
    ///
    /// `batch` is the part that begins with BHS (or FHS). The answer is AA, AE or AR, in the form
    /// of [`Version::V2_5_1`], since BHS tells no version.
    ///
    /// ```
    /// use hl7_ack::{Acknowledger, Outcome};
    /// use hl7_parse::{Message, batch};
    ///
    /// let request = b"BHS|^~\\&|LAB|GH|EHR|GH|20260101||||B17\rMSH|^~\\&|LAB\rBTS|1\r";
    /// let header = batch::parts(request).next().ok_or("a part")?.read()?;
    /// let answer = Acknowledger::new().acknowledge_batch(&header, &Outcome::accepted());
    /// assert!(answer.as_bytes().ends_with(b"\rMSA|AA|B17\r"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn acknowledge_batch(&self, batch: &Message<'_>, outcome: &Outcome) -> Acknowledgment {
        let header = HeaderFields::of(&batch.header()).of_batch();
        let code = application_code(outcome);
        self.write(&header, AckRequest::ORIGINAL, code, outcome)
    }

    pub(crate) fn request(&self, request: AckRequest) -> AckRequest {
        match self.always_original {
            true => request.in_original_mode(),
            false => request,
        }
    }
}

impl Default for Acknowledger {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Acknowledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acknowledger")
            .field("identity", &self.identity.is_some())
            .field("newest_version", &self.newest_version)
            .field("always_original", &self.always_original)
            .field("tolerates_missing_control_id", &self.tolerates_missing_control_id)
            .finish_non_exhaustive()
    }
}

/// What is said about bytes that can not be read as a message.
pub(crate) fn unreadable() -> Outcome {
    Outcome::error(ErrorCode::SEGMENT_SEQUENCE_ERROR, "not a readable HL7 message")
}
