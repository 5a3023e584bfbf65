//! Groups are the runs behind a leading segment.

use hl7_parse::{Group, Message, OwnedMessage};
use proptest::prelude::*;

fn ids<'a>(group: Group<'_, 'a>) -> Vec<&'a str> {
    group.segments().map(|segment| segment.id()).collect()
}

#[test]
fn groups_begin_at_each_leader_and_end_before_the_next() {
    let message = b"MSH|^~\\&|A\rPID|1\rOBR|1\rNTE|1\rOBX|1\rno segment\rOBR|2\rOBR|3\rOBX|1\r";
    let message = Message::parse(message).expect("readable");
    for (id, before, expected) in [
        (
            "OBR",
            &["MSH", "PID"][..],
            &[&["OBR", "NTE", "OBX", ""][..], &["OBR"], &["OBR", "OBX"]][..],
        ),
        ("MSH", &[], &[&["MSH", "PID", "OBR", "NTE", "OBX", "", "OBR", "OBR", "OBX"]]),
        ("ZZZ", &["MSH", "PID", "OBR", "NTE", "OBX", "", "OBR", "OBR", "OBX"], &[]),
        ("", &["MSH", "PID", "OBR", "NTE", "OBX", "", "OBR", "OBR", "OBX"], &[]),
        ("\0\0\0", &["MSH", "PID", "OBR", "NTE", "OBX", "", "OBR", "OBR", "OBX"], &[]),
    ] {
        let groups = message.groups(id);
        assert_eq!(ids(groups.before()), before, "{id}");
        assert_eq!(groups.map(ids).collect::<Vec<_>>(), expected, "{id}");
    }
}

#[test]
fn groups_nest_and_find_within_themselves() {
    let message = OwnedMessage::parse("MSH|^~\\&|A\rOBX|0\rOBR|1\rOBX|1\rOBX|2\rOBR|2\rOBX|3\r")
        .expect("readable");
    let message = message.as_message();
    let numbers: Vec<_> = message
        .groups("OBR")
        .map(|order| {
            let second = order.nth_segment("OBX", 2).map(|obx| obx.field(1).as_bytes());
            let first = order.segment("OBX").map(|obx| obx.field(1).as_bytes());
            (order.groups("OBX").count(), first, second)
        })
        .collect();
    assert_eq!(numbers, [(2, Some(&b"1"[..]), Some(&b"2"[..])), (1, Some(b"3"), None)]);
    let all = message.groups("OBR").flat_map(|order| order.segments_with_id("OBX"));
    assert_eq!(all.count(), 3);
    assert_eq!(message.groups("OBR").before().leader().map(|leader| leader.id()), Some("MSH"));
    assert!(message.groups("MSH").before().leader().is_none());
}

#[test]
fn the_nth_segment_counts_from_one() {
    let message = Message::parse(b"MSH|^~\\&|A\rOBX|1\rNTE|9\rOBX|2\r").expect("readable");
    for (n, expected) in [(0, None), (1, Some(&b"1"[..])), (2, Some(b"2")), (3, None)] {
        let found = message.nth_segment("OBX", n).map(|obx| obx.field(1).as_bytes());
        assert_eq!(found, expected, "OBX {n}");
    }
}

#[test]
fn a_line_that_is_no_segment_is_found_by_no_id() {
    let message =
        Message::parse(b"MSH|^~\\&|A\rno segment\rOBR|1\rno segment\r").expect("readable");
    let order = message.groups("OBR").next().expect("an order");
    for id in ["", "no ", "no segment"] {
        assert!(message.nth_segment(id, 1).is_none(), "{id}");
        assert_eq!(order.segments_with_id(id).count(), 0, "{id}");
        assert!(order.segment(id).is_none(), "{id}");
    }
}

#[test]
fn debug_shows_no_value() {
    let message = Message::parse(b"MSH|^~\\&|SECRETNAME\rPID|SECRETNAME\r").expect("readable");
    let groups = message.groups("PID");
    let shown = format!("{groups:?} {:?} {:?}", groups.before(), groups.clone().next());
    assert!(!shown.contains("SECRETNAME"), "{shown}");
}

proptest! {
    #[test]
    fn groups_are_all_segments_in_order(
        ids in proptest::collection::vec("(OBR|OBX|NTE|\\?)", 0..30),
        leader in "(OBR|OBX|MSH|PID)",
    ) {
        let text = format!("MSH|^~\\&|A\r{}\r", ids.join("|1\r"));
        let message = Message::parse(text.as_bytes()).expect("readable");
        let groups = message.groups(&leader);
        let mut joined: Vec<_> = groups.before().segments().collect();
        for group in groups {
            prop_assert_eq!(group.leader().map(|first| first.id()), Some(&*leader));
            prop_assert_eq!(group.segments_with_id(&leader).count(), 1);
            joined.extend(group.segments());
        }
        let joined: Vec<_> = joined.iter().map(|segment| segment.as_bytes()).collect();
        let all: Vec<_> = message.segments().map(|segment| segment.as_bytes()).collect();
        prop_assert_eq!(joined, all);
    }
}
