//! Zero-copy reading of HL7 v2 messages.
//!
//! ```
//! use hl7_parse::Message;
//!
//! let raw = b"MSH|^~\\&|LAB|GH|EHR|GH|20240229||ORU^R01|MSG0001|P|2.5.1\r\
//!             PID|1||12345^^^GH^MR||EVERYWOMAN^EVE^E\r\
//!             OBX|1|NM|718-7^Hemoglobin^LN||13.2|g/dL\r";
//!
//! let message = Message::parse(raw)?;
//!
//! let pid = message.segment("PID").ok_or("no PID segment")?;
//! assert_eq!(pid.field(5).component(1).decode(), "EVERYWOMAN");
//!
//! for obx in message.segments_with_id("OBX") {
//!     assert_eq!(obx.field(3).component(2).decode(), "Hemoglobin");
//!     assert_eq!(obx.field(5).decode(), "13.2");
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is where
//!
//! * [`Message`] borrows the bytes it reads; [`OwnedMessage`] shares ownership of them and may
//!   cross threads and `await`s. Both find the segments alone.
//! * [`Segment`], [`Field`], [`Repetition`], [`Component`] and [`Subcomponent`] are small views,
//!   found when they are asked for. All numbers count from 1, as in the standard.
//! * [`Header`] reads the MSH segment alone, for routing and for answering.
//! * [`Path`] names a place: `PID-5.1`, `PID-3[2].4.1`, `OBX[3]-5`.
//! * [`ParseOptions`] chooses what is tolerated, and tells what was: [`Diagnostic`].
//! * [`value`] reads dates, numbers, identifiers, names, documents: `field.read::<DateTime>()`.
//! * [`charset`] (with the feature of that name) reads messages in every character set of Table
//!   0211 but EUC-TW, and tells what was declared and what was found.
//! * With feature `serde`: `de` fills structs by paths, and `json` is a lossless form of a
//!   message for JSON and its like, and back.
//! * [`MessageBuilder`] writes new messages, and [`Editor`] changes those that came: what it does
//!   not touch stays as it is, to the byte.
//! * [`Element::tokens`] and [`Element::to_plain_text`] read formatted text.
//! * [`Group`] is a run of segments behind a leading one: all OBX after each OBR.
//! * [`batch`] cuts files, streams and frames that hold several messages; [`continuation`] joins
//!   what was cut because it was too long.
//!
//! The [`cookbook`] has complete programs, one for each task.
//!
//! # Raw and decoded
//!
//! `as_bytes()` is what was sent. `to_str()` is the same as checked UTF-8. `decode()` resolves
//! escape sequences and the message's character set, and is what to use for people's text.
//! An element that was not sent and one that was sent empty mean the same ("not valued"); a
//! pair of double quotes means "delete" ([`Field::is_null`]).
//!
//! # What it never does
//!
//! It opens no socket, reads no clock, logs nothing and has no `unsafe` code. It does not panic
//! on any input. No error, `Debug` or `Display` text holds a value from a message.

mod build;
mod diagnostic;
mod edit;
mod error;
mod escape;
mod escape_faults;
mod field;
mod formatted;
mod group;
mod header;
mod leaf;
mod mask;
mod message;
mod options;
mod owned;
mod path;
mod scan;
mod search;
mod segment;
mod separators;
mod whence;

pub mod batch;
pub mod charset;
pub mod continuation;
pub mod cookbook;
#[cfg(feature = "serde")]
pub mod de;
#[cfg(feature = "serde")]
pub mod json;
pub mod value;

pub use build::{FieldPlace, MessageBuilder, SegmentBuilder};
pub use charset::Charset;
pub use diagnostic::{Diagnostic, DiagnosticCode};
pub use edit::{EditError, EditErrorKind, Editor, Target};
pub use error::{ParseError, ParseErrorKind};
pub use escape::{escape, unescape};
pub use field::{
    Component, Components, Element, Field, Repetition, Repetitions, Subcomponent, Subcomponents,
};
pub use formatted::{Level, Token, TokenKind, Tokens};
pub use group::{Group, Groups};
pub use header::Header;
pub use leaf::{Leaf, Leaves};
pub use message::Message;
pub use options::{ParseOptions, Parsed, ParsedOwned};
pub use owned::OwnedMessage;
pub use path::{Path, PathError};
pub use segment::{Fields, Segment, Segments};
pub use separators::Separators;

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;
