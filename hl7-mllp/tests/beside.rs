//! What a peer puts into one frame with the answer is not lost, and a peer that answers although
//! nobody asked is understood.

use std::sync::{Arc, Mutex};

use hl7_ack::{AckCode, CauseKind, Deliver, Delivery};
use hl7_mllp::client::{Client, ClientBuilder};
use hl7_parse::OwnedMessage;
use tokio::{io::duplex, task::JoinHandle};

use crate::support::{Log, Wire, ack, frame, message};

fn owned(text: impl Into<Vec<u8>>) -> OwnedMessage {
    OwnedMessage::parse(text.into()).expect("readable")
}

/// A client over a pipe, and its peer.
fn over_pipe(
    set: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> (Client, Wire<tokio::io::DuplexStream>) {
    let (ours, theirs) = duplex(1 << 16);
    (set(Client::builder("pipe:1")).build_over(ours), Wire::new(theirs))
}

fn deliver(client: &Client, text: Vec<u8>) -> JoinHandle<Delivery> {
    let (client, message) = (client.clone(), owned(text));
    tokio::spawn(async move { client.deliver(message).await })
}

/// The first field of each message that was offered, and takes it if told so.
fn taking(
    takes: bool,
) -> (Arc<Mutex<Vec<String>>>, impl Fn(&OwnedMessage) -> bool + Send + Sync + 'static) {
    let seen = Arc::<Mutex<Vec<String>>>::default();
    let offered = Arc::clone(&seen);
    let take = move |message: &OwnedMessage| {
        let id = message.header().control_id().decode().into_owned();
        offered.lock().expect("not poisoned").push(id);
        takes
    };
    (seen, take)
}

/// What is in the frame, what is offered of it in which order, the answer, how much is dropped
/// where nobody takes it, and whether the connection then serves for another message.
#[tokio::test]
async fn what_stands_beside_the_answer_is_offered_or_counted() {
    let inbound = |id: &str| message(id);
    for (parts, offered, code, dropped, kept) in [
        (vec![ack("AA", "1")], vec![], AckCode::AA, 0, true),
        (vec![ack("AA", "1"), inbound("5")], vec!["5"], AckCode::AA, 1, true),
        (vec![inbound("5"), ack("AE", "1"), inbound("6")], vec!["5", "6"], AckCode::AE, 2, true),
        // Two acknowledgments of one level.
        (vec![ack("AA", "1"), ack("AE", "1")], vec!["A1"], AckCode::AA, 1, true),
        (vec![ack("AE", "1"), ack("CA", "1")], vec!["A1"], AckCode::AE, 1, true),
        (vec![ack("AA", "0"), ack("AR", "1")], vec!["A0"], AckCode::AR, 0, false),
        (vec![b"MSH\r".to_vec(), ack("AA", "1")], vec![], AckCode::AA, 1, true),
    ] {
        for takes in [true, false] {
            let shown = format!("{} taken: {takes}", parts.concat().escape_ascii());
            let (seen, take) = taking(takes);
            let log = Log::start();
            let (client, mut wire) = over_pipe(|builder| builder.on_inbound(take));
            let first = deliver(&client, message("1"));
            wire.next().await.expect("the message");
            wire.send(&frame(&parts.concat())).await;
            let delivery = first.await.expect("no panic");
            let Delivery::Answered(answer) = &delivery else { panic!("{shown}: {delivery:?}") };
            assert_eq!(answer.code(), Some(code), "{shown}");
            assert_eq!(*seen.lock().expect("not poisoned"), offered, "{shown}");
            let unreadable = u64::from(parts[0] == b"MSH\r");
            assert_eq!(
                client.dropped_inbound(),
                if takes { unreadable } else { dropped },
                "{shown}"
            );
            log.assert_nothing_of_a_patient();

            let second = deliver(&client, message("2"));
            let arrives = wire.next().await.is_some();
            assert_eq!(arrives, kept || takes, "{shown}");
            second.abort();
        }
    }
}

/// Whoever waits for it elsewhere has it; else it says more than the other, and is the answer.
#[tokio::test]
async fn an_application_acknowledgment_right_behind_the_other_is_not_lost() {
    for (takes, code) in [(true, AckCode::CA), (false, AckCode::AE)] {
        let (seen, take) = taking(takes);
        let (client, mut wire) = over_pipe(|builder| builder.on_inbound(take));
        let first = deliver(&client, asking("1", "AL|AL"));
        wire.next().await.expect("the message");
        wire.send(&frame(&[ack("CA", "1"), ack("AE", "1")].concat())).await;
        let delivery = first.await.expect("no panic");
        let Delivery::Answered(answer) = &delivery else { panic!("taken: {takes}: {delivery:?}") };
        assert_eq!(answer.code(), Some(code), "taken: {takes}");
        assert_eq!(*seen.lock().expect("not poisoned"), ["A1"], "taken: {takes}");
        assert_eq!(client.dropped_inbound(), 0, "taken: {takes}");
    }
}

#[tokio::test]
async fn each_message_of_a_frame_is_offered_while_another_answer_is_awaited_and_between() {
    let (seen, take) = taking(true);
    let (client, mut wire) = over_pipe(|builder| builder.on_inbound(take));
    let first = deliver(&client, message("1"));
    wire.next().await.expect("the message");
    wire.send(&frame(&[message("5"), ack("AA", "0"), message("6")].concat())).await;
    wire.send(&frame(&ack("AA", "1"))).await;
    assert!(matches!(first.await.expect("no panic"), Delivery::Answered(_)));
    wire.send(&frame(&[message("7"), message("8")].concat())).await;
    let second = deliver(&client, message("2"));
    wire.next().await.expect("on the same connection");
    wire.send(&frame(&ack("AA", "2"))).await;
    assert!(matches!(second.await.expect("no panic"), Delivery::Answered(_)));
    assert_eq!(*seen.lock().expect("not poisoned"), ["5", "A0", "6", "7", "8"]);
    assert_eq!(client.dropped_inbound(), 0);
}

fn asking(id: &str, asked: &str) -> Vec<u8> {
    format!("MSH|^~\\&|A|B|C|D|2024||ADT^A01|{id}|P|2.5|||{asked}\r").into_bytes()
}

#[tokio::test]
async fn the_answer_of_a_peer_that_is_always_in_original_mode_is_waited_for() {
    for asked in ["NE|AL", "NE|NE", "ER|NE", "AL|AL", "|"] {
        let (client, mut wire) = over_pipe(ClientBuilder::always_original_mode);
        for id in ["1", "2"] {
            let delivery = deliver(&client, asking(id, asked));
            wire.next().await.expect("on one connection");
            wire.send(&frame(&ack("AE", id))).await;
            let delivery = delivery.await.expect("no panic");
            let Delivery::Answered(answer) = &delivery else { panic!("{asked}: {delivery:?}") };
            assert_eq!(answer.code(), Some(AckCode::AE), "{asked}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_silence_of_a_peer_that_is_always_in_original_mode_is_no_acceptance() {
    for asked in ["ER|NE", "NE|NE"] {
        let (client, _wire) = over_pipe(ClientBuilder::always_original_mode);
        let delivery = client.deliver(owned(asking("1", asked))).await;
        let Delivery::Unknown(cause) = &delivery else { panic!("{asked}: {delivery:?}") };
        assert_eq!(cause.kind(), CauseKind::TimedOut, "{asked}");
    }
}
