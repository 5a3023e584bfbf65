//! [`Pool`]: several connections to one server.

use std::{
    fmt,
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash},
    sync::Arc,
};

use hl7_ack::{Cause, CauseKind, Deliver, Delivery, Progress};
use hl7_parse::OwnedMessage;

use super::Client;

/// Several connections to one server, each with an exchange of its own. Clones are handles to the
/// same ones.
///
/// Connections side by side keep no order: a message may overtake the one before it. Where that
/// matters for some messages only, those of one patient, say, [`ordered_by`](Self::ordered_by)
/// keeps theirs. Where it always matters, use one [`Client`].
///
/// ```
/// use std::num::NonZeroUsize;
///
/// use hl7_mllp::client::Client;
/// use hl7_parse::Path;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let four = NonZeroUsize::new(4).ok_or("four is not zero")?;
/// let pool = Client::builder("ehr.example.org:2575")
///     .build_pool(four)?
///     .ordered_by(|message| {
///         message.as_message().get(&Path::new("PID-3.1")).as_bytes().to_vec()
///     });
/// # drop(pool);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Pool {
    clients: Arc<[Client]>,
    key: Option<Arc<Key>>,
}

/// Which connection a message takes, as a number of any size.
type Key = dyn Fn(&OwnedMessage) -> u64 + Send + Sync;

impl Pool {
    pub(super) fn new(clients: Vec<Client>) -> Self {
        Self { clients: clients.into(), key: None }
    }

    /// Sends messages with the same key over the same connection, in the order of the calls.
    ///
    /// Messages with different keys may share a connection too.
    #[must_use]
    pub fn ordered_by<K: Hash>(
        mut self,
        key: impl Fn(&OwnedMessage) -> K + Send + Sync + 'static,
    ) -> Self {
        let hasher = BuildHasherDefault::<DefaultHasher>::new();
        self.key = Some(Arc::new(move |message| hasher.hash_one(key(message))));
        self
    }

    /// The connection of the message's key, or the one with the fewest callers.
    fn client_for(&self, message: &OwnedMessage) -> Option<&Client> {
        match &self.key {
            None => self.clients.iter().min_by_key(|client| client.callers()),
            Some(key) => {
                let number = key(message).checked_rem(self.clients.len() as u64)?;
                self.clients.get(usize::try_from(number).ok()?)
            }
        }
    }
}

impl Deliver for Pool {
    /// Sends one message over one of the connections; see [`Client`].
    fn deliver(&self, message: OwnedMessage) -> impl Future<Output = Delivery> + Send {
        self.deliver_tracked(message, Progress::new())
    }

    async fn deliver_tracked(&self, message: OwnedMessage, progress: Progress) -> Delivery {
        match self.client_for(&message) {
            Some(client) => client.deliver_tracked(message, progress).await,
            // A pool is not built without a connection.
            None => Delivery::NotSent(Cause::new(CauseKind::Unreachable, "an empty pool")),
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("clients", &self.clients).finish_non_exhaustive()
    }
}
