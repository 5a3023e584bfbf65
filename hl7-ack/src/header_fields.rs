//! [`HeaderFields`]: the fields of an MSH segment, found in one pass.

use hl7_parse::{Charset, Header, Separators, TokenKind, Tokens};

use crate::{
    Version,
    field_ends::{FIELDS, ends_in_set, find_ends, prints},
    hidden,
};

/// The fields of MSH that an acknowledgment is made from.
pub(crate) struct HeaderFields<'a> {
    line: &'a [u8],
    /// Where each field ends in the line; 0 of one that is not there. To find these takes half the
    /// work of making slices, which was a quarter of an acknowledgment.
    ends: [u32; FIELDS],
    separators: Separators,
    /// Whether ASCII that prints is all there is: no delimiter is a part of a character then.
    plain: bool,
    /// Whether no control character stands anywhere in the segment.
    clean: bool,
    displaced: bool,
    batch: bool,
}

impl<'a> HeaderFields<'a> {
    /// Of a header that can not be read: no field is valued.
    pub(crate) fn none() -> Self {
        Self {
            line: &[],
            ends: [0; FIELDS],
            separators: Separators::RECOMMENDED,
            plain: true,
            clean: true,
            displaced: false,
            batch: false,
        }
    }

    pub(crate) fn of(header: &Header<'a>) -> Self {
        let (line, separators) = (header.segment().as_bytes(), header.separators());
        if !prints(line) {
            return Self::of_more_than_ascii(header);
        }
        let mut fields = Self { line, separators, ..Self::none() };
        find_ends(&mut fields.ends, line, separators.field());
        fields
    }

    /// Where the byte of a separator may be a part of a character: else all that follows is taken
    /// for another field, MSH-10 among it.
    #[cold]
    fn of_more_than_ascii(header: &Header<'a>) -> Self {
        let (line, separators) = (header.segment().as_bytes(), header.separators());
        let clean = !line.iter().any(u8::is_ascii_control);
        let mut fields = Self { line, separators, plain: false, clean, ..Self::none() };
        // UTF-8 hides nothing, but what names it may have been displaced by what does.
        match separators.charset() {
            Charset::Utf8 if !separators.is_iso_2022() => {
                find_ends(&mut fields.ends, line, separators.field());
            }
            _ => fields.ends = ends_in_set(header),
        }
        match separators.charset() {
            Charset::Unspecified | Charset::Unknown => fields.realigned(header),
            _ => fields,
        }
    }

    /// In a set that is not declared no pair can be told. Where the version and the message type
    /// stand too far behind, so does MSH-10; the fields before them are not known.
    fn realigned(mut self, header: &Header<'a>) -> Self {
        let is_version = |field: &[u8]| matches!(field.trim_ascii(), [b'2', b'.', b'0'..=b'9', ..]);
        if is_version(self.get(12)) {
            return self;
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
        let Some(by) = by else { return self };
        let ends: [u32; FIELDS + MAX_MOVED] = ends_in_set(header);
        let moved = ends.iter().skip(6 + by);
        self.ends.iter_mut().skip(6).zip(moved).for_each(|(end, moved)| *end = *moved);
        self.displaced = true;
        self
    }

    /// Whether some fields are not where they should be: MSH holds text whose bytes look like
    /// separators. What is said of them here is right, or nothing; what a handler reads is not.
    pub(crate) fn is_displaced(&self) -> bool {
        self.displaced
    }

    /// Those of BHS or FHS as far as MSH has them: addresses, and its control ID as that of a
    /// message.
    pub(crate) fn of_batch(mut self) -> Self {
        self.batch = true;
        self
    }

    /// MSH-`n` as it was sent, up to 25.
    #[inline]
    pub(crate) fn get(&self, n: usize) -> &'a [u8] {
        let n = match n {
            3..=6 if self.displaced => return &[],
            10 if self.batch => 11,
            7.. if self.batch => return &[],
            n => n,
        };
        let end_of = |n: usize| self.ends.get(n).map(|end| *end as usize);
        let place = n.checked_sub(1).and_then(end_of).zip(end_of(n));
        place.and_then(|(before, end)| self.line.get(before + 1..end)).unwrap_or_default()
    }

    /// The same, empty where it says nothing: blanks, or the delete indicator.
    pub(crate) fn said(&self, n: usize) -> &'a [u8] {
        Some(self.get(n)).filter(|field| says(field)).unwrap_or_default()
    }

    /// The event of MSH-9 as it was sent, empty where it says nothing.
    pub(crate) fn event(&self) -> &'a [u8] {
        Some(self.component(9, 2)).filter(|event| says(event)).unwrap_or_default()
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
    #[inline]
    pub(crate) fn repetition(&self, n: usize) -> &'a [u8] {
        match self.plain {
            true => until(self.get(n), self.separators.repetition()),
            false => hidden::until(self.get(n), self.separators.repetition(), &self.separators),
        }
    }

    /// Component `number` of the first repetition of MSH-`n`.
    #[inline]
    pub(crate) fn component(&self, n: usize, number: usize) -> &'a [u8] {
        let (mut rest, repetition) = match self.plain {
            true => (self.get(n), self.separators.repetition()),
            false => (self.repetition(n), None),
        };
        let component = self.separators.component();
        let cuts = |byte: &u8| Some(*byte) == component || Some(*byte) == repetition;
        for _ in 1..number {
            let end = rest.iter().position(cuts);
            let next = end.filter(|end| rest.get(*end).copied() == component);
            rest = next.and_then(|end| rest.get(end + 1..)).unwrap_or_default();
        }
        rest.iter().position(cuts).and_then(|end| rest.get(..end)).unwrap_or(rest)
    }

    pub(crate) fn is_of_type_ack(&self) -> bool {
        let message_type = self.get(9).trim_ascii_start();
        matches!(message_type, [b'A' | b'a', b'C' | b'c', b'K' | b'k', ..])
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

/// Whether it is more than blanks, and not the delete indicator.
fn says(text: &[u8]) -> bool {
    text != b"\"\"" && !text.iter().all(u8::is_ascii_whitespace)
}

/// What stands before the first separator; of a level that is not in use the whole.
fn until(text: &[u8], separator: Option<u8>) -> &[u8] {
    let Some(separator) = separator else { return text };
    let end = text.iter().position(|byte| *byte == separator);
    end.and_then(|end| text.get(..end)).unwrap_or(text)
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
    #[test]
    fn fields_are_those_of_the_header_where_characters_hide_separators() {
        for line in [
            &b"MSH|^~\\&|A|\x83|\x95a\x89@|C|D|1||ADT^A01|7|P|2.5||||||SHIFT_JIS|x|\x83|"[..],
            b"MSH|^~\\&|A|\x1b$B%]|!\x1b(B|C|D|1||ADT^A01|7|P|2.5||||||~ISO IR87||ISO 2022-1994",
            b"MSH|^~\\&|A|\xa7|x|C|D|1||ADT^A01|7|P|2.5||||||BIG-5||||||||||||||||||",
            "MSH|^~\\&|Süd|B|C|D|1||ADT^A01|7|P|2.5||||||UNICODE UTF-8".as_bytes(),
            b"MSH|^~\\&|S\xfcd|B|C|D|1||ADT^A01|7|P|2.5||||||8859/1|\x7f|",
        ] {
            let header = Header::parse(line).expect("a header");
            let found = HeaderFields::of(&header);
            for n in 2..26 {
                let expected = header.field(n).as_bytes();
                assert_eq!(found.get(n), expected, "MSH-{n} of {}", line.escape_ascii());
            }
            assert_eq!(found.get(10), b"7", "{}", line.escape_ascii());
        }
    }

    #[test]
    fn a_component_is_one_of_the_first_repetition() {
        for (type_field, expected) in [
            ("ADT^A01^ADT_A01", ["ADT", "A01", "ADT_A01"]),
            ("ADT^A01~ORU^R01", ["ADT", "A01", ""]),
            ("ADT~ORU^R01", ["ADT", "", ""]),
            ("ADT^^X~", ["ADT", "", "X"]),
            ("^A01", ["", "A01", ""]),
            ("ADT", ["ADT", "", ""]),
            ("", ["", "", ""]),
        ] {
            // Where all is ASCII, and where it is not.
            for application in ["A", "Ä"] {
                let line = format!("MSH|^~\\&|{application}||||||{type_field}|7|P|2.5");
                let header = Header::parse(line.as_bytes()).expect("a header");
                let found = HeaderFields::of(&header);
                let components = [1, 2, 3].map(|number| found.component(9, number));
                assert_eq!(components, expected.map(str::as_bytes), "{line}");
            }
        }
    }

    #[test]
    fn a_message_type_is_a_code_alone_or_with_its_event() {
        let (alone, with_event) = (Some(TypeForm::Alone), Some(TypeForm::WithEvent));
        for (field, expected) in [
            ("ADT", alone),
            ("Z1x", alone),
            (" ADT ", alone),
            ("ADT^A01", with_event),
            ("adt^a01", with_event),
            ("ADT^A01^ADT_A01", with_event),
            ("ADT^A01 ", with_event),
            // A time and a number are none, nor is a name.
            ("123", None),
            ("1DT", None),
            ("A-T", None),
            ("1DT^A01", None),
            ("20260101", None),
            ("ADTA", None),
            ("AD", None),
            ("", None),
            // An event is a letter and two more, and nothing of the kind behind them.
            ("ADT~A01", None),
            ("ADT^101", None),
            ("ADT^A-1", None),
            ("ADT^A0", None),
            ("ADT^A012", None),
        ] {
            assert!(TypeForm::of(field.as_bytes(), Some(b'^')) == expected, "{field:?}");
        }
        assert!(TypeForm::of(b"ADT^A01", None).is_none(), "without a component separator");
    }

    #[test]
    fn what_undeclared_text_moves_is_found_up_to_the_limit() {
        for message_type in ["ADT^A01", "ORU"] {
            for by in 1..=MAX_MOVED + 1 {
                let text = b"\x83|".repeat(by);
                let tail = format!("|EHR|LAB|1||{message_type}|77|P|2.5");
                let line = [b"MSH|^~\\&|HIS|", &text[..], tail.as_bytes()].concat();
                let found = HeaderFields::of(&Header::parse(&line).expect("a header"));
                let shown = format!("{message_type} moved by {by}");
                assert_eq!(found.is_displaced(), by <= MAX_MOVED, "{shown}");
                if by <= MAX_MOVED {
                    let fields = [7, 9, 10, 12].map(|n| found.get(n));
                    assert_eq!(fields, [b"1", message_type.as_bytes(), b"77", b"2.5"], "{shown}");
                    // What stands there is not known.
                    assert_eq!([3, 4, 5, 6].map(|n| found.get(n)), [b""; 4], "{shown}");
                }
            }
        }
    }

    #[test]
    fn what_looks_like_a_type_elsewhere_moves_nothing() {
        for line in [
            // Where the type stands in its place.
            &b"MSH|^~\\&|H\xdcS|B|C|D|1||ADT^A01|77|P||||ORU^R01"[..],
            // Where no byte can be half of a character.
            b"MSH|^~\\&|H\x01S|B|C|D|1||x|ADT^A01|77|P",
            // A type without an event, and a version where that of no text would be moved to.
            b"MSH|^~\\&|H\xdcS|B|C|D|1||ORU|77|P||2.5",
            b"MSH|^~\\&|H\xdcS|B|C|D|1||ORU|77|P|||2.5",
        ] {
            let header = Header::parse(line).expect("a header");
            let found = HeaderFields::of(&header);
            assert!(!found.is_displaced(), "{}", line.escape_ascii());
            for n in 2..26 {
                let expected = header.field(n).as_bytes();
                assert_eq!(found.get(n), expected, "MSH-{n} of {}", line.escape_ascii());
            }
        }
    }
}
