//! Measures messages per second of the server, parse and acknowledgment included, beside a bare
//! tokio loop that finds the end of a frame and writes a constant answer, on loopback.
//!
//! Each server is a process of its own (this program, told to serve); the load comes from this
//! one: so many connections, each waiting for its answer before it sends again. Rounds take turns,
//! and the median counts. With `HL7_NODE_PEERS` naming the folder that `interop/node_peers.py`
//! installs, npm's `simple-hl7` is measured too. It says what is below the lower of 0.8 times the
//! loop and 3 times `simple-hl7`, and does not fail: a busy machine would. What each server's
//! process has run for a message stands beside it (Linux): other work changes that far less.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a program that measures"
)]

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use hl7_ack::{Outcome, Received};
use hl7_mllp::server::Server;
use memchr::memchr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const MESSAGE: &[u8] = b"\x0bMSH|^~\\&|ADMIT|NORTHFIELD|ENGINE|NORTHFIELD|20260302081530||ADT^A04^ADT_A01|N1|P|2.5.1\r\
EVN|A04|20260302081530\r\
PID|1||7001^^^NORTHFIELD^MR||EXAMPLE^EVE||19620320|F|||12 TEST LANE^^NORTHFIELD\r\
PV1|1|O|CLINIC^1^A|||||||||||||||||V7001\r\x1c\r";

const CONSTANT: &[u8] = b"\x0bMSH|^~\\&|ENGINE|NORTHFIELD|ADMIT|NORTHFIELD|20260302081531||ACK^A04^ACK|C1|P|2.5.1\rMSA|AA|N1\r\x1c\r";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().position(|argument| argument == "serve") {
        Some(at) => runtime(2).block_on(serve(&arguments[at + 1])),
        None => measure(arguments.iter().any(|argument| argument == "--test")),
    }
}

fn runtime(threads: usize) -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(threads).enable_all().build().expect("a runtime")
}

async fn serve(what: &str) {
    if what == "hl7-mllp" {
        let server = Server::bind("127.0.0.1:0").await.expect("a port");
        println!("{}", server.local_addr().port());
        let serving = server.serve(|_: Received| async { Outcome::accepted() });
        serving.await.expect("served until killed");
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("{}", listener.local_addr().expect("bound").port());
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        tokio::spawn(bare(stream));
    }
}

/// Finds the end of each frame and writes a constant.
async fn bare(mut stream: TcpStream) {
    stream.set_nodelay(true).expect("a socket");
    let mut buffer = Vec::with_capacity(16 * 1024);
    while stream.read_buf(&mut buffer).await.is_ok_and(|read| read > 0) {
        while let Some(at) = memchr(0x1c, &buffer) {
            if buffer.len() < at + 2 {
                break;
            }
            buffer.drain(..at + 2);
            if stream.write_all(CONSTANT).await.is_err() {
                return;
            }
        }
    }
}

/// A server process; killed when dropped.
struct Served {
    name: &'static str,
    child: Child,
    port: u16,
}

impl Served {
    fn start(name: &'static str) -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut command = Command::new(program);
        command.args(["serve", name]);
        let (child, line) = spawn(command);
        Self { name, child, port: line.parse().expect("a port") }
    }

    fn simple_hl7(folder: &str) -> Self {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = socket.local_addr().expect("bound").port();
        drop(socket);
        let mut command = Command::new("node");
        command.args(["peer.mjs", "serve", "simple-hl7", &port.to_string()]).current_dir(folder);
        let (child, _) = spawn(command);
        Self { name: "simple-hl7", child, port }
    }
}

/// Starts a server and waits for its first line.
fn spawn(mut command: Command) -> (Child, String) {
    let mut child = command.stdout(Stdio::piped()).spawn().expect("the server process");
    let mut line = String::new();
    let output = child.stdout.take().expect("piped");
    BufReader::new(output).read_line(&mut line).expect("a line");
    (child, line.trim().to_owned())
}

impl Served {
    /// What all its threads have run so far, in seconds; `None` where nobody tells.
    fn cpu_time(&self) -> Option<f64> {
        let threads = fs::read_dir(format!("/proc/{}/task", self.child.id())).ok()?;
        let nanoseconds = threads.filter_map(|thread| {
            let text = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse::<f64>().ok()
        });
        Some(nanoseconds.sum::<f64>() / 1e9)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn measure(test: bool) {
    let (rounds, time) = match test {
        true => (1, Duration::from_millis(50)),
        false => (7, Duration::from_secs(1)),
    };
    let mut servers = vec![Served::start("bare loop"), Served::start("hl7-mllp")];
    if let Ok(folder) = std::env::var("HL7_NODE_PEERS") {
        servers.push(Served::simple_hl7(&folder));
    }
    let mut short = Vec::new();
    for connections in [1, 16] {
        let mut rates = vec![Vec::new(); servers.len()];
        let mut costs = rates.clone();
        for _ in 0..rounds {
            for (at, server) in servers.iter().enumerate() {
                let before = server.cpu_time();
                let (messages, rate) = runtime(1).block_on(load(server.port, connections, time));
                rates[at].push(rate);
                if let (Some(before), Some(after)) = (before, server.cpu_time()) {
                    costs[at].push((after - before) / messages);
                }
            }
        }
        let medians: Vec<f64> = rates.iter_mut().filter_map(median).collect();
        let costs: Vec<f64> = costs.iter_mut().filter_map(median).collect();
        let ours = medians[1];
        for (at, (server, median)) in servers.iter().zip(&medians).enumerate() {
            let cost = match (costs.get(1), costs.get(at)) {
                (Some(ours), Some(theirs)) => {
                    let ratio = theirs / ours;
                    format!("; {:.1} us of CPU each, by that {ratio:.2}", theirs * 1e6)
                }
                _ => String::new(),
            };
            println!(
                "{connections:>2} connections, {:<10} {median:>6.0} messages/s, hl7-mllp is {:.2} of it{cost}",
                server.name,
                ours / median
            );
        }
        let wanted = medians.get(2).map_or(f64::INFINITY, |rate| 3.0 * rate).min(0.8 * medians[0]);
        if ours < wanted {
            short.push(format!("{connections} connections: {ours:.0} of {wanted:.0} messages/s"));
        }
    }
    for line in short {
        println!("slower than wanted: {line}");
    }
}

fn median(values: &mut Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// Messages answered, and how many of them in a second.
async fn load(port: u16, connections: usize, time: Duration) -> (f64, f64) {
    let started = Instant::now();
    let tasks: Vec<_> = (0..connections)
        .map(|_| {
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("a server");
                stream.set_nodelay(true).expect("a socket");
                let (mut count, mut buffer) = (0_u32, Vec::with_capacity(4096));
                while started.elapsed() < time {
                    stream.write_all(MESSAGE).await.expect("taken");
                    buffer.clear();
                    while !buffer.ends_with(b"\x1c\r") {
                        let read = stream.read_buf(&mut buffer).await.expect("an answer");
                        assert!(read > 0, "closed without an answer");
                    }
                    count += 1;
                }
                assert!(memchr::memmem::find(&buffer, b"MSA|AA|N1").is_some(), "not acknowledged");
                count
            })
        })
        .collect();
    let mut total = 0.0;
    for task in tasks {
        total += f64::from(task.await.expect("no panic"));
    }
    (total, total / started.elapsed().as_secs_f64())
}
