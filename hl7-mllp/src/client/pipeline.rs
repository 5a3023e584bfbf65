//! Sends what a [`Pipelined`](super::Pipelined) client is given and tells each caller its answer.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use hl7_ack::{Answer, Cause, CauseKind, Delivery, Finding, Outstanding};
use hl7_parse::{
    OwnedMessage,
    batch::{self, PartKind},
};
use hl7_transport::deadline_after;
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc, oneshot},
    time::Instant,
};

mod release2;

use self::release2::Uncommitted;
use super::{
    connect::AnyIo,
    lost,
    pipelined::{Order, Shared},
    release2::uncommitted,
    too_long,
};
use crate::{
    Block, SkippedKind,
    connection::{Connection, ReadError, WriteError},
};

/// A connection, and the messages whose answers are awaited on it.
struct Line {
    connection: Connection<AnyIo>,
    under_way: Vec<UnderWay>,
    /// An answer has come to what nobody sent: nothing more goes out here.
    spoiled: bool,
}

/// A message that was sent.
struct UnderWay {
    outstanding: Outstanding,
    /// In release 2 the last one, until the peer has committed it.
    uncommitted: Option<Uncommitted>,
    deadline: Instant,
    limit: Duration,
    told: oneshot::Sender<Delivery>,
    _place: OwnedSemaphorePermit,
}

/// What came of a frame.
struct Sorted {
    /// False: the connection is of no more use.
    goes_on: bool,
    /// Whether an answer was in it, or all of it was taken.
    is_taken: bool,
}

/// What happens next on a connection.
enum Event {
    Read(Result<Option<Block>, ReadError>),
    Ordered(Option<Box<Order>>),
}

/// Goes on until every handle of the client is gone.
pub(super) async fn run(shared: Arc<Shared>, mut orders: mpsc::UnboundedReceiver<Box<Order>>) {
    let mut line: Option<Line> = None;
    // An order whose answer could be taken for one that is awaited, ahead of all others.
    let mut held: Option<Box<Order>> = None;
    loop {
        let Some(open) = &mut line else {
            let Some(order) = next(&mut held, &mut orders).await else { return };
            line = shared.send(None, order).await;
            continue;
        };
        if open.spoiled && open.under_way.is_empty() {
            line = None;
            continue;
        }
        let has_room = !open.spoiled
            && !open.awaits_commit()
            && open.under_way.len() < shared.max_in_flight.get();
        let is_free = held.as_ref().is_none_or(|order| !open.has(order));
        let deadline = open.deadline();
        let event = tokio::select! {
            biased;
            read = open.connection.next_by(deadline) => Event::Read(read),
            order = next(&mut held, &mut orders), if has_room && is_free => Event::Ordered(order),
        };
        match event {
            Event::Read(read) => {
                if !shared.hear(open, read).await {
                    line = None;
                }
            }
            Event::Ordered(None) => return,
            Event::Ordered(Some(order)) if open.has(&order) => held = Some(order),
            Event::Ordered(Some(order)) => line = shared.send(line, order).await,
        }
    }
}

/// The order that is held, or the next one.
async fn next(
    held: &mut Option<Box<Order>>,
    orders: &mut mpsc::UnboundedReceiver<Box<Order>>,
) -> Option<Box<Order>> {
    match held.take() {
        Some(order) => Some(order),
        None => orders.recv().await,
    }
}

impl Shared {
    /// Writes one message, on the connection at hand or a new one; tells its caller what came of
    /// it, unless an answer is due.
    async fn send(&self, mut line: Option<Line>, order: Box<Order>) -> Option<Line> {
        let Order { content, outstanding, progress, claimed, turn, told, place } = *order;
        if told.is_closed() || claimed.swap(true, Ordering::SeqCst) {
            return line;
        }
        // Who went away meanwhile need not hear it.
        let _heard = turn.send(());
        let options = &self.options;
        loop {
            let is_new = line.is_none();
            let mut open = match line {
                Some(open) => open,
                None => match self.target.connect(options.connect_timeout).await {
                    Ok(io) => Line::new(options.connection(io)),
                    Err(cause) => {
                        drop(told.send(Delivery::NotSent(cause)));
                        return None;
                    }
                },
            };
            progress.begin();
            match open.connection.write(&content, options.write_timeout).await {
                Ok(()) if !options.release2 && !outstanding.answer_due() => {
                    drop(told.send(Delivery::NoneDue));
                }
                Ok(()) => {
                    let uncommitted = options.release2.then(|| Uncommitted::new(content));
                    let limit = match uncommitted {
                        Some(_) => options.commit_timeout,
                        None => options.patience(&outstanding),
                    };
                    open.under_way.push(UnderWay {
                        outstanding,
                        uncommitted,
                        deadline: deadline_after(limit),
                        limit,
                        told,
                        _place: place,
                    });
                }
                // Closed by the peer a moment ago; no byte left, so another one may be tried.
                Err(WriteError { error: Some(_), begun: false })
                    if !is_new && open.under_way.is_empty() =>
                {
                    line = None;
                    continue;
                }
                Err(failure) => {
                    let limit = options.write_timeout;
                    let cause = match failure.error {
                        Some(error) => {
                            Cause::new(CauseKind::Closed, format!("while sending: {error}"))
                        }
                        None => {
                            let detail = format!("not taken by the peer within {limit:?}");
                            Cause::new(CauseKind::TimedOut, detail)
                        }
                    };
                    drop(told.send(match failure.begun {
                        true => Delivery::Unknown(cause),
                        false => Delivery::NotSent(cause),
                    }));
                    open.give_up(&Cause::new(CauseKind::Closed, "while another one was sent"));
                    return None;
                }
            }
            return Some(open);
        }
    }

    /// Tells whoever is concerned by what was read. False: the connection is of no more use.
    async fn hear(&self, line: &mut Line, read: Result<Option<Block>, ReadError>) -> bool {
        let cause = match read {
            Ok(Some(Block::Content(content))) => {
                let sorted = self.sort(line, &content);
                return sorted.goes_on && (!sorted.is_taken || self.commit(line).await);
            }
            Ok(Some(Block::Skipped(skipped))) if skipped.kind() == SkippedKind::TooLong => {
                too_long(&skipped)
            }
            Ok(Some(Block::Skipped(skipped))) => {
                tracing::debug!(?skipped, "while waiting for an answer");
                return true;
            }
            Ok(Some(Block::Commit(commit))) => return self.hear_commit(line, commit).await,
            Ok(None) => Cause::new(CauseKind::Closed, "by the peer, without an answer"),
            Err(ReadError::Lost(error)) => lost(&error),
            Err(ReadError::Idle | ReadError::Slow) => return line.expire(),
        };
        line.give_up(&cause);
        false
    }

    /// Looks for the message that each part of a frame answers.
    fn sort(&self, line: &mut Line, content: &Bytes) -> Sorted {
        let (mut messages, mut untaken, mut unreadable) = (0_u64, false, false);
        let mut answered = Vec::new();
        for part in batch::parts(content).filter(|part| part.kind() == PartKind::Message) {
            messages = messages.saturating_add(1);
            let bytes = content.slice_ref(part.as_bytes());
            let answered_before = answered.first().map(|(sent, _)| sent);
            let Some(any) = line.under_way.first().or(answered_before) else {
                // Nothing was asked, so that this is in the way of the next answer.
                let message = OwnedMessage::parse(bytes.clone())
                    .or_else(|_| OwnedMessage::parse_undecoded(bytes));
                if !message.is_ok_and(|message| self.is_taken(&message)) {
                    self.dropped_inbound.fetch_add(1, Ordering::Relaxed);
                    (untaken, line.spoiled) = (true, true);
                    tracing::warn!("message while no answer was awaited, dropped");
                }
                continue;
            };
            let message = match any.outstanding.examine(bytes) {
                Finding::Answer(answer) => answer.message().clone(),
                Finding::Other(message) => message,
                Finding::Inbound(message) => {
                    if !self.is_taken(&message) {
                        untaken = true;
                        self.dropped_inbound.fetch_add(1, Ordering::Relaxed);
                        tracing::warn!("message from the peer, nobody to take it, dropped");
                    }
                    continue;
                }
                // Whoever is answered behind it is not to suffer for it.
                _ => {
                    unreadable = true;
                    continue;
                }
            };
            if let Some(found) = line.answered_by(&message) {
                answered.push(found);
            } else if !self.is_taken(&message) {
                untaken = true;
                self.is_beside(line, &mut answered, &message);
            }
        }
        let goes_on = messages > 0 && !unreadable;
        let is_taken = goes_on && (!untaken || !answered.is_empty());
        for (sent, answer) in answered {
            // Who went away meanwhile need not hear it.
            drop(sent.told.send(Delivery::Answered(answer)));
        }
        if !goes_on {
            line.give_up(&Cause::new(CauseKind::Unreadable, "it is no HL7 message"));
        }
        Sorted { goes_on, is_taken }
    }

    /// An acknowledgment that nobody waits for or takes: another one of a message that is answered
    /// in the same frame, or of a message that nobody has sent.
    fn is_beside(
        &self,
        line: &mut Line,
        answered: &mut [(UnderWay, Answer)],
        message: &OwnedMessage,
    ) {
        for (sent, answer) in answered {
            if let Finding::Answer(again) = sent.outstanding.examine_message(message) {
                if again.supersedes(answer) {
                    *answer = again;
                } else {
                    self.dropped_inbound.fetch_add(1, Ordering::Relaxed);
                    tracing::warn!("acknowledgment of a message that is answered, dropped");
                }
                return;
            }
        }
        if !line.spoiled {
            tracing::warn!("acknowledgment of another message, dropped");
        }
        line.spoiled = true;
    }

    /// Whether somebody takes a message that is not an answer.
    fn is_taken(&self, message: &OwnedMessage) -> bool {
        self.options.on_inbound.as_ref().is_some_and(|take| take.0(message))
    }
}

impl Line {
    fn new(connection: Connection<AnyIo>) -> Self {
        Self { connection, under_way: Vec::new(), spoiled: false }
    }

    /// Whether a message is under way whose answer could be taken for that of this one.
    fn has(&self, order: &Order) -> bool {
        let sent = |sent: &UnderWay| sent.outstanding.may_share_answer(&order.outstanding);
        self.under_way.iter().any(sent)
    }

    /// When the first time limit is over.
    fn deadline(&self) -> Instant {
        let first = self.under_way.iter().map(|sent| sent.deadline).min();
        first.unwrap_or_else(|| deadline_after(Duration::MAX))
    }

    /// Takes out the message that is answered, if there is one.
    fn answered_by(&mut self, message: &OwnedMessage) -> Option<(UnderWay, Answer)> {
        let mut under_way = self.under_way.iter().enumerate();
        let (at, answer) =
            under_way.find_map(|(at, sent)| match sent.outstanding.examine_message(message) {
                Finding::Answer(answer) => Some((at, answer)),
                _ => None,
            })?;
        let sent = self.under_way.remove(at);
        if sent.uncommitted.is_some() {
            // Its commit block, come late, would be taken for that of the next message.
            tracing::warn!("answered before it was committed, to be closed");
            self.spoiled = true;
        }
        Some((sent, answer))
    }

    /// A time limit is over. Where silence accepts it ends that message alone; else it ends the
    /// connection.
    fn expire(&mut self) -> bool {
        let now = Instant::now();
        let is_silent = !self.connection.has_begun();
        let mut goes_on = true;
        for sent in self.under_way.extract_if(.., |sent| sent.deadline <= now) {
            if is_silent && sent.uncommitted.is_none() && sent.outstanding.silence_accepts() {
                drop(sent.told.send(Delivery::NoneDue));
                continue;
            }
            goes_on = false;
            let cause = match sent.uncommitted {
                Some(_) => uncommitted(sent.limit),
                None => {
                    let detail = format!("no answer within {:?}", sent.limit);
                    Cause::new(CauseKind::TimedOut, detail)
                }
            };
            drop(sent.told.send(Delivery::Unknown(cause)));
        }
        if !goes_on {
            let detail = "another message had no answer in time, and the connection was given up";
            self.give_up(&Cause::new(CauseKind::Closed, detail));
        }
        goes_on
    }

    /// Tells every caller that the outcome is not known.
    fn give_up(&mut self, cause: &Cause) {
        for sent in self.under_way.drain(..) {
            drop(sent.told.send(Delivery::Unknown(cause.clone())));
        }
    }
}
