//! No output of any crate, and none of the gateway, holds anything of a message but MSH-9 and MSH-10.
//!
//! Messages whose every value is a mark go through every path that ends in text: `Debug` and
//! `Display` of what is read, errors, log lines of every level, metrics, standard output and error of
//! the process. This is a binary of its own because what is logged and counted is collected for the
//! whole process.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod acknowledging;
mod configuration;
mod gateway;
mod links;
mod marks;
mod process;
mod reading;
mod witness;
