//! Builds the poller that fetches the messages of a route.

use std::path::Path;

use hl7_http::{
    client::Client,
    poll::{Confirm, Poller},
};

use crate::{
    client,
    config::{Confirmation, PollSource, Text},
};

/// What can be told of a source without opening a file.
pub(crate) fn faults(poll: &PollSource) -> Vec<String> {
    let built = client::http_without_files(&poll.http).and_then(|client| poller(poll, client));
    built.err().into_iter().collect()
}

/// A poller with its client. Nothing is fetched before it runs.
pub(crate) fn prepare(poll: &PollSource, folder: &Path) -> Result<Poller, String> {
    poller(poll, client::build_http(&poll.http, folder)?)
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
