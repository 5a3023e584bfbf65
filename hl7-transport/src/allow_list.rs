//! [`AllowList`]: who may connect, replaced while connections are accepted.

use std::{
    net::IpAddr,
    sync::{Arc, PoisonError, RwLock},
};

use crate::Networks;

/// The networks that may connect to a [`Listener`](crate::Listener). Clones are handles to the same
/// list, by which another takes its place while the listener is in use.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use hl7_transport::{AllowList, Listener};
///
/// let allowed = AllowList::new("10.1.0.0/16".parse()?);
/// let listener = Listener::bind("127.0.0.1:0").await?.allow_list(allowed.clone());
/// // Later, for connections from then on:
/// allowed.replace("10.1.0.0/16, 10.2.0.0/16".parse()?);
/// # drop(listener);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct AllowList {
    current: Arc<RwLock<Networks>>,
}

impl AllowList {
    /// These networks may connect; where there is none, nobody may.
    #[must_use]
    pub fn new(networks: Networks) -> Self {
        Self { current: Arc::new(RwLock::new(networks)) }
    }

    /// These may from now on. Connections that are open stay open.
    pub fn replace(&self, networks: Networks) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = networks;
    }

    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        self.current.read().unwrap_or_else(PoisonError::into_inner).contains(address)
    }
}
