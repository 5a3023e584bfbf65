//! What is barely a message is answered by what can be read of it, or by a minimal reject.

use hl7_ack::{Action, ErrorCode, Outcome, Peer, Received, ReplayKey, Responder, Waiters};
use hl7_parse::OwnedMessage;

use crate::{acknowledger, exchange_support::TokioTimer, lines};

const NOW: &str = "20260102030405+0000";

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
        b"MSH\x01^~\\&\x01A\x01B",
        b"MSHA^~\\&AHISA",
        b"M\0S\0H\0|\0^\0~\0\\\0&\0|\0H\0",
        b"\0M\0S\0H\0|\0^\0~\0\\\0&\0|\0H",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"{\"resourceType\":\"Bundle\"}",
        b"<?xml version=\"1.0\"?><ADT_A01/>",
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

/// What a refusal is built from is MSH as far as it can be read.
#[test]
fn a_broken_message_is_refused_by_what_its_header_says() {
    let refused = |bytes: &[u8]| {
        let refusal = acknowledger().refuse_unreadable(bytes, &Outcome::error(CODE, "broken"));
        refusal.map(|refusal| lines(refusal.as_bytes()))
    };
    const CODE: ErrorCode = ErrorCode::SEGMENT_SEQUENCE_ERROR;
    const ERR: &str = "ERR|||100^Segment sequence error^HL70357|E||||broken\n";
    let from = |fields: &str| format!("MSH|^~\\&|{fields}");
    for (bytes, expected) in [
        // Cut off within MSH: what is there is used.
        (from("A|B"), format!("MSH|^~\\&|||A|B|{NOW}||ACK|ID|P|2.5.1\nMSA|AE||broken\n{ERR}")),
        (
            from("A|B|C|D|1||ADT^A01|7"),
            format!("MSH|^~\\&|C|D|A|B|{NOW}||ACK^A01^ACK|ID|P|2.5.1\nMSA|AE|7|broken\n{ERR}"),
        ),
        (
            from("A|B|C|D|1||ADT^A01|7|T|2.3"),
            format!(
                "MSH|^~\\&|C|D|A|B|{NOW}||ACK|ID|T|2.3\nMSA|AE|7|broken\nERR|^^^100&Segment sequence error\n"
            ),
        ),
        ("MSH|".to_owned(), format!("MSH|^~\\&|||||{NOW}||ACK|ID|P|2.5.1\nMSA|AE||broken\n{ERR}")),
        // Enhanced mode: as asked, and where that can not be read, always.
        (
            from("A|B|C|D|1||ADT^A01|7|P|2.5|||AL|NE\rPID|\0\x01"),
            format!("MSH|^~\\&|C|D|A|B|{NOW}||ACK^A01^ACK|ID|P|2.5\nMSA|CE|7|broken\n{ERR}"),
        ),
        (
            from("A|B|C|D|1||ADT^A01|7|P|2.5|||\x02|NE"),
            format!(
                "MSH|^~\\&|C|D|A|B|{NOW}||ACK^A01^ACK|ID|P|2.5\nMSA|CE|7|broken\n{ERR}\
                 ERR||MSH^1^15|103^Table value not found^HL70357|W||||taken for AL\n"
            ),
        ),
        // A set that has to be decoded first: MSH is ASCII all the same.
        (
            from("A|B|C|D|1||ADT^A01|7|P|2.5||||||BIG-5\rPID|||||\u{80}"),
            format!(
                "MSH|^~\\&|C|D|A|B|{NOW}||ACK^A01^ACK|ID|P|2.5||||||BIG-5\nMSA|AE|7|broken\n{ERR}"
            ),
        ),
        // Control characters are escaped, and what is too long to be an ID is left out.
        (
            from("A\x1b[31m|B\x07|C|D|1||ADT^A\x0801|7\x7f|P|2.5"),
            format!(
                "MSH|^~\\&|C|D|A\\X1B\\[31m|B\\X07\\|{NOW}||ACK^A\\X08\\01^ACK|ID|P|2.5\n\
                 MSA|AE|7\\X7F\\|broken\n{ERR}"
            ),
        ),
        (
            from(&format!("A|B|C|D|1||ADT^A01|{}|P|2.5", "x".repeat(5000))),
            format!("MSH|^~\\&|C|D|A|B|{NOW}||ACK^A01^ACK|ID|P|2.5\nMSA|AE||broken\n{ERR}"),
        ),
    ] {
        assert_eq!(refused(bytes.as_bytes()).as_ref(), Some(&expected), "{}", bytes.escape_debug());
    }
    for silent in [
        from("A|B|C|D|1||ADT^A01|7|P|2.5|||NE|NE\rPID|\0"),
        from("A|B|C|D|1||ADT^A01|7|P|2.5|||SU|AL\rPID|\0"),
        from("A|B|C|D|1||ACK^A01|7|P|2.5"),
        from("A|B|C|D|1||ORR|7|P|2.5\r\tmsa"),
        "M\0S\0H\0|\0\r\0M\0S\0A\0|\0".to_owned(),
        "\0M\0S\0H\0|\0\r\0M\0S\0A\0|".to_owned(),
    ] {
        assert_eq!(refused(silent.as_bytes()), None, "{}", silent.escape_debug());
    }
}

/// In each a character of MSH-4 holds the byte of `|`.
#[test]
fn the_control_id_is_found_behind_text_of_two_bytes() {
    for (text, sets) in [
        (&b"\x1b$B%]|!\x1b(B"[..], "~ISO IR87||ISO 2022-1994"),
        (b"\x1b$B%]|!%]\x1b(J", "ISO IR87"),
        (b"\x83\x7c\x81[\x83\x8b", "SHIFT_JIS"),
        (b"\xb6\x83\x7c", "SHIFT_JIS"),
        (b"\xa5\x7c", "BIG-5"),
        (b"\x81\x7c", "GB 18030-2000"),
        (b"\x81\x30\x81\x30\x81\x7c", "GB 18030-2000"),
        (b"G\xdc|", "8859/1"),
    ] {
        let (head, tail) = match sets {
            "8859/1" => ("MSH|^~\\&|HIS|", format!("EHR|GH|1||ADT^A01|77|P|2.5||||||{sets}\r")),
            _ => ("MSH|^~\\&|HIS|", format!("|EHR|GH|1||ADT^A01|77|P|2.5||||||{sets}\r")),
        };
        let message = [head.as_bytes(), text, tail.as_bytes(), b"PID|1\r"].concat();
        let shown = message.escape_ascii();
        let header = hl7_parse::Header::parse(&message).expect("readable");
        let built = acknowledger().build(&header, hl7_ack::AckCode::AA, &Outcome::accepted());
        let expected = format!("|ACK^A01^ACK|ID|P|2.5||||||{sets}\rMSA|AA|77\r");
        assert!(built.as_bytes().ends_with(expected.as_bytes()), "{shown}: {built:?}");
        let sent = hl7_parse::OwnedMessage::parse_undecoded(message.clone()).expect("readable");
        let found = hl7_ack::Outstanding::of(&sent).examine(built.as_bytes().clone());
        assert!(matches!(found, hl7_ack::Finding::Answer(_)), "{shown}: {found:?}");
    }
}

/// MSH-4 is ポ病院, of which the second byte is that of `|`.
#[tokio::test]
async fn what_is_logged_kept_and_waited_for_is_by_the_control_id_behind_such_text() {
    let message = |control_id: &str| {
        let (head, text) = (b"MSH|^~\\&|HIS|", b"\x83|\x95a\x89@");
        let tail = format!("|EHR|GH|1||ADT^A01|{control_id}|P|2.5||||||SHIFT_JIS\rPID|1\r");
        [&head[..], text, tail.as_bytes()].concat()
    };
    let responder =
        Responder::new(async |_: Received| Outcome::accepted()).with_acknowledger(acknowledger());
    let response = responder.respond(message("77").into(), Peer::default()).await;
    assert_eq!((response.message_type(), response.control_id()), ("ADT^A01", "77"));
    assert_eq!(response.code(), Some(hl7_ack::AckCode::AA));

    let read = |id| OwnedMessage::parse_undecoded(message(id)).expect("readable");
    let key = |id| ReplayKey::of(&read(id).as_message()).expect("has an ID");
    assert!(key("77").id() != key("78").id());

    let waiters = Waiters::new(TokioTimer);
    let _waiting = waiters.register("his", &read("77")).expect("has an ID");
    let answer = |id: &str| {
        let bytes = format!("MSH|^~\\&|EHR|GH|HIS|X|1||ACK|1|P|2.5\rMSA|AA|{id}\r");
        OwnedMessage::parse(bytes).expect("readable")
    };
    assert!(!waiters.hand_over("his", &answer("78")));
    assert!(waiters.hand_over("his", &answer("77")));
}

#[tokio::test]
async fn fields_that_undeclared_text_moves_are_not_acknowledged_as_if_they_were_right() {
    for text in [&b"\x83\x7c"[..], b"\x1b$B%]|!", b"\x83\x7c\x83\x7c", &b"\x83\x7c".repeat(20)] {
        for version in ["|2.5", "|", "| ", "|v2.5", "", "|2.5|||AL|NE"] {
            let tail = format!("|EHR|LAB|1||ADT^A01|77|P{version}\rPID|1\r");
            let message = [b"MSH|^~\\&|HIS|", text, tail.as_bytes()].concat();
            let answered = answer(&message).await.expect("an answer");
            let code = if version.ends_with("NE") { "CE" } else { "AE" };
            assert!(answered.contains(&format!("\nMSA|{code}|77|MSH holds")), "{answered}");
        }
    }
    // A type that does not look like one, and a facility that does.
    let message = b"MSH|^~\\&|HIS|\x83|\x83|\x83||EHR|LAB|1||adt_a01|77|P|2.5\r";
    let answered = answer(message).await.expect("an answer");
    assert!(answered.contains("\nMSA|AE|77|MSH holds"), "{answered}");
}

#[tokio::test]
async fn what_stands_where_it_should_is_handled_whatever_the_version_says() {
    for (message_type, version) in
        [("ADT^A01", "|2.5"), ("ADT^A01", ""), ("ORU", "|2.5"), ("ORU", ""), ("", ""), ("ZZ", "")]
    {
        let tail = format!("ller|EHR|LAB|1||{message_type}|77|P|{version}\rPID|1\r");
        let message = [b"MSH|^~\\&|HIS|M\xfc", tail.as_bytes()].concat();
        let responder = Responder::new(async |_: Received| Outcome::accepted());
        let response = responder.respond(message.into(), Peer::default()).await;
        let Action::Answer(answered) = response.action() else { panic!("{message_type}") };
        let answered = lines(answered);
        assert!(answered.ends_with("\nMSA|AA|77\n"), "{message_type} {version}: {answered}");
    }
}
