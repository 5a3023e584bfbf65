//! Any value is read as any type or refused, with an error that has a place in the message; a
//! primitive gives back the text that it was read from; documents decode the same however they are
//! read.

#![no_main]

use std::io::Read;

use hl7_parse::{
    Field, Message, Separators,
    value::{
        Cp, Cq, Cwe, Cx, Data, Date, DateTime, DateTimeOptions, Dr, Ed, Ei, FamilyName, FromRaw,
        Hd, Mo, Nm, Nr, Observation, Pl, Raw, Ri, Rp, Si, Sn, StreetAddress, Time, ToEr7, Tq,
        ValueError, Xad, Xcn, Xon, Xpn, Xtn,
    },
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        primitive::<DateTime>(text);
        primitive::<Date>(text);
        primitive::<Time>(text);
        if let Ok(number) = Nm::new(text) {
            assert_eq!(number.as_str(), text);
            let _ = (number.to_i64(), number.to_u64(), number.to_f64());
        }
    }

    let message = [b"MSH|^~\\&|A\rOBX|1|", bytes].concat();
    let Ok(message) = Message::parse(&message) else { return };
    for segment in message.segments() {
        for observation in Observation::of(segment) {
            let _ = observation.map(|value| format!("{value:?}").len());
        }
        for field in segment.fields() {
            every_type(field, message.as_bytes());
        }
    }
});

/// What is read is written as it was, and stays what it is by way of other crates.
fn primitive<T: std::str::FromStr + ToEr7>(text: &str) {
    let Ok(value) = text.parse::<T>() else { return };
    assert_eq!(value.to_er7(&Separators::default()), text);
}

fn every_type(field: Field<'_>, message: &[u8]) {
    read::<Cp<'_>>(field, message);
    read::<Cq<'_>>(field, message);
    read::<Cwe<'_>>(field, message);
    read::<Cx<'_>>(field, message);
    read::<Date>(field, message);
    read::<Dr<'_>>(field, message);
    read::<Ei<'_>>(field, message);
    read::<FamilyName<'_>>(field, message);
    read::<Hd<'_>>(field, message);
    read::<Mo<'_>>(field, message);
    read::<Nm<'_>>(field, message);
    read::<Nr<'_>>(field, message);
    read::<Pl<'_>>(field, message);
    read::<Ri<'_>>(field, message);
    read::<Rp<'_>>(field, message);
    read::<Si>(field, message);
    read::<Sn<'_>>(field, message);
    read::<StreetAddress<'_>>(field, message);
    read::<Time>(field, message);
    read::<Tq<'_>>(field, message);
    read::<Xad<'_>>(field, message);
    read::<Xcn<'_>>(field, message);
    read::<Xon<'_>>(field, message);
    read::<Xpn<'_>>(field, message);
    read::<Xtn<'_>>(field, message);
    let _ = (Xtn::of(field).number(), Xtn::of(field).email(), Rp::of(field).media_type());
    let _ = Tq::of(field).quantity().quantity();
    let sn = Sn::of(field);
    let _ = (sn.comparator(), sn.separator(), sn.num1(), sn.num2());

    if let Ok(value) = field.read::<DateTime>() {
        conversions(value);
    }
    if let Ok(read) = DateTimeOptions::new().read(field)
        && let Some(value) = read.value
    {
        // A degree of precision is written as a second component.
        if value.degree().is_none() {
            let text = value.to_er7(&Separators::default());
            assert_eq!(text.parse(), Ok(value), "what was tolerated is well-formed");
        }
        conversions(value);
    }
    if let Ok(data) = Ed::of(field).data() {
        documents(data);
    }
}

fn read<'a, T: FromRaw<'a>>(field: Field<'a>, message: &[u8]) {
    let told = |error: ValueError| {
        assert!(error.offset() <= message.len(), "{error:?}");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains('\n') && shown.len() < 1000, "{shown}");
    };
    let _ = field.read::<T>().map_err(told);
    for repetition in field.read_each::<T>().take(100) {
        let _ = repetition.map_err(told);
    }
    let _ = Raw::from(field).part(2).part(1).read::<Option<T>>().map_err(told);
}

/// None becomes more precise, and what converts comes back as the same moment.
fn conversions(value: DateTime) {
    if let Ok(there) = jiff::Zoned::try_from(value) {
        let back = DateTime::try_from(&there).expect("just read");
        assert_eq!(value.compare(&back), Some(std::cmp::Ordering::Equal), "{value:?} {back:?}");
    }
    if let Ok(there) = chrono::DateTime::<chrono::FixedOffset>::try_from(value) {
        let back = DateTime::try_from(there).expect("just read");
        assert_eq!(value.compare(&back), Some(std::cmp::Ordering::Equal), "{value:?} {back:?}");
    }
    assert_eq!(jiff::civil::Date::try_from(value).is_ok(), value.day().is_some(), "{value:?}");
    let _ = value.first_second().truncated_to(value.precision());
}

fn documents(data: Data<'_>) {
    let whole = data.to_vec(data.max_len());
    let mut read = Vec::new();
    let by_reader = data.reader().read_to_end(&mut read);
    assert_eq!(whole.is_ok(), by_reader.is_ok(), "{whole:?} {by_reader:?}");
    if let Ok(whole) = whole {
        assert_eq!(whole, read);
        assert!(whole.len() <= data.max_len());
        let chunks: Result<Vec<_>, _> = data.chunks().collect();
        assert_eq!(chunks.expect("as before").concat(), whole);
    }
}
