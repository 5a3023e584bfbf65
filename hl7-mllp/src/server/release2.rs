//! Answers a block as MLLP release 2 asks: a commit block first, then what HL7 has to say.

use bytes::Bytes;
use hl7_ack::{AckCode, Action, Response};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Instant,
};

use super::exchange::{Exchanges, Next};
use crate::{Commit, connection::Connection, frame::commit_content};

/// How often an answer that the peer did not commit is sent again.
const MAX_RESENDS: u32 = 2;

impl Exchanges<'_> {
    /// Handles every message of a block, says whether they were committed, and sends the answers
    /// that are due, each of which the peer commits.
    pub(super) async fn commit<S>(&self, connection: &mut Connection<S>, content: Bytes) -> Next
    where
        S: AsyncRead + AsyncWrite + Send + Unpin,
    {
        let mut responses = Vec::new();
        for message in self.responder.messages(content) {
            let started = Instant::now();
            let response = self.respond(&message).await;
            responses.push((response, message, started));
        }
        if responses.iter().any(|(response, ..)| *response.action() == Action::HangUp) {
            for (response, message, started) in responses {
                let len = message.len() as u64;
                self.afterwards(response, None, len, started).await;
            }
            return Next::Close;
        }
        let stored = responses.iter().all(|(response, ..)| is_stored(response));
        let commit = if stored { Commit::Ack } else { Commit::Nak };
        let mut next = self.send(connection, &commit_content(commit)).await;
        for (response, message, started) in responses {
            let answer = if stored { self.answer_of(&response, &message) } else { None };
            let mut code = None;
            if let (Next::Continue, Some(answer)) = (next, answer) {
                code = response.code();
                next = self.send_committed(connection, &answer).await;
            }
            self.afterwards(response, code, message.len() as u64, started).await;
        }
        next
    }

    /// Says that a block was not committed.
    pub(super) async fn refuse_commit<S>(&self, connection: &mut Connection<S>) -> Next
    where
        S: AsyncRead + AsyncWrite + Send + Unpin,
    {
        self.send(connection, &commit_content(Commit::Nak)).await
    }

    /// Sends an answer until the peer has committed it.
    async fn send_committed<S>(&self, connection: &mut Connection<S>, answer: &Bytes) -> Next
    where
        S: AsyncRead + AsyncWrite + Send + Unpin,
    {
        for _ in 0..=MAX_RESENDS {
            if self.send(connection, answer).await == Next::Close {
                return Next::Close;
            }
            match connection.committed(self.commit_timeout).await {
                Some(Commit::Ack) => return Next::Continue,
                Some(Commit::Nak) => {}
                None => break,
            }
        }
        tracing::warn!(peer = %self.peer, "answer not committed by the peer, closed");
        Next::Close
    }
}

/// Whether a message is in good hands. What was rejected (AR, CR) may be sent again, so it is not;
/// what is at fault itself (AE, CE) is, once its sender is told so.
fn is_stored(response: &Response) -> bool {
    match response.code() {
        Some(AckCode::AR | AckCode::CR) => false,
        Some(_) => true,
        None => !response.is_negative(),
    }
}
