//! Answers one body: each message in it, and all answers in one response.

use std::{
    mem,
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use hl7_ack::{Action, Peer, Responder, Response, Then};
use hl7_transport::Background;
use http::StatusCode;

use super::body::After;
use crate::{dialect::Dialect, meter};

/// What a body came to.
pub(super) struct Answered {
    pub(super) result: Verdict,
    pub(super) after: Option<After>,
}

pub(super) enum Verdict {
    /// Acknowledgments, one after another, and the status for them.
    Answer(StatusCode, Bytes),
    /// Nothing is due.
    Nothing,
    /// The handler wants no answer given.
    HangUp,
    /// The body is not HL7.
    Unreadable,
    /// More messages than are taken in one body.
    TooMany,
}

/// Handles the messages of a body in order.
///
/// A handler that hangs up ends it: the caller is not told about the messages before it, as its
/// outcome is unknown to it for all of them.
pub(super) async fn answer(
    content: Bytes,
    mut peer: Peer,
    responder: &Responder,
    dialect: &Dialect,
    background: &Background,
) -> Answered {
    let messages = responder.messages(content);
    let single = messages.len() <= 1;
    let mut answers = Answers { status: None, first: Bytes::new(), more: BytesMut::new() };
    let mut thens = Vec::new();
    let mut result = None;
    let logged = peer.address().map_or_else(Peer::default, Peer::at);
    let mut messages = messages.into_iter();
    while let Some(message) = messages.next() {
        let started = Instant::now();
        let bytes = message.len();
        // The last one, mostly the only one, gets it without a copy.
        let from = match messages.len() {
            0 => mem::take(&mut peer),
            _ => peer.clone(),
        };
        let mut response = responder.respond(message, from).await;
        thens.extend(response.take_then());
        log(&response, &logged, bytes, started);
        if single && !response.is_readable() && !dialect.acknowledges_unreadable() {
            result = Some(unreadable(&response));
            break;
        }
        match response.action() {
            Action::Nothing if single && !response.is_readable() => {
                result = Some(unreadable(&response));
                break;
            }
            Action::Answer(answer) => {
                let status = response.code().map_or(StatusCode::OK, |code| dialect.status(code));
                answers.add(status, answer);
            }
            Action::Nothing => {}
            _ => {
                result = Some(Verdict::HangUp);
                break;
            }
        }
    }
    let after = after(thens, background).await;
    Answered { result: result.unwrap_or_else(|| answers.verdict()), after }
}

/// A body of too many messages is told from one that is none.
fn unreadable(response: &Response) -> Verdict {
    match response.has_too_many_messages() {
        true => Verdict::TooMany,
        false => Verdict::Unreadable,
    }
}

/// Reserves a place for what handlers left for later, which may wait until one is free.
async fn after(thens: Vec<Then>, background: &Background) -> Option<After> {
    if thens.is_empty() {
        return None;
    }
    Some(After::new(background.slot().await, thens))
}

/// Acknowledgments on their way into one body; a single one is not copied.
struct Answers {
    status: Option<StatusCode>,
    first: Bytes,
    more: BytesMut,
}

impl Answers {
    /// The highest status counts: a caller that looks at the status alone must not take a partial
    /// success for a whole one.
    fn add(&mut self, status: StatusCode, answer: &Bytes) {
        match self.status {
            None => self.first = answer.clone(),
            Some(_) => {
                if self.more.is_empty() {
                    self.more.extend_from_slice(&self.first);
                }
                self.more.extend_from_slice(answer);
            }
        }
        self.status = self.status.max(Some(status));
    }

    fn verdict(self) -> Verdict {
        match self.status {
            None => Verdict::Nothing,
            Some(status) if self.more.is_empty() => Verdict::Answer(status, self.first),
            Some(status) => Verdict::Answer(status, self.more.freeze()),
        }
    }
}

/// One event per message; see the module documentation of the server.
fn log(response: &Response, peer: &Peer, bytes: usize, started: Instant) {
    if !response.is_readable() {
        tracing::debug!(%peer, bytes, "not an HL7 message");
    }
    if let Some(cause) = response.cause() {
        tracing::warn!(%peer, %cause, "not handled");
    }
    let code = response.code().map_or("-", |code| code.as_str());
    let took = started.elapsed();
    meter::exchanged(response.code(), bytes, took);
    tracing::info!(
        %peer,
        message_type = response.message_type(),
        control_id = response.control_id(),
        bytes,
        code,
        ms = milliseconds(took),
        "exchange"
    );
}

/// To the microsecond, for people to read.
fn milliseconds(elapsed: Duration) -> f64 {
    (elapsed.as_secs_f64() * 1e6).round() / 1e3
}
