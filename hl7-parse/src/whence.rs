//! [`Whence`]: where an element is in memory, from which its message can tell the path.

/// How deep an element is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Field,
    Repetition,
    Component,
    Subcomponent,
}

impl Level {
    /// How many levels below a field.
    pub(crate) const fn depth(self) -> usize {
        match self {
            Self::Field => 0,
            Self::Repetition => 1,
            Self::Component => 2,
            Self::Subcomponent => 3,
        }
    }
}

/// Where an element begins in memory.
///
/// A view does not know its message, and an error does not borrow it. The address is all that is
/// kept, to be held against the bytes of a message later; it is not shown, and nothing is read
/// through it.
#[derive(Clone, Copy)]
pub(crate) struct Whence {
    address: usize,
    level: Level,
}

impl Whence {
    pub(crate) fn of(bytes: &[u8], level: Level) -> Self {
        Self { address: bytes.as_ptr() as usize, level }
    }

    /// How far behind the start of `bytes` the address is.
    pub(crate) fn offset_in(self, bytes: &[u8]) -> Option<usize> {
        let offset = self.address.checked_sub(bytes.as_ptr() as usize)?;
        Some(offset).filter(|offset| *offset <= bytes.len())
    }

    pub(crate) fn level(self) -> Level {
        self.level
    }
}
