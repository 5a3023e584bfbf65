//! The JSON form of a message gives its bytes back; any JSON is a message of just those items or is
//! refused; a struct is filled with what the accessors find.

#![no_main]

use hl7_parse::{
    Element, Message, OwnedMessage,
    de::{self, Nullable},
    json::Json,
    value::Observation,
};
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;

#[derive(Deserialize)]
struct Anything<'a> {
    #[serde(rename = "PID-1.1", borrow)]
    leaf: Element<'a>,
    #[serde(rename = "PID-1", borrow)]
    fields: Vec<Element<'a>>,
    #[serde(rename = "OBX")]
    segments: Vec<Lines>,
    #[serde(rename = "OBX-5.1.1")]
    text: Nullable<String>,
}

#[derive(Deserialize)]
struct Lines {
    #[serde(rename = "1.1.1")]
    first: Nullable<String>,
}

#[derive(Deserialize)]
struct Observed<'a> {
    #[serde(rename = "OBX-5", borrow)]
    values: Vec<Observation<'a>>,
}

fuzz_target!(|bytes: &[u8]| {
    // As a message.
    if let Ok(message) = Message::parse(bytes) {
        let json = serde_json::to_string(&Json(&message)).expect("written");
        let Json(again) = serde_json::from_str::<Json<OwnedMessage>>(&json).expect("read");
        assert_eq!(again.as_bytes(), bytes, "{json}");
        assert_eq!(serde_json::to_string(&Json(&again)).expect("written"), json);
        fill(&message);
    }
    // As JSON.
    if let Ok(Json(message)) = serde_json::from_slice::<Json<OwnedMessage>>(bytes) {
        let json = serde_json::to_string(&Json(&message)).expect("written");
        let Json(again) = serde_json::from_str::<Json<OwnedMessage>>(&json).expect("read");
        assert_eq!(again.as_bytes(), message.as_bytes(), "{json}");
    }
});

fn fill(message: &Message<'_>) {
    let read: Anything<'_> = de::from_message(message).expect("takes anything");
    let get = |path: &str| message.get(&path.parse().expect(path));
    assert_eq!(read.leaf.as_bytes(), get("PID-1.1").as_bytes());
    for (n, field) in (1..=60_000).zip(&read.fields) {
        assert_eq!(field.as_bytes(), get(&format!("PID-1[{n}]")).as_bytes());
        if n > 50 {
            break;
        }
    }
    assert_eq!(read.segments.len(), message.segments_with_id("OBX").count());
    for (line, segment) in read.segments.iter().zip(message.segments_with_id("OBX")) {
        let leaf = segment.field(1).component(1).subcomponent(1);
        assert_eq!(line.first.is_null(), leaf.is_null());
        if let Nullable::Value(text) = &line.first {
            assert_eq!(*text, leaf.decode());
        }
    }
    assert_eq!(read.text.is_absent(), !get("OBX-5.1.1").is_valued());

    let Some(obx) = message.segment("OBX") else { return };
    if let Ok(observed) = de::from_message::<Observed<'_>>(message) {
        let all: Vec<_> = Observation::of(obx).collect();
        // Empty repetitions at the end do not count.
        assert!(observed.values.len() <= all.len());
        for (one, other) in observed.values.iter().zip(all) {
            assert_eq!(format!("{one:?}"), format!("{:?}", other.expect("in form")));
        }
    }
}
