//! [`CharsetOverride`]: makes a message say, or be, what the charset parameter of its request says.

use hl7_ack::{ErrorCode, Handler, Outcome, Received, Reply};
use hl7_parse::{
    Charset, OwnedMessage,
    charset::{self, EncodeErrorKind, EncodeOptions},
};

use super::request_parts::RequestParts;
use crate::content::declaring;

/// A handler around another: what it passes on no longer needs the charset parameter.
///
/// Over HTTP the charset parameter of the content type says in which character set a message is,
/// and overrides MSH-18 (draft, section on character sets). MLLP has MSH-18 alone: a bridge that
/// passed the bytes on as they are would let the receiver read them wrongly. Bytes that are ASCII
/// read the same in every set and are passed on untouched, as is a message without the parameter.
///
/// ```
/// use hl7_ack::{Deliver, Forward};
/// use hl7_http::server::{CharsetOverride, Service};
/// use hl7_parse::Charset;
///
/// fn bridge(mllp: impl Deliver + Clone) -> [Service; 2] {
///     [
///         // Bytes as they came; MSH-18 says what they are.
///         Service::new(CharsetOverride::rewriting(Forward::to(mllp.clone()))),
///         // For a receiver that reads ISO 8859-1 whatever MSH-18 says.
///         Service::new(CharsetOverride::transcoding(Charset::Latin1, Forward::to(mllp))),
///     ]
/// }
/// ```
///
/// The acknowledgment of the far side goes back as it is.
#[derive(Clone, Debug)]
pub struct CharsetOverride<H> {
    handler: H,
    to: Option<Charset>,
}

impl<H: Handler> CharsetOverride<H> {
    /// Writes the character set into MSH-18 (its first repetition) where it says another one, or
    /// none, and leaves all other bytes as they are.
    ///
    /// A set that has no name in Table 0211 can not be written there: then the message is refused
    /// with AE and code 103.
    pub fn rewriting(handler: H) -> Self {
        Self { handler, to: None }
    }

    /// Decodes what is not ASCII by the parameter, or by MSH-18 without one, writes it in this
    /// character set and names that in MSH-18.
    ///
    /// Nothing is replaced: a message that is not in the set it claims, or has a character that
    /// `to` does not have, is refused with AE and code 102.
    pub fn transcoding(to: Charset, handler: H) -> Self {
        Self { handler, to: Some(to) }
    }

    fn overridden(&self, received: &Received) -> Result<Option<OwnedMessage>, Outcome> {
        let message = &received.message;
        let label =
            received.peer.extensions().get::<RequestParts>().and_then(RequestParts::charset);
        if message.as_bytes().is_ascii() {
            return Ok(None);
        }
        match self.to {
            Some(to) => transcoded(message, label.as_deref(), to).map(Some),
            None => match label.as_deref().map(Charset::from_label) {
                Some(Charset::Unknown) => Err(unknown()),
                Some(charset) if charset != message.header().charset() => {
                    renamed(message, charset).map(Some)
                }
                _ => Ok(None),
            },
        }
    }
}

impl<H: Handler> Handler for CharsetOverride<H> {
    async fn handle(&self, mut received: Received) -> Reply {
        match self.overridden(&received) {
            Ok(None) => {}
            Ok(Some(message)) => received.message = message,
            Err(outcome) => return outcome.into(),
        }
        self.handler.handle(received).await
    }
}

fn unknown() -> Outcome {
    let text = "the charset parameter names no character set of Table 0211";
    Outcome::error(ErrorCode::TABLE_VALUE_NOT_FOUND, text)
}

fn renamed(message: &OwnedMessage, charset: Charset) -> Result<OwnedMessage, Outcome> {
    let name = charset.name().ok_or_else(unknown)?;
    declaring(message, name).ok_or_else(|| {
        let text = "MSH-18 can not be written";
        Outcome::error(ErrorCode::APPLICATION_ERROR, text)
    })
}

fn transcoded(
    message: &OwnedMessage,
    label: Option<&str>,
    to: Charset,
) -> Result<OwnedMessage, Outcome> {
    let refused = |text: &str| Outcome::error(ErrorCode::DATA_TYPE_ERROR, text);
    let decoded = charset::decode(message.as_bytes().clone(), label)
        .ok()
        .filter(|decoded| !decoded.evidence.is_replaced())
        .ok_or_else(|| refused("the message is not in the character set that is declared"))?;
    let decoded = decoded.message.as_bytes().clone();
    let encoded =
        EncodeOptions::new().declaring().encode(decoded, to).map_err(|error| {
            match error.kind() {
                EncodeErrorKind::Unsupported(_) => {
                    let text = "the character set of the receiver can not be written";
                    Outcome::error(ErrorCode::APPLICATION_ERROR, text)
                }
                _ => refused("a character is not in the character set of the receiver"),
            }
        })?;
    OwnedMessage::parse_undecoded(encoded)
        .map_err(|_| refused("the character set of the receiver can not be split"))
}
