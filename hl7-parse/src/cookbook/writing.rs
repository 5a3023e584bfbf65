//! Programs that make messages and change them.
//!
//! # Build a message
//!
//! Text is escaped, separators are counted, and the message ends each segment as the standard
//! says. The time and the control ID are yours: there is no clock in this crate.
//!
//! ```
//! use std::error::Error;
//!
//! use hl7_parse::MessageBuilder;
//!
//! fn main() -> Result<(), Box<dyn Error>> {
//!     let mut builder = MessageBuilder::new();
//!     builder
//!         .sending_application("LAB")
//!         .sending_facility("GH")
//!         .receiving_application("EHR")
//!         .receiving_facility("GH")
//!         .date_time("20240229100500-0500")
//!         .message_type(["ORU", "R01", "ORU_R01"])
//!         .control_id("MSG0001")
//!         .processing_id("P")
//!         .version("2.5.1");
//!     builder
//!         .segment("PID")
//!         .set(1, "1")
//!         .set_components(3, ["555", "", "", "GH", "MR"])
//!         .repeat_components(3, ["999", "", "", "SSA", "SS"])
//!         .set_components(5, ["O&Hara", "Eve"]);
//!     for (n, (code, value)) in (1..).zip([("718-7", "13.2"), ("4544-3", "39")]) {
//!         let obx = builder.segment("OBX");
//!         obx.set(1, n.to_string()).set(2, "NM").set("3.1", code).set("3.3", "LN").set(5, value);
//!     }
//!     let message = builder.finish()?;
//!     assert_eq!(
//!         message.as_bytes(),
//!         "MSH|^~\\&|LAB|GH|EHR|GH|20240229100500-0500||ORU^R01^ORU_R01|MSG0001|P|2.5.1\r\
//!          PID|1||555^^^GH^MR~999^^^SSA^SS||O\\T\\Hara^Eve\r\
//!          OBX|1|NM|718-7^^LN||13.2\rOBX|2|NM|4544-3^^LN||39\r",
//!     );
//!     Ok(())
//! }
//! ```
//!
//! # Change a message
//!
//! Edits are collected and written once. What none of them reaches stays as it came, byte for
//! byte.
//!
//! ```
//! use std::error::Error;
//!
//! use hl7_parse::{Editor, Message, Path, SegmentBuilder, Target};
//!
//! fn main() -> Result<(), Box<dyn Error>> {
//!     let bytes = b"MSH|^~\\&|LAB|GH|||||ORU^R01|7|P|2.3\rPID|1||555~999||JONES|x\r\
//!                   OBX|1|NM|||7|g\rOBX|2|NM|||8|g\rZPI|1\r";
//!     let message = Message::parse(bytes)?;
//!
//!     let mut note = SegmentBuilder::new("NTE");
//!     note.set(1, "1").set_formatted(3, "checked\nby hand");
//!     let mut editor = Editor::new(&message);
//!     editor
//!         .set(&Path::new("PID-5.2"), "Eve & Adam")
//!         .set_null(&Path::new("PID-6"))
//!         // In each repetition of the first PID, in each OBX, after the second OBX:
//!         .set(Target::each(&Path::new("PID[1]-3.4")), "GH")
//!         .set(Target::each(&Path::new("OBX-6")), "kg")
//!         .insert_after(&Path::new("OBX[2]"), &note)
//!         .remove(Target::each(&Path::new("ZPI")))
//!         .set_version("2.5.1");
//!     assert_eq!(
//!         editor.finish()?.as_bytes(),
//!         "MSH|^~\\&|LAB|GH|||||ORU^R01|7|P|2.5.1\r\
//!          PID|1||555^^^GH~999^^^GH||JONES^Eve \\T\\ Adam|\"\"\r\
//!          OBX|1|NM|||7|kg\rOBX|2|NM|||8|kg\rNTE|1||checked\\.br\\by hand\r",
//!     );
//!     Ok(())
//! }
//! ```
//!
//! # Strip a message to what is needed
//!
//! What is not on the list is gone, whatever the sender put there. A path without numbers is every
//! segment and every repetition.
//!
//! ```
//! use std::error::Error;
//!
//! use hl7_parse::{Editor, Message, Path};
//!
//! /// Everything that the statistics need.
//! const NEEDED: [Path; 6] = [
//!     Path::new("MSH-7"),
//!     Path::new("MSH-9"),
//!     Path::new("PID-3.1"),
//!     Path::new("PID-8"),
//!     Path::new("OBX-3.1"),
//!     Path::new("OBX-5"),
//! ];
//!
//! fn main() -> Result<(), Box<dyn Error>> {
//!     let bytes = b"MSH|^~\\&|LAB|GH|EHR|GH|20240229||ORU^R01|7|P|2.5.1\r\
//!                   PID|1||555^^^GH~999^^^SSA||JONES^EVE||19620229|F|||1 Main St\rNK1|1|JONES^ADAM\r\
//!                   OBX|1|NM|718-7^Hemoglobin^LN||13.2|g/dL\rOBX|2|NM|4544-3^Hct^LN||39|%\r";
//!     let message = Message::parse(bytes)?;
//!     // What is set in the same go stays: pseudonyms in place of what was kept.
//!     let pseudonyms = ["p1", "p2"];
//!     let mut editor = Editor::new(&message);
//!     editor.keep_only(&NEEDED);
//!     for (n, pseudonym) in (1..).zip(pseudonyms) {
//!         editor.set(&format!("PID-3[{n}].1").parse::<Path>()?, pseudonym);
//!     }
//!     assert_eq!(
//!         editor.finish()?.as_bytes(),
//!         "MSH|^~\\&|||||20240229||ORU^R01|||2.5.1\rPID|||p1~p2|||||F\r\
//!          OBX|||718-7||13.2\rOBX|||4544-3||39\r",
//!     );
//!     Ok(())
//! }
//! ```
//!
//! # Change the delimiters
//!
//! Text that a delimiter had to be escaped in reads the same afterwards.
//!
//! ```
//! use std::error::Error;
//!
//! use hl7_parse::{Editor, Message, Path, Separators};
//!
//! fn main() -> Result<(), Box<dyn Error>> {
//!     let message = Message::parse(b"MSH$%*/@$LAB\rNTE$1$$5/F/ or 6 | 7%x\r")?;
//!     let usual = Editor::new(&message).swap_delimiters(Separators::RECOMMENDED).finish()?;
//!     assert_eq!(usual.as_bytes(), "MSH|^~\\&|LAB\rNTE|1||5$ or 6 \\F\\ 7^x\r");
//!
//!     let text = Path::new("NTE-3.1");
//!     assert_eq!(message.get(&text).decode(), usual.as_message().get(&text).decode());
//!     Ok(())
//! }
//! ```
