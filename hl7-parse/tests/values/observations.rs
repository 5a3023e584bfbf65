//! OBX-5 by OBX-2.

use hl7_parse::{
    Message,
    value::{Observation, ValueErrorKind},
};
use proptest::prelude::*;

/// The name of the variant, or the kind of the error.
fn variants(value_type: &str, value: &str) -> Vec<String> {
    let bytes = format!("MSH|^~\\&|A\rOBX|1|{value_type}|1||{value}\r");
    let message = Message::parse(bytes.as_bytes()).expect("a message");
    Observation::of(message.segment("OBX").expect("a segment"))
        .map(|read| match read {
            Ok(observation) => {
                let shown = format!("{observation:?}");
                shown.split_once('(').expect("a variant with a value").0.to_owned()
            }
            Err(error) => format!("{:?}", error.kind()),
        })
        .collect()
}

#[test]
fn the_type_that_is_named_is_read() {
    for (value_type, value, expected) in [
        ("NM", "13.2", "Nm"),
        ("nm", "13.2", "Nm"),
        ("SN", ">^100", "Sn"),
        ("SI", "1", "Si"),
        ("ST", "text", "Text"),
        ("TX", "text", "Text"),
        ("FT", "text", "Text"),
        ("ID", "Y", "Text"),
        ("IS", "Y", "Text"),
        ("TXT", "text", "Text"),
        ("HTML", "text", "Text"),
        ("", "text", "Text"),
        ("CE", "a^b^c", "Cwe"),
        ("CWE", "a^b^c", "Cwe"),
        ("CNE", "a^b^c", "Cwe"),
        ("CF", "a^b^c", "Cwe"),
        ("DT", "20240131", "Date"),
        ("TM", "1005", "Time"),
        ("TS", "202401311005", "DateTime"),
        ("DTM", "202401311005", "DateTime"),
        ("DR", "2023^2024", "Dr"),
        ("ED", "^AP^PDF^Base64^AA==", "Ed"),
        ("RP", "x", "Rp"),
        ("CX", "1", "Cx"),
        ("CK", "1", "Cx"),
        ("EI", "1", "Ei"),
        ("HD", "1", "Hd"),
        ("XPN", "A", "Xpn"),
        ("PN", "A", "Xpn"),
        ("XCN", "A", "Xcn"),
        ("CN", "A", "Xcn"),
        ("XON", "A", "Xon"),
        ("XAD", "A", "Xad"),
        ("AD", "A", "Xad"),
        ("XTN", "A", "Xtn"),
        ("TN", "A", "Xtn"),
        ("PL", "A", "Pl"),
        ("CQ", "5^mL", "Cq"),
        ("NR", "1^2", "Nr"),
        ("NA", "1^2^-3", "Na"),
        ("MA", "1^2", "Ma"),
        ("MO", "10.50^EUR", "Mo"),
        ("CP", "10.50&EUR^UP", "Cp"),
        ("TQ", "1^Q6H", "Tq"),
        ("PDF", "A", "Other"),
        ("NMX", "1", "Other"),
        ("LONGNAME", "1", "Other"),
        ("NM", "\"\"", "Null"),
        ("NM", "<5", "Form"),
        ("DTM", "20241301", "OutOfRange"),
    ] {
        assert_eq!(variants(value_type, value), [expected], "{value_type}: {value}");
    }
}

#[test]
fn every_repetition_is_read_and_one_error_stops_no_other() {
    assert_eq!(variants("NM", "1~~x~\"\"~2"), ["Nm", "NotValued", "Form", "Null", "Nm"]);
    assert_eq!(variants("NM", ""), [""; 0]);
}

#[test]
fn errors_know_the_repetition() {
    let message = Message::parse(b"MSH|^~\\&|A\rOBX|1|NM|1||1~x\r").expect("a message");
    let mut observations = Observation::of(message.segment("OBX").expect("a segment"));
    assert_eq!(observations.value_type().as_bytes(), b"NM");
    let error = observations.nth(1).expect("two").expect_err("x");
    assert_eq!(error.kind(), ValueErrorKind::Form);
    assert_eq!(error.to_string(), "NM: not in the form of the type (repetition 2, byte 0)");
}

#[test]
fn the_observations_of_the_test_messages_are_in_form() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/messages");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let bytes = std::fs::read(&path).expect("a file");
        let message = Message::parse(&bytes).expect("a message");
        for obx in message.segments_with_id("OBX") {
            for observation in Observation::of(obx) {
                assert!(observation.is_ok(), "{}: {observation:?}", path.display());
                count += 1;
            }
        }
    }
    assert!(count >= 100, "{count} observations");
}

proptest! {
    #[test]
    fn any_value_of_any_type_is_read_or_refused(
        value_type in "[A-Z]{0,4}|NM|SN|DTM|TM|DT|ED|CWE",
        value in "[0-9A-Za-z=^&~.+\\\\\":<-]{0,40}",
    ) {
        let repetitions = if value.is_empty() { 0 } else { value.split('~').count() };
        prop_assert_eq!(variants(&value_type, &value).len(), repetitions);
    }
}
