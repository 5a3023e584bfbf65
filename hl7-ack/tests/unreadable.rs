//! What is barely a message is answered by what can be read of it, or by a minimal reject.

use hl7_ack::{Action, Outcome, Peer, Received, Responder};

use crate::{acknowledger, lines};

async fn answer(bytes: &[u8]) -> Option<String> {
    let responder =
        Responder::new(async |_: Received| Outcome::accepted()).with_acknowledger(acknowledger());
    let response = responder.respond(bytes::Bytes::copy_from_slice(bytes), Peer::default()).await;
    assert!(!response.is_readable(), "{}", bytes.escape_ascii());
    match response.action() {
        Action::Answer(answer) => Some(lines(answer)),
        Action::Nothing => None,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn without_a_usable_header_the_answer_is_a_minimal_reject() {
    for bytes in [
        &b""[..],
        b"\r\n",
        b"hello",
        b"GET / HTTP/1.1",
        b"PID|1\r",
        b"MSH",
        b"MSHA",
        b"\xff\xfeM\0S\0H\0|\0",
        b"junk\rMSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\r",
        b"BHS|^~\\&|A\r",
    ] {
        assert_eq!(
            answer(bytes).await.as_deref(),
            Some(
                "MSH|^~\\&|||||20260102030405+0000||ACK|ID|P|2.5.1\n\
                 MSA|AR||not a readable HL7 message\n\
                 ERR|||100^Segment sequence error^HL70357|E||||not a readable HL7 message\n"
            ),
            "{}",
            bytes.escape_ascii()
        );
    }
}

#[tokio::test]
async fn two_messages_where_one_is_expected_are_refused_by_the_first_header() {
    let two = b"MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\rMSH|^~\\&|A|B|C|D|1||ADT^A01|8|P|2.5\r";
    let answered = answer(two).await.expect("an answer");
    assert!(answered.contains("\nMSA|AE|7|several messages"), "{answered}");
    // A second header that can not be read is one as well.
    for second in ["MSHA^~\\&|second", "msh|^~\\&|second"] {
        let two = format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\rPID|1\r{second}\r");
        let answered = answer(two.as_bytes()).await.expect("an answer");
        assert!(answered.contains("\nMSA|AE|7|several messages"), "{answered}");
    }
}

#[tokio::test]
async fn what_may_be_an_acknowledgment_is_not_answered() {
    for bytes in [
        &b"MSA|AA|1\r"[..],
        b"MSH\rMSA|AA|1\r",
        b"garbage\nMSA|AA|1",
        b"garbage\r MSA",
        b"MSHX|~\rMSA^AA",
        b"\x0bMSA|AA|1\r",
        b"msa|AA|1\r",
    ] {
        assert_eq!(answer(bytes).await, None, "{}", bytes.escape_ascii());
    }
    assert!(answer(b"a word of MSA is none").await.is_some());
}

#[test]
fn a_message_over_the_length_limit_is_refused_by_what_was_kept_of_it() {
    let responder = Responder::new(async |_: Received| Outcome::accepted());
    let head = b"MSH|^~\\&|A|B|C|D|1||ORU^R01|77|P|2.3\rOBX|1|ED|x||JVBERi0xLj";
    let response = responder.too_long(&bytes::Bytes::from_static(head));
    let Action::Answer(answer) = response.action() else { panic!("{response:?}") };
    assert!(lines(answer).contains("\nMSA|AE|77|the message is too long\n"), "{}", lines(answer));
    assert_eq!((response.message_type(), response.control_id()), ("ORU^R01", "77"));
}
