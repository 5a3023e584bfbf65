//! Acknowledgments of HL7 v2 messages, and the contract by which messages are exchanged.
//!
//! A server hands each message to a [`Handler`]; a client is a [`Deliver`]. [`Forward`] makes
//! the first of the second, so that a bridge between two transports is a server and a client:
//!
//! ```
//! use hl7_ack::{AnyHandler, Deliver, Forward, Outcome, Received};
//!
//! /// A handler that looks at the message itself.
//! async fn accept(received: Received) -> Outcome {
//!     let message = received.message.as_message();
//!     match message.segment("PID") {
//!         Some(_) => Outcome::accepted(),
//!         None => Outcome::error(hl7_ack::ErrorCode::SEGMENT_SEQUENCE_ERROR, "no PID"),
//!     }
//! }
//!
//! /// A handler that passes every message on.
//! fn bridge(client: impl Deliver) -> AnyHandler {
//!     AnyHandler::new(Forward::to(client))
//! }
//! # let _ = AnyHandler::new(accept);
//! ```
//!
//! # What is where
//!
//! * [`Outcome`] says what became of a message; [`Acknowledger`] puts it into bytes, in the form
//!   of the message's version; [`AckRequest`] knows what MSH-15 and MSH-16 ask for.
//! * [`Received`], [`Handler`] and [`Reply`] are the receiving side, [`Deliver`] and
//!   [`Delivery`] the sending side. [`AnyHandler`] and [`AnyDeliver`] hide the types.
//! * [`Responder`] and [`Outstanding`] are for those who write a transport: what every server
//!   does with the bytes of a message, and what every client does with the bytes of an answer.
//!
//! There is no runtime, no socket and no timer in here; where time is waited for, a [`Timer`]
//! is passed in. No error, log text or `Debug` output holds a value from a message.

mod acknowledger;
mod acknowledgment;
mod code;
mod control_id;
mod deliver;
mod forward;
mod handler;
mod identity;
mod outcome;
mod outstanding;
mod received;
mod reply;
mod request;
mod responder;
mod rewrite;
mod safe_text;
mod timer;
mod version;

pub use acknowledger::Acknowledger;
pub use acknowledgment::Acknowledgment;
pub use code::{AckCode, ErrorCode, Level};
pub use control_id::{Clock, ControlIds, UniqueIds};
pub use deliver::{Answer, AnyDeliver, Cause, CauseKind, Deliver, Delivery};
pub use forward::{Forward, Unreachable, WhenUnreachable};
pub use handler::{AnyHandler, Handler};
pub use identity::Identity;
pub use outcome::Outcome;
pub use outstanding::{Finding, Outstanding};
pub use received::{Extensions, Peer, Received};
pub use reply::{Reply, Then};
pub use request::{AckRequest, Condition, Mode};
pub use responder::{Action, Responder, Response};
pub use timer::Timer;

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;
