//! Writes a segment with its edits, element by element; the bytes between stay as they are.

use memchr::memchr_iter;

use crate::{
    EditError, EditErrorKind, Level,
    edit::{
        Edits, Encoder, Output,
        edits::{Entry, Order, count_reached, last_reached, settle, sort},
        pieces::{Cutting, Pieces},
        place::{Cut, EACH, FURTHER, Placed, below, depth_of, split_from, take},
        value::NULL,
    },
    search::until,
};

impl Edits<'_> {
    /// Writes a segment with its edits.
    pub(crate) fn write(
        &self,
        out: &mut Output,
        segment: &[u8],
        cutting: Cutting,
        encoder: &Encoder,
    ) -> Result<(), EditError> {
        // MSH-1 is the first separator itself, so that MSH-2 is the second piece.
        let pieces_before = usize::from(!cutting.is_header);
        let fields = self.fields().map(|(n, edits)| (n + pieces_before, edits));
        let pieces = Pieces::of_segment(segment, encoder.separators.field, cutting);
        let last_reached = last_reached(&self.settled, 0) + pieces_before;
        write_pieces(out, pieces, fields, last_reached, encoder)
    }

    /// Writes what the edits make of one field alone; `None` where they do not reach it.
    pub(crate) fn field(
        &self,
        n: usize,
        field: &[u8],
        encoder: &Encoder,
    ) -> Option<Result<Vec<u8>, EditError>> {
        let (_, edits) = self.fields().find(|(number, _)| *number == n)?;
        let mut out = Output::new(0, usize::MAX);
        Some(edits.write(&mut out, field, encoder).map(|()| out.into_bytes()))
    }

    fn fields(&self) -> impl Iterator<Item = (usize, FieldEdits<'_, '_>)> {
        let fields = Cut { one: &self.settled, each: &[], depth: 0 };
        fields.map(|(n, edits, _)| (n as usize, FieldEdits(edits)))
    }
}

/// What is made of one element.
trait Edited {
    /// Whether a value was put here or below: where the element is missing it is added.
    fn is_reached(&self) -> bool;

    fn write(&self, out: &mut Output, came: &[u8], encoder: &Encoder) -> Result<(), EditError>;
}

/// The pieces of an element that are elements of this level. One that is not in use has the field
/// separator, which is not in here: one piece.
fn pieces<'b>(base: &'b [u8], level: Level, encoder: &Encoder) -> Pieces<'b> {
    let separators = encoder.separators;
    Pieces::of(base, separators.between(level).unwrap_or(separators.field))
}

/// Writes an element of which some pieces are edited; nothing is reached behind `last_reached`.
fn write_pieces(
    out: &mut Output,
    mut pieces: Pieces<'_>,
    edited: impl Iterator<Item = (usize, impl Edited)>,
    last_reached: usize,
    encoder: &Encoder,
) -> Result<(), EditError> {
    for (n, edited) in edited {
        let piece = match pieces.visit(n) {
            Some((passed, piece)) => {
                out.write(passed)?;
                piece
            }
            None if edited.is_reached() => {
                let (passed, missing) = pieces.extend_to(n);
                out.write(passed)?;
                out.repeat(pieces.separator(), missing)?;
                &[]
            }
            None if n < last_reached => continue,
            // There are no more pieces, and none will be added.
            None => break,
        };
        edited.write(out, piece, encoder)?;
    }
    Ok(out.write(pieces.rest())?)
}

/// The edits of a field, that of the whole first.
struct FieldEdits<'l, 'e>(&'l [Entry<'e>]);

impl Edited for FieldEdits<'_, '_> {
    fn is_reached(&self) -> bool {
        self.0.iter().any(|entry| entry.reached > 0)
    }

    fn write(&self, out: &mut Output, came: &[u8], encoder: &Encoder) -> Result<(), EditError> {
        let mut edits = self.0;
        let own = take(&mut edits, 1, 0).last();
        let own = own.map(|own| own.bytes(encoder)).transpose()?;
        let base = own.as_deref().unwrap_or(came);
        let replayed = match Order::of_settled(edits).matters() {
            true => Some(Replayed::new(edits, base, encoder)?),
            false => None,
        };
        let (edits, later) = match &replayed {
            Some(replayed) => (&*replayed.edits, &*replayed.later),
            None => (edits, &[][..]),
        };
        let (numbered, each) = split_from(edits, 1, EACH);
        if each.is_empty() {
            let last_reached = last_reached(numbered, 1);
            let numbered = Cut { one: numbered, each, depth: 1 };
            let numbered = numbered.map(|(n, one, _)| (n as usize, ElementEdits::of(one, &[])));
            let pieces = pieces(base, Level::Repetition, encoder);
            return write_pieces(out, pieces, numbered, last_reached, encoder);
        }
        // An empty field has one, which is empty.
        let came = came_in(base, encoder).max(1);
        let repetitions = Repetitions { numbered, each, came, later, n: 0 };
        let last_reached = came.max(last_reached(numbered, 1)).max(later.last().map_or(0, |l| l.1));
        write_pieces(
            out,
            pieces(base, Level::Repetition, encoder),
            repetitions,
            last_reached,
            encoder,
        )
    }
}

/// How many repetitions a field has.
fn came_in(field: &[u8], encoder: &Encoder) -> usize {
    match (field, encoder.separators.between(Level::Repetition)) {
        ([], _) => 0,
        (_, None) => 1,
        (_, Some(separator)) => 1 + memchr_iter(separator, field).count(),
    }
}

/// The repetitions of a field into each of which something is put: all that there are, and
/// those with numbers beyond, of which nothing comes.
struct Repetitions<'l, 'e> {
    numbered: &'l [Entry<'e>],
    each: &'l [Entry<'e>],
    came: usize,
    /// When there came to be more, and how many then.
    later: &'l [(usize, usize)],
    n: usize,
}

impl<'l, 'e> Iterator for Repetitions<'l, 'e> {
    type Item = (usize, ElementEdits<'l, 'e>);

    fn next(&mut self) -> Option<Self::Item> {
        self.n += 1;
        let too_few = |later: &&(usize, usize)| later.1 < self.n;
        let passed = self.later.iter().take_while(too_few).count();
        self.later = self.later.get(passed..).unwrap_or_default();
        let there_since = match self.later.first() {
            _ if self.n <= self.came => Some(0),
            later => later.map(|(time, _)| *time),
        };
        if there_since.is_none() {
            self.n = self.numbered.first()?.number(1) as usize;
        }
        let one = take(&mut self.numbered, 1, u32::try_from(self.n).unwrap_or(u32::MAX));
        let mut edits = ElementEdits::of(one, &[]);
        if let Some(since) = there_since {
            edits.each = Since { time: since, edits: self.each };
        }
        Some((self.n, edits))
    }
}

/// The edits of a repetition, component or subcomponent: those of it by its number, and those of
/// it as one of the repetitions, or below one.
struct ElementEdits<'l, 'e> {
    one: Since<'l, 'e>,
    each: Since<'l, 'e>,
    level: Level,
}

/// Of these edits those that are later than a time.
#[derive(Clone, Copy)]
struct Since<'l, 'e> {
    time: usize,
    edits: &'l [Entry<'e>],
}

impl<'l, 'e> Since<'l, 'e> {
    /// Takes those of the whole element, and leaves those below it: the last one.
    fn take_own(&mut self, depth: usize) -> Option<&'l Entry<'e>> {
        let own = take(&mut self.edits, depth, 0).last();
        own.filter(|own| own.time > self.time)
    }

    fn is_reached(&self) -> bool {
        self.edits.iter().any(|entry| entry.reached > self.time)
    }
}

impl<'l, 'e> ElementEdits<'l, 'e> {
    /// The edits of a repetition.
    fn of(one: &'l [Entry<'e>], each: &'l [Entry<'e>]) -> Self {
        let [one, each] = [one, each].map(|edits| Since { time: 0, edits });
        Self { one, each, level: Level::Repetition }
    }
}

impl Edited for ElementEdits<'_, '_> {
    fn is_reached(&self) -> bool {
        self.one.is_reached() || self.each.is_reached()
    }

    fn write(&self, out: &mut Output, came: &[u8], encoder: &Encoder) -> Result<(), EditError> {
        let (mut one, mut each) = (self.one, self.each);
        let depth = depth_of(self.level) + 1;
        let own = [one.take_own(depth), each.take_own(depth)];
        let own = own.into_iter().flatten().max_by_key(|own| own.time);
        if let Some(own) = own {
            one.time = one.time.max(own.time);
            each.time = each.time.max(own.time);
        }
        let own = own.map(|own| own.bytes(encoder)).transpose()?;
        let base = own.as_deref().unwrap_or(came);
        let Some(level) = below(self.level) else { return Ok(out.write(base)?) };
        let last_reached = [one.edits, each.edits].map(|list| last_reached(list, depth));
        let last_reached = last_reached.into_iter().max().unwrap_or(0);
        let cut = Cut { one: one.edits, each: each.edits, depth };
        let edited = cut.map(|(n, of_one, of_each)| {
            let one = Since { edits: of_one, ..one };
            let each = Since { edits: of_each, ..each };
            (n as usize, ElementEdits { one, each, level })
        });
        write_pieces(out, pieces(base, level, encoder), edited, last_reached, encoder)
    }
}

/// The edits of a field done in turn, once it is known which repetitions came.
struct Replayed<'e> {
    /// All have numbers now, or are of each repetition.
    edits: Vec<Entry<'e>>,
    /// When there came to be more repetitions, and how many then.
    later: Vec<(usize, usize)>,
}

impl<'e> Replayed<'e> {
    fn new(edits: &[Entry<'e>], base: &[u8], encoder: &Encoder) -> Result<Self, EditError> {
        let separator = encoder.separators.between(Level::Repetition);
        let mut in_turn = edits.to_vec();
        in_turn.sort_by_key(|entry| entry.time);
        let mut count = came_in(base, encoder);
        let mut later = Vec::new();
        let mut numbered = Vec::with_capacity(edits.len());
        // The edits of the first repetition, while it is the only one.
        let mut of_first = Vec::new();
        for mut entry in in_turn {
            let [_, repetition, ..] = &mut entry.place;
            if *repetition == FURTHER {
                // One that says nothing, or "delete", makes room for the first that does.
                if count == 1 && says_nothing(&mut of_first, base, encoder)? {
                    count = 0;
                }
                count += 1;
                if count > 1 && separator.is_none() {
                    return Err(EditError::at(EditErrorKind::LevelNotInUse, entry.edit.path));
                }
                *repetition = u32::try_from(count).unwrap_or(FURTHER);
                if count > 1 {
                    later.push((entry.time, count));
                } else {
                    of_first.clear();
                }
            } else if entry.reached > 0 {
                let n = if *repetition == EACH { 1 } else { *repetition as usize };
                if n > count {
                    count = n;
                    later.push((entry.time, count));
                }
            }
            if count <= 1 && matches!(entry.number(1), 1 | EACH) {
                of_first.push(entry);
            }
            numbered.push(entry);
        }
        Ok(Self { edits: settled(&mut numbered), later })
    }
}

/// Whether the first repetition of a field is empty or null with these edits of it.
fn says_nothing(
    edits: &mut [Entry<'_>],
    field: &[u8],
    encoder: &Encoder,
) -> Result<bool, EditError> {
    let first = match encoder.separators.between(Level::Repetition) {
        Some(separator) => until(field, separator),
        None => field,
    };
    let edits = settled(edits);
    let (one, each) = split_from(&edits, 1, EACH);
    let mut out = Output::new(0, usize::MAX);
    ElementEdits::of(one, each).write(&mut out, first, encoder)?;
    Ok(matches!(out.from(0), [] | NULL))
}

fn settled<'e>(edits: &mut [Entry<'e>]) -> Vec<Entry<'e>> {
    sort(edits);
    let mut settled = Vec::with_capacity(edits.len());
    settle(edits, &mut settled);
    count_reached(&mut settled);
    settled
}
