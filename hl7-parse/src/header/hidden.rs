//! Reads MSH where a byte that equals a separator may be a part of a character.
//!
//! In Shift_JIS, Big5 and GB 18030 the second byte of a character may be `|`, and in ISO-2022-JP
//! either one. Text before MSH-18 then moves the name of its own set to another field, and MSH-9
//! and MSH-10 with it.

use std::ops::Range;

use memchr::memchr3;
use wide::u8x16;

use super::{charsets, set_of, truncation_of};
use crate::{
    Charset, Field, Fields, Segment, Separators,
    charset::{Designated, ESCAPE, Switching, hides_delimiters, kanji},
    mask::CHUNK,
};

/// Whether there is anything in a line but what ASCII prints: most often not.
///
/// Less a blank, a byte below it borrows, and so shows its highest bit, which those from 0x80 have
/// already.
pub(super) fn may_hide(line: &[u8]) -> bool {
    let odd = |chunk: &[u8; CHUNK]| {
        let chunk = u8x16::new(*chunk);
        chunk | (chunk - u8x16::splat(b' '))
    };
    let (chunks, _) = line.as_chunks();
    // The last bytes once more with those before them.
    let Some(last) = line.last_chunk() else {
        return !line.iter().all(|byte| matches!(byte, b' '..=0x7f));
    };
    chunks.iter().fold(odd(last), |found, chunk| found | odd(chunk)).to_bitmask() != 0
}

/// What is hidden in the fields of a segment that begins with the delimiters; most often nothing.
#[cold]
pub(crate) fn hides(segment: &Segment<'_>) -> Option<Hides> {
    let (line, separators) = (segment.as_bytes(), segment.separators());
    if !may_hide(line) {
        return None;
    }
    Hides::of(&separators).filter(|hides| {
        matches!(hides, Hides::Runs { .. })
            || declared_by(line, separators, *hides).charset == separators.charset
    })
}

/// What MSH declares where its line is more than ASCII and MSH-18 does not seem to name a set that
/// is known. `None` where nothing else is found.
///
/// A set in which MSH-18 is where it should be, and names that set, is the right one.
#[cold]
pub(super) fn declared(line: &[u8], separators: Separators) -> Option<Separators> {
    if kanji(line, &separators).is_some() {
        // Whatever is named: the sequence means nothing else.
        let found = declared_by(line, separators, Hides::runs(&separators));
        return Some(Separators { switching: Switching::Iso2022, ..found });
    }
    for charset in [Charset::ShiftJis, Charset::Big5, Charset::Gb18030] {
        let found = declared_by(line, separators, Hides::of_set(charset)?);
        if found.charset == charset {
            return Some(found);
        }
    }
    // Half a character before a separator leaves no set in which all fits. A name behind MSH-18
    // says all the same what this is.
    let behind = Segment::new(line, separators).fields().skip(18);
    let named = behind.flat_map(charsets).find(|charset| charset.has_colliding_pairs())?;
    Some(Separators { charset: named, ..separators })
}

/// What is no separator though it looks like one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hides {
    /// What stands between a designation of ISO 2022 and the next one, or a delimiter before
    /// which it should have been taken back.
    Runs { repetition: u8 },
    /// The second byte of a pair, in Shift_JIS.
    ShiftJis,
    /// The same in Big5 and GB 18030, which takes two pairs for a character of four bytes.
    Pairs,
}

impl Hides {
    fn runs(separators: &Separators) -> Self {
        Self::Runs { repetition: separators.repetition }
    }

    /// In text of these delimiters.
    #[inline]
    pub(crate) fn of(separators: &Separators) -> Option<Self> {
        match separators.is_iso_2022() {
            true => Some(Self::runs(separators)),
            false => Self::of_set(separators.charset),
        }
    }

    fn of_set(charset: Charset) -> Option<Self> {
        match charset {
            Charset::ShiftJis => Some(Self::ShiftJis),
            Charset::Big5 | Charset::Gb18030 => Some(Self::Pairs),
            _ => None,
        }
    }

    /// The length of what stands at the beginning and is hidden.
    fn len(self, rest: &[u8], separator: u8) -> Option<usize> {
        match (self, rest) {
            (Self::Runs { repetition }, [ESCAPE, after @ ..]) if hides_delimiters(after) => {
                run_len(after, [separator, repetition]).map(|len| len + 1)
            }
            (Self::ShiftJis, [0x81..=0x9F | 0xE0..=0xFC, 0x40..=0x7E | 0x80..=0xFC, ..])
            | (Self::Pairs, [0x81..=0xFE, 0x30..=0x39 | 0x40..=0x7E | 0x80..=0xFE, ..]) => Some(2),
            _ => None,
        }
    }

    /// Where the first of it stands.
    pub(crate) fn first(self, text: &[u8], separator: u8) -> Option<Range<usize>> {
        (0..text.len()).find_map(|at| Some(at..at + self.len(text.get(at..)?, separator)?))
    }

    /// Everything before the first separator that is not hidden, or all.
    pub(crate) fn until(self, text: &[u8], separator: u8) -> &[u8] {
        let mut at = 0;
        while let Some(here @ [byte, ..]) = text.get(at..) {
            match self.len(here, separator) {
                Some(len) => at += len,
                None if *byte == separator => return text.get(..at).unwrap_or(text),
                None => at += 1,
            }
        }
        text
    }

    /// The position of the `n`th separator that is not hidden, from 1.
    pub(crate) fn find_nth(self, text: &[u8], separator: u8, n: usize) -> Option<usize> {
        let mut at = 0;
        for _ in 1..n {
            at += self.until(text.get(at..)?, separator).len() + 1;
        }
        at += self.until(text.get(at..)?, separator).len();
        (at < text.len() && n > 0).then_some(at)
    }
}

/// The length of a designation, which follows an ESC, and of the text in the set that it leads to.
///
/// A run that never ends is none. Each is looked through to the next ESC only.
fn run_len(after: &[u8], delimiters: [u8; 2]) -> Option<usize> {
    let (set, len) = Designated::by(after)?;
    let from = after.get(len..)?;
    let end = memchr3(ESCAPE, b'\r', b'\n', from);
    let (run, rest) = from.split_at_checked(end.unwrap_or(from.len()))?;
    let next = rest.strip_prefix(&[ESCAPE]).and_then(Designated::by);
    let is_ended = next.is_some_and(|(next, _)| next != set);
    set.delimiter(run, is_ended, delimiters).or(end).map(|end| len + end)
}

/// What MSH-12, MSH-18 and MSH-20 tell, so read.
fn declared_by(line: &[u8], separators: Separators, hides: Hides) -> Separators {
    let mut fields = Fields::of_header(line, separators, Some(hides));
    let mut after = |skipped| fields.nth(skipped).unwrap_or(Field::ABSENT);
    let (msh_12, msh_18, msh_20) = (after(11), after(5), after(1));
    let (charset, switching) = set_of(msh_18, msh_20);
    let truncation = truncation_of(msh_12, &separators);
    Separators { truncation, charset, switching, ..separators }
}

#[cfg(test)]
mod tests {
    use crate::Header;

    #[test]
    #[cfg_attr(miri, ignore = "measures")]
    fn what_opens_many_sets_and_closes_none_is_read_in_linear_time() {
        // Of quadratic work it would be a matter of minutes.
        let line =
            [&b"MSH|^~\\&|"[..], &b"\x1B$B".repeat(300_000), b"|B|C|D|1||ADT|7|P|2.5"].concat();
        let header = Header::parse(&line).expect("a header");
        assert_eq!(header.control_id().as_bytes(), b"7");
    }
}
