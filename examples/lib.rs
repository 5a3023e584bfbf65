//! What several examples share: what to read, where to send to, when to stop, how to log and to end.

#[path = "shared/destination.rs"]
mod destination;
#[path = "shared/end.rs"]
mod end;
#[path = "shared/histogram.rs"]
mod histogram;
#[path = "shared/input.rs"]
mod input;
#[path = "shared/log.rs"]
mod log;
#[path = "shared/messages.rs"]
mod messages;
#[path = "shared/print.rs"]
mod print;
#[path = "shared/signal.rs"]
mod signal;

pub use destination::{Destination, DestinationError, without_secrets};
pub use end::end;
pub use histogram::Histogram;
pub use input::{input, input_file};
pub use log::log_to_stderr;
pub use messages::messages_of;
pub use print::print_segments;
pub use signal::stop_signal;

// The documents of the project: each block in them is compiled, and run where it says what to
// expect.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ProjectReadme;
#[cfg(doctest)]
#[doc = include_str!("../DESIGN.md")]
struct Design;
#[cfg(doctest)]
#[doc = include_str!("../docs/framing.md")]
struct Framing;
#[cfg(doctest)]
#[doc = include_str!("../docs/acknowledgment.md")]
struct AcknowledgmentModes;
#[cfg(doctest)]
#[doc = include_str!("../docs/outcomes.md")]
struct Outcomes;
#[cfg(doctest)]
#[doc = include_str!("../docs/character-sets.md")]
struct CharacterSets;
#[cfg(doctest)]
#[doc = include_str!("../docs/migration.md")]
struct Migration;
