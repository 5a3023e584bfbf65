//! Every time limit, by the paused clock: kept just under it, enforced just over it.

use std::time::Duration;

use hl7_ack::{CauseKind, Deliver, Delivery, Outcome, Peer, Received};
use hl7_mllp::{
    client::Client,
    server::{Connections, ConnectionsBuilder},
};
use hl7_parse::OwnedMessage;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    task::JoinHandle,
    time::{Instant, sleep},
};
use tracing::Level;

use crate::support::{Log, Wire, ack, frame, message};

const SECOND: Duration = Duration::from_secs(1);

async fn accept(_: Received) -> Outcome {
    Outcome::accepted()
}

fn serve(builder: ConnectionsBuilder) -> (Wire<DuplexStream>, JoinHandle<()>) {
    let connections = builder.build(accept);
    let (near, far) = duplex(1024 * 1024);
    let task = tokio::spawn(async move { connections.serve(far, Peer::default()).await });
    (Wire::new(near), task)
}

fn owned(id: &str) -> OwnedMessage {
    OwnedMessage::parse(message(id)).unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_kept_under_its_limit_and_closed_over_it() {
    let (mut wire, _) = serve(Connections::builder());
    for _ in 0..3 {
        sleep(599 * SECOND).await;
        wire.send(&frame(&message("1"))).await;
        assert_eq!(wire.msa().await, "MSA|AA|1");
    }
    let started = Instant::now();
    assert_eq!(wire.next().await, None);
    assert_eq!(started.elapsed().as_secs(), 600);
}

#[tokio::test(start_paused = true)]
async fn bytes_between_frames_do_not_keep_a_connection_alive() {
    let (wire, task) = serve(Connections::builder().idle_timeout(10 * SECOND));
    let mut wire = wire;
    for _ in 0..9 {
        wire.send(b"\r\n").await;
        sleep(SECOND).await;
    }
    assert!(!task.is_finished());
    sleep(2 * SECOND).await;
    assert!(task.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_frame_is_answered_when_it_takes_its_time_and_dropped_when_it_takes_more() {
    for (pause, answered) in [(59 * SECOND, true), (61 * SECOND, false)] {
        let log = Log::start();
        let (mut wire, _) = serve(Connections::builder());
        let stream = frame(&message("1"));
        let (left, right) = stream.split_at(30);
        wire.send(left).await;
        sleep(pause).await;
        if answered {
            wire.send(right).await;
            assert_eq!(wire.msa().await, "MSA|AA|1");
        } else {
            assert_eq!(wire.next().await, None);
            assert_eq!(log.at(Level::INFO), Vec::<String>::new(), "no exchange");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_trickling_frame_has_the_same_limit() {
    let (mut wire, task) = serve(Connections::builder().frame_timeout(20 * SECOND));
    for byte in &frame(&message("1"))[..19] {
        wire.send(&[*byte]).await;
        sleep(SECOND).await;
    }
    assert!(!task.is_finished());
    sleep(2 * SECOND).await;
    assert!(task.is_finished());
}

#[tokio::test(start_paused = true)]
async fn an_end_without_its_carriage_return_is_waited_for() {
    let (mut wire, _) = serve(Connections::builder());
    let started = Instant::now();
    wire.send(&[b"\x0b", &message("1")[..], b"\x1c"].concat()).await;
    assert_eq!(wire.msa().await, "MSA|AA|1");
    assert_eq!(started.elapsed().as_millis(), 200);
    // The carriage return comes late, and is swallowed.
    wire.send(&[b"\r", &frame(&message("2"))[..]].concat()).await;
    assert_eq!(wire.msa().await, "MSA|AA|2");
    assert_eq!(started.elapsed().as_millis(), 200);
    // FS was content after all: what follows in time belongs to the frame.
    wire.send(b"\x0bMSH|^~\\&|A|B|C|D|2024||ADT^A01|3|P|2.5\rPID|1||\x1c").await;
    sleep(Duration::from_millis(150)).await;
    wire.send(b"7\r\x1c\r").await;
    assert_eq!(wire.msa().await, "MSA|AA|3");
    assert_eq!(started.elapsed().as_millis(), 350);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_its_answers_is_closed() {
    let connections = Connections::builder().build(accept);
    let (mut near, far) = duplex(16);
    let task = tokio::spawn(async move { connections.serve(far, Peer::default()).await });
    let started = Instant::now();
    near.write_all(&frame(&message("1"))).await.unwrap();
    task.await.unwrap();
    assert!((30..32).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
    let mut part = Vec::new();
    near.read_to_end(&mut part).await.unwrap();
    assert!(part.len() <= 16);
}

#[tokio::test(start_paused = true)]
async fn a_handler_over_its_limit_is_answered_for_and_the_connection_kept() {
    for (pause, accepted) in [(59 * SECOND, true), (61 * SECOND, false)] {
        let connections = Connections::builder().build(move |received: Received| async move {
            if received.message.header().control_id().as_bytes() == b"1" {
                sleep(pause).await;
            }
            Outcome::accepted()
        });
        let (near, far) = duplex(4096);
        tokio::spawn(async move { connections.serve(far, Peer::default()).await });
        let mut wire = Wire::new(near);
        let started = Instant::now();
        wire.send(&[frame(&message("1")), frame(&message("2"))].concat()).await;
        let first = wire.msa().await;
        assert_eq!(first == "MSA|AA|1", accepted, "{pause:?}: {first}");
        assert!(first.split('|').nth(2) == Some("1"), "{first}");
        assert_eq!(started.elapsed(), pause.min(60 * SECOND));
        assert_eq!(wire.msa().await, "MSA|AA|2");
    }
}

#[tokio::test(start_paused = true)]
async fn the_client_waits_for_its_answer_as_long_as_it_may() {
    for (pause, expected) in [(29 * SECOND, true), (31 * SECOND, false)] {
        let (near, far) = duplex(4096);
        let client = Client::builder("unused").build_over(near);
        let mut wire = Wire::new(far);
        let peer = tokio::spawn(async move {
            wire.next().await.unwrap();
            sleep(pause).await;
            // Nobody may be there any more.
            let late = frame(&ack("AA", "1"));
            drop(wire.io.write_all(&late).await);
        });
        let started = Instant::now();
        let delivery = client.deliver(owned("1")).await;
        assert_eq!(started.elapsed(), pause.min(30 * SECOND));
        match delivery {
            Delivery::Answered(_) => assert!(expected),
            Delivery::Unknown(cause) => {
                assert!(!expected);
                assert_eq!(cause.kind(), CauseKind::TimedOut);
            }
            other => panic!("{other:?}"),
        }
        peer.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_trickling_answer_has_the_same_limit() {
    let (near, far) = duplex(4096);
    let client = Client::builder("unused").answer_timeout(10 * SECOND).build_over(near);
    let mut wire = Wire::new(far);
    tokio::spawn(async move {
        wire.next().await.unwrap();
        for byte in frame(&ack("AA", "1")) {
            if wire.io.write_all(&[byte]).await.is_err() {
                return;
            }
            sleep(SECOND).await;
        }
    });
    let started = Instant::now();
    let Delivery::Unknown(cause) = client.deliver(owned("1")).await else { panic!("answered") };
    assert_eq!((cause.kind(), started.elapsed()), (CauseKind::TimedOut, 10 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_leaves_the_message_unsent_and_one_that_takes_a_part_unknown() {
    for (room, sent) in [(16, true), (0, false)] {
        let (mut near, far) = duplex(16);
        near.write_all(&vec![0; 16 - room]).await.unwrap();
        let client = Client::builder("unused").build_over(near);
        let started = Instant::now();
        let delivery = client.deliver(owned("1")).await;
        assert_eq!(started.elapsed(), 30 * SECOND);
        match delivery {
            Delivery::Unknown(cause) if sent => assert_eq!(cause.kind(), CauseKind::TimedOut),
            Delivery::NotSent(cause) if !sent => assert_eq!(cause.kind(), CauseKind::TimedOut),
            other => panic!("room {room}: {other:?}"),
        }
        drop(far);
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(start_paused = true)]
async fn connecting_has_a_limit() {
    // A full accept queue of a listener nobody accepts from: connections stay half open.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut held = Vec::new();
    for _ in 0..4 {
        let connecting = tokio::net::TcpStream::connect(address);
        held.push(tokio::time::timeout(SECOND, connecting).await);
    }
    let client = Client::builder(address.to_string()).build().unwrap();
    let delivery = client.deliver(owned("1")).await;
    let Delivery::NotSent(cause) = delivery else { panic!("{delivery:?}") };
    assert_eq!(cause.kind(), CauseKind::TimedOut, "{cause}");
}

/// The message of [`owned`] with MSH-15 and MSH-16.
fn asking(id: &str, asked: &str) -> OwnedMessage {
    OwnedMessage::parse(format!("MSH|^~\\&|LAB|GH|EHR|GH|1||ADT^A01|{id}|P|2.5|||{asked}\r"))
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn silence_accepts_where_only_errors_are_to_be_told() {
    let (near, far) = duplex(4096);
    let client = Client::builder("unused").build_over(near);
    let mut wire = Wire::new(far);
    let started = Instant::now();
    let delivery = client.deliver(asking("1", "ER|NE")).await;
    assert!(matches!(delivery, Delivery::NoneDue), "{delivery:?}");
    assert_eq!(started.elapsed(), 5 * SECOND);
    wire.next().await.unwrap();

    // The connection is still good, and an error that is told is heard.
    let delivering = tokio::spawn(async move { client.deliver(asking("2", "ER|NE")).await });
    wire.next().await.unwrap();
    wire.send(&frame(&ack("CE", "2"))).await;
    let Delivery::Answered(answer) = delivering.await.unwrap() else { panic!("not heard") };
    assert!(!answer.is_positive());
}

#[tokio::test(start_paused = true)]
async fn a_message_that_waits_too_long_for_its_turn_is_not_sent() {
    let (near, far) = duplex(4096);
    let client = Client::builder("unused").queue_timeout(7 * SECOND).build_over(near);
    let first = tokio::spawn({
        let client = client.clone();
        async move { client.deliver(owned("1")).await }
    });
    let mut wire = Wire::new(far);
    wire.next().await.unwrap();
    let started = Instant::now();
    let Delivery::NotSent(cause) = client.deliver(owned("2")).await else { panic!("sent") };
    assert_eq!((cause.kind(), started.elapsed()), (CauseKind::Overloaded, 7 * SECOND));
    wire.send(&frame(&ack("AA", "1"))).await;
    assert!(matches!(first.await.unwrap(), Delivery::Answered(_)));
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_a_moment_for_a_frame_that_has_begun() {
    for (pause, answered) in [(2 * SECOND, true), (4 * SECOND, false)] {
        let connections = Connections::builder().build(accept);
        let (near, far) = duplex(4096);
        let serving = connections.clone();
        tokio::spawn(async move { serving.serve(far, Peer::default()).await });
        let mut wire = Wire::new(near);
        let stream = frame(&message("1"));
        let (left, right) = stream.split_at(20);
        wire.send(left).await;
        sleep(SECOND).await;
        let stopping = tokio::spawn(async move { connections.shutdown().await });
        sleep(pause).await;
        if answered {
            wire.send(right).await;
            assert_eq!(wire.msa().await, "MSA|AA|1");
        }
        assert_eq!(wire.next().await, None, "pause {pause:?}");
        stopping.await.unwrap().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_without_end_is_no_limit_and_no_panic() {
    let forever = Duration::MAX;
    let (mut wire, _) = serve(
        Connections::builder()
            .idle_timeout(forever)
            .frame_timeout(forever)
            .end_timeout(forever)
            .handler_timeout(forever)
            .write_timeout(forever)
            .stop_grace(forever)
            .shutdown_timeout(forever),
    );
    wire.send(&frame(&message("1"))).await;
    assert_eq!(wire.msa().await, "MSA|AA|1");

    let (near, far) = duplex(4096);
    let client = Client::builder("unused")
        .connect_timeout(forever)
        .write_timeout(forever)
        .answer_timeout(forever)
        .silence_timeout(forever)
        .queue_timeout(forever)
        .end_timeout(forever)
        .build_over(near);
    let mut wire = Wire::new(far);
    let delivering = tokio::spawn(async move { client.deliver(owned("1")).await });
    wire.next().await.unwrap();
    wire.send(&frame(&ack("AA", "1"))).await;
    assert!(matches!(delivering.await.unwrap(), Delivery::Answered(_)));
}
