//! [`ContinuationError`]: why a fragment could not be joined.

use std::fmt;

use thiserror::Error;

use super::Joined;
use crate::OwnedMessage;

/// Why a fragment could not be joined. Holds the message, and shows nothing of its content.
#[derive(Debug)]
pub struct ContinuationError {
    kind: ContinuationErrorKind,
    message: Box<OwnedMessage>,
    unfinished: Option<Box<Joined>>,
}

/// The kinds of [`ContinuationError`].
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ContinuationErrorKind {
    /// MSH-14 names a pointer that no fragment of that sender ended with, or that was joined
    /// already.
    #[error("MSH-14 continues nothing that is known")]
    UnknownPointer,
    /// DSC-1 is the pointer of another fragment of the same sender that waits for its next.
    #[error("DSC-1 is the pointer of another message")]
    PointerInUse,
    /// The fragments declare different delimiters or character sets.
    #[error("the fragments of a message have different delimiters or character sets")]
    DifferentSeparators,
    /// More than [`super::Continuation::max_fragments`].
    #[error("too many fragments")]
    TooManyFragments,
    /// Longer than [`super::Continuation::max_len`].
    #[error("the fragments are too long together")]
    TooLong,
    /// More messages wait for their next fragment than [`super::Continuation::max_open`].
    #[error("too many messages wait for their next fragment")]
    TooManyOpen,
}

impl ContinuationError {
    pub(super) fn new(
        kind: ContinuationErrorKind,
        message: OwnedMessage,
        unfinished: Option<Joined>,
    ) -> Self {
        Self { kind, message: Box::new(message), unfinished: unfinished.map(Box::new) }
    }

    /// What was wrong.
    #[must_use]
    pub fn kind(&self) -> ContinuationErrorKind {
        self.kind
    }

    /// The fragment that could not be joined.
    #[must_use]
    pub fn message(&self) -> &OwnedMessage {
        &self.message
    }

    /// What was joined before it, where that was given up:
    /// [`ContinuationErrorKind::TooManyFragments`] and [`ContinuationErrorKind::TooLong`].
    #[must_use]
    pub fn unfinished(&self) -> Option<&Joined> {
        self.unfinished.as_deref()
    }
}

impl fmt::Display for ContinuationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl std::error::Error for ContinuationError {}
