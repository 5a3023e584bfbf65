//! What reading allocates, the table of the segments and nothing else; and what editing holds.

use allocation_counter::measure;
use bytes::Bytes;
use hl7_parse::{Editor, Header, Message, OwnedMessage, Path, SegmentBuilder, Target};

const ADMISSION: &[u8] = include_bytes!("../../testdata/messages/adt_a01.hl7");
const RESULTS: &[u8] = include_bytes!("../../testdata/messages/oru_r01_100_obx.hl7");

/// How often `read` allocates, or grows what it has; its answer is dropped within.
fn allocations<T>(read: impl Fn() -> T) -> u64 {
    measure(|| drop(read())).count_total
}

#[test]
fn counting_counts() {
    assert_eq!(allocations(|| vec![1, 2, 3]), 1);
    assert_eq!(allocations(|| [1, 2, 3]), 0);
}

#[test]
fn a_message_and_four_of_its_fields_take_one_allocation() {
    let paths = ["MSH-9", "MSH-10", "PID-3.1", "PID-5.1"].map(Path::new);
    let read = || {
        let message = Message::parse(ADMISSION).expect("a message");
        paths.map(|path| message.get(&path).decode().len()).iter().sum::<usize>()
    };
    assert!(read() > 20, "the fields are there");
    assert_eq!(allocations(read), 1);
}

#[test]
fn a_message_takes_one_allocation_while_its_segments_are_few() {
    // One for each 64 bytes and eight more, the header among them; at most 1,024.
    for (segments, text, expected) in
        [(7, 0, 1), (8, 0, 2), (1023, 59, 1), (1024, 59, 2), (1000, 0, 5)]
    {
        let segment = format!("OBX|{}\r", "1".repeat(text));
        let bytes = format!("MSH|^~\\&|A\r{}", segment.repeat(segments));
        let read = || Message::parse(bytes.as_bytes()).expect("a message");
        assert_eq!(read().segments().len(), segments + 1);
        assert_eq!(allocations(read), expected, "{segments} segments with {text} bytes");
    }
}

#[test]
fn a_hundred_observations_take_one_allocation() {
    let read = || {
        let message = Message::parse(RESULTS).expect("a message");
        let of_fields = message.segments_with_id("OBX").map(|obx| obx.field(5).as_bytes().len());
        of_fields.sum::<usize>() + message.leaves().count()
    };
    assert!(read() > 1000, "the observations are there");
    assert_eq!(allocations(read), 1);
}

#[test]
fn a_header_takes_none_whatever_follows_it() {
    let long = [ADMISSION, &b"OBX|1|ED|||".repeat(1 << 16)].concat();
    for message in [ADMISSION, RESULTS, &long] {
        let read = || {
            let header = Header::parse(message).expect("a header");
            header.message_type().as_bytes().len() + header.control_id().as_bytes().len()
        };
        assert!(read() > 10, "the fields are there");
        assert_eq!(allocations(read), 0, "{} bytes", message.len());
    }
}

#[test]
fn a_message_that_owns_its_bytes_takes_two_and_its_clones_none() {
    let bytes = Bytes::from_static(ADMISSION);
    assert_eq!(allocations(|| OwnedMessage::parse(bytes.clone()).expect("a message")), 2);

    let message = OwnedMessage::parse(bytes).expect("a message");
    assert_eq!(allocations(|| message.clone().as_message().segments().len()), 0);
}

/// How much an editor may hold at once: so many times what is longer, the message as it came or
/// as it is written. Edits come on top.
const EDITED: usize = 4;
/// How much one edit may hold until it is written, in bytes, beside its text.
const EDIT: usize = 320;
/// And beside that each segment where line ends are kept.
const SEGMENT: usize = 8;

/// How much `edit` holds at once, with what it makes, to how much it may.
#[expect(clippy::expect_used, reason = "a helper of tests")]
fn held(message: &Message<'_>, edits: usize, edit: impl Fn(&mut Editor<'_>)) -> (usize, usize) {
    let mut written = 0;
    let held = measure(|| {
        let mut editor = Editor::new(message);
        edit(&mut editor);
        written = editor.finish().expect("edited").as_bytes().len();
    });
    let longer = written.max(message.as_bytes().len());
    (usize::try_from(held.bytes_max).expect("a size"), EDITED * longer + EDIT * (edits + 16))
}

#[test]
fn edits_of_every_segment_hold_a_few_times_the_message() {
    const OBX: Path = Path::new("OBX");
    const VALUE: Path = Path::new("OBX-5.1");
    let bytes = [b"MSH|^~\\&|A\r", &b"OBX|1\r".repeat(50_000)[..]].concat();
    let message = Message::parse(&bytes).expect("a message");
    let note = SegmentBuilder::new("NTE");
    type Edit<'s> = &'s dyn Fn(&mut Editor<'_>);
    let edits: [(&str, Edit<'_>); 7] = [
        ("none", &|_| {}),
        ("keep", &|editor| {
            editor.keep_only([Path::new("OBX-1"), Path::new("OBX[7]-2")]);
        }),
        ("set", &|editor| {
            editor.set(Target::each(&VALUE), "7").clear(&VALUE);
        }),
        ("repeat", &|editor| {
            editor.repeat(Target::each(&Path::new("OBX-1")), "2");
        }),
        ("remove", &|editor| {
            editor.remove(Target::each(&OBX));
        }),
        ("insert", &|editor| {
            editor.insert_after(Target::each(&OBX), &note);
        }),
        ("ends", &|editor| {
            editor.keep_line_ends();
        }),
    ];
    for (name, edit) in edits {
        let (held, may) = held(&message, 2, edit);
        let may = if name == "ends" { may + SEGMENT * 50_000 } else { may };
        assert!(held <= may, "{name}: {held} bytes, {may} allowed");
    }
}

#[test]
fn edits_of_every_repetition_hold_a_few_times_the_message() {
    const OPEN: Path = Path::new("PID-3.2");
    let bytes = [b"MSH|^~\\&|A\rPID|||1", &b"~1".repeat(100_000)[..]].concat();
    let message = Message::parse(&bytes).expect("a message");
    let set = |editor: &mut Editor<'_>| {
        editor.set(Target::each(&OPEN), "7");
    };
    let keep = |editor: &mut Editor<'_>| {
        editor.keep_only([OPEN, Path::new("PID-3[7].1")]);
    };
    for (held, may) in [held(&message, 1, set), held(&message, 2, keep)] {
        assert!(held <= may, "{held} bytes, {may} allowed");
    }
}

#[test]
fn an_edit_of_one_place_holds_little_until_it_is_written() {
    const EDITS: usize = 10_000;
    let bytes = [b"MSH|^~\\&|A\r", &b"OBX|1\r".repeat(EDITS)[..]].concat();
    let message = Message::parse(&bytes).expect("a message");
    for form in ["OBX[{}]-5", "OBX-5[{}].1.2", "OBX-{}"] {
        let paths: Vec<Path> = (1..=EDITS)
            .map(|n| form.replace("{}", &n.to_string()).parse().expect("a path"))
            .collect();
        let set = |editor: &mut Editor<'_>| {
            for path in &paths {
                editor.set(path, "7");
            }
        };
        let (held, may) = held(&message, EDITS, set);
        assert!(held <= may, "{form}: {held} bytes, {may} allowed");
    }
}
