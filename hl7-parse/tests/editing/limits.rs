//! The result of edits is bounded, and so is their cost.

use hl7_parse::{EditErrorKind, Editor, Message, SegmentBuilder, Target};

use super::path;

#[test]
fn the_result_is_bounded() {
    let message = Message::parse(b"MSH|^~\\&|A\rPID|1\r").expect("a header is there");
    let far = path("PID-65535[65535].65535.65535");
    let made = |max: usize| Editor::new(&message).max_len(max).set(&far, "x").finish();
    // "MSH|^~\&|A" CR, "PID|1", 65,534 separators of each level, "x" and CR.
    let len = 11 + 5 + 4 * 65_534 + 1 + 1;
    assert_eq!(made(len).expect("fits").as_bytes().len(), len);
    assert_eq!(made(len - 1).expect_err("too long").kind(), EditErrorKind::TooLong);

    let bytes = [&b"MSH|^~\\&|A\r"[..], &b"A\r".repeat(999_999)].concat();
    let message = Message::parse(&bytes).expect("a header is there");
    let error = Editor::new(&message).append(&SegmentBuilder::new("NTE")).finish();
    assert_eq!(error.expect_err("too many").kind(), EditErrorKind::TooManySegments);
}

#[test]
fn many_edits_cost_what_they_write() {
    // Were each edit a pass over the message this would take minutes.
    let bytes = [&b"MSH|^~\\&|A\r"[..], &b"OBX|1|NM|||7\r".repeat(20_000)].concat();
    let message = Message::parse(&bytes).expect("a header is there");
    let mut editor = Editor::new(&message);
    for n in 1..=20_000 {
        editor.set(&path(&format!("OBX[{n}]-5")), n.to_string());
        editor.repeat(&path("OBX-3"), "x");
        editor.clear(&path(&format!("OBX-{}", 60_000 - n)));
    }
    let edited = editor.finish().expect("edited");
    let edited = edited.as_message();
    let sum: usize = edited
        .segments_with_id("OBX")
        .map(|obx| obx.field(5).decode().parse::<usize>().expect("a number"))
        .sum();
    assert_eq!(sum, 20_000 * 20_001 / 2);
    let first = edited.segment("OBX").expect("there");
    assert_eq!(first.field(3).repetitions().count(), 20_000);
    assert_eq!(first.fields().count(), 5);
}

#[test]
fn edits_of_each_segment_that_reach_nothing_cost_no_look_at_each_of_them() {
    // Were each edit tried in each segment this would take minutes.
    let bytes = [&b"MSH|^~\\&|A\r"[..], &b"OBX|1|NM|||7^8\r".repeat(20_000)].concat();
    let message = Message::parse(&bytes).expect("a header is there");
    for place in ["OBX-", "OBX-5[", "OBX-5.", "OBX-5.1."] {
        let mut editor = Editor::new(&message);
        for n in 10..=20_000 {
            let close = if place.ends_with('[') { "]" } else { "" };
            editor.clear(Target::each(&path(&format!("{place}{n}{close}"))));
        }
        editor.set(Target::each(&path("OBX-5.2")), "9");
        editor.set(&path("OBX[7]-3"), "x");
        let edited = editor.finish().expect("edited");
        let expected = bytes.escape_ascii().to_string().replace("7^8", "7^9");
        let expected = expected.replacen("OBX|1|NM|||", "OBX|1|NM|x||", 7);
        let expected = expected.replacen("OBX|1|NM|x||", "OBX|1|NM|||", 6);
        assert_eq!(edited.as_bytes().escape_ascii().to_string(), expected, "{place}");
    }
}
