//! Rules of [`Validate`]: what breaks them, what the sender hears, and what it does not.

use std::sync::atomic::{AtomicBool, Ordering};

use hl7_ack::{
    AcceptOnly, Acknowledger, Acknowledgment, Action, ErrorCode, Fault, MemoryStore, Outcome, Peer,
    Received, Replay, Reply, Responder, Rule, Severity, Validate,
};
use hl7_parse::{Message, Path};

const MESSAGE: &str = "MSH|^~\\&|HIS|GH|EHR|GH|20260302||ADT^A01|7|P|2.5.1\r\
    PID|1||11^^^GH~^^^NI||EVERYWOMAN^EVE|\"\"|||A \\T\\ B\r\
    OBX|1|NM|a||1~2~3\rOBX|2|NM|||4\rZA1|x\rZA1|y\r";

fn broken(rule: Rule) -> Vec<String> {
    let message = Message::parse(MESSAGE.as_bytes()).expect("readable");
    let told = |fault: &Fault| {
        let number = fault.code().map(ErrorCode::number).unwrap_or_default();
        let places: Vec<_> = fault.locations().iter().map(Path::to_string).collect();
        format!("{number} {}", places.join(" "))
    };
    Validate::new([rule]).check(&message).faults().iter().map(told).collect()
}

#[test]
fn a_rule_is_broken_where_it_says() {
    let path = |path: &str| path.parse::<Path>().expect("a path");
    for (rule, expected) in [
        (Rule::required(path("PID")), &[][..]),
        (Rule::required(path("PV1")), &["100 PV1"]),
        (Rule::required(path("OBX[2]")), &[]),
        (Rule::required(path("OBX[3]")), &["100 OBX[3]"]),
        (Rule::required(path("PV1-2")), &["101 PV1-2"]),
        // One identifier of two has a number.
        (Rule::required(path("PID-3.1")), &[]),
        (Rule::required(path("PID-3[2].1")), &["101 PID-3[2].1"]),
        (Rule::required(path("PID-6")), &["101 PID-6"]),
        (Rule::required(path("OBX-3")), &["101 OBX[2]-3"]),
        (Rule::required(path("OBX[1]-3")), &[]),
        (Rule::required(path("OBX-9.2.1")), &["101 OBX-9.2.1", "101 OBX[2]-9.2.1"]),
        (Rule::max_length(path("PID-5.1"), 10), &[]),
        (Rule::max_length(path("PID-5.1"), 9), &["104 PID-5.1"]),
        // An escape sequence is the character that it stands for.
        (Rule::max_length(path("PID-9"), 5), &[]),
        (Rule::max_length(path("PID-9"), 4), &["104 PID-9"]),
        (Rule::max_length(path("PID-3.4"), 1), &["104 PID-3.4", "104 PID-3[2].4"]),
        (Rule::max_repetitions(path("OBX-5"), 3), &[]),
        (Rule::max_repetitions(path("OBX-5"), 2), &["198 OBX-5"]),
        (Rule::max_repetitions(path("OBX-5"), 0), &["198 OBX-5", "198 OBX[2]-5"]),
        (Rule::any_of(path("MSH-3.1"), ["LIS", "HIS"]), &[]),
        (Rule::any_of(path("MSH-3.1"), ["his"]), &["103 MSH-3.1"]),
        (Rule::any_of(path("PID-9"), ["A & B"]), &[]),
        (Rule::any_of(path("OBX-3"), ["a"]), &["103 OBX[2]-3"]),
        (Rule::any_of(path("OBX-3"), ["a", ""]), &[]),
        (Rule::any_of(path("OBX-5[2]"), ["2"]), &["103 OBX[2]-5[2]"]),
        (Rule::any_of(path("PV1-2"), ["I"]), &[]),
        (Rule::segments(["MSH", "PID", "OBX", "ZA1"]), &[]),
        (Rule::segments(["MSH", "PID", "OBX", "Z*"]), &[]),
        (Rule::segments(["MSH", "PID"]), &["100 OBX", "100 ZA1"]),
        (Rule::accept(AcceptOnly::types(["ADT^*"])), &[]),
        (
            Rule::accept(AcceptOnly::types(["ADT^A04"]).versions(["2.4"])),
            &["201 MSH-9.2", "203 MSH-12.1"],
        ),
    ] {
        assert_eq!(broken(rule.clone()), expected, "{rule:?}");
        // It makes no difference to what is found whether it is only told.
        assert_eq!(broken(rule.clone().only_report()), expected, "{rule:?}");
    }
}

#[test]
fn characters_are_those_of_the_declared_set() {
    for (charset, text, expected) in [
        (&b""[..], &b"A\tB\nC"[..], &[][..]),
        (b"", b"\xc3\x8b", &["102 PID-5"]),
        (b"ASCII", b"\xc3\x8b", &["102 PID-5"]),
        (b"UNICODE UTF-8", b"\xc3\x8b", &[]),
        (b"UNICODE UTF-8", b"\xcb", &["102 PID-5"]),
        (b"UNICODE UTF-8", b"\xc2\x85", &["102 PID-5"]),
        (b"8859/1", b"\xcb", &[]),
        (b"8859/1", b"\x85", &["102 PID-5"]),
        (b"windows-1252", b"\x85", &[]),
        (b"ISO IR87", b"\x1b$B;3ED\x1b(B", &[]),
        (b"8859/1", b"\x1b", &["102 PID-5"]),
        (b"NO SET", b"\xcb", &[]),
        (b"NO SET", b"A\0B", &["102 PID-5"]),
        (b"", b"A\x7fB", &["102 PID-5"]),
        (b"", b"A\\X00\\B", &[]),
        (b"", b"A|\x01|\x02\rPID|\x03\rZ\x04Z|1", &["102 PID-6", "102 PID-7", "102 PID[2]-1"]),
    ] {
        let mut message = b"MSH|^~\\&|HIS|GH|EHR|GH|20260302||ADT^A01|7|P|2.5.1||||||".to_vec();
        message.extend_from_slice(charset);
        message.extend_from_slice(b"\rPID|1||||");
        message.extend_from_slice(text);
        message.push(b'\r');
        let Ok(message) = Message::parse(&message) else {
            // ISO-2022-JP is decoded before it is read.
            assert_eq!(charset, b"ISO IR87");
            continue;
        };
        let outcome = Validate::new([Rule::characters()]).check(&message);
        let told: Vec<_> = outcome
            .faults()
            .iter()
            .filter(|fault| !fault.locations().is_empty())
            .map(|fault| {
                let number = fault.code().map(ErrorCode::number).unwrap_or_default();
                format!("{number} {}", fault.locations()[0])
            })
            .collect();
        assert_eq!(told, expected, "{} in {}", text.escape_ascii(), charset.escape_ascii());
    }
}

fn acknowledged(outcome: &Outcome) -> String {
    let message = Message::parse(MESSAGE.as_bytes()).expect("readable");
    let built = Acknowledger::new().acknowledge(&message, outcome).expect("due");
    String::from_utf8(built.as_bytes().to_vec()).expect("text")
}

#[test]
fn errors_come_before_warnings_and_a_refusal_makes_all_of_it_one() {
    let message = Message::parse(MESSAGE.as_bytes()).expect("readable");
    let warned = Rule::required(Path::new("PV1-2")).only_report();
    let failing = Rule::required(Path::new("PID-7"));
    let refusing = Rule::accept(AcceptOnly::types(["ORU"]).versions(["2.3", "2.5"]));
    for (rules, code, expected) in [
        (vec![], "AA", &[][..]),
        (vec![warned.clone()], "AA", &["101 W"]),
        (vec![warned.clone(), failing.clone()], "AE", &["101 E", "101 W"]),
        (vec![refusing.clone().only_report()], "AA", &["200 W", "203 W"]),
        (vec![failing, warned, refusing], "AR", &["200 E", "203 E", "101 E", "101 W"]),
    ] {
        let outcome = Validate::new(rules.clone()).check(&message);
        let text = acknowledged(&outcome);
        assert!(text.contains(&format!("MSA|{code}|7")), "{rules:?}: {text}");
        let errors: Vec<_> = text
            .split('\r')
            .filter(|line| line.starts_with("ERR|"))
            .map(|line| {
                let fields: Vec<_> = line.split('|').collect();
                format!("{} {}", &fields[3][..3], fields[4])
            })
            .collect();
        assert_eq!(errors, expected, "{rules:?}");
        // The sender learns which version it may go on in.
        assert_eq!(text.contains("|P|2.5\r"), code == "AR", "{text}");
    }
}

#[test]
fn what_fails_is_told_however_much_there_is_to_report() {
    let mut text = String::from("MSH|^~\\&|A|B|C|D|1||ORU^R01|7|P|2.5.1\r");
    text.push_str(&"OBX|||\r".repeat(10_000));
    let message = Message::parse(text.as_bytes()).expect("readable");
    let outcome = Validate::new([
        Rule::required(Path::new("OBX-3")).only_report(),
        Rule::required(Path::new("PID")),
    ])
    .check(&message);
    assert!(!outcome.is_accepted());
    assert_eq!(outcome.faults().len(), Outcome::MAX_ERRORS);
    assert_eq!(outcome.faults()[0].locations(), [Path::new("PID")]);
    assert_eq!(outcome.faults()[1].severity(), Some(Severity::Warning));
}

#[test]
fn an_occurrence_that_no_path_can_name_is_told_all_the_same() {
    let mut text = String::from("MSH|^~\\&|A|B|C|D|1||ORU^R01|7|P|2.5.1\r");
    text.push_str(&"OBX|1||a\r".repeat(65_535));
    text.push_str("OBX|1||\r");
    let message = Message::parse(text.as_bytes()).expect("readable");
    let outcome = Validate::new([Rule::required(Path::new("OBX-3"))]).check(&message);
    assert_eq!(outcome.faults().len(), 1);
    assert_eq!(outcome.faults()[0].locations(), [Path::new("OBX-3")]);
}

/// The acknowledgment that a server would send, and whether the handler was called.
async fn handled(rules: Vec<Rule>, reply: fn() -> Reply) -> (String, bool) {
    let (called, was_called) = tokio::sync::watch::channel(false);
    let handler = move |_: Received| {
        called.send_replace(true);
        async move { reply() }
    };
    let responder = Responder::new(Validate::new(rules).around(handler));
    let mut response = responder.respond(MESSAGE.into(), Peer::default()).await;
    let answer = match response.action() {
        Action::Answer(answer) => String::from_utf8(answer.to_vec()).expect("text"),
        _ => String::new(),
    };
    if let Some(then) = response.take_then() {
        then.await;
    }
    (answer, *was_called.borrow())
}

#[tokio::test]
async fn a_handler_sees_what_keeps_to_the_rules_and_its_answer_tells_what_is_reported() {
    let failing = || Rule::required(Path::new("PID-7"));
    let accepted = || Reply::from(Outcome::accepted());
    let refused = || Reply::from(Outcome::error(ErrorCode::UNKNOWN_KEY_IDENTIFIER, "no such"));
    let whole = || Reply::from(built_elsewhere());
    for (rules, reply, code, warnings, called) in [
        (vec![], accepted as fn() -> Reply, "AA", 0, true),
        (vec![failing()], accepted, "AE", 0, false),
        (vec![failing().only_report()], accepted, "AA", 1, true),
        (vec![failing().only_report()], refused, "AE", 1, true),
        (vec![failing().only_report()], whole, "AA", 0, true),
    ] {
        let (answer, was_called) = handled(rules.clone(), reply).await;
        assert!(answer.contains(&format!("MSA|{code}|7")), "{rules:?}: {answer}");
        assert_eq!(answer.matches("|W|").count(), warnings, "{rules:?}: {answer}");
        assert_eq!(was_called, called, "{rules:?}");
    }
}

fn built_elsewhere() -> Acknowledgment {
    let message = Message::parse(MESSAGE.as_bytes()).expect("readable");
    Acknowledger::new().acknowledge(&message, &Outcome::accepted()).expect("due")
}

#[tokio::test]
async fn a_message_that_is_taken_is_not_told_that_it_is_not() {
    let reported = Rule::accept(AcceptOnly::types(["ORU"])).only_report();
    let (answer, called) = handled(vec![reported], || Outcome::accepted().into()).await;
    assert!(called && answer.contains("MSA|AA|7|not on the list of what is taken\r"), "{answer}");
    assert_eq!(answer.matches("|W|").count(), 1, "{answer}");
    assert!(!answer.contains("not taken by this receiver"), "{answer}");
}

#[tokio::test]
async fn a_late_answer_tells_what_is_reported_too() {
    let inner = |_: Received| async {
        Reply::from(Outcome::rejected(ErrorCode::APPLICATION_ERROR, "late"))
            .late(async { Outcome::accepted().into() })
    };
    let validate = Validate::new([Rule::required(Path::new("PID-7")).only_report()]);
    let handler = Replay::new(MemoryStore::new()).around(validate.around(inner));
    let responder = Responder::new(handler);
    let mut first = responder.respond(MESSAGE.into(), Peer::default()).await;
    first.take_then().expect("it goes on").await;
    let again = responder.respond(MESSAGE.into(), Peer::default()).await;
    let Action::Answer(answer) = again.action() else { panic!("no answer") };
    let answer = String::from_utf8_lossy(answer);
    assert!(answer.contains("MSA|AA|7") && answer.contains("|W|"), "{answer}");
}

/// Around a handler that is unable once, and then takes what comes.
#[tokio::test]
async fn what_is_only_reported_makes_no_refusal_of_an_outage() {
    let unable = AtomicBool::new(true);
    let handler = move |_: Received| {
        let down = Outcome::rejected(ErrorCode::APPLICATION_ERROR, "down");
        let outcome = if unable.swap(false, Ordering::SeqCst) { down } else { Outcome::accepted() };
        async move { outcome }
    };
    let reported = Rule::accept(AcceptOnly::types(["ORU^*"]).versions(["2.4"])).only_report();
    let validated = Validate::new([reported]).around(handler);
    let responder = Responder::new(Replay::new(MemoryStore::new()).around(validated));
    for (expected, warnings) in [("CE", 2), ("CA", 2), ("CA", 2)] {
        let message = "MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5|||AL|NE\r";
        let response = responder.respond(message.into(), Peer::default()).await;
        let Action::Answer(answer) = response.action() else { panic!("no answer") };
        let answer = String::from_utf8_lossy(answer);
        assert!(answer.contains(&format!("|P|2.5\rMSA|{expected}|7")), "{answer}");
        assert_eq!(answer.matches("|W|").count(), warnings, "{answer}");
    }
}

#[test]
fn no_value_of_the_message_is_told() {
    let rules = [
        Rule::required(Path::new("PID-7")),
        Rule::max_length(Path::new("PID-5.1"), 1),
        Rule::any_of(Path::new("PID-9"), ["other"]).only_report(),
        Rule::max_repetitions(Path::new("OBX-5"), 1),
        Rule::segments(["MSH"]),
    ];
    let message = Message::parse(MESSAGE.as_bytes()).expect("readable");
    let outcome = Validate::new(rules).check(&message);
    let told = format!("{outcome:?} {}", acknowledged(&outcome));
    for value in ["EVERYWOMAN", "EVE", "A &", "11^", "\\T\\"] {
        assert!(!told.contains(value), "{value} in {told}");
    }
}
