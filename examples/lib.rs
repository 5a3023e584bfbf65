//! What several examples share: where to send to, when to stop, and how to log.

#[path = "shared/destination.rs"]
mod destination;
#[path = "shared/log.rs"]
mod log;
#[path = "shared/signal.rs"]
mod signal;

pub use destination::{Destination, DestinationError, without_secrets};
pub use log::log_to_stderr;
pub use signal::stop_signal;

// The documents of the project: each block in them is compiled, and run where it says what to
// expect.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ProjectReadme;
#[cfg(doctest)]
#[doc = include_str!("../DESIGN.md")]
struct Design;
