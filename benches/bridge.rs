//! Measures a bridge from MLLP to HTTP: messages per second, how long each takes, what it costs in
//! CPU time, and what a large message costs in memory.
//!
//! Bridge, MLLP server, HTTP client and the HTTP server on the far side are processes of their own
//! (this program, told what to be), so that each one's CPU time and memory is its own. The load
//! comes from this process: so many connections, each waiting for its answer before it sends again,
//! and acknowledging what it reads at once, so that no peer waits for a delayed ACK of TCP. Rounds
//! take turns, and the median counts. With `HL7_MLLP2HTTP` naming the program `mllp2http` of PyPI's
//! `mllp-http`, that bridge is measured too.
//!
//! It fails when a 50 MB message takes more than 2.2 times its size, and says what else is short of
//! what is wanted: a message through the bridge at most 1.3 times the CPU time of the MLLP server
//! alone and the HTTP client alone, and ten times the messages of `mllp-http`.
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
    process::{Child, ChildStdin, Command, Stdio},
    time::{Duration, Instant},
};

use hl7_ack::{Deliver, Delivery, Forward, Outcome, Received};
use hl7_http::client::Client;
use hl7_parse::OwnedMessage;
use socket2::SockRef;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const MESSAGE: &str = "MSH|^~\\&|ADMIT|NORTHFIELD|ENGINE|NORTHFIELD|20260302081530||ADT^A04^ADT_A01|N1|P|2.5.1\r\
EVN|A04|20260302081530\r\
PID|1||7001^^^NORTHFIELD^MR||EXAMPLE^EVE||19620320|F|||12 TEST LANE^^NORTHFIELD\r\
PV1|1|O|CLINIC^1^A|||||||||||||||||V7001\r";

const LARGE_LEN: usize = 50_000_000;
/// Room for the large message.
const MAX_LEN: usize = 64 * 1024 * 1024;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().position(|argument| argument == "be") {
        Some(at) => runtime(2).block_on(be(&arguments[at + 1], &arguments[at + 2..])),
        None => measure(arguments.iter().any(|argument| argument == "--test")),
    }
}

fn runtime(threads: usize) -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(threads).enable_all().build().expect("a runtime")
}

/// What a process of its own is: told by its first line when it is ready, and ended by its input.
async fn be(what: &str, arguments: &[String]) {
    let accept = async |_: Received| Outcome::accepted();
    let ended = async {
        let end = tokio::task::spawn_blocking(|| {
            drop(std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
        });
        drop(end.await);
    };
    match what {
        "far" => {
            let server = hl7_http::server::Server::bind("127.0.0.1:0").await.expect("a port");
            println!("{}", server.local_addr().port());
            let serving = server.max_body_len(MAX_LEN).serve(accept);
            drop(serving.with_graceful_shutdown(ended).await);
        }
        "bridge" | "server" => {
            let server = hl7_mllp::server::Server::bind("127.0.0.1:0").await.expect("a port");
            println!("{}", server.local_addr().port());
            let server = server.max_frame_len(MAX_LEN);
            let serving = match arguments.first() {
                Some(url) => server.serve(Forward::to(client(url))),
                None => server.serve(accept),
            };
            drop(serving.with_graceful_shutdown(ended).await);
        }
        "client" => {
            println!("ready");
            deliver_all(&arguments[0], &arguments[1], &arguments[2]).await;
        }
        _ => panic!("{what} is nothing to be"),
    }
}

fn client(url: &str) -> Client {
    Client::builder(url).max_idle_connections(64).build().expect("a client")
}

/// The HTTP client alone: so many messages at a time, for so many milliseconds; tells how many it
/// were and its CPU time.
async fn deliver_all(url: &str, connections: &str, milliseconds: &str) {
    let client = client(url);
    let message = OwnedMessage::parse(MESSAGE).expect("a message");
    let time = Duration::from_millis(milliseconds.parse().expect("a number"));
    let connections: usize = connections.parse().expect("a number");
    let deliver = |time: Duration| {
        let (client, message) = (client.clone(), message.clone());
        async move {
            let (started, mut count) = (Instant::now(), 0_u64);
            while started.elapsed() < time || count == 0 {
                let delivery = client.deliver(message.clone()).await;
                assert!(matches!(delivery, Delivery::Answered(_)), "{delivery:?}");
                count += 1;
            }
            count
        }
    };
    deliver(time / 10).await;
    let before = cpu_time(std::process::id());
    let tasks: Vec<_> = (0..connections).map(|_| tokio::spawn(deliver(time))).collect();
    let mut total = 0;
    for task in tasks {
        total += task.await.expect("no panic");
    }
    println!("{total} {}", (cpu_time(std::process::id()) - before).as_nanos());
}

/// What all threads of a process have run so far, to the hundredth of a second.
fn cpu_time(process: u32) -> Duration {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).expect("Linux");
    // The name of the program ends with the last parenthesis; what it and the system have run for
    // it are the twelfth and thirteenth field behind, in ticks of 10 ms.
    let (_, fields) = text.rsplit_once(')').expect("a name");
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.map(|number| number.parse::<u64>().expect("a number")).sum();
    Duration::from_millis(ticks * 10)
}

/// A process that is measured; ends when dropped.
struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<std::process::ChildStdout>,
    port: u16,
}

impl Process {
    fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.arg("be").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("a process");
        let mut output = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        output.read_line(&mut line).expect("a line");
        let input = child.stdin.take();
        Self { child, input, output, port: line.trim().parse().unwrap_or(0) }
    }

    /// PyPI's bridge, which does not tell when it listens.
    fn mllp2http(program: &str, url: &str) -> Self {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = socket.local_addr().expect("bound").port();
        drop(socket);
        let mut command = Command::new(program);
        command.args(["--host", "127.0.0.1", "--port", &port.to_string(), "--log-level", "error"]);
        command.args(["--content-type", "application/hl7-v2", url]);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the bridge");
        let output = BufReader::new(child.stdout.take().expect("piped"));
        let started = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(30), "it does not listen");
            std::thread::yield_now();
        }
        Self { child, input: None, output, port }
    }

    /// A line of the process's status, in bytes.
    fn status(&self, name: &str) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("Linux");
        let line = status.lines().find(|line| line.starts_with(name)).expect("a known line");
        let number = line.split_whitespace().nth(1).expect("a number");
        number.parse::<usize>().expect("a number") * 1024
    }

    fn cpu_time(&self) -> Duration {
        cpu_time(self.child.id())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        match self.input.take() {
            Some(input) => drop(input),
            None => drop(self.child.kill()),
        }
        drop(self.child.wait());
    }
}

/// What a round of load came to.
#[derive(Clone, Copy, Default)]
struct Round {
    per_second: f64,
    p50: Duration,
    p99: Duration,
    cpu: Duration,
}

/// The median of each figure.
fn median(rounds: &[Round]) -> Round {
    fn of<T: PartialOrd + Copy>(rounds: &[Round], figure: impl Fn(&Round) -> T) -> T {
        let mut figures: Vec<T> = rounds.iter().map(figure).collect();
        figures.sort_by(|one, other| one.partial_cmp(other).expect("numbers"));
        figures[figures.len() / 2]
    }
    Round {
        per_second: of(rounds, |round| round.per_second),
        p50: of(rounds, |round| round.p50),
        p99: of(rounds, |round| round.p99),
        cpu: of(rounds, |round| round.cpu),
    }
}

fn measure(test: bool) {
    let (rounds, time) = match test {
        true => (1, Duration::from_millis(100)),
        false => (5, Duration::from_secs(2)),
    };
    let far = Process::start(&["far"]);
    let url = format!("http://127.0.0.1:{}/hl7", far.port);
    let mut peers = vec![
        ("bridge", Process::start(&["bridge", &url])),
        ("MLLP server alone", Process::start(&["server"])),
    ];
    if let Ok(program) = std::env::var("HL7_MLLP2HTTP") {
        peers.push(("PyPI mllp-http", Process::mllp2http(&program, &url)));
    }
    let mut short = Vec::new();
    for connections in [1, 16] {
        let mut found = vec![Vec::new(); peers.len() + 1];
        for _ in 0..rounds {
            for ((_, peer), found) in peers.iter().zip(&mut found) {
                found.push(runtime(1).block_on(load(peer, connections, time)));
            }
            found[peers.len()].push(client_alone(&url, connections, time));
        }
        let medians: Vec<Round> = found.iter().map(|rounds| median(rounds)).collect();
        let names = peers.iter().map(|(name, _)| *name).chain(["HTTP client alone"]);
        for (name, Round { per_second, p50, p99, cpu }) in names.zip(&medians) {
            println!(
                "{connections:>2} connections, {name:<17} {per_second:>7.0} messages/s, \
                 p50 {p50:>9.1?}, p99 {p99:>9.1?}, {cpu:>8.1?} of CPU time each"
            );
        }
        let (bridge, alone) = (medians[0], medians[1].cpu + medians[peers.len()].cpu);
        let share = bridge.cpu.as_secs_f64() / alone.as_secs_f64();
        println!("{connections:>2} connections: {share:.2} of the CPU time of both alone");
        if share > 1.3 {
            short.push(format!("{connections} connections: {share:.2} of both alone, not 1.3"));
        }
        if peers.len() > 2 {
            let times = bridge.per_second / medians[2].per_second;
            println!("{connections:>2} connections: {times:.1} times the messages of mllp-http");
            if times < 10.0 {
                short
                    .push(format!("{connections} connections: {times:.1} times mllp-http, not 10"));
            }
        }
    }
    for line in short {
        println!("short of what is wanted: {line}");
    }
    large(&url);
}

/// Messages one after the other on each of these connections.
async fn load(peer: &Process, connections: usize, time: Duration) -> Round {
    let frame = format!("\x0b{MESSAGE}\x1c\r");
    let exchange = async |stream: &mut TcpStream, frame: &str, buffer: &mut Vec<u8>| {
        stream.write_all(frame.as_bytes()).await.expect("taken");
        buffer.clear();
        while !buffer.ends_with(b"\x1c\r") {
            // It is off again after a while.
            SockRef::from(&*stream).set_tcp_quickack(true).expect("Linux");
            let read = stream.read_buf(buffer).await.expect("an answer");
            assert!(read > 0, "closed without an answer");
        }
        assert!(memchr::memmem::find(buffer, b"MSA|AA|N1").is_some(), "not acknowledged");
    };
    let mut streams = Vec::new();
    for _ in 0..connections {
        let mut stream = TcpStream::connect(("127.0.0.1", peer.port)).await.expect("a peer");
        stream.set_nodelay(true).expect("a socket");
        exchange(&mut stream, &frame, &mut Vec::new()).await;
        streams.push(stream);
    }
    let (started, before) = (Instant::now(), peer.cpu_time());
    let tasks = streams.into_iter().map(|mut stream| {
        let frame = frame.clone();
        tokio::spawn(async move {
            let (mut took, mut buffer) = (Vec::new(), Vec::with_capacity(4096));
            while started.elapsed() < time {
                let begun = Instant::now();
                exchange(&mut stream, &frame, &mut buffer).await;
                took.push(begun.elapsed());
            }
            took
        })
    });
    let mut took = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        took.append(&mut task.await.expect("no panic"));
    }
    let cpu = (peer.cpu_time() - before).div_f64(took.len() as f64);
    let per_second = took.len() as f64 / started.elapsed().as_secs_f64();
    took.sort_unstable();
    let (p50, p99) = (took[took.len() / 2], took[took.len() * 99 / 100]);
    Round { per_second, p50, p99, cpu }
}

/// The HTTP client by itself, which is its own load.
fn client_alone(url: &str, connections: usize, time: Duration) -> Round {
    let (many, milliseconds) = (connections.to_string(), time.as_millis().to_string());
    let mut client = Process::start(&["client", url, &many, &milliseconds]);
    let mut line = String::new();
    client.output.read_line(&mut line).expect("what it came to");
    let (count, cpu) = line.trim().split_once(' ').expect("two numbers");
    let count: f64 = count.parse().expect("a number");
    let cpu = Duration::from_nanos(cpu.parse().expect("a number"));
    let per_second = count / time.as_secs_f64();
    Round { per_second, cpu: cpu.div_f64(count), ..Round::default() }
}

/// Memory of a bridge of its own at the peak of one large message.
fn large(url: &str) {
    let bridge = Process::start(&["bridge", url]);
    runtime(1).block_on(load(&bridge, 1, Duration::from_millis(100)));
    let before = bridge.status("VmRSS");
    runtime(1).block_on(async {
        let mut stream = TcpStream::connect(("127.0.0.1", bridge.port)).await.expect("the bridge");
        let mut frame = format!("\x0b{MESSAGE}OBX|1|ED|||").into_bytes();
        frame.resize(LARGE_LEN, b'Q');
        frame.extend_from_slice(b"\r\x1c\r");
        stream.write_all(&frame).await.expect("taken");
        let mut answer = vec![0; 4096];
        let read = stream.read(&mut answer).await.expect("an answer");
        let answer = &answer[..read];
        assert!(memchr::memmem::find(answer, b"MSA|AA|N1").is_some(), "not acknowledged");
    });
    let peak = bridge.status("VmHWM").saturating_sub(before) as f64 / LARGE_LEN as f64;
    println!("message of {LARGE_LEN} bytes: {peak:.2} times its size at the peak (at most 2.2)");
    assert!(peak <= 2.2, "a large message costs too much");
}
