//! [`Writer`]: writes segments so that nothing in them can break one.

use bytes::Bytes;
use hl7_parse::{Charset, Level, Separators};

use crate::{Acknowledger, Version, buffer::Buffer, header_fields::HeaderFields};

/// Writes segments with the delimiters of the message that is answered, or with the recommended
/// ones where those do not reach for an acknowledgment.
pub(crate) struct Writer {
    pub(crate) out: Buffer,
    /// Empty fields that are written once one with content follows: trailing ones are not sent
    /// (2.5.3).
    empty: usize,
    pub(crate) theirs: Separators,
    pub(crate) ours: Separators,
    /// Whether a field of the message can be copied byte by byte.
    verbatim: bool,
    /// Whether ESC stays what it is.
    pub(crate) keeps_esc: bool,
}

impl Writer {
    /// Writes in this version.
    #[inline(always)]
    pub(crate) fn answering(header: &HeaderFields<'_>, version: Version) -> Self {
        let theirs = header.separators();
        let mut writer = Self {
            out: Buffer::new(),
            empty: 0,
            theirs,
            ours: theirs,
            verbatim: header.is_clean(),
            keeps_esc: header.switches_sets(),
        };
        if let Some(other) = other_delimiters(theirs, version) {
            (writer.ours, writer.verbatim) = (other, false);
        }
        writer
    }

    pub(crate) fn field_separator(&self) -> u8 {
        self.ours.field()
    }

    /// Whether this byte has to be escaped as data.
    pub(crate) fn delimits(&self, byte: u8) -> bool {
        let ours = &self.ours;
        byte == ours.field()
            || [ours.component(), ours.repetition(), ours.escape(), ours.subcomponent()]
                .contains(&Some(byte))
    }

    pub(crate) fn finish(&mut self) -> Bytes {
        self.out.finish()
    }

    /// Begins MSH, FHS or BHS: its first two fields. `truncation`: whether the header that is
    /// answered declares the fifth character of MSH-2.
    pub(crate) fn begin_header(&mut self, id: &[u8; 3], truncation: bool) {
        let ours = self.ours;
        // All are in use: see `usable`.
        let declared = [ours.component(), ours.repetition(), ours.escape(), ours.subcomponent()];
        let delimiters = declared.map(|delimiter| delimiter.unwrap_or(ours.field()));
        self.begin(id);
        self.out.extend_behind(ours.field(), &delimiters);
        if let Some(fifth) = ours.truncation().filter(|_| truncation) {
            self.out.push(fifth);
        }
    }

    #[inline]
    pub(crate) fn begin(&mut self, id: &[u8; 3]) {
        self.out.extend(id);
    }

    pub(crate) fn end(&mut self) {
        self.empty = 0;
        self.out.push(b'\r');
    }

    /// This many fields without content.
    pub(crate) fn skip(&mut self, fields: usize) {
        self.empty += fields;
    }

    /// A field that has content, which follows.
    #[inline]
    pub(crate) fn field(&mut self) {
        if self.empty > 0 {
            self.write_empty();
        }
        self.out.push(self.ours.field());
    }

    fn write_empty(&mut self) {
        for _ in 0..std::mem::take(&mut self.empty) {
            self.out.push(self.ours.field());
        }
    }

    /// A field of these bytes, which need no escaping.
    #[inline]
    pub(crate) fn plain(&mut self, value: &[u8]) {
        if value.is_empty() {
            return self.skip(1);
        }
        self.behind_field_separator(value);
    }

    /// The same of so many bytes that are put there.
    #[inline]
    pub(crate) fn filled<const N: usize>(&mut self, fill: impl FnOnce(&mut [u8; N])) {
        if self.empty > 0 {
            self.write_empty();
        }
        self.out.fill_behind(self.ours.field(), fill);
    }

    #[inline]
    fn behind_field_separator(&mut self, value: &[u8]) {
        if self.empty > 0 {
            self.write_empty();
        }
        self.out.extend_behind(self.ours.field(), value);
    }

    /// A field of this text, of which at most `max` characters are written, escape sequences and
    /// all.
    pub(crate) fn text(&mut self, text: &str, max: usize) {
        if text.is_empty() {
            return self.skip(1);
        }
        self.field();
        self.escaped(text, max);
    }

    /// A field of these components.
    pub(crate) fn components<'t>(&mut self, mut texts: impl Iterator<Item = &'t str>) {
        self.field();
        self.escaped(texts.next().unwrap_or_default(), usize::MAX);
        for text in texts {
            self.component();
            self.escaped(text, usize::MAX);
        }
    }

    /// A field copied from the message, whole; the delimiters are changed where they differ. Empty
    /// where it is longer than [`Acknowledger::MAX_ECHOED_LEN`].
    #[inline(always)]
    pub(crate) fn copied(&mut self, field: &[u8]) {
        if field.is_empty() || field.len() > Acknowledger::MAX_ECHOED_LEN {
            return self.skip(1);
        }
        if self.verbatim {
            return self.behind_field_separator(field);
        }
        self.field();
        self.rewrite(field);
    }

    /// Whether [`Self::copied`] would write it.
    pub(crate) fn can_copy(part: &[u8]) -> bool {
        (1..=Acknowledger::MAX_ECHOED_LEN).contains(&part.len())
    }

    #[inline]
    pub(crate) fn component(&mut self) {
        self.delimiter(Level::Component);
    }

    pub(crate) fn subcomponent(&mut self) {
        self.delimiter(Level::Subcomponent);
    }

    pub(crate) fn repetition(&mut self) {
        self.delimiter(Level::Repetition);
    }

    #[inline]
    pub(crate) fn delimiter(&mut self, level: Level) {
        let delimiter = match level {
            Level::Repetition => self.ours.repetition(),
            Level::Component => self.ours.component(),
            Level::Subcomponent => self.ours.subcomponent(),
            _ => Some(self.ours.field()),
        };
        if let Some(delimiter) = delimiter {
            self.out.push(delimiter);
        }
    }

    /// Bytes that need no escaping, within a field.
    #[inline]
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.out.extend(bytes);
    }

    pub(crate) fn number(&mut self, number: usize) {
        let mut digits = [b'0'; 20];
        let mut left = number;
        let mut used = 0;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + u8::try_from(left % 10).unwrap_or_default();
            left /= 10;
            used += 1;
            if left == 0 {
                break;
            }
        }
        self.out.extend(digits.get(digits.len() - used..).unwrap_or_default());
    }

    /// Text within a field: as much of it as makes at most `max` characters, and no half of an
    /// escape sequence. What the character set may not have becomes a question mark.
    pub(crate) fn escaped(&mut self, text: &str, max: usize) {
        // No letter or digit delimits. Without a branch for each byte.
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() | (*byte == b' ');
        if text.len() <= max && text.as_bytes().iter().fold(true, |all, byte| all & plain(byte)) {
            return self.out.extend(text.as_bytes());
        }
        let mut left = max;
        for character in text.chars() {
            let (mut utf_8, mut sequence) = ([0; 4], [0; 5]);
            let written: &[u8] = match u8::try_from(character) {
                Ok(byte) if byte.is_ascii() => self.escape(byte, &mut sequence),
                // Controls from 0x80: some terminals and sets obey them.
                Ok(0x80..=0x9F) => b"?",
                Ok(byte) if self.ours.charset() == Charset::Latin1 => {
                    sequence = [byte; 5];
                    sequence.get(..1).unwrap_or_default()
                }
                _ if self.ours.charset() == Charset::Utf8 => {
                    character.encode_utf8(&mut utf_8).as_bytes()
                }
                _ => b"?",
            };
            let characters = if character.is_ascii() { written.len() } else { 1 };
            let Some(rest) = left.checked_sub(characters) else { return };
            left = rest;
            self.out.extend(written);
        }
    }

    /// What an ASCII character is written as.
    pub(crate) fn escape<'s>(&self, byte: u8, sequence: &'s mut [u8; 5]) -> &'s [u8] {
        let ours = &self.ours;
        let open = ours.escape().unwrap_or(b'\\');
        let code = match Some(byte) {
            found if found == Some(ours.field()) => b'F',
            found if found == ours.component() => b'S',
            found if found == ours.subcomponent() => b'T',
            found if found == ours.repetition() => b'R',
            found if found == ours.escape() => b'E',
            _ if byte.is_ascii_control() => {
                const HEX: &[u8; 16] = b"0123456789ABCDEF";
                let digit = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or(b'0');
                *sequence = [open, b'X', digit(byte >> 4), digit(byte & 15), open];
                return sequence;
            }
            _ => {
                *sequence = [byte; 5];
                return sequence.get(..1).unwrap_or_default();
            }
        };
        *sequence = [open, code, open, 0, 0];
        sequence.get(..3).unwrap_or_default()
    }

    /// A component copied from the message, which is not the first of its field.
    #[inline]
    pub(crate) fn copied_component(&mut self, part: &[u8]) {
        if self.verbatim {
            return self.plain_component(part);
        }
        self.component();
        self.rewrite(part);
    }

    /// A component of these bytes, which need no escaping, and which is not the first of its field.
    #[inline]
    pub(crate) fn plain_component(&mut self, value: &[u8]) {
        let delimiter = self.ours.component().unwrap_or(self.ours.field());
        self.out.extend_behind(delimiter, value);
    }
}

/// What is written where the delimiters of the message do not do in this version.
fn other_delimiters(theirs: Separators, version: Version) -> Option<Separators> {
    let recommended = || Separators::RECOMMENDED.with_charset(theirs.charset());
    match theirs.truncation() {
        _ if !usable(&theirs) => Some(recommended()),
        // MSH-2 has a fifth character from 2.7 on.
        Some(truncation) if version < Version::V2_7 || !can_delimit(truncation) => {
            Some(without_truncation(&theirs).unwrap_or_else(recommended))
        }
        _ => None,
    }
}

/// Whether there is a delimiter for each level, and one that can be told from text.
fn usable(separators: &Separators) -> bool {
    let declared = [
        Some(separators.field()),
        separators.component(),
        separators.repetition(),
        separators.escape(),
        separators.subcomponent(),
    ];
    declared == [b'|', b'^', b'~', b'\\', b'&'].map(Some)
        || declared.iter().all(|byte| byte.is_some_and(can_delimit))
}

/// Two double quotes mean "delete": they can not.
fn can_delimit(byte: u8) -> bool {
    byte.is_ascii_punctuation() && byte != b'"'
}

fn without_truncation(theirs: &Separators) -> Option<Separators> {
    let declared =
        [theirs.component(), theirs.repetition(), theirs.escape(), theirs.subcomponent()];
    let declared: String = declared.into_iter().flatten().map(char::from).collect();
    let ours = Separators::new(theirs.field(), &declared).ok()?;
    Some(ours.with_charset(theirs.charset()))
}
