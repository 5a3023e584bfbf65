//! Receives HL7 v2 messages over MLLP and acknowledges each as its MSH-15 and MSH-16 ask.
//!
//! `cargo run --release --example listen -- --listen 127.0.0.1:2575 --verbose`

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its user")]

use std::{error::Error, process::ExitCode};

use clap::Parser;
use hl7_ack::{Outcome, Received};
use hl7_examples::{log_to_stderr, stop_signal};
use hl7_mllp::server::Server;

/// Receives HL7 v2 messages over MLLP and acknowledges each as its MSH-15 and MSH-16 ask: AA,
/// CA, or not at all.
#[derive(Parser)]
struct Arguments {
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:2575")]
    listen: String,
    /// Write a line for each message: type, control ID, bytes, acknowledgment code, milliseconds.
    #[arg(long)]
    verbose: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log_to_stderr(if arguments.verbose { "info" } else { "warn" });
    match listen(&arguments.listen).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("listen: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn listen(address: &str) -> Result<(), Box<dyn Error>> {
    let server = Server::bind(address).await?;
    tracing::info!(address = %server.local_addr(), "listening for MLLP");
    server.serve(accept).with_graceful_shutdown(stop_signal()?).await?;
    Ok(())
}

/// Takes every message. A real handler would first put it where it can not be lost.
async fn accept(_: Received) -> Outcome {
    Outcome::accepted()
}
