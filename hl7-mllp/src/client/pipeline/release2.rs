//! What MLLP release 2 adds where several messages are under way: each is committed before the
//! next one is sent, and their answers are awaited together.

use bytes::Bytes;
use hl7_ack::{Cause, CauseKind, Delivery};
use hl7_transport::deadline_after;

use super::{
    super::release2::{MAX_RESENDS, not_sent_again, refused},
    Line, Shared,
};
use crate::{Commit, frame::commit_content};

/// What is needed to send a message again.
pub(super) struct Uncommitted {
    content: Bytes,
    resends_left: u32,
}

impl Uncommitted {
    pub(super) fn new(content: Bytes) -> Self {
        Self { content, resends_left: MAX_RESENDS }
    }
}

impl Line {
    /// Whether the peer has not committed yet what was sent last. Before that nothing more is sent,
    /// so that commit blocks, which name no message, come in order.
    pub(super) fn awaits_commit(&self) -> bool {
        self.under_way.last().is_some_and(|sent| sent.uncommitted.is_some())
    }
}

impl Shared {
    /// Hears whether what was sent last is committed, and sends it again if it is not. False: the
    /// connection is of no more use.
    pub(super) async fn hear_commit(&self, line: &mut Line, commit: Commit) -> bool {
        let options = &self.options;
        let last = line.under_way.pop_if(|sent| sent.uncommitted.is_some());
        let Some(mut sent) = last else {
            tracing::debug!("commit block, and nothing to commit");
            return true;
        };
        let again = match (commit, sent.uncommitted.take()) {
            (Commit::Nak, Some(again)) => again,
            _ if !sent.outstanding.answer_due() => {
                // Who went away meanwhile need not hear it.
                drop(sent.told.send(Delivery::NoneDue));
                return true;
            }
            _ => {
                sent.limit = options.patience(&sent.outstanding);
                sent.deadline = deadline_after(sent.limit);
                line.under_way.push(sent);
                return true;
            }
        };
        let Some(resends_left) = again.resends_left.checked_sub(1) else {
            drop(sent.told.send(Delivery::Unknown(refused())));
            // Those before it are in good hands, and their answers may come yet.
            line.spoiled = true;
            return true;
        };
        if line.connection.write(&again.content, options.write_timeout).await.is_err() {
            drop(sent.told.send(Delivery::Unknown(not_sent_again())));
            line.give_up(&Cause::new(CauseKind::Closed, "while another one was sent again"));
            return false;
        }
        sent.uncommitted = Some(Uncommitted { resends_left, ..again });
        sent.deadline = deadline_after(sent.limit);
        line.under_way.push(sent);
        true
    }

    /// Commits what was taken, where release 2 is spoken. False: the connection is of no more use.
    pub(super) async fn commit(&self, line: &mut Line) -> bool {
        let options = &self.options;
        if !options.release2 {
            return true;
        }
        let commit = commit_content(Commit::Ack);
        let written = line.connection.write(&commit, options.write_timeout).await;
        if written.is_err() {
            line.give_up(&Cause::new(CauseKind::Closed, "while an answer was committed"));
        }
        written.is_ok()
    }
}
