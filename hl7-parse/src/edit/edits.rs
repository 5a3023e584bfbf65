//! [`Edits`]: what is asked of one segment, sorted by place, with what is undone left out.
//!
//! Edits of values count one after another. So each has a time, and the outcome is that of doing
//! them in turn: an edit of an element undoes those before it of the same element and below it.

use std::{borrow::Cow, ops::Range};

use crate::{
    EditError, EditErrorKind, Level, Path, Separators,
    edit::{
        Encoder, Value,
        place::{Cut, EACH, FURTHER, Place, Placed, level_of, place_of, split_from},
    },
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

impl Edit {
    /// Whether it can be done in a segment, whatever that holds.
    pub(crate) fn check(&self, separators: &Separators, is_header: bool) -> Result<(), EditError> {
        let place = self.place();
        self.check_place(&place, separators, is_header)
            .and_then(|level| self.value.check(level, separators))
            .map_err(|kind| EditError::at(kind, self.path))
    }

    /// The level of what the value becomes.
    fn check_place(
        &self,
        place: &Place,
        separators: &Separators,
        is_header: bool,
    ) -> Result<Level, EditErrorKind> {
        let [field, below @ ..] = place;
        if *field == 0 {
            return Err(EditErrorKind::WrongLevel);
        }
        if is_header && *field <= 2 {
            return Err(EditErrorKind::Delimiters);
        }
        // The first element of a level not in use is all there is; there is no second.
        let levels = [Level::Repetition, Level::Component, Level::Subcomponent];
        for (n, level) in below.iter().zip(levels) {
            if (2..FURTHER).contains(n) && separators.between(level).is_none() {
                return Err(EditErrorKind::LevelNotInUse);
            }
        }
        if self.repeat && self.path.repetition().or(self.path.component()).is_some() {
            return Err(EditErrorKind::WrongLevel);
        }
        Ok(level_of(place))
    }

    fn place(&self) -> Place {
        let place = place_of(&self.path, if self.each { EACH } else { 1 });
        match (self.repeat, place) {
            (true, [field, 0, component, subcomponent]) => {
                [field, FURTHER, component, subcomponent]
            }
            _ => place,
        }
    }
}

/// An edit, where it goes and when.
#[derive(Clone, Copy)]
pub(super) struct Entry<'e> {
    pub(super) place: Place,
    /// Which of the edits it is, from 1: later ones undo earlier ones.
    pub(super) time: usize,
    /// When a value was last put here or below, by this edit or one that it undoes; 0 for never.
    /// The element is then there, even if the value went again.
    pub(super) reached: usize,
    /// How many entries of a settled list are reached, this and those before it.
    reached_so_far: usize,
    pub(super) edit: &'e Edit,
}

impl Placed for Entry<'_> {
    fn place(&self) -> &Place {
        &self.place
    }
}

impl<'e> Entry<'e> {
    /// `None` where the edit changes nothing anywhere.
    pub(super) fn new(edit: &'e Edit, time: usize) -> Option<Self> {
        let empty = edit.value.is_empty();
        let reached = if empty { 0 } else { time };
        (!(edit.repeat && empty)).then(|| Self {
            place: edit.place(),
            time,
            reached,
            reached_so_far: 0,
            edit,
        })
    }

    /// What is put there, as it is written.
    pub(super) fn bytes(&self, encoder: &Encoder) -> Result<Cow<'e, [u8]>, EditError> {
        let Edit { value, path, .. } = self.edit;
        encoder.bytes(value).map_err(|kind| EditError::at(kind, *path))
    }

    /// Whether it is an edit of the element `other` edits, or of one above it.
    fn is_above(&self, other: &Self) -> bool {
        self.place.iter().zip(other.place).all(|(n, of)| *n == 0 || *n == of)
    }
}

/// The edits of one segment, or of each segment with one ID.
#[derive(Default)]
pub(crate) struct Edits<'e> {
    /// All of them, by place and time.
    all: Vec<Entry<'e>>,
    /// Those that count, one at a place; in a field in which [`Order`] matters, all.
    pub(super) settled: Vec<Entry<'e>>,
    fields: Vec<OfField>,
}

/// Where the edits of a field are.
struct OfField {
    n: u32,
    all: Range<usize>,
    settled: Range<usize>,
    order: Order,
}

impl<'e> Edits<'e> {
    /// The edits of a segment, none of which needs the path to lead there.
    pub(crate) fn of(
        edits: &'e [Edit],
        separators: &Separators,
        is_header: bool,
    ) -> Result<Self, EditError> {
        for edit in edits {
            edit.check(separators, is_header)?;
        }
        Ok(Self::new((1..).zip(edits).filter_map(|(time, edit)| Entry::new(edit, time)).collect()))
    }

    pub(super) fn new(mut all: Vec<Entry<'e>>) -> Self {
        sort(&mut all);
        let (mut settled, mut fields, mut start) = (Vec::new(), Vec::new(), 0);
        for (n, field, _) in (Cut { one: &all, each: &[], depth: 0 }) {
            let (order, from) = (Order::of(field), settled.len());
            settle_field(field, order, &mut settled);
            let end = start + field.len();
            fields.push(OfField { n, all: start..end, settled: from..settled.len(), order });
            start = end;
        }
        count_reached(&mut settled);
        Self { all, settled, fields }
    }

    /// The edits of one of the segments that these are for, to which are added `own` of its own.
    pub(super) fn with(&self, mut own: Vec<Entry<'e>>) -> Self {
        sort(&mut own);
        let mut settled = Vec::with_capacity(self.settled.len() + own.len());
        let mut own = Cut { one: &own, each: &[], depth: 0 }.peekable();
        let mut fields = self.fields.iter().peekable();
        let mut both = Vec::new();
        loop {
            let of_own = own.peek().map(|(n, ..)| *n);
            let n = [of_own, fields.peek().map(|field| field.n)].into_iter().flatten().min();
            let Some(n) = n else { break };
            let own = own.next_if(|(own, ..)| *own == n).map_or(&[][..], |(_, own, _)| own);
            let field = fields.next_if(|field| field.n == n);
            let Some(field) = field else {
                settle_field(own, Order::of(own), &mut settled);
                continue;
            };
            let order = Order::of(own).or(field.order);
            let list = match order.matters() {
                true => self.all.get(field.all.clone()),
                false => self.settled.get(field.settled.clone()),
            };
            both.clear();
            both.extend_from_slice(list.unwrap_or_default());
            both.extend_from_slice(own);
            sort(&mut both);
            settle_field(&both, order, &mut settled);
        }
        count_reached(&mut settled);
        Self { settled, ..Self::default() }
    }
}

pub(super) fn sort(entries: &mut [Entry<'_>]) {
    entries.sort_by_key(|entry| (entry.place, entry.time));
}

/// Makes [`last_reached`] possible.
pub(super) fn count_reached(settled: &mut [Entry<'_>]) {
    let mut count = 0;
    for entry in settled {
        count += usize::from(entry.reached > 0);
        entry.reached_so_far = count;
    }
}

/// The last number, at this depth, at or below which a value is put; 0 for none. Of a part of a
/// settled list, without looking at all of it: a list is for many segments.
pub(super) fn last_reached(list: &[Entry<'_>], depth: usize) -> usize {
    let Some(last) = list.last() else { return 0 };
    let at = list.partition_point(|entry| entry.reached_so_far < last.reached_so_far);
    match list.get(at) {
        Some(entry) if entry.reached > 0 => entry.number(depth) as usize,
        _ => 0,
    }
}

/// Whether it matters in which order the edits of a field are done, beyond what is undone.
///
/// It does where repetitions are added: which number they get shows in turn. And what goes into
/// each repetition does not go into one that came to be later.
#[derive(Clone, Copy, Default)]
pub(super) struct Order {
    further: bool,
    each: bool,
    numbered: bool,
}

impl Order {
    pub(super) fn of(field: &[Entry<'_>]) -> Self {
        let mut order = Self::default();
        for entry in field {
            match entry.number(1) {
                FURTHER => order.further = true,
                EACH => order.each = true,
                2.. if entry.reached > 0 => order.numbered = true,
                _ => {}
            }
        }
        order
    }

    /// Of a settled list, without looking at all of it.
    pub(super) fn of_settled(field: &[Entry<'_>]) -> Self {
        let (numbered, others) = split_from(field, 1, FURTHER);
        Self {
            further: others.first().is_some_and(|entry| entry.number(1) == FURTHER),
            each: others.last().is_some_and(|entry| entry.number(1) == EACH),
            numbered: last_reached(numbered, 1) > 1,
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            further: self.further || other.further,
            each: self.each || other.each,
            numbered: self.numbered || other.numbered,
        }
    }

    pub(super) fn matters(self) -> bool {
        self.further || (self.each && self.numbered)
    }
}

fn settle_field<'e>(field: &[Entry<'e>], order: Order, settled: &mut Vec<Entry<'e>>) {
    if !order.matters() {
        return settle(field, settled);
    }
    let Some(own) = field.iter().take_while(|entry| entry.number(1) == 0).last() else {
        return settled.extend_from_slice(field);
    };
    let (before, after): (Vec<Entry<'e>>, Vec<_>) =
        field.iter().copied().partition(|entry| entry.time <= own.time);
    let reached = before.iter().map(|entry| entry.reached).max().unwrap_or(0);
    settled.push(Entry { reached, ..*own });
    match Order::of(&after).matters() {
        true => settled.extend(after),
        false => settle(&after, settled),
    }
}

/// Leaves out what is undone, of sorted edits of one field.
pub(super) fn settle<'e>(field: &[Entry<'e>], settled: &mut Vec<Entry<'e>>) {
    // The entry that was added last and those above it, by their places in `settled`: at most
    // one of each level.
    let mut above = Vec::<usize>::with_capacity(4);
    for entry in field {
        while let Some(last) = above.last().and_then(|at| settled.get(*at)) {
            if last.is_above(entry) {
                break;
            }
            above.pop();
        }
        let mut entry = *entry;
        // What went with an edit above was there up to the outermost of those.
        let later = |at: &&usize| settled.get(**at).is_some_and(|by| by.time > entry.reached);
        if let Some(by) = above.iter().find(later).and_then(|at| settled.get_mut(*at)) {
            by.reached = by.reached.max(entry.reached);
            entry.reached = 0;
        }
        if above.iter().any(|at| settled.get(*at).is_some_and(|by| by.time > entry.time)) {
            continue;
        }
        match above.last().and_then(|at| settled.get_mut(*at)) {
            Some(same) if same.place == entry.place => {
                *same = Entry { reached: entry.reached.max(same.reached), ..entry };
            }
            _ => {
                above.push(settled.len());
                settled.push(entry);
            }
        }
    }
}
