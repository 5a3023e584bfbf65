//! Every row of the receiver's state machine, and that the cutting of the stream never matters.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use hl7_mllp::{
    Block, Commit, Envelope, ForeignProtocol, FrameErrorKind, MAX_HEAD_LEN, MllpCodec, Skipped,
    SkippedKind,
};
use proptest::prelude::*;
use tokio_util::codec::{Decoder, Encoder};

/// One expected item, in a form that can stand in a table.
#[derive(Clone, Debug, PartialEq)]
enum Item {
    Content(Vec<u8>),
    Commit(Commit),
    Skipped(SkippedKind, u64),
    Lost(FrameErrorKind),
}

impl From<Block> for Item {
    fn from(block: Block) -> Self {
        match block {
            Block::Content(content) => Self::Content(content.to_vec()),
            Block::Commit(commit) => Self::Commit(commit),
            Block::Skipped(skipped) => Self::Skipped(skipped.kind(), skipped.dropped()),
            other => panic!("{other:?}"),
        }
    }
}

fn content(text: &str) -> Item {
    Item::Content(text.into())
}

use Item::{Lost, Skipped as Skip};

/// Decodes what is complete, then lets the stream end: the blocks, and why the stream was lost.
fn blocks<'a>(
    mut codec: MllpCodec,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Block>, Option<FrameErrorKind>) {
    let (mut buffer, mut out) = (BytesMut::new(), Vec::new());
    for chunk in chunks {
        buffer.extend_from_slice(chunk);
        loop {
            match codec.decode(&mut buffer) {
                Ok(Some(block)) => out.push(block),
                Ok(None) => break,
                Err(error) => return (out, Some(error.kind())),
            }
        }
    }
    loop {
        match codec.decode_eof(&mut buffer) {
            Ok(Some(block)) => out.push(block),
            Ok(None) => break,
            Err(error) => return (out, Some(error.kind())),
        }
    }
    assert!(buffer.is_empty(), "{} bytes left", buffer.len());
    (out, None)
}

fn items<'a>(codec: MllpCodec, chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<Item> {
    let (blocks, lost) = blocks(codec, chunks);
    blocks.into_iter().map(Item::from).chain(lost.map(Lost)).collect()
}

/// Asserts the items of a stream, in one piece, split at every byte, and byte by byte.
#[track_caller]
fn assert_items(codec: &MllpCodec, stream: &[u8], expected: &[Item]) {
    let shown = stream.escape_ascii();
    assert_eq!(items(codec.clone(), [stream]), expected, "in one piece: {shown}");
    for at in 0..=stream.len() {
        let (left, right) = stream.split_at(at);
        assert_eq!(items(codec.clone(), [left, right]), expected, "split at {at}: {shown}");
    }
    assert_eq!(items(codec.clone(), stream.chunks(1)), expected, "byte by byte: {shown}");
}

/// A codec whose limits are small enough for tables.
fn small() -> MllpCodec {
    MllpCodec::new().max_frame_len(8).max_garbage_len(10)
}

type Rows = Vec<(&'static [u8], Vec<Item>)>;

/// The receiver's state machine, for [`small`].
fn tolerant_rows() -> Rows {
    use SkippedKind::*;
    let foreign = |protocol| vec![Lost(FrameErrorKind::ForeignProtocol(protocol))];
    vec![
        // IDLE
        (b"", vec![]),
        (b"\x0bA\x1c\r", vec![content("A")]),
        (b"\r\n\0 \x0bA\x1c\r\r\n", vec![content("A")]),
        (b"xy\x0bA\x1c\r", vec![Skip(Garbage, 2), content("A")]),
        (b"\x0bA\x1c\r\nx\x0bB\x1c\r", vec![content("A"), Skip(Garbage, 2), content("B")]),
        (b"xy", vec![Skip(Garbage, 2)]),
        (b"\x1c\r\x0bA\x1c\r", vec![Skip(Garbage, 2), content("A")]),
        (b"0123456789\x0bA\x1c\r", vec![Skip(Garbage, 10), content("A")]),
        (b"0123456789a\x0bA\x1c\r", vec![Lost(FrameErrorKind::Garbage)]),
        (b"\r\r\r\r\r\r\r\r\r\r\r\x0bA\x1c\r", vec![Lost(FrameErrorKind::Garbage)]),
        (b"GET / HTTP/1.1\r\n\r\n", foreign(ForeignProtocol::Http)),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", foreign(ForeignProtocol::Http)),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01", foreign(ForeignProtocol::Tls)),
        (b"GE\x0bA\x1c\r", vec![Skip(Garbage, 2), content("A")]),
        (b"GE", vec![Skip(Garbage, 2)]),
        // BODY
        (b"\x0bA\x0bB\x1c\r", vec![Skip(CutOff, 1), content("B")]),
        (b"\x0b\x0bB\x1c\r", vec![Skip(CutOff, 0), content("B")]),
        (b"\x0bA", vec![Skip(Unfinished, 1)]),
        (b"\x0b", vec![Skip(Unfinished, 0)]),
        (b"\x0b\x1c\r\x0bA\x1c\r", vec![Skip(Empty, 0), content("A")]),
        (b"\x0b12345678\x1c\r", vec![content("12345678")]),
        (b"\x0b123456789\x1c\r\x0bA\x1c\r", vec![Skip(TooLong, 9), content("A")]),
        (b"\x0b123456789abc\x0bA\x1c\r", vec![Skip(CutOff, 12), content("A")]),
        (b"\x0b123456789abc", vec![Skip(Unfinished, 12)]),
        (b"\x0b123456789\x1c", vec![Skip(TooLong, 9)]),
        (b"\x0b123456789\x1cab\x1c\n", vec![Skip(TooLong, 12)]),
        (b"\x0b12345678\x1cb\x1c\r", vec![Skip(TooLong, 10)]),
        // END
        (b"\x0bA\x1c\n\x0bB\x1c\r", vec![content("A"), content("B")]),
        (b"\x0bA\x1c\r\n\x0bB\x1c\r", vec![content("A"), content("B")]),
        (b"\x0bA\x1c\x0bB\x1c\r", vec![content("A"), content("B")]),
        (b"\x0bA\x1c", vec![content("A")]),
        (b"\x0bA\x1cB\x1c\r", vec![content("A\x1cB")]),
        (b"\x0bA\x1c\x1c\r", vec![content("A\x1c")]),
        (b"\x0bA\x1cB", vec![Skip(Unfinished, 3)]),
        // Release 1 has no commit blocks.
        (b"\x0b\x06\x1c\r", vec![content("\x06")]),
    ]
}

/// The same with FS CR alone as the end.
fn strict_rows() -> Rows {
    use SkippedKind::*;
    vec![
        (b"\r\n\0 \x0bA\x1c\r\r\n", vec![content("A")]),
        (b"x\x0bA\x1c\r", vec![Lost(FrameErrorKind::Garbage)]),
        (b"\x0bA\x1c\rx", vec![content("A"), Lost(FrameErrorKind::Garbage)]),
        (b"G\x0bA\x1c\r", vec![Lost(FrameErrorKind::Garbage)]),
        (b"G", vec![Lost(FrameErrorKind::Garbage)]),
        (b"GET /", vec![Lost(FrameErrorKind::ForeignProtocol(ForeignProtocol::Http))]),
        (b"\x0bA\x0bB\x1c\r", vec![Skip(CutOff, 1), content("B")]),
        (b"\x0bA", vec![Skip(Unfinished, 1)]),
        (b"\x0b\x1c\r", vec![Skip(Empty, 0)]),
        (b"\x0b123456789\x1c\r\x0bA\x1c\r", vec![Skip(TooLong, 9), content("A")]),
        (b"\x0bA\x1c\n", vec![Lost(FrameErrorKind::WrongEnding)]),
        (b"\x0bA\x1c\x0bB\x1c\r", vec![Lost(FrameErrorKind::WrongEnding)]),
        (b"\x0bA\x1cB\x1c\r", vec![Lost(FrameErrorKind::WrongEnding)]),
        (b"\x0b123456789\x1cB", vec![Lost(FrameErrorKind::WrongEnding)]),
        (b"\x0bA\x1c", vec![Skip(Unfinished, 2)]),
    ]
}

#[test]
fn every_row_of_the_state_machine_when_tolerant() {
    for (stream, expected) in tolerant_rows() {
        assert_items(&small(), stream, &expected);
    }
}

#[test]
fn every_row_of_the_state_machine_when_strict() {
    for (stream, expected) in strict_rows() {
        assert_items(&small().strict(true), stream, &expected);
    }
}

#[test]
fn every_row_of_the_state_machine_with_other_bytes_than_vt_and_fs() {
    for (start, end) in [(0x02, 0x03), (0x1c, 0x0b), (0x01, 0x1f)] {
        let swap = |bytes: &[u8]| -> Vec<u8> {
            let swapped = |byte: &u8| match *byte {
                0x0b => start,
                0x1c => end,
                other => other,
            };
            bytes.iter().map(swapped).collect()
        };
        let codec = small().envelope(Envelope::new(start, end).expect("two control characters"));
        for (rows, codec) in [(tolerant_rows(), codec.clone()), (strict_rows(), codec.strict(true))]
        {
            for (stream, mut expected) in rows {
                for item in &mut expected {
                    if let Item::Content(content) = item {
                        *content = swap(content);
                    }
                }
                assert_items(&codec, &swap(stream), &expected);
            }
        }
    }
}

#[test]
fn an_envelope_is_two_control_characters_that_no_message_holds() {
    for start in 0..=u8::MAX {
        for end in [0x03, 0x0b, 0x1c] {
            let fits =
                (1..0x20).contains(&start) && ![b'\t', b'\n', b'\r', 0x1b, end].contains(&start);
            let made = Envelope::new(start, end);
            assert_eq!(made.is_some(), fits, "{start:#x}, {end:#x}");
            assert_eq!(Envelope::new(end, start).is_some(), fits, "{end:#x}, {start:#x}");
            if let Some(made) = made {
                assert_eq!((made.start(), made.end()), (start, end));
            }
        }
    }
    assert_eq!(Envelope::new(0x0b, 0x1c), Some(Envelope::default()));
}

#[test]
fn an_encoder_refuses_the_bytes_of_its_own_envelope_and_no_others() {
    let mut codec = MllpCodec::new().envelope(Envelope::new(0x02, 0x03).unwrap());
    let mut wire = BytesMut::new();
    codec.encode(Block::Content("A\x0bB\x1cC".into()), &mut wire).unwrap();
    codec.encode(Block::Commit(Commit::Ack), &mut wire).unwrap();
    let written = b"\x02A\x0bB\x1cC\x03\r\x02\x06\x03\r";
    assert_eq!(wire, written[..]);
    for content in ["A\x02", "\x03A"] {
        let error = codec.encode(Block::Content(content.into()), &mut wire).expect_err(content);
        assert_eq!(error.kind(), FrameErrorKind::InvalidContent);
    }
    assert_eq!(wire, written[..], "nothing more is written");
}

#[test]
fn release_2_reads_one_byte_blocks_as_commit_acknowledgments() {
    let stream = b"\x0b\x06\x1c\r\x0b\x15\x1c\r\x0bM\x1c\r\x0b\x06\x06\x1c\r";
    let expected =
        [Item::Commit(Commit::Ack), Item::Commit(Commit::Nak), content("M"), content("\x06\x06")];
    assert_items(&small().release2(true), stream, &expected);
    // The next frame may end it.
    let expected = [Item::Commit(Commit::Ack), content("M")];
    assert_items(&small().release2(true), b"\x0b\x06\x1c\x0bM\x1c\r", &expected);
}

#[test]
fn frames_do_not_depend_on_chunk_boundaries() {
    const STREAM: &[u8] = b"\x0bMSH|^~\\&|A\r\x1c\r\x0bMSH|^~\\&|B\r\x1c\r";
    let expected = [content("MSH|^~\\&|A\r"), content("MSH|^~\\&|B\r")];
    assert_items(&MllpCodec::new(), STREAM, &expected);
}

#[test]
fn doubled_segment_ends_are_content() {
    let stream = b"\x0bMSH|^~\\&|A\r\r\nPID|1\r\n\r\r\x1c\r";
    assert_items(&MllpCodec::new(), stream, &[content("MSH|^~\\&|A\r\r\nPID|1\r\n\r\r")]);
}

#[test]
fn after_an_error_the_codec_fails_the_same_way() {
    let (mut codec, mut buffer) = (MllpCodec::new(), BytesMut::from(&b"GET / HTTP/1.1\r\n"[..]));
    for _ in 0..3 {
        let error = codec.decode(&mut buffer).expect_err("HTTP");
        assert_eq!(error.kind(), FrameErrorKind::ForeignProtocol(ForeignProtocol::Http));
        assert_eq!(error.to_string(), "HTTP where an MLLP frame was expected");
        buffer.extend_from_slice(b"\x0bA\x1c\r");
    }
}

#[test]
fn a_protocol_is_recognised_only_at_the_start_of_the_stream() {
    let expected = [content("A"), Skip(SkippedKind::Garbage, 6), content("B")];
    assert_items(&small(), b"\x0bA\x1c\rGET / \x0bB\x1c\r", &expected);
}

#[test]
fn the_start_of_the_stream_is_over_when_its_end_followed_bytes() {
    for (before, behind, is_start) in [
        (&b""[..], &b"GET / "[..], true),
        (b"\r", b"GET / ", false),
        (b"x", b"GET / ", false),
        (b"GE", b"GET / ", false),
        (b"GE", b"T / ", false),
    ] {
        let (mut codec, mut buffer) = (small(), BytesMut::from(before));
        while codec.decode_eof(&mut buffer).unwrap().is_some() {}
        // A stream may go on behind its end, as a file does that is written to.
        buffer.extend_from_slice(behind);
        let decoded = codec.decode(&mut buffer).map_err(|error| error.kind());
        let http = FrameErrorKind::ForeignProtocol(ForeignProtocol::Http);
        let expected = if is_start { Err(http) } else { Ok(None) };
        assert_eq!(decoded, expected, "{before:?}, the end, {behind:?}");
    }
}

#[test]
fn a_frame_is_begun_by_vt_and_ended_by_fs_and_what_follows_it() {
    for (stream, expected) in [
        (&b""[..], false),
        (b"\r\n", false),
        (b"x", false),
        (b"\x0b", true),
        (b"\x0bA\x1c", true),
        (b"\x0bA\x1cB", true),
        (b"\x0b123456789abc", true),
        (b"\x0bA\x1c\r", false),
        (b"\x0b123456789abc\x1c\r", false),
        (b"GET / ", false),
    ] {
        let (mut codec, mut buffer) = (small(), BytesMut::from(stream));
        while let Ok(Some(_)) = codec.decode(&mut buffer) {}
        assert_eq!(codec.in_frame(), expected, "{}", stream.escape_ascii());
    }
}

#[test]
fn the_default_limits_are_those_that_are_documented() {
    let most = 16 * 1024 * 1024;
    for (len, is_taken) in [(most, true), (most + 1, false)] {
        let stream = [b"\x0b", &vec![b'x'; len][..], b"\x1c\r"].concat();
        let (found, _) = blocks(MllpCodec::new(), [&stream[..]]);
        let [block] = &found[..] else { panic!("{len} bytes: {found:?}") };
        assert_eq!(matches!(block, Block::Content(_)), is_taken, "{len} bytes: {block:?}");
    }
    let most = 64 * 1024;
    for (len, is_taken) in [(most, true), (most + 1, false)] {
        let stream = [&vec![b'x'; len][..], b"\x0bA\x1c\r"].concat();
        let (_, lost) = blocks(MllpCodec::new(), [&stream[..]]);
        assert_eq!(lost.is_none(), is_taken, "{len} bytes between frames: {lost:?}");
    }
}

#[test]
fn end_of_wait_yields_what_a_silent_end_completes() {
    let table: [(&[u8], Option<Item>); 7] = [
        (b"\x0bA\x1c", Some(content("A"))),
        (b"\x0b\x1c", Some(Skip(SkippedKind::Empty, 0))),
        (b"\x0b123456789\x1c", Some(Skip(SkippedKind::TooLong, 9))),
        (b"\x0bA\x1c\x1c", Some(content("A\x1c"))),
        (b"\x0bA\x1cB", None),
        (b"\x0bA", None),
        (b"\x1c", None),
    ];
    for (stream, expected) in table {
        for size in [1, stream.len()] {
            let (mut codec, mut buffer) = (small(), BytesMut::new());
            for chunk in stream.chunks(size) {
                buffer.extend_from_slice(chunk);
                assert_eq!(codec.decode(&mut buffer).unwrap(), None);
            }
            let shown = stream.escape_ascii();
            assert_eq!(codec.awaits_end(&buffer), expected.is_some(), "{shown}");
            let block = codec.end_of_wait(&mut buffer);
            assert_eq!(block.map(Item::from), expected, "{shown}");
            if expected.is_none() {
                continue;
            }
            for late in [&b"\r"[..], b"\n", b"\r\n", b""] {
                let (mut codec, mut buffer) = (codec.clone(), buffer.clone());
                buffer.extend_from_slice(late);
                buffer.extend_from_slice(b"\x0bB\x1c\r");
                let next = codec.decode(&mut buffer).unwrap().map(Item::from);
                assert_eq!(next, Some(content("B")), "{shown} then {late:?}");
            }
        }
    }
}

#[test]
fn strict_never_ends_a_frame_by_waiting() {
    let (mut codec, mut buffer) = (small().strict(true), BytesMut::from(&b"\x0bA\x1c"[..]));
    assert_eq!(codec.decode(&mut buffer).unwrap(), None);
    assert!(!codec.awaits_end(&buffer));
    assert_eq!(codec.end_of_wait(&mut buffer), None);
    buffer.extend_from_slice(b"\r");
    assert_eq!(codec.decode(&mut buffer).unwrap().map(Item::from), Some(content("A")));
}

#[test]
fn frame_length_one_under_at_and_one_over_the_limit() {
    for limit in [0usize, 1, 2, 1000, 70_000] {
        for len in limit.saturating_sub(1)..=limit + 1 {
            let stream = [b"\x0b", &vec![b'x'; len][..], b"\x1c\r"].concat();
            let expected = match len {
                _ if len > limit => Skip(SkippedKind::TooLong, len as u64),
                0 => Skip(SkippedKind::Empty, 0),
                _ => Item::Content(vec![b'x'; len]),
            };
            for size in [1, 7, 4096, stream.len()] {
                let codec = MllpCodec::new().max_frame_len(limit);
                let found = items(codec, stream.chunks(size));
                assert!(found == [expected.clone()], "limit {limit}, length {len}, reads {size}");
            }
        }
    }
}

#[test]
fn the_last_bytes_of_an_over_long_frame_are_no_frame_however_few_they_are() {
    for last in 0..=10 {
        let end = [&vec![b'y'; last][..], b"\x1c\r"].concat();
        let found = items(small(), [&b"\x0bxxxxxxxxxxxx"[..], &end]);
        let expected = [Skip(SkippedKind::TooLong, 12 + last as u64)];
        assert_eq!(found, expected, "{last} bytes before the end");
    }
}

#[test]
fn garbage_length_one_under_at_and_one_over_the_limit() {
    for limit in [0usize, 1, 2, 1000] {
        for len in limit.saturating_sub(1)..=limit + 1 {
            let stream = [&vec![b'#'; len][..], b"\x0bA\x1c\r"].concat();
            let expected = match len {
                _ if len > limit => vec![Lost(FrameErrorKind::Garbage)],
                0 => vec![content("A")],
                _ => vec![Skip(SkippedKind::Garbage, len as u64), content("A")],
            };
            for size in [1, 7, stream.len()] {
                let codec = MllpCodec::new().max_garbage_len(limit);
                let found = items(codec, stream.chunks(size));
                assert_eq!(found, expected, "limit {limit}, length {len}, reads {size}");
            }
        }
    }
}

#[test]
fn the_head_of_an_over_long_frame_is_kept_up_to_its_limit() {
    assert_eq!(MAX_HEAD_LEN, 4096, "as it is documented");
    let long: Vec<u8> = (0..3 * MAX_HEAD_LEN).map(|n| b'a' + (n % 26) as u8).collect();
    for len in [1, MAX_HEAD_LEN - 1, MAX_HEAD_LEN, MAX_HEAD_LEN + 1, long.len()] {
        let stream = [b"\x0b", &long[..len], b"\x1c\r"].concat();
        for size in [100, 5000, stream.len()] {
            for limit in [0, 10, len - 1] {
                if limit >= len {
                    continue;
                }
                let head = skipped(&stream, size, limit).head().clone();
                assert_eq!(
                    head,
                    long[..len.min(MAX_HEAD_LEN)],
                    "length {len}, reads {size}, limit {limit}"
                );
            }
        }
    }
}

fn skipped(stream: &[u8], size: usize, limit: usize) -> Skipped {
    let (mut codec, mut buffer) = (MllpCodec::new().max_frame_len(limit), BytesMut::new());
    for chunk in stream.chunks(size) {
        buffer.extend_from_slice(chunk);
        if let Some(Block::Skipped(skipped)) = codec.decode(&mut buffer).unwrap() {
            return skipped;
        }
    }
    panic!("nothing skipped");
}

#[test]
fn content_is_not_copied_out_of_a_buffer_of_ordinary_size() {
    let mut buffer = BytesMut::with_capacity(8192);
    buffer.extend_from_slice(b"\x0bMSH|^~\\&|A\r\x1c\r\x0bMSH|^~\\&|B\r\x1c\r");
    let range: Range<*const u8> = buffer.as_ptr_range();
    let mut codec = MllpCodec::new();
    let mut kept = Vec::new();
    while let Some(block) = codec.decode(&mut buffer).unwrap() {
        kept.push(block.into_content().unwrap());
    }
    assert_eq!(kept.len(), 2);
    assert!(kept.iter().all(|frame| range.contains(&frame.as_ptr())), "copied");
}

#[test]
fn five_bytes_behind_fifty_megabytes_do_not_keep_them() {
    let large = vec![b'x'; 50_000_000];
    let codec = MllpCodec::new().max_frame_len(large.len());
    for size in [4096, 1_000_000, usize::MAX] {
        let stream = [b"\x0b", &large[..], b"\x1c\r\x0bsmall\x1c\r"].concat();
        let (mut codec, mut buffer, mut kept) = (codec.clone(), BytesMut::new(), Vec::new());
        let mut addresses = 0..0;
        for chunk in stream.chunks(size.min(stream.len())) {
            buffer.extend_from_slice(chunk);
            if kept.is_empty() {
                addresses = buffer.as_ptr() as usize..buffer.as_ptr() as usize + buffer.capacity();
            }
            while let Some(block) = codec.decode(&mut buffer).unwrap() {
                kept.push(block.into_content().unwrap());
            }
        }
        let [first, second] = &kept[..] else { panic!("{} frames", kept.len()) };
        assert!(*first == large && second == "small");
        assert!(!addresses.contains(&(second.as_ptr() as usize)), "reads of {size}: kept");
        assert!(buffer.capacity() <= 64 * 1024, "reads of {size}: {}", buffer.capacity());
    }
}

#[test]
fn frames_around_the_bound_of_what_is_kept_come_whole_whatever_is_behind_them() {
    const KEPT: usize = 64 * 1024;
    let lengths = [1, 2, 5000, KEPT - 1, KEPT, KEPT + 1, 3 * KEPT];
    for first in lengths {
        for second in lengths {
            let contents: Vec<Vec<u8>> = [first, second, 7, second, first]
                .iter()
                .zip(b'a'..)
                .map(|(len, byte)| vec![byte; *len])
                .collect();
            let stream: Vec<u8> =
                contents.iter().flat_map(|it| [b"\x0b", &it[..], b"\x1c\r"].concat()).collect();
            for size in [4096, KEPT + 100, stream.len()] {
                let (blocks, lost) = blocks(MllpCodec::new(), stream.chunks(size));
                let found: Vec<_> = blocks.into_iter().filter_map(Block::into_content).collect();
                assert_eq!(lost, None);
                assert!(found == contents, "{first} and {second} bytes, reads of {size}");
            }
        }
    }
}

#[test]
fn encoding_writes_the_envelope_and_decoding_takes_it_off() {
    let mut codec = MllpCodec::new().release2(true);
    let blocks = [
        Block::Content("MSH|^~\\&|A\r".into()),
        Block::Commit(Commit::Ack),
        Block::Commit(Commit::Nak),
        Block::Content(Bytes::from_static(b"\xff\x00\x01\t\n\x1b")),
    ];
    let mut wire = BytesMut::new();
    for block in &blocks {
        codec.encode(block.clone(), &mut wire).unwrap();
    }
    assert_eq!(
        wire,
        &b"\x0bMSH|^~\\&|A\r\x1c\r\x0b\x06\x1c\r\x0b\x15\x1c\r\x0b\xff\x00\x01\t\n\x1b\x1c\r"[..]
    );
    for block in blocks {
        assert_eq!(codec.decode(&mut wire).unwrap(), Some(block));
    }
}

#[test]
fn a_block_is_encoded_into_one_allocation_of_its_length() {
    for len in [0, 1, 5, 1000] {
        let mut wire = BytesMut::new();
        MllpCodec::new().encode(Block::Content(vec![b'x'; len].into()), &mut wire).unwrap();
        assert_eq!(wire.len(), len + 3);
        // The least that a buffer takes is 8 bytes.
        assert!(wire.capacity() <= wire.len().max(8), "{len} bytes: {}", wire.capacity());
    }
}

#[test]
fn content_that_would_break_the_frame_is_refused_and_nothing_is_written() {
    let skipped = {
        let mut buffer = BytesMut::from(&b"\x0b\x1c\r"[..]);
        MllpCodec::new().decode(&mut buffer).unwrap().unwrap()
    };
    let release2 = MllpCodec::new().release2(true);
    let table = [
        (MllpCodec::new(), Block::Content("A\x0bB".into())),
        (MllpCodec::new(), Block::Content("A\x1c".into())),
        (MllpCodec::new(), Block::Content("\x1c\r".into())),
        (MllpCodec::new(), skipped),
        (release2.clone(), Block::Content("\x06".into())),
        (release2, Block::Content("\x15".into())),
    ];
    for (mut codec, block) in table {
        let mut wire = BytesMut::from(&b"before"[..]);
        let error = codec.encode(block.clone(), &mut wire).expect_err(&format!("{block:?}"));
        assert_eq!(error.kind(), FrameErrorKind::InvalidContent, "{block:?}");
        assert_eq!(wire, "before", "{block:?}");
    }
}

#[test]
fn debug_and_errors_show_no_content() {
    let stream = b"SECRET\x0bSECRET\x0bSECRET\x1c\r\x0bSECRETSECRET\x1c\r\x0bSECRET";
    let (mut codec, mut buffer) = (small(), BytesMut::from(&stream[..]));
    while let Some(block) = codec.decode(&mut buffer).unwrap() {
        assert!(!format!("{block:?}").contains("SECRET"), "{block:?}");
    }
    assert!(!format!("{codec:?}").contains("SECRET"), "{codec:?}");
    let long = skipped(b"\x0bSECRETSECRET\x1c\r", 14, 6);
    assert_eq!(format!("{long:?}"), "Skipped(TooLong, 12 bytes)");
}

#[test]
fn debug_shows_lengths_and_states() {
    let mut buffer = BytesMut::from(&b"\x0bABC\x1c\r\x0b\x1c\r"[..]);
    let mut codec = small();
    for expected in ["Some(Content(3 bytes))", "Some(Skipped(Empty, 0 bytes))", "None"] {
        assert_eq!(format!("{:?}", codec.decode(&mut buffer).unwrap()), expected);
    }
    for (stream, expected) in [
        (&b"GE"[..], "Idle(2 bytes skipped)"),
        (b"GE", "Lead(2 bytes)"),
        (b"\x0bABC", "Frame(4 bytes scanned)"),
        (b"\x0b123456789", "Overlong(9 bytes dropped)"),
        (b"\x0b123456789", "Head(9 bytes)"),
        (b"GET / ", "Lost(ForeignProtocol(Http))"),
    ] {
        let (mut codec, mut buffer) = (small(), BytesMut::from(stream));
        // Only what it is left in matters.
        let _decoded = codec.decode(&mut buffer);
        assert!(format!("{codec:?}").contains(expected), "{expected} in {codec:?}");
    }
}

/// Streams made of the bytes that matter, and a few that do not.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        4 => Just(0x0b_u8),
        4 => Just(0x1c),
        3 => Just(b'\r'),
        1 => Just(b'\n'),
        1 => Just(0x06),
        1 => Just(0x15),
        1 => Just(0),
        4 => any::<u8>(),
    ];
    prop::collection::vec(byte, 0..80)
}

/// Cuts `bytes` at the given places.
fn cut<'a>(bytes: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    at.extend([0, bytes.len()]);
    at.sort_unstable();
    at.iter().zip(at.iter().skip(1)).filter_map(|(from, to)| bytes.get(*from..*to)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn random_chunking_gives_the_items_of_one_piece(
        stream in stream(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        strict: bool,
        release2: bool,
        limit in 0usize..20,
        garbage in 0usize..20,
    ) {
        let codec = MllpCodec::new()
            .strict(strict)
            .release2(release2)
            .max_frame_len(limit)
            .max_garbage_len(garbage);
        let whole = blocks(codec.clone(), [&stream[..]]);
        prop_assert_eq!(blocks(codec, cut(&stream, &cuts)), whole);
    }

    #[test]
    fn what_is_encoded_is_decoded(
        contents in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..50), 0..8),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let (mut codec, mut wire, mut sent) = (MllpCodec::new(), BytesMut::new(), Vec::new());
        for content in contents {
            let encodable = !content.iter().any(|byte| [0x0b, 0x1c].contains(byte));
            let result = codec.encode(Block::Content(content.clone().into()), &mut wire);
            prop_assert_eq!(result.is_ok(), encodable);
            if encodable {
                sent.push(Item::Content(content));
            }
        }
        prop_assert_eq!(items(codec, cut(&wire, &cuts)), sent);
    }
}
