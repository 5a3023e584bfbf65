//! Sets the limits of a client and checks its address.

use std::{fmt, num::NonZeroUsize, sync::Arc, time::Duration};

use hl7_ack::{Matching, Outstanding};
use hl7_parse::OwnedMessage;
use thiserror::Error;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::Semaphore,
};

use super::{
    Client, Pipelined, Pool,
    connect::{AnyIo, Target},
    pause::Pause,
};
use crate::{
    Envelope, MllpCodec,
    connection::{Connection, DEFAULT_END_TIMEOUT},
};

#[derive(Clone, Debug)]
pub(super) struct Options {
    codec: MllpCodec,
    pub(super) end_timeout: Duration,
    pub(super) release2: bool,
    pub(super) commit_timeout: Duration,
    pub(super) max_reconnect_pause: Duration,
    pub(super) connect_timeout: Duration,
    pub(super) write_timeout: Duration,
    pub(super) answer_timeout: Duration,
    pub(super) silence_timeout: Duration,
    pub(super) queue_timeout: Duration,
    pub(super) max_waiting: usize,
    pub(super) on_inbound: Option<OnInbound>,
    pub(super) matching: Matching,
    pub(super) always_original: bool,
}

/// Takes a message that is not the answer, or does not.
#[derive(Clone)]
pub(super) struct OnInbound(pub(super) Arc<dyn Fn(&OwnedMessage) -> bool + Send + Sync>);

impl fmt::Debug for OnInbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnInbound")
    }
}

impl Options {
    /// One permit for the exchange in hand and one for each caller that may wait.
    pub(super) fn places(&self) -> usize {
        self.max_waiting.saturating_add(1).min(Semaphore::MAX_PERMITS)
    }

    /// What is remembered of a message that is sent.
    pub(super) fn outstanding(&self, message: &OwnedMessage) -> Outstanding {
        let outstanding = Outstanding::of(message).matching(self.matching);
        match self.always_original {
            true => outstanding.always_original_mode(),
            false => outstanding,
        }
    }

    /// How long to wait for the answer to a message that was sent.
    pub(super) fn patience(&self, sent: &Outstanding) -> Duration {
        match sent.silence_accepts() {
            true => self.silence_timeout,
            false => self.answer_timeout,
        }
    }

    pub(super) fn envelope(&self) -> Envelope {
        self.codec.envelope_in_use()
    }

    pub(super) fn connection(&self, io: AnyIo) -> Connection<AnyIo> {
        Connection::new(io, self.codec.clone(), self.end_timeout)
    }
}

/// Sets the limits of a [`Client`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it builds"]
pub struct ClientBuilder {
    address: String,
    options: Options,
    #[cfg(feature = "tls")]
    tls: Option<(hl7_transport::ClientTls, String)>,
}

impl ClientBuilder {
    pub(super) fn new(address: String) -> Self {
        Self {
            address,
            options: Options {
                codec: MllpCodec::new(),
                end_timeout: DEFAULT_END_TIMEOUT,
                release2: false,
                commit_timeout: Duration::from_secs(30),
                max_reconnect_pause: Duration::from_secs(2),
                connect_timeout: Duration::from_secs(5),
                write_timeout: Duration::from_secs(30),
                answer_timeout: Duration::from_secs(30),
                silence_timeout: Duration::from_secs(5),
                queue_timeout: Duration::from_secs(10),
                max_waiting: 1024,
                on_inbound: None,
                matching: Matching::exact(),
                always_original: false,
            },
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// How long connecting may take: resolving the name, trying its addresses, and the TLS
    /// handshake. Default 5 s.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.options.connect_timeout = limit;
        self
    }

    /// How long writing one message may take, until the system has taken its last byte.
    /// Default 30 s.
    pub fn write_timeout(mut self, limit: Duration) -> Self {
        self.options.write_timeout = limit;
        self
    }

    /// How long to wait for the acknowledgment, from the last byte written to the last byte of the
    /// answer. Default 30 s.
    pub fn answer_timeout(mut self, limit: Duration) -> Self {
        self.options.answer_timeout = limit;
        self
    }

    /// How closely an acknowledgment has to name the message that was sent, for peers that do not
    /// copy MSH-10 as they should. Default [`Matching::exact`].
    ///
    /// A [`Pipelined`] client has one message under way where an answer need not name it.
    ///
    /// ```
    /// use hl7_ack::Matching;
    /// use hl7_mllp::client::Client;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = Client::builder("his.example.org:2575")
    ///     .matching(Matching::exact().or_cut_to_20())
    ///     .build()?;
    /// # drop(client);
    /// # Ok(())
    /// # }
    /// ```
    pub fn matching(mut self, matching: Matching) -> Self {
        self.options.matching = matching;
        self
    }

    /// Waits for an answer to every message, whatever its MSH-15 and MSH-16 say: for a peer that
    /// always acknowledges in original mode, by agreement. Default: what they say.
    ///
    /// ```
    /// use hl7_mllp::client::Client;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = Client::builder("his.example.org:2575").always_original_mode().build()?;
    /// # drop(client);
    /// # Ok(())
    /// # }
    /// ```
    pub fn always_original_mode(mut self) -> Self {
        self.options.always_original = true;
        self
    }

    /// How long to wait for a negative acknowledgment of a message that asks for no other (MSH-15
    /// is `ER`); silence for so long means that it was accepted, and the delivery is
    /// [`NoneDue`](hl7_ack::Delivery::NoneDue). Default 5 s.
    pub fn silence_timeout(mut self, limit: Duration) -> Self {
        self.options.silence_timeout = limit;
        self
    }

    /// How long a message may wait for those before it: one exchange is under way at a time. Over
    /// it, the message is [`NotSent`](hl7_ack::Delivery::NotSent). Default 10 s.
    pub fn queue_timeout(mut self, limit: Duration) -> Self {
        self.options.queue_timeout = limit;
        self
    }

    /// How long FS waits for its CR before it ends an answer alone. Default 200 ms.
    pub fn end_timeout(mut self, limit: Duration) -> Self {
        self.options.end_timeout = limit;
        self
    }

    /// Begins and ends frames, ours and the peer's, with other bytes. Default VT and FS.
    ///
    /// ```
    /// use hl7_mllp::{Envelope, client::Client};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let stx_etx = Envelope::new(0x02, 0x03).ok_or("no bytes for an envelope")?;
    /// let client = Client::builder("old.example.org:5000").envelope(stx_etx).build()?;
    /// # drop(client);
    /// # Ok(())
    /// # }
    /// ```
    pub fn envelope(mut self, envelope: Envelope) -> Self {
        self.options.codec = self.options.codec.envelope(envelope);
        self
    }

    /// Speaks MLLP release 2: every message is to be committed by the peer before anything else,
    /// and its answer is committed by us. Default: off.
    ///
    /// A message that is not committed is sent again, twice; then the delivery is
    /// [`Unknown`](hl7_ack::Delivery::Unknown). Release 2 is agreed upon and can not be seen on the
    /// wire: with a peer that does not speak it nothing is ever committed. An answer to a message
    /// counts also where it comes before the commit block; then the connection is not used again.
    ///
    /// A block is committed as a whole. One that holds the answer is, whatever stands beside it: a
    /// message there that [`on_inbound`](Self::on_inbound) does not take is dropped and counted, and
    /// the peer takes it for received.
    pub fn release2(mut self, release2: bool) -> Self {
        self.options.codec = self.options.codec.release2(release2);
        self.options.release2 = release2;
        self
    }

    /// How long a release 2 peer may take to commit a message. Default 30 s.
    pub fn commit_timeout(mut self, limit: Duration) -> Self {
        self.options.commit_timeout = limit;
        self
    }

    /// Longest pause before another connection is tried after one could not be opened. Default 2 s.
    ///
    /// The first pause is at most 100 ms, each further one twice as long, a random part of up to
    /// half left out, so that clients of a server that comes back do not come at once. A message
    /// waits for the end of the pause within `connect_timeout`.
    pub fn max_reconnect_pause(mut self, pause: Duration) -> Self {
        self.options.max_reconnect_pause = pause;
        self
    }

    /// Most bytes of one answer. Default 16 MiB. What is sent is not limited.
    pub fn max_frame_len(mut self, bytes: usize) -> Self {
        self.options.codec = self.options.codec.max_frame_len(bytes);
        self
    }

    /// Most callers that wait while another's exchange is under way. Default 1024.
    ///
    /// One more gets [`NotSent`](hl7_ack::Delivery::NotSent) at once.
    pub fn max_waiting(mut self, callers: usize) -> Self {
        self.options.max_waiting = callers;
        self
    }

    /// Offers messages that arrive on the connection and are not the answer to `take`, which says
    /// whether it takes them: an application acknowledgment of an earlier message, say, for
    /// [`Waiters`](hl7_ack::Waiters), or a message of the peer's own. Default: none is taken.
    ///
    /// It is called while the client waits for an answer, and for what comes in between before
    /// its next message, or at once with [`Client::listen`]. It must not block. Nothing is
    /// answered.
    ///
    /// Of the acknowledgments of one message in one frame the first is its answer, but an
    /// application acknowledgment that is not taken is so instead of an accept acknowledgment.
    ///
    /// ```
    /// use hl7_ack::Waiters;
    /// use hl7_mllp::client::{Client, ClientBuilder};
    ///
    /// fn listening(waiters: Waiters) -> ClientBuilder {
    ///     Client::builder("his.example.org:2575")
    ///         .on_inbound(move |message| waiters.hand_over("his", message))
    /// }
    /// ```
    pub fn on_inbound(
        mut self,
        take: impl Fn(&OwnedMessage) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.options.on_inbound = Some(OnInbound(Arc::new(take)));
        self
    }

    /// Speaks TLS, and checks that the server's certificate is for `server_name`: a DNS name or an
    /// IP address. Default: in the clear.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: hl7_transport::ClientTls, server_name: impl Into<String>) -> Self {
        self.tls = Some((tls, server_name.into()));
        self
    }

    /// Checks the address. Nothing is resolved or opened before the first message.
    ///
    /// # Errors
    ///
    /// [`AddressError`]: the address is not `host:port`.
    ///
    /// ```
    /// # use hl7_mllp::client::Client;
    /// assert!(Client::builder("ehr.example.org:2575").build().is_ok());
    /// assert!(Client::builder("[::1]:2575").build().is_ok());
    /// let error = Client::builder("ehr.example.org").build().expect_err("no port");
    /// assert_eq!(error.to_string(), "`ehr.example.org` is not an address: expected host:port");
    /// ```
    pub fn build(self) -> Result<Client, AddressError> {
        let (options, target) = self.target()?;
        Ok(Client::new(options, target, None))
    }

    fn target(self) -> Result<(Options, Target), AddressError> {
        let Some((host, port)) = split(&self.address) else {
            return Err(AddressError { address: self.address });
        };
        let target = Target::Address {
            host,
            port,
            pause: Pause::up_to(self.options.max_reconnect_pause),
            #[cfg(feature = "tls")]
            tls: self.tls,
        };
        Ok((self.options, target))
    }

    /// Like [`build`](Self::build), but several connections, opened as they are needed.
    ///
    /// # Errors
    ///
    /// [`AddressError`]: the address is not `host:port`.
    pub fn build_pool(self, connections: NonZeroUsize) -> Result<Pool, AddressError> {
        let clients: Result<_, _> = (0..connections.get()).map(|_| self.clone().build()).collect();
        Ok(Pool::new(clients?))
    }

    /// Like [`build`](Self::build), but with up to `max_in_flight` messages under way on the one
    /// connection: [`Pipelined`] says what the peer has to do for that.
    ///
    /// # Errors
    ///
    /// [`AddressError`]: the address is not `host:port`.
    pub fn build_pipelined(self, max_in_flight: NonZeroUsize) -> Result<Pipelined, AddressError> {
        let (options, target) = self.target()?;
        Ok(Pipelined::new(options, target, max_in_flight))
    }

    /// A client over a connection that is open already; the address is not used.
    ///
    /// For tunnels, Unix sockets and pipes. Once the connection can not be used any more, every
    /// delivery is [`NotSent`](hl7_ack::Delivery::NotSent).
    pub fn build_over(self, io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Client {
        Client::new(self.options, Target::Given, Some(AnyIo::new(io)))
    }
}

/// An address that is not `host:port`.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub struct AddressError {
    address: String,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not an address: expected host:port", self.address.escape_debug())
    }
}

/// Host without brackets, and port.
fn split(address: &str) -> Option<(String, u16)> {
    let (host, port) = address.rsplit_once(':')?;
    let port = port.parse().ok().filter(|port| *port != 0)?;
    let host = match host.strip_prefix('[') {
        Some(host) => host.strip_suffix(']')?,
        None if host.contains(':') => return None,
        None => host,
    };
    let fits = !host.is_empty() && !host.contains(['/', '@', ' ', '[', ']']);
    fits.then(|| (host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for (address, expected) in [
            ("localhost:2575", Some(("localhost", 2575))),
            ("10.0.0.1:1", Some(("10.0.0.1", 1))),
            ("[::1]:65535", Some(("::1", 65535))),
            ("localhost", None),
            ("localhost:", None),
            ("localhost:0", None),
            ("localhost:65536", None),
            ("localhost:hl7", None),
            (":2575", None),
            ("::1:2575", None),
            ("[::1:2575", None),
            ("http://localhost:2575", None),
            ("user@host:2575", None),
            ("", None),
        ] {
            let found = split(address);
            let found = found.as_ref().map(|(host, port)| (host.as_str(), *port));
            assert_eq!(found, expected, "{address}");
        }
    }
}
