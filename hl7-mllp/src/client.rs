//! Sends messages over MLLP and waits for their acknowledgments.
//!
//! ```no_run
//! use hl7_ack::{Deliver, Delivery};
//! use hl7_mllp::client::Client;
//! use hl7_parse::OwnedMessage;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::builder("ehr.example.org:2575").build()?;
//! let message = OwnedMessage::parse("MSH|^~\\&|LAB|GH|EHR|GH|20240229||ORU^R01|7|P|2.5.1\r")?;
//! match client.deliver(message).await {
//!     Delivery::Answered(answer) => println!("{:?}", answer.code()),
//!     Delivery::NoneDue => println!("sent, and no acknowledgment was asked for"),
//!     Delivery::NotSent(cause) => println!("not sent: {cause}"),
//!     Delivery::Unknown(cause) => println!("sent, and then: {cause}"),
//!     _ => {}
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # One connection
//!
//! A client holds one connection. It is opened when it is first needed, kept between messages, and
//! carries one exchange at a time; further callers wait in the order of their calls. The name is
//! resolved anew at each connect, and every address is tried. After a connect that failed the next
//! one is held back, longer each time. [`ClientBuilder::build_pool`] holds several connections, and
//! [`ClientBuilder::build_pipelined`] has several messages under way on one.
//!
//! A connection is used again only after a clean end. After a time limit, an answer to another
//! message, anything unreadable, or a caller that went away, it is closed, so that a late answer
//! can not be taken for the next message's. Before each use it is checked: one that the peer has
//! closed, or on which something has arrived that nobody takes, is replaced. With
//! [`Client::listen`] that is noticed at once.
//!
//! # What arrives
//!
//! | message | is |
//! |---|---|
//! | MSA-2 names the message that was sent | the answer |
//! | [`on_inbound`](ClientBuilder::on_inbound) takes it | handed over; the client waits on |
//! | MSA-2 names another | dropped; the client waits on, and closes after this exchange |
//! | a message without MSA | dropped, counted, logged without content; the client waits on |
//! | not HL7, or over `max_frame_len` | [`Delivery::Unknown`] |
//!
//! Of a frame with several messages each is looked at so, also those beside the answer.
//!
//! [`Delivery::NotSent`] means that no byte of the frame left: it is safe to send again.
//! Everything after the first byte is [`Delivery::Unknown`].
//!
//! # Log
//!
//! One `tracing` event at `debug` per delivery, `delivery`, with the fields `to` (the address as it
//! was given), `message_type` (MSH-9), `control_id` (MSH-10), `bytes`, `outcome`, `code` of the
//! answer (`-` if there is none) and `ms`; what belongs to it stands in the span `delivery`. One per
//! try to connect, in the span `connect`: the `address`, which `attempt` it is since a connection
//! was last opened, and the `ms` it took. Nothing else of a message is ever logged. With the feature
//! `metrics` the same is counted: [names and labels](crate#metrics).
//!
//! # Limits
//!
//! | name | default | over it |
//! |---|---|---|
//! | `connect_timeout` | 5 s | not sent |
//! | `write_timeout` | 30 s | unknown; not sent if no byte left |
//! | `answer_timeout` | 30 s | unknown |
//! | `commit_timeout` | 30 s | unknown; release 2 only |
//! | `max_reconnect_pause` | 2 s | not sent, where `connect_timeout` ends before the pause |
//! | `silence_timeout` | 5 s | accepted, where MSH-15 asks for negative answers only |
//! | `queue_timeout` | 10 s | not sent |
//! | `max_frame_len` | 16 MiB | unknown |
//! | `max_waiting` | 1024 | not sent |

mod builder;
mod connect;
mod inbound;
mod listen;
mod pause;
mod pipeline;
mod pipelined;
mod pool;
mod release2;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use hl7_ack::{AckCode, Cause, CauseKind, Deliver, Delivery, OneAttempt, Outstanding, Progress};
use hl7_parse::OwnedMessage;
use hl7_transport::deadline_after;
use tokio::{
    sync::{Mutex, Notify, Semaphore},
    time::{Instant, timeout},
};
use tracing::Instrument as _;

use self::{
    builder::Options,
    connect::{AnyIo, Target},
};
pub use self::{
    builder::{AddressError, ClientBuilder},
    pipelined::Pipelined,
    pool::Pool,
};
use crate::{
    Block, FrameError, Skipped, SkippedKind,
    connection::{Connection, ReadError, WriteError},
    frame::UNFRAMEABLE,
    meter::{self, milliseconds},
};

/// An MLLP client. Clones are handles to the same connection.
///
/// The [module documentation](self) says how the connection is kept, and lists the limits.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    options: Options,
    target: Target,
    /// The connection between exchanges. During one it is taken out, so that whatever ends the
    /// exchange early drops it.
    slot: Mutex<Option<Connection<AnyIo>>>,
    /// One permit for the exchange in hand and one for each caller that may wait.
    places: Semaphore,
    dropped_inbound: AtomicU64,
    /// Tells whoever listens to make way for an exchange, and that one has ended.
    wanted: Notify,
    idle: Notify,
}

impl Client {
    /// Starts with an address `host:port` and the default limits.
    ///
    /// The host is a name, an IPv4 address, or an IPv6 address in brackets.
    pub fn builder(address: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(address.into())
    }

    /// How many messages the peer sent on its own, which were dropped.
    pub fn dropped_inbound(&self) -> u64 {
        self.shared.dropped_inbound.load(Ordering::Relaxed)
    }

    /// How many callers there are, the one whose exchange is under way included.
    fn callers(&self) -> usize {
        let Shared { options, places, .. } = &*self.shared;
        options.places().saturating_sub(places.available_permits())
    }

    fn new(options: Options, target: Target, open: Option<AnyIo>) -> Self {
        let open = open.map(|io| options.connection(io));
        let places = options.places();
        Self {
            shared: Arc::new(Shared {
                options,
                target,
                slot: Mutex::new(open),
                places: Semaphore::new(places),
                dropped_inbound: AtomicU64::new(0),
                wanted: Notify::new(),
                idle: Notify::new(),
            }),
        }
    }

    async fn exchange(
        &self,
        message: &OwnedMessage,
        outstanding: &Outstanding,
        progress: &Progress,
    ) -> Delivery {
        let Shared { options, slot, places, .. } = &*self.shared;
        if !options.envelope().can_hold(message.as_bytes()) {
            return Delivery::NotSent(Cause::new(CauseKind::InvalidContent, UNFRAMEABLE));
        }
        let Ok(_place) = places.try_acquire() else {
            let detail = format!("{} messages are waiting already", options.max_waiting);
            return Delivery::NotSent(Cause::new(CauseKind::Overloaded, detail));
        };
        // First in the queue, then tell: whoever listens is behind this exchange then.
        let queued = timeout(options.queue_timeout, slot.lock());
        let (locked, ()) = tokio::join!(biased; queued, async { self.shared.wanted.notify_one() });
        let _idle = OnDrop(&self.shared.idle);
        let Ok(mut slot) = locked else {
            let detail = format!("other messages were before it for {:?}", options.queue_timeout);
            return Delivery::NotSent(Cause::new(CauseKind::Overloaded, detail));
        };
        let mut connection = match self.send(slot.take(), message.as_bytes(), progress).await {
            Ok(connection) => connection,
            Err(Unsent::Given(delivery)) => return delivery,
            Err(Unsent::BrokenOff(mut connection, delivery, patience)) => {
                // The peer may have answered before it had read everything.
                return match self.wait(&mut connection, outstanding, patience).await {
                    Waited::Clean(early @ Delivery::Answered(_))
                    | Waited::Spoiled(early @ Delivery::Answered(_)) => early,
                    _ => delivery,
                };
            }
        };
        let mut clean = true;
        if options.release2 {
            let content = message.as_bytes();
            match self.committed(&mut connection, content, outstanding).await {
                Ok(in_step) => clean = in_step,
                Err(delivery) => return delivery,
            }
        }
        if !outstanding.answer_due() {
            *slot = clean.then_some(connection);
            return Delivery::NoneDue;
        }
        let limit = options.patience(outstanding);
        match self.wait(&mut connection, outstanding, limit).await {
            Waited::Clean(delivery) => {
                if !options.release2 || self.commit(&mut connection, &delivery).await {
                    *slot = clean.then_some(connection);
                }
                delivery
            }
            Waited::Spoiled(delivery) => delivery,
        }
    }

    /// Writes the frame on the kept connection if that can still be used, else on a new one.
    async fn send(
        &self,
        kept: Option<Connection<AnyIo>>,
        content: &Bytes,
        progress: &Progress,
    ) -> Result<Connection<AnyIo>, Unsent> {
        let Shared { options, target, .. } = &*self.shared;
        if let Some(mut connection) = kept
            // In release 2 what is taken has to be committed; on a new connection the peer sends
            // it again.
            && connection.is_fresh(|content| !options.release2 && self.untaken(content) == 0).await
        {
            progress.begin();
            match connection.write(content, options.write_timeout).await {
                Ok(()) => return Ok(connection),
                // Closed by the peer a moment ago; no byte left, so another one may be tried.
                Err(WriteError { error: Some(_), begun: false }) => {}
                Err(failure) => return Err(self.not_written(connection, failure)),
            }
        }
        let connected = target.connect(options.connect_timeout).await;
        let io = connected.map_err(|cause| Unsent::Given(Delivery::NotSent(cause)))?;
        let mut connection = options.connection(io);
        progress.begin();
        match connection.write(content, options.write_timeout).await {
            Ok(()) => Ok(connection),
            Err(failure) => Err(self.not_written(connection, failure)),
        }
    }

    fn not_written(&self, connection: Connection<AnyIo>, failure: WriteError) -> Unsent {
        let (cause, patience) = match failure.error {
            Some(error) => {
                let cause = Cause::new(CauseKind::Closed, format!("while sending: {error}"));
                (cause, EARLY_ANSWER)
            }
            None => {
                let limit = self.shared.options.write_timeout;
                let detail = format!("not taken by the peer within {limit:?}");
                // What it has said by now, it has said.
                (Cause::new(CauseKind::TimedOut, detail), Duration::ZERO)
            }
        };
        match failure.begun {
            true => Unsent::BrokenOff(Box::new(connection), Delivery::Unknown(cause), patience),
            false => Unsent::Given(Delivery::NotSent(cause)),
        }
    }

    /// Reads until the answer is there, or can not be awaited any longer.
    async fn wait(
        &self,
        connection: &mut Connection<AnyIo>,
        sent: &Outstanding,
        limit: Duration,
    ) -> Waited {
        let deadline = deadline_after(limit);
        let mut others = 0_u64;
        let spoiled =
            |kind, detail: String| Waited::Spoiled(Delivery::Unknown(Cause::new(kind, detail)));
        loop {
            let block = match connection.next_by(deadline).await {
                Ok(Some(block)) => block,
                Ok(None) if others > 0 => {
                    return spoiled(CauseKind::Mismatched, dropped(others, "then it was closed"));
                }
                Ok(None) => {
                    return spoiled(CauseKind::Closed, "by the peer, without an answer".into());
                }
                Err(ReadError::Lost(error)) => {
                    return Waited::Spoiled(Delivery::Unknown(lost(&error)));
                }
                Err(ReadError::Idle | ReadError::Slow) if others > 0 => {
                    let detail = dropped(others, &format!("and none within {limit:?}"));
                    return spoiled(CauseKind::Mismatched, detail);
                }
                Err(ReadError::Idle) if sent.silence_accepts() => {
                    return Waited::Clean(Delivery::NoneDue);
                }
                Err(ReadError::Idle | ReadError::Slow) => {
                    return spoiled(CauseKind::TimedOut, format!("no answer within {limit:?}"));
                }
            };
            let content = match block {
                Block::Content(content) => content,
                Block::Skipped(skipped) if skipped.kind() == SkippedKind::TooLong => {
                    return Waited::Spoiled(Delivery::Unknown(too_long(&skipped)));
                }
                Block::Skipped(skipped) => {
                    tracing::debug!(?skipped, "while waiting for an answer");
                    continue;
                }
                // Of nothing that was sent.
                Block::Commit(_) => continue,
            };
            let sorted = self.sort(&content, sent);
            if others == 0 && sorted.others > 0 {
                // Once: a peer may have thousands of them.
                tracing::warn!("acknowledgments of other messages, dropped");
            }
            others = others.saturating_add(sorted.others);
            match sorted.answer {
                Some(answer) if others == 0 => return Waited::Clean(Delivery::Answered(answer)),
                Some(answer) => return Waited::Spoiled(Delivery::Answered(answer)),
                None if sorted.unreadable => {
                    return spoiled(CauseKind::Unreadable, "it is no HL7 message".into());
                }
                None if sorted.taken && !self.commit_taken(connection).await => {
                    let detail = "while committing another message";
                    return spoiled(CauseKind::Closed, detail.into());
                }
                None => {}
            }
        }
    }
}

impl Deliver for Client {
    /// Sends one message and waits for its answer, if one is due.
    ///
    /// Dropping the future closes the connection if the exchange had begun; whether the message
    /// was processed is then not known.
    fn deliver(&self, message: OwnedMessage) -> impl Future<Output = Delivery> + Send {
        self.deliver_tracked(message, Progress::new())
    }

    async fn deliver_tracked(&self, message: OwnedMessage, progress: Progress) -> Delivery {
        let outstanding = self.shared.options.outstanding(&message);
        let exchange = self.exchange(&message, &outstanding, &progress);
        observed(&self.shared.target, &message, &outstanding, exchange).await
    }
}

impl OneAttempt for Client {}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("target", &self.shared.target).finish_non_exhaustive()
    }
}

/// How long a peer that broke off while it was written to is listened to: its answer may have
/// come before the end of the message.
const EARLY_ANSWER: Duration = Duration::from_secs(1);

/// Tells when an exchange has ended, however it has.
struct OnDrop<'a>(&'a Notify);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

/// Carries out an exchange, and logs and counts it.
async fn observed(
    to: &Target,
    message: &OwnedMessage,
    outstanding: &Outstanding,
    exchange: impl Future<Output = Delivery>,
) -> Delivery {
    let (started, span) = (Instant::now(), tracing::info_span!("delivery", ?to));
    let delivery = exchange.instrument(span).await;
    let (outcome, code) = match &delivery {
        Delivery::Answered(answer) => ("answered", answer.code()),
        Delivery::NoneDue => ("none due", None),
        Delivery::NotSent(_) => ("not sent", None),
        _ => ("unknown", None),
    };
    let took = started.elapsed();
    meter::delivered(outcome, took);
    tracing::debug!(
        ?to,
        message_type = outstanding.message_type(),
        control_id = outstanding.control_id(),
        bytes = message.as_bytes().len() as u64,
        outcome,
        code = code.map_or("-", AckCode::as_str),
        ms = milliseconds(took),
        "delivery"
    );
    delivery
}

/// Why a message was not written.
enum Unsent {
    /// Nothing more can be learned.
    Given(Delivery),
    /// The peer broke off, or took no more, while it was written to; how long to listen to it yet.
    BrokenOff(Box<Connection<AnyIo>>, Delivery, Duration),
}

/// What came of waiting, and whether the connection can be used again.
enum Waited {
    Clean(Delivery),
    Spoiled(Delivery),
}

/// Why a connection was lost on which an answer was awaited. With TLS 1.3 a server says only then
/// that it does not accept the client's certificate.
fn lost(error: &FrameError) -> Cause {
    let Some(error) = error.io_error() else {
        return Cause::new(CauseKind::Unreadable, error.to_string());
    };
    #[cfg(feature = "tls")]
    if let Some(error) = hl7_transport::TlsError::find(error) {
        return Cause::new(CauseKind::Tls, format!("while waiting: {error}"));
    }
    Cause::new(CauseKind::Closed, format!("while waiting: {error}"))
}

fn too_long(answer: &Skipped) -> Cause {
    let detail = format!("it has {} bytes, over the limit", answer.dropped());
    Cause::new(CauseKind::Unreadable, detail)
}

fn dropped(others: u64, then: &str) -> String {
    format!("{others} acknowledgments of other messages were dropped, {then}")
}
