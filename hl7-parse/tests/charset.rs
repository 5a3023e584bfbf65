//! Text in every character set, by its known bytes and by its properties.
//!
//! The bytes were made by Python 3.11: `text.encode(codec)`, the codec being named beside them,
//! and written as literals.

use hl7_parse::{Charset, Header, Message, OwnedMessage, ParseErrorKind, ParseOptions, batch};

/// MSH-18, the codec, PID-5 and what follows it as text, and the message as bytes.
#[cfg_attr(not(feature = "charset"), expect(dead_code, reason = "only the bytes are of use"))]
struct Known {
    msh_18: Charset,
    codec: &'static str,
    name: &'static str,
    bytes: &'static [u8],
}

const fn known(
    msh_18: Charset,
    codec: &'static str,
    name: &'static str,
    bytes: &'static [u8],
) -> Known {
    Known { msh_18, codec, name, bytes }
}

#[rustfmt::skip]
#[cfg(feature = "charset")]
const SPLIT_AS_BYTES: &[Known] = &[
    known(Charset::Latin1, "iso8859_1", "Müller^Zoë", b"MSH|^~\\&|A|||||||1|P|2.5||||||8859/1\rPID|||7||M\xfcller^Zo\xeb\rNTE|||end\r"),
    known(Charset::Latin2, "iso8859_2", "Dvořák^Łukasz", b"MSH|^~\\&|A|||||||1|P|2.5||||||8859/2\rPID|||7||Dvo\xf8\xe1k^\xa3ukasz\rNTE|||end\r"),
    known(Charset::Latin3, "iso8859_3", "Ĝiĥo^Ŝanĝ", b"MSH|^~\\&|A|||||||1|P|2.5||||||8859/3\rPID|||7||\xd8i\xb6o^\xdean\xf8\rNTE|||end\r"),
    known(Charset::Latin4, "iso8859_4", "Bērziņš^Āra", b"MSH|^~\\&|A|||||||1|P|2.5||||||8859/4\rPID|||7||B\xbarzi\xf1\xb9^\xc0ra\rNTE|||end\r"),
    known(Charset::Cyrillic, "iso8859_5", "Иванов^Пётр", b"MSH|^~\\&|A|||||||1|P|2.5||||||8859/5\rPID|||7||\xb8\xd2\xd0\xdd\xde\xd2^\xbf\xf1\xe2\xe0\rNTE|||end\r"),
    known(Charset::Arabic, "iso8859_6", "محمد", b"MSH|^~\\&|A|||||||1|P|2.5||||||8859/6\rPID|||7||\xe5\xcd\xe5\xcf\rNTE|||end\r"),
    known(Charset::Greek, "iso8859_7", "Παπαδόπουλος", b"MSH|^~\\&|A|||||||1|P|2.5||||||8859/7\rPID|||7||\xd0\xe1\xf0\xe1\xe4\xfc\xf0\xef\xf5\xeb\xef\xf2\rNTE|||end\r"),
    known(Charset::Hebrew, "iso8859_8", "כהן", b"MSH|^~\\&|A|||||||1|P|2.5||||||8859/8\rPID|||7||\xeb\xe4\xef\rNTE|||end\r"),
    known(Charset::Latin5, "iso8859_9", "Şahin^İğdır", b"MSH|^~\\&|A|||||||1|P|2.5||||||8859/9\rPID|||7||\xdeahin^\xdd\xf0d\xfdr\rNTE|||end\r"),
    known(Charset::Latin9, "iso8859_15", "Œuvre^€", b"MSH|^~\\&|A|||||||1|P|2.5||||||8859/15\rPID|||7||\xbcuvre^\xa4\rNTE|||end\r"),
    known(Charset::Windows1252, "cp1252", "O’Brien^“€”", b"MSH|^~\\&|A|||||||1|P|2.5||||||WINDOWS-1252\rPID|||7||O\x92Brien^\x93\x80\x94\rNTE|||end\r"),
    known(Charset::Windows1250, "cp1250", "Dvořák^Žižka", b"MSH|^~\\&|A|||||||1|P|2.5||||||windows-1250\rPID|||7||Dvo\xf8\xe1k^\x8ei\x9eka\rNTE|||end\r"),
    known(Charset::Windows1251, "cp1251", "Иванов", b"MSH|^~\\&|A|||||||1|P|2.5||||||windows-1251\rPID|||7||\xc8\xe2\xe0\xed\xee\xe2\rNTE|||end\r"),
    known(Charset::Windows874, "tis_620", "สมชาย", b"MSH|^~\\&|A|||||||1|P|2.5||||||TIS-620\rPID|||7||\xca\xc1\xaa\xd2\xc2\rNTE|||end\r"),
    known(Charset::JisX0201, "shift_jis", "ﾔﾏﾀﾞ^ﾀﾛｳ=", b"MSH|^~\\&|A|||||||1|P|2.5||||||ISO IR14\rPID|||7||\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\rNTE|||end\r"),
    known(Charset::EucJp, "euc_jp", "山田^太郎", b"MSH|^~\\&|A|||||||1|P|2.5||||||EUC-JP\rPID|||7||\xbb\xb3\xc5\xc4^\xc2\xc0\xcf\xba\rNTE|||end\r"),
    known(Charset::EucKr, "euc_kr", "홍길동^金", b"MSH|^~\\&|A|||||||1|P|2.5||||||KS X 1001\rPID|||7||\xc8\xab\xb1\xe6\xb5\xbf^\xd1\xd1\rNTE|||end\r"),
    known(Charset::EucKr, "cp949", "똠^방각하", b"MSH|^~\\&|A|||||||1|P|2.5||||||KS X 1001\rPID|||7||\x8cc^\xb9\xe6\xb0\xa2\xc7\xcf\rNTE|||end\r"),
    known(Charset::Utf8, "utf_8", "山田^Zoë", b"MSH|^~\\&|A|||||||1|P|2.5||||||UNICODE UTF-8\rPID|||7||\xe5\xb1\xb1\xe7\x94\xb0^Zo\xc3\xab\rNTE|||end\r"),
];

#[rustfmt::skip]
const DECODED_FIRST: &[Known] = &[
    known(Charset::ShiftJis, "shift_jis", "ポール^表示~ソ\\T\\ﾔﾏﾀﾞ", b"MSH|^~\\&|A|||||||1|P|2.5||||||SHIFT_JIS\rPID|||7||\x83|\x81[\x83\x8b^\x95\\\x8e\xa6~\x83\\\\T\\\xd4\xcf\xc0\xde\rNTE|||end\r"),
    known(Charset::Big5, "big5", "許功蓋^餐~育", b"MSH|^~\\&|A|||||||1|P|2.5||||||BIG-5\rPID|||7||\xb3\\\xa5\\\xbb\\^\xc0\\~\xa8|\rNTE|||end\r"),
    known(Charset::Gb18030, "gb18030", "張磊^亅㐀😀~Zoë", b"MSH|^~\\&|A|||||||1|P|2.5||||||GB 18030-2000\rPID|||7||\x8f\x88\xc0\xda^\x81|\x819\xee9\x949\xfc6~Zo\x810\x8a5\rNTE|||end\r"),
    known(Charset::Iso2022Jp, "iso2022_jp", "山田^日~薛", b"MSH|^~\\&|A|||||||1|P|2.5||||||~ISO IR87||ISO 2022-1994\rPID|||7||\x1b$B;3ED\x1b(B^\x1b$BF|\x1b(B~\x1b$Bi-\x1b(B\rNTE|||end\r"),
    known(Charset::Iso2022Jp, "iso2022_jp", "山田^日~薛", b"MSH|^~\\&|A|||||||1|P|2.5||||||ISO IR6~ISO IR87||ISO 2022-1994\rPID|||7||\x1b$B;3ED\x1b(B^\x1b$BF|\x1b(B~\x1b$Bi-\x1b(B\rNTE|||end\r"),
    known(Charset::Iso2022Jp, "iso2022_jp", "山田^日~薛", b"MSH|^~\\&|A|||||||1|P|2.5||||||ISO IR87\rPID|||7||\x1b$B;3ED\x1b(B^\x1b$BF|\x1b(B~\x1b$Bi-\x1b(B\rNTE|||end\r"),
    known(Charset::Iso2022Jp, "iso2022_jp", "山田^日~薛", b"MSH|^~\\&|A|||||||1|P|2.5||||||~ISO IR87\rPID|||7||\x1b$B;3ED\x1b(B^\x1b$BF|\x1b(B~\x1b$Bi-\x1b(B\rNTE|||end\r"),
    known(Charset::Iso2022Jp1, "iso2022_jp_1", "山^丂", b"MSH|^~\\&|A|||||||1|P|2.5||||||ISO IR6~ISO IR159||ISO 2022-1994\rPID|||7||\x1b$B;3\x1b(B^\x1b$(D0!\x1b(B\rNTE|||end\r"),
    known(Charset::Iso2022Jp, "shift_jis and, after =, iso2022_jp", "ﾔﾏﾀﾞ^ﾀﾛｳ=山田", b"MSH|^~\\&|A|||||||1|P|2.5||||||ISO IR14~ISO IR87||ISO 2022-1994\rPID|||7||\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(B\rNTE|||end\r"),
];

#[rustfmt::skip]
const WIDE: &[Known] = &[
    known(Charset::Utf16Le, "utf_16", "Zoë 山", b"\xff\xfeM\x00S\x00H\x00|\x00^\x00~\x00\\\x00&\x00|\x00A\x00\r\x00P\x00I\x00D\x00|\x00|\x00|\x00|\x00|\x00Z\x00o\x00\xeb\x00 \x00q\\\r\x00"),
    known(Charset::Utf16Be, "utf_16_be after BOM_UTF16_BE", "Zoë 山", b"\xfe\xff\x00M\x00S\x00H\x00|\x00^\x00~\x00\\\x00&\x00|\x00A\x00\r\x00P\x00I\x00D\x00|\x00|\x00|\x00|\x00|\x00Z\x00o\x00\xeb\x00 \\q\x00\r"),
    known(Charset::Utf16Le, "utf_16_le", "Zoë 山", b"M\x00S\x00H\x00|\x00^\x00~\x00\\\x00&\x00|\x00A\x00\r\x00P\x00I\x00D\x00|\x00|\x00|\x00|\x00|\x00Z\x00o\x00\xeb\x00 \x00q\\\r\x00"),
    known(Charset::Utf16Be, "utf_16_be", "Zoë 山", b"\x00M\x00S\x00H\x00|\x00^\x00~\x00\\\x00&\x00|\x00A\x00\r\x00P\x00I\x00D\x00|\x00|\x00|\x00|\x00|\x00Z\x00o\x00\xeb\x00 \\q\x00\r"),
    known(Charset::Utf32Le, "utf_32", "Zoë 山", b"\xff\xfe\x00\x00M\x00\x00\x00S\x00\x00\x00H\x00\x00\x00|\x00\x00\x00^\x00\x00\x00~\x00\x00\x00\\\x00\x00\x00&\x00\x00\x00|\x00\x00\x00A\x00\x00\x00\r\x00\x00\x00P\x00\x00\x00I\x00\x00\x00D\x00\x00\x00|\x00\x00\x00|\x00\x00\x00|\x00\x00\x00|\x00\x00\x00|\x00\x00\x00Z\x00\x00\x00o\x00\x00\x00\xeb\x00\x00\x00 \x00\x00\x00q\\\x00\x00\r\x00\x00\x00"),
    known(Charset::Utf32Be, "utf_32_be after BOM_UTF32_BE", "Zoë 山", b"\x00\x00\xfe\xff\x00\x00\x00M\x00\x00\x00S\x00\x00\x00H\x00\x00\x00|\x00\x00\x00^\x00\x00\x00~\x00\x00\x00\\\x00\x00\x00&\x00\x00\x00|\x00\x00\x00A\x00\x00\x00\r\x00\x00\x00P\x00\x00\x00I\x00\x00\x00D\x00\x00\x00|\x00\x00\x00|\x00\x00\x00|\x00\x00\x00|\x00\x00\x00|\x00\x00\x00Z\x00\x00\x00o\x00\x00\x00\xeb\x00\x00\x00 \x00\x00\\q\x00\x00\x00\r"),
    known(Charset::Utf32Le, "utf_32_le", "Zoë 山", b"M\x00\x00\x00S\x00\x00\x00H\x00\x00\x00|\x00\x00\x00^\x00\x00\x00~\x00\x00\x00\\\x00\x00\x00&\x00\x00\x00|\x00\x00\x00A\x00\x00\x00\r\x00\x00\x00P\x00\x00\x00I\x00\x00\x00D\x00\x00\x00|\x00\x00\x00|\x00\x00\x00|\x00\x00\x00|\x00\x00\x00|\x00\x00\x00Z\x00\x00\x00o\x00\x00\x00\xeb\x00\x00\x00 \x00\x00\x00q\\\x00\x00\r\x00\x00\x00"),
    known(Charset::Utf32Be, "utf_32_be", "Zoë 山", b"\x00\x00\x00M\x00\x00\x00S\x00\x00\x00H\x00\x00\x00|\x00\x00\x00^\x00\x00\x00~\x00\x00\x00\\\x00\x00\x00&\x00\x00\x00|\x00\x00\x00A\x00\x00\x00\r\x00\x00\x00P\x00\x00\x00I\x00\x00\x00D\x00\x00\x00|\x00\x00\x00|\x00\x00\x00|\x00\x00\x00|\x00\x00\x00|\x00\x00\x00Z\x00\x00\x00o\x00\x00\x00\xeb\x00\x00\x00 \x00\x00\\q\x00\x00\x00\r"),
];

/// A header with a name of characters that hold the byte of `|`: ポ, 日.
#[rustfmt::skip]
#[cfg(feature = "charset")]
const SHIFTED_HEADER: &[Known] = &[
    known(Charset::ShiftJis, "shift_jis", "表", b"MSH|^~\\&|\x83||\x95a\x89@|||||ADT|1|P|2.5||||||SHIFT_JIS\rPID|||||\x95\\\r"),
    known(Charset::Iso2022Jp, "iso2022_jp", "表", b"MSH|^~\\&|A|\x1b$BF|K\\\x1b(B|||||ADT|1|P|2.5||||||~ISO IR87||ISO 2022-1994\rPID|||||\x1b$BI=\x1b(B\r"),
];

fn header(msh_18: &str, msh_20: &str) -> String {
    format!("MSH|^~\\&|A|||||||1|P|2.5||||||{msh_18}||{msh_20}\r")
}

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
        ("", b"\x1b$B;3\x1b(B"),
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

#[cfg(test)]
#[cfg(feature = "charset")]
mod decoding {
    use std::collections::HashSet;

    use bytes::Bytes;
    use hl7_parse::{
        Charset, Message, OwnedMessage, ParseErrorKind, Path,
        charset::{
            self, Basis, Content, DecodeErrorKind, DecodeOptions, Decoded, Disagreement,
            EncodeErrorKind, EncodeOptions, Unrepresentable,
        },
    };
    use proptest::prelude::*;

    use super::{DECODED_FIRST, Known, SHIFTED_HEADER, SPLIT_AS_BYTES, WIDE, header};

    const NAME: Path = Path::new("PID-5");

    fn decode(bytes: &[u8]) -> Decoded {
        let decoded = charset::decode(bytes.to_vec(), None);
        decoded.map_err(|_| bytes.escape_ascii().to_string()).expect("readable")
    }

    fn name_in(message: &OwnedMessage) -> String {
        message.as_message().get(&NAME).decode().into_owned()
    }

    #[test]
    fn one_call_gives_the_text_of_every_set() {
        for Known { msh_18, codec, name, bytes } in
            [SPLIT_AS_BYTES, DECODED_FIRST, WIDE, SHIFTED_HEADER].into_iter().flatten()
        {
            let decoded = decode(bytes);
            assert_eq!(decoded.charset, *msh_18, "{codec}");
            let raw = decoded.message.as_message().get(&NAME).to_str().map(str::to_owned);
            assert_eq!(raw.as_deref(), Ok(*name), "{codec}");
            assert_eq!(decoded.message.charset(), Charset::Utf8, "{codec}");
            assert_eq!(decoded.original, *bytes, "{codec}");
            assert!(!decoded.evidence.is_replaced(), "{codec}");
            // The views decode what they are made of, whatever MSH-18 says.
            let leaves: Vec<_> = decoded
                .message
                .as_message()
                .leaves()
                .map(|leaf| {
                    (leaf.value().to_str().is_ok(), leaf.value().decode().contains('\u{FFFD}'))
                })
                .collect();
            assert!(leaves.iter().all(|state| *state == (true, false)), "{codec}");
        }
    }

    #[test]
    fn views_decode_what_is_split_as_bytes() {
        for Known { codec, name, bytes, .. } in SPLIT_AS_BYTES {
            let message = Message::parse(bytes).expect("readable");
            assert_eq!(message.get(&NAME).decode(), *name, "{codec}");
        }
    }

    #[test]
    fn what_is_decoded_is_encoded_to_the_same_bytes() {
        for Known { codec, bytes, .. } in [SPLIT_AS_BYTES, DECODED_FIRST].into_iter().flatten() {
            let decoded = decode(bytes);
            let encoded = charset::encode(decoded.message.as_bytes().clone(), decoded.charset);
            match *codec {
                "iso2022_jp_1" | "shift_jis and, after =, iso2022_jp" => {
                    let error = encoded.expect_err("JIS X 0212, half-width katakana");
                    assert_eq!(
                        error.path(),
                        Some(Path::new(match decoded.charset {
                            Charset::Iso2022Jp1 => "PID-5.2",
                            _ => "PID-5",
                        })),
                        "{codec}"
                    );
                }
                _ => assert_eq!(encoded.expect(codec), *bytes, "{codec}"),
            }
        }
        for Known { codec, bytes, .. } in WIDE {
            let decoded = decode(bytes);
            let encoded = charset::encode(decoded.message.as_bytes().clone(), decoded.charset)
                .expect("everything is in it");
            assert!(bytes.ends_with(&encoded), "{codec}");
        }
        let marked = charset::encode("MSH|", Charset::Utf16).expect("everything is in it");
        assert_eq!(marked, &b"\xFE\xFF\0M\0S\0H\0|"[..]);
        let marked = charset::encode("\u{FEFF}M", Charset::Utf32).expect("everything is in it");
        assert_eq!(marked, &b"\0\0\xFE\xFF\0\0\0M"[..]);
    }

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
            (
                "8859/1",
                None,
                false,
                latin,
                Charset::Latin1,
                Basis::Declared,
                Content::EightBit,
                none,
            ),
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
    fn broken_wide_text_is_replaced_and_told() {
        for bytes in [
            &b"M\0S\0H\0|\0^\0\0\xD8|\0"[..],
            b"M\0S\0H\0|\0^\0|",
            b"M\0\0\0S\0\0\0H\0\0\0|\0\0\0^\0\0\0\0\xD8\0\0",
            b"M\0\0\0S\0\0\0H\0\0\0|\0\0\0^\0\0\0|\0",
        ] {
            let decoded = decode(bytes);
            assert!(decoded.evidence.is_replaced(), "{}", bytes.escape_ascii());
            assert!(decoded.evidence.disagreements().any(|found| found == Disagreement::Replaced));
        }
    }

    #[test]
    fn nothing_is_copied_that_is_utf_8_already() {
        for text in ["MSH|^~\\&|A\rPID|||||Zo\u{eb}\r", "\u{FEFF}MSH|^~\\&|A\r", "MSH|^~\\&|A\r"] {
            let bytes = Bytes::from_static(text.as_bytes());
            let decoded = charset::decode(bytes.clone(), None).expect("readable");
            let end = |bytes: &Bytes| bytes.as_ptr_range().end;
            assert_eq!(end(decoded.message.as_bytes()), end(&bytes), "{text}");
            assert_eq!(decoded.original.as_ptr(), bytes.as_ptr());
        }
        let message = Bytes::from_static(b"MSH|^~\\&|A\r");
        for charset in [Charset::Utf8, Charset::Ascii, Charset::ShiftJis] {
            let encoded = charset::encode(message.clone(), charset).expect("ASCII");
            assert_eq!(encoded.as_ptr(), message.as_ptr(), "{charset}");
        }
    }

    /// `"Иван".encode("iso8859_5")`, `"Άν".encode("iso8859_7")`, `"ﾔﾏ".encode("shift_jis")`, and
    /// `"山田".encode("euc_jp")` without its high bits.
    const SWITCHED: &[(&[u8], &str)] = &[
        (br"\C2D4C\", ""),
        (b"\\C2D4C\\\xB8\xD2\xD0\xDD", "Иван"),
        (b"Zo\xEB \\C2D4C\\\xB8\xD2\xD0\xDD\\C2842\\.", "Zoë Иван."),
        (b"\\C2D4C\\\xB8\\C2D46\\\xB6\xED\\T\\\\C2D41\\\xEB", "ИΆν&ë"),
        (b"\\C2949\\\xD4\xCF", "ﾔﾏ"),
        (b"\\M2442\\;3ED\\C2842\\ED", "山田ED"),
        (b"\\M242844\\0!\\C2842\\", "丂"),
        (b"\\C2D4C\\\xB8\\XD2D0\\\xDD", "Иван"),
        (b"\\E\\C2D4C\\E\\\xEB", "\\C2D4C\\ë"),
        (b"\\C5A5A\\\xEB\\Z1\\", "\\C5A5A\\ë\\Z1\\"),
    ];

    #[test]
    fn sequences_switch_the_set_within_an_element() {
        for msh_20 in ["", "2.3"] {
            for (raw, expected) in SWITCHED {
                let start = header("8859/1~8859/5", msh_20);
                let bytes =
                    [start.as_bytes(), b"PID|||||", raw, b"^\xEB|\xEB\rNTE|\xEB\r"].concat();
                let shown = raw.escape_ascii().to_string();
                let message = Message::parse(&bytes).expect("readable");
                let text = |message: &Message<'_>, path: &str| {
                    message.get(&path.parse().expect("a path")).decode().into_owned()
                };
                assert_eq!(text(&message, "PID-5.1"), *expected, "{shown}");
                let decoded = decode(&bytes);
                let whole = decoded.message.as_message();
                assert_eq!(text(&whole, "PID-5.1"), *expected, "decoded first: {shown}");
                for path in ["PID-5.2", "PID-6", "NTE-1"] {
                    assert_eq!(text(&message, path), "ë", "{path}: {shown}");
                    assert_eq!(text(&whole, path), "ë", "{path}, decoded first: {shown}");
                }
            }
        }
    }

    #[test]
    fn sequences_stay_where_msh_20_says_something_else() {
        let bytes = header("8859/1~8859/5", "ISO 2022-1994") + "PID|||||\\C2D4C\\\r";
        let bytes = bytes.as_bytes();
        let message = Message::parse(bytes).expect("readable");
        assert_eq!(message.get(&NAME).decode(), "\\C2D4C\\");
        assert_eq!(name_in(&decode(bytes).message), "\\C2D4C\\");
    }

    #[test]
    fn single_byte_sets_switch_by_escape_sequences_too() {
        let bytes = [
            header("8859/1~8859/5", "ISO 2022-1994").as_bytes(),
            b"PID|||||Zo\xEB\x1b-L\xB8\x1b-A\xEB^\xEB\r",
        ]
        .concat();
        let message = Message::parse(&bytes).expect("nothing collides");
        assert_eq!(message.get(&NAME).decode(), "ZoëИë^ë");
        assert_eq!(name_in(&decode(&bytes).message), "ZoëИë^ë");
    }

    #[test]
    fn sets_of_other_languages_are_designated_too() {
        // "한".encode("euc_kr") in the right half, and in the left one without its high bits.
        for name in [&b"\x1b$)C\xC7\xD1^\xC7\xD1"[..], b"\x1b$(CGQ\x1b(B^\x1b$(CGQ"] {
            let bytes =
                [header("~KS X 1001", "ISO 2022-1994").as_bytes(), b"PID|||||", name, b"\r"]
                    .concat();
            let error = Message::parse(&bytes).expect_err("two bytes for a character");
            assert_eq!(error.kind(), ParseErrorKind::NeedsDecoding(Charset::EucKr));
            let decoded = decode(&bytes);
            assert_eq!(name_in(&decoded.message), "한^한");
            assert_eq!(decoded.charset, Charset::EucKr);
            assert_eq!(decoded.evidence.additional(), Some(Charset::EucKr));
        }
    }

    #[test]
    fn hexadecimal_text_keeps_its_meaning() {
        for (msh_18, raw, expected) in [
            ("8859/1", r"Zo\XEB\ \X0D\", "Zoë \r"),
            ("8859/5", r"\XB8D2\\XD0\", "Ива"),
            ("SHIFT_JIS", r"\X837C\", "ポ"),
            ("ISO IR87", r"\X1B24423B331B2842\", "山"),
            ("UNICODE UTF-8", r"\XC3\\XAB\", "ë"),
            ("", r"\XEB\ \XC3AB\", "ë ë"),
            ("8859/1", r"\XEB7C\", "ë|"),
        ] {
            let text = header(msh_18, "") + "PID|||||" + raw + "\r";
            let decoded = decode(text.as_bytes());
            assert_eq!(name_in(&decoded.message), expected, "{msh_18} {raw}");
            // And back.
            let encoded = charset::encode(decoded.message.as_bytes().clone(), decoded.charset);
            if let Ok(encoded) = encoded {
                assert_eq!(name_in(&decode(&encoded).message), expected, "{msh_18} {raw}");
            }
        }
        let encoded = charset::encode(r"MSH|^~\&|\XC3AB\|\XC3\|\X41\", Charset::Latin1);
        assert_eq!(encoded.expect("all there"), &b"MSH|^~\\&|\xEB|\\XC3\\|\\X41\\"[..]);
    }

    #[test]
    fn the_default_is_an_option() {
        let bytes = b"MSH|^~\\&|A\rPID|||||\xC8\xE2\xE0\xED\r";
        let options = DecodeOptions::new().default_charset(Charset::Windows1251);
        let decoded = options.decode(&bytes[..], None).expect("readable");
        assert_eq!(
            (name_in(&decoded.message).as_str(), decoded.charset),
            ("Иван", Charset::Windows1251)
        );
        for charset in [Charset::Unknown, Charset::Utf16, Charset::EucTw, Charset::Ascii] {
            let options = DecodeOptions::new().default_charset(charset);
            let decoded = options.decode(&bytes[..], None).expect("readable");
            assert_eq!(decoded.charset, Charset::Windows1252, "instead of {charset}");
        }
    }

    #[test]
    fn what_can_not_be_decoded_says_why() {
        let bytes = [header("CNS 11643-1992", "").as_bytes(), b"PID|||||\xC4\xE3\r"].concat();
        let error = charset::decode(bytes.clone(), None).expect_err("EUC-TW");
        assert_eq!(error.kind(), DecodeErrorKind::Unsupported(Charset::EucTw));
        assert_eq!(error.offset(), bytes.len() - 3);
        assert_eq!(error.to_string(), "there is no decoder for euc-tw (byte 55)");

        for (bytes, kind) in [
            (&b""[..], ParseErrorKind::Empty),
            (b"\xFF\xFE", ParseErrorKind::Empty),
            (b"PID|1", ParseErrorKind::MissingHeader),
            (b"\xFF\xFEP\0I\0D\0", ParseErrorKind::MissingHeader),
            (b"F\0H\0S\0|\0^\0~\0\\\0&\0", ParseErrorKind::Batch),
        ] {
            let error = charset::decode(bytes, None).expect_err("no message");
            assert_eq!(error.kind(), DecodeErrorKind::Unreadable(kind));
        }
        let error = DecodeOptions::new().max_segments(1).decode("MSH|^~\\&|A\rPID|1\r", None);
        assert_eq!(
            error.expect_err("two segments").kind(),
            DecodeErrorKind::Unreadable(ParseErrorKind::TooManySegments)
        );
    }

    #[test]
    fn what_can_not_be_encoded_is_named_by_its_place() {
        let text = "MSH|^~\\&|A\rPID|||1^^^A&山~2^Ж\rOBX|1\rOBX|2||||é☺\r";
        for (charset, path, character) in [
            (Charset::Latin1, "PID-3.4.2", '山'),
            (Charset::Ascii, "PID-3.4.2", '山'),
            (Charset::Unspecified, "PID-3.4.2", '山'),
            (Charset::Big5, "OBX[2]-5", 'é'),
            (Charset::ShiftJis, "OBX[2]-5", 'é'),
            (Charset::Gb18030, "", ' '),
            (Charset::Iso2022Jp, "OBX[2]-5", 'é'),
        ] {
            let Err(error) = charset::encode(text, charset) else {
                assert_eq!(path, "", "{charset}");
                continue;
            };
            assert_eq!(error.kind(), EncodeErrorKind::Unrepresentable(charset));
            assert_eq!(error.offset(), text.find(character).expect("there"), "{charset}");
            let expected: Path = path.parse().expect("a path");
            assert_eq!(error.path(), Some(expected), "{charset}");
            for shown in [error.to_string(), format!("{error:?}")] {
                assert!(!shown.contains(['山', 'é', '☺']), "{shown}");
            }
        }
        let text = "MSH|^~\\&|A\rPID|||1^^^A&B~2^Ж\r";
        let error = charset::encode(text, Charset::Latin1).expect_err("no Cyrillic there");
        assert_eq!(error.path(), Some(Path::new("PID-3[2].2")));
        let error = charset::encode("山", Charset::Latin1).expect_err("no kanji there");
        assert_eq!((error.path(), error.offset()), (None, 0));
    }

    #[test]
    fn what_has_no_encoder_or_is_not_utf_8_is_refused() {
        for charset in [Charset::EucTw, Charset::Unknown] {
            let error = charset::encode("MSH|山", charset).expect_err("no encoder");
            assert_eq!(error.kind(), EncodeErrorKind::Unsupported(charset));
        }
        assert_eq!(charset::encode("MSH|", Charset::EucTw).expect("ASCII"), "MSH|");
        let error = charset::encode(&b"MSH|\xE9"[..], Charset::Latin1).expect_err("not UTF-8");
        assert_eq!((error.kind(), error.offset()), (EncodeErrorKind::NotUtf8, 4));
    }

    #[test]
    fn characters_that_are_missing_are_escaped_or_replaced_on_request() {
        let text = "MSH|^~\\&|A\rPID|||||山é山|\r";
        for (charset, unrepresentable, expected) in [
            (Charset::Latin1, Unrepresentable::Escape, &b"\\XE5B1B1\\\xE9\\XE5B1B1\\"[..]),
            (Charset::Latin1, Unrepresentable::Replace, b"?\xE9?"),
            (Charset::Iso2022Jp, Unrepresentable::Escape, b"\x1b$B;3\x1b(B\\XC3A9\\\x1b$B;3\x1b(B"),
            (Charset::Iso2022Jp, Unrepresentable::Replace, b"\x1b$B;3\x1b(B?\x1b$B;3\x1b(B"),
        ] {
            let options = EncodeOptions::new().unrepresentable(unrepresentable);
            let encoded = options.encode(text, charset).expect("no error");
            let expected = [b"MSH|^~\\&|A\rPID|||||", expected, b"|\r"].concat();
            assert_eq!(encoded, expected, "{charset} {unrepresentable:?}");
        }
        let options = EncodeOptions::new().unrepresentable(Unrepresentable::Escape);
        let encoded = options.encode("MSH?^|山", Charset::Latin1).expect("no error");
        assert_eq!(encoded, "MSH?^|*", "no escape character, and ? delimits");
    }

    #[test]
    fn a_yen_sign_never_becomes_a_delimiter() {
        for charset in [Charset::ShiftJis, Charset::EucJp, Charset::Iso2022Jp, Charset::JisX0201] {
            for text in ["MSH|^~\\&|¥", "MSH|^~\\&|\u{203E}"] {
                let error = charset::encode(text, charset).expect_err("not in it");
                assert_eq!(error.kind(), EncodeErrorKind::Unrepresentable(charset), "{text}");
            }
        }
        // Nor does Romaji take the delimiters away when it is read.
        let bytes = [
            header("~ISO IR87", "ISO 2022-1994").as_bytes(),
            b"PID|||||\x1b$B;3\x1b(J^A\\T\\B~C|\r",
        ]
        .concat();
        let decoded = decode(&bytes);
        let message = decoded.message.as_message();
        assert_eq!(message.get(&Path::new("PID-5[1].2")).decode(), "A&B");
        assert_eq!(message.get(&Path::new("PID-5[2]")).decode(), "C");
    }

    #[test]
    fn no_text_that_is_made_holds_a_value() {
        const MARK: &str = "SECRETNAME";
        let bytes = [header("SHIFT_JIS", "").as_bytes(), b"PID|||||SECRETNAME\x83|\r"].concat();
        let decoded = decode(&bytes);
        let mut shown = vec![format!("{decoded:?} {:?}", decoded.evidence)];
        let text = format!("SECRETNAME|{MARK}é");
        let refused = charset::decode(text.clone(), Some(MARK)).expect_err("no header");
        shown.push(format!("{refused} {refused:?}"));
        let refused = charset::encode(text, Charset::Ascii).expect_err("not ASCII");
        shown.push(format!("{refused} {refused:?}"));
        shown.extend(decoded.evidence.disagreements().map(|found| format!("{found} {found:?}")));
        for text in shown {
            assert!(!text.contains(MARK), "{text}");
        }
    }

    #[test]
    fn a_decoded_message_stays_one() {
        let decoded = decode(DECODED_FIRST[0].bytes);
        let name = DECODED_FIRST[0].name.replace("\\T\\", "&");
        for message in [
            decoded.message.clone(),
            decoded.message.detach(),
            decoded.message.with_cr_ends(),
            decoded.message.as_message().to_owned(),
        ] {
            assert_eq!(name_in(&message), name);
            assert_eq!(message.header().charset(), Charset::Utf8);
        }
        let again = Message::parse(decoded.message.as_bytes()).expect_err("says Shift_JIS");
        assert_eq!(again.kind(), ParseErrorKind::NeedsDecoding(Charset::ShiftJis));
    }

    /// Characters of each set.
    fn alphabet() -> impl Strategy<Value = (Charset, Vec<char>)> {
        let sets: Vec<(Charset, Vec<char>)> = [
            (Charset::Latin1, "äöüÄÖÜßéèêñç§"),
            (Charset::Latin5, "ğĞıİşŞéöü"),
            (Charset::Cyrillic, "абвгдЖЩЮя"),
            (Charset::Windows1252, "€“”–—éŠœ"),
            (Charset::JisX0201, "ｱｲｳﾔﾏﾀﾞﾟ"),
            (Charset::ShiftJis, "ポソ表十能予ーＡｱｶﾞ山田\u{FF5E}"),
            (Charset::Iso2022Jp, "日本語山田カナ薛権亨"),
            (Charset::EucJp, "日本語ｱ山田"),
            (Charset::EucKr, "홍길동똠방각하金"),
            (Charset::Big5, "許功蓋餐育一丁"),
            (Charset::Gb18030, "張磊亅㐀😀é中文"),
            (Charset::Utf8, "é山😀"),
            (Charset::Utf16, "é山😀"),
            (Charset::Utf16Le, "é山😀"),
            (Charset::Utf32, "é山😀"),
            (Charset::Utf32Le, "é山😀"),
        ]
        .map(|(charset, characters)| (charset, characters.chars().collect()))
        .into();
        proptest::sample::select(sets)
    }

    fn written() -> impl Strategy<Value = (Charset, String)> {
        alphabet().prop_flat_map(|(charset, characters)| {
            let piece = prop_oneof![
                4 => proptest::sample::select(characters).prop_map(String::from),
                1 => proptest::sample::select(vec![
                    "|", "^", "~", "&", "\\T\\", "\\", "\r", "\rPID|", "A", "\\X0D\\", "\n", " ",
                ]).prop_map(str::to_owned),
            ];
            (Just(charset), proptest::collection::vec(piece, 0..40).prop_map(|all| all.concat()))
        })
    }

    proptest! {
        #[test]
        fn decoding_undoes_encoding((charset, text) in written()) {
            let name = charset.name().expect("a name");
            // Some name no set of their own; the label does.
            let text = format!("{}PID|||||{text}", header(name, ""));
            let encoded = charset::encode(text.clone(), charset).expect("all in the set");
            let decoded = charset::decode(encoded.clone(), charset.label()).expect("readable");
            prop_assert_eq!(std::str::from_utf8(decoded.message.as_bytes()), Ok(&*text));
            prop_assert!(!decoded.evidence.is_replaced());
            if charset != Charset::JisX0201 {
                let decoded = charset::decode(encoded, None).expect("readable");
                prop_assert_eq!(std::str::from_utf8(decoded.message.as_bytes()), Ok(&*text));
            }
        }

        #[test]
        fn any_bytes_are_decoded_or_refused(
            msh_18 in proptest::sample::select(vec![
                "", "ASCII", "8859/1", "8859/6", "ISO IR14", "ISO IR87", "~ISO IR87", "ISO IR159",
                "SHIFT_JIS", "BIG-5", "GB 18030-2000", "KS X 1001", "EUC-JP", "UNICODE UTF-8",
                "8859/1~8859/5", "UNICODE UTF-16", "CNS 11643-1992", "KS X 1001~ISO IR87",
            ]),
            msh_20 in proptest::sample::select(vec!["", "2.3", "ISO 2022-1994", "X"]),
            label in proptest::option::of(proptest::sample::select(vec![
                "utf-8", "shift_jis", "iso-2022-jp", "utf-16", "nonsense", "euc-tw", "us-ascii",
            ])),
            pieces in proptest::collection::vec(prop_oneof![
                any::<[u8; 2]>().prop_map(|bytes| bytes.to_vec()),
                proptest::sample::select(vec![
                    &b"\x1b$B"[..], b"\x1b(B", b"\x1b(J", b"\x1b(I", b"\x1b$(D", b"\x1b-L", b"\x1b",
                    b"\\C2D4C\\", b"\\M2442\\", b"\\C", b"\\XE9\\", b"\\XC3\\", b"\\", b"|", b"\r",
                    b"\rPID|", b"^", b"\x83", b"\x81\x30",
                ]).prop_map(<[u8]>::to_vec),
            ], 0..40),
            cut in any::<u8>(),
        ) {
            let bytes = [header(msh_18, msh_20).into_bytes(), pieces.concat()].concat();
            let bytes = Bytes::from(bytes).slice(usize::from(cut % 7 == 0)..);
            if let Ok(message) = Message::parse(&bytes) {
                for leaf in message.leaves() {
                    let _ = leaf.value().decode();
                }
            }
            let Ok(decoded) = charset::decode(bytes.clone(), label) else { return Ok(()) };
            prop_assert_eq!(&decoded.original, &bytes);
            let message = decoded.message.as_message();
            prop_assert!(std::str::from_utf8(message.as_bytes()).is_ok());
            prop_assert!(message.as_bytes().len() <= 3 * bytes.len());
            // Each disagreement once, and the same at each asking.
            let told: Vec<_> = decoded.evidence.disagreements().collect();
            prop_assert_eq!(told.iter().collect::<HashSet<_>>().len(), told.len());
            for unrepresentable in [Unrepresentable::Escape, Unrepresentable::Replace] {
                let options = EncodeOptions::new().unrepresentable(unrepresentable);
                let text = decoded.message.as_bytes().clone();
                // Into EUC-TW nothing encodes.
                let encoded = options.encode(text, decoded.charset);
                prop_assert!(encoded.is_ok() || decoded.charset == Charset::EucTw);
            }
        }

        #[test]
        fn ascii_is_left_alone_in_every_set(
            text in "[ -\\[\\]-~\r]{0,80}",
            msh_18 in proptest::sample::select(vec![
                "", "8859/1", "SHIFT_JIS", "~ISO IR87", "GB 18030-2000", "UNICODE UTF-8",
            ]),
        ) {
            let bytes = Bytes::from(header(msh_18, "ISO 2022-1994") + &text);
            let decoded = charset::decode(bytes.clone(), None).expect("readable");
            prop_assert_eq!(decoded.message.as_bytes().as_ptr(), bytes.as_ptr());
            prop_assert_eq!(decoded.message.as_bytes(), &bytes);
        }
    }
}
