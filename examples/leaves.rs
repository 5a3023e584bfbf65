//! Lists every leaf of HL7 v2 files, one line of JSON for each file.
//!
//! `cargo run --release --example leaves -- FILE...`

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its user")]

use std::{
    fs,
    io::{ErrorKind, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::Parser;
use hl7_parse::{
    Message, OwnedMessage, ParseError,
    batch::{self, PartKind},
};
use serde_json::{Value, json};

/// Lists every leaf of HL7 v2 files, one line of JSON for each file.
#[derive(Parser)]
struct Arguments {
    /// Files of one or several messages, with or without batch headers.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// What is shown of an ID: it is written again for each leaf.
const MAX_ID_LEN: usize = 256;

fn main() -> std::io::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    let mut all_read = true;
    for path in Arguments::parse().files {
        let read = fs::read(&path).map_err(|error| error.to_string());
        let listing = read.and_then(|bytes| list(&bytes).map_err(|error| error.to_string()));
        let file = path.display().to_string();
        let line = match listing {
            Ok((segments, leaves)) => json!({"file": file, "segments": segments, "leaves": leaves}),
            Err(error) => json!({"file": file, "error": error}),
        };
        all_read &= line.get("error").is_none();
        match writeln!(out, "{line}") {
            // Whoever reads the list has seen enough.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(ExitCode::FAILURE),
            written => written?,
        }
    }
    Ok(if all_read { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Segment IDs, and `[segment, id, field, repetition, component, subcomponent, value]` of each
/// leaf, of all messages and envelope segments in the file as one run.
fn list(file: &[u8]) -> Result<(Vec<String>, Vec<Value>), ParseError> {
    let (mut segments, mut leaves) = (Vec::new(), Vec::new());
    if batch::parts(file).all(|part| part.kind() == PartKind::Other) {
        // No header anywhere: say what is missing.
        Message::parse(file)?;
    }
    for part in batch::parts(file) {
        let message = match part.kind() {
            // Raw bytes are listed, whatever their character set.
            PartKind::Message => OwnedMessage::parse_undecoded(part.as_bytes().to_vec())?,
            _ => part.read()?.to_owned(),
        };
        for segment in message.as_message().segments() {
            // A line that is no segment can have anything where the ID would be.
            let id = raw_text(segment.id_bytes().get(..MAX_ID_LEN).unwrap_or(segment.id_bytes()));
            segments.push(id.clone());
            let number = segments.len();
            leaves.extend(segment.leaves().map(|leaf| {
                let value = raw_text(leaf.as_bytes());
                json!([
                    number,
                    id,
                    leaf.field,
                    leaf.repetition,
                    leaf.component,
                    leaf.subcomponent,
                    value
                ])
            }));
        }
    }
    Ok((segments, leaves))
}

/// What was sent, as text; bytes that are not UTF-8 become the code points of the same number.
fn raw_text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    }
}
