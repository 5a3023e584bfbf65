//! [`SegmentBuilder`]: a new segment, to be added to a message.

use std::fmt;

use crate::{
    Charset, EditError, EditErrorKind, Field, Path,
    edit::{Cutting, Edit, Edits, Encoder, Output, Undeclared, Value},
    header::{names_further_alone, set_of},
    scan::is_segment_id,
};

/// A place in a segment: a field number (`5`), a path below the segment (`"3[2].4.1"`), or a
/// [`Path`] of such a segment.
#[derive(Clone, Copy, Debug)]
pub struct FieldPlace<'p>(Place<'p>);

#[derive(Clone, Copy, Debug)]
enum Place<'p> {
    Field(usize),
    Below(&'p str),
    Path(Path),
}

impl From<usize> for FieldPlace<'_> {
    fn from(field: usize) -> Self {
        Self(Place::Field(field))
    }
}

impl<'p> From<&'p str> for FieldPlace<'p> {
    fn from(below: &'p str) -> Self {
        Self(Place::Below(below))
    }
}

impl From<&Path> for FieldPlace<'_> {
    fn from(path: &Path) -> Self {
        Self(Place::Path(*path))
    }
}

impl FieldPlace<'_> {
    fn in_segment(self, id: &str) -> Option<Path> {
        match self.0 {
            Place::Field(field) => format!("{id}-{field}").parse().ok(),
            Place::Below(below) => format!("{id}-{below}").parse().ok(),
            Place::Path(path) => (path.segment() == id).then_some(path),
        }
    }
}

/// A segment to be added to a message, by [`crate::MessageBuilder`] or [`crate::Editor`].
///
/// Values count one after another, as those of [`crate::Editor`]. Whether they can be written
/// shows with the delimiters of the message: errors are told when that is finished.
///
/// ```
/// use hl7_parse::{MessageBuilder, Path};
///
/// const NAME: Path = Path::new("NK1-2");
///
/// let mut builder = MessageBuilder::new();
/// builder.message_type(["ADT", "A01"]).control_id("1").processing_id("P").version("2.3");
/// builder
///     .segment("NK1")
///     .set(1, "1")
///     .set_components(&NAME, ["JONES", "ADAM"])
///     .set("4.1.1", "Main St & 2nd Ave")
///     .repeat_raw(5, "555-1^PRN")
///     .repeat_raw(5, "555-2^WPN")
///     .set_null(7);
/// builder
///     .segment("NTE")
///     .set_formatted(3, "one\ntwo")
///     .repeat(3, "three")
///     .repeat_components(3, ["four", "five"])
///     .set_raw(4, "RE^Remark");
/// let message = builder.finish()?;
/// assert_eq!(
///     message.as_bytes(),
///     "MSH|^~\\&|||||||ADT^A01|1|P|2.3\r\
///      NK1|1|JONES^ADAM||Main St \\T\\ 2nd Ave|555-1^PRN~555-2^WPN||\"\"\r\
///      NTE|||one\\.br\\two~three~four^five|RE^Remark\r",
/// );
/// # Ok::<(), hl7_parse::EditError>(())
/// ```
#[derive(Clone)]
pub struct SegmentBuilder {
    id: Option<[u8; 3]>,
    edits: Vec<Edit>,
    needs_utf8: bool,
    error: Option<EditError>,
}

impl SegmentBuilder {
    /// A segment with this ID and nothing else: a capital letter, and two capital letters or
    /// digits. MSH and the segments of batches can not be added.
    #[must_use]
    pub fn new(id: &str) -> Self {
        let id = id.as_bytes().first_chunk::<3>().filter(|chunk| {
            id.len() == 3
                && is_segment_id(chunk)
                && !chunk.iter().any(u8::is_ascii_lowercase)
                && !matches!(*chunk, b"MSH" | b"FHS" | b"BHS" | b"FTS" | b"BTS")
        });
        let error = id.is_none().then(|| EditErrorKind::BadSegmentId.into());
        Self { id: id.copied(), edits: Vec::new(), needs_utf8: false, error }
    }

    pub(crate) fn header() -> Self {
        Self { id: Some(*b"MSH"), edits: Vec::new(), needs_utf8: false, error: None }
    }

    /// Puts text into an element, as [`crate::Editor::set`].
    pub fn set<'p>(
        &mut self,
        place: impl Into<FieldPlace<'p>>,
        text: impl AsRef<str>,
    ) -> &mut Self {
        self.put(place.into(), Value::Text(text.as_ref().into()), false)
    }

    /// Puts formatted text (FT) into an element, as [`crate::Editor::set_formatted`].
    pub fn set_formatted<'p>(
        &mut self,
        place: impl Into<FieldPlace<'p>>,
        text: impl AsRef<str>,
    ) -> &mut Self {
        self.put(place.into(), Value::Formatted(text.as_ref().into()), false)
    }

    /// Puts components into a field or repetition, as [`crate::Editor::set_components`].
    pub fn set_components<'p, T: AsRef<str>>(
        &mut self,
        place: impl Into<FieldPlace<'p>>,
        texts: impl IntoIterator<Item = T>,
    ) -> &mut Self {
        self.put(place.into(), Value::components(texts), false)
    }

    /// Puts bytes into an element as they are, as [`crate::Editor::set_raw`].
    pub fn set_raw<'p>(
        &mut self,
        place: impl Into<FieldPlace<'p>>,
        raw: impl AsRef<[u8]>,
    ) -> &mut Self {
        self.put(place.into(), Value::Raw(raw.as_ref().into()), false)
    }

    /// Puts the delete indicator (`""`) into an element (2.5.3).
    pub fn set_null<'p>(&mut self, place: impl Into<FieldPlace<'p>>) -> &mut Self {
        self.put(place.into(), Value::null(), false)
    }

    /// Adds a repetition to a field, as [`crate::Editor::repeat`].
    pub fn repeat<'p>(
        &mut self,
        place: impl Into<FieldPlace<'p>>,
        text: impl AsRef<str>,
    ) -> &mut Self {
        self.put(place.into(), Value::Text(text.as_ref().into()), true)
    }

    /// Adds a repetition of these components to a field, as [`crate::Editor::repeat`].
    pub fn repeat_components<'p, T: AsRef<str>>(
        &mut self,
        place: impl Into<FieldPlace<'p>>,
        texts: impl IntoIterator<Item = T>,
    ) -> &mut Self {
        self.put(place.into(), Value::components(texts), true)
    }

    /// Adds a repetition to a field as it is, as [`crate::Editor::repeat_raw`].
    pub fn repeat_raw<'p>(
        &mut self,
        place: impl Into<FieldPlace<'p>>,
        raw: impl AsRef<[u8]>,
    ) -> &mut Self {
        self.put(place.into(), Value::Raw(raw.as_ref().into()), true)
    }

    fn put(&mut self, place: FieldPlace<'_>, value: Value, repeat: bool) -> &mut Self {
        let Some(id) = self.id() else { return self };
        match place.in_segment(id) {
            Some(path) => {
                self.needs_utf8 |= value.is_utf8_beyond_ascii();
                self.edits.push(Edit { path, value, repeat, each: false });
            }
            None => {
                let error = match id.parse() {
                    Ok(path) => EditError::at(EditErrorKind::WrongPlace, path),
                    Err(_) => EditErrorKind::WrongPlace.into(),
                };
                self.error.get_or_insert(error);
            }
        }
        self
    }

    pub(crate) fn id(&self) -> Option<&str> {
        std::str::from_utf8(self.id.as_ref()?).ok()
    }

    /// Whether some text is beyond ASCII, and in UTF-8 if no other set is named.
    pub(crate) fn needs_utf8(&self) -> bool {
        self.needs_utf8
    }

    /// Whether a value was put at a field or below.
    pub(crate) fn reaches(&self, field: &Path) -> bool {
        self.edits.iter().any(|edit| edit.path.field() == field.field() && !edit.value.is_empty())
    }

    /// The character set that MSH-18 and MSH-20 name, and what text is in where they name none.
    pub(crate) fn charset(
        &self,
        opening: &[u8],
        encoder: &Encoder,
    ) -> Result<(Charset, Undeclared), EditError> {
        let edits = self.edits(opening, encoder)?;
        let field = |n| edits.field(n, b"", encoder).unwrap_or(Ok(b"".into()));
        let (msh_18, msh_20) = (field(18)?, field(20)?);
        let msh_18 = Field::new(Some(&msh_18), encoder.separators);
        let (charset, _) = set_of(msh_18, Field::new(Some(&msh_20), encoder.separators));
        let undeclared = match names_further_alone(msh_18) {
            true => Undeclared::Ascii,
            false => Undeclared::Utf8,
        };
        Ok((charset, undeclared))
    }

    pub(crate) fn write(&self, out: &mut Output, encoder: &Encoder) -> Result<(), EditError> {
        self.write_from(out, self.id.as_ref().map_or(&[], <[u8; 3]>::as_slice), encoder)
    }

    /// Writes the segment; `opening` is its ID, and MSH-2 where that is MSH.
    pub(crate) fn write_from(
        &self,
        out: &mut Output,
        opening: &[u8],
        encoder: &Encoder,
    ) -> Result<(), EditError> {
        let cutting = Cutting::built(is_header(opening));
        self.edits(opening, encoder)?.write(out, opening, cutting, encoder)
    }

    fn edits(&self, opening: &[u8], encoder: &Encoder) -> Result<Edits<'_>, EditError> {
        match self.error {
            Some(error) => Err(error),
            None => Edits::of(&self.edits, &encoder.separators, is_header(opening)),
        }
    }
}

/// What a segment begins with that has MSH-2 in its opening.
fn is_header(opening: &[u8]) -> bool {
    opening.len() > 3
}

impl fmt::Debug for SegmentBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SegmentBuilder")
            .field("id", &self.id())
            .field("values", &self.edits.len())
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}
