//! Carries out exchanges: content in, answer out, one line in the log.

use std::{borrow::Cow, pin::pin, time::Duration};

use bytes::Bytes;
use hl7_ack::{AckCode, Action, Peer, Responder, Response};
use hl7_transport::Background;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::Semaphore,
    time::Instant,
};
use tracing::{Instrument as _, field::Empty};

use crate::{
    Envelope, Skipped,
    connection::Connection,
    meter::{self, milliseconds},
};

/// What the exchanges of one connection need.
pub(super) struct Exchanges<'a> {
    pub(super) responder: &'a Responder,
    pub(super) background: &'a Background,
    pub(super) in_flight: &'a Semaphore,
    pub(super) write_timeout: Duration,
    pub(super) commit_timeout: Duration,
    pub(super) envelope: Envelope,
    pub(super) peer: &'a Peer,
}

/// What becomes of the connection after an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Continue,
    Close,
}

impl Exchanges<'_> {
    /// Answers every message of a frame, in order.
    pub(super) async fn answer<S>(&self, connection: &mut Connection<S>, content: Bytes) -> Next
    where
        S: AsyncRead + AsyncWrite + Send + Unpin,
    {
        for message in self.responder.messages(content) {
            let (started, len) = (Instant::now(), message.len() as u64);
            let response = self.respond(&message).await;
            if self.finish(connection, response, &message, len, started).await == Next::Close {
                return Next::Close;
            }
        }
        Next::Continue
    }

    /// Calls the handler once its turn has come, in a span that tells its own log lines which
    /// exchange they belong to.
    pub(super) async fn respond(&self, message: &Bytes) -> Response {
        // Never closed, so there always is a permit to wait for. Given back before the answer is
        // written: a peer that does not read holds up nobody else.
        let _permit = match self.in_flight.try_acquire() {
            Ok(permit) => Ok(permit),
            Err(_) => self.in_flight.acquire().await,
        };
        let handling = pin!(self.responder.respond(message.clone(), self.peer.clone()));
        let span = tracing::info_span!(
            "exchange",
            bytes = message.len() as u64,
            message_type = Empty,
            control_id = Empty,
            code = Empty
        );
        let response = handling.instrument(span.clone()).await;
        span.record("message_type", response.message_type());
        span.record("control_id", response.control_id());
        span.record("code", response.code().map_or("-", AckCode::as_str));
        response
    }

    /// Answers a frame that was over the limit.
    pub(super) async fn refuse<S>(&self, connection: &mut Connection<S>, skipped: &Skipped) -> Next
    where
        S: AsyncRead + AsyncWrite + Send + Unpin,
    {
        let started = Instant::now();
        let response = self.responder.too_long(skipped.head());
        self.finish(connection, response, skipped.head(), skipped.dropped(), started).await
    }

    /// Writes what is due, starts what was left for afterwards, and logs the exchange.
    async fn finish<S>(
        &self,
        connection: &mut Connection<S>,
        response: Response,
        message: &Bytes,
        bytes: u64,
        started: Instant,
    ) -> Next
    where
        S: AsyncRead + AsyncWrite + Send + Unpin,
    {
        let (next, code) = match (self.answer_of(&response, message), response.action()) {
            (Some(answer), _) => match self.send(connection, &answer).await {
                Next::Continue => (Next::Continue, response.code()),
                Next::Close => (Next::Close, None),
            },
            (None, Action::Nothing) => (Next::Continue, None),
            (None, _) => (Next::Close, None),
        };
        self.afterwards(response, code, bytes, started).await;
        next
    }

    /// What is to be sent, if anything.
    pub(super) fn answer_of<'a>(
        &self,
        response: &'a Response,
        message: &Bytes,
    ) -> Option<Cow<'a, Bytes>> {
        match response.action() {
            Action::Answer(answer) if self.envelope.can_hold(answer) => Some(Cow::Borrowed(answer)),
            Action::Answer(_) => {
                let peer = self.peer;
                tracing::error!(%peer, "answer can not be framed, one of our own is sent instead");
                let code = response.code();
                code.and_then(|code| self.responder.acknowledge_anew(message, code)).map(Cow::Owned)
            }
            _ => None,
        }
    }

    /// Writes one block, and says in the log when that did not go well.
    pub(super) async fn send<S>(&self, connection: &mut Connection<S>, content: &Bytes) -> Next
    where
        S: AsyncRead + AsyncWrite + Send + Unpin,
    {
        let peer = self.peer;
        let Err(failure) = connection.write(content, self.write_timeout).await else {
            return Next::Continue;
        };
        let part = failure.begun;
        match failure.error {
            Some(error) => tracing::warn!(%peer, %error, part, "answer not written, closed"),
            None => tracing::warn!(%peer, part, "answer not taken in time, closed"),
        }
        meter::noted("answer_lost");
        Next::Close
    }

    /// Starts what was left for after the answer, and logs and counts the exchange.
    pub(super) async fn afterwards(
        &self,
        mut response: Response,
        code: Option<AckCode>,
        bytes: u64,
        started: Instant,
    ) {
        let peer = self.peer;
        if let Some(then) = response.take_then() {
            self.background.spawn(then).await;
        }
        if let Some(cause) = response.cause() {
            tracing::warn!(%peer, %cause, "not handled");
        }
        let (code, took) = (code.map_or("-", AckCode::as_str), started.elapsed());
        meter::exchanged(code, bytes, took);
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
}
