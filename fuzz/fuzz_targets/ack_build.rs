//! Every acknowledgment reads strictly, matches its message and holds no control character,
//! whatever the message is and whatever is said about it. The answer to a batch is a batch without
//! fault, but that a message which stands outside of the batches of its file is answered there.

#![no_main]

use std::time::UNIX_EPOCH;

use hl7_ack::{
    AckCode, Acknowledger, Acknowledgment, BatchAnswer, BatchForm, ErrorCode, Finding, Outcome,
    Outstanding,
};
use hl7_parse::{
    DiagnosticCode, OwnedMessage, ParseOptions,
    batch::{self, Fault, PartKind},
};
use libfuzzer_sys::fuzz_target;

fn check(built: &Acknowledgment) {
    // The declared set and odd escapes are echoed, and text in it need not be split before it is decoded.
    let strict = ParseOptions::strict()
        .tolerate(DiagnosticCode::UnknownCharset)
        .tolerate(DiagnosticCode::UnknownEscape)
        .tolerate(DiagnosticCode::MalformedHexEscape)
        .tolerate(DiagnosticCode::UnclosedEscape);
    let bytes = built.as_bytes();
    let read = strict.parse(bytes).map(|parsed| parsed.message.segments().len());
    let needs_decoding = OwnedMessage::parse_undecoded(bytes.clone()).is_ok();
    assert!(read.is_ok() || needs_decoding, "{read:?} of {}", bytes.escape_ascii());
    let allowed = |byte: &u8| !byte.is_ascii_control() || matches!(byte, b'\r' | 0x1B);
    assert!(bytes.iter().all(allowed), "{}", bytes.escape_ascii());
}

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let acknowledger = Acknowledger::with(|| UNIX_EPOCH, || "ID");
    let outcome = Outcome::error(ErrorCode::OTHER_HL7_ERROR, text.clone()).and(
        ErrorCode::other(u16::from_le_bytes([bytes.len() as u8, 0])),
        text.chars().rev().collect::<String>(),
    );
    if let Some(refusal) = acknowledger.refuse_unreadable(bytes, &outcome) {
        check(&refusal);
    }

    let mut batch = BatchAnswer::new(acknowledger.clone(), BatchForm::EveryMessage);
    let (mut written, mut outside) = (Vec::new(), false);
    for part in batch::parts(bytes) {
        outside |= part.faults().contains(Fault::MessageOutsideBatch);
        let Ok(message) = part.read() else {
            // What can not be read is not answered, and what stands in it stands in nothing then.
            outside |= part.kind() != PartKind::Message;
            continue;
        };
        if part.kind() == PartKind::Message {
            let answer = acknowledger.acknowledge(&message, &outcome);
            written.extend(answer.map(|answer| batch.add(&answer)).unwrap_or_default());
            continue;
        }
        written.extend(batch.envelope(&message));
        check(&acknowledger.acknowledge_batch(&message, &outcome));
    }
    written.extend(batch.finish());
    for part in batch::parts(&written) {
        let mut faults = part.faults().iter();
        let mirrored = |fault: Fault| outside && fault == Fault::MessageOutsideBatch;
        assert!(faults.all(mirrored), "{:?}: {}", part.faults(), written.escape_ascii());
    }

    let Ok(message) = OwnedMessage::parse_undecoded(bytes.to_vec()) else { return };
    let view = message.as_message();
    let due = acknowledger.acknowledge(&view, &outcome);
    due.iter().for_each(check);
    let unread = acknowledger.acknowledge_unread(bytes, &outcome);
    if let Ok(unread) = unread {
        assert_eq!(unread, due, "the same of the header alone");
    }
    for code in [AckCode::AA, AckCode::CE] {
        let built = acknowledger.build(&view.header(), code, &outcome);
        check(&built);
        if view.header().control_id().as_bytes().len() > Acknowledger::MAX_ECHOED_LEN {
            continue;
        }
        let found = Outstanding::of(&message).examine(built.as_bytes().clone());
        let Finding::Answer(answer) = found else {
            panic!("{found:?}: {}", built.as_bytes().escape_ascii())
        };
        assert_eq!(answer.code(), Some(code));
        assert!(answer.faults().len() >= outcome.faults().len());
    }
});
