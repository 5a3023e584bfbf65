//! [`Nm`]: NM, an exact decimal number; [`Si`]: SI, a sequence number.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

use crate::{
    Separators,
    value::{FromRaw, Raw, ToEr7, ValueError, ValueErrorKind},
};

/// A number: an optional sign, digits, an optional point and digits (NM).
///
/// The text, checked: nothing is rounded, and [`Nm::as_str`] is what was sent. Compared and
/// hashed by value, however long: `01.20` equals `1.2`. Beyond the standard a number may begin
/// with its point (`.5`).
///
/// ```
/// use hl7_parse::{Message, value::{Nm, ValueErrorKind}};
///
/// let message = Message::parse(b"MSH|^~\\&|A\rOBX|1|NM|||7.40~<5\r")?;
/// let field = message.segment("OBX").ok_or("no OBX")?.field(5);
/// let ph: Nm = field.read()?;
/// assert_eq!(ph, Nm::new("7.4")?);
/// assert_eq!(ph.as_str(), "7.40");
/// assert_eq!(ph.to_f64()?, 7.4);
/// assert!(ph.to_i64().is_err());
/// assert_eq!((Nm::new("-7.0")?.to_i64(), Nm::new("+7")?.to_u64()), (Ok(-7), Ok(7)));
///
/// let error = field.repetition(2).read::<Nm>().unwrap_err();
/// assert_eq!(error.kind(), ValueErrorKind::Form);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "NM")]
#[doc(alias = "numeric")]
#[derive(Clone, Copy)]
pub struct Nm<'a> {
    text: &'a str,
}

impl<'a> Nm<'a> {
    pub(crate) const NAME: &'static str = "NM";

    /// Reads the text of a number; the same as [`TryFrom`].
    ///
    /// # Errors
    ///
    /// [`ValueErrorKind::Form`], at the first byte that can not be.
    pub fn new(text: &'a str) -> Result<Self, ValueError> {
        check(text.as_bytes())
            .map_err(|at| ValueError::new(ValueErrorKind::Form, Self::NAME, at))?;
        Ok(Self { text })
    }

    /// The number as it was sent.
    #[must_use]
    pub fn as_str(&self) -> &'a str {
        self.text
    }

    /// The number as an integer.
    ///
    /// # Errors
    ///
    /// [`ValueErrorKind::NotWhole`] where a decimal place is not 0, and
    /// [`ValueErrorKind::OutOfRange`].
    pub fn to_i64(&self) -> Result<i64, ValueError> {
        let Digits { is_negative, whole, fraction } = self.digits();
        if !fraction.is_empty() {
            return Err(self.error(ValueErrorKind::NotWhole));
        }
        // Negative all along: there is one more of those.
        let negative = whole.bytes().try_fold(0i64, |number, digit| {
            number.checked_mul(10)?.checked_sub(i64::from(digit - b'0'))
        });
        let number = if is_negative { negative } else { negative.and_then(i64::checked_neg) };
        number.ok_or_else(|| self.error(ValueErrorKind::OutOfRange))
    }

    /// The number as an integer that is not negative.
    ///
    /// # Errors
    ///
    /// [`ValueErrorKind::NotWhole`] where a decimal place is not 0, and
    /// [`ValueErrorKind::OutOfRange`].
    pub fn to_u64(&self) -> Result<u64, ValueError> {
        let Digits { is_negative, whole, fraction } = self.digits();
        if !fraction.is_empty() {
            return Err(self.error(ValueErrorKind::NotWhole));
        }
        let number = whole.bytes().try_fold(0u64, |number, digit| {
            number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
        });
        number
            .filter(|number| *number == 0 || !is_negative)
            .ok_or_else(|| self.error(ValueErrorKind::OutOfRange))
    }

    /// The floating-point number nearest to this one. Rounds: most decimal fractions have no
    /// exact equal.
    ///
    /// # Errors
    ///
    /// [`ValueErrorKind::OutOfRange`] beyond the largest one.
    pub fn to_f64(&self) -> Result<f64, ValueError> {
        match self.text.parse() {
            Ok(number) if f64::is_finite(number) => Ok(number),
            _ => Err(self.error(ValueErrorKind::OutOfRange)),
        }
    }

    fn error(&self, kind: ValueErrorKind) -> ValueError {
        ValueError::new(kind, Self::NAME, 0)
    }

    fn digits(&self) -> Digits<'a> {
        let unsigned = self.text.trim_start_matches(['+', '-']);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        // There is one zero.
        let is_zero = whole.is_empty() && fraction.is_empty();
        Digits { is_negative: self.text.starts_with('-') && !is_zero, whole, fraction }
    }
}

/// The digits that count.
#[derive(PartialEq, Eq, Hash)]
struct Digits<'a> {
    is_negative: bool,
    whole: &'a str,
    fraction: &'a str,
}

/// Fails at the first byte that can not be.
fn check(text: &[u8]) -> Result<(), usize> {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let sign = usize::from(matches!(text.first(), Some(b'+' | b'-')));
    let whole = sign + digits(text.get(sign..).unwrap_or_default());
    let end = match text.get(whole) {
        Some(b'.') => {
            let places = digits(text.get(whole + 1..).unwrap_or_default());
            if places == 0 {
                return Err(whole);
            }
            whole + 1 + places
        }
        _ if whole == sign => return Err(sign),
        _ => whole,
    };
    if end == text.len() { Ok(()) } else { Err(end) }
}

impl PartialEq for Nm<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.digits() == other.digits()
    }
}

impl Eq for Nm<'_> {}

impl Hash for Nm<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.digits().hash(state);
    }
}

impl PartialOrd for Nm<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Nm<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let (one, two) = (self.digits(), other.digits());
        let magnitude = || {
            let by_length = one.whole.len().cmp(&two.whole.len());
            by_length.then_with(|| (one.whole, one.fraction).cmp(&(two.whole, two.fraction)))
        };
        match (one.is_negative, two.is_negative) {
            (false, false) => magnitude(),
            (true, true) => magnitude().reverse(),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl<'a> TryFrom<&'a str> for Nm<'a> {
    type Error = ValueError;

    fn try_from(text: &'a str) -> Result<Self, ValueError> {
        Self::new(text)
    }
}

impl<'a> FromRaw<'a> for Nm<'a> {
    fn from_raw(raw: Raw<'a>) -> Result<Self, ValueError> {
        let text = raw.primitive(Self::NAME)?;
        let refuse = |at| raw.error(ValueErrorKind::Form, Self::NAME, at);
        check(text).map_err(refuse)?;
        let text = std::str::from_utf8(text).map_err(|error| refuse(error.valid_up_to()))?;
        Ok(Self { text })
    }
}

impl ToEr7 for Nm<'_> {
    fn to_er7(&self, _: &Separators) -> String {
        self.text.to_owned()
    }
}

/// Shows a length, and no value.
impl fmt::Debug for Nm<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nm").field("len", &self.text.len()).finish()
    }
}

/// A sequence number: 0 to 9999, one to four digits (SI). Set IDs count from 1.
///
/// ```
/// use hl7_parse::{Separators, value::{Si, ToEr7}};
///
/// let set_id: Si = "0012".parse()?;
/// assert_eq!(set_id.get(), 12);
/// assert_eq!(set_id.to_er7(&Separators::default()), "0012");
/// assert!("10000".parse::<Si>().is_err());
/// # Ok::<(), hl7_parse::value::ValueError>(())
/// ```
#[doc(alias = "SI")]
#[doc(alias = "set ID")]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Si {
    number: u16,
    /// How many digits were sent.
    width: u8,
}

impl Si {
    const NAME: &'static str = "SI";

    /// The number, written without leading zeros; `None` above 9999.
    #[must_use]
    pub fn new(number: u16) -> Option<Self> {
        (number <= 9999).then_some(Self { number, width: 1 })
    }

    /// The number.
    #[must_use]
    pub fn get(&self) -> u16 {
        self.number
    }

    fn from_text(text: &[u8]) -> Result<Self, (ValueErrorKind, usize)> {
        let bad = text.iter().position(|byte| !byte.is_ascii_digit());
        if let Some(at) = bad.or(text.is_empty().then_some(0)) {
            return Err((ValueErrorKind::Form, at));
        }
        if text.len() > 4 {
            return Err((ValueErrorKind::OutOfRange, 4));
        }
        let number = text.iter().fold(0, |number, digit| number * 10 + u16::from(digit - b'0'));
        Ok(Self { number, width: u8::try_from(text.len()).unwrap_or(4) })
    }
}

impl FromStr for Si {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        Self::from_text(text.as_bytes())
            .map_err(|(kind, offset)| ValueError::new(kind, Self::NAME, offset))
    }
}

impl<'a> FromRaw<'a> for Si {
    fn from_raw(raw: Raw<'a>) -> Result<Self, ValueError> {
        Self::from_text(raw.primitive(Self::NAME)?)
            .map_err(|(kind, offset)| raw.error(kind, Self::NAME, offset))
    }
}

impl ToEr7 for Si {
    fn to_er7(&self, _: &Separators) -> String {
        format!("{:0width$}", self.number, width = usize::from(self.width))
    }
}

/// Shows no value.
impl fmt::Debug for Si {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Si").finish_non_exhaustive()
    }
}
