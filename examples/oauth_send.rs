//! Sends messages over HTTP with access tokens of OAuth 2.0, got by client credentials.
//!
//! `HL7_CLIENT_SECRET=... cargo run --example oauth_send -- --to https://ehr.example.org/hl7
//! --token-url https://login.example.org/token --client-id site-7 testdata/messages/adt_a01.hl7`

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its user")]

use std::{error::Error, fs, path::PathBuf, process::ExitCode};

use bytes::Bytes;
use clap::Parser;
use hl7_ack::{Deliver, Delivery};
use hl7_http::client::{Client, OAuth};
use hl7_parse::{OwnedMessage, batch};

#[derive(Parser)]
struct Arguments {
    #[arg(long)]
    to: String,
    #[arg(long)]
    token_url: String,
    #[arg(long)]
    client_id: String,
    #[arg(long)]
    scope: Option<String>,
    file: PathBuf,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match send(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("oauth_send: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn send(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    // A secret on the command line could be read by everybody on the machine.
    let secret = std::env::var("HL7_CLIENT_SECRET").map_err(|_| "HL7_CLIENT_SECRET is not set")?;
    let mut tokens = OAuth::client_credentials(&arguments.token_url, &arguments.client_id, secret);
    if let Some(scope) = &arguments.scope {
        tokens = tokens.scope(scope);
    }
    let client = Client::builder(&arguments.to).oauth(tokens).build()?;
    let file = Bytes::from(fs::read(&arguments.file)?);
    let is_message = |part: &batch::Part<'_>| part.kind() == batch::PartKind::Message;
    for part in batch::parts(&file).filter(is_message) {
        let message = OwnedMessage::parse(file.slice_ref(part.as_bytes()))?.with_cr_ends();
        match client.deliver(message).await {
            Delivery::Answered(answer) if answer.is_positive() => {
                let acknowledgment = answer.message().as_message();
                let msa = acknowledgment.segment("MSA").ok_or("an answer without MSA")?;
                println!("{}", String::from_utf8_lossy(msa.as_bytes()));
            }
            Delivery::Answered(answer) => {
                return Err(format!("refused: {:?}", answer.code()).into());
            }
            Delivery::NotSent(cause) | Delivery::Unknown(cause) => return Err(cause.into()),
            _ => {}
        }
    }
    Ok(())
}
