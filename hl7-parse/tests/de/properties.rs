//! What is filled is what the accessors find, for any message.

use hl7_parse::{
    Element,
    de::{self, Nullable},
};
use proptest::prelude::*;
use serde::Deserialize;

use super::message;

#[derive(Debug, Deserialize)]
struct Anything {
    #[serde(rename = "MSH-2")]
    encoding_characters: Option<String>,
    #[serde(rename = "PID-1.1")]
    leaf: Nullable<String>,
    #[serde(rename = "PID-1")]
    fields: Vec<Nullable<Part>>,
    #[serde(rename = "PID")]
    segments: Vec<Lines>,
}

#[derive(Debug, Deserialize)]
struct Lines {
    #[serde(rename = "1.1.1")]
    first: Nullable<String>,
    #[serde(rename = "2[2].1")]
    second: Nullable<String>,
}

#[derive(Debug, Deserialize)]
struct Part {
    #[serde(rename = "2.1")]
    leaf: Nullable<String>,
}

fn as_text(element: Element<'_>) -> Nullable<String> {
    match (element.is_valued(), element.is_null()) {
        (false, _) => Nullable::Absent,
        (_, true) => Nullable::Null,
        _ => Nullable::Value(element.decode().into_owned()),
    }
}

proptest! {
    #[test]
    fn what_is_filled_is_what_the_accessors_find(bytes in crate::properties::message()) {
        let message = message(&bytes);
        let read: Anything = de::from_message(&message).expect("takes anything");
        let get = |path: &str| as_text(message.get(&path.parse().expect(path)));
        prop_assert_eq!(read.encoding_characters, get("MSH-2").value());
        prop_assert_eq!(read.leaf, get("PID-1.1"));
        prop_assert_eq!(read.segments.len(), message.segments_with_id("PID").count());
        for (n, segment) in (1..).zip(read.segments) {
            prop_assert_eq!(segment.first, get(&format!("PID[{n}]-1.1.1")));
            prop_assert_eq!(segment.second, get(&format!("PID[{n}]-2[2].1")));
        }
        let field = message.segment("PID").map(|pid| pid.field(1));
        let count = field.map_or(0, |field| field.repetitions().count());
        prop_assert!(read.fields.len() <= count);
        for n in read.fields.len() + 1..=count {
            prop_assert_eq!(get(&format!("PID-1[{n}]")), Nullable::Absent);
        }
        for (n, part) in (1..).zip(read.fields) {
            let expected = get(&format!("PID-1[{n}]"));
            prop_assert_eq!(part.is_null(), expected.is_null());
            prop_assert_eq!(part.is_absent(), expected.is_absent());
            if let Nullable::Value(part) = part {
                prop_assert_eq!(part.leaf, get(&format!("PID-1[{n}].2.1")));
            }
        }
    }
}
