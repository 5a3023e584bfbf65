//! Plays a peer that misbehaves, by name, to test any engine with: one that sends to it, or one that
//! it sends to.
//!
//! `cargo run --release --example chaos -- send --to 127.0.0.1:2575 cr-missing`
//! `cargo run --release --example chaos -- receive --listen 127.0.0.1:2576 answer-late`
//!
//! `--help` lists the rows. The exit status is 0 only if the engine did as expected wherever the peer
//! can see it; each line says what else there is to see in the engine.

#![allow(clippy::print_stdout, reason = "a program talks to its user")]

use std::{error::Error, io, process::ExitCode, time::Duration};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use hl7_ack::{Outcome, Received};
use hl7_chaos::{Known, Open, Player, Role, Row, Settings, Transport, find, rows};
use hl7_examples::{end, log_to_stderr};
use hl7_mllp::server::Server;
use tokio::net::{TcpListener, TcpStream};

/// Plays a peer that misbehaves, by name, to test any engine with.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Seconds to wait for the engine at each step; more than its own time limits.
    #[arg(long, global = true, default_value_t = 10.0)]
    patience: f64,
    /// Milliseconds by which what comes late is late; more than the engine waits for an answer.
    #[arg(long, global = true, default_value_t = 1000)]
    late: u64,
    /// Begins the control IDs, so that an engine which knows copies can be tested twice.
    #[arg(long, global = true, default_value = "CX", value_parser = prefix)]
    prefix: String,
}

#[derive(Subcommand)]
enum Command {
    /// Plays peers that send: the engine listens.
    Send {
        /// `host:port` of the engine. Without it a receiver in this process is tested.
        #[arg(long)]
        to: Option<String>,
        /// Names of rows; all that send over MLLP if none is given.
        rows: Vec<String>,
    },
    /// Plays a peer that receives: the engine sends to it.
    Receive {
        /// Address to listen on.
        #[arg(long, default_value = "127.0.0.1:2576")]
        listen: String,
        /// Names of rows, played one after the other.
        #[arg(required = true)]
        rows: Vec<String>,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let command = Arguments::command().after_help(listing());
    let arguments = Arguments::from_arg_matches(&command.get_matches());
    let arguments = arguments.unwrap_or_else(|error| error.exit());
    log_to_stderr("error");
    end(chaos(arguments).await)
}

async fn chaos(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    if !(0.001..=86_400.0).contains(&arguments.patience) {
        return Err("--patience is a number of seconds from 0.001 to 86400".into());
    }
    let patience = Duration::from_secs_f64(arguments.patience);
    let mut settings = Settings::new();
    settings.late = Duration::from_millis(arguments.late);
    settings.prefix = arguments.prefix;
    match arguments.command {
        Command::Send { to, rows } => {
            let rows = named(&rows, Role::Sender, &settings)?;
            let to = match to {
                Some(to) => to,
                None => receiver().await?,
            };
            let connect = move || TcpStream::connect(to.clone());
            play(Player::new(connect).patience(patience), &rows).await
        }
        Command::Receive { listen, rows } => {
            let rows = named(&rows, Role::Receiver, &settings)?;
            let listener = TcpListener::bind(&listen).await?;
            println!("listening on {}", listener.local_addr()?);
            play(Player::new(listener).patience(patience), &rows).await
        }
    }
}

async fn play<O: Open>(mut player: Player<O>, rows: &[Row]) -> Result<(), Box<dyn Error>> {
    let mut failed = 0;
    for row in rows {
        match player.play(row).await {
            Ok(()) => println!("ok      {:20} {}", row.name(), to_see(row)),
            Err(fault) => {
                failed += 1;
                println!("FAILED  {:20} {fault}; expected: {}", row.name(), row.wants());
            }
        }
    }
    match failed {
        0 => Ok(()),
        failed => Err(format!("{failed} of {} rows failed", rows.len()).into()),
    }
}

/// What only the engine itself can show.
fn to_see(row: &Row) -> String {
    match row.role() {
        Role::Sender => format!("handed on: {}", shortened(row.handled())),
        _ => {
            let known = row.known().iter().map(|(number, known)| match known {
                Known::Accepted => format!("{number} accepted"),
                Known::Refused => format!("{number} refused"),
                Known::AcceptedInTheEnd => format!("{number} accepted in the end"),
                _ => format!("{number} not known"),
            });
            format!("as the sender sees it: {}", known.collect::<Vec<_>>().join(", "))
        }
    }
}

fn shortened(ids: &[String]) -> String {
    match ids {
        [first, _, _, .., last] => format!("{first} ... {last}"),
        few => few.join(" "),
    }
}

fn named(names: &[String], role: Role, settings: &Settings) -> Result<Vec<Row>, Box<dyn Error>> {
    if names.is_empty() {
        let all = rows(settings).into_iter();
        return Ok(all.filter(|row| is_default(row, role)).collect());
    }
    names
        .iter()
        .map(|name| match find(name, settings) {
            Some(row) if row.role() == role => Ok(row),
            Some(_) => Err(format!("{name} is a row of the other side; --help lists them").into()),
            None => Err(format!("no row is named {name}; --help lists them").into()),
        })
        .collect()
}

fn is_default(row: &Row, role: Role) -> bool {
    row.role() == role && row.transport() == Transport::Mllp
}

fn listing() -> String {
    let mut text = String::new();
    let rows = rows(&Settings::new());
    for (title, role, transport) in [
        ("Rows that send over MLLP", Role::Sender, Transport::Mllp),
        ("Rows that send over HTTP, to the path /", Role::Sender, Transport::Http),
        ("Rows that receive over MLLP", Role::Receiver, Transport::Mllp),
        ("Rows that receive over HTTP", Role::Receiver, Transport::Http),
    ] {
        text += &format!("{title}, and what a good engine makes of them:\n");
        let rows = rows.iter().filter(|row| row.role() == role && row.transport() == transport);
        for row in rows {
            text += &format!("  {:20} {}: {}\n", row.name(), row.does(), row.wants());
        }
        text.push('\n');
    }
    text.trim_end().to_owned()
}

fn prefix(text: &str) -> Result<String, String> {
    let fits = (1..=12).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
    fits.then(|| text.to_owned()).ok_or_else(|| "1 to 12 letters and digits".to_owned())
}

/// A receiver in this process that takes every message, and is less patient than the peers.
async fn receiver() -> io::Result<String> {
    let server = Server::bind("127.0.0.1:0").await.map_err(io::Error::other)?;
    let server = server.frame_timeout(Duration::from_secs(2));
    let address = server.local_addr().to_string();
    tokio::spawn(server.serve(async |_: Received| Outcome::accepted()).into_future());
    Ok(address)
}
