//! [`Charset`]: what MSH-18 declares the text to be written in.

use std::borrow::Cow;

/// A character set of Table 0211, by the name MSH-18 gives it or an alias seen in practice.
///
/// ```
/// use hl7_parse::Charset;
///
/// assert_eq!(Charset::from_name(b"8859/1"), Charset::Latin1);
/// assert_eq!(Charset::from_name(b"utf-8"), Charset::Utf8);
/// assert_eq!(Charset::from_name(b""), Charset::Unspecified);
/// assert_eq!(Charset::Latin1.label(), Some("iso-8859-1"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Charset {
    /// MSH-18 is empty: ASCII by the standard. Decoded as UTF-8 where the bytes are, else as
    /// windows-1252, the usual set of senders that do not say.
    Unspecified,
    /// `ASCII`, `ISO IR6`. Decoded like [`Charset::Unspecified`].
    Ascii,
    /// `8859/1`. Decoded byte by byte to the code point of the same number.
    Latin1,
    /// `8859/2`.
    Latin2,
    /// `8859/3`.
    Latin3,
    /// `8859/4`.
    Latin4,
    /// `8859/5`.
    Cyrillic,
    /// `8859/6`.
    Arabic,
    /// `8859/7`.
    Greek,
    /// `8859/8`.
    Hebrew,
    /// `8859/9`.
    Latin5,
    /// `8859/15`.
    Latin9,
    /// `windows-1252`, not in the table but in use.
    Windows1252,
    /// `ISO IR14`, `ISO IR13`: JIS X 0201.
    JisX0201,
    /// `ISO IR87`, `JIS X 0202`, `JAS2020`: ISO-2022-JP.
    Iso2022Jp,
    /// `ISO IR159`: ISO-2022-JP with JIS X 0212.
    Iso2022Jp1,
    /// `Shift_JIS`, not in the table but in use.
    ShiftJis,
    /// `GB 18030-2000`.
    Gb18030,
    /// `KS X 1001`: EUC-KR.
    EucKr,
    /// `CNS 11643-1992`: EUC-TW.
    EucTw,
    /// `BIG-5`.
    Big5,
    /// `UNICODE UTF-8`, `UNICODE`.
    Utf8,
    /// `UNICODE UTF-16`.
    Utf16,
    /// `UNICODE UTF-32`.
    Utf32,
    /// A name that is none of these. Decoded like [`Charset::Unspecified`].
    Unknown,
}

/// Names without blanks, `_`, `-` and `/`, in upper case.
const NAMES: &[(&str, Charset)] = &[
    ("ASCII", Charset::Ascii),
    ("USASCII", Charset::Ascii),
    ("ISOIR6", Charset::Ascii),
    ("88591", Charset::Latin1),
    ("LATIN1", Charset::Latin1),
    ("ISOIR100", Charset::Latin1),
    ("88592", Charset::Latin2),
    ("88593", Charset::Latin3),
    ("88594", Charset::Latin4),
    ("88595", Charset::Cyrillic),
    ("88596", Charset::Arabic),
    ("88597", Charset::Greek),
    ("88598", Charset::Hebrew),
    ("88599", Charset::Latin5),
    ("885915", Charset::Latin9),
    ("WINDOWS1252", Charset::Windows1252),
    ("CP1252", Charset::Windows1252),
    ("ISOIR14", Charset::JisX0201),
    ("ISOIR13", Charset::JisX0201),
    ("ISOIR87", Charset::Iso2022Jp),
    ("ISO2022JP", Charset::Iso2022Jp),
    ("JISX0202", Charset::Iso2022Jp),
    ("JAS2020", Charset::Iso2022Jp),
    ("ISOIR159", Charset::Iso2022Jp1),
    ("SHIFTJIS", Charset::ShiftJis),
    ("SJIS", Charset::ShiftJis),
    ("WINDOWS31J", Charset::ShiftJis),
    ("MS932", Charset::ShiftJis),
    ("GB180302000", Charset::Gb18030),
    ("GB18030", Charset::Gb18030),
    ("GBK", Charset::Gb18030),
    ("GB2312", Charset::Gb18030),
    ("KSX1001", Charset::EucKr),
    ("EUCKR", Charset::EucKr),
    ("CNS116431992", Charset::EucTw),
    ("EUCTW", Charset::EucTw),
    ("BIG5", Charset::Big5),
    ("UNICODE", Charset::Utf8),
    ("UNICODEUTF8", Charset::Utf8),
    ("UTF8", Charset::Utf8),
    ("UNICODEUTF16", Charset::Utf16),
    ("UTF16", Charset::Utf16),
    ("UNICODEUTF32", Charset::Utf32),
    ("UTF32", Charset::Utf32),
];

/// The longest name after what does not count is taken out, with room for the `ISO` some write
/// before the number.
const MAX_NAME_LEN: usize = 20;

impl Charset {
    /// The set that a value of MSH-18 names (Table 0211). Letter case, blanks, `_`, `-` and `/`
    /// do not count, and `ISO` may stand before a number: `ISO-8859-1` is `8859/1`.
    #[must_use]
    pub fn from_name(name: &[u8]) -> Self {
        if name.is_empty() {
            return Self::Unspecified;
        }
        let mut folded = [0u8; MAX_NAME_LEN];
        let mut len = 0;
        for byte in name.iter().filter(|byte| !matches!(byte, b' ' | b'_' | b'-' | b'/')) {
            let Some(slot) = folded.get_mut(len) else { return Self::Unknown };
            *slot = byte.to_ascii_uppercase();
            len += 1;
        }
        let folded = folded.get(..len).unwrap_or_default();
        if folded.is_empty() {
            return Self::Unspecified;
        }
        let find = |wanted: &[u8]| {
            NAMES.iter().find(|(name, _)| name.as_bytes() == wanted).map(|(_, charset)| *charset)
        };
        find(folded).or_else(|| find(folded.strip_prefix(b"ISO")?)).unwrap_or(Self::Unknown)
    }

    /// The set with this number, as `as u8` gives it.
    #[cfg(feature = "serde")]
    pub(crate) fn from_number(number: u8) -> Self {
        let named = NAMES.iter().map(|(_, charset)| *charset);
        named.chain([Self::Unspecified]).find(|one| *one as u8 == number).unwrap_or(Self::Unknown)
    }

    /// The name that MIME and HTTP use; `None` where nothing, or nothing known, is declared.
    #[must_use]
    pub fn label(self) -> Option<&'static str> {
        Some(match self {
            Self::Unspecified | Self::Unknown => return None,
            Self::Ascii => "us-ascii",
            Self::Latin1 => "iso-8859-1",
            Self::Latin2 => "iso-8859-2",
            Self::Latin3 => "iso-8859-3",
            Self::Latin4 => "iso-8859-4",
            Self::Cyrillic => "iso-8859-5",
            Self::Arabic => "iso-8859-6",
            Self::Greek => "iso-8859-7",
            Self::Hebrew => "iso-8859-8",
            Self::Latin5 => "iso-8859-9",
            Self::Latin9 => "iso-8859-15",
            Self::Windows1252 => "windows-1252",
            Self::JisX0201 | Self::ShiftJis => "shift_jis",
            Self::Iso2022Jp => "iso-2022-jp",
            Self::Iso2022Jp1 => "iso-2022-jp-1",
            Self::Gb18030 => "gb18030",
            Self::EucKr => "euc-kr",
            Self::EucTw => "euc-tw",
            Self::Big5 => "big5",
            Self::Utf8 => "utf-8",
            Self::Utf16 => "utf-16",
            Self::Utf32 => "utf-32",
        })
    }

    /// Turns bytes into text.
    ///
    /// UTF-8 stays UTF-8, what is not decodes with U+FFFD; 8859/1 and windows-1252 are read as
    /// such. Every other set is read as UTF-8 if the bytes are that, else as windows-1252.
    pub(crate) fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        match self {
            Self::Latin1 if !bytes.is_ascii() => {
                bytes.iter().copied().map(char::from).collect::<String>().into()
            }
            Self::Windows1252 if !bytes.is_ascii() => windows_1252(bytes).into(),
            Self::Utf8 => String::from_utf8_lossy(bytes),
            _ => match std::str::from_utf8(bytes) {
                Ok(text) => text.into(),
                Err(_) => windows_1252(bytes).into(),
            },
        }
    }
}

/// The code points of 0x80 to 0x9F; the five bytes not assigned keep their number.
const WINDOWS_1252_80_TO_9F: &str = "\u{20AC}\u{81}\u{201A}\u{0192}\u{201E}\u{2026}\u{2020}\u{2021}\
     \u{02C6}\u{2030}\u{0160}\u{2039}\u{0152}\u{8D}\u{017D}\u{8F}\
     \u{90}\u{2018}\u{2019}\u{201C}\u{201D}\u{2022}\u{2013}\u{2014}\
     \u{02DC}\u{2122}\u{0161}\u{203A}\u{0153}\u{9D}\u{017E}\u{0178}";

fn windows_1252(bytes: &[u8]) -> String {
    let decoded = |byte: u8| match byte {
        0x80..=0x9F => {
            WINDOWS_1252_80_TO_9F.chars().nth(usize::from(byte - 0x80)).unwrap_or(char::from(byte))
        }
        _ => char::from(byte),
    };
    bytes.iter().copied().map(decoded).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_table_and_of_the_wild_are_known() {
        for (name, expected) in [
            ("8859/15", Charset::Latin9),
            ("ISO-8859-15", Charset::Latin9),
            ("ISO8859_1", Charset::Latin1),
            ("8859-1", Charset::Latin1),
            ("UNICODE UTF-8", Charset::Utf8),
            ("UNICODE_UTF-8", Charset::Utf8),
            ("ISO IR87", Charset::Iso2022Jp),
            ("GB 18030-2000", Charset::Gb18030),
            ("WINDOWS-1252", Charset::Windows1252),
            ("ISO IR 999", Charset::Unknown),
            ("a name that is much longer than any name", Charset::Unknown),
        ] {
            assert_eq!(Charset::from_name(name.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn every_name_in_the_table_fits_the_limit() {
        for (name, _) in NAMES {
            assert!(name.len() + "ISO".len() <= MAX_NAME_LEN, "{name}");
        }
    }

    #[test]
    fn bytes_become_text_by_the_declared_set() {
        assert_eq!(Charset::Latin1.decode(b"Ren\xE9\x80"), "Ren\u{e9}\u{80}");
        assert_eq!(Charset::Windows1252.decode(b"\x80\x9F\xE9"), "\u{20ac}\u{178}\u{e9}");
        assert_eq!(Charset::Unspecified.decode("René".as_bytes()), "René");
        assert_eq!(Charset::Unspecified.decode(b"Ren\xE9\x80"), "Ren\u{e9}\u{20ac}");
        assert_eq!(Charset::Utf8.decode(b"Ren\xE9"), "Ren\u{fffd}");
    }
}
