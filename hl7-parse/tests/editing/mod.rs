//! Editing, building and formatted text.

#![allow(clippy::expect_used, reason = "helpers of tests, outside of them")]

mod building;
mod joined;
mod limits;
mod properties;
mod refusals;
mod segments;
mod text;
mod values;

use hl7_parse::{EditError, Editor, Message, OwnedMessage, Path};

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
