//! [`Received`]: a message that arrived, and who it came from.

use std::{
    any::{Any, TypeId},
    fmt,
    net::SocketAddr,
    sync::Arc,
};

use hl7_parse::OwnedMessage;

use crate::{AnyDeliver, Identity};

/// A message that arrived, and who it came from: what a [`crate::Handler`] is given.
///
/// Owned, so that it can be held across an `await`. The message may share a larger buffer of
/// the connection: [`OwnedMessage::detach`] what is stored or queued.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Received {
    /// The message.
    pub message: OwnedMessage,
    /// The sender, as far as the transport knows it.
    pub peer: Peer,
}

impl Received {
    /// A message from a peer.
    #[must_use]
    pub fn new(message: OwnedMessage, peer: Peer) -> Self {
        Self { message, peer }
    }
}

/// Who is at the other end, as far as the transport knows.
#[derive(Clone, Debug, Default)]
pub struct Peer {
    address: Option<SocketAddr>,
    identity: Option<Arc<Identity>>,
    same_connection: Option<AnyDeliver>,
    extensions: Extensions,
}

impl Peer {
    /// A peer known by its address.
    #[must_use]
    pub fn at(address: SocketAddr) -> Self {
        Self { address: Some(address), ..Self::default() }
    }

    /// The address of the peer's end of the connection; `None` where the transport has none.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Who the peer is by the certificate it has shown and that was verified; `None` in the clear,
    /// and where no certificate was asked for.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        self.identity.as_deref()
    }

    /// The same peer, known by a certificate.
    #[must_use]
    pub fn with_identity(mut self, identity: Identity) -> Self {
        self.identity = Some(Arc::new(identity));
        self
    }

    /// Sends messages back on the connection that the peer has opened: application acknowledgments
    /// in enhanced mode (2.9.3), where they do not take a connection of their own. `None` where the
    /// transport has no such way.
    ///
    /// To be used from [`Reply::then`](crate::Reply::then): while a handler runs, its connection
    /// waits for it.
    #[must_use]
    pub fn same_connection(&self) -> Option<&AnyDeliver> {
        self.same_connection.as_ref()
    }

    /// The same peer, with a way back to it.
    #[must_use]
    pub fn with_same_connection(mut self, deliver: AnyDeliver) -> Self {
        self.same_connection = Some(deliver);
        self
    }

    /// What one transport alone knows: `hl7-http` puts the parts of the request here.
    #[must_use]
    pub fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// To add something a handler may want to know.
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        &mut self.extensions
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            Some(address) => address.fmt(f),
            None => f.write_str("-"),
        }
    }
}

/// Values by their type, one of each.
///
/// ```
/// use hl7_ack::Peer;
///
/// #[derive(Debug, PartialEq)]
/// struct Site(&'static str);
///
/// let mut peer = Peer::default();
/// peer.extensions_mut().insert(Site("north"));
/// assert_eq!(peer.extensions().get::<Site>(), Some(&Site("north")));
/// ```
#[derive(Clone, Default)]
pub struct Extensions {
    /// There are few: a list costs less than a map.
    values: Vec<(TypeId, Arc<dyn Any + Send + Sync>)>,
}

impl Extensions {
    /// Puts a value in, in place of one of the same type.
    pub fn insert<T: Send + Sync + 'static>(&mut self, value: T) {
        self.remove::<T>();
        self.values.push((TypeId::of::<T>(), Arc::new(value)));
    }

    pub(crate) fn remove<T: Send + Sync + 'static>(&mut self) {
        self.values.retain(|(id, _)| *id != TypeId::of::<T>());
    }

    /// The value of this type.
    #[must_use]
    pub fn get<T: Send + Sync + 'static>(&self) -> Option<&T> {
        let (_, value) = self.values.iter().find(|(id, _)| *id == TypeId::of::<T>())?;
        value.downcast_ref()
    }
}

impl fmt::Debug for Extensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Extensions").field("len", &self.values.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Deliver, Delivery};

    struct Nowhere;

    impl Deliver for Nowhere {
        async fn deliver(&self, _: OwnedMessage) -> Delivery {
            Delivery::NoneDue
        }
    }

    #[test]
    fn a_peer_is_what_the_transport_has_said_of_it() {
        let address: SocketAddr = "192.0.2.1:2575".parse().expect("an address");
        let nobody = Peer::default();
        assert_eq!(
            (nobody.address(), nobody.identity(), nobody.to_string()),
            (None, None, "-".into())
        );
        assert!(nobody.same_connection().is_none());

        let identity = Identity::new("CN=Lab", Vec::new(), [7; 32]);
        let peer = Peer::at(address)
            .with_identity(identity.clone())
            .with_same_connection(AnyDeliver::new(Nowhere));
        assert_eq!((peer.address(), peer.identity()), (Some(address), Some(&identity)));
        assert_eq!(peer.to_string(), "192.0.2.1:2575");
        assert!(peer.same_connection().is_some());
    }

    #[test]
    fn one_value_of_each_type_is_kept() {
        let mut extensions = Extensions::default();
        extensions.insert(1_u8);
        extensions.insert("north");
        extensions.insert(2_u8);
        assert_eq!((extensions.get::<u8>(), extensions.get::<&str>()), (Some(&2), Some(&"north")));
        assert_eq!(format!("{extensions:?}"), "Extensions { len: 2 }");
        extensions.remove::<u8>();
        assert_eq!((extensions.get::<u8>(), extensions.get::<&str>()), (None, Some(&"north")));
    }
}
