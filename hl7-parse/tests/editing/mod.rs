//! Editing, building and formatted text.

#![allow(clippy::expect_used, reason = "helpers of tests, outside of them")]

mod building;
mod edits;
mod properties;
