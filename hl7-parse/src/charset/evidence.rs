//! [`Evidence`]: what was declared where, what the bytes show, and where the two differ.

use thiserror::Error;

use crate::Charset;

/// How the set of a decoded message was found.
///
/// Holds no message content: safe to log.
///
/// ```
/// use hl7_parse::{Charset, charset::{self, Basis, Content, Disagreement}};
///
/// let bytes = "MSH|^~\\&|A|||||||1|P|2.5||||||8859/1\rPID|||||RENÉ\r";
/// let evidence = charset::decode(bytes, None)?.evidence;
/// assert_eq!(evidence.basis(), Basis::Declared);
/// assert_eq!(evidence.declared(), Charset::Latin1);
/// assert_eq!(evidence.content(), Content::Utf8);
/// assert!(evidence.disagreements().eq([Disagreement::LooksLikeUtf8]));
/// assert_eq!((evidence.transport(), evidence.mark(), evidence.additional()), (None, None, None));
/// assert!(!evidence.is_replaced());
/// # Ok::<(), charset::DecodeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    pub(super) basis: Basis,
    pub(super) charset: Charset,
    pub(super) transport: Option<Charset>,
    pub(super) mark: Option<Charset>,
    pub(super) declared: Charset,
    pub(super) additional: Option<Charset>,
    pub(super) content: Content,
    pub(super) replaced: bool,
    pub(super) unended: bool,
}

/// What decided, in the order in which it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Basis {
    /// The label of the transport.
    Transport,
    /// A byte order mark.
    Mark,
    /// The zero bytes of UTF-16 or UTF-32 without a mark.
    Pattern,
    /// MSH-18.
    Declared,
    /// The bytes: nothing usable is declared, and they are ASCII, UTF-8 or ISO-2022-JP.
    Content,
    /// The set that is taken where nothing else tells.
    Default,
}

/// What the bytes look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Content {
    /// Bytes below 0x80 alone, and no escape sequence of ISO-2022-JP.
    Ascii,
    /// Bytes below 0x80 alone, with escape sequences of ISO-2022-JP.
    Iso2022,
    /// UTF-8 with more than ASCII in it.
    Utf8,
    /// Bytes from 0x80 that are not UTF-8.
    EightBit,
    /// UTF-16 or UTF-32.
    Wide,
}

/// Something that was declared and is not so.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Disagreement {
    /// The transport's label names no set that is known.
    #[error("the transport names an unknown character set")]
    UnknownLabel,
    /// The transport's label names UTF-16 or UTF-32 and the bytes are not, or the other way.
    /// It was set aside.
    #[error("the transport names a character set that these bytes can not be in")]
    ImpossibleLabel,
    /// The transport's label and the byte order mark name different sets.
    #[error("the transport and the byte order mark name different character sets")]
    LabelAndMark,
    /// The transport's label and MSH-18 name different sets.
    #[error("the transport and MSH-18 name different character sets")]
    LabelAndHeader,
    /// The byte order mark and MSH-18 name different sets.
    #[error("the byte order mark and MSH-18 name different character sets")]
    MarkAndHeader,
    /// MSH-18 names no set that is known.
    #[error("MSH-18 names an unknown character set")]
    UnknownName,
    /// MSH-18 names a set that the bytes can not be in: of another width, or one with escape
    /// sequences where there are none.
    #[error("MSH-18 names a character set that these bytes can not be in")]
    ImpossibleName,
    /// Neither transport, mark nor MSH-18 names a set with more than ASCII in it, and the
    /// bytes are more.
    #[error("no character set is declared, and the text is not ASCII")]
    NotAscii,
    /// The bytes are UTF-8, which text in another set hardly ever is by chance.
    #[error("the bytes are UTF-8, and another character set is declared")]
    LooksLikeUtf8,
    /// Bytes are not of the set that decided, and are U+FFFD in the text.
    #[error("some bytes are not of the character set, and were replaced")]
    Replaced,
    /// A field or line ends in kanji or half-width katakana of ISO 2022, which were to be switched
    /// back to ASCII before. What follows the delimiter was read as ASCII; one that is the second
    /// byte of a pair, or may begin a character, was not seen.
    #[error("kanji are not switched back to ascii before a delimiter")]
    NotSwitchedBack,
}

impl Evidence {
    /// What decided.
    #[must_use]
    pub fn basis(&self) -> Basis {
        self.basis
    }

    /// The set that the transport's label names; [`Charset::Unknown`] where it names none that
    /// is known. `None` without a label.
    #[must_use]
    pub fn transport(&self) -> Option<Charset> {
        self.transport
    }

    /// The set that a byte order mark shows.
    #[must_use]
    pub fn mark(&self) -> Option<Charset> {
        self.mark
    }

    /// The set that MSH-18 names first, or where that is no more than ASCII a further one that
    /// nothing leads to.
    #[must_use]
    pub fn declared(&self) -> Charset {
        self.declared
    }

    /// The set of several bytes for a character that MSH-18 names beside the first one, where
    /// MSH-20 allows to switch to it by ISO 2022.
    #[must_use]
    pub fn additional(&self) -> Option<Charset> {
        self.additional
    }

    /// What the bytes look like.
    #[must_use]
    pub fn content(&self) -> Content {
        self.content
    }

    /// Whether bytes that are not of the set became U+FFFD in the text.
    #[must_use]
    pub fn is_replaced(&self) -> bool {
        self.replaced
    }

    /// Where what was declared differs from something else that was declared, or from the
    /// bytes. Names do not differ where the bytes are ASCII, which is the same in all sets.
    pub fn disagreements(&self) -> impl Iterator<Item = Disagreement> + use<> {
        let Self {
            basis,
            charset,
            transport,
            mark,
            declared,
            additional,
            content,
            replaced,
            unended,
        } = *self;
        let is_wide = content == Content::Wide;
        let differ = |one: Charset, other: Charset| {
            let named = |charset| !matches!(charset, Charset::Unspecified | Charset::Unknown);
            named(one) && named(other) && content != Content::Ascii && family(one) != family(other)
        };
        let header = match declared {
            Charset::Unspecified | Charset::Ascii => additional.unwrap_or(declared),
            declared => declared,
        };
        let impossible = |named: Charset| {
            named.is_wide() != is_wide && !matches!(named, Charset::Unspecified | Charset::Unknown)
        };
        [
            (transport == Some(Charset::Unknown), Disagreement::UnknownLabel),
            (transport.is_some_and(impossible), Disagreement::ImpossibleLabel),
            (
                transport.zip(mark).is_some_and(|(label, mark)| differ(label, mark)),
                Disagreement::LabelAndMark,
            ),
            (transport.is_some_and(|label| differ(label, header)), Disagreement::LabelAndHeader),
            (mark.is_some_and(|mark| differ(mark, header)), Disagreement::MarkAndHeader),
            (declared == Charset::Unknown, Disagreement::UnknownName),
            (
                impossible(declared)
                    || (basis == Basis::Content
                        && declared.is_iso_2022_jp()
                        && !charset.is_iso_2022_jp()),
                Disagreement::ImpossibleName,
            ),
            (
                matches!(basis, Basis::Content | Basis::Default)
                    && content != Content::Ascii
                    && matches!(declared, Charset::Unspecified | Charset::Ascii),
                Disagreement::NotAscii,
            ),
            (content == Content::Utf8 && charset != Charset::Utf8, Disagreement::LooksLikeUtf8),
            (replaced, Disagreement::Replaced),
            (unended, Disagreement::NotSwitchedBack),
        ]
        .into_iter()
        .filter_map(|(is_so, disagreement)| is_so.then_some(disagreement))
    }
}

/// Sets between which names do not tell.
fn family(charset: Charset) -> Charset {
    match charset {
        Charset::Utf16Be | Charset::Utf16Le => Charset::Utf16,
        Charset::Utf32Be | Charset::Utf32Le => Charset::Utf32,
        Charset::Iso2022Jp1 => Charset::Iso2022Jp,
        charset => charset,
    }
}
