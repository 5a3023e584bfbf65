//! [`Rule`]: one thing that both ends have agreed on, and what of a message breaks it.

use hl7_parse::{Element, Message, Path, Segment};

use super::characters;
use crate::{AcceptOnly, ErrorCode, Fault, Outcome};

/// One rule of a [`Validate`](crate::Validate).
///
/// | rule | code | where it is broken |
/// |---|---|---|
/// | [`Rule::accept`] | 200 to 203 | as [`AcceptOnly`] says |
/// | [`Rule::required`] | 101; 100 of a segment | the message has it not, or null (`""`) |
/// | [`Rule::max_length`] | 104 | a value has more characters |
/// | [`Rule::max_repetitions`] | 198 | a field has more repetitions |
/// | [`Rule::any_of`] | 103 | a value is another |
/// | [`Rule::segments`] | 100 | there is another segment |
/// | [`Rule::characters`] | 102 | a field has a character that can not be there |
///
/// A path that names no occurrence of its segment stands for each of them, and one that names no
/// repetition of its field for each of those: `PID-3.1` is component 1 of every identifier in every
/// PID. One that names no field stands for the segment in [`Rule::required`], and for its first
/// field in all others, which compare values.
#[derive(Clone, Debug)]
pub struct Rule {
    check: Check,
    only_report: bool,
}

#[derive(Clone, Debug)]
enum Check {
    Accept(AcceptOnly),
    Required(Path),
    MaxLength(Path, usize),
    MaxRepetitions(Path, usize),
    AnyOf(Path, Vec<String>),
    Segments(Vec<String>),
    Characters,
}

impl Rule {
    fn new(check: Check) -> Self {
        Self { check, only_report: false }
    }

    /// The message is of a type, version and processing ID that this takes.
    #[must_use]
    pub fn accept(only: AcceptOnly) -> Self {
        Self::new(Check::Accept(only))
    }

    /// There is such a segment; and in each that there is this field or component is valued, in one
    /// of the field's repetitions at least. Null (`""`) is no value.
    #[must_use]
    pub fn required(path: Path) -> Self {
        Self::new(Check::Required(path))
    }

    /// No value there is longer than so many characters, escape sequences resolved.
    #[must_use]
    pub fn max_length(path: Path, characters: usize) -> Self {
        Self::new(Check::MaxLength(path, characters))
    }

    /// The field has no more repetitions; of a path below a field, the field above it.
    #[must_use]
    pub fn max_repetitions(path: Path, repetitions: usize) -> Self {
        Self::new(Check::MaxRepetitions(path, repetitions))
    }

    /// Each value there is one of these, to the letter, escape sequences resolved. One that is
    /// empty is not, unless `""` is in the list; where there is no such segment there is no value.
    #[must_use]
    pub fn any_of<T: Into<String>>(path: Path, values: impl IntoIterator<Item = T>) -> Self {
        Self::new(Check::AnyOf(path, values.into_iter().map(Into::into).collect()))
    }

    /// There is no segment but with these IDs; `Z*` stands for all that begin with Z.
    #[must_use]
    pub fn segments<T: Into<String>>(ids: impl IntoIterator<Item = T>) -> Self {
        Self::new(Check::Segments(ids.into_iter().map(Into::into).collect()))
    }

    /// Every byte is text of the character set in MSH-18, which is ASCII where that is empty
    /// (2.14.9.18), and none is a control character but tab and line feed. A field that breaks it is
    /// told once. Of sets with more than one byte to a character, but for UTF-8, and of names that
    /// are not known, control characters alone are found. Escape sequences are not resolved: they
    /// are how control characters are sent.
    ///
    /// ```
    /// use hl7_ack::{Rule, Validate};
    /// use hl7_parse::Message;
    ///
    /// let text = "MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5||||||UNICODE UTF-8\rPID|1||7\0||ZOË\r";
    /// let message = Message::parse(text.as_bytes())?;
    /// let outcome = Validate::new([Rule::characters()]).check(&message);
    /// assert_eq!(outcome.faults()[0].locations()[0].to_string(), "PID-3");
    /// assert_eq!(outcome.faults().len(), 1);
    /// # Ok::<(), hl7_parse::ParseError>(())
    /// ```
    #[must_use]
    pub fn characters() -> Self {
        Self::new(Check::Characters)
    }

    /// A message that breaks it is taken all the same, and its sender told.
    #[must_use]
    pub fn only_report(mut self) -> Self {
        self.only_report = true;
        self
    }

    pub(super) fn is_only_report(&self) -> bool {
        self.only_report
    }

    /// Of a rule about the header: why the message is not taken.
    pub(super) fn refusal(&self, message: &Message<'_>) -> Option<Outcome> {
        match &self.check {
            Check::Accept(only) => only.refusal(&message.header()),
            _ => None,
        }
    }

    /// Of any other rule: what breaks it, as much of it as can be told.
    pub(super) fn faults(&self, message: &Message<'_>) -> Vec<Fault> {
        match &self.check {
            Check::Accept(_) => Vec::new(),
            Check::Required(path) => required(message, path),
            Check::MaxLength(path, characters) => {
                let text = format!("longer than {characters} characters");
                faults(ErrorCode::VALUE_TOO_LONG, &text, values(message, path), |value| {
                    // No value has more characters than bytes.
                    value.as_bytes().len() > *characters
                        && value.decode().chars().nth(*characters).is_some()
                })
            }
            Check::MaxRepetitions(path, most) => {
                let text = format!("more than {most} repetitions");
                let found = segments(message, path).map(|(place, segment)| {
                    let field = segment.field(path.field().unwrap_or(1));
                    (place, field.repetitions().nth(*most).is_some())
                });
                faults(ErrorCode::NON_CONFORMANT_CARDINALITY, &text, found, |broken| *broken)
            }
            Check::AnyOf(path, listed) => {
                let text = "not one of the values agreed on";
                faults(ErrorCode::TABLE_VALUE_NOT_FOUND, text, values(message, path), |value| {
                    let value = value.decode();
                    listed.iter().all(|listed| *listed != value)
                })
            }
            Check::Segments(ids) => unexpected(message, ids),
            Check::Characters => characters::faults(message),
        }
    }
}

fn required(message: &Message<'_>, path: &Path) -> Vec<Fault> {
    let mut found = segments(message, path).peekable();
    if found.peek().is_none() {
        return vec![
            match path.field() {
                None => Fault::new(ErrorCode::SEGMENT_SEQUENCE_ERROR, "required segment missing"),
                Some(_) => Fault::new(ErrorCode::REQUIRED_FIELD_MISSING, "required field missing"),
            }
            .at(*path),
        ];
    }
    if path.field().is_none() {
        return Vec::new();
    }
    let found = found.map(|(place, segment)| {
        let is_missing = |value: &Element<'_>| !value.is_valued() || value.is_null();
        (place, within(&segment, path).all(|(_, value)| is_missing(&value)))
    });
    let text = "required field missing";
    faults(ErrorCode::REQUIRED_FIELD_MISSING, text, found, |missing| *missing)
}

fn unexpected(message: &Message<'_>, ids: &[String]) -> Vec<Fault> {
    let is_listed = |id: &str| {
        ids.iter().any(|listed| match listed.strip_suffix('*') {
            Some(beginning) => id.starts_with(beginning),
            None => id == listed,
        })
    };
    let mut told: Vec<&str> = Vec::new();
    let mut faults = Vec::new();
    for segment in message.segments() {
        let id = segment.id();
        // Each ID once; one that is none is told without its place.
        if faults.len() >= Outcome::MAX_ERRORS || is_listed(id) || told.contains(&id) {
            continue;
        }
        told.push(id);
        let fault = Fault::new(ErrorCode::SEGMENT_SEQUENCE_ERROR, "segment not expected");
        faults.push(match id.parse() {
            Ok(path) => fault.at(path),
            Err(_) => fault,
        });
    }
    faults
}

/// A fault for each that is `broken`, with its place.
fn faults<T>(
    code: ErrorCode,
    text: &str,
    found: impl Iterator<Item = (Place, T)>,
    broken: impl Fn(&T) -> bool,
) -> Vec<Fault> {
    let broken = found.filter(|(_, what)| broken(what));
    broken
        .map(|(place, _)| Fault::new(code, text).at(place.path()))
        .take(Outcome::MAX_ERRORS)
        .collect()
}

/// Where something was found that a path names.
#[derive(Clone, Copy)]
struct Place {
    path: Path,
    occurrence: usize,
    repetition: usize,
}

impl Place {
    /// The path with the occurrence and the repetition, where they are not the first.
    fn path(self) -> Path {
        let number = |n: usize| if n > 1 { format!("[{n}]") } else { String::new() };
        let mut text = format!("{}{}", self.path.segment(), number(self.occurrence));
        if let Some(field) = self.path.field() {
            text.push_str(&format!("-{field}{}", number(self.repetition)));
        }
        for part in self.path.component().into_iter().chain(self.path.subcomponent()) {
            text.push_str(&format!(".{part}"));
        }
        // A number beyond what a path can have.
        text.parse().unwrap_or(self.path)
    }
}

/// The segments that a path stands for.
fn segments<'m, 'a: 'm>(
    message: &'m Message<'a>,
    path: &Path,
) -> impl Iterator<Item = (Place, Segment<'a>)> + use<'m, 'a> {
    let path = *path;
    let all = message.segments().filter(move |segment| segment.id() == path.segment());
    // `OBX[1]` is one of them, and `OBX` each.
    let named = path.to_string().as_bytes().get(3) == Some(&b'[');
    let named = named.then(|| path.occurrence());
    let repetition = path.repetition().unwrap_or(1);
    (1..)
        .zip(all)
        .filter(move |(occurrence, _)| named.is_none_or(|named| named == *occurrence))
        .map(move |(occurrence, segment)| (Place { path, occurrence, repetition }, segment))
}

/// All values that a path stands for; an empty field is one that is empty.
fn values<'m, 'a: 'm>(
    message: &'m Message<'a>,
    path: &Path,
) -> impl Iterator<Item = (Place, Element<'a>)> + use<'m, 'a> {
    let path = *path;
    segments(message, &path).flat_map(move |(place, segment)| {
        within(&segment, &path)
            .map(move |(repetition, value)| (Place { repetition, ..place }, value))
    })
}

/// Those of one segment, with the number of the repetition.
fn within<'a>(
    segment: &Segment<'a>,
    path: &Path,
) -> impl Iterator<Item = (usize, Element<'a>)> + use<'a> {
    let path = *path;
    let field = segment.field(path.field().unwrap_or(1));
    let named = path.repetition().map(|n| (n, field.repetition(n)));
    let all = path.repetition().is_none().then(|| (1..).zip(field.repetitions()));
    let mut found = named.into_iter().chain(all.into_iter().flatten()).peekable();
    let none = found.peek().is_none().then(|| (1, field.repetition(1)));
    none.into_iter().chain(found).map(move |(n, repetition)| {
        let value = match (path.component(), path.subcomponent()) {
            (None, _) => repetition.into(),
            (Some(component), None) => repetition.component(component).into(),
            (Some(component), Some(sub)) => {
                repetition.component(component).subcomponent(sub).into()
            }
        };
        (n, value)
    })
}
