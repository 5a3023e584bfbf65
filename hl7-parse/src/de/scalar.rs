//! Reads numbers and truth values from text.

use std::str::FromStr;

use super::DeErrorKind;

/// A whole number: an optional sign and digits.
pub(super) fn integer<T: FromStr>(text: &str) -> Result<T, DeErrorKind> {
    if !is_digits(unsigned(text)) {
        return Err(DeErrorKind::NotANumber);
    }
    text.parse().or_else(|_| {
        // Unsigned types take no minus, not even that of -0.
        let zero = unsigned(text).bytes().all(|digit| digit == b'0');
        if zero { "0".parse().ok() } else { None }.ok_or(DeErrorKind::OutOfRange)
    })
}

/// A number as NM has it: an optional sign, digits, optionally a point and digits. A digit may be
/// missing on one side of the point. None of Rust's `inf`, `NaN` and exponents.
pub(super) fn decimal<T: FromStr + Into<f64> + Copy>(text: &str) -> Result<T, DeErrorKind> {
    let number = unsigned(text);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let is_number = match (whole, fraction) {
        ("", fraction) => is_digits(fraction),
        (whole, "") => is_digits(whole),
        _ => is_digits(whole) && is_digits(fraction),
    };
    let number: T = text.parse().ok().filter(|_| is_number).ok_or(DeErrorKind::NotANumber)?;
    if number.into().is_finite() { Ok(number) } else { Err(DeErrorKind::OutOfRange) }
}

/// `Y` and `N` (Table 0136) and what else is said for them.
pub(super) fn boolean(text: &str) -> Result<bool, DeErrorKind> {
    let is = |words: [&str; 3]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    match (is(["Y", "1", "true"]), is(["N", "0", "false"])) {
        (true, _) => Ok(true),
        (_, true) => Ok(false),
        _ => Err(DeErrorKind::NotABool),
    }
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['+', '-']).unwrap_or(text)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_sign_and_digits() {
        for (text, expected) in [
            ("0", Ok(0)),
            ("007", Ok(7)),
            ("+5", Ok(5)),
            ("-5", Ok(-5)),
            ("127", Ok(127)),
            ("128", Err(DeErrorKind::OutOfRange)),
            ("-129", Err(DeErrorKind::OutOfRange)),
            ("5.0", Err(DeErrorKind::NotANumber)),
            ("1e1", Err(DeErrorKind::NotANumber)),
            (" 5", Err(DeErrorKind::NotANumber)),
            ("", Err(DeErrorKind::NotANumber)),
            ("+", Err(DeErrorKind::NotANumber)),
            ("--5", Err(DeErrorKind::NotANumber)),
            ("<5", Err(DeErrorKind::NotANumber)),
            ("٣", Err(DeErrorKind::NotANumber)),
        ] {
            assert_eq!(integer::<i8>(text), expected, "{text}");
        }
        assert_eq!(integer::<u8>("-1"), Err(DeErrorKind::OutOfRange));
        assert_eq!(integer::<u8>("-0"), Ok(0));
    }

    #[test]
    fn decimals_are_those_of_nm() {
        for (text, expected) in [
            ("13.2", Ok(13.2)),
            ("01.20", Ok(1.2)),
            ("-.5", Ok(-0.5)),
            ("5.", Ok(5.0)),
            ("+5", Ok(5.0)),
            (".", Err(DeErrorKind::NotANumber)),
            ("-", Err(DeErrorKind::NotANumber)),
            ("1,5", Err(DeErrorKind::NotANumber)),
            ("1E3", Err(DeErrorKind::NotANumber)),
            ("inf", Err(DeErrorKind::NotANumber)),
            ("NaN", Err(DeErrorKind::NotANumber)),
            ("1.2.3", Err(DeErrorKind::NotANumber)),
            ("1.+2", Err(DeErrorKind::NotANumber)),
        ] {
            assert_eq!(decimal::<f64>(text), expected, "{text}");
        }
        assert_eq!(decimal::<f64>(&"9".repeat(400)), Err(DeErrorKind::OutOfRange));
        assert_eq!(decimal::<f32>(&"9".repeat(40)), Err(DeErrorKind::OutOfRange));
    }

    #[test]
    fn truth_has_few_spellings() {
        for text in ["Y", "y", "1", "true", "TRUE"] {
            assert_eq!(boolean(text), Ok(true), "{text}");
        }
        for text in ["N", "n", "0", "false", "False"] {
            assert_eq!(boolean(text), Ok(false), "{text}");
        }
        for text in ["", "YES", "T", "2", " Y"] {
            assert_eq!(boolean(text), Err(DeErrorKind::NotABool), "{text}");
        }
    }
}
