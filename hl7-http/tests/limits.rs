//! Each limit, one under, at, and one over it.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use hl7_ack::{Outcome, Received, Reply, Responder};
use hl7_http::server::{Server, Service};
use http::Request;
use http_body::Frame;
use tokio::{sync::Notify, time::Instant};

use crate::support::{Running, accept, adt, header, parts, post, raw, raw_post, still_serves};

/// A body in chunks without an announced length; `None` at the end of the queue never comes.
struct Chunks(Vec<Option<&'static [u8]>>);

impl http_body::Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.0.is_empty() {
            return Poll::Ready(None);
        }
        match self.0.remove(0) {
            Some(chunk) => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(chunk))))),
            None => {
                self.0.insert(0, None);
                Poll::Pending
            }
        }
    }
}

#[tokio::test]
async fn max_body_len_holds_with_and_without_an_announced_length() {
    let message: &'static str = Box::leak(adt("7", "", "").into_boxed_str());
    for (max, status) in [(message.len() - 1, 413), (message.len(), 200), (message.len() + 1, 200)]
    {
        let service = Service::new(accept).max_body_len(max);
        let response = service.answer(post(&[], message)).await;
        let closes = header(&response, "connection");
        let (found, ..) = parts(response).await;
        assert_eq!(found, status, "announced, max {max}");
        assert_eq!(closes == "close", status == 413, "announced, max {max}");

        let pieces = message.as_bytes().chunks(10).map(Some).collect();
        let request = Request::post("/").body(Chunks(pieces)).unwrap();
        let (found, _, body) = parts(service.answer(request).await).await;
        assert_eq!(found, status, "in chunks, max {max}: {body:?}");
    }
}

#[tokio::test]
async fn max_messages_of_one_body_holds() {
    let max = Responder::MAX_MESSAGES;
    let handled = Arc::new(AtomicUsize::new(0));
    let service = Service::new({
        let handled = Arc::clone(&handled);
        move |_: Received| {
            handled.fetch_add(1, Ordering::Relaxed);
            async { Reply::none() }
        }
    });
    for (count, status) in [(max - 1, 204), (max, 204), (max + 1, 413)] {
        handled.store(0, Ordering::Relaxed);
        let body = "MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\r".repeat(count);
        let (found, ..) = parts(service.answer(post(&[], body)).await).await;
        assert_eq!(found, status, "{count} messages");
        let expected = if status == 413 { 0 } else { count };
        assert_eq!(handled.load(Ordering::Relaxed), expected, "{count} messages");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_end_is_refused_after_body_timeout() {
    let service = Service::new(accept).body_timeout(Duration::from_secs(7));
    for pieces in [vec![None], vec![Some(&b"MSH|^~\\&|A\r"[..]), None]] {
        let started = Instant::now();
        let request = Request::post("/").body(Chunks(pieces)).unwrap();
        let (status, ..) = parts(service.answer(request).await).await;
        assert_eq!(status, 408);
        assert_eq!(started.elapsed().as_secs(), 7);
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_is_too_slow_is_answered_for_after_60_seconds() {
    let service = Service::new(async |_: Received| {
        tokio::time::sleep(Duration::from_secs(61)).await;
        Outcome::accepted()
    });
    let started = Instant::now();
    let (status, _, body) = parts(service.answer(post(&[], adt("7", "", ""))).await).await;
    assert_eq!(status, 200);
    assert!(body.windows(9).any(|bytes| bytes == b"\rMSA|AR|7"), "{body:?}");
    assert_eq!(started.elapsed().as_secs(), 60);
    assert_eq!(
        service.finish(Duration::from_secs(5)).await,
        Ok(()),
        "the handler went on to its end"
    );
    assert_eq!(started.elapsed().as_secs(), 61);
}

#[tokio::test]
async fn max_in_flight_refuses_the_request_over_it() {
    let release = Arc::new(Notify::new());
    let service = Service::new({
        let release = Arc::clone(&release);
        move |_: Received| {
            let release = Arc::clone(&release);
            async move {
                release.notified().await;
                Outcome::accepted()
            }
        }
    })
    .max_in_flight(2);
    let spawn = || {
        let service = service.clone();
        tokio::spawn(async move { parts(service.answer(post(&[], adt("7", "", ""))).await).await })
    };
    let waiting = [spawn(), spawn()];
    tokio::task::yield_now().await;
    let response = service.answer(post(&[], adt("8", "", ""))).await;
    assert_eq!(header(&response, "retry-after"), "1");
    let (status, ..) = parts(response).await;
    assert_eq!(status, 503, "one over");
    for one in waiting {
        release.notify_one();
        assert_eq!(one.await.unwrap().0, 200, "at the limit");
    }
    release.notify_one();
    let (status, ..) = parts(service.answer(post(&[], adt("9", "", ""))).await).await;
    assert_eq!(status, 200, "free again");
}

#[tokio::test]
async fn max_background_holds_the_answer_back() {
    let release = Arc::new(Notify::new());
    let service =
        Service::new({
            let release = Arc::clone(&release);
            move |_: Received| {
                let release = Arc::clone(&release);
                async move {
                    Reply::from(Outcome::accepted()).then(async move { release.notified().await })
                }
            }
        })
        .max_background(1);
    let (status, ..) = parts(service.answer(post(&[], adt("1", "", ""))).await).await;
    assert_eq!(status, 200);
    let second = service.answer(post(&[], adt("2", "", "")));
    tokio::pin!(second);
    let early = tokio::time::timeout(Duration::from_millis(50), &mut second).await;
    assert!(early.is_err(), "the place is taken");
    release.notify_one();
    assert_eq!(parts(second.await).await.0, 200);
    release.notify_one();
    assert_eq!(service.finish(Duration::from_secs(5)).await, Ok(()));
}

#[tokio::test]
async fn max_connections_makes_the_next_one_wait() {
    let server = Server::bind("127.0.0.1:0").await.unwrap().max_connections(1);
    let running = Running::start(server.serve(accept));
    let held = tokio::net::TcpStream::connect(running.address).await.unwrap();
    // Only after the first one is held for certain does the second come.
    let first = raw(running.address, "nonsense\r\n\r\n");
    tokio::pin!(first);
    let early = tokio::time::timeout(Duration::from_millis(50), &mut first).await;
    assert!(early.is_err(), "the second connection waits");
    drop(held);
    assert!(first.await.starts_with("HTTP/1.1 400 "));
    running.stop().await;
}

#[tokio::test]
async fn headers_over_the_limits_are_refused_and_the_server_goes_on() {
    let running = Running::start(Server::bind("127.0.0.1:0").await.unwrap().serve(accept));
    let long = format!("X-Long: {}\r\n", "x".repeat(70 * 1024));
    let many: String = (0..101).map(|number| format!("X-{number}: x\r\n")).collect();
    for extra in [long, many] {
        let answer = raw(running.address, raw_post(&extra, "")).await;
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
        still_serves(running.address).await;
    }
    running.stop().await;
}

#[tokio::test]
async fn a_connection_without_a_whole_request_is_closed_in_time() {
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let limit = Duration::from_millis(200);
    let patient = Duration::from_secs(600);
    let address = server.local_addr();
    let running = Running::start(server.header_timeout(limit).idle_timeout(patient).serve(accept));
    for begun in ["P", "POST /adt HTTP/1.1\r\n", "POST /adt HTTP/1.1\r\nHost: x\r\nX-Slow: "] {
        assert_eq!(raw(address, begun).await, "", "{begun:?}");
    }
    // The preface of HTTP/2 is cut off in its middle.
    assert_eq!(raw(address, "PRI * HTTP/2.0\r\n").await, "");
    still_serves(address).await;
    running.stop().await;

    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr();
    let running = Running::start(server.header_timeout(patient).idle_timeout(limit).serve(accept));
    assert_eq!(raw(address, "").await, "", "silent from the start");
    let answer = raw(address, raw_post("", &adt("7", "", ""))).await;
    assert!(answer.contains("\rMSA|AA|7"), "silent after an answer: {answer}");
    running.stop().await;
}
