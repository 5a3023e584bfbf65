//! [`DateTimeOptions`]: which dates and times out of form are read all the same.

use std::fmt;

use crate::value::{
    DateTime, Precision, Raw, UtcOffset, ValueError, ValueErrorKind,
    calendar::days_in_month,
    grammar::{self, Refusal, Written},
};

/// A way in which real systems write dates and times that is not that of the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DateTimeTolerance {
    /// A digit that is half a unit (`202401311`): left out.
    HalfUnit,
    /// `24` for the hour, at midnight: the next day at `00`.
    Hour24,
    /// `60` for the second: the second before it.
    Second60,
    /// `00` for the month or the day: known to the unit before it only.
    ZeroUnit,
    /// Nothing but zeros, nothing but nines, or the first of January of the year 1 at midnight,
    /// with any offset: no value.
    Filler,
    /// `Z`, or after a time `+HH`, `+HH:MM`, `-HMM`, for an offset; of these after a day `+HH`,
    /// `+HH:MM` and `-HH:MM`.
    LooseOffset,
    /// `-0000` for an offset: no offset, and not the same as `+0000`.
    UnknownOffset,
    /// `2024-01-31T10:05:00`, the seconds, the time or the day maybe left out, a blank maybe for
    /// the `T`; or `20240131T100500`, the seconds or minutes maybe left out. With `Z` or `+01:00`
    /// behind it [`DateTimeTolerance::LooseOffset`] is needed too.
    Iso8601,
    /// A second component that is not in Table 0529: ignored.
    UnknownDegree,
}

const TOLERANCES: [DateTimeTolerance; 9] = [
    DateTimeTolerance::HalfUnit,
    DateTimeTolerance::Hour24,
    DateTimeTolerance::Second60,
    DateTimeTolerance::ZeroUnit,
    DateTimeTolerance::Filler,
    DateTimeTolerance::LooseOffset,
    DateTimeTolerance::UnknownOffset,
    DateTimeTolerance::Iso8601,
    DateTimeTolerance::UnknownDegree,
];

/// How to read a date and time that may be out of form.
///
/// ```
/// use hl7_parse::{Message, Separators};
/// use hl7_parse::value::{DateTime, DateTimeOptions, DateTimeTolerance, ToEr7};
///
/// let message = Message::parse(b"MSH|^~\\&|A\rPID|||||||20240131240000Z\r")?;
/// let born = message.segment("PID").ok_or("no PID")?.field(7);
/// assert!(born.read::<DateTime>().is_err());
///
/// let read = DateTimeOptions::new().read(born)?;
/// let value = read.value.ok_or("not valued")?;
/// assert_eq!(value.to_er7(&Separators::default()), "20240201000000+0000");
/// assert!(read.tolerated(DateTimeTolerance::Hour24));
/// assert!(read.tolerated(DateTimeTolerance::LooseOffset));
/// assert!(!read.is_in_form());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateTimeOptions {
    tolerated: Tolerated,
}

/// A date and time, and what was tolerated in reading it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct DateTimeRead {
    /// The value; `None` where nothing was sent, or [`DateTimeTolerance::Filler`].
    pub value: Option<DateTime>,
    tolerated: Tolerated,
}

impl DateTimeRead {
    /// Whether this was needed to read the value.
    #[must_use]
    pub fn tolerated(&self, tolerance: DateTimeTolerance) -> bool {
        self.tolerated.has(tolerance)
    }

    /// Whether the value was in the form of the standard.
    #[must_use]
    pub fn is_in_form(&self) -> bool {
        self.tolerated == Tolerated::NOTHING
    }
}

impl DateTimeOptions {
    /// Tolerates everything there is a [`DateTimeTolerance`] for.
    #[must_use]
    pub fn new() -> Self {
        TOLERANCES.into_iter().fold(Self::strict(), Self::tolerate)
    }

    /// Tolerates nothing: what [`DateTime`] itself is read with. Up to nine decimal places of a
    /// second are read all the same, and any offset at any precision.
    #[must_use]
    pub fn strict() -> Self {
        Self { tolerated: Tolerated::NOTHING }
    }

    /// Tolerates one thing.
    #[must_use]
    pub fn tolerate(self, tolerance: DateTimeTolerance) -> Self {
        Self { tolerated: self.tolerated.with(tolerance) }
    }

    /// Refuses one thing.
    #[must_use]
    pub fn refuse(self, tolerance: DateTimeTolerance) -> Self {
        Self { tolerated: Tolerated(self.tolerated.0 & !Tolerated::bit(tolerance)) }
    }

    /// Reads a value, and tells what was tolerated.
    ///
    /// # Errors
    ///
    /// For a delete indicator, and where the text is not in the form of the standard and not
    /// tolerated either.
    pub fn read<'a>(&self, raw: impl Into<Raw<'a>>) -> Result<DateTimeRead, ValueError> {
        let raw = raw.into().single();
        let text = match raw.primitive(DateTime::NAME) {
            Ok(text) => text,
            Err(error) if error.kind() == ValueErrorKind::NotValued => {
                return Ok(DateTimeRead { value: None, tolerated: Tolerated::NOTHING });
            }
            Err(error) => return Err(error),
        };
        if self.tolerates(DateTimeTolerance::Filler) && is_filler(text) {
            let tolerated = Tolerated::NOTHING.with(DateTimeTolerance::Filler);
            return Ok(DateTimeRead { value: None, tolerated });
        }
        let (mut value, mut tolerated) = self
            .read_text(text)
            .map_err(|(kind, offset)| raw.error(kind, DateTime::NAME, offset))?;

        let degree = raw.part(2);
        if degree.is_valued() && !degree.is_null() {
            value.degree = Precision::from_degree(degree.leaf().as_bytes());
            if value.degree.is_none() {
                if !self.tolerates(DateTimeTolerance::UnknownDegree) {
                    return Err(degree.error(ValueErrorKind::Code, "TS", 0));
                }
                tolerated = tolerated.with(DateTimeTolerance::UnknownDegree);
            }
        }
        Ok(DateTimeRead { value: Some(value), tolerated })
    }

    pub(crate) fn read_text(&self, text: &[u8]) -> Result<(DateTime, Tolerated), Refusal> {
        let loose = self.tolerates(DateTimeTolerance::HalfUnit)
            || self.tolerates(DateTimeTolerance::LooseOffset);
        let mut tolerated = Tolerated::NOTHING;
        let written = match grammar::date_time(text, loose) {
            Ok(written) => written,
            Err(refusal) if self.tolerates(DateTimeTolerance::Iso8601) => {
                tolerated = tolerated.with(DateTimeTolerance::Iso8601);
                grammar::iso_8601(text)
                    .or_else(|_| grammar::basic_iso_8601(text))
                    .map_err(|_| refusal)?
            }
            Err(refusal) => return Err(refusal),
        };
        let mut reading = Reading { options: *self, text, written, tolerated };
        let value = reading.value()?;
        Ok((value, reading.tolerated))
    }

    fn tolerates(&self, tolerance: DateTimeTolerance) -> bool {
        self.tolerated.has(tolerance)
    }
}

impl Default for DateTimeOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// From what is written to what is meant.
struct Reading<'t> {
    options: DateTimeOptions,
    text: &'t [u8],
    written: Written,
    tolerated: Tolerated,
}

impl Reading<'_> {
    fn value(&mut self) -> Result<DateTime, Refusal> {
        if self.written.is_cut {
            // Half a unit stands after the last whole one.
            let at = self.at(self.written.units.len());
            self.tolerate(DateTimeTolerance::HalfUnit, (ValueErrorKind::Form, at))?;
        }
        let zero = (0..2).find(|at| self.written.units.get(*at) == Some(0));
        if let Some(zero) = zero {
            let refusal = (ValueErrorKind::OutOfRange, self.at(zero));
            self.tolerate(DateTimeTolerance::ZeroUnit, refusal)?;
            self.written.units = self.written.units.cut(zero);
            self.written.fraction = None;
        }

        let mut value = DateTime::of_year(self.written.year);
        value.written = self.written.precision();
        value.month = self.unit(0, 1..=12)?.unwrap_or(1);
        value.day = self.unit(1, 1..=days_in_month(value.year, value.month))?.unwrap_or(1);
        let is_24 = self.written.units.get(2) == Some(24);
        value.hour = if is_24 { 0 } else { self.unit(2, 0..=23)?.unwrap_or(0) };
        value.minute = self.unit(3, 0..=59)?.unwrap_or(0);
        value.second = match self.written.units.get(4) {
            Some(60) => {
                let refusal = (ValueErrorKind::OutOfRange, self.at(4));
                self.tolerate(DateTimeTolerance::Second60, refusal)?;
                59
            }
            _ => self.unit(4, 0..=59)?.unwrap_or(0),
        };
        value.nanosecond = self.written.fraction.map_or(0, |fraction| fraction.nanosecond);
        if is_24 {
            let refusal = (ValueErrorKind::OutOfRange, self.at(2));
            self.tolerate(DateTimeTolerance::Hour24, refusal)?;
            if (value.minute, self.written.units.get(4).unwrap_or(0), value.nanosecond) != (0, 0, 0)
            {
                return Err(refusal);
            }
            value = next_day(value).ok_or(refusal)?;
        }
        value.offset = self.offset()?;
        Ok(value)
    }

    fn unit(&self, at: usize, range: std::ops::RangeInclusive<u8>) -> Result<Option<u8>, Refusal> {
        match self.written.units.get(at) {
            Some(number) if !range.contains(&number) => {
                Err((ValueErrorKind::OutOfRange, self.at(at)))
            }
            number => Ok(number),
        }
    }

    fn offset(&mut self) -> Result<Option<UtcOffset>, Refusal> {
        let Some(offset) = self.written.offset else { return Ok(None) };
        let at = self.text.len().saturating_sub(offset.len);
        if offset.is_loose {
            self.tolerate(DateTimeTolerance::LooseOffset, (ValueErrorKind::Form, at))?;
        }
        let read = offset.read().ok_or((ValueErrorKind::OutOfRange, at))?;
        if read.is_negative_zero() && self.options.tolerates(DateTimeTolerance::UnknownOffset) {
            self.tolerated = self.tolerated.with(DateTimeTolerance::UnknownOffset);
            return Ok(None);
        }
        Ok(Some(read))
    }

    /// Where in the text a unit stands: 0 is the month.
    fn at(&self, unit: usize) -> usize {
        let Written { gap, gap_before_time, .. } = self.written;
        let before_time = if unit < 2 { 0 } else { gap_before_time };
        4 + gap + unit * (2 + gap) + before_time
    }

    fn tolerate(&mut self, what: DateTimeTolerance, refusal: Refusal) -> Result<(), Refusal> {
        if !self.options.tolerates(what) {
            return Err(refusal);
        }
        self.tolerated = self.tolerated.with(what);
        Ok(())
    }
}

fn next_day(value: DateTime) -> Option<DateTime> {
    let (year, month, day) = if value.day < days_in_month(value.year, value.month) {
        (value.year, value.month, value.day + 1)
    } else if value.month < 12 {
        (value.year, value.month + 1, 1)
    } else {
        (value.year + 1, 1, 1)
    };
    (year <= 9999).then_some(DateTime { year, month, day, ..value })
}

fn is_filler(text: &[u8]) -> bool {
    let all = |text: &[u8], digit| text.iter().all(|byte| *byte == digit);
    let text = without_offset(text);
    let (digits, fraction) = match text.iter().position(|byte| *byte == b'.') {
        Some(point) if point + 1 < text.len() => {
            (text.get(..point).unwrap_or_default(), text.get(point + 1..).unwrap_or_default())
        }
        _ => (text, &[][..]),
    };
    let first_day = digits.strip_prefix(b"00010101").is_some_and(|rest| all(rest, b'0'));
    let is_of = |digit| all(digits, digit) && all(fraction, digit);
    digits.len() >= 4 && (is_of(b'0') || is_of(b'9') || first_day && all(fraction, b'0'))
}

/// Text without an offset at its end, loose or not.
fn without_offset(text: &[u8]) -> &[u8] {
    let Some(at) = text.iter().position(|byte| matches!(byte, b'+' | b'-' | b'Z')) else {
        return text;
    };
    let (before, offset) = text.split_at_checked(at).unwrap_or((text, &[]));
    let is_offset = match offset {
        [b'Z'] => true,
        // Behind less than a day it is a month (9999-12).
        [b'-', ..] if before.len() < 8 => false,
        [b'+' | b'-', rest @ ..] => {
            (2..=5).contains(&rest.len())
                && rest.iter().all(|byte| byte.is_ascii_digit() || *byte == b':')
        }
        _ => false,
    };
    if is_offset { before } else { text }
}

/// A set of tolerances.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tolerated(u16);

impl Tolerated {
    const NOTHING: Self = Self(0);

    fn bit(tolerance: DateTimeTolerance) -> u16 {
        1 << tolerance as u16
    }

    fn with(self, tolerance: DateTimeTolerance) -> Self {
        Self(self.0 | Self::bit(tolerance))
    }

    fn has(self, tolerance: DateTimeTolerance) -> bool {
        self.0 & Self::bit(tolerance) != 0
    }
}

impl fmt::Debug for Tolerated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has = |tolerance: &DateTimeTolerance| self.has(*tolerance);
        f.debug_set().entries(TOLERANCES.into_iter().filter(has)).finish()
    }
}
