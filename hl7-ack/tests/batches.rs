//! Batches are answered by batches.

use hl7_ack::{BatchAnswer, BatchForm, ErrorCode, Outcome};
use hl7_parse::batch::{PartKind, parts};

use crate::{acknowledger, lines};

/// Messages with an odd control ID are refused.
fn answered(request: &str, form: BatchForm) -> String {
    let acknowledger = acknowledger();
    let mut answer = BatchAnswer::new(acknowledger.clone(), form);
    let mut written = Vec::new();
    for part in parts(request.as_bytes()) {
        let message = part.read().expect("readable");
        if part.kind() != PartKind::Message {
            written.extend(answer.envelope(&message));
            continue;
        }
        let outcome = match message.header().control_id().as_bytes() {
            b"1" | b"3" => Outcome::error(ErrorCode::REQUIRED_FIELD_MISSING, ""),
            _ => Outcome::accepted(),
        };
        if let Some(acknowledgment) = acknowledger.acknowledge(&message, &outcome) {
            written.extend(answer.add(&acknowledgment));
        }
    }
    written.extend(answer.finish());
    assert!(parts(&written).all(|part| part.faults().is_empty()), "{}", lines(&written));
    lines(&written)
}

fn message(control_id: u8, asked: &str) -> String {
    format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|{control_id}|P|2.3|||{asked}\rPID|1\r")
}

const NOW: &str = "20260102030405+0000";

fn ack(code: &str, control_id: u8) -> String {
    let err = if code == "AE" { "ERR|^^^101&Required field missing\n" } else { "" };
    format!("MSH|^~\\&|C|D|A|B|{NOW}||ACK|ID|P|2.3\nMSA|{code}|{control_id}\n{err}")
}

#[test]
fn each_message_is_answered_in_the_envelope_of_its_batch() {
    let request = [
        "FHS|^~\\&|A|B|C|D|1||name|note|F1\rBHS#^~\\&#A#B#C#D#1##name#note#B1#B0\r",
        &message(1, ""),
        &message(2, ""),
        "BTS#2\rBHS|^~\\&|A|B|C|D|1||||B2\r",
        &message(4, ""),
        &message(6, "NE|NE"),
        "BTS|2\rFTS|2\r",
    ]
    .concat();
    let expected = [
        &format!("FHS|^~\\&|C|D|A|B|{NOW}||||ID|F1\nBHS#^~\\&#C#D#A#B#{NOW}####ID#B1\n"),
        &*ack("AE", 1),
        &ack("AA", 2),
        &format!("BTS#2\nBHS|^~\\&|C|D|A|B|{NOW}||||ID|B2\n"),
        &ack("AA", 4),
        "BTS|1\nFTS|2\n",
    ]
    .concat();
    assert_eq!(answered(&request, BatchForm::EveryMessage), expected);
}

#[test]
fn only_errors_are_answered_where_that_is_agreed() {
    let begin = format!("BHS|^~\\&|C|D|A|B|{NOW}||||ID|B1\n");
    for (messages, expected) in
        [(vec![1, 2, 3, 4], vec![1, 3]), (vec![2, 4], vec![]), (vec![], vec![])]
    {
        let request: String = messages.iter().map(|id| message(*id, "")).collect();
        let request = format!("BHS|^~\\&|A|B|C|D|1||||B1\r{request}BTS|{}\r", messages.len());
        let answers: String = expected.iter().map(|id| ack("AE", *id)).collect();
        let expected = format!("{begin}{answers}BTS|{}\n", expected.len());
        assert_eq!(answered(&request, BatchForm::ErrorsOnly), expected, "{messages:?}");
    }
}

#[test]
fn what_the_request_leaves_open_is_closed() {
    let file = format!("FHS|^~\\&|C|D|A|B|{NOW}||||ID\n");
    let batch = format!("BHS|^~\\&|C|D|A|B|{NOW}||||ID\n");
    let (two, aa) = (message(2, ""), ack("AA", 2));
    for (request, expected) in [
        (two.clone(), aa.clone()),
        (format!("BHS|^~\\&|A|B|C|D\r{two}"), format!("{batch}{aa}BTS|1\n")),
        (
            format!("FHS|^~\\&|A|B|C|D\rBHS|^~\\&|A|B|C|D\r{two}FTS|1\r"),
            format!("{file}{batch}{aa}BTS|1\nFTS|1\n"),
        ),
        // Messages of a file without BHS are one batch, also where a BTS follows them.
        (format!("FHS|^~\\&|A|B|C|D\r{two}FTS|1\r"), format!("{file}{aa}FTS|1\n")),
        (format!("FHS|^~\\&|A|B|C|D\r{two}{two}BTS|2\rFTS|1\r"), format!("{file}{aa}{aa}FTS|1\n")),
        ("FHS|^~\\&|A|B|C|D\rFTS|0\r".to_owned(), format!("{file}FTS|0\n")),
        (format!("{two}FHS|^~\\&|A|B|C|D\r"), format!("{aa}{file}FTS|0\n")),
        (
            format!("BHS|^~\\&|A|B|C|D\r{two}BHS|^~\\&|A|B|C|D\r{two}"),
            format!("{batch}{aa}BTS|1\n{batch}{aa}BTS|1\n"),
        ),
    ] {
        assert_eq!(answered(&request, BatchForm::EveryMessage), expected, "{request:?}");
    }
}

#[test]
fn a_trailer_is_answered_where_it_stands() {
    let file = format!("FHS|^~\\&|C|D|A|B|{NOW}||||ID\n");
    let batch = format!("BHS|^~\\&|C|D|A|B|{NOW}||||ID\n");
    let (two, aa) = (message(2, ""), ack("AA", 2));
    for (request, expected) in [
        (format!("BHS|^~\\&|A|B|C|D\r{two}BTS|1\r{two}"), format!("{batch}{aa}BTS|1\n{aa}")),
        (format!("FHS|^~\\&|A|B|C|D\r{two}FTS|1\r{two}"), format!("{file}{aa}FTS|1\n{aa}")),
    ] {
        assert_eq!(answered(&request, BatchForm::EveryMessage), expected, "{request:?}");
    }
}

#[test]
fn one_acknowledgment_of_a_whole_batch_names_it_in_msa_2() {
    let request = "BHS|^~\\&|A|B|C|D|1||name|note|B1|B0\rMSH|^~\\&|A\rBTS|1\r";
    let header = parts(request.as_bytes()).next().expect("a part").read().expect("readable");
    let outcome = Outcome::error(ErrorCode::REQUIRED_FIELD_MISSING, "");
    let answer = acknowledger().acknowledge_batch(&header, &outcome);
    assert_eq!(
        lines(answer.as_bytes()),
        format!(
            "MSH|^~\\&|C|D|A|B|{NOW}||ACK|ID|P|2.5.1\nMSA|AE|B1\n\
             ERR|||101^Required field missing^HL70357|E\n"
        )
    );
}

#[test]
fn a_trailer_has_the_separator_of_the_header_that_was_written() {
    // Delimiters that do not reach for an acknowledgment.
    let request = format!("BHS#*!#A#B#C#D#1####B1\r{}BTS#1\r", message(2, ""));
    let written = answered(&request, BatchForm::EveryMessage);
    assert!(written.starts_with("BHS|^~\\&|") && written.ends_with("\nBTS|1\n"), "{written}");
}

#[test]
fn a_trailer_whose_id_is_padded_closes_the_file_all_the_same() {
    let request = [
        "FHS|^~\\&|A|B|C|D|1||||F1\rBHS|^~\\&|A|B|C|D|1||||B1\rBTS|0\rFTS\0\0x|\r",
        &message(1, ""),
    ]
    .concat();
    let expected = [
        &format!("FHS|^~\\&|C|D|A|B|{NOW}||||ID|F1\nBHS|^~\\&|C|D|A|B|{NOW}||||ID|B1\n"),
        "BTS|0\nFTS|1\n",
        &ack("AE", 1),
    ]
    .concat();
    assert_eq!(answered(&request, BatchForm::EveryMessage), expected);
}
