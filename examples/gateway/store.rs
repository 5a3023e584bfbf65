//! [`Store`]: a destination that keeps messages in a database, and acknowledges after the commit.
//!
//! A message and the acknowledgment that its sender gets are one row, written by one statement: a
//! crash leaves both or none of it, and a message that is sent again gets the same acknowledgment
//! out of its row.

mod address;
mod database;
mod flavour;

use std::{sync::Arc, time::SystemTime};

use hl7_ack::{
    Acknowledger, CauseKind, Deliver, Delivery, ErrorCode, FinalAnswer, Handled, Handler,
    OneAttempt, Outcome, Progress, Received, Replay, ReplayScope, Reply, Validate,
};
use hl7_parse::OwnedMessage;

pub(crate) use self::{address::Address, database::Database};

/// What a sender hears whose message could not be stored now.
pub(crate) const NOT_STORED: &str = "not stored, send again";

/// A database as a destination.
pub(crate) struct Store(Handled);

impl Store {
    /// Keeps what `validate` lets through, with its warnings in the acknowledgment.
    pub(crate) fn new(
        database: Arc<Database>,
        validate: Validate,
        refuse_reused_ids: bool,
    ) -> Self {
        let acknowledger = Acknowledger::new();
        let replay = Replay::new(Arc::clone(&database)).acknowledger(acknowledger.clone());
        let replay = match refuse_reused_ids {
            true => replay.refuse_reused_ids(),
            false => replay,
        };
        Self(Handled::by(replay.around(Keep { database, validate, acknowledger })))
    }
}

impl OneAttempt for Store {}

impl Deliver for Store {
    async fn deliver(&self, message: OwnedMessage) -> Delivery {
        self.deliver_tracked(message, Progress::new()).await
    }

    async fn deliver_tracked(&self, message: OwnedMessage, progress: Progress) -> Delivery {
        // What is being written goes on when the sender is no longer waited for.
        progress.begin();
        match self.0.deliver(message).await {
            Delivery::Unknown(cause) if cause.kind() == CauseKind::Unreachable => {
                Delivery::NotSent(cause)
            }
            delivery => delivery,
        }
    }
}

/// Writes a message that was not known before.
struct Keep {
    database: Arc<Database>,
    validate: Validate,
    acknowledger: Acknowledger,
}

impl Handler for Keep {
    async fn handle(&self, received: Received) -> Reply {
        let at = SystemTime::now();
        let message = &received.message;
        let outcome = self.validate.check(&message.as_message());
        if !outcome.is_accepted() {
            return outcome.into();
        }
        let limit = self.database.max_message_len();
        if message.as_bytes().len() > limit {
            let text = format!("the message is longer than {limit} bytes");
            return Outcome::error(ErrorCode::VALUE_TOO_LONG, text).into();
        }
        let scope = ReplayScope::of(&received);
        let answer = match scope {
            Some(scope) => scope.answer(&outcome),
            // It is an acknowledgment itself: whoever lets those in has each of them kept.
            None => {
                let built = self.acknowledger.acknowledge(&message.as_message(), &outcome);
                FinalAnswer::from_bytes(built.map(|built| built.as_bytes().clone()))
            }
        };
        match self.database.insert(scope.map(ReplayScope::key), message, at, &answer).await {
            // What another process has written in the meantime, its answer.
            Ok(kept) => kept.unwrap_or(answer).into(),
            Err(cause) => {
                let outcome = Outcome::rejected(ErrorCode::APPLICATION_ERROR, NOT_STORED);
                Reply::from(outcome).because(cause)
            }
        }
    }
}
