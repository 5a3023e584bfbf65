//! Counts what happens, through the `metrics` facade; without the feature, not at all.
//!
//! Names and labels are a closed set: nothing of a message, no address.
#![cfg_attr(
    not(feature = "metrics"),
    expect(unused_variables, clippy::missing_const_for_fn, reason = "nothing is counted")
)]

use std::time::Duration;

use hl7_ack::AckCode;
#[cfg(feature = "client")]
use hl7_ack::Delivery;
#[cfg(feature = "server")]
use http::StatusCode;

/// A connection of the server, from its first to its last moment.
#[cfg(feature = "server")]
pub(crate) struct Held(());

#[cfg(feature = "server")]
impl Held {
    pub(crate) fn begin() -> Self {
        #[cfg(feature = "metrics")]
        {
            metrics::counter!("hl7_http_connections_total").increment(1);
            metrics::gauge!("hl7_http_connections").increment(1.0);
        }
        Self(())
    }
}

#[cfg(feature = "server")]
impl Drop for Held {
    fn drop(&mut self) {
        #[cfg(feature = "metrics")]
        metrics::gauge!("hl7_http_connections").decrement(1.0);
    }
}

/// A message that the server has answered, or to which nothing was due.
#[cfg(feature = "server")]
pub(crate) fn exchanged(code: Option<AckCode>, bytes: usize, took: Duration) {
    #[cfg(feature = "metrics")]
    {
        metrics::counter!("hl7_http_exchanges_total", "code" => shown(code)).increment(1);
        metrics::counter!("hl7_http_received_bytes_total").increment(bytes as u64);
        metrics::histogram!("hl7_http_exchange_seconds").record(took.as_secs_f64());
    }
}

/// A request that got no HL7 answer.
#[cfg(feature = "server")]
pub(crate) fn refused(status: StatusCode) {
    #[cfg(feature = "metrics")]
    metrics::counter!("hl7_http_refusals_total", "status" => status.as_str().to_owned())
        .increment(1);
}

/// Why a connection of the server ended, where it was not closed in order.
#[cfg(feature = "server")]
pub(crate) fn noted(what: &'static str) {
    #[cfg(feature = "metrics")]
    metrics::counter!("hl7_http_events_total", "event" => what).increment(1);
}

/// A delivery of the client.
#[cfg(feature = "client")]
pub(crate) fn delivered(delivery: &Delivery, took: Duration) {
    #[cfg(feature = "metrics")]
    {
        let outcome = match delivery {
            Delivery::Answered(_) => "answered",
            Delivery::NoneDue => "none due",
            Delivery::NotSent(_) => "not sent",
            _ => "unknown",
        };
        metrics::counter!("hl7_http_deliveries_total", "outcome" => outcome).increment(1);
        metrics::histogram!("hl7_http_delivery_seconds").record(took.as_secs_f64());
    }
}

/// A message that the poller has fetched, and what it was acknowledged with.
#[cfg(feature = "client")]
pub(crate) fn polled(code: Option<AckCode>) {
    #[cfg(feature = "metrics")]
    metrics::counter!("hl7_http_polled_total", "code" => shown(code)).increment(1);
}

/// A round of the poller that failed.
#[cfg(feature = "client")]
pub(crate) fn poll_failed() {
    #[cfg(feature = "metrics")]
    metrics::counter!("hl7_http_poll_failures_total").increment(1);
}

/// MSA-1, or `-`.
#[cfg(feature = "metrics")]
fn shown(code: Option<AckCode>) -> &'static str {
    code.map_or("-", |code| code.as_str())
}
