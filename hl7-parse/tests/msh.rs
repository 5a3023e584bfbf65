//! MSH is numbered from its separator, and declares the delimiters.

use hl7_parse::{Charset, Header, Message, ParseErrorKind};

#[test]
fn msh_1_and_msh_2_are_literal() {
    let message = Message::parse(b"MSH|^~\\&|APP^X|FAC\r").expect("readable");
    let msh = message.segment("MSH").expect("MSH");
    assert_eq!(msh.field(0).as_bytes(), b"");
    assert_eq!(msh.field(1).as_bytes(), b"|");
    assert_eq!(msh.field(2).as_bytes(), b"^~\\&");
    assert_eq!(msh.field(2).component(1).as_bytes(), b"^~\\&");
    assert_eq!(msh.field(2).repetitions().count(), 1);
    assert_eq!(msh.field(2).decode(), "^~\\&");
    assert_eq!(msh.field(3).component(2).as_bytes(), b"X");
    assert_eq!(msh.field(4).as_bytes(), b"FAC");
    assert!(!msh.field(5).is_present());
    let fields: Vec<_> = msh.fields().map(|field| field.as_bytes()).collect();
    assert_eq!(fields, [&b"|"[..], b"^~\\&", b"APP^X", b"FAC"]);
}

/// Header line; component, repetition, escape, subcomponent and truncation in use.
#[test]
fn delimiters_are_assigned_by_position_and_the_earlier_level_wins() {
    for (line, expected) in [
        ("MSH|^~\\&|", [Some(b'^'), Some(b'~'), Some(b'\\'), Some(b'&'), None]),
        ("MSH|^~\\&#|", [Some(b'^'), Some(b'~'), Some(b'\\'), Some(b'&'), Some(b'#')]),
        ("MSH|^~\\&#!|", [Some(b'^'), Some(b'~'), Some(b'\\'), Some(b'&'), Some(b'#')]),
        ("MSH|^~\\|", [Some(b'^'), Some(b'~'), Some(b'\\'), None, None]),
        ("MSH|^~|", [Some(b'^'), Some(b'~'), None, None, None]),
        ("MSH|^|", [Some(b'^'), None, None, None, None]),
        ("MSH||", [Some(b'^'), Some(b'~'), Some(b'\\'), Some(b'&'), None]),
        ("MSH|", [Some(b'^'), Some(b'~'), Some(b'\\'), Some(b'&'), None]),
        // The repetition separator is above the component separator.
        ("MSH|~~\\&|", [None, Some(b'~'), Some(b'\\'), Some(b'&'), None]),
        ("MSH|^~^&|", [Some(b'^'), Some(b'~'), None, Some(b'&'), None]),
        ("MSH|^~\\^|", [Some(b'^'), Some(b'~'), Some(b'\\'), None, None]),
        ("MSH|^~\\\\&|", [Some(b'^'), Some(b'~'), None, Some(b'\\'), Some(b'&')]),
        ("MSH|\u{e9}~\\&|", [None, Some(b'~'), Some(b'\\'), Some(b'&'), None]),
        (
            "MSH|^~\\&|||||||ACK|1|P|2.7",
            [Some(b'^'), Some(b'~'), Some(b'\\'), Some(b'&'), Some(b'#')],
        ),
        (
            "MSH|^~\\&|||||||ACK|1|P|2.8.1",
            [Some(b'^'), Some(b'~'), Some(b'\\'), Some(b'&'), Some(b'#')],
        ),
        ("MSH|^~\\&|||||||ACK|1|P|2.50", [Some(b'^'), Some(b'~'), Some(b'\\'), Some(b'&'), None]),
        ("MSH|^~\\#|||||||ACK|1|P|2.7", [Some(b'^'), Some(b'~'), Some(b'\\'), Some(b'#'), None]),
    ] {
        let header = Header::parse(line.as_bytes()).expect(line);
        let separators = header.separators();
        let found = [
            separators.component(),
            separators.repetition(),
            separators.escape(),
            separators.subcomponent(),
            separators.truncation(),
        ];
        assert_eq!(found, expected, "{line}");
    }
}

#[test]
fn what_can_not_be_read_is_refused_with_kind_and_offset() {
    for (bytes, kind, offset) in [
        (&b""[..], ParseErrorKind::Empty, 0),
        (b" \r\n\x0b\x1c\r", ParseErrorKind::Empty, 6),
        (b"PID|1\r", ParseErrorKind::MissingHeader, 0),
        (b"MS", ParseErrorKind::MissingHeader, 0),
        (b"msh|^~\\&|\r", ParseErrorKind::MissingHeader, 0),
        (b"\r\nMSH", ParseErrorKind::BadFieldSeparator, 5),
        (b"MSH\r", ParseErrorKind::BadFieldSeparator, 3),
        (b"MSHA^~\\&A\r", ParseErrorKind::BadFieldSeparator, 3),
        (b"MSH7^~\\&7\r", ParseErrorKind::BadFieldSeparator, 3),
        (b"MSH\xc3\xa9^~\\&", ParseErrorKind::BadFieldSeparator, 3),
        (b"FHS|^~\\&|A\r", ParseErrorKind::Batch, 0),
        (b"BHS|^~\\&|A\r", ParseErrorKind::Batch, 0),
    ] {
        let shown = bytes.escape_ascii().to_string();
        let error = Message::parse(bytes).expect_err(&shown);
        assert_eq!((error.kind(), error.offset()), (kind, offset), "{shown}");
        let header = Header::parse(bytes).expect_err(&shown);
        assert_eq!(header.kind(), kind, "header of {shown}");
    }
}

#[test]
fn msh_18_is_known_from_the_header_alone() {
    let header = Header::parse(b"MSH|^~\\&|A|||||||1|P|2.5||||||8859/1~UNICODE UTF-8\r\xFF\xFE");
    assert_eq!(header.expect("readable").charset(), Charset::Latin1);
}

#[test]
fn a_path_into_the_header_leads_as_deep_as_it_says() {
    let bytes = b"MSH|^~\\&|A&1^B~C|||||||7|P|2.5||||||8859/1~UNICODE UTF-8^x&y\r";
    let message = Message::parse(bytes).expect("a message");
    for (path, expected) in [
        ("MSH-3", "A&1^B~C"),
        ("MSH-3[1]", "A&1^B"),
        ("MSH-3[2]", "C"),
        ("MSH-3.1", "A&1"),
        ("MSH-3.1.2", "1"),
        ("MSH-10", "7"),
        ("MSH-18", "8859/1~UNICODE UTF-8^x&y"),
        ("MSH-18[1]", "8859/1"),
        ("MSH-18[2]", "UNICODE UTF-8^x&y"),
        ("MSH-18[2].2", "x&y"),
        ("MSH-18[2].2.2", "y"),
        ("MSH-19", ""),
    ] {
        let found = message.get(&path.parse().expect(path));
        assert_eq!(found.to_str(), Ok(expected), "{path}");
    }
}
