//! What edits make of the fields of one segment: a tree of the elements they reach.
//!
//! The tree says what edits would make of the segment one after another: an edit of an element
//! undoes those below it, and an edit below an element applies to what was put there.

use std::collections::BTreeMap;

use memchr::memchr_iter;

use crate::{
    EditError, EditErrorKind, Level, Path, Separators,
    edit::{Encoder, Output, Value, pieces::Pieces, value::NULL},
    search::until,
};

/// One value for one place.
#[derive(Clone)]
pub(crate) struct Edit {
    pub(crate) path: Path,
    pub(crate) value: Value,
    /// Whether it becomes a further repetition of the field.
    pub(crate) repeat: bool,
    /// Whether it goes into every repetition of the field that there is.
    pub(crate) each: bool,
}

/// The edits of one segment, by field.
#[derive(Clone, Default)]
pub(crate) struct Fields(BTreeMap<usize, Node>);

impl Fields {
    /// Takes an edit, the segment part of whose path leads here.
    pub(crate) fn put(
        &mut self,
        edit: Edit,
        separators: &Separators,
        is_header: bool,
    ) -> Result<(), EditError> {
        let at = |kind| EditError::at(kind, edit.path);
        let place = Place::of(&edit.path).ok_or(at(EditErrorKind::WrongLevel))?;
        if is_header && place.field <= 2 {
            return Err(at(EditErrorKind::Delimiters));
        }
        place.check(separators).map_err(at)?;
        let level = match (edit.repeat, place.level) {
            (false, level) => level,
            (true, Level::Field) => Level::Repetition,
            (true, _) => return Err(at(EditErrorKind::WrongLevel)),
        };
        edit.value.check(level, separators).map_err(at)?;
        let field = self.0.entry(place.field).or_default();
        if edit.repeat {
            field.put_repetition(edit.value, edit.path);
        } else if edit.each {
            field.put_each(place.below().get(1..).unwrap_or_default(), edit.value, edit.path);
        } else {
            field.put(place.below(), edit.value, edit.path);
        }
        Ok(())
    }

    /// Writes a segment with its edits.
    pub(crate) fn write(
        &self,
        out: &mut Output,
        segment: &[u8],
        is_header: bool,
        encoder: &Encoder,
    ) -> Result<(), EditError> {
        // MSH-1 is the first separator itself, so that MSH-2 is the second piece.
        let pieces_before = usize::from(!is_header);
        let nodes = self.0.iter().map(|(n, node)| (*n, node));
        write_pieces(out, segment, Level::Field, nodes, pieces_before, encoder)
    }

    /// Writes what the edits make of one field alone; `None` where they do not reach it.
    pub(crate) fn field(
        &self,
        n: usize,
        field: &[u8],
        encoder: &Encoder,
    ) -> Option<Result<Vec<u8>, EditError>> {
        let node = self.0.get(&n)?;
        let mut out = Output::new(0, usize::MAX);
        Some(node.write(&mut out, field, Level::Field, encoder).map(|()| out.into_bytes()))
    }
}

/// The place of a path in its segment.
struct Place {
    field: usize,
    /// The repetition, component and subcomponent, 1 where not named.
    below: [usize; 3],
    level: Level,
}

impl Place {
    fn of(path: &Path) -> Option<Self> {
        let below = [path.repetition(), path.component(), path.subcomponent()];
        let level = match below {
            [None, None, None] => Level::Field,
            [_, None, None] => Level::Repetition,
            [_, _, None] => Level::Component,
            [_, _, Some(_)] => Level::Subcomponent,
        };
        Some(Self { field: path.field()?, below: below.map(|n| n.unwrap_or(1)), level })
    }

    fn below(&self) -> &[usize] {
        let depth = match self.level {
            Level::Field => 0,
            Level::Repetition => 1,
            Level::Component => 2,
            Level::Subcomponent => 3,
        };
        self.below.get(..depth).unwrap_or_default()
    }

    /// The first element of a level not in use is all there is; there is no second.
    fn check(&self, separators: &Separators) -> Result<(), EditErrorKind> {
        let levels = [Level::Repetition, Level::Component, Level::Subcomponent];
        for (n, level) in self.below.iter().zip(levels) {
            if *n > 1 && separators.between(level).is_none() {
                return Err(EditErrorKind::LevelNotInUse);
            }
        }
        Ok(())
    }
}

/// What edits make of an element.
#[derive(Clone, Default)]
struct Node {
    /// What was put here instead of what came.
    own: Option<(Value, Path)>,
    /// Whether a value was put here or below since: the element is then there, even if the
    /// value went again.
    reached: bool,
    /// What was put below, into `own` or what came.
    below: BTreeMap<usize, Self>,
    /// Of a field to which repetitions were added, or all of whose repetitions were edited: that,
    /// and every edit since. Which numbers they have shows when what came is read.
    late: Vec<Late>,
}

#[derive(Clone)]
enum Late {
    Repetition(Value, Path),
    Below(Vec<usize>, Value, Path),
    /// In each repetition that there is by then.
    Each(Vec<usize>, Value, Path),
}

/// What edits make of the repetitions of a field.
struct RepetitionNodes {
    nodes: BTreeMap<usize, Node>,
    /// What is made of those that came and are not among `nodes`: one for all, because there may
    /// be as many as bytes.
    others: Node,
    came: usize,
}

impl RepetitionNodes {
    /// The node of a repetition, to be changed for itself.
    fn of(&mut self, n: usize) -> &mut Node {
        let (others, came) = (&self.others, self.came);
        let make = || if n <= came { others.clone() } else { Node::default() };
        self.nodes.entry(n).or_insert_with(make)
    }

    fn get(&self, n: usize) -> &Node {
        self.nodes.get(&n).unwrap_or(&self.others)
    }

    /// Every repetition that came, and those that were added.
    fn iter(&self) -> impl Iterator<Item = (usize, &Node)> {
        let added = self.nodes.range(self.came + 1..).map(|(n, node)| (*n, node));
        (1..=self.came).map(|n| (n, self.get(n))).chain(added)
    }
}

impl Node {
    fn put(&mut self, below: &[usize], value: Value, path: Path) {
        self.reached |= !value.is_empty();
        match below.split_first() {
            None => {
                self.own = Some((value, path));
                self.below.clear();
                self.late.clear();
            }
            Some(_) if !self.late.is_empty() => {
                self.late.push(Late::Below(below.to_vec(), value, path));
            }
            Some((n, below)) => self.below.entry(*n).or_default().put(below, value, path),
        }
    }

    fn put_repetition(&mut self, value: Value, path: Path) {
        if !value.is_empty() {
            self.reached = true;
            self.late.push(Late::Repetition(value, path));
        }
    }

    fn put_each(&mut self, below: &[usize], value: Value, path: Path) {
        self.reached |= !value.is_empty();
        self.late.push(Late::Each(below.to_vec(), value, path));
    }

    fn write(
        &self,
        out: &mut Output,
        came: &[u8],
        level: Level,
        encoder: &Encoder,
    ) -> Result<(), EditError> {
        let own = match &self.own {
            Some((value, path)) => {
                Some(encoder.bytes(value).map_err(|kind| EditError::at(kind, *path))?)
            }
            None => None,
        };
        let base = own.as_deref().unwrap_or(came);
        let below = match level {
            Level::Field => Level::Repetition,
            Level::Repetition => Level::Component,
            Level::Component => Level::Subcomponent,
            Level::Subcomponent => return Ok(out.write(base)?),
        };
        if self.late.is_empty() {
            let nodes = self.below.iter().map(|(n, node)| (*n, node));
            return write_pieces(out, base, below, nodes, 0, encoder);
        }
        let repetitions = self.repetitions(base, encoder)?;
        write_pieces(out, base, below, repetitions.iter(), 0, encoder)
    }

    /// The edits by repetition, once it is known how many there are.
    fn repetitions(&self, base: &[u8], encoder: &Encoder) -> Result<RepetitionNodes, EditError> {
        let separator = encoder.separators.between(Level::Repetition);
        let came = match (base, separator) {
            ([], _) => 0,
            (_, None) => 1,
            (_, Some(separator)) => 1 + memchr_iter(separator, base).count(),
        };
        let mut made = RepetitionNodes { nodes: self.below.clone(), others: Self::default(), came };
        let reached = made.nodes.iter().rev().find(|(_, node)| node.reached).map_or(0, |(n, _)| *n);
        let mut count = came.max(reached);
        for late in &self.late {
            match late {
                Late::Below(below, value, path) => {
                    let Some((n, below)) = below.split_first() else { continue };
                    made.of(*n).put(below, value.clone(), *path);
                    if !value.is_empty() {
                        count = count.max(*n);
                    }
                }
                Late::Each(below, value, path) => {
                    // Of an empty field the first; and those between, which were reached past.
                    for n in came + 1..=count.max(1) {
                        made.of(n);
                    }
                    made.others.put(below, value.clone(), *path);
                    for (_, node) in made.nodes.range_mut(..=count.max(1)) {
                        node.put(below, value.clone(), *path);
                    }
                    if !value.is_empty() {
                        count = count.max(1);
                    }
                }
                Late::Repetition(value, path) => {
                    // One that says nothing, or "delete", makes room for the first that does.
                    if count == 1 && made.first_says_nothing(base, separator, encoder)? {
                        count = 0;
                    }
                    count += 1;
                    if count > 1 && separator.is_none() {
                        return Err(EditError::at(EditErrorKind::LevelNotInUse, *path));
                    }
                    let node = Self { own: Some((value.clone(), *path)), ..Self::default() };
                    made.nodes.insert(count, Self { reached: true, ..node });
                }
            }
        }
        Ok(made)
    }
}

impl RepetitionNodes {
    /// Whether the first repetition of the field `base` is empty or null with its edits.
    fn first_says_nothing(
        &self,
        base: &[u8],
        separator: Option<u8>,
        encoder: &Encoder,
    ) -> Result<bool, EditError> {
        let first = match separator {
            Some(separator) => until(base, separator),
            None => base,
        };
        let mut out = Output::new(0, usize::MAX);
        self.get(1).write(&mut out, first, Level::Repetition, encoder)?;
        Ok(matches!(out.from(0), [] | NULL))
    }
}

/// Writes an element of which some pieces are edited; the bytes between stay as they are.
fn write_pieces<'n>(
    out: &mut Output,
    base: &[u8],
    level: Level,
    nodes: impl Iterator<Item = (usize, &'n Node)>,
    pieces_before: usize,
    encoder: &Encoder,
) -> Result<(), EditError> {
    // A level not in use has the field separator, which is not in here: one piece.
    let separator = encoder.separators.between(level).unwrap_or(encoder.separators.field);
    let mut pieces = Pieces::of(base, separator);
    for (n, node) in nodes {
        let n = n + pieces_before;
        let piece = match pieces.visit(n) {
            Some((passed, piece)) => {
                out.write(passed)?;
                piece
            }
            None if node.reached => {
                let (passed, missing) = pieces.extend_to(n);
                out.write(passed)?;
                out.repeat(separator, missing)?;
                &[]
            }
            None => continue,
        };
        node.write(out, piece, level, encoder)?;
    }
    Ok(out.write(pieces.rest())?)
}
