//! Walks the members of a struct, the segments with an ID, and the repetitions of a field.

use serde_core::de::{DeserializeSeed, SeqAccess};

use super::{DeError, DeErrorKind, value::Value};
use crate::{Field, Message, Path, Repetitions, Segment, Segments};

/// The members of a struct in the order of its names.
///
/// As a sequence and not as a map, because then a member without a value can say so by its own
/// type: an `Option` or a list takes it, and for anything else serde's derive falls back to
/// `#[serde(default)]` or complains of the length.
pub(super) struct Members<'m, 'de> {
    of: Value<'m, 'de>,
    names: std::slice::Iter<'static, &'static str>,
    /// The last member that was reported as not there.
    missing: Option<DeError>,
}

impl<'m, 'de> Members<'m, 'de> {
    pub(super) fn new(of: Value<'m, 'de>, names: &'static [&'static str]) -> Self {
        Self { of, names: names.iter(), missing: None }
    }

    /// The outcome of a visit, with what only this side knows.
    pub(super) fn checked<T>(&self, filled: Result<T, DeError>) -> Result<T, DeError> {
        match filled {
            // An alias is a name more than there are members: values went to wrong places.
            Ok(_) if !self.names.as_slice().is_empty() => Err(DeError::new(DeErrorKind::Alias)),
            Err(error) if error.is_invalid_length() => Err(self.missing.unwrap_or(error)),
            other => other,
        }
    }
}

impl<'de> SeqAccess<'de> for &mut Members<'_, 'de> {
    type Error = DeError;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, DeError> {
        let Some(name) = self.names.next() else { return Ok(None) };
        let value = self.of.member(name)?;
        match seed.deserialize(value).map_err(|error| error.at(value.place())) {
            Ok(member) => Ok(Some(member)),
            // Of this member, and not of one of its own.
            Err(error) if error.is_missing_at(value.place()) => {
                self.missing = Some(error);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// The segments with an ID, in order.
pub(super) struct SegmentList<'m, 'de> {
    segments: Segments<'m, 'de>,
    place: Path,
    read: usize,
}

impl<'m, 'de> SegmentList<'m, 'de> {
    pub(super) fn new(message: &'m Message<'de>, place: Path) -> Self {
        Self { segments: message.segments(), place, read: 0 }
    }
}

impl<'de> SeqAccess<'de> for SegmentList<'_, 'de> {
    type Error = DeError;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, DeError> {
        let place = self.place;
        let next = self.segments.find(|segment| segment.id() == place.segment());
        let Some(segment) = next else { return Ok(None) };
        self.read = self.read.saturating_add(1);
        let place = place.with_occurrence(self.read);
        let filled = seed.deserialize(Value::segment(segment, place));
        filled.map(Some).map_err(|error| error.at(Some(place)))
    }
}

/// The repetitions of a field, or a part of each, without empty ones at the end.
pub(super) struct RepetitionList<'de> {
    repetitions: Repetitions<'de>,
    place: Path,
    /// Of OBX-5: its segment.
    typed_by: Option<Segment<'de>>,
    read: usize,
    count: usize,
}

impl<'de> RepetitionList<'de> {
    pub(super) fn new(field: Field<'de>, place: Path, typed_by: Option<Segment<'de>>) -> Self {
        let valued = (1..).zip(field.repetitions()).filter(|(_, one)| one.is_valued());
        let count = valued.last().map_or(0, |(n, _)| n);
        Self { repetitions: field.repetitions(), place, typed_by, read: 0, count }
    }
}

impl<'de> SeqAccess<'de> for RepetitionList<'de> {
    type Error = DeError;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, DeError> {
        if self.read >= self.count {
            return Ok(None);
        }
        let Some(repetition) = self.repetitions.next() else { return Ok(None) };
        self.read = self.read.saturating_add(1);
        let place = self.place.with_repetition(self.read);
        let filled = seed.deserialize(Value::in_repetition(repetition, place, self.typed_by));
        filled.map(Some).map_err(|error| error.at(Some(place)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.count.saturating_sub(self.read))
    }
}
