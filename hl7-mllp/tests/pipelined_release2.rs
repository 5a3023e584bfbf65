//! Release 2 with several messages under way: committed one by one, answered in any order.

use std::{
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use hl7_ack::{AckCode, CauseKind, Deliver, Delivery, Outcome, Received};
use hl7_mllp::{
    client::{Client, ClientBuilder, Pipelined},
    server::Server,
};
use hl7_parse::OwnedMessage;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::timeout,
};

use crate::{
    pipelined::{SHORT, SOON, accept, arrives, deliver, is_closed, is_silent, outcome},
    support::{Wire, ack, frame, message},
};

const ACK: &[u8] = b"\x06";
const NAK: &[u8] = b"\x15";

async fn client(
    max_in_flight: usize,
    set: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> (Pipelined, TcpListener) {
    crate::pipelined::client(max_in_flight, |builder| set(builder.release2(true))).await
}

/// The peer sends one block, and the client commits it.
async fn is_committed(wire: &mut Wire<TcpStream>, content: &[u8]) {
    wire.send(&frame(content)).await;
    let block = timeout(SOON, wire.next()).await.expect("a commit block");
    assert_eq!(block.as_deref(), Some(ACK), "{}", content.escape_ascii());
}

/// The message arrives, and the peer commits it or does not.
async fn arrives_and(wire: &mut Wire<TcpStream>, id: &str, commit: &[u8]) {
    arrives(wire, id).await;
    wire.send(&frame(commit)).await;
}

/// A message with these MSH-15 and MSH-16.
fn asking(id: &str, accept: &str, application: &str) -> Vec<u8> {
    format!("MSH|^~\\&|LAB|GH|EHR|GH|1||ADT^A01|{id}|P|2.5|||{accept}|{application}\r").into()
}

async fn deliver_content(client: &Pipelined, content: Vec<u8>) -> JoinHandle<Delivery> {
    let (client, message) = (client.clone(), OwnedMessage::parse(content).unwrap());
    let task = tokio::spawn(async move { client.deliver(message).await });
    tokio::task::yield_now().await;
    task
}

#[tokio::test]
async fn a_message_waits_for_the_commit_of_the_one_before_it_and_not_for_its_answer() {
    let (client, listener) = client(3, |builder| builder).await;
    let tasks = deliver(&client, &["1", "2", "3", "4"]).await;
    let mut wire = accept(&listener).await;
    for id in ["1", "2", "3"] {
        arrives(&mut wire, id).await;
        assert!(is_silent(&mut wire).await, "something was sent before {id} was committed");
        wire.send(&frame(ACK)).await;
    }
    assert!(is_silent(&mut wire).await, "a fourth is under way");
    is_committed(&mut wire, &ack("AE", "3")).await;
    arrives_and(&mut wire, "4", ACK).await;
    for (code, id) in [("AA", "1"), ("AA", "4"), ("AR", "2")] {
        is_committed(&mut wire, &ack(code, id)).await;
    }
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(outcome(task).await.unwrap());
    }
    assert_eq!(outcomes, [AckCode::AA, AckCode::AR, AckCode::AE, AckCode::AA]);
}

#[tokio::test]
async fn what_is_not_committed_is_sent_again_ahead_of_all_others() {
    let (client, listener) = client(3, |builder| builder).await;
    let tasks = deliver(&client, &["1", "2", "3"]).await;
    let mut wire = accept(&listener).await;
    arrives_and(&mut wire, "1", ACK).await;
    arrives_and(&mut wire, "2", NAK).await;
    arrives_and(&mut wire, "2", NAK).await;
    // An answer to another message meanwhile is no commit.
    arrives(&mut wire, "2").await;
    is_committed(&mut wire, &ack("AA", "1")).await;
    assert!(is_silent(&mut wire).await, "the third was sent before the second was committed");
    wire.send(&frame(ACK)).await;
    arrives_and(&mut wire, "3", ACK).await;
    is_committed(&mut wire, &[ack("AA", "3"), ack("AE", "2")].concat()).await;
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(outcome(task).await.unwrap());
    }
    assert_eq!(outcomes, [AckCode::AA, AckCode::AE, AckCode::AA]);
}

#[tokio::test]
async fn what_is_never_committed_leaves_those_before_it_their_answers() {
    let (client, listener) = client(3, |builder| builder).await;
    let mut tasks = deliver(&client, &["1", "2", "3"]).await.into_iter();
    let mut wire = accept(&listener).await;
    arrives_and(&mut wire, "1", ACK).await;
    for _ in 0..3 {
        arrives_and(&mut wire, "2", NAK).await;
    }
    let (first, second, third) = (tasks.next(), tasks.next(), tasks.next());
    let refused = Err(("unknown", CauseKind::Refused));
    assert_eq!(outcome(second.unwrap()).await, refused);
    assert!(is_silent(&mut wire).await, "more was sent where something is not committed");
    is_committed(&mut wire, &ack("AA", "1")).await;
    assert_eq!(outcome(first.unwrap()).await, Ok(AckCode::AA));
    assert!(is_closed(&mut wire).await);
    let mut fresh = accept(&listener).await;
    arrives_and(&mut fresh, "3", ACK).await;
    is_committed(&mut fresh, &ack("AA", "3")).await;
    assert_eq!(outcome(third.unwrap()).await, Ok(AckCode::AA));
}

#[tokio::test]
async fn a_commit_that_does_not_come_ends_the_connection_for_all() {
    let (client, listener) = client(3, |builder| builder.commit_timeout(SHORT)).await;
    let mut tasks = deliver(&client, &["1", "2", "3"]).await.into_iter();
    let mut wire = accept(&listener).await;
    arrives_and(&mut wire, "1", ACK).await;
    arrives(&mut wire, "2").await;
    assert!(is_closed(&mut wire).await);
    let closed = Err(("unknown", CauseKind::Closed));
    assert_eq!(outcome(tasks.next().unwrap()).await, closed, "it was committed, and no more");
    let Delivery::Unknown(cause) = tasks.next().unwrap().await.unwrap() else { panic!("known") };
    assert_eq!(cause.kind(), CauseKind::TimedOut);
    assert!(cause.to_string().contains("release 2"), "{cause}");
    let mut fresh = accept(&listener).await;
    arrives_and(&mut fresh, "3", ACK).await;
    is_committed(&mut fresh, &ack("AA", "3")).await;
    assert_eq!(outcome(tasks.next().unwrap()).await, Ok(AckCode::AA));
}

#[tokio::test]
async fn an_answer_before_its_commit_is_the_answer_and_its_late_commit_is_nobodys() {
    let (client, listener) = client(3, |builder| builder).await;
    let mut tasks = deliver(&client, &["1", "2", "3"]).await.into_iter();
    let mut wire = accept(&listener).await;
    arrives_and(&mut wire, "1", ACK).await;
    arrives(&mut wire, "2").await;
    is_committed(&mut wire, &ack("AA", "2")).await;
    wire.send(&frame(ACK)).await;
    let (first, second, third) = (tasks.next(), tasks.next(), tasks.next());
    assert_eq!(outcome(second.unwrap()).await, Ok(AckCode::AA));
    assert!(is_silent(&mut wire).await, "the late commit could be taken for the third's");
    is_committed(&mut wire, &ack("AE", "1")).await;
    assert_eq!(outcome(first.unwrap()).await, Ok(AckCode::AE));
    assert!(is_closed(&mut wire).await);
    let mut fresh = accept(&listener).await;
    arrives_and(&mut fresh, "3", ACK).await;
    is_committed(&mut fresh, &ack("AA", "3")).await;
    assert_eq!(outcome(third.unwrap()).await, Ok(AckCode::AA));
}

#[tokio::test]
async fn where_no_answer_is_due_the_commit_is_the_outcome() {
    let (client, listener) = client(2, |builder| builder.silence_timeout(SHORT)).await;
    let none_due = asking("1", "NE", "NE");
    let first = deliver_content(&client, none_due.clone()).await;
    let mut wire = accept(&listener).await;
    assert_eq!(wire.next().await.unwrap(), none_due);
    assert!(is_silent(&mut wire).await && !first.is_finished(), "it is not committed");
    wire.send(&frame(ACK)).await;
    assert!(matches!(first.await.unwrap(), Delivery::NoneDue));

    // Silence accepts what was committed, and nothing else.
    let only_errors = asking("2", "ER", "NE");
    let second = deliver_content(&client, only_errors.clone()).await;
    assert_eq!(wire.next().await.unwrap(), only_errors);
    tokio::time::timeout(2 * SHORT, wire.next()).await.expect_err("closed in silence");
    assert!(!second.is_finished(), "it is not committed");
    wire.send(&frame(ACK)).await;
    assert!(matches!(second.await.unwrap(), Delivery::NoneDue));
}

#[tokio::test]
async fn a_message_of_the_peers_own_is_committed_where_it_is_taken() {
    for takes in [true, false] {
        let (client, listener) = client(2, |builder| builder.on_inbound(move |_| takes)).await;
        let mut tasks = deliver(&client, &["1"]).await.into_iter();
        let mut wire = accept(&listener).await;
        arrives(&mut wire, "1").await;
        wire.send(&frame(&message("OWN"))).await;
        if takes {
            assert_eq!(wire.next().await.unwrap(), ACK);
        } else {
            assert!(is_silent(&mut wire).await, "committed, and dropped");
        }
        wire.send(&frame(ACK)).await;
        is_committed(&mut wire, &ack("AA", "1")).await;
        assert_eq!(outcome(tasks.next().unwrap()).await, Ok(AckCode::AA), "taken: {takes}");
        assert_eq!(client.dropped_inbound(), u64::from(!takes));
    }
}

#[tokio::test]
async fn client_and_server_agree_however_their_blocks_meet() {
    let handled = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&handled);
    let server = Server::bind("127.0.0.1:0").await.unwrap().release2(true);
    let address = server.local_addr().to_string();
    tokio::spawn(async move {
        let handler = move |_: Received| {
            count.fetch_add(1, Ordering::Relaxed);
            async { Outcome::accepted() }
        };
        server.serve(handler).await
    });
    let eight = NonZeroUsize::new(8).unwrap();
    let client = Client::builder(address).release2(true).build_pipelined(eight).unwrap();
    let mut tasks = Vec::new();
    for id in 0..200 {
        let request = if id % 3 == 0 { "NE" } else { "" };
        let content = asking(&id.to_string(), request, request);
        tasks.push(deliver_content(&client, content).await);
    }
    for (id, task) in tasks.into_iter().enumerate() {
        match timeout(SOON, task).await.expect("an outcome").unwrap() {
            Delivery::Answered(answer) => assert_eq!(answer.code(), Some(AckCode::AA), "{id}"),
            Delivery::NoneDue => assert_eq!(id % 3, 0),
            other => panic!("{id}: {other:?}"),
        }
    }
    assert_eq!(handled.load(Ordering::Relaxed), 200, "each once");
}
