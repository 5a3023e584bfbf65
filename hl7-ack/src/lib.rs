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
//! * [`Outcome`] says what became of a message, with a [`Fault`] for each thing to tell;
//!   [`Acknowledger`] puts it into bytes, in the form of the message's version; [`AckRequest`]
//!   knows what MSH-15 and MSH-16 ask for. [`BatchAnswer`] is for batches.
//! * [`Outstanding`] knows the answer to a message that was sent, and [`Answer`] tells what it
//!   says. [`SequenceReceiver`] and [`SequenceSender`] are for links with sequence numbers.
//! * [`Received`], [`Handler`] and [`Reply`] are the receiving side, [`Deliver`] and
//!   [`Delivery`] the sending side. [`AnyHandler`] and [`AnyDeliver`] hide the types.
//! * Around a client: [`Retry`], [`InOrder`], [`PerKey`], [`AtOnce`], [`TimeLimited`]. Around a
//!   handler, or as one: [`Forward`], [`FanOut`], [`Enhanced`], [`Waiters`], [`Replay`],
//!   [`AcceptOnly`], [`Validate`]. A handler as a client: [`Handled`].
//! * [`Responder`] is for those who write a transport: what every server does with the bytes of a
//!   message.
//!
//! The README of the crate is a guide to the modes of acknowledgment.
//!
//! There is no runtime, no socket and no timer in here; where time is waited for, a [`Timer`]
//! is passed in. No error, log text or `Debug` output holds a value from a message.

mod accept_only;
mod acknowledger;
mod acknowledgment;
mod answer;
mod at_once;
mod awaiting;
mod batch_answer;
mod buffer;
mod building;
mod catch_panic;
mod cause;
mod code;
mod control_id;
mod deliver;
mod enhanced;
mod err;
mod fan_out;
mod fault;
mod field_ends;
mod forward;
mod handled;
mod handler;
mod header_fields;
mod hidden;
mod identity;
mod in_order;
mod lanes;
mod later;
mod level;
mod lock;
mod matching;
mod msa;
mod named;
mod outcome;
mod outstanding;
mod per_key;
mod progress;
mod received;
mod replay;
mod reply;
mod request;
mod responder;
mod retry;
mod rewrite;
mod safe_text;
mod sequence;
mod severity;
mod software;
mod time_limited;
mod timer;
mod timestamp;
mod validate;
mod version;
mod waiters;
mod waiting_priority;
mod writer;

pub use accept_only::AcceptOnly;
pub use acknowledger::Acknowledger;
pub use acknowledgment::Acknowledgment;
pub use answer::Resend;
pub use at_once::AtOnce;
pub use batch_answer::{BatchAnswer, BatchForm};
pub use cause::{Cause, CauseKind};
pub use code::{AckCode, ErrorCode, Level};
pub use control_id::{Clock, ControlId, ControlIds, UniqueIds};
pub use deliver::{Answer, AnyDeliver, Deliver, Delivery, OneAttempt};
pub use enhanced::{Application, Enhanced};
pub use fan_out::FanOut;
pub use fault::Fault;
pub use forward::{Forward, Unreachable, WhenUnreachable};
pub use handled::Handled;
pub use handler::{AnyHandler, Handler};
pub use identity::Identity;
pub use in_order::InOrder;
pub use matching::Matching;
pub use outcome::Outcome;
pub use outstanding::{Finding, Outstanding};
pub use per_key::{Keys, PerKey};
pub use progress::Progress;
pub use received::{Extensions, Peer, Received};
pub use replay::{FinalAnswer, Known, MemoryStore, Replay, ReplayKey, ReplayScope, ReplayStore};
pub use reply::{Reply, Then};
pub use request::{AckRequest, Condition, Mode};
pub use responder::{Action, Responder, Response};
pub use retry::{Retry, RetryAction, RetryPolicy};
pub use sequence::{Sequence, SequenceReceiver, SequenceSender, SequenceStep, sequence_number};
pub use severity::Severity;
pub use software::Software;
pub use time_limited::TimeLimited;
pub use timer::Timer;
pub use validate::{Rule, Validate};
pub use version::Version;
pub use waiters::{Waiters, Waiting};
pub use waiting_priority::WaitingPriority;

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;
