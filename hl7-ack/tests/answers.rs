//! What an answer says is read, whatever form it has.

use hl7_ack::{Answer, ErrorCode, Finding, Matching, Outstanding, Resend, Severity};
use hl7_parse::{OwnedMessage, Path};

const SENT: &str = "MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\r";

fn answer(content: &str) -> Answer {
    let sent = Outstanding::of(&OwnedMessage::parse(SENT).expect("readable"));
    match sent.examine(content.to_owned().into()) {
        Finding::Answer(answer) => answer,
        other => panic!("{other:?} of {content:?}"),
    }
}

/// Code, severity, places, text, application code of each fault.
fn faults(answer: &Answer) -> Vec<String> {
    let shown = |fault: &hl7_ack::Fault| {
        let code = fault.code().map_or("-".to_owned(), |code| code.number().to_string());
        let severity = fault.severity().map_or('-', Severity::letter);
        let places: Vec<_> = fault.locations().iter().map(Path::to_string).collect();
        let (text, own) = (fault.text(), fault.application_code());
        format!("{code} {severity} {} {text:?} {own:?}", places.join(","))
    };
    answer.faults().iter().map(shown).collect()
}

#[test]
fn errors_are_read_from_every_form() {
    for (segments, expected) in [
        ("MSA|AA|7", vec![]),
        ("MSA|AA|7\rERR", vec![]),
        ("MSA|AA|7\rERR|\"\"", vec![]),
        // 2.1: local codes.
        (
            "MSA|AE|7\rERR|101~X9",
            vec!["101 -  \"Required field missing\" \"\"", "- -  \"\" \"X9\""],
        ),
        // 2.2 to 2.4.
        (
            "MSA|AE|7\rERR|PID^1^5^101&Required field missing&HL70357~OBX^2^5^9001&odd",
            vec!["101 - PID-5 \"Required field missing\" \"\"", "9001 - OBX[2]-5 \"odd\" \"\""],
        ),
        ("MSA|AE|7\rERR|PID^^^101", vec!["101 - PID \"Required field missing\" \"\""]),
        ("MSA|AE|7\rERR|^^^207&down", vec!["207 -  \"down\" \"\""]),
        ("MSA|AE|7\rERR|ZZZ^1^x^102", vec!["102 - ZZZ \"Data type error\" \"\""]),
        // From 2.5.
        (
            "MSA|AE|7\rERR||PID^1^11^^9|103^Table value not found^HL70357|E",
            vec!["103 E PID-11.9 \"Table value not found\" \"\""],
        ),
        (
            "MSA|AE|7\rERR||PID^1^3^2|101|w||||write \\T\\ read",
            vec!["101 W PID-3[2] \"write & read\" \"\""],
        ),
        (
            "MSA|AE|7\rERR||PID^2^3^2^4^1~PV1^1^7|198|F|X9^not ours^L",
            vec!["198 F PID[2]-3[2].4.1,PV1-7 \"Non-conformant cardinality\" \"X9\""],
        ),
        (
            "MSA|AE|7\rERR|||207^Application error^HL70357|E|101^Unknown key identifier^HL70533",
            vec!["204 E  \"Unknown key identifier\" \"\""],
        ),
        // A code of Table 0533 replaces an application error alone, and no other table does.
        (
            "MSA|AE|7\rERR|||101^x^HL70357|E|101^Unknown key identifier^HL70533",
            vec!["101 E  \"x\" \"101\""],
        ),
        (
            "MSA|AE|7\rERR|||207^x^HL70357|E|101^Unknown key identifier^L",
            vec!["207 E  \"x\" \"101\""],
        ),
        ("MSA|AE|7\rERR|||E17^own code^L|E", vec!["- E  \"own code\" \"E17\""]),
        ("MSA|AE|7\rERR|||^^^^^^^^free text|Q", vec!["- Q  \"free text\" \"\""]),
        (
            "MSA|AE|7\rERR|PID^1^5^101|PID^1^5|101|E",
            vec!["101 E PID-5 \"Required field missing\" \"\""],
        ),
        (
            "MSA|AE|7\rERR|||101|E\rERR|||102|E\rNTE|1\rerr|||0|I",
            vec![
                "101 E  \"Required field missing\" \"\"",
                "102 E  \"Data type error\" \"\"",
                "0 I  \"Message accepted\" \"\"",
            ],
        ),
        // MSA-6, where there is no ERR.
        ("MSA|AE|7||||204^no such patient^HL70357", vec!["204 -  \"no such patient\" \"\""]),
        ("MSA|AE|7||||204\rERR|||101|E", vec!["101 E  \"Required field missing\" \"\""]),
        // Places that are none.
        ("MSA|AE|7\rERR||^1^5|101|E", vec!["101 E  \"Required field missing\" \"\""]),
        ("MSA|AE|7\rERR||PIDX^1^5|101|E", vec!["101 E  \"Required field missing\" \"\""]),
        (
            "MSA|AE|7\rERR||PID^99999999^5^1^1|101|E",
            vec!["101 E PID \"Required field missing\" \"\""],
        ),
        ("MSA|AE|7\rERR||PID^0^5^0^1|101|E", vec!["101 E PID-5 \"Required field missing\" \"\""]),
        ("MSA|AE|7\rERR||é|101|E", vec!["101 E  \"Required field missing\" \"\""]),
    ] {
        let content = format!("MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.5\r{segments}\r");
        assert_eq!(faults(&answer(&content)), expected, "{segments}");
        // Line ends and a last terminator make no difference.
        let unix = content.replace('\r', "\n").trim_end().to_owned();
        assert_eq!(faults(&answer(&unix)), expected, "LF: {segments}");
    }
}

#[test]
fn the_text_is_msa_3_or_that_of_the_first_error() {
    let json = "{\"resourceType\":\"OperationOutcome\",\"text\":\"a|b^c&d~e\\\\f\"}";
    for (segments, expected) in [
        ("MSA|AA|7".to_owned(), ""),
        ("MSA|AE|7|no birth \\F\\ date".to_owned(), "no birth | date"),
        ("MSA|AE|7|\"\"\rERR||||E||||from ERR".to_owned(), "from ERR"),
        ("MSA|AE|7\rERR|^^^101".to_owned(), "Required field missing"),
        (format!("MSA|AE|7|{json}"), json),
        ("MSA|AE|7|[1|2]".to_owned(), "[1|2]"),
        // The pieces of JSON are no error and no number.
        ("MSA|AE|7|{\"a\":\"b|2|c|101\"}".to_owned(), "{\"a\":\"b|2|c|101\"}"),
    ] {
        let content = format!("MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.4\n{segments}");
        let answer = answer(&content);
        assert_eq!(answer.text(), expected, "{segments}");
        if segments.contains(['{', '[']) {
            assert_eq!(answer.faults().len(), 0, "{segments}");
            assert_eq!(answer.expected_sequence_number(), None, "{segments}");
        }
    }
    assert_eq!(answer("MSH|^~\\&\rMSA|AA|7||43").expected_sequence_number(), Some(43));
    assert_eq!(answer("MSH|^~\\&\rMSA|AA|7||-1").expected_sequence_number(), Some(-1));
}

#[test]
fn a_resend_helps_where_the_receiver_was_unable() {
    for (segments, expected) in [
        ("MSA|AA|7", Resend::NotNeeded),
        ("MSA|CA|7", Resend::NotNeeded),
        ("MSA|aa|7", Resend::NotNeeded),
        ("MSA|A|7", Resend::NotNeeded),
        ("MSA|AE|7", Resend::Useless),
        ("MSA|AE|7\rERR|||207|E", Resend::Useless),
        ("MSA|E|7", Resend::Useless),
        ("MSA|CR|7", Resend::Useless),
        ("MSA|CE|7", Resend::Later),
        ("MSA|CE|7\rERR|||101|E", Resend::Later),
        ("MSA|AR|7", Resend::Later),
        ("MSA|AR|7\rERR|^^^206", Resend::Later),
        ("MSA|AR|7\rERR|||207|E", Resend::Later),
        ("MSA|AR|7\rERR|||207|E\rERR|||202|E", Resend::Useless),
        ("MSA|AR|7\rERR|^^^200~^^^101", Resend::Useless),
        ("MSA|AR|7||||203^version", Resend::Useless),
        ("MSA|OK|7", Resend::Useless),
        ("MSA||7", Resend::Useless),
    ] {
        let content = format!("MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.5\r{segments}\r");
        assert_eq!(answer(&content).resend(), expected, "{segments}");
    }
}

#[test]
fn no_more_faults_are_read_than_the_limit() {
    for (count, read) in [(99, 99), (100, 100), (101, 100)] {
        let segments = "ERR|||101|E\r".repeat(count);
        let content = format!("MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.5\rMSA|AE|7\r{segments}");
        assert_eq!(answer(&content).faults().len(), read);
        let repetitions = vec!["101"; count].join("~");
        let content = format!("MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.1\rMSA|AE|7\rERR|{repetitions}\r");
        assert_eq!(answer(&content).faults().len(), read);
    }
    assert_eq!(Answer::MAX_FAULTS, 100);
}

#[test]
fn other_answers_are_taken_where_that_is_asked_for() {
    let id = "ADMISSION-2026-0000012";
    let sent = format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|{id}|P|2.5\r");
    let sent = Outstanding::of(&OwnedMessage::parse(sent).expect("readable"));
    let exact = Matching::exact();
    for (matching, msh_5_6, msa_2, taken) in [
        (exact, "A|B", id, true),
        (exact, "A|B", &id[..20], false),
        (exact, "A|B", "", false),
        (exact, "X|Y", id, true),
        (exact.or_cut_to_20(), "A|B", id, true),
        (exact.or_cut_to_20(), "A|B", &id[..20], true),
        (exact.or_cut_to_20(), "A|B", &id[..19], false),
        (exact.or_cut_to_20(), "A|B", &id[..21], false),
        (exact.or_cut_to_20(), "A|B", "ADMISSION-2026-00000X", false),
        (exact.or_missing(), "A|B", "", true),
        (exact.or_missing(), "A|B", "8", false),
        (exact.or_any(), "A|B", "8", true),
        (exact.and_addressed_to_sender(), "A|B", id, true),
        (exact.and_addressed_to_sender(), "A|X", id, false),
        (exact.and_addressed_to_sender(), "", id, false),
        (exact.or_any().and_addressed_to_sender(), "X|B", "8", false),
    ] {
        let content = format!("MSH|^~\\&|C|D|{msh_5_6}|1||ACK|9|P|2.5\rMSA|AA|{msa_2}\r");
        let shown = content.clone();
        let found = sent.clone().matching(matching).examine(content.into());
        assert_eq!(matches!(found, Finding::Answer(_)), taken, "{matching:?} {shown}");
    }
}

#[test]
fn what_was_built_is_read_back() {
    use hl7_ack::{AckCode, Fault, Outcome};
    let outcome = Outcome::error(ErrorCode::REQUIRED_FIELD_MISSING, "no birth | date")
        .at(Path::new("PID-7"))
        .and(ErrorCode::DUPLICATE_KEY_IDENTIFIER, "twice")
        .with(
            Fault::new(ErrorCode::UNKNOWN_KEY_IDENTIFIER, "who?")
                .at(Path::new("PID-3[2].4.1"))
                .at(Path::new("OBX[2]"))
                .with_severity(Severity::Information)
                .with_diagnostic("look & see")
                .with_application_code("X1"),
        );
    for version in ["2.5", "2.6", "2.7", "2.8.2", "2.9"] {
        let sent = SENT.replace("2.5", version);
        let sent = OwnedMessage::parse(sent).expect("readable");
        let built = crate::acknowledger().build(&sent.header(), AckCode::AE, &outcome);
        let found = Outstanding::of(&sent).examine(built.as_bytes().clone());
        let Finding::Answer(answer) = found else { panic!("{version}: {found:?}") };
        let expected: Vec<Fault> = outcome
            .faults()
            .iter()
            .map(|fault| match fault.severity() {
                Some(_) => fault.clone(),
                None => fault.clone().with_severity(Severity::Error),
            })
            .collect();
        assert_eq!(answer.faults(), expected, "{version}");
    }
}

/// MSA, what follows it, the text, the codes of the faults, and MSA-4.
#[test]
fn json_in_msa_3_is_one_text_wherever_it_begins_and_ends() {
    for (segments, text, codes, number) in [
        ("Failed: {\"a\":\"b|2|c|101\"}\r", "Failed: {\"a\":\"b|2|c|101\"}", vec![], None),
        ("\"{\\\"a\\\":\\\"b|2|c|101\\\"}\"\r", "\"{\\\"a\\\":\\\"b|2|c|101\\\"}\"", vec![], None),
        (
            "{\n  \"a\": [\n    \"b|2\"\n  ]\n}\rERR|||103|E\r",
            "{\n  \"a\": [\n    \"b|2\"\n  ]\n}",
            vec![103],
            None,
        ),
        ("{\n\"a\":\nERR|||101|E\n}\rERR|||103|E\r", "{\n\"a\":\nERR|||101|E\n}", vec![103], None),
        // What is no segment behind its end is no part of it.
        ("{\"a\":\"b\"}\r  more\rERR|||103|E\r", "{\"a\":\"b\"}", vec![103], None),
        // It was cut: what follows is said all the same.
        ("{\"a\":\n  \"b\rERR|||103|E\r", "{\"a\":\n  \"b", vec![103], None),
        ("{\"a\":\"b\rERR|||103|E||||]}\r", "{\"a\":\"b", vec![103], None),
        // Brackets in a text.
        ("see [1] and {2}|42||\rERR|||103|E\r", "see [1] and {2}", vec![103], Some(42)),
        ("a ] b|42\r", "a ] b", vec![], Some(42)),
    ] {
        for end in ["\r", "\n"] {
            let segments = segments.replace('\r', end);
            let content = format!("MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.5{end}MSA|AE|7|{segments}");
            let answer = answer(&content);
            assert_eq!(answer.text(), text, "{content:?}");
            let found: Vec<_> =
                answer.faults().iter().filter_map(|f| f.code()).map(|code| code.number()).collect();
            assert_eq!(found, codes, "{content:?}");
            assert_eq!(answer.expected_sequence_number(), number, "{content:?}");
        }
    }
}

#[test]
fn the_old_form_keeps_what_each_fault_says() {
    use hl7_ack::{AckCode, Fault, Outcome};
    let outcome = Outcome::error(ErrorCode::REQUIRED_FIELD_MISSING, "no birth date")
        .with(Fault::new(ErrorCode::DATA_TYPE_ERROR, "a&b").with_application_code("X-9"))
        .with(Fault::new(ErrorCode::other(9001), "").with_diagnostic("table 12"))
        .with(Fault::new(ErrorCode::DATA_TYPE_ERROR, "Data type error"));
    for (version, err) in [
        (
            "2.4",
            "ERR|^^^101&Required field missing&HL70357~^^^102&Data type error&HL70357&X-9&a\\T\\b\
             ~^^^9001&&&&table 12~^^^102&Data type error&HL70357\r",
        ),
        (
            "2.2",
            "ERR|^^^101&Required field missing~^^^102&Data type error&&X-9&a\\T\\b\
             ~^^^9001&&&&table 12~^^^102&Data type error\r",
        ),
    ] {
        let sent = format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|{version}\r");
        let sent = OwnedMessage::parse(sent).expect("readable");
        let built = crate::acknowledger().build(&sent.as_message().header(), AckCode::AE, &outcome);
        assert!(built.as_bytes().ends_with(err.as_bytes()), "{}", crate::lines(built.as_bytes()));
        let Finding::Answer(answer) = Outstanding::of(&sent).examine(built.as_bytes().clone())
        else {
            panic!("no answer");
        };
        assert_eq!(answer.text(), "no birth date");
        let read: Vec<_> = answer
            .faults()
            .iter()
            .map(|f| (f.text().to_owned(), f.application_code().to_owned()))
            .collect();
        let expected = [
            ("Required field missing", ""),
            ("a&b", "X-9"),
            ("table 12", ""),
            ("Data type error", ""),
        ];
        assert_eq!(
            read,
            expected.map(|(text, code)| (text.to_owned(), code.to_owned())),
            "{version}"
        );
    }
}

#[test]
fn messages_waiting_are_told_by_msa_7_and_8() {
    use hl7_ack::WaitingPriority;
    for (segment, expected) in [
        ("MSA|AA|7", None),
        ("MSA|AA|7||||||M", None),
        ("MSA|AA|7|||||few|M", None),
        ("MSA|AA|7|||||0", Some((0, None))),
        ("MSA|AA|7|||||12|M", Some((12, Some(WaitingPriority::Medium)))),
        ("MSA|AA|7|||||12|X", Some((12, None))),
        // Text that was not escaped may have moved them.
        ("MSA|AA|7|{\"a\":\"b|c\"}||||12|M", None),
    ] {
        let content = format!("MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.6\r{segment}\r");
        assert_eq!(answer(&content).messages_waiting(), expected, "{segment}");
    }
}

#[test]
fn an_application_acknowledgment_supersedes_an_accept_acknowledgment_and_nothing_else() {
    let of = |code: &str| answer(&format!("MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.5\rMSA|{code}|7\r"));
    let codes = ["AA", "AE", "AR", "CA", "CE", "CR", "OK"];
    for one in codes {
        for other in codes {
            let expected = one.starts_with('A') && other.starts_with('C');
            assert_eq!(of(one).supersedes(&of(other)), expected, "{one} behind {other}");
        }
    }
}
