//! [`ReplayStore`]: where answers are kept, and what is kept of them.

use std::{fmt, future::Future, sync::Arc};

use bytes::Bytes;
use hl7_parse::OwnedMessage;

use super::ReplayKey;
use crate::{AckCode, Cause, Outcome, acknowledgment::msa_code, responder::read};

/// Keeps final answers by the key of their message. [`crate::MemoryStore`] is one; a database is
/// another, see [`crate::Replay`].
pub trait ReplayStore: Send + Sync + 'static {
    /// What is known of a message with this key.
    ///
    /// # Errors
    ///
    /// [`crate::CauseKind::Storage`]: the store can not be read. The message is then answered AR
    /// with 207, because handling it might do so a second time.
    fn find(&self, key: &ReplayKey) -> impl Future<Output = Result<Known, Cause>> + Send;

    /// Keeps an answer. Called once for each message whose handler has not kept it itself.
    ///
    /// # Errors
    ///
    /// [`crate::CauseKind::Storage`]: the store can not be written. The sender gets its answer
    /// all the same, and the log of the server the cause.
    fn keep(
        &self,
        key: &ReplayKey,
        answer: &FinalAnswer,
    ) -> impl Future<Output = Result<(), Cause>> + Send;
}

impl<S: ReplayStore> ReplayStore for Arc<S> {
    fn find(&self, key: &ReplayKey) -> impl Future<Output = Result<Known, Cause>> + Send {
        S::find(self, key)
    }

    fn keep(
        &self,
        key: &ReplayKey,
        answer: &FinalAnswer,
    ) -> impl Future<Output = Result<(), Cause>> + Send {
        S::keep(self, key, answer)
    }
}

/// What a [`ReplayStore`] knows of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Known {
    /// Nothing, or no longer.
    Nothing,
    /// This was answered.
    Answer(FinalAnswer),
    /// A message with the same MSH-3, MSH-4 and MSH-10 was answered that had other content.
    OtherContent,
}

/// An answer that a resend of the same message gets again: its bytes, or that none was due.
#[derive(Clone, PartialEq, Eq)]
pub struct FinalAnswer {
    bytes: Option<Bytes>,
    /// That the message was refused, where none were due.
    refusal: Option<Cause>,
}

impl FinalAnswer {
    /// An answer as it was kept: [`FinalAnswer::as_bytes`] of it.
    #[must_use]
    pub fn from_bytes(bytes: Option<Bytes>) -> Self {
        Self { bytes, refusal: None }
    }

    /// What is due for this outcome.
    pub(super) fn due(bytes: Option<Bytes>, outcome: &Outcome) -> Self {
        let refusal = if bytes.is_none() { outcome.refusal() } else { None };
        Self { bytes, refusal }
    }

    pub(crate) fn refusal(&self) -> Option<&Cause> {
        self.refusal.as_ref()
    }

    /// The bytes that were sent; `None` where none were due.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&Bytes> {
        self.bytes.as_ref()
    }

    /// The same in a buffer of its own, which keeps no larger one alive.
    pub(super) fn detached(&self) -> Self {
        let bytes = self.bytes.as_ref().map(|bytes| Bytes::copy_from_slice(bytes));
        Self { bytes, refusal: self.refusal.clone() }
    }

    pub(crate) fn message(&self) -> Option<OwnedMessage> {
        read(self.bytes.clone()?).ok()
    }

    pub(crate) fn code(&self) -> Option<AckCode> {
        msa_code(&self.message()?.as_message())
    }
}

impl fmt::Debug for FinalAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FinalAnswer").field("len", &self.bytes.as_ref().map(Bytes::len)).finish()
    }
}
