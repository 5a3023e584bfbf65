//! Writes a message as JSON; given JSON, writes the message, the same to the byte.
//!
//! `cargo run --example json -- testdata/messages/adt_a01.hl7`

use std::{
    error::Error,
    io::{self, Write},
    process::ExitCode,
};

use hl7_examples::{end, input};
use hl7_parse::{Message, OwnedMessage, json::Json};

fn main() -> ExitCode {
    end(json())
}

fn json() -> Result<(), Box<dyn Error>> {
    let bytes = input("messages/siu_s12.hl7")?;
    let mut out = io::stdout().lock();
    if bytes.trim_ascii_start().starts_with(b"{") {
        // Only what has the form of a message is read: a string that holds a delimiter is
        // refused, so that no segment can be smuggled in.
        let Json(message) = serde_json::from_slice::<Json<OwnedMessage>>(&bytes)?;
        out.write_all(message.as_bytes())?;
        return Ok(out.flush()?);
    }
    // The form keeps what was sent, escape sequences and delimiters too; nothing is decoded.
    // `#[serde(with = "hl7_parse::json")]` does the same for a field of a struct.
    let message = Message::parse(&bytes)?;
    writeln!(out, "{}", serde_json::to_string_pretty(&Json(&message))?)?;
    Ok(())
}
