//! What the process `gateway` writes to standard output and error while its peers misbehave.

use std::{net::SocketAddr, time::Duration};

use hl7_ack::{Outcome, Received};
use hl7_chaos::{MARK, Player, Role, Settings, Transport, frame, message, rows};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use crate::{marks::assert_clean, process::Gateway};

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
    let address = gateway.address("forwarding ", "from");
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
    let address = gateway.address("forwarding ", "from");
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
    let to = format!("ftp://{MARK}:{MARK}@host/?{MARK}");
    let (is_well, printed) = Gateway::start(&["--to", &to]).ended();
    assert!(!is_well && printed.contains("gateway: "), "{printed}");
    assert_clean("the gateway", &printed);
}
