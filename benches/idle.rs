//! Measures what held connections and large messages cost a server in memory.
//!
//! The server is a process of its own (this program, told to serve), so that its resident memory
//! is that of the server alone. Each connection makes one exchange and stays open. Fails when a
//! connection costs more than it may: 6 KiB in the clear, 20 KiB with TLS; or a 50 MB message more
//! than 1.3 times its size. With `--test` fewer connections are held, which is enough to notice a
//! buffer that is kept.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a program that measures"
)]

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, Command, Stdio},
};

use hl7_ack::{Deliver, Delivery, Outcome, Received};
use hl7_mllp::{client::Client, server::Server};
use hl7_parse::OwnedMessage;
use hl7_transport::{ClientTls, Listener, Pem, ServerTls};
use rcgen::{CertifiedKey, generate_simple_self_signed};

const LARGE_LEN: usize = 50_000_000;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().position(|argument| argument == "serve") {
        Some(at) => serve(arguments.get(at + 1).map_or("", String::as_str)),
        None => measure(arguments.iter().any(|argument| argument == "--test")),
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
}

/// The server process: tells its address, then answers until its standard input ends.
fn serve(folder: &str) {
    runtime().block_on(async {
        let listener = Listener::bind("127.0.0.1:0").await.expect("a port");
        let server = Server::from_listener(listener.max_connections(100_000));
        let server = server.max_frame_len(64 * 1024 * 1024);
        println!("{}", server.local_addr());
        let server = match folder {
            "" => server,
            folder => {
                let file = |name| Pem::file(std::path::Path::new(folder).join(name));
                server.tls(ServerTls::builder(file("pem"), file("key")).build().expect("PEM"))
            }
        };
        let ended = async {
            let end = tokio::task::spawn_blocking(|| std::io::stdin().lines().count());
            drop(end.await);
        };
        let serving = server.serve(|_: Received| async { Outcome::accepted() });
        drop(serving.with_graceful_shutdown(ended).await);
    });
}

/// The server as its parent sees it; ends when dropped.
struct Served {
    child: Child,
    input: Option<ChildStdin>,
    address: String,
}

impl Served {
    fn start(folder: &str) -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut child = Command::new(program)
            .args(["serve", folder])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server process");
        let mut address = String::new();
        let output = child.stdout.take().expect("piped");
        BufReader::new(output).read_line(&mut address).expect("an address");
        let input = child.stdin.take();
        Self { child, input, address: address.trim().to_owned() }
    }

    /// A line of the process's status, in bytes.
    fn status(&self, name: &str) -> usize {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).expect("Linux");
        let line = status.lines().find(|line| line.starts_with(name)).expect("a known line");
        let number = line.split_whitespace().nth(1).expect("a number");
        number.parse::<usize>().expect("a number") * 1024
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(mut input) = self.input.take() {
            drop(input.flush());
        }
        drop(self.child.wait());
    }
}

fn message(extra: usize) -> OwnedMessage {
    let mut text = b"MSH|^~\\&|LAB|GH|EHR|GH|20240229||ORU^R01|7|P|2.5\rPID|1||4711\r".to_vec();
    if extra > 0 {
        text.extend_from_slice(b"OBX|1|ED|||");
        text.resize(text.len() + extra, b'Q');
        text.push(b'\r');
    }
    OwnedMessage::parse(text).expect("a message")
}

async fn exchange(client: &Client, message: &OwnedMessage) {
    let delivery = client.deliver(message.clone()).await;
    assert!(
        matches!(&delivery, Delivery::Answered(answer) if answer.is_positive()),
        "{delivery:?}"
    );
}

fn measure(test: bool) {
    let held = if test { 500 } else { 5000 };
    let folder = std::env::temp_dir().join(format!("hl7-idle-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    std::fs::write(folder.join("pem"), cert.pem()).expect("a file");
    std::fs::write(folder.join("key"), signing_key.serialize_pem()).expect("a file");
    let tls = ClientTls::builder().pinned_server(Pem::file(folder.join("pem"))).build();
    let tls = tls.expect("a configuration");
    let certificates = folder.to_str().expect("a name");

    for (what, certificates, tls, limit) in
        [("in the clear", "", None, 6 * 1024), ("with TLS", certificates, Some(tls), 20 * 1024)]
    {
        let each = idle(held, certificates, tls.as_ref());
        println!("idle connection {what}: {each} bytes, of {held} held (at most {limit})");
        assert!(each <= limit, "an idle connection {what} costs too much");
    }
    let (peak, kept) = large();
    let ratio = |bytes: usize| bytes as f64 / LARGE_LEN as f64;
    println!(
        "message of {LARGE_LEN} bytes: {:.2} times its size at the peak (at most 1.3)",
        ratio(peak)
    );
    println!("and {:.2} times its size kept after it and a small one", ratio(kept));
    assert!(ratio(peak) <= 1.3, "a large message costs too much");
    assert!(ratio(kept) <= 0.1, "a large message is kept");
    std::fs::remove_dir_all(&folder).expect("the folder");
}

/// Bytes of resident memory for each of the connections, after one exchange on each.
fn idle(held: usize, certificates: &str, tls: Option<&ClientTls>) -> usize {
    let server = Served::start(certificates);
    runtime().block_on(async {
        let connect = || {
            let builder = Client::builder(server.address.clone());
            match tls {
                None => builder,
                Some(tls) => builder.tls(tls.clone(), "localhost"),
            }
            .build()
            .expect("an address")
        };
        let small = message(0);
        // What the first connections cost once.
        let mut clients = Vec::new();
        for _ in 0..50 {
            let client = connect();
            exchange(&client, &small).await;
            clients.push(client);
        }
        let before = server.status("VmRSS");
        for _ in 0..held {
            let client = connect();
            exchange(&client, &small).await;
            clients.push(client);
        }
        server.status("VmRSS").saturating_sub(before) / held
    })
}

/// Bytes of resident memory at the peak of one large message, and after a small one behind it.
fn large() -> (usize, usize) {
    let server = Served::start("");
    runtime().block_on(async {
        let client = Client::builder(server.address.clone()).build().expect("an address");
        let small = message(0);
        for _ in 0..10 {
            exchange(&client, &small).await;
        }
        let before = server.status("VmRSS");
        exchange(&client, &message(LARGE_LEN)).await;
        let peak = server.status("VmHWM").saturating_sub(before);
        exchange(&client, &small).await;
        (peak, server.status("VmRSS").saturating_sub(before))
    })
}
