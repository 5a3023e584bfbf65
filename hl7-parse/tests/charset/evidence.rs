//! What was declared where, what the bytes show, and which of them counts.

use hl7_parse::{
    Charset,
    charset::{self, Basis, Content, Disagreement},
};

use super::{
    decode, header,
    known::{DECODED_FIRST, Known, WIDE},
    name_in,
};

/// What there is of evidence, for a message declared and labelled as the row says.
#[test]
fn the_order_of_evaluation_is_kept_and_told() {
    use Disagreement as D;
    let none: &[D] = &[];
    let utf_8 = "Zo\u{eb}".as_bytes();
    let latin: &[u8] = b"Zo\xEB";
    for (msh_18, label, mark, name, charset, basis, content, disagreements) in [
        ("", None, false, &b"Zoe"[..], Charset::Ascii, Basis::Content, Content::Ascii, none),
        ("ASCII", None, false, b"Zoe", Charset::Ascii, Basis::Declared, Content::Ascii, none),
        ("8859/1", None, false, b"Zoe", Charset::Latin1, Basis::Declared, Content::Ascii, none),
        (
            "8859/1",
            Some("utf-8"),
            false,
            b"Zoe",
            Charset::Utf8,
            Basis::Transport,
            Content::Ascii,
            none,
        ),
        ("", None, false, utf_8, Charset::Utf8, Basis::Content, Content::Utf8, &[D::NotAscii]),
        ("", None, true, utf_8, Charset::Utf8, Basis::Mark, Content::Utf8, none),
        (
            "",
            None,
            false,
            latin,
            Charset::Windows1252,
            Basis::Default,
            Content::EightBit,
            &[D::NotAscii],
        ),
        (
            "ASCII",
            None,
            false,
            latin,
            Charset::Windows1252,
            Basis::Default,
            Content::EightBit,
            &[D::NotAscii],
        ),
        (
            "ISO IR 999",
            None,
            false,
            latin,
            Charset::Windows1252,
            Basis::Default,
            Content::EightBit,
            &[D::UnknownName],
        ),
        ("8859/1", None, false, latin, Charset::Latin1, Basis::Declared, Content::EightBit, none),
        (
            "8859/1",
            None,
            true,
            utf_8,
            Charset::Utf8,
            Basis::Mark,
            Content::Utf8,
            &[D::MarkAndHeader],
        ),
        (
            "8859/1",
            None,
            false,
            utf_8,
            Charset::Latin1,
            Basis::Declared,
            Content::Utf8,
            &[D::LooksLikeUtf8],
        ),
        (
            "UNICODE UTF-8",
            None,
            false,
            latin,
            Charset::Utf8,
            Basis::Declared,
            Content::EightBit,
            &[D::Replaced],
        ),
        (
            "UNICODE UTF-8",
            Some("iso-8859-1"),
            false,
            latin,
            Charset::Latin1,
            Basis::Transport,
            Content::EightBit,
            &[D::LabelAndHeader],
        ),
        (
            "",
            Some("iso-8859-1"),
            true,
            utf_8,
            Charset::Latin1,
            Basis::Transport,
            Content::Utf8,
            &[D::LabelAndMark, D::LooksLikeUtf8],
        ),
        (
            "8859/1",
            Some("klingon"),
            false,
            latin,
            Charset::Latin1,
            Basis::Declared,
            Content::EightBit,
            &[D::UnknownLabel],
        ),
        (
            "8859/1",
            Some(" "),
            false,
            latin,
            Charset::Latin1,
            Basis::Declared,
            Content::EightBit,
            none,
        ),
        (
            "8859/1",
            Some("us-ascii"),
            false,
            latin,
            Charset::Latin1,
            Basis::Declared,
            Content::EightBit,
            &[D::LabelAndHeader],
        ),
        (
            "8859/1",
            Some("utf-16"),
            false,
            latin,
            Charset::Latin1,
            Basis::Declared,
            Content::EightBit,
            &[D::ImpossibleLabel, D::LabelAndHeader],
        ),
        (
            "UNICODE UTF-16",
            None,
            false,
            utf_8,
            Charset::Utf8,
            Basis::Content,
            Content::Utf8,
            &[D::ImpossibleName],
        ),
        (
            "ISO IR87",
            None,
            false,
            utf_8,
            Charset::Utf8,
            Basis::Content,
            Content::Utf8,
            &[D::ImpossibleName],
        ),
        (
            "ISO IR87",
            None,
            false,
            b"\x8ER",
            Charset::ShiftJis,
            Basis::Content,
            Content::EightBit,
            &[D::ImpossibleName],
        ),
        (
            "ISO IR87",
            None,
            false,
            b"\xFF",
            Charset::Iso2022Jp,
            Basis::Declared,
            Content::EightBit,
            &[D::Replaced],
        ),
        (
            "",
            None,
            false,
            b"\x1b$B;3\x1b(B",
            Charset::Iso2022Jp,
            Basis::Content,
            Content::Iso2022,
            &[D::NotAscii],
        ),
    ] {
        let mark: &[u8] = if mark { b"\xEF\xBB\xBF" } else { b"" };
        let bytes = [mark, header(msh_18, "").as_bytes(), b"PID|||||", name, b"\r"].concat();
        let row = format!("{msh_18} {label:?} {}", name.escape_ascii());
        let decoded = charset::decode(bytes, label).expect(&row);
        assert_eq!(decoded.charset, charset, "{row}");
        let evidence = decoded.evidence;
        assert_eq!(evidence.basis(), basis, "{row}");
        assert_eq!(evidence.content(), content, "{row}");
        assert_eq!(evidence.declared(), Charset::from_name(msh_18.as_bytes()), "{row}");
        let told: Vec<_> = evidence.disagreements().collect();
        assert_eq!(told, disagreements, "{row}");
    }
}

#[test]
fn wide_text_says_what_showed_it() {
    for Known { codec, bytes, .. } in WIDE {
        let expected = match codec.contains("BOM") || !codec.contains('e') {
            true => Basis::Mark,
            false => Basis::Pattern,
        };
        let evidence = decode(bytes).evidence;
        assert_eq!(evidence.basis(), expected, "{codec}");
        assert_eq!(evidence.mark().is_some(), expected == Basis::Mark, "{codec}");
        let labelled = charset::decode(*bytes, Some("utf-8")).expect(codec).evidence;
        assert!(labelled.disagreements().any(|found| found == Disagreement::ImpossibleLabel));
        let label = if codec.contains("16") { "utf-16" } else { "utf-32" };
        let labelled = charset::decode(*bytes, Some(label)).expect(codec).evidence;
        assert_eq!(labelled.basis(), Basis::Transport, "{codec}");
        assert_eq!(labelled.disagreements().count(), 0, "{codec}");
    }
}

#[test]
fn a_label_does_not_hide_the_escape_sequences_that_are_declared() {
    for (Known { codec, name, bytes, .. }, label) in DECODED_FIRST
        .iter()
        .filter(|known| known.bytes.contains(&0x1B))
        .zip(["utf-8", "us-ascii", "windows-1252", "utf-8", "iso-2022-jp", "shift_jis"])
    {
        let decoded = charset::decode(*bytes, Some(label)).expect(codec);
        assert_eq!(name_in(&decoded.message), *name, "{codec} {label}");
        let differs =
            decoded.evidence.disagreements().any(|found| found == Disagreement::LabelAndHeader);
        assert_eq!(differs, label != "iso-2022-jp", "{codec} {label}");
    }
}

#[test]
fn kanji_that_are_not_switched_back_end_with_their_field_and_are_told() {
    let msh = header("~ISO IR87", "ISO 2022-1994");
    for (rest, is_told) in [
        (&b"\x1b$B;3ED|19800101|M||X|Y\r"[..], true),
        (b"\x1b$B;3ED|19800101|M||X|Y\rPV1|1\r", true),
        (b"\x1b$B;3ED|19800101|M||X|\x1b$B;3\x1b(B\r", true),
        (b"\x1b$B;3ED\rNK1|1|X\r", true),
        (b"\x1b$B;3ED\x1b(B|19800101|M||X|Y\r", false),
        (b"\x1b$B;3ED\x1b(J|19800101|M||X|Y\r", false),
    ] {
        let bytes = [msh.as_bytes(), b"PID|1||5||", rest].concat();
        let decoded = decode(&bytes);
        assert_eq!(name_in(&decoded.message), "山田", "{}", rest.escape_ascii());
        assert!(!decoded.evidence.is_replaced(), "{}", rest.escape_ascii());
        let told: Vec<_> = decoded.evidence.disagreements().collect();
        let expected: &[_] = if is_told { &[Disagreement::NotSwitchedBack] } else { &[] };
        assert_eq!(told, expected, "{}", rest.escape_ascii());
    }
}

#[test]
fn characters_that_begin_with_the_byte_of_a_separator_are_decoded_as_they_are_encoded() {
    let text = header("~ISO IR87", "ISO 2022-1994") + "PID|1||5||髙橋|19800101\r";
    let encoded = charset::encode(text.clone(), Charset::Iso2022Jp).expect("in the set");
    assert!(encoded.windows(5).any(|part| part == b"\x1b$B|b"), "{}", encoded.escape_ascii());
    let decoded = decode(&encoded);
    assert_eq!(std::str::from_utf8(decoded.message.as_bytes()), Ok(&*text));
    assert_eq!(decoded.evidence.disagreements().count(), 0);
}
