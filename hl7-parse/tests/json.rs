//! The JSON form of a message is what it says, and gives the same bytes back.

#![allow(clippy::expect_used, reason = "a test")]

use hl7_parse::{Message, OwnedMessage, json::Json};
use proptest::prelude::*;
use serde_json::{Value, json};

fn to_json(bytes: &[u8]) -> String {
    let message = Message::parse(bytes).expect("readable");
    serde_json::to_string(&Json(&message)).expect("written")
}

fn from_json(json: &str) -> Result<OwnedMessage, serde_json::Error> {
    serde_json::from_str::<Json<OwnedMessage>>(json).map(|Json(message)| message)
}

/// A message whose second segment has these items.
fn with_item(item: &Value) -> String {
    json!({ "segments": [["MSH", "|", "^~\\&", "A"], ["PID", item]] }).to_string()
}

/// Bytes; the JSON form without its whitespace.
const KNOWN: &[(&[u8], &str)] = &[
    (b"MSH|^~\\&|A\r", r#"{"segments":[["MSH","|","^~\\&","A"]]}"#),
    (b"MSH|^~\\&|A", r#"{"segments":[["MSH","|","^~\\&","A"]],"after":[[1,""]]}"#),
    (
        b"MSH|^~\\&|A\rPID|||a^b&c~d|\"\"|\rPV1\r",
        r#"{"segments":[["MSH","|","^~\\&","A"],["PID","","",{"repetitions":[["a",["b","c"]],"d"]},"\"\"",""],["PV1"]]}"#,
    ),
    (
        b"MSH|^~\\&|A\rZXX|a&b|^|&|~|a^|~a|T\\T\\T\r",
        r#"{"segments":[["MSH","|","^~\\&","A"],["ZXX",[["a","b"]],["",""],[["",""]],{"repetitions":["",""]},["a",""],{"repetitions":["","a"]},"T\\T\\T"]]}"#,
    ),
    (
        b"MSH|^~\\&|A\nPID|1\n",
        r#"{"line_end":"\n","segments":[["MSH","|","^~\\&","A"],["PID","1"]]}"#,
    ),
    (
        b"\xEF\xBB\xBF\x0bMSH|^~\\&|A\r\nPID|1\r\n\r\nPV1|1\r\x1c\r",
        "{\"before\":\"\u{feff}\\u000b\",\"line_end\":\"\\r\\n\",\"segments\":[[\"MSH\",\"|\",\"^~\\\\&\",\"A\"],\
         [\"PID\",\"1\"],[\"PV1\",\"1\"]],\"after\":[[2,\"\\r\\n\\r\\n\"],[3,\"\\r\\u001c\\r\"]]}",
    ),
    (
        b"MSH|^~\\&|A\rPID|Ren\xE9^x\rno\xFF segment\r PV1|1\r",
        "{\"segments\":[[\"MSH\",\"|\",\"^~\\\\&\",\"A\"],[\"PID\",[{\"bytes\":\"Ren\u{e9}\"},\"x\"]],\
         [{\"bytes\":\"no\u{ff} segment\"}],[\" PV1\",\"1\"]]}",
    ),
    (
        b"MSH$%*/@$A%B\rPID$1*2@3$^|\rFHS$%*\rMSH|^~\r MSH$x\rMSH\r",
        r#"{"segments":[["MSH","$","%*/@",["A","B"]],["PID",{"repetitions":["1",[["2","3"]]]},"^|"],["FHS","$","%*"],["MSH|^~"],[" MSH","$","x"],["MSH"]]}"#,
    ),
    (b"MSH|^|a^b~c&d\r", r#"{"segments":[["MSH","|","^",["a","b~c&d"]]]}"#),
    (b"MSH|\r", r#"{"segments":[["MSH","|",""]]}"#),
    (b"MSH||a^b\r", r#"{"segments":[["MSH","|","",["a","b"]]]}"#),
    (
        b"MSH|\xE9~\\&|a^b~c\r",
        "{\"segments\":[[\"MSH\",\"|\",{\"bytes\":\"\u{e9}~\\\\&\"},{\"repetitions\":[\"a^b\",\"c\"]}]]}",
    ),
];

#[test]
fn a_header_behind_many_blanks_is_a_segment_like_others() {
    for blanks in [0, 1, 16, 17, 40] {
        let bytes = format!("MSH|^~\\&|A\r{}MSH|^~\\&#|B\r", "\t".repeat(blanks));
        let json = to_json(bytes.as_bytes());
        assert_eq!(from_json(&json).expect(&json).as_bytes(), &bytes, "{blanks} blanks");
    }
}

#[test]
fn what_could_not_be_read_back_is_not_written() {
    let joined = b"MSH|^~\\&|A\rNTE|1||SECRET\rsecond\rPID|1\r";
    let parsed = hl7_parse::ParseOptions::new().join_lines().parse(joined).expect("readable");
    let error = serde_json::to_string(&Json(&parsed.message)).expect_err("joined");
    assert!(!error.to_string().contains("SECRET"), "{error}");
    assert!(error.to_string().contains("read back"), "{error}");

    let data = b"MSH|^~\\&|A\rNTE|1||SECRET\nBMI|high\rPID|1\r";
    let options = hl7_parse::ParseOptions::new().line_feeds_are_data();
    let parsed = options.parse(data).expect("readable");
    let error = serde_json::to_string(&Json(&parsed.message)).expect_err("data");
    assert!(!error.to_string().contains("SECRET"), "{error}");
    assert!(error.to_string().contains("line feeds read as data"), "{error}");

    let big_5 = b"MSH|^~\\&|A|||||||1|P|2.5||||||BIG-5\rPID|||7||\xa5\\\xbb\\SECRET\r";
    let message = OwnedMessage::parse_undecoded(&big_5[..]).expect("readable");
    let error = serde_json::to_string(&Json(&message)).expect_err("not decoded");
    assert!(!error.to_string().contains("SECRET"), "{error}");

    let file = b"FHS|^~\\&|SECRET\rBHS|^~\\&|A\rMSH|^~\\&|A\rBTS|1\rFTS|1\r";
    let mut written = Vec::new();
    for part in hl7_parse::batch::parts(file) {
        let message = part.read().expect("readable");
        if let Ok(json) = serde_json::to_string(&Json(&message)) {
            assert_eq!(from_json(&json).expect(&json).as_bytes(), message.as_bytes());
            written.push(message.segments().next().expect("one").id());
        }
    }
    assert_eq!(written, ["MSH"]);
}

#[test]
fn messages_have_the_form_that_is_documented() {
    for (bytes, expected) in KNOWN {
        let shown = bytes.escape_ascii().to_string();
        assert_eq!(to_json(bytes), *expected, "{shown}");
        let message = from_json(expected).expect(&shown);
        assert_eq!(message.as_bytes(), *bytes, "{shown}");
    }
}

#[cfg(feature = "charset")]
#[test]
fn decoded_messages_stay_decoded() {
    use hl7_parse::{Charset, Path, charset::decode};

    let name = Path::new("PID-5");
    for (bytes, text) in [
        (&b"MSH|^~\\&|A|||||||1|P|2.5||||||8859/2\rPID|||||NOV\xC1K\r"[..], "NOVÁK"),
        (b"MSH|^~\\&|A|||||||1|P|2.5||||||SHIFT_JIS\rPID|||||\x8ER\x93c\x83|\x83\\\r", "山田ポソ"),
        (b"MSH|^~\\&|A|||||||1|P|2.5\rPID|||||abc\r", "abc"),
    ] {
        let decoded = decode(bytes, None).expect("decoded").message;
        assert_eq!(decoded.as_message().get(&name).decode(), text);
        let json = serde_json::to_string(&Json(&decoded)).expect("written");
        assert!(json.starts_with(r#"{"decoded":true,"#), "{json}");
        let again = from_json(&json).expect("read back");
        assert_eq!(again.as_bytes(), decoded.as_bytes());
        assert_eq!(again.charset(), Charset::Utf8);
        assert_eq!(again.as_message().get(&name).decode(), text);
    }
    let utf_8 = "MSH|^~\\&|A|||||||1|P|2.5||||||UNICODE UTF-8\rPID|||||NOVÁK\r";
    let decoded = decode(utf_8, None).expect("decoded").message;
    let json = serde_json::to_string(&Json(&decoded)).expect("written");
    assert!(!json.contains("decoded"), "{json}");

    for (json, expected) in [
        (r#"{"segments":[],"decoded":"SECRET"}"#, "`decoded` is true or false"),
        (r#"{"segments":[["MSH","|",{"bytes":"\u00e9"}]],"decoded":true}"#, "is UTF-8"),
    ] {
        let error = from_json(json).expect_err(json).to_string();
        assert!(error.contains(expected) && !error.contains("SECRET"), "{json}: {error}");
    }
}

#[test]
fn other_ways_to_write_the_same_are_read() {
    for (item, expected) in [
        (json!(["a"]), "a"),
        (json!([["a"]]), "a"),
        (json!([]), ""),
        (json!({ "repetitions": [] }), ""),
        (json!({ "repetitions": ["a"] }), "a"),
        (json!({ "repetitions": [["a", ["b"]], [], "c"] }), "a^b~~c"),
        (json!({ "bytes": "a" }), "a"),
        (json!([{ "bytes": "\u{c3}" }, ["x", { "bytes": "" }]]), "\u{fffd}^x&"),
    ] {
        let message = from_json(&with_item(&item)).expect("a message");
        let text = String::from_utf8_lossy(message.as_bytes()).into_owned();
        assert_eq!(text, format!("MSH|^~\\&|A\rPID|{expected}\r"), "{item}");
    }
    let unordered = r#"{"after":[[1,""]],"segments":[["MSH","|"]],"line_end":"\n","before":"\n"}"#;
    assert_eq!(from_json(unordered).expect("a message").as_bytes(), "\nMSH|");
}

#[test]
fn what_is_not_the_form_is_refused_without_showing_it() {
    let header = r#"["MSH","|","^~\\&","A"]"#;
    let segments = |segments: &str| format!(r#"{{"segments":[{header},{segments}]}}"#);
    let item = |item: Value| with_item(&item);
    let deep = (0..100).fold(json!("SECRET"), |inner, _| json!([inner]));
    for (json, expected) in [
        ("\"SECRET\"".to_owned(), "an object with `segments`"),
        ("4711".into(), "an object with `segments`"),
        ("-4711".into(), "an object with `segments`"),
        ("null".into(), "an object with `segments`"),
        ("[]".into(), "an object with `segments`"),
        ("{}".into(), "an object with `segments`"),
        (r#"{"SECRET":1}"#.into(), "has the keys"),
        (r#"{"segments":"SECRET"}"#.into(), "an array of arrays"),
        (r#"{"segments":4711}"#.into(), "an array of arrays"),
        (r#"{"segments":[]}"#.into(), "the input is empty"),
        (r#"{"segments":[[]]}"#.into(), "segment 1, item 0: a segment is an array"),
        (r#"{"segments":["SECRET"]}"#.into(), "segment 1, item 0: a segment is an array"),
        (
            r#"{"segments":[["PID","SECRET"]]}"#.into(),
            "segment 1, item 0: the first segment is MSH",
        ),
        (r#"{"segments":[["MSH"]]}"#.into(), "segment 1, item 1: this is the field separator"),
        (r#"{"segments":[["MSH","SECRET"]]}"#.into(), "segment 1, item 1: this is the field"),
        (r#"{"segments":[["MSH","7","^~"]]}"#.into(), "segment 1, item 2: MSH-1 is not a usable"),
        (r#"{"segments":[["MSH","|","|SECRET"]]}"#.into(), "segment 1, item 2: a string holds"),
        (
            r#"{"segments":[["MSH","|","^",["a","SECRET"],[["b","c"]]]]}"#.into(),
            "segment 1, item 4: MSH-2 declares no",
        ),
        (
            r#"{"segments":[["MSH","|","^",{"repetitions":["a","b"]}]]}"#.into(),
            "item 3: MSH-2 declares no",
        ),
        (segments("4711"), "segment 2, item 0: a segment is an array"),
        (segments("[4711]"), "segment 2, item 0: this is a string"),
        (segments(r#"["PID|SECRET"]"#), "segment 2, item 0: a string holds a delimiter"),
        (segments(r#"["PID","1\rSECRET"]"#), "segment 2, item 1: a string holds a delimiter"),
        (segments(r#"["PID","1\nOBX","SECRET"]"#), "make other segments"),
        (segments(r#"["   "]"#), "make other segments"),
        (segments(r#"["PID","1\u001c"]"#), "make other segments"),
        (segments(r#"["MSH","$"]"#), "segment 2, item 1: this is the field separator"),
        (item(json!("SECRET^1")), "segment 2, item 1: a string holds a delimiter"),
        (item(json!("SECRET~1")), "segment 2, item 1: a string holds a delimiter"),
        (item(json!(["SECRET&1"])), "segment 2, item 1: a string holds a delimiter"),
        (item(json!({ "bytes": "SECRET|" })), "segment 2, item 1: a string holds a delimiter"),
        (item(json!({ "bytes": "SECRET\u{100}" })), "segment 2, item 1: `bytes` has characters"),
        (item(json!({ "bytes": 4711 })), "are strings"),
        (item(json!({ "bytes": "a", "SECRET": "b" })), "segment 2, item 1: a field is"),
        (item(json!({ "SECRET": "b" })), "segment 2, item 1: a field is"),
        (item(json!({})), "segment 2, item 1: a field is"),
        (item(json!(4711)), "segment 2, item 1: a field is"),
        (item(json!(4711.5)), "segment 2, item 1: a field is"),
        (item(json!(true)), "segment 2, item 1: a field is"),
        (item(json!(null)), "segment 2, item 1: a field is"),
        (item(json!({ "repetitions": "SECRET" })), "`repetitions` is an array"),
        (item(json!({ "repetitions": [4711] })), "a repetition is"),
        (item(json!({ "repetitions": [{ "repetitions": [] }] })), "a repetition is"),
        (item(json!([4711])), "a component is"),
        (item(json!([["a", 4711]])), "this is a string"),
        (item(json!([[["SECRET"]]])), "this is a string"),
        (item(deep), "this is a string"),
        (format!(r#"{{"segments":[{header}],"segments":[{header}]}}"#), "twice"),
        (format!(r#"{{"segments":[{header}],"line_end":"SECRET"}}"#), "`line_end` is"),
        (format!(r#"{{"segments":[{header}],"before":"SECRET"}}"#), "no MSH segment at the start"),
        (
            format!(r#"{{"segments":[{header}],"before":"MSH|^~\\&|SECRET\r"}}"#),
            "make other segments",
        ),
        (format!(r#"{{"segments":[{header}],"after":[[1,"\rSECRET"]]}}"#), "make other segments"),
        (
            format!(r#"{{"segments":[{header}],"after":[[1,"\r"],[1,"\r"]]}}"#),
            "`after` is in the order",
        ),
        (format!(r#"{{"segments":[{header}],"after":[[2,"\r"]]}}"#), "`after` is in the order"),
        (format!(r#"{{"segments":[{header}],"after":[["SECRET","\r"]]}}"#), "`after` is an array"),
        (format!(r#"{{"segments":[{header}],"after":[[1]]}}"#), "`after` is an array"),
        (format!(r#"{{"segments":[{header}],"after":[[1,"\r",2]]}}"#), "`after` is an array"),
        (format!(r#"{{"segments":[{header}],"after":"SECRET"}}"#), "`after` is an array"),
    ] {
        let error = from_json(&json).expect_err(&json).to_string();
        assert!(error.contains(expected), "{json}: {error}");
        for value in ["SECRET", "4711"] {
            assert!(!error.contains(value), "{json}: {error}");
        }
    }
}

#[test]
fn real_messages_come_back() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata");
    let mut files = crate::corpus::files();
    for folder in ["messages", "malformed"] {
        let entries = std::fs::read_dir(root.join(folder)).expect("testdata");
        files.extend(entries.map(|entry| entry.expect("an entry").path()));
    }
    let mut read = 0;
    for path in files {
        let bytes = std::fs::read(&path).expect("a readable file");
        if Message::parse(&bytes).is_ok() {
            let again = from_json(&to_json(&bytes)).expect("read back");
            assert_eq!(again.as_bytes(), &bytes, "{}", path.display());
            read += 1;
        }
    }
    assert!(read > 10, "{read} messages");
}

/// Any header that can be read, then any bytes, rich in what matters.
fn any_message() -> impl Strategy<Value = Vec<u8>> {
    let separator = prop_oneof![3 => Just(b'|'), 1 => any::<u8>()];
    let byte = prop_oneof![
        3 => prop::sample::select(b"|^~\\&\r\nMSHPID \x0b\x1c\0\xEF\xBB\xBF".to_vec()),
        1 => any::<u8>(),
    ];
    (separator, prop::collection::vec(byte.clone(), 0..7), prop::collection::vec(byte, 0..200))
        .prop_map(|(separator, msh_2, rest)| {
            [b"MSH", &[separator][..], &msh_2, &[separator], &rest].concat()
        })
        .prop_filter("readable", |bytes| Message::parse(bytes).is_ok())
}

/// Items with text that may or may not be allowed.
fn any_item() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        8 => "[a-zA-Z0-9é]{0,4}",
        1 => "[|^~&\r\n \u{0b}\u{1c}]{1,3}",
    ];
    text.prop_map(Value::String).prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            prop::collection::vec(inner, 0..3).prop_map(|list| json!({ "repetitions": list })),
        ]
    })
}

proptest! {
    #[test]
    fn bytes_come_back(bytes in prop_oneof![crate::properties::message(), any_message()]) {
        let json = to_json(&bytes);
        let again = from_json(&json).expect("read back");
        prop_assert_eq!(again.as_bytes(), &bytes, "{}", json);
        // The same through a tree, and from text that can not be borrowed from.
        let tree: Value = serde_json::from_str(&json).expect("a tree");
        let Json(again) = serde_json::from_value::<Json<OwnedMessage>>(tree.clone()).expect("read back");
        prop_assert_eq!(again.as_bytes(), &bytes);
        let Json(again) = serde_json::from_reader::<_, Json<OwnedMessage>>(json.as_bytes()).expect("read back");
        prop_assert_eq!(again.as_bytes(), &bytes);
        prop_assert_eq!(serde_json::to_value(Json(again)).expect("written"), tree);
    }

    #[test]
    fn items_are_fields(bytes in crate::properties::message()) {
        let message = Message::parse(&bytes).expect("readable");
        let tree: Value = serde_json::from_str(&to_json(&bytes)).expect("a tree");
        for (n, segment) in message.segments().enumerate() {
            for (number, field) in (1..).zip(segment.fields()) {
                let item = &tree["segments"][n][number];
                if let Some(text) = item.as_str() {
                    prop_assert_eq!(field.to_str(), Ok(text));
                } else if let Some(repetitions) = item["repetitions"].as_array() {
                    prop_assert_eq!(field.repetitions().count(), repetitions.len());
                } else if let Some(components) = item.as_array() {
                    prop_assert_eq!(field.components().count(), components.len());
                }
            }
        }
    }

    #[test]
    fn what_is_read_is_what_was_written(
        segments in prop::collection::vec(("[A-Z]{3}", prop::collection::vec(any_item(), 0..4)), 0..3)
    ) {
        let mut list = vec![json!(["MSH", "|", "^~\\&", "A"])];
        for (id, items) in &segments {
            let mut segment = vec![json!(id)];
            segment.extend(items.iter().cloned());
            list.push(Value::Array(segment));
        }
        let json = json!({ "segments": list }).to_string();
        let Ok(message) = from_json(&json) else { return Ok(()) };
        let message = message.as_message();
        prop_assert_eq!(message.segments().count(), list.len(), "{}", json);
        for (segment, items) in message.segments().zip(&list) {
            prop_assert_eq!(segment.fields().count() + 1, items.as_array().map_or(0, Vec::len));
            for (number, field) in (1..).zip(segment.fields()) {
                if let Some(text) = items[number].as_str() {
                    prop_assert_eq!(field.to_str(), Ok(text), "{}", json);
                }
            }
        }
        let again = to_json(message.as_bytes());
        let again = from_json(&again).expect("read back");
        prop_assert_eq!(again.as_bytes(), message.as_bytes());
    }
}
