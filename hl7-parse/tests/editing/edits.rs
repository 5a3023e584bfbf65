//! What each edit makes of a message, byte for byte, and what is refused.

use hl7_parse::{
    EditError, EditErrorKind, Editor, Message, OwnedMessage, Path, SegmentBuilder, Separators,
    Target,
};

/// One message for all; what the table says is its second segment.
fn edited(
    segment: &[u8],
    edit: impl FnOnce(&mut Editor<'_>) -> Result<OwnedMessage, EditError>,
) -> Result<String, EditError> {
    let bytes = [b"MSH|^~\\&|A\r", segment].concat();
    let message = Message::parse(&bytes).expect("a header is there");
    let edited = edit(&mut Editor::new(&message))?;
    let again = OwnedMessage::parse(edited.as_bytes().clone()).expect("still a message");
    let ids = |message: &OwnedMessage| -> Vec<_> {
        message.as_message().segments().map(|segment| segment.id().to_owned()).collect()
    };
    assert_eq!(ids(&edited), ids(&again), "spans are those of the bytes");
    let text = edited.as_bytes().escape_ascii().to_string();
    let text = text.replace(r"\\", r"\").replace("\\\"", "\"");
    Ok(text.strip_prefix(r"MSH|^~\&|A\r").expect("the header is the same").to_owned())
}

fn path(path: &str) -> Path {
    path.parse().expect("a path")
}

#[test]
fn set_reaches_any_level_and_adds_what_is_missing_on_the_way() {
    for (segment, place, expected) in [
        ("PID|1|2|3", "PID-2", r"PID|1|x|3\r"),
        ("PID|1|2|3", "PID-3", r"PID|1|2|x\r"),
        ("PID|1|2|3", "PID-6", r"PID|1|2|3|||x\r"),
        ("PID", "PID-2", r"PID||x\r"),
        ("PID|", "PID-1", r"PID|x\r"),
        ("PID||||", "PID-2", r"PID||x||\r"),
        ("PID|a~b^c", "PID-1", r"PID|x\r"),
        ("PID|a~b^c", "PID-1[1]", r"PID|x~b^c\r"),
        ("PID|a~b^c", "PID-1[2].1", r"PID|a~x^c\r"),
        ("PID|a~b^c", "PID-1[2].4", r"PID|a~b^c^^x\r"),
        ("PID|a~b^c", "PID-1[4].2.3", r"PID|a~b^c~~^&&x\r"),
        ("PID|a~b^c|d", "PID-1.2", r"PID|a^x~b^c|d\r"),
        ("PID|a&b^c", "PID-1.1", r"PID|x^c\r"),
        ("PID|a&b^c", "PID-1.1.1", r"PID|x&b^c\r"),
        ("PID|a&b^c", "PID-1.2.2", r"PID|a&b^c&x\r"),
        ("PID|\"\"", "PID-1.2", "PID|\"\"^x\\r"),
        ("PV1|1\rPID|1\rPID|2", "PID[2]-1", r"PV1|1\rPID|1\rPID|x\r"),
        ("  PID|1", "PID-1", r"  PID|x\r"),
    ] {
        let edit = |editor: &mut Editor<'_>| editor.set(&path(place), "x").finish();
        assert_eq!(edited(segment.as_bytes(), edit).as_deref(), Ok(expected), "{segment} {place}");
    }
}

#[test]
fn text_is_escaped_and_raw_is_not() {
    let place = path("NTE-3");
    let text = |text: &'static str| {
        move |editor: &mut Editor<'_>| editor.set(&path("NTE-3"), text).finish()
    };
    for (value, expected) in [
        ("a|b^c~d&e\\f", r"NTE|||a\F\b\S\c\R\d\T\e\E\f\r"),
        ("a\r\nb", r"NTE|||a\X0D\\X0A\b\r"),
        ("\u{b}\u{1c}\0", r"NTE|||\X0B\\X1C\\X00\\r"),
        (r"already \T\ \.br\", r"NTE|||already \E\T\E\ \E\.br\E\\r"),
        ("#", r"NTE|||#\r"),
    ] {
        assert_eq!(edited(b"NTE", text(value)).as_deref(), Ok(expected), "{value:?}");
    }
    let raw = |editor: &mut Editor<'_>| editor.set_raw(&place, r"a\.br\b^c~\T\").finish();
    assert_eq!(edited(b"NTE", raw).as_deref(), Ok(r"NTE|||a\.br\b^c~\T\\r"));
    let lines =
        |editor: &mut Editor<'_>| editor.set_formatted(&place, "a\r\nb\nc|\\.br\\").finish();
    assert_eq!(edited(b"NTE", lines).as_deref(), Ok(r"NTE|||a\.br\b\.br\c\F\\E\.br\E\\r"));
    let components =
        |editor: &mut Editor<'_>| editor.set_components(&place, ["a^b", "", "c", "", ""]).finish();
    assert_eq!(edited(b"NTE", components).as_deref(), Ok(r"NTE|||a\S\b^^c\r"));
}

#[test]
fn null_and_clear_and_empty_text() {
    for (segment, place, null, clear) in [
        ("PID|1|2|3", "PID-2", r#"PID|1|""|3\r"#, r"PID|1||3\r"),
        ("PID|1|2|3", "PID-5", r#"PID|1|2|3||""\r"#, r"PID|1|2|3\r"),
        ("PID|a^b~c", "PID-1.2", r#"PID|a^""~c\r"#, r"PID|a^~c\r"),
        ("PID|a^b~c", "PID-1[3].2", r#"PID|a^b~c~^""\r"#, r"PID|a^b~c\r"),
    ] {
        let place = path(place);
        let made = edited(segment.as_bytes(), |editor| editor.set_null(&place).finish());
        assert_eq!(made.as_deref(), Ok(null), "{segment} {place}");
        let made = edited(segment.as_bytes(), |editor| editor.clear(&place).finish());
        assert_eq!(made.as_deref(), Ok(clear), "{segment} {place}");
        let made = edited(segment.as_bytes(), |editor| editor.set(&place, "").finish());
        assert_eq!(made.as_deref(), Ok(clear), "{segment} {place}");
    }
}

#[test]
fn repetitions_are_added_after_those_there_are() {
    for (field, expected) in [
        ("", "x~y^1"),
        ("\"\"", "x~y^1"),
        ("a", "a~x~y^1"),
        ("a~b^c", "a~b^c~x~y^1"),
        ("a~", "a~~x~y^1"),
    ] {
        let made = edited(format!("PID|||{field}|z").as_bytes(), |editor| {
            let ids = path("PID-3");
            editor.repeat(&ids, "x").repeat(&ids, "").repeat_components(&ids, ["y", "1"]).finish()
        });
        assert_eq!(made, Ok(format!(r"PID|||{expected}|z\r")), "{field}");
    }
    // An added repetition can be edited, and a later value for the field undoes it.
    let ids = path("PID-3");
    let made = edited(b"PID|||a", |editor| {
        editor.repeat(&ids, "b").set(&path("PID-3[2].4"), "c").repeat_raw(&ids, "d^e").finish()
    });
    assert_eq!(made.as_deref(), Ok(r"PID|||a~b^^^c~d^e\r"));
    let made = edited(b"PID|||a", |editor| editor.repeat(&ids, "b").set(&ids, "c").finish());
    assert_eq!(made.as_deref(), Ok(r"PID|||c\r"));
}

#[test]
fn each_means_every_segment_and_repetition_that_is_left_open() {
    for (segments, target, expected) in [
        (&b"PID|||1~2"[..], "PID-3.4", r"PID|||1^^^GH~2^^^GH\r"),
        (&b"PID|||1~2"[..], "PID-3[2].4", r"PID|||1~2^^^GH\r"),
        (&b"PID|||1~~2\rPID|||3"[..], "PID-3.1", r"PID|||GH~GH~GH\rPID|||GH\r"),
        (&b"PID|||1~2\rPID|||3~4"[..], "PID[2]-3.1", r"PID|||1~2\rPID|||GH~GH\r"),
        (&b"PID|||1~2\rPID|||3~4"[..], "PID[2]-3", r"PID|||1~2\rPID|||GH\r"),
        (&b"PID|||1&2^3~4&5"[..], "PID-3.1.2", r"PID|||1&GH^3~4&GH\r"),
        (&b"PID|1"[..], "PID-3.2", r"PID|1||^GH\r"),
        (&b"PV1|1"[..], "PID-3.2", r"PV1|1\r"),
    ] {
        let made =
            edited(segments, |editor| editor.set(Target::each(&path(target)), "GH").finish());
        assert_eq!(made.as_deref(), Ok(expected), "{target} of {}", segments.escape_ascii());
    }
}

#[test]
fn edits_of_each_repetition_count_in_their_order() {
    let each = Target::each;
    let field = path("PID-3");
    let (authority, second, fourth) = (path("PID-3.4"), path("PID-3[2].4"), path("PID-3[4].1"));
    type Change<'c> = &'c dyn Fn(&mut Editor<'_>);
    let changes: [(Change<'_>, &str); 9] = [
        (&|e| drop_ref(e.set(each(&authority), "A").set(&second, "B")), "1^^^A~2^^^B"),
        (&|e| drop_ref(e.set(&second, "B").set(each(&authority), "A")), "1^^^A~2^^^A"),
        (&|e| drop_ref(e.repeat(&field, "3").set(each(&authority), "A")), "1^^^A~2^^^A~3^^^A"),
        (&|e| drop_ref(e.set(each(&authority), "A").repeat(&field, "3")), "1^^^A~2^^^A~3"),
        (&|e| drop_ref(e.set(each(&authority), "A").set(&field, "x")), "x"),
        (&|e| drop_ref(e.set_raw(&field, "x~y~z").set(each(&authority), "A")), "x^^^A~y^^^A~z^^^A"),
        (&|e| drop_ref(e.set(&fourth, "4").set(each(&authority), "A")), "1^^^A~2^^^A~^^^A~4^^^A"),
        (&|e| drop_ref(e.set(each(&authority), "A").set(&fourth, "4")), "1^^^A~2^^^A~~4"),
        (&|e| drop_ref(e.clear(&field).repeat(&field, "9").clear(each(&authority))), "9"),
    ];
    for (number, (change, expected)) in changes.into_iter().enumerate() {
        let made = edited(b"PID|||1~2", |editor| {
            change(editor);
            editor.finish()
        });
        assert_eq!(made, Ok(format!(r"PID|||{expected}\r")), "case {number}");
    }
}

fn drop_ref(_: &mut Editor<'_>) {}

#[test]
fn later_edits_win_and_lower_ones_apply_to_what_was_put() {
    let made = edited(b"PID|1||3||A^B", |editor| {
        editor
            .set(&path("PID-5.2"), "undone")
            .set_raw(&path("PID-5"), "C^D^E")
            .set(&path("PID-5.2"), "first")
            .set(&path("PID-5.2"), "second")
            .finish()
    });
    assert_eq!(made.as_deref(), Ok(r"PID|1||3||C^second^E\r"));
}

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
fn delimiters_and_version_change_and_the_text_does_not() {
    let bytes = b"MSH|^~\\&#|A^B|||||||1|P|2.7^x\rZZZ|a\\F\\b^c$d\\X41\\\\.br\\~e&\\P\\f\\Q\\\r";
    let message = Message::parse(bytes).expect("a header is there");
    let ours = Separators::new(b'$', "%*/@!").expect("usable");
    let mut editor = Editor::new(&message);
    editor.swap_delimiters(ours).set_version("2.5.1").set(&path("ZZZ-2"), "$|/");
    let swapped = editor.finish().expect("edited");
    assert_eq!(
        swapped.as_bytes().escape_ascii().to_string().replace(r"\\", r"\"),
        r"MSH$%*/@!$A%B$$$$$$$1$P$2.5.1%x\rZZZ$a|b%c/F/d/X41//.br/*e@#f\Q\$/F/|/E/\r",
    );
    assert_eq!(swapped.as_message().separators(), ours);
    let text = swapped.as_message().get(&path("ZZZ-2")).decode().into_owned();
    assert_eq!(text, "$|/");
}

#[test]
fn text_is_written_in_the_character_set_of_the_message() {
    for (header, value, expected) in [
        (&b"8859/1"[..], "Ren\u{e9}", Ok(&b"Ren\xE9"[..])),
        (b"8859/1", "\u{20ac}", Err(EditErrorKind::NotInCharset)),
        (b"windows-1252", "\u{20ac}", Ok(b"\x80")),
        (b"UNICODE UTF-8", "\u{20ac}", Ok("\u{20ac}".as_bytes())),
        (b"", "\u{e9}", Ok("\u{e9}".as_bytes())),
        (b"~\xE9", "\u{e9}", Ok(b"\xE9")),
        (b"~\xE9", "\u{c3}\u{a9}", Err(EditErrorKind::NotInCharset)),
        (b"ASCII", "\u{e9}", Err(EditErrorKind::NotInCharset)),
        (b"ASCII", "e", Ok(b"e")),
        (b"BIG-5", "e", Ok(b"e")),
        // The second byte is that of a backslash.
        (b"BIG-5", "\u{529f}", Err(EditErrorKind::NotInCharset)),
        (b"8859/9", "\u{131}", Ok(b"\xFD")),
        #[cfg(feature = "charset")]
        (b"8859/2", "\u{104}", Ok(b"\xA1")),
        #[cfg(feature = "charset")]
        (b"KS X 1001", "\u{ac00}", Ok(b"\xB0\xA1")),
        #[cfg(feature = "charset")]
        (b"8859/2", "\u{e3}\u{416}", Err(EditErrorKind::NotInCharset)),
        #[cfg(not(feature = "charset"))]
        (b"8859/2", "\u{104}", Err(EditErrorKind::NotInCharset)),
    ] {
        let bytes = [b"MSH|^~\\&||||||||||||||||", header, b"\rPID|1\r"].concat();
        let message = Message::parse(&bytes).expect("a header is there");
        let edited = Editor::new(&message).set(&path("PID-5"), value).finish();
        match expected {
            Ok(expected) => {
                let edited = edited.expect("edited");
                let edited = edited.as_message();
                assert_eq!(edited.get(&path("PID-5")).as_bytes(), expected);
                assert_eq!(edited.get(&path("PID-5")).decode(), value);
            }
            Err(kind) => {
                let error = edited.expect_err("refused");
                assert_eq!((error.kind(), error.path()), (kind, Some(path("PID-5"))));
            }
        }
    }
    // The set that MSH-18 names after the edits.
    let message = Message::parse(b"MSH|^~\\&|A\rPID|1\r").expect("a header is there");
    let edited = Editor::new(&message)
        .set(&path("PID-5"), "\u{e9}")
        .set(&path("MSH-18"), "8859/1")
        .finish()
        .expect("edited");
    assert_eq!(edited.as_message().get(&path("PID-5")).as_bytes(), b"\xE9");
    assert_eq!(edited.as_message().get(&path("PID-5")).decode(), "\u{e9}");
}

#[test]
#[cfg(feature = "charset")]
fn a_decoded_message_stays_decoded() {
    let bytes =
        b"MSH|^~\\&|A|B|||2026||ADT^A01|1|P|2.5||||||SHIFT_JIS\rPID|||||\x83|\x81[\x83\x8b\r";
    let decoded = hl7_parse::charset::decode(&bytes[..], None).expect("decoded");
    let edited = Editor::new(&decoded.message.as_message())
        .set(&path("PID-8"), "\u{7537}")
        .set_version("2.5.1")
        .finish()
        .expect("edited");
    let message = edited.as_message();
    assert_eq!(message.get(&path("PID-5")).decode(), "\u{30dd}\u{30fc}\u{30eb}");
    assert_eq!(message.get(&path("PID-8")).decode(), "\u{7537}");
    assert_eq!(message.get(&path("MSH-18")).decode(), "SHIFT_JIS");
}

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
fn delimiters_that_lose_something_are_refused() {
    use EditErrorKind::*;
    for (segment, delimiters, kind, place) in [
        ("PID|a&b", "^~\\", LevelNotInUse, "PID[1]-1"),
        ("PID|1\rPID||a~b", "^", LevelNotInUse, "PID[2]-2"),
        (r"PID|\H\x", "^~", NotEscapable, "PID[1]-1"),
        (r"PID|\S\x", "^~", NotEscapable, "PID[1]-1"),
        (r"PID|1|\Z%\x", "%~\\", SequenceLost, "PID[1]-2"),
    ] {
        let bytes = format!("MSH|^~\\&|A\r{segment}\r");
        let message = Message::parse(bytes.as_bytes()).expect("a header is there");
        let new = Separators::new(b'|', delimiters).expect("usable");
        let error = Editor::new(&message).swap_delimiters(new).finish().expect_err("refused");
        assert_eq!((error.kind(), error.path()), (kind, Some(path(place))), "{segment}");
    }
    for (field, delimiters) in [
        (b'|', ""),
        (b'|', "^~\\&#!"),
        (b'|', "^^"),
        (b'|', "^|"),
        (b'A', "^~\\&"),
        (b'|', "^~\\x"),
        (b'|', "^~\\\""),
        (b'|', "^ "),
        (b'\r', "^"),
        (b'|', "\u{e9}"),
    ] {
        let error = Separators::new(field, delimiters).expect_err("unusable");
        assert_eq!(error.kind(), BadDelimiters, "{delimiters}");
    }
    // Those of a message that leaves out a level above one in use can not be declared.
    let other = Message::parse(b"MSH|^^\\&|A\r").expect("a header is there").separators();
    let message = Message::parse(b"MSH|^~\\&|A\r").expect("a header is there");
    let error = Editor::new(&message).swap_delimiters(other).finish().expect_err("unusable");
    assert_eq!(error.kind(), BadDelimiters);
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
fn real_messages_keep_their_text_through_other_delimiters() {
    let corpus = std::env::var_os("HL7_CORPUS").map_or_else(
        || std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus"),
        std::path::PathBuf::from,
    );
    let Ok(files) = std::fs::read_dir(corpus.join("messages")) else {
        eprintln!("skipped: no corpus of messages (set HL7_CORPUS)");
        return;
    };
    let decoded = |message: &Message<'_>| -> Vec<_> {
        message
            .leaves()
            .filter(|leaf| leaf.segment.id() != "MSH" || leaf.field > 2)
            .map(|leaf| (leaf.field, leaf.component, leaf.value().decode().into_owned()))
            .collect()
    };
    let ours = Separators::new(b'\'', "}`{!").expect("usable");
    for file in files.filter_map(Result::ok) {
        let bytes = std::fs::read(file.path()).expect("a readable file");
        let Ok(came) = Message::parse(&bytes) else { continue };
        let kept = Editor::new(&came).keep_line_ends().finish().expect("no edit");
        assert_eq!(kept.as_bytes(), &bytes, "{}", file.path().display());
        let there = Editor::new(&came).swap_delimiters(ours).finish().expect("swapped");
        let theirs = came.separators();
        let back = match Editor::new(&there.as_message()).swap_delimiters(theirs).finish() {
            Ok(back) => back,
            Err(error) => {
                // Delimiters that leave out a level above one in use can not be declared again.
                assert_eq!(error.kind(), EditErrorKind::BadDelimiters);
                continue;
            }
        };
        assert_eq!(decoded(&came), decoded(&back.as_message()), "{}", file.path().display());
    }
}

#[test]
fn text_that_can_not_be_escaped_among_letters_is_refused() {
    let message = Message::parse(b"MSH|^~$ABC|x\rPID|1\r").expect("readable");
    let mut editor = Editor::new(&message);
    editor.set(&Path::new("PID-2"), "\n");
    let error = editor.finish().expect_err("the code of a line feed holds the delimiter A");
    assert_eq!(error.kind(), EditErrorKind::NotEscapable);
}
