//! Messages of the server's own, on a connection that the peer has opened.

use std::time::Duration;

use hl7_ack::{AckCode, CauseKind, Deliver, Delivery, Outcome, Peer, Received, Reply};
use hl7_mllp::server::Connections;
use hl7_parse::OwnedMessage;
use tokio::{
    io::{AsyncWriteExt, DuplexStream, duplex},
    sync::mpsc,
    time::{Instant, sleep},
};

use crate::support::{Wire, ack, frame, message};

type Told = mpsc::UnboundedReceiver<Delivery>;

/// Accepts each message, and then sends `own` back on the same connection.
fn serve(own: fn(&str) -> Vec<u8>) -> (Wire<DuplexStream>, Told) {
    let (tell, told) = mpsc::unbounded_channel();
    let connections = Connections::builder().build(move |received: Received| {
        let tell = tell.clone();
        async move {
            let id = received.message.as_message().header().control_id().decode().into_owned();
            let back = received.peer.same_connection().expect("a way back").clone();
            Reply::from(Outcome::accepted()).then(async move {
                let message = OwnedMessage::parse(own(&id)).unwrap();
                tell.send(back.deliver(message).await).unwrap();
            })
        }
    });
    let (near, far) = duplex(4096);
    tokio::spawn(async move { connections.serve(far, Peer::default()).await });
    (Wire::new(near), told)
}

/// A message that asks for both acknowledgments.
fn enhanced(id: &str) -> Vec<u8> {
    format!("MSH|^~\\&|LAB|GH|EHR|GH|1||ADT^A01|{id}|P|2.5|||AL|AL\r").into_bytes()
}

/// The application acknowledgment, which asks for no acknowledgment of its own, or for one.
fn silent(id: &str) -> Vec<u8> {
    format!("MSH|^~\\&|EHR|GH|LAB|GH|2||ACK|A{id}|P|2.5|||NE|NE\rMSA|AA|{id}\r").into_bytes()
}

fn asking(id: &str) -> Vec<u8> {
    format!("MSH|^~\\&|EHR|GH|LAB|GH|2||ACK|A{id}|P|2.5|||AL|NE\rMSA|AA|{id}\r").into_bytes()
}

#[tokio::test(start_paused = true)]
async fn the_application_acknowledgment_follows_the_accept_acknowledgment() {
    let (mut wire, mut told) = serve(silent);
    for id in ["1", "2", "3"] {
        wire.send(&frame(&enhanced(id))).await;
        assert_eq!(wire.msa().await, format!("MSA|CA|{id}"));
        assert_eq!(wire.next().await.unwrap(), silent(id));
        assert!(matches!(told.recv().await, Some(Delivery::NoneDue)));
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_our_own_message_is_known_and_not_handled() {
    let (mut wire, mut told) = serve(asking);
    wire.send(&frame(&enhanced("1"))).await;
    assert_eq!(wire.msa().await, "MSA|CA|1");
    assert_eq!(wire.next().await.unwrap(), asking("1"));
    // A message of the peer's comes in between, and the answer after it.
    wire.send(&frame(&message("2"))).await;
    assert_eq!(wire.msa().await, "MSA|AA|2");
    assert_eq!(wire.next().await.unwrap(), asking("2"));
    wire.send(&[frame(&ack("CA", "A2")), frame(&ack("CE", "A1"))].concat()).await;
    for code in [AckCode::CA, AckCode::CE] {
        let Some(Delivery::Answered(answer)) = told.recv().await else { panic!("no answer") };
        assert_eq!(answer.code(), Some(code));
    }
    wire.send(&frame(&message("3"))).await;
    assert_eq!(wire.msa().await, "MSA|AA|3", "nothing else was written");
}

#[tokio::test(start_paused = true)]
async fn a_message_in_one_frame_with_an_answer_to_our_own_is_handled() {
    for before in [true, false] {
        let (mut wire, mut told) = serve(asking);
        wire.send(&frame(&enhanced("1"))).await;
        assert_eq!(wire.msa().await, "MSA|CA|1");
        assert_eq!(wire.next().await.unwrap(), asking("1"));
        let mut parts = [message("2"), ack("CA", "A1")];
        if !before {
            parts.reverse();
        }
        wire.send(&frame(&parts.concat())).await;
        let Some(Delivery::Answered(answer)) = told.recv().await else { panic!("no answer") };
        assert_eq!(answer.code(), Some(AckCode::CA));
        assert_eq!(wire.msa().await, "MSA|AA|2", "message first: {before}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_answer_in_time_or_a_closed_connection_leaves_the_outcome_unknown() {
    let (mut wire, mut told) = serve(asking);
    let started = Instant::now();
    wire.send(&frame(&enhanced("1"))).await;
    wire.msa().await;
    wire.next().await.unwrap();
    let Some(Delivery::Unknown(cause)) = told.recv().await else { panic!("known") };
    assert_eq!((cause.kind(), started.elapsed().as_secs()), (CauseKind::TimedOut, 30));

    wire.send(&frame(&enhanced("2"))).await;
    wire.msa().await;
    wire.next().await.unwrap();
    drop(wire);
    let Some(Delivery::Unknown(cause)) = told.recv().await else { panic!("known") };
    assert_eq!(cause.kind(), CauseKind::Closed);
}

#[tokio::test(start_paused = true)]
async fn what_can_not_leave_is_not_sent() {
    let (mut wire, mut told) =
        serve(|_| b"MSH|^~\\&|A|B|C|D|1||ADT^A01|1|P|2.5\rNTE|\x0b\r".to_vec());
    wire.send(&frame(&enhanced("1"))).await;
    assert_eq!(wire.msa().await, "MSA|CA|1");
    let Some(Delivery::NotSent(cause)) = told.recv().await else { panic!("sent") };
    assert_eq!(cause.kind(), CauseKind::InvalidContent);

    let (tell, mut told) = mpsc::unbounded_channel();
    let connections = Connections::builder().build(move |received: Received| {
        let tell = tell.clone();
        async move {
            let back = received.peer.same_connection().expect("a way back").clone();
            Reply::from(Outcome::accepted()).then(async move {
                // By then the peer is gone.
                sleep(Duration::from_secs(5)).await;
                tell.send(back.deliver(received.message).await).unwrap();
            })
        }
    });
    let (near, far) = duplex(4096);
    let task = tokio::spawn(async move { connections.serve(far, Peer::default()).await });
    let mut wire = Wire::new(near);
    wire.send(&frame(&message("1"))).await;
    wire.msa().await;
    wire.io.shutdown().await.unwrap();
    task.await.unwrap();
    let Some(Delivery::NotSent(cause)) = told.recv().await else { panic!("sent") };
    assert_eq!(cause.kind(), CauseKind::Closed);
}

#[tokio::test(start_paused = true)]
async fn one_more_than_may_wait_is_turned_away() {
    let (mut wire, mut told) = serve(asking);
    for id in 0..65 {
        wire.send(&frame(&enhanced(&id.to_string()))).await;
        assert_eq!(wire.msa().await, format!("MSA|CA|{id}"));
        if id < 64 {
            assert_eq!(wire.next().await.unwrap(), asking(&id.to_string()));
        }
    }
    let Some(Delivery::NotSent(cause)) = told.recv().await else { panic!("sent") };
    assert_eq!(cause.kind(), CauseKind::Overloaded);
}
