//! [`Precision`]: down to which unit a time is known; [`UtcOffset`]: how far it is from UTC.

use std::fmt;

/// Down to which unit a date or a time is known.
///
/// From coarse to fine: `Year < Month < .. < Second < Fraction(1) < Fraction(2)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Precision {
    /// `YYYY`.
    Year,
    /// `YYYYMM`.
    Month,
    /// `YYYYMMDD`.
    Day,
    /// `YYYYMMDDHH` (2.5 and later).
    Hour,
    /// `YYYYMMDDHHMM`.
    Minute,
    /// `YYYYMMDDHHMMSS`.
    Second,
    /// As many decimal places of a second: 1 to 4 in the standard, 1 to 9 here.
    Fraction(u8),
}

impl Precision {
    /// What a code of Table 0529 stands for, as in TS.2: `Y L D H M S`, where `L` is the month.
    pub(crate) fn from_degree(code: &[u8]) -> Option<Self> {
        Some(match code {
            b"Y" => Self::Year,
            b"L" => Self::Month,
            b"D" => Self::Day,
            b"H" => Self::Hour,
            b"M" => Self::Minute,
            b"S" => Self::Second,
            _ => return None,
        })
    }

    /// The code of Table 0529; that of the second where it is finer.
    pub(crate) fn degree(self) -> &'static str {
        match self {
            Self::Year => "Y",
            Self::Month => "L",
            Self::Day => "D",
            Self::Hour => "H",
            Self::Minute => "M",
            Self::Second | Self::Fraction(_) => "S",
        }
    }
}

/// How far a local time is ahead of UTC: `+HHMM` or `-HHMM`.
///
/// `-0000`, which some write for "UTC, and the local offset is not known", is kept apart from
/// `+0000` in writing and counts as zero.
///
/// ```
/// use hl7_parse::value::{DateTime, UtcOffset};
///
/// let sent: DateTime = "202402291005-0530".parse()?;
/// assert_eq!(sent.offset(), UtcOffset::from_minutes(-330));
/// let unknown: DateTime = "202402291005-0000".parse()?;
/// assert!(unknown.offset().is_some_and(|offset| offset.is_negative_zero() && offset.minutes() == 0));
/// # Ok::<(), hl7_parse::value::ValueError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct UtcOffset {
    is_negative: bool,
    minutes: u16,
}

impl UtcOffset {
    /// No difference: `+0000`.
    pub const UTC: Self = Self { is_negative: false, minutes: 0 };

    /// So many minutes ahead of UTC, or behind where negative; `None` for a day or more.
    #[must_use]
    pub fn from_minutes(minutes: i16) -> Option<Self> {
        Self::new(minutes < 0, minutes.unsigned_abs())
    }

    pub(crate) fn new(is_negative: bool, minutes: u16) -> Option<Self> {
        (minutes < 24 * 60).then_some(Self { is_negative, minutes })
    }

    /// The minutes ahead of UTC; negative where behind.
    #[must_use]
    pub fn minutes(&self) -> i16 {
        let minutes = i16::try_from(self.minutes).unwrap_or_default();
        if self.is_negative { -minutes } else { minutes }
    }

    /// Whether this is `-0000`.
    #[must_use]
    pub fn is_negative_zero(&self) -> bool {
        self.is_negative && self.minutes == 0
    }

    pub(crate) fn write(&self, out: &mut String) {
        out.push(if self.is_negative { '-' } else { '+' });
        digits(out, u32::from(self.minutes / 60), 2);
        digits(out, u32::from(self.minutes % 60), 2);
    }
}

/// Shows no value: only that there is one.
impl fmt::Debug for UtcOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UtcOffset").finish_non_exhaustive()
    }
}

/// Writes a number with leading zeros.
pub(crate) fn digits(out: &mut String, number: u32, width: usize) {
    use fmt::Write as _;
    // Writing to a String does not fail.
    let _ = write!(out, "{number:0width$}");
}

/// Writes as many decimal places of a second as the precision has.
pub(crate) fn fraction(out: &mut String, nanosecond: u32, precision: Precision) {
    if let Precision::Fraction(places) = precision {
        out.push('.');
        digits(out, nanosecond / nanoseconds_of(places), usize::from(places.clamp(1, 9)));
    }
}

/// The nanoseconds in the last of so many decimal places.
pub(crate) fn nanoseconds_of(places: u8) -> u32 {
    10u32.pow(u32::from(9 - places.clamp(1, 9)))
}
