//! Reads the text of dates and times: DTM, TS, DT and TM, and the spellings seen beside them.

use nom::{
    IResult, Parser,
    branch::alt,
    bytes::complete::{tag, take, take_while_m_n},
    character::complete::one_of,
    combinator::{map, map_opt, opt, value},
    multi::fold_many_m_n,
    sequence::preceded,
};

use crate::value::{Precision, UtcOffset, ValueErrorKind};

/// What a text says, its numbers not looked at yet.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Written {
    pub(crate) year: u16,
    pub(crate) units: Units,
    pub(crate) fraction: Option<Fraction>,
    pub(crate) offset: Option<Offset>,
    /// Between one unit and the next: 0, or 1 in ISO 8601.
    pub(crate) gap: usize,
    /// More than that between the day and the hour: 1 for the `T` of the basic form.
    pub(crate) gap_before_time: usize,
    /// A digit that is half a unit was left out.
    pub(crate) is_cut: bool,
}

/// Month, day, hour, minute and second, or the last three of them; as many as are written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Units {
    values: [u8; 5],
    len: usize,
}

impl Units {
    fn with(mut self, unit: u8) -> Self {
        if let Some(slot) = self.values.get_mut(self.len) {
            *slot = unit;
            self.len += 1;
        }
        self
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn get(&self, at: usize) -> Option<u8> {
        self.values.get(at).copied().filter(|_| at < self.len)
    }

    /// The first `len` of them.
    pub(crate) fn cut(self, len: usize) -> Self {
        (0..len).filter_map(|at| self.get(at)).fold(Self::default(), Self::with)
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Fraction {
    pub(crate) nanosecond: u32,
    pub(crate) places: u8,
}

/// An offset as it is written, its minutes maybe above 59.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offset {
    is_negative: bool,
    hours: u8,
    minutes: u8,
    /// How far before the end of the text it begins.
    pub(crate) len: usize,
    /// Not `+HHMM` nor `-HHMM`.
    pub(crate) is_loose: bool,
}

impl Offset {
    pub(crate) fn read(self) -> Option<UtcOffset> {
        let minutes = u16::from(self.hours) * 60 + u16::from(self.minutes);
        UtcOffset::new(self.is_negative, minutes).filter(|_| self.minutes < 60)
    }
}

type Read<'a, T> = IResult<&'a [u8], T>;

/// A failure: what, and how many bytes from the start.
pub(crate) type Refusal = (ValueErrorKind, usize);

/// `YYYY[MM[DD[HH[MM[SS[.S..]]]]]][+/-ZZZZ]`, and where `loose` says so also half a unit at the
/// end and other offsets.
pub(crate) fn date_time(text: &[u8], loose: bool) -> Result<Written, Refusal> {
    all(text, |text| {
        let (rest, year) = four_digits(text)?;
        let (rest, units) = units(5, rest)?;
        let (rest, is_cut) = match loose && units.len() < 5 {
            true => map(opt(one_digit), |digit| digit.is_some()).parse(rest)?,
            false => (rest, false),
        };
        let (rest, fraction) = fraction_after(units.len() == 5, rest)?;
        let (rest, offset) = offset_or_end(loose.then_some(units.len()), rest)?;
        Ok((rest, Written { year, units, fraction, offset, is_cut, ..Written::default() }))
    })
}

/// `YYYY-MM[-DD[THH:MM[:SS[.S..]][offset]]]`: what ISO 8601 and its cousins (a blank for the `T`)
/// have in common.
pub(crate) fn iso_8601(text: &[u8]) -> Result<Written, Refusal> {
    all(text, |text| {
        let (rest, year) = four_digits(text)?;
        let (rest, month) = preceded(tag(&b"-"[..]), two_digits).parse(rest)?;
        let (rest, day) = opt(preceded(tag(&b"-"[..]), two_digits)).parse(rest)?;
        let mut units = Units::default().with(month);
        let Some(day) = day else {
            return Ok((rest, Written { year, units, gap: 1, ..Written::default() }));
        };
        units = units.with(day);
        let hour = preceded(one_of(&b"Tt "[..]), two_digits);
        let minute = || preceded(tag(&b":"[..]), two_digits);
        let (rest, time) = opt((hour, minute(), opt(minute()))).parse(rest)?;
        if let Some((hour, minute, second)) = time {
            units = units.with(hour).with(minute);
            units = second.map_or(units, |second| units.with(second));
        }
        let (rest, fraction) = fraction_after(units.len() == 5, rest)?;
        let (rest, offset) = offset_or_end(Some(units.len()), rest)?;
        Ok((rest, Written { year, units, fraction, offset, gap: 1, ..Written::default() }))
    })
}

/// `YYYYMMDDTHH[MM[SS[.S..]]][offset]`: the basic form of ISO 8601.
pub(crate) fn basic_iso_8601(text: &[u8]) -> Result<Written, Refusal> {
    all(text, |text| {
        let (rest, year) = four_digits(text)?;
        let (rest, (month, day)) = (two_digits, two_digits).parse(rest)?;
        let (rest, hour) = preceded(one_of(&b"Tt"[..]), two_digits).parse(rest)?;
        let (rest, later) = units(2, rest)?;
        let units = [month, day, hour].into_iter().fold(Units::default(), Units::with);
        let units = (0..2).filter_map(|at| later.get(at)).fold(units, Units::with);
        let (rest, fraction) = fraction_after(units.len() == 5, rest)?;
        let (rest, offset) = offset_or_end(Some(units.len()), rest)?;
        let gap_before_time = 1;
        Ok((rest, Written { year, units, fraction, offset, gap_before_time, ..Written::default() }))
    })
}

/// `HH[MM[SS[.S..]]][+/-ZZZZ]`.
pub(crate) fn time(text: &[u8]) -> Result<Written, Refusal> {
    all(text, |text| {
        let (rest, hour) = two_digits(text)?;
        let (rest, later) = units(2, rest)?;
        let units =
            (0..2).filter_map(|at| later.get(at)).fold(Units::default().with(hour), Units::with);
        let (rest, fraction) = fraction_after(units.len() == 3, rest)?;
        let (rest, offset) = offset_or_end(None, rest)?;
        Ok((rest, Written { units, fraction, offset, ..Written::default() }))
    })
}

/// Runs a parser over the whole text; what is left over or could not be read is where it failed.
fn all<T>(text: &[u8], parser: impl Fn(&[u8]) -> Read<'_, T>) -> Result<T, Refusal> {
    let left = match parser(text) {
        Ok(([], read)) => return Ok(read),
        Ok((rest, _)) => rest.len(),
        Err(nom::Err::Error(error) | nom::Err::Failure(error)) => error.input.len(),
        Err(nom::Err::Incomplete(_)) => 0,
    };
    Err((ValueErrorKind::Form, text.len().saturating_sub(left)))
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0u32, |number, byte| {
        number.checked_mul(10)?.checked_add(char::from(*byte).to_digit(10)?)
    })
}

fn four_digits(text: &[u8]) -> Read<'_, u16> {
    map_opt(take(4usize), |digits| u16::try_from(number(digits)?).ok()).parse(text)
}

fn two_digits(text: &[u8]) -> Read<'_, u8> {
    map_opt(take(2usize), |digits| u8::try_from(number(digits)?).ok()).parse(text)
}

fn one_digit(text: &[u8]) -> Read<'_, u8> {
    map_opt(take(1usize), |digits| u8::try_from(number(digits)?).ok()).parse(text)
}

fn units(max: usize, text: &[u8]) -> Read<'_, Units> {
    fold_many_m_n(0, max, two_digits, Units::default, Units::with).parse(text)
}

/// `.S`, one to nine places, where a second is before it.
fn fraction_after(is_second_before: bool, text: &[u8]) -> Read<'_, Option<Fraction>> {
    if !is_second_before {
        return Ok((text, None));
    }
    let places = take_while_m_n(1, 9, |byte: u8| byte.is_ascii_digit());
    let fraction = map_opt(preceded(tag(&b"."[..]), places), |digits: &[u8]| {
        let places = u8::try_from(digits.len()).ok()?;
        let nanosecond = number(digits)? * super::precision::nanoseconds_of(places);
        Some(Fraction { nanosecond, places })
    });
    opt(fraction).parse(text)
}

/// `loose` says how many units are before it, where other forms are to be read too: those that
/// read like more units, `-05`, only after an hour, and the others after a day.
fn offset_or_end(loose: Option<usize>, text: &[u8]) -> Read<'_, Option<Offset>> {
    let len = text.len();
    let sign = || map(one_of(&b"+-"[..]), |sign| sign == '-');
    let made = move |is_loose| {
        move |(is_negative, hours, minutes)| Offset { is_negative, hours, minutes, len, is_loose }
    };
    let mut by_the_standard = opt(map((sign(), two_digits, two_digits), made(false)));
    let (rest, offset) = by_the_standard.parse(text)?;
    let (None, Some(units)) = (offset, loose) else { return Ok((rest, offset)) };
    let (rest, zulu) = opt(value(made(true)((false, 0, 0)), tag(&b"Z"[..]))).parse(rest)?;
    if zulu.is_some() || units < 2 {
        return Ok((rest, zulu));
    }
    let hours_and_minutes =
        || map((sign(), two_digits, preceded(tag(&b":"[..]), two_digits)), made(true));
    if units == 2 {
        let hours = preceded(tag(&b"+"[..]), two_digits);
        let hours = map(hours, |hours| made(true)((false, hours, 0)));
        return opt(alt((hours_and_minutes(), hours))).parse(rest);
    }
    opt(alt((
        hours_and_minutes(),
        // `-500`: an hour of one digit.
        map((sign(), one_digit, two_digits), made(true)),
        map((sign(), two_digits), |(sign, hours)| made(true)((sign, hours, 0))),
    )))
    .parse(rest)
}

impl Written {
    /// The precision of a date and time with so many units.
    pub(crate) fn precision(&self) -> Precision {
        match (self.units.len(), self.fraction) {
            (0, _) => Precision::Year,
            (1, _) => Precision::Month,
            (2, _) => Precision::Day,
            (3, _) => Precision::Hour,
            (4, _) => Precision::Minute,
            (_, None) => Precision::Second,
            (_, Some(fraction)) => Precision::Fraction(fraction.places),
        }
    }
}
