//! [`Sn`]: SN, a number that is a bound, a range or a ratio.

use crate::value::{ValueError, ValueErrorKind, composite::composite};

composite! {
    /// A structured number (SN): `>^100`, `^100^-^200`, `^1^:^128`, `^2^+`.
    ///
    /// ```
    /// use hl7_parse::{Message, value::{Comparator, Nm, Sn, SnSeparator}};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rOBX|1|SN|||>^100~^1^:^128\r")?;
    /// let field = message.segment("OBX").ok_or("no OBX")?.field(5);
    /// let bound: Sn = field.read()?;
    /// assert_eq!(bound.comparator()?, Comparator::Greater);
    /// assert_eq!(bound.num1()?, Some(Nm::new("100")?));
    ///
    /// let titer: Sn = field.repetition(2).read()?;
    /// assert_eq!(titer.comparator()?, Comparator::Equal);
    /// assert_eq!(titer.separator()?, Some(SnSeparator::Colon));
    /// assert_eq!(titer.num2()?, Some(Nm::new("128")?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "structured numeric")]
    Sn = "SN" {
        2 num1: read Nm, "the first number";
        4 num2: read Nm, "the second number";
    }
}

/// How a number compares with the one that is given (SN.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Comparator {
    /// `=`, or nothing.
    Equal,
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
    /// `<>`.
    NotEqual,
}

/// What stands between the two numbers, or after the first (SN.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SnSeparator {
    /// `-`: from the first to the second.
    Minus,
    /// `+`: a category, as in `2+`.
    Plus,
    /// `/`: a ratio.
    Slash,
    /// `.`.
    Point,
    /// `:`: a ratio.
    Colon,
}

impl Sn<'_> {
    /// Component 1: the comparator; equal where nothing was sent.
    ///
    /// # Errors
    ///
    /// [`ValueErrorKind::Code`] where it is none.
    pub fn comparator(&self) -> Result<Comparator, ValueError> {
        let part = self.raw.part(1);
        // `<`, `>` and `=` may be delimiters, if not the recommended ones.
        Ok(match part.decode().as_ref() {
            "" | "=" => Comparator::Equal,
            "<" => Comparator::Less,
            "<=" => Comparator::LessOrEqual,
            ">" => Comparator::Greater,
            ">=" => Comparator::GreaterOrEqual,
            "<>" => Comparator::NotEqual,
            _ => return Err(part.error(ValueErrorKind::Code, "SN", 0)),
        })
    }

    /// Component 3: the separator or suffix; `None` where nothing was sent.
    ///
    /// # Errors
    ///
    /// [`ValueErrorKind::Code`] where it is none.
    pub fn separator(&self) -> Result<Option<SnSeparator>, ValueError> {
        let part = self.raw.part(3);
        Ok(Some(match part.decode().as_ref() {
            "" => return Ok(None),
            "-" => SnSeparator::Minus,
            "+" => SnSeparator::Plus,
            "/" => SnSeparator::Slash,
            "." => SnSeparator::Point,
            ":" => SnSeparator::Colon,
            _ => return Err(part.error(ValueErrorKind::Code, "SN", 0)),
        }))
    }
}
