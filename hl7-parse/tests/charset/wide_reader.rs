//! Files of UTF-16 and UTF-32 are read as UTF-8, in pieces of any size.

use std::io::{self, Read};

use hl7_parse::{
    Charset, Path,
    batch::{PartKind, Reader},
    charset::{self, WideReader},
};
use proptest::prelude::*;

use super::known::{Known, WIDE};

type FromText = fn(&str) -> Vec<u8>;

fn utf_16_le(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn utf_16_be(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

fn utf_32_le(text: &str) -> Vec<u8> {
    text.chars().flat_map(|character| u32::from(character).to_le_bytes()).collect()
}

fn utf_32_be(text: &str) -> Vec<u8> {
    text.chars().flat_map(|character| u32::from(character).to_be_bytes()).collect()
}

const SETS: [(Charset, FromText); 4] = [
    (Charset::Utf16Le, utf_16_le),
    (Charset::Utf16Be, utf_16_be),
    (Charset::Utf32Le, utf_32_le),
    (Charset::Utf32Be, utf_32_be),
];

/// Gives so many bytes at a time, and is interrupted before each.
struct Trickle<'a> {
    rest: &'a [u8],
    size: usize,
    interrupted: bool,
}

impl<'a> Trickle<'a> {
    fn new(rest: &'a [u8], size: usize) -> Self {
        Self { rest, size, interrupted: false }
    }
}

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let size = self.size.min(buffer.len());
        let room = buffer.get_mut(..size).unwrap_or_default();
        self.rest.read(room)
    }
}

fn read(bytes: &[u8], size: usize) -> (String, Option<Charset>, bool) {
    let mut reader = WideReader::new(Trickle::new(bytes, size));
    let mut text = Vec::new();
    reader.read_to_end(&mut text).expect("nothing fails");
    let text = String::from_utf8_lossy(&text).into_owned();
    (text, reader.charset(), reader.is_replaced())
}

#[test]
fn known_texts_are_those_that_decoding_gives() {
    for Known { msh_18, codec, bytes, .. } in WIDE {
        let whole = charset::decode(*bytes, None).expect(codec);
        let expected = std::str::from_utf8(whole.message.as_bytes()).expect("UTF-8").to_owned();
        for size in [1, 3, 5, 1000] {
            assert_eq!(read(bytes, size), (expected.clone(), Some(*msh_18), false), "{codec}");
        }
    }
}

#[test]
fn a_wide_batch_is_cut_into_messages_that_decode() {
    let text = "\u{FEFF}FHS|^~\\&\r\nBHS|^~\\&\r\n\
        MSH|^~\\&|A|||||||1|P|2.5||||||UNICODE UTF-16\r\nPID|||||Zoë^山\r\n\
        MSH|^~\\&|A|||||||2|P|2.5\r\nPID|||||Ж😀\r\nBTS|2\r\nFTS|1\r\n";
    for (charset, encode) in SETS {
        let file = encode(text);
        for size in [1, 7, 4096] {
            let reader = Reader::new(WideReader::new(Trickle::new(&file, size)));
            let mut names = Vec::new();
            for part in reader {
                let part = part.expect("nothing fails");
                assert!(part.faults().is_empty(), "{charset}: {:?}", part.faults());
                if part.kind() == PartKind::Message {
                    let decoded = charset::decode(part.as_bytes().clone(), Some("utf-8"));
                    let message = decoded.expect("a message").message;
                    let name = message.as_message().get(&Path::new("PID-5")).decode().into_owned();
                    names.push(name);
                }
            }
            assert_eq!(names, ["Zoë^山", "Ж😀"], "{charset} by {size}");
        }
    }
}

#[test]
fn other_text_passes_as_it_is() {
    for bytes in [
        &b""[..],
        b"M",
        b"MSH|^~\\&|A\r",
        b"\xEF\xBB\xBFMSH|^~\\&|Zo\xEB\r",
        b"\x0bMSH|^~\\&|A|\x83|\r",
        b"\xFF",
        &[0; 40_000],
    ] {
        for size in [1, 5000] {
            let mut reader = WideReader::new(Trickle::new(bytes, size));
            let mut found = Vec::new();
            reader.read_to_end(&mut found).expect("nothing fails");
            assert_eq!(found, bytes, "{}", bytes.escape_ascii());
            assert_eq!((reader.charset(), reader.is_replaced()), (None, false));
        }
    }
}

#[test]
fn what_is_no_character_is_replaced_and_told() {
    for (bytes, expected) in [
        (&b"M\0S\0\0\xD8|\0"[..], "MS\u{FFFD}|"),
        (b"M\0S\0|", "MS\u{FFFD}"),
        (b"M\0\0\0S\0\0\0\0\xD8\0\0", "MS\u{FFFD}"),
        (b"M\0\0\0S\0\0\0|\0", "MS\u{FFFD}"),
    ] {
        for size in [1, 1000] {
            let (text, _, replaced) = read(bytes, size);
            assert_eq!((text.as_str(), replaced), (expected, true), "{}", bytes.escape_ascii());
        }
    }
}

#[test]
fn an_error_of_the_reader_is_given_on() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
    let bytes = utf_16_le("MSH|^~\\&|A\r");
    let mut reader = WideReader::new((&bytes[..]).chain(Broken));
    let mut found = Vec::new();
    let error = reader.read_to_end(&mut found).expect_err("broken");
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    assert_eq!(found, b"MSH|^~\\&|A\r");
}

proptest! {
    #[test]
    fn any_text_comes_back(
        text in "\\PC{0,50}",
        times in 1..600usize,
        which in 0..SETS.len(),
        marked in any::<bool>(),
        size in 1..9000usize,
    ) {
        let text = format!("MSH|^~\\&|A\r{}", text.repeat(times));
        let (charset, encode) = SETS[which];
        let bytes = match marked {
            true => encode(&format!("\u{FEFF}{text}")),
            false => encode(&text),
        };
        prop_assert_eq!(read(&bytes, size), (text, Some(charset), false));
    }
}
