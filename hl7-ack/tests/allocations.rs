//! An acknowledgment costs one allocation, and reading its message another.

use hl7_ack::{Acknowledger, Outcome};
use hl7_parse::Message;

const ADMISSION: &[u8] = include_bytes!("../../testdata/messages/adt_a01.hl7");

fn allocations(work: impl FnOnce()) -> u64 {
    allocation_counter::measure(work).count_total
}

#[test]
fn from_a_message_to_its_acknowledgment_are_two_allocations() {
    let (acknowledger, outcome) = (Acknowledger::new(), Outcome::accepted());
    let counted = allocations(|| {
        let message = Message::parse(ADMISSION).expect("readable");
        assert!(acknowledger.acknowledge(&message, &outcome).is_some());
    });
    assert_eq!(counted, 2);
}

#[test]
fn of_the_header_alone_it_is_one() {
    let (acknowledger, outcome) = (Acknowledger::new(), Outcome::accepted());
    // What is made once, when first used.
    let _ = acknowledger.acknowledge_unread(ADMISSION, &outcome);
    let counted = allocations(|| {
        let acknowledgment = acknowledger.acknowledge_unread(ADMISSION, &outcome);
        assert!(acknowledgment.expect("a header").is_some());
    });
    assert_eq!(counted, 1);
}

#[test]
fn a_short_control_id_takes_no_allocation() {
    for (len, expected) in [(0, 0), (20, 0), (21, 1)] {
        let text = "x".repeat(len);
        let found = allocations(|| {
            std::hint::black_box(hl7_ack::ControlId::from(text.as_str()));
        });
        assert_eq!(found, expected, "{len} bytes");
    }
}
