//! [`Metered`]: counts what becomes of messages, by route and destination.
//!
//! | name | labels | |
//! |---|---|---|
//! | `hl7_gateway_received_total` | route | messages handled, copies and filtered ones too |
//! | `hl7_gateway_received_bytes_total` | route | their bytes |
//! | `hl7_gateway_handling` | route | messages in hand now |
//! | `hl7_gateway_handling_seconds` | route | from the message to its answer |
//! | `hl7_gateway_broken_rules_total` | route, outcome | messages that broke a rule: `failed`, `reported` |
//! | `hl7_gateway_filtered_total` | route | messages that a filter held back |
//! | `hl7_gateway_deliveries_total` | route, destination, outcome | MSA-1, `none_due`, `not_sent`, `unknown` |
//! | `hl7_gateway_queued` | route, destination | messages that wait or are under way now |
//! | `hl7_gateway_delivery_seconds` | route, destination | waiting and retries included |
//!
//! `hl7-mllp` adds its own: `hl7_mllp_connections` and others. Labels are names from the
//! configuration and closed sets; nothing of a message is ever one.

use std::time::Instant;

use hl7_ack::{AnyDeliver, AnyHandler, Deliver, Delivery, Handler, Progress, Received};
use hl7_parse::OwnedMessage;
use metrics::{Counter, Gauge, Histogram};

/// A destination whose deliveries are counted.
pub(crate) struct Metered {
    inner: AnyDeliver,
    route: &'static str,
    destination: &'static str,
    queued: Gauge,
    seconds: Histogram,
}

impl Metered {
    pub(crate) fn new(inner: AnyDeliver, route: &'static str, destination: &'static str) -> Self {
        let labels = [("route", route), ("destination", destination)];
        let queued = metrics::gauge!("hl7_gateway_queued", &labels);
        let seconds = metrics::histogram!("hl7_gateway_delivery_seconds", &labels);
        Self { inner, route, destination, queued, seconds }
    }

    fn count(&self, delivery: &Delivery) {
        let outcome = match delivery {
            Delivery::Answered(answer) => match answer.code() {
                Some(code) => code.as_str(),
                None => "unknown_code",
            },
            Delivery::NoneDue => "none_due",
            Delivery::NotSent(_) => "not_sent",
            _ => "unknown",
        };
        let labels =
            [("route", self.route), ("destination", self.destination), ("outcome", outcome)];
        metrics::counter!("hl7_gateway_deliveries_total", &labels).increment(1);
    }
}

impl Deliver for Metered {
    async fn deliver(&self, message: OwnedMessage) -> Delivery {
        self.deliver_tracked(message, Progress::new()).await
    }

    /// The place in a queue is taken by the call, not by the first poll.
    fn deliver_tracked(
        &self,
        message: OwnedMessage,
        progress: Progress,
    ) -> impl Future<Output = Delivery> + Send {
        let held = Held::new(&self.queued, &self.seconds);
        let delivering = self.inner.deliver_tracked(message, progress);
        async move {
            let _held = held;
            let delivery = delivering.await;
            self.count(&delivery);
            delivery
        }
    }
}

/// Hands on to `handler`, and counts.
pub(crate) fn around(route: &'static str, handler: AnyHandler) -> AnyHandler {
    let labels = [("route", route)];
    let received: Counter = metrics::counter!("hl7_gateway_received_total", &labels);
    let bytes: Counter = metrics::counter!("hl7_gateway_received_bytes_total", &labels);
    let handling: Gauge = metrics::gauge!("hl7_gateway_handling", &labels);
    let seconds: Histogram = metrics::histogram!("hl7_gateway_handling_seconds", &labels);
    AnyHandler::new(move |message: Received| {
        received.increment(1);
        bytes.increment(message.message.as_bytes().len() as u64);
        let held = Held::new(&handling, &seconds);
        let handler = handler.clone();
        async move {
            let _held = held;
            handler.handle(message).await
        }
    })
}

/// Something that goes on, until it is dropped.
struct Held {
    now: Gauge,
    seconds: Histogram,
    since: Instant,
}

impl Held {
    fn new(now: &Gauge, seconds: &Histogram) -> Self {
        now.increment(1.0);
        Self { now: now.clone(), seconds: seconds.clone(), since: Instant::now() }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.now.decrement(1.0);
        self.seconds.record(self.since.elapsed().as_secs_f64());
    }
}
