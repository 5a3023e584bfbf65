//! What MLLP release 2 adds to a client's exchange: commit blocks, both ways.

use bytes::Bytes;
use hl7_ack::{Cause, CauseKind, Delivery};

use super::{Client, connect::AnyIo};
use crate::{Commit, connection::Connection, frame::commit_content};

/// How often a message that the peer did not commit is sent again.
const MAX_RESENDS: u32 = 2;

impl Client {
    /// Waits until the peer has committed the message that was written, and writes it again where
    /// the peer says that it has not.
    pub(super) async fn committed(
        &self,
        connection: &mut Connection<AnyIo>,
        content: &Bytes,
    ) -> Result<(), Cause> {
        let options = &self.shared.options;
        for _ in 0..MAX_RESENDS {
            match connection.committed(options.commit_timeout).await {
                Some(Commit::Ack) => return Ok(()),
                Some(Commit::Nak) => {}
                None => return Err(none(options.commit_timeout)),
            }
            let written = connection.write(content, options.write_timeout).await;
            if written.is_err() {
                let detail = "while sending again what the peer did not commit";
                return Err(Cause::new(CauseKind::Closed, detail));
            }
        }
        match connection.committed(options.commit_timeout).await {
            Some(Commit::Ack) => Ok(()),
            Some(Commit::Nak) => {
                let detail = format!("the peer did not commit it, {} times", MAX_RESENDS + 1);
                Err(Cause::new(CauseKind::Refused, detail))
            }
            None => Err(none(options.commit_timeout)),
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

fn none(limit: std::time::Duration) -> Cause {
    let detail = format!("no commit block within {limit:?}; does the peer speak MLLP release 2?");
    Cause::new(CauseKind::TimedOut, detail)
}
