//! No text that we make holds a value from a message, but MSH-9 and MSH-10 as they may be logged.

use hl7_ack::{Finding, Outcome, Outstanding, Peer, Received, Reply, Responder};
use hl7_parse::OwnedMessage;

use crate::acknowledger;

const MARK: &str = "SECRETNAME";

#[tokio::test]
async fn debug_shows_no_value() {
    let text =
        format!("MSH|^~\\&|{MARK}|||{MARK}|1||ADT^A01|7|P|2.5\rPID|||{MARK}\rMSA|AA|7|{MARK}\r");
    let message = OwnedMessage::parse(text.clone()).expect("readable");
    let outstanding = Outstanding::of(&message);
    let Finding::Answer(answer) = outstanding.examine(text.clone().into()) else { panic!() };
    let responder = Responder::new(async |received: Received| Reply::from(received.message));
    let response = responder.respond(text.clone().into(), Peer::default()).await;
    let ack = acknowledger().build(&message.header(), hl7_ack::AckCode::AA, &Outcome::accepted());
    for shown in [
        format!("{outstanding:?} {answer:?} {response:?} {ack:?}"),
        format!("{:?}", Received::new(message.clone(), Peer::default())),
        format!("{:?}", Reply::from(message.clone())),
        format!("{:?}", outstanding.examine(text.replace("MSA", "ZSA").into())),
    ] {
        assert!(!shown.contains(MARK), "{shown}");
    }
}

#[test]
fn debug_of_faults_shows_no_text() {
    let sent = "MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\r";
    let sent = Outstanding::of(&OwnedMessage::parse(sent).expect("readable"));
    let erring = format!(
        "MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.5\rMSA|AE|7|{MARK}\r\
         ERR||PID^1^5|101^{MARK}|E|{MARK}||{MARK}|{MARK}\rERR|||{MARK}|E\r"
    );
    let Finding::Answer(answer) = sent.examine(erring.into()) else { panic!() };
    let faults = answer.faults();
    assert!(faults.len() == 2 && faults[0].text() == MARK && answer.text() == MARK);
    let outcome = faults.into_iter().fold(Outcome::accepted(), Outcome::with);
    for shown in [
        format!("{outcome:?} {:?} {answer:?}", outcome.faults()),
        format!("{:?} {:?}", acknowledger().identity(MARK, MARK), hl7_ack::ControlId::from(MARK)),
        format!("{:?}", hl7_ack::BatchAnswer::new(acknowledger(), hl7_ack::BatchForm::default())),
    ] {
        assert!(!shown.contains(MARK), "{shown}");
    }
}

#[test]
fn debug_shows_codes_lengths_and_options() {
    let message = OwnedMessage::parse("MSH|^~\\&|||||||ADT^A01|7|P|2.5\r").expect("readable");
    let ours = acknowledger().identity(MARK, MARK).always_original_mode();
    let ack = ours.build(&message.header(), hl7_ack::AckCode::AA, &Outcome::accepted());
    let shown = format!("Acknowledgment {{ code: Some(AA), len: {} }}", ack.as_bytes().len());
    assert_eq!(format!("{ack:?}"), shown);
    assert_eq!(
        format!("{ours:?}"),
        "Acknowledger { identity: true, newest_version: V2_9, always_original: true, \
         tolerates_missing_control_id: false, .. }"
    );
    assert_eq!(format!("{:?}", hl7_ack::ControlId::from(MARK)), "ControlId { len: 10 }");
    assert_eq!(format!("{:?}", hl7_ack::UniqueIds::new()), "UniqueIds { count: 0 }");
    let fault = hl7_ack::Fault::new(hl7_ack::ErrorCode::TABLE_VALUE_NOT_FOUND, MARK);
    let shown = format!("{fault:?}");
    assert!(shown.starts_with("Fault { code: Some(") && shown.contains("text_len: 10"), "{shown}");
    let shown = format!("{:?}", Outstanding::of(&message));
    assert!(shown.contains("Compared { len: 1 }"), "{shown}");
    let responder = Responder::new(async |_: Received| Outcome::accepted());
    let response = responder.too_long(message.as_bytes());
    let shown = format!("{response:?}");
    assert!(shown.starts_with("Response { action: ") && shown.contains("code: Some("), "{shown}");
    let replies = [(Reply::from(Outcome::accepted()), "outcome"), (message.into(), "message")];
    for (reply, answer) in replies {
        let expected = format!("Reply {{ answer: \"{answer}\", then: false, late: false }}");
        assert_eq!(format!("{reply:?}"), expected);
    }
}

#[test]
fn what_may_be_logged_is_printable_and_short() {
    let id = format!("\u{1b}[31m{}é", "x".repeat(100));
    let message = OwnedMessage::parse(format!("MSH|^~\\&|||||||ADT^A01|{id}|P|2.5\r")).expect("ok");
    let shown = Outstanding::of(&message);
    assert_eq!(shown.control_id().len(), 64);
    assert!(shown.control_id().bytes().all(|byte| (0x20..0x7F).contains(&byte)));
    assert_eq!(shown.message_type(), "ADT^A01");
}

#[tokio::test]
async fn debug_of_what_is_around_another_shows_the_other() {
    use hl7_ack::{
        AnyHandler, AtOnce, Deliver as _, Delivery, FanOut, Forward, InOrder, MemoryStore, PerKey,
        Progress, Replay, Retry, RetryPolicy,
    };

    use crate::exchange_support::TokioTimer;

    #[derive(Clone, Debug)]
    struct Inner;

    impl hl7_ack::OneAttempt for Inner {}

    impl hl7_ack::Deliver for Inner {
        async fn deliver(&self, _: OwnedMessage) -> Delivery {
            Delivery::NoneDue
        }
    }

    let keys = PerKey::new(Inner, |_, keys| {
        keys.add(MARK.as_bytes());
        assert_eq!(format!("{keys:?}"), "Keys { len: 1 }");
    });
    let message = OwnedMessage::parse("MSH|^~\\&|||||||ADT^A01|7|P|2.5\r").expect("readable");
    let key = hl7_ack::ReplayKey::of(&message.as_message()).expect("has an ID");
    assert_eq!(format!("{key:?}"), "ReplayKey");
    assert!(matches!(keys.deliver(message).await, Delivery::NoneDue));
    let policy = RetryPolicy::park_content_errors();
    for (shown, name) in [
        (format!("{:?}", Retry::new(Inner, policy, TokioTimer)), "Retry { inner: Inner, policy: "),
        (format!("{:?}", Replay::new(MemoryStore::new())), "Replay { store: MemoryStore"),
        (format!("{:?}", AnyHandler::new(async |_: Received| Outcome::accepted())), "AnyHandler"),
        (format!("{:?}", Progress::new()), "Progress { begun: false, last: false, .. }"),
        (format!("{:?}", AtOnce::new(Inner, 3)), "AtOnce { inner: Inner, messages: 3, "),
        (format!("{:?}", InOrder::new(Inner)), "InOrder { inner: Inner, .. }"),
        (format!("{:?}", PerKey::by_patient(Inner)), "PerKey { inner: Inner, .. }"),
        (
            format!("{:?}", FanOut::any([Forward::to(Inner)], |_, _| {})),
            "FanOut { rule: Any, destinations: [",
        ),
    ] {
        assert!(shown.starts_with(name), "{shown}");
    }
}
