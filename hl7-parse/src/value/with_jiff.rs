//! Converts dates and times to and from the types of `jiff`, never to a higher precision.

use jiff::{
    Timestamp, Zoned, civil,
    tz::{Offset, TimeZone},
};

use crate::value::{Date, DateTime, Precision, Time, UtcOffset, ValueError, ValueErrorKind};

fn civil_date(value: &DateTime, name: &'static str) -> Result<civil::Date, ValueError> {
    let number = |number| i8::try_from(number).ok();
    let date = || {
        let year = i16::try_from(value.year).ok()?;
        civil::Date::new(year, number(value.month)?, number(value.day)?).ok()
    };
    value.needs(Precision::Day, name)?;
    date().ok_or(ValueError::new(ValueErrorKind::OutOfRange, name, 0))
}

fn civil_time(value: &DateTime, name: &'static str) -> Result<civil::Time, ValueError> {
    let number = |number| i8::try_from(number).ok();
    let time = || {
        let nanosecond = i32::try_from(value.nanosecond().unwrap_or(0)).ok()?;
        let (hour, minute) = (number(value.hour)?, number(value.minute)?);
        civil::Time::new(hour, minute, number(value.second)?, nanosecond).ok()
    };
    value.needs(Precision::Second, name)?;
    time().ok_or(ValueError::new(ValueErrorKind::OutOfRange, name, 0))
}

fn out_of_range() -> ValueError {
    ValueError::new(ValueErrorKind::OutOfRange, DateTime::NAME, 0)
}

/// The day, without the time; an error where the day is not known.
///
/// ```
/// use hl7_parse::value::{DateTime, ValueErrorKind};
///
/// let known: DateTime = "202401311005".parse()?;
/// assert_eq!(jiff::civil::Date::try_from(known)?, jiff::civil::date(2024, 1, 31));
///
/// let year: DateTime = "2024".parse()?;
/// let error = jiff::civil::Date::try_from(year).unwrap_err();
/// assert_eq!(error.kind(), ValueErrorKind::Precision);
/// # Ok::<(), hl7_parse::value::ValueError>(())
/// ```
impl TryFrom<DateTime> for civil::Date {
    type Error = ValueError;

    fn try_from(value: DateTime) -> Result<Self, ValueError> {
        civil_date(&value, DateTime::NAME)
    }
}

/// An error where the day is not known.
impl TryFrom<Date> for civil::Date {
    type Error = ValueError;

    fn try_from(value: Date) -> Result<Self, ValueError> {
        civil_date(&value.0, Date::NAME)
    }
}

/// An error where the second is not known. Without the offset.
impl TryFrom<Time> for civil::Time {
    type Error = ValueError;

    fn try_from(value: Time) -> Result<Self, ValueError> {
        civil_time(&value.0, Time::NAME)
    }
}

/// Without the offset; an error where the second is not known.
impl TryFrom<DateTime> for civil::DateTime {
    type Error = ValueError;

    fn try_from(value: DateTime) -> Result<Self, ValueError> {
        let time = civil_time(&value, DateTime::NAME)?;
        Ok(Self::from_parts(civil_date(&value, DateTime::NAME)?, time))
    }
}

/// An error where the second or the offset is not known.
///
/// ```
/// use hl7_parse::value::DateTime;
///
/// let sent: DateTime = "20240131100500-0500".parse()?;
/// let observed: DateTime = "202401310930".parse()?;
/// let observed = observed.first_second().with_default_offset(sent.offset());
/// assert_eq!(jiff::Timestamp::try_from(observed)?.to_string(), "2024-01-31T14:30:00Z");
/// # Ok::<(), hl7_parse::value::ValueError>(())
/// ```
impl TryFrom<DateTime> for Timestamp {
    type Error = ValueError;

    fn try_from(value: DateTime) -> Result<Self, ValueError> {
        Ok(Zoned::try_from(value)?.timestamp())
    }
}

/// In the time zone of the offset; an error where the second or the offset is not known.
impl TryFrom<DateTime> for Zoned {
    type Error = ValueError;

    fn try_from(value: DateTime) -> Result<Self, ValueError> {
        let civil = civil::DateTime::try_from(value)?;
        let seconds = i32::from(value.needs_offset()?.minutes()) * 60;
        let offset = Offset::from_seconds(seconds).map_err(|_| out_of_range())?;
        civil.to_zoned(TimeZone::fixed(offset)).map_err(|_| out_of_range())
    }
}

/// An error where the year is before 0.
impl TryFrom<civil::Date> for Date {
    type Error = ValueError;

    fn try_from(date: civil::Date) -> Result<Self, ValueError> {
        let number = |number| u8::try_from(number).ok();
        let parts = || {
            let year = u16::try_from(date.year()).ok()?;
            Self::new(year, number(date.month())?, number(date.day())?)
        };
        parts().ok_or(ValueError::new(ValueErrorKind::OutOfRange, Self::NAME, 0))
    }
}

/// To the second, or to as many decimal places of it as are not 0.
impl From<civil::Time> for Time {
    fn from(time: civil::Time) -> Self {
        let number = |number: i8| u8::try_from(number).unwrap_or_default();
        let nanosecond = u32::try_from(time.subsec_nanosecond()).unwrap_or_default();
        let (hour, minute) = (number(time.hour()), number(time.minute()));
        Self::from_parts(hour, minute, number(time.second()), nanosecond)
    }
}

/// An error where the year is before 0.
impl TryFrom<civil::Date> for DateTime {
    type Error = ValueError;

    fn try_from(date: civil::Date) -> Result<Self, ValueError> {
        Date::try_from(date).map(Self::from)
    }
}

/// To the second, or to as many decimal places of it as are not 0; an error where the year is
/// before 0. To write less, use [`DateTime::truncated_to`]; the standard has four places.
impl TryFrom<civil::DateTime> for DateTime {
    type Error = ValueError;

    fn try_from(value: civil::DateTime) -> Result<Self, ValueError> {
        let date = Date::try_from(value.date())?;
        date.at(value.time().into()).ok_or_else(out_of_range)
    }
}

/// With the offset; an error where the year is before 0 or the offset is not of whole minutes
/// below a day.
///
/// ```
/// use hl7_parse::{Separators, value::{DateTime, Precision, ToEr7}};
///
/// let now = jiff::civil::date(2024, 1, 31).at(10, 5, 0, 123_456_789);
/// let now = now.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(-5)))?;
/// let value = DateTime::try_from(&now)?.truncated_to(Precision::Fraction(4));
/// assert_eq!(value.to_er7(&Separators::default()), "20240131100500.1234-0500");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl TryFrom<&Zoned> for DateTime {
    type Error = ValueError;

    fn try_from(zoned: &Zoned) -> Result<Self, ValueError> {
        let value = Self::try_from(zoned.datetime())?;
        let seconds = zoned.offset().seconds();
        let minutes = i16::try_from(seconds / 60).ok().filter(|_| seconds % 60 == 0);
        let offset = minutes.and_then(UtcOffset::from_minutes).ok_or_else(out_of_range)?;
        Ok(value.with_default_offset(Some(offset)))
    }
}

/// In UTC, with the offset `+0000`; an error where the year is before 0.
impl TryFrom<Timestamp> for DateTime {
    type Error = ValueError;

    fn try_from(timestamp: Timestamp) -> Result<Self, ValueError> {
        Self::try_from(&timestamp.to_zoned(TimeZone::UTC))
    }
}
