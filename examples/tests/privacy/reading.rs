//! What `hl7-parse` makes of marked messages, whole and damaged.

use std::collections::BTreeMap;

use bytes::Bytes;
use hl7_chaos::MARK;
use hl7_parse::{
    Editor, Element, Message, MessageBuilder, OwnedMessage, ParseOptions, Path, Segment,
    batch::{self, Reader, Splitter},
    charset::decode,
    continuation::{Continuation, join_additions},
    json,
    value::{
        Cp, Cq, Cwe, Cx, Date, DateTime, Dr, Ed, Ei, Hd, Mo, Nm, Nr, Observation, Pl, Raw, Ri, Rp,
        Si, Sn, Time, ToEr7, Tq, Xad, Xcn, Xon, Xpn, Xtn,
    },
};
use serde::Deserialize;

use crate::marks::{assert_clean, damaged, marked};

/// Reads a field as every type there is, and shows what comes of it.
fn values(raw: Raw<'_>) -> String {
    macro_rules! read {
        ($($type:ty),*) => {
            [$(match raw.read::<$type>() {
                Ok(value) => format!("{value:?}\n"),
                Err(error) => format!("{error} {error:?}\n"),
            }),*]
            .concat()
        };
    }
    let mut text = format!("{raw:?}\n");
    text += &read!(
        Date,
        DateTime,
        Time,
        Nm<'_>,
        Si,
        Cwe<'_>,
        Dr<'_>,
        Ed<'_>,
        Rp<'_>,
        Cx<'_>,
        Ei<'_>,
        Hd<'_>,
        Xpn<'_>,
        Xcn<'_>,
        Xon<'_>,
        Xad<'_>,
        Xtn<'_>,
        Pl<'_>,
        Cq<'_>,
        Nr<'_>,
        Mo<'_>,
        Cp<'_>,
        Sn<'_>,
        Tq<'_>,
        Ri<'_>,
        Vec<Cx<'_>>,
        Option<DateTime>
    );
    if let Ok(document) = raw.read::<Ed<'_>>() {
        text += &format!("{:?} {:?}\n", document.encoding(), document.data());
        if let Ok(data) = document.data() {
            text += &format!("{:?} {:?}\n", data.to_vec(10).map(|data| data.len()), data.chunks());
        }
    }
    text
}

fn segment(segment: Segment<'_>) -> String {
    let mut text = format!("{segment:?} {:?} {:?}\n", segment.fields(), segment.leaves());
    for observation in Observation::of(segment) {
        match observation {
            Ok(value) => text += &format!("{value:?}\n"),
            Err(error) => text += &format!("{error} {error:?}\n"),
        }
    }
    for field in segment.fields() {
        text += &format!("{field:?} {:?} {:?}\n", field.repetitions(), Element::from(field));
        for repetition in field.repetitions() {
            text += &format!("{repetition:?} {:?}\n", repetition.components());
            text +=
                &format!("{:?} {:?}\n", repetition.component(1), repetition.component(1).tokens());
        }
    }
    text
}

fn message(message: &Message<'_>) -> String {
    let mut text = format!("{message:?} {:?} {:?}\n", message.header(), message.segments());
    for group in message.groups("OBX") {
        text += &format!("{group:?}\n");
    }
    message.segments().for_each(|of| text += &segment(of));
    text
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it is not read but filled")]
struct Wrong {
    #[serde(rename = "PID-5")]
    name: u32,
    #[serde(rename = "OBX[]-5")]
    values: Vec<u32>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it is not read but filled")]
struct Number {
    #[serde(rename = "PID-7")]
    born: bool,
}

fn everything(bytes: &[u8]) -> String {
    let mut text = String::new();
    for options in [
        ParseOptions::new(),
        ParseOptions::strict(),
        ParseOptions::new().join_lines(),
        ParseOptions::new().max_segments(1),
    ] {
        match options.parse(bytes) {
            Ok(parsed) => {
                text += &format!("{parsed:?} {:?}\n", parsed.diagnostics);
                parsed.diagnostics.iter().for_each(|one| text += &format!("{one} {one:?}\n"));
            }
            Err(error) => text += &format!("{error} {error:?}\n"),
        }
    }
    for part in batch::parts(bytes) {
        text += &format!("{part:?} {:?}\n", part.read().map_err(|error| error.to_string()));
    }
    for part in Reader::new(bytes) {
        text += &match part {
            Ok(part) => format!("{part:?}\n"),
            Err(error) => format!("{error} {error:?}\n"),
        };
    }
    let (mut splitter, mut input) = (Splitter::new(), Bytes::copy_from_slice(bytes));
    while let Some(part) = splitter.next_part(&mut input) {
        text += &format!("{part:?} {splitter:?}\n");
    }
    text += &format!("{:?}\n", splitter.finish());
    for label in [None, Some("utf-8"), Some("shift_jis"), Some(MARK)] {
        text += &match decode(Bytes::copy_from_slice(bytes), label) {
            Ok(decoded) => format!("{decoded:?}\n"),
            Err(error) => format!("{error} {error:?}\n"),
        };
    }
    if let Ok(owned) = OwnedMessage::parse(Bytes::copy_from_slice(bytes)) {
        text += &format!("{owned:?} {:?}\n", join_additions(&owned));
        let mut joiner = Continuation::new();
        text += &match joiner.push(owned.clone()) {
            Ok(joined) => format!("{joined:?} {joiner:?}\n"),
            Err(error) => format!("{error} {error:?}\n"),
        };
    }
    text
}

#[test]
fn what_is_read_shows_no_value() {
    let marked = marked();
    let whole = Message::parse(&marked).unwrap();
    let text = message(&whole) + &everything(&marked);
    assert_clean("a whole message", &text);
    let mut fields = 0;
    for segment in whole.segments() {
        for field in segment.fields() {
            assert_clean("a value", &values(Raw::from(field)));
            for repetition in field.repetitions() {
                assert_clean("a value", &values(Raw::from(repetition)));
            }
            fields += 1;
        }
    }
    assert!(fields > 300, "{fields}");
    // What the marks are there to find.
    let shown = whole.segment("PID").unwrap().field(7).read::<Date>().unwrap();
    let shown = shown.to_er7(&whole.separators());
    assert_eq!(shown, crate::marks::DATE);
}

#[test]
fn errors_about_damaged_messages_show_no_value() {
    let mut unread = 0;
    for bytes in damaged() {
        let text = match Message::parse(&bytes) {
            Ok(read) => message(&read),
            Err(error) => {
                unread += 1;
                format!("{error} {error:?}")
            }
        };
        assert_clean(&format!("{} bytes", bytes.len()), &text);
        assert_clean(&format!("{} bytes", bytes.len()), &everything(&bytes));
    }
    assert!(unread > 20, "{unread}");
}

#[test]
fn errors_of_paths_edits_and_structs_show_no_value() {
    let marked = marked();
    let whole = Message::parse(&marked).unwrap();
    let mut texts = vec![
        format!("{:?}", MARK.parse::<Path>().map_err(|error| error.to_string())),
        format!("{:?}", format!("PID-{MARK}").parse::<Path>()),
    ];
    let editors: [fn(&mut Editor<'_>); 6] = [
        |editor| _ = editor.set(&Path::new("PID-5"), format!("{MARK}\r{MARK}\0")),
        |editor| _ = editor.set_raw(&Path::new("PID-5.1"), format!("{MARK}|{MARK}")),
        |editor| _ = editor.set(&Path::new("ZZZ-5"), MARK),
        |editor| _ = editor.set_version(MARK),
        |editor| _ = editor.max_len(10).set(&Path::new("PID-5"), MARK),
        |editor| _ = editor.set_components(&Path::new("PID-5"), [MARK, "é", "\u{1f600}"]),
    ];
    for edit in editors {
        let mut editor = Editor::new(&whole);
        edit(&mut editor);
        let finished = editor.finish();
        texts.push(format!("{editor:?} {finished:?}"));
        texts.extend(finished.err().map(|error| error.to_string()));
    }
    let mut builder = MessageBuilder::new();
    builder.sending_application(MARK).segment(MARK).set(5, MARK);
    let built = builder.finish();
    texts.push(format!("{builder:?} {built:?} {:?}", built.as_ref().map_err(ToString::to_string)));
    for text in [
        hl7_parse::de::from_message::<Wrong>(&whole).unwrap_err().to_string(),
        format!("{:?}", hl7_parse::de::from_message::<Wrong>(&whole)),
        format!("{:?}", hl7_parse::de::from_message::<Number>(&whole)),
        format!("{:?}", hl7_parse::de::from_message::<BTreeMap<String, u8>>(&whole)),
        hl7_parse::de::from_message::<Number>(&whole).unwrap_err().to_string(),
    ] {
        texts.push(text);
    }
    for text in [
        format!("{{\"segments\":[[\"MSH\",\"|\",\"^~\\\\&\",\"{MARK}|{MARK}\"]]}}"),
        format!("{{\"segments\":[[\"{MARK}\",\"|\",\"^~\\\\&\"]]}}"),
        format!("{{\"segments\":\"{MARK}\"}}"),
        format!("{{\"{MARK}\":\"{MARK}\"}}"),
        format!("\"{MARK}\""),
    ] {
        let read = json::deserialize(&mut serde_json::Deserializer::from_str(&text));
        let error = read.expect_err(&text);
        // The format's own parser may quote a name; values are what is ours to hide.
        texts.push(format!("{error} {error:?}"));
    }
    for text in texts {
        assert_clean("an error", &text);
    }
}
