//! Answers are told from everything else by MSA-2.

use hl7_ack::{AckCode, Finding, Outcome, Outstanding, Waiters};
use hl7_parse::OwnedMessage;

use crate::{acknowledger, exchange_support::TokioTimer};

fn sent(control_id: &str) -> Outstanding {
    let message = format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|{control_id}|P|2.5\r");
    Outstanding::of(&OwnedMessage::parse(message).expect("readable"))
}

fn examined(control_id: &str, content: &str) -> String {
    match sent(control_id).examine(content.to_owned().into()) {
        Finding::Answer(answer) => format!("{:?} {}", answer.code(), answer.is_positive()),
        Finding::Other(_) => "other".into(),
        Finding::Inbound(_) => "inbound".into(),
        Finding::Unreadable => "unreadable".into(),
        _ => "?".into(),
    }
}

#[test]
fn answers_are_matched_tolerantly_and_exactly() {
    for (control_id, content, expected) in [
        ("7", "MSH|^~\\&|C|D|A|B|1||ACK|x|P|2.5\rMSA|AA|7\r", "Some(AA) true"),
        ("7", "MSH|^~\\&|C|D|A|B|1||ACK^A01^ACK_A01|x|P|2.5\nMSA|CA|7 ", "Some(CA) true"),
        ("7", "MSH|^~\\&|C|D|A|B|1||MSA|x|P|2.5\r\nMSA|ae|7|{\"a\":\"b|c&d\"}", "Some(AE) false"),
        ("7", "MSH|^~\\&\rMSA|R|7", "Some(AR) false"),
        ("7", "MSH|^~\\&\rMSA|OK|7", "None false"),
        ("7", "MSH|^~\\&\rMSA|AA|8", "other"),
        ("7", "MSH|^~\\&\rMSA|AA|", "other"),
        ("7", "MSH|^~\\&\rMSA|AA|77", "other"),
        ("abc", "MSH|^~\\&\rMSA|AA|ABC", "other"),
        ("7", "MSH|^~\\&|||||||ADT^A01|7|P|2.5\rPID|1", "inbound"),
        ("7", "BHS|^~\\&\rMSH|^~\\&|C|D\rMSA|AA|7\rBTS|1\r", "Some(AA) true"),
        ("7", "MSH|^~\\&\rMSA|AA|6\rMSH|^~\\&\rMSA|AE|7\r", "Some(AE) false"),
        ("7", "MSH|^~\\&\rMSA|AA|5\rMSH|^~\\&\rMSA|AE|6\r", "other"),
        ("\t7\t", "MSH|^~\\&\rMSA|AA|\\X09\\7\\X09\\", "Some(AA) true"),
        ("7", "", "unreadable"),
        ("7", "OK", "unreadable"),
        ("7", "MSA|AA|7", "unreadable"),
        ("a\\T\\b", "MSH#*!?%#\rMSA#AA#a&b", "Some(AA) true"),
        ("7#X", "MSH#*!?%#\rMSA#AA#7", "other"),
        ("7*X", "MSH#*!?%#\rMSA#AA#7*X", "Some(AA) true"),
        ("a\\.br\\b\\Zx\\", "MSH#*!?%#\rMSA#AA#a?.br?b?Zx?", "Some(AA) true"),
        ("a?.br?b", "MSH#*!?%#\rMSA#AA#a?.br?b", "Some(AA) true"),
        ("", "MSH|^~\\&\rMSA|AA", "Some(AA) true"),
        ("", "MSH|^~\\&\rMSA|AR|UNKNOWN", "Some(AR) false"),
        ("", "MSH|^~\\&\rMSA|AA|7", "other"),
        ("\"\"", "MSH|^~\\&\rMSA|AE", "Some(AE) false"),
        ("\"\"", "MSH|^~\\&\rMSA|AE|\"\"", "Some(AE) false"),
        ("\"\"", "MSH|^~\\&\rMSA|AE|7", "other"),
    ] {
        assert_eq!(examined(control_id, content), expected, "{control_id:?} and {content:?}");
    }
}

#[test]
fn an_application_acknowledgment_is_due_after_ca_where_msh_16_asks() {
    for (asked, code, due) in [
        ("AL|AL", "CA", true),
        ("AL|NE", "CA", false),
        ("AL|AL", "CE", false),
        ("", "AA", false),
        // From a receiver that always commits: nobody has asked for more.
        ("", "CA", false),
    ] {
        let message = format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5|||{asked}\r");
        let sent = Outstanding::of(&OwnedMessage::parse(message).expect("readable"));
        let answer = format!("MSH|^~\\&\rMSA|{code}|7\r");
        let Finding::Answer(answer) = sent.examine(answer.into()) else { panic!("{asked} {code}") };
        assert_eq!(answer.application_due(), due, "{asked} {code}");
        assert_eq!(answer.code().map(AckCode::as_str), Some(code));
    }
}

#[test]
fn an_escape_character_that_is_a_letter_is_understood() {
    // Between two `R` stands what looks like a switch of character sets.
    let sent = OwnedMessage::parse("MSH|^~R|A|B|C|D|1||ADT|1 FORMER S|P|2.5\r").expect("readable");
    let built =
        crate::acknowledger().build(&sent.header(), AckCode::AA, &hl7_ack::Outcome::accepted());
    let found = Outstanding::of(&sent).examine(built.as_bytes().clone());
    assert!(matches!(found, Finding::Answer(_)), "{}", crate::lines(built.as_bytes()));
}

#[test]
fn every_message_of_a_frame_is_told_of_in_its_order() {
    const INBOUND: &str = "MSH|^~\\&|C|D|A|B|1||ORU^R01|4|P|2.5\rPID|1\r";
    const OTHER: &str = "MSH|^~\\&|C|D|A|B|1||ACK|8|P|2.5\rMSA|AA|6\r";
    const CA: &str = "MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.5\rMSA|CA|7\r";
    const AE: &str = "MSH|^~\\&|C|D|A|B|1||ACK|10|P|2.5\rMSA|AE|7\r";
    for (frame, expected, alone) in [
        (vec![CA], "CA", "CA"),
        (vec![CA, AE], "CA AE", "CA"),
        (vec![INBOUND, CA, OTHER], "inbound CA other", "CA"),
        (vec!["BHS|^~\\&\r", OTHER, INBOUND, "BTS|2\r"], "other inbound", "other"),
        (vec!["MSH\r", AE], "unreadable AE", "AE"),
        (vec!["OK"], "", "unreadable"),
        (vec![], "", "unreadable"),
    ] {
        let content = bytes::Bytes::from(frame.concat());
        let word = |finding: Finding| match finding {
            Finding::Answer(answer) => answer.code().map_or("?", AckCode::as_str),
            Finding::Other(_) => "other",
            Finding::Inbound(_) => "inbound",
            _ => "unreadable",
        };
        let sent = sent("7");
        let found: Vec<_> = sent.examine_each(&content).map(word).collect();
        assert_eq!(found.join(" "), expected, "{frame:?}");
        assert_eq!(word(sent.examine(content)), alone, "{frame:?}");
    }
}

#[test]
fn a_receiver_in_original_mode_answers_whatever_is_asked() {
    let acknowledgment = "MSH|^~\\&|C|D|A|B|1||ORR^O02|5|P|2.5|||NE|NE\rMSA|AA|1\r";
    for (asked, due, silence, agreed) in [
        ("", true, false, true),
        ("AL|AL", true, false, true),
        ("NE|AL", false, false, true),
        ("NE|NE", false, false, true),
        ("ER|NE", true, true, true),
    ] {
        let message = format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5|||{asked}\r");
        let sent = Outstanding::of(&OwnedMessage::parse(message).expect("readable"));
        assert_eq!((sent.answer_due(), sent.silence_accepts()), (due, silence), "{asked}");
        let sent = sent.always_original_mode();
        assert_eq!((sent.answer_due(), sent.silence_accepts()), (agreed, false), "{asked}");
    }
    // What answers is not answered.
    let sent = Outstanding::of(&OwnedMessage::parse(acknowledgment).expect("readable"));
    assert!(!sent.always_original_mode().answer_due());
}

/// MSH-10 that holds the bytes of delimiters, in sets where these are no delimiters, is known again
/// in the acknowledgment that echoes it.
#[test]
fn a_control_id_that_hides_separators_is_matched() {
    const RUN: &[u8] = b"\x1b$B%|!^!~!&\x1b(B";
    for (delimiters, set, id) in [
        ("|^~\\&", "", RUN.to_vec()),
        ("|^~\\&", "~ISO IR87||ISO 2022-1994", RUN.to_vec()),
        ("|^~\\&", "8859/1", [b"7-", RUN].concat()),
        ("|^~\\&", "UNICODE UTF-8", [RUN, RUN].concat()),
        // The answer has other delimiters.
        ("#%*/", "~ISO IR87##ISO 2022-1994", [RUN, b"%7"].concat()),
        ("#%*/", "", [b"7".as_slice(), RUN].concat()),
        ("|^~\\&", "SHIFT_JIS", b"\x83|\x95\\7".to_vec()),
        ("#%*/", "SHIFT_JIS", b"\x83|\x95\\%7".to_vec()),
        ("|^~\\&", "BIG-5", b"\xb4|\xa5\\".to_vec()),
        ("|^~\\&", "GB 18030-2000", b"\x81|".to_vec()),
    ] {
        let field = &delimiters[..1];
        let set = set.replace('~', &delimiters[2..3]);
        let head = format!("MSH{delimiters}{field}A{field}B{field}C{field}D{field}1{field}{field}");
        let tail = ["", "P", "2.5", "", "", "", "", "", &set].join(field);
        let line =
            [head.as_bytes(), b"ADT", field.as_bytes(), &id, tail.as_bytes(), b"\r"].concat();
        let message = OwnedMessage::parse_undecoded(line.clone()).expect("readable");
        let outcome = Outcome::accepted().expecting(42);
        let built = acknowledger().build(&message.header(), AckCode::AA, &outcome);
        let shown = format!("{}: {}", line.escape_ascii(), built.as_bytes().escape_ascii());
        let outstanding = Outstanding::of(&message);
        let Finding::Answer(answer) = outstanding.examine(built.as_bytes().clone()) else {
            panic!("no answer to {shown}")
        };
        assert_eq!(answer.expected_sequence_number(), Some(42), "{shown}");
        assert_eq!(answer.text(), "", "{shown}");
        let waiters = Waiters::new(TokioTimer);
        let waiting = waiters.register("link", &message).expect("a place");
        assert!(waiters.hand_over("link", answer.message()), "{shown}");
        drop(waiting);
    }
}

#[test]
fn messages_may_share_an_answer_unless_both_are_named_and_otherwise() {
    use hl7_ack::Matching;
    for (id, named) in [
        ("7", true),
        ("a.b-c_d", true),
        // What is empty or fills is answered by more than its own.
        ("", false),
        ("\"\"", false),
        // What is written otherwise where delimiters are others.
        ("\\X38\\", false),
        ("a\\T\\b", false),
        ("a&b", false),
        ("ü", false),
    ] {
        for other in ["8", ""] {
            let expected = !named || other.is_empty();
            let (one, two) = (sent(id), sent(other));
            assert_eq!(one.may_share_answer(&two), expected, "{id:?} and {other:?}");
            assert_eq!(two.may_share_answer(&one), expected, "{other:?} and {id:?}");
        }
        assert!(sent(id).may_share_answer(&sent(id)), "{id:?} twice");
    }
    for (matching, shares) in [
        (Matching::exact(), false),
        (Matching::exact().and_addressed_to_sender(), false),
        (Matching::exact().or_cut_to_20(), true),
        (Matching::exact().or_missing(), true),
        (Matching::exact().or_any(), true),
    ] {
        let one = sent("7").matching(matching);
        assert_eq!(one.may_share_answer(&sent("8")), shares, "{matching:?}");
        assert_eq!(sent("8").may_share_answer(&one), shares, "{matching:?}");
    }
}
