//! Programs that read files and streams of many messages.
//!
//! # Go through a batch file
//!
//! [`Reader`](crate::batch::Reader) holds one message at a time, however long the file. A message
//! that can not be read stops nothing; counts that are wrong are told by the trailer.
//!
//! ```
//! use std::{error::Error, io::Cursor};
//!
//! use hl7_parse::{Path, batch::{Fault, PartKind, SplitOptions}};
//!
//! fn main() -> Result<(), Box<dyn Error>> {
//!     // `std::fs::File::open(..)` in your program; it needs no buffer of its own.
//!     let file = Cursor::new(
//!         "FHS|^~\\&|LAB\rBHS|^~\\&|LAB\rMSH|^~\\&|LAB||||||ORU^R01|7\rPID|1\r\
//!          MSHX|\rMSH\rMSH|^~\\&|LAB||||||ORU^R01|8\rBTS|2\rFTS|1\r",
//!     );
//!     let options = SplitOptions::new().max_message_len(1024 * 1024);
//!     let (mut read, mut unreadable, mut faults) = (Vec::new(), Vec::new(), Vec::new());
//!     for part in options.reader(file) {
//!         let part = part?;
//!         faults.extend(part.faults().iter().map(Fault::name));
//!         if part.kind() != PartKind::Message {
//!             continue;
//!         }
//!         match part.parse() {
//!             Ok(message) => {
//!                 let id = message.as_message().get(&Path::new("MSH-10")).decode().into_owned();
//!                 read.push((part.place().index_in_batch(), id));
//!             }
//!             Err(error) => unreadable.push((part.offset(), error.to_string())),
//!         }
//!     }
//!     assert_eq!(read, [(Some(1), "7".to_owned()), (Some(3), "8".to_owned())]);
//!     assert_eq!(unreadable, [(66, "MSH-1 is not a usable field separator (byte 3)".to_owned())]);
//!     assert_eq!(faults, ["damaged-header", "message-count"]);
//!     Ok(())
//! }
//! ```
//!
//! # Cut a stream as it comes
//!
//! [`Splitter`](crate::batch::Splitter) takes pieces of any size, as a socket or an async task
//! has them. Where they are cut changes nothing.
//!
//! ```
//! use std::error::Error;
//!
//! use bytes::Bytes;
//! use hl7_parse::{OwnedMessage, batch::Splitter};
//!
//! fn main() -> Result<(), Box<dyn Error>> {
//!     let mut splitter = Splitter::new();
//!     let mut messages: Vec<OwnedMessage> = Vec::new();
//!     for piece in ["MSH|^~\\&|A\rPI", "D|1\rM", "SH|^~\\&|B\r"] {
//!         let mut piece = Bytes::from(piece);
//!         while let Some(part) = splitter.next_part(&mut piece) {
//!             messages.push(part?.parse()?);
//!         }
//!     }
//!     // The last message is known to be whole when the stream ends.
//!     while let Some(part) = splitter.finish() {
//!         messages.push(part?.parse()?);
//!     }
//!     assert_eq!(messages.len(), 2);
//!     assert_eq!(messages[0].as_bytes(), "MSH|^~\\&|A\rPID|1\r");
//!     Ok(())
//! }
//! ```
//!
//! # Read a file of UTF-16
//!
//! Feature `charset`: [`WideReader`](crate::charset) turns UTF-16 and UTF-32 into UTF-8 block by
//! block, and lets any other text pass as it is. So it may stand before every file.
//!
#![cfg_attr(feature = "charset", doc = "```")]
#![cfg_attr(not(feature = "charset"), doc = "```ignore")]
//! use std::{error::Error, io::{Cursor, Read}};
//!
//! use hl7_parse::{Path, batch::{PartKind, Reader}, charset::{self, WideReader}};
//!
//! fn names(file: impl Read) -> Result<Vec<String>, Box<dyn Error>> {
//!     let mut names = Vec::new();
//!     let mut reader = WideReader::new(file);
//!     for part in Reader::new(&mut reader) {
//!         let part = part?;
//!         if part.kind() == PartKind::Message {
//!             let decoded = charset::decode(part.as_bytes().clone(), None)?;
//!             let message = decoded.message.as_message();
//!             names.push(message.get(&Path::new("PID-5.1")).decode().into_owned());
//!         }
//!     }
//!     Ok(names)
//! }
//!
//! fn main() -> Result<(), Box<dyn Error>> {
//!     let text = "\u{FEFF}MSH|^~\\&|A\r\nPID|||||Müller\r\nMSH|^~\\&|A\r\nPID|||||山田\r\n";
//!     let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
//!     assert_eq!(names(Cursor::new(wide))?, ["Müller", "山田"]);
//!     assert_eq!(names(Cursor::new(text))?, ["Müller", "山田"]);
//!
//!     let latin = b"MSH|^~\\&|A|||||||1|P|2.5||||||8859/1\rPID|||||M\xFCller\r";
//!     assert_eq!(names(&latin[..])?, ["Müller"]);
//!     Ok(())
//! }
//! ```
//!
//! # Join messages that were cut
//!
//! What was too long goes on in ADD segments and in further messages (2.10.2).
//! [`Continuation`](crate::continuation::Continuation) holds the fragments until all are there.
//!
//! ```
//! use std::error::Error;
//!
//! use hl7_parse::{OwnedMessage, continuation::{Continuation, Continued}};
//!
//! fn main() -> Result<(), Box<dyn Error>> {
//!     let mut continuation = Continuation::new().max_len(10 * 1024 * 1024);
//!     let mut whole = Vec::new();
//!     for bytes in [
//!         "MSH|^~\\&|LAB|GH|||||ORU^R01|7\rOBX|1|TX|||a long \rADD\rDSC|p1|F\r",
//!         "MSH|^~\\&|LAB|GH|||||ORU^R01|8||||p1\rADD|report\rOBX|2\r",
//!     ] {
//!         match continuation.push(OwnedMessage::parse(bytes)?)? {
//!             Continued::Whole(joined) => whole.push(joined.message),
//!             // Waiting: remember since when, and give up after a time by `abandon`.
//!             _ => {}
//!         }
//!     }
//!     let report = "MSH|^~\\&|LAB|GH|||||ORU^R01|7\rOBX|1|TX|||a long report\rOBX|2\r";
//!     assert_eq!(whole[0].as_bytes(), report);
//!     Ok(())
//! }
//! ```
