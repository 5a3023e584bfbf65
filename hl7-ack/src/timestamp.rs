//! Writes MSH-7.

use std::time::SystemTime;

use jiff::tz::Offset;

/// A time to the second, in UTC: century, year, month, day, hour, minute and second.
#[derive(Clone, Copy)]
pub(crate) struct Timestamp([u8; 7]);

/// How many bytes it takes.
pub(crate) const LEN: usize = 19;

impl Timestamp {
    /// Nothing where a clock stands before the year 0 or after 9999, and tells nothing.
    pub(crate) fn of(now: SystemTime) -> Option<Self> {
        let now = Offset::UTC.to_datetime(jiff::Timestamp::try_from(now).ok()?);
        let year = u16::try_from(now.year()).ok()?;
        Some(Self([
            u8::try_from(year / 100).ok()?,
            u8::try_from(year % 100).ok()?,
            u8::try_from(now.month()).ok()?,
            u8::try_from(now.day()).ok()?,
            u8::try_from(now.hour()).ok()?,
            u8::try_from(now.minute()).ok()?,
            u8::try_from(now.second()).ok()?,
        ]))
    }

    /// Says that it is UTC.
    #[inline]
    pub(crate) fn write(self, written: &mut [u8; LEN]) {
        *written = *b"00000000000000+0000";
        for (digits, pair) in written.chunks_exact_mut(2).zip(self.0) {
            if let [tens, ones] = digits {
                *tens = b'0' + pair / 10;
                *ones = b'0' + pair % 10;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn the_time_is_written_to_the_second_in_utc() {
        for (seconds, expected) in [
            (0, "19700101000000+0000"),
            (1_767_323_045, "20260102030405+0000"),
            (951_782_399, "20000228235959+0000"),
            (951_782_400, "20000229000000+0000"),
            (253_402_207_199, "99991230215959+0000"),
        ] {
            let now = UNIX_EPOCH + Duration::new(seconds, 999_999_999);
            let mut written = [0; LEN];
            Timestamp::of(now).expect("a time").write(&mut written);
            assert_eq!(std::str::from_utf8(&written), Ok(expected), "{seconds}");
        }
        assert!(Timestamp::of(UNIX_EPOCH + Duration::from_secs(1 << 40)).is_none());
        // Some clocks go back to the beginning of their era.
        assert!(Timestamp::of(UNIX_EPOCH - Duration::from_secs(1)).is_some());
    }
}
