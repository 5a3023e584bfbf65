//! Peers that send too much, too slowly, or not what they say: refused, bounded, and the server
//! goes on.

use std::{io::Write, sync::Arc, time::Duration};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use hl7_ack::{Outcome, Received};
use hl7_http::server::{Server, Service};
use http::Request;
use http_body_util::Full;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    sync::Notify,
    time::timeout,
};

use crate::support::{
    Running, SOON, accept, adt, header, owned, parts, post, raw, raw_post, rest, still_serves,
};

const PATIENT: Duration = Duration::from_secs(600);

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_body_that_is_announced_too_long_is_refused_before_it_comes() {
    let server = Server::bind("127.0.0.1:0").await.unwrap().max_body_len(1000);
    let running = Running::start(server.body_timeout(PATIENT).serve(accept));
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let head = "POST /adt HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut status = [0; 12];
    timeout(SOON, stream.read_exact(&mut status)).await.expect("at once").unwrap();
    assert_eq!(&status, b"HTTP/1.1 413");
    drop(stream);
    still_serves(running.address).await;
    running.stop().await;
}

#[tokio::test]
async fn who_sends_everything_before_it_looks_sees_the_refusal() {
    let server = Server::bind("127.0.0.1:0").await.unwrap().max_body_len(1 << 20);
    let running = Running::start(server.body_timeout(PATIENT).serve(accept));
    for len in [(1 << 20) + 1, 2 << 20] {
        let answer = raw(running.address, raw_post("", &"x".repeat(len))).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{len}: {answer}");
        assert!(answer.to_ascii_lowercase().contains("connection: close"), "{len}: {answer}");
    }
    still_serves(running.address).await;
    running.stop().await;
}

#[tokio::test]
async fn an_endless_body_is_refused_and_no_longer_read() {
    let server = Server::bind("127.0.0.1:0").await.unwrap().max_body_len(100_000);
    let running = Running::start(server.body_timeout(PATIENT).serve(accept));
    let stream = TcpStream::connect(running.address).await.unwrap();
    let (mut reading, mut writing) = stream.into_split();
    let head = "POST /adt HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    writing.write_all(head.as_bytes()).await.unwrap();
    let endless = async {
        let chunk = format!("2710\r\n{}\r\n", "x".repeat(10_000));
        while writing.write_all(chunk.as_bytes()).await.is_ok() {}
    };
    let answer = async {
        let mut status = [0; 12];
        reading.read_exact(&mut status).await.expect("a status");
        status
    };
    let (status, ()) =
        timeout(SOON, async { tokio::join!(answer, endless) }).await.expect("closed");
    assert_eq!(&status, b"HTTP/1.1 413");
    still_serves(running.address).await;
    running.stop().await;
}

#[tokio::test]
async fn who_sends_byte_by_byte_is_let_go_in_time_and_the_server_still_serves() {
    let limit = Duration::from_millis(300);
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let server = server.header_timeout(limit).body_timeout(limit).idle_timeout(PATIENT);
    let running = Running::start(server.serve(accept));
    let whole = raw_post("", &adt("7", "", ""));
    let body = whole.find("\r\n\r\n").unwrap() + 4;
    for (at_once, expected) in [(0, ""), (body, "HTTP/1.1 408 ")] {
        let stream = TcpStream::connect(running.address).await.unwrap();
        let (mut reading, mut writing) = stream.into_split();
        writing.write_all(&whole.as_bytes()[..at_once]).await.unwrap();
        let dripping = async {
            // At this pace the rest would take a minute or more.
            for byte in whole.as_bytes()[at_once..].chunks(1) {
                if writing.write_all(byte).await.is_err() {
                    return;
                }
                tokio::time::sleep(limit).await;
            }
        };
        let answer = tokio::select! {
            answer = rest(&mut reading) => answer,
            () = dripping => String::new(),
        };
        assert!(answer.starts_with(expected), "{at_once}: {answer:?}");
        assert!(!answer.contains("MSA|"), "{at_once}: {answer:?}");
        still_serves(running.address).await;
    }
    running.stop().await;
}

#[tokio::test]
async fn endless_headers_are_refused_and_no_longer_read() {
    let server = Server::bind("127.0.0.1:0").await.unwrap().header_timeout(PATIENT);
    let running = Running::start(server.serve(accept));
    for line in [format!("X-Long: {}\r\n", "x".repeat(1000)), "x".repeat(1000)] {
        let stream = TcpStream::connect(running.address).await.unwrap();
        let (mut reading, mut writing) = stream.into_split();
        writing.write_all(b"POST /adt HTTP/1.1\r\n").await.unwrap();
        let flood = async { while writing.write_all(line.as_bytes()).await.is_ok() {} };
        let answer = async { rest(&mut reading).await };
        let (answer, ()) =
            timeout(SOON, async { tokio::join!(answer, flood) }).await.expect("closed");
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer:?}");
        still_serves(running.address).await;
    }
    running.stop().await;
}

#[tokio::test]
async fn a_gzip_bomb_is_refused_and_the_server_still_serves() {
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let (max, buffered) = (1 << 20, 2 << 20);
    let running = Running::start(server.max_body_len(max).max_buffered(buffered).serve(accept));
    let bomb = gzip(&vec![b'\r'; 64 << 20]);
    assert!(bomb.len() < max, "{} bytes", bomb.len());
    let mut request = format!(
        "POST /adt HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        bomb.len()
    )
    .into_bytes();
    request.extend_from_slice(&bomb);
    for _ in 0..4 {
        let answer = raw(running.address, &request).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
        still_serves(running.address).await;
    }
    running.stop().await;
}

#[tokio::test]
async fn http_2_says_413_however_long_the_body_is() {
    let server = Server::bind("127.0.0.1:0").await.unwrap().max_body_len(100_000);
    let running = Running::start(server.serve(accept));
    let stream = TokioIo::new(TcpStream::connect(running.address).await.unwrap());
    let executor = TokioExecutor::new();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(executor, stream).await.unwrap();
    tokio::spawn(async { connection.await.unwrap_or(()) });
    for len in [100_001, 5_000_000] {
        let body = Full::new(Bytes::from(vec![b'x'; len]));
        let request = Request::post(running.url()).body(body).unwrap();
        let response = timeout(SOON, sender.send_request(request)).await.expect("in time");
        assert_eq!(response.expect("an answer").status(), 413, "{len}");
    }
    let body = Full::new(Bytes::from(adt("7", "", "")));
    let request = Request::post(running.url()).body(body).unwrap();
    assert_eq!(sender.send_request(request).await.unwrap().status(), 200, "it goes on");
    drop(sender);
    running.stop().await;
}

#[tokio::test]
async fn gzip_is_unpacked_up_to_max_body_len() {
    let message = format!("{}NTE|1||{}\r", adt("7", "", ""), "x".repeat(1000)).into_bytes();
    let service = Service::new(accept).max_body_len(message.len());
    let longer = [&message[..], b"\r"].concat();
    let bomb = gzip(&vec![0; 8 << 20]);
    assert!(bomb.len() > message.len());
    for (case, body, coding, status) in [
        ("whole", gzip(&message), "gzip", 200),
        ("by its old name", gzip(&message), "x-gzip", 200),
        ("in letters of any case", gzip(&message), "GZIP", 200),
        ("one byte more, unpacked", gzip(&longer), "gzip", 413),
        ("a bomb", bomb.clone(), "gzip", 413),
        ("cut off", gzip(&message)[..50].to_vec(), "gzip", 400),
        ("not packed", message.clone(), "gzip", 400),
        ("packed, and not said so", gzip(&message), "identity", 400),
        ("twice", gzip(&message), "gzip, gzip", 415),
    ] {
        let response = service.answer(post(&[("content-encoding", coding)], body)).await;
        assert_eq!(response.status(), status, "{case}");
    }
    let roomy = Service::new(accept).max_body_len(1 << 20);
    let response = roomy.answer(post(&[("content-encoding", "gzip")], bomb)).await;
    assert_eq!(response.status(), 413, "a small bomb");
}

#[tokio::test]
async fn max_buffered_bounds_the_bodies_of_all_requests() {
    let (release, entered) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let service = Service::new({
        let (release, entered) = (Arc::clone(&release), Arc::clone(&entered));
        move |_: Received| {
            let (release, entered) = (Arc::clone(&release), Arc::clone(&entered));
            async move {
                entered.notify_one();
                release.notified().await;
                Outcome::accepted()
            }
        }
    })
    .max_body_len(64 * 1024)
    .max_buffered(100 * 1024);
    let long = |kib: usize| {
        let mut message = adt("7", "", "");
        message.push_str(&format!("NTE|1||{}\r", "x".repeat(kib * 1024 - message.len() - 8)));
        message
    };
    let first = tokio::spawn({
        let (service, body) = (service.clone(), long(60));
        async move { parts(service.answer(post(&[], body)).await).await.0 }
    });
    entered.notified().await;
    let over = service.answer(post(&[], long(41))).await;
    assert_eq!(header(&over, "retry-after"), "1");
    assert_eq!(over.status(), 503, "one over");
    let second = tokio::spawn({
        let (service, body) = (service.clone(), long(40));
        async move { parts(service.answer(post(&[], body)).await).await.0 }
    });
    entered.notified().await;
    release.notify_one();
    release.notify_one();
    release.notify_waiters();
    assert_eq!(first.await.unwrap(), 200);
    release.notify_one();
    assert_eq!(second.await.unwrap(), 200, "at the limit");
    release.notify_one();
    assert_eq!(service.answer(post(&[], long(60))).await.status(), 200, "free again");
}

#[tokio::test]
async fn who_does_not_read_its_answer_is_let_go() {
    let answer = owned(format!(
        "MSH|^~\\&|A|B|C|D|1||RSP^K22|A7|P|2.5\rMSA|AA|7\rZXX|{}\r",
        "x".repeat(8 << 20)
    ));
    let handler = move |_: Received| {
        let answer = answer.clone();
        async move { answer }
    };
    // The next connection is accepted only after the first one is gone.
    let server = Server::bind("127.0.0.1:0").await.unwrap().max_connections(1);
    let server = server.write_timeout(Duration::from_millis(200)).idle_timeout(PATIENT);
    let running = Running::start(server.serve(handler));
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut deaf = socket.connect(running.address).await.unwrap();
    deaf.write_all(raw_post("", &adt("7", "", "")).as_bytes()).await.unwrap();
    let next = raw(running.address, "nonsense\r\n\r\n");
    let next = timeout(SOON, next).await.expect("the deaf one is let go");
    assert!(next.starts_with("HTTP/1.1 400 "), "{next}");
    let heard = rest(&mut deaf).await;
    assert!(heard.len() < 8 << 20, "{} bytes", heard.len());
    running.stop().await;
}
