//! Makes [`Separators`] for messages to be written, and their MSH-2.

use crate::{EditError, EditErrorKind, Level, Separators, header::declared, scan::Ignore};

impl Separators {
    /// Delimiters for a message to be written: MSH-1, and MSH-2 as it is to read: component,
    /// repetition, escape, subcomponent, truncation; the last ones may be left out.
    ///
    /// ```
    /// use hl7_parse::Separators;
    ///
    /// let separators = Separators::new(b'$', "%*/@")?;
    /// assert_eq!(separators.repetition(), Some(b'*'));
    /// assert!(Separators::new(b'|', "^^\\&").is_err());
    /// # Ok::<(), hl7_parse::EditError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`EditErrorKind::BadDelimiters`] where they are not different ASCII punctuation
    /// characters, or not one to five beside MSH-1. Double quotes can not delimit: two of them
    /// say "delete".
    pub fn new(field: u8, encoding_characters: &str) -> Result<Self, EditError> {
        let characters = encoding_characters.as_bytes();
        let usable = |byte: u8| byte.is_ascii_punctuation() && byte != b'"';
        let different = |(at, byte): (usize, &u8)| {
            *byte != field && !characters.iter().take(at).any(|earlier| earlier == byte)
        };
        if !(1..=5).contains(&characters.len())
            || !usable(field)
            || !characters.iter().copied().all(usable)
            || !characters.iter().enumerate().all(different)
        {
            return Err(EditErrorKind::BadDelimiters.into());
        }
        let line = [b"MSH", [field].as_slice(), characters].concat();
        declared(&line, 0, &mut Ignore).map_err(|_| EditErrorKind::BadDelimiters.into())
    }

    /// What stands between the elements of a level.
    pub(crate) fn between(&self, level: Level) -> Option<u8> {
        match level {
            Level::Field => Some(self.field),
            Level::Repetition => self.repetition(),
            Level::Component => self.component(),
            Level::Subcomponent => self.subcomponent(),
        }
    }
}

/// MSH-2 as it declares these delimiters.
pub(crate) fn encoding_characters(separators: &Separators) -> Result<String, EditError> {
    let declared = [
        separators.component(),
        separators.repetition(),
        separators.escape(),
        separators.subcomponent(),
    ];
    let mut characters: String = declared.iter().map_while(|byte| byte.map(char::from)).collect();
    if characters.len() < declared.iter().flatten().count() {
        return Err(EditErrorKind::BadDelimiters.into());
    }
    // One that the version alone brings (2.7) need not be declared.
    if characters.len() == declared.len() {
        characters.extend(separators.truncation().map(char::from));
    }
    Separators::new(separators.field, &characters)?;
    Ok(characters)
}
