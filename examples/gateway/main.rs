//! Passes HL7 v2 messages on between MLLP and HTTP, and the acknowledgments back.
//!
//! `cargo run --release --example gateway`
//!
//! MLLP on 127.0.0.1:2575 goes to HTTP; without `--to` to a small receiver that this process
//! starts on 127.0.0.1:8575. The other way round:
//! `cargo run --release --example gateway -- --listen http://127.0.0.1:8576 --to 127.0.0.1:2576`
//!
//! What a site starts is described by a file, of which `examples/config` has several:
//! `cargo run --release --example gateway -- --config examples/config/scheduling.toml`

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its user")]

mod authorize;
mod awaiting;
mod client;
mod config;
mod copies;
mod destination;
mod direct;
mod exposition;
mod filter;
mod log;
mod meter;
mod poll;
mod reload;
mod routes;
mod rules;
mod source;
mod status;
mod store;
mod transform;
mod validate;

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use hl7_examples::{log_to_stderr, stop_signal};

use crate::{config::Config, exposition::Registry, reload::Reloads};

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
    /// A configuration file (TOML) with all routes, instead of the two above.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["listen", "to"])]
    config: Option<PathBuf>,
    /// Says what is wrong with the configuration file, and ends. Files that it names (certificates,
    /// secrets, tables) are not opened.
    #[arg(long, requires = "config")]
    check: bool,
    /// The same, and reads the files that it names.
    #[arg(long, requires = "config")]
    check_files: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ended = match &arguments.config {
        Some(file) => match Config::load(file) {
            Ok(config) => {
                // It is there as long as the process, as what is made of it may be.
                let config = Box::leak(Box::new(config));
                match arguments.check || arguments.check_files {
                    true => check(config, arguments.check_files),
                    false => serve(config).await,
                }
            }
            Err(faults) => Err(faults.to_string()),
        },
        None => {
            // A line for each exchange of the gateway, not another for the receiver's part in it.
            log_to_stderr(match arguments.to {
                Some(_) => "info",
                None => "info,hl7_http::server=warn",
            });
            one_route(&arguments).await
        }
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(faults) => {
            faults.lines().for_each(|fault| eprintln!("gateway: {fault}"));
            ExitCode::FAILURE
        }
    }
}

async fn one_route(arguments: &Arguments) -> Result<(), String> {
    let stop = stop_signal().map_err(|error| error.to_string())?;
    let run = direct::run(&arguments.listen, arguments.to.as_deref(), stop).await;
    run.map_err(|error| error.to_string())
}

async fn serve(config: &'static Config) -> Result<(), String> {
    log::to_stderr(config.log.format);
    let registry = Registry::default();
    metrics::set_global_recorder(registry.clone()).map_err(|error| error.to_string())?;
    let stop = stop_signal().map_err(|error| error.to_string())?;
    routes::run(config, registry, stop).await
}

fn check(config: &'static Config, files: bool) -> Result<(), String> {
    if files {
        routes::prepare(config, &mut Reloads::default())?;
    }
    println!("no fault found in {} routes", config.routes.len());
    Ok(())
}
