//! Messages through a gateway while both lines break and both ends start again.
//!
//! `cargo test --release -p hl7-examples --test main -- --ignored --nocapture faults` sends 100,000 of
//! them. `HL7_FAULTS_SEED` names the seed that a failing run printed; what the lines do follows from
//! it, when it meets which message does not.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use hl7_ack::{
    AnyHandler, Deliver, Delivery, Forward, Handler, MemoryStore, OneAttempt, Outcome, Progress,
    Received, Replay, Retry, RetryAction, RetryPolicy,
};
use hl7_chaos::{Line, Random};
use hl7_parse::OwnedMessage;
use hl7_transport::{Serving, TokioTimer};
use tokio::{
    sync::{Notify, oneshot},
    task::{JoinHandle, JoinSet, yield_now},
    time::timeout,
};

/// Senders at once, each with a connection and an order of its own.
const LANES: u64 = 8;

/// An end starts again each time so many messages have arrived.
const RESTART_EVERY: u64 = 300;

/// Bytes for which a connection lasts on average: some twenty messages.
const MEAN: u64 = 6_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_changed_or_out_of_order_over_lines_that_break() {
    run(1_200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; `just faults` runs it"]
async fn nothing_is_lost_changed_or_out_of_order_in_100_000_messages() {
    run(100_000).await;
}

async fn run(messages: u64) {
    let seed = seed();
    println!("seed {seed}");
    let began = Instant::now();
    // No more than 100 messages a second would be a hang.
    let limit = Duration::from_secs(120 + messages / 100);
    let report = timeout(limit, exchange(messages, seed)).await;
    let report = report.unwrap_or_else(|_| panic!("seed {seed}: not done in {limit:?}"));
    println!("{report}in {:.1} s", began.elapsed().as_secs_f64());
}

fn seed() -> u64 {
    match std::env::var("HL7_FAULTS_SEED") {
        Ok(seed) => seed.parse().expect("HL7_FAULTS_SEED is a number"),
        Err(_) => SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |now| now.as_secs()),
    }
}

async fn exchange(messages: u64, seed: u64) -> String {
    let mut random = Random::new(seed);
    let journal = Arc::<Journal>::default();

    // The far side survives a restart with what it knows: a database would.
    let far_handler = far_handler(&journal);
    let mut far = End::far(far_handler.clone()).await;
    let far_line = Line::start(far.address, random.bits(), MEAN).await.expect("a port");
    let upstream = format!("http://{}/", far_line.address());
    let mut gateway = End::gateway(&upstream).await;
    let near_line = Line::start(gateway.address, random.bits(), MEAN).await.expect("a port");

    let mut lanes = JoinSet::new();
    for lane in 0..LANES {
        let (journal, to) = (Arc::clone(&journal), near_line.address());
        lanes.spawn(async move { send(lane, messages / LANES, to, &journal).await });
    }
    let (mut restarts, mut sent) = (0, 0);
    while sent < LANES {
        tokio::select! {
            lane = lanes.join_next() => {
                lane.expect("a lane").expect("a lane that holds");
                sent += 1;
            }
            () = journal.restart.notified() => {
                restarts += 1;
                if random.below(2) == 0 {
                    far.stop().await;
                    far = End::far(far_handler.clone()).await;
                    far_line.retarget(far.address);
                } else {
                    gateway.stop().await;
                    gateway = End::gateway(&upstream).await;
                    near_line.retarget(gateway.address);
                }
            }
        }
    }
    gateway.stop().await;
    far.stop().await;

    let handled = journal.handled();
    assert_eq!(journal.changed.load(Relaxed), 0, "seed {seed}: bytes differ from what was sent");
    for lane in 0..LANES {
        let of_lane: Vec<u64> =
            handled.iter().filter(|(of, _)| *of == lane).map(|(_, number)| *number).collect();
        let wanted: Vec<u64> = (0..messages / LANES).collect();
        assert!(of_lane == wanted, "seed {seed}, lane {lane}: {}", difference(&of_lane, &wanted));
    }
    let near_struck = near_line.struck().total();
    let far_struck = far_line.struck().total();
    assert!(near_struck > 0 && far_struck > 0 && restarts > 0, "seed {seed}: nothing broke");
    let attempts = lock(&journal.attempts);
    let mut report = String::new();
    for (what, count) in [
        (
            "messages, each accepted, handled once and in order",
            u64::try_from(handled.len()).unwrap(),
        ),
        ("attempts of senders", attempts.total),
        ("  of which not sent", attempts.not_sent),
        ("  of which unknown, and sent again with the same bytes", attempts.unknown),
        ("  of which refused by the gateway, and sent again", attempts.refused),
        ("arrivals at the far side", journal.arrived.load(Relaxed)),
        ("restarts of an end", restarts),
    ] {
        writeln!(report, "{count:>8} {what}").unwrap();
    }
    writeln!(report, "line to the gateway: {}", near_line.struck()).unwrap();
    writeln!(report, "line to the far side: {}", far_line.struck()).unwrap();
    report
}

fn difference(found: &[u64], wanted: &[u64]) -> String {
    let unique: HashSet<_> = found.iter().collect();
    let at = found.iter().zip(wanted).position(|(found, wanted)| found != wanted);
    let (len, unique, wanted) = (found.len(), unique.len(), wanted.len());
    format!(
        "{len} handled, {unique} of them different, {wanted} wanted, first difference at {at:?}"
    )
}

/// What happened, for the end.
#[derive(Default)]
struct Journal {
    handled: Mutex<Vec<(u64, u64)>>,
    arrived: AtomicU64,
    changed: AtomicU64,
    attempts: Mutex<Attempts>,
    restart: Notify,
}

#[derive(Default)]
struct Attempts {
    total: u64,
    not_sent: u64,
    unknown: u64,
    refused: u64,
    /// What each lane sent last, and what became of it.
    last: HashMap<u64, (Bytes, bool)>,
}

impl Journal {
    fn handled(&self) -> Vec<(u64, u64)> {
        lock(&self.handled).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn message(lane: u64, number: u64) -> Bytes {
    format!(
        "MSH|^~\\&|LANE{lane}|NORTH|EHR|SOUTH|20260302101500||ADT^A08^ADT_A01|{lane}-{number}|P|2.5.1\r\
         EVN|A08|20260302101500\rPID|1||{number}^^^NORTH^MR||EVERYWOMAN^EVE||19620320|F\r\
         OBX|1|TX|NOTE||{}||||||F\r",
        "x".repeat(usize::try_from(number % 400).unwrap_or(0))
    )
    .into()
}

/// Lane and number of a message, by MSH-10.
fn parts(message: &OwnedMessage) -> (u64, u64) {
    let view = message.as_message();
    let id = view.header().control_id().decode().into_owned();
    let (lane, number) = id.split_once('-').expect("an ID of ours");
    (lane.parse().expect("a lane"), number.parse().expect("a number"))
}

/// Sends the messages of a lane, each until it is accepted.
async fn send(lane: u64, count: u64, to: SocketAddr, journal: &Arc<Journal>) {
    let client = hl7_mllp::client::Client::builder(to.to_string())
        .answer_timeout(Duration::from_millis(800))
        .max_reconnect_pause(Duration::from_millis(20))
        .build()
        .expect("an address");
    let watched = Watched { inner: client, journal: Arc::clone(journal), lane };
    let policy = RetryPolicy::retry_rejected().on_unknown(RetryAction::Retry);
    let sender = Retry::new(watched, policy, TokioTimer::default())
        .max_attempts(1_000)
        .max_time(Duration::from_secs(60))
        .pauses(Duration::from_millis(1), Duration::from_millis(20));
    for number in 0..count {
        let sent = OwnedMessage::parse(message(lane, number)).expect("a message");
        let delivery = sender.deliver(sent).await;
        if let Delivery::Answered(answer) = &delivery {
            let why = answer.text();
            assert!(answer.is_positive(), "lane {lane}, message {number}: {answer:?} {why}");
        }
        assert!(delivery.is_positive(), "lane {lane}, message {number}: {delivery:?}");
        // What is acknowledged positively has arrived.
        let arrived = lock(&journal.handled).iter().rev().any(|known| *known == (lane, number));
        assert!(arrived, "lane {lane}, message {number}: accepted, and it never arrived");
    }
}

/// Counts what becomes of each attempt, and holds the next against it.
struct Watched<D> {
    inner: D,
    journal: Arc<Journal>,
    lane: u64,
}

impl<D: OneAttempt> Deliver for Watched<D> {
    fn deliver(&self, message: OwnedMessage) -> impl Future<Output = Delivery> + Send {
        self.deliver_tracked(message, Progress::new())
    }

    async fn deliver_tracked(&self, message: OwnedMessage, progress: Progress) -> Delivery {
        let bytes = message.as_bytes().clone();
        {
            let mut attempts = lock(&self.journal.attempts);
            attempts.total += 1;
            if let Some((last, false)) = attempts.last.get(&self.lane) {
                assert!(*last == bytes, "lane {}: not the same bytes again", self.lane);
            }
        }
        let delivery = self.inner.deliver_tracked(message, progress).await;
        let mut attempts = lock(&self.journal.attempts);
        match &delivery {
            Delivery::NotSent(_) => attempts.not_sent += 1,
            Delivery::Unknown(_) => attempts.unknown += 1,
            Delivery::Answered(answer) if !answer.is_positive() => attempts.refused += 1,
            _ => {}
        }
        let done = delivery.is_positive();
        attempts.last.insert(self.lane, (bytes, done));
        delivery
    }
}

impl<D: OneAttempt> OneAttempt for Watched<D> {}

/// Handles each message once, however often it comes.
fn far_handler(journal: &Arc<Journal>) -> AnyHandler {
    let handling = Arc::clone(journal);
    let once = Replay::new(MemoryStore::new()).around(move |received: Received| {
        let journal = Arc::clone(&handling);
        async move {
            // A copy may come meanwhile, or the server stop.
            yield_now().await;
            let mut handled = lock(&journal.handled);
            handled.push(parts(&received.message));
            if u64::try_from(handled.len()).is_ok_and(|len| len % RESTART_EVERY == 0) {
                journal.restart.notify_one();
            }
            Outcome::accepted()
        }
    });
    let journal = Arc::clone(journal);
    AnyHandler::new(move |received: Received| {
        let (journal, once) = (Arc::clone(&journal), once.clone());
        async move {
            journal.arrived.fetch_add(1, Relaxed);
            let (lane, number) = parts(&received.message);
            if *received.message.as_bytes() != message(lane, number) {
                journal.changed.fetch_add(1, Relaxed);
            }
            once.handle(received).await
        }
    })
}

/// A server that can be stopped.
struct End {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

impl End {
    async fn far(handler: AnyHandler) -> Self {
        let server = hl7_http::server::Server::bind("127.0.0.1:0").await.expect("a port");
        let server = server.stop_grace(SHORT).shutdown_timeout(SHORT).max_connections(10_000);
        Self::start(server.body_timeout(Duration::from_secs(5)).serve(handler))
    }

    async fn gateway(upstream: &str) -> Self {
        let client = hl7_http::client::Client::builder(upstream)
            .connect_timeout(Duration::from_millis(200))
            .timeout(Duration::from_millis(300))
            .build()
            .expect("a URL");
        let policy = RetryPolicy::retry_rejected().on_unknown(RetryAction::Retry);
        let retry = Retry::new(client, policy, TokioTimer::default())
            .max_time(Duration::from_millis(400))
            .pauses(Duration::from_millis(1), Duration::from_millis(20));
        let forward =
            Forward::to(retry).deadline(Duration::from_millis(600), TokioTimer::default());
        let server = hl7_mllp::server::Server::bind("127.0.0.1:0").await.expect("a port");
        let server = server.stop_grace(SHORT).shutdown_timeout(SHORT).max_connections(10_000);
        Self::start(server.frame_timeout(Duration::from_secs(5)).serve(forward))
    }

    fn start(serving: Serving) -> Self {
        let address = serving.local_addr();
        let (stop, stopped) = oneshot::channel();
        let serving = serving.with_graceful_shutdown(async { drop(stopped.await) });
        let served = tokio::spawn(async {
            // What is cut off is what the test is about.
            drop(serving.await);
        });
        Self { address, stop, served }
    }

    async fn stop(self) {
        // Whoever has ended already is not told.
        let _ = self.stop.send(());
        self.served.await.expect("a server that does not panic");
    }
}

/// How long an end that stops goes on with what it has begun; what is left is cut off.
const SHORT: Duration = Duration::from_millis(20);
