//! Typed values and views are fields of a struct.

use hl7_parse::{
    Path, Segment,
    de::{self, DeErrorKind as Kind, Nullable},
    value::{Cx, Date, DateTime, Hd, Nm, Observation, Raw, Si, ValueErrorKind, Xpn},
};
use serde::Deserialize;

use super::{ADMISSION, message, read};

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
        OBX|2|nm^x|||13.2~~\"\"~14\rOBX|3|NM\rOBX|4|LONGNAME|||x\rOBX|5||||x\rOBX|6|NM\0|||7\r";
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
        [&["Cwe"][..], &["Nm", "NotValued", "Null", "Nm"], &[], &["Other"], &["Text"], &["Other"]]
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
