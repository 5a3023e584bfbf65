//! Splits a file of any length into its messages, and checks what the envelope says of them.
//!
//! `cargo run --example split_batch -- testdata/batches/wrong_count.hl7`

use std::{
    error::Error,
    io::{self, Write},
    process::ExitCode,
};

use hl7_examples::{end, input_file};
use hl7_parse::batch::{PartKind, Reader};

fn main() -> ExitCode {
    end(split_batch())
}

fn split_batch() -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    let (mut read, mut problems) = (0, 0);
    // One message at a time is in memory, however long the file.
    for part in Reader::new(input_file("batches/file_batch_three.hl7")?) {
        let part = part?;
        // A fault stops nothing: the messages before a wrong count are as good as ever. To have
        // faults refused, see `SplitOptions::refuse`.
        for fault in part.faults().iter() {
            problems += 1;
            writeln!(out, "byte {}: {fault}", part.offset())?;
        }
        if part.kind() != PartKind::Message {
            continue;
        }
        // A message that can not be read fails alone.
        match part.parse() {
            Ok(message) => {
                read += 1;
                let number = part.place().index_in_file().unwrap_or(read);
                let header = message.header();
                let (message_type, id) = (header.message_type(), header.control_id());
                let (message_type, id) = (message_type.decode(), id.decode());
                writeln!(out, "message {number}: {message_type} {id}, {} bytes", part.len())?;
                // What is kept for long is detached from the block that the file was read in.
                let _to_be_stored = message.detach();
            }
            Err(error) => {
                problems += 1;
                writeln!(out, "byte {}: {error}", part.offset())?;
            }
        }
    }
    writeln!(out, "messages read: {read}")?;
    if problems > 0 { Err(format!("problems in the file: {problems}").into()) } else { Ok(()) }
}
