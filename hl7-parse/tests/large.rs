//! Messages and files of 256 MiB. Ignored, because of their size: `just large` runs them.

use std::io::{self, Read};

use hl7_parse::{
    Message, ParseErrorKind, Path,
    batch::{PartKind, Reader, SplitOptions},
};

const LEN: usize = 256 << 20;

/// One piece over and over, and how much was asked for: so that nothing is as large as the file.
struct Endless<'a> {
    piece: &'a [u8],
    at: usize,
    left: usize,
    reads: usize,
}

impl Read for Endless<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reads += 1;
        let rest = self.piece.get(self.at..).unwrap_or_default();
        let len = rest.len().min(buffer.len()).min(self.left);
        let (room, bytes) = (buffer.get_mut(..len), rest.get(..len));
        if let (Some(room), Some(bytes)) = (room, bytes) {
            room.copy_from_slice(bytes);
        }
        self.at = (self.at + len) % self.piece.len();
        self.left -= len;
        Ok(len)
    }
}

#[test]
#[ignore = "takes more than 256 MiB; `just large` runs it"]
fn a_message_of_256_mib_is_read() {
    let mut bytes = b"MSH|^~\\&|LAB|GH|||||ORU^R01|1|P|2.5\rOBX|1|ED|||^AP^PDF^Base64^".to_vec();
    bytes.resize(LEN, b'Q');
    bytes.extend_from_slice(b"|x\rOBX|2|NM|||7\r");
    let message = Message::parse(&bytes).expect("readable");
    assert_eq!(message.segments().len(), 3);
    assert_eq!(message.get(&Path::new("OBX-6")).as_bytes(), b"x");
    assert_eq!(message.get(&Path::new("OBX[2]-5")).as_bytes(), b"7");
    assert_eq!(message.leaves().count(), 19);
}

#[test]
#[ignore = "takes more than 256 MiB; `just large` runs it"]
fn a_frame_of_short_lines_is_refused_before_it_takes_much_room() {
    let bytes = b"MSH|^~\\&|A\r".iter().chain(b"A\r".iter().cycle()).copied();
    let bytes: Vec<u8> = bytes.take(LEN).collect();
    let error = Message::parse(&bytes).expect_err("134 million segments");
    assert_eq!(error.kind(), ParseErrorKind::TooManySegments);
    assert!(error.offset() < 3_000_000, "{}", error.offset());
}

#[test]
#[ignore = "takes more than 256 MiB; `just large` runs it"]
fn files_of_256_mib_are_cut() {
    for (piece, kind, each) in [
        (&b"MSH|^~\\&|LAB|GH|||||ADT^A01|1|P|2.5\rPID|1||7\r"[..], PartKind::Message, true),
        (b"MSH\r", PartKind::Message, true),
        (b"BTS|1\r", PartKind::BatchTrailer, true),
        (b"\r", PartKind::Other, false),
        (b"A\r\n", PartKind::TooLong, false),
    ] {
        let whole = LEN / piece.len() * piece.len();
        let source = Endless { piece, at: 0, left: whole, reads: 0 };
        let mut reader = Reader::with_options(source, SplitOptions::new());
        let (mut parts, mut len, mut last) = (0, 0, None);
        for part in reader.by_ref() {
            let part = part.expect("nothing fails");
            len += part.len();
            parts += 1;
            last = Some(part.kind());
        }
        let shown = piece.escape_ascii();
        match each {
            true => assert_eq!((parts, len), (whole / piece.len(), whole as u64), "{shown}"),
            false => assert!(parts <= 1, "{shown}: {parts}"),
        }
        assert!(last.is_none_or(|last| last == kind), "{shown}: {last:?}");
        // Each byte was asked for once, a block at a time.
        let source = reader.into_inner();
        assert_eq!(source.left, 0, "{shown}");
        assert!(source.reads <= whole / piece.len() + 2, "{shown}: {}", source.reads);
    }
}
