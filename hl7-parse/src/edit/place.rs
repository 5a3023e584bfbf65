//! [`Place`]: where in a segment something is, as numbers to sort by.

use crate::{Level, Path, Segment};

/// Field, repetition, component, subcomponent; 0 from where the whole of an element is meant.
///
/// In the order of places an element stands before what is below it.
pub(super) type Place = [u32; 4];

/// In place of the number of a repetition: a further one. After all that have numbers.
pub(super) const FURTHER: u32 = u32::MAX - 1;
/// In place of the number of a repetition: each one that there is. After all others.
pub(super) const EACH: u32 = u32::MAX;

/// The place of a path in its segment; `open` is the repetition where it names a component of
/// none.
pub(super) fn place_of(path: &Path, open: u32) -> Place {
    let number = |n: Option<usize>| n.and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    let component = number(path.component());
    let repetition = match (path.repetition(), component) {
        (None, 1..) => open,
        (repetition, _) => number(repetition),
    };
    [number(path.field()), repetition, component, number(path.subcomponent())]
}

/// The ID by which segments are named; none of a line that is no segment.
pub(super) fn id_of(segment: Segment<'_>) -> Option<[u8; 3]> {
    segment.id().as_bytes().first_chunk().copied()
}

/// The level of what a place names.
pub(super) fn level_of(place: &Place) -> Level {
    match place {
        [_, 0, ..] => Level::Field,
        [_, _, 0, _] => Level::Repetition,
        [_, _, _, 0] => Level::Component,
        _ => Level::Subcomponent,
    }
}

/// Which of the numbers of a place is that of an element of this level.
pub(super) fn depth_of(level: Level) -> usize {
    match level {
        Level::Field => 0,
        Level::Repetition => 1,
        Level::Component => 2,
        Level::Subcomponent => 3,
    }
}

/// The level below.
pub(super) fn below(level: Level) -> Option<Level> {
    match level {
        Level::Field => Some(Level::Repetition),
        Level::Repetition => Some(Level::Component),
        Level::Component => Some(Level::Subcomponent),
        Level::Subcomponent => None,
    }
}

/// What has a place.
pub(super) trait Placed {
    fn place(&self) -> &Place;

    /// A number of the place; 0 below the last.
    fn number(&self, depth: usize) -> u32 {
        self.place().get(depth).copied().unwrap_or(0)
    }
}

impl Placed for Place {
    fn place(&self) -> &Place {
        self
    }
}

/// Two sorted lists, cut by one of the numbers: of what is said of an element by its number, and
/// of what is said of each.
#[derive(Clone)]
pub(super) struct Cut<'l, T> {
    pub(super) one: &'l [T],
    pub(super) each: &'l [T],
    pub(super) depth: usize,
}

impl<'l, T: Placed> Iterator for Cut<'l, T> {
    type Item = (u32, &'l [T], &'l [T]);

    fn next(&mut self) -> Option<Self::Item> {
        let depth = self.depth;
        let first = |list: &[T]| list.first().map(|item| item.number(depth));
        let n = [first(self.one), first(self.each)].into_iter().flatten().min()?;
        Some((n, take(&mut self.one, depth, n), take(&mut self.each, depth, n)))
    }
}

/// Takes the items with this number off the front of a sorted list, which has none below it.
pub(super) fn take<'l, T: Placed>(list: &mut &'l [T], depth: usize, n: u32) -> &'l [T] {
    /// As most are, and longer ones are not looked at one by one: a list is for many segments.
    const SHORT: usize = 8;
    let is_of = |item: &T| item.number(depth) == n;
    let len = match list.iter().take(SHORT).take_while(|item| is_of(item)).count() {
        SHORT => list.partition_point(is_of),
        len => len,
    };
    let (taken, rest) = list.split_at_checked(len).unwrap_or_default();
    *list = rest;
    taken
}

/// Cuts a list before the first item of which this number is `n` or more.
pub(super) fn split_from<T: Placed>(list: &[T], depth: usize, n: u32) -> (&[T], &[T]) {
    let at = list.partition_point(|item| item.number(depth) < n);
    list.split_at_checked(at).unwrap_or_default()
}
