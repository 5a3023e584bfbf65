//! Absent, empty and null go where a type has a place for them.

use hl7_parse::{
    Path,
    de::{self, DeErrorKind as Kind, Nullable},
};
use serde::Deserialize;

use super::{Kin, message, read};

#[test]
fn absent_empty_and_null_go_where_the_type_has_a_place_for_them() {
    let bytes = b"MSH|^~\\&|A\rPID||\"\"|x|\"\"^y|~|a~~b~~|\"\"~z\r";
    assert_eq!(read!(bytes, "PID-1" as Option<String>), Ok(None));
    assert_eq!(read!(bytes, "PID-9" as Option<String>), Ok(None));
    assert_eq!(read!(bytes, "PV1-9" as Option<String>), Ok(None));
    assert_eq!(read!(bytes, "PID-3" as Option<String>), Ok(Some("x".into())));
    assert_eq!(read!(bytes, "PID-1" as Nullable<String>), Ok(Nullable::Absent));
    assert_eq!(read!(bytes, "PID-9" as Nullable<u8>), Ok(Nullable::Absent));
    assert_eq!(read!(bytes, "PID-2" as Nullable<u8>), Ok(Nullable::Null));
    assert_eq!(read!(bytes, "PID-2.1.1" as Nullable<u8>), Ok(Nullable::Null));
    assert_eq!(read!(bytes, "PID-3" as Nullable<String>), Ok(Nullable::Value("x".into())));
    assert_eq!(read!(bytes, "PID-4.1" as Nullable<String>), Ok(Nullable::Null));
    assert_eq!(read!(bytes, "PID-2" as Nullable<Kin>), Ok(Nullable::Null));
    assert_eq!(read!(bytes, "PID-2" as Nullable<Vec<Kin>>), Ok(Nullable::Null));
    assert_eq!(read!(bytes, "PID-1" as Option<Nullable<u8>>), Ok(None));
    assert_eq!(read!(bytes, "PID-2" as Option<Nullable<u8>>), Ok(Some(Nullable::Null)));
    assert_eq!(read!(bytes, "PID-1" as Vec<String>), Ok(vec![]));
    assert_eq!(read!(bytes, "PID-5" as Vec<String>), Ok(vec![]));
    assert_eq!(
        read!(bytes, "PID-6" as Vec<Option<String>>),
        Ok(vec![Some("a".into()), None, Some("b".into())])
    );
    assert_eq!(
        read!(bytes, "PID-7" as Vec<Nullable<char>>),
        Ok(vec![Nullable::Null, Nullable::Value('z')])
    );
    for (found, kind, path) in [
        (read!(bytes, "PID-1" as String).err(), Kind::Missing, "PID-1"),
        (read!(bytes, "PID-1" as bool).err(), Kind::Missing, "PID-1"),
        (read!(bytes, "PV1-3[2].1" as u8).map(|_| ()).err(), Kind::Missing, "PV1-3[2].1"),
        (read!(bytes, "PID-6" as Vec<String>).map(|_| ()).err(), Kind::Missing, "PID-6[2]"),
        (read!(bytes, "PV1" as Kin).map(|_| ()).err(), Kind::Missing, "PV1"),
        (read!(bytes, "PID-1" as Kin).map(|_| ()).err(), Kind::Missing, "PID-1"),
        (read!(bytes, "PID-2" as String).err(), Kind::Null, "PID-2"),
        (read!(bytes, "PID-2" as Option<String>).map(|_| ()).err(), Kind::Null, "PID-2"),
        (read!(bytes, "PID-2" as Kin).map(|_| ()).err(), Kind::Null, "PID-2"),
        (read!(bytes, "PID-7" as Vec<String>).map(|_| ()).err(), Kind::Null, "PID-7[1]"),
    ] {
        let error = found.expect(path);
        assert_eq!((error.kind(), error.path()), (kind, path.parse().ok()), "{error}");
    }
}

#[test]
fn defaults_stand_in_for_what_is_missing_and_for_nothing_else() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Defaults {
        #[serde(rename = "PID-1", default)]
        text: String,
        #[serde(rename = "PID-2", default = "seven")]
        number: u8,
        #[serde(rename = "PV1", default)]
        inner: Inner,
        #[serde(skip)]
        skipped: bool,
        #[serde(rename = "PID-3")]
        last: String,
    }
    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(default)]
    struct Inner {
        #[serde(rename = "1")]
        set_id: u8,
    }
    fn seven() -> u8 {
        7
    }
    let read = |bytes: &[u8]| de::from_message::<Defaults>(&message(bytes));
    let expected = |set_id| Defaults {
        text: String::new(),
        number: 7,
        inner: Inner { set_id },
        skipped: false,
        last: "x".into(),
    };
    assert_eq!(read(b"MSH|^~\\&|A\rPID|||x\r"), Ok(expected(0)));
    assert_eq!(read(b"MSH|^~\\&|A\rPID|||x\rPV1|\r"), Ok(expected(0)));
    assert_eq!(read(b"MSH|^~\\&|A\rPID|||x\rPV1|3\r"), Ok(expected(3)));
    for (bytes, kind, path) in [
        (&b"MSH|^~\\&|A\rPID||x|x\r"[..], Kind::NotANumber, "PID-2"),
        (b"MSH|^~\\&|A\rPID||\"\"|x\r", Kind::Null, "PID-2"),
        (b"MSH|^~\\&|A\rPID|||x\rPV1|x\r", Kind::NotANumber, "PV1-1"),
        (b"MSH|^~\\&|A\rPID|1|2\r", Kind::Missing, "PID-3"),
    ] {
        let error = read(bytes).expect_err(path);
        assert_eq!((error.kind(), error.path()), (kind, path.parse().ok()), "{error}");
    }
}

#[test]
fn paths_and_nullables_are_written_and_read() {
    #[derive(Debug, Deserialize, serde::Serialize, PartialEq)]
    struct Config {
        path: Path,
        #[serde(default, skip_serializing_if = "Nullable::is_absent")]
        patch: Nullable<u8>,
    }
    for (text, patch) in [
        (r#"{"path":"PID-3[2].4.1"}"#, Nullable::Absent),
        (r#"{"path":"PID-3[2].4.1","patch":null}"#, Nullable::Null),
        (r#"{"path":"PID-3[2].4.1","patch":5}"#, Nullable::Value(5)),
    ] {
        let config: Config = serde_json::from_str(text).expect(text);
        assert_eq!(config, Config { path: Path::new("PID-3[2].4.1"), patch });
        assert_eq!(serde_json::to_string(&config).expect("written"), text);
    }
    let error = serde_json::from_str::<Path>("\"SECRET\"").expect_err("no path").to_string();
    assert!(!error.contains("SECRET"), "{error}");
}
