//! Integration tests, one binary.

#![cfg(all(feature = "client", feature = "server", feature = "tls"))]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy.toml allows them in test functions; helpers of tests are no different"
)]

mod abuse;
mod access;
mod chaos;
#[cfg(feature = "charset")]
mod charset;
mod client;
mod credentials;
mod dialects;
#[cfg(feature = "axum")]
mod extract;
mod limits;
#[cfg(feature = "metrics")]
mod metrics;
mod mount;
mod poll;
#[cfg(feature = "metrics")]
#[path = "../../hl7-transport/tests/recorder.rs"]
mod recorder;
mod server;
mod status;
mod stop;
mod support;
mod tls;
