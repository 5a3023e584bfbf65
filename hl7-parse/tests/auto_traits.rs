//! What may cross threads, and which way lifetimes bend.

use hl7_parse::{Field, Message, OwnedMessage, ParseError, Segment};

fn is_send_and_sync<T: Send + Sync>() {}
fn is_owned<T: Clone + Send + Sync + 'static>() {}
fn is_copy<T: Copy>() {}

#[test]
fn messages_cross_threads() {
    is_send_and_sync::<Message<'_>>();
    is_owned::<OwnedMessage>();
    is_owned::<ParseError>();
}

#[test]
fn views_are_small_and_copy() {
    is_copy::<Segment<'_>>();
    is_copy::<Field<'_>>();
    assert!(size_of::<Segment<'_>>() <= 24);
    assert!(size_of::<Field<'_>>() <= 24);
    assert!(size_of::<Message<'_>>() <= 56);
}

/// Compiles only if `Message` is covariant and views outlive the message they were taken from.
fn control_id(bytes: &[u8]) -> Option<&[u8]> {
    fn shorter<'short>(message: Message<'static>) -> Message<'short> {
        message
    }
    let _ = shorter;
    let message = Message::parse(bytes).ok()?;
    Some(message.header().control_id().as_bytes())
}

#[test]
fn views_outlive_the_message() {
    assert_eq!(control_id(b"MSH|^~\\&|A||||||ACK|77\r"), Some(&b"77"[..]));
}
