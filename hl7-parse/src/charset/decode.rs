//! [`decode`]: a message in any character set to one in UTF-8.

use std::{borrow::Cow, fmt};

use bytes::Bytes;
use thiserror::Error;

use super::{
    Basis, Content, Evidence, Switching,
    choose::{Declaration, Findings},
    detect, iso2022,
    sequences::{each_run, hex_reader, is_switched, resolve_hex},
    text::Read,
};
use crate::{
    Charset, OwnedMessage, ParseError, ParseErrorKind, ParseOptions, Separators,
    scan::{First, Ignore, scan},
};

/// A message that was decoded, and how.
#[derive(Clone)]
#[non_exhaustive]
pub struct Decoded {
    /// The message in UTF-8. MSH-18 still says what it said, but every element decodes as
    /// UTF-8: [`OwnedMessage::charset`] is [`Charset::Utf8`]. Parsed once more from its bytes
    /// it would be taken for what MSH-18 says.
    pub message: OwnedMessage,
    /// What came, byte for byte.
    pub original: Bytes,
    /// The set it came in: to write an answer in. ASCII where the bytes are that and nothing
    /// is declared.
    pub charset: Charset,
    /// How that was found.
    pub evidence: Evidence,
}

impl fmt::Debug for Decoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoded")
            .field("message", &self.message)
            .field("original_len", &self.original.len())
            .field("charset", &self.charset)
            .field("evidence", &self.evidence)
            .finish()
    }
}

/// Why a message could not be decoded.
///
/// `Copy`, and free of message content: safe to log.
///
/// ```
/// use hl7_parse::{ParseErrorKind, charset::{self, DecodeErrorKind}};
///
/// let error = charset::decode(&b"PID|1\r"[..], None).unwrap_err();
/// assert_eq!(error.kind(), DecodeErrorKind::Unreadable(ParseErrorKind::MissingHeader));
/// assert_eq!(error.offset(), 0);
/// ```
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("{kind} (byte {offset})")]
pub struct DecodeError {
    kind: DecodeErrorKind,
    offset: usize,
}

/// The kinds of [`DecodeError`].
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The text is no message. The offset is one into the decoded text.
    #[error("{0}")]
    Unreadable(ParseErrorKind),
    /// There is no decoder for the set, and the bytes are not ASCII. EUC-TW is the only one.
    #[error("there is no decoder for {0}")]
    Unsupported(Charset),
}

impl DecodeError {
    /// What was wrong.
    #[must_use]
    pub fn kind(&self) -> DecodeErrorKind {
        self.kind
    }

    /// Where: a byte offset, from 0.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }
}

impl From<ParseError> for DecodeError {
    fn from(error: ParseError) -> Self {
        Self { kind: DecodeErrorKind::Unreadable(error.kind()), offset: error.offset() }
    }
}

/// Decodes a message, taking windows-1252 where nothing tells the set.
///
/// Asked in this order: `transport_label`, as the charset parameter of an HTTP content type; a
/// byte order mark; the zero bytes of UTF-16 and UTF-32; MSH-18 and MSH-20; the bytes, whether
/// they are UTF-8 or ISO-2022-JP. A label or name that the bytes can not be in, because they
/// are wide and it is not or the other way, is set aside; so is a label where MSH-18 names
/// ISO-2022-JP and the bytes are that. What was found stands in [`Decoded::evidence`].
///
/// Bytes that are not of the set become U+FFFD. Character set switches (`\C..\`, `\M..\` and
/// those of ISO 2022) are followed and are no longer in the text; `\X..\` sequences of text
/// beyond ASCII are written out, because their bytes are of the set that is left. Nothing is
/// copied where the text is UTF-8 or ASCII already; the text has at most three times as many
/// bytes as came.
///
/// ```
/// use hl7_parse::{Charset, Path, charset};
///
/// let message = b"MSH|^~\\&|A|||||||1|P|2.5||||||8859/2\rPID|||||NOV\xC1K\r";
/// let decoded = charset::decode(&message[..], None)?;
/// assert_eq!(decoded.charset, Charset::Latin2);
/// assert_eq!(decoded.message.as_message().get(&Path::new("PID-5")).to_str(), Ok("NOVÁK"));
/// # Ok::<(), charset::DecodeError>(())
/// ```
///
/// # Errors
///
/// Where the text is no message, and for EUC-TW.
pub fn decode(
    bytes: impl Into<Bytes>,
    transport_label: Option<&str>,
) -> Result<Decoded, DecodeError> {
    DecodeOptions::new().decode(bytes, transport_label)
}

/// How to decode where the message does not tell.
#[derive(Clone, Copy, Debug)]
pub struct DecodeOptions {
    default: Charset,
    max_segments: usize,
}

impl Default for DecodeOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl DecodeOptions {
    /// windows-1252, and the limits of [`crate::Message::parse`].
    #[must_use]
    pub fn new() -> Self {
        Self { default: Charset::Windows1252, max_segments: ParseOptions::MAX_SEGMENTS }
    }

    /// The set of bytes that are not UTF-8 and of which nothing usable is declared; default
    /// windows-1252. It is taken too where this one is wide, undefined or EUC-TW.
    ///
    /// ```
    /// use hl7_parse::{Charset, Path, charset::DecodeOptions};
    ///
    /// let message = b"MSH|^~\\&|A\rPID|||||\x8ER\x93c\r";
    /// let options = DecodeOptions::new().default_charset(Charset::ShiftJis).max_segments(1000);
    /// let decoded = options.decode(&message[..], None)?;
    /// assert_eq!(decoded.message.as_message().get(&Path::new("PID-5")).decode(), "山田");
    /// # Ok::<(), hl7_parse::charset::DecodeError>(())
    /// ```
    #[must_use]
    pub fn default_charset(mut self, charset: Charset) -> Self {
        self.default = match charset.decodes_alone() {
            true => charset,
            false => Charset::Windows1252,
        };
        self
    }

    /// How many segments a message may have; default [`ParseOptions::MAX_SEGMENTS`].
    #[must_use]
    pub fn max_segments(mut self, max: usize) -> Self {
        self.max_segments = max;
        self
    }

    /// Decodes a message: [`decode`] with these options.
    ///
    /// # Errors
    ///
    /// Those of [`decode`].
    pub fn decode(
        &self,
        bytes: impl Into<Bytes>,
        transport_label: Option<&str>,
    ) -> Result<Decoded, DecodeError> {
        let original = bytes.into();
        let transport = transport_label
            .map(Charset::from_label)
            .filter(|charset| *charset != Charset::Unspecified);
        let mark = detect::mark(&original);
        let body = original.slice(mark.map_or(0, |(_, len)| len)..);
        let mark = mark.map(|(charset, _)| charset);
        let (text, evidence) = match detect::wide(&original) {
            Some(charset) => wide(&body, charset, transport, mark),
            None => self.narrow(&body, transport, mark)?,
        };
        let scanned = scan(&text, First::Decoded, self.max_segments, &mut Ignore)?;
        let message = OwnedMessage::from_scanned(text, scanned);
        Ok(Decoded { message, original, charset: evidence.charset, evidence })
    }

    /// Text whose delimiters and whose MSH-18 are ASCII.
    fn narrow(
        &self,
        body: &Bytes,
        transport: Option<Charset>,
        mark: Option<Charset>,
    ) -> Result<(Bytes, Evidence), DecodeError> {
        let findings = Findings::of(body, transport, mark, self.default);
        let (charset, basis) = findings.choose();
        if charset == Charset::EucTw
            && let Some(offset) = body.iter().position(|byte| !byte.is_ascii())
        {
            return Err(DecodeError { kind: DecodeErrorKind::Unsupported(charset), offset });
        }
        let ((text, replaced), unended) = self.text(&findings, charset, basis);
        let text = match text {
            Cow::Borrowed(text) if text.len() == body.len() => body.clone(),
            text => owned(text.into_owned()),
        };
        let evidence = Evidence {
            basis,
            charset,
            transport,
            mark,
            declared: findings.header.separators.charset,
            additional: findings.header.additional,
            content: findings.content,
            replaced,
            unended,
        };
        Ok((text, evidence))
    }

    /// The text, and whether kanji in it were not switched back to ASCII before a delimiter.
    fn text<'a>(
        &self,
        findings: &Findings<'a>,
        charset: Charset,
        basis: Basis,
    ) -> (Read<'a>, bool) {
        let Findings { body, header, has_escape, .. } = findings;
        let switching = header.separators.switching;
        let separators = Separators { charset, switching, ..header.separators };
        // Of undeclared text even `\X..\` may be UTF-8.
        let of_hex = match basis {
            Basis::Content | Basis::Default => Charset::Unspecified,
            _ => charset,
        };
        if switching == Switching::Sequences
            && !charset.needs_decoding()
            && is_switched(body, &separators)
        {
            return (self.switched(body, of_hex, &separators), false);
        }
        let designates = switching == Switching::Iso2022 && *has_escape;
        let ((text, replaced), unended) = if charset.is_iso_2022_jp() || designates {
            let right = match header.separators.charset {
                _ if !charset.is_iso_2022_jp() => charset,
                declared if declared.is_single_byte() => declared,
                _ => Charset::JisX0201,
            };
            iso2022::decode_message(body, right, &separators)
        } else {
            (charset.read(body, self.default), false)
        };
        let reader = hex_reader(of_hex, self.default, separators);
        match resolve_hex(&text, &separators, reader) {
            Cow::Borrowed(_) => ((text, replaced), unended),
            Cow::Owned(resolved) => ((resolved.into(), replaced), unended),
        }
    }

    /// The text of a message in which `\C..\` or `\M..\` occur.
    fn switched<'a>(&self, body: &[u8], of_hex: Charset, separators: &Separators) -> Read<'a> {
        let (mut text, mut replaced) = (String::with_capacity(body.len()), false);
        each_run(body, separators, |state, run| {
            let (run, some) = state.read(run, separators.charset, separators);
            replaced |= some;
            if state == iso2022::State::INITIAL {
                let reader = hex_reader(of_hex, self.default, *separators);
                text.push_str(&resolve_hex(&run, separators, reader));
            } else {
                let reader = |bytes: &[u8]| {
                    let (text, replaced) = state.read(bytes, separators.charset, separators);
                    (!replaced).then(|| text.into_owned())
                };
                text.push_str(&resolve_hex(&run, separators, reader));
            }
        });
        (text.into(), replaced)
    }
}

/// UTF-16 and UTF-32, of which a mark or a pattern told.
fn wide(
    body: &[u8],
    charset: Charset,
    transport: Option<Charset>,
    mark: Option<Charset>,
) -> (Bytes, Evidence) {
    let (text, replaced) = match charset {
        Charset::Utf16Be => encoding_rs::UTF_16BE.decode_without_bom_handling(body),
        Charset::Utf16Le => encoding_rs::UTF_16LE.decode_without_bom_handling(body),
        Charset::Utf32Be => utf_32(body, u32::from_be_bytes),
        _ => utf_32(body, u32::from_le_bytes),
    };
    let text = owned(text.into_owned());
    let header = Declaration::of(&text);
    let same_width = |label: Charset| match charset {
        Charset::Utf16Be | Charset::Utf16Le => {
            matches!(label, Charset::Utf16 | Charset::Utf16Be | Charset::Utf16Le)
        }
        _ => matches!(label, Charset::Utf32 | Charset::Utf32Be | Charset::Utf32Le),
    };
    let basis = match (transport, mark) {
        (Some(label), _) if same_width(label) => Basis::Transport,
        (_, Some(_)) => Basis::Mark,
        (_, None) => Basis::Pattern,
    };
    let evidence = Evidence {
        basis,
        charset,
        transport,
        mark,
        declared: header.separators.charset,
        additional: header.additional,
        content: Content::Wide,
        replaced,
        unended: false,
    };
    (text, evidence)
}

fn utf_32<'a>(bytes: &[u8], from: fn([u8; 4]) -> u32) -> Read<'a> {
    let (units, left) = bytes.as_chunks::<4>();
    let mut replaced = !left.is_empty();
    let mut text = String::with_capacity(bytes.len() / 4);
    for unit in units {
        text.push(char::from_u32(from(*unit)).unwrap_or_else(|| {
            replaced = true;
            char::REPLACEMENT_CHARACTER
        }));
    }
    if !left.is_empty() {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    (text.into(), replaced)
}

/// Bytes that keep no more memory than they need.
fn owned(mut text: String) -> Bytes {
    text.shrink_to_fit();
    text.into()
}
