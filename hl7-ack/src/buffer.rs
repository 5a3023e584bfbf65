//! [`Buffer`]: collects the bytes of an acknowledgment with one allocation.

use bytes::Bytes;

/// Bytes on their way into one [`Bytes`].
///
/// Most acknowledgments are short: they grow on the stack and are copied once, into exactly as
/// much memory as they need. What grows longer moves to the heap.
pub(crate) struct Buffer {
    short: [u8; SHORT],
    /// How much of it is in use; [`Self::MOVED`] where the other one holds all.
    len: usize,
    long: Vec<u8>,
}

const SHORT: usize = 512;

impl Buffer {
    /// Nothing fits behind that.
    const MOVED: usize = usize::MAX;

    pub(crate) fn new() -> Self {
        Self { short: [0; SHORT], len: 0, long: Vec::new() }
    }

    #[inline]
    pub(crate) fn push(&mut self, byte: u8) {
        match self.short.get_mut(self.len) {
            Some(free) => {
                *free = byte;
                self.len += 1;
            }
            None => self.extend_long(&[byte]),
        }
    }

    #[inline]
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        match self.short.get_mut(self.len..).and_then(|free| free.get_mut(..bytes.len())) {
            Some(free) => {
                free.copy_from_slice(bytes);
                self.len += bytes.len();
            }
            None => self.extend_long(bytes),
        }
    }

    /// The delimiter and what stands behind it.
    #[inline]
    pub(crate) fn extend_behind(&mut self, delimiter: u8, bytes: &[u8]) {
        let free = self.short.get_mut(self.len..).and_then(<[u8]>::split_first_mut);
        match free.and_then(|(first, free)| Some((first, free.get_mut(..bytes.len())?))) {
            Some((first, free)) => {
                *first = delimiter;
                copy(free, bytes);
                self.len += 1 + bytes.len();
            }
            None => {
                self.extend_long(&[delimiter]);
                self.extend_long(bytes);
            }
        }
    }

    /// The delimiter, and behind it so many bytes, put there where they stay: written elsewhere and
    /// copied at once, they would be waited for.
    #[inline]
    pub(crate) fn fill_behind<const N: usize>(
        &mut self,
        delimiter: u8,
        fill: impl FnOnce(&mut [u8; N]),
    ) {
        let free = self.short.get_mut(self.len..).and_then(<[u8]>::split_first_mut);
        match free.and_then(|(first, free)| Some((first, free.first_chunk_mut()?))) {
            Some((first, free)) => {
                *first = delimiter;
                fill(free);
                self.len += 1 + N;
            }
            None => {
                let mut bytes = [0; N];
                fill(&mut bytes);
                self.extend_long(&[delimiter]);
                self.extend_long(&bytes);
            }
        }
    }

    #[cold]
    fn extend_long(&mut self, bytes: &[u8]) {
        if let Some(moved) = self.short.get(..self.len) {
            self.long.reserve(self.len.saturating_add(bytes.len()).saturating_mul(2));
            self.long.extend_from_slice(moved);
            self.len = Self::MOVED;
        }
        self.long.extend_from_slice(bytes);
    }

    pub(crate) fn finish(&mut self) -> Bytes {
        match self.short.get(..self.len) {
            Some(all) => Bytes::copy_from_slice(all),
            None => std::mem::take(&mut self.long).into(),
        }
    }
}

/// Copies what is as long. Of a field, most often short, each end as a word and without a call: 4 % of
/// an acknowledgment.
#[inline(always)]
fn copy(to: &mut [u8], from: &[u8]) {
    if from.len() > 16 {
        return to.copy_from_slice(from);
    }
    if ends::<8>(to, from).or_else(|| ends::<4>(to, from)).is_none() {
        to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
    }
}

/// Copies the first and the last `N` bytes, which are all of at most twice as many.
#[inline(always)]
fn ends<const N: usize>(to: &mut [u8], from: &[u8]) -> Option<()> {
    *to.first_chunk_mut::<N>()? = *from.first_chunk()?;
    *to.last_chunk_mut::<N>()? = *from.last_chunk()?;
    Some(())
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

    #[test]
    fn what_is_filled_in_comes_out_wherever_the_short_part_ends() {
        for before in SHORT - 5..=SHORT + 1 {
            let mut buffer = Buffer::new();
            buffer.extend(&vec![b'x'; before]);
            buffer.fill_behind(b'|', |to: &mut [u8; 3]| *to = *b"abc");
            buffer.push(b'|');
            let expected = ["x".repeat(before).as_str(), "|abc|"].concat();
            assert_eq!(buffer.finish(), expected, "{before} before");
        }
    }
}
