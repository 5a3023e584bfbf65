//! Looks at the bytes of a body: MLLP bytes around it, and the character set it claims or may claim.

use bytes::Bytes;
use hl7_parse::{Charset, Header};
#[cfg(any(feature = "charset", feature = "client"))]
use hl7_parse::{Editor, OwnedMessage, Path};
use http::HeaderValue;

use crate::dialect::CharsetRule;

const START_BLOCK: u8 = 0x0B;
const END_BLOCK: u8 = 0x1C;

/// The body without the MLLP bytes that some senders leave around it. Copies nothing.
pub(crate) fn unframed(body: &Bytes) -> Bytes {
    let mut content: &[u8] = body;
    content = content.strip_prefix(&[START_BLOCK]).unwrap_or(content);
    let end = content.trim_ascii_end();
    content = end.strip_suffix(&[END_BLOCK]).unwrap_or(content);
    body.slice_ref(content)
}

/// The message with this name in MSH-18 (its first repetition), and all other bytes as they are;
/// `None` where that can not be written.
#[cfg(any(feature = "charset", feature = "client"))]
pub(crate) fn declaring(message: &OwnedMessage, name: &str) -> Option<OwnedMessage> {
    let view = message.as_message();
    let mut editor = Editor::new(&view);
    editor.keep_line_ends().set(const { &Path::new("MSH-18") }, name);
    editor.finish().ok()
}

/// The charset parameter under which these bytes may be sent, if any is true.
///
/// MSH-18 (Table 0211) decides when it names a set; `utf-8` and `us-ascii` are claimed only of
/// bytes that are so, and UTF-16 and UTF-32 never, because the bytes are ASCII where MSH was read.
pub(crate) fn charset_label(content: &[u8]) -> Option<&'static str> {
    let charset = Header::parse(content).map_or(Charset::Unspecified, |header| header.charset());
    match charset {
        Charset::Ascii if content.is_ascii() => charset.label(),
        Charset::Ascii | Charset::Unspecified | Charset::Unknown | Charset::Utf8 => {
            std::str::from_utf8(content).is_ok().then_some("utf-8")
        }
        Charset::Utf16 | Charset::Utf32 => None,
        named => named.label(),
    }
}

/// The value of Content-Type for these bytes. `None` only for a type no header can hold.
pub(crate) fn content_type(
    essence: &str,
    rule: CharsetRule,
    content: &[u8],
) -> Option<HeaderValue> {
    let label = match rule {
        CharsetRule::WhenTrue => charset_label(content),
        CharsetRule::Always => charset_label(content).or(Some("iso-8859-1")),
        CharsetRule::Utf8WhenTrue => std::str::from_utf8(content).is_ok().then_some("utf-8"),
        CharsetRule::Never => None,
    };
    match label {
        Some(label) => HeaderValue::try_from([essence, "; charset=", label].concat()).ok(),
        None => HeaderValue::try_from(essence).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mllp_bytes_are_taken_off_and_nothing_else() {
        for (body, content) in [
            ("MSH|^~\\&\r", "MSH|^~\\&\r"),
            ("\x0bMSH|^~\\&\r\x1c\r", "MSH|^~\\&\r"),
            ("\x0bMSH|^~\\&\r\x1c\r\n", "MSH|^~\\&\r"),
            ("\x0bMSH|^~\\&\r\x1c", "MSH|^~\\&\r"),
            ("\x0bMSH|^~\\&\r", "MSH|^~\\&\r"),
            ("MSH|^~\\&\r\x1c\r", "MSH|^~\\&\r"),
            ("MSH|^~\\&|\x1c|\x0b\r\r\n ", "MSH|^~\\&|\x1c|\x0b\r\r\n "),
            ("\x0b\x1c\r", ""),
            ("\x0b", ""),
            ("", ""),
        ] {
            assert_eq!(unframed(&Bytes::from(body)), content, "{body:?}");
        }
    }

    #[test]
    fn a_charset_is_claimed_only_when_it_is_true() {
        let latin = |msh_18: &str, name: &[u8]| {
            let mut bytes = format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5||||||{msh_18}\rPID|||||")
                .into_bytes();
            bytes.extend_from_slice(name);
            bytes.push(b'\r');
            bytes
        };
        for (msh_18, name, expected) in [
            ("", &b"Muster"[..], Some("utf-8")),
            ("", "Müster".as_bytes(), Some("utf-8")),
            ("", b"M\xfcster", None),
            ("UNICODE UTF-8", "Müster".as_bytes(), Some("utf-8")),
            ("UTF-8", "Müster".as_bytes(), Some("utf-8")),
            ("UNICODE UTF-8", b"M\xfcster", None),
            ("8859/1", b"M\xfcster", Some("iso-8859-1")),
            ("8859/15", b"M\xfcster", Some("iso-8859-15")),
            ("8859/1~UNICODE UTF-8", b"M\xfcster", Some("iso-8859-1")),
            ("ASCII", b"Muster", Some("us-ascii")),
            ("ASCII", "Müster".as_bytes(), Some("utf-8")),
            ("ASCII", b"M\xfcster", None),
            ("UNICODE UTF-16", b"Muster", None),
            ("OTHER", b"Muster", Some("utf-8")),
            ("OTHER", b"M\xfcster", None),
        ] {
            assert_eq!(charset_label(&latin(msh_18, name)), expected, "{msh_18:?} {name:?}");
        }
        assert_eq!(charset_label(b"BHS|^~\\&\r"), Some("utf-8"), "a batch header has no MSH-18");
        assert_eq!(charset_label(b""), Some("utf-8"));
    }

    #[test]
    fn every_rule_declares_what_it_says() {
        use CharsetRule as R;

        let latin = "MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5||||||8859/1\rPID|||||M\u{fc}ster\r";
        let latin: Vec<u8> = latin.chars().map(|character| character as u8).collect();
        let unnamed = b"MSH|^~\\&|A\rPID|||||M\xfcster\r";
        let ascii = b"MSH|^~\\&|A\rPID|||||Muster\r";
        let one = "text/plain; charset=iso-8859-1";
        let utf_8 = "text/plain; charset=utf-8";
        for (rule, content, expected) in [
            (R::WhenTrue, &latin[..], one),
            (R::WhenTrue, unnamed, "text/plain"),
            (R::WhenTrue, ascii, utf_8),
            (R::Always, &latin, one),
            (R::Always, unnamed, one),
            (R::Always, ascii, utf_8),
            (R::Utf8WhenTrue, &latin, "text/plain"),
            (R::Utf8WhenTrue, unnamed, "text/plain"),
            (R::Utf8WhenTrue, ascii, utf_8),
            (R::Never, &latin, "text/plain"),
            (R::Never, ascii, "text/plain"),
        ] {
            let found = content_type("text/plain", rule, content).unwrap();
            assert_eq!(found, expected, "{rule:?} {content:?}");
        }
    }
}
