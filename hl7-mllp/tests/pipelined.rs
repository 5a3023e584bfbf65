//! Several messages under way on one connection, against scripted peers.

use std::{num::NonZeroUsize, time::Duration};

use hl7_ack::{AckCode, CauseKind, Deliver, Delivery, Matching};
use hl7_mllp::client::{Client, ClientBuilder, Pipelined};
use hl7_parse::OwnedMessage;
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::{Instant, timeout},
};

use crate::support::{Wire, ack, frame, message};

/// Long enough for what is to happen.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// Long enough to see that something does not happen.
pub(crate) const A_MOMENT: Duration = Duration::from_millis(30);

/// A time limit that is to pass.
pub(crate) const SHORT: Duration = Duration::from_millis(150);

pub(crate) async fn client(
    max_in_flight: usize,
    set: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> (Pipelined, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let builder = Client::builder(listener.local_addr().unwrap().to_string());
    let max_in_flight = NonZeroUsize::new(max_in_flight).unwrap();
    (set(builder).build_pipelined(max_in_flight).unwrap(), listener)
}

pub(crate) async fn accept(listener: &TcpListener) -> Wire<TcpStream> {
    Wire::new(timeout(SOON, listener.accept()).await.expect("a connection").unwrap().0)
}

/// Begins to deliver each of these, in this order.
pub(crate) async fn deliver(client: &Pipelined, ids: &[&str]) -> Vec<JoinHandle<Delivery>> {
    let mut tasks = Vec::new();
    for id in ids {
        let (client, message) = (client.clone(), OwnedMessage::parse(message(id)).unwrap());
        tasks.push(tokio::spawn(async move { client.deliver(message).await }));
        tokio::task::yield_now().await;
    }
    tasks
}

/// The next message that arrives.
pub(crate) async fn arrives(wire: &mut Wire<TcpStream>, id: &str) {
    let content = timeout(SOON, wire.next()).await.expect("a message").expect("a message");
    assert_eq!(content, message(id));
}

pub(crate) async fn is_silent(wire: &mut Wire<TcpStream>) -> bool {
    timeout(A_MOMENT, wire.next()).await.is_err()
}

pub(crate) async fn is_closed(wire: &mut Wire<TcpStream>) -> bool {
    timeout(SOON, wire.next()).await.expect("an end").is_none()
}

/// What became of a message: the code of its answer, or the kind of the cause.
pub(crate) async fn outcome(
    task: JoinHandle<Delivery>,
) -> Result<AckCode, (&'static str, CauseKind)> {
    match timeout(SOON, task).await.expect("an outcome").unwrap() {
        Delivery::Answered(answer) => Ok(answer.code().unwrap()),
        Delivery::NotSent(cause) => Err(("not sent", cause.kind())),
        Delivery::Unknown(cause) => Err(("unknown", cause.kind())),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn answers_in_any_order_reach_the_messages_they_name_and_no_more_than_the_bound_are_under_way()
 {
    let (client, listener) = client(3, |builder| builder).await;
    let tasks = deliver(&client, &["1", "2", "3", "4"]).await;
    let mut wire = accept(&listener).await;
    for id in ["1", "2", "3"] {
        arrives(&mut wire, id).await;
    }
    assert!(is_silent(&mut wire).await, "a fourth is under way");
    wire.send(&[frame(&ack("AR", "3")), frame(&ack("AA", "1"))].concat()).await;
    arrives(&mut wire, "4").await;
    // Two answers in one frame are two answers.
    wire.send(&frame(&[ack("AA", "4"), ack("AE", "2")].concat())).await;
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(outcome(task).await.unwrap());
    }
    assert_eq!(outcomes, [AckCode::AA, AckCode::AE, AckCode::AR, AckCode::AA]);
    // The connection is good for more.
    let more = deliver(&client, &["5"]).await;
    arrives(&mut wire, "5").await;
    wire.send(&frame(&ack("AA", "5"))).await;
    assert_eq!(outcome(more.into_iter().next().unwrap()).await, Ok(AckCode::AA));
}

#[tokio::test]
async fn a_server_that_takes_one_at_a_time_and_answers_in_order_is_served_too() {
    let (client, listener) = client(4, |builder| builder).await;
    let ids: Vec<String> = (0..50).map(|id| id.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let tasks = deliver(&client, &ids).await;
    let mut wire = accept(&listener).await;
    for id in &ids {
        arrives(&mut wire, id).await;
        wire.send(&frame(&ack("AA", id))).await;
    }
    for task in tasks {
        assert_eq!(outcome(task).await, Ok(AckCode::AA));
    }
}

#[tokio::test]
async fn a_time_limit_ends_the_connection_for_all_and_those_that_wait_go_over_a_new_one() {
    let (client, listener) = client(2, |builder| builder.answer_timeout(SHORT)).await;
    let mut tasks = deliver(&client, &["1", "2", "3"]).await;
    let mut wire = accept(&listener).await;
    arrives(&mut wire, "1").await;
    arrives(&mut wire, "2").await;
    assert!(is_closed(&mut wire).await, "the third was sent on a connection that is late");
    let mut fresh = accept(&listener).await;
    arrives(&mut fresh, "3").await;
    fresh.send(&frame(&ack("AA", "3"))).await;
    assert_eq!(outcome(tasks.pop().unwrap()).await, Ok(AckCode::AA));
    for task in tasks {
        let Err(("unknown", kind)) = outcome(task).await else { panic!("known") };
        assert!(matches!(kind, CauseKind::TimedOut | CauseKind::Closed), "{kind:?}");
    }
}

#[tokio::test]
async fn a_trickling_answer_has_the_same_limit() {
    let limit = 4 * SHORT;
    let (client, listener) = client(2, |builder| builder.answer_timeout(limit)).await;
    let started = Instant::now();
    let task = deliver(&client, &["1"]).await.pop().unwrap();
    let mut wire = accept(&listener).await;
    arrives(&mut wire, "1").await;
    // It begins late, and goes on for longer than the limit again.
    let trickling = tokio::spawn(async move {
        tokio::time::sleep(3 * SHORT).await;
        for byte in frame(&ack("AA", "1")) {
            if wire.io.write_all(&[byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(SHORT / 10).await;
        }
    });
    assert_eq!(outcome(task).await, Err(("unknown", CauseKind::TimedOut)));
    assert!(started.elapsed() < limit + 2 * SHORT, "after {:?}", started.elapsed());
    trickling.abort();
}

#[tokio::test]
async fn the_message_that_is_late_is_told_so_and_the_other_that_its_connection_was_given_up() {
    let (client, listener) = client(2, |builder| builder.answer_timeout(SHORT)).await;
    let mut tasks = deliver(&client, &["1"]).await;
    let mut wire = accept(&listener).await;
    arrives(&mut wire, "1").await;
    assert!(is_silent(&mut wire).await);
    tasks.extend(deliver(&client, &["2"]).await);
    arrives(&mut wire, "2").await;
    let second = tasks.pop().unwrap();
    let first = tasks.pop().unwrap();
    assert_eq!(outcome(first).await, Err(("unknown", CauseKind::TimedOut)));
    assert_eq!(outcome(second).await, Err(("unknown", CauseKind::Closed)));
}

#[tokio::test]
async fn after_an_answer_to_what_nobody_sent_the_rest_is_awaited_and_nothing_more_sent() {
    let (client, listener) = client(3, |builder| builder).await;
    let mut tasks = deliver(&client, &["1", "2"]).await;
    let mut wire = accept(&listener).await;
    arrives(&mut wire, "1").await;
    arrives(&mut wire, "2").await;
    wire.send(&frame(&ack("AA", "OLD"))).await;
    // So that the next message can not be before it.
    wire.send(&frame(&ack("AA", "2"))).await;
    assert_eq!(outcome(tasks.pop().unwrap()).await, Ok(AckCode::AA));
    let third = deliver(&client, &["3"]).await;
    assert!(is_silent(&mut wire).await, "sent on a spoiled connection");
    wire.send(&frame(&ack("AA", "1"))).await;
    assert_eq!(outcome(tasks.pop().unwrap()).await, Ok(AckCode::AA));
    assert!(is_closed(&mut wire).await);
    let mut fresh = accept(&listener).await;
    arrives(&mut fresh, "3").await;
    fresh.send(&frame(&ack("AA", "3"))).await;
    assert_eq!(outcome(third.into_iter().next().unwrap()).await, Ok(AckCode::AA));
}

#[tokio::test]
async fn a_lost_connection_or_nonsense_leaves_the_outcome_of_all_unknown() {
    for (sent, kind) in [
        (&b""[..], CauseKind::Closed),
        (&frame(b"<html>"), CauseKind::Unreadable),
        (b"HTTP/1.1 400 Bad Request\r\n", CauseKind::Unreadable),
    ] {
        let (client, listener) = client(2, |builder| builder).await;
        let tasks = deliver(&client, &["1", "2"]).await;
        let mut wire = accept(&listener).await;
        arrives(&mut wire, "1").await;
        arrives(&mut wire, "2").await;
        wire.send(sent).await;
        if sent.is_empty() {
            drop(wire);
        }
        for task in tasks {
            assert_eq!(outcome(task).await, Err(("unknown", kind)), "{}", sent.escape_ascii());
        }
    }
}

#[tokio::test]
async fn two_messages_with_one_control_id_are_not_under_way_together() {
    let (client, listener) = client(8, |builder| builder).await;
    let tasks = deliver(&client, &["1", "1", "2"]).await;
    let mut wire = accept(&listener).await;
    arrives(&mut wire, "1").await;
    assert!(is_silent(&mut wire).await, "an answer could be for either");
    wire.send(&frame(&ack("AA", "1"))).await;
    arrives(&mut wire, "1").await;
    arrives(&mut wire, "2").await;
    wire.send(&[frame(&ack("AA", "2")), frame(&ack("AE", "1"))].concat()).await;
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(outcome(task).await.unwrap());
    }
    assert_eq!(outcomes, [AckCode::AA, AckCode::AE, AckCode::AA]);
}

#[tokio::test]
async fn two_messages_that_one_answer_fits_are_not_under_way_together() {
    let long = "ADMISSION-2026-00000";
    let (first, second) = (format!("{long}A"), format!("{long}B"));
    let exact = Matching::exact();
    for (ids, named, matching) in [
        (["7", "\\X37\\"], ["7", "7"], exact),
        (["7", " 7"], ["7", "7"], exact),
        (["", "1"], ["1", "1"], exact),
        (["1", ""], ["1", ""], exact),
        (["\u{e4}", "\u{e5}"], ["\u{e4}", "\u{e5}"], exact),
        ([first.as_str(), &second], [long, long], exact.or_cut_to_20()),
        (["7", "8"], ["", ""], exact.or_missing()),
        (["7", "8"], ["9", "9"], exact.or_any()),
    ] {
        let (client, listener) = client(8, |builder| builder.matching(matching)).await;
        let mut tasks = deliver(&client, &ids).await.into_iter();
        let mut wire = accept(&listener).await;
        arrives(&mut wire, ids[0]).await;
        assert!(is_silent(&mut wire).await, "an answer could be for either of {ids:?}");
        wire.send(&frame(&ack("AE", named[0]))).await;
        assert_eq!(outcome(tasks.next().unwrap()).await, Ok(AckCode::AE), "{ids:?}");
        arrives(&mut wire, ids[1]).await;
        wire.send(&frame(&ack("AA", named[1]))).await;
        assert_eq!(outcome(tasks.next().unwrap()).await, Ok(AckCode::AA), "{ids:?}");
    }
}

#[tokio::test]
async fn two_messages_alike_in_what_is_shown_of_their_control_ids_are_under_way_together() {
    let ids = ["1", "2"].map(|last| "x".repeat(64) + last);
    let ids = ids.each_ref().map(String::as_str);
    let (client, listener) = client(8, |builder| builder).await;
    let tasks = deliver(&client, &ids).await;
    let mut wire = accept(&listener).await;
    for id in ids {
        arrives(&mut wire, id).await;
    }
    wire.send(&[frame(&ack("AA", ids[1])), frame(&ack("AE", ids[0]))].concat()).await;
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(outcome(task).await.unwrap());
    }
    assert_eq!(outcomes, [AckCode::AE, AckCode::AA]);
}

#[tokio::test]
async fn what_can_not_be_read_hides_no_answer_behind_it() {
    let (client, listener) = client(2, |builder| builder).await;
    let mut tasks = deliver(&client, &["1", "2"]).await.into_iter();
    let mut wire = accept(&listener).await;
    arrives(&mut wire, "1").await;
    arrives(&mut wire, "2").await;
    wire.send(&frame(&[b"MSH\r".to_vec(), ack("AA", "1")].concat())).await;
    assert_eq!(outcome(tasks.next().unwrap()).await, Ok(AckCode::AA));
    // It may have been the answer to the other.
    let unknown = Err(("unknown", CauseKind::Unreadable));
    assert_eq!(outcome(tasks.next().unwrap()).await, unknown);
    assert!(is_closed(&mut wire).await);
}

#[tokio::test]
async fn an_application_acknowledgment_right_behind_the_other_is_not_lost() {
    for (takes, code) in [(true, AckCode::CA), (false, AckCode::AE)] {
        let (client, listener) = client(2, |builder| builder.on_inbound(move |_| takes)).await;
        let mut tasks = deliver(&client, &["1", "2"]).await.into_iter();
        let mut wire = accept(&listener).await;
        arrives(&mut wire, "1").await;
        arrives(&mut wire, "2").await;
        wire.send(&frame(&[ack("CA", "1"), ack("AA", "2"), ack("AE", "1")].concat())).await;
        assert_eq!(outcome(tasks.next().unwrap()).await, Ok(code), "taken: {takes}");
        assert_eq!(outcome(tasks.next().unwrap()).await, Ok(AckCode::AA), "taken: {takes}");
        assert_eq!(client.dropped_inbound(), 0, "taken: {takes}");
        // The connection is good for more.
        let more = deliver(&client, &["3"]).await;
        arrives(&mut wire, "3").await;
        wire.send(&frame(&ack("AA", "3"))).await;
        assert_eq!(outcome(more.into_iter().next().unwrap()).await, Ok(AckCode::AA));
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_disturbs_nobody() {
    let (client, listener) = client(2, |builder| builder).await;
    let mut tasks = deliver(&client, &["1", "2"]).await;
    let mut wire = accept(&listener).await;
    arrives(&mut wire, "1").await;
    arrives(&mut wire, "2").await;
    let second = tasks.pop().unwrap();
    tasks.pop().unwrap().abort();
    wire.send(&[frame(&ack("AA", "1")), frame(&ack("AE", "2"))].concat()).await;
    assert_eq!(outcome(second).await, Ok(AckCode::AE));
    let third = deliver(&client, &["3"]).await;
    arrives(&mut wire, "3").await;
    wire.send(&frame(&ack("AA", "3"))).await;
    assert_eq!(outcome(third.into_iter().next().unwrap()).await, Ok(AckCode::AA));
}

#[tokio::test]
async fn what_waits_too_long_or_is_one_too_many_is_not_sent() {
    let (client, listener) = client(1, |builder| builder.queue_timeout(SHORT).max_waiting(1)).await;
    let mut tasks = deliver(&client, &["1", "2", "3"]).await;
    let mut wire = accept(&listener).await;
    arrives(&mut wire, "1").await;
    assert_eq!(outcome(tasks.pop().unwrap()).await, Err(("not sent", CauseKind::Overloaded)));
    assert_eq!(outcome(tasks.pop().unwrap()).await, Err(("not sent", CauseKind::Overloaded)));
    wire.send(&frame(&ack("AA", "1"))).await;
    assert_eq!(outcome(tasks.pop().unwrap()).await, Ok(AckCode::AA));
    assert!(is_silent(&mut wire).await, "what was given up was sent");
}

#[tokio::test]
async fn what_can_not_leave_is_not_sent() {
    let (client, listener) = client(2, |builder| builder).await;
    drop(listener);
    let tasks = deliver(&client, &["1", "2"]).await;
    for task in tasks {
        assert_eq!(outcome(task).await, Err(("not sent", CauseKind::Unreachable)));
    }
}

#[tokio::test]
async fn what_nobody_asked_for_is_handed_over_or_counted_and_is_no_answer() {
    let (taken, mut inbound) = tokio::sync::mpsc::unbounded_channel();
    let take = move |message: &OwnedMessage| {
        let is_wanted = message.as_message().header().control_id().as_bytes() == b"OWN";
        is_wanted && taken.send(()).is_ok()
    };
    let (client, listener) = client(2, |builder| builder.on_inbound(take)).await;
    let tasks = deliver(&client, &["1"]).await;
    let mut wire = accept(&listener).await;
    arrives(&mut wire, "1").await;
    wire.send(&[frame(&message("OWN")), frame(&message("9")), frame(&ack("AA", "1"))].concat())
        .await;
    assert_eq!(outcome(tasks.into_iter().next().unwrap()).await, Ok(AckCode::AA));
    assert!(inbound.recv().await.is_some());
    assert_eq!(client.dropped_inbound(), 1);
    // While nothing is under way too; then the connection is not used again.
    wire.send(&[frame(&message("OWN")), frame(&ack("AA", "1"))].concat()).await;
    assert!(inbound.recv().await.is_some());
    assert!(is_closed(&mut wire).await);
    assert_eq!(client.dropped_inbound(), 2);
}

#[tokio::test]
async fn a_connection_that_the_peer_has_closed_is_replaced() {
    let (client, listener) = client(2, |builder| builder).await;
    for id in ["1", "2", "3"] {
        let task = deliver(&client, &[id]).await;
        let mut wire = accept(&listener).await;
        arrives(&mut wire, id).await;
        wire.send(&frame(&ack("AA", id))).await;
        assert_eq!(outcome(task.into_iter().next().unwrap()).await, Ok(AckCode::AA));
        drop(wire);
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn silence_accepts_one_message_and_the_others_go_on() {
    let asking = b"MSH|^~\\&|LAB|GH|EHR|GH|2024||ADT^A01|Q|P|2.5|||ER|NE\rPID|1\r";
    let (client, listener) = client(2, |builder| builder.silence_timeout(SHORT)).await;
    let quiet = {
        let (client, message) = (client.clone(), OwnedMessage::parse(&asking[..]).unwrap());
        tokio::spawn(async move { client.deliver(message).await })
    };
    tokio::task::yield_now().await;
    let tasks = deliver(&client, &["1"]).await;
    let mut wire = accept(&listener).await;
    assert_eq!(wire.next().await.unwrap(), asking[..]);
    arrives(&mut wire, "1").await;
    let delivery = timeout(SOON, quiet).await.expect("an outcome").unwrap();
    assert!(matches!(delivery, Delivery::NoneDue), "{delivery:?}");
    wire.send(&frame(&ack("AA", "1"))).await;
    assert_eq!(outcome(tasks.into_iter().next().unwrap()).await, Ok(AckCode::AA));
}
