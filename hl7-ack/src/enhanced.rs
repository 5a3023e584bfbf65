//! [`Enhanced`]: a [`Handler`] for the two acknowledgments of enhanced mode (2.9.3).

use std::{fmt, pin::Pin, sync::Arc};

use hl7_parse::{Editor, OwnedMessage, Path};

use crate::{
    AckCode, AckRequest, Acknowledger, AnyDeliver, AnyHandler, Deliver, Delivery, ErrorCode,
    Handler, Mode, Outcome, Received, Reply, acknowledgment::msa_code, catch_panic::CatchPanic,
    outcome::Verdict, reply::ReplyAnswer,
};

/// Stores a message, has that acknowledged, and handles it afterwards.
///
/// The accept acknowledgment (CA, CE, CR) leaves when `store` has returned, and says what it said.
/// If the message was stored, `application` handles it after that answer was written, and its
/// answer is sent to `to` as an exchange of its own, if MSH-16 asks for one of that outcome. What
/// was not stored is not handled, and gets no application acknowledgment.
///
/// A message in original mode is stored and handled before its one acknowledgment leaves.
///
/// An application acknowledgment that could not be delivered is given to `undelivered`, after all
/// that `to` does about it (a [`crate::Retry`], say). A process that ends between the two
/// acknowledgments owes the second: it has to begin again with what is stored.
///
/// ```
/// use hl7_ack::{Deliver, Enhanced, ErrorCode, Outcome, Received};
/// # async fn write_to_disk(_: &[u8]) -> std::io::Result<()> { Ok(()) }
/// # async fn admit(_: Received) -> Outcome { Outcome::accepted() }
///
/// async fn store(received: Received) -> Outcome {
///     match write_to_disk(received.message.as_bytes()).await {
///         Ok(()) => Outcome::accepted(),
///         Err(_) => Outcome::rejected(ErrorCode::APPLICATION_ERROR, "not stored"),
///     }
/// }
///
/// fn receiver(client: impl Deliver) -> Enhanced {
///     Enhanced::new(store, admit, client, |_, delivery| eprintln!("not told: {delivery:?}"))
///         .ask_for_accept()
/// }
/// ```
#[derive(Clone)]
pub struct Enhanced {
    store: Arc<Store>,
    application: AnyHandler,
    to: AnyDeliver,
    undelivered: Arc<Undelivered>,
    acknowledger: Acknowledger,
    ask_for_accept: bool,
}

type Store = dyn Fn(Received) -> Pin<Box<dyn Future<Output = Outcome> + Send>> + Send + Sync;
type Undelivered = dyn Fn(&OwnedMessage, &Delivery) + Send + Sync;

impl Enhanced {
    /// Stores by `store`, handles by `application`, sends application acknowledgments to `to`,
    /// and tells `undelivered` of those that did not arrive or were not taken.
    #[must_use]
    pub fn new<S, F>(
        store: S,
        application: impl Handler,
        to: impl Deliver,
        undelivered: impl Fn(&OwnedMessage, &Delivery) + Send + Sync + 'static,
    ) -> Self
    where
        S: Fn(Received) -> F + Send + Sync + 'static,
        F: Future<Output = Outcome> + Send + 'static,
    {
        Self {
            store: Arc::new(move |received| Box::pin(store(received))),
            application: AnyHandler::new(application),
            to: AnyDeliver::new(to),
            undelivered: Arc::new(undelivered),
            acknowledger: Acknowledger::new(),
            ask_for_accept: false,
        }
    }

    /// Builds application acknowledgments by another clock, control IDs or identity: those of the
    /// server, as a rule.
    #[must_use]
    pub fn acknowledger(mut self, acknowledger: Acknowledger) -> Self {
        self.acknowledger = acknowledger;
        self
    }

    /// Asks the far side for an accept acknowledgment of application acknowledgments: MSH-15 is
    /// `AL`, MSH-16 `NE`. Without it, and by default, nobody says whether they arrived.
    #[must_use]
    pub fn ask_for_accept(mut self) -> Self {
        self.ask_for_accept = true;
        self
    }

    /// Handles what is stored, and sends what is due.
    async fn apply(self, received: Received) {
        let message = received.message.clone();
        let application = self.application.clone();
        let handling = CatchPanic(Box::pin(async move { application.handle(received).await }));
        let mut reply = handling.await.unwrap_or_else(|| {
            Outcome::error(ErrorCode::APPLICATION_ERROR, "internal error").into()
        });
        let afterwards = reply.take_afterwards();
        if let Some(acknowledgment) = self.due(&message, reply.answer) {
            let delivery = self.to.deliver(acknowledgment.clone()).await;
            if !delivery.is_positive() {
                (self.undelivered)(&acknowledgment, &delivery);
            }
        }
        if let Some(afterwards) = afterwards {
            afterwards.await;
        }
    }

    /// The application acknowledgment that MSH-16 asks for.
    fn due(&self, message: &OwnedMessage, answer: ReplyAnswer) -> Option<OwnedMessage> {
        let view = message.as_message();
        let condition = AckRequest::of(&view).application();
        match answer {
            ReplyAnswer::Outcome(outcome) => {
                let code = match outcome.verdict() {
                    Verdict::Accepted => AckCode::AA,
                    Verdict::Error => AckCode::AE,
                    Verdict::Rejected => AckCode::AR,
                };
                let built = self.acknowledger.build(&view.header(), code, &outcome);
                let built = OwnedMessage::parse_undecoded(built.as_bytes().clone()).ok()?;
                condition.holds(code.is_positive()).then(|| self.asking(built))
            }
            ReplyAnswer::Acknowledgment(acknowledgment) => {
                let positive = acknowledgment.code().is_some_and(AckCode::is_positive);
                let bytes = acknowledgment.as_bytes().clone();
                condition.holds(positive).then(|| OwnedMessage::parse_undecoded(bytes).ok())?
            }
            ReplyAnswer::Message(response) => {
                let code = msa_code(&response.as_message());
                condition.holds(code.is_some_and(AckCode::is_positive)).then_some(response)
            }
            ReplyAnswer::Kept(answer) => {
                let positive = answer.code().is_some_and(AckCode::is_positive);
                condition.holds(positive).then(|| answer.message())?
            }
            ReplyAnswer::None | ReplyAnswer::HangUp => None,
        }
    }

    fn asking(&self, built: OwnedMessage) -> OwnedMessage {
        if !self.ask_for_accept {
            return built;
        }
        let asking = Editor::new(&built.as_message())
            .set(&Path::new("MSH-15"), "AL")
            .set(&Path::new("MSH-16"), "NE")
            .finish();
        asking.unwrap_or(built)
    }
}

impl Handler for Enhanced {
    async fn handle(&self, mut received: Received) -> Reply {
        let request = AckRequest::of(&received.message.as_message());
        let outcome = (self.store)(received.clone()).await;
        if !outcome.is_accepted() {
            return outcome.into();
        }
        if request.mode() == Mode::Original {
            return self.application.handle(received).await;
        }
        // It outlives the exchange, and is not to keep the buffer of the connection alive.
        received.message = received.message.detach();
        Reply::from(outcome).then(self.clone().apply(received))
    }
}

impl fmt::Debug for Enhanced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enhanced")
            .field("acknowledger", &self.acknowledger)
            .field("ask_for_accept", &self.ask_for_accept)
            .finish_non_exhaustive()
    }
}
