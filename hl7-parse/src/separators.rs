//! [`Separators`]: the delimiters that MSH-1 and MSH-2 declare.

use std::{fmt, ops::Range};

use crate::{Charset, charset::Switching, header::hidden::Hides};

/// The delimiters of a message (MSH-1 and MSH-2), and the character set it declares (MSH-18).
///
/// Eight bytes, `Copy`; every view carries them. A level that MSH-2 leaves out, or whose
/// character an earlier level already has, is not in use: its accessor is `None` and text is
/// not split there (2.5.1).
///
/// ```
/// use hl7_parse::Message;
///
/// let message = Message::parse(b"MSH$%*/@$A%B$")?;
/// let separators = message.separators();
/// assert_eq!(separators.field(), b'$');
/// assert_eq!(separators.component(), Some(b'%'));
/// assert_eq!(message.header().field(3).component(2).as_bytes(), b"B");
/// # Ok::<(), hl7_parse::ParseError>(())
/// ```
#[doc(alias = "encoding characters")]
#[doc(alias = "delimiters")]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Separators {
    // A level not in use holds the field separator: inside a field it can not occur, so that
    // nothing is ever split there, without a branch.
    pub(crate) field: u8,
    pub(crate) component: u8,
    pub(crate) repetition: u8,
    pub(crate) escape: u8,
    pub(crate) subcomponent: u8,
    pub(crate) truncation: u8,
    pub(crate) charset: Charset,
    pub(crate) switching: Switching,
}

impl Separators {
    /// The recommended delimiters: `|` and `^~\&`.
    pub const RECOMMENDED: Self = Self {
        field: b'|',
        component: b'^',
        repetition: b'~',
        escape: b'\\',
        subcomponent: b'&',
        truncation: b'|',
        charset: Charset::Unspecified,
        switching: Switching::Sequences,
    };

    /// For text that is one piece whatever it holds: MSH-1 and MSH-2. A CR ends the segment, so
    /// it can not occur in there.
    pub(crate) const LITERAL: Self = Self {
        field: b'\r',
        component: b'\r',
        repetition: b'\r',
        escape: b'\r',
        subcomponent: b'\r',
        truncation: b'\r',
        charset: Charset::Unspecified,
        switching: Switching::Not,
    };

    /// The field separator (MSH-1).
    #[must_use]
    pub fn field(&self) -> u8 {
        self.field
    }

    /// The component separator (MSH-2, first character).
    #[must_use]
    pub fn component(&self) -> Option<u8> {
        self.in_use(self.component)
    }

    /// The repetition separator (MSH-2, second character).
    #[must_use]
    pub fn repetition(&self) -> Option<u8> {
        self.in_use(self.repetition)
    }

    /// The escape character (MSH-2, third character).
    #[must_use]
    pub fn escape(&self) -> Option<u8> {
        self.in_use(self.escape)
    }

    /// The subcomponent separator (MSH-2, fourth character).
    #[must_use]
    pub fn subcomponent(&self) -> Option<u8> {
        self.in_use(self.subcomponent)
    }

    /// The truncation character: MSH-2's fifth character, or `#` where MSH-12 is 2.7 or later
    /// and no delimiter has it.
    #[must_use]
    pub fn truncation(&self) -> Option<u8> {
        self.in_use(self.truncation)
    }

    /// The character set that MSH-18 declares.
    #[must_use]
    pub fn charset(&self) -> Charset {
        self.charset
    }

    /// These delimiters with another character set.
    ///
    /// ```
    /// use hl7_parse::{Charset, Separators};
    ///
    /// let separators = Separators::default().with_charset(Charset::Latin1);
    /// assert_eq!(separators.charset(), Charset::Latin1);
    /// ```
    #[must_use]
    pub fn with_charset(self, charset: Charset) -> Self {
        let switching = match charset {
            Charset::Utf8 => Switching::Not,
            _ => self.switching,
        };
        Self { charset, switching, ..self }
    }

    /// Whether ESC switches character sets (ISO 2022) and is no control character: where MSH-18 or
    /// MSH-20 says so, and where MSH has text that means nothing else.
    ///
    /// A byte of such text that looks like a delimiter may be a part of a character, and MSH is cut
    /// so.
    ///
    /// ```
    /// let mail = b"MSH|^~\\&|HIS|\x1b$B%]|!\x1b(B|EHR|GH|1||ADT^A01|7|P|2.5\r";
    /// let header = hl7_parse::Header::parse(mail)?;
    /// assert!(header.separators().is_iso_2022());
    /// assert_eq!(header.control_id().as_bytes(), b"7");
    /// # Ok::<(), hl7_parse::ParseError>(())
    /// ```
    #[must_use]
    pub fn is_iso_2022(&self) -> bool {
        self.charset.is_iso_2022_jp() || self.switching == Switching::Iso2022
    }

    /// Where the first bytes stand that are no delimiters whatever they look like: a character of
    /// two bytes, in a set where the second may equal a delimiter, or a run of ISO 2022. `None`
    /// where all of the text can be taken byte by byte.
    ///
    /// For a field of MSH as it was sent; the text of a decoded message is UTF-8, which hides
    /// nothing.
    ///
    /// ```
    /// use hl7_parse::{Charset, Separators};
    ///
    /// // The second byte of this one is that of a backslash.
    /// let text = b"A^\x95\\^B";
    /// let separators = Separators::RECOMMENDED.with_charset(Charset::ShiftJis);
    /// assert_eq!(separators.first_hidden(text), Some(2..4));
    /// assert_eq!(Separators::RECOMMENDED.first_hidden(text), None);
    /// ```
    #[must_use]
    #[inline]
    pub fn first_hidden(&self, text: &[u8]) -> Option<Range<usize>> {
        Hides::of(self)?.first(text, self.field)
    }

    /// Whether text is cut or escaped at this byte.
    pub(crate) fn delimits(&self, byte: u8) -> bool {
        self.all().contains(&byte)
    }

    /// Whether a byte of text may equal a delimiter and be none.
    #[inline]
    pub(crate) fn may_be_hidden(&self) -> bool {
        self.charset.collides() || self.switching == Switching::Iso2022
    }

    /// Whether a delimiter is a letter, which hardly anybody declares.
    pub(crate) fn has_a_letter(&self) -> bool {
        self.all().iter().any(u8::is_ascii_alphabetic)
    }

    /// The set of the bytes from 0x80 where nothing is designated by ISO 2022.
    #[cfg(feature = "charset")]
    pub(crate) fn right(&self) -> Charset {
        match self.charset {
            charset if charset.is_iso_2022_jp() => Charset::JisX0201,
            charset => charset,
        }
    }

    fn all(&self) -> [u8; 5] {
        [self.field, self.component, self.repetition, self.escape, self.subcomponent]
    }

    fn in_use(&self, delimiter: u8) -> Option<u8> {
        (delimiter != self.field).then_some(delimiter)
    }
}

impl Default for Separators {
    fn default() -> Self {
        Self::RECOMMENDED
    }
}

impl fmt::Debug for Separators {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |byte: Option<u8>| byte.map(char::from);
        f.debug_struct("Separators")
            .field("field", &char::from(self.field))
            .field("component", &shown(self.component()))
            .field("repetition", &shown(self.repetition()))
            .field("escape", &shown(self.escape()))
            .field("subcomponent", &shown(self.subcomponent()))
            .field("truncation", &shown(self.truncation()))
            .field("charset", &self.charset)
            .finish()
    }
}
