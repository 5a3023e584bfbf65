//! Writes MSH-7.

use std::time::SystemTime;

use jiff::{Timestamp, tz::Offset};

/// To the second, in UTC, and saying so; nothing where a clock stands before the year 0 or after
/// 9999, and tells nothing.
pub(crate) fn timestamp(now: SystemTime) -> Option<[u8; 19]> {
    let now = Offset::UTC.to_datetime(Timestamp::try_from(now).ok()?);
    let year = u16::try_from(now.year()).ok()?;
    let pairs = [
        u8::try_from(year / 100).ok()?,
        u8::try_from(year % 100).ok()?,
        u8::try_from(now.month()).ok()?,
        u8::try_from(now.day()).ok()?,
        u8::try_from(now.hour()).ok()?,
        u8::try_from(now.minute()).ok()?,
        u8::try_from(now.second()).ok()?,
    ];
    let mut written = *b"00000000000000+0000";
    for (digits, pair) in written.chunks_exact_mut(2).zip(pairs) {
        if let [tens, ones] = digits {
            *tens = b'0' + pair / 10;
            *ones = b'0' + pair % 10;
        }
    }
    Some(written)
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
            let written = timestamp(now).expect("a time");
            assert_eq!(std::str::from_utf8(&written), Ok(expected), "{seconds}");
        }
        assert_eq!(timestamp(UNIX_EPOCH + Duration::from_secs(1 << 40)), None);
        // Some clocks go back to the beginning of their era.
        assert!(timestamp(UNIX_EPOCH - Duration::from_secs(1)).is_some());
    }
}
