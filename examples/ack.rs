//! Prints the acknowledgment of each message in HL7 v2 files, as a receiver would send it.
//!
//! `cargo run --release --example ack -- FILE...`

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its user")]

use std::{fs, io::Write, path::PathBuf, process::ExitCode};

use bytes::Bytes;
use clap::Parser;
use hl7_ack::{Action, ErrorCode, Outcome, Peer, Received, Responder};
use hl7_parse::{
    Path,
    batch::{self, PartKind},
};
use serde_json::json;
use tokio::runtime;

/// Prints the acknowledgment of each message in HL7 v2 files, as a receiver would send it: what it
/// can not read, and what has no MSH-10, is refused.
#[derive(Parser)]
struct Arguments {
    /// Refuses every message with this text, as if PID-3 were missing.
    #[arg(long, value_name = "TEXT")]
    refuse: Option<String>,
    /// Prints a line of JSON for each file, with an entry for each message: its acknowledgment, or
    /// null where none is due. Bytes that are not UTF-8 become the code points of the same number.
    #[arg(long)]
    json: bool,
    /// Files of one or several messages, with or without batch headers.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

fn main() -> std::io::Result<ExitCode> {
    let arguments = Arguments::parse();
    let outcome = match arguments.refuse {
        None => Outcome::accepted(),
        Some(text) => Outcome::error(ErrorCode::REQUIRED_FIELD_MISSING, text)
            .at(Path::new("PID-3"))
            .and(ErrorCode::OTHER_HL7_ERROR, ""),
    };
    let responder = Responder::new(move |_: Received| std::future::ready(outcome.clone()));
    let runtime = runtime::Builder::new_current_thread().build()?;
    let mut out = std::io::stdout().lock();
    let mut all_read = true;
    for path in arguments.files {
        let file = match fs::read(&path) {
            Ok(file) => Bytes::from(file),
            Err(error) => {
                eprintln!("{}: {error}", path.display());
                all_read = false;
                continue;
            }
        };
        let answers = batch::parts(&file)
            .filter(|part| matches!(part.kind(), PartKind::Message | PartKind::Other))
            .map(|part| {
                let message = file.slice_ref(part.as_bytes());
                let response = runtime.block_on(responder.respond(message, Peer::default()));
                match response.action() {
                    Action::Answer(answer) => Some(text(answer)),
                    _ => None,
                }
            });
        if arguments.json {
            let answers: Vec<_> = answers.collect();
            writeln!(out, "{}", json!({"file": path.display().to_string(), "answers": answers}))?;
        } else {
            for answer in answers.flatten() {
                writeln!(out, "{}", answer.replace('\r', "\n"))?;
            }
        }
    }
    Ok(if all_read { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn text(answer: &Bytes) -> String {
    match std::str::from_utf8(answer) {
        Ok(text) => text.to_owned(),
        Err(_) => answer.iter().copied().map(char::from).collect(),
    }
}
