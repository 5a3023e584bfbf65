//! Connections come and go for long, and nothing stays behind.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

#[allow(dead_code, reason = "other tests use more of it")]
mod support;

use hl7_ack::{Deliver, Delivery, Outcome, Received};
use hl7_mllp::{client::Client, server::Server};
use hl7_parse::OwnedMessage;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use support::{Wire, frame, message};

/// Resident memory of this process, in KiB.
#[cfg(target_os = "linux")]
fn resident() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(not(target_os = "linux"))]
fn resident() -> Option<usize> {
    None
}

/// Open files of this process, sockets included.
fn files() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

/// One connection of each kind that ends differently.
async fn churn(address: &str, round: usize) {
    let client = Client::builder(address).build().unwrap();
    for id in 0..3 {
        let message = OwnedMessage::parse(message(&format!("{round}-{id}"))).unwrap();
        let delivery = client.deliver(message).await;
        assert!(matches!(delivery, Delivery::Answered(_)), "round {round}: {delivery:?}");
    }
    // A probe, a frame cut off, garbage, and one who does not wait for the answer.
    drop(TcpStream::connect(address).await.unwrap());
    for end in [&frame(&message("1"))[..30], b"garbage", &frame(&message("1"))] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(end).await.unwrap();
    }
    // One who does.
    let mut wire = Wire::new(TcpStream::connect(address).await.unwrap());
    let large = [message("L"), b"OBX|1|ED|||".to_vec(), vec![b'Q'; 300_000]].concat();
    wire.send(&[frame(&large), frame(&message("S"))].concat()).await;
    wire.io.shutdown().await.unwrap();
    assert!(wire.next().await.is_some() && wire.next().await.is_some());
    assert_eq!(wire.next().await, None, "round {round}");
}

#[tokio::test]
async fn connections_that_come_and_go_leave_nothing_behind() {
    let server = Server::bind("127.0.0.1:0").await.unwrap().max_connections(8);
    let address = server.local_addr().to_string();
    tokio::spawn(async { server.serve(|_: Received| async { Outcome::accepted() }).await });
    for round in 0..50 {
        churn(&address, round).await;
    }
    let before = resident();
    for round in 50..250 {
        churn(&address, round).await;
    }
    // More than the server may hold would have stopped it: each round has six connections.
    assert!(files() < 200, "{} files are open", files());
    if let (Some(before), Some(after)) = (before, resident()) {
        // 200 rounds of a lost large frame would be 60 MB.
        let grown = after.saturating_sub(before);
        assert!(grown < 30 * 1024, "grown by {grown} KiB");
    }
}
