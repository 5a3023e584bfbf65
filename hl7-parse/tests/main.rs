//! Tests of the public API of `hl7-parse`.

#![allow(clippy::print_stderr, reason = "says what was skipped")]

mod allocations;
mod auto_traits;
mod batch;
mod charset;
mod continuation;
mod corpus;
#[cfg(feature = "serde")]
mod de;
mod diagnostics;
mod editing;
mod groups;
#[cfg(feature = "serde")]
mod json;
mod known_answers;
mod large;
mod msh;
mod privacy;
mod properties;
mod values;
