//! [`Load`]: what is to be sent and when, shared by all connections.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use hl7_ack::{ControlIds, Deliver, UniqueIds};
use hl7_parse::{EditError, Editor, OwnedMessage, Path};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use crate::summary::Summary;

/// Messages, each of which one connection takes in turn.
pub(crate) struct Load {
    messages: Vec<OwnedMessage>,
    pub(crate) count: u64,
    rate: Option<f64>,
    fresh_ids: Option<UniqueIds>,
    start: Instant,
    taken: AtomicU64,
    done: AtomicU64,
}

impl Load {
    /// `count` messages from now on, over and over.
    pub(crate) fn new(
        messages: Vec<OwnedMessage>,
        count: u64,
        rate: Option<f64>,
        fresh_ids: bool,
    ) -> Self {
        Self {
            messages,
            count,
            rate,
            fresh_ids: fresh_ids.then(UniqueIds::new),
            start: Instant::now(),
            taken: AtomicU64::new(0),
            done: AtomicU64::new(0),
        }
    }

    /// Sends until all are taken, or until it is told to stop: then what is under way is waited
    /// for.
    pub(crate) async fn send(
        &self,
        client: &impl Deliver,
        mut stop: watch::Receiver<bool>,
    ) -> Summary {
        let mut summary = Summary::default();
        loop {
            let number = self.taken.fetch_add(1, Relaxed);
            let Some(template) = self.template(number).filter(|_| !*stop.borrow()) else {
                return summary;
            };
            let due = self.due(number);
            if let Some(due) = due {
                tokio::select! {
                    () = sleep_until(due) => {}
                    _ = stop.wait_for(|stop| *stop) => return summary,
                }
            }
            match self.message(template) {
                Ok(message) => {
                    let (len, begun) = (message.as_bytes().len(), due.unwrap_or_else(Instant::now));
                    let delivery = client.deliver(message).await;
                    summary.record(number, len, begun.elapsed(), &delivery);
                }
                Err(error) => summary.unsendable(number, &error),
            }
            self.done.fetch_add(1, Relaxed);
        }
    }

    fn template(&self, number: u64) -> Option<&OwnedMessage> {
        let index = number.checked_rem(u64::try_from(self.messages.len()).ok()?)?;
        self.messages.get(usize::try_from(index).ok()?).filter(|_| number < self.count)
    }

    fn message(&self, template: &OwnedMessage) -> Result<OwnedMessage, EditError> {
        const CONTROL_ID: Path = Path::new("MSH-10");
        match &self.fresh_ids {
            Some(ids) => {
                Editor::new(&template.as_message()).set(&CONTROL_ID, ids.next().as_str()).finish()
            }
            None => Ok(template.clone()),
        }
    }

    /// When a message is to be sent.
    #[expect(clippy::cast_precision_loss, reason = "a time, to the microsecond for many years")]
    fn due(&self, number: u64) -> Option<Instant> {
        let after = Duration::try_from_secs_f64(number as f64 / self.rate?).ok()?;
        self.start.checked_add(after)
    }

    pub(crate) fn done(&self) -> u64 {
        self.done.load(Relaxed)
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}
