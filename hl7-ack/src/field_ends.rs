//! Finds where the fields of a header end.

use hl7_parse::Header;

/// MSH-25 is the last that is asked for.
pub(crate) const FIELDS: usize = 26;

/// Puts down where the fields end of a header in which each separator is one; those that are not there
/// stay 0. What stands before the first separator, the segment ID, is kept as field 1, which nobody
/// asks for.
///
/// Where they are kept, and not returned: a copy of what was just written waits for it, a tenth of an
/// acknowledgment.
pub(crate) fn find_ends(ends: &mut [u32; FIELDS], line: &[u8], separator: u8) {
    // In one of 4 GiB no field is found.
    let Ok(len) = u32::try_from(line.len()) else { return };
    let (chunks, rest) = line.as_chunks();
    let (mut n, mut start) = (1, 0);
    for chunk in chunks {
        n = put(ends, n, start, mask(chunk, separator));
        start += CHUNK;
    }
    let hits = match line.last_chunk() {
        // Once more with the bytes before them, which are passed over.
        Some(last) if !rest.is_empty() => mask(last, separator) >> (CHUNK - rest.len()),
        Some(_) => 0,
        None => {
            let mut padded = [b' '; CHUNK];
            padded.iter_mut().zip(rest).for_each(|(padded, byte)| *padded = *byte);
            mask(&padded, separator)
        }
    };
    n = put(ends, n, start, hits);
    if let Some(end) = ends.get_mut(n) {
        *end = len;
    }
}

/// The same where the byte of a separator may be a part of a character of the declared set.
pub(crate) fn ends_in_set<const N: usize>(header: &Header<'_>) -> [u32; N] {
    let mut ends = [0; N];
    let segment = header.segment();
    let mut end = segment.id_bytes().len();
    // The first field of a header is the separator itself.
    let first = usize::from(segment.field(1).as_bytes() == [segment.separators().field()]);
    let lengths = segment.fields().skip(first).map(|field| 1 + field.as_bytes().len());
    for (slot, length) in ends.iter_mut().skip(1).zip(std::iter::once(0).chain(lengths)) {
        end += length;
        *slot = u32::try_from(end).unwrap_or_default();
    }
    ends
}

/// Puts down each byte of a chunk whose bit is set, from the `n`th place on; the next free place.
#[inline(always)]
fn put(ends: &mut [u32; FIELDS], mut n: usize, start: usize, mut hits: u32) -> usize {
    while hits != 0 {
        if let Some(end) = ends.get_mut(n) {
            *end = start as u32 + hits.trailing_zeros();
        }
        (n, hits) = (n + 1, hits & (hits - 1));
    }
    n
}

/// Whether a line is nothing but ASCII that prints: most often so.
///
/// Eight bytes at a time. Less a blank, a byte below it borrows, and so shows its highest bit, which
/// those from 0x80 have already and DEL has with one more.
pub(crate) fn prints(line: &[u8]) -> bool {
    const HIGHEST: u64 = u64::from_ne_bytes([0x80; 8]);
    let odd = |word: &[u8; 8]| {
        let word = u64::from_le_bytes(*word);
        let (less, more) = (u64::from_ne_bytes([b' '; 8]), u64::from_ne_bytes([1; 8]));
        word | word.wrapping_sub(less) | word.wrapping_add(more)
    };
    let Some(last) = line.last_chunk() else {
        return line.iter().all(|byte| matches!(byte, b' '..=b'~'));
    };
    let (words, _) = line.as_chunks();
    words.iter().fold(odd(last), |found, word| found | odd(word)) & HIGHEST == 0
}

const CHUNK: usize = 16;

/// One bit for each byte that is the separator, that of the first byte lowest.
///
/// Halves folded like this the compiler makes one comparison of 16 bytes of: half the work of
/// looking at each byte.
#[inline]
fn mask(chunk: &[u8; CHUNK], separator: u8) -> u32 {
    const HALF: usize = CHUNK / 2;
    let half = |bytes: &[u8; HALF]| {
        bytes.iter().rev().fold(0u8, |mask, byte| mask << 1 | u8::from(*byte == separator))
    };
    match chunk.as_chunks::<HALF>() {
        ([low, high], _) => u16::from_le_bytes([half(low), half(high)]).into(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_prints_unless_one_byte_of_it_does_not_wherever_that_is() {
        for len in 0..40 {
            let mut line = vec![b' '; len];
            assert!(prints(&line), "{len} blanks");
            for at in 0..len {
                for byte in 0..=u8::MAX {
                    // Neighbours that lend and take, or nearly.
                    for around in [b' ', b'~'] {
                        line.fill(around);
                        line[at] = byte;
                        let expected = matches!(byte, b' '..=b'~');
                        assert_eq!(prints(&line), expected, "{byte:#x} at {at} of {len}");
                    }
                }
            }
        }
    }
}
