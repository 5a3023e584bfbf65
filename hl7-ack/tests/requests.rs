//! What MSH-15 and MSH-16 ask for.

use hl7_ack::{AckCode, AckRequest, Condition, ErrorCode, Mode, Outcome};
use hl7_parse::Message;

#[test]
fn mode_and_conditions_are_read_from_msh_15_and_16() {
    use Condition::{Always, Never, OnError, OnSuccess};
    for (fields, mode, accept, application, answer_due) in [
        ("", Mode::Original, Never, Always, true),
        ("|||", Mode::Original, Never, Always, true),
        ("|||AL|NE", Mode::Enhanced, Always, Never, true),
        ("|||NE|AL", Mode::Enhanced, Never, Always, false),
        ("|||SU|ER", Mode::Enhanced, OnSuccess, OnError, true),
        ("|||NE|NE", Mode::Enhanced, Never, Never, false),
        ("|||AL", Mode::Enhanced, Always, Never, true),
        ("||||AL", Mode::Enhanced, Never, Always, false),
        ("|||\"\"|\"\"", Mode::Original, Never, Always, true),
        ("|||?|", Mode::Enhanced, Always, Never, true),
    ] {
        let message = format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5{fields}\r");
        let request = AckRequest::of(&Message::parse(message.as_bytes()).expect("readable"));
        let found = (request.mode(), request.accept(), request.application(), request.answer_due());
        assert_eq!(found, (mode, accept, application, answer_due), "{message}");
    }
}

/// What each value of MSH-15 or MSH-16 asks for: on success, on error.
const VALUES: [(&str, [bool; 2]); 5] = [
    ("", [false, false]),
    ("AL", [true, true]),
    ("SU", [true, false]),
    ("ER", [false, true]),
    ("NE", [false, false]),
];

#[test]
fn every_pair_of_conditions_gets_the_acknowledgments_it_asks_for() {
    let error = || Outcome::error(ErrorCode::REQUIRED_FIELD_MISSING, "");
    let unable = || Outcome::rejected(ErrorCode::APPLICATION_ERROR, "");
    let refused = || Outcome::rejected(ErrorCode::UNSUPPORTED_EVENT_CODE, "");
    for (accept, accept_asked) in VALUES {
        for (application, application_asked) in VALUES {
            let message =
                format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5|||{accept}|{application}\r");
            let message = Message::parse(message.as_bytes()).expect("readable");
            for (outcome, at, accept_code, application_code) in [
                (Outcome::accepted(), 0, AckCode::CA, AckCode::AA),
                (error(), 1, AckCode::CE, AckCode::AE),
                (unable(), 1, AckCode::CE, AckCode::AR),
                (refused(), 1, AckCode::CR, AckCode::AR),
            ] {
                let shown = format!("{accept:?} {application:?} {application_code}");
                let original = accept.is_empty() && application.is_empty();
                let at_once = match original {
                    true => Some(application_code),
                    false => accept_asked[at].then_some(accept_code),
                };
                let later = application_asked[at].then_some(application_code);
                let request = AckRequest::of(&message);
                assert_eq!(request.code_for(&outcome), at_once, "{shown}");
                assert_eq!(request.later_code_for(&outcome), later, "{shown}");
                let built = crate::acknowledger().acknowledge(&message, &outcome);
                assert_eq!(built.and_then(|built| built.code()), at_once, "{shown}");
            }
        }
    }
}
