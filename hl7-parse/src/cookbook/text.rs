//! Programs that read what people wrote.
//!
//! # Decode text with escape sequences
//!
//! `as_bytes` is what was sent, `decode` what was meant. Go down to the leaf first: in `A\S\B^C`
//! the first `^` is text and the second cuts.
//!
//! ```
//! use std::{borrow::Cow, error::Error};
//!
//! use hl7_parse::{Message, Separators, escape};
//!
//! fn main() -> Result<(), Box<dyn Error>> {
//!     let bytes = b"MSH|^~\\&|A\rNK1|1|O\\T\\Hara^A\\S\\B^Eve|\\X4A4F\\\r";
//!     let message = Message::parse(bytes)?;
//!     let nk1 = message.segment("NK1").ok_or("no NK1 segment")?;
//!     let name = nk1.field(2);
//!     assert_eq!(name.component(1).as_bytes(), br"O\T\Hara");
//!     assert_eq!(name.component(1).decode(), "O&Hara");
//!     assert_eq!(name.component(2).decode(), "A^B");
//!     assert_eq!(nk1.field(3).decode(), "JO");
//!     // Nothing is copied where nothing was escaped.
//!     assert!(matches!(name.component(3).decode(), Cow::Borrowed("Eve")));
//!
//!     // The other direction; what builds and edits messages does it by itself.
//!     assert_eq!(*escape(b"1 | 2", &Separators::default()), *br"1 \F\ 2");
//!     Ok(())
//! }
//! ```
//!
//! # Make plain text of formatted text
//!
//! FT has commands for lines, indents and highlighting (2.7.6).
//! [`to_plain_text`](crate::Element::to_plain_text) follows what plain text can;
//! [`tokens`](crate::Element::tokens) is for programs that can do more.
//!
//! ```
//! use std::error::Error;
//!
//! use hl7_parse::{Message, TokenKind};
//!
//! fn main() -> Result<(), Box<dyn Error>> {
//!     let bytes = b"MSH|^~\\&|A\rOBX|1|FT|||Result:\\.br\\\\.in+2\\\\H\\high\\N\\ \\T\\ rising~next\r";
//!     let message = Message::parse(bytes)?;
//!     let text = message.segment("OBX").ok_or("no OBX segment")?.field(5);
//!     assert_eq!(text.to_plain_text(), "Result:\n  high & rising\n  next");
//!
//!     let mut html = String::new();
//!     for token in text.repetition(1).tokens() {
//!         match token.kind() {
//!             TokenKind::HighlightStart => html.push_str("<b>"),
//!             TokenKind::HighlightEnd => html.push_str("</b>"),
//!             TokenKind::Break => html.push_str("<br>"),
//!             TokenKind::Text => html.push_str(&String::from_utf8_lossy(token.as_bytes())),
//!             TokenKind::Escaped(b'&') => html.push_str("&amp;"),
//!             _ => {}
//!         }
//!     }
//!     assert_eq!(html, "Result:<br><b>high</b> &amp; rising");
//!     Ok(())
//! }
//! ```
//!
//! # Read a message in another character set
//!
//! Latin-1 and its like are split first and decoded where they are read: nothing is to be done.
//! In Shift_JIS, Big5, GB 18030, ISO-2022-JP and UTF-16 a delimiter may be half of a character;
//! `parse` refuses such text, and `charset::decode` (feature `charset`) makes UTF-8 of any.
//!
#![cfg_attr(feature = "charset", doc = "```")]
#![cfg_attr(not(feature = "charset"), doc = "```ignore")]
//! use std::error::Error;
//!
//! use hl7_parse::{Charset, Message, ParseErrorKind, Path, charset};
//!
//! const NAME: Path = Path::new("PID-5");
//!
//! fn main() -> Result<(), Box<dyn Error>> {
//!     let latin = b"MSH|^~\\&|A|||||||1|P|2.5||||||8859/1\rPID|||||M\xFCller\r";
//!     assert_eq!(Message::parse(latin)?.get(&NAME).decode(), "Müller");
//!
//!     let japanese = b"MSH|^~\\&|A|||||||1|P|2.5||||||SHIFT_JIS\rPID|||||\x83|\x81[\x83\x8b\r";
//!     let error = Message::parse(japanese).err().ok_or("a delimiter within a letter")?;
//!     assert_eq!(error.kind(), ParseErrorKind::NeedsDecoding(Charset::ShiftJis));
//!
//!     // One call for all of them. The label is what the transport said, if it did.
//!     let decoded = charset::decode(&japanese[..], None)?;
//!     assert_eq!(decoded.message.as_message().get(&NAME).decode(), "ポール");
//!
//!     // Whether the sender declared what it sent:
//!     assert_eq!(decoded.evidence.disagreements().count(), 0);
//!     // An answer goes back in the set of the question.
//!     let answer = charset::encode("MSH|^~\\&|B\rMSA|AA|1|ポール\r", decoded.charset)?;
//!     assert!(answer.ends_with(b"\x83|\x81[\x83\x8b\r"));
//!     Ok(())
//! }
//! ```
