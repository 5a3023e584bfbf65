//! Reading what claims to be an answer never panics, and what it says is bounded and stays the same.

#![no_main]

use bytes::Bytes;
use hl7_ack::{AckRequest, Acknowledgment, Answer, Finding, Matching, Outstanding, Resend};
use hl7_parse::OwnedMessage;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let content = Bytes::copy_from_slice(bytes);
    let sent = OwnedMessage::parse("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\r").expect("a message");
    let exact = Outstanding::of(&sent);
    let any = exact.clone().matching(Matching::exact().or_any());
    for outstanding in [exact, any] {
        // What stands alone is found among all.
        let mut answers = outstanding.examine_each(&content).filter_map(|finding| match finding {
            Finding::Answer(answer) => Some(answer.message().as_bytes().clone()),
            _ => None,
        });
        let alone = match outstanding.examine(content.clone()) {
            Finding::Answer(answer) => Some(answer.message().as_bytes().clone()),
            _ => None,
        };
        assert_eq!(answers.next(), alone);
        match outstanding.examine(content.clone()) {
            Finding::Answer(answer) => check(&answer),
            Finding::Inbound(message) => {
                let _ = AckRequest::of(&message.as_message());
            }
            _ => {}
        }
    }
});

fn check(answer: &Answer) {
    let faults = answer.faults();
    assert!(faults.len() <= Answer::MAX_FAULTS);
    assert_eq!(answer.is_positive(), answer.resend() == Resend::NotNeeded);
    let _ = (answer.text(), answer.expected_sequence_number());
    assert!(AckRequest::of(&answer.message().as_message()).of_acknowledgment());

    // Passed on, it says the same.
    let passed = Acknowledgment::passed_on(answer);
    assert_eq!(passed.code(), answer.code());
    let read = OwnedMessage::parse_undecoded(passed.as_bytes().clone()).expect("a message");
    assert!(read.as_message().segments().len() > 0);
}
