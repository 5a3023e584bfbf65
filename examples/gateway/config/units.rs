//! [`Wait`], [`Size`], [`Ends`], [`Place`], [`Allowed`] and [`Order`]: values of a configuration with a
//! form.

use std::{num::NonZeroUsize, str::FromStr, time::Duration};

use hl7_mllp::Envelope;
use hl7_parse::Path;
use hl7_transport::Networks;
use serde::{Deserialize, Deserializer, de::Error};

use super::text::Text;

/// A time with its unit: `200ms`, `5s`, `10min`, `24h`, `7d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wait(pub(crate) Duration);

/// A number of bytes with its unit: `512B`, `64KiB`, `16MiB`, `1GiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) usize);

/// The bytes that begin and end a frame: `0x02 0x03`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ends(pub(crate) Envelope);

/// A path into a message, such as `PID-3.1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place(pub(crate) Path);

/// Networks that may connect, such as `10.1.0.0/16, 192.0.2.7`.
#[derive(Clone, Debug)]
pub(crate) struct Allowed(pub(crate) Networks);

/// How many messages are on their way to a destination at once, and in which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// `sequential`: the next one only after the answer to the one before.
    Sequential,
    /// `parallel N`: up to so many at once, in no order.
    Parallel(NonZeroUsize),
    /// `per patient`: in order for each ID in PID-3 and MRG-1.
    PerPatient,
    /// `per key PATH`: in order for each value there.
    PerKey(Path),
}

impl FromStr for Wait {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || format!("`{text}` is no time; write 200ms, 5s, 10min, 24h or 7d");
        let (number, unit) = number_and_unit(text).ok_or_else(refuse)?;
        let milliseconds: u64 = match unit {
            "ms" => 1,
            "s" => 1000,
            "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(refuse()),
        };
        let whole = number.checked_mul(milliseconds).filter(|milliseconds| *milliseconds > 0);
        whole.map(Duration::from_millis).map(Self).ok_or_else(refuse)
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || format!("`{text}` is no size; write 512B, 64KiB, 16MiB or 1GiB");
        let (number, unit) = number_and_unit(text).ok_or_else(refuse)?;
        let bytes: u64 = match unit {
            "B" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => return Err(refuse()),
        };
        let size = number.checked_mul(bytes).and_then(|bytes| usize::try_from(bytes).ok());
        size.filter(|size| *size > 0).map(Self).ok_or_else(refuse)
    }
}

impl FromStr for Ends {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let byte = |word: &str| {
            let digits = word.strip_prefix("0x")?;
            // A sign would be read too.
            let is_plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            u8::from_str_radix(digits, 16).ok().filter(|_| is_plain)
        };
        let envelope = match text.split_whitespace().collect::<Vec<_>>()[..] {
            [start, end] => byte(start).zip(byte(end)),
            _ => None,
        };
        envelope.and_then(|(start, end)| Envelope::new(start, end)).map(Self).ok_or_else(|| {
            format!(
                "`{text}` does not begin and end frames; write `0x02 0x03`: two control characters, \
                 but not TAB, LF, CR or ESC"
            )
        })
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|error| format!("`{text}` is no path: {error}"))
    }
}

impl FromStr for Allowed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse::<Networks>() {
            Ok(networks) if networks.is_empty() => Err("an empty list lets nobody in".to_owned()),
            Ok(networks) => Ok(Self(networks)),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl FromStr for Order {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words: Vec<_> = text.split_whitespace().collect();
        match words[..] {
            ["sequential"] => Ok(Self::Sequential),
            ["parallel", number] => number.parse().map(Self::Parallel).map_err(|_| {
                format!("`{number}` is not how many messages go at once; write `parallel 4`")
            }),
            ["per", "patient"] => Ok(Self::PerPatient),
            ["per", "key", path] => match path.parse::<Place>()? {
                Place(path) if path.field().is_some() => Ok(Self::PerKey(path)),
                _ => Err(format!("`{path}` is a segment; a key is a field or below")),
            },
            _ => Err(format!(
                "`{text}` is no order; write `sequential`, `parallel 4`, `per patient` or \
                 `per key PATH`"
            )),
        }
    }
}

fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    Some((number.parse().ok()?, unit.trim_start()))
}

macro_rules! read_from_text {
    ($($type:ty),+) => {$(
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Text::deserialize(deserializer)?;
                text.as_str().parse().map_err(D::Error::custom)
            }
        }
    )+};
}

read_from_text!(Wait, Size, Ends, Place, Allowed, Order);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_have_units() {
        for (text, milliseconds) in [
            ("200ms", Some(200)),
            ("5s", Some(5000)),
            ("10 min", Some(600_000)),
            ("1d", Some(86_400_000)),
            ("0s", None),
            ("5", None),
            ("s", None),
            ("-5s", None),
            ("1.5s", None),
            ("5S", None),
            ("99999999999999999999s", None),
            ("999999999999999999d", None),
        ] {
            let expected = milliseconds.map(|number| Wait(Duration::from_millis(number)));
            assert_eq!(text.parse().ok(), expected, "{text}");
        }
        for (text, bytes) in [
            ("512B", Some(512)),
            ("64KiB", Some(65_536)),
            ("16 MiB", Some(16 << 20)),
            ("0B", None),
            ("16MB", None),
            ("16", None),
            ("99999999999GiB", None),
        ] {
            assert_eq!(text.parse().ok(), bytes.map(Size), "{text}");
        }
    }

    #[test]
    fn a_frame_is_between_two_control_characters() {
        for (text, expected) in [
            ("0x02 0x03", Envelope::new(0x02, 0x03)),
            ("0x0B  0x1c", Some(Envelope::MLLP)),
            ("02 03", None),
            ("0x02", None),
            ("0x02 0x03 0x0d", None),
            ("0x02 0x02", None),
            ("0x02 0x0d", None),
            ("0x02 0x41", None),
            ("0x02 0x103", None),
            ("0x0x2 0x03", None),
            ("0x+2 0x03", None),
            ("STX ETX", None),
            ("", None),
        ] {
            assert_eq!(text.parse().ok(), expected.map(Ends), "{text}");
        }
    }

    #[test]
    fn an_order_is_one_of_four() {
        let four = NonZeroUsize::new(4).expect("not zero");
        for (text, expected) in [
            ("sequential", Some(Order::Sequential)),
            ("parallel 4", Some(Order::Parallel(four))),
            ("per patient", Some(Order::PerPatient)),
            ("per key ORC-2.1", Some(Order::PerKey(Path::new("ORC-2.1")))),
            ("parallel 0", None),
            ("parallel", None),
            ("per key", None),
            ("per key PID", None),
            ("per key PID-0", None),
            ("random", None),
        ] {
            assert_eq!(text.parse().ok(), expected, "{text}");
        }
    }
}
