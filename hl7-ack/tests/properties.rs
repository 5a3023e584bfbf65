//! Properties that hold for any message.

use hl7_ack::{AckCode, ErrorCode, Fault, Finding, Outcome, Outstanding, Severity};
use hl7_parse::{DiagnosticCode, Message, OwnedMessage, ParseOptions};
use proptest::{prelude::*, test_runner::TestCaseError};

use crate::{acknowledger, lines};

fn field() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => "[A-Za-z0-9 .-]{0,6}",
        1 => Just("^".to_owned()),
        1 => Just("~".to_owned()),
        1 => Just("&".to_owned()),
        1 => Just("\\T\\".to_owned()),
        1 => Just("\\".to_owned()),
        1 => Just("$%*".to_owned()),
        1 => Just("é".to_owned()),
        1 => Just("\x0b\x1c\0\x1b".to_owned()),
    ];
    proptest::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

fn version() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8.2", "2.9", "x", "",
    ])
}

fn asked() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", "AL", "NE", "SU", "ER", "er", "\"\"", "?"])
}

fn charset() -> impl Strategy<Value = &'static str> {
    let sets = ["", "ASCII", "8859/1", "UNICODE UTF-8", "UNICODE UTF-8~ISO IR87", "windows-1252"];
    prop::sample::select(sets.to_vec())
}

/// MSH of 25 fields, and two segments behind it.
fn message() -> impl Strategy<Value = String> {
    let encoding_characters = prop_oneof![
        6 => Just("|^~\\&"),
        1 => Just("|^~\\&#"),
        1 => Just("$%*/@"),
        1 => Just("|^~"),
        1 => Just("|~~\\\\"),
        1 => Just("|\"~\\&"),
        1 => Just("|"),
    ];
    let fields = proptest::collection::vec(field(), 23);
    (encoding_characters, fields, version(), asked(), asked(), charset()).prop_map(
        |(encoding_characters, mut fields, version, accept, application, charset)| {
            let separator = &encoding_characters[..1];
            // The first is MSH-3.
            for (n, value) in [
                (12, version),
                (13, ""),
                (14, ""),
                (15, accept),
                (16, application),
                (18, charset),
                (20, ""),
            ] {
                fields[n - 3] = value.to_owned();
            }
            let mut message = format!("MSH{encoding_characters}");
            for field in fields {
                message = message + separator + &field.replace(separator, "");
            }
            message + "\rPID" + separator + "1\r"
        },
    )
}

/// An outcome of every kind, with faults of every kind.
fn outcome() -> impl Strategy<Value = Outcome> {
    let path = prop::sample::select(vec!["PID", "PID-3[2].1", "OBX[12]-5.1.2", "MSH-9.2"]);
    let severity = prop::sample::select(vec![Severity::Warning, Severity::FatalError]);
    let code = prop_oneof![98_u16..=207, any::<u16>()];
    let fault = (code, any::<String>(), any::<String>(), path, severity).prop_map(
        |(code, text, more, path, severity)| {
            Fault::new(ErrorCode::other(code), text)
                .at(path.parse().expect("a path"))
                .with_severity(severity)
                .with_diagnostic(more.clone())
                .with_application_code(more)
        },
    );
    (0..3_u8, proptest::collection::vec(fault, 0..4), any::<Option<i64>>()).prop_map(
        |(verdict, faults, expected)| {
            let outcome = match verdict {
                0 => Outcome::accepted(),
                1 => Outcome::error(ErrorCode::OTHER_HL7_ERROR, ""),
                _ => Outcome::rejected(ErrorCode::UNSUPPORTED_VERSION_ID, "no"),
            };
            let outcome = faults.into_iter().fold(outcome, Outcome::with);
            expected.map_or(outcome.clone(), |expected| outcome.expecting(expected))
        },
    )
}

proptest! {
    #[test]
    fn every_acknowledgment_reads_strictly_and_matches(text in message(), outcome in outcome()) {
        let sent = OwnedMessage::parse(text.clone()).expect("a message");
        let view = sent.as_message();
        // What is echoed stays as it came.
        let strict = ParseOptions::strict()
            .tolerate(DiagnosticCode::UnknownCharset)
            .tolerate(DiagnosticCode::UnknownEscape)
            .tolerate(DiagnosticCode::MalformedHexEscape)
            .tolerate(DiagnosticCode::UnclosedEscape);
        let due = acknowledger().acknowledge(&view, &outcome);
        let unread = acknowledger().acknowledge_unread(text.as_bytes(), &outcome);
        prop_assert_eq!(&unread.expect("a header"), &due, "of {:?}", text);
        for code in [AckCode::AA, AckCode::CR] {
            let built = acknowledger().build(&view.header(), code, &outcome);
            let read = strict.parse(built.as_bytes());
            prop_assert!(read.is_ok(), "{:?} of {:?}", read, lines(built.as_bytes()));
            prop_assert!(built.as_bytes().iter().all(|byte| !byte.is_ascii_control() || *byte == b'\r'));

            let found = Outstanding::of(&sent).examine(built.as_bytes().clone());
            let Finding::Answer(answer) = found else {
                return Err(TestCaseError::fail(format!("{found:?}: {:?} to {text:?}", lines(built.as_bytes()))));
            };
            prop_assert_eq!(answer.code(), Some(code));
            let misread = ["\"\"", "AL", "NE", "SU", "ER", "er", ""];
            let odd = [15, 16].iter().filter(|n| {
                let value = view.header().field(**n);
                !misread.contains(&value.to_str().unwrap_or("?"))
            });
            prop_assert_eq!(answer.faults().len(), outcome.faults().len() + odd.count());
        }
        if let Some(due) = due {
            let found = Outstanding::of(&sent).examine(due.as_bytes().clone());
            prop_assert!(matches!(found, Finding::Answer(_)), "{:?} to {:?}", lines(due.as_bytes()), text);
        }
    }

    #[test]
    fn nothing_read_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let outcome = Outcome::rejected(ErrorCode::APPLICATION_ERROR, "");
        for bytes in [bytes.clone(), [&b"MSH|^~\\&|"[..], &bytes].concat()] {
            if let Some(refusal) = acknowledger().refuse_unreadable(&bytes, &outcome) {
                prop_assert!(Message::parse(refusal.as_bytes()).is_ok());
            }
            if let Ok(message) = OwnedMessage::parse(bytes.clone()) {
                let _ = acknowledger().acknowledge(&message.as_message(), &outcome);
                let _ = Outstanding::of(&message).examine(bytes.into());
            }
        }
    }
}
