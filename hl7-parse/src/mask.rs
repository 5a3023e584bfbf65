//! One bit for each byte that is wanted, of many bytes at a time.
//!
//! With the vectors that every processor of a kind has (SSE2, NEON); elsewhere `wide` does the same
//! with words.

use memchr::memchr3;
use wide::u8x16;

use crate::charset::ESCAPE;

/// How many bytes make a vector.
pub(crate) const CHUNK: usize = 16;

/// How many are looked at together where hits are rare.
const BLOCK: usize = 4 * CHUNK;

/// The bytes of a chunk that are 0 once they went through `test`; the first is the lowest bit.
#[inline(always)]
pub(crate) fn zeros(chunk: &[u8; CHUNK], test: impl Fn(u8x16) -> u8x16) -> u32 {
    bits(test(u8x16::new(*chunk)))
}

#[inline(always)]
fn bits(chunk: u8x16) -> u32 {
    chunk.simd_eq(u8x16::ZERO).to_bitmask()
}

/// The control characters in a block: all below a blank, line ends and ESC among them.
#[inline(always)]
fn controls(block: &[u8; BLOCK]) -> u64 {
    const LAST: u8x16 = u8x16::new([b' ' - 1; CHUNK]);
    let ([a, b, c, d], []) = block.as_chunks() else { return 0 };
    let [a, b, c, d] = [a, b, c, d].map(|chunk| u8x16::new(*chunk).saturating_sub(LAST));
    // Most often there is none.
    if bits(a.min(b).min(c.min(d))) == 0 {
        return 0;
    }
    let [a, b, c, d] = [a, b, c, d].map(|chunk| u64::from(bits(chunk)));
    a | b << 16 | c << 32 | d << 48
}

/// Takes the position of each CR, LF and ESC in `text` from `from` on, in order, and of other control
/// characters near to these; up to the first that is an error.
///
/// One pass, in which nothing is set up anew behind each: a message of 1 KB is parsed in 110 ns, with
/// `memchr2` for the line ends and `memchr` for ESC in 129. In a document, where they are far apart,
/// `memchr3` takes over: 1 MB in five sixths of the time.
#[inline(always)]
pub(crate) fn each_control<E>(
    text: &[u8],
    from: usize,
    mut take: impl FnMut(usize) -> Result<(), E>,
) -> Result<(), E> {
    /// How many blocks without any are looked at one by one.
    const NEAR: usize = 16;
    let mut take_all = |at: usize, mut found: u64| {
        while found != 0 {
            take(at + found.trailing_zeros() as usize)?;
            found &= found - 1;
        }
        Ok(())
    };
    let (blocks, rest) = text.as_chunks();
    let (mut at, mut wanted) = (from - from % BLOCK, u64::MAX << (from % BLOCK));
    let mut blocks = blocks.get(at / BLOCK..).unwrap_or_default().iter();
    let mut empty = 0;
    while let Some(block) = blocks.next() {
        let found = controls(block) & wanted;
        take_all(at, found)?;
        at += BLOCK;
        wanted = u64::MAX;
        empty = if found == 0 { empty + 1 } else { 0 };
        if empty == NEAR {
            let skipped = empty_blocks(text.get(at..).unwrap_or_default());
            blocks = blocks.as_slice().get(skipped..).unwrap_or_default().iter();
            at += skipped * BLOCK;
            empty = 0;
        }
    }
    take_all(at, controls_at_end(text, rest.len()) & wanted)
}

/// How many blocks hold neither CR nor LF nor ESC.
#[inline(never)]
fn empty_blocks(text: &[u8]) -> usize {
    memchr3(b'\r', b'\n', ESCAPE, text).unwrap_or(text.len()) / BLOCK
}

/// The control characters among the last bytes of a text, fewer than a block.
#[inline(always)]
fn controls_at_end(text: &[u8], len: usize) -> u64 {
    match text.last_chunk() {
        _ if len == 0 => 0,
        // Once more with those before them: to copy them costs more.
        Some(block) => controls(block) >> (BLOCK - len),
        None => {
            let mut block = [b' '; BLOCK];
            if let Some(start) = block.get_mut(..text.len()) {
                start.copy_from_slice(text);
            }
            controls(&block)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "takes long")]
    fn every_control_character_is_taken_and_nothing_else() {
        // Each byte once, at each place in a block.
        let text: Vec<u8> = (0..=u8::MAX).chain(0..=u8::MAX).chain(7..40).collect();
        for start in 0..=BLOCK {
            for end in (start..start + 2 * BLOCK).chain(text.len() - BLOCK..=text.len()) {
                let text = &text[start..end];
                for from in (0..text.len()).step_by(13) {
                    let mut found = Vec::new();
                    let ended: Result<(), ()> = each_control(text, from, |at| {
                        found.push(at);
                        Ok(())
                    });
                    let expected: Vec<_> = (from..text.len()).filter(|at| text[*at] < 32).collect();
                    assert_eq!((ended, found), (Ok(()), expected), "{start}..{end} from {from}");
                }
            }
        }
    }

    #[test]
    fn what_is_far_is_taken_too() {
        let mut text = [b'x'; 3000];
        for at in (0..text.len()).step_by(7) {
            for byte in [b'\r', b'\n', ESCAPE] {
                text[at] = byte;
                for from in [0, 1, 1500] {
                    let mut found = Vec::new();
                    let ended: Result<(), ()> = each_control(&text, from, |at| {
                        found.push(at);
                        Ok(())
                    });
                    let expected = if at >= from { vec![at] } else { vec![] };
                    assert_eq!((ended, found), (Ok(()), expected), "{byte} from {from}");
                }
            }
            text[at] = b'x';
        }
    }

    #[test]
    fn the_first_error_ends_it() {
        let text = [&[b'x'; 70][..], b"\r", &[b'x'; 70], b"\n"].concat();
        let mut seen = 0;
        let ended = each_control(&text, 0, |at| {
            seen += 1;
            Err(at)
        });
        assert_eq!((ended, seen), (Err(70), 1));
        assert_eq!(each_control(&text, 71, Err), Err(141));
    }

    #[test]
    fn a_chunk_has_a_bit_for_each_zero() {
        for at in 0..CHUNK {
            let mut chunk = [0xFF; CHUNK];
            chunk[at] = 0;
            assert_eq!(zeros(&chunk, |chunk| chunk), 1 << at);
        }
    }
}
