//! Cuts what holds several messages: files, batches (2.10.3), frames and bodies.
//!
//! ```text
//! [FHS] { [BHS] { MSH ... } [BTS] } [FTS]
//! ```
//!
//! All of the envelope is optional: a run of messages is cut as well, and several files may
//! follow each other in one stream. What is cut is a *part*: a message, or an envelope segment
//! with what belongs to it. There is one cutter and three ways to feed it:
//!
//! * [`parts()`] borrows from bytes that are all there;
//! * [`Splitter`] takes bytes as they come, in pieces of any size, and gives [`OwnedPart`]s;
//! * [`Reader`] does so with an [`std::io::Read`].
//!
//! # Where parts begin
//!
//! At a line that begins with MSH, FHS or BHS and no further letter or digit, or with BTS or FTS
//! and a field separator in force or nothing. So a header whose field separator is damaged is a
//! part of its own: it can not be read, and what follows it is not taken for the message before
//! it. MSH, FHS and BHS declare their own delimiters. BTS is read with those of its BHS, FTS with
//! those of its FHS, and where there is none with those of the last header; before the first
//! header the recommended ones are in force.
//!
//! Bytes of UTF-16 or UTF-32 are to be decoded before they are cut: `charset::WideReader`, with
//! the feature `charset`, does so as they are read.
//!
//! # Where a part stands, and what is wrong with it
//!
//! Each part knows its [`Place`]: which file, which batch, and the how-manieth message. Each
//! carries the [`Fault`]s that it showed: a count that is wrong, a trailer without its header, a
//! message between batches. A fault stops nothing unless [`SplitOptions::refuse`] says so, and
//! a message that can not be read is a part like any other, with the error in [`Part::read`].
//!
//! ```
//! use hl7_parse::batch::{Fault, PartKind, parts};
//!
//! let file = b"BHS|^~\\&|LAB\rMSH|^~\\&|LAB||1\rPID|1\rMSH|^~\\&|LAB||2\rPID|1\rBTS|3\r";
//! for part in parts(file) {
//!     match part.kind() {
//!         PartKind::Message => assert_eq!(part.read()?.segments().count(), 2),
//!         PartKind::BatchTrailer => {
//!             assert!(part.faults().contains(Fault::MessageCount));
//!             assert_eq!(part.faults().counted(), Some(2));
//!         }
//!         _ => {}
//!     }
//! }
//! # Ok::<(), hl7_parse::ParseError>(())
//! ```

mod envelope;
mod fault;
mod heads;
mod in_force;
mod owned_part;
mod part;
mod parts;
mod place;
mod reader;
mod split_error;
mod split_options;
mod splitter;

pub use fault::{Fault, Faults};
pub use owned_part::OwnedPart;
pub use part::{Part, PartKind};
pub use parts::{Parts, parts};
pub use place::Place;
pub use reader::{ReadError, Reader};
pub use split_error::SplitError;
pub use split_options::SplitOptions;
pub use splitter::Splitter;
