//! [`Charset`]: a character set, by the names that MSH-18 and HTTP give it.

use std::fmt;

/// A character set: those of Table 0211, and others that senders use.
///
/// ```
/// use hl7_parse::Charset;
///
/// assert_eq!(Charset::from_name(b"8859/1"), Charset::Latin1);
/// assert_eq!(Charset::from_name(b"utf-8"), Charset::Utf8);
/// assert_eq!(Charset::from_name(b""), Charset::Unspecified);
/// assert_eq!(Charset::Latin1.label(), Some("iso-8859-1"));
/// assert_eq!(Charset::Latin1.name(), Some("8859/1"));
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
    /// `windows-874` (Thai), not in the table.
    Windows874,
    /// `windows-1250` (Central European), not in the table.
    Windows1250,
    /// `windows-1251` (Cyrillic), not in the table.
    Windows1251,
    /// `windows-1252` (Western European), not in the table but in use.
    Windows1252,
    /// `windows-1253` (Greek), not in the table.
    Windows1253,
    /// `windows-1254` (Turkish), not in the table.
    Windows1254,
    /// `windows-1255` (Hebrew), not in the table.
    Windows1255,
    /// `windows-1256` (Arabic), not in the table.
    Windows1256,
    /// `windows-1257` (Baltic), not in the table.
    Windows1257,
    /// `windows-1258` (Vietnamese), not in the table.
    Windows1258,
    /// `ISO IR14`, `ISO IR13`: JIS X 0201. 0x5C and 0x7E are read as in ASCII, because they
    /// delimit.
    JisX0201,
    /// `ISO IR87`, `JIS X 0202`, `JAS2020`: ISO-2022-JP.
    Iso2022Jp,
    /// `ISO IR159`: ISO-2022-JP with JIS X 0212.
    Iso2022Jp1,
    /// `Shift_JIS`, not in the table but in use.
    ShiftJis,
    /// `EUC-JP`, not in the table.
    EucJp,
    /// `GB 18030-2000`; its parts GBK and GB 2312 are read as it.
    Gb18030,
    /// `KS X 1001`: EUC-KR, with the extension that windows-949 is.
    EucKr,
    /// `CNS 11643-1992`: EUC-TW. Known by name; there is no decoder for it.
    EucTw,
    /// `BIG-5`.
    Big5,
    /// `UNICODE UTF-8`, `UNICODE`.
    Utf8,
    /// `UNICODE UTF-16`, in an order of bytes that the bytes show.
    Utf16,
    /// UTF-16, high byte first.
    Utf16Be,
    /// UTF-16, low byte first.
    Utf16Le,
    /// `UNICODE UTF-32`, in an order of bytes that the bytes show.
    Utf32,
    /// UTF-32, high byte first.
    Utf32Be,
    /// UTF-32, low byte first.
    Utf32Le,
    /// A name that is none of these. Decoded like [`Charset::Unspecified`].
    Unknown,
}

/// The longest name, after what does not count is taken out.
const MAX_NAME_LEN: usize = 24;

impl Charset {
    /// The set that a value of MSH-18 names (Table 0211). Letter case, blanks, `_`, `-` and `/`
    /// do not count, and `ISO` may stand before or not: `ISO-8859-1` is `8859/1`.
    ///
    /// ```
    /// use hl7_parse::Charset;
    ///
    /// assert_eq!(Charset::from_name(b"UNICODE_UTF-8"), Charset::Utf8);
    /// assert_eq!(Charset::from_name(b"ISO IR87"), Charset::Iso2022Jp);
    /// assert_eq!(Charset::from_name(b"ISO IR 999"), Charset::Unknown);
    /// ```
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
        match folded.get(..len).unwrap_or_default() {
            [] => Self::Unspecified,
            [b'I', b'S', b'O', rest @ ..] => Self::from_folded(rest),
            folded => Self::from_folded(folded),
        }
    }

    /// The set that the charset parameter of an HTTP content type names. Blanks and quotation
    /// marks around it do not count; names of MSH-18 are taken as well.
    ///
    /// ```
    /// use hl7_parse::Charset;
    ///
    /// assert_eq!(Charset::from_label("\"Windows-1252\""), Charset::Windows1252);
    /// assert_eq!(Charset::from_label("utf-16le"), Charset::Utf16Le);
    /// ```
    #[must_use]
    pub fn from_label(label: &str) -> Self {
        let label = label.trim().trim_matches('"').trim();
        let is = |name| label.eq_ignore_ascii_case(name);
        // A label names the order of bytes; a name of Table 0211 does not.
        if is("utf-16le") {
            Self::Utf16Le
        } else if is("utf-16be") {
            Self::Utf16Be
        } else if is("utf-32le") {
            Self::Utf32Le
        } else if is("utf-32be") {
            Self::Utf32Be
        } else {
            Self::from_name(label.as_bytes())
        }
    }

    fn from_folded(name: &[u8]) -> Self {
        match name {
            b"ASCII" | b"USASCII" | b"IR6" | b"646US" | b"646" | b"ANSIX3.41968" => Self::Ascii,
            b"UNICODEUTF8" | b"UTF8" | b"UNICODE" | b"UNICODE11UTF8" | b"CP65001" => Self::Utf8,
            b"88591" | b"LATIN1" | b"L1" | b"IR100" | b"CP819" | b"IBM819" => Self::Latin1,
            b"88592" | b"LATIN2" | b"L2" | b"IR101" => Self::Latin2,
            b"88593" | b"LATIN3" | b"L3" | b"IR109" => Self::Latin3,
            b"88594" | b"LATIN4" | b"L4" | b"IR110" => Self::Latin4,
            b"88595" | b"CYRILLIC" | b"IR144" => Self::Cyrillic,
            b"88596" | b"ARABIC" | b"IR127" => Self::Arabic,
            b"88597" | b"GREEK" | b"IR126" => Self::Greek,
            b"88598" | b"88598I" | b"88598E" | b"HEBREW" | b"IR138" => Self::Hebrew,
            b"88599" | b"LATIN5" | b"L5" | b"IR148" => Self::Latin5,
            b"885915" | b"LATIN9" | b"L9" | b"IR203" => Self::Latin9,
            b"WINDOWS874" | b"CP874" | b"WIN874" | b"TIS620" | b"885911" => Self::Windows874,
            b"WINDOWS1250" | b"CP1250" | b"WIN1250" | b"XCP1250" => Self::Windows1250,
            b"WINDOWS1251" | b"CP1251" | b"WIN1251" | b"XCP1251" => Self::Windows1251,
            b"WINDOWS1252" | b"CP1252" | b"WIN1252" | b"XCP1252" | b"ANSI" => Self::Windows1252,
            b"WINDOWS1253" | b"CP1253" | b"WIN1253" | b"XCP1253" => Self::Windows1253,
            b"WINDOWS1254" | b"CP1254" | b"WIN1254" | b"XCP1254" => Self::Windows1254,
            b"WINDOWS1255" | b"CP1255" | b"WIN1255" | b"XCP1255" => Self::Windows1255,
            b"WINDOWS1256" | b"CP1256" | b"WIN1256" | b"XCP1256" => Self::Windows1256,
            b"WINDOWS1257" | b"CP1257" | b"WIN1257" | b"XCP1257" => Self::Windows1257,
            b"WINDOWS1258" | b"CP1258" | b"WIN1258" | b"XCP1258" => Self::Windows1258,
            b"IR14" | b"IR13" | b"JISX0201" => Self::JisX0201,
            b"IR87" | b"2022JP" | b"CSISO2022JP" | b"JISX0202" | b"JISX0208" | b"JAS2020"
            | b"JIS" => Self::Iso2022Jp,
            b"IR159" | b"2022JP1" | b"2022JP2" | b"JISX0212" => Self::Iso2022Jp1,
            b"SHIFTJIS" | b"SJIS" | b"XSJIS" | b"CSSHIFTJIS" | b"MSKANJI" | b"WINDOWS31J"
            | b"MS932" | b"CP932" => Self::ShiftJis,
            b"EUCJP" | b"XEUCJP" | b"UJIS" => Self::EucJp,
            b"GB180302000" | b"GB180302005" | b"GB18030" | b"GBK" | b"XGBK" | b"GB2312"
            | b"GB231280" | b"EUCCN" | b"CP936" | b"MS936" => Self::Gb18030,
            b"KSX1001" | b"KSX10011992" | b"KSC5601" | b"KSC56011987" | b"EUCKR" | b"IR149"
            | b"UHC" | b"WINDOWS949" | b"MS949" | b"CP949" => Self::EucKr,
            b"CNS116431992" | b"CNS11643" | b"EUCTW" | b"XEUCTW" => Self::EucTw,
            b"BIG5" | b"BIG5HKSCS" | b"CNBIG5" | b"XXBIG5" | b"CSBIG5" | b"MS950" | b"CP950" => {
                Self::Big5
            }
            b"UNICODEUTF16" | b"UTF16" | b"UTF16LE" | b"UTF16BE" | b"UCS2" | b"10646UCS2" => {
                Self::Utf16
            }
            b"UNICODEUTF32" | b"UTF32" | b"UTF32LE" | b"UTF32BE" | b"UCS4" | b"10646UCS4" => {
                Self::Utf32
            }
            _ => Self::Unknown,
        }
    }

    /// The set with this number, as `as u8` gives it.
    #[cfg(feature = "serde")]
    pub(crate) fn from_number(number: u8) -> Self {
        let sets = NAMED.iter().copied().chain([Self::Unspecified]);
        sets.into_iter().find(|set| *set as u8 == number).unwrap_or(Self::Unknown)
    }

    /// The name that MSH-18 gives it: of Table 0211 where that has one, else the label that
    /// senders use there. `None` where nothing, or nothing known, is declared.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::Ascii => "ASCII",
            Self::Latin1 => "8859/1",
            Self::Latin2 => "8859/2",
            Self::Latin3 => "8859/3",
            Self::Latin4 => "8859/4",
            Self::Cyrillic => "8859/5",
            Self::Arabic => "8859/6",
            Self::Greek => "8859/7",
            Self::Hebrew => "8859/8",
            Self::Latin5 => "8859/9",
            Self::Latin9 => "8859/15",
            Self::JisX0201 => "ISO IR14",
            Self::Iso2022Jp => "ISO IR87",
            Self::Iso2022Jp1 => "ISO IR159",
            Self::Gb18030 => "GB 18030-2000",
            Self::EucKr => "KS X 1001",
            Self::EucTw => "CNS 11643-1992",
            Self::Big5 => "BIG-5",
            Self::Utf8 => "UNICODE UTF-8",
            Self::Utf16 | Self::Utf16Be | Self::Utf16Le => "UNICODE UTF-16",
            Self::Utf32 | Self::Utf32Be | Self::Utf32Le => "UNICODE UTF-32",
            _ => return self.label(),
        })
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
            Self::Windows874 => "windows-874",
            Self::Windows1250 => "windows-1250",
            Self::Windows1251 => "windows-1251",
            Self::Windows1252 => "windows-1252",
            Self::Windows1253 => "windows-1253",
            Self::Windows1254 => "windows-1254",
            Self::Windows1255 => "windows-1255",
            Self::Windows1256 => "windows-1256",
            Self::Windows1257 => "windows-1257",
            Self::Windows1258 => "windows-1258",
            Self::JisX0201 | Self::ShiftJis => "shift_jis",
            Self::Iso2022Jp => "iso-2022-jp",
            Self::Iso2022Jp1 => "iso-2022-jp-1",
            Self::EucJp => "euc-jp",
            Self::Gb18030 => "gb18030",
            Self::EucKr => "euc-kr",
            Self::EucTw => "euc-tw",
            Self::Big5 => "big5",
            Self::Utf8 => "utf-8",
            Self::Utf16 => "utf-16",
            Self::Utf16Be => "utf-16be",
            Self::Utf16Le => "utf-16le",
            Self::Utf32 => "utf-32",
            Self::Utf32Be => "utf-32be",
            Self::Utf32Le => "utf-32le",
        })
    }

    /// Whether text in this set has to be decoded before it is split at delimiters: a byte
    /// that equals one may be half of a character.
    ///
    /// [`crate::Message::parse`] answers [`crate::ParseErrorKind::NeedsDecoding`] to such text.
    ///
    /// ```
    /// use hl7_parse::Charset;
    ///
    /// assert!(Charset::from_name(b"SHIFT_JIS").needs_decoding());
    /// assert!(!Charset::from_name(b"8859/1").needs_decoding());
    /// ```
    #[must_use]
    pub fn needs_decoding(self) -> bool {
        self.is_wide() || self.collides()
    }

    /// UTF-16 and UTF-32: not even MSH is ASCII.
    pub(crate) fn is_wide(self) -> bool {
        matches!(
            self,
            Self::Utf16
                | Self::Utf16Be
                | Self::Utf16Le
                | Self::Utf32
                | Self::Utf32Be
                | Self::Utf32Le
        )
    }

    /// MSH is ASCII, but later bytes may equal delimiters and be none.
    pub(crate) fn collides(self) -> bool {
        self.has_colliding_pairs() || self.is_iso_2022_jp()
    }

    /// The second byte of a character may equal a delimiter.
    pub(crate) fn has_colliding_pairs(self) -> bool {
        matches!(self, Self::ShiftJis | Self::Gb18030 | Self::Big5)
    }

    /// Of text beyond ASCII this tells nothing, or half-width katakana alone.
    pub(crate) fn says_little(self) -> bool {
        matches!(self, Self::Unspecified | Self::Ascii | Self::Unknown | Self::JisX0201)
    }

    pub(crate) fn is_iso_2022_jp(self) -> bool {
        matches!(self, Self::Iso2022Jp | Self::Iso2022Jp1)
    }

    /// One byte for a character.
    #[cfg(feature = "charset")]
    pub(crate) fn is_single_byte(self) -> bool {
        matches!(self, Self::Latin1 | Self::Latin5 | Self::JisX0201)
            || self.encoding().is_some_and(encoding_rs::Encoding::is_single_byte)
    }

    /// More than one byte for a character, reached by a designation of ISO 2022.
    pub(crate) fn is_multi_byte_of_iso_2022(self) -> bool {
        self.is_iso_2022_jp()
            || matches!(
                self,
                Self::ShiftJis | Self::EucJp | Self::Gb18030 | Self::EucKr | Self::EucTw
            )
    }
}

/// The label, or that there is none.
impl fmt::Display for Charset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unspecified => "no declared character set",
            Self::Unknown => "an unknown character set",
            known => known.label().unwrap_or_default(),
        })
    }
}

/// Every set that has a name.
#[cfg(any(test, feature = "serde"))]
pub(crate) const NAMED: &[Charset] = &[
    Charset::Ascii,
    Charset::Latin1,
    Charset::Latin2,
    Charset::Latin3,
    Charset::Latin4,
    Charset::Cyrillic,
    Charset::Arabic,
    Charset::Greek,
    Charset::Hebrew,
    Charset::Latin5,
    Charset::Latin9,
    Charset::Windows874,
    Charset::Windows1250,
    Charset::Windows1251,
    Charset::Windows1252,
    Charset::Windows1253,
    Charset::Windows1254,
    Charset::Windows1255,
    Charset::Windows1256,
    Charset::Windows1257,
    Charset::Windows1258,
    Charset::JisX0201,
    Charset::Iso2022Jp,
    Charset::Iso2022Jp1,
    Charset::ShiftJis,
    Charset::EucJp,
    Charset::Gb18030,
    Charset::EucKr,
    Charset::EucTw,
    Charset::Big5,
    Charset::Utf8,
    Charset::Utf16,
    Charset::Utf16Be,
    Charset::Utf16Le,
    Charset::Utf32,
    Charset::Utf32Be,
    Charset::Utf32Le,
];

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    #[cfg(feature = "serde")]
    #[test]
    fn sets_come_back_from_their_numbers() {
        for number in 0..=Charset::Unknown as u8 {
            assert_eq!(Charset::from_number(number) as u8, number);
        }
    }

    #[test]
    fn every_name_of_table_0211_is_known() {
        for (name, expected) in [
            ("", Charset::Unspecified),
            ("ASCII", Charset::Ascii),
            ("ISO IR6", Charset::Ascii),
            ("8859/1", Charset::Latin1),
            ("8859/2", Charset::Latin2),
            ("8859/3", Charset::Latin3),
            ("8859/4", Charset::Latin4),
            ("8859/5", Charset::Cyrillic),
            ("8859/6", Charset::Arabic),
            ("8859/7", Charset::Greek),
            ("8859/8", Charset::Hebrew),
            ("8859/9", Charset::Latin5),
            ("8859/15", Charset::Latin9),
            ("ISO IR14", Charset::JisX0201),
            ("ISO IR13", Charset::JisX0201),
            ("ISO IR87", Charset::Iso2022Jp),
            ("ISO IR159", Charset::Iso2022Jp1),
            ("GB 18030-2000", Charset::Gb18030),
            ("KS X 1001", Charset::EucKr),
            ("CNS 11643-1992", Charset::EucTw),
            ("BIG-5", Charset::Big5),
            ("UNICODE", Charset::Utf8),
            ("UNICODE UTF-8", Charset::Utf8),
            ("UNICODE UTF-16", Charset::Utf16),
            ("UNICODE UTF-32", Charset::Utf32),
            ("JAS2020", Charset::Iso2022Jp),
            ("JIS X 0202", Charset::Iso2022Jp),
        ] {
            assert_eq!(Charset::from_name(name.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn names_of_the_wild_are_known() {
        for (name, expected) in [
            ("ISO-8859-15", Charset::Latin9),
            ("ISO8859_1", Charset::Latin1),
            ("8859-1", Charset::Latin1),
            ("UTF8", Charset::Utf8),
            ("UNICODE_UTF-8", Charset::Utf8),
            ("WINDOWS-1252", Charset::Windows1252),
            ("windows-1251", Charset::Windows1251),
            ("x-sjis", Charset::ShiftJis),
            ("GB2312", Charset::Gb18030),
            ("ks_c_5601-1987", Charset::EucKr),
            (" - ", Charset::Unspecified),
            ("ISO", Charset::Unknown),
            ("8859", Charset::Unknown),
            ("ISO IR 999", Charset::Unknown),
            ("a name that is much longer than any name", Charset::Unknown),
        ] {
            assert_eq!(Charset::from_name(name.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn what_a_set_is_called_leads_back_to_it() {
        for charset in NAMED {
            let (name, label) =
                (charset.name().expect("a name"), charset.label().expect("a label"));
            let of_the_label = match charset {
                Charset::JisX0201 => Charset::ShiftJis,
                charset => *charset,
            };
            assert_eq!(Charset::from_label(label), of_the_label, "{label}");
            let without_order = match charset {
                Charset::Utf16Be | Charset::Utf16Le => Charset::Utf16,
                Charset::Utf32Be | Charset::Utf32Le => Charset::Utf32,
                charset => *charset,
            };
            assert_eq!(Charset::from_name(name.as_bytes()), without_order, "{name}");
            assert_eq!(charset.to_string(), label);
        }
    }
}
