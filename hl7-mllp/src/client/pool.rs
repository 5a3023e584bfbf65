//! [`Pool`]: several connections to one server.

use std::{fmt, sync::Arc};

use hl7_ack::{Cause, CauseKind, Deliver, Delivery, OneAttempt, Progress};
use hl7_parse::OwnedMessage;

use super::Client;

/// Several connections to one server, each with an exchange of its own. Clones are handles to the
/// same ones.
///
/// Connections side by side keep no order: a message may overtake the one before it. Where that
/// matters for some messages only, those of one patient, say, [`PerKey`](hl7_ack::PerKey) keeps
/// theirs. Where it always matters, use one [`Client`].
///
/// ```
/// use std::num::NonZeroUsize;
///
/// use hl7_ack::{PerKey, Retry, RetryPolicy};
/// use hl7_mllp::client::Client;
/// use hl7_transport::TokioTimer;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let four = NonZeroUsize::new(4).ok_or("four is not zero")?;
/// let pool = Client::builder("ehr.example.org:2575").build_pool(four)?;
/// let policy = RetryPolicy::park_content_errors();
/// let ordered = PerKey::by_patient(Retry::new(pool, policy, TokioTimer::default()));
/// # drop(ordered);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Pool {
    clients: Arc<[Client]>,
}

impl Pool {
    pub(super) fn new(clients: Vec<Client>) -> Self {
        Self { clients: clients.into() }
    }
}

impl Deliver for Pool {
    /// Sends one message over one of the connections; see [`Client`].
    fn deliver(&self, message: OwnedMessage) -> impl Future<Output = Delivery> + Send {
        self.deliver_tracked(message, Progress::new())
    }

    /// Takes the connection with the fewest callers.
    async fn deliver_tracked(&self, message: OwnedMessage, progress: Progress) -> Delivery {
        match self.clients.iter().min_by_key(|client| client.callers()) {
            Some(client) => client.deliver_tracked(message, progress).await,
            // A pool is not built without a connection.
            None => Delivery::NotSent(Cause::new(CauseKind::Unreachable, "an empty pool")),
        }
    }
}

impl OneAttempt for Pool {}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("clients", &self.clients).finish()
    }
}
