//! A struct is filled at every level, with text borrowed where that can be.

use std::borrow::Cow;

use hl7_parse::{
    Element, Message, Path,
    de::{self, DeErrorKind as Kind},
};
use serde::Deserialize;

use super::{ADMISSION, Kin, message, read};

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
