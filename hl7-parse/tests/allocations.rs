//! What reading allocates: the table of the segments, and nothing else.

use allocation_counter::measure;
use bytes::Bytes;
use hl7_parse::{Header, Message, OwnedMessage, Path};

const ADMISSION: &[u8] = include_bytes!("../../testdata/messages/adt_a01.hl7");
const RESULTS: &[u8] = include_bytes!("../../testdata/messages/oru_r01_100_obx.hl7");

/// How often `read` allocates, or grows what it has; its answer is dropped within.
fn allocations<T>(read: impl Fn() -> T) -> u64 {
    measure(|| drop(read())).count_total
}

#[test]
fn counting_counts() {
    assert_eq!(allocations(|| vec![1, 2, 3]), 1);
    assert_eq!(allocations(|| [1, 2, 3]), 0);
}

#[test]
fn a_message_and_four_of_its_fields_take_one_allocation() {
    let paths = ["MSH-9", "MSH-10", "PID-3.1", "PID-5.1"].map(Path::new);
    let read = || {
        let message = Message::parse(ADMISSION).expect("a message");
        paths.map(|path| message.get(&path).decode().len()).iter().sum::<usize>()
    };
    assert!(read() > 20, "the fields are there");
    assert_eq!(allocations(read), 1);
}

#[test]
fn a_hundred_observations_take_one_allocation() {
    let read = || {
        let message = Message::parse(RESULTS).expect("a message");
        let of_fields = message.segments_with_id("OBX").map(|obx| obx.field(5).as_bytes().len());
        of_fields.sum::<usize>() + message.leaves().count()
    };
    assert!(read() > 1000, "the observations are there");
    assert_eq!(allocations(read), 1);
}

#[test]
fn a_header_takes_none_whatever_follows_it() {
    let long = [ADMISSION, &b"OBX|1|ED|||".repeat(1 << 16)].concat();
    for message in [ADMISSION, RESULTS, &long] {
        let read = || {
            let header = Header::parse(message).expect("a header");
            header.message_type().as_bytes().len() + header.control_id().as_bytes().len()
        };
        assert!(read() > 10, "the fields are there");
        assert_eq!(allocations(read), 0, "{} bytes", message.len());
    }
}

#[test]
fn a_message_that_owns_its_bytes_takes_two_and_its_clones_none() {
    let bytes = Bytes::from_static(ADMISSION);
    assert_eq!(allocations(|| OwnedMessage::parse(bytes.clone()).expect("a message")), 2);

    let message = OwnedMessage::parse(bytes).expect("a message");
    assert_eq!(allocations(|| message.clone().as_message().segments().len()), 0);
}
