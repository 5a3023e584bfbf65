//! [`Polling`]: fetches the messages of a route, after a reload with the credentials as they are then.

use std::{
    path::Path,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
};

use hl7_ack::Handled;
use hl7_http::{
    client::Client,
    poll::{Confirm, Poller},
};
use tokio::sync::Notify;

use crate::{
    client,
    config::{Confirmation, PollSource, Text},
    reload::Reloads,
};

/// What can be told of a source without opening a file.
pub(crate) fn faults(poll: &PollSource) -> Vec<String> {
    let built = client::http_without_files(&poll.http).and_then(|client| poller(poll, client));
    built.err().into_iter().collect()
}

/// A poller, and the one that takes its place at a reload.
pub(crate) struct Polling {
    poller: Poller,
    next: Arc<Next>,
}

#[derive(Default)]
struct Next {
    poller: Mutex<Option<Poller>>,
    put: Notify,
}

impl Polling {
    /// Reads the files that it needs. Nothing is fetched before it runs.
    pub(crate) fn new(
        poll: &'static PollSource,
        folder: &'static Path,
        reloads: &mut Reloads,
    ) -> Result<Self, String> {
        let prepare = || poller(poll, client::build_http(&poll.http, folder)?);
        let polling = Self { poller: prepare()?, next: Arc::default() };
        let next = Arc::clone(&polling.next);
        reloads.add(move || {
            next.put(prepare()?);
            Ok(())
        });
        Ok(polling)
    }

    /// Fetches and delivers until `stop`. Of each poller the message under way is finished.
    pub(crate) async fn run(self, to: Handled, stop: impl Future<Output = ()>) {
        let Self { mut poller, next } = self;
        let mut stop = pin!(stop);
        let mut is_stopped = false;
        loop {
            let until = async {
                tokio::select! {
                    () = &mut stop => is_stopped = true,
                    () = next.is_there() => {}
                }
            };
            poller.run(to.clone(), until).await;
            match next.take() {
                Some(next) if !is_stopped => poller = next,
                _ => return,
            }
        }
    }
}

impl Next {
    fn put(&self, poller: Poller) {
        *self.poller.lock().unwrap_or_else(PoisonError::into_inner) = Some(poller);
        self.put.notify_one();
    }

    fn take(&self) -> Option<Poller> {
        self.poller.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    async fn is_there(&self) {
        while self.poller.lock().unwrap_or_else(PoisonError::into_inner).is_none() {
            self.put.notified().await;
        }
    }
}

fn poller(poll: &PollSource, source: Client) -> Result<Poller, String> {
    let header = |name: &Text| {
        let name = name.as_str();
        name.parse().map_err(|_| format!("`{name}` is no name of a header"))
    };
    let confirm = match &poll.confirm {
        Confirmation::Delete(url) => Confirm::delete(url.as_str()),
        Confirmation::Post(url) => Confirm::post(url.as_str()),
        Confirmation::DeleteAt(name) => Confirm::delete_at(header(name)?),
        Confirmation::PostAt(name) => Confirm::post_at(header(name)?),
    };
    let confirming = Poller::confirming(source, confirm);
    let mut poller = confirming.map_err(|error| error.to_string())?;
    if let Some(interval) = poll.interval {
        poller = poller.interval(interval.0);
    }
    if let Some(pause) = poll.max_pause {
        poller = poller.max_pause(pause.0);
    }
    if let Some(attempts) = poll.max_attempts {
        poller = poller.max_attempts(attempts);
    }
    if poll.long_poll {
        poller = poller.long_poll();
    }
    if poll.by_post {
        poller = poller.by_post();
    }
    if poll.confirm_refused {
        poller = poller.confirm_refused();
    }
    Ok(poller)
}
