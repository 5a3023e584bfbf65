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
fn what_may_be_logged_is_printable_and_short() {
    let id = format!("\u{1b}[31m{}é", "x".repeat(100));
    let message = OwnedMessage::parse(format!("MSH|^~\\&|||||||ADT^A01|{id}|P|2.5\r")).expect("ok");
    let shown = Outstanding::of(&message);
    assert_eq!(shown.control_id().len(), 64);
    assert!(shown.control_id().bytes().all(|byte| (0x20..0x7F).contains(&byte)));
}
