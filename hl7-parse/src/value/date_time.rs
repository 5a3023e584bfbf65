//! [`DateTime`]: DTM and TS, as precise as they were sent.

use std::{cmp::Ordering, fmt, str::FromStr};

use crate::{
    Separators,
    value::{
        Date, DateTimeOptions, FromRaw, Precision, Raw, Time, ToEr7, UtcOffset, ValueError,
        calendar::days_from_epoch,
        precision::{digits, fraction},
    },
};

/// A date and time: `YYYY[MM[DD[HH[MM[SS[.S..]]]]]][+/-ZZZZ]` (DTM, and TS up to 2.5.1).
///
/// Keeps what was sent and no more: `2024` is a year and not its first of January, so the
/// accessors of what is not known are `None`, and [`ToEr7::to_er7`] gives back the same text,
/// zeros and offset included. In a TS the second component may say that less is known than is
/// written (`20240131000000^D`); [`DateTime::precision`] heeds that.
///
/// Equal is what is written alike; [`DateTime::compare`] tells which of two is earlier. Texts out
/// of form are an error; [`DateTimeOptions`] can put up with what real systems send.
///
/// ```
/// use hl7_parse::{Message, Separators, value::{DateTime, Precision, ToEr7}};
///
/// let message = Message::parse(b"MSH|^~\\&|A|B|C|D|202401311005+0100\r")?;
/// let sent: DateTime = message.header().field(7).read()?;
/// assert_eq!(sent.precision(), Precision::Minute);
/// assert_eq!((sent.year(), sent.minute(), sent.second()), (2024, Some(5), None));
/// assert_eq!(sent.offset().map(|offset| offset.minutes()), Some(60));
/// assert_eq!(sent.to_er7(&Separators::default()), "202401311005+0100");
/// assert_eq!((sent.hour(), sent.nanosecond()), (Some(10), None));
/// assert_eq!(sent.date().day(), Some(31));
/// assert_eq!(sent.time().map(|time| time.hour()), Some(10));
///
/// // Up to 2.5.1 a second component may say that less is known than is written.
/// let message = Message::parse(b"MSH|^~\\&|A\rPID|||||||19620101^Y\r")?;
/// let born: DateTime = message.segment("PID").ok_or("no PID")?.field(7).read()?;
/// assert_eq!((born.written_precision(), born.precision()), (Precision::Day, Precision::Year));
/// assert_eq!(born.degree(), Some(Precision::Year));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "DTM")]
#[doc(alias = "TS")]
#[doc(alias = "time stamp")]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DateTime {
    pub(crate) year: u16,
    // What is not written is 0, or 1 for a month and a day.
    pub(crate) month: u8,
    pub(crate) day: u8,
    pub(crate) hour: u8,
    pub(crate) minute: u8,
    pub(crate) second: u8,
    pub(crate) nanosecond: u32,
    pub(crate) written: Precision,
    pub(crate) degree: Option<Precision>,
    pub(crate) offset: Option<UtcOffset>,
}

impl DateTime {
    /// The name in the standard, for errors.
    pub(crate) const NAME: &'static str = "DTM";

    /// The first moment of a year, known to the year.
    pub(crate) fn of_year(year: u16) -> Self {
        Self {
            year,
            month: 1,
            day: 1,
            hour: 0,
            minute: 0,
            second: 0,
            nanosecond: 0,
            written: Precision::Year,
            degree: None,
            offset: None,
        }
    }

    /// Down to which unit this is known: what is written, or TS.2 where that is coarser.
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.degree.map_or(self.written, |degree| degree.min(self.written))
    }

    /// Down to which unit this is written, whatever TS.2 says.
    #[must_use]
    pub fn written_precision(&self) -> Precision {
        self.written
    }

    /// The degree of precision (TS.2, Table 0529), which TS had until 2.5.1.
    #[must_use]
    pub fn degree(&self) -> Option<Precision> {
        self.degree
    }

    /// The year, 0 to 9999.
    #[must_use]
    pub fn year(&self) -> u16 {
        self.year
    }

    /// The month, 1 to 12, if known.
    #[must_use]
    pub fn month(&self) -> Option<u8> {
        self.known(Precision::Month, self.month)
    }

    /// The day of the month, from 1, if known.
    #[must_use]
    pub fn day(&self) -> Option<u8> {
        self.known(Precision::Day, self.day)
    }

    /// The hour, 0 to 23, if known.
    #[must_use]
    pub fn hour(&self) -> Option<u8> {
        self.known(Precision::Hour, self.hour)
    }

    /// The minute, 0 to 59, if known.
    #[must_use]
    pub fn minute(&self) -> Option<u8> {
        self.known(Precision::Minute, self.minute)
    }

    /// The second, 0 to 59, if known.
    #[must_use]
    pub fn second(&self) -> Option<u8> {
        self.known(Precision::Second, self.second)
    }

    /// The nanoseconds of the second, if any decimal place of it is known.
    #[must_use]
    pub fn nanosecond(&self) -> Option<u32> {
        self.known(Precision::Fraction(1), self.nanosecond)
    }

    fn known<T>(&self, unit: Precision, value: T) -> Option<T> {
        (self.precision() >= unit).then_some(value)
    }

    /// The offset from UTC, if one was sent. Without it this is the local time of the sender;
    /// the offset of MSH-7 is the default for the whole message.
    #[must_use]
    pub fn offset(&self) -> Option<UtcOffset> {
        self.offset
    }

    /// The same with this offset, where there is none.
    ///
    /// ```
    /// use hl7_parse::value::DateTime;
    ///
    /// let sent: DateTime = "20240131100500+0100".parse()?;
    /// let observed: DateTime = "202401310930".parse()?;
    /// assert_eq!(observed.compare(&sent), None);
    /// let observed = observed.with_default_offset(sent.offset());
    /// assert_eq!(observed.compare(&sent), Some(std::cmp::Ordering::Less));
    /// # Ok::<(), hl7_parse::value::ValueError>(())
    /// ```
    #[must_use]
    pub fn with_default_offset(self, offset: Option<UtcOffset>) -> Self {
        Self { offset: self.offset.or(offset), ..self }
    }

    /// The same, known only down to `precision`; nothing changes where it is coarser already.
    #[must_use]
    pub fn truncated_to(self, precision: Precision) -> Self {
        let precision = match precision.min(self.precision()) {
            Precision::Fraction(0) => Precision::Second,
            precision => precision,
        };
        let down_to = |unit, value, least| if precision >= unit { value } else { least };
        let nanosecond = match precision {
            Precision::Fraction(places) => {
                let step = super::precision::nanoseconds_of(places);
                self.nanosecond / step * step
            }
            _ => 0,
        };
        Self {
            year: self.year,
            month: down_to(Precision::Month, self.month, 1),
            day: down_to(Precision::Day, self.day, 1),
            hour: down_to(Precision::Hour, self.hour, 0),
            minute: down_to(Precision::Minute, self.minute, 0),
            second: down_to(Precision::Second, self.second, 0),
            nanosecond,
            written: precision,
            degree: None,
            offset: self.offset,
        }
    }

    /// The first second of the time that is meant: `2024` becomes `20240101000000`.
    ///
    /// This makes up what was not sent. It is for where a default is wanted, and the only thing
    /// here that does.
    ///
    /// ```
    /// use hl7_parse::{Separators, value::{DateTime, ToEr7}};
    ///
    /// let year: DateTime = "2024-0500".parse()?;
    /// assert_eq!(year.first_second().to_er7(&Separators::default()), "20240101000000-0500");
    /// # Ok::<(), hl7_parse::value::ValueError>(())
    /// ```
    #[must_use]
    pub fn first_second(self) -> Self {
        let known = self.truncated_to(self.precision());
        Self { written: known.written.max(Precision::Second), ..known }
    }

    /// The date, as far as it is known; without the offset.
    #[must_use]
    pub fn date(&self) -> Date {
        Date(Self { offset: None, ..self.truncated_to(Precision::Day) })
    }

    /// The time of day, with the offset, if at least the hour is known.
    #[must_use]
    pub fn time(&self) -> Option<Time> {
        let known = self.truncated_to(self.precision());
        (known.written >= Precision::Hour).then_some(Time(Self {
            year: 0,
            month: 1,
            day: 1,
            ..known
        }))
    }

    /// Which is earlier, where that can be told.
    ///
    /// A value is all the time it may mean: `2024` is the year from its start to before the
    /// next. One that ends before the other starts is less; two that mean the same time are
    /// equal; where one lies in the other it can not be told, nor where one has an offset and
    /// the other has none.
    ///
    /// ```
    /// use hl7_parse::value::DateTime;
    /// use std::cmp::Ordering;
    ///
    /// let compare = |a: &str, b: &str| -> Result<_, hl7_parse::value::ValueError> {
    ///     Ok(a.parse::<DateTime>()?.compare(&b.parse()?))
    /// };
    /// assert_eq!(compare("2023", "20240131")?, Some(Ordering::Less));
    /// assert_eq!(compare("2024", "20240131")?, None);
    /// assert_eq!(compare("202401311000+0000", "202401311100+0100")?, Some(Ordering::Equal));
    /// # Ok::<(), hl7_parse::value::ValueError>(())
    /// ```
    #[must_use]
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        if self.offset.is_some() != other.offset.is_some() {
            return None;
        }
        let (start, end) = self.interval();
        let (other_start, other_end) = other.interval();
        if (start, end) == (other_start, other_end) {
            Some(Ordering::Equal)
        } else if end <= other_start {
            Some(Ordering::Less)
        } else if other_end <= start {
            Some(Ordering::Greater)
        } else {
            None
        }
    }

    /// An error where less than this is known.
    #[cfg(any(feature = "jiff", feature = "chrono"))]
    pub(crate) fn needs(&self, unit: Precision, name: &'static str) -> Result<(), ValueError> {
        let error = || ValueError::new(super::ValueErrorKind::Precision, name, 0);
        self.known(unit, ()).ok_or_else(error)
    }

    /// The offset, or an error.
    #[cfg(any(feature = "jiff", feature = "chrono"))]
    pub(crate) fn needs_offset(&self) -> Result<UtcOffset, ValueError> {
        self.offset.ok_or(ValueError::new(super::ValueErrorKind::NoOffset, Self::NAME, 0))
    }

    /// The nanoseconds from 1970, UTC or local, in which this starts and before which it ends.
    fn interval(&self) -> (i128, i128) {
        const SECOND: i128 = 1_000_000_000;
        let known = self.truncated_to(self.precision());
        let (year, month) = (i64::from(known.year), i64::from(known.month));
        let midnight =
            |year, month, day| i128::from(days_from_epoch(year, month, day)) * 86_400 * SECOND;
        let start_of_day = midnight(year, month, i64::from(known.day));
        let seconds = i128::from(known.hour) * 3600
            + i128::from(known.minute) * 60
            + i128::from(known.second);
        let start = start_of_day + seconds * SECOND + i128::from(known.nanosecond);
        let end = match known.written {
            Precision::Year => midnight(year + 1, 1, 1),
            Precision::Month if month == 12 => midnight(year + 1, 1, 1),
            Precision::Month => midnight(year, month + 1, 1),
            Precision::Day => start + 86_400 * SECOND,
            Precision::Hour => start + 3600 * SECOND,
            Precision::Minute => start + 60 * SECOND,
            Precision::Second => start + SECOND,
            Precision::Fraction(places) => {
                start + i128::from(super::precision::nanoseconds_of(places))
            }
        };
        let ahead = self.offset.map_or(0, |offset| i128::from(offset.minutes()) * 60 * SECOND);
        (start - ahead, end - ahead)
    }

    /// The numbers of the date that are written.
    pub(crate) fn write_date(&self, out: &mut String) {
        digits(out, u32::from(self.year), 4);
        for (unit, number) in [(Precision::Month, self.month), (Precision::Day, self.day)] {
            if self.written >= unit {
                digits(out, u32::from(number), 2);
            }
        }
    }

    /// The numbers of the time that are written, and the offset.
    pub(crate) fn write_time(&self, out: &mut String) {
        for (unit, number) in [
            (Precision::Hour, self.hour),
            (Precision::Minute, self.minute),
            (Precision::Second, self.second),
        ] {
            if self.written >= unit {
                digits(out, u32::from(number), 2);
            }
        }
        fraction(out, self.nanosecond, self.written);
        if let Some(offset) = self.offset {
            offset.write(out);
        }
    }
}

/// Reads the text of a DTM, or of the first component of a TS, by the standard's grammar. Never
/// with a degree of precision.
impl FromStr for DateTime {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let read = DateTimeOptions::strict().read_text(text.as_bytes());
        read.map(|(date_time, _)| date_time)
            .map_err(|(kind, offset)| ValueError::new(kind, Self::NAME, offset))
    }
}

/// Component 1, and the degree of precision in component 2, whatever the version of the message.
impl<'a> FromRaw<'a> for DateTime {
    fn from_raw(raw: Raw<'a>) -> Result<Self, ValueError> {
        let read = DateTimeOptions::strict().read(raw)?;
        read.value.ok_or_else(|| raw.error(super::ValueErrorKind::NotValued, Self::NAME, 0))
    }
}

impl ToEr7 for DateTime {
    fn to_er7(&self, separators: &Separators) -> String {
        let mut text = String::with_capacity(24);
        self.write_date(&mut text);
        self.write_time(&mut text);
        if let (Some(degree), Some(separator)) = (self.degree, separators.component()) {
            text.push(char::from(separator));
            text.push_str(degree.degree());
        }
        text
    }
}

/// Shows how precise it is, and no value.
impl fmt::Debug for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DateTime")
            .field("precision", &self.precision())
            .field("has_offset", &self.offset.is_some())
            .finish_non_exhaustive()
    }
}
