//! Whole acknowledgments, by version, mode and outcome.

use std::collections::HashSet;

use hl7_ack::{
    AckCode, AckRequest, ErrorCode, Fault, Outcome, Severity, Software, Version, WaitingPriority,
};
use hl7_parse::{Editor, Message, OwnedMessage, Path, Separators};

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

/// The outcomes of the table, by name.
fn outcome(name: &str) -> Outcome {
    use ErrorCode as Code;
    match name {
        "accepted" => Outcome::accepted(),
        "accepted with a warning" => Outcome::accepted()
            .and(Code::TABLE_VALUE_NOT_FOUND, "sex not known")
            .at(Path::new("PID-8")),
        "a field is missing" => faulty(),
        "three errors" => Outcome::error(Code::VALUE_TOO_LONG, "too long")
            .at(Path::new("PID-5.1"))
            .and(Code::NON_CONFORMANT_CARDINALITY, "")
            .at(Path::new("PID-3[2]"))
            .at(Path::new("OBX[2]-5"))
            .with(Fault::new(Code::OTHER_HL7_ERROR, "odd").with_severity(Severity::FatalError)),
        "no such patient" => {
            Outcome::error(Code::UNKNOWN_KEY_IDENTIFIER, "not here").at(Path::new("PID-3.4.1"))
        }
        "the event is not taken" => not_ours(),
        "the version is not taken" => {
            Outcome::rejected(Code::UNSUPPORTED_VERSION_ID, "2.5.1 at most").at(Path::new("MSH-12"))
        }
        "down" => unable(),
        _ => panic!("no outcome {name:?}"),
    }
}

/// An admission in this version, with MSH-18 from 2.3 and MSH-22 to MSH-25 from 2.6.
fn admission(version: &str, asked: &str) -> String {
    let sets = if version >= "2.3" { "||8859/1" } else { "" };
    let organisations = if version >= "2.6" { "||||SENDER|RECEIVER|SN|RN" } else { "" };
    let asked = if asked == "-/-" { "|".to_owned() } else { asked.replace('/', "|") };
    format!(
        "MSH|^~\\&|HIS^1.2.3^ISO|WARD|LAB|GH|20260101||ADT^A01|77|P|{version}|||{asked}{sets}{organisations}\rPID|1\r"
    )
}

/// Every block of the table; and that none is missing.
#[test]
fn acknowledgments_are_those_of_the_table() {
    const VERSIONS: usize = 14;
    const OUTCOMES: usize = 8;
    const MODES: usize = 11;
    let table = include_str!("expected/acknowledgments.txt");
    let acknowledger = acknowledger().newest_version(Version::V2_5_1);
    let mut seen = HashSet::new();
    let blocks = table.split("\n\n").map(str::trim_end).filter(|block| !block.starts_with('#'));
    for block in blocks.filter(|block| !block.is_empty()) {
        let (head, expected) = block.split_once('\n').unwrap_or((block, ""));
        let expected: String = expected.lines().map(|line| format!("{}\n", line.trim())).collect();
        let mut head = head.splitn(3, "; ");
        let [Some(version), Some(name), Some(modes)] = [head.next(), head.next(), head.next()]
        else {
            panic!("{block}");
        };
        let outcome = outcome(name);
        for mode in modes.split(", ") {
            let (asked, later) = match mode.strip_suffix(" later") {
                Some(asked) => (asked, true),
                None => (mode, false),
            };
            let message = admission(version, asked);
            let message = Message::parse(message.as_bytes()).expect("readable");
            let built = match later {
                true => AckRequest::of(&message)
                    .later_code_for(&outcome)
                    .map(|code| acknowledger.build(&message.header(), code, &outcome)),
                false => acknowledger.acknowledge(&message, &outcome),
            };
            let built = built.map_or(String::new(), |built| lines(built.as_bytes()));
            assert_eq!(built, expected, "{version}; {name}; {mode}");
            assert!(seen.insert((version, name, mode)), "twice: {version}; {name}; {mode}");
        }
    }
    assert_eq!(seen.len(), VERSIONS * OUTCOMES * MODES);
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
         ERR$$$207%Application internal error%HL70357$E$$$$a/F/b/S/c|d\n"
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
fn fields_are_echoed_up_to_a_limit() {
    const MAX: usize = hl7_ack::Acknowledger::MAX_ECHOED_LEN;
    for (len, echoed) in [(MAX - 1, MAX - 1), (MAX, MAX), (MAX + 1, 0)] {
        let message = format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|{}|P|2.5\r", "x".repeat(len));
        let acknowledgment = acknowledged(&message, &Outcome::accepted());
        let msa_2 = acknowledgment.lines().nth(1).map(|msa| msa.matches('x').count());
        assert_eq!(msa_2, Some(echoed), "{len}");
    }
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

/// An offset of `-0000` is that of `+0000`.
#[test]
fn nothing_of_our_own_is_cut_by_the_senders_delimiters() {
    for (delimiters, time, version) in [
        ("|^~\\&", "20260102030405+0000", "2.5.1"),
        ("#*+!%", "20260102030405-0000", "2.5.1"),
        ("#*+!-", "20260102030405!T!0000", "2.5.1"),
        ("+^~\\&", "20260102030405-0000", "2.5.1"),
        ("|^.\\&", "20260102030405+0000", "2\\R\\5\\R\\1"),
    ] {
        let (field, rest) = delimiters.split_at(1);
        let message = ["MSH", rest, "A", "B", "C", "D", "1", "", "ADT", "7", "P", "\"\"\r"];
        let expected = ["MSH", rest, "C", "D", "A", "B", time, "", "ACK", "ID", "P", version];
        let built = acknowledged(&message.join(field), &Outcome::accepted());
        let msh = built.lines().next().unwrap_or_default();
        assert_eq!(msh, expected.join(field), "{delimiters}");
    }
}

#[test]
fn msh_2_holds_delimiters_and_nothing_else() {
    for (version, msh_2, expected) in [
        ("2.7", "^~\\&", "^~\\&"),
        ("2.7", "^~\\&#", "^~\\&#"),
        ("2.7", "^~\\&#!!", "^~\\&#"),
        // In 2.7 `#` is meant where no other is declared.
        ("2.7", "^~\\&\u{1c}", "^~\\&#"),
        ("2.7", "^~\\&é", "^~\\&#"),
        ("2.7", "^~\\&\u{1}", "^~\\&#"),
        ("2.7", "^~\\&x", "^~\\&"),
        ("2.7", "^~\\", "^~\\&"),
        ("2.7", "^~\"&", "^~\\&"),
        ("2.7", "^~x&", "^~\\&"),
        // The fifth came with 2.7.
        ("2.6", "^~\\&#", "^~\\&"),
        ("2.3", "^~\\&#", "^~\\&"),
    ] {
        let message = format!("MSH|{msh_2}|A|B|C|D|1||ADT^A01|7|P|{version}\r");
        let acknowledgment = acknowledged(&message, &Outcome::accepted());
        let expected = format!("MSH|{expected}|C|D|A|B|");
        assert!(acknowledgment.starts_with(&expected), "{msh_2:?}: {acknowledgment}");
    }
    // What it stood for in the message it still stands for.
    let message = "MSH|^~\\&#|A|B|C|D|1||ADT^A01|7\\P\\|P|2.5\r";
    let acknowledgment = acknowledged(message, &Outcome::accepted());
    assert!(acknowledgment.ends_with("\nMSA|AA|7#\n"), "{acknowledgment}");
}

#[test]
fn a_fifth_character_that_can_not_be_used_takes_no_other_delimiter_with_it() {
    for (msh_2, version, expected) in
        [("*!/%#", "2.7", "*!/%#"), ("*!/%#", "2.5", "*!/%"), ("*!/%\"", "2.7", "*!/%")]
    {
        let message = format!("MSH|{msh_2}|A*1|B|C|D|1||ADT*A01|7|P|{version}\r");
        let acknowledgment = acknowledged(&message, &Outcome::accepted());
        let begins = format!("MSH|{expected}|C|D|A*1|B|");
        assert!(acknowledgment.starts_with(&begins), "{message}: {acknowledgment}");
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
fn code_0_is_information_whatever_is_said_beside_it() {
    let message = "MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\r";
    let accepted = Fault::new(ErrorCode::MESSAGE_ACCEPTED, "").with_severity(Severity::Error);
    for outcome in [
        Outcome::accepted().and(ErrorCode::MESSAGE_ACCEPTED, ""),
        faulty().and(ErrorCode::MESSAGE_ACCEPTED, ""),
        Outcome::accepted().with(accepted),
    ] {
        let acknowledgment = acknowledged(message, &outcome);
        let err = "\nERR|||0^Message accepted^HL70357|I\n";
        assert!(acknowledgment.contains(err), "{outcome:?}: {acknowledgment}");
    }
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

#[test]
fn escape_sequences_stay_what_they_are_when_delimiters_change() {
    // MSH-2 has no subcomponent separator, so that the usual delimiters are written.
    for (control_id, expected) in [
        ("plain", "plain"),
        ("a%b*c", "a^b~c"),
        // What these stood for does not delimit any more, or does now.
        ("/F//S//R//E/", "#%*/"),
        // It is `^` still.
        ("/X5E/", "\\X5E\\"),
        // The code of a delimiter that was not in use is text, and stays so.
        ("/T/", "/T/"),
        ("/X41//.br//Zx/", "\\X41\\\\.br\\\\Zx\\"),
        ("/XE9/", "\\XE9\\"),
        // There is no truncation character, and none here.
        ("/P/", "\\P\\"),
        ("/H/b/N/", "\\H\\b\\N\\"),
        ("a|b^c&d\\e~", "a\\F\\b\\S\\c\\T\\d\\E\\e\\R\\"),
        ("/.sp|/", "/.sp\\F\\/"),
        ("/", "/"),
        ("/X0D/", "\\X0D\\"),
        // Not that of a control character, or of what delimits now.
        ("/Z\u{7}/", "/Z\\X07\\/"),
        ("/Z^/", "/Z\\S\\/"),
    ] {
        let message = format!("MSH#%*/#A#B#C#D#1##ADT#{control_id}#P#2.3\r");
        let acknowledgment = acknowledged(&message, &Outcome::accepted());
        let msa_2 = acknowledgment.split("MSA|AA|").nth(1).map_or("", str::trim_end);
        assert_eq!(msa_2, expected, "{control_id}");
    }
}

/// As the editor does it, which has the same work to do.
#[test]
fn a_field_is_rewritten_as_by_the_editor() {
    for control_id in [
        "plain",
        "a%b*c",
        "/F//S//R//E/",
        "/X5E/",
        "/T/",
        "/P/",
        "/X41//.br//Zx/",
        "/H/b/N/",
        "a|b^c&d\\e~",
    ] {
        let message = format!("MSH#%*/#A#B#C#D#1##ADT#{control_id}#P#2.3\r");
        let built = acknowledged(&message, &Outcome::accepted());
        let message = Message::parse(message.as_bytes()).expect("readable");
        let edited = Editor::new(&message).swap_delimiters(Separators::RECOMMENDED).finish();
        let edited = edited.expect(control_id);
        let view = edited.as_message();
        let expected = view.header().control_id().to_str().expect("text").to_owned();
        let built = Message::parse(built.as_bytes()).expect("readable");
        let msa_2 = built.get(&Path::new("MSA-2"));
        assert_eq!(msa_2.as_bytes(), expected.as_bytes(), "{control_id}");
    }
}

/// The second byte of ポ is that of `|`, of 表 that of `\`, of 構 that of `~`; none is a delimiter.
#[test]
fn characters_of_two_bytes_are_never_cut() {
    const PIPE: &[u8] = b"\x83|\x95a\x89@";
    const ESCAPE: &[u8] = b"\x95\\";
    const TILDE: &[u8] = b"\x8d~";
    const RUN: &[u8] = b"\x1b$B!|!^!~!&\x1b(B";
    const KATAKANA: &[u8] = b"\x1b(I1&1\x1b(B";
    for (delimiters, set, name) in [
        // MSH-2 has no subcomponent separator, so that the usual delimiters are written.
        ("|^~\\", "SHIFT_JIS", [ESCAPE, TILDE].concat()),
        ("#%*/", "SHIFT_JIS", [PIPE, ESCAPE, TILDE].concat()),
        ("#%*/", "BIG-5", b"\xb4|\xa5\\".to_vec()),
        ("#%*/", "GB 18030-2000", b"\x81|\x81\x30\x81\x30".to_vec()),
        ("#%*/", "~ISO IR87##ISO 2022-1994", RUN.to_vec()),
        ("|^~\\", "~ISO IR87||ISO 2022-1994", KATAKANA.to_vec()),
        ("|^~\\", "~ISO IR87||ISO 2022-1994", [RUN, KATAKANA].concat()),
        ("|^~\\&", "SHIFT_JIS", TILDE.to_vec()),
        ("|^~\\&", "BIG-5", b"\xa4~\xa4^".to_vec()),
    ] {
        let (field, rest) = delimiters.split_at(1);
        let repetition = &rest[1..2];
        let set = set.replace('~', repetition);
        let head = format!("MSH{delimiters}{field}A{field}B{field}C{field}").into_bytes();
        let tail = ["1", "", "ADT", "7", "P", "2.9", "", "", "", "", "", &set].join(field);
        // MSH-6 repeats; the first is the one that is echoed.
        let line = [
            &head,
            &name[..],
            repetition.as_bytes(),
            b"other",
            field.as_bytes(),
            tail.as_bytes(),
            b"\r",
        ]
        .concat();
        let message = OwnedMessage::parse_undecoded(line.clone()).expect("readable");
        let built = acknowledger().build(&message.header(), AckCode::AA, &Outcome::accepted());
        let expected = [b"MSH|^~\\&|C|", &name[..], b"|A|B|"].concat();
        let bytes = built.as_bytes();
        assert!(bytes.starts_with(&expected), "{}: {}", line.escape_ascii(), bytes.escape_ascii());
    }
}

/// The run holds the bytes of all delimiters, and MSH is cut around it whatever set is named.
#[test]
fn a_run_of_iso_2022_is_echoed_as_it_came_whatever_set_is_declared() {
    const RUN: &str = "\u{1b}$B%|!^!~!&\u{1b}(B";
    for declared in [
        "",
        "~ISO IR87",
        "~ISO IR87||ISO 2022-1994",
        "ISO IR87",
        "ISO IR6~ISO IR159",
        "ASCII",
        "8859/1",
        "8859/1||ISO 2022-1994",
        "8859/1||2.3",
        "ISO IR14",
        "UNICODE UTF-8",
        "UNICODE UTF-8||ISO 2022-1994",
        "KS X 1001",
        "unheard of",
    ] {
        for (names, id) in [(["HIS", RUN, "EHR", "GH"], "77"), ([RUN, "B", RUN, RUN], RUN)] {
            let [a, b, c, d] = names;
            let line =
                format!("MSH|^~\\&|{a}|{b}|{c}|{d}|1||ADT^A01|{id}|P|2.5||||||{declared}\rPID|1\r");
            let message = OwnedMessage::parse_undecoded(line.clone()).expect("readable");
            let built = acknowledger().build(&message.header(), AckCode::AA, &Outcome::accepted());
            let shown = format!("{line:?}: {}", built.as_bytes().escape_ascii());
            let answer = OwnedMessage::parse_undecoded(built.as_bytes().clone()).expect("readable");
            for (n, of) in [(3, 5), (4, 6), (5, 3), (6, 4)] {
                let (echoed, sent) = (answer.header().field(n), message.header().field(of));
                assert_eq!(echoed.as_bytes(), sent.as_bytes(), "MSH-{n} of {shown}");
            }
            assert_eq!(answer.header().version().as_bytes(), b"2.5", "{shown}");
            let msa = format!("\rMSA|AA|{id}\r");
            assert!(built.as_bytes().ends_with(msa.as_bytes()), "{shown}");
        }
    }
}

/// What the caller sets is written from the version on that has a place for it.
#[test]
fn software_and_waiting_messages_are_written_where_the_version_has_them() {
    let ours = Software::new("A&B", "2.1", "Bridge", "9f").information("x".repeat(1100));
    let ours = acknowledger().software(ours);
    let waiting = |outcome: Outcome| outcome.messages_waiting(12, Some(WaitingPriority::Low));
    let sft = format!("\nSFT|A\\T\\B|2.1|Bridge|9f|{}\n", "x".repeat(1024));
    for (version, has_sft, msa) in [
        ("2.1", false, "MSA|AA|7||5"),
        ("2.4", false, "MSA|AA|7||5"),
        ("2.5", true, "MSA|AA|7||5"),
        ("2.5.1", true, "MSA|AA|7||5"),
        ("2.6", true, "MSA|AA|7||5|||12|L"),
        ("2.9", true, "MSA|AA|7||5|||12|L"),
    ] {
        let text = format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|{version}\r");
        let message = Message::parse(text.as_bytes()).expect("readable");
        let outcome = waiting(Outcome::accepted().expecting(5));
        let built = lines(ours.acknowledge(&message, &outcome).expect("due").as_bytes());
        let expected = if has_sft { format!("{sft}{msa}\n") } else { format!("\n{msa}\n") };
        assert!(built.ends_with(&expected), "{version}: {built}");
        assert_eq!(built.contains("SFT"), has_sft, "{version}: {built}");
    }
    let message = "MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.6\r";
    let none = acknowledged(message, &waiting(unable()));
    assert!(none.contains("\nMSA|AR|7|down||||12|L\n"), "{none}");
    let some = acknowledged(message, &Outcome::accepted().messages_waiting(0, None));
    assert!(some.ends_with("\nMSA|AA|7|||||0\n"), "{some}");
}

#[test]
fn msa_3_has_80_characters_after_escaping_and_no_half_of_a_sequence() {
    for (text, expected) in [
        ("x".repeat(79), "x".repeat(79)),
        ("x".repeat(80), "x".repeat(80)),
        ("x".repeat(81), "x".repeat(80)),
        ("|".repeat(26) + "xx|", "\\F\\".repeat(26) + "xx"),
        ("|".repeat(27), "\\F\\".repeat(26)),
        ("x".repeat(77) + "&y", "x".repeat(77) + "\\T\\"),
        ("x".repeat(78) + "&y", "x".repeat(78)),
        ("x".repeat(75) + "\n", "x".repeat(75) + "\\X0A\\"),
        ("x".repeat(76) + "\n", "x".repeat(76)),
        ("é".repeat(81), "é".repeat(80)),
    ] {
        let message = "MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.3||||||UNICODE UTF-8\r";
        let outcome = Outcome::error(ErrorCode::APPLICATION_ERROR, text.clone());
        let acknowledgment = acknowledged(message, &outcome);
        let msa_3 = acknowledgment.split("MSA|AE|7|").nth(1).and_then(|msa| msa.lines().next());
        assert_eq!(msa_3, Some(expected.as_str()), "{text:?}");
    }
}

#[test]
fn escape_characters_are_escaped_where_another_set_is_declared() {
    for (msh_18_to_20, echoed, msh_18) in [
        ("8859/1", "\\X1B\\$B;3\\X1B\\(B", "||||||8859/1"),
        // In a message that names no set it can mean nothing else.
        ("", "\u{1b}$B;3\u{1b}(B", ""),
        ("UNICODE UTF-8", "\\X1B\\$B;3\\X1B\\(B", "||||||UNICODE UTF-8"),
        ("~ISO IR87||ISO 2022-1994", "\u{1b}$B;3\u{1b}(B", "||||||~ISO IR87||ISO 2022-1994"),
    ] {
        let message = format!(
            "MSH|^~\\&|\u{1b}$B;3\u{1b}(B|B|C|D|1||ADT^A01|7|P|2.5||||||{msh_18_to_20}\rPID|1\r"
        );
        let message = OwnedMessage::parse_undecoded(message).expect("readable");
        let built = acknowledger().build(&message.header(), AckCode::AA, &Outcome::accepted());
        let expected = format!(
            "MSH|^~\\&|C|D|{echoed}|B|20260102030405+0000||ACK^A01^ACK|ID|P|2.5{msh_18}\nMSA|AA|7\n"
        );
        assert_eq!(lines(built.as_bytes()), expected, "{msh_18_to_20}");
    }
}

#[test]
fn values_that_are_not_in_table_0155_are_reported() {
    for (asked, expected) in [
        ("XX|NE", "MSA|CA|7\nERR||MSH^1^15|103^Table value not found^HL70357|W||||taken for AL\n"),
        ("AL|?", "MSA|CA|7\nERR||MSH^1^16|103^Table value not found^HL70357|W||||taken for AL\n"),
        ("AL|NE", "MSA|CA|7\n"),
    ] {
        let message = format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5|||{asked}\r");
        let acknowledgment = acknowledged(&message, &Outcome::accepted());
        assert!(acknowledgment.ends_with(expected), "{asked}: {acknowledgment}");
    }
}

#[test]
fn options_say_what_the_standard_leaves_open() {
    let message = b"MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.8\r";
    let message = Message::parse(message).expect("readable");
    let built = |acknowledger: hl7_ack::Acknowledger, outcome: &Outcome| {
        lines(acknowledger.acknowledge(&message, outcome).expect("due").as_bytes())
    };
    let text = built(acknowledger().msa_3_in_every_version(), &unable());
    assert!(text.contains("\nMSA|AR|7|down\n"), "{text}");
    let numbered = built(acknowledger(), &Outcome::accepted().expecting(42));
    assert!(numbered.ends_with("\nMSA|AA|7||42\n"), "{numbered}");
    let lost = Outcome::error(ErrorCode::APPLICATION_ERROR, "").expecting(-1);
    let numbered = built(acknowledger(), &lost);
    assert!(numbered.contains("\nMSA|AE|7||-1\n"), "{numbered}");
    let refused = Outcome::rejected(ErrorCode::UNSUPPORTED_VERSION_ID, "");
    let refused = built(acknowledger(), &refused);
    assert!(refused.contains("||ACK^A01^ACK|ID|P|2.9\n"), "{refused}");
}

#[test]
fn bytes_that_are_not_read_further_than_msh_are_answered_alike() {
    for message in [
        "MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5|||AL|NE\rPID|1\r",
        "MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.3\nPID|1",
        "MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.3|||NE|NE\rPID|1\r",
        "MSH|^~\\&|A|B|C|D|1||RSP^K11|7|P|2.5|||AL|NE\rMSA|AA|1\r",
        "MSH|^~\\&|A|B|C|D|1||RSP^K11|7|P|2.5|||AL|NE\rMSA|CA|1\r",
        "MSH|^~\\&|A|B|C|D|1||ORR^O02|7|P|2.5\r\u{b} MSA|AA|1\r",
        "MSH|^~\\&|A|B|C|D|1||ACK|7|P|2.5\r",
    ] {
        let read = acknowledged(message, &faulty());
        let unread = acknowledger().acknowledge_unread(message.as_bytes(), &faulty());
        let unread = unread.expect("readable").map(|built| lines(built.as_bytes()));
        assert_eq!(unread.unwrap_or_default(), read, "{message}");
    }
    assert!(acknowledger().acknowledge_unread(b"PID|1", &faulty()).is_err());
}

#[test]
fn a_refused_version_is_answered_in_the_newest_that_is_listed() {
    let refusal = |versions: &[&str], message: &Message<'_>| {
        let filter = hl7_ack::AcceptOnly::types(["*"]).versions(versions.iter().copied());
        let refusal = filter.refusal(&message.header()).expect("a refusal");
        let built = acknowledger().acknowledge(message, &refusal).expect("an answer");
        let answer = Message::parse(built.as_bytes()).expect("readable");
        answer.header().version().to_str().expect("text").to_owned()
    };
    let text = admission("2.8", "-/-");
    let message = Message::parse(text.as_bytes()).expect("readable");
    for (versions, expected) in [
        (&["2.3.1", "2.4"][..], "2.4"),
        (&["2.5.1", "2.3"], "2.5.1"),
        (&["", "2.2"], "2.2"),
        (&[""], "2.9"),
    ] {
        assert_eq!(refusal(versions, &message), expected, "{versions:?}");
    }
}

#[test]
fn a_version_that_is_only_warned_of_is_echoed() {
    let message = "MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.3^DEU\r";
    for (outcome, expected) in [
        (Outcome::accepted().and(ErrorCode::UNSUPPORTED_VERSION_ID, "taken for 2.3"), "2.3^DEU"),
        (Outcome::rejected(ErrorCode::UNSUPPORTED_VERSION_ID, ""), "2.9"),
    ] {
        let built = acknowledged(message, &outcome);
        assert!(built.contains(&format!("|ID|P|{expected}\n")), "{outcome:?}: {built}");
    }
}

#[test]
fn a_name_of_its_own_may_have_components() {
    for (delimiters, name, expected) in [
        ("|^~\\&", "EHR^1.2.3^ISO", "EHR^1.2.3^ISO"),
        ("|!~\\&", "EHR^1.2.3^ISO", "EHR!1.2.3!ISO"),
        ("|^~\\&", "E&R^^I|O", "E\\T\\R^^I\\F\\O"),
        ("|^~\\&", "^1.2.3^ISO", "^1.2.3^ISO"),
        ("|^~\\&", "", ""),
    ] {
        let text = format!("MSH{delimiters}|A|B|C|D|1||ADT^A01|7|P|2.5\r");
        let message = Message::parse(text.as_bytes()).expect("readable");
        let acknowledger = acknowledger().identity(name, "GH");
        let built = acknowledger.acknowledge(&message, &Outcome::accepted()).expect("an answer");
        let expected = format!("MSH{delimiters}|{expected}|GH|A|B|");
        assert!(built.as_bytes().starts_with(expected.as_bytes()), "{name}: {built:?}");
    }
}

#[test]
fn what_can_not_be_echoed_is_replaced_where_the_standard_requires_a_value() {
    let long = "x".repeat(5000);
    for (fields, expected) in [
        (format!("ADT^A01|7|{long}|2.5"), "ACK^A01^ACK|ID|P|2.5"),
        (format!("ADT^A01|7|P|2.5^{long}"), "ACK^A01^ACK|ID|P|2.5"),
        ("ADT^ |7|P|2.5".into(), "ACK|ID|P|2.5"),
        ("ADT^  ^ADT_A01|7|P|2.5".into(), "ACK|ID|P|2.5"),
    ] {
        let message = format!("MSH|^~\\&|A|B|C|D|1||{fields}\r");
        let expected = format!("MSH|^~\\&|C|D|A|B|20260102030405+0000||{expected}\nMSA|AA|7\n");
        assert_eq!(acknowledged(&message, &Outcome::accepted()), expected);
    }
}

#[test]
fn controls_from_0x80_are_not_written() {
    for set in ["8859/1", "UNICODE UTF-8"] {
        let outcome = Outcome::rejected(ErrorCode::APPLICATION_ERROR, "a\u{85}b\u{9B}c");
        let text = format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5||||||{set}\r");
        let written = acknowledged(&text, &outcome);
        assert!(written.contains("\nMSA|AR|7|a?b?c\n"), "{set}: {written:?}");
    }
}

#[test]
fn an_answer_that_can_not_be_carried_is_written_anew_with_the_code_alone() {
    let responder = hl7_ack::Responder::new(async |_: hl7_ack::Received| Outcome::accepted())
        .with_acknowledger(acknowledger());
    let message = b"MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\rPID|1\r";
    let anew = |code| responder.acknowledge_anew(message, code).map(|bytes| lines(&bytes));
    for (code, expected) in [
        (AckCode::AA, "\nMSA|AA|7\n"),
        (AckCode::CA, "\nMSA|CA|7\n"),
        (AckCode::AE, "\nMSA|AE|7|see the log of the receiver\nERR|||207^"),
        (AckCode::CR, "\nMSA|CR|7|see the log of the receiver\nERR|||207^"),
    ] {
        let written = anew(code).expect("an answer");
        assert!(written.contains(expected), "{code:?}: {written}");
    }
    assert_eq!(responder.acknowledge_anew(b"PID|1\r", AckCode::AA), None);
}
