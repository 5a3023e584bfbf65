//! Carries out exchanges: content in, answer out, one line in the log.

use std::time::Duration;

use bytes::Bytes;
use hl7_ack::{Action, Peer, Responder, Response};
use hl7_transport::Background;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Instant,
};

use crate::{Skipped, connection::Connection, frame::is_encodable};

/// What the exchanges of one connection need.
pub(super) struct Exchanges<'a> {
    pub(super) responder: &'a Responder,
    pub(super) background: &'a Background,
    pub(super) write_timeout: Duration,
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
            let response = self.responder.respond(message.clone(), self.peer.clone()).await;
            if self.finish(connection, response, &message, len, started).await == Next::Close {
                return Next::Close;
            }
        }
        Next::Continue
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
        mut response: Response,
        message: &Bytes,
        bytes: u64,
        started: Instant,
    ) -> Next
    where
        S: AsyncRead + AsyncWrite + Send + Unpin,
    {
        let peer = self.peer;
        let answer = match response.action() {
            Action::Answer(answer) if is_encodable(answer) => Some(answer.clone()),
            Action::Answer(_) => {
                tracing::error!(%peer, "answer holds VT or FS, one of our own is sent instead");
                let code = response.code();
                code.and_then(|code| self.responder.acknowledge_anew(message, code))
            }
            _ => None,
        };
        let (next, code) = match (answer, response.action()) {
            (Some(answer), _) => match connection.write(answer, self.write_timeout).await {
                Ok(()) => (Next::Continue, response.code()),
                Err(failure) => {
                    let part = failure.begun;
                    match failure.error {
                        Some(error) => {
                            tracing::warn!(%peer, %error, part, "answer not written, closed");
                        }
                        None => tracing::warn!(%peer, part, "answer not taken in time, closed"),
                    }
                    (Next::Close, None)
                }
            },
            (None, Action::Nothing) => (Next::Continue, None),
            (None, _) => (Next::Close, None),
        };
        if let Some(then) = response.take_then() {
            self.background.spawn(then).await;
        }
        if let Some(cause) = response.cause() {
            tracing::warn!(%peer, %cause, "not handled");
        }
        let code = code.map_or("-", |code| code.as_str());
        tracing::info!(
            %peer,
            message_type = response.message_type(),
            control_id = response.control_id(),
            bytes,
            code,
            ms = milliseconds(started.elapsed()),
            "exchange"
        );
        next
    }
}

/// To the microsecond, for people to read.
fn milliseconds(elapsed: Duration) -> f64 {
    (elapsed.as_secs_f64() * 1e6).round() / 1e3
}
