//! [`HeaderFields`]: the fields of an MSH segment, found in one pass.

use hl7_parse::{Charset, Header, Separators, TokenKind, Tokens};

use crate::Version;

/// The fields of MSH that an acknowledgment is made from.
pub(crate) struct HeaderFields<'a> {
    fields: [&'a [u8]; 26],
    separators: Separators,
    /// Whether no control character stands anywhere in the segment.
    clean: bool,
    displaced: bool,
}

impl<'a> HeaderFields<'a> {
    /// Of a header that can not be read: no field is valued.
    pub(crate) fn none() -> Self {
        let separators = Separators::RECOMMENDED;
        Self { fields: [&[]; 26], separators, clean: true, displaced: false }
    }

    pub(crate) fn of(header: &Header<'a>) -> Self {
        let (line, separators) = (header.segment().as_bytes(), header.separators());
        let mut cut = Cut { line, fields: [&[]; 26], n: 1, start: 0 };
        let (mut rest, mut at) = (line, 0);
        while let Some((chunk, after)) = rest.split_first_chunk() {
            cut.at_each(at, mask(chunk, separators.field()));
            (rest, at) = (after, at + CHUNK);
        }
        // A blank can not separate fields.
        let mut last = [b' '; CHUNK];
        last.iter_mut().zip(rest).for_each(|(padded, byte)| *padded = *byte);
        cut.at_each(at, mask(&last, separators.field()));
        cut.at(line.len());

        // Without a branch for each byte, so that the compiler vectorises it.
        let odd = |byte: &u8| u8::from(*byte < 0x20) | u8::from(*byte == 0x7F) | (byte & 0x80);
        let found = line.iter().fold(0, |found, byte| found | odd(byte));
        let clean = found & 1 == 0;
        let mut fields = Self { fields: cut.fields, separators, clean, displaced: false };
        // UTF-8 hides nothing, but what names it may have been displaced by what does.
        if found != 0 && (separators.charset() != Charset::Utf8 || separators.is_iso_2022()) {
            fields.cut_again(header);
        }
        fields
    }

    /// Cuts again where the byte of a separator may be a part of a character: else all that
    /// follows is taken for another field, MSH-10 among it.
    #[cold]
    fn cut_again(&mut self, header: &Header<'a>) {
        self.fields.iter_mut().for_each(|field| *field = &[]);
        for (field, found) in self.fields.iter_mut().skip(1).zip(header.segment().fields()) {
            *field = found.as_bytes();
        }
        if matches!(self.separators.charset(), Charset::Unspecified | Charset::Unknown) {
            self.realign(header);
        }
    }

    /// In a set that is not declared no pair can be told. Where the version and the message type
    /// stand too far behind, so does MSH-10; the fields before them are not known.
    fn realign(&mut self, header: &Header<'a>) {
        let is_version = |field: &[u8]| matches!(field.trim_ascii(), [b'2', b'.', b'0'..=b'9', ..]);
        if is_version(self.get(12)) {
            return;
        }
        // MSH-1 is the first.
        let as_cut: Vec<&[u8]> =
            header.segment().fields().take(MAX_MOVED + 25).map(|field| field.as_bytes()).collect();
        let get = |n: usize| as_cut.get(n - 1).copied().unwrap_or_default();
        let of_type = |n| TypeForm::of(get(n), self.separators.component());
        let in_place = of_type(9);
        let in_pairs = header.segment().as_bytes().iter().any(|byte| *byte >= 0x80 || *byte == ESC);
        let by = match in_place {
            Some(TypeForm::WithEvent) => None,
            _ if !in_pairs => None,
            // A facility of three letters looks like a type without an event, too.
            _ => (1..=MAX_MOVED).find(|by| match of_type(9 + by) {
                Some(TypeForm::WithEvent) => true,
                Some(TypeForm::Alone) => is_version(get(12 + by)),
                None => false,
            }),
        };
        // Of a type that does not look like one the version has to tell, and what looks like a type
        // may then be MSH-6 or MSH-5.
        let may_be_moved =
            |by: usize| in_place.is_none() || (by > 2 && in_place == Some(TypeForm::Alone));
        let by = by.or_else(|| (1..=4).find(|by| may_be_moved(*by) && is_version(get(12 + by))));
        let Some(by) = by else { return };
        self.displaced = true;
        for (n, field) in self.fields.iter_mut().enumerate().skip(3) {
            *field = match n {
                3..=6 => &[],
                _ => get(n + by),
            };
        }
    }

    /// Whether some fields are not where they should be: MSH holds text whose bytes look like
    /// separators. What is said of them here is right, or nothing; what a handler reads is not.
    pub(crate) fn is_displaced(&self) -> bool {
        self.displaced
    }

    /// Those of BHS or FHS as far as MSH has them: addresses, and its control ID as that of a
    /// message.
    pub(crate) fn of_batch(mut self) -> Self {
        let control_id = self.get(11);
        for (n, field) in self.fields.iter_mut().enumerate().skip(7) {
            *field = if n == 10 { control_id } else { &[] };
        }
        self
    }

    /// MSH-`n` as it was sent, up to 25.
    pub(crate) fn get(&self, n: usize) -> &'a [u8] {
        self.fields.get(n).copied().unwrap_or_default()
    }

    /// The same, empty where it says nothing: blanks, or the delete indicator.
    pub(crate) fn said(&self, n: usize) -> &'a [u8] {
        match self.get(n) {
            [] | b"\"\"" => &[],
            field if field.trim_ascii().is_empty() => &[],
            field => field,
        }
    }

    /// Whether MSH-10 says anything: not where it is delimiters, blanks and control characters
    /// alone, written as they are or as escape sequences.
    pub(crate) fn names_message(&self) -> bool {
        let visible = |byte: &u8| *byte > b' ' && *byte != 0x7F;
        Tokens::new(self.said(10), self.separators).any(|token| match token.kind() {
            TokenKind::Separator(_) => false,
            TokenKind::Text | TokenKind::Escaped(_) | TokenKind::Hex => {
                token.unescape().iter().any(visible)
            }
            // A sequence that stands for no character can be compared, too.
            _ => true,
        })
    }

    /// The first repetition of MSH-`n`, no character of which is cut in two.
    pub(crate) fn repetition(&self, n: usize) -> &'a [u8] {
        let (field, separator) = (self.get(n), self.separators.repetition());
        let (mut rest, mut start) = (field, 0);
        loop {
            let hidden = self.separators.first_hidden(rest);
            let before = hidden.as_ref().map_or(rest.len(), |hidden| hidden.start);
            let mut cuttable = rest.iter().take(before);
            if let Some(at) = cuttable.position(|byte| Some(*byte) == separator) {
                return field.get(..start + at).unwrap_or(field);
            }
            let Some(hidden) = hidden else { return field };
            start += hidden.end;
            rest = field.get(start..).unwrap_or_default();
        }
    }

    /// Component `component` of the first repetition of MSH-`n`.
    pub(crate) fn component(&self, n: usize, component: usize) -> &'a [u8] {
        piece(self.repetition(n), self.separators.component(), component)
    }

    pub(crate) fn is_of_type_ack(&self) -> bool {
        let message_type = self.get(9).trim_ascii_start();
        message_type.get(..3).is_some_and(|code| code.eq_ignore_ascii_case(b"ACK"))
            && self.component(9, 1).trim_ascii().len() == 3
    }

    pub(crate) fn separators(&self) -> Separators {
        self.separators
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.clean
    }

    pub(crate) fn version(&self) -> Version {
        Version::of_form(self.component(12, 1))
    }

    /// Whether ESC switches character sets, and is no control character to be escaped.
    pub(crate) fn switches_sets(&self) -> bool {
        self.separators.is_iso_2022()
    }
}

/// How many field separators in text that is not declared are seen through.
const MAX_MOVED: usize = 64;

const ESC: u8 = 0x1B;

/// What a message type (MSH-9) looks like: `ADT^A01`, `ADT`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TypeForm {
    WithEvent,
    Alone,
}

impl TypeForm {
    fn of(field: &[u8], component: Option<u8>) -> Option<Self> {
        let (code, rest) = field.trim_ascii().split_at_checked(3)?;
        let is_code = code.iter().all(u8::is_ascii_alphanumeric)
            && code.first().is_some_and(u8::is_ascii_alphabetic);
        match rest {
            _ if !is_code => None,
            [] => Some(Self::Alone),
            [separator, b'A'..=b'Z' | b'a'..=b'z', second, third, after @ ..]
                if Some(*separator) == component
                    && [second, third].into_iter().all(u8::is_ascii_alphanumeric)
                    && after.first().is_none_or(|byte| !byte.is_ascii_alphanumeric()) =>
            {
                Some(Self::WithEvent)
            }
            _ => None,
        }
    }
}

/// Cuts MSH at its separators. What stands before the first, the segment ID, is kept as field 1,
/// which nobody asks for.
struct Cut<'a> {
    line: &'a [u8],
    fields: [&'a [u8]; 26],
    n: usize,
    start: usize,
}

impl Cut<'_> {
    /// At each byte of a chunk whose bit is set.
    #[inline]
    fn at_each(&mut self, chunk_start: usize, mut hits: u16) {
        while hits != 0 {
            self.at(chunk_start + hits.trailing_zeros() as usize);
            hits &= hits.wrapping_sub(1);
        }
    }

    #[inline]
    fn at(&mut self, end: usize) {
        if let Some(field) = self.fields.get_mut(self.n) {
            *field = self.line.get(self.start..end).unwrap_or_default();
        }
        (self.n, self.start) = (self.n + 1, end + 1);
    }
}

const CHUNK: usize = 16;

/// One bit for each byte that is the separator, that of the first byte lowest.
///
/// Halves folded like this the compiler makes one comparison of 16 bytes of: half the work of
/// looking at each byte.
#[inline]
fn mask(chunk: &[u8; CHUNK], separator: u8) -> u16 {
    const HALF: usize = CHUNK / 2;
    let half = |bytes: &[u8; HALF]| {
        bytes.iter().rev().fold(0u8, |mask, byte| mask << 1 | u8::from(*byte == separator))
    };
    match chunk.as_chunks::<HALF>() {
        ([low, high], _) => u16::from_le_bytes([half(low), half(high)]),
        _ => 0,
    }
}

/// The `n`th piece, from 1; of a level that is not in use the whole is the first.
fn piece(text: &[u8], separator: Option<u8>, n: usize) -> &[u8] {
    let mut pieces = text.split(|byte| Some(*byte) == separator);
    n.checked_sub(1).and_then(|n| pieces.nth(n)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_those_of_the_header_wherever_they_lie() {
        let long = "x".repeat(30);
        for rest in [
            "",
            "|",
            "|^~\\&",
            "|^~\\&|",
            "|^~\\&|A|B|C|D|20260101||ADT^A01|7|P|2.5",
            "|^~\\&|AAA|\u{FD}|\u{1}{|\u{7B}}||||||||||||||||||||||||||||||||||||||||||",
            &"|abcdefg".repeat(30),
            &format!("|^~\\&|{long}|{long}||{long}|"),
        ] {
            for cut in (0..=rest.len()).filter(|cut| rest.is_char_boundary(*cut)) {
                let line = format!("MSH{}", &rest[..cut]);
                let Ok(header) = Header::parse(line.as_bytes()) else { continue };
                let found = HeaderFields::of(&header);
                for n in 2..26 {
                    assert_eq!(found.get(n), header.field(n).as_bytes(), "MSH-{n} of {line:?}");
                }
                assert_eq!(found.is_clean(), !line.contains('\u{1}'), "{line:?}");
            }
        }
    }
}
