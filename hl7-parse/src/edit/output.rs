//! Collects the bytes of a message, up to a limit.

use crate::edit::EditErrorKind;

/// What is written so far.
pub(crate) struct Output {
    bytes: Vec<u8>,
    max_len: usize,
}

impl Output {
    pub(crate) fn new(capacity: usize, max_len: usize) -> Self {
        Self { bytes: Vec::with_capacity(capacity), max_len }
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn from(&self, start: usize) -> &[u8] {
        self.bytes.get(start..).unwrap_or_default()
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), EditErrorKind> {
        self.has_room(bytes.len())?;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// So many of the same byte.
    pub(crate) fn repeat(&mut self, byte: u8, times: usize) -> Result<(), EditErrorKind> {
        self.has_room(times)?;
        self.bytes.resize(self.bytes.len() + times, byte);
        Ok(())
    }

    /// Inserts so many of the same byte; what follows them is moved.
    pub(crate) fn insert(
        &mut self,
        at: usize,
        byte: u8,
        times: usize,
    ) -> Result<(), EditErrorKind> {
        let len = self.bytes.len();
        self.repeat(byte, times)?;
        if times > 0 && at < len {
            self.bytes.copy_within(at..len, at + times);
            self.bytes.get_mut(at..at + times).unwrap_or_default().fill(byte);
        }
        Ok(())
    }

    /// Makes every LF in a range, that is not the second half of CR LF, a CR.
    pub(crate) fn end_lines_with_cr(&mut self, start: usize, end: usize) {
        let mut before = 0;
        for byte in self.bytes.get_mut(start..end).unwrap_or_default() {
            if *byte == b'\n' && before != b'\r' {
                *byte = b'\r';
            }
            before = *byte;
        }
    }

    fn has_room(&self, len: usize) -> Result<(), EditErrorKind> {
        match self.bytes.len().checked_add(len) {
            Some(len) if len <= self.max_len => Ok(()),
            _ => Err(EditErrorKind::TooLong),
        }
    }
}
