//! [`Awaiting`]: a destination whose application acknowledgments come later, on a way of their own.

use hl7_ack::{AnyDeliver, Deliver, Delivery, OneAttempt, Progress, Waiters};
use hl7_parse::OwnedMessage;

/// After a CA, the delivery ends with the application acknowledgment that another route hands over.
pub(crate) struct Awaiting {
    inner: AnyDeliver,
    waiters: Waiters,
    link: &'static str,
}

impl Awaiting {
    /// For acknowledgments that come by the name of this link.
    pub(crate) fn new(client: impl OneAttempt, waiters: Waiters, link: &'static str) -> Self {
        Self { inner: AnyDeliver::new(client), waiters, link }
    }
}

/// Only of a client that makes one attempt; see [`Awaiting::new`].
impl OneAttempt for Awaiting {}

impl Deliver for Awaiting {
    async fn deliver(&self, message: OwnedMessage) -> Delivery {
        self.deliver_tracked(message, Progress::new()).await
    }

    async fn deliver_tracked(&self, message: OwnedMessage, progress: Progress) -> Delivery {
        // Before it leaves: the far side may be faster with its answer than with its CA.
        let waiting = match self.waiters.register(self.link, &message) {
            Ok(waiting) => waiting,
            Err(cause) => return Delivery::NotSent(cause),
        };
        match self.inner.deliver_tracked(message, progress).await {
            Delivery::Answered(answer) if answer.application_due() => {
                waiting.answer().await.map_or_else(Delivery::Unknown, Delivery::Answered)
            }
            delivery => delivery,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hl7_ack::{AckCode, Finding, Outstanding, Timer};

    use super::*;

    /// A far side that answers with this code, and later with that.
    #[derive(Clone)]
    struct Far(&'static str);

    impl OneAttempt for Far {}

    impl Deliver for Far {
        async fn deliver(&self, message: OwnedMessage) -> Delivery {
            match Outstanding::of(&message).examine(answer(self.0).as_bytes().clone()) {
                Finding::Answer(answer) => Delivery::Answered(answer),
                _ => Delivery::NoneDue,
            }
        }
    }

    /// A clock by which any time has passed, or none ever does.
    struct Timeout {
        passes: bool,
    }

    impl Timer for Timeout {
        async fn sleep(&self, _: Duration) {
            if !self.passes {
                std::future::pending::<()>().await;
            }
        }
    }

    fn answer(code: &str) -> OwnedMessage {
        let text = format!("MSH|^~\\&|F|S|||1||ACK|F7|P|2.5|||NE|NE\rMSA|{code}|7\r");
        OwnedMessage::parse(text).expect("HL7")
    }

    fn code(delivery: &Delivery) -> String {
        match delivery {
            Delivery::Answered(answer) => answer.code().map_or("-", AckCode::as_str).to_owned(),
            other => other.cause().map_or("none".to_owned(), |cause| cause.kind().to_string()),
        }
    }

    #[tokio::test]
    async fn a_delivery_ends_with_the_application_acknowledgment() {
        for (asked, at_once, later, expected) in [
            ("AL|AL", "CA", Some("AA"), "AA"),
            ("AL|AL", "CA", Some("AE"), "AE"),
            ("AL|AL", "CA", None, "timed out"),
            // Nothing more is due.
            ("AL|AL", "CE", None, "CE"),
            ("AL|NE", "CA", None, "CA"),
            ("|", "AA", None, "AA"),
        ] {
            let waiters = Waiters::new(Timeout { passes: later.is_none() });
            let awaiting = Awaiting::new(Far(at_once), waiters.clone(), "far");
            let text = format!("MSH|^~\\&|A|B|F|S|1||ADT^A01|7|P|2.5|||{asked}\r");
            let delivering = tokio::spawn(async move {
                awaiting.deliver(OwnedMessage::parse(text).expect("HL7")).await
            });
            if let Some(later) = later {
                while waiters.waiting() == 0 {
                    tokio::task::yield_now().await;
                }
                assert!(!waiters.hand_over("other", &answer(later)), "on another link");
                assert!(waiters.hand_over("far", &answer(later)), "{asked} {at_once} {later}");
            }
            let delivery = delivering.await.expect("no panic");
            assert_eq!(code(&delivery), expected, "{asked} {at_once} {later:?}");
            assert_eq!(waiters.waiting(), 0);
        }
    }
}
