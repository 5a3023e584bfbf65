//! Receives messages by HTTP POST and answers them.
//!
//! [`Server`] listens, over HTTP/1.1 and HTTP/2, in the clear or over TLS; [`Service`] is the same
//! without the listening, to mount in axum or hyper. Both take a [`Handler`] and
//! answer with the acknowledgment that MSH-15 and MSH-16 ask for.
//!
//! ```no_run
//! use std::{io, time::Duration};
//!
//! use hl7_ack::{Outcome, Received};
//! use hl7_http::server::Server;
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> io::Result<()> {
//!     Server::bind("127.0.0.1:8575")
//!         .await?
//!         .max_body_len(4 * 1024 * 1024)
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
//! # One exchange
//!
//! The body of a POST is one message, as it is; MLLP bytes around it are tolerated. Several
//! messages in one body, in a batch or one after another, are handled in order and answered by one
//! body with the acknowledgments one after another. A message whose handling has begun is handled
//! to its end, whether or not the caller still waits.
//!
//! | request | response |
//! |---|---|
//! | a message, an acknowledgment due | the [`Dialect`]'s status for its code: 200, also for AE, AR, CE, CR |
//! | a message, nothing due (MSH-15 and MSH-16) | 204, empty |
//! | a handler that hangs up, or is cut off by `shutdown_timeout` | 500, empty, and the connection is closed |
//! | a body that is not HL7, or not the gzip it is said to be | 400 |
//! | no credentials, or none that are known ([`Access`]) | 401 with `WWW-Authenticate` |
//! | a caller that is denied by a check, or shows no certificate that is known where nothing else lets in | 403 |
//! | a path other than those of [`Server::path`] | 404 |
//! | GET and other methods | 405 with `Allow: POST` |
//! | a body that does not come in time, is broken off, or is cut into chunks that are none | 408, and the connection is closed |
//! | a body over `max_body_len`, or more than 10,000 messages in it | 413 |
//! | a content type that is not accepted, or a `Content-Encoding` other than gzip | 415 with `Accept` or `Accept-Encoding` |
//! | more than `max_in_flight` or `max_buffered` at once, or a body unfinished at a stop | 503 with `Retry-After` |
//!
//! 429 and 503 come with `Retry-After`, also where a [`Dialect`] gives them to an acknowledgment.
//!
//! A refusal is sent at once. Of the body, up to twice `max_body_len` is still read and dropped
//! within `body_timeout`, so that a sender which writes everything before it looks gets to see the
//! refusal.
//!
//! Refusals are one line of plain text without internals. An answer has the type of the request if
//! that says HL7, else the dialect's; its charset parameter is sent when it is true: what MSH-18
//! of the answer names, else `utf-8` if the bytes are UTF-8. A type that does not decide
//! (`text/plain`, `application/octet-stream`, none) is taken when the body is HL7.
//!
//! # Character sets
//!
//! A handler gets the bytes as they came, and what is read of them is read by MSH-18. Over HTTP the
//! charset parameter of the content type overrides MSH-18 (draft, section on character sets):
//! [`RequestParts::charset`] has it, and a handler that reads text, or passes it on to where only
//! MSH-18 is known, is put into a `CharsetOverride` (feature `charset`), which makes the two say the
//! same. A set of which every character is more than one byte (UTF-16) is refused by 400, whatever
//! the parameter says.
//!
//! # Limits
//!
//! | name | default | over it |
//! |---|---|---|
//! | `max_connections` | 1024 | not accepted until one is free |
//! | `max_in_flight` | 1024 | 503 |
//! | `max_body_len` | 16 MiB, also after gzip | 413 |
//! | `max_buffered` | 256 MiB of bodies in all | 503 |
//! | `max_background` | 256 | the answer waits |
//! | `header_timeout` | 30 s | closed |
//! | `body_timeout` | 60 s | 408 |
//! | `handler_timeout` | 60 s | negative acknowledgment |
//! | `idle_timeout` | 90 s | closed |
//! | `write_timeout` | 30 s without progress of an answer | closed |
//! | `stop_grace` | 3 s | a request that is still not complete when the server stops is dropped |
//! | `shutdown_timeout` | 30 s | what is left is cut off |
//! | header section | 64 KiB, 100 headers | 431, closed |
//! | HTTP/2 streams of a connection | 100 | refused by the protocol |
//!
//! # Graceful stop
//!
//! New connections are refused and idle ones closed. A request that has begun is read to its
//! end if that comes within `stop_grace`, handled and answered. What handlers left for after their
//! answer ([`Reply::then`](hl7_ack::Reply::then)) is awaited. All of that has `shutdown_timeout`.
//!
//! # Log
//!
//! One `tracing` event at `info` per message, `exchange`, with the fields `peer`, `message_type`
//! (MSH-9), `control_id` (MSH-10), `bytes`, `code` of the acknowledgment (`-` if none was due) and
//! `ms` from the body's end to the answer. A message that could not be passed on has one at `warn`
//! before it, with the `cause`. Nothing else of a message is ever logged.
//!
//! With the feature `metrics`:
//!
//! | name | kind | label |
//! |---|---|---|
//! | `hl7_http_connections` | gauge | |
//! | `hl7_http_connections_total` | counter | |
//! | `hl7_http_exchanges_total` | counter | `code`: MSA-1, or `-` |
//! | `hl7_http_received_bytes_total` | counter | |
//! | `hl7_http_exchange_seconds` | histogram | |
//! | `hl7_http_refusals_total` | counter | `status`: that of a refusal in the table above |
//! | `hl7_http_events_total` | counter | `event`: `silent`, `not_http`, `lost` |
//!
//! A service that is mounted elsewhere has no connections and no events.
//!
//! [`Dialect`]: crate::Dialect

mod access;
mod answering;
mod body;
mod budget;
#[cfg(feature = "charset")]
mod charset;
mod connection;
mod exchange;
#[cfg(feature = "axum")]
mod extract;
mod forwarded;
mod gzip;
mod packing;
mod read;
mod refusal;
mod request_parts;
mod service;
mod watch;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use hl7_ack::{Acknowledger, Handler, Responder};
#[cfg(feature = "tls")]
use hl7_transport::ServerTls;
pub use hl7_transport::Serving;
use hl7_transport::{BindError, Listener, Shutdown};
use tokio::net::ToSocketAddrs;

pub use self::access::{Access, Permission};
pub use self::body::Body;
#[cfg(feature = "charset")]
pub use self::charset::CharsetOverride;
#[cfg(feature = "axum")]
pub use self::extract::Hl7;
pub use self::forwarded::TrustedProxies;
pub use self::request_parts::RequestParts;
pub use self::service::{Answering, Service};
use self::{connection::Connections, service::Options};
use crate::dialect::Dialect;

/// A bound HTTP server: limits are set, then [`serve`](Self::serve).
///
/// The [module documentation](self) lists what it answers, and the limits.
#[derive(Debug)]
#[must_use = "a server does nothing until it serves"]
pub struct Server {
    listener: Listener,
    options: Options,
    timeouts: Timeouts,
    #[cfg(feature = "tls")]
    tls: Option<ServerTls>,
}

/// The waits of a connection and of the stop.
#[derive(Clone, Copy, Debug)]
struct Timeouts {
    header: Duration,
    idle: Duration,
    write: Duration,
    shutdown: Duration,
}

impl Server {
    /// Binds to an address such as `0.0.0.0:8575`; port 0 lets the system choose.
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
            timeouts: Timeouts {
                header: Duration::from_secs(30),
                idle: Duration::from_secs(90),
                write: Duration::from_secs(30),
                shutdown: Duration::from_secs(30),
            },
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// The address that is listened on, with the port the system chose.
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

    /// Most requests answered at once over all connections, at least 1. Default 1024.
    pub fn max_in_flight(mut self, requests: usize) -> Self {
        self.options.max_in_flight = requests;
        self
    }

    /// Most bytes of one body. Default 16 MiB.
    pub fn max_body_len(mut self, bytes: usize) -> Self {
        self.options.max_body_len = bytes;
        self
    }

    /// Most bytes of bodies held at once over all requests, at least `max_body_len`. Default 256
    /// MiB; over it the answer is 503.
    pub fn max_buffered(mut self, bytes: usize) -> Self {
        self.options.max_buffered = bytes;
        self
    }

    /// Takes requests to this path, letter for letter and without a query, and to no others than
    /// those that are given so: 404. Default: every path.
    ///
    /// ```no_run
    /// # async fn bound() -> Result<hl7_http::server::Server, hl7_transport::BindError> {
    /// use hl7_http::server::Server;
    ///
    /// Ok(Server::bind("0.0.0.0:8575").await?.path("/hospital/adt").path("/hospital/oru"))
    /// # }
    /// ```
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.options.paths.push(path.into());
        self
    }

    /// Lets in whom this lets in. Default: everybody.
    pub fn access(mut self, access: Access) -> Self {
        self.options.access = Some(access);
        self
    }

    /// Believes these proxies about who is behind them. Default: none.
    pub fn trusted_proxies(mut self, proxies: TrustedProxies) -> Self {
        self.options.trusted_proxies = proxies;
        self
    }

    /// Most futures of [`Reply::then`](hl7_ack::Reply::then) that run at once, counted per
    /// request, at least 1. Default 256.
    pub fn max_background(mut self, tasks: usize) -> Self {
        self.options.max_background = tasks;
        self
    }

    /// Longest time from the first byte of a request to the end of its headers. Default 30 s.
    pub fn header_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.header = limit;
        self
    }

    /// Longest time from the end of the headers to the end of the body. Default 60 s.
    pub fn body_timeout(mut self, limit: Duration) -> Self {
        self.options.body_timeout = limit;
        self
    }

    /// Longest time a handler has for one message before a negative acknowledgment is sent in its
    /// place. Default 60 s.
    pub fn handler_timeout(mut self, limit: Duration) -> Self {
        self.options.handler_timeout = limit;
        self
    }

    /// Longest time a connection is kept open without a request. Default 90 s.
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.idle = limit;
        self
    }

    /// Longest time a peer may take to make room for the next bytes of an answer. Default 30 s.
    pub fn write_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.write = limit;
        self
    }

    /// Longest time a graceful stop waits for the rest of a request that has begun to arrive.
    /// Default 3 s.
    ///
    /// Unfinished headers are closed on, an unfinished body is answered by 503.
    pub fn stop_grace(mut self, limit: Duration) -> Self {
        self.options.stop_grace = limit;
        self
    }

    /// Longest time a graceful stop waits before it cuts off what is left. Default 30 s.
    pub fn shutdown_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.shutdown = limit;
        self
    }

    /// Speaks as its senders expect. Default [`Dialect::hapi_draft`].
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.options.dialect = dialect;
        self
    }

    /// Speaks HTTPS on every connection. Default: in the clear.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: ServerTls) -> Self {
        self.tls = Some(tls.with_alpn(&[b"h2", b"http/1.1"]));
        self
    }

    /// Builds acknowledgments by `acknowledger`: its clock, control IDs and identity.
    pub fn acknowledger(mut self, acknowledger: Acknowledger) -> Self {
        self.options.acknowledger = Some(acknowledger);
        self
    }

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
        let shutdown = Shutdown::new();
        let service = Service::with(responder, self.options, shutdown.clone());
        let connections = Connections::new(service, self.timeouts, shutdown.clone());
        let connections = Arc::new(connections);
        let limit = self.timeouts.shutdown;
        let serving = Serving::new(self.listener, shutdown, limit, move |io, peer| {
            let connections = Arc::clone(&connections);
            async move { connections.serve(io, peer).await }
        });
        #[cfg(feature = "tls")]
        if let Some(tls) = self.tls {
            return serving.tls(tls);
        }
        serving
    }
}
