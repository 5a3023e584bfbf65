//! Any set is decoded by one call, and what can not be decoded says why.

use bytes::Bytes;
use hl7_parse::{
    Charset, Message, ParseErrorKind,
    charset::{self, DecodeErrorKind, DecodeOptions, Disagreement},
};

use super::{
    NAME, decode, header,
    known::{DECODED_FIRST, Known, SHIFTED_HEADER, SPLIT_AS_BYTES, WIDE},
    name_in,
};

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
            .map(|leaf| (leaf.value().to_str().is_ok(), leaf.value().decode().contains('\u{FFFD}')))
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
