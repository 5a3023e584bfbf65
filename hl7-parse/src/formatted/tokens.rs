//! [`Tokens`]: an element as text, separators and escape sequences, without losing a byte.

use std::{borrow::Cow, fmt};

use memchr::memchr;

use crate::{
    Component, Element, Field, Repetition, Separators, Subcomponent,
    formatted::plain_text::plain_text, unescape,
};

/// A level of a segment: what a separator stands between (2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Level {
    /// Fields.
    Field,
    /// Repetitions of a field.
    Repetition,
    /// Components of a repetition.
    Component,
    /// Subcomponents of a component.
    Subcomponent,
}

/// What a [`Token`] is (2.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenKind {
    /// Text without a sequence. An escape character that opens no sequence is text, and so is a
    /// sequence that the standard does not define (`\Q\`, `\temp\`, `\XZZ\`).
    Text,
    /// A separator between elements of this level; none in a leaf.
    Separator(Level),
    /// `\F\ \S\ \T\ \R\ \E\ \P\`: a character that would else delimit.
    Escaped(u8),
    /// `\Xdd..\`: bytes, in the character set of the message.
    Hex,
    /// `\H\`: highlighting starts.
    HighlightStart,
    /// `\N\`: highlighting ends.
    HighlightEnd,
    /// `\.br\`: a new line.
    Break,
    /// `\.sp\`, `\.sp3\`: ends the line and skips so many lines; one where no number is given.
    Space(u16),
    /// `\.sk3\`: skips so many spaces.
    Skip(u16),
    /// `\.in+4\`: the indent of this line and those that follow, in spaces.
    Indent(i32),
    /// `\.ti-4\`: added to the indent for this line only, in spaces.
    TemporaryIndent(i32),
    /// `\.ce\`: ends the line, the next one is centred.
    Center,
    /// `\.fi\`: word wrap from here on.
    Fill,
    /// `\.nf\`: no word wrap from here on.
    NoFill,
    /// `\Zdd..\`: what the sites agreed on.
    Local,
    /// `\Cxxyy\`, `\Mxxyy\`, `\Mxxyyzz\`: another character set from here on (2.7.2).
    CharsetSwitch,
    /// A sequence of a defined form that stands for nothing here: a formatting command that does
    /// not exist or has a wrong argument, a delimiter that is not in use.
    Unknown,
}

/// A part of an element. Made by [`Tokens`].
///
/// ```
/// use hl7_parse::{Message, TokenKind};
///
/// let message = Message::parse(b"MSH|^~\\&|A\rNTE|1||3 \\T\\ 4\r")?;
/// let text = message.segment("NTE").ok_or("no NTE")?.field(3);
/// let sequence = text.tokens().nth(1).ok_or("no sequence")?;
/// assert_eq!(sequence.kind(), TokenKind::Escaped(b'&'));
/// assert_eq!(sequence.as_bytes(), br"\T\");
/// assert_eq!(*sequence.unescape(), *b"&");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct Token<'a> {
    bytes: &'a [u8],
    kind: TokenKind,
    separators: Separators,
}

impl<'a> Token<'a> {
    /// What was sent, escape characters included.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> TokenKind {
        self.kind
    }

    /// The bytes it stands for, as [`unescape`] finds them: of a sequence that stands for none,
    /// the sequence.
    #[must_use]
    pub fn unescape(&self) -> Cow<'a, [u8]> {
        match self.kind {
            TokenKind::Escaped(_) | TokenKind::Hex => unescape(self.bytes, &self.separators),
            _ => self.bytes.into(),
        }
    }

    /// What stands between the two escape characters of a sequence.
    pub(crate) fn body(&self) -> &'a [u8] {
        self.bytes.get(1..self.bytes.len().saturating_sub(1)).unwrap_or_default()
    }
}

impl fmt::Debug for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("kind", &self.kind).field("len", &self.bytes.len()).finish()
    }
}

/// The tokens of an element, in order: together they are its bytes. Made by
/// [`Element::tokens`] and its like.
#[derive(Clone)]
pub struct Tokens<'a> {
    /// What is left of the leaf that is read: a sequence never crosses a separator.
    leaf: &'a [u8],
    /// From the separator that ends it.
    after: &'a [u8],
    /// The sequence that ended the text given last.
    next: Option<Token<'a>>,
    separators: Separators,
}

impl<'a> Tokens<'a> {
    /// The tokens of bytes that are no view of a message: [`Element::tokens`] and its like make
    /// those of views.
    ///
    /// ```
    /// use hl7_parse::{Separators, Tokens};
    ///
    /// let text: Vec<u8> = Tokens::new(br"A\T\B", Separators::RECOMMENDED)
    ///     .flat_map(|token| token.unescape().into_owned())
    ///     .collect();
    /// assert_eq!(text, b"A&B");
    /// ```
    #[must_use]
    pub fn new(bytes: &'a [u8], separators: Separators) -> Self {
        let mut tokens = Self { leaf: &[], after: bytes, next: None, separators };
        tokens.next_leaf(bytes);
        tokens
    }

    fn next_leaf(&mut self, bytes: &'a [u8]) {
        let end = bytes.iter().position(|byte| level_of(*byte, &self.separators).is_some());
        (self.leaf, self.after) =
            bytes.split_at_checked(end.unwrap_or(bytes.len())).unwrap_or((bytes, &[]));
    }

    fn token(&self, bytes: &'a [u8], kind: TokenKind) -> Token<'a> {
        Token { bytes, kind, separators: self.separators }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        if let Some(token) = self.next.take() {
            return Some(token);
        }
        if self.leaf.is_empty() {
            let (separator, rest) = self.after.split_first()?;
            let token = self.token(
                self.after.get(..1).unwrap_or_default(),
                TokenKind::Separator(level_of(*separator, &self.separators)?),
            );
            self.next_leaf(rest);
            return Some(token);
        }
        let Some((start, len, kind)) = first_sequence(self.leaf, &self.separators) else {
            let text = self.token(self.leaf, TokenKind::Text);
            self.leaf = &[];
            return Some(text);
        };
        let (text, rest) = self.leaf.split_at_checked(start)?;
        let (sequence, rest) = rest.split_at_checked(len)?;
        self.leaf = rest;
        let sequence = self.token(sequence, kind);
        if text.is_empty() {
            return Some(sequence);
        }
        self.next = Some(sequence);
        Some(self.token(text, TokenKind::Text))
    }
}

impl fmt::Debug for Tokens<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let next = self.next.map_or(0, |token| token.bytes.len());
        let len = next + self.leaf.len() + self.after.len();
        f.debug_struct("Tokens").field("len", &len).finish()
    }
}

/// Which level a byte separates; a level not in use has the field separator.
pub(crate) fn level_of(byte: u8, separators: &Separators) -> Option<Level> {
    if byte == separators.field {
        Some(Level::Field)
    } else if byte == separators.repetition {
        Some(Level::Repetition)
    } else if byte == separators.component {
        Some(Level::Component)
    } else if byte == separators.subcomponent {
        Some(Level::Subcomponent)
    } else {
        None
    }
}

/// Where the first sequence of a leaf begins, its length and its kind.
fn first_sequence(leaf: &[u8], separators: &Separators) -> Option<(usize, usize, TokenKind)> {
    let escape = separators.escape()?;
    let mut start = memchr(escape, leaf)?;
    loop {
        let after = leaf.get(start + 1..)?;
        let len = memchr(escape, after)?;
        if let Some(kind) = kind_of(after.get(..len)?, separators) {
            return Some((start, len + 2, kind));
        }
        // The next escape character may open what this one does not.
        start += len + 1;
    }
}

/// What stands between two escape characters; `None` where it is no sequence.
pub(crate) fn kind_of(body: &[u8], separators: &Separators) -> Option<TokenKind> {
    let escaped = |byte: Option<u8>| byte.map_or(TokenKind::Unknown, TokenKind::Escaped);
    let hex = |digits: &[u8]| digits.iter().all(u8::is_ascii_hexdigit);
    let known = |known: bool, kind| if known { kind } else { TokenKind::Unknown };
    Some(match body {
        b"F" => TokenKind::Escaped(separators.field),
        b"S" => escaped(separators.component()),
        b"T" => escaped(separators.subcomponent()),
        b"R" => escaped(separators.repetition()),
        b"E" => escaped(separators.escape()),
        b"P" => escaped(separators.truncation()),
        b"H" => TokenKind::HighlightStart,
        b"N" => TokenKind::HighlightEnd,
        [b'X', digits @ ..] if !digits.is_empty() && digits.len() % 2 == 0 && hex(digits) => {
            TokenKind::Hex
        }
        [b'.', command @ ..] if !command.is_empty() => {
            formatting(command).unwrap_or(TokenKind::Unknown)
        }
        [b'C', set @ ..] if !set.is_empty() => {
            known(set.len() == 4 && hex(set), TokenKind::CharsetSwitch)
        }
        [b'M', set @ ..] if !set.is_empty() => {
            known(matches!(set.len(), 4 | 6) && hex(set), TokenKind::CharsetSwitch)
        }
        [b'Z', _, ..] => TokenKind::Local,
        _ => return None,
    })
}

/// A formatting command, without its point (2.7.6). A blank or a sign may stand before a number.
fn formatting(command: &[u8]) -> Option<TokenKind> {
    let (name, argument) = command.split_at_checked(2)?;
    let positive = |argument| match number(argument)? {
        (true, number) if number > 0 => Some(number),
        _ => None,
    };
    let signed = |argument| {
        number(argument).map(|(positive, number)| match positive {
            true => i32::from(number),
            false => -i32::from(number),
        })
    };
    Some(match (name, argument) {
        (b"br", b"") => TokenKind::Break,
        (b"ce", b"") => TokenKind::Center,
        (b"fi", b"") => TokenKind::Fill,
        (b"nf", b"") => TokenKind::NoFill,
        (b"sp", b"") => TokenKind::Space(1),
        (b"sp", argument) => TokenKind::Space(positive(argument)?),
        (b"sk", argument) => TokenKind::Skip(positive(argument)?),
        (b"in", argument) => TokenKind::Indent(signed(argument)?),
        (b"ti", argument) => TokenKind::TemporaryIndent(signed(argument)?),
        _ => return None,
    })
}

/// Whether a number is positive, and how large.
fn number(argument: &[u8]) -> Option<(bool, u16)> {
    let (positive, digits) = match argument.trim_ascii() {
        [b'-', digits @ ..] => (false, digits),
        [b'+', digits @ ..] => (true, digits),
        digits => (true, digits),
    };
    if !digits.first()?.is_ascii_digit() {
        return None;
    }
    Some((positive, std::str::from_utf8(digits).ok()?.parse().ok()?))
}

macro_rules! formatted {
    ($($name:ident)+) => {$(
        impl<'a> $name<'a> {
            /// The text, separators and escape sequences of the element, in order; together
            /// they are [`Self::as_bytes`].
            ///
            /// For what `decode()` leaves as it is: formatting, highlighting, local sequences
            /// and those that change the character set.
            ///
            /// ```
            /// use hl7_parse::{Message, TokenKind};
            ///
            /// let message = Message::parse(br"MSH|^~\&|A
            /// OBX|1|FT|||one\.br\\H\two\N\")?;
            /// let text = message.segment("OBX").ok_or("no OBX")?.field(5);
            /// let kinds: Vec<_> = text.tokens().map(|token| token.kind()).collect();
            /// assert_eq!(kinds, [
            ///     TokenKind::Text,
            ///     TokenKind::Break,
            ///     TokenKind::HighlightStart,
            ///     TokenKind::Text,
            ///     TokenKind::HighlightEnd,
            /// ]);
            /// # Ok::<(), Box<dyn std::error::Error>>(())
            /// ```
            pub fn tokens(&self) -> Tokens<'a> {
                Tokens::new(self.as_bytes(), Element::from(*self).separators())
            }

            /// Formatted text as plain text (2.7.6), for people to read.
            ///
            /// `\.br\`, `\.ce\`, `\.spN\`, a CR, LF or CR LF (escaped or not) and a repetition
            /// separator end a line; `\.skN\`, `\.inN\` and `\.tiN\` become spaces; word wrap
            /// and highlighting become nothing. Other separators, and the sequences that
            /// `decode()` leaves as they are, stay. Of one command no more than 100 lines or
            /// spaces are written, and of all together no more than 64 KiB and two for each
            /// byte of the text; further ones are left out. Lines end with `\n`.
            ///
            /// ```
            /// use hl7_parse::Message;
            ///
            /// let message = Message::parse(br"MSH|^~\&|A
            /// OBX|1|FT|||\.in+2\Bayer \T\ Co\.br\\H\two\N\ lines\X0D\three")?;
            /// let text = message.segment("OBX").ok_or("no OBX")?.field(5);
            /// assert_eq!(text.to_plain_text(), "  Bayer & Co\n  two lines\n  three");
            /// # Ok::<(), Box<dyn std::error::Error>>(())
            /// ```
            #[must_use]
            pub fn to_plain_text(&self) -> String {
                plain_text(self.tokens(), Element::from(*self).separators().charset())
            }
        }
    )+};
}

formatted!(Element Field Repetition Component Subcomponent);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_sequence_is_known() {
        use TokenKind::*;
        for (body, expected) in [
            ("F", Some(Escaped(b'|'))),
            ("E", Some(Escaped(b'\\'))),
            ("P", Some(Unknown)),
            ("H", Some(HighlightStart)),
            ("N", Some(HighlightEnd)),
            ("X41", Some(Hex)),
            ("Xc3A9", Some(Hex)),
            ("X4", None),
            ("X", None),
            ("XZZ", None),
            (".br", Some(Break)),
            (".br1", Some(Unknown)),
            (".ce", Some(Center)),
            (".fi", Some(Fill)),
            (".nf", Some(NoFill)),
            (".sp", Some(Space(1))),
            (".sp3", Some(Space(3))),
            (".sp 3", Some(Space(3))),
            (".sp+3", Some(Space(3))),
            (".sp-3", Some(Unknown)),
            (".sp0", Some(Unknown)),
            (".sp99999", Some(Unknown)),
            (".sk12", Some(Skip(12))),
            (".sk", Some(Unknown)),
            (".in+4", Some(Indent(4))),
            (".in-4", Some(Indent(-4))),
            (".in 4", Some(Indent(4))),
            (".in+-4", Some(Unknown)),
            (".in", Some(Unknown)),
            (".ti-4", Some(TemporaryIndent(-4))),
            (".xx", Some(Unknown)),
            (".x", Some(Unknown)),
            (".", None),
            ("C2842", Some(CharsetSwitch)),
            ("C28", Some(Unknown)),
            ("M2442", Some(CharsetSwitch)),
            ("M242844", Some(CharsetSwitch)),
            ("Zab", Some(Local)),
            ("Z", None),
            ("Q", None),
            ("br", None),
            ("f", None),
            ("", None),
        ] {
            assert_eq!(kind_of(body.as_bytes(), &Separators::default()), expected, "{body}");
        }
    }
}
