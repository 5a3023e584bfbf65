//! What MLLP release 2 adds to a client's exchange: commit blocks, both ways.

use std::time::Duration;

use bytes::Bytes;
use hl7_ack::{Cause, CauseKind, Delivery, Outstanding};
use hl7_transport::deadline_after;

use super::{Client, connect::AnyIo, lost, too_long};
use crate::{
    Block, Commit, SkippedKind,
    connection::{Connection, ReadError},
    frame::commit_content,
};

/// How often a message that the peer did not commit is sent again.
pub(super) const MAX_RESENDS: u32 = 2;

impl Client {
    /// Waits until the peer has committed the message that was written, and writes it again where
    /// the peer says that it has not. Says whether the connection can be used again.
    ///
    /// Blocks of both sides can meet on the way, so what else comes meanwhile is heard. An answer
    /// that comes first says more than a commit block: it is the outcome, and the connection is of
    /// no more use, as a late commit block would be taken for the next message's.
    pub(super) async fn committed(
        &self,
        connection: &mut Connection<AnyIo>,
        content: &Bytes,
        sent: &Outstanding,
    ) -> Result<bool, Delivery> {
        let options = &self.shared.options;
        let mut clean = true;
        for _ in 0..MAX_RESENDS {
            match self.commit_block(connection, sent, &mut clean).await? {
                Commit::Ack => return Ok(clean),
                Commit::Nak => {}
            }
            if connection.write(content, options.write_timeout).await.is_err() {
                return Err(Delivery::Unknown(not_sent_again()));
            }
        }
        match self.commit_block(connection, sent, &mut clean).await? {
            Commit::Ack => Ok(clean),
            Commit::Nak => Err(Delivery::Unknown(refused())),
        }
    }

    /// Reads until a commit block is there.
    async fn commit_block(
        &self,
        connection: &mut Connection<AnyIo>,
        sent: &Outstanding,
        clean: &mut bool,
    ) -> Result<Commit, Delivery> {
        let limit = self.shared.options.commit_timeout;
        let deadline = deadline_after(limit);
        loop {
            let content = match connection.next_by(deadline).await {
                Ok(Some(Block::Commit(commit))) => return Ok(commit),
                Ok(Some(Block::Content(content))) => content,
                Ok(Some(Block::Skipped(skipped))) if skipped.kind() == SkippedKind::TooLong => {
                    return Err(Delivery::Unknown(too_long(&skipped)));
                }
                Ok(Some(Block::Skipped(_))) => continue,
                Ok(None) => return Err(Delivery::Unknown(closed())),
                Err(ReadError::Lost(error)) => return Err(Delivery::Unknown(lost(&error))),
                Err(ReadError::Idle | ReadError::Slow) => {
                    return Err(Delivery::Unknown(uncommitted(limit)));
                }
            };
            let sorted = self.sort(&content, sent);
            if let Some(answer) = sorted.answer {
                tracing::warn!("answered before it was committed, closed");
                return Err(Delivery::Answered(answer));
            }
            *clean &= sorted.others == 0;
            if sorted.unreadable {
                let cause = Cause::new(CauseKind::Unreadable, "it is no HL7 message");
                return Err(Delivery::Unknown(cause));
            }
            if sorted.taken && !self.commit_taken(connection).await {
                let cause = Cause::new(CauseKind::Closed, "while committing another message");
                return Err(Delivery::Unknown(cause));
            }
        }
    }

    /// Commits the answer. False: the connection is of no more use.
    pub(super) async fn commit(
        &self,
        connection: &mut Connection<AnyIo>,
        delivery: &Delivery,
    ) -> bool {
        if !matches!(delivery, Delivery::Answered(_)) {
            return true;
        }
        let commit = commit_content(Commit::Ack);
        connection.write(&commit, self.shared.options.write_timeout).await.is_ok()
    }

    /// Commits a message of the peer's own that somebody took, where release 2 is spoken. False:
    /// the connection is of no more use.
    pub(super) async fn commit_taken(&self, connection: &mut Connection<AnyIo>) -> bool {
        let options = &self.shared.options;
        if !options.release2 {
            return true;
        }
        connection.write(&commit_content(Commit::Ack), options.write_timeout).await.is_ok()
    }
}

/// The peer does not say whether it has stored a message.
pub(super) fn uncommitted(limit: Duration) -> Cause {
    let detail = format!("no commit block within {limit:?}; does the peer speak MLLP release 2?");
    Cause::new(CauseKind::TimedOut, detail)
}

/// The peer says again and again that it has not.
pub(super) fn refused() -> Cause {
    let detail = format!("the peer did not commit it, {} times", MAX_RESENDS + 1);
    Cause::new(CauseKind::Refused, detail)
}

/// It could not be sent again.
pub(super) fn not_sent_again() -> Cause {
    Cause::new(CauseKind::Closed, "while sending again what the peer did not commit")
}

fn closed() -> Cause {
    Cause::new(CauseKind::Closed, "by the peer, without a commit block")
}
