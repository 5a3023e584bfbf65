//! Sends messages of our own on a connection that the peer has opened: application
//! acknowledgments in enhanced mode, most of all.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use hl7_ack::{Cause, CauseKind, Deliver, Delivery, Finding, Outstanding};
use hl7_parse::{
    OwnedMessage,
    batch::{self, PartKind},
};
use tokio::{
    sync::{Notify, oneshot},
    time::timeout,
};

use crate::{Envelope, frame::UNFRAMEABLE};

/// Most messages that wait to be sent on one connection, or for their answers.
const MAX_OUTBOUND: usize = 64;

/// What is to be sent on one connection, and what waits for its answer.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    state: Mutex<State>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Outgoing>,
    waiting: Vec<Outgoing>,
    closed: bool,
}

#[derive(Debug)]
struct Outgoing {
    content: Bytes,
    outstanding: Outstanding,
    /// Whether a byte may have left.
    begun: Arc<AtomicBool>,
    told: oneshot::Sender<Delivery>,
}

/// The way back to the peer, for whoever was given a message of its.
pub(super) struct SameConnection {
    pub(super) outbox: Arc<Outbox>,
    pub(super) answer_timeout: Duration,
    pub(super) envelope: Envelope,
}

impl Deliver for SameConnection {
    async fn deliver(&self, message: OwnedMessage) -> Delivery {
        let not_sent = |kind, detail: &'static str| Delivery::NotSent(Cause::new(kind, detail));
        if !self.envelope.can_hold(message.as_bytes()) {
            return not_sent(CauseKind::InvalidContent, UNFRAMEABLE);
        }
        let (told, mut hears) = oneshot::channel();
        let begun = Arc::new(AtomicBool::new(false));
        {
            let mut state = self.outbox.lock();
            if state.closed {
                return not_sent(CauseKind::Closed, "the connection it was to take");
            }
            state.waiting.retain(|waiting| !waiting.told.is_closed());
            if state.queue.len().saturating_add(state.waiting.len()) >= MAX_OUTBOUND {
                return not_sent(CauseKind::Overloaded, "too many wait on this connection");
            }
            state.queue.push_back(Outgoing {
                content: message.as_bytes().clone(),
                outstanding: Outstanding::of(&message),
                begun: Arc::clone(&begun),
                told,
            });
        }
        self.outbox.wake.notify_one();
        let cause = match timeout(self.answer_timeout, &mut hears).await {
            Ok(Ok(delivery)) => return delivery,
            Ok(Err(_)) => Cause::new(CauseKind::Closed, "without an answer"),
            Err(_) => {
                let limit = self.answer_timeout;
                Cause::new(CauseKind::TimedOut, format!("no answer within {limit:?}"))
            }
        };
        // In this order: what nobody waits for any more is not begun.
        drop(hears);
        match begun.load(Ordering::SeqCst) {
            true => Delivery::Unknown(cause),
            false => Delivery::NotSent(cause),
        }
    }
}

impl State {
    /// Gives a message to whoever waits for it, if anybody does.
    fn take(&mut self, message: &OwnedMessage) -> bool {
        let found = self.waiting.iter().enumerate().find_map(|(at, waiting)| {
            match waiting.outstanding.examine_message(message) {
                Finding::Answer(answer) => Some((at, answer)),
                _ => None,
            }
        });
        let Some((at, answer)) = found else { return false };
        let waiting = self.waiting.swap_remove(at);
        // Who went away meanwhile need not hear it.
        drop(waiting.told.send(Delivery::Answered(answer)));
        true
    }
}

impl Outbox {
    /// Completes when there may be something to send.
    pub(super) async fn wanted(&self) {
        self.wake.notified().await;
    }

    /// The next content to be sent; it counts as begun.
    pub(super) fn next(&self) -> Option<Bytes> {
        let mut state = self.lock();
        while let Some(outgoing) = state.queue.pop_front() {
            outgoing.begun.store(true, Ordering::SeqCst);
            if outgoing.told.is_closed() {
                continue;
            }
            let content = outgoing.content.clone();
            state.waiting.push(outgoing);
            return Some(content);
        }
        None
    }

    /// What was sent last has left whole; where no answer is due, that is all.
    pub(super) fn sent(&self) {
        let mut state = self.lock();
        if let Some(last) = state.waiting.pop_if(|last| !last.outstanding.answer_due()) {
            // Who went away meanwhile need not hear it.
            drop(last.told.send(Delivery::NoneDue));
        }
    }

    /// Takes the answers to what was sent from here out of a frame, and gives back what else is in
    /// it; `None` where that is nothing.
    pub(super) fn take_answers(&self, content: Bytes) -> Option<Bytes> {
        // Each message is read once, and while nobody is kept waiting.
        let any = self.lock().waiting.first().map(|waiting| waiting.outstanding.clone());
        let Some(any) = any else { return Some(content) };
        let is_taken = |message: &[u8]| match any.examine(content.slice_ref(message)) {
            Finding::Answer(answer) => self.lock().take(answer.message()),
            Finding::Other(message) => self.lock().take(&message),
            _ => false,
        };
        let (mut others, mut taken) = (Vec::new(), false);
        for part in batch::parts(&content) {
            match part.kind() {
                PartKind::Message if is_taken(part.as_bytes()) => taken = true,
                PartKind::Message | PartKind::Other => others.push(part.as_bytes()),
                // An envelope, whose count is right no more.
                _ => {}
            }
        }
        match (taken, others.is_empty()) {
            (false, _) => Some(content.clone()),
            (true, true) => None,
            (true, false) => Some(others.concat().into()),
        }
    }

    /// Nothing is sent any more; who waits is told.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.queue.clear();
        state.waiting.clear();
    }

    /// The state is right after every step, so a panic elsewhere does not spoil it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes the outbox when the connection ends, however that comes.
pub(super) struct CloseGuard<'a>(pub(super) &'a Outbox);

impl Drop for CloseGuard<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}
