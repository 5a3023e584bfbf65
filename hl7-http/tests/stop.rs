//! The graceful stop of the standalone server.

use std::{io::ErrorKind, sync::Arc, time::Duration};

use hl7_ack::{Outcome, Received, Reply};
use hl7_http::server::Server;
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    sync::{Notify, mpsc},
    time::timeout,
};

use crate::support::{Running, SOON, accept, adt, raw_post, rest};

#[tokio::test]
async fn an_exchange_in_flight_is_answered_and_its_then_is_awaited() {
    let (begun, mut has_begun) = mpsc::unbounded_channel();
    let (done, mut is_done) = mpsc::unbounded_channel();
    let release = Arc::new(Notify::new());
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let running = Running::start(server.serve({
        let release = Arc::clone(&release);
        move |_: Received| {
            let (begun, done, release) = (begun.clone(), done.clone(), Arc::clone(&release));
            async move {
                begun.send(()).unwrap();
                release.notified().await;
                Reply::from(Outcome::accepted()).then(async move {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    done.send(()).unwrap();
                })
            }
        }
    }));
    let address = running.address;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(raw_post("", &adt("7", "", "")).as_bytes()).await.unwrap();
    has_begun.recv().await.expect("the handler begins");

    let end = running.ask_to_stop();
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await; // until the listener is closed
    }
    release.notify_one();
    let answer = rest(&mut stream).await;
    assert!(answer.contains("\rMSA|AA|7"), "{answer}");
    timeout(SOON, end).await.unwrap().unwrap().expect("nothing cut off");
    assert_eq!(is_done.try_recv(), Ok(()), "the stop waited for it");
}

#[tokio::test]
async fn idle_connections_do_not_hold_the_stop_up() {
    let running = Running::start(Server::bind("127.0.0.1:0").await.unwrap().serve(accept));
    let mut silent = TcpStream::connect(running.address).await.unwrap();
    let mut used = TcpStream::connect(running.address).await.unwrap();
    used.write_all(raw_post("", &adt("7", "", "")).as_bytes()).await.unwrap();
    let mut first = [0; 1];
    tokio::io::AsyncReadExt::read_exact(&mut used, &mut first).await.unwrap();
    running.stop().await;
    assert_eq!(rest(&mut silent).await, "");
    assert!(rest(&mut used).await.contains("\rMSA|AA|7"));
}

#[tokio::test]
async fn what_outlives_the_deadline_is_cut_off_and_told() {
    let (begun, mut has_begun) = mpsc::unbounded_channel();
    let server =
        Server::bind("127.0.0.1:0").await.unwrap().shutdown_timeout(Duration::from_millis(50));
    let running = Running::start(server.serve(move |_: Received| {
        begun.send(()).unwrap();
        std::future::pending::<Outcome>()
    }));
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(raw_post("", &adt("7", "", "")).as_bytes()).await.unwrap();
    has_begun.recv().await.expect("the handler begins");
    let error = timeout(SOON, running.ask_to_stop()).await.unwrap().unwrap().expect_err("cut off");
    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
    assert!(!rest(&mut stream).await.contains("MSA|"));
}

#[tokio::test]
async fn a_body_that_is_not_complete_gets_a_moment_and_then_503() {
    let whole = raw_post("", &adt("7", "", ""));
    let body = whole.find("\r\n\r\n").unwrap() + 4;
    for len in [whole.find("\r\n").unwrap(), body, body + 1, whole.len() - 1] {
        let server =
            Server::bind("127.0.0.1:0").await.unwrap().stop_grace(Duration::from_millis(100));
        let running = Running::start(server.serve(accept));
        let mut stalled = TcpStream::connect(running.address).await.unwrap();
        stalled.write_all(&whole.as_bytes()[..len]).await.unwrap();
        let mut used = TcpStream::connect(running.address).await.unwrap();
        used.write_all(whole.as_bytes()).await.unwrap();
        let mut first = [0; 1];
        tokio::io::AsyncReadExt::read_exact(&mut used, &mut first).await.unwrap();

        let end = running.ask_to_stop();
        timeout(SOON, end).await.unwrap().unwrap().expect("nothing cut off");
        let answer = rest(&mut stalled).await;
        if len < body {
            assert_eq!(answer, "", "{len} of {} bytes", whole.len());
        } else {
            assert!(
                answer.starts_with("HTTP/1.1 503 "),
                "{len} of {} bytes: {answer}",
                whole.len()
            );
        }
    }
}

#[tokio::test]
async fn a_body_that_ends_after_the_stop_has_begun_is_answered() {
    let running = Running::start(Server::bind("127.0.0.1:0").await.unwrap().serve(accept));
    let address = running.address;
    let whole = raw_post("", &adt("7", "", ""));
    let (begin, end) = whole.as_bytes().split_at(whole.len() - 5);
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(begin).await.unwrap();
    let mut used = TcpStream::connect(address).await.unwrap();
    used.write_all(whole.as_bytes()).await.unwrap();
    let mut first = [0; 1];
    tokio::io::AsyncReadExt::read_exact(&mut used, &mut first).await.unwrap();

    let stopped = running.ask_to_stop();
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await; // until the listener is closed
    }
    stream.write_all(end).await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.contains("\rMSA|AA|7"), "{answer}");
    timeout(SOON, stopped).await.unwrap().unwrap().expect("nothing cut off");
}
