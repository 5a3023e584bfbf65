//! No text that we make holds a value from a message.

use hl7_parse::{Message, OwnedMessage, ParseOptions, batch};

const MARK: &str = "SECRETNAME";

#[test]
fn debug_and_display_show_no_value() {
    let text = format!("MSH|^~\\&|{MARK}\rPID|||{MARK}^{MARK}\r{MARK} {MARK}\r{MARK}|{MARK}");
    let message = Message::parse(text.as_bytes()).expect("readable");
    let owned = OwnedMessage::parse(text.clone()).expect("readable");
    let parsed = ParseOptions::new().parse(text.as_bytes()).expect("readable");
    let mut shown = vec![
        format!("{message:?} {owned:?} {parsed:?} {:?}", message.header()),
        format!("{:?}", parsed.diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>()),
        format!("{:?}", batch::parts(text.as_bytes()).collect::<Vec<_>>()),
        format!("{:?} {:?}", batch::parts(text.as_bytes()), message.segments()),
    ];
    for segment in message.segments() {
        shown.push(format!("{segment:?} {:?} {:?}", segment.fields(), segment.leaves()));
        for field in segment.fields() {
            let repetition = field.repetition(1);
            shown.push(format!("{field:?} {repetition:?} {:?}", field.repetitions()));
            shown.push(format!("{:?} {:?}", repetition.components(), field.component(1)));
            shown.push(format!("{:?}", field.component(1).subcomponents()));
        }
        for leaf in segment.leaves() {
            shown.push(format!("{leaf:?} {:?}", leaf.value()));
        }
    }
    for text in shown {
        assert!(!text.contains(MARK), "{text}");
    }
}

#[test]
fn errors_show_no_value() {
    for text in [MARK.to_owned(), format!("MSH{MARK}"), format!("FHS|^~\\&|{MARK}")] {
        let error = Message::parse(text.as_bytes()).expect_err("unreadable");
        assert!(!format!("{error} {error:?}").contains(MARK), "{error}");
    }
    let error = format!("{:?}", MARK.parse::<hl7_parse::Path>());
    assert!(!error.contains(MARK), "{error}");
}
