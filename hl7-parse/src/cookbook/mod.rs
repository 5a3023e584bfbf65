//! Complete programs, one for each task: to copy, and to change.
//!
//! This module has no code. Each program is compiled and run with the tests of this crate. They
//! read messages that stand in the program; yours come from a file or a socket.
//!
//! # Reading ([`reading`])
//!
//! * [Read a field](reading#read-a-field)
//! * [Go through the results of each order](reading#go-through-the-results-of-each-order)
//! * [Tell absent, empty and null apart](reading#tell-absent-empty-and-null-apart)
//! * [Walk through everything there is](reading#walk-through-everything-there-is)
//! * [Read strictly, and see what was tolerated](reading#read-strictly-and-see-what-was-tolerated)
//! * [Route by the header alone](reading#route-by-the-header-alone)
//! * [Keep a message across threads](reading#keep-a-message-across-threads)
//!
//! # Text and values ([`text`], [`values`])
//!
//! * [Decode text with escape sequences](text#decode-text-with-escape-sequences)
//! * [Make plain text of formatted text](text#make-plain-text-of-formatted-text)
//! * [Read a message in another character set](text#read-a-message-in-another-character-set)
//! * [Read dates and numbers](values#read-dates-and-numbers)
//! * [Read results by their type](values#read-results-by-their-type)
//! * [Save a PDF out of OBX-5](values#save-a-pdf-out-of-obx-5)
//! * [Fill a struct](values#fill-a-struct), with feature `serde`
//! * [Turn a message into JSON and back](values#turn-a-message-into-json-and-back), with feature
//!   `serde`
//!
//! # Writing ([`writing`])
//!
//! * [Build a message](writing#build-a-message)
//! * [Change a message](writing#change-a-message)
//! * [Strip a message to what is needed](writing#strip-a-message-to-what-is-needed)
//! * [Change the delimiters](writing#change-the-delimiters)
//!
//! # Files and streams ([`files`])
//!
//! * [Go through a batch file](files#go-through-a-batch-file)
//! * [Cut a stream as it comes](files#cut-a-stream-as-it-comes)
//! * [Read a file of UTF-16](files#read-a-file-of-utf-16), with feature `charset`
//! * [Join messages that were cut](files#join-messages-that-were-cut)

pub mod files;
pub mod reading;
pub mod text;
pub mod values;
pub mod writing;
