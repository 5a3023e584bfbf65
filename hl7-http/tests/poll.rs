//! The poller against a source that keeps messages until they are confirmed.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use hl7_ack::{Cause, CauseKind, Deliver, Delivery, Finding, Outstanding};
use hl7_http::{
    client::Client,
    poll::{Confirm, Poller},
};
use hl7_parse::OwnedMessage;
use http::HeaderName;
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use crate::support::{SECRET, SOON, ack, adt, response, sent, stand_in};

type Events = mpsc::UnboundedReceiver<String>;

const NOTHING: &str = "HTTP/1.1 204 No Content\r\n\r\n";

/// A far side that answers by a script of codes, then always AA; `down` is not sent.
#[derive(Clone)]
struct His {
    codes: Arc<Mutex<VecDeque<&'static str>>>,
    events: mpsc::UnboundedSender<String>,
}

impl Deliver for His {
    async fn deliver(&self, message: OwnedMessage) -> Delivery {
        let id = String::from_utf8_lossy(message.header().control_id().as_bytes()).into_owned();
        let code = self.codes.lock().unwrap().pop_front().unwrap_or("AA");
        assert!(message.as_bytes().ends_with(b"\r") && !message.as_bytes().contains(&b'\n'));
        self.events.send(format!("{id} {code}")).unwrap();
        if code == "down" {
            return Delivery::NotSent(Cause::new(CauseKind::Unreachable, "down"));
        }
        match Outstanding::of(&message).examine(ack(code, &id).into()) {
            Finding::Answer(answer) => Delivery::Answered(answer),
            other => panic!("{other:?}"),
        }
    }
}

fn his(codes: &[&'static str]) -> (His, Events) {
    let (events, seen) = mpsc::unbounded_channel();
    (His { codes: Arc::new(Mutex::new(codes.iter().copied().collect())), events }, seen)
}

/// A source with these messages: GET gives the first, DELETE takes away the one that is named.
async fn outbox(ids: &[&str], events: mpsc::UnboundedSender<String>) -> String {
    let waiting: Mutex<VecDeque<String>> =
        Mutex::new(ids.iter().map(|id| (*id).to_owned()).collect());
    let address = stand_in(move |head, body| {
        assert!(body.is_empty(), "a request of the poller has no body");
        assert_eq!(sent(head, "authorization"), "Bearer t", "{head}");
        let mut waiting = waiting.lock().unwrap();
        if let Some(rest) = head.strip_prefix("DELETE /outbox/") {
            let id = rest.split(' ').next().unwrap();
            events.send(format!("{id} confirmed")).unwrap();
            assert_eq!(waiting.pop_front().as_deref(), Some(id), "in order");
            return NOTHING.to_owned();
        }
        match waiting.front() {
            Some(id) => response("200 OK", "text/plain", &adt(id, "", "").replace('\r', "\n")),
            None => {
                let _stopped = events.send("nothing".to_owned());
                NOTHING.to_owned()
            }
        }
    });
    format!("http://{}/outbox", address.await)
}

fn source(url: &str) -> Client {
    Client::builder(url).bearer("t").build().unwrap()
}

fn quick(poller: Poller) -> Poller {
    poller.interval(Duration::from_millis(1)).max_pause(Duration::from_millis(1))
}

async fn next(events: &mut Events) -> String {
    timeout(SOON, events.recv()).await.expect("in time").expect("an event")
}

#[tokio::test]
async fn a_message_is_confirmed_after_its_acknowledgment_and_before_the_next_is_fetched() {
    let (his, mut events) = his(&[]);
    let url = outbox(&["1", "2"], his.events.clone()).await;
    let poller = Poller::confirming(source(&url), Confirm::delete("/outbox/{control_id}")).unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(quick(poller).run(his, async { drop(stopped.await) }));
    for expected in ["1 AA", "1 confirmed", "2 AA", "2 confirmed", "nothing", "nothing"] {
        assert_eq!(next(&mut events).await, expected);
    }
    stop.send(()).unwrap();
    timeout(SOON, running).await.expect("stops").unwrap();
}

#[tokio::test]
async fn what_is_not_acknowledged_positively_is_not_confirmed_and_comes_again() {
    let (his, mut events) = his(&["down", "AE", "AR", "AA"]);
    let url = outbox(&["1", "2"], his.events.clone()).await;
    let poller = Poller::confirming(source(&url), Confirm::delete("/outbox/{control_id}")).unwrap();
    let running = tokio::spawn(quick(poller).run(his, std::future::pending()));
    for expected in ["1 down", "1 AE", "1 AR", "1 AA", "1 confirmed", "2 AA", "2 confirmed"] {
        assert_eq!(next(&mut events).await, expected);
    }
    running.abort();
}

#[tokio::test]
async fn a_refused_message_is_confirmed_where_that_is_asked_for() {
    let (his, mut events) = his(&["AE", "down"]);
    let url = outbox(&["1", "2"], his.events.clone()).await;
    let poller = Poller::confirming(source(&url), Confirm::delete("/outbox/{control_id}")).unwrap();
    let running = tokio::spawn(quick(poller.confirm_refused()).run(his, std::future::pending()));
    for expected in ["1 AE", "1 confirmed", "2 down", "2 AA", "2 confirmed"] {
        assert_eq!(next(&mut events).await, expected);
    }
    running.abort();
}

/// What a crash between acknowledgment and confirmation leaves behind: the message comes again with
/// the same MSH-10.
#[tokio::test]
async fn after_a_crash_nothing_is_missing() {
    let (his, mut events) = his(&[]);
    let url = outbox(&["1", "2"], his.events.clone()).await;
    let confirm = || Confirm::delete("/outbox/{control_id}");
    struct Crashing(His, Arc<tokio::sync::Notify>);
    impl Deliver for Crashing {
        async fn deliver(&self, message: OwnedMessage) -> Delivery {
            let delivery = self.0.deliver(message).await;
            self.1.notify_one();
            std::future::pending::<()>().await;
            delivery
        }
    }
    let crash = Arc::new(tokio::sync::Notify::new());
    let poller = quick(Poller::confirming(source(&url), confirm()).unwrap());
    let dying = Crashing(his.clone(), Arc::clone(&crash));
    let running = tokio::spawn(poller.run(dying, std::future::pending()));
    crash.notified().await;
    running.abort();
    assert_eq!(next(&mut events).await, "1 AA");
    let poller = quick(Poller::confirming(source(&url), confirm()).unwrap());
    let running = tokio::spawn(poller.run(his, std::future::pending()));
    for expected in ["1 AA", "1 confirmed", "2 AA", "2 confirmed"] {
        assert_eq!(next(&mut events).await, expected);
    }
    running.abort();
}

#[tokio::test]
async fn a_list_is_confirmed_item_by_item_and_a_batch_as_a_whole() {
    let list = serde_json::json!([
        {"id": 11, "message": adt("1", "", "")},
        {"id": "x/y", "message": adt("2", "", "")},
    ]);
    let batch = format!("BHS|^~\\&\r{}{}BTS|2\r", adt("1", "", ""), adt("2", "", ""));
    let by_id = Confirm::delete("/done/{id}");
    let by_header = Confirm::post_at(HeaderName::from_static("x-confirm"));
    let list = response("200 OK", "application/json", &list.to_string());
    let batch = response("200 OK", "text/plain", &batch).replacen(
        "\r\n",
        "\r\nX-Confirm: done?batch=7\r\n",
        1,
    );
    for (confirm, answer, expected) in [
        (
            by_id,
            list,
            [
                "1 AA",
                "DELETE /done/11",
                "2 down",
                "1 AA",
                "DELETE /done/11",
                "2 AA",
                "DELETE /done/x%2Fy",
            ]
            .as_slice(),
        ),
        (by_header, batch, &["1 AA", "2 down", "1 AA", "2 AA", "POST /done?batch=7"]),
    ] {
        let (his, mut events) = his(&["AA", "down"]);
        let tell = his.events.clone();
        let address = stand_in(move |head, _| {
            if head.starts_with("GET ") {
                return answer.clone();
            }
            let line = head.lines().next().unwrap().strip_suffix(" HTTP/1.1").unwrap();
            let _stopped = tell.send(line.to_owned());
            NOTHING.to_owned()
        });
        let url = format!("http://{}/", address.await);
        let poller = Poller::confirming(source(&url), confirm).unwrap();
        let running = tokio::spawn(quick(poller).run(his, std::future::pending()));
        for expected in expected {
            assert_eq!(next(&mut events).await, *expected);
        }
        running.abort();
    }
}

#[tokio::test]
async fn credentials_in_the_url_are_shown_to_a_confirmation_at_a_whole_url_too() {
    let (his, mut events) = his(&[]);
    let tell = his.events.clone();
    let address = stand_in(move |head, _| {
        let line = head.lines().next().unwrap();
        let _stopped = tell.send(format!("{line} {}", sent(head, "authorization")));
        match head.starts_with("GET ") {
            true => response("200 OK", "text/plain", &adt("1", "", "")).replacen(
                "\r\n",
                &format!("\r\nX-Confirm: http://{}/done\r\n", sent(head, "host")),
                1,
            ),
            false => NOTHING.to_owned(),
        }
    });
    let url = format!("http://me:hidden@{}/", address.await);
    let confirm = Confirm::post_at(HeaderName::from_static("x-confirm"));
    let poller = Poller::confirming(Client::builder(&url).build().unwrap(), confirm).unwrap();
    let running = tokio::spawn(quick(poller).run(his, std::future::pending()));
    for expected in
        ["GET / HTTP/1.1 Basic bWU6aGlkZGVu", "1 AA", "POST /done HTTP/1.1 Basic bWU6aGlkZGVu"]
    {
        assert_eq!(next(&mut events).await, expected);
    }
    running.abort();
}

#[tokio::test]
async fn a_confirmation_is_tried_again_without_delivering_again() {
    let (his, mut events) = his(&[]);
    let tell = his.events.clone();
    let answers = Mutex::new(VecDeque::from(["500 Oops", "503 Busy", "410 Gone"]));
    let address = stand_in(move |head, _| {
        if head.starts_with("GET ") {
            return response("200 OK", "text/plain", &adt("1", "", ""));
        }
        let status = answers.lock().unwrap().pop_front().unwrap_or("200 OK");
        let _stopped = tell.send(status.to_owned());
        response(status, "text/plain", "")
    });
    let url = format!("http://{}/", address.await);
    let poller = Poller::confirming(source(&url), Confirm::post("/done")).unwrap();
    let running = tokio::spawn(quick(poller).run(his, std::future::pending()));
    for expected in ["1 AA", "500 Oops", "503 Busy", "410 Gone", "1 AA", "200 OK"] {
        assert_eq!(next(&mut events).await, expected);
    }
    running.abort();
}

#[tokio::test]
async fn nothing_and_failures_are_told_apart_and_neither_ends_the_polling() {
    let (his, mut events) = his(&[]);
    let bare = |status: &str| format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
    let answers = Mutex::new(VecDeque::from([
        bare("200 OK"),
        bare("404 Not Found"),
        NOTHING.to_owned(),
        response("200 OK", "text/plain", " \r\n"),
        response("200 OK", "application/json", "[]"),
        bare("500 Oops"),
        bare("302 Found"),
        response("200 OK", "text/html", "<html>"),
        response("200 OK", "text/plain", &"x".repeat(2 << 20)),
        response("200 OK", "text/plain", &adt("1", "", "")),
    ]));
    let address = stand_in(move |head, _| match head.starts_with("POST /in ") {
        true => answers.lock().unwrap().pop_front().unwrap_or(NOTHING.to_owned()),
        false => NOTHING.to_owned(),
    });
    let url = format!("http://{}/in", address.await);
    let poller = Poller::confirming(source(&url), Confirm::delete("/done")).unwrap().by_post();
    let running = tokio::spawn(quick(poller).run(his, std::future::pending()));
    assert_eq!(next(&mut events).await, "1 AA");
    running.abort();
}

#[tokio::test]
async fn what_can_not_come_again_is_tried_and_then_handed_over() {
    let (his, mut events) = his(&["down", "AA", "AE", "down", "down", "down"]);
    let answers = Mutex::new(VecDeque::from([
        format!("{}{}", adt("1", "", ""), adt("2", "", "")),
        adt("3", "", ""),
        "<html>".to_owned(),
    ]));
    let address = stand_in(move |_, _| match answers.lock().unwrap().pop_front() {
        Some(body) => response("200 OK", "text/plain", &body),
        None => NOTHING.to_owned(),
    });
    let url = format!("http://{}/", address.await);
    let (lose, mut lost) = mpsc::unbounded_channel();
    let poller = Poller::at_most_once(source(&url), move |undelivered| {
        assert!(!format!("{undelivered:?}").contains(SECRET));
        lose.send((undelivered.content.len(), undelivered.cause.kind())).unwrap();
    });
    let running = tokio::spawn(quick(poller.max_attempts(3)).run(his, std::future::pending()));
    for expected in ["1 down", "1 AA", "2 AE", "3 down", "3 down", "3 down"] {
        assert_eq!(next(&mut events).await, expected);
    }
    let len = adt("1", "", "").len();
    for expected in [
        (len, CauseKind::ContentRefused),
        (len, CauseKind::Unreachable),
        (6, CauseKind::Unreadable),
    ] {
        assert_eq!(timeout(SOON, lost.recv()).await.expect("in time"), Some(expected));
    }
    running.abort();
}

#[tokio::test]
async fn a_stop_hands_over_what_was_fetched_and_can_not_come_again() {
    let (his, mut events) = his(&["down"; 1000]);
    let address = stand_in(|_, _| response("200 OK", "text/plain", &adt("1", "", "")));
    let url = format!("http://{}/", address.await);
    let (lose, mut lost) = mpsc::unbounded_channel();
    let poller = Poller::at_most_once(source(&url), move |undelivered| {
        lose.send(undelivered.cause.kind()).unwrap();
    })
    .max_attempts(1000);
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(poller.run(his, async { drop(stopped.await) }));
    assert_eq!(next(&mut events).await, "1 down");
    stop.send(()).unwrap();
    timeout(SOON, running).await.expect("stops").unwrap();
    assert_eq!(lost.recv().await, Some(CauseKind::ShuttingDown));
}

#[tokio::test]
async fn a_long_poll_that_ends_by_the_time_limit_is_no_failure() {
    let (his, mut events) = his(&[]);
    let asked = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn({
        let asked = Arc::clone(&asked);
        async move {
            let mut held = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                crate::support::read_request(&mut stream).await;
                if asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 5 {
                    use tokio::io::AsyncWriteExt;
                    let answer = response("200 OK", "text/plain", &adt("1", "", ""));
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
                held.push(stream);
            }
        }
    });
    let url = format!("http://{address}/");
    let client = Client::builder(&url).timeout(Duration::from_millis(100)).build().unwrap();
    let poller = Poller::confirming(client, Confirm::delete("/done")).unwrap().long_poll();
    // Five failures would pause for longer than the test waits.
    let poller = poller.interval(Duration::from_millis(1)).max_pause(Duration::from_secs(3600));
    let running = tokio::spawn(poller.run(his, std::future::pending()));
    assert_eq!(next(&mut events).await, "1 AA");
    running.abort();
}
