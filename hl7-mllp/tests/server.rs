//! The server against well-behaved and misbehaving peers.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use hl7_ack::{AnyHandler, Handler, Outcome, Peer, Received, Reply};
use hl7_mllp::server::{Connections, ConnectionsBuilder, Server};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex},
    net::TcpStream,
    sync::{Notify, oneshot},
    task::JoinHandle,
    time::timeout,
};
use tracing::Level;

use crate::support::{Log, Wire, frame, message, msa};

async fn accept(_: Received) -> Outcome {
    Outcome::accepted()
}

/// Serves one end of a pipe; the other end is the peer's.
fn serve(
    builder: ConnectionsBuilder,
    handler: impl Handler,
) -> (Wire<DuplexStream>, JoinHandle<()>) {
    let connections = builder.build(handler);
    let (near, far) = duplex(1024 * 1024);
    let task = tokio::spawn(async move { connections.serve(far, Peer::default()).await });
    (Wire::new(near), task)
}

/// A handler that counts, and the count.
fn counting() -> (Arc<AtomicUsize>, AnyHandler) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let handler = move |_: Received| {
        counted.fetch_add(1, Ordering::SeqCst);
        async { Outcome::accepted() }
    };
    (count, AnyHandler::new(handler))
}

#[tokio::test]
async fn several_frames_in_one_write_are_answered_in_order() {
    let (mut wire, _) = serve(Connections::builder(), accept);
    let stream: Vec<u8> = (0..50).flat_map(|n| frame(&message(&n.to_string()))).collect();
    wire.send(&stream).await;
    for n in 0..50 {
        assert_eq!(wire.msa().await, format!("MSA|AA|{n}"));
    }
}

#[tokio::test]
async fn a_message_split_anywhere_is_answered_once() {
    let stream = [frame(&message("1")), frame(&message("2"))].concat();
    for at in 0..=stream.len() {
        let (mut wire, _) = serve(Connections::builder(), accept);
        wire.send(&stream[..at]).await;
        tokio::task::yield_now().await;
        wire.send(&stream[at..]).await;
        assert_eq!(wire.msa().await, "MSA|AA|1", "split at {at}");
        assert_eq!(wire.msa().await, "MSA|AA|2", "split at {at}");
    }
}

#[tokio::test]
async fn the_handler_sees_the_bytes_of_the_frame() {
    let (sender, receiver) = oneshot::channel();
    let sender = Mutex::new(Some(sender));
    let (mut wire, _) = serve(Connections::builder(), move |received: Received| {
        let sender = sender.lock().unwrap().take().unwrap();
        sender.send(received.message.as_bytes().clone()).unwrap();
        async { Outcome::accepted() }
    });
    let content = b"MSH|^~\\&|A|B|C|D|2024||ADT^A01|1|P|2.5\r\nPID|1||\xe4\x1cB||N\r\r\n\r";
    wire.send(&frame(content)).await;
    assert_eq!(wire.msa().await, "MSA|AA|1");
    assert_eq!(receiver.await.unwrap(), content[..]);
}

#[tokio::test]
async fn each_message_of_a_frame_is_answered_in_its_own_frame() {
    let (mut wire, _) = serve(Connections::builder(), accept);
    wire.send(&frame(&[message("1"), message("2"), message("3")].concat())).await;
    for id in 1..=3 {
        assert_eq!(wire.msa().await, format!("MSA|AA|{id}"));
    }
}

#[tokio::test]
async fn a_frame_cut_off_by_the_next_is_neither_handled_nor_answered() {
    let (count, handler) = counting();
    let (mut wire, _) = serve(Connections::builder(), handler);
    wire.send(&[b"\x0b", &message("1")[..], &frame(&message("2"))].concat()).await;
    assert_eq!(wire.msa().await, "MSA|AA|2");
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_unfinished_frame_is_neither_handled_nor_answered() {
    let (count, handler) = counting();
    for cut in 1..=message("1").len() {
        let (mut wire, task) = serve(Connections::builder(), handler.clone());
        wire.send(&frame(&message("1"))[..cut]).await;
        wire.io.shutdown().await.unwrap();
        assert_eq!(wire.next().await, None, "cut at {cut}");
        task.await.unwrap();
    }
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_peer_that_only_shuts_down_its_sending_side_gets_its_answers() {
    let (mut wire, task) = serve(Connections::builder(), accept);
    wire.send(&[frame(&message("1")), frame(&message("2"))].concat()).await;
    wire.send(b"\x0bMSH|^~\\&|A|B|C|D|2024||ADT^A01|3|P|2.5\r\x1c").await;
    wire.io.shutdown().await.unwrap();
    for id in 1..=3 {
        assert_eq!(wire.msa().await, format!("MSA|AA|{id}"));
    }
    assert_eq!(wire.next().await, None);
    task.await.unwrap();
}

#[tokio::test]
async fn noise_around_frames_does_not_disturb() {
    let (mut wire, _) = serve(Connections::builder(), accept);
    for noise in [&b""[..], b"\r\n", b"\0\0 ", b"garbage", b"\x0b\x1c\r", b"\x1c\r", b"\x15"] {
        wire.send(&[noise, &frame(&message("1")), noise].concat()).await;
        assert_eq!(wire.msa().await, "MSA|AA|1", "{}", noise.escape_ascii());
    }
}

#[tokio::test]
async fn garbage_over_the_limit_closes_and_under_it_does_not() {
    for (len, answered) in [(99, true), (100, true), (101, false)] {
        let (mut wire, _) = serve(Connections::builder().max_garbage_len(100), accept);
        wire.send(&[&vec![b'#'; len][..], &frame(&message("1"))].concat()).await;
        assert_eq!(wire.next().await.is_some(), answered, "{len} bytes");
    }
}

#[tokio::test]
async fn a_frame_over_the_limit_is_refused_by_name_and_the_connection_kept() {
    let limit = message("1").len() + 100;
    for (extra, code) in [(99, "AA"), (100, "AA"), (101, "AE"), (1_000_000, "AE")] {
        let log = Log::start();
        let (mut wire, _) = serve(Connections::builder().max_frame_len(limit), accept);
        let long = [message("1"), vec![b'x'; extra]].concat();
        let (near, far) = tokio::io::split(wire.io);
        let mut writer = far;
        let writing = tokio::spawn(async move {
            writer.write_all(&frame(&long)).await.unwrap();
            writer.write_all(&frame(&message("2"))).await.unwrap();
            writer
        });
        let mut reader = Wire::new(tokio::io::join(near, tokio::io::sink()));
        let answer = reader.msa().await;
        assert!(answer.starts_with(&format!("MSA|{code}|1")), "{extra} over: {answer}");
        assert_eq!(reader.msa().await, "MSA|AA|2", "{extra} over");
        wire = Wire::new(reader.io.into_inner().0.unsplit(writing.await.unwrap()));
        drop(wire);
        log.assert_nothing_of_a_patient();
    }
}

#[tokio::test]
async fn what_is_not_hl7_is_refused_and_the_connection_kept() {
    let (count, handler) = counting();
    let (mut wire, _) = serve(Connections::builder(), handler);
    for content in [&b"hello"[..], b"MSH", b"<ClinicalDocument/>", b"\x06", b"PID|1||2\r"] {
        wire.send(&frame(content)).await;
        let answer = msa(&wire.next().await.expect("an answer"));
        assert!(answer.starts_with("MSA|AR"), "{}: {answer}", content.escape_ascii());
    }
    wire.send(&frame(&message("1"))).await;
    assert_eq!(wire.msa().await, "MSA|AA|1");
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_acknowledgment_is_not_acknowledged() {
    let (mut wire, _) = serve(Connections::builder(), |_: Received| async { Reply::none() });
    wire.send(&frame(&crate::support::ack("AA", "9"))).await;
    wire.io.shutdown().await.unwrap();
    assert_eq!(wire.next().await, None);
}

#[tokio::test]
async fn another_protocol_is_named_in_one_line_and_closed() {
    let table: [(&[u8], &str); 4] = [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP"),
        (b"POST /hl7 HTTP/1.1\r\n\r\n", "HTTP"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP"),
        (b"\x16\x03\x01\x00\xc4\x01\x00\x00\xc0\x03\x03", "TLS"),
    ];
    for (bytes, name) in table {
        let log = Log::start();
        let (mut wire, task) = serve(Connections::builder(), accept);
        wire.send(bytes).await;
        assert_eq!(wire.next().await, None, "{name}");
        task.await.unwrap();
        let lines = log.at(Level::WARN);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains(&format!("{name} spoken to an MLLP port")), "{lines:?}");
    }
}

#[tokio::test]
async fn a_probe_is_logged_at_debug_only() {
    let log = Log::start();
    let (wire, task) = serve(Connections::builder(), accept);
    drop(wire);
    task.await.unwrap();
    for level in [Level::ERROR, Level::WARN, Level::INFO] {
        assert_eq!(log.at(level), Vec::<String>::new());
    }
    assert_eq!(log.at(Level::DEBUG).len(), 1);
}

#[tokio::test]
async fn one_event_per_exchange_and_nothing_of_a_patient() {
    let log = Log::start();
    let (mut wire, task) = serve(Connections::builder(), |received: Received| async move {
        let text = String::from_utf8_lossy(received.message.as_bytes()).into_owned();
        if text.contains("|3|") {
            Reply::none()
        } else if text.contains("|4|") {
            panic!("SECRET")
        } else {
            Outcome::accepted().into()
        }
    });
    for id in 1..=4 {
        wire.send(&frame(&message(&id.to_string()))).await;
    }
    wire.send(b"SECRET\x0bSECRET\x0bSECRET\x1c\r\x0bSECRET").await;
    wire.io.shutdown().await.unwrap();
    while wire.next().await.is_some() {}
    task.await.unwrap();
    log.assert_nothing_of_a_patient();
    let lines = log.at(Level::INFO);
    let expected = [("1", "AA"), ("2", "AA"), ("3", "-"), ("4", "AR"), ("", "AR")];
    assert_eq!(lines.len(), expected.len(), "{lines:#?}");
    for (line, (id, code)) in lines.iter().zip(expected) {
        assert!(line.starts_with("message=exchange peer=- "), "{line}");
        assert!(line.contains(&format!("control_id=\"{id}\" ")), "{line}");
        assert!(line.contains(&format!("code=\"{code}\" ")), "{line}");
        let bytes = if id.is_empty() { 6 } else { message(id).len() };
        assert!(line.contains(&format!("bytes={bytes} ")), "{line}");
        let ms = line.split("ms=").nth(1).expect("ms").trim();
        assert!(ms.contains('.') && ms.parse::<f64>().unwrap() >= 0.0, "{line}");
        let kind = if id.is_empty() { "" } else { "ADT^A01" };
        assert!(line.contains(&format!("message_type=\"{kind}\"")), "{line}");
    }
    // What a handler logs can be found by its span.
    let spans = log.spans();
    for expected in
        ["connection peer=- ", "exchange bytes=", "message_type=\"ADT^A01\" ", "code=\"AA\" "]
    {
        assert!(spans.iter().any(|span| span.starts_with(expected)), "{expected}: {spans:#?}");
    }
}

#[tokio::test]
async fn a_panic_is_answered_and_the_connection_kept() {
    let (mut wire, _) = serve(Connections::builder(), |received: Received| async move {
        let first = received.message.header().control_id().as_bytes() == b"1";
        assert!(!first, "as it is told to");
        Outcome::accepted()
    });
    wire.send(&[frame(&message("1")), frame(&message("2"))].concat()).await;
    assert!(wire.msa().await.starts_with("MSA|AR|1"));
    assert_eq!(wire.msa().await, "MSA|AA|2");
}

#[tokio::test]
async fn hanging_up_closes_without_an_answer() {
    let (mut wire, task) = serve(Connections::builder(), |_: Received| async { Reply::hang_up() });
    wire.send(&[frame(&message("1")), frame(&message("2"))].concat()).await;
    assert_eq!(wire.next().await, None);
    drop(wire);
    task.await.unwrap();
}

#[tokio::test]
async fn an_answer_that_would_break_the_frame_is_replaced_by_one_of_the_same_code() {
    let log = Log::start();
    let (mut wire, task) = serve(Connections::builder(), |received: Received| async move {
        // The same message, with an FS where a name was.
        let bytes = [&received.message.as_bytes()[..], b"NTE|1||a\x1cb\rMSA|AA|1\r"].concat();
        Reply::from(hl7_parse::OwnedMessage::parse(bytes).unwrap())
    });
    wire.send(&frame(&message("1"))).await;
    assert_eq!(wire.msa().await, "MSA|AA|1");
    drop(wire);
    task.await.unwrap();
    assert_eq!(log.at(Level::ERROR).len(), 1);
}

#[tokio::test]
async fn one_message_is_in_flight_and_what_is_behind_it_is_not_read() {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let gate = Arc::new(Notify::new());
    let handler = {
        let (running, most, gate) = (Arc::clone(&running), Arc::clone(&most), Arc::clone(&gate));
        move |_: Received| {
            let (running, most, gate) =
                (Arc::clone(&running), Arc::clone(&most), Arc::clone(&gate));
            async move {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                gate.notified().await;
                running.fetch_sub(1, Ordering::SeqCst);
                Outcome::accepted()
            }
        }
    };
    let connections = Connections::builder().build(handler);
    let (near, far) = duplex(64);
    tokio::spawn(async move { connections.serve(far, Peer::default()).await });
    let (read, mut write) = tokio::io::split(near);
    let written = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&written);
    tokio::spawn(async move {
        for byte in frame(&message("1")).repeat(3000) {
            write.write_all(&[byte]).await.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    let mut before = usize::MAX;
    while before != written.load(Ordering::SeqCst) {
        before = written.load(Ordering::SeqCst);
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
    }
    assert!(before <= 64 * 1024 + 64 + frame(&message("1")).len(), "{before} bytes were read");
    let mut wire = Wire::new(tokio::io::join(read, tokio::io::sink()));
    for _ in 0..20 {
        gate.notify_one();
        assert_eq!(wire.msa().await, "MSA|AA|1");
    }
    assert_eq!(most.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn what_a_handler_leaves_runs_after_the_answer() {
    let (go, gone) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let handler = {
        let (go, gone) = (Arc::clone(&go), Arc::clone(&gone));
        move |_: Received| {
            let (go, gone) = (Arc::clone(&go), Arc::clone(&gone));
            async move {
                Reply::from(Outcome::accepted()).then(async move {
                    go.notified().await;
                    gone.notify_one();
                })
            }
        }
    };
    let (mut wire, _) = serve(Connections::builder(), handler);
    wire.send(&frame(&message("1"))).await;
    assert_eq!(wire.msa().await, "MSA|AA|1");
    go.notify_one();
    gone.notified().await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_waits_when_the_background_is_full() {
    let gate = Arc::new(Notify::new());
    let held = Arc::clone(&gate);
    let handler = move |_: Received| {
        let gate = Arc::clone(&held);
        async move { Reply::from(Outcome::accepted()).then(async move { gate.notified().await }) }
    };
    let (mut wire, _) = serve(Connections::builder().max_background(2), handler);
    for id in 1..=4 {
        wire.send(&frame(&message(&id.to_string()))).await;
    }
    for id in 1..=3 {
        assert_eq!(wire.msa().await, format!("MSA|AA|{id}"));
    }
    assert!(timeout(Duration::from_secs(60), wire.next()).await.is_err(), "one over the bound");
    gate.notify_one();
    assert_eq!(wire.msa().await, "MSA|AA|4");
}

#[tokio::test]
async fn a_connection_over_the_limit_waits_until_one_is_closed() {
    let server = Server::bind("127.0.0.1:0").await.unwrap().max_connections(2);
    let address = server.local_addr();
    tokio::spawn(async move { server.serve(accept).await });
    let mut wires = Vec::new();
    for _ in 0..2 {
        let mut wire = Wire::new(TcpStream::connect(address).await.unwrap());
        wire.send(&frame(&message("1"))).await;
        assert_eq!(wire.msa().await, "MSA|AA|1");
        wires.push(wire);
    }
    let mut third = Wire::new(TcpStream::connect(address).await.unwrap());
    third.send(&frame(&message("3"))).await;
    assert!(timeout(Duration::from_millis(100), third.next()).await.is_err(), "one too many");
    wires.pop();
    assert_eq!(third.msa().await, "MSA|AA|3");
}

#[tokio::test]
async fn the_handler_learns_the_peers_address_and_handlers_are_shared() {
    let (count, handler) = counting();
    let mut servers = Vec::new();
    for _ in 0..2 {
        let server = Server::bind("127.0.0.1:0").await.unwrap();
        servers.push(server.local_addr());
        let handler = handler.clone();
        let seen = move |received: Received| {
            let handler = handler.clone();
            async move {
                assert!(received.peer.address().is_some_and(|at| at.ip().is_loopback()));
                handler.handle(received).await
            }
        };
        tokio::spawn(async move { server.serve(seen).await });
    }
    for address in servers {
        let mut wire = Wire::new(TcpStream::connect(address).await.unwrap());
        wire.send(&frame(&message("1"))).await;
        assert_eq!(wire.msa().await, "MSA|AA|1");
    }
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_port_in_use_is_a_clear_error() {
    let first = Server::bind("127.0.0.1:0").await.unwrap();
    let error = Server::bind(first.local_addr()).await.expect_err("in use");
    let text = error.to_string();
    assert!(text.contains(&first.local_addr().to_string()) && text.contains("in use"), "{text}");
}

#[tokio::test]
async fn five_megabytes_over_loopback_come_back_unchanged_in_length() {
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr();
    let (sender, receiver) = oneshot::channel();
    let sender = Mutex::new(Some(sender));
    let handler = move |received: Received| {
        let sender = sender.lock().unwrap().take().unwrap();
        sender.send(received.message.as_bytes().clone()).unwrap();
        async { Outcome::accepted() }
    };
    tokio::spawn(async move { server.serve(handler).await });
    let content = [message("1"), b"OBX|1|ED|||".to_vec(), vec![b'Q'; 5_000_000], b"\r".to_vec()];
    let content = content.concat();
    let mut wire = Wire::new(TcpStream::connect(address).await.unwrap());
    wire.send(&frame(&content)).await;
    assert_eq!(wire.msa().await, "MSA|AA|1");
    assert!(receiver.await.unwrap() == content, "not the bytes that were sent");
}

/// A stream that notes its writes, and takes at most `most` bytes of each.
struct Noting {
    io: DuplexStream,
    vectored: bool,
    most: usize,
    writes: Arc<Mutex<Vec<usize>>>,
}

impl AsyncRead for Noting {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl AsyncWrite for Noting {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let buf = &buf[..buf.len().min(self.most)];
        self.writes.lock().unwrap().push(buf.len());
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let joined: Vec<u8> = bufs.iter().flat_map(|buf| buf.to_vec()).collect();
        self.poll_write(cx, &joined)
    }

    fn is_write_vectored(&self) -> bool {
        self.vectored
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[tokio::test]
async fn an_answer_is_one_write_and_survives_partial_writes() {
    for vectored in [true, false] {
        for most in [1, 2, 7, usize::MAX] {
            let connections = Connections::builder().build(accept);
            let (near, io) = duplex(4096);
            let writes = Arc::<Mutex<Vec<usize>>>::default();
            let far = Noting { io, vectored, most, writes: Arc::clone(&writes) };
            tokio::spawn(async move { connections.serve(far, Peer::default()).await });
            let mut wire = Wire::new(near);
            wire.send(&frame(&message("1"))).await;
            let answer = wire.next().await.expect("an answer");
            assert_eq!(msa(&answer), "MSA|AA|1");
            let writes = writes.lock().unwrap();
            assert_eq!(writes.iter().sum::<usize>(), answer.len() + 3);
            assert_eq!(writes.len(), (answer.len() + 3).div_ceil(most), "vectored {vectored}");
        }
    }
}

#[tokio::test]
async fn strict_serving_closes_on_a_missing_carriage_return() {
    let (mut wire, _) = serve(Connections::builder().strict(true), accept);
    wire.send(&frame(&message("1"))).await;
    assert_eq!(wire.msa().await, "MSA|AA|1");
    wire.send(&[b"\x0b", &message("2")[..], b"\x1c\n"].concat()).await;
    let mut rest = Vec::new();
    wire.io.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"");
}
