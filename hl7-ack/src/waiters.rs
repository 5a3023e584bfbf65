//! [`Waiters`]: who waits for an application acknowledgment that comes later, or elsewhere.

use std::{
    collections::{HashMap, hash_map::Entry},
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use hl7_parse::OwnedMessage;

use crate::{
    AckCode, AckRequest, Answer, AnyHandler, Cause, CauseKind, Finding, Handler, Outcome,
    Outstanding, Received, Reply, Timer,
    acknowledgment::msa_code,
    later::Later,
    lock::lock,
    msa::msa_of,
    named::Named,
    time_limited::elapsed,
    timer::{AnyTimer, Within},
};

/// Brings together those who wait for an application acknowledgment and those who receive it: in
/// enhanced mode it is an exchange of its own, begun by the far side, on any connection (2.9.3).
///
/// Whoever sends registers before, by the name of the link and MSH-10. Whoever receives hands
/// over: a server whose handler is [`Waiters::around`] another, or a client's handler for what
/// comes unasked. MSA-2 says whose it is.
///
/// ```
/// use hl7_ack::{Answer, Cause, Deliver, Delivery, Waiters};
/// use hl7_parse::OwnedMessage;
///
/// /// Whether the far side has processed it, which may take a while.
/// async fn processed(
///     client: &impl Deliver,
///     waiters: &Waiters,
///     message: OwnedMessage,
/// ) -> Result<Option<Answer>, Cause> {
///     let waiting = waiters.register("his", &message)?;
///     match client.deliver(message).await {
///         Delivery::Answered(answer) if answer.application_due() => {
///             waiting.answer().await.map(Some)
///         }
///         Delivery::Answered(answer) => Ok(Some(answer)),
///         other => other.cause().cloned().map_or(Ok(None), Err),
///     }
/// }
/// ```
///
/// AA, AE and AR are handed over, a response message with MSA too, and CE and CR, after which no
/// application acknowledgment comes. A CA is not what is waited for. Clones are handles to the
/// same waiters.
///
/// # Limits
///
/// | name | default | over it |
/// |---|---|---|
/// | `max_waiting` | 10,000 | [`CauseKind::Overloaded`] |
/// | `timeout` | 600 s | [`CauseKind::TimedOut`] |
#[derive(Clone)]
pub struct Waiters {
    shared: Arc<Mutex<Shared>>,
    timer: AnyTimer,
    max_waiting: usize,
    timeout: Duration,
}

#[derive(Default)]
struct Shared {
    next: u64,
    count: usize,
    waiting: HashMap<Key, Vec<Registered>>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    link: String,
    control_id: Vec<u8>,
}

struct Registered {
    number: u64,
    outstanding: Outstanding,
    answer: Later<Answer>,
}

impl Waiters {
    /// Nobody yet.
    #[must_use]
    pub fn new(timer: impl Timer) -> Self {
        Self {
            shared: Arc::default(),
            timer: AnyTimer::new(timer),
            max_waiting: 10_000,
            timeout: Duration::from_secs(600),
        }
    }

    /// How many may wait at once. Default 10,000.
    #[must_use]
    pub fn max_waiting(mut self, waiters: usize) -> Self {
        self.max_waiting = waiters;
        self
    }

    /// How long each waits, from [`Waiting::answer`] on. Default 600 s.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// Registers for the answer to a message, which is to be sent after that.
    ///
    /// # Errors
    ///
    /// [`CauseKind::Overloaded`]: too many wait. [`CauseKind::InvalidContent`]: it has no MSH-10,
    /// and no answer could name it.
    pub fn register(&self, link: &str, message: &OwnedMessage) -> Result<Waiting, Cause> {
        let view = message.as_message();
        let header = view.header();
        let key = key(link, Named::by_header(&header));
        if key.control_id.is_empty() {
            let detail = "without MSH-10 no acknowledgment can name it";
            return Err(Cause::new(CauseKind::InvalidContent, detail));
        }
        let mut shared = lock(&self.shared);
        if shared.count >= self.max_waiting {
            let detail = format!("{} wait for acknowledgments already", self.max_waiting);
            return Err(Cause::new(CauseKind::Overloaded, detail));
        }
        let number = shared.next;
        shared.next = shared.next.wrapping_add(1);
        shared.count = shared.count.saturating_add(1);
        let answer = Later::new();
        let outstanding = Outstanding::of(message);
        let registered = Registered { number, outstanding, answer: answer.clone() };
        shared.waiting.entry(key.clone()).or_default().push(registered);
        drop(shared);
        Ok(Waiting { waiters: self.clone(), key, number, answer })
    }

    /// Hands a message to those of this link that wait for it, and says whether there were any.
    /// Whoever has an answer already does not wait any more: an AA that comes after a CE, say, is
    /// not swallowed.
    #[must_use]
    pub fn hand_over(&self, link: &str, message: &OwnedMessage) -> bool {
        let view = message.as_message();
        let Some(msa) = msa_of(&view) else { return false };
        if msa_code(&view) == Some(AckCode::CA) {
            return false;
        }
        let key = key(link, Named::by_msa(&msa));
        let shared = lock(&self.shared);
        let Some(waiting) = shared.waiting.get(&key) else { return false };
        let mut answers = Vec::new();
        for registered in waiting {
            // What waits is not to keep the buffer of the connection alive.
            let bytes = message.detach().as_bytes().clone();
            if let Finding::Answer(answer) = registered.outstanding.examine(bytes) {
                answers.push((registered.answer.clone(), answer));
            }
        }
        drop(shared);
        let settled = |(waiting, answer): (Later<_>, _)| waiting.settle(Some(answer));
        // All of them, whatever the first says.
        answers.into_iter().map(settled).filter(|settled| *settled).count() > 0
    }

    /// Hands over what somebody waits for, and gives all else to `handler`. Handed over, a message
    /// is accepted; if its MSH-15 asks for an acknowledgment of that, there will be one.
    ///
    /// This goes around all that refuses messages by their type or content, as
    /// [`crate::AcceptOnly`] and [`crate::Validate`] do.
    ///
    /// ```
    /// use hl7_ack::{AnyHandler, Handler, Timer, Waiters};
    ///
    /// /// For a server, and for whoever sends.
    /// fn receiver(handler: impl Handler, timer: impl Timer) -> (AnyHandler, Waiters) {
    ///     let waiters = Waiters::new(timer).max_waiting(1000);
    ///     (waiters.around("his", handler), waiters)
    /// }
    /// ```
    #[must_use]
    pub fn around(&self, link: impl Into<String>, handler: impl Handler) -> AnyHandler {
        let (waiters, link) = (self.clone(), link.into());
        AnyHandler::new(HandsOver { waiters, link, handler })
    }

    /// How many wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        lock(&self.shared).count
    }
}

fn key(link: &str, named: Named<'_>) -> Key {
    Key { link: link.to_owned(), control_id: named.comparable() }
}

struct HandsOver<H> {
    waiters: Waiters,
    link: String,
    handler: H,
}

impl<H: Handler> Handler for HandsOver<H> {
    async fn handle(&self, received: Received) -> Reply {
        let answers = AckRequest::of(&received.message.as_message()).of_acknowledgment();
        if answers && self.waiters.hand_over(&self.link, &received.message) {
            return Outcome::accepted().into();
        }
        self.handler.handle(received).await
    }
}

/// A place among those who wait. Dropping it gives it up.
#[must_use = "nobody waits for the answer"]
pub struct Waiting {
    waiters: Waiters,
    key: Key,
    number: u64,
    answer: Later<Answer>,
}

impl Waiting {
    /// Waits for the answer, which may have come already.
    ///
    /// # Errors
    ///
    /// [`CauseKind::TimedOut`].
    pub async fn answer(self) -> Result<Answer, Cause> {
        let limit = self.waiters.timeout;
        match self.waiters.timer.within(limit, Box::pin(self.answer.wait())).await {
            Within::Finished(Some(answer)) => Ok(answer),
            Within::Finished(None) | Within::Elapsed(_) => Err(elapsed(limit)),
        }
    }

    /// The answer, where it has come already.
    pub(crate) fn settled(&self) -> Option<Answer> {
        self.answer.settled()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut shared = lock(&self.waiters.shared);
        shared.count = shared.count.saturating_sub(1);
        if let Entry::Occupied(mut waiting) = shared.waiting.entry(self.key.clone()) {
            waiting.get_mut().retain(|registered| registered.number != self.number);
            if waiting.get().is_empty() {
                waiting.remove();
            }
        }
    }
}

impl fmt::Debug for Waiters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiters")
            .field("waiting", &self.waiting())
            .field("max_waiting", &self.max_waiting)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting").field("link", &self.key.link).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Never;

    impl Timer for Never {
        async fn sleep(&self, _: Duration) {
            std::future::pending::<()>().await;
        }
    }

    #[test]
    fn what_nobody_waits_for_is_forgotten() {
        let waiters = Waiters::new(Never);
        let message = OwnedMessage::parse("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\r");
        let message = message.expect("readable");
        let waiting = [0, 1].map(|_| waiters.register("his", &message).expect("a place"));
        for (at, one) in waiting.into_iter().enumerate() {
            assert_eq!(lock(&waiters.shared).waiting.len(), 1, "{at} has gone");
            drop(one);
        }
        let shared = lock(&waiters.shared);
        assert!(shared.waiting.is_empty() && shared.count == 0);
    }

    #[test]
    fn one_that_no_longer_waits_takes_nothing_from_another() {
        let waiters = Waiters::new(Never);
        let read = |text: &str| OwnedMessage::parse(text.to_owned()).expect("readable");
        let message = read("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\r");
        let answer = read("MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.5\rMSA|AA|7\r");
        for gone in [0, 1] {
            let mut waiting: Vec<_> =
                [0, 1].map(|_| waiters.register("his", &message).expect("a place")).into();
            assert_eq!(waiters.waiting(), 2);
            assert!(format!("{waiters:?}").starts_with("Waiters { waiting: 2, "), "{waiters:?}");
            drop(waiting.remove(gone));
            assert_eq!(waiters.waiting(), 1, "{gone} has gone");
            assert!(waiters.hand_over("his", &answer), "{gone} has gone");
            assert!(waiting[0].settled().is_some(), "{gone} has gone");
            assert_eq!(format!("{:?}", waiting[0]), "Waiting { link: \"his\", .. }");
        }
        assert_eq!(waiters.waiting(), 0);
    }
}
