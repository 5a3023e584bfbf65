//! Takes everything out of a segment that is not on a list of places.

use std::collections::BTreeMap;

use crate::{
    Level, Path, Separators,
    edit::{EditErrorKind, Output, pieces::Pieces},
};

/// What is to stay of an element.
#[derive(Clone, Default)]
pub(crate) struct Keep {
    whole: bool,
    below: BTreeMap<usize, Self>,
}

impl Keep {
    /// Adds the place of a path to what is to stay of its segment.
    pub(crate) fn add(&mut self, path: &Path) {
        let numbers = [path.field(), path.repetition(), path.component(), path.subcomponent()];
        // Up to the last that is named; those between that are not are the first.
        let depth = numbers.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        let mut keep = self;
        for number in numbers.iter().take(depth) {
            keep = keep.below.entry(number.unwrap_or(1)).or_default();
        }
        keep.whole = true;
    }

    /// Writes what stays of a segment, without delimiters after it.
    pub(crate) fn write_segment(
        &self,
        out: &mut Output,
        segment: &[u8],
        is_header: bool,
        separators: &Separators,
    ) -> Result<(), EditErrorKind> {
        if self.whole {
            return out.write(segment);
        }
        let mut pieces = Pieces::of(segment, separators.field);
        let start = if is_header { 2 } else { 1 };
        for piece in 1..=start {
            if let Some((passed, piece)) = pieces.visit(piece) {
                out.write(passed)?;
                out.write(piece)?;
            }
        }
        let fields = self.below.iter().map(|(n, keep)| (n + usize::from(!is_header), keep));
        write_kept(out, pieces, start, Level::Field, fields, separators)
    }

    fn write(
        &self,
        out: &mut Output,
        element: &[u8],
        level: Level,
        separators: &Separators,
    ) -> Result<(), EditErrorKind> {
        let below = match level {
            Level::Field => Level::Repetition,
            Level::Repetition => Level::Component,
            Level::Component => Level::Subcomponent,
            Level::Subcomponent => return out.write(element),
        };
        if self.whole {
            return out.write(element);
        }
        let separator = separators.between(below).unwrap_or(separators.field);
        let numbered = self.below.iter().map(|(n, keep)| (*n, keep));
        write_kept(out, Pieces::of(element, separator), 0, below, numbered, separators)
    }
}

/// Writes the pieces that stay, each at its number; `written` of them are already.
fn write_kept<'k>(
    out: &mut Output,
    mut pieces: Pieces<'_>,
    mut written: usize,
    level: Level,
    kept: impl Iterator<Item = (usize, &'k Keep)>,
    separators: &Separators,
) -> Result<(), EditErrorKind> {
    let separator = separators.between(level).unwrap_or(separators.field);
    for (n, keep) in kept {
        if n <= written {
            continue;
        }
        let Some((_, piece)) = pieces.visit(n) else { break };
        let before = out.len();
        let crossed = n - written.max(1);
        out.repeat(separator, crossed)?;
        keep.write(out, piece, level, separators)?;
        if out.len() > before + crossed {
            written = n;
        } else {
            out.truncate(before);
        }
    }
    Ok(())
}
