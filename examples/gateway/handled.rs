//! [`Handled`]: a handler as a destination, which does with each message what a server would.

use hl7_ack::{
    Action, AnyHandler, Cause, CauseKind, Deliver, Delivery, Finding, Outstanding, Peer, Responder,
};
use hl7_parse::OwnedMessage;

/// A handler as a destination.
pub(crate) struct Handled(Responder);

impl Handled {
    pub(crate) fn by(handler: AnyHandler) -> Self {
        Self(Responder::new(handler))
    }
}

impl Deliver for Handled {
    async fn deliver(&self, message: OwnedMessage) -> Delivery {
        let outstanding = Outstanding::of(&message);
        let mut response = self.0.respond(message.as_bytes().clone(), Peer::default()).await;
        // One message is in hand at a time: what is left for afterwards belongs to it.
        if let Some(then) = response.take_then() {
            then.await;
        }
        // What was not passed on is not taken for refused: the source may not forget it.
        if let Some(cause) = response.cause() {
            return Delivery::Unknown(cause.clone());
        }
        let failed = |kind, why| Delivery::Unknown(Cause::new(kind, why));
        match response.action() {
            Action::Answer(answer) => match outstanding.examine(answer.clone()) {
                Finding::Answer(answer) => Delivery::Answered(answer),
                _ => failed(CauseKind::Mismatched, "no answer to this message"),
            },
            Action::Nothing if !response.is_negative() => Delivery::NoneDue,
            Action::Nothing => failed(CauseKind::Refused, "refused, and no answer was asked for"),
            _ => failed(CauseKind::Closed, "no answer"),
        }
    }
}

#[cfg(test)]
mod tests {
    use hl7_ack::{ErrorCode, Outcome, Received, Reply};

    use super::*;

    async fn delivered(ask: &str, reply: impl Fn() -> Reply + Send + Sync + 'static) -> String {
        let message = format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5|||{ask}\r");
        let message = OwnedMessage::parse(message).expect("HL7");
        let handler = move |_: Received| {
            let reply = reply();
            async move { reply }
        };
        match Handled::by(AnyHandler::new(handler)).deliver(message).await {
            Delivery::Answered(answer) => {
                answer.code().map_or("-", |code| code.as_str()).to_owned()
            }
            Delivery::NoneDue => "none due".to_owned(),
            Delivery::Unknown(cause) => cause.kind().to_string(),
            _ => "another".to_owned(),
        }
    }

    #[tokio::test]
    async fn only_what_was_taken_counts_as_delivered() {
        let accepted = || Outcome::accepted().into();
        let rejected = || Outcome::rejected(ErrorCode::APPLICATION_ERROR, "no").into();
        let not_sent = move || {
            let reply: Reply = Outcome::rejected(ErrorCode::APPLICATION_ERROR, "no").into();
            reply.because(Cause::new(CauseKind::Unreachable, "down"))
        };
        assert_eq!(delivered("", accepted).await, "AA");
        assert_eq!(delivered("", rejected).await, "AR");
        assert_eq!(delivered("", not_sent).await, "unreachable");
        assert_eq!(delivered("NE|NE", accepted).await, "none due");
        assert_eq!(delivered("NE|NE", rejected).await, "refused");
        assert_eq!(delivered("NE|NE", not_sent).await, "unreachable");
        assert_eq!(delivered("", Reply::hang_up).await, "connection lost");
    }
}
