//! Finds text of the sets in which a byte that looks like a delimiter may be a part of a character.

use hl7_parse::{Charset, Separators};

use crate::header_fields::HeaderFields;

/// How such text is told.
#[derive(Clone, Copy)]
pub(crate) enum Hidden {
    /// The second byte of a pair, in Shift_JIS.
    ShiftJis,
    /// The same in Big5 and GB 18030, where two pairs make a character of four bytes.
    Pairs,
    /// What stands between `ESC $` and `ESC (`.
    Runs,
}

impl Hidden {
    /// In text of these delimiters; `switches`: ESC switches sets. `None` where no delimiter can be
    /// hidden.
    pub(crate) fn of(separators: Separators, switches: bool) -> Option<Self> {
        match separators.charset() {
            Charset::ShiftJis => Some(Self::ShiftJis),
            Charset::Big5 | Charset::Gb18030 => Some(Self::Pairs),
            _ => switches.then_some(Self::Runs),
        }
    }

    /// The length of what stands at the beginning and is to be taken whole.
    fn len(self, rest: &[u8]) -> Option<usize> {
        match (self, rest) {
            // Sets for bytes from 0x80 hide nothing, and what never ends is no run.
            (Self::Runs, [0x1B, b'$', b')' | b'*' | b'+', ..]) => None,
            (Self::Runs, [0x1B, b'$', ..]) => {
                let end = rest.windows(2).position(|pair| pair == b"\x1B(")?;
                Some(end.saturating_add(3).min(rest.len()))
            }
            (Self::ShiftJis, [0x81..=0x9F | 0xE0..=0xFC, 0x40..=0x7E | 0x80..=0xFC, ..])
            | (Self::Pairs, [0x81..=0xFE, 0x30..=0x39 | 0x40..=0x7E | 0x80..=0xFE, ..]) => Some(2),
            _ => None,
        }
    }

    /// What comes before the first such text, that text, and the rest.
    pub(crate) fn split(self, text: &[u8]) -> (&[u8], &[u8], &[u8]) {
        for at in 0..text.len() {
            let (before, rest) = text.split_at_checked(at).unwrap_or((text, &[]));
            if let Some((hidden, after)) = self.len(rest).and_then(|len| rest.split_at_checked(len))
            {
                return (before, hidden, after);
            }
        }
        (text, &[], &[])
    }
}

/// The first repetition of MSH-`n`, no character of which is cut in two.
#[inline]
pub(crate) fn first_repetition<'a>(header: &HeaderFields<'a>, n: usize) -> &'a [u8] {
    match Hidden::of(header.separators(), header.switches_sets()) {
        None => header.repetition(n),
        Some(hidden) => until(hidden, header.get(n), header.separators().repetition()),
    }
}

#[cold]
fn until(hidden: Hidden, field: &[u8], separator: Option<u8>) -> &[u8] {
    let mut rest = field;
    while !rest.is_empty() {
        let (before, _, after) = hidden.split(rest);
        if let Some(at) = before.iter().position(|byte| Some(*byte) == separator) {
            let end = field.len().saturating_sub(rest.len()).saturating_add(at);
            return field.get(..end).unwrap_or(field);
        }
        rest = after;
    }
    field
}
