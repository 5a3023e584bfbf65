//! [`encode`]: a message in UTF-8 to one in another character set.

use std::fmt;

use bytes::Bytes;
use thiserror::Error;

use super::{
    ESCAPE,
    declare::rename,
    sequences::{hex_reader_of_utf_8, resolve_hex},
    text::single_byte,
};
use crate::{
    Charset, Message, Path, Separators, header,
    scan::{First, Ignore, leading, scan},
};

/// What to do with a character that the wanted set does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unrepresentable {
    /// Give an error.
    #[default]
    Refuse,
    /// Write its UTF-8 bytes as `\X..\`. What a receiver makes of them is a matter of
    /// agreement (2.7.6). A question mark where MSH-2 declares no escape character.
    Escape,
    /// Write a question mark.
    Replace,
}

/// How to encode.
///
/// ```
/// use hl7_parse::{Charset, charset::{EncodeOptions, Unrepresentable}};
///
/// let message = "MSH|^~\\&|A\rPID|||||Zoë ☺\r";
/// let escaping = EncodeOptions::new().unrepresentable(Unrepresentable::Escape);
/// let encoded = escaping.encode(message, Charset::Latin1)?;
/// assert_eq!(encoded, &b"MSH|^~\\&|A\rPID|||||Zo\xEB \\XE298BA\\\r"[..]);
/// # Ok::<(), hl7_parse::charset::EncodeError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct EncodeOptions {
    unrepresentable: Unrepresentable,
    is_declaring: bool,
}

/// Why a message can not be written in a character set, and where.
///
/// `Copy`, and free of message content: safe to log.
///
/// ```
/// use hl7_parse::{Charset, Path, charset::{self, EncodeErrorKind}};
///
/// let error = charset::encode("MSH|^~\\&|A\rPID|||||Ж\r", Charset::Latin1).unwrap_err();
/// assert_eq!(error.kind(), EncodeErrorKind::Unrepresentable(Charset::Latin1));
/// assert_eq!((error.offset(), error.path()), (19, Some(Path::new("PID-5"))));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct EncodeError {
    kind: EncodeErrorKind,
    offset: usize,
    path: Option<Path>,
}

/// The kinds of [`EncodeError`].
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EncodeErrorKind {
    /// The bytes to encode are not UTF-8.
    #[error("the message is not UTF-8")]
    NotUtf8,
    /// A character is not in the wanted set.
    #[error("a character is not in {0}")]
    Unrepresentable(Charset),
    /// Nothing is known to write this set with.
    #[error("there is no encoder for {0}")]
    Unsupported(Charset),
    /// The set was to be declared ([`EncodeOptions::declaring`]), and there is no MSH to do it in.
    #[error("there is no header to name the character set in")]
    MissingHeader,
}

impl EncodeError {
    /// What was wrong.
    #[must_use]
    pub fn kind(&self) -> EncodeErrorKind {
        self.kind
    }

    /// Where: a byte offset into the message, from 0. Near by, where a `\X..\` sequence stands
    /// for the character.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Which element it is, if it is one of a segment.
    #[must_use]
    pub fn path(&self) -> Option<Path> {
        self.path
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path {
            Some(path) => write!(f, "{}: {path} (byte {})", self.kind, self.offset),
            None => write!(f, "{} (byte {})", self.kind, self.offset),
        }
    }
}

impl fmt::Debug for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncodeError")
            .field("kind", &self.kind)
            .field("offset", &self.offset)
            .field("path", &self.path)
            .finish()
    }
}

impl std::error::Error for EncodeError {}

/// Writes a message that is in UTF-8 in another set, refusing what that does not have.
///
/// For acknowledgments, which are to be in the set of what they answer:
/// [`super::Decoded::charset`]. MSH-18 stays as it is; [`EncodeOptions::declaring`] writes
/// the name of the set there. `\X..\` sequences of UTF-8 text beyond ASCII become the characters they stand for. Nothing
/// is copied where the bytes stay the same.
///
/// ISO-2022-JP comes back to ASCII after each run of kanji, so that delimiters are in ASCII;
/// JIS X 0212 is not written. UTF-16 and UTF-32 are written with the high byte first and a
/// mark, unless the set names the order, and then without one. A yen sign or overline is
/// never written as the byte that is `\` or `~` in ASCII.
///
/// ```
/// use hl7_parse::{Charset, charset::{self, EncodeErrorKind}};
///
/// let message = "MSH|^~\\&|A\rPID|||||山田\r";
/// let encoded = charset::encode(message, Charset::Iso2022Jp)?;
/// assert_eq!(encoded, &b"MSH|^~\\&|A\rPID|||||\x1b$B;3ED\x1b(B\r"[..]);
///
/// let error = charset::encode(message, Charset::Latin1).unwrap_err();
/// assert_eq!(error.to_string(), "a character is not in iso-8859-1: PID-5 (byte 19)");
/// # Ok::<(), charset::EncodeError>(())
/// ```
///
/// # Errors
///
/// Where the message is not UTF-8, has a character that the set has not, or the set has no
/// encoder: [`Charset::Unknown`], and EUC-TW for more than ASCII. [`Charset::Unspecified`] is
/// ASCII.
pub fn encode(message: impl Into<Bytes>, to: Charset) -> Result<Bytes, EncodeError> {
    EncodeOptions::new().encode(message, to)
}

impl EncodeOptions {
    /// Refuses what can not be represented.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What to do with a character that the set does not have; default
    /// [`Unrepresentable::Refuse`].
    #[must_use]
    pub fn unrepresentable(mut self, unrepresentable: Unrepresentable) -> Self {
        self.unrepresentable = unrepresentable;
        self
    }

    /// Writes the name of the set into MSH-18 ([`Charset::name`]), in place of all that is there.
    ///
    /// For new messages: one in Shift_JIS, GB 18030 and the like is built in UTF-8 and encoded when
    /// it is complete, because its bytes can not be told from delimiters.
    ///
    /// ```
    /// use hl7_parse::{Charset, MessageBuilder, charset::{self, EncodeOptions}};
    ///
    /// let mut builder = MessageBuilder::new();
    /// builder.message_type(["ADT", "A01"]).control_id("1").processing_id("P").version("2.5");
    /// builder.segment("PID").set(5, "ポール");
    /// let built = builder.finish()?;
    ///
    /// let declaring = EncodeOptions::new().declaring();
    /// let sent = declaring.encode(built.as_bytes().clone(), Charset::ShiftJis)?;
    /// assert_eq!(
    ///     sent,
    ///     &b"MSH|^~\\&|||||||ADT^A01|1|P|2.5||||||shift_jis\rPID|||||\x83|\x81[\x83\x8b\r"[..],
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn declaring(mut self) -> Self {
        self.is_declaring = true;
        self
    }

    /// Writes a message in another set: [`encode`] with these options.
    ///
    /// # Errors
    ///
    /// Those of [`encode`]; with [`Self::declaring`] also where there is no MSH, or the set has no
    /// name.
    pub fn encode(&self, message: impl Into<Bytes>, to: Charset) -> Result<Bytes, EncodeError> {
        let message = message.into();
        if !self.is_declaring {
            return self.encode_all(message, to);
        }
        let refused = |kind| EncodeError { kind, offset: 0, path: None };
        let name = to.name().ok_or(refused(EncodeErrorKind::Unsupported(to)))?;
        let renamed = rename(&message, name).ok_or(refused(EncodeErrorKind::MissingHeader))?;
        self.encode_all(renamed.message.clone(), to)
            .map_err(|error| EncodeError { offset: renamed.old_offset(error.offset), ..error })
    }

    fn encode_all(&self, message: Bytes, to: Charset) -> Result<Bytes, EncodeError> {
        let text = std::str::from_utf8(&message).map_err(|error| EncodeError {
            kind: EncodeErrorKind::NotUtf8,
            offset: error.valid_up_to(),
            path: None,
        })?;
        let Some(mut writer) = Writer::new(to) else {
            let kind = EncodeErrorKind::Unsupported(to);
            return Err(EncodeError { kind, offset: 0, path: None });
        };
        if to == Charset::Utf8 {
            return Ok(message);
        }
        let line = header::line(message.get(leading(&message)..).unwrap_or_default());
        let separators = header::declared(line, 0, &mut Ignore).unwrap_or_default();
        let resolved = match to.is_wide() {
            true => text.into(),
            false => resolve_hex(text, &separators, hex_reader_of_utf_8),
        };
        if resolved.is_ascii() && !to.is_wide() {
            let unchanged = resolved.len() == text.len();
            return Ok(if unchanged { message.clone() } else { resolved.into_owned().into() });
        }

        // A mark is written where one belongs, and not copied.
        let (unmarked, skipped) = match resolved.strip_prefix('\u{FEFF}') {
            Some(rest) => (rest, '\u{FEFF}'.len_utf8()),
            None => (&*resolved, 0),
        };
        for (at, character) in unmarked.char_indices() {
            if writer.write(character) {
                continue;
            }
            match self.unrepresentable {
                Unrepresentable::Refuse => {
                    let offset = at + skipped;
                    return Err(EncodeError {
                        kind: match to {
                            Charset::EucTw => EncodeErrorKind::Unsupported(to),
                            to => EncodeErrorKind::Unrepresentable(to),
                        },
                        offset: offset.min(text.len()),
                        path: locate(&resolved, offset),
                    });
                }
                Unrepresentable::Escape => writer.write_escaped(character, &separators),
                Unrepresentable::Replace => writer.write_replaced(&separators),
            }
        }
        let mut bytes = writer.finish();
        bytes.shrink_to_fit();
        Ok(bytes.into())
    }
}

/// Which element the byte at `offset` is in.
fn locate(text: &str, offset: usize) -> Option<Path> {
    let scanned = scan(text.as_bytes(), First::Decoded, usize::MAX, &mut Ignore).ok()?;
    let message = Message::from_scanned(text.as_bytes(), scanned);
    let segment = message
        .segments()
        .find(|segment| message.span_of(*segment).is_some_and(|span| span.contains(&offset)))?;
    let number = message
        .segments_with_id(segment.id())
        .position(|other| std::ptr::eq(other.as_bytes(), segment.as_bytes()))?
        + 1;
    let leaf = segment
        .leaves()
        .find(|leaf| message.span_of(leaf.value()).is_some_and(|span| span.contains(&offset)))?;
    let mut path = segment.id().to_owned();
    if number > 1 {
        path += &format!("[{number}]");
    }
    path += &format!("-{}", leaf.field);
    if leaf.repetition > 1 {
        path += &format!("[{}]", leaf.repetition);
    }
    if leaf.component > 1 || leaf.subcomponent > 1 {
        path += &format!(".{}", leaf.component);
    }
    if leaf.subcomponent > 1 {
        path += &format!(".{}", leaf.subcomponent);
    }
    path.parse().ok()
}

/// Bytes in one set.
struct Writer {
    bytes: Vec<u8>,
    form: Form,
}

enum Form {
    Ascii,
    /// One byte for a character, by [`single_byte`].
    Single(Charset),
    /// JIS X 0208 between designations; whether it is designated now.
    Iso2022Jp {
        encoder: encoding_rs::Encoder,
        in_kanji: bool,
    },
    Other(encoding_rs::Encoder),
    Utf8,
    Utf16(fn(u16) -> [u8; 2]),
    Utf32(fn(u32) -> [u8; 4]),
}

impl Writer {
    fn new(charset: Charset) -> Option<Self> {
        let form = match charset {
            // Of EUC-TW ASCII is a part, and more is not known here.
            Charset::Unspecified | Charset::Ascii | Charset::EucTw => Form::Ascii,
            Charset::Utf8 => Form::Utf8,
            Charset::Latin1 | Charset::Latin5 | Charset::JisX0201 => Form::Single(charset),
            Charset::Iso2022Jp | Charset::Iso2022Jp1 => {
                Form::Iso2022Jp { encoder: encoding_rs::EUC_JP.new_encoder(), in_kanji: false }
            }
            Charset::Utf16 | Charset::Utf16Be => Form::Utf16(u16::to_be_bytes),
            Charset::Utf16Le => Form::Utf16(u16::to_le_bytes),
            Charset::Utf32 | Charset::Utf32Be => Form::Utf32(u32::to_be_bytes),
            Charset::Utf32Le => Form::Utf32(u32::to_le_bytes),
            other => Form::Other(other.encoding()?.new_encoder()),
        };
        let mut writer = Self { bytes: Vec::new(), form };
        if matches!(charset, Charset::Utf16 | Charset::Utf32) {
            writer.write('\u{FEFF}');
        }
        Some(writer)
    }

    /// Whether the set has the character; nothing is written where not.
    fn write(&mut self, character: char) -> bool {
        let bytes = &mut self.bytes;
        match &mut self.form {
            Form::Utf16(order) => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    bytes.extend_from_slice(&order(*unit));
                }
                return true;
            }
            Form::Utf32(order) => {
                bytes.extend_from_slice(&order(character.into()));
                return true;
            }
            Form::Utf8 => {
                bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                return true;
            }
            _ => {}
        }
        if let Some(ascii) = u8::try_from(character).ok().filter(u8::is_ascii) {
            self.leave_kanji();
            self.bytes.push(ascii);
            return true;
        }
        match &mut self.form {
            Form::Single(charset) => match single_byte(*charset, character) {
                Some(byte) => bytes.push(byte),
                None => return false,
            },
            Form::Iso2022Jp { encoder, in_kanji } => {
                let mut buffer = [0; ENCODED_LEN];
                let Some([lead @ 0xA1..=0xFE, trail @ 0xA1..=0xFE]) =
                    encoded(encoder, character, &mut buffer)
                else {
                    return false;
                };
                if !*in_kanji {
                    bytes.extend_from_slice(&[ESCAPE, b'$', b'B']);
                    *in_kanji = true;
                }
                bytes.extend_from_slice(&[lead & 0x7F, trail & 0x7F]);
            }
            Form::Other(encoder) => {
                let mut buffer = [0; ENCODED_LEN];
                let Some(encoded) = encoded(encoder, character, &mut buffer) else { return false };
                bytes.extend_from_slice(encoded);
            }
            _ => return false,
        }
        true
    }

    fn leave_kanji(&mut self) {
        if let Form::Iso2022Jp { in_kanji: in_kanji @ true, .. } = &mut self.form {
            self.bytes.extend_from_slice(&[ESCAPE, b'(', b'B']);
            *in_kanji = false;
        }
    }

    fn write_escaped(&mut self, character: char, separators: &Separators) {
        let Some(escape) = separators.escape() else { return self.write_replaced(separators) };
        let digits: String =
            character.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("{byte:02X}")).collect();
        self.leave_kanji();
        self.bytes.push(escape);
        self.bytes.push(b'X');
        self.bytes.extend_from_slice(digits.as_bytes());
        self.bytes.push(escape);
    }

    fn write_replaced(&mut self, separators: &Separators) {
        self.leave_kanji();
        let mark = [b'?', b'*', b'.'].into_iter().find(|mark| !separators.delimits(*mark));
        self.bytes.extend(mark);
    }

    fn finish(mut self) -> Vec<u8> {
        self.leave_kanji();
        self.bytes
    }
}

/// More than any encoder asks for at a time.
const ENCODED_LEN: usize = 16;

/// The bytes of a character that is not ASCII. Not one that would be ASCII as a byte: WHATWG
/// has such for the yen sign and the overline, and they would delimit.
fn encoded<'b>(
    encoder: &mut encoding_rs::Encoder,
    character: char,
    buffer: &'b mut [u8; ENCODED_LEN],
) -> Option<&'b [u8]> {
    let mut text = [0; 4];
    let text = character.encode_utf8(&mut text);
    let (result, _, len) = encoder.encode_from_utf8_without_replacement(text, buffer, false);
    let bytes = buffer.get(..len)?;
    let complete = result == encoding_rs::EncoderResult::InputEmpty;
    (complete && bytes.first().is_some_and(|byte| !byte.is_ascii())).then_some(bytes)
}
