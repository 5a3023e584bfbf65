//! Counts what happens, through the `metrics` facade; without the feature, not at all.
//!
//! The table of names stands in the documentation of the crate; a test holds it against this.
//!
//! Names and labels are a closed set: nothing of a message, no address.
#![cfg_attr(
    not(feature = "metrics"),
    expect(unused_variables, clippy::missing_const_for_fn, reason = "nothing is counted")
)]

use std::time::Duration;

/// A connection of the server, from its first to its last moment.
#[cfg(feature = "server")]
pub(crate) struct Held(());

#[cfg(feature = "server")]
impl Held {
    pub(crate) fn begin() -> Self {
        #[cfg(feature = "metrics")]
        {
            metrics::counter!("hl7_mllp_connections_total").increment(1);
            metrics::gauge!("hl7_mllp_connections").increment(1.0);
        }
        Self(())
    }
}

#[cfg(feature = "server")]
impl Drop for Held {
    fn drop(&mut self) {
        #[cfg(feature = "metrics")]
        metrics::gauge!("hl7_mllp_connections").decrement(1.0);
    }
}

/// An exchange of the server; `code` is MSA-1, or `-`.
#[cfg(feature = "server")]
pub(crate) fn exchanged(code: &'static str, bytes: u64, took: Duration) {
    #[cfg(feature = "metrics")]
    {
        metrics::counter!("hl7_mllp_exchanges_total", "code" => code).increment(1);
        metrics::counter!("hl7_mllp_received_bytes_total").increment(bytes);
        metrics::histogram!("hl7_mllp_exchange_seconds").record(took.as_secs_f64());
    }
}

/// Something on a connection of the server that was no exchange.
#[cfg(feature = "server")]
pub(crate) fn noted(what: &'static str) {
    #[cfg(feature = "metrics")]
    metrics::counter!("hl7_mllp_events_total", "event" => what).increment(1);
}

/// A try of the client to connect.
#[cfg(feature = "client")]
pub(crate) fn connected(outcome: &'static str) {
    #[cfg(feature = "metrics")]
    metrics::counter!("hl7_mllp_connects_total", "outcome" => outcome).increment(1);
}

/// A delivery of the client.
#[cfg(feature = "client")]
pub(crate) fn delivered(outcome: &'static str, took: Duration) {
    #[cfg(feature = "metrics")]
    {
        metrics::counter!("hl7_mllp_deliveries_total", "outcome" => outcome).increment(1);
        metrics::histogram!("hl7_mllp_delivery_seconds").record(took.as_secs_f64());
    }
}

/// A duration for a log: to the microsecond, for people to read.
pub(crate) fn milliseconds(elapsed: Duration) -> f64 {
    (elapsed.as_secs_f64() * 1e6).round() / 1e3
}
