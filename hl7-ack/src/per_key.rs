//! [`PerKey`]: a [`Deliver`] that keeps the order of messages that have to do with each other.

use std::{
    fmt,
    hash::{BuildHasher, Hash, RandomState},
    sync::Arc,
};

use hl7_parse::{Field, Message, OwnedMessage};

use crate::{Cause, CauseKind, Deliver, Delivery, Progress, in_order::full, lanes::Lanes};

/// Delivers messages that share a key one at a time, in the order in which `deliver` was called,
/// while those with other keys pass.
///
/// A message may have several keys, as a merge has (A40: PID-3 and MRG-1); it waits for all who
/// came before with any of them, and holds up all who come after. Keys never block each other in
/// a circle. Those that no message has are forgotten.
///
/// ```
/// use hl7_ack::{OneAttempt, PerKey, Retry, RetryPolicy, Timer};
/// use hl7_parse::Path;
///
/// fn per_patient(client: impl OneAttempt, timer: impl Timer) -> impl hl7_ack::Deliver {
///     PerKey::by_patient(Retry::new(client, RetryPolicy::park_content_errors(), timer))
/// }
///
/// fn per_order(client: impl hl7_ack::Deliver) -> impl hl7_ack::Deliver {
///     PerKey::new(client, |message, keys| {
///         for orc in message.segments_with_id("ORC") {
///             keys.add(orc.field(2).component(1).as_bytes());
///         }
///     })
///     .max_messages(100)
/// }
/// ```
///
/// Messages without a key keep the order among themselves. Dropping the future gives its place to
/// the next; one that is kept and not polled holds up those behind it. It helps where the client
/// has several exchanges under way, as over HTTP; an MLLP client has one, and a pool of them one
/// for each connection. Clones are handles to the same queues.
#[derive(Clone)]
pub struct PerKey<D> {
    inner: D,
    keys: Arc<CollectKeys>,
    hasher: RandomState,
    lanes: Arc<Lanes>,
}

type CollectKeys = dyn Fn(&Message<'_>, &mut Keys) + Send + Sync;

/// The keys of one message, as hashes: a collision makes a message wait that need not, and
/// nothing else. No identifier of a patient is kept.
pub struct Keys {
    hasher: RandomState,
    hashes: Vec<u64>,
}

impl Keys {
    /// Adds a key.
    pub fn add(&mut self, key: impl Hash) {
        self.hashes.push(self.hasher.hash_one(key));
    }
}

impl<D: Deliver> PerKey<D> {
    /// Messages at once unless [`PerKey::max_messages`] says otherwise.
    pub const MAX_MESSAGES: usize = 1024;

    /// Most different keys of one message: 1000. One with more is [`Delivery::NotSent`],
    /// [`CauseKind::InvalidContent`].
    pub const MAX_KEYS: usize = 1000;

    /// Delivers by `inner`; `keys` collects the keys of a message.
    #[must_use]
    pub fn new(inner: D, keys: impl Fn(&Message<'_>, &mut Keys) + Send + Sync + 'static) -> Self {
        Self {
            inner,
            keys: Arc::new(keys),
            hasher: RandomState::new(),
            lanes: Arc::new(Lanes::new(Self::MAX_MESSAGES)),
        }
    }

    /// Delivers by `inner`, in order for each patient.
    ///
    /// The keys are all IDs in PID-3 and MRG-1 of all their segments, whoever assigned them: two
    /// patients that have the same ID from different authorities wait for each other.
    #[must_use]
    pub fn by_patient(inner: D) -> Self {
        Self::new(inner, |message, keys| {
            let mut add = |field: Field<'_>| {
                for identifier in field.repetitions() {
                    let id = identifier.component(1);
                    if id.is_valued() && !id.is_null() {
                        keys.add(id.as_bytes().trim_ascii());
                    }
                }
            };
            message.segments_with_id("PID").for_each(|pid| add(pid.field(3)));
            message.segments_with_id("MRG").for_each(|mrg| add(mrg.field(1)));
        })
    }

    /// How many messages may be waiting or under way at once; one more is
    /// [`Delivery::NotSent`], [`CauseKind::Overloaded`], at once. Default 1024.
    ///
    /// To be set before the first message, and before cloning.
    #[must_use]
    pub fn max_messages(self, messages: usize) -> Self {
        Self { lanes: Arc::new(Lanes::new(messages)), ..self }
    }

    fn keys_of(&self, message: &OwnedMessage) -> Box<[u64]> {
        let mut keys = Keys { hasher: self.hasher.clone(), hashes: Vec::new() };
        (self.keys)(&message.as_message(), &mut keys);
        let mut hashes = keys.hashes;
        hashes.sort_unstable();
        hashes.dedup();
        if hashes.is_empty() {
            hashes.push(self.hasher.hash_one("no key"));
        }
        hashes.into()
    }
}

impl<D: Deliver> Deliver for PerKey<D> {
    fn deliver(&self, message: OwnedMessage) -> impl Future<Output = Delivery> + Send {
        self.deliver_tracked(message, Progress::new())
    }

    fn deliver_tracked(
        &self,
        message: OwnedMessage,
        progress: Progress,
    ) -> impl Future<Output = Delivery> + Send {
        // The place is taken by the call, not when the future is first polled.
        let keys = self.keys_of(&message);
        let ticket = match keys.len() <= Self::MAX_KEYS {
            true => self.lanes.enter(keys).ok_or_else(|| full(&self.lanes)),
            false => {
                let detail = format!("it has more than {} keys", Self::MAX_KEYS);
                Err(Cause::new(CauseKind::InvalidContent, detail))
            }
        };
        async move {
            let ticket = match ticket {
                Ok(ticket) => ticket,
                Err(cause) => return Delivery::NotSent(cause),
            };
            ticket.turn().await;
            self.inner.deliver_tracked(message, progress).await
        }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("len", &self.hashes.len()).finish()
    }
}

impl<D: fmt::Debug> fmt::Debug for PerKey<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PerKey").field("inner", &self.inner).finish_non_exhaustive()
    }
}
