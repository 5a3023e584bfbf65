//! A lossless form of a message for JSON and its like, and back (feature `serde`).
//!
//! [`Json`] around a message is what to give to `serde_json`, or to any other format that
//! describes itself (CBOR, MessagePack):
//!
//! ```
//! use hl7_parse::{OwnedMessage, json::Json};
//!
//! let bytes = "MSH|^~\\&|LAB|GH\r\
//!              PID|||555^^^GH&1.2.3&ISO~999||TESTER^TINA^T\\T\\T|\"\"\r";
//! let message = OwnedMessage::parse(bytes)?;
//!
//! let json = serde_json::to_string(&Json(&message))?;
//! assert_eq!(json, r#"{"segments":[["MSH","|","^~\\&","LAB","GH"],"#.to_owned()
//!     + r#"["PID","","",{"repetitions":[["555","","",["GH","1.2.3","ISO"]],"999"]},"","#
//!     + r#"["TESTER","TINA","T\\T\\T"],"\"\""]]}"#);
//!
//! let Json(again) = serde_json::from_str::<Json<OwnedMessage>>(&json)?;
//! assert_eq!(again.as_bytes(), bytes);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The form
//!
//! * `segments` has one array for each segment. Its first item is the segment ID, so that item
//!   5 is field 5; in MSH, FHS and BHS item 1 is the field separator and item 2 the encoding
//!   characters, as in the standard. A line that is no segment is cut the same way.
//! * A field, component or subcomponent that is one piece is a string: what was sent, escape
//!   sequences untouched. Empty is `""`; the delete indicator is the string of two quotes. A
//!   `null` is neither and is refused.
//! * Several components are an array, and so are several subcomponents inside of it: `A^B&C` is
//!   `["A",["B","C"]]`, and `B&C` alone is `[["B","C"]]`.
//! * Several repetitions are an object: `{"repetitions":["A","B"]}`.
//! * What is not UTF-8 is an object wherever a string would be: `{"bytes":"Ren\u00e9"}`, one
//!   character for each byte, of the same number (0 to 255). There is no decoding: which
//!   character set was meant stays open.
//! * The delimiters are those of MSH-1 and MSH-2. The value of a level that MSH-2 leaves out is
//!   not cut.
//! * A carriage return ends each segment. Where that is not so: `line_end` is what ends them,
//!   `"\n"` or `"\r\n"`; `before` is what stands before the first segment (a byte order mark,
//!   blank lines, framing bytes); `after` lists, in order, the segments by number (from 1)
//!   that something else follows, like `[[2,"\r\n\r\n"],[3,""]]`.
//! * `decoded` is `true` for a message that [`crate::charset`] decoded: it is UTF-8, whatever
//!   MSH-18 says. To read it takes the feature `charset`.
//!
//! What is written is the same for the same bytes, and reading it gives those bytes for every
//! message that [`Message::parse`](crate::Message::parse) reads or [`crate::charset`] decodes. What others write is read if
//! it has this form and makes a message of those very segments: a string that holds a
//! delimiter or a line end is refused, so nothing can be smuggled in. Reading takes memory in
//! proportion to the input, and nothing is nested deeper than the form says.
//!
//! What reading would refuse is not written but is an error: parts of files that are no message
//! (FHS, BHS, BTS, FTS), lines that were joined
//! ([`ParseOptions::join_lines`](crate::ParseOptions::join_lines)), line feeds that were read as
//! data and seem to end a segment
//! ([`ParseOptions::line_feeds_are_data`](crate::ParseOptions::line_feeds_are_data)), and what has to be decoded
//! first and was not ([`OwnedMessage::parse_undecoded`]).
//!
//! # Errors
//!
//! They are those of the format. What is said of the form names the segment and the field and
//! never a value; what the format itself says of ill-formed text is up to it (`serde_json`
//! gives line and column).

mod items;
mod read;
mod refuse;
mod write;

use serde_core::{Deserialize, Deserializer, Serialize, Serializer};

use crate::OwnedMessage;

/// A message in the form of this [module](self), to be serialized or deserialized.
///
/// Serialized: [`Message`](crate::Message), [`OwnedMessage`] and references to them.
/// Deserialized: [`OwnedMessage`].
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a wrapper, to be built and taken apart")]
pub struct Json<M>(pub M);

/// For a field of a struct: `#[serde(with = "hl7_parse::json")]`.
///
/// ```
/// use hl7_parse::OwnedMessage;
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Job {
///     attempt: u32,
///     #[serde(with = "hl7_parse::json")]
///     message: OwnedMessage,
/// }
///
/// let job = Job { attempt: 1, message: OwnedMessage::parse("MSH|^~\\&|A\r")? };
/// let json = serde_json::to_string(&job)?;
/// assert_eq!(json, r#"{"attempt":1,"message":{"segments":[["MSH","|","^~\\&","A"]]}}"#);
/// let again: Job = serde_json::from_str(&json)?;
/// assert_eq!(again.message.as_bytes(), job.message.as_bytes());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Those of the format, and where it could not be read back.
pub fn serialize<S: Serializer>(message: &OwnedMessage, serializer: S) -> Result<S::Ok, S::Error> {
    Json(message).serialize(serializer)
}

/// The other direction of [`serialize`], which has an example.
///
/// # Errors
///
/// Those of the format, and where it is not the form of a message.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OwnedMessage, D::Error> {
    Json::deserialize(deserializer).map(|Json(message)| message)
}
