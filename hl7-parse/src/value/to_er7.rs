//! [`ToEr7`]: the text of a value, as it stands in a message.

use crate::Separators;

/// What can be written into a field.
///
/// What was read from a message gives back the same text. Nothing here implements `Display`: a
/// value is patient data, and is shown on purpose or not at all.
///
/// ```
/// use hl7_parse::{Separators, value::{DateTime, ToEr7}};
///
/// let value: DateTime = "20240131+0000".parse()?;
/// assert_eq!(value.to_er7(&Separators::default()), "20240131+0000");
/// # Ok::<(), hl7_parse::value::ValueError>(())
/// ```
pub trait ToEr7 {
    /// The text of the value, for a field or a repetition with these separators. It is written
    /// as it is, without escape sequences: digits, signs and points are no usual delimiters.
    fn to_er7(&self, separators: &Separators) -> String;
}
