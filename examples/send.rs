//! Sends HL7 v2 messages from files, over MLLP or HTTP, and prints the acknowledgments.
//!
//! `cargo run --release --example send -- --to 127.0.0.1:2575 testdata/messages/adt_a01.hl7`

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its user")]

use std::{
    error::Error,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use clap::Parser;
use hl7_ack::{AnyDeliver, Deliver, Delivery};
use hl7_examples::{Destination, log_to_stderr, messages_of};
use hl7_parse::OwnedMessage;

/// Sends each message of each file and prints the acknowledgment, one segment a line.
///
/// The exit status is 0 only if every message was positively acknowledged. One that asks for no
/// acknowledgment is sent, but is not acknowledged.
#[derive(Parser)]
struct Arguments {
    /// `host:port` for MLLP, `mllps://host:port` for MLLP over TLS, `http://...` or `https://...` for
    /// HTTP.
    #[arg(long)]
    to: String,
    /// Seconds to wait for each acknowledgment.
    #[arg(long, default_value_t = 30.0)]
    timeout: f64,
    /// PEM file of certificate authorities to trust instead of the system's.
    #[arg(long)]
    ca: Option<PathBuf>,
    /// Files of one or several messages, with or without batch headers.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    log_to_stderr("error");
    match send(&Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("send: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Sends all files, the next also where one failed; whether all was positively acknowledged.
async fn send(arguments: &Arguments) -> Result<bool, Box<dyn Error>> {
    if !(0.001..=86400.0).contains(&arguments.timeout) {
        return Err("--timeout is a number of seconds from 0.001 to 86400".into());
    }
    let timeout = Duration::from_secs_f64(arguments.timeout);
    let client = Destination::parse(&arguments.to)?.client(timeout, arguments.ca.as_ref())?;
    let mut all_accepted = true;
    for path in &arguments.files {
        all_accepted &= match messages_of(path) {
            Ok(messages) => send_each(&client, path, messages).await,
            Err(error) => {
                eprintln!("send: {}: {error}", path.display());
                false
            }
        };
    }
    Ok(all_accepted)
}

async fn send_each(client: &AnyDeliver, path: &Path, messages: Vec<OwnedMessage>) -> bool {
    let mut all_accepted = true;
    for (number, message) in (1..).zip(messages) {
        let problem = match client.deliver(message).await {
            Delivery::Answered(answer) => {
                if let Err(error) = print(answer.message()) {
                    eprintln!("send: the acknowledgment can not be printed: {error}");
                    all_accepted = false;
                }
                all_accepted &= answer.is_positive();
                continue;
            }
            Delivery::NoneDue => "sent; no acknowledgment is due".to_owned(),
            Delivery::NotSent(cause) => format!("not sent: {cause}"),
            Delivery::Unknown(cause) => format!("sent, but not acknowledged: {cause}"),
            _ => "not acknowledged".to_owned(),
        };
        eprintln!("send: {}: message {number}: {problem}", path.display());
        all_accepted = false;
    }
    all_accepted
}

/// One segment a line.
fn print(acknowledgment: &OwnedMessage) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for segment in acknowledgment.as_message().segments() {
        writeln!(out, "{}", String::from_utf8_lossy(segment.as_bytes()))?;
    }
    out.flush()
}
