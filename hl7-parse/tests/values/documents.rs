//! ED, RP, and the decoding of documents.

use std::io::Read;

use hl7_parse::{
    Message, Separators, unescape,
    value::{Data, Ed, Encoding, Rp, ValueError, ValueErrorKind},
};
use proptest::prelude::*;

use super::with_field;

/// Encodes bit by bit, so that it shares nothing with the decoder.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Vec<u8> =
        bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    let mut text: String = bits
        .chunks(6)
        .map(|digit| {
            let padded = digit.iter().chain([&0; 5]).take(6);
            char::from(ALPHABET[padded.fold(0, |number, bit| number << 1 | usize::from(*bit))])
        })
        .collect();
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

fn decode(encoding: &str, data: &str) -> Result<Vec<u8>, ValueError> {
    let content = format!("^AP^PDF^{encoding}^{data}");
    with_field(content.as_bytes(), |field| Ed::of(field).data()?.to_vec(usize::MAX))
}

#[test]
fn the_vectors_of_rfc_4648_are_decoded() {
    for (plain, encoded, hex) in [
        ("f", "Zg==", "66"),
        ("fo", "Zm8=", "666F"),
        ("foo", "Zm9v", "666F6F"),
        ("foob", "Zm9vYg==", "666F6F62"),
        ("fooba", "Zm9vYmE=", "666F6F6261"),
        ("foobar", "Zm9vYmFy", "666F6F626172"),
    ] {
        assert_eq!(base64(plain.as_bytes()), encoded, "the encoder of the test");
        assert_eq!(decode("Base64", encoded).as_deref(), Ok(plain.as_bytes()));
        assert_eq!(decode("Hex", hex).as_deref(), Ok(plain.as_bytes()));
        assert_eq!(decode("A", plain).as_deref(), Ok(plain.as_bytes()));
    }
}

#[test]
fn base64_is_read_as_real_systems_write_it() {
    for (name, data, expected) in [
        ("Base64", "Zm9vYg", &b"foob"[..]),
        ("Base64", "Zm9vYg=", b"foob"),
        ("base64", "Zm9v", b"foo"),
        ("BASE64", "Zm9v", b"foo"),
        ("B64", "Zm9v", b"foo"),
        ("Base64", " Zm 9v\tYm\nFy ", b"foobar"),
        ("Base64", r"Zm9v\X0D0A\YmFy\X0D\\X0A\", b"foobar"),
        ("Base64", r"Zm9v\.br\YmFy\.br\", b"foobar"),
        ("Base64", r"Zm9vYg=\X0D\=", b"foob"),
        ("Base64", "-_-_", b"\xfb\xff\xbf"),
        ("Base64", "+/+/", b"\xfb\xff\xbf"),
        ("Base64", r"\X2B\/\X2b2F\", b"\xfb\xff\xbf"),
        ("Base64", "data:application/pdf;base64,Zm9v", b"foo"),
        ("Base64", "DATA:;base64,Zm9v", b"foo"),
        ("", "data:application/pdf;base64,Zm9v", b"foo"),
        ("Hex", "66 6f\n6F", b"foo"),
        ("hex", r"66\X0D0A\6F", b"fo"),
        ("A", r"a\T\b\X0D0A\c\.br\d\q\e", b"a&b\r\nc\\.br\\d\\q\\e"),
        ("A", "a&b", b"a&b"),
        ("ASCII", "data:;base64,Zm9v", b"data:;base64,Zm9v"),
    ] {
        assert_eq!(decode(name, data).as_deref(), Ok(expected), "{name}: {data:?}");
    }
}

#[test]
fn malformed_data_fails_where_it_goes_wrong() {
    use ValueErrorKind::{Code, Form, Incomplete, NotValued, Null};
    for (name, data, kind, offset) in [
        ("Base64", "Zm9v*", Form, 4),
        ("Base64", "Z", Incomplete, 1),
        ("Base64", "Zm9vY", Incomplete, 5),
        ("Base64", "Zm9v=", Form, 4),
        ("Base64", "Zg===", Form, 4),
        ("Base64", "Zm8==", Form, 4),
        ("Base64", "Z===", Form, 1),
        ("Base64", "Zg==Zg==", Form, 4),
        ("Base64", "Zm\u{e9}v", Form, 2),
        ("Base64", r"Zm\H\9v", Form, 2),
        ("Base64", r"Zm\Q9v", Form, 2),
        ("Base64", r"Zm\T\9v", Form, 2),
        ("Base64", "data:application/pdf,Zm9v", Form, 4),
        ("Hex", "6", Incomplete, 1),
        ("Hex", "66 6", Incomplete, 4),
        ("Hex", "6g", Form, 1),
        ("Hex", "66=", Form, 2),
        ("Base64", "", NotValued, 0),
        ("Base64", "\"\"", Null, 0),
        ("", "Zm9v", NotValued, 0),
        ("\"\"", "Zm9v", Null, 0),
        ("Base32", "Zm9v", Code, 0),
    ] {
        let error = decode(name, data).expect_err(data);
        assert_eq!((error.kind(), error.offset()), (kind, offset), "{name}: {data:?}");
    }
    let error = decode("Base64", "Zm9v*").expect_err("malformed");
    assert_eq!(error.to_string(), "ED: not in the form of the type (component 5, byte 4)");
}

#[test]
fn what_comes_before_an_error_is_handed_out() {
    let plain: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let content = format!("^AP^PDF^Base64^{}*AAAA", base64(&plain[..99_999]));
    with_field(content.as_bytes(), |field| {
        let data = Ed::of(field).data().expect("data");
        let mut read = Vec::new();
        let mut reader = data.reader();
        let error = reader.read_to_end(&mut read).expect_err("malformed");
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
        assert_eq!(read, plain[..99_999]);
        assert!(reader.read(&mut [0; 8]).is_err(), "the error stays");
        assert!(matches!(reader.read(&mut []), Ok(0)), "no room, no error");
        let inner = error.get_ref().and_then(|error| error.downcast_ref::<ValueError>());
        assert_eq!(inner.map(|error| error.offset()), Some(99_999 / 3 * 4));

        let chunks: Vec<_> = data.chunks().collect();
        let (last, before) = chunks.split_last().expect("chunks");
        assert_eq!(last.as_ref().err().map(|error| error.kind()), Some(ValueErrorKind::Form));
        let joined: Vec<u8> =
            before.iter().flat_map(|chunk| chunk.clone().expect("data")).collect();
        assert_eq!(joined, plain[..99_999]);
    });
}

#[test]
fn a_limit_is_a_limit() {
    with_field(b"^AP^PDF^Base64^Zm9vYmFy", |field| {
        let data = Ed::of(field).data().expect("data");
        assert_eq!(data.to_vec(6).as_deref(), Ok(&b"foobar"[..]));
        let error = data.to_vec(5).expect_err("too long");
        assert_eq!(error.kind(), ValueErrorKind::TooLong);
    });
}

/// Fifty megabytes, in pieces: none is larger than it may be, and what they hold is right.
#[test]
fn a_long_document_is_streamed() {
    const GROUPS: usize = 50 * 1024 * 1024 / 4;
    let mut bytes = b"MSH|^~\\&|A\rOBX|1|ED|1||^AP^PDF^Base64^".to_vec();
    let group = |n: usize| {
        let [_, _, _, _, _, plain @ ..] = n.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes();
        plain
    };
    for n in 0..GROUPS {
        bytes.extend_from_slice(base64_group(group(n)).as_slice());
        // A line end now and then, also in the middle of a chunk.
        if n % 1_000_000 == 18 {
            bytes.extend_from_slice(b"\\X0D0A\\");
        }
    }
    bytes.push(b'\r');
    let message = Message::parse(&bytes).expect("a message");
    let field = message.segment("OBX").expect("a segment").field(5);
    let document: Ed<'_> = field.read().expect("valued");

    let mut expected = (0..GROUPS).flat_map(group);
    let mut len = 0;
    for chunk in document.data().expect("data").chunks() {
        let chunk = chunk.expect("in form");
        assert!(chunk.len() <= Data::CHUNK_LEN && chunk.capacity() <= Data::CHUNK_LEN);
        len += chunk.len();
        assert!(chunk.iter().copied().eq(expected.by_ref().take(chunk.len())), "up to {len}");
    }
    assert_eq!(len, GROUPS * 3);

    let mut reader = document.data().expect("data").reader();
    let read = std::io::copy(&mut reader, &mut std::io::sink()).expect("in form");
    assert_eq!(read, (GROUPS * 3) as u64);
}

fn base64_group([a, b, c]: [u8; 3]) -> [u8; 4] {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let number = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
    [18, 12, 6, 0].map(|shift| ALPHABET[number >> shift & 63])
}

#[test]
fn the_components_may_be_shifted() {
    for (content, media_type, source) in [
        ("LAB^AP^PDF^Base64^Zm9v", Some("application/pdf"), "LAB"),
        ("^application^pdf^Base64^Zm9v", Some("application/pdf"), ""),
        ("^PDF^Application^Base64^Zm9v", Some("application/pdf"), ""),
        ("application^pdf^Base64^Zm9v", Some("application/pdf"), ""),
        ("PDF^Application^Base64^Zm9v", Some("application/pdf"), ""),
        ("AP^PDF^Base64^Zm9v", Some("application/pdf"), ""),
        ("^IM^JPEG^Base64^Zm9v", Some("image/jpeg"), ""),
        ("^image^jpg^Base64^Zm9v", Some("image/jpeg"), ""),
        ("^TEXT^^Base64^Zm9v", Some("text/plain"), ""),
        ("^TEXT^HTML^Base64^Zm9v", Some("text/html"), ""),
        ("^multipart^x-hl7-cda-level-one^Base64^Zm9v", Some("multipart/x-hl7-cda-level-one"), ""),
        ("^^application/pdf^Base64^Zm9v", Some("application/pdf"), ""),
        ("^application/pdf^^Base64^Zm9v", Some("application/pdf"), ""),
        ("^AP^^Base64^Zm9v", None, ""),
        ("^NS^PDF^Base64^Zm9v", None, ""),
        ("^a b^AP^Base64^Zm9v", None, ""),
        ("^^^Base64^Zm9v", None, ""),
    ] {
        with_field(content.as_bytes(), |field| {
            let document = Ed::of(field);
            assert_eq!(document.media_type().as_deref(), media_type, "{content}");
            assert_eq!(document.encoding(), Ok(Encoding::Base64), "{content}");
            assert_eq!(document.source_application().raw().decode(), source, "{content}");
            let data = document.data().and_then(|data| data.to_vec(100));
            assert_eq!(data.as_deref(), Ok(&b"foo"[..]), "{content}");
        });
    }
    // Data that reads like the name of an encoding is still data.
    with_field(b"LAB^AP^PDF^Hex^A", |field| {
        assert_eq!(Ed::of(field).encoding(), Ok(Encoding::Hex))
    });
}

#[test]
fn escapes_for_delimiters_of_the_alphabet_are_resolved() {
    // `/` escapes, `+` separates components: both are digits of Base64.
    let message = Message::parse(b"MSH|+~/&|A\rOBX|1|ED|1||+AP+PDF+Base64+/S//E//S//E/\r");
    let message = message.expect("a message");
    let document: Ed<'_> = message.segment("OBX").expect("OBX").field(5).read().expect("valued");
    let data = document.data().and_then(|data| data.to_vec(100));
    assert_eq!(data.as_deref(), Ok(&b"\xfb\xff\xbf"[..]));
}

#[test]
fn the_document_of_the_test_messages_is_a_pdf() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/messages/mdm_t02_pdf.hl7");
    let bytes = std::fs::read(path).expect("a file");
    let message = Message::parse(&bytes).expect("a message");
    let document: Ed<'_> = message.segment("OBX").expect("OBX").field(5).read().expect("valued");
    assert_eq!(document.media_type().as_deref(), Some("application/pdf"));
    let pdf = document.data().and_then(|data| data.to_vec(1 << 20)).expect("in form");
    assert!(pdf.starts_with(b"%PDF-1.4") && pdf.trim_ascii_end().ends_with(b"%%EOF"));
}

#[test]
fn a_pointer_is_whole_also_where_it_was_not_escaped() {
    with_field(b"https://example.org/?a=1&b=2^VIEWER&1.2.3&ISO^IM^PNG", |field| {
        let pointer: Rp<'_> = field.read().expect("valued");
        assert_eq!(pointer.pointer().decode(), "https://example.org/?a=1&b=2");
        assert_eq!(pointer.application_id().universal_id().decode(), "1.2.3");
        assert_eq!(pointer.media_type().as_deref(), Some("image/png"));
    });
}

proptest! {
    #[test]
    fn base64_comes_back(
        plain in proptest::collection::vec(any::<u8>(), 1..300),
        noise in proptest::collection::vec((0..400usize, 0..5usize), 0..6),
        is_padded in any::<bool>(),
        buffer in 1..40usize,
    ) {
        let mut text = base64(&plain);
        if !is_padded {
            text.truncate(text.trim_end_matches('=').len());
        }
        for (at, what) in noise {
            // Not into a sequence that is there already.
            let at = at.min(text.len());
            if !text[..at].matches('\\').count().is_multiple_of(2) {
                continue;
            }
            text.insert_str(at, [" ", "\n", r"\X0D\", r"\.br\", r"\X0D0A0D0A\"][what]);
        }
        let content = format!("^AP^PDF^Base64^{text}");
        with_field(content.as_bytes(), |field| {
            let data = Ed::of(field).data().expect("data");
            prop_assert_eq!(data.to_vec(usize::MAX), Ok(plain.clone()), "{}", text);
            prop_assert!(plain.len() <= data.max_len());
            prop_assert_eq!(in_pieces(&data, buffer), Ok(plain.clone()), "{}", text);
            Ok(())
        })?;
    }

    #[test]
    fn text_is_what_unescape_gives(
        pieces in proptest::collection::vec(
            prop_oneof![
                Just(r"\"), Just("T"), Just("X"), Just("0D"), Just("4"), Just("H"), Just(".br"),
                Just("P"), Just("C2842"), Just("Z"), Just("abc"), Just("Q"), Just(r"\X4142\"),
                Just(r"\T\"), Just(r"\.sp\"), Just(" "),
            ],
            1..20,
        ),
        buffer in 1..20usize,
    ) {
        let text = pieces.concat();
        let expected = unescape(text.as_bytes(), &Separators::default()).into_owned();
        let content = format!("^TEXT^^A^{text}");
        with_field(content.as_bytes(), |field| {
            let data = Ed::of(field).data().expect("data");
            prop_assert_eq!(data.to_vec(usize::MAX), Ok(expected.clone()), "{}", text);
            prop_assert_eq!(in_pieces(&data, buffer), Ok(expected.clone()), "{}", text);
            Ok(())
        })?;
    }

    #[test]
    fn how_it_is_read_makes_no_difference(
        text in "[A-Da-d0-9=+/ \\\\X.*]{1,60}",
        encoding in prop_oneof![Just("A"), Just("Hex"), Just("Base64")],
        buffer in 1..20usize,
    ) {
        let content = format!("^AP^PDF^{encoding}^{text}");
        with_field(content.as_bytes(), |field| {
            let data = Ed::of(field).data().expect("data");
            let whole = data.to_vec(usize::MAX);
            let chunks: Result<Vec<_>, _> = data.chunks().collect();
            prop_assert_eq!(whole.clone(), chunks.map(|chunks| chunks.concat()));
            prop_assert_eq!(whole, in_pieces(&data, buffer));
            Ok(())
        })?;
    }
}

/// Reads with a buffer of so many bytes.
fn in_pieces(data: &Data<'_>, buffer: usize) -> Result<Vec<u8>, ValueError> {
    let (mut reader, mut read, mut buffer) = (data.reader(), Vec::new(), vec![0; buffer]);
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(read),
            Ok(len) => read.extend_from_slice(&buffer[..len]),
            Err(error) => {
                let inner = error.into_inner().expect("an error of ours");
                return Err(*inner.downcast::<ValueError>().expect("an error of ours"));
            }
        }
    }
}
