//! The standalone server on loopback, met by clients of all manners.

use std::{
    io::Write,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use hl7_ack::{Outcome, Received};
use hl7_http::server::Server;
use http::Request;
use http_body_util::Full;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};

use crate::support::{
    Running, SECRET, SOON, accept, adt, parts, raw, raw_post, read_request, rest, still_serves,
};

async fn start() -> Running {
    Running::start(Server::bind("127.0.0.1:0").await.unwrap().serve(accept))
}

#[tokio::test]
async fn a_connection_carries_several_exchanges_in_order() {
    let running = start().await;
    let mut requests = raw_post("", &adt("1", "", ""));
    requests.push_str(&raw_post("", &adt("2", "NE", "NE")));
    requests.push_str(&raw_post("Connection: close\r\n", &adt("3", "", "")));
    let answers = raw(running.address, requests).await;
    let statuses: Vec<_> = answers.split("HTTP/1.1 ").skip(1).map(|rest| &rest[..3]).collect();
    assert_eq!(statuses, ["200", "204", "200"], "{answers}");
    let first = answers.find("\rMSA|AA|1").expect("the first answer");
    assert!(answers[first..].contains("\rMSA|AA|3"), "{answers}");
    assert!(answers.contains("date: "), "{answers}");
    running.stop().await;
}

#[tokio::test]
async fn a_chunked_body_is_put_together() {
    let running = start().await;
    let message = adt("7", "", "");
    let mut request =
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
            .to_owned();
    for chunk in message.as_bytes().chunks(7) {
        let text = std::str::from_utf8(chunk).unwrap();
        request.push_str(&format!("{:x}\r\n{text}\r\n", chunk.len()));
    }
    request.push_str("0\r\n\r\n");
    let answer = raw(running.address, request).await;
    assert!(answer.contains("\rMSA|AA|7"), "{answer}");
    running.stop().await;
}

#[tokio::test]
async fn a_large_body_arrives_unchanged() {
    let document = "QUJD".repeat(1_300_000);
    let message = format!("{}OBX|1|ED|PDF||^^PDF^Base64^{document}\r", adt("7", "", ""));
    let expected = Bytes::from(message.clone());
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let running = Running::start(server.serve(move |received: Received| {
        let same = received.message.as_bytes() == &expected;
        async move {
            assert!(same, "the bytes differ");
            Outcome::accepted()
        }
    }));
    let answer = raw(running.address, raw_post("Connection: close\r\n", &message)).await;
    assert!(answer.contains("\rMSA|AA|7"), "{answer}");
    running.stop().await;
}

#[tokio::test]
async fn what_is_not_http_is_refused_and_the_server_goes_on() {
    let running = start().await;
    let hello = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];
    let frame = format!("\x0b{}\x1c\r", adt("7", "", ""));
    let endless = "x".repeat(100_000);
    for bytes in [&hello[..], frame.as_bytes(), b"\r\n\r\nGET", b"\0\0\0\0", endless.as_bytes()] {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        let _refused = stream.write_all(bytes).await;
        let _refused = stream.shutdown().await;
        let answer = rest(&mut stream).await;
        let refused = ["HTTP/1.1 400 ", "HTTP/1.1 414 ", "HTTP/1.1 431 "];
        let is_refusal = refused.iter().any(|start| answer.starts_with(start));
        assert!(answer.is_empty() || is_refusal, "{answer:?}");
        assert!(!answer.contains("MSA|"), "{answer:?}");
        still_serves(running.address).await;
    }
    running.stop().await;
}

#[tokio::test]
async fn malformed_requests_are_refused_and_the_server_goes_on() {
    let running = start().await;
    let message = adt("7", "", "");
    let broken = format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n{message}");
    let cases = [
        (raw_post("Content-Length: 3\r\nConnection: close\r\n", &message), "HTTP/1.1 400 "),
        ("POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n".to_owned(), "HTTP/1.1 400 "),
        // The message is not known to be at fault: it may be sent again.
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".to_owned(), "HTTP/1.1 408 "),
        ("GET / HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned(), "HTTP/1.1 405 "),
        ("HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned(), "HTTP/1.1 405 "),
        ("POST / HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned(), "HTTP/1.1 400 "),
    ];
    for (request, expected) in cases {
        let answer = raw(running.address, &request).await;
        assert!(answer.starts_with(expected), "{request:?}: {answer:?}");
        assert!(!answer.contains("MSA|"), "{request:?}: {answer:?}");
    }
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(broken.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(!answer.contains("MSA|"), "a part of a message is never answered: {answer:?}");
    still_serves(running.address).await;
    running.stop().await;
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_in_words_a_sender_gets_to_see() {
    let server = Server::bind("127.0.0.1:0").await.unwrap().max_body_len(8 * 1024 * 1024);
    let running = Running::start(server.serve(accept));
    // More than sockets hold, so that a server that did not read it would reset the connection.
    let body = format!("{}{}", adt("7", "", ""), "x".repeat(15 * 1024 * 1024));
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(raw_post("", &body).as_bytes()).await.expect("it is read, and dropped");
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    // A sender that asks first is told before it sends anything.
    let asking =
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\nExpect: 100-continue\r\n\r\n";
    let answer = raw(running.address, asking).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    still_serves(running.address).await;
    running.stop().await;
}

#[tokio::test]
async fn a_caller_that_shuts_down_its_sending_side_is_answered() {
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let running = Running::start(server.serve(async |_: Received| {
        tokio::time::sleep(Duration::from_millis(50)).await; // the end of input comes first
        Outcome::accepted()
    }));
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(raw_post("", &adt("7", "", "")).as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.contains("\rMSA|AA|7"), "{answer}");
    running.stop().await;
}

#[tokio::test]
async fn a_handler_runs_to_its_end_when_the_caller_goes_away() {
    let (done, is_done) = tokio::sync::mpsc::unbounded_channel();
    let (begun, mut has_begun) = tokio::sync::mpsc::unbounded_channel();
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let running = Running::start(server.serve(move |_: Received| {
        let (begun, done) = (begun.clone(), done.clone());
        async move {
            begun.send(()).unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
            done.send("handled").unwrap();
            let done = done.clone();
            hl7_ack::Reply::from(Outcome::accepted())
                .then(async move { done.send("then").unwrap() })
        }
    }));
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(raw_post("", &adt("7", "", "")).as_bytes()).await.unwrap();
    has_begun.recv().await.expect("the handler begins");
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    drop(stream); // a reset, not a shutdown
    let mut is_done = is_done;
    for expected in ["handled", "then"] {
        let event = timeout(SOON, is_done.recv()).await.expect(expected);
        assert_eq!(event, Some(expected));
    }
    running.stop().await;
}

#[tokio::test]
async fn http_2_is_spoken_to_those_who_speak_it() {
    let running = start().await;
    let stream = TcpStream::connect(running.address).await.unwrap();
    let (mut send, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    let driving = tokio::spawn(connection);
    for (id, msh_15, status) in [("1", "", 200), ("2", "NE", 204), ("3", "", 200)] {
        let request =
            Request::post(running.url()).body(Full::new(Bytes::from(adt(id, msh_15, "")))).unwrap();
        let (found, _, body) = parts(send.send_request(request).await.unwrap()).await;
        assert_eq!(found, status, "{id}");
        assert_eq!(body.is_empty(), status == 204, "{id}");
    }
    let get = Request::get(running.url()).body(Full::new(Bytes::new())).unwrap();
    assert_eq!(send.send_request(get).await.unwrap().status(), 405);
    drop(send);
    driving.await.unwrap().unwrap();
    running.stop().await;
}

#[tokio::test]
async fn a_path_that_was_not_named_is_404() {
    let server = Server::bind("127.0.0.1:0").await.unwrap().path("/adt").path("/$ingest");
    let running = Running::start(server.serve(accept));
    for (target, expected) in [
        ("/adt", "200"),
        ("/adt?CfgItem=x", "200"),
        ("/$ingest", "200"),
        ("http://other/adt", "200"),
        ("/", "404"),
        ("/adt/", "404"),
        ("/ADT", "404"),
        ("/%61dt", "404"),
        ("/x/../adt", "404"),
    ] {
        let request = raw_post("Connection: close\r\n", &adt("7", "", ""));
        let request = request.replacen("POST /adt ", &format!("POST {target} "), 1);
        let answer = raw(running.address, request).await;
        assert_eq!(answer.get(9..12), Some(expected), "{target}: {answer}");
    }
    running.stop().await;
}

#[tokio::test]
async fn an_idle_http_2_connection_is_closed_in_time() {
    let limit = Duration::from_millis(200);
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let server = server.idle_timeout(limit).header_timeout(limit);
    let running = Running::start(server.serve(accept));
    let stream = TcpStream::connect(running.address).await.unwrap();
    let (mut send, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    let driving = tokio::spawn(connection);
    let body = Full::new(Bytes::from(adt("1", "", "")));
    let request = Request::post(running.url()).body(body).unwrap();
    let response = send.send_request(request).await.unwrap();
    assert_eq!(parts(response).await.0, 200);
    let _how = timeout(SOON, driving).await.expect("closed by the server").unwrap();
    running.stop().await;
}

#[tokio::test]
async fn one_event_per_exchange_and_no_content_in_any() {
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);
    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer({
            let log = log.clone();
            move || log.clone()
        })
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let running = start().await;
    let message = adt("7", "", "");
    for (body, code) in [
        (message.clone(), "AA"),
        (adt("8", "NE", "NE"), "-"),
        (format!("PID|{SECRET}"), ""),
        (format!("{message}{message}"), "AA"),
    ] {
        log.0.lock().unwrap().clear();
        raw(running.address, raw_post("Connection: close\r\n", &body)).await;
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(!text.contains(SECRET), "{text}");
        let events: Vec<_> = text
            .lines()
            .filter(|line| line.contains("INFO") && line.contains("exchange"))
            .collect();
        let expected = body.matches("MSH|").count().max(1);
        assert_eq!(events.len(), expected, "{text}");
        let event = events[0];
        for field in ["peer=127.0.0.1:", "message_type=", "control_id=", "ms="] {
            assert!(event.contains(field), "{field} in {event}");
        }
        if !code.is_empty() {
            assert!(event.contains(&format!("code=\"{code}\"")), "{event}");
            assert!(event.contains("message_type=\"ADT^A01^ADT_A01\""), "{event}");
        }
    }
    running.stop().await;
}

#[tokio::test]
async fn an_unfinished_request_is_never_handled() {
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let running = Running::start(server.serve(async |received: Received| -> Outcome {
        panic!("{} bytes were handled", received.message.as_bytes().len());
    }));
    let message = adt("7", "", "");
    let head = raw_post("", &message);
    for at in [1, 40, head.len() - message.len(), head.len() - 1] {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        stream.write_all(&head.as_bytes()[..at]).await.unwrap();
        stream.shutdown().await.unwrap();
        let answer = rest(&mut stream).await;
        assert!(!answer.contains("MSA|"), "cut at {at}: {answer:?}");
    }
    running.stop().await;
}

#[tokio::test]
async fn the_support_reads_requests_as_written() {
    let text = raw_post("X-A: b\r\n", "body");
    let (head, body) = read_request(&mut text.as_bytes()).await;
    assert!(head.ends_with("X-A: b\r\n\r\n") && body == b"body", "{head:?} {body:?}");
}
