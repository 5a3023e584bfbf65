//! Reads the Retry-After header (RFC 9110, 10.2.3).

use std::time::Duration;

use http::{HeaderMap, header};

use crate::date;

/// The longest wait that is believed.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60 * 60);

/// How long the far side asks to be left alone, by a number of seconds or a date, at most an hour.
/// `None` where it does not say, or not in a form that the header has.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    asked(headers.get(header::RETRY_AFTER)?.to_str().ok()?, date::second())
}

fn asked(text: &str, now: u64) -> Option<Duration> {
    let text = text.trim_ascii();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = match is_number {
        // What does not fit is over the limit in any case.
        true => text.parse().unwrap_or(u64::MAX),
        false => date::read(text)?.saturating_sub(now),
    };
    Some(Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_read_and_bounded() {
        let now = 784_111_777; // Sun, 06 Nov 1994 08:49:37 GMT
        for (text, expected) in [
            ("0", Some(0)),
            ("1", Some(1)),
            (" 120 ", Some(120)),
            ("3600", Some(3600)),
            ("3601", Some(3600)),
            ("99999999999999999999999", Some(3600)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:51:37 GMT", Some(120)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("Mon, 06 Nov 1995 08:49:37 GMT", Some(3600)),
            ("", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("Sun, 06 Nov 1994 08:51:37", None),
        ] {
            assert_eq!(asked(text, now), expected.map(Duration::from_secs), "{text:?}");
        }
    }
}
