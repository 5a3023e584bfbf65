//! Character sets: from bytes in any of them to UTF-8, and back.
//!
//! MSH-18 declares a character set (Table 0211), a transport may declare one of its own, and
//! the bytes show one. For most sets a message is split at its delimiters first and each
//! element is decoded when it is asked for ([`crate::Element::decode`]). In Shift_JIS, Big5,
//! GB 18030 and ISO-2022-JP the byte of a delimiter may be half of a character, and in UTF-16
//! and UTF-32 nothing is ASCII: such messages have to be decoded first. For them, and where ESC
//! leads to kanji that nothing declares, [`crate::Message::parse`] answers
//! [`crate::ParseErrorKind::NeedsDecoding`], with or without the feature `charset`;
//! [`crate::Header::parse`] reads the header of all but the wide ones.
//!
//! Without the feature `decode()` of an element knows UTF-8, 8859/1, 8859/9, windows-1252 and
//! JIS X 0201; of any other declared set each byte above 0x7F becomes U+FFFD.
//!
//! Of the sets in Table 0211 one has no decoder: EUC-TW (`CNS 11643-1992`), of which the tables are
//! in no crate that this one would depend on. It is known by name; text in it that is more than
//! ASCII is refused.
#![cfg_attr(
    feature = "charset",
    doc = r#"
[`decode()`] takes any message in any of these sets and gives it in UTF-8:

```
use hl7_parse::{Charset, Message, ParseErrorKind, Path, charset};

// ポール, of which the second half of the first letter is the byte of `|`.
let bytes = b"MSH|^~\\&|A|B|||2026||ADT^A01|1|P|2.5||||||SHIFT_JIS\rPID|||||\x83|\x81[\x83\x8b\r";
let error = Message::parse(bytes).unwrap_err();
assert_eq!(error.kind(), ParseErrorKind::NeedsDecoding(Charset::ShiftJis));

let decoded = charset::decode(&bytes[..], None)?;
let message = decoded.message.as_message();
assert_eq!(message.get(&Path::new("PID-5")).decode(), "ポール");

// What came is still there, to be forwarded; an answer goes back in the same set.
assert_eq!(decoded.original, &bytes[..]);
let answer = charset::encode("MSH|^~\\&\rMSA|AA|1|ポール\r", decoded.charset)?;
assert_eq!(answer, &b"MSH|^~\\&\rMSA|AA|1|\x83|\x81[\x83\x8b\r"[..]);
# Ok::<(), Box<dyn std::error::Error>>(())
```
"#
)]

mod detect;
mod name;
mod switching;
mod text;
mod unended;

#[cfg(feature = "charset")]
mod choose;
#[cfg(feature = "charset")]
mod declare;
#[cfg(feature = "charset")]
mod decode;
#[cfg(feature = "charset")]
mod encode;
#[cfg(feature = "charset")]
mod evidence;
#[cfg(feature = "charset")]
mod iso2022;
mod leaf;
#[cfg(feature = "charset")]
mod sequences;
#[cfg(feature = "charset")]
mod wide_reader;

pub use name::Charset;

#[cfg(feature = "charset")]
pub use decode::{DecodeError, DecodeErrorKind, DecodeOptions, Decoded, decode};
#[cfg(feature = "charset")]
pub use encode::{EncodeError, EncodeErrorKind, EncodeOptions, Unrepresentable, encode};
#[cfg(feature = "charset")]
pub use evidence::{Basis, Content, Disagreement, Evidence};
#[cfg(feature = "charset")]
pub use wide_reader::WideReader;

pub(crate) use detect::{
    check_splits, explain, hides_delimiters, kanji, leads_to_kanji, may_hold_kanji,
};
pub(crate) use leaf::text_of_leaf;
pub(crate) use switching::Switching;
pub(crate) use unended::Designated;

/// What opens a designation of ISO 2022.
pub(crate) const ESCAPE: u8 = 0x1B;
