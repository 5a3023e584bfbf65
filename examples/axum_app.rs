//! An axum application with an HL7 route.
//!
//! `cargo run --example axum_app -- 127.0.0.1:8575`; without an address it posts to itself.

use std::{
    env,
    error::Error,
    io::{self, Write},
    process::ExitCode,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use axum::{Router, routing::get};
use hl7_ack::{Deliver, Delivery, Outcome, Received};
use hl7_examples::{end, stop_signal};
use hl7_http::{client::Client, server::Service};
use hl7_parse::OwnedMessage;
use tokio::{net::TcpListener, sync::oneshot, time::Duration};

static RECEIVED: AtomicU64 = AtomicU64::new(0);

#[tokio::main]
async fn main() -> ExitCode {
    end(axum_app().await)
}

async fn handle(_: Received) -> Outcome {
    RECEIVED.fetch_add(1, Relaxed);
    Outcome::accepted()
}

async fn axum_app() -> Result<(), Box<dyn Error>> {
    let hl7 = Service::new(handle);
    let app = Router::new()
        .route("/received", get(async || RECEIVED.load(Relaxed).to_string()))
        .route_service("/hl7", hl7.clone());
    let address = env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:0")).await?;
    let url = format!("http://{}/hl7", listener.local_addr()?);
    writeln!(io::stdout(), "POST messages to {url}")?;
    let (stop, stops) = oneshot::channel::<()>();
    let serving = axum::serve(listener, app).with_graceful_shutdown(async { drop(stops.await) });
    let serving = tokio::spawn(serving.into_future());
    match address {
        Some(_) => stop_signal()?.await,
        None => {
            let message = OwnedMessage::parse("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\rPID|1\r")?;
            let delivery = Client::builder(&url).build()?.deliver(message).await;
            if !matches!(&delivery, Delivery::Answered(answer) if answer.is_positive()) {
                return Err(format!("not accepted: {delivery:?}").into());
            }
            writeln!(io::stdout(), "accepted, received: {}", RECEIVED.load(Relaxed))?;
        }
    }
    drop(stop);
    serving.await??;
    // Handlers may have left something for after their answers.
    Ok(hl7.finish(Duration::from_secs(10)).await?)
}
