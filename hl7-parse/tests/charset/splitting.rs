//! What may be split as bytes, and what has to be decoded first.

use hl7_parse::{Charset, Header, Message, OwnedMessage, ParseErrorKind, ParseOptions, batch};

use super::{
    header,
    known::{DECODED_FIRST, Known, WIDE},
};

/// What each way of parsing refuses; the offset too.
fn refusals(bytes: &[u8]) -> [Option<(ParseErrorKind, usize)>; 3] {
    [
        Message::parse(bytes).err(),
        OwnedMessage::parse(bytes.to_vec()).err(),
        ParseOptions::new().parse(bytes).err(),
    ]
    .map(|error| error.map(|error| (error.kind(), error.offset())))
}

#[test]
fn colliding_text_is_not_split_but_its_header_is_read() {
    for Known { msh_18, codec, bytes, .. } in DECODED_FIRST {
        let at = bytes
            .iter()
            .position(|byte| !byte.is_ascii() || *byte == 0x1B)
            .expect("more than ASCII");
        let at = match *codec {
            // The first bytes that are not ASCII are of a set that does not collide.
            "shift_jis and, after =, iso2022_jp" => {
                bytes.iter().position(|byte| *byte == 0x1B).expect("an escape sequence")
            }
            _ => at,
        };
        let expected = Some((ParseErrorKind::NeedsDecoding(*msh_18), at));
        assert_eq!(refusals(bytes), [expected; 3], "{codec}");
        let header = Header::parse(bytes).expect("a header");
        assert_eq!(header.version().as_bytes(), b"2.5", "{codec}");
        let part = batch::parts(bytes).next().expect("one");
        assert_eq!(part.as_bytes(), *bytes);
        assert!(part.read().is_err(), "{codec}");
    }
}

#[test]
fn wide_text_is_told_from_text_without_a_header() {
    for Known { msh_18, codec, bytes, .. } in WIDE {
        let expected = Some((ParseErrorKind::NeedsDecoding(*msh_18), 0));
        assert_eq!(refusals(bytes), [expected; 3], "{codec}");
        let error = Header::parse(bytes).expect_err("wide");
        assert_eq!(error.kind(), ParseErrorKind::NeedsDecoding(*msh_18), "{codec}");
    }
    for bytes in [&b"PID|1\r"[..], b"\xFE\xFE", b"M\0", b"\0\0M", b"X\0S\0H\0", b"\xE9"] {
        let error = Message::parse(bytes).expect_err("no header");
        assert_eq!(error.kind(), ParseErrorKind::MissingHeader, "{}", bytes.escape_ascii());
    }
}

#[test]
fn plain_ascii_is_split_whatever_is_declared() {
    for msh_18 in [
        "SHIFT_JIS",
        "BIG-5",
        "GB 18030-2000",
        "ISO IR87",
        "~ISO IR87",
        "ISO IR159",
        "JAS2020",
        "UNICODE UTF-16",
        "UNICODE UTF-32",
        "ISO IR14~ISO IR87",
    ] {
        for msh_20 in ["", "2.3", "ISO 2022-1994"] {
            let text = header(msh_18, msh_20) + "PID|||7||A^B\\T\\~|&\r";
            assert_eq!(refusals(text.as_bytes()), [None; 3], "{msh_18} {msh_20}");
        }
    }
    // What is not ASCII is split where nothing collides, ESC or not.
    for (msh_18, name) in [
        ("8859/1", &b"\xE9"[..]),
        ("KS X 1001", b"\x8cc"),
        ("CNS 11643-1992", b"\xC4\xE3"),
        ("8859/1~8859/5", b"\x1b-L\xD0"),
        ("UNICODE UTF-8", b"\x1b\xC3\xA9"),
    ] {
        let text = [header(msh_18, "ISO 2022-1994").as_bytes(), b"PID|||7||", name, b"\r"].concat();
        assert_eq!(refusals(&text), [None; 3], "{msh_18}");
    }
}

#[test]
fn kanji_in_the_header_do_not_hide_what_it_declares() {
    // "日本".encode("iso2022_jp") in MSH-4, so that MSH-18 seems to be MSH-19.
    let bytes = b"\r\nMSH|^~\\&|A|\x1b$BF|K\\\x1b(B||||||1|P|2.5||||||~ISO IR87||ISO 2022-1994\r";
    let expected = Some((ParseErrorKind::NeedsDecoding(Charset::Iso2022Jp), 13));
    assert_eq!(refusals(bytes), [expected; 3]);
    assert!(Header::parse(bytes).is_ok());
}

#[test]
fn a_further_set_that_nothing_leads_to_is_the_one_that_is_written() {
    for (msh_18, charset) in [
        ("~BIG-5", Charset::Big5),
        ("ASCII~GB 18030", Charset::Gb18030),
        ("~~SJIS", Charset::ShiftJis),
    ] {
        let text = header(msh_18, "");
        let at = text.len() + 9;
        let text = [text.as_bytes(), b"PID|||7||\xB4|\r"].concat();
        let expected = Some((ParseErrorKind::NeedsDecoding(charset), at));
        assert_eq!(refusals(&text), [expected; 3], "{msh_18}");
        assert_eq!(Header::parse(&text).expect("a header").charset(), charset, "{msh_18}");
    }
    let text = [header("8859/1~BIG-5", "").as_bytes(), b"PID|||7||\xB4\r"].concat();
    assert_eq!(refusals(&text), [None; 3]);
}

#[test]
fn kanji_that_nothing_declares_are_not_split() {
    // 日 holds the byte of `|`; half-width katakana hold those of `^`, `\` and `&`.
    for name in
        [&b"\x1b$BF|K\\\x1b(B"[..], b"\x1b$@F|K\\\x1b(J", b"\x1b(I^\x1b(B", b"\x1b$(D0!\x1b(B"]
    {
        for (msh_18, msh_20) in [
            ("", ""),
            ("ASCII", ""),
            ("X", ""),
            ("ISO IR14", ""),
            ("", "2.3"),
            ("", "ISO 2022-1994"),
        ] {
            let text = header(msh_18, msh_20);
            let at = text.len() + 9;
            let text = [text.as_bytes(), b"PID|||7||", name, b"\rPV1|1\r"].concat();
            let expected = Some((ParseErrorKind::NeedsDecoding(Charset::Iso2022Jp), at));
            assert_eq!(refusals(&text), [expected; 3], "{}", text.escape_ascii());
            // Behind a document too, and in the header.
            let document = [&b"OBX|1|ED|||"[..], &[b'A'; 100_000], b"\r"].concat();
            let (head, rest) = text.split_at(at - 9);
            let long = [head, &document, rest].concat();
            let expected_behind = expected.map(|(kind, at)| (kind, at + document.len()));
            assert_eq!(refusals(&long), [expected_behind; 3], "{}", text.escape_ascii());
            let in_header = header(msh_18, msh_20).replace("|A|", "|A#|");
            let (before, after) = in_header.split_once('#').expect("there");
            for more in [&b""[..], &document] {
                let text = [before.as_bytes(), name, after.as_bytes(), more].concat();
                let expected = expected.map(|(kind, _)| (kind, before.len()));
                assert_eq!(refusals(&text), [expected; 3], "{}", before.escape_debug());
            }
            #[cfg(feature = "charset")]
            {
                let decoded = super::decode(&text);
                assert_eq!(decoded.charset, Charset::Iso2022Jp, "{}", text.escape_ascii());
                let message = decoded.message.as_message();
                let pid = message.segment("PID").expect("there");
                assert_eq!(pid.fields().count(), 5, "{}", text.escape_ascii());
                assert!(!decoded.evidence.is_replaced(), "{}", text.escape_ascii());
            }
        }
    }
    // A delimiter is one.
    assert_eq!(refusals(b"MSH$%*/@$\x1b$A$\rPID$1$\x1b$B\r"), [None; 3]);
    // What else follows ESC moves nothing.
    for other in [&b"\x1b"[..], b"\x1b[1m", b"\x1b(B", b"\x1b(J", b"\x1b$)C", b"\x1b$"] {
        let text = [header("", "").as_bytes(), b"PID|||7||", other, b"\r"].concat();
        assert_eq!(refusals(&text), [None; 3], "{}", text.escape_ascii());
    }
}

#[test]
fn a_letter_as_a_delimiter_collides_with_the_halves_of_korean() {
    let bytes = b"MSH|c~\\&|A|||||||1|P|2.5||||||KS X 1001\rPID|||7||\x8cc\r";
    let expected = Some((ParseErrorKind::NeedsDecoding(Charset::EucKr), 49));
    assert_eq!(refusals(bytes), [expected; 3]);
}

#[test]
fn the_error_names_the_set() {
    let bytes = b"MSH|^~\\&|A|||||||1|P|2.5||||||BIG-5\rPID|||7||\xb3\\\r";
    let error = Message::parse(bytes).expect_err("Big5");
    assert_eq!(error.to_string(), "the text has to be decoded before it is split (big5) (byte 45)");
}
