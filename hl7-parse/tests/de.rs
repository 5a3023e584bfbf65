//! Structs are filled by paths, or refused with a place and no value.

#![allow(clippy::expect_used, reason = "a test")]

use std::{borrow::Cow, collections::HashMap, fmt::Debug};

use hl7_parse::{
    Element, Message, Path, Segment,
    de::{self, DeError, DeErrorKind as Kind, Nullable},
    value::{Cx, Date, DateTime, Hd, Nm, Observation, Raw, Si, ValueErrorKind, Xpn},
};
use proptest::prelude::*;
use serde::{Deserialize, de::DeserializeOwned};

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

#[derive(Debug, Deserialize, PartialEq)]
struct Identifier<'a> {
    #[serde(rename = "1")]
    number: &'a str,
    #[serde(rename = "4", borrow)]
    authority: Option<Authority<'a>>,
    #[serde(rename = "4.2")]
    oid: Option<&'a str>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Authority<'a> {
    #[serde(rename = "1")]
    namespace: &'a str,
    #[serde(rename = "2")]
    universal: Option<&'a str>,
}

#[derive(Debug, Deserialize, PartialEq)]
enum Sex {
    #[serde(rename = "F")]
    Female,
    #[serde(rename = "M")]
    Male,
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Kin {
    #[serde(rename = "1")]
    set_id: u8,
    #[serde(rename = "2.1")]
    family_names: Vec<String>,
    #[serde(rename = "2[2].1")]
    second: Option<String>,
    #[serde(rename = "4")]
    address: Option<String>,
}

#[test]
fn a_struct_is_filled_at_every_level() {
    #[derive(Deserialize)]
    struct Admission<'a> {
        #[serde(rename = "MSH-1")]
        separator: char,
        #[serde(rename = "MSH-2")]
        encoding_characters: &'a str,
        #[serde(rename = "MSH-9.3")]
        structure: &'a str,
        #[serde(rename = "PID", borrow)]
        patient: Patient<'a>,
        #[serde(rename = "PID-3", borrow)]
        first: Identifier<'a>,
        #[serde(rename = "PID-3[2]", borrow)]
        second: Identifier<'a>,
        #[serde(rename = "PID-3[2].1")]
        number: u64,
        #[serde(rename = "NK1")]
        kin: Vec<Kin>,
        #[serde(rename = "NK1[2]")]
        second_kin: Kin,
        #[serde(rename = "NK1[1]")]
        first_kin: Kin,
        #[serde(rename = "OBX")]
        observations: Vec<Kin>,
        #[serde(rename = "PV1")]
        visit: Option<Kin>,
    }
    #[derive(Deserialize)]
    struct Patient<'a> {
        #[serde(rename = "3", borrow)]
        ids: Vec<Identifier<'a>>,
        #[serde(rename = "5")]
        name: Name,
        #[serde(rename = "8")]
        sex: Sex,
        #[serde(rename = "10")]
        negative: i32,
        #[serde(rename = "11")]
        decimal: f64,
        #[serde(rename = "12")]
        flag: bool,
        #[serde(rename = "40")]
        beyond: Option<bool>,
    }
    #[derive(Debug, Deserialize, PartialEq)]
    struct Name {
        #[serde(rename = "1.1")]
        family: String,
        #[serde(rename = "3")]
        middle: String,
        #[serde(rename = "7", default)]
        code: String,
    }

    let message = message(ADMISSION);
    let read: Admission<'_> = de::from_message(&message).expect("filled");
    assert_eq!((read.separator, read.encoding_characters), ('|', "^~\\&"));
    assert_eq!(read.structure, "ADT_A01");
    let gh = Authority { namespace: "GH", universal: Some("1.2.3") };
    let ssa = Authority { namespace: "SSA", universal: None };
    let first = Identifier { number: "555", authority: Some(gh), oid: Some("1.2.3") };
    let second = Identifier { number: "999", authority: Some(ssa), oid: None };
    assert_eq!((&read.first, &read.second, read.number), (&first, &second, 999));
    assert_eq!(read.patient.ids, [first, second]);
    assert_eq!(
        read.patient.name,
        Name { family: "TESTER".into(), middle: "T&T".into(), code: String::new() }
    );
    assert_eq!(read.patient.sex, Sex::Female);
    assert_eq!((read.patient.negative, read.patient.decimal), (-3, 12.5));
    assert_eq!((read.patient.flag, read.patient.beyond), (false, None));
    let tom = Kin { set_id: 1, family_names: vec!["TESTER".into()], second: None, address: None };
    let tessa = Kin {
        set_id: 2,
        family_names: vec!["TESTER".into(), "OTHER".into()],
        second: Some("OTHER".into()),
        address: Some("x".into()),
    };
    assert_eq!((&read.first_kin, &read.second_kin), (&tom, &tessa));
    assert_eq!(read.kin, [tom, tessa]);
    assert!(read.observations.is_empty() && read.visit.is_none());
}

#[test]
fn one_segment_is_filled_by_itself() {
    let message = message(ADMISSION);
    let kin: Vec<Kin> = message
        .segments_with_id("NK1")
        .map(|nk1| de::from_segment(&nk1).expect("filled"))
        .collect();
    assert_eq!(kin.len(), 2);
    let pid = message.segment("PID").expect("PID");
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "never filled")]
    struct Patient {
        #[serde(rename = "4")]
        alternate: String,
    }
    let error = de::from_segment::<Patient>(&pid).expect_err("PID-4 is empty");
    assert_eq!((error.kind(), error.path()), (Kind::Missing, Some(Path::new("PID-4"))));
    let line = Message::parse(b"MSH|^~\\&|A\rno segment\r").expect("readable");
    let line = line.segments().next_back().expect("two");
    let error = de::from_segment::<Patient>(&line).expect_err("no segment");
    assert_eq!((error.kind(), error.path()), (Kind::NotASegment, None));
}

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
fn text_is_borrowed_where_the_message_holds_it() {
    #[derive(Deserialize)]
    struct Texts<'a> {
        #[serde(rename = "PID-5.1", borrow)]
        plain: Cow<'a, str>,
        #[serde(rename = "PID-5.3", borrow)]
        escaped: Cow<'a, str>,
        #[serde(rename = "PID-5")]
        bytes: &'a [u8],
        #[serde(rename = "PID-9", borrow)]
        null: Option<&'a [u8]>,
        #[serde(rename = "PID-8")]
        text: Option<&'a str>,
        #[serde(rename = "PID-3[2]", borrow)]
        view: Element<'a>,
        #[serde(rename = "PID-39", borrow)]
        absent: Element<'a>,
        #[serde(rename = "PID", borrow)]
        segment: Cow<'a, [u8]>,
    }
    let message = message(ADMISSION);
    let texts: Texts<'_> = de::from_message(&message).expect("filled");
    assert!(matches!(texts.plain, Cow::Borrowed("TESTER")));
    assert!(matches!(texts.escaped, Cow::Owned(text) if text == "T&T"));
    assert_eq!(texts.bytes, b"TESTER^TINA^T\\T\\T");
    assert_eq!((texts.null, texts.text), (Some(&b"\"\""[..]), Some("F")));
    let path = Path::new("PID-3[2]");
    assert_eq!(message.span_of(texts.view), message.span_of(message.get(&path)));
    assert!(!texts.absent.is_present());
    assert!(matches!(texts.segment, Cow::Borrowed(bytes) if bytes.starts_with(b"PID|1|")));

    let latin_1 = b"MSH|^~\\&|A|||||||1|P|2.5||||||8859/1\rPID|||||Ren\xE9|Rene\r";
    #[derive(Deserialize)]
    struct View<'a> {
        #[serde(rename = "PID-5", borrow)]
        view: Element<'a>,
    }
    let view = de::from_message::<View<'_>>(&Message::parse(latin_1).expect("readable"));
    assert_eq!(view.expect("filled").view.decode(), "René");
    assert_eq!(read!(latin_1, "PID-5" as String), Ok("René".into()));
    assert_eq!(read!(latin_1, "PID-6" as &'static str), Ok("Rene"));
    assert_eq!(
        read!(latin_1, "PID-5" as &'static str).map_err(|e| e.kind()),
        Err(Kind::NotBorrowable)
    );
}

#[test]
fn typed_values_and_views_are_read_as_read_reads_them() {
    #[derive(Deserialize)]
    struct Typed<'a> {
        #[serde(rename = "MSH-7")]
        sent: DateTime,
        #[serde(rename = "PID-7")]
        born: Option<Date>,
        #[serde(rename = "PID-29")]
        died: Option<Date>,
        #[serde(rename = "PID-9")]
        deleted: Nullable<Date>,
        #[serde(rename = "PID-3", borrow)]
        ids: Vec<Cx<'a>>,
        #[serde(rename = "PID-3.4", borrow)]
        authority: Hd<'a>,
        #[serde(rename = "PID-5", borrow)]
        name: Xpn<'a>,
        #[serde(rename = "PID-11", borrow)]
        number: Nm<'a>,
        #[serde(rename = "PID-1", borrow)]
        raw: Raw<'a>,
        #[serde(rename = "PID-30", borrow)]
        absent: Raw<'a>,
        #[serde(rename = "NK1", borrow)]
        kin: Vec<Segment<'a>>,
        #[serde(rename = "OBX", borrow)]
        missing: Option<Segment<'a>>,
    }
    let message = message(ADMISSION);
    let typed: Typed<'_> = de::from_message(&message).expect("filled");
    assert_eq!(typed.sent.year(), 2026);
    assert_eq!(typed.born.map(|born| (born.year(), born.day())), Some((1970, Some(28))));
    assert_eq!((typed.died, typed.deleted), (None, Nullable::Null));
    let numbers: Vec<_> = typed.ids.iter().map(|id| id.id_number().decode()).collect();
    assert_eq!(numbers, ["555", "999"]);
    assert_eq!(typed.ids[0].assigning_authority().universal_id().decode(), "1.2.3");
    assert_eq!(typed.authority.universal_id().decode(), "1.2.3");
    assert_eq!(typed.name.given_name().decode(), "TINA");
    assert_eq!(typed.number, Nm::new("12.5").expect("a number"));
    assert_eq!(typed.raw.read::<Si>().map(|si| si.get()), Ok(1));
    assert!(!typed.absent.is_present());
    let error = typed.absent.read::<Si>().expect_err("absent");
    assert_eq!(error.path(), Some(Path::new("PID-30")));
    let kin: Vec<_> = typed.kin.iter().map(|nk1| nk1.field(1).as_bytes()).collect();
    assert_eq!(kin, [b"1", b"2"]);
    assert!(typed.missing.is_none());

    let bytes = b"MSH|^~\\&|A\rPID|20241301|1970-02|\"\"||SECRET~1|19700101~\"\"|^x\r";
    for (found, kind, path) in [
        (read!(bytes, "PID-1" as Date).map(|_| ()), Kind::OutOfRange, "PID-1"),
        (read!(bytes, "PID-2" as Date).map(|_| ()), Kind::Value(ValueErrorKind::Form), "PID-2"),
        (read!(bytes, "PID-3" as Date).map(|_| ()), Kind::Null, "PID-3"),
        (read!(bytes, "PID-3" as Option<Date>).map(|_| ()), Kind::Null, "PID-3"),
        (read!(bytes, "PID-3" as borrowed Cx).map(|_| ()), Kind::Null, "PID-3"),
        (read!(bytes, "PID-4" as Date).map(|_| ()), Kind::Missing, "PID-4"),
        (read!(bytes, "PID-4" as borrowed Cx).map(|_| ()), Kind::Missing, "PID-4"),
        (
            read!(bytes, "PID-5" as Vec<Si>).map(|_| ()),
            Kind::Value(ValueErrorKind::Form),
            "PID-5[1]",
        ),
        (read!(bytes, "PID-6" as Vec<Date>).map(|_| ()), Kind::Null, "PID-6[2]"),
        (read!(bytes, "PID-7" as Si).map(|_| ()), Kind::Missing, "PID-7"),
        (read!(bytes, "PID" as Si).map(|_| ()), Kind::Value(ValueErrorKind::NoField), "PID"),
        (
            read!(bytes, "PID-5" as borrowed Segment).map(|_| ()),
            Kind::Value(ValueErrorKind::Form),
            "PID-5",
        ),
        (read!(bytes, "OBX" as borrowed Segment).map(|_| ()), Kind::Missing, "OBX"),
    ] {
        let error = found.expect_err(path);
        assert_eq!((error.kind(), error.path()), (kind, path.parse().ok()), "{error}");
        assert!(!format!("{error} {error:?}").contains("SECRET"), "{error}");
    }
    let error = serde_json::from_str::<Date>("\"SECRET\"").expect_err("no message").to_string();
    assert!(!error.contains("SECRET"), "{error}");
}

#[test]
fn observations_are_typed_by_their_own_segment() {
    #[derive(Deserialize)]
    struct Report<'a> {
        #[serde(rename = "OBX", borrow)]
        results: Vec<Result<'a>>,
        #[serde(rename = "OBX[2]-5", borrow)]
        second: Observation<'a>,
        #[serde(rename = "OBX[2]-5[3]", borrow)]
        third: Option<Observation<'a>>,
        #[serde(rename = "OBX[3]-5", borrow)]
        absent: Option<Observation<'a>>,
        #[serde(rename = "OBX[3]-5[1]", borrow)]
        nothing: Observation<'a>,
    }
    #[derive(Deserialize)]
    struct Result<'a> {
        #[serde(rename = "5", borrow)]
        values: Vec<Observation<'a>>,
    }
    let bytes = b"MSH|^~\\&|A\rOBX|1|CE|||POS^Positive\r\
        OBX|2|nm^x|||13.2~~\"\"~14\rOBX|3|NM\rOBX|4|LONGNAME|||x\rOBX|5||||x\r";
    let message = message(bytes);
    let report: Report<'_> = de::from_message(&message).expect("filled");
    let shown: Vec<Vec<_>> = report
        .results
        .iter()
        .map(|result| {
            let variant = |value: &Observation<'_>| {
                let shown = format!("{value:?}");
                shown.split('(').next().unwrap_or_default().to_owned()
            };
            result.values.iter().map(variant).collect()
        })
        .collect();
    assert_eq!(
        shown,
        [&["Cwe"][..], &["Nm", "NotValued", "Null", "Nm"], &[], &["Other"], &["Text"]]
    );
    assert!(matches!(report.second, Observation::Nm(number) if number.as_str() == "13.2"));
    assert!(matches!(report.third, Some(Observation::Null(_))));
    assert!(report.absent.is_none());
    assert!(matches!(report.nothing, Observation::NotValued(_)));

    for (found, kind, path) in [
        (
            read!(b"MSH|^~\\&|A\rOBX|1|NM|||<5\r", "OBX-5" as borrowed Observation).err(),
            Kind::Value(ValueErrorKind::Form),
            "OBX-5",
        ),
        (
            read!(b"MSH|^~\\&|A\rOBX|1|NM|||5\r", "OBX-5.1" as borrowed Observation).err(),
            Kind::Value(ValueErrorKind::Form),
            "OBX-5.1",
        ),
        (
            read!(b"MSH|^~\\&|A\rPID|1|NM|||5\r", "PID-5" as borrowed Observation).err(),
            Kind::Value(ValueErrorKind::Form),
            "PID-5",
        ),
    ] {
        let error = found.expect(path);
        assert_eq!((error.kind(), error.path()), (kind, path.parse().ok()), "{error}");
    }
}

/// A message in which every value is a secret, and a type for each way to be refused.
const SECRETS: &[u8] = b"MSH|^~\\&|A\rPID|SECRET|300|\\T\\SECRET|SECRET^1|5.5\r";

fn refused<T: DeserializeOwned + Debug>() -> DeError {
    de::from_message::<T>(&message(SECRETS)).expect_err("refused")
}

#[test]
fn what_can_not_work_is_refused_with_kind_and_path_and_without_the_value() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "never filled")]
    enum Content {
        #[serde(rename = "SECRET")]
        New(String),
    }
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "never filled")]
    #[serde(untagged)]
    enum Untagged {
        Number(u8),
    }
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "never filled")]
    struct Flat {
        #[serde(flatten)]
        kin: Kin,
    }
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "never filled")]
    struct Aliased {
        #[serde(rename = "PID-1", alias = "PID-2")]
        id: Option<String>,
    }
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "never filled")]
    struct Unnamed {
        family_name: String,
    }
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "never filled")]
    struct Absolute {
        #[serde(rename = "PID-1")]
        id: String,
    }
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "never filled")]
    struct Leaf {
        #[serde(rename = "1")]
        id: String,
    }
    #[derive(Debug)]
    struct Picky;
    impl<'de> Deserialize<'de> for Picky {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = String::deserialize(deserializer)?;
            Err(serde::de::Error::custom(format!("no good: {text}")))
        }
    }

    let bytes = SECRETS;
    let cases = [
        (read!(bytes, "PID-1" as u8).map(|_| ()).err(), Kind::NotANumber, Some("PID-1")),
        (read!(bytes, "PID-1" as f64).map(|_| ()).err(), Kind::NotANumber, Some("PID-1")),
        (read!(bytes, "PID-5" as i8).map(|_| ()).err(), Kind::NotANumber, Some("PID-5")),
        (read!(bytes, "PID-2" as u8).map(|_| ()).err(), Kind::OutOfRange, Some("PID-2")),
        (read!(bytes, "PID-1" as bool).map(|_| ()).err(), Kind::NotABool, Some("PID-1")),
        (read!(bytes, "PID-1" as char).map(|_| ()).err(), Kind::NotAChar, Some("PID-1")),
        (
            read!(bytes, "PID-3" as &'static str).map(|_| ()).err(),
            Kind::NotBorrowable,
            Some("PID-3"),
        ),
        (read!(bytes, "PID-1" as Sex).map(|_| ()).err(), Kind::Refused, None),
        (read!(bytes, "PID-1" as Content).map(|_| ()).err(), Kind::EnumContent, Some("PID-1")),
        (read!(bytes, "PID-1" as Untagged).map(|_| ()).err(), Kind::Refused, Some("PID-1")),
        (read!(bytes, "PID-1" as Picky).map(|_| ()).err(), Kind::Refused, Some("PID-1")),
        (read!(bytes, "PID-1" as Path).map(|_| ()).err(), Kind::Refused, Some("PID-1")),
        (
            read!(bytes, "PID-1" as HashMap<String, String>).map(|_| ()).err(),
            Kind::Map,
            Some("PID-1"),
        ),
        (read!(bytes, "PID-4" as (String, u8)).map(|_| ()).err(), Kind::Tuple, Some("PID-4")),
        (read!(bytes, "PID-4" as [String; 2]).map(|_| ()).err(), Kind::Tuple, Some("PID-4")),
        (read!(bytes, "PID-4" as ()).map(|()| ()).err(), Kind::Unit, Some("PID-4")),
        (read!(bytes, "PID-4[1]" as Vec<String>).map(|_| ()).err(), Kind::NoList, Some("PID-4[1]")),
        (read!(bytes, "PID[1]" as Vec<Leaf>).map(|_| ()).err(), Kind::NoList, Some("PID[1]")),
        (
            read!(bytes, "PID-4" as Vec<Vec<String>>).map(|_| ()).err(),
            Kind::NoList,
            Some("PID-4[1]"),
        ),
        (read!(bytes, "PID-4.1.1" as Leaf).map(|_| ()).err(), Kind::NoParts, Some("PID-4.1.1")),
        (read!(bytes, "PID" as Absolute).map(|_| ()).err(), Kind::NotAPath, Some("PID")),
        (read!(bytes, "family" as String).map(|_| ()).err(), Kind::NotAPath, None),
        (Some(refused::<Unnamed>()), Kind::NotAPath, None),
        (Some(refused::<Flat>()), Kind::Map, None),
        (Some(refused::<HashMap<String, String>>()), Kind::Map, None),
        (Some(refused::<Aliased>()), Kind::Alias, None),
        (Some(refused::<String>()), Kind::NotAStruct, None),
        (Some(refused::<Vec<String>>()), Kind::NotAStruct, None),
        (Some(refused::<u8>()), Kind::NotAStruct, None),
    ];
    for (number, (error, kind, path)) in cases.into_iter().enumerate() {
        // `Sex` takes anything, by `other`.
        let Some(error) = error else {
            assert_eq!(number, 7);
            continue;
        };
        let path = path.map(|path| path.parse::<Path>().expect(path));
        assert_eq!((error.kind(), error.path()), (kind, path), "case {number}: {error}");
        for shown in [error.to_string(), format!("{error:?}")] {
            assert!(!shown.contains("SECRET") && !shown.contains("300"), "{shown}");
            assert!(!shown.contains('\n') && !shown.ends_with('.'), "{shown}");
        }
    }
}

#[test]
fn errors_say_where_what_and_what_to_do() {
    let shown = read!(SECRETS, "PID-3" as &'static str).expect_err("escaped").to_string();
    assert_eq!(
        shown,
        "PID-3: text that can not be borrowed, because of an escape sequence or its character \
         set; instead of &str use String, or Cow<str> with #[serde(borrow)] (byte 26)"
    );
    let shown = read!(SECRETS, "family" as String).expect_err("no path").to_string();
    assert!(shown.starts_with("`family` is no path here; rename the field"), "{shown}");
    let error = read!(ADMISSION, "NK1" as Vec<Strict>).map(|_| ()).expect_err("no number");
    #[derive(Deserialize)]
    struct Strict {
        #[serde(rename = "2")]
        _names: Vec<Option<Name>>,
    }
    #[derive(Deserialize)]
    struct Name {
        #[serde(rename = "2")]
        _given: u8,
    }
    assert_eq!(error.path(), Some(Path::new("NK1[1]-2[1].2")));
    assert_eq!(error.offset(), ADMISSION.windows(3).position(|bytes| bytes == b"TOM"));
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
