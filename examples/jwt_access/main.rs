//! A server that lets in who shows a signed token (JWT) of an OpenID provider, whose keys (JWKS)
//! are fetched ahead by a task of their own.
//!
//! `cargo run --example jwt_access -- --listen 127.0.0.1:8577 --issuer https://login.example.org
//! --jwks https://login.example.org/jwks --audience hl7 --scope hl7.write`

#![allow(clippy::print_stdout, reason = "a program talks to its user")]

mod keys;
mod ring_provider;

use std::{error::Error, process::ExitCode, sync::Arc, time::Duration};

use bytes::BytesMut;
use clap::Parser;
use hl7_ack::{Outcome, Received};
use hl7_examples::{end, log_to_stderr, stop_signal};
use hl7_http::server::{Access, Server};
use hl7_transport::ClientTls;
use jsonwebtoken::jwk::JwkSet;

use self::keys::{Expected, Keys};

#[derive(Parser)]
struct Arguments {
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:8577")]
    listen: String,
    /// Where the issuer's keys are.
    #[arg(long)]
    jwks: String,
    /// Who is to have issued a token (`iss`).
    #[arg(long)]
    issuer: String,
    /// Whom a token is to be for (`aud`).
    #[arg(long)]
    audience: String,
    /// What a token is to allow (`scope`); who shows another one is answered by 403.
    #[arg(long)]
    scope: String,
}

/// Time from one look at the keys to the next; issuers show a new key well before its first use.
const REFRESH: Duration = Duration::from_secs(300);
/// The same after a failure.
const REFRESH_AGAIN: Duration = Duration::from_secs(10);
/// Longest time of one look.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Most bytes of a set of keys.
const MAX_JWKS_LEN: usize = 256 * 1024;

#[tokio::main]
async fn main() -> ExitCode {
    end(serve(Arguments::parse()).await)
}

async fn serve(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    log_to_stderr("info");
    ring_provider::install();
    let Arguments { listen, jwks, issuer, audience, scope } = arguments;
    let source = Source::new(jwks)?;
    let first = source.fetch().await.map_err(|error| -> Box<dyn Error> { error })?;
    let keys = Arc::new(Keys::new(first, Expected { issuer, audience, scope }));
    tokio::spawn(refresh(source, Arc::clone(&keys)));
    let access = Access::new()
        .check(move |request, _| keys.permission(request.headers().get("authorization")));
    let server = Server::bind(&listen).await?.access(access);
    println!("listening on http://{}", server.local_addr());
    let serving = server.serve(async |_: Received| Outcome::accepted());
    Ok(serving.with_graceful_shutdown(stop_signal()?).await?)
}

async fn refresh(source: Source, keys: Arc<Keys>) {
    loop {
        let pause = match source.fetch().await {
            Ok(fetched) => {
                keys.replace(fetched);
                REFRESH
            }
            Err(error) => {
                tracing::warn!(%error, "no new keys; those there are stay in use");
                REFRESH_AGAIN
            }
        };
        tokio::time::sleep(pause).await;
    }
}

/// Where keys are fetched from.
struct Source {
    http: reqwest::Client,
    url: String,
}

impl Source {
    fn new(url: String) -> Result<Self, Box<dyn Error>> {
        let tls = match url.starts_with("http://") {
            true => ClientTls::trusting_nobody()?,
            false => ClientTls::builder().build()?,
        };
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured((*tls.config()).clone())
            .no_proxy()
            .timeout(TIMEOUT)
            .build()?;
        Ok(Self { http, url })
    }

    async fn fetch(&self) -> Result<JwkSet, Box<dyn Error + Send + Sync>> {
        let mut response = self.http.get(&self.url).send().await?.error_for_status()?;
        let mut content = BytesMut::new();
        while let Some(chunk) = response.chunk().await? {
            if content.len() + chunk.len() > MAX_JWKS_LEN {
                return Err("too many keys".into());
            }
            content.extend_from_slice(&chunk);
        }
        Ok(serde_json::from_slice(&content)?)
    }
}
