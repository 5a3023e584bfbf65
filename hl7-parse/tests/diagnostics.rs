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
    (b"MSH|^~\\&|A\r  \rPID|1\r\r\r", &[(Code::BlankLine, 11, 1, 3)]),
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
