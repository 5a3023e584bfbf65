//! DTM, TS, DT and TM.

use std::cmp::Ordering;

use hl7_parse::{
    Message, Path, Separators,
    value::{
        Date, DateTime, DateTimeOptions, DateTimeTolerance, Precision, Time, ToEr7, ValueErrorKind,
    },
};
use proptest::prelude::*;

use super::with_field;

fn er7(value: &impl ToEr7) -> String {
    value.to_er7(&Separators::default())
}

#[test]
fn every_precision_is_known_and_written_back() {
    let table = [
        ("2024", Precision::Year),
        ("0000", Precision::Year),
        ("9999", Precision::Year),
        ("202402", Precision::Month),
        ("20240229", Precision::Day),
        ("20000229", Precision::Day),
        ("2024022923", Precision::Hour),
        ("202402292359", Precision::Minute),
        ("20240229235959", Precision::Second),
        ("20240101000000", Precision::Second),
        ("20240229235959.0", Precision::Fraction(1)),
        ("20240229235959.1234", Precision::Fraction(4)),
        ("20240229235959.000001", Precision::Fraction(6)),
        ("20240229235959.123456789", Precision::Fraction(9)),
    ];
    for (text, precision) in table {
        for offset in ["", "+0000", "-0000", "-0500", "+1400", "+0545", "-2359"] {
            let text = format!("{text}{offset}");
            let value: DateTime = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(value.precision(), precision, "{text}");
            assert_eq!(value.offset().is_some(), !offset.is_empty(), "{text}");
            assert_eq!(er7(&value), text);
            let read = with_field(text.as_bytes(), |field| field.read::<DateTime>());
            assert_eq!(read, Ok(value), "{text}");
        }
    }
}

#[test]
fn the_numbers_are_those_that_are_written() {
    let value: DateTime = "20240229235958.1250-0330".parse().expect("in form");
    assert_eq!(value.year(), 2024);
    assert_eq!((value.month(), value.day()), (Some(2), Some(29)));
    assert_eq!((value.hour(), value.minute(), value.second()), (Some(23), Some(59), Some(58)));
    assert_eq!(value.nanosecond(), Some(125_000_000));
    assert_eq!(value.offset().map(|offset| offset.minutes()), Some(-210));
    assert_eq!(er7(&value.date()), "20240229");
    assert_eq!(value.time().map(|time| er7(&time)).as_deref(), Some("235958.1250-0330"));
}

#[test]
fn what_is_not_known_is_none() {
    let value: DateTime = "2024".parse().expect("in form");
    let none = (value.month(), value.day(), value.hour(), value.minute(), value.second());
    assert_eq!(none, (None, None, None, None, None));
    assert_eq!((value.nanosecond(), value.time()), (None, None));
    assert_eq!(er7(&value.date()), "2024");
}

#[test]
fn malformed_dates_fail_where_they_go_wrong() {
    use ValueErrorKind::{Form, OutOfRange};
    for (text, kind, offset) in [
        ("2", Form, 0),
        ("202", Form, 0),
        ("20240", Form, 4),
        ("2024013", Form, 6),
        ("202401311", Form, 8),
        ("20240131100", Form, 10),
        ("2024013110050", Form, 12),
        ("202401311005009", Form, 14),
        ("20240131100500.", Form, 14),
        ("20240131100500.1234567890", Form, 24),
        ("202401311005.5", Form, 12),
        ("20241301", OutOfRange, 4),
        ("20240001", OutOfRange, 4),
        ("20240100", OutOfRange, 6),
        ("20230229", OutOfRange, 6),
        ("19000229", OutOfRange, 6),
        ("20240431", OutOfRange, 6),
        ("2024013124", OutOfRange, 8),
        ("202401311060", OutOfRange, 10),
        ("20240131100060", OutOfRange, 12),
        ("00000000", OutOfRange, 4),
        ("99999999", OutOfRange, 4),
        ("2024+2400", OutOfRange, 4),
        ("2024+0060", OutOfRange, 4),
        ("20240131Z", Form, 8),
        ("20240131+01", Form, 8),
        ("20240131+01:00", Form, 8),
        ("202401311005-500", Form, 12),
        ("20240131+0100+0100", Form, 13),
        ("2024-01-31", Form, 4),
        ("2024-01-31T10:05:00Z", Form, 4),
        (" 2024", Form, 0),
        ("2024 ", Form, 4),
        ("unknown", Form, 0),
        ("20x4", Form, 0),
        ("\u{662}\u{660}\u{662}\u{664}", Form, 0),
    ] {
        let error = text.parse::<DateTime>().expect_err(text);
        assert_eq!((error.kind(), error.offset()), (kind, offset), "{text:?}");
        let read = with_field(text.as_bytes(), |field| field.read::<DateTime>());
        assert_eq!(read, Err(error), "{text:?}");
    }
}

#[test]
fn tolerances_are_each_needed_and_named() {
    use DateTimeTolerance::*;
    for (text, tolerance, expected) in [
        ("202401311", HalfUnit, Some("20240131")),
        ("20240", HalfUnit, Some("2024")),
        ("2024013+0100", HalfUnit, Some("202401+0100")),
        ("20240131240000", Hour24, Some("20240201000000")),
        ("2024022924", Hour24, Some("2024030100")),
        ("202312312400", Hour24, Some("202401010000")),
        ("20240131235960", Second60, Some("20240131235959")),
        ("20240131235960.5", Second60, Some("20240131235959.5")),
        ("20240100", ZeroUnit, Some("202401")),
        ("20240000", ZeroUnit, Some("2024")),
        ("20240100120000", ZeroUnit, Some("202401")),
        ("00000000", Filler, None),
        ("99999999", Filler, None),
        ("00010101000000", Filler, None),
        ("00000000000000.0000", Filler, None),
        ("00010101000000.000", Filler, None),
        ("00010101000000+0000", Filler, None),
        ("00010101000000.0000-0500", Filler, None),
        ("00010101000000Z", Filler, None),
        ("99999999999999.99+01:00", Filler, None),
        ("202401311005Z", LooseOffset, Some("202401311005+0000")),
        ("202401311005-05", LooseOffset, Some("202401311005-0500")),
        ("202401311005+05:30", LooseOffset, Some("202401311005+0530")),
        ("202401311005-500", LooseOffset, Some("202401311005-0500")),
        ("202401311005-0000", UnknownOffset, Some("202401311005")),
        ("2024-01", Iso8601, Some("202401")),
        ("20240131Z", LooseOffset, Some("20240131+0000")),
        ("2024-01-31", Iso8601, Some("20240131")),
        ("2024-01-31T10:05", Iso8601, Some("202401311005")),
        ("2024-01-31 10:05:09.25", Iso8601, Some("20240131100509.25")),
        ("2024-01-31T10:05:09+0100", Iso8601, Some("20240131100509+0100")),
        ("20240131+05", LooseOffset, Some("20240131+0500")),
        ("20240131+05:30", LooseOffset, Some("20240131+0530")),
        ("20240131-05:00", LooseOffset, Some("20240131-0500")),
        ("20240131T100000", Iso8601, Some("20240131100000")),
        ("20240131T10", Iso8601, Some("2024013110")),
        ("20240131t100509.25+0100", Iso8601, Some("20240131100509.25+0100")),
        ("20240131^X", UnknownDegree, Some("20240131")),
    ] {
        let read =
            |options: DateTimeOptions| with_field(text.as_bytes(), |field| options.read(field));
        for options in [DateTimeOptions::new(), DateTimeOptions::strict().tolerate(tolerance)] {
            let read = read(options).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(read.value.map(|value| er7(&value)).as_deref(), expected, "{text}");
            assert!(read.tolerated(tolerance) && !read.is_in_form(), "{text}");
        }
        // `00..` has a meaning without the tolerance for fillers, and so has `-0000`.
        if !matches!(tolerance, Filler | UnknownOffset) {
            assert!(read(DateTimeOptions::new().refuse(tolerance)).is_err(), "{text}");
            assert!(read(DateTimeOptions::strict()).is_err(), "{text}");
        }
    }
}

#[test]
fn tolerances_add_up() {
    for (text, expected) in [
        ("2024-12-31T24:00:00Z", "20250101000000+0000"),
        ("2024-01-31T10:05:60-05:00", "20240131100559-0500"),
        ("2024-01-00", "202401"),
        ("2024-01-31+05:00", "20240131+0500"),
        ("20240131T100560Z", "20240131100559+0000"),
        ("20240000000000Z", "2024+0000"),
    ] {
        let read = with_field(text.as_bytes(), |field| DateTimeOptions::new().read(field));
        let value = read.expect(text).value.expect(text);
        assert_eq!(er7(&value), expected, "{text}");
    }
}

#[test]
fn what_is_nearly_a_filler_is_read_or_refused() {
    for (text, expected) in [
        ("9999-12-31", Some("99991231")),
        ("9999-12", Some("999912")),
        ("00010101000001", Some("00010101000001")),
        ("00010101000000.001", Some("00010101000000.001")),
        ("99999999999999.98", None),
        ("99999999X", None),
        ("99999999+", None),
        ("99999999Z0", None),
        ("99999999999999.", None),
    ] {
        let read = with_field(text.as_bytes(), |field| DateTimeOptions::new().read(field));
        match (read, expected) {
            (Ok(read), Some(expected)) => {
                assert_eq!(read.value.map(|value| er7(&value)).as_deref(), Some(expected));
                assert!(!read.tolerated(DateTimeTolerance::Filler), "{text}");
            }
            (Err(_), None) => {}
            (read, _) => panic!("{text}: {read:?}"),
        }
    }
}

#[test]
fn a_unit_out_of_range_is_where_it_stands_whatever_the_form() {
    for (text, offset) in [
        ("20240132T100000", 6),
        ("20240131T250000", 9),
        ("20240131T106000", 11),
        ("2024-01-31T10:61", 14),
        ("202401311061", 10),
    ] {
        let read = with_field(text.as_bytes(), |field| DateTimeOptions::new().read(field));
        let error = read.expect_err(text);
        assert_eq!((error.kind(), error.offset()), (ValueErrorKind::OutOfRange, offset), "{text}");
    }
}

#[test]
fn what_no_tolerance_covers_stays_an_error() {
    for text in [
        "20240131241500",
        "20241301",
        "2024-1-1",
        "20240131-05",
        "20240131+500",
        "202401+05",
        "20240131T",
        "20240131T1",
        "202401T10",
        "20240131T10:05",
        "99991231240000",
        "20240131 1005",
        "99999999235959",
        "31.01.2024",
        "\"\"",
    ] {
        let read = with_field(text.as_bytes(), |field| DateTimeOptions::new().read(field));
        assert!(read.is_err(), "{text}");
    }
    let read = with_field(b"", |field| DateTimeOptions::new().read(field)).expect("nothing sent");
    assert!(read.value.is_none() && read.is_in_form());
}

#[test]
fn a_degree_of_precision_is_heeded_and_kept() {
    for (text, precision) in [
        ("20240131000000^D", Precision::Day),
        ("20240131000000^L", Precision::Month),
        ("20240131000000^Y", Precision::Year),
        ("20240131000000^H", Precision::Hour),
        ("20240131000000^M", Precision::Minute),
        ("20240131000000.12^S", Precision::Second),
        // It can not make more known than is written.
        ("2024^S", Precision::Year),
    ] {
        let value = with_field(text.as_bytes(), |field| field.read::<DateTime>()).expect(text);
        assert_eq!(value.precision(), precision, "{text}");
        assert_eq!(er7(&value), text);
        assert_eq!(value.hour().is_some(), precision >= Precision::Hour, "{text}");
    }
    let error = with_field(b"20240131^20240201", |field| field.read::<DateTime>());
    let error = error.expect_err("a second date is no degree");
    assert_eq!(error.to_string(), "TS: a code that is not in its table (component 2, byte 0)");
}

#[test]
fn a_time_stamp_is_read_at_any_level() {
    let bytes = b"MSH|^~\\&|A\rZZZ|x^20240131&D\r";
    let message = Message::parse(bytes).expect("a message");
    let value: DateTime = message.read(&Path::new("ZZZ-1.2")).expect("in form");
    assert_eq!((value.written_precision(), value.degree()), (Precision::Day, Some(Precision::Day)));
    let value: DateTime = message.read(&Path::new("ZZZ-1.2.1")).expect("in form");
    assert_eq!(value.degree(), None);
}

#[test]
fn dates_and_times_of_day_stop_at_their_units() {
    for (text, expected) in [
        ("2024", None),
        ("202401", None),
        ("20240131", None),
        ("2024013110", Some(8)),
        ("20240131+0100", Some(8)),
        ("2024+0100", Some(4)),
        ("202413", Some(4)),
    ] {
        let read = text.parse::<Date>();
        assert_eq!(read.err().map(|error| error.offset()), expected, "{text}");
        if let Ok(date) = read {
            assert_eq!(er7(&date), text);
        }
    }
    for (text, expected) in [
        ("10", None),
        ("1005", None),
        ("100500", None),
        ("100500.1234", None),
        ("1005-0500", None),
        ("000000.000000001+0000", None),
        ("24", Some(0)),
        ("1060", Some(2)),
        ("100560", Some(4)),
        ("1", Some(0)),
        ("100", Some(2)),
        ("1005.5", Some(4)),
        ("10050000", Some(6)),
        ("1005Z", Some(4)),
        ("10:05", Some(2)),
        ("10+2500", Some(2)),
    ] {
        let read = text.parse::<Time>();
        assert_eq!(read.err().map(|error| error.offset()), expected, "{text}");
        if let Ok(time) = read {
            assert_eq!(er7(&time), text);
        }
    }
    assert_eq!(Date::new(2023, 2, 29), None);
    assert_eq!(Date::new(2024, 2, 29), "20240229".parse().ok());
    assert_eq!(Time::new(24, 0, 0), None);
    assert_eq!(Time::new(23, 59, 59), "235959".parse().ok());
}

#[test]
fn nothing_null_and_absent_are_told_apart() {
    let kind = |content: &[u8]| {
        with_field(content, |field| {
            let option = field.read::<Option<DateTime>>().map_err(|error| error.kind());
            (field.read::<DateTime>().map_err(|error| error.kind()), option)
        })
    };
    assert_eq!(kind(b""), (Err(ValueErrorKind::NotValued), Ok(None)));
    assert_eq!(kind(b"^^"), (Err(ValueErrorKind::NotValued), Ok(None)));
    assert_eq!(kind(b"\"\""), (Err(ValueErrorKind::Null), Err(ValueErrorKind::Null)));
    assert_eq!(kind(b"x"), (Err(ValueErrorKind::Form), Err(ValueErrorKind::Form)));
}

#[test]
fn times_compare_as_the_intervals_they_are() {
    use Ordering::{Equal, Greater, Less};
    for (one, two, expected) in [
        ("2023", "2024", Some(Less)),
        ("2024", "2024", Some(Equal)),
        ("2024", "202401", None),
        ("202312", "2024", Some(Less)),
        ("20240229", "202403", Some(Less)),
        ("20240229", "20240301", Some(Less)),
        ("2024022923", "20240229", None),
        ("20240229235959.9", "20240301", Some(Less)),
        ("20240229235959.9", "20240229235959", None),
        ("20240229235959", "20240229235958.99", Some(Greater)),
        ("20240229235959.5", "20240229235959.50", None),
        ("202401311000+0000", "202401311100+0100", Some(Equal)),
        ("202401311000+0000", "202401311000-0000", Some(Equal)),
        ("202401310030+0100", "20240130+0000", None),
        ("202401310030+0100", "20240131+0000", Some(Less)),
        ("2024", "2025+0000", None),
        ("9999", "0000", Some(Greater)),
        ("20240131120000^D", "20240131", Some(Equal)),
    ] {
        let read = |text: &str| with_field(text.as_bytes(), |field| field.read::<DateTime>());
        let (a, b) = (read(one).expect(one), read(two).expect(two));
        assert_eq!(a.compare(&b), expected, "{one} {two}");
        assert_eq!(b.compare(&a), expected.map(Ordering::reverse), "{two} {one}");
    }
}

/// Well-formed text of any precision.
fn well_formed() -> impl Strategy<Value = String> {
    let date = (0..=9999u16, 1..=12u8, 1..=28u8);
    let time = (0..=23u8, 0..=59u8, 0..=59u8, "[0-9]{1,9}");
    let offset = proptest::option::of((any::<bool>(), 0..=23u8, 0..=59u8));
    (date, time, offset, 0..=6usize).prop_map(|((year, month, day), time, offset, depth)| {
        let (hour, minute, second, fraction) = time;
        let mut text = format!("{year:04}");
        for unit in [month, day, hour, minute, second].iter().take(depth) {
            text += &format!("{unit:02}");
        }
        if depth == 6 {
            text += &format!(".{fraction}");
        }
        if let Some((is_negative, hours, minutes)) = offset {
            text += &format!("{}{hours:02}{minutes:02}", if is_negative { '-' } else { '+' });
        }
        text
    })
}

proptest! {
    #[test]
    fn well_formed_text_comes_back(text in well_formed()) {
        let value: DateTime = text.parse().expect("well-formed");
        prop_assert_eq!(er7(&value), text.clone());
        prop_assert_eq!(value.truncated_to(Precision::Fraction(9)), value);
        // Tolerance changes nothing that is in form.
        let options = DateTimeOptions::new()
            .refuse(DateTimeTolerance::Filler)
            .refuse(DateTimeTolerance::UnknownOffset);
        let read = with_field(text.as_bytes(), |field| options.read(field)).expect("well-formed");
        prop_assert_eq!(read.value, Some(value));
        prop_assert!(read.is_in_form());
        // Reading from the parts gives the whole.
        if let Some(time) = value.time() {
            prop_assert_eq!(value.date().at(time), Some(value));
        }
    }

    #[test]
    fn whatever_is_read_comes_back(text in "[0-9]{0,16}[.]?[0-9]{0,10}[+-]?[0-9:Z]{0,5}") {
        if let Ok(value) = text.parse::<DateTime>() {
            prop_assert_eq!(er7(&value), text.clone());
        }
        if let Ok(value) = text.parse::<Date>() {
            prop_assert_eq!(er7(&value), text.clone());
        }
        if let Ok(value) = text.parse::<Time>() {
            prop_assert_eq!(er7(&value), text.clone());
        }
        // What is tolerated becomes well-formed.
        let read = with_field(text.as_bytes(), |field| DateTimeOptions::new().read(field));
        if let Some(value) = read.ok().and_then(|read| read.value) {
            prop_assert_eq!(er7(&value).parse(), Ok(value));
        }
    }

    #[test]
    fn comparing_is_the_same_both_ways(one in well_formed(), two in well_formed()) {
        let (one, two): (DateTime, DateTime) = (one.parse().unwrap(), two.parse().unwrap());
        prop_assert_eq!(one.compare(&two), two.compare(&one).map(Ordering::reverse));
        prop_assert_eq!(one.compare(&one), Some(Ordering::Equal));
    }

    #[test]
    fn coarser_is_never_finer(text in well_formed(), other in well_formed()) {
        let (value, other): (DateTime, DateTime) = (text.parse().unwrap(), other.parse().unwrap());
        let cut = value.truncated_to(other.precision());
        prop_assert_eq!(cut.precision(), value.precision().min(other.precision()));
        // The finer lies in the coarser.
        let expected = (cut.precision() == value.precision()).then_some(Ordering::Equal);
        prop_assert_eq!(cut.compare(&value), expected);
    }
}

#[cfg(feature = "jiff")]
mod with_jiff {
    use super::*;
    use jiff::{Timestamp, Zoned, civil};

    #[test]
    fn conversions_never_widen() {
        for text in ["2024", "202401", "20240131", "2024013110", "202401311005", "20240131100500"] {
            let value: DateTime = text.parse().expect(text);
            let known = value.precision();
            assert_eq!(civil::Date::try_from(value).is_ok(), known >= Precision::Day, "{text}");
            assert_eq!(
                civil::DateTime::try_from(value).is_ok(),
                known >= Precision::Second,
                "{text}"
            );
            let error = Timestamp::try_from(value).expect_err("no offset");
            let expected = match known {
                Precision::Second => ValueErrorKind::NoOffset,
                _ => ValueErrorKind::Precision,
            };
            assert_eq!(error.kind(), expected, "{text}");
        }
        let padded = with_field(b"20240131000000+0000^D", |field| field.read::<DateTime>());
        let error = civil::DateTime::try_from(padded.expect("in form")).expect_err("a day");
        assert_eq!(error.kind(), ValueErrorKind::Precision);
        assert!(civil::Time::try_from("1005".parse::<Time>().expect("in form")).is_err());
    }

    #[test]
    fn what_the_other_can_not_say_is_an_error() {
        let last: DateTime = "99991231235959-0100".parse().expect("in form");
        assert_eq!(
            Timestamp::try_from(last).map_err(|error| error.kind()),
            Err(ValueErrorKind::OutOfRange)
        );
        let error = DateTime::try_from(civil::date(-1, 1, 1)).expect_err("before the year 0");
        assert_eq!(error.kind(), ValueErrorKind::OutOfRange);
    }

    proptest! {
        #[test]
        fn there_and_back(text in well_formed()) {
            let value: DateTime = text.parse().expect("well-formed");
            if let Ok(zoned) = Zoned::try_from(value) {
                let back = DateTime::try_from(&zoned).expect("in range");
                // Zeros at the end are not kept, nor is the sign of an offset of nothing.
                let expected = value.first_second().truncated_to(back.precision()).first_second();
                prop_assert_eq!(back.first_second().compare(&expected), Some(Ordering::Equal));
                prop_assert_eq!(back.offset().map(|o| o.minutes()), value.offset().map(|o| o.minutes()));
                prop_assert_eq!(back.nanosecond().unwrap_or(0), value.nanosecond().unwrap_or(0));
            }
            if let Ok(date) = civil::Date::try_from(value) {
                prop_assert_eq!(Date::try_from(date), Ok(value.date()));
            }
        }

        #[test]
        fn order_is_that_of_the_instants(one in well_formed(), two in well_formed()) {
            let (one, two): (DateTime, DateTime) = (one.parse().unwrap(), two.parse().unwrap());
            if let (Ok(a), Ok(b)) = (Timestamp::try_from(one), Timestamp::try_from(two))
                && let Some(order) = one.compare(&two)
            {
                prop_assert_eq!(a.cmp(&b), order);
            }
        }
    }
}

#[cfg(feature = "chrono")]
mod with_chrono {
    use super::*;
    use chrono::{FixedOffset, NaiveDate, NaiveDateTime, NaiveTime};

    #[test]
    fn conversions_never_widen() {
        for text in ["2024", "202401", "20240131", "2024013110", "202401311005", "20240131100500"] {
            let value: DateTime = text.parse().expect(text);
            let known = value.precision();
            assert_eq!(NaiveDate::try_from(value).is_ok(), known >= Precision::Day, "{text}");
            assert_eq!(
                NaiveDateTime::try_from(value).is_ok(),
                known >= Precision::Second,
                "{text}"
            );
            assert!(chrono::DateTime::<FixedOffset>::try_from(value).is_err(), "{text}");
        }
        assert!(NaiveTime::try_from("1005".parse::<Time>().expect("in form")).is_err());
    }

    #[test]
    fn a_leap_second_is_the_end_of_the_one_before() {
        let leap = NaiveTime::from_hms_nano_opt(23, 59, 59, 1_500_000_000).expect("a leap second");
        assert_eq!(er7(&Time::from(leap)), "235959.999999999");
    }

    proptest! {
        #[test]
        fn there_and_back(text in well_formed()) {
            let value: DateTime = text.parse().expect("well-formed");
            if let Ok(other) = chrono::DateTime::<FixedOffset>::try_from(value) {
                let back = DateTime::try_from(other).expect("in range");
                prop_assert_eq!(back.truncated_to(Precision::Second).compare(&value.truncated_to(Precision::Second)), Some(Ordering::Equal));
                prop_assert_eq!(back.nanosecond().unwrap_or(0), value.nanosecond().unwrap_or(0));
                prop_assert_eq!(back.offset().map(|o| o.minutes()), value.offset().map(|o| o.minutes()));
            }
            if let Ok(date) = NaiveDate::try_from(value) {
                prop_assert_eq!(Date::try_from(date), Ok(value.date()));
            }
        }
    }
}
