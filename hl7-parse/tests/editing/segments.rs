//! What becomes of whole segments and their ends, and of a message stripped to some places.

use hl7_parse::{EditErrorKind, Editor, Message, ParseOptions, SegmentBuilder, Target};

use super::{edited, path};

#[test]
fn segments_are_inserted_and_removed() {
    let segments = b"PID|1\rOBX|1\rNTE|1\rOBX|2\rjunk line";
    let mut note = SegmentBuilder::new("ZZ1");
    note.set(2, "a|b");
    let second = SegmentBuilder::new("ZZ2");
    let (pid, obx, obx_2) = (path("PID"), path("OBX"), path("OBX[2]"));
    type Change<'c> = &'c dyn Fn(&mut Editor<'_>);
    let changes: [(Change<'_>, &str); 8] = [
        (
            &|e| {
                e.insert_after(&pid, &note).insert_after(&pid, &second);
            },
            r"PID|1\rZZ1||a\F\b\rZZ2\rOBX|1\rNTE|1\rOBX|2\rjunk line\r",
        ),
        (
            &|e| {
                e.insert_before(&pid, &note).insert_before(&pid, &second);
            },
            r"ZZ1||a\F\b\rZZ2\rPID|1\rOBX|1\rNTE|1\rOBX|2\rjunk line\r",
        ),
        (
            &|e| {
                e.append(&second);
            },
            r"PID|1\rOBX|1\rNTE|1\rOBX|2\rjunk line\rZZ2\r",
        ),
        (
            &|e| {
                e.insert_after(&path("MSH"), &second);
            },
            r"ZZ2\rPID|1\rOBX|1\rNTE|1\rOBX|2\rjunk line\r",
        ),
        (
            &|e| {
                e.remove(&obx_2);
            },
            r"PID|1\rOBX|1\rNTE|1\rjunk line\r",
        ),
        (
            &|e| {
                e.remove(Target::each(&obx));
            },
            r"PID|1\rNTE|1\rjunk line\r",
        ),
        // Removing one does not renumber the others, and what is removed can be replaced.
        (
            &|e| {
                e.remove(&obx).set(&path("OBX[2]-1"), "x").insert_after(&obx, &second);
            },
            r"PID|1\rZZ2\rNTE|1\rOBX|x\rjunk line\r",
        ),
        (
            &|e| {
                e.remove(&obx).set(Target::each(&path("OBX-1")), "x");
            },
            r"PID|1\rNTE|1\rOBX|x\rjunk line\r",
        ),
    ];
    for (change, expected) in changes {
        let made = edited(segments, |editor| {
            change(editor);
            editor.finish()
        });
        assert_eq!(made.as_deref(), Ok(expected));
    }
}

#[test]
fn line_ends_become_cr_or_stay() {
    let bytes = b"\n\xEF\xBB\xBFMSH|^~\\&|A\r\n\r\nPID|1\r\n\r\nNTE|1\x1c\r\nOBX|1";
    let message = Message::parse(bytes).expect("a header is there");
    let mut editor = Editor::new(&message);
    editor
        .set(&path("PID-2"), "x")
        .insert_after(&path("OBX"), &SegmentBuilder::new("ZZ1"))
        .insert_before(&path("PID"), &SegmentBuilder::new("ZZ2"))
        .remove(&path("NTE"));
    let ended = editor.finish().expect("edited");
    assert_eq!(ended.as_bytes(), "MSH|^~\\&|A\rZZ2\rPID|1|x\rOBX|1\rZZ1\r");
    let kept = editor.keep_line_ends().finish().expect("edited");
    assert_eq!(
        kept.as_bytes().escape_ascii().to_string(),
        r"\n\xef\xbb\xbfMSH|^~\\&|A\r\n\r\nZZ2\r\nPID|1|x\r\n\r\nOBX|1\r\nZZ1",
    );

    // A line feed that ended a segment because a segment followed becomes a CR.
    let message = Message::parse(b"MSH|^~\\&|A\rNTE|1\nPID|1\rno segment\r").expect("readable");
    let removed = Editor::new(&message).remove(&path("PID")).keep_line_ends().finish();
    assert_eq!(removed.expect("edited").as_bytes(), "MSH|^~\\&|A\rNTE|1\rno segment\r");
}

#[test]
fn keep_only_leaves_no_trace_of_the_rest() {
    let bytes = b"MSH|^~\\&|A|B|||||ORU^R01|7|P|2.5.1||||||8859/1\r\
        PID|1||11^^^GH~22^^^MR&x||JONES^ADAM|||\r\
        ZZZ|secret\rno segment\rOBX|1|NM|||7|||\rOBX|2|NM|||8\r";
    let message = Message::parse(bytes).expect("a header is there");
    let made = |places: &[&str]| {
        let places: Vec<_> = places.iter().map(|place| path(place)).collect();
        let made = Editor::new(&message).keep_only(&places).finish();
        made.expect("edited").as_bytes().escape_ascii().to_string()
    };
    let header = r"MSH|^~\\&||||||||||2.5.1||||||8859/1\r";
    assert_eq!(made(&[]), header);
    for (places, expected) in [
        (&["PID-3[2].4.1", "PID-5.2"][..], r"PID|||~^^^MR||^ADAM\r"),
        (&["PID-9"], r"PID\r"),
        // A path without numbers is every place that it can mean; one with them is that one.
        (&["PID-3.1"], r"PID|||11~22\r"),
        (&["PID-3.4.1"], r"PID|||^^^GH~^^^MR\r"),
        (&["PID-3[1].1"], r"PID|||11\r"),
        (&["PID-3.4.2"], r"PID|||~^^^&x\r"),
        (&["PID-3.1", "PID-3[2].4.2"], r"PID|||11~22^^^&x\r"),
        (&["PID-3[2]", "PID-3.1"], r"PID|||11~22^^^MR&x\r"),
        (&["OBX-5"], r"OBX|||||7\rOBX|||||8\r"),
        (&["OBX[1]-5"], r"OBX|||||7\r"),
        (&["OBX-5", "OBX[2]"], r"OBX|||||7\rOBX|2|NM|||8\r"),
    ] {
        assert_eq!(made(places), format!("{header}{expected}"), "{places:?}");
    }
    // A second list applies to what the first one left.
    let both = Editor::new(&message)
        .keep_only([&path("PID-3"), &path("OBX-5")])
        .keep_only([&path("PID-3[2]"), &path("PID-5")])
        .finish();
    assert_eq!(
        both.expect("edited").as_bytes().escape_ascii().to_string(),
        format!(r"{header}PID|||~22^^^MR&x\r"),
    );
}

#[test]
fn a_line_feed_in_data_does_not_begin_a_segment() {
    let segment = b"NTE|1|x\nABC^D|y";
    let made = edited(segment, |editor| editor.set(&path("NTE-3"), "z").finish());
    assert_eq!(made.as_deref(), Ok(r"NTE|1|x\nABC^D|z\r"));
    let kept =
        edited(segment, |editor| editor.keep_only([&path("NTE-2.1"), &path("NTE-3")]).finish());
    assert_eq!(kept.expect_err("refused").kind(), EditErrorKind::LineFeed);
    // Nor does one at the end of what becomes the last segment end it.
    let segments = b"NTE|1|x\n\rPID|1";
    let made = edited(segments, |editor| editor.remove(&path("PID")).finish());
    assert_eq!(made.as_deref(), Ok(r"NTE|1|x\n|\r"));
}

#[test]
fn line_feeds_that_are_data_at_the_end_stay_where_nothing_behind_them_is_edited() {
    // A form feed is blank, and no end of a message: what stands before it is data.
    let bytes = b"MSH|^~\\&|A\rZ|x|\n\n\r\x0c\r\xef\xbb\xbf\r";
    let message = Message::parse(bytes).expect("a message");
    assert_eq!(message.segments().next_back().map(|last| last.as_bytes()), Some(&b"Z|x|\n\n"[..]));
    let same = Editor::new(&message).keep_line_ends().finish().expect("no edit");
    assert_eq!(same.as_bytes().escape_ascii().to_string(), bytes.escape_ascii().to_string());
    let edited =
        Editor::new(&message).set(&path("MSH-3"), "B").keep_line_ends().finish().expect("an edit");
    let expected = bytes.escape_ascii().to_string().replacen("|A", "|B", 1);
    assert_eq!(edited.as_bytes().escape_ascii().to_string(), expected);
}

#[test]
fn a_byte_order_mark_behind_a_line_feed_in_the_last_segment_stays_in_it() {
    let segments = b"NTE|1||x\n\xEF\xBB\xBF\rPID|1\r";
    let made = edited(segments, |editor| editor.remove(&path("PID")).finish());
    assert_eq!(made.as_deref(), Ok(r"NTE|1||x\n\xef\xbb\xbf|\r"));
    let bytes = b"MSH|^~\\&|A\rNTE|1||x\n\xEF\xBB\xBF|\r";
    let again = Message::parse(bytes).expect("a header is there");
    let note = again.segment("NTE").expect("there");
    assert_eq!(note.as_bytes(), b"NTE|1||x\n\xEF\xBB\xBF|");
}

#[test]
fn a_line_feed_in_the_header_that_is_data_stays_as_it_is() {
    for bytes in [
        &b"MSH|^~\\&|A\nB|X||||||\rNTE|1||weight\nkg\rPID|1\r"[..],
        b"MSH|^~\\&|A\nB|X\r\nNTE|1||weight\nkg\r\nPID|1\r\n",
    ] {
        let message = ParseOptions::new().line_feeds_are_data().parse(bytes).expect("readable");
        let kept = Editor::new(&message.message).keep_line_ends().finish().expect("no edit");
        assert_eq!(kept.as_bytes().escape_ascii().to_string(), bytes.escape_ascii().to_string());
        let ended = Editor::new(&message.message).finish().expect("no edit");
        let expected = message.message.to_owned().with_cr_ends();
        assert_eq!(ended.as_bytes(), expected.as_bytes(), "{}", bytes.escape_ascii());
    }
}

#[test]
fn a_line_feed_before_what_looks_like_a_segment_stays_data_where_it_was() {
    let bytes = b"MSH|^~\\&|A\rNTE|1||weight\nBMI|high\rOBX|1|x\nABC^D|y\rPID|1\r";
    let options = ParseOptions::new().line_feeds_are_data();
    let message = options.parse(bytes).expect("readable").message;
    type Change = fn(&mut Editor<'_>);
    let changes: [(Change, &str); 3] = [
        (
            |e| {
                e.set(&path("NTE-1"), "7");
            },
            r"NTE|7||weight\nBMI|high\rOBX|1|x\nABC^D|y\rPID|1\r",
        ),
        (
            |e| {
                e.keep_only([path("MSH-3"), path("NTE"), path("OBX-2.1"), path("OBX-3")]);
            },
            r"NTE|1||weight\nBMI|high\rOBX||x\nABC|y\r",
        ),
        (
            |e| {
                e.remove(&path("OBX")).keep_line_ends();
            },
            r"NTE|1||weight\nBMI|high\rPID|1\r",
        ),
    ];
    for (change, expected) in changes {
        let mut editor = Editor::new(&message);
        change(&mut editor);
        let made = editor.finish().expect(expected);
        let shown = made.as_bytes().escape_ascii().to_string();
        assert_eq!(shown, format!(r"MSH|^~\\&|A\r{expected}"));
        let again = options.parse(made.as_bytes()).expect("readable").message;
        let segments = |message: &Message<'_>| -> Vec<_> {
            message.segments().map(|segment| segment.as_bytes().to_vec()).collect()
        };
        assert_eq!(segments(&again), segments(&made.as_message()), "{shown}");
    }
}

#[test]
fn a_segment_is_removed_with_what_was_set_in_it_and_not_set_after() {
    let (pid, second) = (path("PID"), path("PID-5"));
    let first = edited(b"PID|1\rPV1|1", |e| e.set(&second, "x").remove(&pid).finish());
    assert_eq!(first.as_deref(), Ok(r"PV1|1\r"));
    let after = edited(b"PID|1\rPV1|1", |e| e.remove(&pid).set(&second, "x").finish());
    assert_eq!(after.expect_err("refused").kind(), EditErrorKind::RemovedSegment);
    let of_each =
        edited(b"PID|1\rPV1|1", |e| e.remove(&pid).set(Target::each(&second), "x").finish());
    assert_eq!(of_each.as_deref(), Ok(r"PV1|1\r"));
}

#[test]
fn a_line_feed_that_a_removed_segment_leaves_at_the_end_goes_on_ending_a_line() {
    for bytes in [
        &b"MSH|^~\\&|\rPID|\nOBX|\r\n "[..],
        b"MSH|^~\\&|\rPID|\nOBX|\n\r ",
        b"MSH|^~\\&|\rPID|\nOBX|",
    ] {
        let message = Message::parse(bytes).expect("a header");
        let edited = Editor::new(&message).keep_line_ends().remove(&path("OBX")).finish();
        let edited = edited.expect("edited");
        let read = Message::parse(edited.as_bytes()).expect("a header");
        let last = read.segments().next_back().map(|segment| segment.as_bytes());
        assert_eq!(last, Some(&b"PID|"[..]), "{}", edited.as_bytes().escape_ascii());
    }
}
