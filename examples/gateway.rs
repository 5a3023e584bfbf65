//! Passes HL7 v2 messages on between MLLP and HTTP, and the acknowledgments back.
//!
//! `cargo run --release --example gateway`
//!
//! MLLP on 127.0.0.1:2575 goes to HTTP; without `--to` to a small receiver that this process
//! starts on 127.0.0.1:8575. The other way round:
//! `cargo run --release --example gateway -- --listen http://127.0.0.1:8576 --to 127.0.0.1:2576`

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its user")]

use std::{error::Error, process::ExitCode, time::Duration};

use clap::Parser;
use hl7_ack::{Forward, Outcome, Received};
use hl7_examples::{Destination, log_to_stderr, stop_signal};
use hl7_transport::TokioTimer;
use tokio::sync::oneshot;

/// Passes HL7 v2 messages on between MLLP and HTTP, and the acknowledgments back.
#[derive(Parser)]
struct Arguments {
    /// Where messages come in: `host:port` for MLLP, `http://host:port` for HTTP.
    #[arg(long, default_value = "127.0.0.1:2575")]
    listen: String,
    /// Where they go: `http://...` or `https://...` for HTTP, `host:port` for MLLP. Without it,
    /// to a receiver in this process that acknowledges every message.
    #[arg(long)]
    to: Option<String>,
}

const RECEIVER: &str = "127.0.0.1:8575";

/// How long an HTTP destination may take: less than [`Forward::DEADLINE`], which ends before the
/// 30 s that most senders wait.
const HTTP_TIMEOUT: Duration = Duration::from_secs(24);

/// How long an MLLP destination may take, which answers one message after the other.
const MLLP_TIMEOUT: Duration = Duration::from_secs(16);

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // A line for each exchange of the gateway, not another for the receiver's part in it.
    log_to_stderr(match arguments.to {
        Some(_) => "info",
        None => "info,hl7_http::server=warn",
    });
    match run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gateway: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let stop = stop_signal()?;
    let Some(to) = &arguments.to else {
        // The receiver stops after the gateway, which may still have messages for it.
        let receiver = hl7_http::server::Server::bind(RECEIVER).await?;
        let (stop_receiver, receiver_stops) = oneshot::channel::<()>();
        let receiver = receiver.serve(accept).with_graceful_shutdown(async {
            let _ = receiver_stops.await;
        });
        let receiver = tokio::spawn(receiver.into_future());
        let forwarded = forward(&arguments.listen, &format!("http://{RECEIVER}/"), stop).await;
        drop(stop_receiver);
        receiver.await??;
        return forwarded;
    };
    forward(&arguments.listen, to, stop).await
}

/// A bridge is a server that forwards to a client.
async fn forward(
    listen: &str,
    to: &str,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Box<dyn Error>> {
    let destination = Destination::parse(to)?;
    let client = match &destination {
        Destination::Mllp(_) => destination.client(MLLP_TIMEOUT, None)?,
        _ => destination.client(HTTP_TIMEOUT, None)?,
    };
    let forward = Forward::to(client).deadline(Forward::DEADLINE, TokioTimer::default());
    match listen.strip_prefix("http://") {
        Some(address) => {
            let address = address.trim_end_matches('/');
            if address.contains('/') {
                return Err("--listen takes no path: messages are taken on every path".into());
            }
            let server = hl7_http::server::Server::bind(address).await?;
            tracing::info!(from = %server.local_addr(), "forwarding HTTP");
            server.serve(forward).with_graceful_shutdown(stop).await?;
        }
        None => {
            let address = listen.strip_prefix("mllp://").unwrap_or(listen);
            if address.contains("://") {
                return Err("--listen is host:port for MLLP or http://host:port for HTTP".into());
            }
            let server = hl7_mllp::server::Server::bind(address).await?;
            tracing::info!(from = %server.local_addr(), "forwarding MLLP");
            server.serve(forward).with_graceful_shutdown(stop).await?;
        }
    }
    Ok(())
}

/// The receiver: takes every message.
async fn accept(_: Received) -> Outcome {
    Outcome::accepted()
}
