//! [`Whence`]: where an element is in memory, from which its message can tell the path.

use crate::Separators;

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
    pub(crate) const fn depth(self) -> u8 {
        match self {
            Self::Field => 0,
            Self::Repetition => 1,
            Self::Component => 2,
            Self::Subcomponent => 3,
        }
    }

    /// The level of what this is a part of; `None` where that is a segment.
    pub(crate) fn above(self) -> Option<Self> {
        match self {
            Self::Field => None,
            Self::Repetition => Some(Self::Field),
            Self::Component => Some(Self::Repetition),
            Self::Subcomponent => Some(Self::Component),
        }
    }

    /// What is between two elements of the level.
    #[inline]
    pub(crate) fn separator(self, separators: &Separators) -> u8 {
        match self {
            Self::Field => separators.field,
            Self::Repetition => separators.repetition,
            Self::Component => separators.component,
            Self::Subcomponent => separators.subcomponent,
        }
    }
}

/// Where an element begins in memory; of one that was not sent, where that begins which lacks it,
/// and the number it would have there.
///
/// A view does not know its message, and an error does not borrow it. The address is all that is
/// kept, to be held against the bytes of a message later; it is not shown, and nothing is read
/// through it.
#[derive(Clone, Copy)]
pub(crate) struct Whence {
    /// Of what was not sent only the lower half: no message is longer than that tells apart.
    address: usize,
    /// 0: it was sent, or that is not known.
    missing: u16,
    level: Level,
}

impl Whence {
    /// Not known.
    pub(crate) const NOWHERE: Self = Self { address: 0, missing: 0, level: Level::Field };
    /// Two bits are left for the level.
    const MAX_MISSING: usize = 0x3FFF;

    pub(crate) fn of(bytes: &[u8], level: Level) -> Self {
        Self { address: bytes.as_ptr() as usize, missing: 0, level }
    }

    /// Of number `n` of a level, of which there are fewer in `parent`. Not known where `n` is 0, or
    /// above what fits.
    #[inline]
    pub(crate) fn missing(parent: &[u8], level: Level, n: usize) -> Self {
        let missing = if n <= Self::MAX_MISSING { n as u16 } else { 0 };
        Self { address: parent.as_ptr() as usize, missing, level }
    }

    /// How far behind the start of `bytes` the address is.
    pub(crate) fn offset_in(self, bytes: &[u8]) -> Option<usize> {
        let base = bytes.as_ptr() as usize;
        let offset = match self.missing {
            0 => self.address.checked_sub(base)?,
            _ => (self.address as u32).wrapping_sub(base as u32) as usize,
        };
        Some(offset).filter(|offset| *offset <= bytes.len())
    }

    pub(crate) fn level(self) -> Level {
        self.level
    }

    /// The number of what was not sent.
    pub(crate) fn number(self) -> Option<u16> {
        Some(self.missing).filter(|number| *number != 0)
    }

    /// The number of a field that was not sent.
    pub(crate) fn missing_field(self) -> Option<u16> {
        self.number().filter(|_| self.level == Level::Field)
    }

    /// That of an element that was not sent, in the place of its delimiters.
    #[inline]
    pub(crate) const fn packed(self) -> Separators {
        let [field, component, repetition, escape] = (self.address as u32).to_le_bytes();
        let [subcomponent, truncation] =
            (self.missing | (self.level.depth() as u16) << 14).to_le_bytes();
        Separators {
            field,
            component,
            repetition,
            escape,
            subcomponent,
            truncation,
            ..Separators::LITERAL
        }
    }

    /// The inverse of [`Self::packed`].
    pub(crate) fn unpacked(packed: Separators) -> Self {
        let Separators { field, component, repetition, escape, .. } = packed;
        let address = u32::from_le_bytes([field, component, repetition, escape]) as usize;
        let number = u16::from_le_bytes([packed.subcomponent, packed.truncation]);
        let level = match number >> 14 {
            0 => Level::Field,
            1 => Level::Repetition,
            2 => Level::Component,
            _ => Level::Subcomponent,
        };
        match number & Self::MAX_MISSING as u16 {
            0 => Self::NOWHERE,
            missing => Self { address, missing, level },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        let bytes = b"PID|1^2~3";
        for level in [Level::Field, Level::Repetition, Level::Component, Level::Subcomponent] {
            for (n, expected) in
                [(0, None), (1, Some(1)), (16_383, Some(16_383)), (16_384, None), (65_537, None)]
            {
                let missing = Whence::missing(&bytes[4..], level, n);
                let unpacked = Whence::unpacked(missing.packed());
                assert_eq!(unpacked.number(), expected, "{n}");
                if expected.is_some() {
                    assert_eq!(unpacked.offset_in(bytes), Some(4), "{n}");
                    assert_eq!(unpacked.level().depth(), level.depth(), "{n}");
                }
            }
        }
        assert_eq!(Whence::unpacked(Whence::NOWHERE.packed()).number(), None);
    }
}
