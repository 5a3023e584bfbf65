//! [`Enhanced`]: a [`Handler`] for the two acknowledgments of enhanced mode (2.9.3).

use std::{
    fmt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use hl7_parse::{Editor, OwnedMessage, Path};

use crate::{
    AckCode, AckRequest, Acknowledger, AnyDeliver, AnyHandler, Cause, CauseKind, Condition,
    Deliver, Delivery, ErrorCode, FanOut, Forward, Handler, Mode, Outcome, Progress, Received,
    ReplayScope, Reply,
    acknowledgment::msa_code,
    catch_panic::{CatchPanic, deliver_caught},
    level,
    reply::ReplyAnswer,
    request::application_code,
};

/// Stores a message, has that acknowledged, and handles it afterwards.
///
/// The accept acknowledgment (CA, CE, CR) leaves when `store` has returned, and says what it said.
/// If the message was stored, `application` handles it after that answer was written, and its
/// answer is sent to `to` as an exchange of its own, if MSH-16 asks for one of that outcome. What
/// was not stored is not handled; an application acknowledgment says so only where MSH-15 asks for
/// none of that outcome and MSH-16 does.
///
/// A message in original mode is stored and handled before its one acknowledgment leaves; with
/// [`Acknowledger::always_original_mode`] every message is.
///
/// What the sender does not hear is given to `undelivered`, with the application acknowledgment
/// that it would have been:
///
/// | what | delivery |
/// |---|---|
/// | it did not arrive or was not taken, after all that `to` does about it (a [`crate::Retry`]) | that of `to` |
/// | it is negative, and MSH-16 does not ask for it | not sent, because of the application's cause |
/// | the application hung up, or gave none where MSH-16 is `AL` or it had a cause | the same; AR was built |
/// | a time limit had answered before `store` returned: after CE none may follow | not sent, timed out |
///
/// In the last case a resend that a [`crate::Replay`] around this answers with CA makes the second
/// due again: `undelivered` has it.
///
/// An application that answers CA, CE or CR, a [`Forward`] to a system that does, has its code
/// written as AA, AE or AR by the table of [`Forward::translate_level`]: an accept acknowledgment is
/// none of the application. CA then counts as taken over for good; where the far side's own
/// application acknowledgment is to be the answer, [`crate::Waiters::awaiting`] waits for it.
///
/// An application with a deadline, a [`Forward`] or a [`FanOut`], is waited for beyond it: nobody
/// waits on the wire, and its true answer is the one to send. What bounds that is the time limit of
/// the client, and of a [`crate::Retry`].
///
/// [`crate::Replay`] stands around this, and not around the application: see [`Application`].
///
/// A process that ends between the two acknowledgments owes the second: it has to begin again with
/// what is stored.
///
/// ```
/// use hl7_ack::{Deliver, Enhanced, ErrorCode, Outcome, Received};
/// # async fn write_to_disk(_: &[u8]) -> std::io::Result<()> { Ok(()) }
/// # async fn admit(_: Received) -> Outcome { Outcome::accepted() }
///
/// async fn store(received: Received) -> Outcome {
///     match write_to_disk(received.message.as_bytes()).await {
///         Ok(()) => Outcome::accepted(),
///         Err(_) => Outcome::rejected(ErrorCode::APPLICATION_ERROR, "not stored"),
///     }
/// }
///
/// fn receiver(client: impl Deliver) -> Enhanced {
///     Enhanced::new(store, admit, client, |_, delivery| eprintln!("not told: {delivery:?}"))
///         .ask_for_accept()
/// }
/// ```
#[derive(Clone)]
pub struct Enhanced {
    store: Arc<Store>,
    application: AnyHandler,
    to: AnyDeliver,
    undelivered: Arc<Undelivered>,
    on_cause: Option<Arc<OnCause>>,
    acknowledger: Acknowledger,
    ask_for_accept: bool,
}

type OnCause = dyn Fn(&OwnedMessage, &Cause) + Send + Sync;
type Store = dyn Fn(Received) -> Pin<Box<dyn Future<Output = Outcome> + Send>> + Send + Sync;
type Undelivered = dyn Fn(&OwnedMessage, &Delivery) + Send + Sync;

impl Enhanced {
    /// Stores by `store`, handles by `application`, sends application acknowledgments to `to`,
    /// and tells `undelivered` what the sender does not hear.
    #[must_use]
    pub fn new<S, F>(
        store: S,
        application: impl Application,
        to: impl Deliver,
        undelivered: impl Fn(&OwnedMessage, &Delivery) + Send + Sync + 'static,
    ) -> Self
    where
        S: Fn(Received) -> F + Send + Sync + 'static,
        F: Future<Output = Outcome> + Send + 'static,
    {
        Self {
            store: Arc::new(move |received| Box::pin(store(received))),
            application: AnyHandler::new(application),
            to: AnyDeliver::new(to),
            undelivered: Arc::new(undelivered),
            on_cause: None,
            acknowledger: Acknowledger::new(),
            ask_for_accept: false,
        }
    }

    /// Builds application acknowledgments by another clock, control IDs or identity: those of the
    /// server, as a rule, and always where they are in [`Acknowledger::always_original_mode`].
    #[must_use]
    pub fn acknowledger(mut self, acknowledger: Acknowledger) -> Self {
        self.acknowledger = acknowledger;
        self
    }

    /// Asks the far side for an accept acknowledgment of application acknowledgments: MSH-15 is
    /// `AL`, MSH-16 `NE`. Without it, and by default, nobody says whether they arrived.
    #[must_use]
    pub fn ask_for_accept(mut self) -> Self {
        self.ask_for_accept = true;
        self
    }

    /// Tells `take` why an application acknowledgment that is sent is not what the sender hoped
    /// for, where the application says why ([`Reply::because`]): for logs and numbers. What is not
    /// sent goes to `undelivered` with its cause.
    ///
    /// ```
    /// use hl7_ack::{Deliver, Enhanced, Forward, Outcome, Received};
    ///
    /// fn bridge(far: impl Deliver, back: impl Deliver) -> Enhanced {
    ///     let store = async |_: Received| Outcome::accepted();
    ///     Enhanced::new(store, Forward::to(far), back, |_, lost| eprintln!("not told: {lost:?}"))
    ///         .on_cause(|_, cause| eprintln!("not passed on: {cause}"))
    /// }
    /// ```
    #[must_use]
    pub fn on_cause(
        mut self,
        take: impl Fn(&OwnedMessage, &Cause) + Send + Sync + 'static,
    ) -> Self {
        self.on_cause = Some(Arc::new(take));
        self
    }

    /// Handles what is stored, and sends what is due.
    async fn apply(self, mut received: Received, was_late: Arc<AtomicBool>) {
        let message = received.message.clone();
        let extensions = received.peer.extensions_mut();
        extensions.insert(ApplicationPhase);
        // A copy of the message is to get the accept acknowledgment, which was kept by then.
        extensions.remove::<ReplayScope>();
        let application = self.application.clone();
        let mut reply = or_unable(async move { application.handle(received).await }).await;
        // Nobody waits: an answer that only says that the true one is late is not sent.
        while let Some(late) = reply.late.take() {
            let first = reply.then.take();
            reply = or_unable(late).await;
            if let Some(first) = first {
                let then = reply.then.replace(first);
                reply = then.into_iter().fold(reply, Reply::then);
            }
        }
        let afterwards = reply.then.take();
        let cause = reply.cause.clone();
        let second = match self.second(&message, reply) {
            // What a time limit answers is negative: it was heard where MSH-15 asks for that.
            Second::Due(acknowledgment)
                if was_late.load(Ordering::Acquire)
                    && self.request(&message).accept().holds(false) =>
            {
                let detail = "the accept acknowledgment was late, and the sender heard another";
                Second::Untold(acknowledgment, Cause::new(CauseKind::TimedOut, detail))
            }
            second => second,
        };
        let told = match &second {
            Second::Due(acknowledgment) => cause.map(|cause| (acknowledgment.clone(), cause)),
            Second::Untold(..) | Second::None => None,
        };
        let on_cause = self.on_cause.clone();
        // A panic of `undelivered` is not to lose what is left for afterwards.
        let _or_panicked = CatchPanic(Box::pin(self.tell(second))).await;
        if let (Some(on_cause), Some((acknowledgment, cause))) = (on_cause, told) {
            let telling = async move { on_cause(&acknowledgment, &cause) };
            let _or_panicked = CatchPanic(Box::pin(telling)).await;
        }
        if let Some(afterwards) = afterwards {
            afterwards.await;
        }
    }

    async fn tell(self, second: Second) {
        let (acknowledgment, delivery) = match second {
            Second::Due(acknowledgment) => {
                let (to, sent) = (self.to.clone(), acknowledgment.clone());
                (acknowledgment, deliver_caught(to, sent, Progress::new()).await)
            }
            Second::Untold(acknowledgment, cause) => (acknowledgment, Delivery::NotSent(cause)),
            Second::None => return,
        };
        if !delivery.is_positive() {
            (self.undelivered)(&acknowledgment, &delivery);
        }
    }

    fn request(&self, message: &OwnedMessage) -> AckRequest {
        self.acknowledger.request(AckRequest::of(&message.as_message()))
    }

    /// The application acknowledgment that MSH-16 asks for, or what nobody hears.
    fn second(&self, message: &OwnedMessage, reply: Reply) -> Second {
        let condition = self.request(message).application();
        let hung_up = matches!(reply.answer, ReplyAnswer::HangUp);
        let acknowledgment = match reply.answer {
            ReplyAnswer::Outcome(outcome) => self.built(message, &outcome),
            ReplyAnswer::Acknowledgment(acknowledgment) => {
                OwnedMessage::parse_undecoded(acknowledgment.as_bytes().clone()).ok()
            }
            ReplyAnswer::Message(response) => Some(response),
            ReplyAnswer::Kept(answer) => answer.message(),
            ReplyAnswer::None | ReplyAnswer::HangUp => None,
        };
        let Some(acknowledgment) = acknowledgment.and_then(level::of_application) else {
            // That there is no answer is as it should be only where none is asked for.
            let missing = hung_up || reply.cause.is_some() || condition == Condition::Always;
            let outcome = Outcome::rejected(ErrorCode::APPLICATION_ERROR, "no result");
            let Some(built) = self.built(message, &outcome).filter(|_| missing) else {
                return Second::None;
            };
            let detail = "the application has given no answer";
            let nothing = || Cause::new(CauseKind::Unreadable, detail);
            return Second::Untold(built, reply.cause.unwrap_or_else(nothing));
        };
        let code = msa_code(&acknowledgment.as_message());
        let positive = code.is_some_and(AckCode::is_positive);
        if condition.holds(positive) {
            return Second::Due(acknowledgment);
        }
        if positive {
            return Second::None;
        }
        let unasked = || {
            let code = code.map_or("a negative answer", AckCode::as_str);
            let detail = format!("{code}, which the sender has not asked for");
            Cause::new(CauseKind::Refused, detail)
        };
        Second::Untold(acknowledgment, reply.cause.unwrap_or_else(unasked))
    }

    fn built(&self, message: &OwnedMessage, outcome: &Outcome) -> Option<OwnedMessage> {
        let (view, code) = (message.as_message(), application_code(outcome));
        let built = self.acknowledger.build(&view.header(), code, outcome);
        Some(self.asking(OwnedMessage::parse_undecoded(built.as_bytes().clone()).ok()?))
    }

    fn asking(&self, built: OwnedMessage) -> OwnedMessage {
        if !self.ask_for_accept {
            return built;
        }
        let asking = Editor::new(&built.as_message())
            .set(&Path::new("MSH-15"), "AL")
            .set(&Path::new("MSH-16"), "NE")
            .finish();
        asking.unwrap_or(built)
    }
}

/// What the application says, also where it panics.
async fn or_unable(handling: impl Future<Output = Reply> + Send) -> Reply {
    CatchPanic(Box::pin(handling))
        .await
        .unwrap_or_else(|| Outcome::rejected(ErrorCode::APPLICATION_ERROR, "internal error").into())
}

/// A [`Handler`] that can be the application of an [`Enhanced`]: it says anew what became of each
/// message.
///
/// Functions and closures are, and [`Forward`] and [`FanOut`]. A [`crate::Replay`] around a handler
/// is not: what it keeps is what the sender hears at once, so that inside of an [`Enhanced`] it would
/// give the accept acknowledgment for the application's. It goes around, where a copy of the message
/// gets that again and is not handled again:
///
/// ```
/// use hl7_ack::{AnyHandler, Application, Deliver, Enhanced, MemoryStore, Outcome, Received, Replay};
///
/// fn once_each(application: impl Application, to: impl Deliver) -> AnyHandler {
///     let store = async |_: Received| Outcome::accepted();
///     Replay::new(MemoryStore::new()).around(Enhanced::new(store, application, to, |_, _| {}))
/// }
/// ```
///
/// The other way round does not compile:
///
/// ```compile_fail,E0277
/// use hl7_ack::{Application, Deliver, Enhanced, MemoryStore, Outcome, Received, Replay};
///
/// fn once_each(application: impl Application, to: impl Deliver) -> Enhanced {
///     let store = async |_: Received| Outcome::accepted();
///     let replaying = Replay::new(MemoryStore::new()).around(application);
///     Enhanced::new(store, replaying, to, |_, _| {})
/// }
/// ```
///
/// [`AnyHandler`] is none either, as it may be anything: its type is hidden after that.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can not be the application of an `Enhanced`",
    label = "may answer copies of a message by itself, as a `Replay` does",
    note = "`Replay` goes around: `Replay::new(store).around(Enhanced::new(..))`",
    note = "a handler of your own says `impl Application for MyHandler {{}}`"
)]
pub trait Application: Handler {}

impl<F, Fut, R> Application for F
where
    F: Fn(Received) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = R> + Send,
    R: Into<Reply>,
{
}

impl Application for Forward {}

impl Application for FanOut {}

/// Among the [`crate::Extensions`] of the peer: the accept acknowledgment has left, and what is
/// asked for now is the application's.
struct ApplicationPhase;

pub(crate) fn in_application_phase(received: &Received) -> bool {
    received.peer.extensions().get::<ApplicationPhase>().is_some()
}

/// What is to become of the second acknowledgment.
enum Second {
    Due(OwnedMessage),
    /// It says that something went wrong, and the sender does not hear it.
    Untold(OwnedMessage, Cause),
    None,
}

impl Handler for Enhanced {
    async fn handle(&self, mut received: Received) -> Reply {
        let request = self.request(&received.message);
        let outcome = (self.store)(received.clone()).await;
        if !outcome.is_accepted() {
            // Where MSH-15 lets a refusal pass in silence, MSH-16 may still ask for one.
            let due =
                request.code_for(&outcome).is_none() && request.later_code_for(&outcome).is_some();
            let refusal = self.built(&received.message, &outcome).filter(|_| due);
            let reply = Reply::from(outcome);
            return match refusal {
                Some(refusal) => reply.then(self.clone().tell(Second::Due(refusal))),
                None => reply,
            };
        }
        if request.mode() == Mode::Original {
            return self.application.handle(received).await;
        }
        // It outlives the exchange, and is not to keep the buffer of the connection alive.
        received.message = received.message.detach();
        let was_late = Arc::default();
        let mut reply =
            Reply::from(outcome).then(self.clone().apply(received, Arc::clone(&was_late)));
        reply.was_late = Some(was_late);
        reply
    }
}

impl fmt::Debug for Enhanced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enhanced")
            .field("acknowledger", &self.acknowledger)
            .field("ask_for_accept", &self.ask_for_accept)
            .finish_non_exhaustive()
    }
}
