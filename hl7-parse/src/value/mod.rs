//! Typed values: dates and times, numbers, quantities, identifiers, names, addresses, codes,
//! documents.
//!
//! ```
//! use hl7_parse::{Message, Path};
//! use hl7_parse::value::{Cx, Date, Nm, Observation, Xpn};
//!
//! let message = Message::parse(
//!     b"MSH|^~\\&|LAB|GH|EHR|GH|20240229||ORU^R01|MSG0001|P|2.5.1\r\
//!       PID|1||12345^^^GH^MR||EVERYWOMAN^EVE^E||1962\r\
//!       OBX|1|NM|718-7^Hemoglobin^LN||13.2|g/dL\r",
//! )?;
//! let pid = message.segment("PID").ok_or("no PID segment")?;
//!
//! let name: Xpn = pid.field(5).read()?;
//! assert_eq!(name.given_name().decode(), "EVE");
//! let born: Date = pid.field(7).read()?;
//! assert_eq!((born.year(), born.month()), (1962, None));
//! let died: Option<Date> = pid.field(29).read()?;
//! assert!(died.is_none());
//! for id in pid.field(3).read_each::<Cx>() {
//!     assert_eq!(id?.assigning_authority().namespace_id().decode(), "GH");
//! }
//!
//! for obx in message.segments_with_id("OBX") {
//!     for observation in Observation::of(obx) {
//!         if let Observation::Nm(number) = observation? {
//!             assert_eq!(number, Nm::new("13.20")?);
//!         }
//!     }
//! }
//!
//! let hemoglobin: Nm = message.read(&Path::new("OBX-5"))?;
//! assert_eq!(hemoglobin.as_str(), "13.2");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How values are read
//!
//! `read` is on every view below a segment, and on [`crate::Message`] with a path. What it reads
//! is named by the type that is asked for ([`FromRaw`]); `Option<T>` where nothing may have been
//! sent, `Vec<T>` for all repetitions.
//!
//! * **Primitive types** ([`DateTime`], [`Date`], [`Time`], [`Nm`], [`Si`]) are checked when they
//!   are read. What is out of form is a [`ValueError`], which says what is wrong and where, and
//!   not what was sent: that stays readable on the view. Of what was read by a path the error has
//!   the path; of a view its message tells it ([`ValueError::in_message`]). Values are exact:
//!   [`ToEr7`] gives back the same text, and nothing is ever more precise than it was sent.
//! * **Composite types** are views with a name for each component, and cost nothing until one is
//!   asked for. They read older messages too: a bare text is the first component, and a component
//!   that a version does not have is absent. `as_bytes` is what was sent.
//! * **Documents** ([`Ed`]) are decoded as they are read, piece by piece.
//!
//! A delete indicator (`""`) is an error of its own kind ([`ValueErrorKind::Null`]), also for
//! `Option<T>`: that a value is to be deleted is not that nothing was said.
//!
//! # Features
//!
//! * `jiff`, `chrono`: conversions of [`DateTime`], [`Date`] and [`Time`] to and from the types of
//!   these crates. None makes a value more precise: `2024` is no date of either. Where a default
//!   is wanted it is asked for, with [`DateTime::first_second`] and
//!   [`DateTime::with_default_offset`].

mod address;
mod billing;
mod calendar;
mod coded;
mod composite;
mod data;
mod date;
mod date_time;
mod date_time_options;
mod decoder;
mod document;
mod error;
mod error_location;
mod grammar;
mod identifier;
mod locate;
mod message_type;
mod name;
mod number;
mod observation;
mod pieces;
mod precision;
mod quantity;
mod query;
mod raw;
mod samples;
mod structured_number;
mod telecom;
mod time;
mod timing;
mod to_er7;
#[cfg(feature = "chrono")]
mod with_chrono;
#[cfg(feature = "jiff")]
mod with_jiff;

pub use address::{Dld, La1, Pl, StreetAddress, Xad};
pub use billing::{Dtn, Fc, Ocd, Osp, Pta, Rmc};
pub use coded::{Coding, Cwe, Dr, Jcc, Sps};
pub use data::{Chunks, Data, DataReader};
pub use date::Date;
pub use date_time::DateTime;
pub use date_time_options::{DateTimeOptions, DateTimeRead, DateTimeTolerance};
pub use document::{Ed, Encoding, Rp};
pub use error::{ValueError, ValueErrorKind};
pub use error_location::{Eld, Erl};
pub use identifier::{Cx, Ei, Eip, Hd, Pln};
pub use message_type::{Msg, Pt, Vid};
pub use name::{FamilyName, Xcn, Xon, Xpn};
pub use number::{Nm, Si};
pub use observation::{Observation, Observations};
pub use precision::{Precision, UtcOffset};
pub use quantity::{Cp, Cq, Mo, Nr};
pub use query::{Qip, Qsc, Rcd, Scv};
pub use raw::{FromRaw, Raw, RawParts, RawRepetitions, ReadEach};
pub use samples::{Ma, Na, Samples};
pub use structured_number::{Comparator, Sn, SnSeparator};
pub use telecom::Xtn;
pub use time::Time;
pub use timing::{Ri, Tq};
pub use to_er7::ToEr7;
