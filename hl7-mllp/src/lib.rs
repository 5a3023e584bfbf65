//! MLLP, the framing HL7 v2 uses over TCP: codec, client and server.
//!
//! MLLP (Minimal Lower Layer Protocol) puts each message between a start byte and two end bytes,
//! `VT message FS CR`, and sends the acknowledgment back on the same connection. That is all of
//! it, and every rule of it is broken somewhere. This crate reads what real systems send, never
//! writes what would confuse them, and keeps a bound on everything.
//!
#![cfg_attr(all(feature = "client", feature = "server"), doc = "```")]
#![cfg_attr(not(all(feature = "client", feature = "server")), doc = "```ignore")]
//! use hl7_ack::{Deliver, Delivery, Outcome, Received};
//! use hl7_mllp::{client::Client, server::Server};
//! use hl7_parse::OwnedMessage;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Server::bind("127.0.0.1:0").await?;
//! let address = server.local_addr().to_string();
//! tokio::spawn(async { server.serve(|_: Received| async { Outcome::accepted() }).await });
//!
//! let client = Client::builder(address).build()?;
//! let message = OwnedMessage::parse("MSH|^~\\&|LAB|GH|EHR|GH|20240229||ORU^R01|7|P|2.5.1\r")?;
//! let Delivery::Answered(answer) = client.deliver(message).await else {
//!     return Err("no answer".into());
//! };
//! assert!(answer.is_positive());
//! # Ok(())
//! # }
//! ```
//!
//! | module or type | job |
//! |---|---|
//! | [`codec`], [`MllpCodec`] | cuts a byte stream into [`Block`]s and writes them; no IO |
//! | `server` | a [`Handler`] behind a TCP port, or behind any stream |
//! | `client` | one persistent connection that is a [`Deliver`] |
//!
#![cfg_attr(any(feature = "client", feature = "server"), doc = "[`Handler`]: hl7_ack::Handler")]
#![cfg_attr(any(feature = "client", feature = "server"), doc = "[`Deliver`]: hl7_ack::Deliver")]
// The codec alone does not know the crate.
#![cfg_attr(
    not(any(feature = "client", feature = "server")),
    doc = "[`Handler`]: https://docs.rs/hl7-ack",
    doc = "[`Deliver`]: https://docs.rs/hl7-ack"
)]
//!
//! # What it does not do
//!
//! It does not look into fields beyond what `hl7-ack` reads for an acknowledgment, does not store
//! messages, and does not retry: the decorators of `hl7-ack` do, over any transport. HLLP, the
//! family member with checksums for serial lines, is not spoken.
//!
//! # Features
//!
//! `client`, `server` and `tls` (TLS for whichever of the two is on) are on by default; `metrics`
//! counts through the [`metrics`](https://docs.rs/metrics) facade. Without them the crate is the
//! codec alone, and needs no runtime.
//!
//! # Metrics
//!
//! With the feature `metrics`. Labels are of a closed set: nothing of a message, no address.
//!
//! | name | kind | label |
//! |---|---|---|
//! | `hl7_mllp_connections` | gauge, server | |
//! | `hl7_mllp_connections_total` | counter, server | |
//! | `hl7_mllp_exchanges_total` | counter, server | `code`: MSA-1, or `-` where nothing was sent |
//! | `hl7_mllp_received_bytes_total` | counter, server: content of the messages | |
//! | `hl7_mllp_exchange_seconds` | histogram, server: from the frame's end to the answer's | |
//! | `hl7_mllp_events_total` | counter, server | `event`: `probe`, `empty_frame`, `garbage`, `cut_off`, `too_long`, `unfinished`, `idle`, `slow`, `lost`, `answer_lost` |
//! | `hl7_mllp_connects_total` | counter, client | `outcome`: `opened`, `failed` |
//! | `hl7_mllp_deliveries_total` | counter, client | `outcome`: `answered`, `none due`, `not sent`, `unknown` |
//! | `hl7_mllp_delivery_seconds` | histogram, client: with the wait for its turn | |

#[cfg(any(feature = "client", feature = "server"))]
mod alarm;
#[cfg(feature = "server")]
mod budget;
pub mod codec;
#[cfg(any(feature = "client", feature = "server"))]
mod connection;
mod error;
mod foreign;
mod frame;
#[cfg(any(feature = "client", feature = "server"))]
mod meter;
mod retention;

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "server")]
pub mod server;

pub use codec::MllpCodec;
pub use error::{ForeignProtocol, FrameError, FrameErrorKind};
pub use frame::{
    Block, CARRIAGE_RETURN, Commit, END_BLOCK, Envelope, MAX_HEAD_LEN, START_BLOCK, Skipped,
    SkippedKind,
};

#[cfg(all(doctest, feature = "client", feature = "server"))]
#[doc = include_str!("../README.md")]
struct Readme;
