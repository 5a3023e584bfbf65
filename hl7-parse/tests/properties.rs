//! Properties that hold for any input.

use hl7_parse::{
    Diagnostic, DiagnosticCode, Header, Message, OwnedMessage, ParseOptions, Path, Separators,
    batch, escape, unescape,
};
use proptest::prelude::*;

/// Text dense in what matters to the parser.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => Just(&b"|"[..]),
        2 => Just(&b"^"[..]),
        2 => Just(&b"~"[..]),
        2 => Just(&b"&"[..]),
        2 => Just(&b"\\"[..]),
        2 => Just(&b"\r"[..]),
        1 => Just(&b"\n"[..]),
        1 => Just(&b"\r\n"[..]),
        2 => Just(&b"\rPID|"[..]),
        1 => Just(&b"\nOBX|"[..]),
        1 => Just(&b"\rMSH|^~\\&|"[..]),
        1 => Just(&b"\rBTS|"[..]),
        1 => Just(&b"\\X0D\\"[..]),
        1 => Just(&b"\\T\\"[..]),
        1 => Just(&b"\"\""[..]),
        1 => Just(&b" "[..]),
        1 => Just(&b"\x0b"[..]),
        1 => Just(&b"\x1c"[..]),
        1 => Just(&b"\0"[..]),
        1 => Just(&b"\xEF\xBB\xBF"[..]),
        1 => Just(&b"\xE9"[..]),
        1 => Just("é".as_bytes()),
        4 => Just(&b"abc"[..]),
        2 => Just(&b"0123456789abcdefghij"[..]),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// A header with any MSH-2, then soup.
pub(crate) fn message() -> impl Strategy<Value = Vec<u8>> {
    let header = prop_oneof![
        6 => Just(&b"MSH|^~\\&|"[..]),
        1 => Just(&b"MSH|^~\\&#|"[..]),
        1 => Just(&b"MSH|^~|"[..]),
        1 => Just(&b"MSH|~~\\\\|"[..]),
        1 => Just(&b"MSH||"[..]),
        1 => Just(&b"MSH$%*/@$"[..]),
        1 => Just(&b"\xEF\xBB\xBF\r\nMSH|^~\\&|"[..]),
    ];
    (header, soup()).prop_map(|(header, soup)| [header, &soup].concat())
}

proptest! {
    #[test]
    fn what_can_be_split_is_the_same_message_undecoded(bytes in message()) {
        let segments = |message: &OwnedMessage| {
            let message = message.as_message();
            message.segments().map(|segment| segment.as_bytes().to_vec()).collect::<Vec<_>>()
        };
        let undecoded = OwnedMessage::parse_undecoded(bytes.clone());
        match OwnedMessage::parse(bytes) {
            Ok(message) => {
                let undecoded = undecoded.expect("read as well");
                prop_assert_eq!(segments(&message), segments(&undecoded));
                let (one, other) = (message.as_message(), undecoded.as_message());
                prop_assert_eq!(one.separators(), other.separators());
            }
            Err(error) => prop_assert_eq!(Some(error), undecoded.err()),
        }
    }

    #[test]
    fn reading_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        exercise(&bytes);
        exercise(&[b"MSH", bytes.as_slice()].concat());
    }

    #[test]
    fn no_byte_is_lost(bytes in message()) {
        let message = Message::parse(&bytes).expect("a header is there");
        let mut rest = bytes.clone();
        for segment in message.segments() {
            let span = message.span_of(segment).expect("present");
            rest[span].fill(b' ');
        }
        let mut rest = &rest[..];
        while let Some(after) = rest
            .strip_prefix(b"\xEF\xBB\xBF")
            .or_else(|| rest.split_first().filter(|(first, _)| b" \r\n\x0B\x1C\0".contains(first)).map(|(_, after)| after))
        {
            rest = after;
        }
        prop_assert!(
            rest.is_empty(),
            "bytes outside every segment: {:?}", bytes.escape_ascii().to_string()
        );
    }

    #[test]
    fn what_is_skipped_is_told(bytes in message()) {
        let parsed = ParseOptions::new().parse(&bytes).expect("a header is there");
        let told = parsed.diagnostics.iter().any(|found| found.code() != DiagnosticCode::LineFeedInData);
        // Segments that each end with one CR, and nothing else: all there is to skip unreported.
        let mut plain = Vec::new();
        for segment in parsed.message.segments() {
            plain.extend_from_slice(segment.as_bytes());
            plain.push(b'\r');
        }
        prop_assert!(told || plain == bytes, "{:?}", bytes.escape_ascii().to_string());
    }

    /// Each byte is in the span of a segment, is the one CR behind it, or lies in a gap that a
    /// diagnostic tells: at its place, or counted with one before it.
    #[test]
    fn every_byte_is_in_a_segment_or_told(bytes in message()) {
        let parsed = ParseOptions::new().parse(&bytes).expect("a header is there");
        let (message, mut told) = (parsed.message, parsed.diagnostics);
        // The others are about what is in a segment.
        told.retain(|found| {
            use DiagnosticCode::*;
            matches!(
                found.code(),
                BytesBeforeHeader | FramingBytes | LineFeedTerminator | MissingTerminator | BlankLine
            )
        });
        let shown = bytes.escape_ascii().to_string();
        let mut gaps = Vec::new();
        let mut at = 0;
        for segment in message.segments() {
            let span = message.span_of(segment).expect("present");
            prop_assert!(at <= span.start, "segments in order: {shown:?}");
            gaps.push(at..span.start);
            at = span.end;
        }
        // What stands before the first is no line end, and what ends the last has to be one.
        let before = gaps.remove(0);
        gaps.push(at..bytes.len());
        gaps.retain(|gap| bytes[gap.clone()] != *b"\r");
        if !before.is_empty() {
            gaps.push(before);
        }
        for gap in &gaps {
            let tells = |found: &Diagnostic| {
                (gap.start..=gap.end).contains(&found.offset())
                    || (found.count() > 1 && found.offset() < gap.start)
            };
            prop_assert!(told.iter().any(tells), "{gap:?} of {shown:?}: {told:?}");
        }
        let counted: usize = told.iter().map(Diagnostic::count).sum();
        prop_assert!(counted >= gaps.len(), "{} gaps of {shown:?}: {told:?}", gaps.len());
    }

    #[test]
    fn strict_reading_refuses_what_is_told_and_nothing_else(bytes in message()) {
        let options = ParseOptions::new().line_feeds_are_data().check_escapes();
        let parsed = options.parse(&bytes).expect("a header is there");
        let told = parsed.diagnostics.iter().any(|found| found.code() != DiagnosticCode::LineFeedInData);
        prop_assert_eq!(ParseOptions::strict().parse(&bytes).is_err(), told);
    }

    #[test]
    fn segments_end_at_cr_alone_where_line_feeds_are_data(bytes in message()) {
        let bytes = [&bytes[..], b"\rPID\r"].concat();
        let options = ParseOptions::new().line_feeds_are_data();
        let message = options.parse(&bytes).expect("a header is there").message;
        let is_blank = |byte: &u8| b" \t\r\n\x0b\x1c\0\xEF\xBB\xBF".contains(byte);
        let lines = bytes.split(|byte| *byte == b'\r').filter(|line| !line.iter().all(is_blank));
        prop_assert_eq!(message.segments().len(), lines.count(), "{}", bytes.escape_ascii());
    }

    #[test]
    fn the_path_of_a_leaf_leads_to_it(bytes in message()) {
        let message = Message::parse(&bytes).expect("a header is there");
        for leaf in message.leaves() {
            let path = message.path_of(leaf.value());
            if leaf.segment.id().is_empty() {
                prop_assert_eq!(path, None, "{:?}", bytes.escape_ascii().to_string());
                continue;
            }
            let path = path.expect("a path");
            prop_assert_eq!(
                message.span_of(message.get(&path)), message.span_of(leaf.value()),
                "{} of {:?}", path, bytes.escape_ascii().to_string()
            );
            prop_assert_eq!(path.field(), Some(leaf.field));
        }
    }

    #[test]
    fn leaves_are_what_the_accessors_find(bytes in message()) {
        let message = Message::parse(&bytes).expect("a header is there");
        for segment in message.segments() {
            let mut leaves = segment.leaves();
            for (field_number, field) in (1..).zip(segment.fields()) {
                prop_assert_eq!(segment.field(field_number).as_bytes(), field.as_bytes());
                for (r, repetition) in (1..).zip(field.repetitions()) {
                    prop_assert_eq!(field.repetition(r).as_bytes(), repetition.as_bytes());
                    for (c, component) in (1..).zip(repetition.components()) {
                        prop_assert_eq!(repetition.component(c).as_bytes(), component.as_bytes());
                        for (s, leaf) in (1..).zip(component.subcomponents()) {
                            prop_assert_eq!(component.subcomponent(s).as_bytes(), leaf.as_bytes());
                            if !leaf.is_valued() {
                                continue;
                            }
                            let found = leaves.next().expect("as many leaves");
                            prop_assert_eq!(found.as_bytes(), leaf.as_bytes());
                            prop_assert_eq!(
                                (found.field, found.repetition, found.component, found.subcomponent),
                                (field_number, r, c, s)
                            );
                        }
                    }
                }
            }
            prop_assert!(leaves.next().is_none(), "no leaf more");
        }
    }

    #[test]
    fn the_header_alone_is_the_header_of_the_message(bytes in message()) {
        let message = Message::parse(&bytes).expect("a header is there");
        let header = Header::parse(&bytes).expect("a header is there");
        prop_assert_eq!(header.segment().as_bytes(), message.header().segment().as_bytes());
        prop_assert_eq!(header.separators(), message.separators());
    }

    #[test]
    fn cr_ends_change_nothing_but_the_ends(bytes in message()) {
        let message = OwnedMessage::parse(bytes.clone()).expect("a header is there");
        let ended = message.with_cr_ends();
        let segments = |message: &OwnedMessage| -> Vec<Vec<u8>> {
            message.as_message().segments().map(|segment| segment.as_bytes().to_vec()).collect()
        };
        prop_assert_eq!(segments(&message), segments(&ended));
        prop_assert_eq!(ended.as_bytes().clone(), ended.with_cr_ends().as_bytes().clone());
        // The spans it made are those that a new scan finds.
        let again = OwnedMessage::parse(ended.as_bytes().clone()).expect("still a message");
        prop_assert_eq!(segments(&again), segments(&ended));
    }

    #[test]
    fn parts_are_the_whole(bytes in soup()) {
        let joined: Vec<u8> = batch::parts(&bytes).flat_map(|part| part.as_bytes().to_vec()).collect();
        prop_assert_eq!(joined, bytes.clone());
        let mut next = 0;
        for part in batch::parts(&bytes) {
            prop_assert_eq!(part.offset(), next);
            next += part.as_bytes().len();
        }
    }

    #[test]
    fn unescape_undoes_escape(text in proptest::collection::vec(any::<u8>(), 0..100)) {
        let separators = Separators::default();
        let escaped = escape(&text, &separators).into_owned();
        prop_assert!(!escaped.iter().any(|byte| b"|^~&\r\n\x0b\x1c".contains(byte)));
        prop_assert_eq!(unescape(&escaped, &separators).into_owned(), text);
    }

    #[test]
    fn display_of_a_path_reads_back(
        segment in "[A-Z][A-Z0-9]{2}",
        occurrence in proptest::option::of(1..=u16::MAX),
        below in proptest::option::of((1..=u16::MAX, proptest::option::of(1..=u16::MAX), 0..3u8, 1..=u16::MAX, 1..=u16::MAX)),
    ) {
        let mut text = segment;
        if let Some(occurrence) = occurrence {
            text += &format!("[{occurrence}]");
        }
        if let Some((field, repetition, depth, component, subcomponent)) = below {
            text += &format!("-{field}");
            if let Some(repetition) = repetition {
                text += &format!("[{repetition}]");
            }
            if depth > 0 {
                text += &format!(".{component}");
            }
            if depth > 1 {
                text += &format!(".{subcomponent}");
            }
        }
        let path: Path = text.parse().expect("a path");
        prop_assert_eq!(path.to_string(), text.clone());
        let other = text.replace('[', "(").replace(']', ")").replace('.', "-");
        prop_assert_eq!(other.parse::<Path>(), Ok(path));
    }
}

/// Calls everything that reads.
fn exercise(bytes: &[u8]) {
    for part in batch::parts(bytes) {
        let _ = part.read();
    }
    let _ = Header::parse(bytes);
    let _ = hl7_parse::ParseOptions::strict().parse(bytes);
    let _ = hl7_parse::ParseOptions::new().parse(bytes);
    let Ok(message) = Message::parse(bytes) else { return };
    for leaf in message.leaves() {
        let _ = leaf.value().decode();
    }
    for segment in message.segments() {
        for n in 0..30 {
            let _ = (segment.field(n).decode(), segment.field(n).component(n).subcomponent(n));
        }
    }
}
