//! What edits of values make of a message, byte for byte.

use hl7_parse::{Editor, Target};

use super::{edited, path};

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
