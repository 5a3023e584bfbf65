//! MLLP release 2, both sides: commit blocks before everything else.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use hl7_ack::{AckCode, CauseKind, Deliver, Delivery, ErrorCode, Outcome, Peer, Received, Reply};
use hl7_mllp::{client::Client, server::Connections};
use hl7_parse::OwnedMessage;
use tokio::{
    io::{AsyncWriteExt as _, DuplexStream, duplex},
    task::JoinHandle,
    time::Instant,
};

use crate::support::{Wire, ack, frame, message};

const ACK: &[u8] = b"\x06";
const NAK: &[u8] = b"\x15";

/// The handler does what MSH-10 says.
async fn handle(received: Received) -> Reply {
    let fault = ErrorCode::APPLICATION_ERROR;
    match received.message.as_message().header().control_id().as_bytes() {
        b"AE" => Outcome::error(fault, "no").into(),
        b"AR" => Outcome::rejected(fault, "no").into(),
        b"HANGUP" => Reply::hang_up(),
        _ => Outcome::accepted().into(),
    }
}

fn serve() -> Wire<DuplexStream> {
    let connections = Connections::builder().release2(true).max_frame_len(500).build(handle);
    let (near, far) = duplex(64 * 1024);
    tokio::spawn(async move { connections.serve(far, Peer::default()).await });
    Wire::new(near)
}

fn silent(id: &str) -> Vec<u8> {
    format!("MSH|^~\\&|LAB|GH|EHR|GH|1||ADT^A01|{id}|P|2.5|||NE|NE\r").into_bytes()
}

#[tokio::test(start_paused = true)]
async fn a_block_is_committed_before_it_is_answered_and_the_answer_is_committed_in_turn() {
    let mut wire = serve();
    for id in ["1", "2"] {
        wire.send(&frame(&message(id))).await;
        assert_eq!(wire.next().await.unwrap(), ACK);
        assert_eq!(wire.msa().await, format!("MSA|AA|{id}"));
        wire.send(&frame(ACK)).await;
    }
    // AE tells its sender what is wrong with the content; to send it again would not help.
    wire.send(&frame(&message("AE"))).await;
    assert_eq!(wire.next().await.unwrap(), ACK);
    assert!(wire.msa().await.starts_with("MSA|AE|AE"));
    wire.send(&frame(ACK)).await;
    wire.send(&frame(&silent("3"))).await;
    assert_eq!(wire.next().await.unwrap(), ACK, "and nothing else");
    wire.send(&frame(&silent("4"))).await;
    assert_eq!(wire.next().await.unwrap(), ACK);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_in_good_hands_is_not_committed() {
    let mut wire = serve();
    let too_long = [message("1"), vec![b'x'; 500]].concat();
    for bad in [&message("AR"), &silent("AR"), &silent("AE"), &too_long] {
        wire.send(&frame(bad)).await;
        assert_eq!(wire.next().await.unwrap(), NAK, "{}", bad.escape_ascii());
    }
    wire.send(&frame(&silent("1"))).await;
    assert_eq!(wire.next().await.unwrap(), ACK, "the connection is kept");
    wire.send(&frame(&message("HANGUP"))).await;
    assert_eq!(wire.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_committed_is_sent_again_and_then_given_up() {
    let mut wire = serve();
    wire.send(&frame(&message("1"))).await;
    assert_eq!(wire.next().await.unwrap(), ACK);
    for _ in 0..3 {
        assert_eq!(wire.msa().await, "MSA|AA|1");
        wire.send(&frame(NAK)).await;
    }
    assert_eq!(wire.next().await, None);

    let mut wire = serve();
    let started = Instant::now();
    wire.send(&frame(&message("1"))).await;
    assert_eq!(wire.next().await.unwrap(), ACK);
    assert_eq!(wire.msa().await, "MSA|AA|1");
    assert_eq!(wire.next().await, None, "not committed in time");
    assert_eq!(started.elapsed().as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn one_message_may_come_before_the_commit_of_the_answer_to_the_one_before() {
    let mut wire = serve();
    wire.send(&[frame(&message("1")), frame(&message("2"))].concat()).await;
    assert_eq!(wire.next().await.unwrap(), ACK);
    assert_eq!(wire.msa().await, "MSA|AA|1");
    wire.send(&frame(NAK)).await;
    assert_eq!(wire.msa().await, "MSA|AA|1", "again");
    wire.send(&frame(ACK)).await;
    assert_eq!(wire.next().await.unwrap(), ACK);
    assert_eq!(wire.msa().await, "MSA|AA|2");
    // Two are more than its sender may have under way.
    wire.send(&[frame(&message("3")), frame(&message("4"))].concat()).await;
    assert_eq!(wire.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn empty_frames_do_not_put_off_the_end_of_the_wait_for_a_commit() {
    let (near, far) = duplex(64 * 1024);
    let limit = Duration::from_secs(5);
    let client = Client::builder("unused").release2(true).commit_timeout(limit).build_over(near);
    let mut wires = [serve(), Wire::new(far)];
    let delivering = deliver(&client, message("1"));
    for wire in &mut wires {
        wire.send(&frame(b"")).await;
    }
    wires[0].send(&frame(&message("1"))).await;
    assert_eq!(wires[0].next().await.unwrap(), ACK);
    assert_eq!(wires[0].msa().await, "MSA|AA|1");
    assert_eq!(wires[1].next().await.unwrap(), message("1"));
    let started = Instant::now();
    // Until both have closed.
    let trickling = wires.map(|mut wire| {
        tokio::spawn(async move {
            while wire.io.write_all(&frame(b"")).await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            started.elapsed().as_secs()
        })
    });
    let Delivery::Unknown(cause) = delivering.await.unwrap() else { panic!("delivered") };
    assert_eq!((cause.kind(), started.elapsed().as_secs()), (CauseKind::TimedOut, 5));
    for (trickling, limit) in trickling.into_iter().zip([30, 5]) {
        let closed = tokio::time::timeout(Duration::from_secs(60), trickling).await;
        let closed = closed.expect("closed").unwrap();
        assert!((limit..=limit + 1).contains(&closed), "after {closed} s, and not {limit}");
    }
}

fn client() -> (Client, Wire<DuplexStream>) {
    let (near, far) = duplex(64 * 1024);
    (Client::builder("unused").release2(true).build_over(near), Wire::new(far))
}

fn deliver(client: &Client, content: Vec<u8>) -> JoinHandle<Delivery> {
    let (client, message) = (client.clone(), OwnedMessage::parse(content).unwrap());
    tokio::spawn(async move { client.deliver(message).await })
}

#[tokio::test(start_paused = true)]
async fn the_client_waits_for_the_commit_then_for_the_answer_and_commits_that() {
    let (client, mut wire) = client();
    for id in ["1", "2"] {
        let task = deliver(&client, message(id));
        assert_eq!(wire.next().await.unwrap(), message(id));
        wire.send(&frame(ACK)).await;
        wire.send(&frame(&ack("AA", id))).await;
        assert_eq!(wire.next().await.unwrap(), ACK);
        assert!(matches!(task.await.unwrap(), Delivery::Answered(_)));
    }
    let task = deliver(&client, silent("3"));
    assert_eq!(wire.next().await.unwrap(), silent("3"));
    wire.send(&frame(ACK)).await;
    assert!(matches!(task.await.unwrap(), Delivery::NoneDue));
}

#[tokio::test(start_paused = true)]
async fn the_client_commits_what_is_taken_while_it_waits_and_while_it_listens() {
    let (near, far) = duplex(64 * 1024);
    let client = Client::builder("unused").release2(true).on_inbound(|_| true).build_over(near);
    let mut wire = Wire::new(far);
    let listening = client.clone();
    let listener = tokio::spawn(async move { listening.listen().await });
    for id in ["1", "2"] {
        let task = deliver(&client, message(id));
        assert_eq!(wire.next().await.unwrap(), message(id));
        wire.send(&frame(ACK)).await;
        wire.send(&frame(&ack("AA", "earlier"))).await;
        assert_eq!(wire.next().await.unwrap(), ACK, "while it waits");
        wire.send(&frame(&ack("AA", id))).await;
        assert_eq!(wire.next().await.unwrap(), ACK);
        assert!(matches!(task.await.unwrap(), Delivery::Answered(_)));
        wire.send(&frame(&message("unasked"))).await;
        assert_eq!(wire.next().await.unwrap(), ACK, "while it listens");
    }
    listener.abort();
}

#[tokio::test(start_paused = true)]
async fn what_meets_a_message_on_its_way_is_heard_before_the_commit() {
    let (near, far) = duplex(64 * 1024);
    let take = |message: &OwnedMessage| {
        message.as_message().header().control_id().as_bytes() != b"UNWANTED"
    };
    let client = Client::builder("unused").release2(true).on_inbound(take).build_over(near);
    let mut wire = Wire::new(far);
    for id in ["1", "2"] {
        let task = deliver(&client, message(id));
        assert_eq!(wire.next().await.unwrap(), message(id));
        wire.send(&frame(&ack("AA", "earlier"))).await;
        assert_eq!(wire.next().await.unwrap(), ACK, "what is taken is committed");
        wire.send(&frame(&message("UNWANTED"))).await;
        wire.send(&frame(ACK)).await;
        wire.send(&frame(&ack("AE", id))).await;
        assert_eq!(wire.next().await.unwrap(), ACK, "the answer is");
        let Delivery::Answered(answer) = task.await.unwrap() else { panic!("no answer") };
        assert_eq!(answer.code(), Some(AckCode::AE));
    }
    assert_eq!(client.dropped_inbound(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_answer_before_the_commit_is_the_answer_and_ends_the_connection() {
    let (client, mut wire) = client();
    let task = deliver(&client, message("1"));
    assert_eq!(wire.next().await.unwrap(), message("1"));
    wire.send(&frame(&ack("AE", "1"))).await;
    let Delivery::Answered(answer) = task.await.unwrap() else { panic!("no answer") };
    assert_eq!(answer.code(), Some(AckCode::AE));
    assert_eq!(wire.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn the_client_sends_again_what_is_not_committed_and_gives_up_in_time() {
    let (client, mut wire) = client();
    let task = deliver(&client, silent("1"));
    for answer in [NAK, NAK, ACK] {
        assert_eq!(wire.next().await.unwrap(), silent("1"));
        wire.send(&frame(answer)).await;
    }
    assert!(matches!(task.await.unwrap(), Delivery::NoneDue));
    let task = deliver(&client, silent("2"));
    for _ in 0..3 {
        assert_eq!(wire.next().await.unwrap(), silent("2"));
        wire.send(&frame(NAK)).await;
    }
    let Delivery::Unknown(cause) = task.await.unwrap() else { panic!("delivered") };
    assert_eq!(cause.kind(), CauseKind::Refused, "{cause}");
    assert_eq!(wire.next().await, None, "not used again");

    let (client, mut wire) = self::client();
    let (started, task) = (Instant::now(), deliver(&client, silent("3")));
    wire.next().await.unwrap();
    let Delivery::Unknown(cause) = task.await.unwrap() else { panic!("delivered") };
    assert_eq!((cause.kind(), started.elapsed().as_secs()), (CauseKind::TimedOut, 30));
    assert!(cause.to_string().contains("release 2"), "{cause}");
}

#[tokio::test]
async fn client_and_server_agree() {
    let handled = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&handled);
    let connections = Connections::builder().release2(true).build(move |_: Received| {
        count.fetch_add(1, Ordering::Relaxed);
        async { Outcome::accepted() }
    });
    let (near, far) = duplex(1024);
    tokio::spawn(async move { connections.serve(far, Peer::default()).await });
    let client = Client::builder("unused").release2(true).build_over(near);
    for id in 0..20 {
        let content = if id % 2 == 0 { message(&id.to_string()) } else { silent(&id.to_string()) };
        match client.deliver(OwnedMessage::parse(content).unwrap()).await {
            Delivery::Answered(answer) => assert_eq!(answer.code(), Some(AckCode::AA)),
            Delivery::NoneDue => assert_eq!(id % 2, 1),
            other => panic!("{id}: {other:?}"),
        }
    }
    assert_eq!(handled.load(Ordering::Relaxed), 20);
}
