//! Whole acknowledgments, by version, mode and outcome.

use hl7_ack::{ErrorCode, Outcome};
use hl7_parse::{Message, Path};

use crate::{acknowledger, lines};

fn acknowledged(message: &str, outcome: &Outcome) -> String {
    let message = Message::parse(message.as_bytes()).expect(message);
    match acknowledger().acknowledge(&message, outcome) {
        Some(acknowledgment) => lines(acknowledgment.as_bytes()),
        None => String::new(),
    }
}

fn faulty() -> Outcome {
    Outcome::error(ErrorCode::REQUIRED_FIELD_MISSING, "no birth | date").at(Path::new("PID-7"))
}

fn unable() -> Outcome {
    Outcome::rejected(ErrorCode::APPLICATION_ERROR, "down")
}

fn not_ours() -> Outcome {
    Outcome::rejected(ErrorCode::UNSUPPORTED_EVENT_CODE, "").at(Path::new("MSH-9.2"))
}

#[test]
fn original_mode_by_version_and_outcome() {
    for (version, outcome, expected) in [
        ("2.1", Outcome::accepted(), "ACK|ID|P|2.1\nMSA|AA|77\n"),
        ("2.1", faulty(), "ACK|ID|P|2.1\nMSA|AE|77|no birth \\F\\ date\nERR|101\n"),
        ("2.2", unable(), "ACK|ID|P|2.2\nMSA|AR|77|down\nERR|^^^207&Application error&HL70357\n"),
        ("2.3", Outcome::accepted(), "ACK|ID|P|2.3\nMSA|AA|77\n"),
        (
            "2.3",
            faulty(),
            "ACK|ID|P|2.3\nMSA|AE|77|no birth \\F\\ date\nERR|PID^1^7^101&Required field missing&HL70357\n",
        ),
        ("2.3.1", Outcome::accepted(), "ACK^A01|ID|P|2.3.1\nMSA|AA|77\n"),
        (
            "2.4",
            faulty().and(ErrorCode::DATA_TYPE_ERROR, "x").at(Path::new("OBX[2]-5")),
            "ACK^A01^ACK|ID|P|2.4\nMSA|AE|77|no birth \\F\\ date\nERR|PID^1^7^101&Required field missing&HL70357~OBX^2^5^102&Data type error&HL70357\n",
        ),
        ("2.5", Outcome::accepted(), "ACK^A01^ACK|ID|P|2.5\nMSA|AA|77\n"),
        (
            "2.5.1",
            faulty(),
            "ACK^A01^ACK|ID|P|2.5.1\nMSA|AE|77|no birth \\F\\ date\nERR||PID^1^7|101^Required field missing^HL70357|E||||no birth \\F\\ date\n",
        ),
        (
            "2.6",
            not_ours(),
            "ACK^A01^ACK|ID|P|2.6\nMSA|AR|77\nERR||MSH^1^9^^2|201^Unsupported event code^HL70357|E\n",
        ),
        (
            "2.7",
            faulty(),
            "ACK^A01^ACK|ID|P|2.7\nMSA|AE|77\nERR||PID^1^7|101^Required field missing^HL70357|E||||no birth \\F\\ date\n",
        ),
        (
            "2.9",
            unable().and(ErrorCode::other(999), "y"),
            "ACK^A01^ACK|ID|P|2.9\nMSA|AR|77\nERR|||207^Application error^HL70357|E||||down\nERR|||999|E||||y\n",
        ),
        ("", Outcome::accepted(), "ACK^A01^ACK|ID|P|2.5.1\nMSA|AA|77\n"),
    ] {
        let message =
            format!("MSH|^~\\&|HIS^1|WARD|LAB|GH|20260101||ADT^A01|77|P|{version}\rPID|1\r");
        let expected = format!("MSH|^~\\&|LAB|GH|HIS^1|WARD|20260102030405+0000||{expected}");
        assert_eq!(acknowledged(&message, &outcome), expected, "version {version:?}, {outcome:?}");
    }
}

#[test]
fn enhanced_mode_answers_at_the_accept_level_as_asked() {
    for (asked, outcome, expected) in [
        ("AL|AL", Outcome::accepted(), "CA"),
        ("AL|NE", faulty(), "CE"),
        ("AL|NE", unable(), "CE"),
        ("AL|NE", not_ours(), "CR"),
        ("SU|NE", Outcome::accepted(), "CA"),
        ("SU|NE", faulty(), ""),
        ("ER|AL", Outcome::accepted(), ""),
        ("ER|AL", unable(), "CE"),
        ("NE|AL", Outcome::accepted(), ""),
        ("NE|NE", faulty(), ""),
        ("AL", Outcome::accepted(), "CA"),
        ("|AL", Outcome::accepted(), ""),
        ("\"\"|\"\"", Outcome::accepted(), "AA"),
        ("XX|NE", Outcome::accepted(), "CA"),
        ("al|ne", Outcome::accepted(), "CA"),
        (" | ", Outcome::accepted(), "AA"),
    ] {
        let message = format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|77|P|2.5|||{asked}\r");
        let acknowledgment = acknowledged(&message, &outcome);
        let code = acknowledgment.split("MSA|").nth(1).map_or("", |msa| &msa[..2]);
        assert_eq!(code, expected, "{asked}, {outcome:?}: {acknowledgment}");
    }
}

#[test]
fn an_acknowledgment_is_never_acknowledged() {
    for (message, due) in [
        ("MSH|^~\\&|A|B|C|D|1||ACK^A01|77|P|2.5\rMSA|AA|1\r", false),
        ("MSH|^~\\&|A|B|C|D|1||ACK^A01|77|P|2.5|||AL|AL\rMSA|CA|1\r", false),
        ("MSH|^~\\&|A|B|C|D|1||ACK|77|P|2.5\r", false),
        ("MSH|^~\\&|A|B|C|D|1||ack|77|P|2.5\r", false),
        ("MSH|^~\\&|A|B|C|D|1||ADT|77|P|2.5\rmsa|AA|1\r", false),
        ("MSH|^~\\&|A|B|C|D|1||ORR^O02|77|P|2.5\rMSA|AA|1\r", false),
        ("MSH|^~\\&|A|B|C|D|1||RSP^K11|77|P|2.5|||NE|NE\rMSA|AA|1\r", false),
        ("MSH|^~\\&|A|B|C|D|1||RSP^K11|77|P|2.5|||AL|NE\rMSA|AA|1\r", true),
        ("MSH|^~\\&|A|B|C|D|1||ADT^A01|77|P|2.5\r", true),
    ] {
        let acknowledgment = acknowledged(message, &Outcome::accepted());
        assert_eq!(!acknowledgment.is_empty(), due, "{message}");
    }
}

#[test]
fn the_senders_delimiters_and_character_set_are_used() {
    let message = "MSH$%*/@$A%1@2$B$C$D$1$$ADT%A01$7/F/7$P%T$2.5$$$$$$8859/1*UNICODE UTF-8\r";
    assert_eq!(
        acknowledged(message, &Outcome::error(ErrorCode::OTHER_HL7_ERROR, "a$b%c|d")),
        "MSH$%*/@$C$D$A%1@2$B$20260102030405+0000$$ACK%A01%ACK$ID$P%T$2.5$$$$$$8859/1\n\
         MSA$AE$7/F/7$a/F/b/S/c|d\n\
         ERR$$$199%Other HL7 error%HL70357$E$$$$a/F/b/S/c|d\n"
    );
}

#[test]
fn unusable_delimiters_are_replaced_and_the_fields_rewritten() {
    let message = "MSH|*!|A*1|B!2|C&D|D|1||ADT*A01|7^7|P|2.5\r";
    assert_eq!(
        acknowledged(message, &Outcome::accepted()),
        "MSH|^~\\&|C\\T\\D|D|A^1|B~2|20260102030405+0000||ACK^A01^ACK|ID|P|2.5\nMSA|AA|7\\S\\7\n"
    );
}

#[test]
fn an_identity_stands_in_msh_3_and_4() {
    let message = Message::parse(b"MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.3\r").expect("readable");
    let acknowledgment = acknowledger()
        .identity("BRIDGE&1", "NORTH")
        .acknowledge(&message, &Outcome::accepted())
        .expect("due");
    assert!(lines(acknowledgment.as_bytes()).starts_with("MSH|^~\\&|BRIDGE\\T\\1|NORTH|A|B|"));
}

#[test]
fn long_ids_are_echoed_whole_and_long_texts_are_cut() {
    let id = "x".repeat(60);
    let message = format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|{id}|P|2.3||||||UNICODE UTF-8\r");
    let outcome = Outcome::error(ErrorCode::APPLICATION_ERROR, "é".repeat(500));
    let acknowledgment = acknowledged(&message, &outcome);
    let msa = format!("\nMSA|AE|{id}|{}\n", "é".repeat(80));
    assert!(acknowledgment.contains(&msa), "{acknowledgment}");
}

#[test]
fn a_field_that_is_no_use_to_anybody_is_not_echoed() {
    let huge = "\t".repeat(1 << 20);
    let message = format!("MSH|^~\\&|{huge}|{huge}|{huge}|{huge}|1||ADT^{huge}|{huge}|P|{huge}\r");
    let acknowledgment = acknowledged(&message, &Outcome::accepted());
    assert!(acknowledgment.len() < 200, "{} bytes", acknowledgment.len());
}

#[test]
fn text_is_written_in_the_character_set_that_is_declared() {
    let outcome = Outcome::error(ErrorCode::APPLICATION_ERROR, "Größe €");
    for (declared, expected) in [
        ("", &b"Gr??e ?"[..]),
        ("ASCII", b"Gr??e ?"),
        ("8859/1", b"Gr\xF6\xDFe ?"),
        ("UNICODE UTF-8", "Größe €".as_bytes()),
    ] {
        let message = format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5||||||{declared}\r");
        let message = Message::parse(message.as_bytes()).expect("readable");
        let acknowledgment = acknowledger().acknowledge(&message, &outcome).expect("due");
        let expected = [b"\rMSA|AE|7|", expected, b"\r"].concat();
        let bytes = acknowledgment.as_bytes();
        assert!(
            bytes.windows(expected.len()).any(|window| window == expected),
            "{declared}: {}",
            lines(bytes)
        );
    }
}

#[test]
fn msh_2_holds_delimiters_and_nothing_else() {
    for (msh_2, expected) in [
        ("^~\\&", "^~\\&"),
        ("^~\\&#", "^~\\&#"),
        ("^~\\&#!!", "^~\\&#"),
        ("^~\\&\u{1c}", "^~\\&"),
        ("^~\\&é", "^~\\&"),
        ("^~\\", "^~\\&"),
    ] {
        let message = format!("MSH|{msh_2}|A|B|C|D|1||ADT^A01|7|P|2.5\r");
        let acknowledgment = acknowledged(&message, &Outcome::accepted());
        let expected = format!("MSH|{expected}|C|D|A|B|");
        assert!(acknowledgment.starts_with(&expected), "{msh_2:?}: {acknowledgment}");
    }
}

#[test]
fn warnings_and_local_codes_are_written_as_such() {
    let message = "MSH|^~\\&|A|B|C|D~E|1||ADT^\"\"|7|P|2.5\r";
    let outcome = Outcome::accepted().and(ErrorCode::other(9001), "odd");
    let acknowledgment = acknowledged(message, &outcome);
    assert!(acknowledgment.starts_with("MSH|^~\\&|C|D|A|B|20260102030405+0000||ACK|ID|"));
    assert!(acknowledgment.ends_with("\nMSA|AA|7|odd\nERR|||9001|W||||odd\n"), "{acknowledgment}");
}

#[test]
fn control_characters_are_never_echoed() {
    let message = b"MSH|^~\\&|A\x1c\x00|B\tB|C|D|1||ADT^A01|7\x0b7|P|2.5\r";
    let message = Message::parse(message).expect("readable");
    let acknowledgment = acknowledger().acknowledge(&message, &Outcome::accepted()).expect("due");
    let bytes = acknowledgment.as_bytes();
    assert!(!bytes.iter().any(|byte| *byte < 0x20 && *byte != b'\r'), "{}", lines(bytes));
    assert!(lines(bytes).contains("MSA|AA|7\\X0B\\7\n"), "{}", lines(bytes));
}
