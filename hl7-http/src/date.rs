//! Writes and reads dates of headers (RFC 9110, 5.6.7).

use std::{
    cell::Cell,
    time::{SystemTime, UNIX_EPOCH},
};

use http::HeaderValue;

thread_local! {
    /// What was written last, and for which second.
    static LAST: Cell<Option<(u64, HeaderValue)>> = const { Cell::new(None) };
}

/// The time now, as the header wants it: `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(crate) fn now() -> Option<HeaderValue> {
    let second = second();
    let value = match LAST.take() {
        Some((of, value)) if of == second => value,
        _ => HeaderValue::try_from(text(second)).ok()?,
    };
    LAST.set(Some((second, value.clone())));
    Some(value)
}

/// The second it is, counted from 1970; a time before counts as 1970.
pub(crate) fn second() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The seconds from 1970 to a date as [`now`] writes it; `None` where it is none, or before. The
/// name of the day is not looked at.
#[cfg(any(feature = "client", test))]
pub(crate) fn read(text: &str) -> Option<u64> {
    let mut words = text.split(' ').skip(1);
    let (day, month, year, time, zone) =
        (words.next()?, words.next()?, words.next()?, words.next()?, words.next()?);
    let month = MONTHS.iter().position(|name| *name == month)?;
    let mut parts = time.split(':').map(|part| number(part, 2));
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    let (day, year) = (number(day, 2)?, number(year, 4)?);
    let is_whole = zone == "GMT" && words.next().is_none() && parts.next().is_none();
    // A leap second is 60.
    let is_in_range = hour < 24 && minute < 60 && second < 61 && (1..=31).contains(&day);
    if !is_whole || !is_in_range || year < 1970 {
        return None;
    }
    let days = days(year, u64::try_from(month).ok()? + 1, day);
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

/// So many digits.
#[cfg(any(feature = "client", test))]
fn number(text: &str, digits: usize) -> Option<u64> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

/// Days from 1970 to a day of the Gregorian calendar from then on: the inverse of [`civil`].
#[cfg(any(feature = "client", test))]
fn days(year: u64, month: u64, day: u64) -> u64 {
    let (year, shifted) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The time so many seconds after the beginning of 1970.
fn text(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    let name = |names: &[&'static str], at: u64| {
        usize::try_from(at).ok().and_then(|at| names.get(at).copied()).unwrap_or_default()
    };
    format!(
        "{}, {day:02} {} {year:04} {:02}:{:02}:{:02} GMT",
        name(&DAYS, (days + 4) % 7), // the first of January 1970 was a Thursday
        name(&MONTHS, month - 1),
        second / 3_600,
        second / 60 % 60,
        second % 60,
    )
}

/// Year, month and day of a number of days since 1970, in the Gregorian calendar.
///
/// Years are counted from March, so that the leap day is the last of its year: 146097 days make
/// 400 years.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468; // days from the first of March of year 0 to 1970
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_times_are_written_as_the_rfc_does() {
        // Checked with `date -u -d @N '+%a, %d %b %Y %H:%M:%S GMT'`.
        for (seconds, expected) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (951_868_800, "Wed, 01 Mar 2000 00:00:00 GMT"),
            (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        ] {
            assert_eq!(text(seconds), expected, "{seconds}");
        }
    }

    #[test]
    fn a_date_reads_back_as_it_was_written() {
        // A prime number of seconds, so that every part changes.
        for seconds in (0..253_402_300_800).step_by(98_765_431) {
            assert_eq!(read(&text(seconds)), Some(seconds), "{}", text(seconds));
        }
        for none in [
            "",
            "GMT",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 06 Nov 1994 08:49:37 GMT ",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:49:37 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 08:49:37:00 GMT",
            "Sun, 06 Nov 1969 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:+7 GMT",
        ] {
            assert_eq!(read(none), None, "{none:?}");
        }
    }
}
