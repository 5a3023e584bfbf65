//! Tests of the public API of `hl7-ack`.

#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod acknowledgments;
mod allocations;
mod answers;
mod batches;
mod exchange;
mod exchange_application;
mod exchange_at_once;
mod exchange_enhanced;
mod exchange_forward;
mod exchange_order;
mod exchange_replay;
mod exchange_retry;
mod exchange_support;
mod msa;
mod outstanding;
mod privacy;
mod properties;
mod requests;
mod unreadable;
mod validate;

use std::time::{Duration, UNIX_EPOCH};

use hl7_ack::Acknowledger;

/// Its clock stands at 2026-01-02 03:04:05 UTC, its control IDs are all `ID`.
fn acknowledger() -> Acknowledger {
    let now = UNIX_EPOCH + Duration::from_secs(1_767_323_045);
    Acknowledger::with(move || now, || "ID".to_owned())
}

/// Carriage returns as line ends, to be read in a failed assertion.
fn lines(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\r', "\n")
}
