//! Structs are filled by paths, or refused with a place and no value.

#![allow(clippy::expect_used, reason = "helpers of tests, outside of them")]

mod absence;
mod levels;
mod properties;
mod refusals;
mod typed;

use hl7_parse::Message;
use serde::Deserialize;

const ADMISSION: &[u8] = b"MSH|^~\\&|ADT1|GH|EHR|GH|202605011200||ADT^A01^ADT_A01|4711|P|2.5.1\r\
    PID|1||555^^^GH&1.2.3&ISO^MR~999^^^SSA^SS~||TESTER^TINA^T\\T\\T||19700228|F|\"\"|-3|12.50|N\r\
    NK1|1|TESTER^TOM\r\
    NK1|2|TESTER^TESSA~OTHER^O||x\r";

fn message(bytes: &[u8]) -> Message<'_> {
    Message::parse(bytes).expect("readable")
}

/// One struct with one path, filled from a message.
macro_rules! read {
    ($bytes:expr, $path:literal as borrowed $type:ident) => {{
        #[derive(Deserialize)]
        struct One<'a> {
            #[serde(rename = $path, borrow)]
            value: $type<'a>,
        }
        de::from_message::<One<'_>>(&message($bytes)).map(|one| one.value)
    }};
    ($bytes:expr, $path:literal as $type:ty) => {{
        #[derive(Deserialize)]
        struct One {
            #[serde(rename = $path)]
            value: $type,
        }
        de::from_message::<One>(&message($bytes)).map(|one| one.value)
    }};
}

use read;

#[derive(Debug, Deserialize, PartialEq)]
pub(super) struct Kin {
    #[serde(rename = "1")]
    pub(super) set_id: u8,
    #[serde(rename = "2.1")]
    pub(super) family_names: Vec<String>,
    #[serde(rename = "2[2].1")]
    pub(super) second: Option<String>,
    #[serde(rename = "4")]
    pub(super) address: Option<String>,
}
