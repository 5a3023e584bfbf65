//! What peers in the wild do, where more is to be seen than the peer itself can see: time limits,
//! logs, what the handler got.
//!
//! The names of the tests are the habits. The peers of `hl7-chaos` have all of them, and `chaos`
//! plays those from end to end.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use hl7_ack::{AckCode, CauseKind, Deliver, Delivery, Outcome, Peer, Received};
use hl7_mllp::{
    Envelope,
    client::Client,
    server::{Connections, ConnectionsBuilder},
};
use hl7_parse::OwnedMessage;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::{sleep, timeout},
};
use tracing::Level;

use crate::support::{Log, Wire, ack, frame, message};

const SOON: Duration = Duration::from_secs(5);

/// A server on the far end of a wire, and how many messages its handler was given.
fn server(builder: ConnectionsBuilder) -> (Wire<DuplexStream>, Arc<AtomicUsize>, JoinHandle<()>) {
    let handled = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&handled);
    let connections = builder.build(move |_: Received| {
        count.fetch_add(1, Ordering::Relaxed);
        async { Outcome::accepted() }
    });
    let (near, far) = duplex(1024 * 1024);
    let task = tokio::spawn(async move { connections.serve(far, Peer::default()).await });
    (Wire::new(near), handled, task)
}

fn tolerant() -> (Wire<DuplexStream>, Arc<AtomicUsize>, JoinHandle<()>) {
    server(Connections::builder())
}

/// A client, and the listener that is its peer.
async fn client() -> (Client, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Client::builder(listener.local_addr().unwrap().to_string())
        .answer_timeout(Duration::from_millis(100));
    (client.build().unwrap(), listener)
}

async fn accept(listener: &TcpListener) -> Wire<TcpStream> {
    Wire::new(timeout(SOON, listener.accept()).await.expect("a connection").unwrap().0)
}

fn deliver(client: &Client, id: &str) -> JoinHandle<Delivery> {
    let (client, message) = (client.clone(), OwnedMessage::parse(message(id)).unwrap());
    tokio::spawn(async move { client.deliver(message).await })
}

fn code(delivery: &Delivery) -> Option<AckCode> {
    match delivery {
        Delivery::Answered(answer) => answer.code(),
        _ => None,
    }
}

#[tokio::test(start_paused = true)]
async fn the_trailer_is_split_over_reads_and_its_cr_comes_late() {
    let whole = frame(&message("1"));
    for pause in [0, 100, 199, 201, 5000] {
        for cut in [whole.len() - 2, whole.len() - 1] {
            let (mut wire, handled, _) = tolerant();
            wire.send(&whole[..cut]).await;
            sleep(Duration::from_millis(pause)).await;
            wire.send(&whole[cut..]).await;
            assert_eq!(wire.msa().await, "MSA|AA|1", "cut at {cut}, {pause} ms");
            wire.send(&frame(&message("2"))).await;
            assert_eq!(wire.msa().await, "MSA|AA|2", "cut at {cut}, {pause} ms");
            assert_eq!(handled.load(Ordering::Relaxed), 2, "cut at {cut}, {pause} ms");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn no_cr_follows_fs() {
    let (mut wire, handled, _) = tolerant();
    for id in ["1", "2", "3"] {
        wire.send(&[b"\x0b", &message(id)[..], b"\x1c"].concat()).await;
        assert_eq!(wire.msa().await, format!("MSA|AA|{id}"));
    }
    assert_eq!(handled.load(Ordering::Relaxed), 3);
    let (mut wire, handled, task) = server(Connections::builder().strict(true));
    wire.send(&[b"\x0b", &message("1")[..], b"\x1c"].concat()).await;
    task.await.unwrap();
    assert_eq!((wire.next().await, handled.load(Ordering::Relaxed)), (None, 0), "strict");
}

#[tokio::test]
async fn nul_blanks_and_noise_stand_between_frames() {
    let (mut wire, ..) = server(Connections::builder().max_garbage_len(1000));
    for (id, noise) in [("1", &b"\0\0 \r\n"[..]), ("2", b"noise"), ("3", &[b'#'; 1000])] {
        wire.send(&[noise, &frame(&message(id))].concat()).await;
        assert_eq!(wire.msa().await, format!("MSA|AA|{id}"));
    }
    wire.send(&[&[b'#'; 1001][..], &frame(&message("4"))].concat()).await;
    assert_eq!(wire.next().await, None, "over the limit");
}

#[tokio::test]
async fn a_new_frame_begins_inside_of_one_that_was_cut_off() {
    let log = Log::start();
    let (mut wire, handled, _) = tolerant();
    wire.send(&[&frame(&message("CUT"))[..40], &frame(&message("2"))].concat()).await;
    assert_eq!(wire.msa().await, "MSA|AA|2");
    assert_eq!(handled.load(Ordering::Relaxed), 1);
    assert!(log.at(Level::WARN).iter().any(|line| line.contains("cut off")), "reported");
    log.assert_nothing_of_a_patient();
}

#[tokio::test]
async fn fs_stands_inside_content() {
    let handled = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = Arc::clone(&handled);
    let connections = Connections::builder().build(move |received: Received| {
        seen.lock().unwrap().push(received.message.as_bytes().clone());
        async { Outcome::accepted() }
    });
    let (near, far) = duplex(4096);
    tokio::spawn(async move { connections.serve(far, Peer::default()).await });
    let mut wire = Wire::new(near);
    let content = [message("1"), b"NTE|1||a\x1cb\r".to_vec()].concat();
    wire.send(&frame(&content)).await;
    assert_eq!(wire.msa().await, "MSA|AA|1");
    assert_eq!(handled.lock().unwrap()[0], content);
    // Ours never sends it.
    let (client, listener) = client().await;
    let delivery = client.deliver(OwnedMessage::parse(content).unwrap()).await;
    let Delivery::NotSent(cause) = delivery else { panic!("{delivery:?}") };
    assert_eq!(cause.kind(), CauseKind::InvalidContent);
    drop(listener);
}

#[tokio::test]
async fn a_load_balancer_connects_and_closes_without_a_byte() {
    let log = Log::start();
    for _ in 0..3 {
        let (wire, handled, task) = tolerant();
        drop(wire);
        task.await.unwrap();
        assert_eq!(handled.load(Ordering::Relaxed), 0);
    }
    for level in [Level::ERROR, Level::WARN, Level::INFO] {
        assert_eq!(log.at(level), Vec::<String>::new());
    }
    assert_eq!(log.at(Level::DEBUG).len(), 3);
}

#[tokio::test]
async fn http_or_tls_is_spoken_to_a_plain_port() {
    for (first, name) in [
        (&b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..], "HTTP"),
        (b"POST /hl7 HTTP/1.1\r\n", "HTTP"),
        (b"\x16\x03\x01\x02\x00\x01", "TLS"),
    ] {
        let log = Log::start();
        let (mut wire, handled, task) = tolerant();
        wire.send(first).await;
        task.await.unwrap();
        assert_eq!((wire.next().await, handled.load(Ordering::Relaxed)), (None, 0));
        let lines = log.at(Level::WARN);
        assert!(lines.len() == 1 && lines[0].contains(name), "{lines:?}");
    }
}

#[tokio::test]
async fn an_idle_connection_was_cut_meanwhile() {
    let (client, listener) = client().await;
    for id in ["1", "2", "3"] {
        let task = deliver(&client, id);
        let mut wire = accept(&listener).await;
        assert_eq!(wire.next().await.unwrap(), message(id), "checked before it was used");
        wire.send(&frame(&ack("AA", id))).await;
        assert_eq!(code(&task.await.unwrap()), Some(AckCode::AA));
    }
}

#[tokio::test]
async fn a_document_of_many_megabytes_is_sent_and_one_over_the_limit_refused() {
    let document = |len: usize| {
        let mut content = message("1");
        content.extend_from_slice(b"OBX|1|ED|||");
        content.resize(len, b'Q');
        frame(&content)
    };
    let limit = 8 * 1024 * 1024;
    for (len, expected) in [(limit, "MSA|AA|1"), (limit + 1, "MSA|AE|1")] {
        let (mut wire, handled, _) = server(Connections::builder().max_frame_len(limit));
        wire.send(&document(len)).await;
        assert!(wire.msa().await.starts_with(expected), "{len} bytes");
        assert_eq!(handled.load(Ordering::Relaxed), usize::from(len == limit));
        wire.send(&frame(&message("2"))).await;
        assert_eq!(wire.msa().await, "MSA|AA|2", "the connection is kept");
    }
}

#[tokio::test]
async fn vt_body_and_fs_come_in_packets_of_their_own_and_leave_in_one() {
    let (mut wire, ..) = tolerant();
    for part in [&b"\x0b"[..], &message("1"), b"\x1c", b"\r"] {
        wire.send(part).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(wire.msa().await, "MSA|AA|1");
    // One read sees the whole of what the client writes.
    let (client, listener) = client().await;
    let task = deliver(&client, "2");
    let mut stream = listener.accept().await.unwrap().0;
    let mut read = vec![0; 4096];
    let len = stream.read(&mut read).await.unwrap();
    assert_eq!(&read[..len], frame(&message("2")));
    assert!(stream.peer_addr().is_ok());
    stream.write_all(&frame(&ack("AA", "2"))).await.unwrap();
    assert_eq!(code(&task.await.unwrap()), Some(AckCode::AA));
}

#[tokio::test]
async fn nothing_of_a_patient_is_logged_whatever_happens() {
    let log = Log::start();
    for bad in [
        frame(&message("1")),
        frame(&message("1"))[..60].to_vec(),
        [&frame(&message("1"))[..60], &frame(&message("2"))].concat(),
        frame(b"PID|1||SECRET"),
        b"SECRET SECRET".to_vec(),
        frame(&[message("1"), vec![b'x'; 1000]].concat()),
    ] {
        let (mut wire, _, task) = server(Connections::builder().max_frame_len(500));
        wire.send(&bad).await;
        wire.io.shutdown().await.unwrap();
        while wire.next().await.is_some() {}
        task.await.unwrap();
    }
    log.assert_nothing_of_a_patient();
}

#[tokio::test]
async fn nothing_of_a_patient_is_logged_by_a_client() {
    let log = Log::start();
    let secret = b"MSH|^~\\&|SECRET|||||||9|P|2.5\rMSA|AA|SECRET|SECRET\r";
    for answer in [&frame(&ack("AE", "1"))[..], &frame(secret), &frame(b"SECRET"), b"SECRET", b""] {
        let (client, listener) = client().await;
        let task = deliver(&client, "1");
        let mut wire = accept(&listener).await;
        wire.next().await.unwrap();
        wire.send(answer).await;
        wire.io.shutdown().await.unwrap();
        drop(task.await.unwrap());
        drop(listener);
        drop(deliver(&client, "2").await.unwrap());
    }
    log.assert_nothing_of_a_patient();
    let lines = log.at(Level::DEBUG);
    let with = |parts: &[&str]| {
        let found = lines.iter().find(|line| parts.iter().all(|part| line.contains(part)));
        assert!(found.is_some(), "{parts:?}: {lines:#?}");
    };
    with(&["message=connected", "address=127.0.0.1:", "ms="]);
    with(&["message=not connected", "address=127.0.0.1:", "ms=", "cause="]);
    let fields = ["message=delivery", "to=127.0.0.1:", "message_type=\"ADT^A01\"", "bytes=", "ms="];
    with(&[&fields[..], &["control_id=\"1\"", "outcome=\"answered\"", "code=\"AE\""]].concat());
    with(&[&fields[..], &["control_id=\"2\"", "outcome=\"not sent\"", "code=\"-\""]].concat());
    let spans = log.spans();
    for begins in ["connect to=127.0.0.1:", "delivery to=127.0.0.1:"] {
        assert!(spans.iter().any(|span| span.starts_with(begins)), "{begins}: {spans:?}");
    }
    assert!(spans.iter().any(|span| span.contains(" attempt=1 ")), "{spans:?}");
}

#[tokio::test]
async fn many_clients_come_back_at_once() {
    // One more than are taken at once: none is refused, all have their turn.
    const AT_ONCE: usize = 4;
    let server = hl7_mllp::server::Server::bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().to_string();
    let server = server.max_connections(AT_ONCE).serve(async |_: Received| Outcome::accepted());
    let serving = tokio::spawn(server.into_future());
    let clients: Vec<_> = (0..4 * AT_ONCE)
        .map(|number| {
            let client = Client::builder(address.clone()).build().unwrap();
            let id = number.to_string();
            tokio::spawn(async move {
                let delivery = client.deliver(OwnedMessage::parse(message(&id)).unwrap()).await;
                code(&delivery)
            })
        })
        .collect();
    for client in clients {
        let answered = timeout(SOON, client).await.expect("its turn").unwrap();
        assert_eq!(answered, Some(AckCode::AA));
    }
    serving.abort();
}

#[tokio::test]
async fn answers_have_the_form_that_peers_give_them() {
    for (answer, expected) in [
        ("MSH|^~\\&|||||2026||ACK|9|P|2.5\rMSA|AA|1", AckCode::AA),
        ("MSH|^~\\&|||||2026||ACK|9|P|2.5\rMSA|AA|1|Message processed\r", AckCode::AA),
        ("MSH|^~\\&|||||2026||ACK|9|P|2.5\nMSA|AE|1|{\"issue\": [1|2]}\n", AckCode::AE),
        ("MSH|^~\\&|||||2026||ACK^A01|1|P|2.5\r\nMSA|AR|1\r\n", AckCode::AR),
    ] {
        let (client, listener) = client().await;
        let task = deliver(&client, "1");
        let mut wire = accept(&listener).await;
        wire.next().await.unwrap();
        wire.send(&frame(answer.as_bytes())).await;
        assert_eq!(code(&task.await.unwrap()), Some(expected), "{answer:?}");
    }
    // An answer to a message of long ago is passed over; the right one counts, and then the
    // connection is given up.
    let (client, listener) = client().await;
    let task = deliver(&client, "1");
    let mut wire = accept(&listener).await;
    wire.next().await.unwrap();
    wire.send(&[frame(&ack("AE", "OLD")), frame(&ack("AA", "1"))].concat()).await;
    assert_eq!(code(&task.await.unwrap()), Some(AckCode::AA));
    assert_eq!(wire.next().await, None, "not used again");
    // A message without a CR at its end is handled and answered like another.
    let (mut wire, handled, _) = tolerant();
    let content = message("1");
    wire.send(&frame(&content[..content.len() - 1])).await;
    assert_eq!((wire.msa().await.as_str(), handled.load(Ordering::Relaxed)), ("MSA|AA|1", 1));
}

#[tokio::test]
async fn frames_begin_with_stx_and_end_with_etx() {
    let stx_etx = Envelope::new(0x02, 0x03).unwrap();
    let framed = |content: &[u8]| [b"\x02", content, b"\x03\r"].concat();
    for len in [0, 100_000] {
        let (client, listener) = {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let client = Client::builder(listener.local_addr().unwrap().to_string());
            (client.envelope(stx_etx).build().unwrap(), listener)
        };
        let sent = [message("1"), b"OBX|1|ED|||".to_vec(), vec![b'Q'; len]].concat();
        let delivering = tokio::spawn({
            let message = OwnedMessage::parse(sent.clone()).unwrap();
            async move { client.deliver(message).await }
        });
        // What the client writes goes to a server of ours, byte by byte as it came.
        let mut stream = timeout(SOON, listener.accept()).await.expect("a connection").unwrap().0;
        let mut written = vec![0; framed(&sent).len()];
        stream.read_exact(&mut written).await.unwrap();
        assert!(written == framed(&sent), "{len}: what the client wrote");

        let (mut wire, handled, _) = server(Connections::builder().envelope(stx_etx));
        wire.send(&[frame(b"not for us"), written].concat()).await;
        let mut answer = Vec::new();
        while !answer.ends_with(b"\x03\r") {
            assert_ne!(wire.io.read_buf(&mut answer).await.unwrap(), 0, "{len}: no answer");
        }
        assert!(answer.starts_with(b"\x02MSH|"), "{len}: {}", answer.escape_ascii());
        assert_eq!(handled.load(Ordering::Relaxed), 1);
        stream.write_all(&answer).await.unwrap();
        assert_eq!(code(&delivering.await.unwrap()), Some(AckCode::AA), "{len}");
    }
}
