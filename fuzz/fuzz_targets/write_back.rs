//! What is read is written back: byte for byte by an editor without edits, and with nothing but
//! the line ends changed where those are not kept.

#![no_main]

use hl7_parse::{Editor, Message, OwnedMessage, ParseOptions};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(message) = Message::parse(bytes) else { return };

    let mut editor = Editor::new(&message);
    let ended = editor.finish().expect("no edit");
    let kept = editor.keep_line_ends().finish().expect("no edit");
    assert_eq!(kept.as_bytes(), bytes, "no edit changes no byte");
    assert_eq!(ended.as_bytes(), message.to_owned().with_cr_ends().as_bytes());

    // Every byte that is in no segment is a line end, a byte order mark or framing, or blank; and
    // reading strictly refuses what a tolerant reading reports.
    let parsed = ParseOptions::new().parse(bytes).expect("tolerant, as Message::parse");
    let mut at = 0;
    for segment in message.segments() {
        let span = message.span_of(segment).expect("present");
        assert_between(&bytes[at..span.start], &parsed);
        at = span.end;
    }
    assert_between(&bytes[at..], &parsed);
    let options = ParseOptions::new().line_feeds_are_data().check_escapes();
    // A header with line feeds may be longer, and name a set in which nothing can be split.
    let Ok(parsed) = options.parse(bytes) else {
        assert!(ParseOptions::strict().parse(bytes).is_err(), "strict, and not tolerant");
        return;
    };
    let told = parsed.diagnostics;
    let refused = told.iter().any(|found| found.code().name() != "line-feed-in-data");
    assert_eq!(ParseOptions::strict().parse(bytes).is_err(), refused, "{told:?}");
    let kept_data = Editor::new(&parsed.message).keep_line_ends().finish().expect("no edit");
    assert_eq!(kept_data.as_bytes(), bytes, "no edit changes no byte, line feeds in data neither");

    // What an editor hands out is what reading its bytes gives.
    for written in [kept, ended] {
        let again = OwnedMessage::parse(written.as_bytes().clone()).expect("still a message");
        let spans = |message: &OwnedMessage| -> Vec<_> {
            let message = message.as_message();
            message.segments().map(|segment| message.span_of(segment)).collect()
        };
        assert_eq!(spans(&again), spans(&written));
    }
});

/// Nothing that says anything stands between segments.
fn assert_between(bytes: &[u8], parsed: &hl7_parse::Parsed<'_>) {
    let mut rest = bytes;
    while let Some((byte, after)) = rest.split_first() {
        rest = match rest.strip_prefix(b"\xEF\xBB\xBF") {
            Some(after) => after,
            None => after,
        };
        assert!(
            matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x0B | 0x0C | 0x1C | 0 | 0xEF),
            "byte {byte:#04x} in no segment; {:?}",
            parsed.diagnostics
        );
    }
}
