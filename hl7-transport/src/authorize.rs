//! [`Authorize`]: hands a handler only what its sender may send.

use std::{fmt, future::Future};

use hl7_ack::{ErrorCode, Handler, Outcome, Received, Reply};

/// Whether a sender may send a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Permission {
    /// It may.
    Allowed,
    /// It may not, and is told so: AR, or CR where MSH-15 asks for that.
    Rejected,
    /// It may not, and the connection is closed without an answer.
    HangUp,
}

/// A [`Handler`] that asks a rule first: by the peer's certificate or address and the message's
/// header.
///
/// The rule must be quick; it sees the message as the handler would. What it does not allow is
/// logged at `warn` with the peer, and never reaches the handler.
///
/// ```
/// use hl7_ack::{Outcome, Received};
/// use hl7_transport::{Authorize, Permission};
///
/// /// A certificate may send only for the facility (MSH-4) that is its common name.
/// fn own_facility(received: &Received) -> Permission {
///     let facility = received.message.as_message().header().field(4).decode();
///     match received.peer.identity().and_then(|identity| identity.common_name()) {
///         Some(name) if name == facility => Permission::Allowed,
///         Some(_) => Permission::Rejected,
///         None => Permission::HangUp,
///     }
/// }
///
/// let handler = Authorize::new(own_facility, async |_: Received| Outcome::accepted());
/// # let _ = handler;
/// ```
#[derive(Clone)]
pub struct Authorize<F, H> {
    rule: F,
    handler: H,
}

impl<F, H> Authorize<F, H>
where
    F: Fn(&Received) -> Permission + Send + Sync + 'static,
    H: Handler,
{
    /// Hands to `handler` what `rule` allows.
    pub fn new(rule: F, handler: H) -> Self {
        Self { rule, handler }
    }
}

impl<F, H> Handler for Authorize<F, H>
where
    F: Fn(&Received) -> Permission + Send + Sync + 'static,
    H: Handler,
{
    fn handle(&self, received: Received) -> impl Future<Output = Reply> + Send {
        let permission = (self.rule)(&received);
        async move {
            if permission == Permission::Allowed {
                return self.handler.handle(received).await;
            }
            tracing::warn!(peer = %received.peer, ?permission, "not authorised, refused");
            match permission {
                Permission::Rejected => {
                    let text = "the sender is not authorised to send this";
                    Outcome::rejected(ErrorCode::APPLICATION_ERROR, text).into()
                }
                _ => Reply::hang_up(),
            }
        }
    }
}

impl<F, H> fmt::Debug for Authorize<F, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authorize")
    }
}
