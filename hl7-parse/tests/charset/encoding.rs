//! What is decoded is encoded again, or the place of what can not be is named.

use hl7_parse::{
    Charset, MessageBuilder, Path,
    charset::{self, EncodeErrorKind, EncodeOptions, Unrepresentable},
};

use super::{
    decode, header,
    known::{DECODED_FIRST, Known, SPLIT_AS_BYTES, WIDE},
};

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
    let bytes =
        [header("~ISO IR87", "ISO 2022-1994").as_bytes(), b"PID|||||\x1b$B;3\x1b(J^A\\T\\B~C|\r"]
            .concat();
    let decoded = decode(&bytes);
    let message = decoded.message.as_message();
    assert_eq!(message.get(&Path::new("PID-5[1].2")).decode(), "A&B");
    assert_eq!(message.get(&Path::new("PID-5[2]")).decode(), "C");
}

#[test]
fn what_is_built_in_utf_8_and_encoded_is_read_by_what_it_declares() {
    let mut builder = MessageBuilder::new();
    builder.message_type(["ADT", "A01"]).control_id("1").processing_id("P").version("2.5");
    // Their bytes in Shift_JIS and in BIG5 hold delimiters.
    builder.sending_facility("\u{529f}").segment("PID").set("5.2", "\u{529f}~|\u{8868}");
    let built = builder.finish().expect("UTF-8");
    let path = Path::new("PID-5.2");
    for charset in [
        Charset::ShiftJis,
        Charset::Big5,
        Charset::Gb18030,
        Charset::Iso2022Jp,
        Charset::EucKr,
        Charset::Utf8,
        Charset::Utf16,
        Charset::Utf32,
    ] {
        let declaring = EncodeOptions::new().declaring();
        let encoded = declaring.encode(built.as_bytes().clone(), charset).expect("in each");
        let decoded = charset::decode(encoded.clone(), None).expect("readable");
        assert_eq!(
            decoded.evidence.disagreements().count(),
            0,
            "{charset}: {:?}",
            decoded.evidence
        );
        let message = decoded.message.as_message();
        assert_eq!(
            message.get(&path).decode(),
            built.as_message().get(&path).decode(),
            "{charset}"
        );
        let named = message.get(&Path::new("MSH-18")).decode().into_owned();
        assert_eq!(Some(&*named), charset.name(), "{charset}");
        assert_eq!(message.header().sending_facility().decode(), "\u{529f}", "{charset}");
        // It says so already.
        let text = decoded.message.as_bytes().clone();
        assert_eq!(declaring.encode(text, charset), Ok(encoded), "{charset}");
    }
}

#[test]
fn a_set_is_declared_in_msh_18_alone() {
    let declaring = EncodeOptions::new().declaring();
    for (message, expected) in [
        ("MSH|^~\\&", "MSH|^~\\&||||||||||||||||8859/1"),
        ("MSH|^~\\&|A\rPID|1\r", "MSH|^~\\&|A|||||||||||||||8859/1\rPID|1\r"),
        ("\x0bMSH|^~\\&|A\r\n\x1c\r", "\x0bMSH|^~\\&|A|||||||||||||||8859/1\r\n\x1c\r"),
        (
            "MSH|^~\\&||||||||||||||||ASCII~ISO IR87|x\rPID\r",
            "MSH|^~\\&||||||||||||||||8859/1|x\rPID\r",
        ),
        ("MSH/^~\\&/////////////////x\r", "MSH/^~\\&////////////////8859\\F\\1/x\r"),
        ("MSH|^~\\&||||||||||||||||8859/1|x\r", "MSH|^~\\&||||||||||||||||8859/1|x\r"),
    ] {
        let encoded = declaring.encode(message, Charset::Latin1).expect(message);
        assert_eq!(encoded, expected, "{message:?}");
    }
}

#[test]
fn what_can_not_be_declared_is_refused_and_errors_count_in_what_came() {
    let declaring = EncodeOptions::new().declaring();
    let kind =
        |message: &'static str, to| declaring.encode(message, to).map_err(|error| error.kind());
    assert_eq!(kind("BHS|^~\\&\r", Charset::Latin1), Err(EncodeErrorKind::MissingHeader));
    assert_eq!(kind("", Charset::Latin1), Err(EncodeErrorKind::MissingHeader));
    for to in [Charset::Unknown, Charset::Unspecified] {
        assert_eq!(kind("MSH|^~\\&|A\r", to), Err(EncodeErrorKind::Unsupported(to)));
    }
    for text in [
        "MSH|^~\\&|A\rPID|||||\u{5c71}",
        "MSH|^~\\&||||||||||||||||UNICODE UTF-8\rPID|||||\u{5c71}",
    ] {
        let error = declaring.encode(text, Charset::Latin1).expect_err("not in it");
        let place = (text.find('\u{5c71}'), Some(Path::new("PID-5")));
        assert_eq!((Some(error.offset()), error.path()), place, "{text:?}");
    }
    let error = declaring.encode("MSH|^~\\&|\u{5c71}", Charset::Latin1).expect_err("not in it");
    assert_eq!((error.offset(), error.path()), (9, Some(Path::new("MSH-3"))));
    let error =
        declaring.encode(&b"MSH|^~\\&|A\rPID|\xE9"[..], Charset::Latin1).expect_err("not UTF-8");
    assert_eq!((error.kind(), error.offset()), (EncodeErrorKind::NotUtf8, 15));
}
