//! [`Editor`]: collects changes to a message and writes them once.

use std::{borrow::Borrow, fmt};

use crate::{
    EditError, Message, OwnedMessage, Path, SegmentBuilder, Separators, Target,
    edit::{Edit, Value, plan::Request, writing::Writing},
};

/// Changes a message: collects edits, and writes the changed message once.
///
/// What no edit reaches stays as it is, to the byte. Elements that are missing on the way to
/// one that gets a value are added, empty. Segments end with CR, unless
/// [`Editor::keep_line_ends`] is asked for.
///
/// ```
/// use hl7_parse::{Editor, Message, Path};
///
/// let message = Message::parse(b"MSH|^~\\&|LAB|GH\rPID|1||12345^^^GH||EVERYWOMAN^EVE\r")?;
/// let edited = Editor::new(&message)
///     .set(&Path::new("PID-3.5"), "MR")
///     .set(&Path::new("PID-5.1"), "Jones & Sons")
///     .set_null(&Path::new("PID-8"))
///     .finish()?;
/// assert_eq!(
///     edited.as_bytes(),
///     &b"MSH|^~\\&|LAB|GH\rPID|1||12345^^^GH^MR||Jones \\T\\ Sons^EVE|||\"\"\r"[..],
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # In which order
///
/// Edits of values count one after another: the later one wins at the same place, an edit of an
/// element undoes earlier ones below it, and an edit below an element applies to what was put
/// there. An empty value adds nothing on its way.
///
/// Edits of other kinds go by what came, in whatever order they are asked for:
///
/// * Paths and [`Target`]s name segments of the message as it came. A removed segment is still
///   counted, an inserted one is not, and can not be edited: it is complete when it is inserted.
/// * What is set in a segment goes with it when it is removed later. To set something in one that
///   was removed before is refused
///   ([`EditErrorKind::RemovedSegment`](crate::EditErrorKind::RemovedSegment)), unless it is of
///   [`Target::each`]. Here it matters what is asked for first.
/// * [`Editor::keep_only`] strips what came; values that are set stay.
/// * [`Editor::swap_delimiters`] is done last: raw values are in the old delimiters.
///
/// # Joined lines
///
/// In segments that [`ParseOptions::join_lines`](crate::ParseOptions::join_lines) made of several
/// lines the CR and LF between them are written as `\X0D\` and `\X0A\`, edited or not: as they
/// are they would end the segment. Where that can not be written it is refused
/// ([`EditErrorKind::NotEscapable`](crate::EditErrorKind::NotEscapable)).
///
/// # Cost
///
/// Nothing is looked at before [`Editor::finish`], which goes through the message once. It holds at
/// most four times the longer of the message as it came and as it is written, and up to 320 bytes
/// for each edit beside its text; 8 more for each segment where line ends are kept. An edit of
/// each segment or repetition counts once.
///
/// # Character set
///
/// Text is written in the character set of the message: the one that MSH-18 names after the
/// edits. What came is not converted. Where none is named it is UTF-8, or windows-1252 if the
/// message is not UTF-8; where MSH-18 names further sets and not the first, ASCII. Written are
/// UTF-8, 8859/1, 8859/9, windows-1252 and JIS X 0201, with the feature `charset` all sets that are
/// split before they are decoded, and ASCII text in any set.
///
/// # Errors
///
/// The first edit that can not be done is told by [`Editor::finish`].
#[derive(Clone)]
pub struct Editor<'a> {
    pub(super) message: Message<'a>,
    pub(super) requests: Vec<Request>,
    /// Lists of what stays.
    pub(super) kept: Vec<Vec<Path>>,
    pub(super) delimiters: Option<Separators>,
    pub(super) line_ends_kept: bool,
    pub(super) max_len: usize,
}

impl<'a> Editor<'a> {
    /// The default for [`Editor::max_len`]: 1 GiB.
    pub const MAX_LEN: usize = 1 << 30;

    /// An editor that changes nothing yet.
    #[must_use]
    pub fn new(message: &Message<'a>) -> Self {
        Self {
            message: message.clone(),
            requests: Vec::new(),
            kept: Vec::new(),
            delimiters: None,
            line_ends_kept: false,
            max_len: Self::MAX_LEN,
        }
    }

    /// Puts text into an element, instead of all it holds. Everything in the text that would
    /// delimit is escaped; it reads back with `decode()`.
    ///
    /// Empty text is [`Editor::clear`]. Refused are a level that is not in use
    /// ([`EditErrorKind::LevelNotInUse`](crate::EditErrorKind::LevelNotInUse)) and the text `""`,
    /// which says "delete".
    pub fn set(&mut self, target: impl Into<Target>, text: impl AsRef<str>) -> &mut Self {
        self.put(target.into(), Value::Text(text.as_ref().into()))
    }

    /// Puts formatted text (FT) into an element: as [`Editor::set`], and line ends (CR, LF,
    /// CR LF) become `\.br\`.
    ///
    /// ```
    /// use hl7_parse::{Editor, Message, Path};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rNTE|1\r")?;
    /// let edited = Editor::new(&message)
    ///     .set_formatted(&Path::new("NTE-3"), "A & B\nC")
    ///     .finish()?;
    /// assert_eq!(edited.as_bytes(), "MSH|^~\\&|A\rNTE|1||A \\T\\ B\\.br\\C\r");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_formatted(&mut self, target: impl Into<Target>, text: impl AsRef<str>) -> &mut Self {
        self.put(target.into(), Value::Formatted(text.as_ref().into()))
    }

    /// Puts components into a field or repetition, each text escaped; empty ones at the end are
    /// left out.
    ///
    /// ```
    /// use hl7_parse::{Editor, Message, Path};
    ///
    /// const NAMES: Path = Path::new("PID-5");
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rPID|||||SMITH\r")?;
    /// let edited = Editor::new(&message)
    ///     .set_components(&NAMES, ["O^NEIL", "EVE", ""])
    ///     .repeat_components(&NAMES, ["JONES", "EVE", "", "", "", "", "M"])
    ///     .finish()?;
    /// assert_eq!(
    ///     edited.as_bytes(),
    ///     "MSH|^~\\&|A\rPID|||||O\\S\\NEIL^EVE~JONES^EVE^^^^^M\r",
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_components<T: AsRef<str>>(
        &mut self,
        target: impl Into<Target>,
        texts: impl IntoIterator<Item = T>,
    ) -> &mut Self {
        self.put(target.into(), Value::components(texts))
    }

    /// Puts bytes into an element as they are: with escape sequences, and separators of lower
    /// levels. For what `as_bytes()` gave.
    ///
    /// Refused are separators of the element's own level or above, and CR, LF, VT, FS and NUL
    /// ([`EditErrorKind::RawTooWide`](crate::EditErrorKind::RawTooWide)).
    ///
    /// ```
    /// use hl7_parse::{Editor, Message, Path};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rNTE|1||old\rPID|1|2\r")?;
    /// let edited = Editor::new(&message)
    ///     .set_raw(&Path::new("NTE-3"), r"one\.br\\H\two\N\")
    ///     .clear(&Path::new("PID-1"))
    ///     .finish()?;
    /// assert_eq!(edited.as_bytes(), "MSH|^~\\&|A\rNTE|1||one\\.br\\\\H\\two\\N\\\rPID||2\r");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_raw(&mut self, target: impl Into<Target>, raw: impl AsRef<[u8]>) -> &mut Self {
        self.put(target.into(), Value::Raw(raw.as_ref().into()))
    }

    /// Puts the delete indicator (`""`) into an element (2.5.3).
    pub fn set_null(&mut self, target: impl Into<Target>) -> &mut Self {
        self.put(target.into(), Value::null())
    }

    /// Empties an element. The separators around it stay.
    pub fn clear(&mut self, target: impl Into<Target>) -> &mut Self {
        self.put(target.into(), Value::empty())
    }

    /// Adds a repetition to a field, after those it has; in a field that is empty or null it is
    /// the first. Empty text adds nothing.
    ///
    /// ```
    /// use hl7_parse::{Editor, Message, Path};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rPID|||1\r")?;
    /// let edited = Editor::new(&message)
    ///     .repeat(&Path::new("PID-3"), "2")
    ///     .repeat_raw(&Path::new("PID-3"), "3^^^GH")
    ///     .set(&Path::new("PID-3[2].4"), "GH")
    ///     .finish()?;
    /// assert_eq!(edited.as_bytes(), "MSH|^~\\&|A\rPID|||1~2^^^GH~3^^^GH\r");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn repeat(&mut self, target: impl Into<Target>, text: impl AsRef<str>) -> &mut Self {
        self.add(target.into(), Value::Text(text.as_ref().into()))
    }

    /// Adds a repetition of these components, as [`Editor::repeat`].
    pub fn repeat_components<T: AsRef<str>>(
        &mut self,
        target: impl Into<Target>,
        texts: impl IntoIterator<Item = T>,
    ) -> &mut Self {
        self.add(target.into(), Value::components(texts))
    }

    /// Adds a repetition as it is, as [`Editor::repeat`] and [`Editor::set_raw`].
    pub fn repeat_raw(&mut self, target: impl Into<Target>, raw: impl AsRef<[u8]>) -> &mut Self {
        self.add(target.into(), Value::Raw(raw.as_ref().into()))
    }

    /// Sets the version of the message (MSH-12, component 1). Nothing else is converted: where
    /// only the version brings the truncation character (2.7), `\P\` changes its meaning.
    pub fn set_version(&mut self, version: impl AsRef<str>) -> &mut Self {
        const VERSION: Path = Path::new("MSH-12.1");
        self.set(&VERSION, version)
    }

    /// Takes segments out, with what was set in them. The first segment can not be.
    ///
    /// ```
    /// use hl7_parse::{Editor, Message, Path, SegmentBuilder, Target};
    ///
    /// let message =
    ///     Message::parse(b"MSH|^~\\&|A|||||||||2.3\r\nPV1|1\r\nZPI|1\r\nOBX|1\r\nZPI|2\r\n")?;
    /// let mut order = SegmentBuilder::new("OBR");
    /// order.set(1, "1");
    /// let mut editor = Editor::new(&message);
    /// editor
    ///     .remove(Target::each(&Path::new("ZPI")))
    ///     .insert_before(&Path::new("OBX"), &order)
    ///     .append(&SegmentBuilder::new("ZZZ"))
    ///     .set_version("2.5.1")
    ///     .keep_line_ends()
    ///     .max_len(10_000);
    /// assert_eq!(
    ///     editor.finish()?.as_bytes(),
    ///     "MSH|^~\\&|A|||||||||2.5.1\r\nPV1|1\r\nOBR|1\r\nOBX|1\r\nZZZ\r\n",
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn remove(&mut self, target: impl Into<Target>) -> &mut Self {
        self.ask(Request::Remove(target.into()))
    }

    /// Inserts a segment before one that came, after those that were inserted there earlier.
    pub fn insert_before(
        &mut self,
        target: impl Into<Target>,
        segment: &SegmentBuilder,
    ) -> &mut Self {
        self.ask(Request::Before(target.into(), segment.clone()))
    }

    /// Inserts a segment after one that came, after those that were inserted there earlier.
    ///
    /// ```
    /// use hl7_parse::{Editor, Message, Path, SegmentBuilder, Target};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rOBX|1\rOBX|2\r")?;
    /// let mut note = SegmentBuilder::new("NTE");
    /// note.set(3, "checked");
    /// let edited = Editor::new(&message)
    ///     .insert_after(Target::each(&Path::new("OBX")), &note)
    ///     .finish()?;
    /// assert_eq!(
    ///     edited.as_bytes(),
    ///     "MSH|^~\\&|A\rOBX|1\rNTE|||checked\rOBX|2\rNTE|||checked\r",
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn insert_after(
        &mut self,
        target: impl Into<Target>,
        segment: &SegmentBuilder,
    ) -> &mut Self {
        self.ask(Request::After(target.into(), segment.clone()))
    }

    /// Adds a segment after the last one that came.
    pub fn append(&mut self, segment: &SegmentBuilder) -> &mut Self {
        self.ask(Request::Append(segment.clone()))
    }

    /// Strips what came of everything that is not at one of these places, and of delimiters
    /// that are then not needed. Segments that none of them names are removed, lines that are no
    /// segment too.
    ///
    /// A path stands for every place that it can mean, as [`Target::each`]: `OBX-5` keeps that
    /// field of each OBX and `PID-3.1` that component of each repetition. `OBX[1]-5` and
    /// `PID-3[1].1` keep the first alone. What stays keeps its number.
    ///
    /// What says how to read the rest always stays: MSH-1, MSH-2, MSH-12, MSH-18 and MSH-20. A
    /// second list applies to what the first one left.
    ///
    /// ```
    /// use hl7_parse::{Editor, Message, Path};
    ///
    /// const KEPT: [Path; 4] =
    ///     [Path::new("MSH-9"), Path::new("MSH-10"), Path::new("PID-3.1"), Path::new("OBX-5")];
    ///
    /// let message = Message::parse(
    ///     b"MSH|^~\\&|LAB|GH|||||ORU^R01|7|P|2.5\rPID|1||12^^^GH~34^^^SSA||JONES\r\
    ///       OBX|1|NM|||7\rOBX|2|NM|||8\r",
    /// )?;
    /// let minimal = Editor::new(&message)
    ///     .keep_only(&KEPT)
    ///     .set(&Path::new("PID-5"), "pseudonym")
    ///     .finish()?;
    /// assert_eq!(
    ///     minimal.as_bytes(),
    ///     "MSH|^~\\&|||||||ORU^R01|7||2.5\rPID|||12~34||pseudonym\rOBX|||||7\rOBX|||||8\r",
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn keep_only<P: Borrow<Path>>(&mut self, places: impl IntoIterator<Item = P>) -> &mut Self {
        self.kept.push(places.into_iter().map(|place| *place.borrow()).collect());
        self
    }

    /// Writes the message with other delimiters: MSH-1, MSH-2, every separator, and the escape
    /// sequences, so that the text reads the same. Sequences that stand for no delimiter stay,
    /// between the new escape characters.
    ///
    /// ```
    /// use hl7_parse::{Editor, Message, Separators};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rNTE|1||3 \\T\\ 4 $\\.br\\^5\r")?;
    /// let edited = Editor::new(&message).swap_delimiters(Separators::new(b'$', "%*/@")?).finish()?;
    /// assert_eq!(edited.as_bytes(), "MSH$%*/@$A\rNTE$1$$3 & 4 /F//.br/%5\r");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn swap_delimiters(&mut self, delimiters: Separators) -> &mut Self {
        self.delimiters = Some(delimiters);
        self
    }

    /// Keeps the line ends as they came, blank lines and what stands before the first segment
    /// too. Without this each segment ends with one CR, as the standard has it (2.4.4).
    ///
    /// Segments that are inserted end as the first one does. Where the segment after a lone LF
    /// is removed, that LF becomes CR if else it would no longer end a segment. So does one
    /// behind an MSH of joined lines of which the first ended with CR.
    pub fn keep_line_ends(&mut self) -> &mut Self {
        self.line_ends_kept = true;
        self
    }

    /// How long the message may become, in bytes; [`Editor::MAX_LEN`] if not set, and 4 GiB in
    /// any case.
    pub fn max_len(&mut self, max: usize) -> &mut Self {
        self.max_len = max;
        self
    }

    /// Writes the message with all edits, in one pass over what came.
    ///
    /// The editor is as it was and may go on.
    ///
    /// # Errors
    ///
    /// The first edit that could not be done, or a message that would break a limit.
    pub fn finish(&self) -> Result<OwnedMessage, EditError> {
        Writing::new(self)?.write()
    }

    fn put(&mut self, target: Target, value: Value) -> &mut Self {
        let each = target.is_in_each_repetition();
        let edit = Edit { path: target.path, value, repeat: false, each };
        self.ask(Request::Edit { target, edit })
    }

    fn add(&mut self, target: Target, value: Value) -> &mut Self {
        let edit = Edit { path: target.path, value, repeat: true, each: false };
        self.ask(Request::Edit { target, edit })
    }

    fn ask(&mut self, request: Request) -> &mut Self {
        self.requests.push(request);
        self
    }
}

impl fmt::Debug for Editor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Editor")
            .field("message", &self.message)
            .field("edits", &self.requests.len())
            .finish_non_exhaustive()
    }
}
