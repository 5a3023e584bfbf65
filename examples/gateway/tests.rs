//! The unit tests of the gateway's modules.
//!
//! A target of their own: an example whose tests run is built by `cargo test` as a test alone, and
//! the tests that start the gateway as a process would find no program.

#![allow(dead_code, reason = "`main.rs` uses what no test does")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its user")]

mod authorize;
mod awaiting;
mod client;
mod config;
mod copies;
mod destination;
mod direct;
mod exposition;
mod filter;
mod log;
mod meter;
mod poll;
mod reload;
mod routes;
mod rules;
mod source;
mod status;
mod store;
mod transform;
mod validate;
