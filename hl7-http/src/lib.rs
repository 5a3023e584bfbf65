//! HL7 v2 over HTTP and HTTPS: a server, a client, and the dialects both are spoken in.
//!
//! There is no standard for HL7 v2 over HTTP. The one public specification is a draft of the HAPI
//! project ("HL7 over HTTP"): one message per POST, the acknowledgment in the body of the answer.
//! Systems in use differ in content types and status codes; a [`Dialect`] holds what differs, as
//! data.
//!
//! * [`server::Server`] listens and answers by a [`Handler`](hl7_ack::Handler), over HTTP/1.1 and
//!   HTTP/2, in the clear or over TLS.
//! * [`server::Service`] is the same without the listening: a `tower` service to mount in axum or
//!   hyper.
//! * [`client::Client`] sends, as a [`Deliver`](hl7_ack::Deliver): it looks into the body first and
//!   takes the status as evidence.
//! * [`poll::Poller`] fetches messages from where they wait, for networks in which nothing may
//!   listen on the outside.
//!
//! A bridge is a server plus a client. This one takes HTTP and passes each message on by HTTPS:
//!
//! ```no_run
//! use std::error::Error;
//!
//! use hl7_ack::Forward;
//! use hl7_http::{client::Client, server::Server};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn Error>> {
//!     let upstream = Client::builder("https://ehr.example.org/hl7").build()?;
//!     Server::bind("127.0.0.1:8575").await?.serve(Forward::to(upstream)).await?;
//!     Ok(())
//! }
//! ```
//!
//! # Features
//!
//! | feature | adds |
//! |---|---|
//! | `client` | [`client`] and [`poll`], and `tls` with them |
//! | `server` | [`server`] |
//! | `tls` | HTTPS, by rustls with ring |
//! | `serde` | a [`Dialect`] read from a configuration |
//! | `axum` | `server::Hl7`, an extractor, and `server` with it |
//! | `charset` | `server::CharsetOverride`, and `server` with it |
//! | `metrics` | counters through the [`metrics`](https://docs.rs/metrics) facade, listed with [`server`], [`client`] and [`poll`] |
//!
//! The first three are on by default. None changes how the others behave.

#[cfg(any(feature = "client", feature = "server"))]
mod content;
#[cfg(any(feature = "client", feature = "server"))]
mod date;
mod dialect;
#[cfg(any(feature = "client", feature = "server"))]
mod envelope;
mod media_type;
#[cfg(any(feature = "client", feature = "server"))]
mod meter;

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
pub mod poll;
#[cfg(feature = "server")]
pub mod server;

pub use self::dialect::{
    CharsetRule, Dialect, DialectError, DialectErrorKind, EmptyAnswer, Envelope, StatusConflict,
};

#[cfg(all(doctest, feature = "client", feature = "server"))]
#[doc = include_str!("../README.md")]
struct Readme;
