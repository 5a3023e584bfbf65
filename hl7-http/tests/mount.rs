//! The service inside somebody else's server.

use std::{sync::Arc, time::Duration};

use axum::{Router, routing::get};
use hl7_ack::{Outcome, Received, Reply};
use hl7_http::server::Service;
use tokio::{
    net::TcpListener,
    sync::{Notify, mpsc, oneshot},
};

use crate::support::{accept, adt, post, raw};

fn request(path: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

#[tokio::test]
async fn it_mounts_in_axum_as_a_route_and_as_a_fallback() {
    let refuse = |_: Received| async { Reply::hang_up() };
    let app = Router::new()
        .route("/health", get(|| async { "well" }))
        .route_service("/adt", Service::new(accept))
        .fallback_service(Service::new(refuse));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(async move {
        axum::serve(listener, app).with_graceful_shutdown(async { drop(stopped.await) }).await
    });
    let message = adt("7", "", "");
    for (text, status, content) in [
        (request("/adt", &message), "200", "\rMSA|AA|7"),
        (request("/other", &message), "500", ""),
        (request("/adt", "nonsense"), "400", "not an HL7 v2 message"),
        ("GET /health HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned(), "200", "well"),
        ("GET /adt HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned(), "405", "POST"),
    ] {
        let answer = raw(address, &text).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{text:?}: {answer:?}");
        assert!(answer.contains(content), "{text:?}: {answer:?}");
    }
    stop.send(()).unwrap();
    serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn an_unknown_path_is_404() {
    let app: Router = Router::new().route_service("/adt", Service::new(accept));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move { axum::serve(listener, app).await });
    for (path, expected) in [("/adt", "HTTP/1.1 200 "), ("/other", "HTTP/1.1 404 ")] {
        let answer = raw(address, request(path, &adt("7", "", ""))).await;
        assert!(answer.starts_with(expected), "{path}: {answer}");
    }
    serving.abort();
}

#[tokio::test]
async fn finish_waits_for_what_handlers_left_to_do() {
    let (done, is_done) = oneshot::channel();
    let done = std::sync::Mutex::new(Some(done));
    let service = Service::new(move |_: Received| {
        let done = done.lock().unwrap().take().expect("one message");
        async move {
            Reply::from(Outcome::accepted()).then(async move {
                tokio::task::yield_now().await;
                done.send(7).unwrap();
            })
        }
    });
    let app: Router = Router::new().fallback_service(service.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move { axum::serve(listener, app).await });
    let answer = raw(address, request("/", &adt("7", "", ""))).await;
    assert!(answer.contains("\rMSA|AA|7"), "{answer}");
    assert_eq!(service.finish(Duration::from_secs(10)).await, Ok(()));
    assert_eq!(is_done.await, Ok(7));
    serving.abort();
}

#[tokio::test]
async fn a_handler_that_is_cut_off_is_no_503_which_would_say_that_nothing_was_done() {
    let (begun, mut has_begun) = mpsc::unbounded_channel();
    let service = Service::new(move |_: Received| {
        begun.send(()).unwrap();
        std::future::pending::<Outcome>()
    });
    let answering = tokio::spawn({
        let service = service.clone();
        async move { service.answer(post(&[], adt("7", "", ""))).await }
    });
    has_begun.recv().await.expect("the handler begins");
    assert!(service.finish(Duration::from_millis(10)).await.is_err(), "it never ends");
    let response = answering.await.unwrap();
    assert_eq!(response.status(), 500);
    assert!(!response.headers().contains_key("retry-after"), "{response:?}");
}

#[tokio::test]
async fn a_response_that_nobody_waits_for_any_more_is_still_made_to_the_end() {
    let (events, mut seen) = mpsc::unbounded_channel();
    let release = Arc::new(Notify::new());
    let service = Service::new({
        let release = Arc::clone(&release);
        move |received: Received| {
            let (events, release) = (events.clone(), Arc::clone(&release));
            let is_first = received.message.header().control_id().as_bytes() == b"1";
            async move {
                if is_first {
                    events.send("begun").unwrap();
                    release.notified().await;
                }
                events.send("handled").unwrap();
                Reply::from(Outcome::accepted()).then(async move {
                    assert!(!is_first, "a panic keeps nothing else from running");
                    events.send("then").unwrap();
                })
            }
        }
    });
    let body = format!("{}{}", adt("1", "", ""), adt("2", "", ""));
    let mut answering = Box::pin(service.answer(post(&[], body)));
    tokio::select! {
        _ = &mut answering => panic!("answered before it was handled"),
        event = seen.recv() => assert_eq!(event, Some("begun")),
    }
    drop(answering);
    release.notify_one();
    assert_eq!(service.finish(Duration::from_secs(10)).await, Ok(()));
    for expected in ["handled", "handled", "then"] {
        assert_eq!(seen.try_recv(), Ok(expected));
    }
}
