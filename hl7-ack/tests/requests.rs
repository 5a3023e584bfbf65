//! What MSH-15 and MSH-16 ask for.

use hl7_ack::{AckRequest, Condition, Mode};
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
