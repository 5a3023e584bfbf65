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
    /// Of a field: what is to stay of each repetition, besides what is said of it by number.
    each: Option<Box<Self>>,
}

impl Keep {
    /// Adds the place of a path to what is to stay of its segment.
    pub(crate) fn add(&mut self, path: &Path) {
        let Some(field) = path.field() else {
            self.whole = true;
            return;
        };
        let mut keep = self.below.entry(field).or_default();
        keep = match (path.repetition(), path.component()) {
            (Some(repetition), _) => keep.below.entry(repetition).or_default(),
            (None, Some(_)) => keep.each.get_or_insert_default(),
            (None, None) => keep,
        };
        for number in [path.component(), path.subcomponent()].into_iter().flatten() {
            keep = keep.below.entry(number).or_default();
        }
        keep.whole = true;
    }

    /// What either of them keeps.
    fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.whole |= other.whole;
        for (n, keep) in &other.below {
            let merged = both.below.get(n).map_or_else(|| keep.clone(), |own| own.and(keep));
            both.below.insert(*n, merged);
        }
        both
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
        let pieces = Pieces::of(element, separator);
        let Some(each) = &self.each else {
            let numbered = self.below.iter().map(|(n, keep)| (*n, keep));
            return write_kept(out, pieces, 0, below, numbered, separators);
        };
        let own = self.below.iter().map(|(n, keep)| (*n, keep.and(each)));
        let own: BTreeMap<_, _> = own.collect();
        let all = (1..).map(|n| (n, own.get(&n).unwrap_or(each)));
        write_kept(out, pieces, 0, below, all, separators)
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
        if keep.whole {
            if !piece.is_empty() {
                out.repeat(separator, crossed)?;
                out.write(piece)?;
            }
        } else {
            keep.write(out, piece, level, separators)?;
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
