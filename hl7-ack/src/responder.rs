//! [`Responder`]: from the bytes of a message to what is to be answered, for every transport.

use std::{fmt, pin::pin, time::Duration};

use bytes::Bytes;
use hl7_parse::{
    Header, OwnedMessage, ParseError, ParseErrorKind, Path, Segment,
    batch::{self, PartKind},
};

use crate::{
    AckCode, AckRequest, Acknowledger, AnyHandler, Cause, CauseKind, ErrorCode, Fault, Handler,
    Outcome, Peer, Received, Reply, Then, Timer,
    acknowledger::unreadable,
    acknowledgment::msa_code,
    catch_panic::CatchPanic,
    header_fields::HeaderFields,
    outstanding::shown,
    reply::ReplyAnswer,
    safe_text::SafeText,
    timer::{AnyTimer, Within},
    writer::Writer,
};

/// Calls a [`Handler`] and builds what is to be answered. One for each server; `Clone` is a few
/// reference counts.
///
/// ```
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// # runtime.block_on(async {
/// use hl7_ack::{AckCode, Outcome, Peer, Received, Responder};
///
/// let responder =
///     Responder::new(async |_: Received| Outcome::accepted()).with_max_messages(100);
/// let response = responder.respond("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\r".into(), Peer::default());
/// assert_eq!(response.await.code(), Some(AckCode::AA));
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Responder {
    handler: AnyHandler,
    acknowledger: Acknowledger,
    time_limit: Option<(Duration, AnyTimer)>,
    max_messages: usize,
}

impl Responder {
    /// How many messages one frame or body may hold, unless
    /// [`Responder::with_max_messages`] says otherwise.
    pub const MAX_MESSAGES: usize = 10_000;

    /// Answers by this handler, without a time limit.
    #[must_use]
    pub fn new(handler: impl Handler) -> Self {
        Self {
            handler: AnyHandler::new(handler),
            acknowledger: Acknowledger::new(),
            time_limit: None,
            max_messages: Self::MAX_MESSAGES,
        }
    }

    /// Answers AR with code 207 (CE at the accept level) where the handler takes longer. The
    /// handler is not stopped: it goes on in [`Response::take_then`], and a [`crate::Replay`]
    /// gives its result to a resend.
    #[must_use]
    pub fn with_time_limit(mut self, limit: Duration, timer: impl Timer) -> Self {
        self.time_limit = Some((limit, AnyTimer::new(timer)));
        self
    }

    /// How many messages one frame or body may hold. Default 10,000.
    #[must_use]
    pub fn with_max_messages(mut self, messages: usize) -> Self {
        self.max_messages = messages;
        self
    }

    /// Builds acknowledgments by another clock, control IDs or identity.
    #[must_use]
    pub fn with_acknowledger(mut self, acknowledger: Acknowledger) -> Self {
        self.acknowledger = acknowledger;
        self
    }

    /// Cuts one frame or body into its messages: mostly one, several where it holds several MSH
    /// segments or a batch. Without copying.
    ///
    /// What does not begin with a message or a batch, what holds lines after an envelope
    /// segment, and what holds more messages than one may, comes out whole, to be
    /// refused whole. An envelope without a message is legal, and nothing is to be done.
    #[must_use]
    pub fn messages(&self, content: Bytes) -> Vec<Bytes> {
        let (mut messages, mut enveloped) = (Vec::new(), false);
        for part in batch::parts(&content) {
            match part.kind() {
                PartKind::Message => {
                    if messages.len() >= self.max_messages {
                        return vec![content];
                    }
                    let start = part.offset();
                    messages.push(content.slice(start..start + part.as_bytes().len()));
                }
                PartKind::Other => return vec![content],
                // FHS, BHS, BTS, FTS, and nothing that would be lost with them.
                _ => match part.read() {
                    Ok(envelope) if envelope.segments().len() == 1 => enveloped = true,
                    _ => return vec![content],
                },
            }
        }
        if messages.is_empty() && !enveloped {
            messages.push(content);
        }
        messages
    }

    /// Reads one message, calls the handler and builds what is due.
    ///
    /// Never fails. Input that can not be read is answered negatively, or not at all where it
    /// may be an acknowledgment; so is a message without MSH-10, or with one over
    /// [`Acknowledger::MAX_ECHOED_LEN`], unless [`Acknowledger::tolerate_missing_control_id`]. A handler that panics is answered AR with code 207 (CE at the
    /// accept level): the content is not at fault.
    pub async fn respond(&self, message: Bytes, peer: Peer) -> Response {
        let bytes = message;
        let Ok(message) = read(bytes.clone()) else {
            return self.refuse_content(&bytes, &unreadable());
        };
        let is_header = |segment: &Segment<'_>| {
            segment.as_bytes().get(..3).is_some_and(|id| id.eq_ignore_ascii_case(b"MSH"))
        };
        if message.as_message().segments().filter(is_header).nth(1).is_some() {
            let outcome = Outcome::error(
                ErrorCode::SEGMENT_SEQUENCE_ERROR,
                "several messages where one is expected",
            );
            return self.refuse_content(&bytes, &outcome);
        }
        let fields = HeaderFields::of(&message.header());
        let request = AckRequest::read(&message.as_message(), &fields);
        if fields.is_displaced() {
            let outcome = Outcome::error(
                ErrorCode::SEGMENT_SEQUENCE_ERROR,
                "MSH holds text in a set that MSH-18 does not name",
            );
            return self.refuse_content(&bytes, &outcome);
        }
        let tolerated =
            request.of_acknowledgment() || self.acknowledger.tolerates_missing_control_id;
        let mut reply = match nameless(&fields).filter(|_| !tolerated) {
            Some(outcome) => without_control_id(outcome, self.acknowledger.request(request)),
            None => self.handle(Received::new(message.clone(), peer)).await,
        };
        let then = reply.take_afterwards();
        let (message_type, control_id) = shown(&fields);
        let refusal = match &reply.answer {
            ReplyAnswer::Outcome(outcome) => outcome.refusal(),
            ReplyAnswer::Kept(answer) => answer.refusal().cloned(),
            _ => None,
        };

        let (action, code) = match reply.answer {
            ReplyAnswer::Outcome(outcome) => {
                match self.acknowledger.answer(&fields, request, &outcome) {
                    Some(ack) => (Action::Answer(ack.as_bytes().clone()), ack.code()),
                    None => (Action::Nothing, None),
                }
            }
            // An acknowledgment is never answered, whatever the handler thinks: systems that answer
            // each other's answers do not stop.
            ReplyAnswer::Acknowledgment(_) | ReplyAnswer::Message(_) | ReplyAnswer::Kept(_)
                if request.of_acknowledgment() && !request.answer_due() =>
            {
                (Action::Nothing, None)
            }
            ReplyAnswer::Acknowledgment(ack) => {
                (Action::Answer(ack.as_bytes().clone()), ack.code())
            }
            ReplyAnswer::Message(response) => {
                let response = response.with_cr_ends();
                let code = msa_code(&response.as_message());
                (Action::Answer(response.as_bytes().clone()), code)
            }
            ReplyAnswer::Kept(answer) => match answer.as_bytes() {
                Some(bytes) => (Action::Answer(bytes.clone()), answer.code()),
                None => (Action::Nothing, None),
            },
            ReplyAnswer::None => (Action::Nothing, None),
            ReplyAnswer::HangUp => (Action::HangUp, None),
        };
        Response {
            negative: refusal.is_some(),
            // The log of the server is all that hears of a refusal in silence.
            cause: reply.cause.or(refusal.filter(|_| action == Action::Nothing)),
            action,
            code,
            readable: true,
            too_many_messages: false,
            message_type,
            control_id,
            then,
        }
    }

    /// An acknowledgment of our own with this code, where the answer that should have been sent
    /// can not be carried.
    #[must_use]
    pub fn acknowledge_anew(&self, message: &[u8], code: AckCode) -> Option<Bytes> {
        let header = Header::parse(message).ok()?;
        let outcome = match code.is_positive() {
            true => Outcome::accepted(),
            false => Outcome::error(ErrorCode::APPLICATION_ERROR, "see the log of the receiver"),
        };
        Some(self.acknowledger.build(&header, code, &outcome).as_bytes().clone())
    }

    /// The answer to a message over a length limit, of which only the first bytes were kept.
    #[must_use]
    pub fn too_long(&self, head: &[u8]) -> Response {
        let outcome = Outcome::error(ErrorCode::APPLICATION_ERROR, "the message is too long");
        self.refuse(head, &outcome)
    }

    /// Refuses what is no message, or came out whole because it holds too many.
    fn refuse_content(&self, bytes: &[u8], outcome: &Outcome) -> Response {
        let one_more = self.max_messages.saturating_add(1);
        let messages = batch::parts(bytes).filter(|part| part.kind() == PartKind::Message);
        if messages.take(one_more).count() < one_more {
            return self.refuse(bytes, outcome);
        }
        let text = "more messages than are taken at once";
        let outcome = Outcome::error(ErrorCode::APPLICATION_ERROR, text);
        Response { too_many_messages: true, ..self.refuse(bytes, &outcome) }
    }

    fn refuse(&self, bytes: &[u8], outcome: &Outcome) -> Response {
        let acknowledgment = self.acknowledger.refuse_unreadable(bytes, outcome);
        let (message_type, control_id) = match Header::parse(bytes) {
            Ok(header) => shown(&HeaderFields::of(&header)),
            Err(_) => (SafeText::of(b""), SafeText::of(b"")),
        };
        let (action, code) = match acknowledgment {
            Some(ack) => (Action::Answer(ack.as_bytes().clone()), ack.code()),
            None => (Action::Nothing, None),
        };
        Response {
            action,
            negative: true,
            code,
            readable: false,
            too_many_messages: false,
            message_type,
            control_id,
            cause: None,
            then: None,
        }
    }

    async fn handle(&self, received: Received) -> Reply {
        let handler = self.handler.clone();
        let handling = Box::pin(async move {
            // A handler may panic before it gives its future.
            let handling = pin!(async { handler.handle(received).await });
            CatchPanic(handling).await.unwrap_or_else(|| {
                Outcome::rejected(ErrorCode::APPLICATION_ERROR, "internal error").into()
            })
        });
        let Some((limit, timer)) = &self.time_limit else { return handling.await };
        match timer.within(*limit, handling).await {
            Within::Finished(reply) => reply,
            Within::Elapsed(handling) => {
                let outcome = Outcome::rejected(ErrorCode::APPLICATION_ERROR, "no result in time");
                Reply::from(outcome).late(handling)
            }
        }
    }
}

/// What is wrong with MSH-10, where the answer can not name the message by it.
fn nameless(fields: &HeaderFields<'_>) -> Option<Outcome> {
    let (code, text) = match fields.said(10) {
        _ if !fields.names_message() => {
            (ErrorCode::REQUIRED_FIELD_MISSING, "no message control ID")
        }
        control_id if Writer::can_copy(control_id) => return None,
        _ => (ErrorCode::VALUE_TOO_LONG, "the message control ID is too long"),
    };
    Some(Outcome::error(code, text).at(const { Path::new("MSH-10") }))
}

/// The refusal of a message that its sender has not named.
fn without_control_id(outcome: Outcome, request: AckRequest) -> Reply {
    match request.code_for(&outcome) {
        Some(_) => outcome.into(),
        // The log of the server is all that hears of it, and that a resend is no use.
        None => {
            let text = outcome.faults().first().map_or("", Fault::text).to_owned();
            Reply::from(outcome).because(Cause::new(CauseKind::ContentRefused, text))
        }
    }
}

/// Reads a message, also one whose text has to be decoded before it can be split: it is passed on
/// and acknowledged as it is. A handler that reads its text decodes the bytes first.
pub(crate) fn read(bytes: Bytes) -> Result<OwnedMessage, ParseError> {
    OwnedMessage::parse(bytes.clone()).or_else(|error| match error.kind() {
        ParseErrorKind::NeedsDecoding(_) => OwnedMessage::parse_undecoded(bytes),
        _ => Err(error),
    })
}

/// What is to be answered to one message, and what a log may say about it.
pub struct Response {
    action: Action,
    negative: bool,
    code: Option<AckCode>,
    readable: bool,
    too_many_messages: bool,
    message_type: SafeText,
    control_id: SafeText,
    cause: Option<Cause>,
    then: Option<Then>,
}

/// What a transport is to do.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Send these bytes.
    Answer(Bytes),
    /// Send nothing, and go on.
    Nothing,
    /// Close the connection without an answer.
    HangUp,
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(bytes) => f.debug_struct("Answer").field("len", &bytes.len()).finish(),
            Self::Nothing => f.write_str("Nothing"),
            Self::HangUp => f.write_str("HangUp"),
        }
    }
}

impl Response {
    /// What to do.
    #[must_use]
    pub fn action(&self) -> &Action {
        &self.action
    }

    /// Whether the message was refused, also where no acknowledgment that says so is due.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.negative || self.code.is_some_and(|code| !code.is_positive())
    }

    /// MSA-1 of the answer.
    #[must_use]
    pub fn code(&self) -> Option<AckCode> {
        self.code
    }

    /// Whether the input was an HL7 message.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        self.readable
    }

    /// Whether the input was refused because it holds more messages than one frame or body may.
    #[must_use]
    pub fn has_too_many_messages(&self) -> bool {
        self.too_many_messages
    }

    /// MSH-9 for logs: printable ASCII, at most 64 characters; empty if unknown.
    #[must_use]
    pub fn message_type(&self) -> &str {
        self.message_type.as_str()
    }

    /// MSH-10 for logs: printable ASCII, at most 64 characters; empty if unknown.
    #[must_use]
    pub fn control_id(&self) -> &str {
        self.control_id.as_str()
    }

    /// Why the message could not be passed on, where that is so; that it was refused, where no
    /// acknowledgment says so to its sender.
    #[must_use]
    pub fn cause(&self) -> Option<&Cause> {
        self.cause.as_ref()
    }

    /// Takes out what is to be run once the answer was written, if anything.
    pub fn take_then(&mut self) -> Option<Then> {
        self.then.take()
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("action", &self.action)
            .field("code", &self.code)
            .field("readable", &self.readable)
            .field("then", &self.then.is_some())
            .finish()
    }
}
