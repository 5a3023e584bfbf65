//! Programs that read dates, numbers, documents and structs.
//!
//! # Read dates and numbers
//!
//! A value is exact or an error, and the text stays readable. Nothing becomes more precise than it
//! was sent.
//!
//! ```
//! use std::error::Error;
//!
//! use hl7_parse::{
//!     Message, Path, Segment,
//!     value::{Cx, Date, DateTime, Nm, Precision, ValueErrorKind, Xpn},
//! };
//!
//! fn main() -> Result<(), Box<dyn Error>> {
//!     let bytes = b"MSH|^~\\&|LAB|GH|||202402291005-0500||ORU^R01|7|P|2.5.1\r\
//!                   PID|1||555^^^GH&1.2.3&ISO^MR~999^^^SSA^SS||EVERYWOMAN^EVE||1962\r\
//!                   OBX|1|NM|718-7||13.20\rOBX|2|NM|4544-3||<5\r";
//!     let message = Message::parse(bytes)?;
//!
//!     let sent: DateTime = message.read(&Path::new("MSH-7"))?;
//!     assert_eq!((sent.minute(), sent.second()), (Some(5), None));
//!     let born: Date = message.read(&Path::new("PID-7"))?;
//!     assert_eq!((born.year(), born.precision()), (1962, Precision::Year));
//!
//!     let number: Nm = message.read(&Path::new("OBX-5"))?;
//!     assert_eq!(number, Nm::new("13.2")?);
//!     assert_eq!(number.to_f64()?, 13.2);
//!
//!     // What is out of form says where, and not what.
//!     let error = message.read::<Nm>(&Path::new("OBX[2]-5")).err().ok_or("no number")?;
//!     assert_eq!(error.kind(), ValueErrorKind::Form);
//!     assert_eq!(error.path(), Some(Path::new("OBX[2]-5")));
//!     assert_eq!(message.get(&Path::new("OBX[2]-5")).decode(), "<5");
//!     // Of values that are read from views, the message knows the place.
//!     let read = |obx: Segment<'_>| obx.field(5).read::<Nm>()?.to_f64();
//!     let sum: Result<f64, _> = message.segments_with_id("OBX").map(read).sum();
//!     let error = sum.err().ok_or("all are numbers")?.in_message(&message);
//!     assert_eq!(error.to_string(), "NM: not in the form of the type (OBX[2]-5, byte 0)");
//!
//!     // Composite types have the names of the standard.
//!     let name: Xpn = message.read(&Path::new("PID-5"))?;
//!     assert_eq!(name.given_name().decode(), "EVE");
//!     let ids: Vec<Cx> = message.read(&Path::new("PID-3"))?;
//!     let record = ids.iter().find(|id| id.identifier_type_code().as_bytes() == b"MR");
//!     let record = record.ok_or("no record number")?;
//!     assert_eq!(record.assigning_authority().universal_id().decode(), "1.2.3");
//!     Ok(())
//! }
//! ```
//!
//! # Read results by their type
//!
//! OBX-2 names the type of OBX-5.
//!
//! ```
//! use std::error::Error;
//!
//! use hl7_parse::{Message, value::{Comparator, Observation}};
//!
//! fn main() -> Result<(), Box<dyn Error>> {
//!     let bytes = b"MSH|^~\\&|LAB\rOBX|1|NM|718-7||13.2\rOBX|2|SN|4544-3||>^100\r\
//!                   OBX|3|CE|600-7||ECO^E. coli^L\rOBX|4|NM|2345-7||pending\r";
//!     let message = Message::parse(bytes)?;
//!     let mut shown = Vec::new();
//!     for obx in message.segments_with_id("OBX") {
//!         for (n, observation) in (1..).zip(Observation::of(obx)) {
//!             shown.push(match observation {
//!                 Ok(Observation::Nm(number)) => number.as_str().to_owned(),
//!                 Ok(Observation::Sn(bound)) if bound.comparator()? == Comparator::Greater => {
//!                     format!("above {}", bound.num1()?.ok_or("a bound of nothing")?.as_str())
//!                 }
//!                 Ok(Observation::Cwe(code)) => code.text().decode().into_owned(),
//!                 // Another type, or not what OBX-2 promised: the text.
//!                 Ok(_) | Err(_) => obx.field(5).repetition(n).decode().into_owned(),
//!             });
//!         }
//!     }
//!     assert_eq!(shown, ["13.2", "above 100", "E. coli", "pending"]);
//!     Ok(())
//! }
//! ```
//!
//! # Save a PDF out of OBX-5
//!
//! The document is decoded while it is copied, so fifty megabytes need no second copy.
//!
//! ```
//! use std::{error::Error, io};
//!
//! use hl7_parse::{Message, Path, value::Ed};
//!
//! fn main() -> Result<(), Box<dyn Error>> {
//!     let bytes = b"MSH|^~\\&|A\rOBX|1|ED|18842-5^Summary^LN||^AP^PDF^Base64^JVBERi0xLjQ=\r";
//!     let message = Message::parse(bytes)?;
//!     let document: Ed = message.read(&Path::new("OBX-5"))?;
//!     assert_eq!(document.media_type().as_deref(), Some("application/pdf"));
//!
//!     // A `std::fs::File` in your program.
//!     let mut file = Vec::new();
//!     io::copy(&mut document.data()?.reader(), &mut file)?;
//!     assert_eq!(file, b"%PDF-1.4");
//!     Ok(())
//! }
//! ```
//!
//! # Fill a struct
//!
//! Feature `serde`: fields are renamed to paths, relative to what the struct stands for.
//!
#![cfg_attr(feature = "serde", doc = "```")]
#![cfg_attr(not(feature = "serde"), doc = "```ignore")]
//! use std::error::Error;
//!
//! use hl7_parse::{Message, de::{self, Nullable}, value::Observation};
//! use serde::Deserialize;
//!
//! #[derive(Deserialize)]
//! struct Report<'a> {
//!     #[serde(rename = "PID-3")]
//!     ids: Vec<Id>,
//!     #[serde(rename = "PID-13")]
//!     phone: Nullable<String>,
//!     #[serde(rename = "OBX", borrow)]
//!     results: Vec<Obx<'a>>,
//! }
//!
//! #[derive(Deserialize)]
//! struct Id {
//!     #[serde(rename = "1")]
//!     number: String,
//!     #[serde(rename = "4.1")]
//!     authority: Option<String>,
//! }
//!
//! #[derive(Deserialize)]
//! struct Obx<'a> {
//!     #[serde(rename = "3.1")]
//!     code: String,
//!     #[serde(rename = "5", borrow)]
//!     value: Observation<'a>,
//! }
//!
//! fn main() -> Result<(), Box<dyn Error>> {
//!     let bytes = b"MSH|^~\\&|LAB\rPID|1||555^^^GH~999||JONES||||||||\"\"\r\
//!                   OBX|1|NM|718-7||13.2\rOBX|2|ST|600-7||high\r";
//!     let message = Message::parse(bytes)?;
//!     let report: Report<'_> = de::from_message(&message)?;
//!     assert_eq!(report.ids[1].number, "999");
//!     assert_eq!(report.ids[0].authority.as_deref(), Some("GH"));
//!     assert_eq!(report.phone, Nullable::Null);
//!     assert_eq!(report.results[0].code, "718-7");
//!     assert!(matches!(report.results[0].value, Observation::Nm(_)));
//!     assert!(matches!(report.results[1].value, Observation::Text(_)));
//!     Ok(())
//! }
//! ```
//!
//! # Turn a message into JSON and back
//!
//! Feature `serde`: the form loses nothing, so the very bytes come back.
//!
#![cfg_attr(feature = "serde", doc = "```")]
#![cfg_attr(not(feature = "serde"), doc = "```ignore")]
//! use std::error::Error;
//!
//! use hl7_parse::{OwnedMessage, json::Json};
//!
//! fn main() -> Result<(), Box<dyn Error>> {
//!     let bytes = "MSH|^~\\&|LAB\rPID|||555^^^GH~999||JONES^EVE\r";
//!     let message = OwnedMessage::parse(bytes)?;
//!     let json = serde_json::to_value(Json(&message))?;
//!     assert_eq!(json["segments"][1][0], "PID");
//!     assert_eq!(json["segments"][1][5][1], "EVE");
//!     assert_eq!(json["segments"][1][3]["repetitions"][1], "999");
//!
//!     let Json(again) = serde_json::from_value::<Json<OwnedMessage>>(json)?;
//!     assert_eq!(again.as_bytes(), bytes);
//!     Ok(())
//! }
//! ```
