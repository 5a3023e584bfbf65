//! A header in which a byte that equals a separator is a part of a character.

use hl7_parse::{
    Charset, EditErrorKind, Editor, Header, Message, OwnedMessage, ParseErrorKind, ParseOptions,
    Path, Separators, escape,
};
use proptest::prelude::*;

/// Text for MSH-4 that holds the byte of `|`, what it means, and the name in MSH-18.
const HIDDEN: &[(&[u8], &str, &str, Charset)] = &[
    (b"\x83|\x95a\x89@", "ポ病院", "SHIFT_JIS", Charset::ShiftJis),
    (b"\xB4|", "揉", "BIG-5", Charset::Big5),
    (b"\x81|", "亅", "GB 18030-2000", Charset::Gb18030),
    (b"\x83|\x83|\x83|", "ポポポ", "MS932", Charset::ShiftJis),
    (b"\xD4\x83|", "ﾔポ", "~SHIFT_JIS", Charset::ShiftJis),
    (b"\x1b$B%]|!\x1b(B", "", "ISO IR87", Charset::Iso2022Jp),
    (b"\x1b$BF|K\\\x1b(B", "日本", "ISO IR6~ISO IR87", Charset::Iso2022Jp),
    (b"\x1b$BF|K\\\x1b(B", "日本", "", Charset::Iso2022Jp),
    (b"\x1b$B;3\x1b(I^\x1b(B", "山ﾞ", "", Charset::Iso2022Jp),
];

fn message(text: &[u8], msh_18: &str) -> Vec<u8> {
    let rest = format!("|EHR|GH|20260101||ADT^A01|CTRL|P|2.7||||||{msh_18}\rPID|1||7\r");
    [b"MSH|^~\\&|HIS|", text, rest.as_bytes()].concat()
}

#[test]
fn a_hidden_separator_before_msh_18_does_not_hide_that_the_text_has_to_be_decoded() {
    for (text, _, msh_18, charset) in HIDDEN {
        let bytes = message(text, msh_18);
        let at = bytes.iter().position(|byte| !byte.is_ascii() || *byte == 0x1B);
        let expected = Some((ParseErrorKind::NeedsDecoding(*charset), at.expect("there")));
        let shown = bytes.escape_ascii();
        for error in [
            Message::parse(&bytes).err(),
            OwnedMessage::parse(bytes.clone()).err(),
            ParseOptions::new().parse(&bytes).err(),
        ] {
            assert_eq!(error.map(|error| (error.kind(), error.offset())), expected, "{shown}");
        }
    }
}

#[test]
fn the_fields_of_such_a_header_are_where_they_were_meant_to_be() {
    for (text, _, msh_18, _) in HIDDEN {
        let bytes = message(text, msh_18);
        let shown = bytes.escape_ascii().to_string();
        let undecoded = OwnedMessage::parse_undecoded(bytes.clone()).expect("readable");
        for header in [Header::parse(&bytes).expect("a header"), undecoded.header()] {
            assert_eq!(header.field(4).as_bytes(), *text, "{shown}");
            assert_eq!(header.message_type().component(2).as_bytes(), b"A01", "{shown}");
            assert_eq!(header.control_id().as_bytes(), b"CTRL", "{shown}");
            assert_eq!(header.version().as_bytes(), b"2.7", "{shown}");
            assert_eq!(header.separators().truncation(), Some(b'#'), "{shown}");
            assert_eq!(header.field(18).as_bytes(), msh_18.as_bytes(), "{shown}");
            assert_eq!(header.field(1).as_bytes(), b"|", "{shown}");
            assert_eq!(header.field(2).as_bytes(), b"^~\\&", "{shown}");
            assert!(!header.field(0).is_present() && !header.field(19).is_present(), "{shown}");
            for (n, field) in (1..).zip(header.segment().fields()) {
                assert_eq!(field.as_bytes(), header.field(n).as_bytes(), "MSH-{n} of {shown}");
            }
        }
        let routed_by = undecoded.as_message().get(&Path::new("MSH-9.2"));
        assert_eq!(routed_by.as_bytes(), b"A01", "{shown}");
    }
}

#[test]
fn leaves_and_paths_of_such_a_header_are_those_of_its_fields() {
    for (text, _, msh_18, _) in HIDDEN {
        let before = message(text, msh_18);
        let below = [&message(text, &format!("{msh_18}~A&1^B"))[..], b"\rMSH|^~\\&|x|y\r"].concat();
        // The field separator in the place of the levels that are not in use.
        let short = [&b"MSH|^"[..], &before[8..]].concat();
        for bytes in [before, below, short] {
            let shown = bytes.escape_ascii().to_string();
            let undecoded = OwnedMessage::parse_undecoded(bytes.clone()).expect("readable");
            let view = undecoded.as_message();
            let mut expected = Vec::new();
            for (s, segment) in (1..).zip(view.segments()) {
                for (f, field) in (1..).zip(segment.fields()) {
                    if segment.id() != "MSH" || f > 2 {
                        let path = view.path_of(field).expect("of this message");
                        assert_eq!(path.field(), Some(f), "{shown}");
                        assert_eq!(view.get(&path).as_bytes(), field.as_bytes(), "{shown}");
                    }
                    let literal = (f <= 2 && segment.id() == "MSH").then(|| field.as_bytes());
                    if let Some(bytes) = literal {
                        expected.push((s, f, 1, 1, 1, bytes));
                        continue;
                    }
                    for (r, repetition) in (1..).zip(field.repetitions()) {
                        for (c, component) in (1..).zip(repetition.components()) {
                            for (u, leaf) in (1..).zip(component.subcomponents()) {
                                let path = view.path_of(leaf).expect("of this message");
                                let found = (path.field(), path.repetition());
                                assert_eq!(found, (Some(f), Some(r)), "{shown}");
                                let found = (path.component(), path.subcomponent());
                                assert_eq!(found, (Some(c), Some(u)), "{shown}");
                                expected.push((s, f, r, c, u, leaf.as_bytes()));
                            }
                        }
                    }
                }
            }
            expected.retain(|(.., bytes)| !bytes.is_empty());
            let found: Vec<_> = view
                .leaves()
                .map(|leaf| {
                    let numbers = (leaf.segment_number, leaf.field, leaf.repetition);
                    let (s, f, r) = numbers;
                    (s, f, r, leaf.component, leaf.subcomponent, leaf.as_bytes())
                })
                .collect();
            assert_eq!(found, expected, "{shown}");
        }
    }
}

#[test]
#[cfg(feature = "charset")]
fn such_a_header_is_decoded() {
    for (text, meant, msh_18, charset) in HIDDEN {
        if meant.is_empty() {
            continue;
        }
        let bytes = message(text, msh_18);
        let decoded = super::decode(&bytes);
        assert_eq!(decoded.charset, *charset, "{}", bytes.escape_ascii());
        let header = decoded.message.header();
        assert_eq!(header.sending_facility().to_str(), Ok(*meant), "{}", bytes.escape_ascii());
        assert_eq!(header.control_id().as_bytes(), b"CTRL", "{}", bytes.escape_ascii());
    }
}

#[test]
fn a_name_that_no_reading_brings_to_msh_18_still_tells_the_set() {
    // MSH-4 was cut in the middle of a character, and MSH-3 hides a separator.
    let bytes = b"MSH|^~\\&|\x83||\x95|C|D|1||ADT^A01|7|P|2.5||||||SHIFT_JIS\rPID|1\r";
    let error = Message::parse(bytes).expect_err("hidden");
    assert_eq!(error.kind(), ParseErrorKind::NeedsDecoding(Charset::ShiftJis));
}

#[test]
fn half_a_character_before_a_separator_hides_nothing_where_msh_18_is_in_its_place() {
    let bytes = b"MSH|^~\\&|A|\x95|C|D|1||ADT^A01|7|P|2.5||||||SHIFT_JIS\rPID|1\r";
    let header = Header::parse(bytes).expect("a header");
    assert_eq!(header.control_id().as_bytes(), b"7");
    assert_eq!(header.charset(), Charset::ShiftJis);
}

#[test]
fn a_header_in_a_set_that_does_not_collide_is_cut_at_its_bytes() {
    for (text, msh_18) in [
        (&b"G\xDC|"[..], "8859/1"),
        (b"\x83|", "KS X 1001"),
        (b"\xE3\x83\x9D|", "UNICODE UTF-8"),
        (b"\xE9|", "windows-1252"),
        (b"\x1b-L\xD0|", "8859/1~8859/5||ISO 2022-1994"),
    ] {
        let rest = format!("C|D|1||ADT^A01|7|P|2.5||||||{msh_18}\rPID|1\r");
        let bytes = [b"MSH|^~\\&|A|", text, rest.as_bytes()].concat();
        let message = Message::parse(&bytes).expect(msh_18);
        assert_eq!(message.header().control_id().as_bytes(), b"7", "{msh_18}");
    }
}

proptest! {
    /// Whatever pairs a set has, the fields behind them are found.
    #[test]
    fn no_pair_of_a_declared_set_moves_the_fields_behind_it(
        (msh_18, pairs) in prop_oneof![
            (Just("SHIFT_JIS"), pairs(&[0x81..=0x9F, 0xE0..=0xFC], &[0x40..=0x7E, 0x80..=0xFC])),
            (Just("BIG-5"), pairs(&[0xA1..=0xFE], &[0x40..=0x7E, 0xA1..=0xFE])),
            (Just("GB 18030"), pairs(&[0x81..=0xFE], &[0x40..=0x7E, 0x80..=0xFE])),
        ],
        between in "[A-Za-z 0-9]{0,3}",
    ) {
        let between = escape(between.as_bytes(), &Separators::RECOMMENDED).into_owned();
        let text = pairs.join(&between[..]);
        let bytes = message(&text, msh_18);
        let header = Header::parse(&bytes).expect("a header");
        prop_assert_eq!(header.control_id().as_bytes(), b"CTRL", "{}", bytes.escape_ascii());
        let refused = matches!(
            Message::parse(&bytes).map_err(|error| error.kind()),
            Err(ParseErrorKind::NeedsDecoding(_))
        );
        prop_assert_eq!(refused, !pairs.is_empty(), "{}", bytes.escape_ascii());
    }
}

fn pairs(
    leads: &'static [std::ops::RangeInclusive<u8>],
    trails: &'static [std::ops::RangeInclusive<u8>],
) -> impl Strategy<Value = Vec<Vec<u8>>> {
    let one_of = |ranges: &'static [std::ops::RangeInclusive<u8>]| {
        let all: Vec<u8> = ranges.iter().cloned().flatten().collect();
        prop_oneof![1 => Just(0x7C), 1 => prop::sample::select(all)]
            .prop_filter("in the set", move |byte| ranges.iter().any(|range| range.contains(byte)))
    };
    let pair = (one_of(leads), one_of(trails)).prop_map(|(lead, trail)| vec![lead, trail]);
    proptest::collection::vec(pair, 0..6)
}

#[test]
fn of_an_undecoded_message_no_more_than_fields_of_msh_and_segments_are_edited() {
    for (text, _, msh_18, _) in HIDDEN {
        let bytes = [&message(text, msh_18)[..], b"ZZZ|", text, b"|1\r"].concat();
        let shown = bytes.escape_ascii();
        let undecoded = OwnedMessage::parse_undecoded(bytes.clone()).expect("a header");
        let view = undecoded.as_message();
        // Before and behind the text, in MSH, at its end and beyond.
        for (path, came, edited) in [
            ("MSH-3", "|HIS|", "|ZZZ|"),
            ("MSH-10", "|CTRL|", "|ZZZ|"),
            ("MSH-15", "|P|2.7||||", "|P|2.7|||ZZZ|"),
        ] {
            let path: Path = path.parse().expect("a path");
            let written = Editor::new(&view).set(&path, "ZZZ").remove(&Path::new("PID")).finish();
            let written = written.expect("written").as_bytes().clone();
            let (came, edited) = (came.as_bytes(), edited.as_bytes());
            let at = bytes.windows(came.len()).position(|part| part == came).expect("there");
            let expected = [&bytes[..at], edited, &bytes[at + came.len()..]].concat();
            let pid = expected.windows(4).position(|part| part == b"PID|").expect("there");
            let expected = [&expected[..pid], &expected[pid + b"PID|1||7\r".len()..]].concat();
            assert_eq!(written.escape_ascii().to_string(), expected.escape_ascii().to_string());
        }
        let refused = |editor: &mut Editor<'_>| editor.finish().err().map(|error| error.kind());
        let expected = Some(EditErrorKind::NeedsDecoding);
        let zzz = Path::new("ZZZ-2");
        assert_eq!(refused(Editor::new(&view).set(&zzz, "2")), expected, "{shown}");
        assert_eq!(refused(Editor::new(&view).keep_only([zzz])), expected, "{shown}");
        assert_eq!(
            refused(Editor::new(&view).set(&Path::new("MSH-4.2"), "2")),
            expected,
            "{shown}"
        );
        let recommended = Separators::RECOMMENDED;
        assert_eq!(refused(Editor::new(&view).swap_delimiters(recommended)), expected, "{shown}");
    }
}

#[test]
fn a_header_in_which_kanji_are_not_switched_back_has_its_fields_in_their_places() {
    for (msh_4, msh_18) in [
        (&b"\x1b$B;3ED"[..], "~ISO IR87||ISO 2022-1994"),
        (b"\x1b$B;3ED", "ISO IR87"),
        (b"\x1b$B;3ED~\x1b$BF|K\\", "ISO IR6~ISO IR87||ISO 2022-1994"),
        (b"\x1b(I^", "~ISO IR87||ISO 2022-1994"),
    ] {
        // Nothing follows, or an ESC does.
        for msh_6 in [&b"GH"[..], b"\x1b$BF|K\\\x1b(B"] {
            let rest = format!("|20260101||ADT^A01|CTRL|P|2.7||||||{msh_18}\rPID|1||7\r");
            let bytes = [b"MSH|^~\\&|HIS|", msh_4, b"|EHR|", msh_6, rest.as_bytes()].concat();
            let shown = bytes.escape_ascii().to_string();
            let header = Header::parse(&bytes).expect("a header");
            assert_eq!(header.field(4).as_bytes(), msh_4, "{shown}");
            assert_eq!(header.field(6).as_bytes(), msh_6, "{shown}");
            assert_eq!(header.control_id().as_bytes(), b"CTRL", "{shown}");
            #[cfg(feature = "charset")]
            {
                let decoded = super::decode(&bytes);
                let header = decoded.message.header();
                assert_eq!(header.receiving_application().as_bytes(), b"EHR", "{shown}");
                assert_eq!(header.control_id().as_bytes(), b"CTRL", "{shown}");
            }
        }
    }
}
