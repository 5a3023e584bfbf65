//! Files, batches and runs of messages are cut where a new part begins, however they come.

#![allow(clippy::panic, reason = "tests' own helpers fail so")]

use std::{
    fs,
    io::{self, Read},
    path::Path,
};

use bytes::Bytes;
use hl7_parse::{
    Header, ParseErrorKind,
    batch::{Fault, OwnedPart, PartKind, Place, Reader, SplitOptions, Splitter, parts},
};
use proptest::prelude::*;

fn kinds(bytes: &[u8]) -> Vec<PartKind> {
    parts(bytes).map(|part| part.kind()).collect()
}

/// Feeds pieces to a splitter and returns every part.
fn split<'a>(options: &SplitOptions, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<OwnedPart> {
    let mut splitter = options.splitter();
    let mut found = Vec::new();
    for piece in pieces {
        let mut piece = Bytes::copy_from_slice(piece);
        while let Some(part) = splitter.next_part(&mut piece) {
            found.push(part);
        }
    }
    while let Some(part) = splitter.finish() {
        found.push(part);
    }
    found.into_iter().collect::<Result<_, _>>().unwrap_or_else(|error| panic!("{error}"))
}

/// Everything that can be told of a part.
type Told = (PartKind, Vec<u8>, Vec<u8>, u64, u64, Place, Vec<Fault>, Option<(u64, u64)>);

fn told(parts: &[OwnedPart]) -> Vec<Told> {
    let counts = |part: &OwnedPart| Some((part.faults().stated()?, part.faults().counted()?));
    parts
        .iter()
        .map(|part| {
            (
                part.kind(),
                part.as_bytes().to_vec(),
                part.head().to_vec(),
                part.offset(),
                part.len(),
                part.place(),
                part.faults().iter().collect(),
                counts(part),
            )
        })
        .collect()
}

#[test]
fn envelopes_and_messages_are_told_apart() {
    use PartKind::{BatchHeader, BatchTrailer, FileHeader, FileTrailer, Message, Other};
    for (bytes, expected) in [
        (&b""[..], &[][..]),
        (b"\r\n", &[Other]),
        (b"MSH|^~\\&|A\rPID|1\r", &[Message]),
        (b"MSH|^~\\&|A\rPID|1\rMSH|^~\\&|B\r", &[Message, Message]),
        (b"MSH|^~\\&|A\nPID|1\n\nMSH|^~\\&|B\n", &[Message, Message]),
        (b"\x0bMSH|^~\\&|A\r\x1c\r\x0bMSH|^~\\&|B\r\x1c\r", &[Message, Message]),
        (
            b"FHS|^~\\&|A\rBHS|^~\\&|A\rMSH|^~\\&|A\rBTS|1\rFTS|1\r",
            &[FileHeader, BatchHeader, Message, BatchTrailer, FileTrailer],
        ),
        (b"BHS|^~\\&|A\rBTS\r", &[BatchHeader, BatchTrailer]),
        (b"BHS|^~\\&|A\rBTS", &[BatchHeader, BatchTrailer]),
        (b"junk\rMSH|^~\\&|A\r", &[Other, Message]),
        (b"MSH|^~\\&|A\rMSHX\rBTSX|1\rFT\r", &[Message]),
        (b"MSH$%~\\&$A\rBTS$1\rBTS|1\r", &[Message, BatchTrailer]),
        (b"BHS$%~\\&\rMSH|^~\\&|A\rBTS$1\r", &[BatchHeader, Message, BatchTrailer]),
        (b"BHS$%~\\&\rMSH|^~\\&|A\rBTS|1\r", &[BatchHeader, Message, BatchTrailer]),
        (b"\xEF\xBB\xBFMSH|^~\\&|A\r\xEF\xBB\xBFMSH|^~\\&|B\r", &[Message, Message]),
        (b"\xEF\xBBMSH|^~\\&|A\r", &[Other]),
    ] {
        assert_eq!(kinds(bytes), expected, "{}", bytes.escape_ascii());
    }
}

#[test]
fn a_damaged_header_is_not_taken_for_the_message_before_it() {
    for damaged in [&b"MSH"[..], b"MSH\rPID|1\r", b"MSH\xA6^~\\&\xA6A\rPID|1\r", b"MSH\x01^~\\&\r"]
    {
        let file = [&b"MSH|^~\\&|A\rPID|1\r"[..], damaged].concat();
        let parts: Vec<_> = parts(&file).collect();
        assert_eq!(parts[0].as_bytes(), b"MSH|^~\\&|A\rPID|1\r", "{}", damaged.escape_ascii());
        assert!(parts[0].read().is_ok());
        assert_eq!(parts[1].as_bytes(), damaged);
        let error = parts[1].read().expect_err("damaged");
        assert_eq!(error.kind(), ParseErrorKind::BadFieldSeparator, "{}", damaged.escape_ascii());
        assert!(parts[1].faults().contains(Fault::DamagedHeader));
    }
}

#[test]
fn blanks_after_a_line_feed_in_data_stay_data() {
    for (end, expected) in [
        ("\r", &b"x"[..]),
        ("\n  \r", b"x\n  "),
        ("\n \t \r", b"x\n \t "),
        ("\n  \r\n", b"x\n  "),
        ("\n\r", b"x"),
        ("\n", b"x"),
        ("\r\n  \r\n", b"x"),
    ] {
        let file = format!("MSH|^~\\&|A\rOBX|x{end}MSH|^~\\&|B\rPID|1\r");
        let borrowed = parts(file.as_bytes()).next().expect("a message");
        let owned = &split(&SplitOptions::new(), [file.as_bytes()])[0];
        for message in [borrowed.read(), owned.read()] {
            let message = message.expect("readable");
            let value = message.segment("OBX").expect("OBX").field(1).as_bytes();
            assert_eq!(value, expected, "{end:?}");
        }
    }
    // At the end of the stream.
    let owned = &split(&SplitOptions::new(), [&b"MSH|^~\\&|A\rOBX|x\n  "[..]])[0];
    assert_eq!(owned.as_bytes(), "MSH|^~\\&|A\rOBX|x\n  ");
}

#[test]
fn each_part_reads_with_its_own_delimiters() {
    for (file, expected) in [
        (&b"FHS|^~\\&|A^1\rMSH$%*/@$B%2\rPID$1%2\rBTS$2%x\r"[..], &[&b"1"[..], b"2", b"x"][..]),
        // BTS and FTS go by their headers, not by the last message.
        (
            b"FHS|^~\\&|A^1\rBHS#%*/@#B%2\rMSH|%*/@|B%3\rPID|1%3\rBTS#2%4\rFTS|1^5\r",
            &[b"1", b"2", b"3", b"4", b"5"],
        ),
    ] {
        let second: Vec<_> = parts(file)
            .map(|part| {
                let message = part.read().expect("readable");
                let last = message.segments().next_back().expect("a segment");
                let field = if matches!(last.id(), "FHS" | "BHS") { 3 } else { 1 };
                last.field(field).component(2).as_bytes()
            })
            .collect();
        assert_eq!(second, expected, "{}", file.escape_ascii());
        let owned: Vec<_> = split(&SplitOptions::new(), [file])
            .iter()
            .map(|part| part.read().expect("readable").separators())
            .collect();
        let borrowed: Vec<_> =
            parts(file).map(|part| part.read().expect("readable").separators()).collect();
        assert_eq!(owned, borrowed, "{}", file.escape_ascii());
    }
}

/// The faults of each part, by their names.
fn faults(file: &str) -> Vec<String> {
    let file = file.replace(' ', "\r").replace("HS|", "HS|^~\\&|").replace("MSH|", "MSH|^~\\&|");
    parts(file.as_bytes())
        .map(|part| part.faults().iter().map(Fault::name).collect::<Vec<_>>().join("+"))
        .collect()
}

#[test]
fn faults_of_envelopes_are_told_where_they_show() {
    for (file, expected) in [
        (
            "FHS| BHS| MSH| MSH| BTS|2 BHS| MSH| BTS|1 FTS|2",
            &["", "", "", "", "", "", "", "", ""][..],
        ),
        // No count is no check; nor is a delete indicator.
        ("BHS| MSH| BTS", &["", "", ""]),
        ("BHS| MSH| BTS|", &["", "", ""]),
        ("BHS| MSH| BTS|\"\"", &["", "", ""]),
        ("FHS| BHS| BTS|0 FTS|1", &["", "", "", ""]),
        ("FHS| FTS|0", &["", ""]),
        ("FHS| FTS|1", &["", ""]),
        ("FHS| MSH| MSH| FTS|1", &["", "", "", ""]),
        ("BHS| MSH| BTS|+01.0", &["", "", ""]),
        ("BHS| MSH| BTS|2", &["", "", "message-count"]),
        ("BHS| MSH| BTS|0|x", &["", "", "message-count"]),
        ("BHS| MSH| BTS|one", &["", "", "unreadable-count"]),
        ("BHS| MSH| BTS|1.5", &["", "", "unreadable-count"]),
        ("BHS| MSH| BTS|99999999999999999999999", &["", "", "unreadable-count"]),
        ("FHS| BHS| BTS FTS|2", &["", "", "", "batch-count"]),
        ("FHS| MSH| FTS|2", &["", "", "batch-count"]),
        ("BHS| MSH| BHS| MSH| BTS|1", &["", "", "nested-batch", "", ""]),
        ("FHS| MSH| FHS| MSH| FTS", &["", "", "nested-file", "", ""]),
        ("FHS| BHS| FHS| FTS", &["", "", "nested-file+unended-batch", ""]),
        ("MSH| BTS|1", &["", "batch-trailer-without-header"]),
        ("MSH| BTS|2", &["", "message-count+batch-trailer-without-header"]),
        ("MSH| FTS|1", &["", "file-trailer-without-header"]),
        ("FHS| BHS| MSH| FTS|1", &["", "", "", "unended-batch"]),
        ("FHS| BHS| MSH|", &["", "", "unended-batch+unended-file"]),
        ("BHS|", &["unended-batch"]),
        ("FHS| BHS| BTS MSH| FTS", &["", "", "", "message-outside-batch", ""]),
        ("FHS| MSH| BHS| BTS FTS", &["", "", "message-outside-batch", "", ""]),
        ("BHS| BTS MSH|", &["", "", ""]),
        ("BHS| MSH| BTS|1 PID|1", &["", "", "stray-lines"]),
        ("junk MSH|", &["stray-lines", ""]),
        ("BHS| QPD|1 RCP|1 MSH| BTS", &["", "", ""]),
    ] {
        assert_eq!(faults(file), expected, "{file}");
    }
}

#[test]
fn wrong_counts_tell_both_numbers() {
    let bytes = fs::read(batches().join("wrong_count.hl7")).expect("test data");
    let counts: Vec<_> = parts(&bytes)
        .filter(|part| !part.faults().is_empty())
        .map(|part| (part.kind(), part.faults().stated(), part.faults().counted()))
        .collect();
    assert_eq!(
        counts,
        [(PartKind::BatchTrailer, Some(2), Some(1)), (PartKind::FileTrailer, Some(2), Some(1)),]
    );
}

fn batches() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/batches")
}

#[test]
fn places_count_files_batches_and_messages() {
    let stream = b"MSH|^~\\&\rFHS|^~\\&\rBHS|^~\\&\rMSH|^~\\&\rMSH|^~\\&\rBTS|2\rBHS|^~\\&\r\
        MSH|^~\\&\rBTS\rFTS|2\rFHS|^~\\&\rMSH|^~\\&\rFTS\rBHS|^~\\&\rMSH|^~\\&\rBTS\r";
    let places: Vec<_> = parts(stream)
        .map(|part| {
            let place = part.place();
            let numbers = [
                place.file(),
                place.batch(),
                place.index(),
                place.index_in_file(),
                place.index_in_batch(),
            ];
            numbers.map(Option::unwrap_or_default)
        })
        .collect();
    assert_eq!(
        places,
        [
            [0, 0, 1, 0, 0],
            [1, 0, 0, 0, 0],
            [1, 1, 0, 0, 0],
            [1, 1, 2, 1, 1],
            [1, 1, 3, 2, 2],
            [1, 1, 0, 0, 0],
            [1, 2, 0, 0, 0],
            [1, 2, 4, 3, 1],
            [1, 2, 0, 0, 0],
            [1, 0, 0, 0, 0],
            [2, 0, 0, 0, 0],
            [2, 0, 5, 1, 0],
            [2, 0, 0, 0, 0],
            [0, 1, 0, 0, 0],
            [0, 1, 6, 0, 1],
            [0, 1, 0, 0, 0],
        ]
    );
    assert!(parts(stream).all(|part| part.faults().is_empty()));
}

const STREAM: &[u8] = b"\xEF\xBB\xBFFHS|^~\\&|A\r\nBHS$%~\\&$A\r\n\x0bMSH|^~\\&|A\r\nPID|1\r\n\
    MSHX\r\n\x1c\r\n \0MSH#^~\\&#B\rM\nMS\nMSH\r\n\nBTS$2\r\xEF\xBB\xBF\xEF\xBB\rFTS|1\r\n\r\n";

#[test]
fn parts_do_not_depend_on_where_the_pieces_were_cut() {
    for max in [5, 11, 12, 100] {
        let options = SplitOptions::new().max_message_len(max);
        let whole = told(&split(&options, [STREAM]));
        for first in 0..=STREAM.len() {
            for second in first..=STREAM.len() {
                let pieces = [&STREAM[..first], &STREAM[first..second], &STREAM[second..]];
                let cut = told(&split(&options, pieces));
                assert_eq!(cut, whole, "cut at {first} and {second}, at most {max}");
            }
        }
        assert_eq!(told(&split(&options, STREAM.chunks(1))), whole, "byte by byte");
    }
}

#[test]
fn a_splitter_gives_what_parts_gives_without_the_blanks_between() {
    let owned = split(&SplitOptions::new(), [STREAM]);
    let found: Vec<_> = owned.iter().map(|part| (part.kind(), &part.as_bytes()[..])).collect();
    assert_eq!(
        found,
        [
            (PartKind::FileHeader, &b"FHS|^~\\&|A\r\n"[..]),
            (PartKind::BatchHeader, b"BHS$%~\\&$A\r\n"),
            (PartKind::Message, b"MSH|^~\\&|A\r\nPID|1\r\nMSHX\r\n"),
            (PartKind::Message, b"MSH#^~\\&#B\rM\nMS\n"),
            (PartKind::Message, b"MSH\r\n"),
            (PartKind::BatchTrailer, b"BTS$2\r\xEF\xBB\xBF\xEF\xBB\r"),
            (PartKind::FileTrailer, b"FTS|1\r\n"),
        ]
    );
    for (owned, borrowed) in owned.iter().zip(parts(STREAM)) {
        let bytes = owned.as_bytes();
        let offset = usize::try_from(owned.offset()).expect("small");
        assert_eq!(&STREAM[offset..offset + bytes.len()], bytes, "offset {offset}");
        assert_eq!(owned.len(), bytes.len() as u64);
        assert!(borrowed.offset() <= offset);
        assert_eq!(
            (owned.kind(), owned.place(), owned.faults()),
            (borrowed.kind(), borrowed.place(), borrowed.faults())
        );
    }
}

#[test]
fn a_message_over_the_limit_is_isolated() {
    let short = b"MSH|^~\\&|A||||||ADT^A01|1\rPID|1\r";
    let file = |len: usize| {
        let fill = len - b"MSH|^~\\&|A||||||ADT^A01|2\rOBX|\r".len();
        let long = [&b"MSH|^~\\&|A||||||ADT^A01|2\rOBX|"[..], &vec![b'x'; fill], b"\r"].concat();
        assert_eq!(long.len(), len);
        [&b"BHS|^~\\&\r"[..], short, &long, &[b' '; 30_000], short, b"BTS|3\r"].concat()
    };
    let options = SplitOptions::new().max_message_len(10_000);
    for (len, is_too_long) in [(9_999, false), (10_000, false), (10_001, true), (50_000, true)] {
        let file = file(len);
        for piece_len in [1, 4096, 65_536, file.len()] {
            let parts = split(&options, file.chunks(piece_len));
            assert_eq!(parts.len(), 5, "{len} by {piece_len}");
            let long = &parts[2];
            assert_eq!(long.kind() == PartKind::TooLong, is_too_long, "{len} by {piece_len}");
            assert_eq!((long.offset(), long.len()), (41, len as u64), "{len} by {piece_len}");
            assert_eq!(long.place().index_in_batch(), Some(2));
            assert_eq!(long.faults().contains(Fault::TooLong), is_too_long);
            assert_eq!(long.head(), &file[41..41 + Splitter::HEAD_LEN]);
            let control_id = Header::parse(long.head()).expect("a header").control_id();
            assert_eq!(control_id.as_bytes(), b"2");
            if is_too_long {
                assert!(long.as_bytes().is_empty());
                let error = long.parse().expect_err("skipped");
                assert_eq!(error.kind(), ParseErrorKind::OverLimit);
                assert_eq!(long.read().expect_err("skipped"), error);
            } else {
                assert_eq!(&long.as_bytes()[..], &file[41..41 + len]);
                assert!(long.parse().is_ok());
            }
            // The others are whole, and the batch counts all of them.
            assert_eq!(&parts[1].as_bytes()[..], short);
            assert_eq!(&parts[3].as_bytes()[..], short);
            assert!(parts[4].faults().is_empty(), "{:?}", parts[4]);
        }
    }
}

#[test]
fn a_refused_fault_is_an_error_and_the_rest_goes_on() {
    let stream = b"BHS|^~\\&\rMSH|^~\\&|SECRETNAME\rBTS|2\rMSH|^~\\&|B\r";
    let mut splitter = SplitOptions::new().refuse(Fault::MessageCount).splitter();
    let mut input = Bytes::from_static(stream);
    let mut results = Vec::new();
    while let Some(result) = splitter.next_part(&mut input) {
        results.push(result);
    }
    while let Some(result) = splitter.finish() {
        results.push(result);
    }
    assert_eq!(results.len(), 4);
    let error = results.remove(2).expect_err("refused");
    assert_eq!(error.fault(), Fault::MessageCount);
    assert_eq!(error.to_string(), "BTS-1 is not the number of messages in the batch (byte 29)");
    assert_eq!(error.part().faults().stated(), Some(2));
    assert_eq!(error.into_part().as_bytes(), "BTS|2\r");
    assert!(results.iter().all(Result::is_ok));

    let strict = SplitOptions::strict().tolerate(Fault::MessageCount);
    assert!(strict.reader(&stream[..]).all(|result| result.is_ok()));
    assert_eq!(SplitOptions::strict().reader(&stream[..]).filter(Result::is_err).count(), 1);
}

#[test]
fn a_splitter_is_as_new_after_the_end() {
    let mut splitter = Splitter::new();
    for _ in 0..2 {
        let mut input = Bytes::from_static(b"FHS|^~\\&\rMSH|^~\\&\r");
        assert_eq!(splitter.next_part(&mut input).expect("one").expect("ok").offset(), 0);
        assert!(splitter.next_part(&mut input).is_none());
        let last = splitter.finish().expect("one").expect("ok");
        assert_eq!((last.place().file(), last.place().index()), (Some(1), Some(1)));
        assert!(splitter.finish().is_none());
    }
}

/// Gives a few bytes at a time, interrupts, and fails at the end if told so.
struct Slow<'a> {
    rest: &'a [u8],
    turn: usize,
    fails: bool,
}

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.turn += 1;
        if self.turn.is_multiple_of(3) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        if self.rest.is_empty() && self.fails {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        let len = (self.turn % 7 + 1).min(buffer.len());
        let (now, later) = self.rest.split_at(len.min(self.rest.len()));
        buffer.iter_mut().zip(now).for_each(|(place, byte)| *place = *byte);
        self.rest = later;
        Ok(now.len())
    }
}

#[test]
fn a_reader_gives_what_a_splitter_gives() {
    let large = STREAM.repeat(5_000);
    for stream in [&b""[..], STREAM, &large] {
        let whole = told(&split(&SplitOptions::new(), [stream]));
        let read: Vec<_> = Reader::new(stream).map(|part| part.expect("readable")).collect();
        assert!(told(&read) == whole, "{} bytes", stream.len());
        let slow = Slow { rest: stream, turn: 0, fails: false };
        let read: Vec<_> = Reader::new(slow).map(|part| part.expect("readable")).collect();
        assert!(told(&read) == whole, "{} bytes, slowly", stream.len());
    }
}

#[test]
fn what_was_under_way_when_reading_failed_is_not_given() {
    let stream = b"MSH|^~\\&|A\rMSH|^~\\&|B\rPID|1\r";
    let mut reader = Reader::new(Slow { rest: stream, turn: 0, fails: true });
    assert_eq!(reader.next().expect("one").expect("complete").as_bytes(), "MSH|^~\\&|A\r");
    let error = reader.next().expect("an error").expect_err("cut off");
    assert!(error.is_io());
    assert_eq!(error.to_string(), "reading failed");
    assert!(std::error::Error::source(&error).is_some());
    assert!(reader.next().is_none());
}

#[test]
fn blank_lines_at_the_end_change_nothing_of_the_last_segment() {
    let segments = |message: hl7_parse::Message<'_>| -> Vec<Vec<u8>> {
        message.segments().map(|segment| segment.as_bytes().to_vec()).collect()
    };
    for blank in ["", "\r", "\r \t", "\r\u{feff}", "\u{feff}\r\u{b} ", "\n\r \u{1c}\r"] {
        let stream = format!("MSH|^~\\&|A\rabc\n{blank}");
        let owned = split(&SplitOptions::new(), [stream.as_bytes()]);
        let borrowed = parts(stream.as_bytes()).next().expect("one");
        for message in [owned[0].read(), borrowed.read()] {
            let found = segments(message.expect("readable"));
            assert_eq!(found, [&b"MSH|^~\\&|A"[..], b"abc"], "{}", stream.escape_debug());
        }
    }
}

#[test]
fn a_header_behind_a_line_feed_that_is_data_begins_no_part() {
    let stream = b"MSH|^~\\&|A\nB|C\rNTE|1||x\nMSH|y\rPID|1\r\nMSH|^~\\&|D\rBTS|2\nBTS|3\r";
    let lengths = |parts: &[OwnedPart]| parts.iter().map(OwnedPart::len).collect::<Vec<_>>();
    let options = SplitOptions::new().line_feeds_are_data();
    for piece_len in 1..=stream.len() {
        let parts = split(&options, stream.chunks(piece_len));
        assert_eq!(lengths(&parts), [37, 11, 12], "in pieces of {piece_len}");
        let message = parts[0].parse().expect("readable");
        let view = message.as_message();
        assert_eq!(view.header().sending_application().as_bytes(), b"A\nB");
        assert_eq!(view.segment("NTE").expect("there").field(3).as_bytes(), b"x\nMSH");
        assert_eq!(parts[0].read().expect("readable").segments().len(), 3);
    }
    assert_eq!(parts(stream).line_feeds_are_data().count(), 3);
    assert_eq!(parts(stream).count(), 5);
}

#[test]
fn strict_cutting_takes_line_feeds_for_data_as_strict_reading_does() {
    let stream = b"MSH|^~\\&|LAB\rNTE|1||a line\nMSH|no header\rPID|1\r";
    let parts = split(&SplitOptions::strict(), [&stream[..]]);
    assert_eq!(parts.len(), 1);
    let read = hl7_parse::ParseOptions::strict().parse(stream).expect("of the standard").message;
    assert_eq!(parts[0].parse().expect("readable").as_message().segments().len(), 3);
    assert_eq!(read.segments().len(), 3);
}

#[test]
fn a_part_of_line_feeds_alone_is_told_and_holds_no_second_header() {
    let files = [
        "MSH|^~\\&|A\nPID|1\nMSH|^~\\&|B\nPID|2\n",
        "MSH|^~\\&|A\nPID|1\nMSH|^~\\&|B\nPID|2\r",
        "FHS|^~\\&|A\nMSH|^~\\&|B\nPID|2\nFTS|1\n",
        "MSH#^~\\&#A\nPID#1\nMSH#^~\\&#B\nPID#2\n",
        // Without a header the separator in force is meant, not what stands where one would be.
        "OBX\nPID|1\nPID|2\n",
    ];
    for file in files {
        let options = SplitOptions::new().line_feeds_are_data();
        for piece_len in [1, 5, file.len()] {
            let found = split(&options, file.as_bytes().chunks(piece_len));
            assert_eq!(found.len(), 1, "{file:?}");
            let faults: Vec<_> = found[0].faults().iter().collect();
            assert!(faults.contains(&Fault::LineFeedsAlone), "{file:?}: {faults:?}");
            let message = found[0].read().expect("readable");
            assert_eq!(message.segments().len(), 1, "{file:?}");
        }
        let faults = parts(file.as_bytes()).line_feeds_are_data().next().expect("one").faults();
        assert!(faults.contains(Fault::LineFeedsAlone), "{file:?}");
        assert!(SplitOptions::strict().reader(file.as_bytes()).next().expect("one").is_err());
        // With a guess there is nothing to tell.
        for part in split(&SplitOptions::new(), [file.as_bytes()]) {
            assert!(!part.faults().contains(Fault::LineFeedsAlone), "{file:?}");
        }
    }
    // Data beside CRs, and in the only segment; also where that is three letters, or a value.
    for stream in [
        "MSH|^~\\&|A\rNTE|1||x\nPID|y\rPID|1\r",
        "MSH|^~\\&|A\nB\r",
        "MSH|^~\\&|A\nABC\r",
        "MSH|^~\\&|A\n1.2|B\r",
    ] {
        let found = split(&SplitOptions::strict(), [stream.as_bytes()]);
        assert_eq!(found.len(), 1, "{stream:?}");
    }
}

#[test]
fn line_feeds_alone_are_told_of_a_damaged_header_by_its_own_separator() {
    // A broken bar, which can not delimit.
    for damaged in [
        &b"MSH\xA6^~\\&\xA6B\nPID\xA62\n"[..],
        b"FHS\xA6^~\\&\xA6B\nBTS\xA62\n",
        b"BHS\xA6^~\\&\xA6B\nBTS\xA62\n",
    ] {
        let stream = [&b"MSH|^~\\&|A\rPID|1\r"[..], damaged].concat();
        let shown = damaged.escape_ascii();
        let found = split(&SplitOptions::new().line_feeds_are_data(), [&stream[..]]);
        let faults: Vec<_> = found.iter().skip(1).flat_map(|part| part.faults().iter()).collect();
        assert!(faults.contains(&Fault::DamagedHeader), "{shown}: {faults:?}");
        assert!(faults.contains(&Fault::LineFeedsAlone), "{shown}: {faults:?}");
    }
}

#[test]
fn the_files_of_the_test_data_are_cut_as_described() {
    use PartKind::{BatchHeader, BatchTrailer, FileHeader, FileTrailer, Message};
    for (name, expected) in [
        ("batch_without_file.hl7", &[BatchHeader, Message, Message, BatchTrailer][..]),
        ("empty_batch.hl7", &[FileHeader, BatchHeader, BatchTrailer, FileTrailer]),
        (
            "file_batch_three.hl7",
            &[FileHeader, BatchHeader, Message, Message, Message, BatchTrailer, FileTrailer],
        ),
        ("no_envelope.hl7", &[Message, Message, Message]),
        ("wrong_count.hl7", &[FileHeader, BatchHeader, Message, BatchTrailer, FileTrailer]),
    ] {
        let file = fs::File::open(batches().join(name)).expect("test data");
        let parts: Vec<_> = Reader::new(file).map(|part| part.expect("readable")).collect();
        let kinds: Vec<_> = parts.iter().map(OwnedPart::kind).collect();
        assert_eq!(kinds, expected, "{name}");
        for part in &parts {
            assert!(part.faults().is_empty() || name == "wrong_count.hl7", "{name}");
            assert_eq!(part.parse().is_ok(), part.kind() == Message, "{name}");
        }
    }
}

#[test]
fn no_text_shows_a_value() {
    const MARK: &str = "SECRETNAME";
    let file = format!("FHS|^~\\&|{MARK}\r{MARK}\rMSH|^~\\&|{MARK}\rBTS|{MARK}\rFTS|{MARK}\r");
    let mut splitter = SplitOptions::strict().splitter();
    let mut input = Bytes::from(file.clone());
    let mut shown = vec![format!("{:?}", parts(file.as_bytes()).collect::<Vec<_>>())];
    while let Some(part) = splitter.next_part(&mut input) {
        shown.push(format!("{part:?} {splitter:?}"));
        if let Err(error) = part {
            shown.push(error.to_string());
        }
    }
    for part in SplitOptions::strict().reader(file.as_bytes()) {
        shown.push(format!("{part:?}"));
        if let Err(error) = part {
            shown.push(error.to_string());
        }
    }
    assert!(shown.len() > 6);
    for text in shown {
        assert!(!text.contains(MARK), "{text}");
    }
}

/// Text dense in what matters to the cutter.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        3 => Just(&b"\r"[..]),
        3 => Just(&b"\n"[..]),
        3 => Just(&b"MSH|^~\\&|"[..]),
        2 => Just(&b"MSH#^~\\&#"[..]),
        2 => Just(&b"BHS|^~\\&|"[..]),
        1 => Just(&b"BHS#^~\\&#"[..]),
        2 => Just(&b"FHS|^~\\&|"[..]),
        2 => Just(&b"BTS|"[..]),
        1 => Just(&b"BTS#1"[..]),
        2 => Just(&b"FTS|2"[..]),
        1 => Just(&b"MSH"[..]),
        1 => Just(&b"MS"[..]),
        1 => Just(&b"B"[..]),
        1 => Just(&b" "[..]),
        1 => Just(&b"\0"[..]),
        1 => Just(&b"\x1c\r\x0b"[..]),
        1 => Just(&b"\xEF\xBB\xBF"[..]),
        1 => Just(&b"\xEF\xBB"[..]),
        1 => Just(&b"\xEF"[..]),
        2 => Just(&b"abc"[..]),
        1 => Just(&b"0123456789abcdefghijklmnopqrstuvwxyz"[..]),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn pieces_change_nothing(
        bytes in soup(),
        cuts in proptest::collection::vec(0..400usize, 0..12),
        max in prop_oneof![Just(0), 1..40usize, Just(1_000_000)],
        line_feeds_are_data in any::<bool>(),
    ) {
        let mut options = SplitOptions::new().max_message_len(max);
        if line_feeds_are_data {
            options = options.line_feeds_are_data();
        }
        let whole = told(&split(&options, [&bytes[..]]));
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.sort_unstable();
        cuts.push(bytes.len());
        let mut pieces = Vec::new();
        let mut from = 0;
        for cut in cuts {
            pieces.push(&bytes[from..cut]);
            from = cut;
        }
        prop_assert_eq!(told(&split(&options, pieces)), whole.clone());
        prop_assert_eq!(told(&split(&options, bytes.chunks(1))), whole);
    }

    #[test]
    fn splitter_and_slices_agree_and_leave_out_blanks_only(
        bytes in soup(),
        line_feeds_are_data in any::<bool>(),
    ) {
        let (owned, borrowed): (_, Vec<_>) = match line_feeds_are_data {
            true => (
                split(&SplitOptions::new().line_feeds_are_data(), [&bytes[..]]),
                parts(&bytes).line_feeds_are_data().collect(),
            ),
            false => (split(&SplitOptions::new(), [&bytes[..]]), parts(&bytes).collect()),
        };
        let mut uncovered = bytes.clone();
        for part in &owned {
            let start = usize::try_from(part.offset()).expect("small");
            let end = start + part.as_bytes().len();
            prop_assert_eq!(&bytes[start..end], &part.as_bytes()[..]);
            uncovered[start..end].fill(b' ');
        }
        let uncovered: Vec<u8> =
            uncovered.split(|byte| *byte == 0xEF).enumerate().flat_map(|(at, piece)| {
                let piece = if at == 0 { Some(piece) } else { piece.strip_prefix(b"\xBB\xBF") };
                piece.unwrap_or(b"lost").to_vec()
            }).collect();
        prop_assert!(
            uncovered.iter().all(|byte| b" \t\r\n\x0b\x1c\0".contains(byte)),
            "{}", uncovered.escape_ascii()
        );
        if owned.is_empty() {
            prop_assert!(borrowed.len() <= 1);
            return Ok(());
        }
        prop_assert_eq!(owned.len(), borrowed.len());
        for (owned, borrowed) in owned.iter().zip(&borrowed) {
            prop_assert_eq!(owned.kind(), borrowed.kind());
            prop_assert_eq!(owned.place(), borrowed.place());
            prop_assert_eq!(owned.faults(), borrowed.faults());
            let segments = |message: hl7_parse::Message<'_>| -> Vec<Vec<u8>> {
                message.segments().map(|segment| segment.as_bytes().to_vec()).collect()
            };
            let (owned, borrowed) = (owned.read(), borrowed.read());
            prop_assert_eq!(
                owned.map(segments).map_err(|error| error.kind()),
                borrowed.map(segments).map_err(|error| error.kind())
            );
        }
    }
}
