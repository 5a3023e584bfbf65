//! Any bytes in any declared set are decoded to UTF-8 or refused, in bounded room; what was decoded
//! is encoded again; ASCII is left alone.

#![no_main]

use bytes::Bytes;
use hl7_parse::{
    Charset, Header, Message, OwnedMessage,
    charset::{EncodeOptions, Unrepresentable, decode},
};
use libfuzzer_sys::fuzz_target;

const LABELS: [Option<&str>; 8] = [
    None,
    Some("utf-8"),
    Some("shift_jis"),
    Some("iso-2022-jp"),
    Some("utf-16"),
    Some("nonsense"),
    Some("us-ascii"),
    Some("gb18030"),
];

fuzz_target!(|input: &[u8]| {
    let Some((choice, bytes)) = input.split_first() else { return };
    let label = LABELS[usize::from(choice % 8)];
    let bytes = Bytes::copy_from_slice(bytes);

    let _ = Header::parse(&bytes).map(|header| header.control_id().decode().len());
    let _ = OwnedMessage::parse_undecoded(bytes.clone());
    if let Ok(message) = Message::parse(&bytes) {
        for leaf in message.leaves() {
            let _ = leaf.value().decode();
        }
    }
    let Ok(decoded) = decode(bytes.clone(), label) else { return };
    assert_eq!(decoded.original, bytes, "what came is there");
    let message = decoded.message.as_message();
    let text = std::str::from_utf8(message.as_bytes()).expect("UTF-8");
    assert!(text.len() <= 3 * bytes.len(), "{} of {}", text.len(), bytes.len());
    for leaf in message.leaves() {
        assert!(leaf.value().to_str().is_ok(), "a leaf that is no UTF-8");
    }
    assert_eq!(decoded.message.charset(), Charset::Utf8);
    let _ = decoded.evidence.disagreements().count();
    if bytes.is_ascii() && !bytes.contains(&0x1B) && !bytes.contains(&b'\\') && !bytes.contains(&0)
    {
        assert_eq!(message.as_bytes(), bytes, "ASCII is left alone");
    }

    if decoded.charset == Charset::EucTw {
        return;
    }
    for unrepresentable in [Unrepresentable::Escape, Unrepresentable::Replace] {
        let options = EncodeOptions::new().unrepresentable(unrepresentable);
        let encoded = options.encode(decoded.message.as_bytes().clone(), decoded.charset);
        let encoded = encoded.expect("everything else has an encoder");
        assert!(decode(encoded, decoded.charset.label()).is_ok(), "still a message");
    }
});
