//! tower layers around a handler: who calls, and how many at once.
//!
//! `cargo run --example tower_layers`

use std::{error::Error, io, io::Write, process::ExitCode};

use axum::{Router, extract::Request, http::StatusCode, middleware, response::Response};
use hl7_ack::{Deliver, ErrorCode, Outcome, Peer, Received};
use hl7_examples::{end, input};
use hl7_http::{client::Client, server::Service};
use hl7_parse::OwnedMessage;
use tokio::net::TcpListener;
use tower::ServiceBuilder;

struct Site(&'static str);

#[tokio::main]
async fn main() -> ExitCode {
    end(tower_layers().await)
}

async fn tower_layers() -> Result<(), Box<dyn Error>> {
    // The first layer is the outermost: strangers take none of the sixteen places.
    let hl7 = ServiceBuilder::new()
        .layer(middleware::from_fn(known_sites))
        .concurrency_limit(16)
        .service(Service::new(handle));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/hl7", listener.local_addr()?);
    let app = Router::new().route_service("/hl7", hl7);
    tokio::spawn(axum::serve(listener, app).into_future());

    let message = OwnedMessage::parse(input("messages/adt_a01.hl7")?)?;
    for key in ["north's", "nobody's"] {
        let client = Client::builder(&url).header("x-api-key", key).build()?;
        writeln!(io::stdout(), "{key}: {:?}", client.deliver(message.clone()).await)?;
    }
    Ok(())
}

async fn known_sites(mut request: Request, next: middleware::Next) -> Result<Response, StatusCode> {
    // A real program holds keys where secrets are held, and not in its source.
    let site = match request.headers().get("x-api-key").map(|key| key.as_bytes()) {
        Some(b"north's") => Site("north"),
        _ => return Err(StatusCode::UNAUTHORIZED),
    };
    // The service hands a peer that it finds here to the handler.
    let mut peer = Peer::default();
    peer.extensions_mut().insert(site);
    request.extensions_mut().insert(peer);
    Ok(next.run(request).await)
}

async fn handle(received: Received) -> Outcome {
    match received.peer.extensions().get::<Site>() {
        Some(Site("north")) => Outcome::accepted(),
        _ => Outcome::rejected(ErrorCode::APPLICATION_ERROR, "messages come from north alone"),
    }
}
