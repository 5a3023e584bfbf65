//! [`Time`]: TM, a time of day.

use std::{fmt, str::FromStr};

use crate::{
    Separators,
    value::{
        DateTime, FromRaw, Precision, Raw, ToEr7, UtcOffset, ValueError, ValueErrorKind,
        grammar::{self, Refusal},
    },
};

/// A time of day: `HH[MM[SS[.S..]]][+/-ZZZZ]` (TM).
///
/// As precise as it was sent, like [`DateTime`].
///
/// ```
/// use hl7_parse::value::{Precision, Time};
///
/// let time: Time = "1005-0500".parse()?;
/// assert_eq!(time.precision(), Precision::Minute);
/// assert_eq!((time.hour(), time.minute(), time.second()), (10, Some(5), None));
/// assert_eq!(time.offset().map(|offset| offset.minutes()), Some(-300));
/// assert_eq!("100500.25".parse::<Time>()?.nanosecond(), Some(250_000_000));
/// # Ok::<(), hl7_parse::value::ValueError>(())
/// ```
#[doc(alias = "TM")]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Time(pub(crate) DateTime);

impl Time {
    pub(crate) const NAME: &'static str = "TM";

    /// A time to the second, without an offset; `None` where a number is out of its range.
    #[must_use]
    pub fn new(hour: u8, minute: u8, second: u8) -> Option<Self> {
        let written = Precision::Second;
        let time = DateTime { hour, minute, second, written, ..DateTime::of_year(0) };
        (hour < 24 && minute < 60 && second < 60).then_some(Self(time))
    }

    /// A time that is in range, to the second or to the last decimal place that is not 0.
    #[cfg(any(feature = "jiff", feature = "chrono"))]
    pub(crate) fn from_parts(hour: u8, minute: u8, second: u8, nanosecond: u32) -> Self {
        let is_enough =
            |places: &u8| nanosecond.is_multiple_of(super::precision::nanoseconds_of(*places));
        let written = match nanosecond {
            0 => Precision::Second,
            _ => Precision::Fraction((1..=9).find(is_enough).unwrap_or(9)),
        };
        Self(DateTime { hour, minute, second, nanosecond, written, ..DateTime::of_year(0) })
    }

    /// Down to which unit this is known: hour, minute, second, or a part of it.
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.0.precision()
    }

    /// The hour, 0 to 23.
    #[must_use]
    pub fn hour(&self) -> u8 {
        self.0.hour
    }

    /// The minute, 0 to 59, if known.
    #[must_use]
    pub fn minute(&self) -> Option<u8> {
        self.0.minute()
    }

    /// The second, 0 to 59, if known.
    #[must_use]
    pub fn second(&self) -> Option<u8> {
        self.0.second()
    }

    /// The nanoseconds of the second, if any decimal place of it is known.
    #[must_use]
    pub fn nanosecond(&self) -> Option<u32> {
        self.0.nanosecond()
    }

    /// The offset from UTC, if one was sent.
    #[must_use]
    pub fn offset(&self) -> Option<UtcOffset> {
        self.0.offset()
    }

    fn from_text(text: &[u8]) -> Result<Self, Refusal> {
        let written = grammar::time(text)?;
        let unit = |at: usize, below: u8| match written.units.get(at) {
            Some(number) if number >= below => Err((ValueErrorKind::OutOfRange, at * 2)),
            number => Ok(number.unwrap_or(0)),
        };
        let offset = match written.offset {
            None => None,
            Some(offset) => {
                let at = text.len().saturating_sub(offset.len);
                Some(offset.read().ok_or((ValueErrorKind::OutOfRange, at))?)
            }
        };
        Ok(Self(DateTime {
            hour: unit(0, 24)?,
            minute: unit(1, 60)?,
            second: unit(2, 60)?,
            nanosecond: written.fraction.map_or(0, |fraction| fraction.nanosecond),
            written: match (written.units.len(), written.fraction) {
                (1, _) => Precision::Hour,
                (2, _) => Precision::Minute,
                (_, None) => Precision::Second,
                (_, Some(fraction)) => Precision::Fraction(fraction.places),
            },
            offset,
            ..DateTime::of_year(0)
        }))
    }
}

impl FromStr for Time {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        Self::from_text(text.as_bytes())
            .map_err(|(kind, offset)| ValueError::new(kind, Self::NAME, offset))
    }
}

impl<'a> FromRaw<'a> for Time {
    fn from_raw(raw: Raw<'a>) -> Result<Self, ValueError> {
        Self::from_text(raw.primitive(Self::NAME)?)
            .map_err(|(kind, offset)| raw.error(kind, Self::NAME, offset))
    }
}

impl ToEr7 for Time {
    fn to_er7(&self, _: &Separators) -> String {
        let mut text = String::with_capacity(16);
        self.0.write_time(&mut text);
        text
    }
}

/// Shows how precise it is, and no value.
impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Time")
            .field("precision", &self.precision())
            .field("has_offset", &self.offset().is_some())
            .finish_non_exhaustive()
    }
}
