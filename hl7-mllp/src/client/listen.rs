//! Reads what the peer sends while no exchange is under way.

use std::time::Duration;

use super::{Client, Shared};
use crate::{Block, SkippedKind, connection::ReadError};

impl Client {
    /// Offers what arrives between exchanges to
    /// [`on_inbound`](super::ClientBuilder::on_inbound) as it comes, and notices a closed
    /// connection, until the future is dropped. Without it, both happen before the next message.
    ///
    /// It does not open a connection, and makes way for exchanges. One at a time is enough.
    ///
    /// ```no_run
    /// use hl7_ack::Waiters;
    /// use hl7_mllp::client::Client;
    /// use hl7_transport::TokioTimer;
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let waiters = Waiters::new(TokioTimer::default());
    /// let taking = waiters.clone();
    /// let client = Client::builder("his.example.org:2575")
    ///     .on_inbound(move |message| taking.hand_over("his", message))
    ///     .build()?;
    /// let listening = client.clone();
    /// tokio::spawn(async move { listening.listen().await });
    /// # Ok(())
    /// # }
    /// ```
    pub async fn listen(&self) {
        let Shared { options, slot, wanted, idle, .. } = &*self.shared;
        loop {
            let mut slot = slot.lock().await;
            let Some(connection) = slot.as_mut() else {
                drop(slot);
                idle.notified().await;
                continue;
            };
            let mut is_wanted = false;
            // What has begun to arrive is read to its end first: it would be lost otherwise.
            let keeps = loop {
                if is_wanted && !connection.has_begun() {
                    break true;
                }
                let idle_for = if is_wanted { options.end_timeout } else { Duration::MAX };
                let read = tokio::select! {
                    biased;
                    () = wanted.notified(), if !is_wanted => {
                        is_wanted = true;
                        continue;
                    }
                    read = connection.next(idle_for, options.answer_timeout) => read,
                };
                let goes_on = match read {
                    Ok(Some(Block::Content(content))) => {
                        let untaken = self.untaken(&content);
                        self.drop_inbound(untaken);
                        untaken == 0 && self.commit_taken(connection).await
                    }
                    Ok(Some(Block::Skipped(skipped))) => skipped.kind() == SkippedKind::Empty,
                    // Some bytes, but no frame: the exchange will see what they are.
                    Err(ReadError::Idle) if is_wanted => break true,
                    Err(ReadError::Idle) => true,
                    _ => false,
                };
                if !goes_on {
                    break false;
                }
            };
            if !keeps {
                *slot = None;
            }
        }
    }
}
