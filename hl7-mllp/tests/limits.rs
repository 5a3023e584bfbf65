//! What all connections of a server share: messages in flight, bytes of frames.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use hl7_ack::{Outcome, Peer, Received};
use hl7_mllp::server::{Connections, ConnectionsBuilder};
use tokio::{
    io::{AsyncWriteExt, DuplexStream, duplex},
    sync::Semaphore,
    time::timeout,
};

use crate::support::{Wire, frame, message};

const A_WHILE: Duration = Duration::from_secs(1);

/// A server whose handler takes a permit, and how many messages it was given.
fn gated(builder: ConnectionsBuilder) -> (Connections, Arc<Semaphore>, Arc<AtomicUsize>) {
    let (gate, begun) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
    let (at, count) = (Arc::clone(&gate), Arc::clone(&begun));
    let connections = builder.build(move |_: Received| {
        let (gate, begun) = (Arc::clone(&at), Arc::clone(&count));
        async move {
            begun.fetch_add(1, Ordering::Relaxed);
            gate.acquire().await.unwrap().forget();
            Outcome::accepted()
        }
    });
    (connections, gate, begun)
}

fn open(connections: &Connections, room: usize) -> Wire<DuplexStream> {
    let connections = connections.clone();
    let (near, far) = duplex(room);
    tokio::spawn(async move { connections.serve(far, Peer::default()).await });
    Wire::new(near)
}

async fn settle() {
    tokio::time::sleep(A_WHILE).await;
}

#[tokio::test(start_paused = true)]
async fn messages_in_flight_are_bounded_over_all_connections_and_held_back() {
    let (connections, gate, begun) = gated(Connections::builder().max_in_flight(2));
    let mut wires: Vec<_> = (0..3).map(|_| open(&connections, 256)).collect();
    for (id, wire) in wires.iter_mut().enumerate() {
        wire.send(&frame(&message(&id.to_string()))).await;
        settle().await;
        assert_eq!(begun.load(Ordering::Relaxed), (id + 1).min(2), "connection {id}");
    }
    // Nothing is read from the one that waits: its sender is held back.
    let more = vec![b'\r'; 200_000];
    assert!(timeout(A_WHILE, wires[2].io.write_all(&more)).await.is_err(), "read on");
    gate.add_permits(1);
    assert_eq!(wires[0].msa().await, "MSA|AA|0");
    settle().await;
    assert_eq!(begun.load(Ordering::Relaxed), 3, "a place was free");
    gate.add_permits(2);
    assert_eq!(wires[1].msa().await, "MSA|AA|1");
    assert_eq!(wires[2].msa().await, "MSA|AA|2");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_its_answer_holds_no_place_meanwhile() {
    let (connections, gate, _) = gated(Connections::builder().max_in_flight(1));
    gate.add_permits(2);
    // Room for less than an answer.
    let mut deaf = open(&connections, 16);
    deaf.send(&frame(&message("1"))).await;
    settle().await;
    let mut other = open(&connections, 1024);
    other.send(&frame(&message("2"))).await;
    let answered = timeout(A_WHILE, other.msa()).await;
    assert_eq!(answered.as_deref(), Ok("MSA|AA|2"));
}

#[tokio::test(start_paused = true)]
async fn bytes_of_frames_are_bounded_over_all_connections_and_none_is_lost() {
    const LARGE: usize = 2 * 1024 * 1024;
    let (connections, gate, begun) = gated(Connections::builder().max_buffered(0));
    gate.add_permits(100);
    let large = |id: usize| {
        let mut content = message(&id.to_string());
        content.extend_from_slice(b"OBX|1|ED|||");
        content.resize(LARGE, b'Q');
        frame(&content)
    };
    let mut wires: Vec<_> = (0..3).map(|_| open(&connections, 64 * 1024)).collect();
    // One begins and stalls: it alone goes beyond what is left, which is nothing.
    let first = large(0);
    let (left, right) = first.split_at(LARGE / 2);
    wires[0].send(left).await;
    for (id, wire) in wires.iter_mut().enumerate().skip(1) {
        let frame = large(id);
        assert!(timeout(A_WHILE, wire.io.write_all(&frame)).await.is_err(), "{id} was read");
    }
    // Small ones pass.
    let mut small = open(&connections, 1024);
    small.send(&frame(&message("9"))).await;
    assert_eq!(small.msa().await, "MSA|AA|9");
    wires[0].send(right).await;
    assert_eq!(wires[0].msa().await, "MSA|AA|0");
    assert_eq!(begun.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn waiting_for_memory_does_not_count_against_the_sender() {
    const LARGE: usize = 512 * 1024;
    let limit = Duration::from_secs(10);
    let builder = Connections::builder().max_buffered(0).frame_timeout(limit);
    let (connections, gate, _) = gated(builder.idle_timeout(limit));
    let mut content = message("1");
    content.extend_from_slice(b"OBX|1|ED|||");
    content.resize(LARGE, b'Q');
    let content = frame(&content);

    let (mut first, mut second) = (open(&connections, 2 * LARGE), open(&connections, 2 * LARGE));
    first.send(&content).await;
    settle().await;
    second.send(&content).await;
    // The first is handled for longer than the second may take to arrive.
    tokio::time::sleep(limit + 5 * A_WHILE).await;
    gate.add_permits(2);
    assert_eq!(first.msa().await, "MSA|AA|1");
    assert_eq!(second.msa().await, "MSA|AA|1");
}
