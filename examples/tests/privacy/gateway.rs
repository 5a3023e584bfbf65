//! What the process `gateway` writes to standard output and error, and shows as metrics, at the level
//! at which all crates say everything.

use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::Duration,
};

use hl7_ack::{Outcome, Received};
use hl7_chaos::{MARK, Player, Role, Settings, Transport, frame, message, rows};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use crate::marks::assert_clean;

/// Built by `cargo test` beside this test.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let built = test.parent().and_then(|deps| deps.parent()).unwrap();
    let program = built.join("examples").join("gateway");
    assert!(program.exists(), "first: cargo build --example gateway ({})", program.display());
    program
}

#[derive(Default)]
struct Printed {
    text: Mutex<String>,
    more: Condvar,
}

/// A gateway, ended when dropped, and all that it printed.
struct Gateway {
    child: Child,
    printed: Arc<Printed>,
    readers: Vec<thread::JoinHandle<()>>,
}

impl Gateway {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(program())
            .args(arguments)
            .env("RUST_LOG", "trace")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let printed = Arc::<Printed>::default();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let readers = vec![collect(out, &printed), collect(err, &printed)];
        Self { child, printed, readers }
    }

    /// The address that it says it listens on, once it does.
    fn address(&self) -> SocketAddr {
        let text = self.printed.text.lock().unwrap();
        let waited = self
            .printed
            .more
            .wait_timeout_while(text, Duration::from_secs(20), |text| address_in(text).is_none());
        let text = waited.unwrap().0;
        address_in(&text).unwrap_or_else(|| panic!("it does not listen: {text}"))
    }

    /// Ends it, and gives all that it printed.
    fn end(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.readers.drain(..).for_each(|reader| reader.join().unwrap());
        self.printed.text.lock().unwrap().clone()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
    }
}

fn collect(from: impl Read + Send + 'static, printed: &Arc<Printed>) -> thread::JoinHandle<()> {
    let printed = Arc::clone(printed);
    thread::spawn(move || {
        for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
            let mut text = printed.text.lock().unwrap();
            *text += &String::from_utf8_lossy(&line);
            text.push('\n');
            printed.more.notify_all();
        }
    })
}

fn address_in(text: &str) -> Option<SocketAddr> {
    let line = text.lines().find(|line| line.contains("forwarding "))?;
    let from = line.split("from=").nth(1)?;
    from.split_whitespace().next()?.parse().ok()
}

/// Sends a message and waits for the answer or the end.
async fn exchange(to: SocketAddr, id: &str) {
    let mut stream = TcpStream::connect(to).await.unwrap();
    stream.write_all(&frame(&message(id))).await.unwrap();
    let mut answer = Vec::new();
    let answered = async {
        while !answer.ends_with(b"\x1c\r") {
            if stream.read_buf(&mut answer).await.unwrap_or(0) == 0 {
                break;
            }
        }
    };
    timeout(Duration::from_secs(30), answered).await.expect("an answer, or the end");
}

#[tokio::test]
async fn the_gateway_prints_no_value_whatever_its_senders_do() {
    let far = hl7_http::server::Server::bind("127.0.0.1:0").await.unwrap();
    let to = format!("http://{}/", far.local_addr());
    tokio::spawn(far.serve(async |_: Received| Outcome::accepted()).into_future());
    let gateway = Gateway::start(&["--listen", "127.0.0.1:0", "--to", &to]);
    let address = gateway.address();
    let mut settings = Settings::new();
    settings.large = 300_000;
    // A stall lasts as long as the gateway's own time limit, which is a minute.
    let senders = rows(&settings);
    let senders = senders.iter().filter(|row| {
        row.role() == Role::Sender && row.transport() == Transport::Mllp && row.name() != "stall"
    });
    let mut peer = Player::new(move || TcpStream::connect(address));
    for row in senders {
        peer.play(row).await.unwrap_or_else(|fault| panic!("{}: {fault}", row.name()));
    }
    let printed = gateway.end();
    assert_clean("the gateway", &printed);
    assert!(printed.contains("TRACE") && printed.contains("CX"), "it said too little");
}

#[tokio::test]
async fn the_gateway_prints_no_value_whatever_its_far_side_does() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = format!("http://{}/", listener.local_addr().unwrap());
    let gateway = Gateway::start(&["--listen", "127.0.0.1:0", "--to", &to]);
    let address = gateway.address();
    let mut peer = Player::new(listener).patience(Duration::from_secs(10));
    // It waits for 24 s for who is silent.
    for row in rows(&Settings::new()).iter().filter(|row| {
        row.role() == Role::Receiver
            && row.transport() == Transport::Http
            && row.name() != "http-silent"
    }) {
        let sending = async {
            for (number, _) in row.known() {
                exchange(address, &number.to_string()).await;
            }
        };
        let ((), played) = tokio::join!(sending, peer.play(row));
        played.unwrap_or_else(|fault| panic!("{}: {fault}", row.name()));
    }
    let printed = gateway.end();
    assert_clean("the gateway", &printed);
    assert!(printed.contains("TRACE") && printed.contains("checkout"), "it said too little");
}

#[test]
fn a_command_line_that_can_not_work_shows_no_secret() {
    let gateway = Gateway::start(&["--to", &format!("ftp://{MARK}:{MARK}@host/?{MARK}")]);
    let printed = {
        let mut gateway = gateway;
        gateway.child.wait().unwrap();
        gateway.readers.drain(..).for_each(|reader| reader.join().unwrap());
        gateway.printed.text.lock().unwrap().clone()
    };
    assert!(printed.contains("gateway: "), "{printed}");
    assert_clean("the gateway", &printed);
}
