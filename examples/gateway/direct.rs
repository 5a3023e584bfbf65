//! One route from the command line: `--listen` and `--to`, with the defaults of the crates.

use std::{error::Error, time::Duration};

use hl7_ack::{Forward, Outcome, Received};
use hl7_examples::Destination;
use hl7_transport::TokioTimer;
use tokio::sync::oneshot;

use crate::source::acknowledger;

const RECEIVER: &str = "127.0.0.1:8575";

/// How long an HTTP destination may take: less than [`Forward::DEADLINE`], which ends before the
/// 30 s that most senders wait.
const HTTP_TIMEOUT: Duration = Duration::from_secs(24);

/// How long an MLLP destination may take, which answers one message after the other.
const MLLP_TIMEOUT: Duration = Duration::from_secs(16);

/// Forwards from `listen` to `to`, or to a receiver of its own, until `stop`.
pub(crate) async fn run(
    listen: &str,
    to: Option<&str>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Box<dyn Error>> {
    let Some(to) = to else {
        // The receiver stops after the gateway, which may still have messages for it.
        let receiver = hl7_http::server::Server::bind(RECEIVER).await?;
        let (stop_receiver, receiver_stops) = oneshot::channel::<()>();
        let receiver = receiver.serve(accept).with_graceful_shutdown(async {
            let _ = receiver_stops.await;
        });
        let receiver = tokio::spawn(receiver.into_future());
        let forwarded = forward(listen, &format!("http://{RECEIVER}/"), stop).await;
        drop(stop_receiver);
        receiver.await??;
        return forwarded;
    };
    forward(listen, to, stop).await
}

/// A bridge is a server that forwards to a client.
async fn forward(
    listen: &str,
    to: &str,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Box<dyn Error>> {
    let destination = Destination::parse(to)?;
    let client = match &destination {
        Destination::Mllp(_) | Destination::Mllps(_) => destination.client(MLLP_TIMEOUT, None)?,
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
            let server = server.acknowledger(acknowledger());
            server.serve(forward).with_graceful_shutdown(stop).await?;
        }
        None => {
            let address = listen.strip_prefix("mllp://").unwrap_or(listen);
            if address.contains("://") {
                return Err("--listen is host:port for MLLP or http://host:port for HTTP".into());
            }
            let server = hl7_mllp::server::Server::bind(address).await?;
            tracing::info!(from = %server.local_addr(), "forwarding MLLP");
            let server = server.acknowledger(acknowledger());
            server.serve(forward).with_graceful_shutdown(stop).await?;
        }
    }
    Ok(())
}

/// The receiver: takes every message.
async fn accept(_: Received) -> Outcome {
    Outcome::accepted()
}
