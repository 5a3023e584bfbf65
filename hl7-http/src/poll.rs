//! Fetches messages from where they wait, and delivers them.
//!
//! For networks in which nothing may listen on the outside: a [`Poller`] asks an HTTPS endpoint for
//! messages, hands each to a [`Deliver`] (an MLLP client, most often) and confirms it to the source
//! once it was acknowledged.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use hl7_ack::Deliver;
//! use hl7_http::{
//!     client::{Client, ClientError},
//!     poll::{Confirm, Poller},
//! };
//!
//! async fn appointments(his: impl Deliver) -> Result<(), ClientError> {
//!     let source = Client::builder("https://calendar.example.org/outbox").bearer("...").build()?;
//!     Poller::confirming(source, Confirm::delete("/outbox/{control_id}"))?
//!         .interval(Duration::from_secs(2))
//!         .run(his, std::future::pending())
//!         .await;
//!     Ok(())
//! }
//! ```
//!
//! # What an answer of the source means
//!
//! | answer | meaning |
//! |---|---|
//! | 204, 404, or 2xx with an empty body | nothing waits |
//! | 2xx with a message, several, or a batch | these, in order |
//! | 2xx with a JSON list | its items, in order: texts, or objects with the message as `message` or `hl7`, or in Base64 as `data` or `payload`, and an `id` |
//! | anything else | a failure: the next request after a pause |
//!
//! # What is never lost
//!
//! A message is confirmed only after AA or CA, or after it was taken where it asks for no answer.
//! What is not confirmed stays at the source and comes again, also after a crash: with the same
//! MSH-10, since nothing is changed but segment ends, which become CR, and MSH-18 of what came as
//! text of JSON: that is UTF-8 whatever it was before, so `UNICODE UTF-8` is written there where
//! the message is more than ASCII and MSH-18 names another set, or none. A message that fails
//! holds back those behind it, so that order is kept.
//!
//! A source that forgets what it has given out can not be confirmed to. It is only served by
//! [`Poller::at_most_once`], which keeps what it fetched in memory, and hands over what it could not
//! deliver.
//!
//! # Limits
//!
//! | name | default |
//! |---|---|
//! | [`interval`](Poller::interval) | 5 s from one request to the next, and up to a tenth more |
//! | [`max_pause`](Poller::max_pause) | 60 s between tries after failures, from 1 s on, doubled, or as `Retry-After` asks |
//! | [`max_attempts`](Poller::max_attempts) | 10 tries of a confirmation, and of a message that can not come again |
//!
//! The source's client has those of a request: [`timeout`](crate::client::ClientBuilder::timeout)
//! and [`max_response_len`](crate::client::ClientBuilder::max_response_len).
//!
//! With the feature `metrics` what was fetched is counted as `hl7_http_polled_total` by `code`
//! (MSA-1, or `-`), and rounds that failed as `hl7_http_poll_failures_total`.

mod confirm;
mod items;
mod pause;

use std::{fmt, future::Future, pin::pin, sync::Arc, time::Duration};

use bytes::Bytes;
use hl7_ack::{Cause, CauseKind, Deliver, Delivery, Outstanding};
use hl7_transport::Shutdown;
use http::{Method, StatusCode};
use tokio::time::{Instant, sleep};

pub use self::confirm::Confirm;
use self::{
    confirm::Told,
    items::{Item, items},
    pause::Pauses,
};
use crate::{
    client::{Client, ClientError, Fetched, retry_after},
    meter,
};

/// Fetches messages from one URL and delivers them; see the [module documentation](self).
#[must_use = "a poller does nothing until it runs"]
pub struct Poller {
    source: Client,
    method: Method,
    keeping: Keeping,
    long_poll: bool,
    refused_too: bool,
    max_attempts: u32,
    pauses: Pauses,
}

/// Who still has a message that was fetched.
enum Keeping {
    /// The source, until it is told.
    Source(Confirm),
    /// Nobody else.
    Nobody(Arc<dyn Fn(Undelivered) + Send + Sync>),
}

/// A message that was fetched, can not be fetched again and was not delivered.
#[derive(Clone)]
#[non_exhaustive]
pub struct Undelivered {
    /// What was fetched, as it came.
    pub content: Bytes,
    /// Why it was not delivered.
    pub cause: Cause,
}

impl Poller {
    /// Fetches from the URL of this client, with its credentials and limits, and confirms what was
    /// delivered.
    ///
    /// # Errors
    ///
    /// [`ClientError`] when the URL of the confirmation can not be one, or is of another host than
    /// that of the source: it would be shown the credentials.
    pub fn confirming(source: Client, confirm: Confirm) -> Result<Self, ClientError> {
        confirm.check(source.url())?;
        Ok(Self::new(source, Keeping::Source(confirm)))
    }

    /// Fetches from a source that forgets what it has given out.
    ///
    /// What is fetched is tried [`max_attempts`](Self::max_attempts) times and then handed to
    /// `undelivered`, as is what was refused, can not be read, or is left at a stop. What is in
    /// memory when the process dies is lost; there is nothing a client can do about that.
    pub fn at_most_once(
        source: Client,
        undelivered: impl Fn(Undelivered) + Send + Sync + 'static,
    ) -> Self {
        Self::new(source, Keeping::Nobody(Arc::new(undelivered)))
    }

    fn new(source: Client, keeping: Keeping) -> Self {
        Self {
            source,
            method: Method::GET,
            keeping,
            long_poll: false,
            refused_too: false,
            max_attempts: 10,
            pauses: Pauses::default(),
        }
    }

    /// Asks by POST, without a body. Default: GET.
    pub fn by_post(mut self) -> Self {
        self.method = Method::POST;
        self
    }

    /// Time from one request to the next while nothing waits; a random part of up to a tenth is
    /// added, so that many pollers do not ask at once. Default 5 s. After messages came, the next
    /// request follows at once.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.pauses.interval = interval;
        self
    }

    /// Takes a request that ends by the client's time limit for "nothing": the source answers when
    /// something is there. The interval then counts from the beginning of the request, so that the
    /// next one follows at once.
    pub fn long_poll(mut self) -> Self {
        self.long_poll = true;
        self
    }

    /// Longest pause between tries after failures; the first is 1 s. Default 60 s.
    pub fn max_pause(mut self, pause: Duration) -> Self {
        self.pauses.max = pause;
        self
    }

    /// Most tries of a confirmation, and of a message that can not come again; at least 1. Default
    /// 10.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// Confirms a message also when it was acknowledged negatively, so that it does not hold back
    /// those behind it. Default: it stays at the source and is tried again.
    pub fn confirm_refused(mut self) -> Self {
        self.refused_too = true;
        self
    }

    /// Fetches and delivers until `stop` completes. The message under way is delivered and
    /// confirmed first, and so is the rest of an answer that is confirmed as a whole.
    pub async fn run(self, to: impl Deliver, stop: impl Future<Output = ()>) {
        let stopping = Shutdown::new();
        let mut polling = pin!(self.poll_until(&stopping, &to));
        tokio::select! {
            biased;
            () = stop => stopping.stop(),
            () = &mut polling => return,
        }
        polling.await;
    }

    async fn poll_until(&self, stopping: &Shutdown, to: &impl Deliver) {
        let mut failures = 0;
        while !stopping.is_stopping() {
            let started = Instant::now();
            let fetching = self.source.fetch(&self.method, self.source.url());
            let fetched = match &self.keeping {
                Keeping::Source(_) => match stopping.until_stopping(fetching).await {
                    Some(fetched) => fetched,
                    None => return,
                },
                // An answer that nobody waits for would be lost.
                Keeping::Nobody(_) => fetching.await,
            };
            let round = match fetched {
                Ok(fetched) => self.round(&fetched, to, stopping).await,
                Err(cause) if self.long_poll && cause.kind() == CauseKind::TimedOut => Ok(false),
                Err(cause) => Err(cause),
            };
            let pause = match round {
                Ok(true) => Duration::ZERO,
                Ok(false) => self.pauses.between().saturating_sub(started.elapsed()),
                Err(cause) => {
                    failures += 1;
                    let pause = self.pauses.asked_for(cause.retry_after(), failures);
                    meter::poll_failed();
                    let (source, pause_s) = (self.source.destination(), pause.as_secs_f64());
                    tracing::warn!(source, %cause, failures, pause_s, "polling failed");
                    let _stopped = stopping.until_stopping(sleep(pause)).await;
                    continue;
                }
            };
            failures = 0;
            let _stopped = stopping.until_stopping(sleep(pause)).await;
        }
    }

    /// What one answer of the source came to: whether messages were in it.
    async fn round(
        &self,
        fetched: &Fetched,
        to: &impl Deliver,
        stopping: &Shutdown,
    ) -> Result<bool, Cause> {
        let number = fetched.status.as_u16();
        if matches!(fetched.status, StatusCode::NO_CONTENT | StatusCode::NOT_FOUND) {
            return Ok(false);
        }
        if !fetched.status.is_success() {
            let text = format!("HTTP status {number} from {}", self.source.destination());
            let cause = Cause::new(CauseKind::Refused, text);
            return Err(match retry_after(&fetched.headers) {
                Some(pause) => cause.with_retry_after(pause),
                None => cause,
            });
        }
        if fetched.body.trim_ascii().is_empty() {
            return Ok(false);
        }
        let found = items(self.source.dialect(), &fetched.body).ok_or_else(|| {
            let text = format!("HTTP status {number} with a body that holds no messages");
            Cause::new(CauseKind::Unreadable, text)
        });
        match &self.keeping {
            Keeping::Source(confirm) => {
                self.deliver_and_confirm(&found?, confirm, fetched, to, stopping).await?;
            }
            Keeping::Nobody(undelivered) => match found {
                Ok(found) => {
                    for item in found {
                        self.deliver_or_hand_over(item, &**undelivered, to, stopping).await;
                    }
                }
                Err(cause) => {
                    undelivered(Undelivered {
                        content: fetched.body.clone(),
                        cause: cause.clone(),
                    });
                    return Err(cause);
                }
            },
        }
        Ok(true)
    }

    /// Each message, until one fails: it, and those behind it, come again.
    async fn deliver_and_confirm(
        &self,
        items: &[Item],
        confirm: &Confirm,
        fetched: &Fetched,
        to: &impl Deliver,
        stopping: &Shutdown,
    ) -> Result<(), Cause> {
        for item in items {
            if confirm.is_per_item() && stopping.is_stopping() {
                return Ok(());
            }
            let control_id = self.deliver(item, to).await.map_err(Failure::into_cause)?;
            if confirm.is_per_item() {
                let told = Told { id: item.id.as_deref(), control_id: &control_id };
                self.confirm(confirm, fetched, told, stopping).await?;
            }
        }
        if !confirm.is_per_item() {
            self.confirm(confirm, fetched, Told::default(), stopping).await?;
        }
        Ok(())
    }

    async fn deliver_or_hand_over(
        &self,
        item: Item,
        undelivered: &(dyn Fn(Undelivered) + Send + Sync),
        to: &impl Deliver,
        stopping: &Shutdown,
    ) {
        let mut tries = 0;
        let cause = loop {
            if stopping.is_stopping() {
                break Cause::new(CauseKind::ShuttingDown, "fetched, and not delivered");
            }
            tries += 1;
            match self.deliver(&item, to).await {
                Ok(_) => return,
                Err(Failure::Temporary(cause)) if tries < self.max_attempts => {
                    let source = self.source.destination();
                    tracing::warn!(source, %cause, tries, "a message was not delivered");
                    let _stopped = stopping.until_stopping(sleep(self.pauses.after(tries))).await;
                }
                Err(failure) => break failure.into_cause(),
            }
        };
        undelivered(Undelivered { content: item.content, cause });
    }

    /// Delivers one message; its MSH-10 when that is done.
    async fn deliver(&self, item: &Item, to: &impl Deliver) -> Result<Vec<u8>, Failure> {
        let message = item.message().ok_or_else(|| {
            Failure::Lasting(Cause::new(CauseKind::Unreadable, "an item that is no HL7 message"))
        })?;
        let control_id = message.header().control_id().as_bytes().to_vec();
        let outstanding = Outstanding::of(&message);
        let delivery = to.deliver(message).await;
        let (done, code) = match &delivery {
            Delivery::Answered(answer) => (answer.is_positive() || self.refused_too, answer.code()),
            Delivery::NoneDue => (true, None),
            _ => (false, None),
        };
        meter::polled(code);
        let code = code.map_or("-", |code| code.as_str());
        tracing::info!(
            source = self.source.destination(),
            message_type = outstanding.message_type(),
            control_id = outstanding.control_id(),
            bytes = item.content.len(),
            code,
            "polled"
        );
        match delivery {
            _ if done => Ok(control_id),
            Delivery::NotSent(cause) | Delivery::Unknown(cause) => Err(Failure::Temporary(cause)),
            _ => {
                let text = format!("acknowledged with {code}");
                Err(Failure::Lasting(Cause::new(CauseKind::ContentRefused, text)))
            }
        }
    }

    /// Tells the source that it may forget what was delivered. That it has forgotten already is as
    /// good.
    async fn confirm(
        &self,
        confirm: &Confirm,
        fetched: &Fetched,
        told: Told<'_>,
        stopping: &Shutdown,
    ) -> Result<(), Cause> {
        let url = confirm.url(self.source.url(), &fetched.headers, told)?;
        let mut tries = 0;
        loop {
            tries += 1;
            let answer = self.source.fetch(confirm.method(), &url).await;
            let cause = match answer.map(|answer| answer.status) {
                Ok(status) if status.is_success() => return Ok(()),
                Ok(StatusCode::NOT_FOUND | StatusCode::GONE) => return Ok(()),
                Ok(status) => {
                    let text = format!("HTTP status {} to a confirmation", status.as_u16());
                    Cause::new(CauseKind::Refused, text)
                }
                Err(cause) => cause,
            };
            if tries >= self.max_attempts || stopping.is_stopping() {
                return Err(cause);
            }
            let source = self.source.destination();
            tracing::warn!(source, %cause, tries, "a message was not confirmed");
            let _stopped = stopping.until_stopping(sleep(self.pauses.after(tries))).await;
        }
    }
}

/// Why a message was not delivered.
enum Failure {
    /// Another try may help.
    Temporary(Cause),
    /// It does not.
    Lasting(Cause),
}

impl Failure {
    fn into_cause(self) -> Cause {
        match self {
            Self::Temporary(cause) | Self::Lasting(cause) => cause,
        }
    }
}

impl fmt::Debug for Poller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Poller")
            .field("source", &self.source)
            .field("method", &self.method)
            .field("pauses", &self.pauses)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Undelivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Undelivered")
            .field("len", &self.content.len())
            .field("cause", &self.cause)
            .finish()
    }
}
