//! At which level a composite is read, and what is none.

use hl7_parse::{
    Message, Path,
    value::{Cwe, Cx, DateTime, FromRaw, Hd, Raw, ValueError, ValueErrorKind, Xpn},
};
use proptest::prelude::*;

use super::text;
use crate::values::with_field;

#[test]
fn composites_are_read_at_every_level() {
    // A CX with an HD in it, and a whole HD where a field is.
    for (content, path) in [
        ("GH^1.2.3^ISO", "ZZZ-1"),
        ("x~GH^1.2.3^ISO", "ZZZ-1[2]"),
        ("7^^^GH&1.2.3&ISO", "ZZZ-1.4"),
        ("x~7^^^GH&1.2.3&ISO", "ZZZ-1[2].4"),
    ] {
        let bytes = format!("MSH|^~\\&|A\rZZZ|{content}\r");
        let message = Message::parse(bytes.as_bytes()).expect("a message");
        let path: Path = path.parse().expect("a path");
        let hd: Hd<'_> = message.read(&path).expect("valued");
        assert_eq!(text(hd.namespace_id()), "GH", "{content}");
        assert_eq!(text(hd.universal_id()), "1.2.3", "{content}");
        assert_eq!(text(hd.universal_id_type()), "ISO", "{content}");
        assert!(!hd.part(4).is_present(), "{content}");
    }
    // A subcomponent has no parts but itself.
    let message = Message::parse(b"MSH|^~\\&|A\rZZZ|7^^^GH&1.2.3\r").expect("a message");
    let hd: Hd<'_> = message.read(&Path::new("ZZZ-1.4.2")).expect("valued");
    assert_eq!((text(hd.namespace_id()), text(hd.universal_id())), ("1.2.3".into(), "".into()));
    let whole: Result<Hd<'_>, _> = message.read(&Path::new("ZZZ"));
    assert_eq!(whole.map(|_| ()).map_err(|error| error.kind()), Err(ValueErrorKind::NoField));
    let missing: Result<Option<Hd<'_>>, _> = message.read(&Path::new("PID-3"));
    assert!(matches!(missing, Ok(None)));
}

#[test]
fn other_delimiters_are_used_where_they_are_declared() {
    let message = Message::parse(b"MSH$%*/@$A\rZZZ$7%%%GH@1.2.3@ISO*8$a/T/b\r").expect("a message");
    let segment = message.segment("ZZZ").expect("a segment");
    let ids: Vec<Cx<'_>> = segment.field(1).read().expect("valued");
    assert_eq!(text(ids[0].assigning_authority().universal_id()), "1.2.3");
    assert_eq!(text(ids[1].id_number()), "8");
    assert_eq!(text(segment.field(2).read().expect("raw")), "a@b");
}

#[test]
fn repetitions_keep_their_places() {
    with_field(b"20240131~~\"\"~x", |field| {
        let found: Vec<_> = field.read_each::<Option<DateTime>>().collect();
        assert!(matches!(found[0], Ok(Some(_))));
        assert_eq!(found[1], Ok(None));
        let error = found[3].expect_err("x");
        assert_eq!(error.to_string(), "DTM: not in the form of the type (repetition 4, byte 0)");
        assert_eq!(error.at(Path::new("ZZZ-1")).path(), Some(Path::new("ZZZ-1[4]")));
        assert_eq!(found[2].map_err(|error| error.kind()), Err(ValueErrorKind::Null));
        assert_eq!(field.read::<Vec<Raw<'_>>>().expect("raw").len(), 4);
    });
    with_field(b"", |field| assert!(field.read::<Vec<DateTime>>().expect("none").is_empty()));
}

/// A type that reads a part which may be missing must not vanish into `None` with it.
#[test]
fn none_is_only_what_was_not_sent_at_all() {
    #[derive(Debug)]
    struct Start;

    impl<'a> FromRaw<'a> for Start {
        fn from_raw(raw: Raw<'a>) -> Result<Self, ValueError> {
            raw.part(2).read::<DateTime>().map(|_| Self)
        }
    }

    with_field(b"x^", |field| {
        let error = field.read::<Option<Start>>().expect_err("the part is missing");
        assert_eq!(error.kind(), ValueErrorKind::NotValued);
    });
}

#[test]
fn no_debug_text_and_no_error_shows_a_value() {
    const MARK: &str = "SECRET";
    let content = format!("{MARK}^{MARK}&{MARK}^{MARK}^{MARK}^{MARK}^{MARK}^{MARK}~{MARK}");
    with_field(content.as_bytes(), |field| {
        let cwe = Cwe::of(field);
        let shown = [
            format!("{:?} {:?} {:?}", Raw::from(field), Cx::of(field), Xpn::of(field)),
            format!("{cwe:?} {:?}", cwe.codings().collect::<Vec<_>>()),
            format!("{:?} {:?}", field.read::<DateTime>(), field.read_each::<Hd<'_>>()),
            format!("{:?}", Cx::of(field).effective_date()),
            field.read::<DateTime>().expect_err("no date").to_string(),
        ];
        for text in shown {
            assert!(!text.contains(MARK), "{text}");
        }
    });
    for text in ["19620317101530.25-0500", "19620317", "101530.25-0500", "8472.5"] {
        let shown = with_field(text.as_bytes(), |field| {
            use hl7_parse::value::{Date, Nm, Time};
            let date_time = field.read::<DateTime>();
            let offset = date_time.ok().and_then(|value| value.offset());
            format!(
                "{date_time:?} {offset:?} {:?} {:?} {:?}",
                field.read::<Date>(),
                field.read::<Time>(),
                field.read::<Nm<'_>>()
            )
        });
        for part in ["1962", "317", "1530", "8472", "500"] {
            assert!(!shown.contains(part), "{shown}");
        }
    }
}

proptest! {
    #[test]
    fn a_composite_is_its_bytes(content in "[a-z&^\\\\\"]{0,40}") {
        with_field(content.as_bytes(), |field| {
            let cx = Cx::of(field);
            prop_assert_eq!(cx.as_bytes(), content.as_bytes());
            for (n, component) in (1..).zip(content.split('^')) {
                prop_assert_eq!(cx.part(n).as_bytes(), component.as_bytes());
                for (s, leaf) in (1..).zip(component.split('&')) {
                    prop_assert_eq!(cx.part(n).part(s).as_bytes(), leaf.as_bytes());
                }
            }
            let read = field.read::<Cx<'_>>().map(|cx| cx.as_bytes().to_vec());
            prop_assert_eq!(read.is_ok(), !content.is_empty() && content != "\"\"");
            Ok(())
        })?;
    }

    #[test]
    fn repetitions_are_those_of_the_field(content in "[a-c~^&]{0,30}") {
        with_field(content.as_bytes(), |field| {
            let one: Vec<_> = field.repetitions().map(|repetition| repetition.as_bytes()).collect();
            let two: Vec<_> =
                Raw::from(field).repetitions().map(|repetition| repetition.as_bytes()).collect();
            prop_assert_eq!(one, two);
            Ok(())
        })?;
    }
}
