//! Bytes, a path, and what stands there.

use hl7_parse::{Message, OwnedMessage, Path, PathError};

const ADMISSION: &[u8] = b"MSH|^~\\&|ADT1|GH|EHR|GH|202605011200||ADT^A01^ADT_A01|4711|P|2.5.1\r\
    EVN||202605011200\r\
    PID|||555^^^GH&1.2.3&ISO^MR~999^^^SSA^SS||TESTER^TINA^T\\T\\T^^Dr.||19700229|F|\"\"||\r\
    NK1|1|TESTER^TOM\r\
    NK1|2|TESTER^TESSA~OTHER^O\r\
    ZXT|a&b^c~d\r";

#[test]
fn paths_lead_to_what_stands_there() {
    let message = Message::parse(ADMISSION).expect("readable");
    for (path, raw, decoded) in [
        ("MSH-1", "|", "|"),
        ("MSH-2", "^~\\&", "^~\\&"),
        ("MSH-9.3", "ADT_A01", "ADT_A01"),
        ("EVN-1", "", ""),
        ("PID-3", "555^^^GH&1.2.3&ISO^MR~999^^^SSA^SS", "555^^^GH&1.2.3&ISO^MR~999^^^SSA^SS"),
        ("PID-3[2]", "999^^^SSA^SS", "999^^^SSA^SS"),
        ("PID-3.1", "555", "555"),
        ("PID-3[2].1", "999", "999"),
        ("PID-3.4.2", "1.2.3", "1.2.3"),
        ("PID-3.4.4", "", ""),
        ("PID-3[3].1", "", ""),
        ("PID-5.3", "T\\T\\T", "T&T"),
        ("PID-5.3.1", "T\\T\\T", "T&T"),
        ("PID-8", "F", "F"),
        // A bare scalar is its own first component and subcomponent.
        ("PID-8.1.1", "F", "F"),
        ("PID-8.2", "", ""),
        ("PID-9", "\"\"", "\"\""),
        ("PID-40", "", ""),
        ("NK1[2]-2[2].1", "OTHER", "OTHER"),
        ("NK1[3]-2", "", ""),
        ("ZXT-1.1.2", "b", "b"),
        ("ZXT-1[2]", "d", "d"),
        ("OBX-5", "", ""),
    ] {
        let element = message.get(&path.parse::<Path>().expect(path));
        assert_eq!(element.to_str(), Ok(raw), "{path}");
        assert_eq!(element.decode(), decoded, "{path}");
    }
}

#[test]
fn absent_empty_and_null_are_told_apart() {
    let message = Message::parse(ADMISSION).expect("readable");
    let pid = message.segment("PID").expect("PID");
    let state = |n| {
        let field = pid.field(n);
        (field.is_present(), field.is_valued(), field.is_null())
    };
    assert_eq!(state(1), (true, false, false), "empty");
    assert_eq!(state(8), (true, true, false), "valued");
    assert_eq!(state(9), (true, true, true), "null");
    assert_eq!(state(11), (true, false, false), "behind a trailing separator");
    assert_eq!(state(12), (false, false, false), "absent");
}

#[test]
fn line_ends_of_every_kind_give_the_same_segments() {
    let lines = ["MSH|^~\\&|A", "PID|1||7", "PV1|1", "OBX|1"];
    let expected: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
    for end in ["\r", "\n", "\r\n", "\r\r", "\r\n\r\n", "\n\n", "\r\r\n"] {
        for (before, after) in
            [("", ""), ("", end), ("\u{feff}", "\r\n"), ("\x0b", "\r\x1c\r"), ("\r\n \0", "\0\0")]
        {
            let text = format!("{before}{}{after}", lines.join(end));
            let message = Message::parse(text.as_bytes()).expect(&text);
            let segments: Vec<_> = message.segments().map(|segment| segment.as_bytes()).collect();
            assert_eq!(segments, expected, "{text:?}");
        }
    }
}

#[test]
fn line_feeds_inside_segments_are_data_unless_a_segment_follows() {
    let message =
        Message::parse(b"MSH|^~\\&|A\rNTE|1||POS\nNEG\n\nend\n\rNTE|2||a\nb\n\nPID|1\rPV1|1\n")
            .expect("readable");
    let segments: Vec<_> = message.segments().map(|segment| segment.as_bytes()).collect();
    assert_eq!(
        segments,
        [&b"MSH|^~\\&|A"[..], b"NTE|1||POS\nNEG\n\nend\n", b"NTE|2||a\nb", b"PID|1", b"PV1|1"]
    );
}

#[test]
fn lines_that_are_no_segments_stay_in_place() {
    let message = Message::parse(b"MSH|^~\\&|A\rX\r\xC3\xA9t\xC3\xA9|1\r  PID|1||7 \rpv1|1\r")
        .expect("readable");
    let ids: Vec<_> = message.segments().map(|segment| segment.id()).collect();
    assert_eq!(ids, ["MSH", "", "", "PID", "pv1"]);
    let pid = message.segment("PID").expect("PID");
    assert_eq!(pid.field(3).as_bytes(), b"7 ", "blanks at the end are data");
}

#[test]
fn spans_are_where_the_bytes_are() {
    let message = Message::parse(ADMISSION).expect("readable");
    for segment in message.segments() {
        for field in segment.fields() {
            let span = message.span_of(field).expect("present");
            assert_eq!(&ADMISSION[span], field.as_bytes());
            for component in field.components() {
                let span = message.span_of(component).expect("present");
                assert_eq!(&ADMISSION[span], component.as_bytes());
            }
        }
    }
    let other = Message::parse(b"MSH|^~\\&|B\r").expect("readable");
    assert_eq!(message.span_of(other.header().field(3)), None);
}

#[test]
fn an_owned_message_shares_its_bytes() {
    let bytes = bytes::Bytes::from_static(ADMISSION);
    let message = OwnedMessage::parse(bytes.clone()).expect("readable");
    assert_eq!(message.as_bytes().as_ptr(), bytes.as_ptr(), "not copied");
    let view = message.as_message();
    let name = view.get(&Path::new("PID-5.1")).as_bytes();
    let owned = message.slice_ref(name);
    assert_eq!(owned.as_ptr(), name.as_ptr(), "a part is not copied either");
    assert_ne!(message.detach().as_bytes().as_ptr(), bytes.as_ptr(), "detached");
    assert_eq!(message.slice_ref(b"elsewhere"), "elsewhere");
    assert_eq!(message.with_cr_ends().as_bytes().as_ptr(), bytes.as_ptr(), "nothing to change");
}

#[test]
fn latin_1_and_undeclared_text_decode() {
    let latin_1 = b"MSH|^~\\&|A|||||||1|P|2.5||||||8859/1\rPID|||||Ren\xE9\\XE9\\e\r";
    let message = Message::parse(latin_1).expect("readable");
    assert_eq!(message.get(&Path::new("PID-5")).decode(), "Renéée");
    assert!(message.get(&Path::new("PID-5")).to_str().is_err());

    let undeclared = "MSH|^~\\&|A\rPID|||||Ren\u{e9}\r".as_bytes();
    let message = Message::parse(undeclared).expect("readable");
    assert_eq!(message.get(&Path::new("PID-5")).decode(), "René");
}

#[test]
fn text_that_is_no_path_is_refused() {
    for (text, why) in [
        ("", PathError::Segment),
        ("PI", PathError::Segment),
        ("P-D", PathError::Segment),
        ("PI-3", PathError::Segment),
        ("1ID-3", PathError::Segment),
        ("PÏD", PathError::Segment),
        ("PID-", PathError::Number),
        ("PID-0", PathError::Number),
        ("PID-5.", PathError::Number),
        ("PID-5.0", PathError::Number),
        ("PID-x", PathError::Number),
        ("PID-65536", PathError::Number),
        ("PID-655360", PathError::Number),
        ("PID[]-2", PathError::Number),
        ("PID[0]-2", PathError::Number),
        ("PID[1", PathError::Form),
        ("PID[1)-2", PathError::Form),
        ("PID(1]-2", PathError::Form),
        ("PID[1]2", PathError::Form),
        ("PID[1][2]", PathError::Form),
        ("PID-3[2][1]", PathError::Form),
        ("PID-1.2.3.4", PathError::Form),
        ("PID-3x", PathError::Form),
        ("PID5", PathError::Form),
        ("PID 3", PathError::Form),
    ] {
        assert_eq!(text.parse::<Path>(), Err(why), "{text}");
    }
}

#[test]
fn a_path_tells_the_numbers_that_are_named() {
    let of = |text: &str| -> Path { text.parse().expect(text) };
    for (text, segment, numbers, occurrence) in [
        ("PID", "PID", [None; 4], 1),
        ("Z1A[7]", "Z1A", [None; 4], 7),
        ("PID-5", "PID", [Some(5), None, None, None], 1),
        ("OBX[3]-5[2]", "OBX", [Some(5), Some(2), None, None], 3),
        ("PID-3.4", "PID", [Some(3), None, Some(4), None], 1),
        ("PID[65535]-8(9)-4.2", "PID", [Some(8), Some(9), Some(4), Some(2)], 65_535),
    ] {
        let path = of(text);
        let found = [path.field(), path.repetition(), path.component(), path.subcomponent()];
        assert_eq!((path.segment(), found), (segment, numbers), "{text}");
        assert_eq!(path.occurrence(), occurrence, "{text}");
    }
    assert_eq!(format!("{:?}", of("PID.3(2)-4")), "Path(PID-3[2].4)");
}
