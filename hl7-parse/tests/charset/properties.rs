//! What holds for any text in any set, and for any bytes.

use std::collections::HashSet;

use bytes::Bytes;
use hl7_parse::{
    Charset, Message,
    charset::{self, EncodeOptions, Unrepresentable},
};
use proptest::prelude::*;

use super::header;

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
