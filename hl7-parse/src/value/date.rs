//! [`Date`]: DT, a day, a month or a year.

use std::{cmp::Ordering, fmt, str::FromStr};

use crate::{
    Separators,
    value::{
        DateTime, DateTimeOptions, FromRaw, Precision, Raw, Time, ToEr7, ValueError,
        ValueErrorKind, grammar::Refusal,
    },
};

/// A date: `YYYY[MM[DD]]` (DT).
///
/// As precise as it was sent, like [`DateTime`]. A time after the day is out of form: read a
/// [`DateTime`] where a sender may add one.
///
/// ```
/// use hl7_parse::value::{Date, DateTime};
///
/// let date: Date = "20240131".parse()?;
/// assert_eq!((date.year(), date.month(), date.day()), (2024, Some(1), Some(31)));
/// assert_eq!("202401".parse::<Date>()?.day(), None);
///
/// // DT and TM in fields of their own, as 2.1 often has them.
/// let time = "1005".parse()?;
/// assert_eq!(date.at(time), Some("202401311005".parse::<DateTime>()?));
/// # Ok::<(), hl7_parse::value::ValueError>(())
/// ```
#[doc(alias = "DT")]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Date(pub(crate) DateTime);

impl Date {
    pub(crate) const NAME: &'static str = "DT";

    /// A whole date; `None` where the calendar does not have it or the year is above 9999.
    #[must_use]
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let days = super::calendar::days_in_month(year, month);
        let date = DateTime { month, day, written: Precision::Day, ..DateTime::of_year(year) };
        (year <= 9999 && (1..=days).contains(&day)).then_some(Self(date))
    }

    /// Down to which unit this is known: year, month or day.
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.0.precision()
    }

    /// The year, 0 to 9999.
    #[must_use]
    pub fn year(&self) -> u16 {
        self.0.year()
    }

    /// The month, 1 to 12, if known.
    #[must_use]
    pub fn month(&self) -> Option<u8> {
        self.0.month()
    }

    /// The day of the month, from 1, if known.
    #[must_use]
    pub fn day(&self) -> Option<u8> {
        self.0.day()
    }

    /// Which is earlier, where that can be told; see [`DateTime::compare`].
    #[must_use]
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        self.0.compare(&other.0)
    }

    /// This date at a time of day; `None` where the day is not known.
    #[must_use]
    pub fn at(&self, time: Time) -> Option<DateTime> {
        let Self(DateTime { year, month, day, .. }) = *self;
        (self.precision() == Precision::Day).then_some(DateTime { year, month, day, ..time.0 })
    }

    fn from_text(text: &[u8]) -> Result<Self, Refusal> {
        let (value, _) = DateTimeOptions::strict().read_text(text)?;
        match value.written {
            Precision::Year | Precision::Month | Precision::Day if value.offset.is_none() => {
                Ok(Self(value))
            }
            // Where the time or the offset begins.
            written => Err((
                ValueErrorKind::Form,
                match written {
                    Precision::Year => 4,
                    Precision::Month => 6,
                    _ => 8,
                },
            )),
        }
    }
}

impl From<Date> for DateTime {
    fn from(date: Date) -> Self {
        date.0
    }
}

impl FromStr for Date {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        Self::from_text(text.as_bytes())
            .map_err(|(kind, offset)| ValueError::new(kind, Self::NAME, offset))
    }
}

impl<'a> FromRaw<'a> for Date {
    fn from_raw(raw: Raw<'a>) -> Result<Self, ValueError> {
        Self::from_text(raw.primitive(Self::NAME)?)
            .map_err(|(kind, offset)| raw.error(kind, Self::NAME, offset))
    }
}

impl ToEr7 for Date {
    fn to_er7(&self, _: &Separators) -> String {
        let mut text = String::with_capacity(8);
        self.0.write_date(&mut text);
        text
    }
}

/// Shows how precise it is, and no value.
impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Date").field("precision", &self.precision()).finish_non_exhaustive()
    }
}
