//! [`Handled`]: a [`Deliver`] made of a [`Handler`], for what brings messages without a sender that
//! waits.

use hl7_parse::OwnedMessage;

use crate::{
    Acknowledger, Action, Cause, CauseKind, Deliver, Delivery, Finding, Handler, OneAttempt,
    Outstanding, Peer, Responder,
};

/// Hands each message to a handler, and tells what became of it as a client would: the other way
/// round than [`crate::Forward`]. For a poller, a folder, a queue whose messages are to be handled
/// as those of a server are.
///
/// | the handler | delivery |
/// |---|---|
/// | answers | [`Delivery::Answered`], by the acknowledgment that a sender would get |
/// | accepts, and MSH-15 asks for no answer | [`Delivery::NoneDue`] |
/// | refuses, and MSH-15 asks for no answer | [`Delivery::Unknown`], [`CauseKind::Refused`] |
/// | says why it could not pass the message on ([`crate::Reply::because`]) | [`Delivery::Unknown`], with that cause |
/// | is not asked, as the message has no MSH-10 or fields out of place, and MSH-15 asks for no answer | [`Delivery::Unknown`], [`CauseKind::ContentRefused`] |
/// | hangs up | [`Delivery::Unknown`], [`CauseKind::Closed`] |
///
/// The delivery ends after what the handler left for afterwards. A peer has no address here.
///
/// ```
/// use hl7_ack::{Deliver, Delivery, Handled, Outcome, Received};
/// use hl7_parse::OwnedMessage;
///
/// # async fn example(files: Vec<OwnedMessage>) {
/// let handled = Handled::by(async |_: Received| Outcome::accepted());
/// for message in files {
///     match handled.deliver(message).await {
///         Delivery::Answered(answer) if !answer.is_positive() => eprintln!("{:?}", answer.code()),
///         Delivery::Unknown(cause) => eprintln!("to be tried again: {cause}"),
///         _ => {}
///     }
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Handled(Responder);

impl Handled {
    /// Handles by this handler, without a time limit.
    #[must_use]
    pub fn by(handler: impl Handler) -> Self {
        Self(Responder::new(handler))
    }

    /// Builds acknowledgments by another clock, control IDs or identity, or by another agreement.
    ///
    /// ```
    /// use hl7_ack::{Acknowledger, Handled, Handler};
    ///
    /// fn tolerant(handler: impl Handler) -> Handled {
    ///     Handled::by(handler)
    ///         .acknowledger(Acknowledger::new().tolerate_missing_control_id())
    /// }
    /// ```
    #[must_use]
    pub fn acknowledger(self, acknowledger: Acknowledger) -> Self {
        Self(self.0.with_acknowledger(acknowledger))
    }
}

impl Deliver for Handled {
    async fn deliver(&self, message: OwnedMessage) -> Delivery {
        let outstanding = Outstanding::of(&message);
        let mut response = self.0.respond(message.as_bytes().clone(), Peer::default()).await;
        if let Some(then) = response.take_then() {
            then.await;
        }
        // What was not passed on is not taken for refused: it is not to be forgotten.
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
            Action::HangUp => failed(CauseKind::Closed, "no answer"),
        }
    }
}

impl OneAttempt for Handled {}
