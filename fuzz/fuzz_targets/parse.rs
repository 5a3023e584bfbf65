//! Reading never panics, loses no byte, and finds the same whichever way it is asked.

#![no_main]

use hl7_parse::{Header, Message, OwnedMessage, ParseOptions, batch};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let joined: Vec<u8> = batch::parts(bytes).flat_map(|part| part.as_bytes().to_vec()).collect();
    assert_eq!(joined, bytes, "parts are the whole");
    for part in batch::parts(bytes) {
        let _ = part.read();
    }
    let _ = ParseOptions::strict().parse(bytes);

    let header = Header::parse(bytes);
    let Ok(message) = Message::parse(bytes) else { return };
    let header = header.expect("a message has a header");
    assert_eq!(header.segment().as_bytes(), message.header().segment().as_bytes());

    let parsed = ParseOptions::new().parse(bytes).expect("tolerant, as Message::parse");
    assert_eq!(parsed.message.segments().len(), message.segments().len());

    for segment in message.segments() {
        let span = message.span_of(segment).expect("present");
        assert_eq!(&bytes[span], segment.as_bytes());
        let mut leaves = segment.leaves();
        for (number, field) in (1..).zip(segment.fields()) {
            assert_eq!(segment.field(number).as_bytes(), field.as_bytes());
            let _ = field.decode();
            for repetition in field.repetitions() {
                for component in repetition.components() {
                    for leaf in component.subcomponents().filter(|leaf| leaf.is_valued()) {
                        let found = leaves.next().expect("as many leaves");
                        assert_eq!(found.as_bytes(), leaf.as_bytes());
                    }
                }
            }
        }
        assert!(leaves.next().is_none(), "no leaf more");
    }

    let owned = OwnedMessage::parse(bytes.to_vec()).expect("just read").with_cr_ends();
    let again = OwnedMessage::parse(owned.as_bytes().clone()).expect("still a message");
    let segments = |message: &OwnedMessage| -> Vec<Vec<u8>> {
        message.as_message().segments().map(|segment| segment.as_bytes().to_vec()).collect()
    };
    assert_eq!(segments(&owned), segments(&again), "CR ends change no segment");
});
