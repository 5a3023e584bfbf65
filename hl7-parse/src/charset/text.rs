//! Turns bytes in one character set into text.

use std::borrow::Cow;

use crate::Charset;

/// Text, and whether bytes that are not of the set became U+FFFD in it.
pub(crate) type Read<'a> = (Cow<'a, str>, bool);

impl Charset {
    /// Turns bytes into text.
    ///
    /// Where nothing usable is declared: UTF-8 if the bytes are that, else windows-1252. Of a
    /// set that has no decoder in this build each byte above 0x7F is U+FFFD.
    pub(crate) fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        self.read(bytes, Self::Windows1252).0
    }

    /// The same, with another set for undeclared bytes that are not UTF-8.
    pub(crate) fn read(self, bytes: &[u8], default: Self) -> Read<'_> {
        match self {
            Self::Utf8 => {
                let text = String::from_utf8_lossy(bytes);
                let replaced = matches!(text, Cow::Owned(_));
                (text, replaced)
            }
            Self::Latin1 | Self::Latin5 | Self::Windows1252 | Self::JisX0201
                if bytes.is_ascii() =>
            {
                (String::from_utf8_lossy(bytes), false)
            }
            Self::Latin1 => (bytes.iter().copied().map(char::from).collect(), false),
            Self::Latin5 => (bytes.iter().copied().map(latin_5).collect(), false),
            Self::Windows1252 => (bytes.iter().copied().map(windows_1252).collect(), false),
            Self::JisX0201 => {
                let text: String = bytes.iter().copied().map(jis_x_0201).collect();
                let replaced = text.contains(char::REPLACEMENT_CHARACTER);
                (text.into(), replaced)
            }
            _ => self.read_other(bytes, default),
        }
    }

    #[cfg(feature = "charset")]
    fn read_other(self, bytes: &[u8], default: Self) -> Read<'_> {
        if self.is_iso_2022_jp() {
            let (text, replaced) =
                super::iso2022::decode(bytes, Self::JisX0201, &crate::Separators::RECOMMENDED);
            return (text, replaced);
        }
        match self.encoding() {
            Some(encoding) => encoding.decode_without_bom_handling(bytes),
            None if self == Self::EucTw => undecodable(bytes),
            None => undeclared(bytes, default),
        }
    }

    #[cfg(not(feature = "charset"))]
    fn read_other(self, bytes: &[u8], default: Self) -> Read<'_> {
        match self {
            Self::Unspecified | Self::Ascii | Self::Unknown => undeclared(bytes, default),
            // Single bytes can not be in a wide set, so what they are in is not declared.
            _ if self.is_wide() => undeclared(bytes, default),
            _ => undecodable(bytes),
        }
    }

    /// Who decodes and encodes this set, if that is not done here.
    #[cfg(feature = "charset")]
    pub(crate) fn encoding(self) -> Option<&'static encoding_rs::Encoding> {
        Some(match self {
            Self::Latin2 => encoding_rs::ISO_8859_2,
            Self::Latin3 => encoding_rs::ISO_8859_3,
            Self::Latin4 => encoding_rs::ISO_8859_4,
            Self::Cyrillic => encoding_rs::ISO_8859_5,
            Self::Arabic => encoding_rs::ISO_8859_6,
            Self::Greek => encoding_rs::ISO_8859_7,
            Self::Hebrew => encoding_rs::ISO_8859_8,
            Self::Latin9 => encoding_rs::ISO_8859_15,
            Self::Windows874 => encoding_rs::WINDOWS_874,
            Self::Windows1250 => encoding_rs::WINDOWS_1250,
            Self::Windows1251 => encoding_rs::WINDOWS_1251,
            Self::Windows1252 => encoding_rs::WINDOWS_1252,
            Self::Windows1253 => encoding_rs::WINDOWS_1253,
            Self::Windows1254 => encoding_rs::WINDOWS_1254,
            Self::Windows1255 => encoding_rs::WINDOWS_1255,
            Self::Windows1256 => encoding_rs::WINDOWS_1256,
            Self::Windows1257 => encoding_rs::WINDOWS_1257,
            Self::Windows1258 => encoding_rs::WINDOWS_1258,
            Self::ShiftJis => encoding_rs::SHIFT_JIS,
            Self::EucJp => encoding_rs::EUC_JP,
            Self::Gb18030 => encoding_rs::GB18030,
            Self::EucKr => encoding_rs::EUC_KR,
            Self::Big5 => encoding_rs::BIG5,
            _ => return None,
        })
    }
}

/// UTF-8 where the bytes are that; a set that decodes any byte where they are not.
fn undeclared(bytes: &[u8], default: Charset) -> Read<'_> {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.into(), false),
        Err(_) if default.decodes_alone() => default.read(bytes, Charset::Windows1252),
        Err(_) => Charset::Windows1252.read(bytes, Charset::Windows1252),
    }
}

/// ASCII, and U+FFFD for every other byte: better no letters than those of another set.
fn undecodable(bytes: &[u8]) -> Read<'_> {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => (text.into(), false),
        _ => {
            let letter = |byte: &u8| match byte {
                0..=0x7F => char::from(*byte),
                _ => char::REPLACEMENT_CHARACTER,
            };
            (bytes.iter().map(letter).collect(), true)
        }
    }
}

impl Charset {
    /// Whether decoding asks no other set.
    pub(crate) fn decodes_alone(self) -> bool {
        #[cfg(feature = "charset")]
        let elsewhere = self.encoding().is_some() || self.is_iso_2022_jp();
        #[cfg(not(feature = "charset"))]
        let elsewhere = false;
        elsewhere
            || matches!(
                self,
                Self::Utf8 | Self::Latin1 | Self::Latin5 | Self::Windows1252 | Self::JisX0201
            )
    }
}

/// The code points of 0x80 to 0x9F; the five bytes not assigned keep their number.
const WINDOWS_1252_80_TO_9F: [char; 32] = [
    '\u{20AC}', '\u{81}', '\u{201A}', '\u{0192}', '\u{201E}', '\u{2026}', '\u{2020}', '\u{2021}',
    '\u{02C6}', '\u{2030}', '\u{0160}', '\u{2039}', '\u{0152}', '\u{8D}', '\u{017D}', '\u{8F}',
    '\u{90}', '\u{2018}', '\u{2019}', '\u{201C}', '\u{201D}', '\u{2022}', '\u{2013}', '\u{2014}',
    '\u{02DC}', '\u{2122}', '\u{0161}', '\u{203A}', '\u{0153}', '\u{9D}', '\u{017E}', '\u{0178}',
];

fn windows_1252(byte: u8) -> char {
    match byte {
        0x80..=0x9F => WINDOWS_1252_80_TO_9F
            .get(usize::from(byte - 0x80))
            .copied()
            .unwrap_or(char::REPLACEMENT_CHARACTER),
        _ => char::from(byte),
    }
}

/// 8859/1 but for six letters.
const LATIN_5: [(u8, char); 6] =
    [(0xD0, 'Ğ'), (0xDD, 'İ'), (0xDE, 'Ş'), (0xF0, 'ğ'), (0xFD, 'ı'), (0xFE, 'ş')];

fn latin_5(byte: u8) -> char {
    LATIN_5.iter().find(|(own, _)| *own == byte).map_or(char::from(byte), |(_, letter)| *letter)
}

/// ASCII below, half-width katakana above.
fn jis_x_0201(byte: u8) -> char {
    match byte {
        0..=0x7F => char::from(byte),
        0xA1..=0xDF => {
            char::from_u32(0xFF61 + u32::from(byte - 0xA1)).unwrap_or(char::REPLACEMENT_CHARACTER)
        }
        _ => char::REPLACEMENT_CHARACTER,
    }
}

/// The byte of a character in a set that is encoded here; `None` also for any other set.
#[cfg(feature = "charset")]
pub(crate) fn single_byte(charset: Charset, character: char) -> Option<u8> {
    let same = u8::try_from(character).ok();
    match charset {
        Charset::Latin1 => same,
        Charset::Latin5 => match LATIN_5.iter().find(|(_, letter)| *letter == character) {
            Some((byte, _)) => Some(*byte),
            None => same.filter(|byte| latin_5(*byte) == character),
        },
        Charset::JisX0201 => match character {
            '\u{FF61}'..='\u{FF9F}' => {
                u8::try_from(u32::from(character) - 0xFF61).ok()?.checked_add(0xA1)
            }
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_text_by_the_declared_set() {
        assert_eq!(Charset::Latin1.decode(b"Ren\xE9\x80"), "Ren\u{e9}\u{80}");
        assert_eq!(Charset::Windows1252.decode(b"\x80\x9F\xE9"), "\u{20ac}\u{178}\u{e9}");
        assert_eq!(Charset::Latin5.decode(b"\xDD\xFD\xE9\x80"), "\u{130}\u{131}\u{e9}\u{80}");
        assert_eq!(Charset::JisX0201.decode(b"A\\~\xB1\xDF\xE0"), "A\\~\u{ff71}\u{ff9f}\u{fffd}");
        assert_eq!(Charset::Unspecified.decode("René".as_bytes()), "René");
        assert_eq!(Charset::Unspecified.decode(b"Ren\xE9\x80"), "Ren\u{e9}\u{20ac}");
        assert_eq!(Charset::Utf8.decode(b"Ren\xE9"), "Ren\u{fffd}");
    }

    #[test]
    #[cfg(feature = "charset")]
    fn windows_1252_is_what_everybody_takes_it_for() {
        let bytes: Vec<u8> = (0..=0xFF).collect();
        let (theirs, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&bytes);
        assert_eq!(Charset::Windows1252.decode(&bytes), theirs);
    }

    #[test]
    #[cfg(feature = "charset")]
    fn single_bytes_are_the_inverse_of_reading_them() {
        for charset in [Charset::Latin1, Charset::Latin5, Charset::JisX0201] {
            for byte in 0x80..=0xFF {
                let text = charset.decode(&[byte]).into_owned();
                let character = text.chars().next().expect("one");
                let back = single_byte(charset, character);
                let expected = (character != char::REPLACEMENT_CHARACTER).then_some(byte);
                assert_eq!(back, expected, "{charset} {byte:#x}");
            }
        }
    }

    #[test]
    fn bytes_of_a_set_without_a_decoder_become_no_letters_of_another() {
        assert_eq!(Charset::EucTw.decode(b"A\xC4\xE3"), "A\u{fffd}\u{fffd}");
        #[cfg(not(feature = "charset"))]
        for charset in [Charset::Cyrillic, Charset::Greek, Charset::Windows1251, Charset::EucKr] {
            let (text, replaced) = charset.read(b"A\xB8\xD2|", Charset::Windows1252);
            assert_eq!((&*text, replaced), ("A\u{fffd}\u{fffd}|", true), "{charset}");
            assert_eq!(charset.decode("\u{e9}".as_bytes()), "\u{fffd}\u{fffd}", "{charset}");
            assert_eq!(charset.decode(b"plain"), "plain", "{charset}");
        }
    }

    #[test]
    fn undeclared_bytes_end_in_a_set_that_decodes_them() {
        for default in [Charset::Unspecified, Charset::Utf16, Charset::EucTw, Charset::Unknown] {
            assert_eq!(Charset::Unspecified.read(b"\xE9\xFF", default).0, "\u{e9}\u{ff}");
        }
    }
}
