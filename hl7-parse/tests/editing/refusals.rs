//! What can not be done is refused with its place, and without a value.

use hl7_parse::{EditErrorKind, Editor, Message, SegmentBuilder, Separators};

use super::{edited, path};

#[test]
fn what_can_not_be_done_is_refused_with_its_place() {
    use EditErrorKind::*;
    type Change = fn(&mut Editor<'_>);
    let changes: [(Change, EditErrorKind, Option<&str>); 22] = [
        (
            |e| {
                e.set(&path("PV1-2"), "x");
            },
            MissingSegment,
            Some("PV1-2"),
        ),
        (
            |e| {
                e.set(&path("PID[2]-2"), "x");
            },
            MissingSegment,
            Some("PID[2]-2"),
        ),
        (
            |e| {
                e.remove(&path("PID")).set(&path("PID-2"), "x");
            },
            RemovedSegment,
            Some("PID-2"),
        ),
        (
            |e| {
                e.set(&path("PID"), "x");
            },
            WrongLevel,
            Some("PID"),
        ),
        (
            |e| {
                e.remove(&path("PID-2"));
            },
            WrongLevel,
            Some("PID-2"),
        ),
        (
            |e| {
                e.insert_after(&path("PID-2"), &SegmentBuilder::new("NTE"));
            },
            WrongLevel,
            Some("PID-2"),
        ),
        (
            |e| {
                e.repeat(&path("PID-3[1]"), "x");
            },
            WrongLevel,
            Some("PID-3[1]"),
        ),
        (
            |e| {
                e.set_components(&path("PID-3.1"), ["x"]);
            },
            WrongLevel,
            Some("PID-3.1"),
        ),
        (
            |e| {
                e.set(&path("MSH-1"), "$");
            },
            Delimiters,
            Some("MSH-1"),
        ),
        (
            |e| {
                e.clear(&path("MSH-2"));
            },
            Delimiters,
            Some("MSH-2"),
        ),
        (
            |e| {
                e.set_raw(&path("MSH-2.1"), "x");
            },
            Delimiters,
            Some("MSH-2.1"),
        ),
        (
            |e| {
                e.remove(&path("MSH"));
            },
            FirstSegment,
            Some("MSH"),
        ),
        (
            |e| {
                e.insert_before(&path("MSH"), &SegmentBuilder::new("NTE"));
            },
            FirstSegment,
            Some("MSH"),
        ),
        (
            |e| {
                e.set(&path("PID-3"), "\"\"");
            },
            NullText,
            Some("PID-3"),
        ),
        (
            |e| {
                e.set_raw(&path("PID-3"), "a|b");
            },
            RawTooWide,
            Some("PID-3"),
        ),
        (
            |e| {
                e.set_raw(&path("PID-3[1]"), "a~b");
            },
            RawTooWide,
            Some("PID-3[1]"),
        ),
        (
            |e| {
                e.set_raw(&path("PID-3.1"), "a^b");
            },
            RawTooWide,
            Some("PID-3.1"),
        ),
        (
            |e| {
                e.set_raw(&path("PID-3.1.1"), "a&b");
            },
            RawTooWide,
            Some("PID-3.1.1"),
        ),
        (
            |e| {
                e.set_raw(&path("PID-3"), "a\rOBX|");
            },
            RawTooWide,
            Some("PID-3"),
        ),
        (
            |e| {
                e.repeat_raw(&path("PID-3"), "a~b");
            },
            RawTooWide,
            Some("PID-3"),
        ),
        (
            |e| {
                e.append(&SegmentBuilder::new("pid"));
            },
            BadSegmentId,
            None,
        ),
        (
            |e| {
                e.append(SegmentBuilder::new("NTE").set(0, "x"));
            },
            WrongPlace,
            Some("NTE"),
        ),
    ];
    for (change, kind, place) in changes {
        let made = edited(b"PID|1", |editor| {
            change(editor);
            // The first error is the one that is told.
            editor.set(&path("ZZZ-1"), "x").finish()
        });
        // What only shows when it is written comes after.
        if matches!(kind, BadSegmentId | WrongPlace) {
            assert_eq!(made.map_err(|error| error.kind()), Err(MissingSegment));
            let made = edited(b"PID|1", |editor| {
                change(editor);
                editor.finish()
            });
            let error = made.expect_err("refused");
            assert_eq!((error.kind(), error.path()), (kind, place.map(path)));
            continue;
        }
        let error = made.expect_err("refused");
        assert_eq!((error.kind(), error.path()), (kind, place.map(path)));
    }
}

#[test]
fn levels_that_msh_2_leaves_out_are_refused() {
    use EditErrorKind::*;
    for (encoding, place, value, expected) in [
        ("^~\\", "PID-1.1.2", "x", Err(LevelNotInUse)),
        ("^~\\", "PID-1.1.1", "x", Ok("PID|x")),
        ("^~\\", "PID-1", "a&b", Ok("PID|a&b")),
        ("^", "PID-1[2]", "x", Err(LevelNotInUse)),
        ("^", "PID-1[1].2", "x", Ok("PID|^x")),
        ("^~", "PID-1", "a^b", Err(NotEscapable)),
        ("^~", "PID-1", "a\nb", Err(NotEscapable)),
        ("^~", "PID-1", "a&b\\", Ok("PID|a&b\\")),
    ] {
        let bytes = format!("MSH|{encoding}|A\rPID\r");
        let message = Message::parse(bytes.as_bytes()).expect("a header is there");
        let made = Editor::new(&message).set(&path(place), value).finish();
        let made =
            made.map(|made| made.as_message().segment("PID").expect("there").as_bytes().to_vec());
        let expected = expected.map(|expected: &str| expected.as_bytes().to_vec());
        assert_eq!(made.map_err(|error| error.kind()), expected, "{encoding} {place} {value}");
    }
    let message = Message::parse(b"MSH|^|A\rPID|1\r").expect("a header is there");
    let made = Editor::new(&message).repeat(&path("PID-1"), "2").finish();
    assert_eq!(made.expect_err("refused").kind(), LevelNotInUse);
}

#[test]
fn no_text_of_an_editor_holds_a_value() {
    const MARK: &str = "SECRETNAME";
    let bytes = format!("MSH|^~\\&|A\rPID|{MARK}&1|\\H\\{MARK}\r");
    let message = Message::parse(bytes.as_bytes()).expect("a header is there");
    let mut segment = SegmentBuilder::new("NTE");
    segment.set(3, MARK).set("x", MARK);
    let mut editor = Editor::new(&message);
    editor.set(&path("PID-3"), MARK).append(&segment);
    let mut shown = vec![format!("{editor:?} {segment:?} {:?}", editor.finish())];
    for error in [
        Editor::new(&message).set_raw(&path("PID-3.1"), format!("{MARK}^")).finish(),
        Editor::new(&message).set(&path("PV1-3"), MARK).finish(),
        Editor::new(&message).swap_delimiters(Separators::new(b'|', "^").expect("usable")).finish(),
    ] {
        let error = error.expect_err("refused");
        shown.push(format!("{error} {error:?}"));
    }
    let pid = message.segment("PID").expect("there");
    shown.push(format!(
        "{:?} {:?}",
        pid.field(2).tokens(),
        pid.field(2).tokens().collect::<Vec<_>>()
    ));
    for text in shown {
        assert!(!text.contains(MARK), "{text}");
    }
}

#[test]
fn what_reading_would_ask_to_decode_is_not_written() {
    type Change = fn(&mut Editor<'_>);
    let changes: [(&[u8], Change, bool); 6] = [
        (
            b"PID|1",
            |e| {
                e.set_raw(&path("PID-4"), b"\x1b$B8!\x1b(B");
            },
            true,
        ),
        (
            b"PID|1",
            |e| {
                e.repeat_raw(&path("PID-4"), b"\x1b$B8!\x1b(B").keep_line_ends();
            },
            true,
        ),
        (
            b"PID|1|||\xE9",
            |e| {
                e.set(&path("MSH-18"), "SHIFT_JIS");
            },
            true,
        ),
        (
            b"PID|1|||\xE9",
            |e| {
                e.set(&path("MSH-18"), "8859/1");
            },
            false,
        ),
        (
            b"PID|1",
            |e| {
                e.set(&path("MSH-18"), "SHIFT_JIS").set_raw(&path("PID-4"), b"\x1b[1m");
            },
            false,
        ),
        (
            b"PID|1",
            |e| {
                e.set(&path("MSH-18"), "SHIFT_JIS").set_raw(&path("PID-4"), b"\x83A");
            },
            true,
        ),
    ];
    for (n, (segment, change, refused)) in changes.into_iter().enumerate() {
        let bytes = [b"MSH|^~\\&|A\r", segment, b"\r"].concat();
        let message = Message::parse(&bytes).expect("a header is there");
        let mut editor = Editor::new(&message);
        change(&mut editor);
        match editor.finish() {
            Ok(edited) => {
                assert!(!refused, "{n}");
                assert!(Message::parse(edited.as_bytes()).is_ok(), "{n}");
            }
            Err(error) => {
                assert!(refused, "{n}");
                assert_eq!(error.kind(), EditErrorKind::NeedsDecoding, "{n}");
            }
        }
    }
}
