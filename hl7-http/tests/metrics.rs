//! What is counted, and that nothing of a message is a label.

use std::time::Duration;

use hl7_ack::{Deliver, Delivery};
use hl7_http::{
    client::Client,
    poll::{Confirm, Poller},
    server::Server,
};
use hl7_parse::OwnedMessage;
use tokio::{net::TcpStream, sync::mpsc};

use crate::{
    recorder::Notes,
    support::{Running, accept, ack, adt, owned, raw, raw_post, response, stand_in},
};

async fn until(notes: &Notes, expected: &str, times: usize) {
    while notes.count(expected) < times {
        tokio::task::yield_now().await;
    }
}

/// Everything that `job` counts.
fn noted<F: Future<Output = ()>>(job: impl FnOnce(Notes) -> F) -> Notes {
    let notes = Notes::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    metrics::with_local_recorder(&notes, || runtime.block_on(job(notes.clone())));
    let lines = notes.lines();
    assert!(!lines.iter().any(|line| line.contains("SECRET")), "{lines:?}");
    notes
}

/// Accepts a message and tells that it came.
struct Taking(mpsc::UnboundedSender<()>);

impl Deliver for Taking {
    async fn deliver(&self, message: OwnedMessage) -> Delivery {
        self.0.send(()).unwrap();
        let stand_in =
            stand_in(|_, _| response("200 OK", "text/plain", &ack("AA", "SECRET1"))).await;
        let client = Client::builder(&format!("http://{stand_in}/")).build().unwrap();
        client.deliver(message).await
    }
}

#[test]
fn exchanges_refusals_deliveries_and_connections_are_counted_by_closed_labels() {
    let message = adt("SECRET1", "", "");
    let bytes = message.len();
    let notes = noted(async |_| {
        let running = Running::start(Server::bind("127.0.0.1:0").await.unwrap().serve(accept));
        let client = Client::builder(&running.url()).build().unwrap();
        drop(client.deliver(owned(message)).await);
        drop(client);
        let refused = raw(running.address, raw_post("Connection: close\r\n", "nonsense")).await;
        assert!(refused.starts_with("HTTP/1.1 400 "), "{refused}");
        raw(running.address, "nonsense\r\n\r\n").await;
        let address = running.address;
        running.stop().await;
        let nobody = Client::builder(&format!("http://{address}/")).build().unwrap();
        assert!(matches!(nobody.deliver(owned(adt("7", "", ""))).await, Delivery::NotSent(_)));
    });
    for (expected, times) in [
        ("hl7_http_connections_total{} +1", 3),
        ("hl7_http_connections{} +1", 3),
        ("hl7_http_connections{} -1", 3),
        ("hl7_http_exchanges_total{code=AA} +1", 1),
        (&*format!("hl7_http_received_bytes_total{{}} +{bytes}"), 1),
        ("hl7_http_exchange_seconds{} recorded", 2),
        ("hl7_http_refusals_total{status=400} +1", 1),
        ("hl7_http_events_total{event=not_http} +1", 1),
        ("hl7_http_deliveries_total{outcome=answered} +1", 1),
        ("hl7_http_deliveries_total{outcome=not sent} +1", 1),
        ("hl7_http_delivery_seconds{} recorded", 2),
    ] {
        assert_eq!(notes.count(expected), times, "{expected}: {:?}", notes.lines());
    }
}

#[test]
fn a_silent_connection_and_a_lost_one_are_told_apart() {
    let notes = noted(async |notes| {
        let limit = Duration::from_millis(100);
        let server = Server::bind("127.0.0.1:0").await.unwrap().header_timeout(limit);
        let running = Running::start(server.serve(accept));
        assert_eq!(raw(running.address, "POST /SECRET").await, "");
        let resetting = TcpStream::connect(running.address).await.unwrap();
        socket2::SockRef::from(&resetting).set_linger(Some(Duration::ZERO)).unwrap();
        until(&notes, "hl7_http_connections{} +1", 2).await;
        drop(resetting);
        until(&notes, "hl7_http_connections{} -1", 2).await;
        running.stop().await;
    });
    for event in ["silent", "lost"] {
        let expected = format!("hl7_http_events_total{{event={event}}} +1");
        assert_eq!(notes.count(&expected), 1, "{expected}: {:?}", notes.lines());
    }
}

#[test]
fn what_is_polled_and_rounds_that_fail_are_counted() {
    let notes = noted(async |notes| {
        let source = stand_in(|head, _| match head.starts_with("GET /empty ") {
            true => response("500 Internal Server Error", "text/plain", "SECRET"),
            false => response("200 OK", "text/plain", &adt("SECRET1", "", "")),
        })
        .await;
        for path in ["/outbox", "/empty"] {
            let client = Client::builder(&format!("http://{source}{path}")).build().unwrap();
            let poller = Poller::confirming(client, Confirm::delete("/outbox/{control_id}"));
            let (taken, mut is_taken) = mpsc::unbounded_channel();
            let stop = async {
                match path {
                    "/outbox" => is_taken.recv().await.unwrap(),
                    _ => until(&notes, "hl7_http_poll_failures_total{} +1", 1).await,
                }
            };
            poller.unwrap().run(Taking(taken), stop).await;
        }
    });
    for expected in ["hl7_http_polled_total{code=AA} +1", "hl7_http_poll_failures_total{} +1"] {
        assert_eq!(notes.count(expected), 1, "{expected}: {:?}", notes.lines());
    }
}
