//! [`Path`]: the name of a place in a message, as `PID-5.1`.

use std::{fmt, str::FromStr};

use thiserror::Error;

use crate::{Element, Field, Segment};

/// The name of a place in a message: segment, field, repetition, component, subcomponent.
///
/// `PID`, `PID-5`, `PID-5.1`, `PID-3[2].4.1` (second repetition), `OBX[3]-5` (third OBX). All
/// numbers count from 1, to 65,535. A repetition that is not named is the first one where a
/// component is named, and the whole field where not. `(2)` for `[2]`, and `.` and `-` for each
/// other, are read too; `Display` writes the form above.
///
/// ```
/// use hl7_parse::Path;
///
/// const FAMILY_NAME: Path = Path::new("PID-5.1");
///
/// let path: Path = "PID.3(2)-4".parse()?;
/// assert_eq!(path.to_string(), "PID-3[2].4");
/// assert_eq!(FAMILY_NAME.field(), Some(5));
/// assert_eq!((FAMILY_NAME.occurrence(), FAMILY_NAME.subcomponent()), (1, None));
/// # Ok::<(), hl7_parse::PathError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Path {
    segment: [u8; 3],
    // 0: not named.
    occurrence: u16,
    field: u16,
    repetition: u16,
    component: u16,
    subcomponent: u16,
}

/// A text that is no [`Path`].
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathError {
    /// It does not begin with a letter and two letters or digits.
    #[error("a path begins with a segment ID of three letters or digits, like PID-5.1")]
    Segment,
    /// A number is missing, is zero, or is above 65,535.
    #[error("a number in a path is from 1 to 65535")]
    Number,
    /// Something stands where no more can, or a bracket is not closed.
    #[error("a path looks like PID-3[2].4.1 or OBX[3]-5")]
    Form,
}

impl Path {
    /// A path known when the program is written.
    ///
    /// In a `const` a mistake is found by the compiler. For text that comes from elsewhere use
    /// [`FromStr`].
    ///
    /// # Panics
    ///
    /// Where `path` is none, if called outside of a `const`.
    #[must_use]
    #[track_caller]
    #[expect(clippy::panic, reason = "a mistake in the program, found at compile time in a const")]
    pub const fn new(path: &str) -> Self {
        match Self::read(path.as_bytes()) {
            Ok(path) => path,
            Err(PathError::Segment) => panic!("a path begins with a segment ID, like PID-5.1"),
            Err(PathError::Number) => panic!("a number in a path is from 1 to 65535"),
            Err(PathError::Form) => panic!("a path looks like PID-3[2].4.1 or OBX[3]-5"),
        }
    }

    const fn read(text: &[u8]) -> Result<Self, PathError> {
        let Some((segment, rest)) = text.split_first_chunk::<3>() else {
            return Err(PathError::Segment);
        };
        let [first, second, third] = *segment;
        if !first.is_ascii_alphabetic()
            || !second.is_ascii_alphanumeric()
            || !third.is_ascii_alphanumeric()
        {
            return Err(PathError::Segment);
        }
        let (occurrence, rest) = match bracketed(rest) {
            Ok(read) => read,
            Err(error) => return Err(error),
        };
        let (field, rest) = match numbered(rest) {
            Ok(read) => read,
            Err(error) => return Err(error),
        };
        let (repetition, rest) = match bracketed(rest) {
            Ok(read) => read,
            Err(error) => return Err(error),
        };
        let (component, rest) = match numbered(rest) {
            Ok(read) => read,
            Err(error) => return Err(error),
        };
        let (subcomponent, rest) = match numbered(rest) {
            Ok(read) => read,
            Err(error) => return Err(error),
        };
        // `PID[1][2]` has a repetition of no field.
        if !rest.is_empty() || (field == 0 && repetition != 0) {
            return Err(PathError::Form);
        }
        Ok(Self { segment: *segment, occurrence, field, repetition, component, subcomponent })
    }

    /// The path of a field; `None` where a number is beyond what a path can hold.
    pub(crate) fn of_field(segment: [u8; 3], occurrence: usize, field: usize) -> Option<Self> {
        let number = |n: usize| u16::try_from(n).ok().filter(|n| *n > 0);
        let (occurrence, field) = (number(occurrence)?, number(field)?);
        Some(Self { segment, occurrence, field, repetition: 0, component: 0, subcomponent: 0 })
    }

    /// The segment ID.
    #[must_use]
    pub fn segment(&self) -> &str {
        std::str::from_utf8(&self.segment).unwrap_or_default()
    }

    pub(crate) fn id(&self) -> [u8; 3] {
        self.segment
    }

    /// Which of the segments with that ID: the first where the path does not say.
    #[must_use]
    pub fn occurrence(&self) -> usize {
        usize::from(self.occurrence).max(1)
    }

    /// The field.
    #[must_use]
    pub fn field(&self) -> Option<usize> {
        named(self.field)
    }

    /// The repetition of the field.
    #[must_use]
    pub fn repetition(&self) -> Option<usize> {
        named(self.repetition)
    }

    /// The component.
    #[must_use]
    pub fn component(&self) -> Option<usize> {
        named(self.component)
    }

    /// The subcomponent.
    #[must_use]
    pub fn subcomponent(&self) -> Option<usize> {
        named(self.subcomponent)
    }

    /// The path with the numbers that are not 0 in place of its own.
    pub(crate) fn narrowed(self, repetition: u16, component: u16, subcomponent: u16) -> Self {
        let or = |number, own| if number == 0 { own } else { number };
        Self {
            repetition: or(repetition, self.repetition),
            component: or(component, self.component),
            subcomponent: or(subcomponent, self.subcomponent),
            ..self
        }
    }

    /// The longer path that `text` names from here: `5.1` below a segment, `4.2` below a field
    /// or one of its repetitions, `2` below a component.
    #[cfg(feature = "serde")]
    pub(crate) fn below(mut self, text: &str) -> Result<Self, PathError> {
        let (first, mut rest) = number(text.as_bytes())?;
        if self.field == 0 {
            self.field = first;
            (self.repetition, rest) = bracketed(rest)?;
            (self.component, rest) = numbered(rest)?;
            (self.subcomponent, rest) = numbered(rest)?;
        } else if self.component == 0 {
            self.component = first;
            (self.subcomponent, rest) = numbered(rest)?;
        } else if self.subcomponent == 0 {
            self.subcomponent = first;
        } else {
            return Err(PathError::Form);
        }
        if rest.is_empty() { Ok(self) } else { Err(PathError::Form) }
    }

    /// The path as two numbers.
    #[cfg(feature = "serde")]
    pub(crate) fn to_bits(self) -> [u64; 2] {
        let Self { segment: [a, b, c], occurrence, field, repetition, component, subcomponent } =
            self;
        let pack = |high: u16, numbers: [u16; 3]| {
            numbers.iter().fold(u64::from(high), |bits, number| bits << 16 | u64::from(*number))
        };
        [
            pack(u16::from(a), [u16::from_be_bytes([b, c]), occurrence, field]),
            pack(0, [repetition, component, subcomponent]),
        ]
    }

    /// The path that [`Self::to_bits`] wrote.
    #[cfg(feature = "serde")]
    pub(crate) fn from_bits([first, second]: [u64; 2]) -> Self {
        let [_, a, b, c, o1, o2, f1, f2] = first.to_be_bytes();
        let [_, _, r1, r2, c1, c2, s1, s2] = second.to_be_bytes();
        Self {
            segment: [a, b, c],
            occurrence: u16::from_be_bytes([o1, o2]),
            field: u16::from_be_bytes([f1, f2]),
            repetition: u16::from_be_bytes([r1, r2]),
            component: u16::from_be_bytes([c1, c2]),
            subcomponent: u16::from_be_bytes([s1, s2]),
        }
    }

    /// Whether the path says which of the segments with its ID.
    pub(crate) fn names_occurrence(self) -> bool {
        self.occurrence != 0
    }

    /// The path with another occurrence of the segment; 65,535 for any further one.
    #[cfg(feature = "serde")]
    pub(crate) fn with_occurrence(self, n: usize) -> Self {
        Self { occurrence: u16::try_from(n).unwrap_or(u16::MAX), ..self }
    }

    /// The path with another repetition of the field; 65,535 for any further one.
    #[cfg(feature = "serde")]
    pub(crate) fn with_repetition(self, n: usize) -> Self {
        Self { repetition: u16::try_from(n).unwrap_or(u16::MAX), ..self }
    }

    /// The number of the field, if the path leads no deeper.
    #[inline]
    pub(crate) fn whole_field(&self) -> Option<usize> {
        self.field().filter(|_| self.repetition == 0 && self.component == 0)
    }

    /// What the path leads to in a segment that its first part names.
    #[inline]
    pub(crate) fn within<'a>(&self, segment: Segment<'a>) -> Element<'a> {
        if self.component == 1
            && self.repetition <= 1
            && let Some(first) = self.field().and_then(|n| segment.first_component(n))
        {
            return match self.subcomponent() {
                Some(subcomponent) => first.subcomponent(subcomponent).into(),
                None => first.into(),
            };
        }
        self.within_fields(segment, |n| segment.field_here(n))
    }

    /// The same in a segment whose fields are found otherwise.
    #[inline]
    pub(crate) fn within_fields<'a>(
        &self,
        segment: Segment<'a>,
        field: impl FnOnce(usize) -> Field<'a>,
    ) -> Element<'a> {
        let Some(number) = self.field() else { return segment.into() };
        let field = field(number);
        let (Some(component), repetition) = (self.component(), self.repetition()) else {
            return match self.repetition() {
                Some(repetition) => field.repetition(repetition).into(),
                None => field.into(),
            };
        };
        let component = field.repetition(repetition.unwrap_or(1)).component(component);
        match self.subcomponent() {
            Some(subcomponent) => component.subcomponent(subcomponent).into(),
            None => component.into(),
        }
    }
}

fn named(number: u16) -> Option<usize> {
    (number != 0).then_some(usize::from(number))
}

/// A number and what follows it; 0 where there is none to read.
type Read<'a> = Result<(u16, &'a [u8]), PathError>;

const fn bracketed(text: &[u8]) -> Read<'_> {
    let (closing, rest) = match text.split_first() {
        Some((b'[', rest)) => (b']', rest),
        Some((b'(', rest)) => (b')', rest),
        _ => return Ok((0, text)),
    };
    match number(rest) {
        Ok((number, rest)) => match rest.split_first() {
            Some((byte, rest)) if *byte == closing => Ok((number, rest)),
            _ => Err(PathError::Form),
        },
        Err(error) => Err(error),
    }
}

const fn numbered(text: &[u8]) -> Read<'_> {
    match text.split_first() {
        Some((b'-' | b'.', rest)) => number(rest),
        _ => Ok((0, text)),
    }
}

const fn number(text: &[u8]) -> Read<'_> {
    let mut rest = text;
    let mut number: u16 = 0;
    while let Some((byte @ b'0'..=b'9', after)) = rest.split_first() {
        let Some(tens) = number.checked_mul(10) else { return Err(PathError::Number) };
        let Some(sum) = tens.checked_add((*byte - b'0') as u16) else {
            return Err(PathError::Number);
        };
        number = sum;
        rest = after;
    }
    if number == 0 { Err(PathError::Number) } else { Ok((number, rest)) }
}

impl FromStr for Path {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        Self::read(text.as_bytes())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.segment())?;
        for (number, before, after) in [
            (self.occurrence, "[", "]"),
            (self.field, "-", ""),
            (self.repetition, "[", "]"),
            (self.component, ".", ""),
            (self.subcomponent, ".", ""),
        ] {
            if number != 0 {
                write!(f, "{before}{number}{after}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Path({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_field_has_numbers_that_a_path_can_hold() {
        for (occurrence, field, expected) in [
            (1, 1, Some("PID[1]-1")),
            (65_535, 65_535, Some("PID[65535]-65535")),
            (0, 1, None),
            (1, 0, None),
            (65_536, 1, None),
            (1, 65_536, None),
        ] {
            let path = Path::of_field(*b"PID", occurrence, field).map(|path| path.to_string());
            assert_eq!(path.as_deref(), expected, "{occurrence}, {field}");
        }
    }
}
