//! [`Plan`]: what was asked of an [`Editor`](crate::Editor), by the segments it is asked of.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    EditError, EditErrorKind, Message, Segment, SegmentBuilder, Target,
    edit::{Edit, Edits, edits::Entry, place::id_of},
    header::is_header_id,
};

/// One thing that was asked for.
#[derive(Clone)]
pub(super) enum Request {
    Edit { target: Target, edit: Edit },
    Remove(Target),
    Before(Target, SegmentBuilder),
    After(Target, SegmentBuilder),
    Append(SegmentBuilder),
}

impl Request {
    /// Whether it reaches no text but whole fields of MSH.
    pub(super) fn is_of_header(&self) -> bool {
        match self {
            Self::Edit { target, .. } => {
                let path = target.path;
                is_header_id(&path.id()) && path.repetition().or(path.component()).is_none()
            }
            _ => true,
        }
    }

    /// What it is asked of; of the last segment where nothing is said.
    pub(super) fn target(&self) -> Option<&Target> {
        match self {
            Self::Edit { target, .. }
            | Self::Remove(target)
            | Self::Before(target, _)
            | Self::After(target, _) => Some(target),
            Self::Append(_) => None,
        }
    }
}

/// Requests, each with its time.
type Requests<'e> = Vec<(usize, &'e Request)>;

/// The requests by segment ID. It grows with them, and not with the message.
#[derive(Default)]
pub(super) struct Plan<'e> {
    by_id: BTreeMap<[u8; 3], OfId<'e>>,
    of_others: OfId<'e>,
    appended: Requests<'e>,
}

/// What is asked of the segments with one ID.
#[derive(Default)]
struct OfId<'e> {
    /// How many the message has.
    count: usize,
    /// How many had their turn.
    passed: usize,
    each_is_removed: bool,
    each_is_edited: bool,
    entries: Vec<Entry<'e>>,
    /// The entries, put together.
    edits: Edits<'e>,
    inserted: Requests<'e>,
    /// What is asked of one of them: by its number, and then by time.
    of_one: Vec<(usize, usize, &'e Request)>,
}

impl<'e> Plan<'e> {
    /// The error is that of the first request that can not be done.
    pub(super) fn new(requests: &'e [Request], message: &Message<'_>) -> Result<Self, EditError> {
        let mut plan = Self::default();
        for target in requests.iter().filter_map(Request::target) {
            plan.by_id.entry(target.path.id()).or_default();
        }
        if !plan.by_id.is_empty() {
            for id in message.segments().filter_map(id_of) {
                if let Some(of_id) = plan.by_id.get_mut(&id) {
                    of_id.count += 1;
                }
            }
        }
        let first = message.segments().next().and_then(id_of);
        let mut removed = BTreeSet::new();
        for (time, request) in (1..).zip(requests) {
            let Some(target) = request.target() else {
                plan.appended.push((time, request));
                continue;
            };
            let (id, n) = (target.path.id(), target.path.occurrence());
            let Some(of_id) = plan.by_id.get_mut(&id) else { continue };
            let refused = |kind| Err(EditError::at(kind, target.path));
            let is_edit = matches!(request, Request::Edit { .. });
            if !is_edit && target.path.field().is_some() {
                return refused(EditErrorKind::WrongLevel);
            }
            if of_id.count < n {
                match target.each {
                    true => continue,
                    false => return refused(EditErrorKind::MissingSegment),
                }
            }
            let stays = matches!(request, Request::Remove(_) | Request::Before(..));
            if stays && first == Some(id) && n == 1 {
                return refused(EditErrorKind::FirstSegment);
            }
            let each = target.is_in_each_segment();
            if let Request::Edit { edit, .. } = request {
                if of_id.each_is_removed || (!each && removed.contains(&(id, n))) {
                    match target.each {
                        true => continue,
                        false => return refused(EditErrorKind::RemovedSegment),
                    }
                }
                edit.check(&message.separators(), is_header_id(&id))?;
            }
            match request {
                _ if !each => {
                    of_id.of_one.push((n, time, request));
                    if let Request::Remove(_) = request {
                        removed.insert((id, n));
                    }
                }
                Request::Edit { edit, .. } => {
                    of_id.each_is_edited = true;
                    of_id.entries.extend(Entry::new(edit, time));
                }
                Request::Remove(_) => of_id.each_is_removed = true,
                _ => of_id.inserted.push((time, request)),
            }
        }
        for of_id in plan.by_id.values_mut() {
            of_id.of_one.sort_by_key(|(n, time, _)| (*n, *time));
            of_id.edits = Edits::new(std::mem::take(&mut of_id.entries));
        }
        Ok(plan)
    }

    /// What is asked of this segment, the next of those with its ID.
    pub(super) fn next(&mut self, segment: Segment<'_>, is_last: bool) -> Turn<'_, 'e> {
        let of_id = match id_of(segment).and_then(|id| self.by_id.get_mut(&id)) {
            Some(of_id) => of_id,
            None => &mut self.of_others,
        };
        of_id.passed += 1;
        of_id.turn(of_id.passed, if is_last { &self.appended } else { &[] })
    }

    /// What is asked of the first segment of the message.
    pub(super) fn first(&self, segment: Segment<'_>) -> Turn<'_, 'e> {
        let of_id = id_of(segment).and_then(|id| self.by_id.get(&id));
        of_id.unwrap_or(&self.of_others).turn(1, &[])
    }
}

/// What is asked of one segment.
pub(super) struct Turn<'p, 'e> {
    edits_of_each: &'p Edits<'e>,
    /// Where it has some of its own: all of them.
    edits: Option<Edits<'e>>,
    pub(super) is_edited: bool,
    pub(super) is_removed: bool,
    pub(super) before: Vec<&'e SegmentBuilder>,
    pub(super) after: Vec<&'e SegmentBuilder>,
}

impl<'e> Turn<'_, 'e> {
    pub(super) fn edits(&self) -> &Edits<'e> {
        self.edits.as_ref().unwrap_or(self.edits_of_each)
    }
}

impl<'e> OfId<'e> {
    fn turn(&self, n: usize, appended: &[(usize, &'e Request)]) -> Turn<'_, 'e> {
        let mut turn = Turn {
            edits_of_each: &self.edits,
            edits: None,
            is_edited: self.each_is_edited,
            is_removed: self.each_is_removed,
            before: Vec::new(),
            after: Vec::new(),
        };
        let start = self.of_one.partition_point(|(number, ..)| *number < n);
        let of_one = self.of_one.get(start..).unwrap_or_default();
        let count = of_one.iter().take_while(|(number, ..)| *number == n).count();
        let of_one = of_one.get(..count).unwrap_or_default();
        let mut own = Vec::with_capacity(count);
        let mut inserted = [&self.inserted, appended].concat();
        for (_, time, request) in of_one {
            match request {
                Request::Edit { edit, .. } => {
                    turn.is_edited = true;
                    own.extend(Entry::new(edit, *time));
                }
                Request::Remove(_) => turn.is_removed = true,
                _ => inserted.push((*time, *request)),
            }
        }
        if !own.is_empty() {
            turn.edits = Some(self.edits.with(own));
        }
        inserted.sort_by_key(|(time, _)| *time);
        for (_, request) in inserted {
            match request {
                Request::Before(_, segment) => turn.before.push(segment),
                Request::After(_, segment) | Request::Append(segment) => turn.after.push(segment),
                Request::Edit { .. } | Request::Remove(_) => {}
            }
        }
        turn
    }
}
