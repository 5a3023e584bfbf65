//! What HL7 v2 transports need of a socket, once, for MLLP and HTTP alike.
//!
//! HL7 v2 leaves the transport to the site ("lower layer protocol", chapter 2, 2.9), so every
//! server needs the same things around its protocol: a listener that survives a full file table
//! and never holds more connections than it was told to, a stop that lets an exchange finish, and
//! TLS that says in one line what is wrong with a certificate. They are here; frames and HTTP are
//! not.
//!
//! | type | job |
//! |---|---|
//! | [`Listener`] | binds with a clear error, caps connections, tunes sockets, survives accept errors |
//! | [`AllowList`] | who may connect, replaced while connections are accepted |
//! | [`Networks`] | a list of networks that may connect, or that are trusted as proxies |
//! | [`Authorize`] | lets a handler take only what its sender may send |
//! | [`Serving`] | accepts connections until it is told to stop, each answered by a task of its own |
//! | [`Shutdown`] | tells tasks to stop and waits for them, up to a deadline |
//! | [`Background`] | runs what a handler leaves for after its answer, bounded |
//! | [`TokioTimer`] | the clock `hl7-ack` asks for, on tokio |
//! | `ServerTls`, `ClientTls` | TLS 1.2 and 1.3 and mutual TLS from PEM (feature `tls`) |
//!
//! ```
//! use std::time::Duration;
//!
//! use hl7_transport::{Listener, Serving, Shutdown};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let listener = Listener::bind("127.0.0.1:0").await?.max_connections(64);
//! println!("listening on {}", listener.local_addr());
//! let shutdown = Shutdown::new();
//! let serving = Serving::new(listener, shutdown.clone(), Duration::from_secs(30), {
//!     move |stream, peer| {
//!         let shutdown = shutdown.clone();
//!         async move {
//!             // Frames or requests are read here, until either side closes or this completes.
//!             shutdown.stopping().await;
//!             println!("{peer} is let go");
//!             drop(stream);
//!         }
//!     }
//! });
//! serving.with_graceful_shutdown(async {}).await?; // nothing had to be cut off
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! `tls` (default): rustls with the ring provider, named explicitly; no process-wide default is
//! ever read or set.

mod admission;
mod allow_list;
mod authorize;
mod background;
mod bind_error;
mod cut_off;
mod listener;
mod networks;
mod proxy;
mod serving;
mod shutdown;
mod socket;
mod stream;
mod timer;
#[cfg(feature = "tls")]
mod tls;

pub use self::allow_list::AllowList;
pub use self::authorize::{Authorize, Permission};
pub use self::background::{Background, Slot};
pub use self::bind_error::{BindError, BindErrorKind};
pub use self::cut_off::CutOff;
pub use self::listener::{Listener, Permit};
pub use self::networks::{Networks, NetworksError};
pub use self::serving::Serving;
pub use self::shutdown::Shutdown;
pub use self::socket::{DEFAULT_KEEPALIVE, tune};
pub use self::stream::Stream;
pub use self::timer::{TokioTimer, deadline_after};
#[cfg(feature = "tls")]
pub use self::tls::{
    ClientTls, ClientTlsBuilder, Pem, ServerTls, ServerTlsBuilder, TlsError, TlsErrorKind,
    TlsStream,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
