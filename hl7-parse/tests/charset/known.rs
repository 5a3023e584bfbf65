//! Messages in every character set, as text and as bytes.
//!
//! The bytes were made by Python 3.11: `text.encode(codec)`, the codec being named beside them,
//! and written as literals.

use hl7_parse::Charset;

/// MSH-18, the codec, PID-5 and what follows it as text, and the message as bytes.
#[cfg_attr(not(feature = "charset"), expect(dead_code, reason = "only the bytes are of use"))]
pub(super) struct Known {
    pub(super) msh_18: Charset,
    pub(super) codec: &'static str,
    pub(super) name: &'static str,
    pub(super) bytes: &'static [u8],
}

const fn known(
    msh_18: Charset,
    codec: &'static str,
    name: &'static str,
    bytes: &'static [u8],
) -> Known {
    Known { msh_18, codec, name, bytes }
}

#[rustfmt::skip]
#[cfg(feature = "charset")]
pub(super) const SPLIT_AS_BYTES: &[Known] = &[
    known(Charset::Latin1, "iso8859_1", "Müller^Zoë", b"MSH|^~\\&|A|||||||1|P|2.5||||||8859/1\rPID|||7||M\xfcller^Zo\xeb\rNTE|||end\r"),
    known(Charset::Latin2, "iso8859_2", "Dvořák^Łukasz", b"MSH|^~\\&|A|||||||1|P|2.5||||||8859/2\rPID|||7||Dvo\xf8\xe1k^\xa3ukasz\rNTE|||end\r"),
    known(Charset::Latin3, "iso8859_3", "Ĝiĥo^Ŝanĝ", b"MSH|^~\\&|A|||||||1|P|2.5||||||8859/3\rPID|||7||\xd8i\xb6o^\xdean\xf8\rNTE|||end\r"),
    known(Charset::Latin4, "iso8859_4", "Bērziņš^Āra", b"MSH|^~\\&|A|||||||1|P|2.5||||||8859/4\rPID|||7||B\xbarzi\xf1\xb9^\xc0ra\rNTE|||end\r"),
    known(Charset::Cyrillic, "iso8859_5", "Иванов^Пётр", b"MSH|^~\\&|A|||||||1|P|2.5||||||8859/5\rPID|||7||\xb8\xd2\xd0\xdd\xde\xd2^\xbf\xf1\xe2\xe0\rNTE|||end\r"),
    known(Charset::Arabic, "iso8859_6", "محمد", b"MSH|^~\\&|A|||||||1|P|2.5||||||8859/6\rPID|||7||\xe5\xcd\xe5\xcf\rNTE|||end\r"),
    known(Charset::Greek, "iso8859_7", "Παπαδόπουλος", b"MSH|^~\\&|A|||||||1|P|2.5||||||8859/7\rPID|||7||\xd0\xe1\xf0\xe1\xe4\xfc\xf0\xef\xf5\xeb\xef\xf2\rNTE|||end\r"),
    known(Charset::Hebrew, "iso8859_8", "כהן", b"MSH|^~\\&|A|||||||1|P|2.5||||||8859/8\rPID|||7||\xeb\xe4\xef\rNTE|||end\r"),
    known(Charset::Latin5, "iso8859_9", "Şahin^İğdır", b"MSH|^~\\&|A|||||||1|P|2.5||||||8859/9\rPID|||7||\xdeahin^\xdd\xf0d\xfdr\rNTE|||end\r"),
    known(Charset::Latin9, "iso8859_15", "Œuvre^€", b"MSH|^~\\&|A|||||||1|P|2.5||||||8859/15\rPID|||7||\xbcuvre^\xa4\rNTE|||end\r"),
    known(Charset::Windows1252, "cp1252", "O’Brien^“€”", b"MSH|^~\\&|A|||||||1|P|2.5||||||WINDOWS-1252\rPID|||7||O\x92Brien^\x93\x80\x94\rNTE|||end\r"),
    known(Charset::Windows1250, "cp1250", "Dvořák^Žižka", b"MSH|^~\\&|A|||||||1|P|2.5||||||windows-1250\rPID|||7||Dvo\xf8\xe1k^\x8ei\x9eka\rNTE|||end\r"),
    known(Charset::Windows1251, "cp1251", "Иванов", b"MSH|^~\\&|A|||||||1|P|2.5||||||windows-1251\rPID|||7||\xc8\xe2\xe0\xed\xee\xe2\rNTE|||end\r"),
    known(Charset::Windows874, "tis_620", "สมชาย", b"MSH|^~\\&|A|||||||1|P|2.5||||||TIS-620\rPID|||7||\xca\xc1\xaa\xd2\xc2\rNTE|||end\r"),
    known(Charset::JisX0201, "shift_jis", "ﾔﾏﾀﾞ^ﾀﾛｳ=", b"MSH|^~\\&|A|||||||1|P|2.5||||||ISO IR14\rPID|||7||\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\rNTE|||end\r"),
    known(Charset::EucJp, "euc_jp", "山田^太郎", b"MSH|^~\\&|A|||||||1|P|2.5||||||EUC-JP\rPID|||7||\xbb\xb3\xc5\xc4^\xc2\xc0\xcf\xba\rNTE|||end\r"),
    known(Charset::EucKr, "euc_kr", "홍길동^金", b"MSH|^~\\&|A|||||||1|P|2.5||||||KS X 1001\rPID|||7||\xc8\xab\xb1\xe6\xb5\xbf^\xd1\xd1\rNTE|||end\r"),
    known(Charset::EucKr, "cp949", "똠^방각하", b"MSH|^~\\&|A|||||||1|P|2.5||||||KS X 1001\rPID|||7||\x8cc^\xb9\xe6\xb0\xa2\xc7\xcf\rNTE|||end\r"),
    known(Charset::Utf8, "utf_8", "山田^Zoë", b"MSH|^~\\&|A|||||||1|P|2.5||||||UNICODE UTF-8\rPID|||7||\xe5\xb1\xb1\xe7\x94\xb0^Zo\xc3\xab\rNTE|||end\r"),
];

#[rustfmt::skip]
pub(super) const DECODED_FIRST: &[Known] = &[
    known(Charset::ShiftJis, "shift_jis", "ポール^表示~ソ\\T\\ﾔﾏﾀﾞ", b"MSH|^~\\&|A|||||||1|P|2.5||||||SHIFT_JIS\rPID|||7||\x83|\x81[\x83\x8b^\x95\\\x8e\xa6~\x83\\\\T\\\xd4\xcf\xc0\xde\rNTE|||end\r"),
    known(Charset::Big5, "big5", "許功蓋^餐~育", b"MSH|^~\\&|A|||||||1|P|2.5||||||BIG-5\rPID|||7||\xb3\\\xa5\\\xbb\\^\xc0\\~\xa8|\rNTE|||end\r"),
    known(Charset::Gb18030, "gb18030", "張磊^亅㐀😀~Zoë", b"MSH|^~\\&|A|||||||1|P|2.5||||||GB 18030-2000\rPID|||7||\x8f\x88\xc0\xda^\x81|\x819\xee9\x949\xfc6~Zo\x810\x8a5\rNTE|||end\r"),
    known(Charset::Iso2022Jp, "iso2022_jp", "山田^日~薛", b"MSH|^~\\&|A|||||||1|P|2.5||||||~ISO IR87||ISO 2022-1994\rPID|||7||\x1b$B;3ED\x1b(B^\x1b$BF|\x1b(B~\x1b$Bi-\x1b(B\rNTE|||end\r"),
    known(Charset::Iso2022Jp, "iso2022_jp", "山田^日~薛", b"MSH|^~\\&|A|||||||1|P|2.5||||||ISO IR6~ISO IR87||ISO 2022-1994\rPID|||7||\x1b$B;3ED\x1b(B^\x1b$BF|\x1b(B~\x1b$Bi-\x1b(B\rNTE|||end\r"),
    known(Charset::Iso2022Jp, "iso2022_jp", "山田^日~薛", b"MSH|^~\\&|A|||||||1|P|2.5||||||ISO IR87\rPID|||7||\x1b$B;3ED\x1b(B^\x1b$BF|\x1b(B~\x1b$Bi-\x1b(B\rNTE|||end\r"),
    known(Charset::Iso2022Jp, "iso2022_jp", "山田^日~薛", b"MSH|^~\\&|A|||||||1|P|2.5||||||~ISO IR87\rPID|||7||\x1b$B;3ED\x1b(B^\x1b$BF|\x1b(B~\x1b$Bi-\x1b(B\rNTE|||end\r"),
    known(Charset::Iso2022Jp1, "iso2022_jp_1", "山^丂", b"MSH|^~\\&|A|||||||1|P|2.5||||||ISO IR6~ISO IR159||ISO 2022-1994\rPID|||7||\x1b$B;3\x1b(B^\x1b$(D0!\x1b(B\rNTE|||end\r"),
    known(Charset::Iso2022Jp, "shift_jis and, after =, iso2022_jp", "ﾔﾏﾀﾞ^ﾀﾛｳ=山田", b"MSH|^~\\&|A|||||||1|P|2.5||||||ISO IR14~ISO IR87||ISO 2022-1994\rPID|||7||\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(B\rNTE|||end\r"),
];

#[rustfmt::skip]
pub(super) const WIDE: &[Known] = &[
    known(Charset::Utf16Le, "utf_16", "Zoë 山", b"\xff\xfeM\x00S\x00H\x00|\x00^\x00~\x00\\\x00&\x00|\x00A\x00\r\x00P\x00I\x00D\x00|\x00|\x00|\x00|\x00|\x00Z\x00o\x00\xeb\x00 \x00q\\\r\x00"),
    known(Charset::Utf16Be, "utf_16_be after BOM_UTF16_BE", "Zoë 山", b"\xfe\xff\x00M\x00S\x00H\x00|\x00^\x00~\x00\\\x00&\x00|\x00A\x00\r\x00P\x00I\x00D\x00|\x00|\x00|\x00|\x00|\x00Z\x00o\x00\xeb\x00 \\q\x00\r"),
    known(Charset::Utf16Le, "utf_16_le", "Zoë 山", b"M\x00S\x00H\x00|\x00^\x00~\x00\\\x00&\x00|\x00A\x00\r\x00P\x00I\x00D\x00|\x00|\x00|\x00|\x00|\x00Z\x00o\x00\xeb\x00 \x00q\\\r\x00"),
    known(Charset::Utf16Be, "utf_16_be", "Zoë 山", b"\x00M\x00S\x00H\x00|\x00^\x00~\x00\\\x00&\x00|\x00A\x00\r\x00P\x00I\x00D\x00|\x00|\x00|\x00|\x00|\x00Z\x00o\x00\xeb\x00 \\q\x00\r"),
    known(Charset::Utf32Le, "utf_32", "Zoë 山", b"\xff\xfe\x00\x00M\x00\x00\x00S\x00\x00\x00H\x00\x00\x00|\x00\x00\x00^\x00\x00\x00~\x00\x00\x00\\\x00\x00\x00&\x00\x00\x00|\x00\x00\x00A\x00\x00\x00\r\x00\x00\x00P\x00\x00\x00I\x00\x00\x00D\x00\x00\x00|\x00\x00\x00|\x00\x00\x00|\x00\x00\x00|\x00\x00\x00|\x00\x00\x00Z\x00\x00\x00o\x00\x00\x00\xeb\x00\x00\x00 \x00\x00\x00q\\\x00\x00\r\x00\x00\x00"),
    known(Charset::Utf32Be, "utf_32_be after BOM_UTF32_BE", "Zoë 山", b"\x00\x00\xfe\xff\x00\x00\x00M\x00\x00\x00S\x00\x00\x00H\x00\x00\x00|\x00\x00\x00^\x00\x00\x00~\x00\x00\x00\\\x00\x00\x00&\x00\x00\x00|\x00\x00\x00A\x00\x00\x00\r\x00\x00\x00P\x00\x00\x00I\x00\x00\x00D\x00\x00\x00|\x00\x00\x00|\x00\x00\x00|\x00\x00\x00|\x00\x00\x00|\x00\x00\x00Z\x00\x00\x00o\x00\x00\x00\xeb\x00\x00\x00 \x00\x00\\q\x00\x00\x00\r"),
    known(Charset::Utf32Le, "utf_32_le", "Zoë 山", b"M\x00\x00\x00S\x00\x00\x00H\x00\x00\x00|\x00\x00\x00^\x00\x00\x00~\x00\x00\x00\\\x00\x00\x00&\x00\x00\x00|\x00\x00\x00A\x00\x00\x00\r\x00\x00\x00P\x00\x00\x00I\x00\x00\x00D\x00\x00\x00|\x00\x00\x00|\x00\x00\x00|\x00\x00\x00|\x00\x00\x00|\x00\x00\x00Z\x00\x00\x00o\x00\x00\x00\xeb\x00\x00\x00 \x00\x00\x00q\\\x00\x00\r\x00\x00\x00"),
    known(Charset::Utf32Be, "utf_32_be", "Zoë 山", b"\x00\x00\x00M\x00\x00\x00S\x00\x00\x00H\x00\x00\x00|\x00\x00\x00^\x00\x00\x00~\x00\x00\x00\\\x00\x00\x00&\x00\x00\x00|\x00\x00\x00A\x00\x00\x00\r\x00\x00\x00P\x00\x00\x00I\x00\x00\x00D\x00\x00\x00|\x00\x00\x00|\x00\x00\x00|\x00\x00\x00|\x00\x00\x00|\x00\x00\x00Z\x00\x00\x00o\x00\x00\x00\xeb\x00\x00\x00 \x00\x00\\q\x00\x00\x00\r"),
];

/// A header with a name of characters that hold the byte of `|`: ポ, 日.
#[rustfmt::skip]
#[cfg(feature = "charset")]
pub(super) const SHIFTED_HEADER: &[Known] = &[
    known(Charset::ShiftJis, "shift_jis", "表", b"MSH|^~\\&|\x83||\x95a\x89@|||||ADT|1|P|2.5||||||SHIFT_JIS\rPID|||||\x95\\\r"),
    known(Charset::Iso2022Jp, "iso2022_jp", "表", b"MSH|^~\\&|A|\x1b$BF|K\\\x1b(B|||||ADT|1|P|2.5||||||~ISO IR87||ISO 2022-1994\rPID|||||\x1b$BI=\x1b(B\r"),
];
