//! Tells the answer from what else a frame holds, and offers that to whoever takes it.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use hl7_ack::{Answer, Finding, Outstanding};
use hl7_parse::{
    OwnedMessage,
    batch::{self, PartKind},
};

use super::Client;

/// What a frame held while an answer was awaited.
pub(super) struct Sorted {
    pub(super) answer: Option<Answer>,
    /// Acknowledgments of other messages that nobody took.
    pub(super) others: u64,
    /// Whether every message of it was taken.
    pub(super) taken: bool,
    /// Whether it held no message, or one that can not be read.
    pub(super) unreadable: bool,
}

impl Client {
    /// Looks at each message of a frame. The first that answers what was sent is the answer; all
    /// others are offered to [`on_inbound`](super::ClientBuilder::on_inbound). Of what is not taken
    /// an application acknowledgment is the answer instead of an accept acknowledgment, and the
    /// rest is counted and logged.
    pub(super) fn sort(&self, content: &Bytes, sent: &Outstanding) -> Sorted {
        let (mut answer, mut others, mut dropped) = (None, 0_u64, 0_u64);
        let (mut messages, mut unreadable) = (0_u64, 0_u64);
        for finding in sent.examine_each(content) {
            messages = messages.saturating_add(1);
            match finding {
                Finding::Answer(found) if answer.is_none() => answer = Some(found),
                Finding::Answer(again) if self.is_taken(again.message()) => {}
                // Nobody waits for it elsewhere.
                Finding::Answer(again)
                    if answer.as_ref().is_some_and(|first| again.supersedes(first)) =>
                {
                    answer = Some(again);
                }
                Finding::Answer(_) => dropped += 1,
                Finding::Inbound(message) if !self.is_taken(&message) => dropped += 1,
                Finding::Other(message) if !self.is_taken(&message) => others += 1,
                Finding::Inbound(_) | Finding::Other(_) => {}
                _ => unreadable += 1,
            }
        }
        if answer.is_some() {
            dropped = dropped.saturating_add(unreadable);
        }
        self.drop_inbound(dropped);
        Sorted {
            taken: answer.is_none() && others == 0 && dropped == 0,
            unreadable: answer.is_none() && (messages == 0 || unreadable > 0),
            answer,
            others,
        }
    }

    /// Offers each message of a frame that came while no answer was awaited, and says how many
    /// nobody takes; a frame without a message is one.
    pub(super) fn untaken(&self, content: &Bytes) -> u64 {
        let (mut messages, mut untaken) = (0_u64, 0_u64);
        for part in batch::parts(content).filter(|part| part.kind() == PartKind::Message) {
            messages = messages.saturating_add(1);
            let bytes = content.slice_ref(part.as_bytes());
            let message = OwnedMessage::parse(bytes.clone())
                .or_else(|_| OwnedMessage::parse_undecoded(bytes));
            let taken = message.is_ok_and(|message| self.is_taken(&message));
            untaken = untaken.saturating_add(u64::from(!taken));
        }
        if messages == 0 { 1 } else { untaken }
    }

    /// Counts and logs messages that the peer has sent and nobody takes.
    pub(super) fn drop_inbound(&self, messages: u64) {
        if messages > 0 {
            self.shared.dropped_inbound.fetch_add(messages, Ordering::Relaxed);
            tracing::warn!(messages, "from the peer, nobody to take them, dropped");
        }
    }

    fn is_taken(&self, message: &OwnedMessage) -> bool {
        self.shared.options.on_inbound.as_ref().is_some_and(|take| take.0(message))
    }
}
