//! Converts dates and times to and from the types of `chrono`, never to a higher precision.

use chrono::{
    Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Timelike,
};

use crate::value::{Date, DateTime, Precision, Time, UtcOffset, ValueError, ValueErrorKind};

/// What a leap second of `chrono` counts from.
const SECOND: u32 = 1_000_000_000;

fn naive_date(value: &DateTime, name: &'static str) -> Result<NaiveDate, ValueError> {
    value.needs(Precision::Day, name)?;
    NaiveDate::from_ymd_opt(value.year.into(), value.month.into(), value.day.into())
        .ok_or(ValueError::new(ValueErrorKind::OutOfRange, name, 0))
}

fn naive_time(value: &DateTime, name: &'static str) -> Result<NaiveTime, ValueError> {
    value.needs(Precision::Second, name)?;
    let nanosecond = value.nanosecond().unwrap_or(0);
    let (hour, minute, second) = (value.hour.into(), value.minute.into(), value.second.into());
    NaiveTime::from_hms_nano_opt(hour, minute, second, nanosecond).ok_or(ValueError::new(
        ValueErrorKind::OutOfRange,
        name,
        0,
    ))
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
/// assert_eq!(chrono::NaiveDate::try_from(known)?.to_string(), "2024-01-31");
///
/// let year: DateTime = "2024".parse()?;
/// let error = chrono::NaiveDate::try_from(year).unwrap_err();
/// assert_eq!(error.kind(), ValueErrorKind::Precision);
/// # Ok::<(), hl7_parse::value::ValueError>(())
/// ```
impl TryFrom<DateTime> for NaiveDate {
    type Error = ValueError;

    fn try_from(value: DateTime) -> Result<Self, ValueError> {
        naive_date(&value, DateTime::NAME)
    }
}

/// An error where the day is not known.
impl TryFrom<Date> for NaiveDate {
    type Error = ValueError;

    fn try_from(value: Date) -> Result<Self, ValueError> {
        naive_date(&value.0, Date::NAME)
    }
}

/// An error where the second is not known. Without the offset.
impl TryFrom<Time> for NaiveTime {
    type Error = ValueError;

    fn try_from(value: Time) -> Result<Self, ValueError> {
        naive_time(&value.0, Time::NAME)
    }
}

/// Without the offset; an error where the second is not known.
impl TryFrom<DateTime> for NaiveDateTime {
    type Error = ValueError;

    fn try_from(value: DateTime) -> Result<Self, ValueError> {
        let time = naive_time(&value, DateTime::NAME)?;
        Ok(naive_date(&value, DateTime::NAME)?.and_time(time))
    }
}

/// An error where the second or the offset is not known.
///
/// ```
/// use hl7_parse::value::DateTime;
///
/// let sent: DateTime = "20240131100500-0500".parse()?;
/// let instant = chrono::DateTime::<chrono::FixedOffset>::try_from(sent)?;
/// assert_eq!(instant.to_rfc3339(), "2024-01-31T10:05:00-05:00");
/// # Ok::<(), hl7_parse::value::ValueError>(())
/// ```
impl TryFrom<DateTime> for chrono::DateTime<FixedOffset> {
    type Error = ValueError;

    fn try_from(value: DateTime) -> Result<Self, ValueError> {
        let naive = NaiveDateTime::try_from(value)?;
        let seconds = i32::from(value.needs_offset()?.minutes()) * 60;
        let offset = FixedOffset::east_opt(seconds).ok_or_else(out_of_range)?;
        offset.from_local_datetime(&naive).single().ok_or_else(out_of_range)
    }
}

/// An error where the year is before 0 or above 9999.
impl TryFrom<NaiveDate> for Date {
    type Error = ValueError;

    fn try_from(date: NaiveDate) -> Result<Self, ValueError> {
        let number = |number| u8::try_from(number).ok();
        let parts = || {
            let year = u16::try_from(date.year()).ok()?;
            Self::new(year, number(date.month())?, number(date.day())?)
        };
        parts().ok_or(ValueError::new(ValueErrorKind::OutOfRange, Self::NAME, 0))
    }
}

/// To the second, or to as many decimal places of it as are not 0. A leap second is the last
/// moment of the second before it.
impl From<NaiveTime> for Time {
    fn from(time: NaiveTime) -> Self {
        let number = |number: u32| u8::try_from(number).unwrap_or_default();
        let nanosecond = time.nanosecond().min(SECOND - 1);
        let (hour, minute) = (number(time.hour()), number(time.minute()));
        Self::from_parts(hour, minute, number(time.second()), nanosecond)
    }
}

/// An error where the year is before 0 or above 9999.
impl TryFrom<NaiveDate> for DateTime {
    type Error = ValueError;

    fn try_from(date: NaiveDate) -> Result<Self, ValueError> {
        Date::try_from(date).map(Self::from)
    }
}

/// To the second, or to as many decimal places of it as are not 0; an error where the year is
/// before 0 or above 9999. To write less, use [`DateTime::truncated_to`]; the standard has four
/// places.
impl TryFrom<NaiveDateTime> for DateTime {
    type Error = ValueError;

    fn try_from(value: NaiveDateTime) -> Result<Self, ValueError> {
        let date = Date::try_from(value.date())?;
        date.at(value.time().into()).ok_or_else(out_of_range)
    }
}

/// With the offset; an error where the year is before 0 or above 9999, or the offset is not of
/// whole minutes.
impl<Tz: TimeZone> TryFrom<chrono::DateTime<Tz>> for DateTime {
    type Error = ValueError;

    fn try_from(value: chrono::DateTime<Tz>) -> Result<Self, ValueError> {
        let seconds = value.offset().fix().local_minus_utc();
        let minutes = i16::try_from(seconds / 60).ok().filter(|_| seconds % 60 == 0);
        let offset = minutes.and_then(UtcOffset::from_minutes).ok_or_else(out_of_range)?;
        Ok(Self::try_from(value.naive_local())?.with_default_offset(Some(offset)))
    }
}
