//! [`Target`]: where an edit applies.

use crate::Path;

/// Where an edit applies: at one place, or at every place that a path leaves open.
///
/// A [`Path`] is a target, of the place that it reads: the first segment where it names no
/// occurrence, the first repetition where it names a component and no repetition.
/// [`Target::each`] is every one of them. Occurrences count the segments of the message as it
/// came, whatever was removed or inserted since.
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
///
/// let message = Message::parse(b"MSH|^~\\&|A\rPID|||1^^^GH~2^^^GH\r")?;
/// let each = Editor::new(&message).set(Target::each(&Path::new("PID-3.4")), "EHR").finish()?;
/// assert_eq!(each.as_bytes(), "MSH|^~\\&|A\rPID|||1^^^EHR~2^^^EHR\r");
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

    /// Every place that the path can mean: in each segment with its ID, unless it names an
    /// occurrence; in each repetition of the field, unless it names one or no component. A field
    /// that is empty has one repetition. No segment is fine as well.
    #[must_use]
    pub fn each(path: &Path) -> Self {
        Self { path: *path, each: true }
    }

    /// Whether the place is one in every segment with the ID.
    pub(crate) fn is_in_each_segment(&self) -> bool {
        self.each && !self.path.names_occurrence()
    }

    /// Whether the place is one in every repetition of its field.
    pub(crate) fn is_in_each_repetition(&self) -> bool {
        self.each && self.path.component().is_some() && self.path.repetition().is_none()
    }
}

impl From<&Path> for Target {
    fn from(path: &Path) -> Self {
        Self::at(path)
    }
}
