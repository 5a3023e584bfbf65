//! [`Target`]: where an edit applies.

use crate::Path;

/// Where an edit applies: at a path, or at the same place of each segment.
///
/// A [`Path`] is a target: the first segment where it names no occurrence. Occurrences count the
/// segments of the message as it came, whatever was removed or inserted since.
///
/// ```
/// use hl7_parse::{Editor, Message, Path, Target};
///
/// const UNITS: Path = Path::new("OBX-6");
///
/// let message = Message::parse(b"MSH|^~\\&|A\rOBX|1||||7|g\rOBX|2||||8|g\r")?;
/// let first = Editor::new(&message).set(&UNITS, "kg").finish()?;
/// assert_eq!(first.as_bytes(), "MSH|^~\\&|A\rOBX|1||||7|kg\rOBX|2||||8|g\r");
/// let each = Editor::new(&message).set(Target::each(&UNITS), "kg").finish()?;
/// assert_eq!(each.as_bytes(), "MSH|^~\\&|A\rOBX|1||||7|kg\rOBX|2||||8|kg\r");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    pub(crate) path: Path,
    pub(crate) each: bool,
}

impl Target {
    /// The place that the path names.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self { path: *path, each: false }
    }

    /// The place in every segment with the ID that the path names; an occurrence it names does
    /// not count. No segment is fine as well.
    #[must_use]
    pub fn each(path: &Path) -> Self {
        Self { path: *path, each: true }
    }
}

impl From<&Path> for Target {
    fn from(path: &Path) -> Self {
        Self::at(path)
    }
}
