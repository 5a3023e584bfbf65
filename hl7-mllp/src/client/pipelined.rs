//! [`Pipelined`]: several messages under way on one connection.

use std::{
    fmt,
    num::NonZeroUsize,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use hl7_ack::{Cause, CauseKind, Deliver, Delivery, OneAttempt, Outstanding, Progress};
use hl7_parse::OwnedMessage;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    time::timeout,
};

use super::{builder::Options, connect::Target, observed, pipeline::run};
use crate::frame::UNFRAMEABLE;

/// A client with several messages under way on its one connection; MSA-2 tells which of them an
/// answer is for. Clones are handles to the same connection.
///
/// MLLP knows nothing of it: it has to be agreed upon. The peer reads on while it handles a message,
/// and answers in any order, or has what comes wait, as servers of one message at a time do.
/// Messages leave in the order in which their deliveries are first polled; where they must not pass
/// each other, use a [`Client`](super::Client).
///
/// What spoils the connection spoils it for all: after a time limit, an answer that can not be read
/// or a lost connection every message under way is [`Unknown`](Delivery::Unknown), and those that
/// wait go over a new one. After an answer to a message that nobody has sent, nothing more is sent
/// on the connection, and it is closed once those under way are answered. Two messages with one
/// control ID are not under way together: the second, and what is behind it, waits for the answer
/// to the first. A message without a control ID, with delimiters or escape sequences in it, or
/// beyond ASCII, waits until none is under way, and all others for its answer; so does every
/// message where [`matching`](super::ClientBuilder::matching) takes answers that do not name it.
///
/// The limits are those of a [`Client`](super::Client), and `max_in_flight`. Nothing is read while
/// a message is written, so the answers of a peer that does not read on have to fit into what the
/// systems buffer; else `write_timeout` ends it.
///
/// In [release 2](super::ClientBuilder::release2) a message is sent once the peer has committed the
/// one before it, and need not wait for that one's answer: answers are awaited together, commit
/// blocks come in order. One that is not committed after being sent twice more is
/// [`Unknown`](Delivery::Unknown), as with a [`Client`](super::Client); those before it keep waiting
/// for their answers, and then the connection is closed.
///
/// ```no_run
/// use std::num::NonZeroUsize;
///
/// use hl7_ack::Deliver;
/// use hl7_mllp::client::Client;
/// use hl7_parse::OwnedMessage;
///
/// # async fn example(first: OwnedMessage, second: OwnedMessage)
/// # -> Result<(), Box<dyn std::error::Error>> {
/// let eight = NonZeroUsize::new(8).ok_or("eight is not zero")?;
/// let client = Client::builder("ehr.example.org:2575").build_pipelined(eight)?;
/// let (first, second) = tokio::join!(client.deliver(first), client.deliver(second));
/// # drop((first, second));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Pipelined {
    shared: Arc<Shared>,
    /// To the task that has the connection, while there is one.
    orders: Arc<Mutex<Option<mpsc::UnboundedSender<Box<Order>>>>>,
}

/// What the handles share with the task.
pub(super) struct Shared {
    pub(super) options: Options,
    pub(super) target: Target,
    pub(super) max_in_flight: NonZeroUsize,
    /// One permit for each message that is under way or may wait: the bound of the queue.
    places: Arc<Semaphore>,
    pub(super) dropped_inbound: AtomicU64,
}

/// A message that is to be sent.
pub(super) struct Order {
    pub(super) content: Bytes,
    pub(super) outstanding: Outstanding,
    pub(super) progress: Progress,
    /// Taken by whoever is first: the task to send it, or its caller to give up waiting.
    pub(super) claimed: Arc<AtomicBool>,
    /// Tells the caller that its turn has come.
    pub(super) turn: oneshot::Sender<()>,
    pub(super) told: oneshot::Sender<Delivery>,
    pub(super) place: OwnedSemaphorePermit,
}

impl Pipelined {
    pub(super) fn new(options: Options, target: Target, max_in_flight: NonZeroUsize) -> Self {
        let places = options.max_waiting.saturating_add(max_in_flight.get());
        let shared = Shared {
            options,
            target,
            max_in_flight,
            places: Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))),
            dropped_inbound: AtomicU64::new(0),
        };
        Self { shared: Arc::new(shared), orders: Arc::default() }
    }

    /// How many messages the peer sent on its own, which were dropped.
    pub fn dropped_inbound(&self) -> u64 {
        self.shared.dropped_inbound.load(Ordering::Relaxed)
    }

    async fn exchange(
        &self,
        message: &OwnedMessage,
        outstanding: &Outstanding,
        progress: Progress,
    ) -> Delivery {
        let options = &self.shared.options;
        let not_sent = |kind, detail: String| Delivery::NotSent(Cause::new(kind, detail));
        if !options.envelope().can_hold(message.as_bytes()) {
            return not_sent(CauseKind::InvalidContent, UNFRAMEABLE.into());
        }
        let Ok(place) = Arc::clone(&self.shared.places).try_acquire_owned() else {
            let detail = format!("{} messages are waiting already", options.max_waiting);
            return not_sent(CauseKind::Overloaded, detail);
        };
        let ((turn, its_turn), (told, hears)) = (oneshot::channel(), oneshot::channel());
        let claimed = Arc::new(AtomicBool::new(false));
        self.enqueue(Box::new(Order {
            content: message.as_bytes().clone(),
            outstanding: outstanding.clone(),
            progress: progress.clone(),
            claimed: Arc::clone(&claimed),
            turn,
            told,
            place,
        }));
        let late = timeout(options.queue_timeout, its_turn).await.is_err();
        if late && !claimed.swap(true, Ordering::SeqCst) {
            let detail = format!("other messages were before it for {:?}", options.queue_timeout);
            return not_sent(CauseKind::Overloaded, detail);
        }
        let ended = |_| progress.cut_off(Cause::new(CauseKind::Internal, "the client has ended"));
        hears.await.unwrap_or_else(ended)
    }

    /// Hands over to the task that has the connection. It is started with the first message, and
    /// again if it ended with the runtime it was on.
    fn enqueue(&self, order: Box<Order>) {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        let order = match orders.as_ref() {
            None => order,
            Some(orders) => match orders.send(order) {
                Ok(()) => return,
                Err(mpsc::error::SendError(order)) => order,
            },
        };
        let (sender, receiver) = mpsc::unbounded_channel();
        // The other end is held here.
        let _sent = sender.send(order);
        tokio::spawn(run(Arc::clone(&self.shared), receiver));
        *orders = Some(sender);
    }
}

impl Deliver for Pipelined {
    /// Sends one message and waits for its answer, if one is due.
    ///
    /// Dropping the future does not disturb the others: an answer that comes then is dropped.
    /// Whether the message was processed is not known.
    fn deliver(&self, message: OwnedMessage) -> impl Future<Output = Delivery> + Send {
        self.deliver_tracked(message, Progress::new())
    }

    async fn deliver_tracked(&self, message: OwnedMessage, progress: Progress) -> Delivery {
        let outstanding = self.shared.options.outstanding(&message);
        let exchange = self.exchange(&message, &outstanding, progress);
        observed(&self.shared.target, &message, &outstanding, exchange).await
    }
}

impl OneAttempt for Pipelined {}

impl fmt::Debug for Pipelined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipelined")
            .field("target", &self.shared.target)
            .field("max_in_flight", &self.shared.max_in_flight)
            .finish_non_exhaustive()
    }
}
