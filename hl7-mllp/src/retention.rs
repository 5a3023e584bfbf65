//! Bounds how much memory a frame keeps alive beyond its own bytes.
//!
//! A `Bytes` cut from a read buffer keeps the whole allocation of that buffer. That is what
//! makes it cheap, and what would let five bytes hold fifty megabytes. `BytesMut` does not tell
//! how large its allocation is, so an upper bound is kept here: what was taken from its front,
//! plus the capacity that is left.

use std::mem;

use bytes::{Buf, Bytes, BytesMut};

/// Most bytes a frame keeps alive beyond its own: 64 KiB.
pub(crate) const MAX_EXTRA: usize = 64 * 1024;

/// Capacity of a buffer that replaces a large one.
const FRESH_CAPACITY: usize = 8 * 1024;

/// What is known of the allocation behind a read buffer.
#[derive(Clone, Debug)]
pub(crate) struct Retention {
    /// Bytes taken from the front since the buffer was last replaced here.
    consumed: usize,
    /// Upper bound of the allocation's size.
    extent: usize,
}

impl Retention {
    pub(crate) const fn new() -> Self {
        Self { consumed: 0, extent: 0 }
    }

    /// Takes note of the buffer's growth; called before anything is taken from it.
    pub(crate) fn observe(&mut self, src: &BytesMut) {
        self.extent = self.extent.max(self.consumed.saturating_add(src.capacity()));
    }

    /// Drops `n` bytes at the front.
    #[inline]
    pub(crate) fn skip(&mut self, src: &mut BytesMut, n: usize) {
        let n = n.min(src.len());
        src.advance(n);
        self.consumed = self.consumed.saturating_add(n);
    }

    /// Takes the frame `VT content trailer` from the front: `end` is where the content ends.
    ///
    /// Work is linear in the length of this frame, whichever way is taken: without a copy when
    /// the allocation is small enough; by shrinking the allocation to the frame when little is
    /// behind it; by copying otherwise.
    #[inline]
    pub(crate) fn take(&mut self, src: &mut BytesMut, end: usize, trailer: usize) -> Bytes {
        let content = src.get(1..end).unwrap_or_default();
        if content.len() >= MAX_EXTRA || self.extent <= content.len() + MAX_EXTRA {
            return self.take_allocation(src, end, trailer);
        }
        let content = Bytes::copy_from_slice(content);
        self.skip(src, end + trailer);
        if src.len() <= FRESH_CAPACITY {
            self.renew(src);
        }
        content
    }

    /// Takes a frame with the allocation it is in, or, where that is too large, a copy of it.
    #[inline(never)]
    fn take_allocation(&mut self, src: &mut BytesMut, end: usize, trailer: usize) -> Bytes {
        let (len, whole) = (end.saturating_sub(1), end.saturating_add(trailer).min(src.len()));
        let behind = src.len().saturating_sub(whole);
        if self.extent <= len.saturating_add(MAX_EXTRA) {
            let mut content = src.split_to(whole).freeze();
            content.truncate(end);
            content.advance(1);
            self.consumed = self.consumed.saturating_add(whole);
            if self.extent > MAX_EXTRA && behind <= FRESH_CAPACITY {
                self.renew(src);
            }
            return content;
        }
        if behind > len {
            let content = Bytes::copy_from_slice(src.get(1..end).unwrap_or_default());
            self.skip(src, whole);
            return content;
        }
        let mut rest = BytesMut::with_capacity(behind.max(FRESH_CAPACITY));
        rest.extend_from_slice(src.get(whole..).unwrap_or_default());
        let mut frame = mem::replace(src, rest);
        *self = Self::new();
        frame.truncate(end);
        let mut frame = Vec::from(frame);
        frame.shrink_to_fit();
        let mut content = Bytes::from(frame);
        content.advance(1);
        content
    }

    /// Moves what is left into a small buffer of its own.
    #[cold]
    pub(crate) fn renew(&mut self, src: &mut BytesMut) {
        let mut fresh = BytesMut::with_capacity(FRESH_CAPACITY);
        fresh.extend_from_slice(src);
        *src = fresh;
        *self = Self::new();
    }

    /// Lets go of the buffer's memory, if nothing is in it.
    #[cfg(any(feature = "client", feature = "server"))]
    pub(crate) fn release(&mut self, src: &mut BytesMut) {
        if src.is_empty() {
            *src = BytesMut::new();
            *self = Self::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(content: &[u8]) -> Vec<u8> {
        [b"\x0b", content, b"\x1c\r"].concat()
    }

    fn take(retention: &mut Retention, src: &mut BytesMut, len: usize) -> Bytes {
        retention.observe(src);
        retention.take(src, len + 1, 2)
    }

    #[test]
    fn a_frame_in_a_small_buffer_is_not_copied() {
        let mut src = BytesMut::from(&framed(b"abc")[..]);
        let at = src.as_ptr().wrapping_add(1);
        let content = take(&mut Retention::new(), &mut src, 3);
        assert_eq!((&content[..], content.as_ptr()), (&b"abc"[..], at));
    }

    #[test]
    fn a_large_frame_in_a_buffer_grown_by_doubling_is_shrunk_to_its_size() {
        let large = vec![b'x'; 1024 * 1024];
        let mut src = BytesMut::with_capacity(2 * large.len());
        src.extend_from_slice(&framed(&large));
        src.extend_from_slice(b"\x0bnext");
        let content = take(&mut Retention::new(), &mut src, large.len());
        assert_eq!(content, large);
        assert_eq!(&src[..], b"\x0bnext");
        // A unique `Bytes` gives back its allocation.
        let mut vec = Vec::from(content);
        assert!(vec.capacity() <= large.len() + 1, "{}", vec.capacity());
        vec.clear();
    }

    #[test]
    fn a_small_frame_behind_a_large_one_does_not_keep_the_large_one() {
        let large = vec![b'x'; 50 * 1024 * 1024];
        let mut stream = framed(&large);
        stream.extend_from_slice(&framed(b"small"));
        let mut src = BytesMut::from(&stream[..]);
        let range = src.as_ptr_range();
        let mut retention = Retention::new();
        let first = take(&mut retention, &mut src, large.len());
        assert_eq!(first.len(), large.len());
        let second = take(&mut retention, &mut src, 5);
        assert_eq!(&second[..], b"small");
        assert!(!range.contains(&second.as_ptr()), "shares the large allocation");
        assert!((8000..=8192).contains(&src.capacity()), "{}", src.capacity());
    }

    #[test]
    fn a_frame_is_copied_where_it_would_keep_a_byte_over_the_bound() {
        assert_eq!(MAX_EXTRA, 65_536, "as it is documented");
        for (extra, is_copied) in [(MAX_EXTRA, false), (MAX_EXTRA + 1, true)] {
            let mut src = BytesMut::with_capacity(3 + extra);
            src.extend_from_slice(&framed(b"abc"));
            let allocation = src.as_ptr_range().start..src.as_ptr().wrapping_add(src.capacity());
            let content = take(&mut Retention::new(), &mut src, 3);
            assert_eq!(content, &b"abc"[..], "{extra} bytes beyond its own");
            let is_inside = allocation.contains(&content.as_ptr());
            assert_eq!(is_inside, !is_copied, "{extra} bytes beyond its own");
        }
    }

    #[test]
    fn the_allocation_goes_with_a_large_frame_that_has_less_behind_it() {
        for (len, behind, goes) in [
            (MAX_EXTRA - 1, 10_000, false),
            (MAX_EXTRA, 10_000, true),
            (MAX_EXTRA, MAX_EXTRA, true),
            (MAX_EXTRA, MAX_EXTRA + 1, false),
        ] {
            let case = format!("{len} bytes with {behind} behind them");
            let mut src = BytesMut::with_capacity(4 * MAX_EXTRA);
            src.extend_from_slice(&framed(&vec![b'x'; len]));
            src.extend_from_slice(&vec![b'y'; behind]);
            let allocation = src.as_ptr_range();
            let content = take(&mut Retention::new(), &mut src, len);
            assert!(content == vec![b'x'; len], "{case}");
            assert!(src == vec![b'y'; behind], "{case}: {} are left", src.len());
            assert_eq!(!allocation.contains(&src.as_ptr()), goes, "{case}");
        }
    }

    #[test]
    fn what_is_behind_a_frame_that_took_a_large_allocation_is_moved_where_it_is_little() {
        for (behind, is_moved) in [(5, true), (FRESH_CAPACITY, true), (FRESH_CAPACITY + 1, false)] {
            let content = vec![b'x'; 20_000];
            let mut src = BytesMut::with_capacity(MAX_EXTRA + 10_000);
            src.extend_from_slice(&framed(&content));
            src.extend_from_slice(&vec![b'y'; behind]);
            let allocation = src.as_ptr_range().start..src.as_ptr().wrapping_add(src.capacity());
            let taken = take(&mut Retention::new(), &mut src, content.len());
            assert!(taken == content && allocation.contains(&taken.as_ptr()), "{behind} behind it");
            assert!(src == vec![b'y'; behind], "{behind} behind it: {} are left", src.len());
            assert_eq!(!allocation.contains(&src.as_ptr()), is_moved, "{behind} behind it");
        }
    }

    #[test]
    fn a_buffer_as_large_as_the_bound_is_not_replaced() {
        let mut src = BytesMut::with_capacity(MAX_EXTRA);
        src.extend_from_slice(&framed(b"abc"));
        src.extend_from_slice(b"\x0bnext");
        let next = src.as_ptr().wrapping_add(6);
        take(&mut Retention::new(), &mut src, 3);
        assert_eq!((&src[..], src.as_ptr()), (&b"\x0bnext"[..], next));
    }

    #[test]
    fn a_buffer_reused_for_long_is_replaced_before_the_bound_is_passed() {
        let (mut src, mut retention) = (BytesMut::with_capacity(8192), Retention::new());
        let content = [b'y'; 1000];
        let mut kept = Vec::new();
        for n in 0..1000 {
            src.extend_from_slice(&framed(&content));
            let frame = take(&mut retention, &mut src, content.len());
            assert_eq!(frame, content[..], "frame {n}");
            assert!(retention.extent <= 2 * MAX_EXTRA, "frame {n}: {}", retention.extent);
            kept.push(frame);
        }
        assert!(kept.iter().all(|frame| *frame == content[..]));
    }
}
