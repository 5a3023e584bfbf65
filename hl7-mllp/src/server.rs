//! Receives messages over MLLP and answers them.
//!
//! [`Server`] listens on TCP, in the clear or over TLS; [`Connections`] answers on connections
//! that somebody else opened, over any `AsyncRead + AsyncWrite`. Both take a
//! [`Handler`] and write the acknowledgment that MSH-15 and MSH-16 ask for.
//!
//! ```no_run
//! use std::{io, time::Duration};
//!
//! use hl7_ack::{Outcome, Received};
//! use hl7_mllp::server::Server;
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> io::Result<()> {
//!     Server::bind("127.0.0.1:2575")
//!         .await?
//!         .max_frame_len(4 * 1024 * 1024)
//!         .idle_timeout(Duration::from_secs(60))
//!         .serve(handle)
//!         .with_graceful_shutdown(async { tokio::time::sleep(Duration::from_secs(3600)).await })
//!         .await
//! }
//!
//! async fn handle(received: Received) -> Outcome {
//!     println!("{} bytes", received.message.as_bytes().len());
//!     Outcome::accepted()
//! }
//! ```
//!
//! # One connection
//!
//! One message is in flight at a time; answers leave in the order of the messages. While the
//! handler runs nothing is read, so a sender that pipelines is held back by TCP; at most 64 KiB
//! are read ahead of a frame. Several messages in one frame are handled one after the other and
//! each is answered in a frame of its own.
//!
//! | peer | is met by |
//! |---|---|
//! | closes in the middle of a frame, or starts the next frame there | the part is dropped, never handled, never answered |
//! | sends a frame over `max_frame_len` | a negative acknowledgment; the connection is kept |
//! | sends something that is not HL7 | a negative acknowledgment; the connection is kept |
//! | sends garbage between frames | it is skipped up to `max_garbage_len`, then closed |
//! | speaks HTTP or TLS | closed, one line at `warn` that says so |
//! | opens and closes without a byte (a load balancer's probe) | one line at `debug` |
//! | shuts down its sending side | what it sent is still answered, then closed |
//! | does not read its answers | closed after `write_timeout` |
//! | is silent | closed after `idle_timeout`; in the middle of a frame after `frame_timeout` |
//! | is in no allowed network, or has too many connections | closed at once; see [`Listener`] |
//!
//! A handler that panics or outlives `handler_timeout` is answered for with a negative
//! acknowledgment by [`Responder`], and the connection is kept.
//!
//! # Limits
//!
//! | name | default | over it |
//! |---|---|---|
//! | `max_connections` | 1024 | not accepted until one is free |
//! | [`max_per_address`](Listener::max_per_address) | no other | closed at once |
//! | [`proxy_timeout`](Listener::proxy_timeout) | 5 s | closed |
//! | `ServerTls::handshake_timeout` | 10 s | closed |
//! | `max_in_flight` | 1024 | the connection waits, and is not read meanwhile |
//! | `max_buffered` | 256 MiB | connections in the middle of a frame are not read, but for one |
//! | `max_frame_len` | 16 MiB | negative acknowledgment |
//! | `max_garbage_len` | 64 KiB | closed |
//! | `max_background` | 256 | the connection waits before its next message |
//! | `idle_timeout` | 10 min | closed |
//! | `frame_timeout` | 60 s | closed |
//! | `end_timeout` | 200 ms | FS without CR ends the frame |
//! | `handler_timeout` | 60 s | negative acknowledgment |
//! | `write_timeout` | 30 s | closed |
//! | `commit_timeout` | 30 s | closed; release 2 only |
//! | `answer_timeout` | 30 s | unknown; for messages sent by [`Peer::same_connection`](hl7_ack::Peer::same_connection), at most 64 at once |
//! | `shutdown_timeout` | 30 s | what is left is cut off |
//! | `stop_grace` | 3 s | a frame that is still not complete when the server stops is dropped |
//!
//! An idle connection costs less than 6 KiB in the clear and 14 KiB with TLS; a frame its own length.
//!
//! # Who may send
//!
//! A [`Listener`] with an allow-list, a cap for each address and the PROXY protocol of a load
//! balancer goes to [`Server::from_listener`]. Who the peer is by its certificate is in
//! [`Peer::identity`](hl7_ack::Peer::identity); [`Authorize`](hl7_transport::Authorize) asks a
//! rule before the handler. Several servers share one handler as an
//! [`AnyHandler`](hl7_ack::AnyHandler):
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use hl7_ack::{AnyHandler, Outcome, Received};
//! use hl7_mllp::server::Server;
//! use hl7_transport::Listener;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let handler = AnyHandler::new(async |_: Received| Outcome::accepted());
//! // The wards, and what comes through the load balancer. The old process may still hold the
//! // ports for a moment.
//! let wards = Listener::bind_retry("10.1.0.5:2575", Duration::from_secs(30))
//!     .await?
//!     .allow("10.1.0.0/16".parse()?)
//!     .max_per_address(4);
//! let outside = Listener::bind_retry("10.0.0.5:2575", Duration::from_secs(30))
//!     .await?
//!     .proxy_protocol("10.0.0.2".parse()?)
//!     .allow("192.0.2.0/24".parse()?);
//! let (wards, outside) = tokio::join!(
//!     Server::from_listener(wards).serve(handler.clone()).into_future(),
//!     Server::from_listener(outside).serve(handler).into_future(),
//! );
//! wards.and(outside)?;
//! # Ok(())
//! # }
//! ```
//!
//! # Release 2
//!
//! With `release2` every block is answered by a commit block: ACK (`06`) when its messages are in
//! good hands, NAK (`15`) when one was rejected (AR, CR), was refused and no acknowledgment is due
//! that would say so, or is over the limit. An acknowledgment that is due follows as a block of its
//! own, after ACK only, and is sent again, at most twice, until the peer commits it. A sender whose
//! block was not committed sends it again: with several messages in a block, also those that were
//! accepted. One block may come before the commit of the answer to the block before it, since its
//! sender waits for ACK alone; it is handled next. With a second one the connection is closed.
//!
//! # Graceful stop
//!
//! New connections are refused and idle ones closed at once. A frame that has begun is read to its
//! end if that comes within `stop_grace`, handled and answered; then its connection is closed. What
//! handlers left for after their answer ([`Reply::then`](hl7_ack::Reply::then)) is awaited. All of
//! that has `shutdown_timeout`.
//!
//! # Log
//!
//! One `tracing` event at `info` per exchange, `exchange`, with the fields `peer`, `message_type`
//! (MSH-9), `control_id` (MSH-10), `bytes` of content, `code` of the acknowledgment (`-` if none
//! was sent) and `ms` from the frame's end to the answer's end. Nothing else of a message is ever
//! logged. What a handler logs stands in the spans `connection` (`peer`) and `exchange`
//! (`bytes`, and once the handler has ended `message_type`, `control_id` and `code`).
//!
//! With the feature `metrics` the same is counted: [names and labels](crate#metrics).

mod connections;
mod exchange;
mod options;
mod outbox;
mod release2;

use std::net::SocketAddr;

use hl7_ack::{Handler, Responder};
#[cfg(feature = "tls")]
use hl7_transport::ServerTls;
pub use hl7_transport::Serving;
use hl7_transport::{BindError, Listener};
use tokio::net::ToSocketAddrs;

pub use self::connections::{Connections, ConnectionsBuilder};
use self::options::{Options, option_setters};

/// A bound MLLP server: limits are set, then [`serve`](Self::serve).
///
/// The [module documentation](self) lists what it does on a connection, and the limits.
#[derive(Debug)]
#[must_use = "a server does nothing until it serves"]
pub struct Server {
    listener: Listener,
    options: Options,
    #[cfg(feature = "tls")]
    tls: Option<ServerTls>,
}

impl Server {
    /// Binds to an address such as `0.0.0.0:2575`; port 0 lets the system choose.
    ///
    /// 2575 is the port registered for HL7, a habit and not a rule.
    ///
    /// # Errors
    ///
    /// [`BindError`] names the address, the reason and the remedy in one line. It converts into
    /// [`io::Error`](std::io::Error).
    pub async fn bind(address: impl ToSocketAddrs) -> Result<Self, BindError> {
        Ok(Self::from_listener(Listener::bind(address).await?))
    }

    /// Serves on a listener that was bound, and given its options, elsewhere.
    pub fn from_listener(listener: Listener) -> Self {
        Self {
            listener,
            options: Options::default(),
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// The address that is listened on, with the port the system chose.
    ///
    /// ```
    /// # use hl7_mllp::server::Server;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let server = Server::bind("127.0.0.1:0").await?;
    /// assert_ne!(server.local_addr().port(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn local_addr(&self) -> SocketAddr {
        self.listener.local_addr()
    }

    /// Most connections held at once, at least 1. Default 1024.
    ///
    /// More wait in the system's queue until one is closed.
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.listener = self.listener.max_connections(connections);
        self
    }

    /// Speaks TLS on every connection ("MLLPS"). Default: in the clear.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: ServerTls) -> Self {
        self.tls = Some(tls);
        self
    }

    option_setters!();

    /// Answers every message by `handler`: an `async fn(Received) -> impl Into<Reply>`, a
    /// [`Forward`](hl7_ack::Forward), an [`AnyHandler`](hl7_ack::AnyHandler) that several servers
    /// share.
    ///
    /// Nothing is accepted before the returned value is awaited.
    pub fn serve(self, handler: impl Handler) -> Serving {
        let responder = self.options.responder(handler);
        self.serve_responder(responder)
    }

    /// Answers every message by a [`Responder`] prepared by the caller, with its own
    /// acknowledger and time limit; `handler_timeout` is not applied.
    pub fn serve_responder(self, responder: Responder) -> Serving {
        let shutdown_timeout = self.options.shutdown_timeout;
        let connections = Connections::new(self.options, responder);
        let shutdown = connections.stop().clone();
        let serving = Serving::new(self.listener, shutdown, shutdown_timeout, move |io, peer| {
            let connections = connections.clone();
            async move { connections.serve(io, peer).await }
        });
        #[cfg(feature = "tls")]
        if let Some(tls) = self.tls {
            return serving.tls(tls);
        }
        serving
    }
}
