//! Text that changes its character set on the way.

use hl7_parse::{Charset, Message, ParseErrorKind, charset};

use super::{NAME, decode, header, name_in};

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
            let bytes = [start.as_bytes(), b"PID|||||", raw, b"^\xEB|\xEB\rNTE|\xEB\r"].concat();
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
            [header("~KS X 1001", "ISO 2022-1994").as_bytes(), b"PID|||||", name, b"\r"].concat();
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
