//! Typed values: known answers, malformed input, and what holds for any.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail like tests"
)]

mod composites;
mod dates;
mod documents;
mod numbers;
mod observations;
mod places;

use hl7_parse::{
    Field, Message,
    value::{Cx, Data, DateTime, Ed, Nm, Observation, Raw, ValueError, Xcn},
};

/// Reads field 1 of a segment that holds `content` alone.
fn with_field<T>(content: &[u8], test: impl FnOnce(Field<'_>) -> T) -> T {
    let bytes = [b"MSH|^~\\&|A\rZZZ|", content].concat();
    let message = Message::parse(&bytes).expect("a message");
    test(message.segment("ZZZ").expect("a segment").field(1))
}

#[test]
fn values_are_small_and_cross_threads() {
    fn is_shared_copy<T: Copy + Send + Sync>() {}
    fn is_owned<T: Copy + Send + Sync + 'static>() {}

    is_owned::<DateTime>();
    is_owned::<ValueError>();
    is_shared_copy::<Raw<'_>>();
    is_shared_copy::<Nm<'_>>();
    is_shared_copy::<Cx<'_>>();
    is_shared_copy::<Xcn<'_>>();
    is_shared_copy::<Ed<'_>>();
    is_shared_copy::<Data<'_>>();
    is_shared_copy::<Observation<'_>>();
    assert!(size_of::<Raw<'_>>() <= 48);
    assert!(size_of::<Xcn<'_>>() == size_of::<Raw<'_>>());
    assert!(size_of::<DateTime>() <= 24);
}
