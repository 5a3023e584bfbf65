//! Programs that find their way in a message.
//!
//! # Read a field
//!
//! A [`Path`](crate::Path) in a `const` is checked by the compiler. What is not there reads as
//! empty, so no step on the way needs a check of its own.
//!
//! ```
//! use std::error::Error;
//!
//! use hl7_parse::{Message, Path};
//!
//! const FAMILY_NAME: Path = Path::new("PID-5.1");
//! const SECOND_ID: Path = Path::new("PID-3[2].1");
//!
//! fn main() -> Result<(), Box<dyn Error>> {
//!     let bytes = b"MSH|^~\\&|ADT1|GH|||20240229||ADT^A01|7|P|2.5.1\r\
//!                   PID|1||555^^^GH^MR~999^^^SSA^SS||EVERYWOMAN^EVE^E\r";
//!     let message = Message::parse(bytes)?;
//!     assert_eq!(message.get(&FAMILY_NAME).decode(), "EVERYWOMAN");
//!     assert_eq!(message.get(&SECOND_ID).decode(), "999");
//!
//!     // The same by numbers, where a segment is at hand.
//!     let pid = message.segment("PID").ok_or("no PID segment")?;
//!     assert_eq!(pid.field(3).repetition(2).component(1).decode(), "999");
//!
//!     // A path that comes from a configuration is read when the program runs.
//!     let wanted: Path = "PID-5.2".parse()?;
//!     assert_eq!(message.get(&wanted).decode(), "EVE");
//!     Ok(())
//! }
//! ```
//!
//! # Go through the results of each order
//!
//! [`groups`](crate::Message::groups) gives each OBR with all that follows it up to the next.
//!
//! ```
//! use std::error::Error;
//!
//! use hl7_parse::Message;
//!
//! fn main() -> Result<(), Box<dyn Error>> {
//!     let bytes = b"MSH|^~\\&|LAB|GH|||20240229||ORU^R01|7|P|2.5.1\rPID|1\r\
//!                   OBR|1|A7||CBC\rOBX|1|NM|718-7^Hemoglobin||13.2\rNTE|1||repeated\r\
//!                   OBX|2|NM|4544-3^Hematocrit||39\rOBR|2|A8||GLU\rOBX|1|NM|2345-7^Glucose||95\r";
//!     let message = Message::parse(bytes)?;
//!     let mut lines = Vec::new();
//!     for order in message.groups("OBR") {
//!         let obr = order.leader().ok_or("a group begins with its OBR")?;
//!         for result in order.groups("OBX") {
//!             let obx = result.leader().ok_or("a group begins with its OBX")?;
//!             let (name, value) = (obx.field(3).component(2), obx.field(5));
//!             let notes = result.segments_with_id("NTE").count();
//!             let number = obr.field(2).decode();
//!             lines.push(format!("{number} {} {} ({notes})", name.decode(), value.decode()));
//!         }
//!     }
//!     assert_eq!(lines, ["A7 Hemoglobin 13.2 (1)", "A7 Hematocrit 39 (0)", "A8 Glucose 95 (0)"]);
//!     Ok(())
//! }
//! ```
//!
//! # Tell absent, empty and null apart
//!
//! Nothing sent means "no news", whether there was room for it or not. Two double quotes mean
//! "delete what you have" (2.5.3).
//!
//! ```
//! use std::error::Error;
//!
//! use hl7_parse::{Element, Message, Path};
//!
//! #[derive(Debug, PartialEq)]
//! enum Change {
//!     Keep,
//!     Delete,
//!     Store(String),
//! }
//!
//! fn change(element: Element<'_>) -> Change {
//!     if element.is_null() {
//!         Change::Delete
//!     } else if element.is_valued() {
//!         Change::Store(element.decode().into_owned())
//!     } else {
//!         Change::Keep
//!     }
//! }
//!
//! fn main() -> Result<(), Box<dyn Error>> {
//!     let message = Message::parse(b"MSH|^~\\&|A\rPID|1||7||JONES|\"\"|\r")?;
//!     let of = |path: &str| Ok::<_, hl7_parse::PathError>(change(message.get(&path.parse()?)));
//!     assert_eq!(of("PID-5")?, Change::Store("JONES".into()));
//!     assert_eq!(of("PID-6")?, Change::Delete);
//!     assert_eq!(of("PID-7")?, Change::Keep);
//!     assert_eq!(of("PID-19")?, Change::Keep);
//!
//!     // Whether there was room for it shows in `is_present`.
//!     assert!(message.get(&Path::new("PID-7")).is_present());
//!     assert!(!message.get(&Path::new("PID-19")).is_present());
//!     Ok(())
//! }
//! ```
//!
//! # Walk through everything there is
//!
//! [`leaves`](crate::Message::leaves) is one pass over all that has content;
//! [`span_of`](crate::Message::span_of) is where it stands.
//!
//! ```
//! use std::error::Error;
//!
//! use hl7_parse::Message;
//!
//! fn main() -> Result<(), Box<dyn Error>> {
//!     let message = Message::parse(b"MSH|^~\\&|A\rPID|||7^^^GH&1.2.3\r")?;
//!     let mut lines = Vec::new();
//!     for leaf in message.leaves().filter(|leaf| leaf.segment.id() == "PID") {
//!         let span = message.span_of(leaf.value()).ok_or("a leaf is present")?;
//!         lines.push(format!(
//!             "PID-{}[{}].{}.{} at {}: {}",
//!             leaf.field, leaf.repetition, leaf.component, leaf.subcomponent,
//!             span.start, leaf.value().decode(),
//!         ));
//!     }
//!     assert_eq!(
//!         lines,
//!         ["PID-3[1].1.1 at 17: 7", "PID-3[1].4.1 at 21: GH", "PID-3[1].4.2 at 24: 1.2.3"],
//!     );
//!     Ok(())
//! }
//! ```
//!
//! Level by level, where the structure matters:
//!
//! ```
//! use std::error::Error;
//!
//! use hl7_parse::Message;
//!
//! fn main() -> Result<(), Box<dyn Error>> {
//!     let message = Message::parse(b"MSH|^~\\&|A\rPID|||7^^^GH&1.2.3~8\rno segment\r")?;
//!     let separators = message.separators();
//!     assert_eq!((separators.subcomponent(), separators.truncation()), (Some(b'&'), None));
//!
//!     let pid = message.segment("PID").ok_or("no PID segment")?;
//!     let mut counts = Vec::new();
//!     for field in pid.fields() {
//!         for repetition in field.repetitions() {
//!             for component in repetition.components() {
//!                 counts.push(component.subcomponents().count());
//!             }
//!         }
//!     }
//!     assert_eq!(counts, [1, 0, 0, 2, 1]);
//!     let authority = pid.field(3).components().nth(3).ok_or("a fourth component")?;
//!     assert_eq!(authority.subcomponent(2).decode(), "1.2.3");
//!
//!     // A line that is no segment is in its place, without an ID.
//!     let line = message.segments().next_back().ok_or("three lines")?;
//!     assert_eq!((line.id(), line.id_bytes()), ("", &b"no segment"[..]));
//!     Ok(())
//! }
//! ```
//!
//! # Read strictly, and see what was tolerated
//!
//! Reading is tolerant and silent. [`ParseOptions`](crate::ParseOptions) tells, or refuses.
//!
//! ```
//! use std::error::Error;
//!
//! use hl7_parse::{DiagnosticCode, ParseErrorKind, ParseOptions};
//!
//! fn main() -> Result<(), Box<dyn Error>> {
//!     let bytes = b"MSH|^~\\&|LAB\nPID|1\n\nan old comment\n";
//!     let read = ParseOptions::new().parse(bytes)?;
//!     let told: Vec<_> = read.diagnostics.iter().map(|found| found.to_string()).collect();
//!     assert_eq!(told[0], "a segment ends with LF or CR LF instead of CR (segment 1, byte 12, 2 times)");
//!     assert_eq!(read.diagnostics[1].code(), DiagnosticCode::BlankLine);
//!
//!     // Everything refused but line ends and blank lines.
//!     let options = ParseOptions::strict()
//!         .tolerate(DiagnosticCode::LineFeedTerminator)
//!         .tolerate(DiagnosticCode::BlankLine);
//!     let error = options.parse(bytes).err().ok_or("a line is no segment")?;
//!     assert_eq!(error.kind(), ParseErrorKind::NotTolerated(DiagnosticCode::NotASegment));
//!     assert_eq!(error.offset(), 20);
//!     Ok(())
//! }
//! ```
//!
//! # Route by the header alone
//!
//! [`Header`](crate::Header) looks at MSH and at nothing after it, however long the message is.
//!
//! ```
//! use std::error::Error;
//!
//! use hl7_parse::Header;
//!
//! fn route(bytes: &[u8]) -> Result<&'static str, Box<dyn Error>> {
//!     let header = Header::parse(bytes)?;
//!     Ok(match header.message_type().component(1).as_bytes() {
//!         b"ADT" => "admissions",
//!         b"ORU" => "results",
//!         _ => "unknown",
//!     })
//! }
//!
//! fn main() -> Result<(), Box<dyn Error>> {
//!     assert_eq!(route(b"MSH|^~\\&|LAB|GH|||20240229||ORU^R01|7|P|2.5.1\rOBX|1\r")?, "results");
//!     assert_eq!(route(b"MSH|^~\\&|ADT1|GH|||20240229||ADT^A01|8|P|2.3\r")?, "admissions");
//!     Ok(())
//! }
//! ```
//!
//! # Keep a message across threads
//!
//! A [`Message`](crate::Message) borrows its bytes; an [`OwnedMessage`](crate::OwnedMessage)
//! shares them, and its clones cost two reference counts.
//!
//! ```
//! use std::{error::Error, sync::mpsc, thread};
//!
//! use hl7_parse::{OwnedMessage, Path};
//!
//! fn main() -> Result<(), Box<dyn Error>> {
//!     let (queue, work) = mpsc::sync_channel::<OwnedMessage>(16);
//!     let worker = thread::spawn(move || {
//!         let id = Path::new("MSH-10");
//!         work.iter().map(|message| message.as_message().get(&id).decode().into_owned()).collect()
//!     });
//!
//!     let message = OwnedMessage::parse("MSH|^~\\&|LAB|GH|||||ORU^R01|7\r")?;
//!     // A part of it shares its bytes too.
//!     let id = message.slice_ref(message.header().control_id().as_bytes());
//!     assert_eq!(id, "7");
//!     // What stays for long is taken out of the buffer that it came in.
//!     queue.send(message.detach())?;
//!     drop(queue);
//!     let ids: Vec<String> = worker.join().map_err(|_| "the worker failed")?;
//!     assert_eq!(ids, ["7"]);
//!     Ok(())
//! }
//! ```
