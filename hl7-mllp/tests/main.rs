//! The integration tests of hl7-mllp, one binary.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

#[cfg(all(feature = "client", feature = "server"))]
mod chaos;
mod codec;

#[cfg(feature = "client")]
mod beside;
#[cfg(feature = "client")]
mod client;
#[cfg(all(feature = "client", feature = "server"))]
mod decorators;
#[cfg(feature = "server")]
mod limits;
#[cfg(all(feature = "client", feature = "server", feature = "metrics"))]
mod metrics;
#[cfg(feature = "server")]
mod own_messages;
#[cfg(feature = "client")]
mod pipelined;
#[cfg(all(feature = "client", feature = "server"))]
mod pipelined_release2;
#[cfg(feature = "client")]
mod pool;
#[cfg(all(feature = "client", feature = "server", feature = "metrics"))]
#[path = "../../hl7-transport/tests/recorder.rs"]
mod recorder;
#[cfg(all(feature = "client", feature = "server"))]
mod release2;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
mod shutdown;
#[cfg(any(feature = "client", feature = "server"))]
mod support;
#[cfg(all(feature = "client", feature = "server"))]
mod timeouts;
#[cfg(all(feature = "client", feature = "server", feature = "tls"))]
mod tls;
#[cfg(all(feature = "client", feature = "server"))]
mod wild;
