//! What was tolerated is told, and can be refused.

use hl7_parse::{DiagnosticCode as Code, ParseErrorKind, ParseOptions};

/// Code, offset, segment, count.
type Finding = (Code, usize, usize, usize);

const CASES: &[(&[u8], &[Finding])] = &[
    (b"MSH|^~\\&|A\rPID|1\r", &[]),
    (b"MSH|^~\\&|A\rPID|1", &[(Code::MissingTerminator, 16, 2, 1)]),
    (
        b"\x0bMSH|^~\\&|A\r\x1c\r",
        &[(Code::BytesBeforeHeader, 0, 0, 1), (Code::FramingBytes, 12, 1, 1)],
    ),
    (b"MSH|^~\\&|A\nPID|1\n", &[(Code::LineFeedTerminator, 10, 1, 2)]),
    (b"MSH|^~\\&|A\r\nPID|1\r\n", &[(Code::LineFeedTerminator, 11, 1, 2)]),
    (b"MSH|^~\\&|A\rNTE|a\nb\r", &[(Code::LineFeedInData, 16, 2, 1)]),
    (b"MSH|^~\\&|A\r\rPID|1\r", &[(Code::BlankLine, 11, 1, 1)]),
    (
        b"MSH|^~\\&|A\n\nPID|1\n",
        &[
            (Code::LineFeedTerminator, 10, 1, 1),
            (Code::BlankLine, 11, 1, 1),
            (Code::LineFeedTerminator, 17, 2, 1),
        ],
    ),
    (
        b"MSH|^~\\&|A\r\n\nPID|1\r\n",
        &[
            (Code::LineFeedTerminator, 11, 1, 1),
            (Code::BlankLine, 12, 1, 1),
            (Code::LineFeedTerminator, 19, 2, 1),
        ],
    ),
    (b"MSH|^~\\&|A\r  \rPID|1\r\r\r", &[(Code::BlankLine, 11, 1, 3)]),
    (b"MSH|^~\\&|A\r\x0c\rPID|1\r", &[(Code::BlankLine, 11, 1, 1)]),
    (b"MSH|^~\\&|A\r\xEF\xBB\xBF\rPID|1\r", &[(Code::BlankLine, 11, 1, 1)]),
    (b"MSH|^~\\&|A\rno segment\r", &[(Code::NotASegment, 11, 2, 1)]),
    (b"MSH|^~\\&|A\r PID|1\r", &[(Code::BlanksBeforeSegment, 11, 2, 1)]),
    (b"MSH|^~\\&|A\rpid|||7\r", &[(Code::LowerCaseSegmentId, 11, 2, 1)]),
    (b"MSH|^~\\&|A\rPv1\r", &[(Code::LowerCaseSegmentId, 11, 2, 1)]),
    (b"MSH|^~\\&|A\rMSH|^~\\&|B\r", &[(Code::AnotherHeader, 11, 2, 1)]),
    (b"MSH||A\r", &[(Code::MissingEncodingCharacters, 4, 1, 1)]),
    (b"MSH|^~|A\r", &[(Code::ShortEncodingCharacters, 4, 1, 1)]),
    (b"MSH|^~\\&#!|A\r", &[(Code::LongEncodingCharacters, 4, 1, 1)]),
    (b"MSH|^~\\^|A\r", &[(Code::DuplicateDelimiter, 4, 1, 1)]),
    (b"MSH|^~\\0|A\r", &[(Code::AlphanumericDelimiter, 4, 1, 1)]),
    (
        b"MSH|LAB|GH\r",
        &[(Code::ShortEncodingCharacters, 4, 1, 1), (Code::AlphanumericDelimiter, 4, 1, 3)],
    ),
    (b"MSH|^\xc3\\&|A\r", &[(Code::UnusableDelimiter, 4, 1, 1)]),
    (b"MSH|^~\x1b&|A\r", &[(Code::UnusableDelimiter, 4, 1, 1)]),
    (b"MSH|\t~\x7f\x01|A\r", &[(Code::UnusableDelimiter, 4, 1, 3)]),
    // At the end of a line it is padding.
    (b"MSH|^~\\\x00|A\r", &[(Code::UnusableDelimiter, 4, 1, 1)]),
    (b"MSH|^~\\&|A|||||||1|P|2.5||||||KLINGON\r", &[(Code::UnknownCharset, 30, 1, 1)]),
];

#[test]
fn every_tolerance_is_reported_where_it_was_needed() {
    for (bytes, expected) in CASES {
        let parsed = ParseOptions::new().parse(bytes).expect("readable");
        let found: Vec<_> = parsed
            .diagnostics
            .iter()
            .map(|found| (found.code(), found.offset(), found.segment(), found.count()))
            .collect();
        assert_eq!(&found, expected, "{}", bytes.escape_ascii());
        assert_eq!(parsed.diagnostics_left_out, 0);
    }
}

#[test]
fn kanji_in_the_header_are_told_where_they_stand_in_the_bytes() {
    for before in ["", "\r\n", "\u{feff}\u{b} "] {
        let bytes = format!("{before}MSH|^~\\&|A|\u{1b}$B|`|\r");
        let error = ParseOptions::new().parse(bytes.as_bytes()).expect_err("undeclared kanji");
        let kind = ParseErrorKind::NeedsDecoding(hl7_parse::Charset::Iso2022Jp);
        assert_eq!((error.kind(), error.offset()), (kind, before.len() + 11), "{before:?}");
    }
}

#[test]
fn a_line_is_told_to_be_no_segment_where_its_id_is_not_found() {
    for (blanks, found) in [(0, true), (16, true), (17, false), (40, false)] {
        let bytes = format!("MSH|^~\\&|A\r{}PID|1\r", "\t".repeat(blanks));
        let parsed = ParseOptions::new().parse(bytes.as_bytes()).expect("readable");
        assert_eq!(parsed.message.segment("PID").is_some(), found, "{blanks} blanks");
        let told = parsed.diagnostics.iter().any(|told| told.code() == Code::NotASegment);
        assert_eq!(told, !found, "{blanks} blanks");
    }
}

#[test]
fn a_line_feed_ends_a_segment_if_the_next_is_not_behind_too_many_blank_lines() {
    // The end itself, and sixteen blank lines.
    const LOOKED_PAST: usize = 17;
    for feeds in 1..=2 * LOOKED_PAST {
        let message = format!("MSH|^~\\&|A\rNTE|1{}PID|1\r", "\n".repeat(feeds));
        let message = hl7_parse::Message::parse(message.as_bytes()).expect("readable");
        let found: Vec<_> = message.segments().map(|segment| segment.as_bytes().len()).collect();
        let data = feeds.saturating_sub(LOOKED_PAST);
        assert_eq!(found, [10, 5 + data, 5], "{feeds} line feeds");
    }
}

#[test]
fn a_line_feed_is_data_on_request_wherever_cr_ends_segments() {
    let segments = |bytes: &[u8], options: &ParseOptions| -> Vec<Vec<u8>> {
        let message = options.parse(bytes).expect("readable").message;
        message.segments().map(|segment| segment.as_bytes().to_vec()).collect()
    };
    for (bytes, guessed, data) in [
        // In MSH, and before what looks like a segment.
        (
            &b"MSH|^~\\&|A\nB\rPID|1\nPV1|2\r"[..],
            &[&b"MSH|^~\\&|A"[..], b"B", b"PID|1", b"PV1|2"][..],
            &[&b"MSH|^~\\&|A\nB"[..], b"PID|1\nPV1|2"][..],
        ),
        // CR LF is one end, and what follows the last is none.
        (
            b"MSH|^~\\&|A\r\nPID|1\nx\r\n\n",
            &[b"MSH|^~\\&|A", b"PID|1\nx"],
            &[b"MSH|^~\\&|A", b"PID|1\nx"],
        ),
        (
            b"MSH|^~\\&|A\nB\r\n\n PID|1\r",
            &[b"MSH|^~\\&|A", b"B", b" PID|1"],
            &[b"MSH|^~\\&|A\nB", b" PID|1"],
        ),
        // A CR behind all tells nothing, nor does one before what is no segment.
        (b"MSH|^~\\&|A\nB\r", &[b"MSH|^~\\&|A", b"B"], &[b"MSH|^~\\&|A", b"B"]),
        (
            b"MSH|^~\\&|A\nNTE|a\rb\r",
            &[b"MSH|^~\\&|A", b"NTE|a", b"b"],
            &[b"MSH|^~\\&|A", b"NTE|a", b"b"],
        ),
        (b"MSH|^~\\&|A\rPID|1\n", &[b"MSH|^~\\&|A", b"PID|1"], &[b"MSH|^~\\&|A", b"PID|1"]),
        // Where no CR ends a segment, that of a frame's end among them, LF does.
        (b"MSH|^~\\&|A\nPID|1\n\x1c\r", &[b"MSH|^~\\&|A", b"PID|1"], &[b"MSH|^~\\&|A", b"PID|1"]),
    ] {
        let shown = bytes.escape_ascii();
        assert_eq!(segments(bytes, &ParseOptions::new()), guessed, "{shown}");
        assert_eq!(segments(bytes, &ParseOptions::new().line_feeds_are_data()), data, "{shown}");
    }
    for end in ["\r", "\r\n", "\n", "\r\n\r", "\x1c\r"] {
        let bytes = format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\nPID|1\nPV1|1{end}");
        let error = ParseOptions::strict().parse(bytes.as_bytes()).expect_err("line feeds end");
        let kind = ParseErrorKind::NotTolerated(Code::LineFeedTerminator);
        assert_eq!((error.kind(), error.offset()), (kind, 35), "{end:?}");
    }
    let bytes = b"MSH|^~\\&|A\nB\rNTE|1||BMI\nPV1|2\r";
    let parsed = ParseOptions::strict().parse(bytes).expect("the standard's reading");
    let found: Vec<_> =
        parsed.diagnostics.iter().map(|found| (found.code(), found.segment())).collect();
    assert_eq!(found, [(Code::LineFeedInData, 1)]);
    assert_eq!(parsed.diagnostics[0].count(), 2);
    let refused = ParseOptions::strict().refuse(Code::LineFeedInData).parse(bytes);
    assert_eq!(refused.expect_err("refused").offset(), 10);
}

#[test]
fn escapes_that_mean_nothing_are_told_on_request_and_refused_by_a_strict_reading() {
    let bytes = b"MSH|^~\\&|A\\|B\rPID|1|\\T\\|x~y^\\Q\\&z\\\rNTE|1||\\X4\\ \\X41\\ \\XZ\\\r";
    let parsed = ParseOptions::new().parse(bytes).expect("readable");
    assert_eq!(parsed.diagnostics, []);
    let parsed = ParseOptions::new().check_escapes().parse(bytes).expect("readable");
    let found: Vec<_> = parsed
        .diagnostics
        .iter()
        .map(|found| (found.code(), found.offset(), found.segment(), found.field(), found.count()))
        .collect();
    assert_eq!(
        found,
        [
            (Code::UnclosedEscape, 10, 1, Some(3), 1),
            (Code::UnknownEscape, 28, 2, Some(3), 1),
            (Code::UnclosedEscape, 33, 2, Some(3), 1),
            (Code::MalformedHexEscape, 42, 3, Some(3), 2),
        ]
    );
    assert_eq!(
        parsed.diagnostics[1].to_string(),
        "an escape sequence is not known (segment 2, field 3, byte 28)"
    );
    let error = ParseOptions::strict().parse(bytes).expect_err("strict");
    assert_eq!(error.kind(), ParseErrorKind::NotTolerated(Code::UnclosedEscape));
    assert_eq!(error.offset(), 10);
    let tolerant = [Code::UnclosedEscape, Code::UnknownEscape, Code::MalformedHexEscape]
        .into_iter()
        .fold(ParseOptions::strict(), ParseOptions::tolerate);
    assert!(tolerant.parse(bytes).is_ok());
}

#[test]
fn lines_that_are_no_segment_are_joined_on_request() {
    let bytes = b"MSH|^~\\&|A\rrest of MSH\rNTE|1||a|b\r\rsecond\n|third\r PID|1\rx\r";
    let parsed = ParseOptions::new().join_lines().parse(bytes).expect("readable");
    let message = parsed.message;
    let segments: Vec<_> = message.segments().map(|segment| segment.as_bytes()).collect();
    assert_eq!(
        segments,
        [&b"MSH|^~\\&|A\rrest of MSH"[..], b"NTE|1||a|b\r\rsecond\n|third", b" PID|1\rx",]
    );
    let nte = message.segment("NTE").expect("there");
    assert_eq!(nte.field(4).as_bytes(), b"b\r\rsecond\n");
    assert_eq!(message.span_of(nte), Some(23..48));
    let found: Vec<_> =
        parsed.diagnostics.iter().map(|found| (found.code(), found.segment())).collect();
    assert_eq!(
        found,
        [
            (Code::NotASegment, 1),
            (Code::BlankLine, 2),
            (Code::LineFeedInData, 2),
            (Code::NotASegment, 2),
            (Code::BlanksBeforeSegment, 3),
            (Code::NotASegment, 3),
        ]
    );
    let error = ParseOptions::strict().join_lines().parse(bytes).expect_err("strict");
    assert_eq!(error.kind(), ParseErrorKind::NotTolerated(Code::NotASegment));
}

#[test]
fn strict_reading_refuses_what_a_tolerant_one_reports() {
    for (bytes, expected) in CASES {
        let shown = bytes.escape_ascii().to_string();
        let refused = expected.iter().find(|found| found.0 != Code::LineFeedInData);
        match (ParseOptions::strict().parse(bytes), refused) {
            (Ok(_), None) => {}
            (Err(error), Some((code, offset, ..))) => {
                assert_eq!(error.kind(), ParseErrorKind::NotTolerated(*code), "{shown}");
                assert_eq!(error.offset(), *offset, "{shown}");
            }
            (result, _) => panic!("{shown}: {result:?}"),
        }
        if let [(code, ..)] = expected {
            let lenient = ParseOptions::strict().tolerate(*code).parse(bytes);
            assert!(lenient.is_ok(), "{shown}: {lenient:?}");
        }
    }
}

#[test]
fn limits_hold_at_their_edge() {
    let message = b"MSH|^~\\&|A\rPID|1\rPV1|1\r";
    assert!(ParseOptions::new().max_segments(3).parse(message).is_ok());
    let error = ParseOptions::new().max_segments(2).parse(message).expect_err("one too many");
    assert_eq!((error.kind(), error.offset()), (ParseErrorKind::TooManySegments, 17));

    let alternating = b"MSH|^~\\&|A\r\rx\r\rx\r\rx\r";
    let parsed = ParseOptions::new().max_diagnostics(2).parse(alternating).expect("readable");
    assert_eq!((parsed.diagnostics.len(), parsed.diagnostics_left_out), (2, 4));
}

#[test]
fn no_control_character_delimits() {
    for byte in (0..=u8::MAX).filter(u8::is_ascii_control) {
        // A line feed is a part of MSH-2 where CR ends the segments.
        let options = ParseOptions::new().line_feeds_are_data();
        let bytes = [b"MSH|^~", &[byte][..], b"&|A\rPID|1\r"].concat();
        let message = options.parse(&bytes).expect("readable").message;
        assert_eq!(message.separators().escape(), None, "{byte:#04x}");
        let error = ParseOptions::strict().parse(&bytes).expect_err("no delimiter");
        assert!(matches!(error.kind(), ParseErrorKind::NotTolerated(_)), "{byte:#04x}");
    }
}

#[test]
fn an_escape_that_is_refused_is_looked_for() {
    for (code, bytes) in [
        (Code::UnknownEscape, &b"MSH|^~\\&|A\rPID|1|\\Q\\\r"[..]),
        (Code::MalformedHexEscape, b"MSH|^~\\&|A\rPID|1|\\X4\\\r"),
        (Code::UnclosedEscape, b"MSH|^~\\&|A\rPID|1|50 \\ h\r"),
    ] {
        assert!(ParseOptions::new().parse(bytes).is_ok(), "{code}");
        let error = ParseOptions::new().refuse(code).parse(bytes).expect_err("refused");
        assert_eq!(error.kind(), ParseErrorKind::NotTolerated(code));
    }
}

#[test]
fn each_field_in_which_escapes_mean_nothing_is_told() {
    let bytes = b"MSH|^~\\&|A\rPID|||\\Q\\~\\Q\\|\\Q\\\rOBX|||\\Q\\\rOBX|||\\Q\\\r";
    let parsed = ParseOptions::new().check_escapes().parse(bytes).expect("readable");
    let found: Vec<_> = parsed
        .diagnostics
        .iter()
        .map(|found| (found.segment(), found.field(), found.count()))
        .collect();
    assert_eq!(found, [(2, Some(3), 2), (2, Some(4), 1), (3, Some(3), 1), (4, Some(3), 1)]);
}
