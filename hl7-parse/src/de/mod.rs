//! Fills a struct from a message, by paths (feature `serde`).
//!
//! Each field of the struct is renamed to the [`Path`](crate::Path) of what it is to hold:
//!
//! ```
//! use std::borrow::Cow;
//!
//! use hl7_parse::{Message, de};
//! use serde::Deserialize;
//!
//! #[derive(Deserialize)]
//! struct Result<'a> {
//!     #[serde(rename = "MSH-10", borrow)]
//!     control_id: Cow<'a, str>,
//!     #[serde(rename = "PID-3")]
//!     ids: Vec<Identifier>,
//!     #[serde(rename = "PID-5.1")]
//!     family_name: String,
//!     #[serde(rename = "PID-30")]
//!     dead: Option<bool>,
//!     #[serde(rename = "OBX")]
//!     observations: Vec<Observation>,
//! }
//!
//! #[derive(Deserialize)]
//! struct Identifier {
//!     #[serde(rename = "1")]
//!     number: String,
//!     #[serde(rename = "4.1")]
//!     authority: Option<String>,
//! }
//!
//! #[derive(Deserialize)]
//! struct Observation {
//!     #[serde(rename = "3.1")]
//!     code: String,
//!     #[serde(rename = "5")]
//!     value: f64,
//! }
//!
//! let message = Message::parse(
//!     b"MSH|^~\\&|LAB|GH|EHR|GH|20240229||ORU^R01|4711|P|2.5.1\r\
//!       PID|1||123^^^GH^MR~999^^^SSA^SS||O\\T\\HARA^EVE\r\
//!       OBX|1|NM|718-7^Hemoglobin^LN||13.2|g/dL\r\
//!       OBX|2|NM|4544-3^Hematocrit^LN||39|%\r",
//! )?;
//! let result: Result<'_> = de::from_message(&message)?;
//!
//! assert!(matches!(result.control_id, Cow::Borrowed("4711")));
//! assert_eq!(result.ids[1].number, "999");
//! assert_eq!(result.ids[0].authority.as_deref(), Some("GH"));
//! assert_eq!(result.family_name, "O&HARA");
//! assert_eq!(result.dead, None);
//! assert_eq!(result.observations[0].code, "718-7");
//! assert_eq!(result.observations[1].value, 39.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Names
//!
//! The names of a struct are relative to what it stands for:
//!
//! | a struct that stands for | is filled by names like |
//! |---|---|
//! | a message | `PID`, `PID-5`, `PID-3[2].4.1`, `OBX[3]-5` |
//! | a segment, like `OBX` above | `5`, `3.1`, `3[2].4.1` |
//! | a field or one of its repetitions, like `PID-3` above | `1`, `4.2` |
//! | a component, like `PID-3.4` | `2` |
//!
//! # Types
//!
//! | type | gets |
//! |---|---|
//! | `String`, `Cow<str>`, `&str`, `char` | the text that [`Element::decode`](crate::Element::decode) gives: escape sequences resolved, in the message's character set. To tell `A\S\B` from `A^B` name the leaf |
//! | `&str`, and `Cow<str>` with `#[serde(borrow)]` | the same without a copy; where the text is not in the message as it is (an escape sequence, another character set) `Cow` owns it and `&str` is refused |
//! | integers, floats | a number as NM writes it: sign, digits, decimal point; nothing rounded to an integer, no exponent, no blanks |
//! | `bool` | `Y` and `N` (Table 0136), `1` and `0`, `true` and `false`, whatever the case of the letters |
//! | an enum without content | the variant with that name; `#[serde(other)]` takes the rest |
//! | [`Option`] | `None` for what is absent or empty |
//! | [`Nullable`] | the same, and `""` (the delete indicator) told apart |
//! | [`Vec`] and other lists | all segments with an ID that is named alone (`OBX`); all repetitions of a field (`PID-3`), or that component of each (`PID-3.1`). Empty where there are none; empty repetitions at the end do not count |
//! | a struct | the parts, as above; of a field the first repetition |
//! | `&[u8]`, and `Cow<[u8]>` with `#[serde(borrow)]` | the bytes as they were sent; a `Vec<u8>` would be a list of numbers |
//! | the types of [`crate::value`] | a date, a number, a view with the standard's names, as `read` gives it; [`read`] for types of your own |
//! | [`Element`](crate::Element), [`Raw`](crate::value::Raw) | a view, to be looked at later; absent where there is nothing |
//! | [`Segment`] | a view of the segment |
//! | [`Observation`](crate::value::Observation) | OBX-5 as the type that OBX-2 names |
//!
//! `#[serde(default)]` gives a value to what is absent or empty. Everything else that is absent
//! or empty is refused ([`DeErrorKind::Missing`]), and so is `""` for a type that has no place
//! for it ([`DeErrorKind::Null`]): nobody is to store two quotes as a name, or to miss that the
//! sender wants something deleted. [`null_as_none`] is for those who make no difference.
//!
//! An `Option<Cow<str>>` never borrows: serde looks for `borrow` on a `Cow` alone. A newtype
//! around the `Cow` does.
//!
//! What can not work says so when it is tried: `#[serde(flatten)]` and maps, tuples,
//! `#[serde(alias)]`, enums with content, a struct below a subcomponent, a list where nothing
//! repeats.
//!
//! # Errors
//!
//! [`DeError`] names what was wrong and where, and never the value: whatever text serde or a
//! type's own `Deserialize` makes of the input is dropped.

mod access;
mod error;
mod nullable;
mod path;
mod scalar;
mod typed;
mod value;
mod view;

use serde_core::Deserialize;

pub use error::{DeError, DeErrorKind};
pub use nullable::{Nullable, null_as_none};
pub use view::read;

use crate::{Message, Segment};
use value::Value;

/// Fills a `T`, mostly a struct, from a message by the paths that its fields are renamed to.
///
/// Whatever `T` borrows lives as long as the bytes of the message. Each name is looked up by
/// itself: the cost grows with the number of names and with the length of the message, and
/// lists are walked once.
///
/// ```
/// use hl7_parse::{Message, de};
///
/// #[derive(serde::Deserialize)]
/// struct Patient<'a> {
///     #[serde(rename = "PID-5.1")]
///     family_name: &'a str,
///     #[serde(rename = "PID-1")]
///     set_id: u32,
/// }
///
/// let message = Message::parse(b"MSH|^~\\&|A\rPID|1||||EVERYWOMAN^EVE\r")?;
/// let patient: Patient<'_> = de::from_message(&message)?;
/// assert_eq!((patient.family_name, patient.set_id), ("EVERYWOMAN", 1));
///
/// let message = Message::parse(b"MSH|^~\\&|A\rPID|one||||EVERYWOMAN^EVE\r")?;
/// let error = de::from_message::<Patient<'_>>(&message).err().ok_or("an error")?;
/// assert_eq!(error.to_string(), "PID-1: not a number that the type can be (byte 15)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Those of [`DeErrorKind`].
pub fn from_message<'de, T: Deserialize<'de>>(message: &Message<'de>) -> Result<T, DeError> {
    T::deserialize(Value::message(message)).map_err(|error| error.in_message(message))
}

/// Fills a `T`, mostly a struct, from one segment by paths that are relative to it.
///
/// For programs that walk the segments themselves.
///
/// ```
/// use hl7_parse::{Message, de};
///
/// #[derive(serde::Deserialize)]
/// struct Observation<'a> {
///     #[serde(rename = "3.1")]
///     code: &'a str,
///     #[serde(rename = "5")]
///     value: Option<f64>,
/// }
///
/// let message = Message::parse(b"MSH|^~\\&|A\rOBX|1|NM|718-7^Hb||13.2\rOBX|2|NM|4544-3^Hct\r")?;
/// for obx in message.segments_with_id("OBX") {
///     let observation: Observation<'_> = de::from_segment(&obx)?;
///     assert!(observation.code.contains('-'));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Those of [`DeErrorKind`]. Their paths do not say which of the segments with an ID it was,
/// and there is no offset.
pub fn from_segment<'de, T: Deserialize<'de>>(segment: &Segment<'de>) -> Result<T, DeError> {
    let Ok(place) = segment.id().parse() else {
        return Err(DeError::new(DeErrorKind::NotASegment));
    };
    T::deserialize(Value::segment(*segment, place)).map_err(|error| error.at(Some(place)))
}
