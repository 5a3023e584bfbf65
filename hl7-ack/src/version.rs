//! [`Version`]: what MSH-12 means for the form of an acknowledgment.

use hl7_parse::Header;

/// The numbers after `2.`, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(u8, u8);

impl Version {
    pub(crate) const V2_1: Self = Self(1, 0);
    pub(crate) const V2_3: Self = Self(3, 0);
    pub(crate) const V2_3_1: Self = Self(3, 1);
    pub(crate) const V2_4: Self = Self(4, 0);
    pub(crate) const V2_5: Self = Self(5, 0);
    pub(crate) const V2_5_1: Self = Self(5, 1);
    pub(crate) const V2_6: Self = Self(6, u8::MAX);

    /// Of MSH-12; 2.5.1 where it is none of the standard's. `2.50` is 2.5, `2.0` has the oldest
    /// form.
    pub(crate) fn of(header: &Header<'_>) -> Self {
        let digit = |byte: u8| byte - b'0';
        match header.version().component(1).as_bytes().trim_ascii() {
            [b'2', b'.', minor @ b'0'..=b'9', rest @ ..] => match rest {
                [b'.', patch @ b'0'..=b'9', ..] => Self(digit(*minor), digit(*patch)),
                [b'1'..=b'9', ..] => Self::V2_5_1,
                _ => Self(digit(*minor), 0),
            },
            _ => Self::V2_5_1,
        }
    }
}
