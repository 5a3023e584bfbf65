//! Finds delimiters, many bytes at a time.
//!
//! They are dense: to stop at each with `memchr` costs more than to look at the bytes between. So
//! a chunk becomes a mask of its hits. Where hits are rare, in documents, `memchr` takes over.

use memchr::{memchr, memchr3};
use wide::u8x16;

use crate::mask::{CHUNK, zeros};

/// The position of the `n`th `wanted`, from 1.
pub(crate) fn find_nth(haystack: &[u8], wanted: u8, n: usize) -> Option<usize> {
    let mut before = n.checked_sub(1)?;
    let mut rest = haystack;
    while let Some((chunk, after)) = rest.split_first_chunk() {
        let mut hits = zeros(chunk, |bytes| bytes ^ u8x16::splat(wanted));
        while before > 0 && hits != 0 {
            hits &= hits - 1;
            before -= 1;
        }
        if hits != 0 {
            return Some(haystack.len() - rest.len() + hits.trailing_zeros() as usize);
        }
        rest = after;
    }
    let mut hits = rest.iter().enumerate().filter(|(_, byte)| **byte == wanted);
    hits.nth(before).map(|(at, _)| haystack.len() - rest.len() + at)
}

/// Everything after the `n`th `separator`, from 1.
#[inline]
pub(crate) fn after_nth(text: &[u8], separator: u8, n: usize) -> Option<&[u8]> {
    text.get(find_nth(text, separator, n)? + 1..)
}

/// The `n`th piece, from 1, of what `separator` cuts.
#[inline]
pub(crate) fn nth_piece(text: &[u8], separator: u8, n: usize) -> Option<&[u8]> {
    let rest = match n {
        0 => return None,
        1 => text,
        _ => after_nth(text, separator, n - 1)?,
    };
    Some(until(rest, separator))
}

/// Everything before the first `wanted`, or all.
pub(crate) fn until(text: &[u8], wanted: u8) -> &[u8] {
    before(
        text,
        |bytes| bytes ^ u8x16::splat(wanted),
        |byte| byte == wanted,
        |far| memchr(wanted, far),
    )
}

/// Everything before the first of the `wanted`, or all.
///
/// One look for three: 16 ns instead of 20 for `PID-3.1`.
pub(crate) fn until_any(text: &[u8], wanted: [u8; 3]) -> &[u8] {
    let [a, b, c] = wanted;
    let [x, y, z] = wanted.map(u8x16::splat);
    before(
        text,
        |bytes| (bytes ^ x).min(bytes ^ y).min(bytes ^ z),
        |byte| byte == a || byte == b || byte == c,
        |far| memchr3(a, b, c, far),
    )
}

/// Everything before the first byte that is wanted, or all.
///
/// The end of a field is mostly near; a document in a field is long.
#[inline(always)]
fn before(
    text: &[u8],
    test: impl Fn(u8x16) -> u8x16,
    is_wanted: impl Fn(u8) -> bool,
    find_far: impl FnOnce(&[u8]) -> Option<usize>,
) -> &[u8] {
    const NEAR: usize = 4 * CHUNK;
    let mut at = 0;
    while let Some((chunk, _)) = text.get(at..).and_then(<[u8]>::split_first_chunk) {
        let hits = zeros(chunk, &test);
        if hits != 0 {
            return text.get(..at + hits.trailing_zeros() as usize).unwrap_or(text);
        }
        at += CHUNK;
        if at == NEAR {
            let far = find_far(text.get(at..).unwrap_or_default());
            return far.and_then(|far| text.get(..at + far)).unwrap_or(text);
        }
    }
    let rest = text.get(at..).unwrap_or_default();
    let end = rest.iter().position(|byte| is_wanted(*byte));
    end.and_then(|end| text.get(..at + end)).unwrap_or(text)
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
    #[cfg_attr(miri, ignore = "takes long")]
    fn until_stops_at_the_first_wanted_byte_however_far_it_is() {
        let mut text = [b'x'; 200];
        for end in (0..text.len()).rev() {
            text[end] = b'|';
            assert_eq!(until(&text, b'|').len(), end);
            for len in 0..=end {
                assert_eq!(until(&text[..len], b'|').len(), len, "nothing wanted in {len} bytes");
            }
        }
    }

    #[test]
    fn until_any_stops_at_the_first_of_three_however_far_it_is() {
        for wanted in [*b"|~^", *b"||^", *b"|||"] {
            let mut text = [b'x'; 200];
            for end in (0..text.len()).rev() {
                for byte in wanted {
                    text[end] = byte;
                    assert_eq!(until_any(&text, wanted).len(), end);
                    assert_eq!(until_any(&text[..end], wanted).len(), end);
                }
            }
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "takes long")]
    fn find_nth_does_not_overflow_on_uniform_text() {
        let text = [b'|'; 1000];
        for n in 1..=1000 {
            assert_eq!(find_nth(&text, b'|', n), Some(n - 1));
        }
        assert_eq!(find_nth(&text, b'|', 1001), None);
        assert_eq!(find_nth(&text, b'|', 0), None);
    }
}
