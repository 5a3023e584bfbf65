//! [`Replay`]: answers a message that is sent again with the answer it had.

mod in_hand;
mod key;
mod memory;
mod store;

use std::{fmt, pin::Pin, sync::Arc};

use bytes::Bytes;
use hl7_parse::{OwnedMessage, Path};

use self::in_hand::{Arrived, First, InHand};
pub use self::{
    key::ReplayKey,
    memory::MemoryStore,
    store::{FinalAnswer, Known, ReplayStore},
};
use crate::{
    AckCode, AckRequest, Acknowledger, AnyHandler, ErrorCode, Handler, Outcome, Received, Reply,
    acknowledgment::msa_code, answer::error_codes, reply::ReplyAnswer, responder::read,
};

/// Answers a message that is sent again with the answer it had, and does not handle it again.
///
/// A sender whose acknowledgment was lost sends the same message again. What makes it the same is
/// [`ReplayKey`]: MSH-3, MSH-4, MSH-10, and the content but for MSH-7.
///
/// ```
/// use hl7_ack::{AnyHandler, Handler, MemoryStore, Replay};
///
/// fn once_each(handler: impl Handler) -> AnyHandler {
///     Replay::new(MemoryStore::new()).around(handler)
/// }
/// ```
///
/// * A copy that arrives while the first is being handled waits for its answer and gets it too.
/// * Kept are AA, CA, CR, AE without code 207, and that nothing was due. AR, CE and 207 say that
///   the receiver was unable: the next copy is handled anew.
/// * Where the handler outlives a time limit, its result is kept when it comes; the copies get
///   that, and not the answer that only said it was late.
/// * Acknowledgments, and messages without MSH-10, go to the handler as they come.
/// * What the handler left for afterwards ([`Reply::then`]) is run for the first alone.
///
/// A kept answer is the same to the byte, so that it is built here, by an [`Acknowledger`] that is
/// best the server's own.
///
/// # In the transaction of the handler
///
/// Between handling a message and keeping its answer the process may end, and the copy would be
/// handled again. A handler with a database closes that gap: it writes the answer in the
/// transaction in which it handles the message. [`ReplayScope`] has what it needs.
///
/// ```
/// use hl7_ack::{
///     Cause, ErrorCode, FinalAnswer, Known, Outcome, Received, ReplayKey, ReplayScope,
///     ReplayStore, Reply,
/// };
/// # use hl7_parse::OwnedMessage;
/// # #[derive(Clone)] struct Database;
/// # struct Transaction;
/// # impl Database {
/// #     async fn begin(&self) -> Transaction { Transaction }
/// #     async fn answer(&self, id: u128, content: u128) -> Result<Known, Cause> { Ok(Known::Nothing) }
/// # }
/// # impl Transaction {
/// #     async fn admit(&mut self, message: &OwnedMessage) -> Outcome { Outcome::accepted() }
/// #     async fn insert(&mut self, id: u128, content: u128, answer: Option<&[u8]>) {}
/// #     async fn commit(self) -> Result<(), ()> { Ok(()) }
/// # }
///
/// async fn handle(database: Database, received: Received) -> Reply {
///     let mut transaction = database.begin().await;
///     let outcome = transaction.admit(&received.message).await;
///     let Some(scope) = ReplayScope::of(&received).filter(|scope| scope.is_final(&outcome)) else {
///         return outcome.into(); // which rolls back
///     };
///     let (key, answer) = (scope.key(), scope.answer(&outcome));
///     transaction.insert(key.id(), key.content(), answer.as_bytes().map(|bytes| &bytes[..])).await;
///     match transaction.commit().await {
///         Ok(()) => answer.into(), // which tells Replay that it is kept
///         Err(()) => Outcome::rejected(ErrorCode::APPLICATION_ERROR, "not stored").into(),
///     }
/// }
///
/// impl ReplayStore for Database {
///     async fn find(&self, key: &ReplayKey) -> Result<Known, Cause> {
///         self.answer(key.id(), key.content()).await
///     }
///
///     async fn keep(&self, _: &ReplayKey, _: &FinalAnswer) -> Result<(), Cause> {
///         Ok(()) // The handler has.
///     }
/// }
/// # fn handler(database: Database) -> hl7_ack::AnyHandler {
/// #     let replay = hl7_ack::Replay::new(database.clone());
/// #     replay.around(move |received| handle(database.clone(), received))
/// # }
/// ```
///
/// With a unique index on both digests, of two processes that get the same message at once one
/// fails to commit, and the copy after that is answered from the table.
#[derive(Clone)]
pub struct Replay<S> {
    store: Arc<S>,
    acknowledger: Acknowledger,
    refuse_reused_ids: bool,
    max_waiting: usize,
    in_hand: Arc<InHand>,
}

impl<S: ReplayStore> Replay<S> {
    /// Keeps answers in `store`.
    #[must_use]
    pub fn new(store: S) -> Self {
        Self {
            store: Arc::new(store),
            acknowledger: Acknowledger::new(),
            refuse_reused_ids: false,
            max_waiting: 1024,
            in_hand: Arc::default(),
        }
    }

    /// Builds acknowledgments by another clock, control IDs or identity: those of the server.
    ///
    /// ```
    /// use hl7_ack::{Acknowledger, MemoryStore, Replay};
    ///
    /// let ours = Acknowledger::new().identity("EHR", "GH");
    /// let replay = Replay::new(MemoryStore::new()).acknowledger(ours).refuse_reused_ids();
    /// ```
    #[must_use]
    pub fn acknowledger(mut self, acknowledger: Acknowledger) -> Self {
        self.acknowledger = acknowledger;
        self
    }

    /// Answers AE with code 205 where MSH-10 was used before by the same sender for a message
    /// with other content. Default: it is handled, because there are senders whose IDs repeat.
    ///
    /// A sender whose MSH-15 asks for no such answer hears nothing of it; the log of the server
    /// does.
    #[must_use]
    pub fn refuse_reused_ids(mut self) -> Self {
        self.refuse_reused_ids = true;
        self
    }

    /// Most copies of one message that wait for the answer to it while it is being handled; one
    /// more is answered AR with 207. Default 1024.
    #[must_use]
    pub fn max_waiting(mut self, copies: usize) -> Self {
        self.max_waiting = copies;
        self
    }

    /// Hands the first of each to `handler`.
    #[must_use]
    pub fn around(self, handler: impl Handler) -> AnyHandler {
        AnyHandler::new(Replaying(Arc::new(Inner {
            replay: self,
            handler: AnyHandler::new(handler),
        })))
    }
}

struct Replaying<S>(Arc<Inner<S>>);

struct Inner<S> {
    replay: Replay<S>,
    handler: AnyHandler,
}

impl<S: ReplayStore> Handler for Replaying<S> {
    async fn handle(&self, received: Received) -> Reply {
        let view = received.message.as_message();
        let is_acknowledgment = AckRequest::of(&view).of_acknowledgment();
        let key = ReplayKey::of(&view).filter(|_| !is_acknowledgment);
        let Some(key) = key else { return self.0.handler.handle(received).await };
        let replay = &self.0.replay;
        loop {
            match replay.in_hand.arrived(key, replay.max_waiting) {
                Arrived::First(first) => return Arc::clone(&self.0).handle(first, received).await,
                Arrived::Repeat(repeat) => {
                    if let Some(answer) = repeat.answer().await {
                        return Reply::kept(answer);
                    }
                }
                Arrived::TooMany => return unable("too many copies of a message").into(),
            }
        }
    }
}

impl<S: ReplayStore> Inner<S> {
    async fn handle(self: Arc<Self>, first: First, mut received: Received) -> Reply {
        let reused = match self.replay.store.find(first.key()).await {
            Ok(Known::Answer(answer)) => {
                first.end(Some(answer.clone()));
                return Reply::kept(answer);
            }
            Ok(Known::OtherContent) => true,
            Ok(Known::Nothing) => first.id_in_use(),
            Err(cause) => {
                let reply = Reply::from(unable("answers can not be looked up")).because(cause);
                return self.conclude(first, received.message, reply).await;
            }
        };
        let message = received.message.clone();
        if reused && self.replay.refuse_reused_ids {
            let text = "the message control ID was used for another message";
            let outcome = Outcome::error(ErrorCode::DUPLICATE_KEY_IDENTIFIER, text)
                .at(const { Path::new("MSH-10") });
            let answer = final_answer(&self.replay.acknowledger, &message, &outcome);
            // Not kept: the ID stays that of the message before.
            first.end(Some(answer.clone()));
            return Reply::kept(answer);
        }
        received.peer.extensions_mut().insert(ReplayScope {
            key: *first.key(),
            message: message.clone(),
            acknowledger: self.replay.acknowledger.clone(),
        });
        let reply = self.handler.handle(received).await;
        self.conclude(first, message, reply).await
    }

    /// Keeps what is final, gives it to the copies, and answers with these very bytes.
    fn conclude(
        self: Arc<Self>,
        first: First,
        message: OwnedMessage,
        mut reply: Reply,
    ) -> Pin<Box<dyn Future<Output = Reply> + Send>> {
        Box::pin(async move {
            if let Some(late) = reply.late.take() {
                return reply.late(async move { self.conclude(first, message, late.await).await });
            }
            let settled = self.settle(&message, &reply);
            if let Some(Settled { answer, keep: true }) = &settled
                && let Err(cause) = self.replay.store.keep(first.key(), answer).await
            {
                reply.cause = Some(cause);
            }
            if let Some(Settled { answer, .. }) = &settled {
                reply.answer = Reply::kept(answer.clone()).answer;
            }
            first.end(settled.map(|settled| settled.answer));
            reply
        })
    }

    /// What the copies get; `None` where each is to be handled itself.
    fn settle(&self, message: &OwnedMessage, reply: &Reply) -> Option<Settled> {
        let sent = |bytes: &Bytes| FinalAnswer::from_bytes(Some(bytes.clone()));
        Some(match &reply.answer {
            ReplyAnswer::Outcome(outcome) => {
                let answer = final_answer(&self.replay.acknowledger, message, outcome);
                Settled { keep: is_final_of(outcome, &answer), answer }
            }
            ReplyAnswer::Acknowledgment(acknowledgment) => {
                let answer = sent(acknowledgment.as_bytes());
                Settled { keep: is_final(&answer), answer }
            }
            ReplyAnswer::Message(response) => {
                let answer = sent(response.with_cr_ends().as_bytes());
                Settled { keep: is_final(&answer), answer }
            }
            ReplyAnswer::Kept(answer) => Settled { answer: answer.clone(), keep: false },
            ReplyAnswer::None if reply.cause.is_none() => {
                Settled { answer: FinalAnswer::from_bytes(None), keep: true }
            }
            ReplyAnswer::None | ReplyAnswer::HangUp => return None,
        })
    }
}

struct Settled {
    answer: FinalAnswer,
    keep: bool,
}

/// What a handler needs to keep its answer itself, among the [`crate::Extensions`] of the peer.
#[derive(Clone, Debug)]
pub struct ReplayScope {
    key: ReplayKey,
    message: OwnedMessage,
    acknowledger: Acknowledger,
}

impl ReplayScope {
    /// Of a message that came through a [`Replay`]; `None` where it did not, or where there is
    /// nothing to keep: it is an acknowledgment, or has no MSH-10.
    #[must_use]
    pub fn of(received: &Received) -> Option<&Self> {
        received.peer.extensions().get()
    }

    /// The key to keep the answer by.
    #[must_use]
    pub fn key(&self) -> &ReplayKey {
        &self.key
    }

    /// Whether the answer that is due for this outcome is one to keep, and not one that says that
    /// the receiver was unable (AR, CE, code 207).
    #[must_use]
    pub fn is_final(&self, outcome: &Outcome) -> bool {
        is_final_of(outcome, &self.answer(outcome))
    }

    /// The answer that is due for this outcome, to be kept. Returned as the [`Reply`], it says
    /// that it is.
    #[must_use]
    pub fn answer(&self, outcome: &Outcome) -> FinalAnswer {
        final_answer(&self.acknowledger, &self.message, outcome)
    }
}

fn final_answer(
    acknowledger: &Acknowledger,
    message: &OwnedMessage,
    outcome: &Outcome,
) -> FinalAnswer {
    let built = acknowledger.acknowledge(&message.as_message(), outcome);
    FinalAnswer::due(built.map(|built| built.as_bytes().clone()), outcome)
}

/// Whether a resend is to get the answer to this outcome again. The outcome tells, and not what is
/// written: in versions that lack a code it is written as 207.
fn is_final_of(outcome: &Outcome, answer: &FinalAnswer) -> bool {
    match answer.code() {
        Some(AckCode::AA | AckCode::CA | AckCode::CR) => true,
        Some(AckCode::AE) => outcome.error_codes().all(|code| code != ErrorCode::APPLICATION_ERROR),
        Some(AckCode::AR | AckCode::CE) => false,
        None => outcome.is_accepted(),
    }
}

/// The same of an answer that came from elsewhere.
fn is_final(answer: &FinalAnswer) -> bool {
    let Some(bytes) = answer.as_bytes() else { return false };
    let Ok(message) = read(bytes.clone()) else { return false };
    match msa_code(&message.as_message()) {
        Some(AckCode::AA | AckCode::CA | AckCode::CR) => true,
        Some(AckCode::AE) => {
            !error_codes(&message.as_message()).contains(&ErrorCode::APPLICATION_ERROR)
        }
        Some(AckCode::AR | AckCode::CE) | None => false,
    }
}

fn unable(text: &str) -> Outcome {
    Outcome::rejected(ErrorCode::APPLICATION_ERROR, text)
}

impl<S: fmt::Debug> fmt::Debug for Replay<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay")
            .field("store", &self.store)
            .field("refuse_reused_ids", &self.refuse_reused_ids)
            .field("max_waiting", &self.max_waiting)
            .finish_non_exhaustive()
    }
}
