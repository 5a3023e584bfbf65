//! Properties that hold for any message.

use hl7_ack::{ErrorCode, Finding, Outcome, Outstanding};
use hl7_parse::{DiagnosticCode, Message, OwnedMessage, ParseOptions, Path};
use proptest::prelude::*;

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

fn header() -> impl Strategy<Value = String> {
    let encoding_characters = prop_oneof![
        6 => Just("|^~\\&"),
        1 => Just("|^~\\&#"),
        1 => Just("$%*/@"),
        1 => Just("|^~"),
        1 => Just("|~~\\\\"),
        1 => Just("|"),
    ];
    let version = prop_oneof![
        Just("2.1"),
        Just("2.2"),
        Just("2.3"),
        Just("2.3.1"),
        Just("2.4"),
        Just("2.5"),
        Just("2.7"),
        Just("x"),
        Just("")
    ];
    (encoding_characters, proptest::collection::vec(field(), 9), version).prop_map(
        |(encoding_characters, fields, version)| {
            let separator = &encoding_characters[..1];
            let mut header = format!("MSH{encoding_characters}");
            for field in fields {
                header = header + separator + &field.replace(separator, "");
            }
            header + separator + version + "\r"
        },
    )
}

proptest! {
    #[test]
    fn every_acknowledgment_reads_strictly_and_matches(header in header(), text in field(), accepted: bool) {
        let message = Message::parse(header.as_bytes()).expect("a header");
        let outcome = match accepted {
            true => Outcome::accepted(),
            false => Outcome::error(ErrorCode::OTHER_HL7_ERROR, text).at(Path::new("PID-3[2].1")),
        };
        let built = acknowledger().build(&message.header(), hl7_ack::AckCode::AE, &outcome);
        let strict = ParseOptions::strict().tolerate(DiagnosticCode::UnknownCharset);
        let read = strict.parse(built.as_bytes());
        prop_assert!(read.is_ok(), "{:?} of {:?}", read, lines(built.as_bytes()));

        let sent = Outstanding::of(&OwnedMessage::parse(header.clone()).expect("a header"));
        let found = sent.examine(built.as_bytes().clone());
        prop_assert!(matches!(found, Finding::Answer(_)), "{:?} to {:?}", lines(built.as_bytes()), header);
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
