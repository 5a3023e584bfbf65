//! MSA is the same segment to everyone, whatever stands before it and in whatever case.

use hl7_ack::{
    AckRequest, Action, Deliver, Delivery, Finding, Forward, Outcome, Outstanding, Peer, Responder,
    Waiters,
};
use hl7_parse::OwnedMessage;

use crate::{acknowledger, exchange_support::TokioTimer, lines};

const SEGMENTS: [&str; 10] = [
    "MSA|AA|7",
    "msa|AA|7",
    "Msa|AA|7",
    "mSA|AA|7",
    " MSA|AA|7",
    "\tMSA|AA|7",
    "\u{FEFF}MSA|AA|7",
    "\u{B}MSA|AA|7",
    "\0MSA|AA|7",
    "\u{1C} \u{FEFF}msa|AA|7",
];

fn message(text: &str) -> OwnedMessage {
    OwnedMessage::parse(text.to_owned()).expect(text)
}

#[tokio::test]
async fn an_msa_is_found_by_all_or_by_none() {
    let sent = message("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\r");
    for segment in SEGMENTS {
        for end in ["\r", "\n", ""] {
            let text = format!("MSH|^~\\&|C|D|A|B|1||ORU^R01|9|P|2.5\r{segment}{end}");
            let shown = format!("{text:?}");
            let answer = message(&text);
            assert!(AckRequest::of(&answer.as_message()).of_acknowledgment(), "{shown}");
            let whole = acknowledger().acknowledge(&answer.as_message(), &Outcome::accepted());
            let unread = acknowledger().acknowledge_unread(text.as_bytes(), &Outcome::accepted());
            assert_eq!((whole, unread.expect("readable")), (None, None), "{shown}");
            let found = Outstanding::of(&sent).examine(text.clone().into());
            assert!(matches!(found, Finding::Answer(_)), "{shown}: {found:?}");

            let waiters = Waiters::new(TokioTimer);
            let waiting = waiters.register("his", &sent).expect("room");
            assert!(waiters.hand_over("his", &answer), "{shown}");
            drop(waiting);
        }
    }
}

#[tokio::test]
async fn what_is_no_msa_is_a_message() {
    for segment in ["MSAX|AA|7", "XMSA|AA|7", "MS|AA|7", "NTE||MSA|AA", "ZSA|msa"] {
        let text = format!("MSH|^~\\&|C|D|A|B|1||ORU^R01|9|P|2.5\r{segment}\r");
        let inbound = message(&text);
        assert!(!AckRequest::of(&inbound.as_message()).of_acknowledgment(), "{segment}");
        let unread = acknowledger().acknowledge_unread(text.as_bytes(), &Outcome::accepted());
        assert!(unread.expect("readable").is_some(), "{segment}");
    }
}

/// A far side that answers with this segment.
struct Answers(&'static str);

impl Deliver for Answers {
    async fn deliver(&self, message: OwnedMessage) -> Delivery {
        let answer = format!("MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.5\r{}|text\r", self.0);
        match Outstanding::of(&message).examine(answer.into()) {
            Finding::Answer(answer) => Delivery::Answered(answer),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn an_answer_is_translated_where_its_msa_was_found() {
    for segment in SEGMENTS {
        let responder = Responder::new(Forward::to(Answers(segment)).translate_level());
        let message = "MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5|||AL|NE\r";
        let response = responder.respond(message.into(), Peer::default()).await;
        let Action::Answer(bytes) = response.action() else { panic!("{segment:?}: {response:?}") };
        let (expected, answered) = (segment.replace("AA", "CA"), lines(bytes));
        assert!(answered.ends_with(&format!("\n{expected}|text\n")), "{segment:?}: {answered:?}");
    }
}

/// MSH-10 holds a character of which the second byte is that of `|`, and ESC, which switches nothing
/// in this set.
#[test]
fn a_control_id_is_read_in_the_set_that_is_declared_whatever_esc_stands_in_it() {
    for id in [&b"A\x83|B"[..], b"A\x83|\x1bB", b"\x1bA\x83|B"] {
        let message = |head: &[u8], id: &[u8], tail: &[u8]| [head, id, tail].concat();
        let sent = message(b"MSH|^~\\&|A|B|C|D|1||ADT^A01|", id, b"|P|2.5||||||SHIFT_JIS\r");
        let sent = OwnedMessage::parse_undecoded(sent).expect("readable");
        let head = b"MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.5||||||SHIFT_JIS\rMSA|AA|";
        for (id, answers) in [(id, true), (&b"A\x83"[..], false), (b"A\x83|C", false)] {
            let found = Outstanding::of(&sent).examine(message(head, id, b"|text\r").into());
            let is_answer = matches!(found, Finding::Answer(_));
            assert_eq!(is_answer, answers, "{}: {found:?}", id.escape_ascii());
        }
    }
}
