//! Integration tests, one binary.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "clippy.toml allows them in test functions; helpers of tests are no different"
)]

mod admission;
mod authorize;
mod listener;
#[cfg(feature = "tls")]
mod tls;
