//! Takes everything out of a segment that is not on a list of places.

use std::{borrow::Cow, collections::BTreeMap};

use crate::{
    Level, Message, Path, Segment, Separators, Target,
    edit::{
        EditErrorKind, Output,
        pieces::{Cutting, Pieces},
        place::{Cut, EACH, Place, Placed, below, depth_of, id_of, place_of, split_from, take},
    },
};

/// A list of what is to stay of a message.
pub(super) struct Kept {
    by_id: BTreeMap<[u8; 3], OfId>,
}

/// What is to stay of the segments with one ID, each list sorted.
#[derive(Default)]
struct OfId {
    of_each: Vec<Place>,
    /// Of one of them, by its number.
    of_one: Vec<(usize, Place)>,
    /// How many had their turn.
    passed: usize,
}

impl Kept {
    pub(super) fn new(places: &[Path], message: &Message<'_>) -> Self {
        const HEADER: [Path; 3] = [Path::new("MSH-12"), Path::new("MSH-18"), Path::new("MSH-20")];
        let mut kept = Self { by_id: BTreeMap::new() };
        for path in places {
            let of_id = kept.by_id.entry(path.id()).or_default();
            let place = place_of(path, EACH);
            match Target::each(path).is_in_each_segment() {
                true => of_id.of_each.push(place),
                false => of_id.of_one.push((path.occurrence(), place)),
            }
        }
        if let Some(id) = message.segments().next().and_then(id_of) {
            let header = HEADER.iter().map(|path| (1, place_of(path, EACH)));
            kept.by_id.entry(id).or_default().of_one.extend(header);
        }
        for of_id in kept.by_id.values_mut() {
            of_id.of_each.sort_unstable();
            of_id.of_each.dedup();
            of_id.of_one.sort_unstable();
            of_id.of_one.dedup();
        }
        kept
    }

    /// What is to stay of this segment, the next of those with its ID; where nothing is, it goes.
    pub(super) fn next(&mut self, segment: Segment<'_>) -> Cow<'_, [Place]> {
        let Some(of_id) = id_of(segment).and_then(|id| self.by_id.get_mut(&id)) else {
            return Cow::default();
        };
        of_id.passed += 1;
        let n = of_id.passed;
        let start = of_id.of_one.partition_point(|(number, _)| *number < n);
        let of_one = of_id.of_one.get(start..).unwrap_or_default();
        let mut of_one = of_one.iter().take_while(|(number, _)| *number == n).peekable();
        if of_one.peek().is_none() {
            return (&of_id.of_each).into();
        }
        let mut places: Vec<_> = of_one.map(|(_, place)| *place).collect();
        places.extend_from_slice(&of_id.of_each);
        places.sort();
        places.into()
    }
}

/// Writes what stays of a segment, without delimiters after it.
pub(super) fn write_kept(
    places: &[Place],
    out: &mut Output,
    segment: &[u8],
    cutting: Cutting,
    separators: &Separators,
) -> Result<(), EditErrorKind> {
    if places.first().is_some_and(|place| place.number(0) == 0) {
        return out.write(segment);
    }
    let mut pieces = Pieces::of_segment(segment, separators.field, cutting);
    let start = if cutting.is_header { 2 } else { 1 };
    for piece in 1..=start {
        if let Some((passed, piece)) = pieces.visit(piece) {
            out.write(passed)?;
            out.write(piece)?;
        }
    }
    let fields = Cut { one: places, each: &[], depth: 0 };
    let fields = fields.map(|(n, one, each)| {
        (n as usize + usize::from(!cutting.is_header), Keep { one, each, level: Level::Field })
    });
    write_pieces(out, pieces, start, fields, separators)
}

/// What is to stay of an element: what is said of it by its number, and of each repetition.
struct Keep<'l> {
    one: &'l [Place],
    each: &'l [Place],
    level: Level,
}

impl Keep<'_> {
    fn is_whole(&self) -> bool {
        let depth = depth_of(self.level) + 1;
        [self.one, self.each].iter().any(|list| list.first().is_some_and(|p| p.number(depth) == 0))
    }

    fn write(
        &self,
        out: &mut Output,
        element: &[u8],
        separators: &Separators,
    ) -> Result<(), EditErrorKind> {
        let Some(level) = below(self.level) else { return out.write(element) };
        let separator = separators.between(level).unwrap_or(separators.field);
        let pieces = Pieces::of(element, separator);
        let depth = depth_of(level);
        if let (Level::Repetition, (mut numbered, each @ [_, ..])) =
            (level, split_from(self.one, depth, EACH))
        {
            let all = (1..EACH)
                .map(|n| (n as usize, Keep { one: take(&mut numbered, depth, n), each, level }));
            return write_pieces(out, pieces, 0, all, separators);
        }
        let kept = Cut { one: self.one, each: self.each, depth };
        let kept = kept.map(|(n, one, each)| (n as usize, Keep { one, each, level }));
        write_pieces(out, pieces, 0, kept, separators)
    }
}

/// Writes the pieces that stay, each at its number; `written` of them are already.
fn write_pieces<'k>(
    out: &mut Output,
    mut pieces: Pieces<'_>,
    mut written: usize,
    kept: impl Iterator<Item = (usize, Keep<'k>)>,
    separators: &Separators,
) -> Result<(), EditErrorKind> {
    for (n, keep) in kept {
        if n <= written {
            continue;
        }
        let Some((_, piece)) = pieces.visit(n) else { break };
        let separator = pieces.separator();
        let before = out.len();
        let crossed = n - written.max(1);
        if keep.is_whole() {
            if !piece.is_empty() {
                out.repeat(separator, crossed)?;
                out.write(piece)?;
            }
        } else {
            keep.write(out, piece, separators)?;
            // Only now it is known whether there is anything to stand behind them.
            if out.len() > before {
                out.insert(before, separator, crossed)?;
            }
        }
        if out.len() > before {
            written = n;
        }
    }
    Ok(())
}
