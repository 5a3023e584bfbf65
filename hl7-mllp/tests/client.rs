//! The client against scripted peers.

use std::time::Duration;

use hl7_ack::{AckCode, CauseKind, Deliver, Delivery, Matching};
use hl7_mllp::client::{Client, ClientBuilder};
use hl7_parse::OwnedMessage;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tracing::Level;

use crate::support::{Log, Wire, ack, frame, message};

fn owned(id: &str) -> OwnedMessage {
    OwnedMessage::parse(message(id)).unwrap()
}

/// A client, and the listener that is its peer.
async fn over_loopback(set: impl FnOnce(ClientBuilder) -> ClientBuilder) -> (Client, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let builder = Client::builder(listener.local_addr().unwrap().to_string());
    (set(builder).build().unwrap(), listener)
}

async fn accept(listener: &TcpListener) -> Wire<TcpStream> {
    Wire::new(listener.accept().await.unwrap().0)
}

fn deliver(client: &Client, id: &str) -> JoinHandle<Delivery> {
    let (client, message) = (client.clone(), owned(id));
    tokio::spawn(async move { client.deliver(message).await })
}

fn kind(delivery: &Delivery) -> (&'static str, Option<CauseKind>) {
    match delivery {
        Delivery::Answered(_) => ("answered", None),
        Delivery::NoneDue => ("none due", None),
        Delivery::NotSent(cause) => ("not sent", Some(cause.kind())),
        Delivery::Unknown(cause) => ("unknown", Some(cause.kind())),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn assert_answered(delivery: &Delivery, code: AckCode) {
    let Delivery::Answered(answer) = delivery else { panic!("{delivery:?}") };
    assert_eq!(answer.code(), Some(code));
}

#[tokio::test]
async fn messages_share_one_connection_and_are_framed_unchanged() {
    let (client, listener) = over_loopback(|builder| builder).await;
    let first = deliver(&client, "1");
    let mut wire = accept(&listener).await;
    assert_eq!(wire.next().await.unwrap(), message("1"));
    wire.send(&frame(&ack("AA", "1"))).await;
    assert_answered(&first.await.unwrap(), AckCode::AA);
    for (id, code) in [("2", AckCode::AE), ("3", AckCode::AR), ("4", AckCode::CA)] {
        let next = deliver(&client, id);
        assert_eq!(wire.next().await.unwrap(), message(id));
        wire.send(&frame(&ack(code.as_str(), id))).await;
        assert_answered(&next.await.unwrap(), code);
    }
}

#[tokio::test]
async fn callers_wait_in_order_and_one_exchange_is_under_way() {
    let (client, listener) = over_loopback(|builder| builder).await;
    let mut tasks = Vec::new();
    for id in 0..5 {
        tasks.push(deliver(&client, &id.to_string()));
        tokio::task::yield_now().await;
    }
    let mut wire = accept(&listener).await;
    for id in 0..5 {
        assert_eq!(wire.next().await.unwrap(), message(&id.to_string()));
        let nothing = tokio::time::timeout(Duration::from_millis(20), wire.next()).await;
        assert!(nothing.is_err(), "a second message before the answer to {id}");
        wire.send(&frame(&ack("AA", &id.to_string()))).await;
    }
    for task in tasks {
        assert_answered(&task.await.unwrap(), AckCode::AA);
    }
}

#[tokio::test]
async fn callers_over_the_bound_are_turned_away() {
    let (client, listener) = over_loopback(|builder| builder.max_waiting(2)).await;
    let mut tasks: Vec<_> = (0..3).map(|id| deliver(&client, &id.to_string())).collect();
    let mut wire = accept(&listener).await;
    assert_eq!(wire.next().await.unwrap(), message("0"));
    let turned_away = client.deliver(owned("3")).await;
    assert_eq!(kind(&turned_away), ("not sent", Some(CauseKind::Overloaded)));
    for (id, task) in tasks.drain(..).enumerate() {
        if id > 0 {
            assert_eq!(wire.next().await.unwrap(), message(&id.to_string()));
        }
        wire.send(&frame(&ack("AA", &id.to_string()))).await;
        assert_answered(&task.await.unwrap(), AckCode::AA);
    }
}

#[tokio::test]
async fn a_connection_the_peer_has_closed_is_replaced_before_use() {
    let (client, listener) = over_loopback(|builder| builder).await;
    for id in ["1", "2", "3", "4", "5"] {
        let task = deliver(&client, id);
        let mut wire = accept(&listener).await;
        assert_eq!(wire.next().await.unwrap(), message(id));
        wire.send(&frame(&ack("AA", id))).await;
        assert_answered(&task.await.unwrap(), AckCode::AA);
        wire.io.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn a_connection_with_something_unread_is_not_used_again() {
    let late = ack("AA", "0");
    let table: [(&str, Vec<u8>, bool); 6] = [
        ("a late answer", frame(&late), false),
        ("half of one", frame(&late)[..20].to_vec(), false),
        ("garbage", b"x".to_vec(), false),
        ("line ends", b"\r\n".to_vec(), true),
        ("empty frames", [frame(b""), frame(b"")].concat(), true),
        ("nothing", Vec::new(), true),
    ];
    for (name, unread, kept) in table {
        let (client, listener) = over_loopback(|builder| builder).await;
        let first = deliver(&client, "1");
        let mut wire = accept(&listener).await;
        wire.next().await.unwrap();
        wire.send(&[&frame(&ack("AA", "1"))[..], &unread].concat()).await;
        assert_answered(&first.await.unwrap(), AckCode::AA);
        let second = deliver(&client, "2");
        let mut wire = if kept { wire } else { accept(&listener).await };
        assert_eq!(wire.next().await.unwrap(), message("2"), "{name}");
        wire.send(&frame(&ack("AA", "2"))).await;
        assert_answered(&second.await.unwrap(), AckCode::AA);
    }
}

#[tokio::test]
async fn a_late_answer_is_never_taken_for_the_next_messages() {
    let (client, listener) =
        over_loopback(|builder| builder.answer_timeout(Duration::from_millis(50))).await;
    let first = deliver(&client, "1");
    let mut wire = accept(&listener).await;
    wire.next().await.unwrap();
    assert_eq!(kind(&first.await.unwrap()), ("unknown", Some(CauseKind::TimedOut)));
    let second = deliver(&client, "2");
    let mut fresh = accept(&listener).await;
    assert_eq!(fresh.next().await.unwrap(), message("2"));
    assert_eq!(wire.next().await, None, "the old connection is closed");
    fresh.send(&frame(&ack("AE", "2"))).await;
    assert_answered(&second.await.unwrap(), AckCode::AE);
}

#[tokio::test]
async fn an_answer_to_another_message_is_passed_over_and_the_connection_then_closed() {
    let (client, listener) = over_loopback(|builder| builder).await;
    let first = deliver(&client, "1");
    let mut wire = accept(&listener).await;
    wire.next().await.unwrap();
    wire.send(&[frame(&ack("AA", "0")), frame(&ack("AE", "1"))].concat()).await;
    assert_answered(&first.await.unwrap(), AckCode::AE);
    assert_eq!(wire.next().await, None);
    let second = deliver(&client, "2");
    let mut wire = accept(&listener).await;
    wire.next().await.unwrap();
    wire.send(&frame(&ack("AA", "2"))).await;
    assert_answered(&second.await.unwrap(), AckCode::AA);
}

#[tokio::test]
async fn many_answers_to_other_messages_are_one_line_of_the_log() {
    let log = Log::start();
    let (client, listener) = over_loopback(|builder| builder).await;
    let first = deliver(&client, "1");
    let mut wire = accept(&listener).await;
    wire.next().await.unwrap();
    let others: Vec<u8> = (2..100).flat_map(|id| frame(&ack("AA", &id.to_string()))).collect();
    wire.send(&[others, frame(&ack("AE", "1"))].concat()).await;
    assert_answered(&first.await.unwrap(), AckCode::AE);
    assert_eq!(log.at(Level::WARN).len(), 1, "{:#?}", log.at(Level::WARN));
}

#[tokio::test]
async fn a_caller_that_goes_away_spoils_the_connection() {
    let (client, listener) = over_loopback(|builder| builder).await;
    let first = deliver(&client, "1");
    let mut wire = accept(&listener).await;
    wire.next().await.unwrap();
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    assert_eq!(wire.next().await, None);
    let second = deliver(&client, "2");
    let mut wire = accept(&listener).await;
    assert_eq!(wire.next().await.unwrap(), message("2"));
    wire.send(&frame(&ack("AA", "2"))).await;
    assert_answered(&second.await.unwrap(), AckCode::AA);
}

#[tokio::test]
async fn a_message_of_the_peers_own_is_dropped_counted_and_not_taken_for_the_answer() {
    let log = Log::start();
    let (client, listener) = over_loopback(|builder| builder).await;
    let first = deliver(&client, "1");
    let mut wire = accept(&listener).await;
    wire.next().await.unwrap();
    wire.send(&[frame(&message("1")), frame(&ack("AA", "1"))].concat()).await;
    assert_answered(&first.await.unwrap(), AckCode::AA);
    assert_eq!(client.dropped_inbound(), 1);
    assert_eq!(log.at(Level::WARN).len(), 1);
    log.assert_nothing_of_a_patient();
}

#[tokio::test]
async fn noise_before_the_answer_does_not_disturb() {
    for noise in [&b"\r\n"[..], b"garbage", b"\x0b\x1c\r", b"\x0bMSH|", b"\x15"] {
        let (client, listener) = over_loopback(|builder| builder).await;
        let first = deliver(&client, "1");
        let mut wire = accept(&listener).await;
        wire.next().await.unwrap();
        for byte in [noise, &frame(&ack("AA", "1"))].concat() {
            wire.send(&[byte]).await;
        }
        assert_answered(&first.await.unwrap(), AckCode::AA);
    }
}

#[tokio::test]
async fn what_can_not_be_an_answer_leaves_the_outcome_unknown() {
    let table: [(&str, Vec<u8>, CauseKind); 9] = [
        ("closed", Vec::new(), CauseKind::Closed),
        ("half an answer", frame(&ack("AA", "1"))[..30].to_vec(), CauseKind::Closed),
        ("text", frame(b"ACK"), CauseKind::Unreadable),
        ("one byte", frame(b"\x06"), CauseKind::Unreadable),
        ("too long", frame(&[b'x'; 1001]), CauseKind::Unreadable),
        ("HTTP", b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), CauseKind::Unreadable),
        ("a TLS alert", b"\x15\x03\x03\x00\x02\x02\x46".to_vec(), CauseKind::Unreadable),
        ("garbage", vec![b'#'; 70_000], CauseKind::Unreadable),
        ("another's answer", frame(&ack("AA", "0")), CauseKind::Mismatched),
    ];
    for (name, bytes, expected) in table {
        let (client, listener) = over_loopback(|builder| builder.max_frame_len(1000)).await;
        let first = deliver(&client, "1");
        let mut wire = accept(&listener).await;
        wire.next().await.unwrap();
        wire.send(&bytes).await;
        wire.io.shutdown().await.unwrap();
        let delivery = first.await.unwrap();
        assert_eq!(kind(&delivery), ("unknown", Some(expected)), "{name}: {delivery:?}");
        assert!(!format!("{delivery:?}").contains("SECRET"), "{delivery:?}");
    }
}

#[tokio::test]
async fn an_empty_or_bare_acknowledgment_is_never_success() {
    let table: [&[u8]; 4] = [
        b"MSH|^~\\&|A|B|C|D|2024||ACK|9|P|2.5\r",
        b"MSH|^~\\&|A|B|C|D|2024||ACK|9|P|2.5\rMSA|AA\r",
        b"MSH|^~\\&|A|B|C|D|2024||ACK|9|P|2.5\rMSA|AA|11\r",
        b"MSA|AA|1\r",
    ];
    for content in table {
        let (client, listener) = over_loopback(|builder| builder).await;
        let first = deliver(&client, "1");
        let mut wire = accept(&listener).await;
        wire.next().await.unwrap();
        wire.send(&frame(content)).await;
        wire.io.shutdown().await.unwrap();
        let delivery = first.await.unwrap();
        assert!(matches!(delivery, Delivery::Unknown(_)), "{}", content.escape_ascii());
    }
}

#[tokio::test]
async fn nothing_is_awaited_when_no_answer_was_asked_for() {
    let (client, listener) = over_loopback(|builder| builder).await;
    let text = "MSH|^~\\&|A|B|C|D|2024||ADT^A01|1|P|2.5|||NE|NE\r";
    let message = OwnedMessage::parse(text.as_bytes().to_vec()).unwrap();
    assert!(matches!(client.deliver(message.clone()).await, Delivery::NoneDue));
    assert!(matches!(client.deliver(message).await, Delivery::NoneDue));
    let mut wire = accept(&listener).await;
    assert_eq!(wire.next().await.unwrap(), text);
    assert_eq!(wire.next().await.unwrap(), text);
}

#[tokio::test]
async fn content_that_would_break_the_frame_is_not_sent() {
    let (client, listener) = over_loopback(|builder| builder).await;
    for bad in ["\x0b", "\x1c"] {
        let text = format!("MSH|^~\\&|A|B|C|D|2024||ADT^A01|1|P|2.5\rPID|1||SECRET{bad}\r");
        let delivery = client.deliver(OwnedMessage::parse(text.into_bytes()).unwrap()).await;
        assert_eq!(kind(&delivery), ("not sent", Some(CauseKind::InvalidContent)));
        assert!(!format!("{delivery:?}").contains("SECRET"), "{delivery:?}");
    }
    let accepted = tokio::time::timeout(Duration::from_millis(20), listener.accept()).await;
    assert!(accepted.is_err(), "a connection was opened");
}

#[tokio::test]
async fn a_refused_connection_is_not_sent_and_said_clearly() {
    let (client, listener) = over_loopback(|builder| builder).await;
    let address = listener.local_addr().unwrap();
    drop(listener);
    let delivery = client.deliver(owned("1")).await;
    let Delivery::NotSent(cause) = &delivery else { panic!("{delivery:?}") };
    assert_eq!(cause.kind(), CauseKind::Unreachable);
    assert!(cause.to_string().contains(&address.to_string()), "{cause}");
    // The far side comes up: the next message finds it.
    let listener = TcpListener::bind(address).await.unwrap();
    let task = deliver(&client, "2");
    let mut wire = accept(&listener).await;
    wire.next().await.unwrap();
    wire.send(&frame(&ack("AA", "2"))).await;
    assert_answered(&task.await.unwrap(), AckCode::AA);
}

#[tokio::test]
async fn every_address_of_a_name_is_tried() {
    // `localhost` may have ::1 first; only 127.0.0.1 is listened on.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let client = Client::builder(format!("localhost:{port}")).build().unwrap();
    let task = deliver(&client, "1");
    let mut wire = accept(&listener).await;
    wire.next().await.unwrap();
    wire.send(&frame(&ack("AA", "1"))).await;
    assert_answered(&task.await.unwrap(), AckCode::AA);
}

#[tokio::test]
async fn a_name_that_can_not_be_resolved_is_not_sent() {
    let client = Client::builder("no-such-host.invalid:2575").build().unwrap();
    let delivery = client.deliver(owned("1")).await;
    let (outcome, cause) = kind(&delivery);
    assert_eq!(outcome, "not sent", "{delivery:?}");
    let expected = [Some(CauseKind::Unreachable), Some(CauseKind::TimedOut)];
    assert!(expected.contains(&cause), "{delivery:?}");
}

#[tokio::test]
async fn a_given_connection_is_used_until_it_ends() {
    let (near, far) = duplex(4096);
    let client = Client::builder("unused").build_over(near);
    let mut wire: Wire<DuplexStream> = Wire::new(far);
    for id in ["1", "2"] {
        let task = deliver(&client, id);
        assert_eq!(wire.next().await.unwrap(), message(id));
        wire.send(&frame(&ack("AA", id))).await;
        assert_answered(&task.await.unwrap(), AckCode::AA);
    }
    drop(wire);
    let delivery = client.deliver(owned("3")).await;
    assert_eq!(kind(&delivery), ("not sent", Some(CauseKind::Unreachable)));
}

#[tokio::test]
async fn a_frame_that_left_in_part_leaves_the_outcome_unknown() {
    let (near, mut far) = duplex(16);
    let client = Client::builder("unused").build_over(near);
    let task = deliver(&client, "1");
    let mut part = [0; 5];
    far.read_exact(&mut part).await.unwrap();
    drop(far);
    assert_eq!(kind(&task.await.unwrap()), ("unknown", Some(CauseKind::Closed)));
}

#[tokio::test]
async fn an_answer_with_a_late_or_missing_end_is_an_answer() {
    for end in [&b"\x1c"[..], b"\x1c\n", b"\x1c\r\n"] {
        let (client, listener) = over_loopback(|builder| builder).await;
        let first = deliver(&client, "1");
        let mut wire = accept(&listener).await;
        wire.next().await.unwrap();
        wire.send(&[b"\x0b", &ack("AA", "1")[..], end].concat()).await;
        assert_answered(&first.await.unwrap(), AckCode::AA);
        wire.send(b"\r").await;
        let second = deliver(&client, "2");
        assert_eq!(wire.next().await.unwrap(), message("2"), "{end:?}");
        wire.send(&frame(&ack("AA", "2"))).await;
        assert_answered(&second.await.unwrap(), AckCode::AA);
    }
}

#[tokio::test]
async fn an_answer_that_comes_before_the_end_of_the_message_is_heard() {
    let (client, listener) = over_loopback(|builder| builder).await;
    let long = [message("1"), b"OBX|1|ED|||".to_vec(), vec![b'Q'; 12_000_000], b"\r".to_vec()];
    let long = OwnedMessage::parse(long.concat()).unwrap();
    let delivering = tokio::spawn(async move { client.deliver(long).await });
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut begun = [0; 1000];
    tokio::io::AsyncReadExt::read_exact(&mut stream, &mut begun).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stream, &frame(&ack("AR", "1"))).await.unwrap();
    // Closed with most of the message unread: the connection is reset under the sender.
    drop(stream);
    let delivery = delivering.await.unwrap();
    assert_answered(&delivery, AckCode::AR);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_came_before_the_peer_stopped_taking_the_message_counts() {
    let (near, far) = duplex(1000);
    let client = Client::builder("unused").build_over(near);
    let mut long = message("1");
    long.resize(5000, b'x');
    let long = OwnedMessage::parse(long).unwrap();
    let delivering = tokio::spawn(async move { client.deliver(long).await });
    let mut wire = Wire::new(far);
    let mut begun = [0; 500];
    wire.io.read_exact(&mut begun).await.unwrap();
    wire.send(&frame(&ack("AR", "1"))).await;
    // It reads no more, and does not close either.
    assert_answered(&delivering.await.unwrap(), AckCode::AR);
    drop(wire);
}

#[tokio::test]
async fn an_answer_whose_control_id_was_cut_counts_where_that_is_asked_for() {
    let id = "A-CONTROL-ID-OF-24-BYTES";
    let (client, listener) =
        over_loopback(|builder| builder.matching(Matching::exact().or_cut_to_20())).await;
    let delivery = deliver(&client, id);
    let mut wire = accept(&listener).await;
    wire.next().await.unwrap();
    wire.send(&frame(&ack("AA", &id[..20]))).await;
    assert_answered(&delivery.await.unwrap(), AckCode::AA);
}

#[tokio::test]
async fn an_answer_is_read_up_to_its_limit_and_unknown_over_it() {
    let exact = ack("AA", "1").len();
    for limit in [exact + 1, exact, exact - 1] {
        let (client, listener) = over_loopback(|builder| builder.max_frame_len(limit)).await;
        let task = deliver(&client, "1");
        let mut wire = accept(&listener).await;
        wire.next().await.unwrap();
        wire.send(&frame(&ack("AA", "1"))).await;
        let expected = match limit >= exact {
            true => ("answered", None),
            false => ("unknown", Some(CauseKind::Unreadable)),
        };
        assert_eq!(kind(&task.await.unwrap()), expected, "limit {limit} for {exact}");
    }
}
