//! Files, batches and runs of messages are cut where a new part begins.

use hl7_parse::batch::{PartKind, parts};

fn kinds(bytes: &[u8]) -> Vec<PartKind> {
    parts(bytes).map(|part| part.kind()).collect()
}

#[test]
fn envelopes_and_messages_are_told_apart() {
    use PartKind::{BatchHeader, BatchTrailer, FileHeader, FileTrailer, Message, Other};
    for (bytes, expected) in [
        (&b""[..], &[][..]),
        (b"MSH|^~\\&|A\rPID|1\r", &[Message]),
        (b"MSH|^~\\&|A\rPID|1\rMSH|^~\\&|B\r", &[Message, Message]),
        (b"MSH|^~\\&|A\nPID|1\n\nMSH|^~\\&|B\n", &[Message, Message]),
        (b"\x0bMSH|^~\\&|A\r\x1c\r\x0bMSH|^~\\&|B\r\x1c\r", &[Message, Message]),
        (
            b"FHS|^~\\&|A\rBHS|^~\\&|A\rMSH|^~\\&|A\rBTS|1\rFTS|1\r",
            &[FileHeader, BatchHeader, Message, BatchTrailer, FileTrailer],
        ),
        (b"BHS|^~\\&|A\rBTS\r", &[BatchHeader, BatchTrailer]),
        (b"junk\rMSH|^~\\&|A\r", &[Other, Message]),
        (b"MSH|^~\\&|A\rMSHX\rBTSX|1\rMSH\r", &[Message]),
        (b"BHS|^~\\&|\rMSH$%~\\&$A\rBTS$1\rBTS|1\r", &[BatchHeader, Message, BatchTrailer]),
        (b"MSH|^~\\&|A\rBTS|1\rFTS|1\r", &[Message]),
    ] {
        assert_eq!(kinds(bytes), expected, "{}", bytes.escape_ascii());
    }
}

#[test]
fn each_part_reads_with_its_own_delimiters() {
    let file = b"FHS|^~\\&|A^1\rMSH$%*/@$B%2\rPID$1%2\rBTS$2%x\r";
    let second: Vec<_> = parts(file)
        .map(|part| {
            let message = part.read().expect("readable");
            let last = message.segments().next_back().expect("a segment");
            last.field(if last.id() == "FHS" { 3 } else { 1 }).component(2).as_bytes()
        })
        .collect();
    assert_eq!(second, [&b"1"[..], b"2", b"x"]);
}
