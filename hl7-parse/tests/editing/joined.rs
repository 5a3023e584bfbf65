//! Lines that were joined on reading stay one segment in what is written.

use hl7_parse::{EditErrorKind, Editor, OwnedMessage, ParseOptions, SegmentBuilder};

use super::path;

fn edited(bytes: &[u8], kept: bool) -> Result<OwnedMessage, EditErrorKind> {
    let message = ParseOptions::new().join_lines().parse(bytes).expect("readable").message;
    let mut editor = Editor::new(&message);
    if kept {
        editor.keep_line_ends();
    }
    let edited = editor.set(&path("NTE-4"), "y").finish().map_err(|error| error.kind())?;
    let again = OwnedMessage::parse(edited.as_bytes().clone()).expect("still a message");
    let segments = |message: &OwnedMessage| -> Vec<_> {
        message.as_message().segments().map(|segment| segment.as_bytes().to_vec()).collect()
    };
    assert_eq!(segments(&edited), segments(&again), "{}", bytes.escape_ascii());
    Ok(edited)
}

#[test]
fn line_ends_in_joined_segments_are_escaped_edited_or_not() {
    for (bytes, expected) in [
        (
            &b"MSH|^~\\&|A\rNTE|1||one\rtwo & three|x\rPID|1\r"[..],
            &b"MSH|^~\\&|A\rNTE|1||one\\X0D\\two & three|y\rPID|1\r"[..],
        ),
        (
            b"MSH|^~\\&|A\rNTE|1||a|x\rOBX|1||b\r\nc\n\rd|e\r",
            b"MSH|^~\\&|A\rNTE|1||a|y\rOBX|1||b\\X0D\\\\X0A\\c\\X0A\\\\X0D\\d|e\r",
        ),
        (b"MSH|^~\\&|A\rNTE|1||a\nb|x\rOBX|a\nb\r", b"MSH|^~\\&|A\rNTE|1||a\nb|y\rOBX|a\nb\r"),
        (b"MSH|^~\\&|A\rrest|b\rNTE|1\r", b"MSH|^~\\&|A\\X0D\\rest|b\rNTE|1|||y\r"),
    ] {
        for kept in [false, true] {
            let edited = edited(bytes, kept).expect("edited");
            let shown = edited.as_bytes().escape_ascii().to_string();
            assert_eq!(shown, expected.escape_ascii().to_string(), "{kept}");
        }
    }
    let line_feeds = b"MSH|^~\\&|A\nNTE|1||one\nsecond|x\nOBX|a\nb\n";
    assert_eq!(
        edited(line_feeds, true).expect("edited").as_bytes(),
        &b"MSH|^~\\&|A\nNTE|1||one\\X0A\\second|y\nOBX|a\\X0A\\b\n"[..]
    );
    assert_eq!(
        edited(line_feeds, false).expect("edited").as_bytes(),
        &b"MSH|^~\\&|A\rNTE|1||one\\X0A\\second|y\rOBX|a\\X0A\\b\r"[..]
    );
}

#[test]
fn joined_lines_that_can_not_be_escaped_are_refused() {
    for bytes in [
        // No escape character; inside of MSH-2; inside of a segment without fields; behind an
        // escape character that would take the sequence apart.
        &b"MSH|^~|A\rNTE|1||one\rsecond\r"[..],
        b"MSH|^~\\&\rrest\rNTE|1\r",
        b"MSH|^~\\&|A\rNTE|1\rPV1\rrest\r",
        b"MSH|^~\\&|A\rNTE|1||a\\X41\rb\r",
    ] {
        let kind = edited(bytes, false).expect_err("refused");
        assert_eq!(kind, EditErrorKind::NotEscapable, "{}", bytes.escape_ascii());
    }
}

#[test]
fn a_joined_header_does_not_change_what_ends_the_other_lines() {
    let end = "NTE|1||first\nsecond|x\nPID|1";
    let header = "MSH|^~\\&|A|long\rname|||1||ADT^A01|7|P|2.5\n";
    let bytes = format!("{header}{end}");
    let message = ParseOptions::new().join_lines().parse(bytes.as_bytes()).expect("readable");
    assert_eq!(message.message.segments().len(), 3);
    let edited = Editor::new(&message.message).keep_line_ends().finish().expect("no edit");
    let header = header.replace('\r', "\\X0D\\").replace('\n', "\r");
    assert_eq!(
        edited.as_bytes().escape_ascii().to_string(),
        format!("{header}{end}").escape_default().to_string()
    );

    let edited = self::edited(bytes.as_bytes(), true).expect("edited");
    assert_eq!(edited.as_message().segments().len(), 3);
    let mut editor = Editor::new(&message.message);
    editor.insert_after(&path("MSH"), &SegmentBuilder::new("ZZZ")).keep_line_ends();
    let edited = editor.finish().expect("edited");
    let expected = format!("{header}ZZZ\r{end}").escape_default().to_string();
    assert_eq!(edited.as_bytes().escape_ascii().to_string(), expected);
}
