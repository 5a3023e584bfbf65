//! Prints a message for people.

use std::io::{self, Write};

use hl7_parse::OwnedMessage;

/// Writes a message to standard output as it is, one segment a line.
///
/// # Errors
///
/// Those of writing.
pub fn print_segments(message: &OwnedMessage) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for segment in message.as_message().segments() {
        out.write_all(segment.as_bytes())?;
        writeln!(out)?;
    }
    out.flush()
}
