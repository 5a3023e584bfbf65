//! NM, SI and SN.

use std::{
    cmp::Ordering,
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
};

use hl7_parse::{
    Separators,
    value::{Comparator, Nm, Si, Sn, SnSeparator, ToEr7, ValueErrorKind},
};
use proptest::prelude::*;

use super::with_field;

#[test]
fn numbers_convert_exactly_or_not_at_all() {
    use ValueErrorKind::{NotWhole, OutOfRange};
    for (text, signed, unsigned) in [
        ("0", Ok(0), Ok(0)),
        ("-0", Ok(0), Ok(0)),
        ("+7", Ok(7), Ok(7)),
        ("007", Ok(7), Ok(7)),
        ("1.00", Ok(1), Ok(1)),
        ("-1.0", Ok(-1), Err(OutOfRange)),
        ("1.5", Err(NotWhole), Err(NotWhole)),
        (".5", Err(NotWhole), Err(NotWhole)),
        (".0", Ok(0), Ok(0)),
        ("9223372036854775807", Ok(i64::MAX), Ok(9_223_372_036_854_775_807)),
        ("9223372036854775808", Err(OutOfRange), Ok(9_223_372_036_854_775_808)),
        ("-9223372036854775808", Ok(i64::MIN), Err(OutOfRange)),
        ("-9223372036854775809", Err(OutOfRange), Err(OutOfRange)),
        ("18446744073709551615", Err(OutOfRange), Ok(u64::MAX)),
        ("18446744073709551616", Err(OutOfRange), Err(OutOfRange)),
        ("00000000000000000000000000000000012", Ok(12), Ok(12)),
    ] {
        let number = Nm::new(text).expect(text);
        assert_eq!(number.to_i64().map_err(|error| error.kind()), signed, "{text}");
        assert_eq!(number.to_u64().map_err(|error| error.kind()), unsigned, "{text}");
        assert_eq!(number.to_er7(&Separators::default()), text);
    }
    for (text, expected) in [("0.1", 0.1), ("+.5", 0.5), ("-13.20", -13.2), ("007", 7.0)] {
        assert_eq!(Nm::new(text).expect(text).to_f64(), Ok(expected), "{text}");
    }
    let huge = "9".repeat(400);
    let error = Nm::new(&huge).expect("in form").to_f64().expect_err("too large");
    assert_eq!(error.kind(), OutOfRange);
}

#[test]
fn what_is_no_number_fails_where_it_goes_wrong() {
    for (text, offset) in [
        ("<5", 0),
        (">100", 0),
        ("1,5", 1),
        ("1E3", 1),
        ("N/A", 0),
        ("5.", 1),
        (".", 0),
        ("+", 1),
        ("-.", 1),
        ("--5", 1),
        ("1.2.3", 3),
        ("1 000", 1),
        (" 5", 0),
        ("5 ", 1),
        ("0x10", 1),
        ("NaN", 0),
        ("inf", 0),
        ("5\\T\\", 1),
        ("\u{0665}", 0),
    ] {
        with_field(text.as_bytes(), |field| {
            let error = field.read::<Nm<'_>>().expect_err(text);
            assert_eq!((error.kind(), error.offset()), (ValueErrorKind::Form, offset), "{text}");
            // The text stays readable.
            assert_eq!(field.as_bytes(), text.as_bytes());
        });
        assert_eq!(Nm::new(text).map_err(|error| error.offset()), Err(offset), "{text}");
    }
    let error = with_field(b"\xff", |field| field.read::<Nm<'_>>().map(|_| ()));
    assert_eq!(error.map_err(|error| error.kind()), Err(ValueErrorKind::Form));
}

#[test]
fn numbers_are_equal_by_value() {
    for (one, two, expected) in [
        ("01.20", "1.2", Ordering::Equal),
        ("-0", "0.00", Ordering::Equal),
        ("+5", "5", Ordering::Equal),
        (".5", "0.5", Ordering::Equal),
        ("9", "10", Ordering::Less),
        ("-9", "-10", Ordering::Greater),
        ("-1", "0", Ordering::Less),
        ("1.19", "1.2", Ordering::Less),
        ("1.2", "1.200000000000000000000000000001", Ordering::Less),
        ("123456789012345678901234567890", "123456789012345678901234567891", Ordering::Less),
    ] {
        let (a, b) = (Nm::new(one).expect(one), Nm::new(two).expect(two));
        assert_eq!(a.cmp(&b), expected, "{one} {two}");
        assert_eq!(b.cmp(&a), expected.reverse(), "{two} {one}");
        assert_eq!(a == b, expected == Ordering::Equal, "{one} {two}");
        if a == b {
            let hasher = BuildHasherDefault::<DefaultHasher>::default();
            assert_eq!(hasher.hash_one(a), hasher.hash_one(b), "{one} {two}");
        }
    }
}

#[test]
fn sequence_numbers_have_up_to_four_digits() {
    for (text, expected) in [
        ("0", Ok(0)),
        ("1", Ok(1)),
        ("0001", Ok(1)),
        ("9999", Ok(9999)),
        ("10000", Err(ValueErrorKind::OutOfRange)),
        ("00001", Err(ValueErrorKind::OutOfRange)),
        ("-1", Err(ValueErrorKind::Form)),
        ("+1", Err(ValueErrorKind::Form)),
        ("1.0", Err(ValueErrorKind::Form)),
        ("x", Err(ValueErrorKind::Form)),
        ("", Err(ValueErrorKind::NotValued)),
        ("\"\"", Err(ValueErrorKind::Null)),
    ] {
        let read = with_field(text.as_bytes(), |field| field.read::<Si>());
        assert_eq!(read.map(|si| si.get()).map_err(|error| error.kind()), expected, "{text}");
        if let Ok(si) = read {
            assert_eq!(si.to_er7(&Separators::default()), text);
        }
    }
    assert_eq!(Si::new(7).map(|si| si.to_er7(&Separators::default())).as_deref(), Some("7"));
    assert!(Si::new(10_000).is_none() && "".parse::<Si>().is_err());
}

#[test]
fn structured_numbers_have_parts_that_may_be_left_out() {
    use SnSeparator::{Colon, Minus, Plus, Slash};
    for (text, comparator, num1, separator, num2) in [
        ("^100", Comparator::Equal, Some("100"), None, None),
        (">^100", Comparator::Greater, Some("100"), None, None),
        ("<=^0.5", Comparator::LessOrEqual, Some("0.5"), None, None),
        ("<>^1", Comparator::NotEqual, Some("1"), None, None),
        ("^100^-^200", Comparator::Equal, Some("100"), Some(Minus), Some("200")),
        ("^1^:^128", Comparator::Equal, Some("1"), Some(Colon), Some("128")),
        ("^1^/^2", Comparator::Equal, Some("1"), Some(Slash), Some("2")),
        ("^2^+", Comparator::Equal, Some("2"), Some(Plus), None),
        ("=", Comparator::Equal, None, None, None),
    ] {
        with_field(text.as_bytes(), |field| {
            let sn: Sn<'_> = field.read().expect(text);
            assert_eq!(sn.comparator(), Ok(comparator), "{text}");
            let read = |number: Option<Nm<'_>>| number.map(|number| number.as_str().to_owned());
            assert_eq!(sn.num1().map(read), Ok(num1.map(str::to_owned)), "{text}");
            assert_eq!(sn.separator(), Ok(separator), "{text}");
            assert_eq!(sn.num2().map(read), Ok(num2.map(str::to_owned)), "{text}");
            assert_eq!(sn.as_bytes(), text.as_bytes());
        });
    }
    with_field(b"~^x^?", |field| {
        let sn = Sn::of(field.repetition(2));
        assert_eq!(sn.num1().map(|_| ()).map_err(|error| error.kind()), Err(ValueErrorKind::Form));
        let error = sn.separator().expect_err("no separator");
        assert_eq!(error.to_string(), "SN: a code that is not in its table (component 3, byte 0)");
    });
}

proptest! {
    #[test]
    fn numbers_agree_with_integers(one in any::<i64>(), two in any::<i64>(), zeros in 0..4usize) {
        let zeros = "0".repeat(zeros);
        let text = |number: i64| {
            let sign = if number < 0 { "-" } else { "" };
            format!("{sign}{zeros}{}.{zeros}0", number.unsigned_abs())
        };
        let (a, b) = (text(one), text(two));
        let (a, b) = (Nm::new(&a).expect("in form"), Nm::new(&b).expect("in form"));
        prop_assert_eq!(a.to_i64(), Ok(one));
        prop_assert_eq!(a.to_u64().ok(), u64::try_from(one).ok());
        prop_assert_eq!(a.cmp(&b), one.cmp(&two));
        prop_assert_eq!(a == b, one == two);
    }

    #[test]
    fn numbers_agree_with_scaled_integers(one in -99_999..99_999i64, two in -99_999..99_999i64) {
        let text = |number: i64| {
            let sign = if number < 0 { "-" } else { "+" };
            let number = number.unsigned_abs();
            format!("{sign}{}.{:03}", number / 1000, number % 1000)
        };
        let (a, b) = (text(one), text(two));
        let (a, b) = (Nm::new(&a).expect("in form"), Nm::new(&b).expect("in form"));
        prop_assert_eq!(a.cmp(&b), one.cmp(&two));
        prop_assert_eq!(a.to_i64().ok(), (one % 1000 == 0).then_some(one / 1000));
    }

    #[test]
    fn whatever_is_a_number_comes_back(text in "[+-]?[0-9]{0,5}[.,]?[0-9]{0,5}") {
        let is_number = text.trim_start_matches(['+', '-']);
        let is_number = !is_number.contains(',') && !is_number.ends_with('.') && !is_number.is_empty();
        prop_assert_eq!(Nm::new(&text).is_ok(), is_number);
        if is_number {
            let read = with_field(text.as_bytes(), |field| {
                field.read::<Nm<'_>>().map(|number| number.to_er7(&Separators::default()))
            });
            prop_assert_eq!(read, Ok(text));
        }
    }
}
