//! Escaped text is one piece and reads back as it was; tokens lose no byte; what is resolved is
//! never longer than what came.

#![no_main]

use hl7_parse::{Message, Separators, escape, unescape};
use libfuzzer_sys::fuzz_target;

const ENCODING_CHARACTERS: [&str; 6] = ["^~\\&", "^~\\&#", "%*/@", "^~\\", "^~", "^"];

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, text)) = bytes.split_first() else { return };
    let characters = ENCODING_CHARACTERS[usize::from(choice % 6)];
    let separators = Separators::new(b'|', characters).expect("usable");

    let escaped = escape(text, &separators);
    let delimiters = [
        Some(separators.field()),
        separators.component(),
        separators.repetition(),
        separators.subcomponent(),
    ];
    for byte in escaped.iter() {
        assert!(!delimiters.contains(&Some(*byte)), "a delimiter is left");
        assert!(!matches!(byte, b'\r' | b'\n' | 0x0B | 0x1B | 0x1C | 0), "a control is left");
    }
    if separators.escape().is_some() {
        assert_eq!(unescape(&escaped, &separators), text, "escaped and resolved");
    }

    let resolved = unescape(text, &separators);
    assert!(resolved.len() <= text.len());
    let again = escape(&resolved, &separators);
    if separators.escape().is_some() {
        assert_eq!(unescape(&again, &separators), resolved, "resolved, escaped and resolved");
    }

    let message = [b"MSH|", characters.as_bytes(), b"|A\rNTE|", text].concat();
    let Ok(message) = Message::parse(&message) else { return };
    for segment in message.segments() {
        for field in segment.fields() {
            let tokens: Vec<u8> =
                field.tokens().flat_map(|token| token.as_bytes().to_vec()).collect();
            assert_eq!(tokens, field.as_bytes(), "tokens are the whole");
            let plain = field.to_plain_text();
            // Commands write 64 KiB of blanks and two for each byte, and a byte may become three.
            assert!(plain.len() <= 64 * 1024 + 5 * field.as_bytes().len(), "{}", plain.len());
            let _ = field.decode();
        }
        for leaf in segment.leaves() {
            let tokens: Vec<u8> =
                leaf.value().tokens().flat_map(|token| token.unescape().into_owned()).collect();
            let is_literal = matches!(segment.id(), "MSH" | "FHS" | "BHS") && leaf.field <= 2;
            if !is_literal {
                assert_eq!(tokens, *unescape(leaf.as_bytes(), &message.separators()));
            }
        }
    }
});
