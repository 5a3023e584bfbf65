//! The decorators of `hl7-ack` around a real client and a real server.

use std::{
    future::IntoFuture,
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use hl7_ack::{
    AckCode, AnyHandler, CauseKind, Deliver, Delivery, Enhanced, ErrorCode, Forward, Handler,
    InOrder, MemoryStore, Outcome, Peer, Received, Replay, Responder, Retry, RetryAction,
    RetryPolicy, TimeLimited, Timer, Waiters,
};
use hl7_mllp::{client::Client, server::Server};
use hl7_parse::OwnedMessage;
use hl7_transport::TokioTimer;
use tokio::{
    io::duplex,
    net::TcpStream,
    sync::{Notify, oneshot},
    task::{JoinHandle, JoinSet},
};

use crate::support::{Wire, ack, frame, message};

const SECOND: Duration = Duration::from_secs(1);

fn owned(id: &str) -> OwnedMessage {
    OwnedMessage::parse(message(id)).unwrap()
}

/// With MSH-15 and MSH-16.
fn enhanced(id: &str) -> OwnedMessage {
    let text = format!("MSH|^~\\&|LAB|GH|EHR|GH|20240229||ADT^A01|{id}|P|2.5|||AL|AL\rPID|1\r");
    OwnedMessage::parse(text).unwrap()
}

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<io::Result<()>>,
}

impl Running {
    async fn start(address: &str, handler: impl Handler) -> Self {
        let server = Server::bind(address).await.unwrap();
        let address = server.local_addr();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = server.serve(handler).with_graceful_shutdown(async { drop(stopped.await) });
        Self { address, stop, server: tokio::spawn(serving.into_future()) }
    }

    async fn stop(self) -> SocketAddr {
        drop(self.stop);
        self.server.await.unwrap().unwrap();
        self.address
    }

    fn client(&self) -> Client {
        Client::builder(self.address.to_string()).build().unwrap()
    }

    async fn wire(&self) -> Wire<TcpStream> {
        Wire::new(TcpStream::connect(self.address).await.unwrap())
    }
}

/// Tells when a pause begins.
#[derive(Clone)]
struct Pausing(Arc<Notify>);

impl Timer for Pausing {
    async fn sleep(&self, duration: Duration) {
        if duration < SECOND {
            self.0.notify_one();
        }
        tokio::time::sleep(duration).await;
    }
}

#[tokio::test]
async fn order_is_kept_and_nothing_lost_or_doubled_across_a_restart_of_the_server() {
    const MESSAGES: usize = 30;
    let handled = Arc::new(Mutex::new(Vec::new()));
    let (some, answers) = (Arc::new(Notify::new()), MemoryStore::new());
    let handler = || -> AnyHandler {
        let (handled, some) = (Arc::clone(&handled), Arc::clone(&some));
        Replay::new(answers.clone()).around(move |received: Received| {
            let id = received.message.header().control_id().decode().into_owned();
            let mut handled = handled.lock().unwrap();
            handled.push(id.parse::<usize>().unwrap());
            if handled.len() == MESSAGES / 3 {
                some.notify_one();
            }
            async { Outcome::accepted() }
        })
    };
    let first = Running::start("127.0.0.1:0", handler()).await;
    let paused = Arc::new(Notify::new());
    // Unknown is tried again too: the server knows a copy.
    let policy = RetryPolicy::park_content_errors().on_unknown(RetryAction::Retry);
    let retry = Retry::new(first.client(), policy, Pausing(Arc::clone(&paused)))
        .pauses(Duration::from_millis(5), Duration::from_millis(20))
        .max_attempts(u32::MAX);
    let in_order = InOrder::new(retry);

    let mut tasks = JoinSet::new();
    for id in 0..MESSAGES {
        let in_order = in_order.clone();
        tasks.spawn(async move { in_order.deliver(owned(&id.to_string())).await });
    }
    some.notified().await;
    let address = first.stop().await;
    // At least one attempt finds nobody.
    paused.notified().await;
    let second = Running::start(&address.to_string(), handler()).await;
    for delivery in tasks.join_all().await {
        assert!(delivery.is_positive(), "{delivery:?}");
    }
    assert_eq!(*handled.lock().unwrap(), (0..MESSAGES).collect::<Vec<_>>());
    second.stop().await;
}

#[tokio::test]
async fn a_resend_on_another_connection_gets_the_same_bytes_and_is_not_handled_again() {
    let handled = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&handled);
    let handler = Replay::new(MemoryStore::new()).around(move |_: Received| {
        counted.fetch_add(1, Ordering::SeqCst);
        async { Outcome::error(ErrorCode::REQUIRED_FIELD_MISSING, "no birth date") }
    });
    let server = Running::start("127.0.0.1:0", handler).await;
    let mut answers = Vec::new();
    for _ in 0..3 {
        let mut wire = server.wire().await;
        wire.send(&frame(&message("7"))).await;
        answers.push(wire.next().await.unwrap());
    }
    assert_eq!(crate::support::msa(&answers[0]), "MSA|AE|7|no birth date");
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(handled.load(Ordering::SeqCst), 1);
    server.stop().await;
}

/// Two systems, each with a server: the second acknowledgment goes the other way.
#[tokio::test]
async fn the_application_acknowledgment_comes_as_an_exchange_of_its_own() {
    let waiters = Waiters::new(TokioTimer::default());
    let nobody = |_: Received| async { Outcome::error(ErrorCode::UNSUPPORTED_MESSAGE_TYPE, "") };
    let sender = Running::start("127.0.0.1:0", waiters.around("ehr", nobody)).await;

    let receiver = Enhanced::new(
        |_| async { Outcome::accepted() },
        |_: Received| async { Outcome::error(ErrorCode::UNKNOWN_KEY_IDENTIFIER, "no such order") },
        sender.client(),
        |_, delivery| panic!("{delivery:?}"),
    )
    .ask_for_accept();
    let receiver = Running::start("127.0.0.1:0", receiver).await;

    let client = receiver.client();
    for id in ["1", "2", "3"] {
        let waiting = waiters.register("ehr", &enhanced(id)).unwrap();
        let Delivery::Answered(accept) = client.deliver(enhanced(id)).await else { panic!("{id}") };
        assert_eq!((accept.code(), accept.application_due()), (Some(AckCode::CA), true));
        let application = waiting.answer().await.unwrap();
        assert_eq!(application.code(), Some(AckCode::AE), "{id}");
    }
    receiver.stop().await;
    sender.stop().await;
}

#[tokio::test]
async fn an_application_acknowledgment_on_the_connection_of_the_client_is_handed_over() {
    let (near, far) = duplex(64 * 1024);
    let mut peer = Wire::new(far);
    let waiters = Waiters::new(TokioTimer::default());
    let taking = waiters.clone();
    let client = Client::builder("-")
        .on_inbound(move |message| taking.hand_over("ehr", message))
        .build_over(near);
    let exchange = |id: &'static str| {
        let client = client.clone();
        tokio::spawn(async move { client.deliver(enhanced(id)).await })
    };
    let waiting = ["1", "2"].map(|id| waiters.register("ehr", &enhanced(id)).unwrap());

    let first = exchange("1");
    peer.next().await.unwrap();
    peer.send(&frame(&ack("CA", "1"))).await;
    assert!(first.await.unwrap().is_positive());
    // While the client is idle, and while it waits for another answer.
    peer.send(&frame(&ack("AA", "1"))).await;
    let second = exchange("2");
    peer.next().await.unwrap();
    peer.send(&[frame(&ack("CA", "2")), frame(&ack("AE", "2"))].concat()).await;
    assert!(second.await.unwrap().is_positive());
    let third = exchange("3");
    peer.next().await.expect("on the same connection");
    peer.send(&frame(&ack("CA", "3"))).await;
    assert!(third.await.unwrap().is_positive());

    for (waiting, code) in waiting.into_iter().zip([AckCode::AA, AckCode::AE]) {
        assert_eq!(waiting.answer().await.unwrap().code(), Some(code));
    }
    assert_eq!(client.dropped_inbound(), 0);
}

#[tokio::test]
async fn a_client_that_listens_hands_over_what_comes_while_it_is_idle() {
    let (near, far) = duplex(64 * 1024);
    let mut peer = Wire::new(far);
    let waiters = Waiters::new(TokioTimer::default());
    let taking = waiters.clone();
    let client = Client::builder("-")
        .on_inbound(move |message| taking.hand_over("ehr", message))
        .build_over(near);
    let listening = client.clone();
    let listener = tokio::spawn(async move { listening.listen().await });
    for id in 0..20 {
        let sent = enhanced(&id.to_string());
        let waiting = waiters.register("ehr", &sent).unwrap();
        let exchange = {
            let client = client.clone();
            tokio::spawn(async move { client.deliver(sent).await })
        };
        peer.next().await.expect("on the same connection, and the listener makes way");
        peer.send(&frame(&ack("CA", &id.to_string()))).await;
        assert!(exchange.await.unwrap().is_positive());
        let later = frame(&ack("AA", &id.to_string()));
        let (begin, rest) = later.split_at(later.len() / 2);
        peer.send(begin).await;
        tokio::task::yield_now().await;
        peer.send(rest).await;
        assert_eq!(waiting.answer().await.unwrap().code(), Some(AckCode::AA), "{id}");
    }
    assert_eq!(client.dropped_inbound(), 0);
    listener.abort();
}

#[tokio::test(start_paused = true)]
async fn what_arrives_is_read_to_its_end_before_the_listener_makes_way() {
    let (near, far) = duplex(64 * 1024);
    let mut peer = Wire::new(far);
    let waiters = Waiters::new(TokioTimer::default());
    let taking = waiters.clone();
    let client = Client::builder("-")
        .on_inbound(move |message| taking.hand_over("ehr", message))
        .build_over(near);
    let listening = client.clone();
    let listener = tokio::spawn(async move { listening.listen().await });
    let waiting = waiters.register("ehr", &enhanced("1")).unwrap();
    let later = frame(&ack("AA", "1"));
    let (begin, rest) = later.split_at(20);
    peer.send(begin).await;
    tokio::time::sleep(SECOND).await;
    let exchange = tokio::spawn(async move { client.deliver(owned("2")).await });
    tokio::time::sleep(SECOND).await;
    peer.send(rest).await;
    assert_eq!(waiting.answer().await.unwrap().code(), Some(AckCode::AA));
    assert_eq!(peer.next().await.unwrap(), message("2"));
    peer.send(&frame(&ack("AA", "2"))).await;
    assert!(exchange.await.unwrap().is_positive());
    listener.abort();
}

#[tokio::test]
async fn a_client_that_listens_replaces_a_connection_on_which_nobody_takes_what_comes() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let client = Client::builder(address).build().unwrap();
    let listening = client.clone();
    let listening = tokio::spawn(async move { listening.listen().await });
    for id in ["1", "2", "3"] {
        let client = client.clone();
        let exchange = tokio::spawn(async move { client.deliver(owned(id)).await });
        let mut peer = Wire::new(listener.accept().await.unwrap().0);
        assert_eq!(peer.next().await.unwrap(), message(id));
        peer.send(&frame(&ack("AA", id))).await;
        assert!(exchange.await.unwrap().is_positive());
        peer.send(&frame(&message("unasked"))).await;
        assert_eq!(peer.next().await, None, "closed, without waiting for the next message");
    }
    assert_eq!(client.dropped_inbound(), 3);
    listening.abort();
}

#[tokio::test]
async fn garbage_does_not_keep_a_listener_from_making_way() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let client = Client::builder(address).build().unwrap();
    let listening = client.clone();
    let listening = tokio::spawn(async move { listening.listen().await });
    for (id, garbage) in [("1", &b"x"[..]), ("2", b"\x1c"), ("3", b"\r\n"), ("4", b"")] {
        let client = client.clone();
        let exchange = tokio::spawn(async move { client.deliver(owned(id)).await });
        let mut peer = Wire::new(listener.accept().await.unwrap().0);
        assert_eq!(peer.next().await.unwrap(), message(id));
        peer.send(&frame(&ack("AA", id))).await;
        assert!(exchange.await.unwrap().is_positive(), "{garbage:?}");
        peer.send(garbage).await;
        drop(peer);
    }
    listening.abort();
}

#[tokio::test(start_paused = true)]
async fn what_waits_in_the_queue_of_the_client_was_not_sent() {
    let (near, far) = duplex(64 * 1024);
    let mut peer = Wire::new(far);
    let client = Client::builder("-").queue_timeout(60 * SECOND).build_over(near);
    let limited = |limit| TimeLimited::new(client.clone(), limit, TokioTimer::default());
    let (impatient, patient) = (limited(4 * SECOND), limited(5 * SECOND));
    let (first, second) = tokio::join!(patient.deliver(owned("1")), impatient.deliver(owned("2")));
    let kind = |delivery: &Delivery| delivery.cause().map(hl7_ack::Cause::kind);
    assert!(matches!(first, Delivery::Unknown(_)), "{first:?}");
    assert!(matches!(second, Delivery::NotSent(_)), "{second:?}");
    assert_eq!(
        (kind(&first), kind(&second)),
        (Some(CauseKind::TimedOut), Some(CauseKind::TimedOut))
    );
    assert_eq!(peer.next().await.unwrap(), message("1"));
    assert_eq!(peer.next().await, None, "the second never left");
}

#[tokio::test(start_paused = true)]
async fn a_bridge_says_not_sent_of_what_waits_and_learns_what_came_later() {
    let (near, far) = duplex(64 * 1024);
    let mut peer = Wire::new(far);
    let client = Client::builder("-").answer_timeout(60 * SECOND).build_over(near);
    let forward =
        Forward::to(InOrder::new(client)).deadline(Forward::DEADLINE, TokioTimer::default());
    let bridge = Responder::new(Replay::new(MemoryStore::new()).around(forward));
    let respond = |id: &str| bridge.respond(message(id).into(), Peer::default());
    let (mut first, mut second) = tokio::join!(respond("1"), respond("2"));
    assert_eq!((first.code(), second.code()), (Some(AckCode::AR), Some(AckCode::AR)));
    assert!(second.take_then().is_none());

    assert_eq!(peer.next().await.unwrap(), message("1"));
    let rest = tokio::spawn(first.take_then().expect("it goes on"));
    peer.send(&frame(&ack("AA", "1"))).await;
    rest.await.unwrap();
    assert_eq!(respond("1").await.code(), Some(AckCode::AA), "without another exchange");

    let again =
        tokio::spawn(async move { bridge.respond(message("2").into(), Peer::default()).await });
    assert_eq!(peer.next().await.unwrap(), message("2"), "the connection is still good");
    peer.send(&frame(&ack("AA", "2"))).await;
    assert_eq!(again.await.unwrap().code(), Some(AckCode::AA));
}
