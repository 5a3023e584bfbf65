//! [`Waiters::awaiting`]: a [`Deliver`] whose answer is the application acknowledgment.

use hl7_parse::OwnedMessage;

use crate::{
    AckCode, AckRequest, AnyDeliver, Condition, Deliver, Delivery, Level, Mode, Progress, Waiters,
};

impl Waiters {
    /// Delivers by `client`, and where MSH-16 asks for an application acknowledgment waits for that
    /// one too: it is the answer then, and CA only says that it is to come. For a bridge whose
    /// sender is to hear what the far side's application says.
    ///
    /// What is heard on the way ends the waiting: CE, CR, an application acknowledgment that came
    /// at once, a delivery that failed; where the application acknowledgment has come by then, it is
    /// the answer all the same. Where none comes within the time of these waiters the
    /// delivery is [`Delivery::Unknown`]; where MSH-16 asks for errors alone (`ER`) it is what
    /// `client` said. A message that can not be registered is [`Delivery::NotSent`].
    ///
    /// Retrying and keeping order belong inside; `client` is then free for the next message while
    /// this one is waited for.
    ///
    /// ```
    /// use hl7_ack::{AnyHandler, Deliver, Enhanced, Forward, Outcome, Received, Timer, Waiters};
    ///
    /// /// A bridge, and the handler for what the far side sends by itself.
    /// fn bridge(
    ///     far: impl Deliver,
    ///     back: impl Deliver,
    ///     timer: impl Timer,
    /// ) -> (Enhanced, AnyHandler) {
    ///     let waiters = Waiters::new(timer);
    ///     let forward = Forward::to(waiters.awaiting("far", far));
    ///     let store = async |_: Received| Outcome::accepted();
    ///     let bridge = Enhanced::new(store, forward, back, |_, lost| eprintln!("{lost:?}"));
    ///     (bridge, waiters.around("far", async |_: Received| Outcome::accepted()))
    /// }
    /// ```
    #[must_use]
    pub fn awaiting(&self, link: impl Into<String>, client: impl Deliver) -> AnyDeliver {
        let (waiters, link) = (self.clone(), link.into());
        AnyDeliver::new(Awaiting { waiters, link, client })
    }
}

struct Awaiting<D> {
    waiters: Waiters,
    link: String,
    client: D,
}

impl<D: Deliver> Deliver for Awaiting<D> {
    fn deliver(&self, message: OwnedMessage) -> impl Future<Output = Delivery> + Send {
        self.deliver_tracked(message, Progress::new())
    }

    async fn deliver_tracked(&self, message: OwnedMessage, progress: Progress) -> Delivery {
        let request = AckRequest::of(&message.as_message());
        if request.mode() == Mode::Original || request.application() == Condition::Never {
            return self.client.deliver_tracked(message, progress).await;
        }
        let waiting = match self.waiters.register(&self.link, &message) {
            Ok(waiting) => waiting,
            Err(cause) => return Delivery::NotSent(cause),
        };
        let delivery = self.client.deliver_tracked(message, progress).await;
        let is_to_come = match &delivery {
            Delivery::Answered(answer) => answer.code() == Some(AckCode::CA),
            Delivery::NoneDue => true,
            Delivery::NotSent(_) | Delivery::Unknown(_) => false,
        };
        if !is_to_come {
            let is_final = match &delivery {
                Delivery::Answered(answer) => {
                    answer.code().is_some_and(|code| code.level() == Level::Application)
                }
                _ => false,
            };
            // It may have come while the exchange went wrong, and is then what is known.
            let came = waiting.settled().filter(|_| !is_final);
            return came.map_or(delivery, Delivery::Answered);
        }
        match waiting.answer().await {
            Ok(answer) => Delivery::Answered(answer),
            Err(_) if request.application() == Condition::OnError => delivery,
            Err(cause) => Delivery::Unknown(cause),
        }
    }
}
