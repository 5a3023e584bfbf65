//! [`SplitError`]: a part that was refused for a fault.

use std::{error, fmt};

use super::{Fault, OwnedPart};

/// A part with a fault that [`super::SplitOptions::refuse`] was told to refuse.
///
/// Holds the part, and shows nothing of its content.
///
/// ```
/// use hl7_parse::batch::{Fault, SplitOptions};
///
/// let mut splitter = SplitOptions::new().refuse(Fault::StrayLines).splitter();
/// let mut stream = bytes::Bytes::from_static(b"a comment\rMSH|^~\\&|LAB\r");
/// let refused = splitter.next_part(&mut stream).ok_or("a part")?.err().ok_or("stray lines")?;
/// assert_eq!(refused.fault(), Fault::StrayLines);
/// assert_eq!(refused.part().offset(), 0);
/// assert_eq!(refused.into_part().as_bytes(), "a comment\r");
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug)]
pub struct SplitError {
    fault: Fault,
    part: Box<OwnedPart>,
}

impl SplitError {
    pub(super) fn new(fault: Fault, part: OwnedPart) -> Self {
        Self { fault, part: Box::new(part) }
    }

    /// The first of the faults that are refused.
    #[must_use]
    pub fn fault(&self) -> Fault {
        self.fault
    }

    /// The part.
    #[must_use]
    pub fn part(&self) -> &OwnedPart {
        &self.part
    }

    /// The part, to take it after all.
    #[must_use]
    pub fn into_part(self) -> OwnedPart {
        *self.part
    }
}

impl fmt::Display for SplitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (byte {})", self.fault, self.part.offset())
    }
}

impl error::Error for SplitError {}
