//! Finds delimiters and line ends, many bytes at a time.
//!
//! Both are dense: to stop at each with `memchr` costs more than to look at the bytes between. So
//! a chunk becomes a mask of its hits. Where hits are rare, in documents, `memchr` takes over.

use memchr::memchr;

const CHUNK: usize = 16;

/// One bit for each byte of `chunk` that `is_hit` takes, that of the first byte lowest.
///
/// Halves folded like this the compiler makes one comparison of 16 bytes and a `movemask` of, with
/// the SSE2 that every x86-64 has; `is_hit` has to be one comparison.
#[inline(always)]
fn mask(chunk: &[u8; CHUNK], is_hit: impl Fn(u8) -> bool) -> u16 {
    const HALF: usize = CHUNK / 2;
    let half = |bytes: &[u8; HALF]| {
        bytes.iter().rev().fold(0u8, |mask, byte| mask << 1 | u8::from(is_hit(*byte)))
    };
    match chunk.as_chunks::<HALF>() {
        ([low, high], _) => u16::from_le_bytes([half(low), half(high)]),
        _ => 0,
    }
}

/// How many bytes of `chunk` are `wanted`.
///
/// Subtracting gives one for each, and such numbers the compiler adds up in a register; bits of a
/// comparison it takes to another one to count them, which is twice the work.
#[inline(always)]
fn count(chunk: &[u8; CHUNK], wanted: u8) -> usize {
    chunk.iter().map(|byte| 1u8.saturating_sub(byte ^ wanted)).sum::<u8>().into()
}

/// The position of the `wanted` with `before` others before it, in a chunk that has so many.
#[inline(never)]
fn nth_in_chunk(chunk: &[u8; CHUNK], wanted: u8, before: usize) -> usize {
    let mut hits = mask(chunk, |byte| byte == wanted);
    for _ in 0..before {
        hits &= hits.wrapping_sub(1);
    }
    hits.trailing_zeros() as usize
}

/// The position of the `n`th `wanted`, from 1.
pub(crate) fn find_nth(haystack: &[u8], wanted: u8, n: usize) -> Option<usize> {
    let mut before = n.checked_sub(1)?;
    let mut rest = haystack;
    while let Some((chunk, after)) = rest.split_first_chunk() {
        let here = count(chunk, wanted);
        if before < here {
            return Some(haystack.len() - rest.len() + nth_in_chunk(chunk, wanted, before));
        }
        before -= here;
        rest = after;
    }
    let mut hits = rest.iter().enumerate().filter(|(_, byte)| **byte == wanted);
    hits.nth(before).map(|(at, _)| haystack.len() - rest.len() + at)
}

/// Everything after the `n`th `separator`, from 1.
pub(crate) fn after_nth(text: &[u8], separator: u8, n: usize) -> Option<&[u8]> {
    text.get(find_nth(text, separator, n)? + 1..)
}

/// The `n`th piece, from 1, of what `separator` cuts.
pub(crate) fn nth_piece(text: &[u8], separator: u8, n: usize) -> Option<&[u8]> {
    let rest = match n {
        0 => return None,
        1 => text,
        _ => after_nth(text, separator, n - 1)?,
    };
    Some(until(rest, separator))
}

/// Everything before the first `wanted`, or all.
///
/// The end of a field is mostly near; a document in a field is long.
pub(crate) fn until(text: &[u8], wanted: u8) -> &[u8] {
    const NEAR: usize = 4 * CHUNK;
    let mut at = 0;
    while let Some((chunk, _)) = text.get(at..).and_then(<[u8]>::split_first_chunk) {
        let hits = mask(chunk, |byte| byte == wanted);
        if hits != 0 {
            return text.get(..at + hits.trailing_zeros() as usize).unwrap_or(text);
        }
        at += CHUNK;
        if at == NEAR {
            let far = memchr(wanted, text.get(at..).unwrap_or_default());
            return far.and_then(|far| text.get(..at + far)).unwrap_or(text);
        }
    }
    let rest = text.get(at..).unwrap_or_default();
    let end = rest.iter().position(|byte| *byte == wanted);
    end.and_then(|end| text.get(..at + end)).unwrap_or(text)
}

/// The carriage returns and line feeds of a text, in order, and where they are.
pub(crate) struct LineEnds<'a> {
    text: &'a [u8],
    /// Where the chunk begins that is looked at.
    chunk_start: usize,
    /// Bytes of that chunk that may be line ends and were not looked at yet.
    hits: u16,
}

impl<'a> LineEnds<'a> {
    pub(crate) fn of(text: &'a [u8]) -> Self {
        let mut ends = Self { text, chunk_start: 0, hits: 0 };
        ends.find_from(0);
        ends
    }

    /// The next one, which stays the next.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<(usize, u8)> {
        loop {
            while self.hits == 0 {
                if self.text.len() < self.chunk_start + CHUNK {
                    return None;
                }
                self.find_from(self.chunk_start + CHUNK);
            }
            let at = self.chunk_start + self.hits.trailing_zeros() as usize;
            if let Some(byte @ (b'\r' | b'\n')) = self.text.get(at) {
                return Some((at, *byte));
            }
            self.hits &= self.hits.wrapping_sub(1);
        }
    }

    /// Goes on to the next chunk that has a hit, or to the end.
    #[inline]
    fn find_from(&mut self, start: usize) {
        let mut rest = self.text.get(start..).unwrap_or_default();
        while let Some((block, after)) = rest.split_first_chunk()
            && !has_hits(block)
        {
            rest = after;
        }
        while let Some((chunk, after)) = rest.split_first_chunk() {
            self.hits = mask(chunk, may_end_line);
            if self.hits != 0 {
                self.chunk_start = self.text.len() - rest.len();
                return;
            }
            rest = after;
        }
        let mut last = [u8::MAX; CHUNK];
        for (padded, byte) in last.iter_mut().zip(rest) {
            *padded = *byte;
        }
        self.hits = mask(&last, may_end_line);
        self.chunk_start = self.text.len() - rest.len();
    }
}

/// Few others are below: tabs and framing bytes. One comparison instead of two.
#[inline]
fn may_end_line(byte: u8) -> bool {
    byte <= b'\r'
}

/// Whether anything in a block of four chunks may end a line: the least byte tells.
#[inline]
fn has_hits(block: &[u8; 4 * CHUNK]) -> bool {
    let mut least = [u8::MAX; CHUNK];
    for chunk in block.as_chunks::<CHUNK>().0 {
        for (least, byte) in least.iter_mut().zip(chunk) {
            *least = (*least).min(*byte);
        }
    }
    least.iter().any(|byte| may_end_line(*byte))
}

impl Iterator for LineEnds<'_> {
    type Item = (usize, u8);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let end = self.peek()?;
        self.hits &= self.hits.wrapping_sub(1);
        Some(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nth_piece_is_what_split_gives() {
        let text = b"a||bcdefghijklmnopqrstuvwxyz|0123456789abcdef||x|";
        for len in 0..=text.len() {
            let text = &text[..len];
            let pieces: Vec<_> = text.split(|byte| *byte == b'|').collect();
            for n in 1..=pieces.len() + 1 {
                assert_eq!(
                    nth_piece(text, b'|', n),
                    pieces.get(n - 1).copied(),
                    "piece {n} of {:?}",
                    text.escape_ascii().to_string()
                );
            }
            assert_eq!(nth_piece(text, b'|', 0), None);
        }
    }

    #[test]
    fn find_nth_does_not_overflow_on_uniform_text() {
        let text = [b'|'; 1000];
        for n in 1..=1000 {
            assert_eq!(find_nth(&text, b'|', n), Some(n - 1));
        }
        assert_eq!(find_nth(&text, b'|', 1001), None);
        assert_eq!(find_nth(&text, b'|', 0), None);
    }

    #[test]
    fn line_ends_are_found_at_every_position_of_every_block() {
        let bytes = [b'\r', b'\n', b'a', 0xFF, b'\t', 0x0B, 0, 0x0C, 0x0E, b'|', 0x8D];
        for step in [1, 7, 40, 64, 130, 300] {
            for len in 0..=200 {
                let text: Vec<u8> =
                    (0..len).map(|at| if at % step == 0 { bytes[at % 11] } else { b'x' }).collect();
                let found: Vec<_> = LineEnds::of(&text).collect();
                let all = text.iter().copied().enumerate();
                let by_byte: Vec<_> =
                    all.filter(|(_, byte)| matches!(byte, b'\r' | b'\n')).collect();
                assert_eq!(found, by_byte, "{:?}", text.escape_ascii().to_string());
            }
        }
    }
}
