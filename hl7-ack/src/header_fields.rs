//! [`HeaderFields`]: the fields of an MSH segment, found in one pass.

use hl7_parse::{Charset, Header, Separators};

use crate::Version;

/// The fields of MSH that an acknowledgment is made from.
pub(crate) struct HeaderFields<'a> {
    fields: [&'a [u8]; 26],
    separators: Separators,
    /// Whether no control character stands anywhere in the segment.
    clean: bool,
}

impl<'a> HeaderFields<'a> {
    /// Of a header that can not be read: no field is valued.
    pub(crate) fn none() -> Self {
        Self { fields: [&[]; 26], separators: Separators::RECOMMENDED, clean: true }
    }

    pub(crate) fn of(header: &Header<'a>) -> Self {
        let segment = header.segment();
        let mut fields = [&[][..]; 26];
        for (slot, field) in fields.iter_mut().skip(1).zip(segment.fields()) {
            *slot = field.as_bytes();
        }
        let controls = segment.as_bytes().iter().filter(|byte| byte.is_ascii_control()).count();
        Self { fields, separators: segment.separators(), clean: controls == 0 }
    }

    /// MSH-`n` as it was sent, up to 25.
    pub(crate) fn get(&self, n: usize) -> &'a [u8] {
        self.fields.get(n).copied().unwrap_or_default()
    }

    /// The same, empty where it says nothing: blanks, or the delete indicator.
    pub(crate) fn said(&self, n: usize) -> &'a [u8] {
        match self.get(n) {
            b"\"\"" => &[],
            field if field.trim_ascii().is_empty() => &[],
            field => field,
        }
    }

    /// The first repetition of MSH-`n`.
    pub(crate) fn repetition(&self, n: usize) -> &'a [u8] {
        piece(self.get(n), self.separators.repetition(), 1)
    }

    /// Component `component` of the first repetition of MSH-`n`.
    pub(crate) fn component(&self, n: usize, component: usize) -> &'a [u8] {
        piece(self.repetition(n), self.separators.component(), component)
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

    /// Whether ESC switches character sets (MSH-18, MSH-20), and is no control character to be
    /// escaped.
    pub(crate) fn switches_sets(&self) -> bool {
        self.get(20).windows(4).any(|part| part == b"2022")
            || matches!(self.separators.charset(), Charset::Iso2022Jp | Charset::Iso2022Jp1)
    }
}

/// The `n`th piece, from 1; of a level that is not in use the whole is the first.
fn piece(text: &[u8], separator: Option<u8>, n: usize) -> &[u8] {
    let mut pieces = text.split(|byte| Some(*byte) == separator);
    n.checked_sub(1).and_then(|n| pieces.nth(n)).unwrap_or_default()
}
