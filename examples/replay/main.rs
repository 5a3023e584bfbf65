//! Replays files against a server, on several connections and at a given rate, and tells how that
//! went: acknowledgments, messages per second, percentiles of latency.
//!
//! `cargo run --release --example replay -- --to 127.0.0.1:2575 --connections 4 FILE...`
//!
//! Without `--to` against a receiver of its own. The exit status is 0 only if every message was
//! positively acknowledged.

use std::{error::Error, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use clap::Parser;
use hl7_ack::{Outcome, Received};
use hl7_examples::{Destination, end, log_to_stderr, stop_signal};
use hl7_mllp::server::Server;
use tokio::{sync::watch, task::JoinSet};

mod load;
mod messages;
mod progress;
mod summary;

use load::Load;
use summary::Summary;

/// Replays files against a server, and tells how that went.
#[derive(Parser)]
struct Arguments {
    /// `host:port` for MLLP, `mllps://host:port` for MLLP over TLS, `http://...` or `https://...` for
    /// HTTP.
    #[arg(long)]
    to: Option<String>,
    /// How many connections are used at once. With more than one the order is not kept.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    connections: u16,
    /// Messages per second over all connections; as fast as they are answered if not given.
    ///
    /// With a rate, latency counts from when a message was due, so that a server which is too
    /// slow does not look fast.
    #[arg(long)]
    rate: Option<f64>,
    /// How many messages are sent, over and over; each once if not given, and 1000 without `--to`.
    #[arg(long)]
    count: Option<u64>,
    /// Gives each message a control ID of its own. Else those sent again are duplicates.
    #[arg(long)]
    fresh_ids: bool,
    /// Seconds to wait for each acknowledgment.
    #[arg(long, default_value_t = 30.0)]
    timeout: f64,
    /// PEM file of certificate authorities to trust instead of the system's.
    #[arg(long)]
    ca: Option<PathBuf>,
    /// Files of one or several messages, with or without batch headers. They are held in memory.
    files: Vec<PathBuf>,
}

/// How many messages the receiver in this process gets where nothing is said.
const DEMONSTRATION: u64 = 1000;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log_to_stderr("error");
    end(replay(arguments).await)
}

async fn replay(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    for (name, value) in [("--timeout", Some(arguments.timeout)), ("--rate", arguments.rate)] {
        if value.is_some_and(|value| !(0.001..=1e6).contains(&value)) {
            return Err(format!("{name} is a number from 0.001 to 1000000").into());
        }
    }
    let messages = messages::read(&arguments.files)?;
    let once = u64::try_from(messages.len())?;
    let (to, default) = match arguments.to {
        Some(to) => (to, once),
        None => (receiver().await?, DEMONSTRATION),
    };
    let count = arguments.count.unwrap_or(default);
    let load = Arc::new(Load::new(messages, count, arguments.rate, arguments.fresh_ids));

    let (stop, stopped) = watch::channel(false);
    let signal = stop_signal()?;
    tokio::spawn(async move {
        signal.await;
        stop.send_replace(true);
    });
    let timeout = Duration::from_secs_f64(arguments.timeout);
    let mut connections = JoinSet::new();
    for _ in 0..arguments.connections {
        // A client of its own for each, which is a connection of its own.
        let client = Destination::parse(&to)?.client(timeout, arguments.ca.as_ref())?;
        let (load, stopped) = (Arc::clone(&load), stopped.clone());
        connections.spawn(async move { load.send(&client, stopped).await });
    }
    let progress = tokio::spawn(progress::show(Arc::clone(&load)));
    let mut summary = Summary::default();
    while let Some(part) = connections.join_next().await {
        summary.add(part?);
    }
    progress.abort();
    // Ended or cancelled: it draws no more.
    let _ = progress.await;
    progress::clear();
    summary.print(count, arguments.connections, load.elapsed())?;
    match summary.acknowledged() {
        all if all == count => Ok(()),
        some => Err(format!("{some} of {count} messages were positively acknowledged").into()),
    }
}

/// A receiver in this process that takes every message.
async fn receiver() -> Result<String, Box<dyn Error>> {
    let server = Server::bind("127.0.0.1:0").await?;
    let address = server.local_addr().to_string();
    tokio::spawn(server.serve(async |_: Received| Outcome::accepted()).into_future());
    Ok(address)
}
