//! What can not work is refused with a kind and a place, and without the value.

use std::{collections::HashMap, fmt::Debug};

use hl7_parse::{
    Path,
    de::{self, DeError, DeErrorKind as Kind},
};
use serde::{Deserialize, de::DeserializeOwned};

use super::{ADMISSION, Kin, message, read};

#[derive(Debug, Deserialize, PartialEq)]
enum Sex {
    #[serde(rename = "F")]
    Female,
    #[serde(rename = "M")]
    Male,
    #[serde(other)]
    Other,
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
        (read!(bytes, "PID-1" as Untagged).map(|_| ()).err(), Kind::Untagged, Some("PID-1")),
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
