//! [`Buffer`]: collects the bytes of an acknowledgment with one allocation.

use bytes::Bytes;

/// Bytes on their way into one [`Bytes`].
///
/// Most acknowledgments are short: they grow on the stack and are copied once, into exactly as
/// much memory as they need. What grows longer moves to the heap.
pub(crate) struct Buffer {
    short: [u8; SHORT],
    len: usize,
    /// Where it is not empty, it holds all.
    long: Vec<u8>,
}

const SHORT: usize = 512;

impl Buffer {
    pub(crate) fn new() -> Self {
        Self { short: [0; SHORT], len: 0, long: Vec::new() }
    }

    #[inline]
    pub(crate) fn push(&mut self, byte: u8) {
        match self.short.get_mut(self.len) {
            Some(free) if self.long.is_empty() => {
                *free = byte;
                self.len += 1;
            }
            _ => self.extend(&[byte]),
        }
    }

    #[inline]
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        let end = self.len.saturating_add(bytes.len());
        match self.short.get_mut(self.len..end) {
            Some(free) if self.long.is_empty() => {
                free.copy_from_slice(bytes);
                self.len = end;
            }
            _ => self.extend_long(bytes),
        }
    }

    #[cold]
    fn extend_long(&mut self, bytes: &[u8]) {
        if self.long.is_empty() {
            self.long.reserve(self.len.saturating_add(bytes.len()).saturating_mul(2));
            self.long.extend_from_slice(self.short.get(..self.len).unwrap_or_default());
        }
        self.long.extend_from_slice(bytes);
    }

    pub(crate) fn finish(&mut self) -> Bytes {
        match self.long.is_empty() {
            true => Bytes::copy_from_slice(self.short.get(..self.len).unwrap_or_default()),
            false => std::mem::take(&mut self.long).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_written_comes_out_whatever_the_pieces() {
        for piece in [1, 3, 100, SHORT - 1, SHORT, SHORT + 1, 3 * SHORT] {
            let (mut buffer, mut expected) = (Buffer::new(), Vec::new());
            for n in 0..=(2 * SHORT / piece) {
                let bytes = vec![u8::try_from(n % 251).unwrap_or(0); piece];
                buffer.extend(&bytes);
                buffer.push(b'|');
                expected.extend_from_slice(&bytes);
                expected.push(b'|');
            }
            assert_eq!(buffer.finish(), expected, "pieces of {piece}");
        }
        assert!(Buffer::new().finish().is_empty());
    }
}
