//! [`RetryPolicy`]: what is to become of a message, by what became of its delivery.

use std::ops::RangeInclusive;

use crate::{AckCode, Cause, CauseKind, Delivery, ErrorCode, answer::error_codes};

/// Says what is to become of a message, by what became of its delivery.
///
/// [`crate::Retry`] repeats what it calls [`RetryAction::Retry`]. The other actions are for
/// whoever gets the delivery: [`RetryPolicy::action_for`] tells them apart.
///
/// ```
/// use hl7_ack::{AckCode, ErrorCode, RetryAction, RetryPolicy};
///
/// // Locked records are tried again although the code is AE.
/// let locked = ErrorCode::APPLICATION_RECORD_LOCKED.number();
/// let policy = RetryPolicy::park_content_errors()
///     .on_code(AckCode::AE, RetryAction::Suspend)
///     .on_error(AckCode::AE, locked..=locked, RetryAction::Retry)
///     .on_unknown_code(RetryAction::Disable);
/// ```
#[derive(Clone, Debug)]
pub struct RetryPolicy {
    not_sent: RetryAction,
    unknown: RetryAction,
    unknown_code: RetryAction,
    /// What was said last counts.
    codes: Vec<(AckCode, Option<RangeInclusive<u16>>, RetryAction)>,
    /// Likewise.
    causes: Vec<(CauseKind, RetryAction)>,
}

/// What is to become of a message. Later ones count for more where several would apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RetryAction {
    /// It is done.
    Complete,
    /// It is to be sent again: the same bytes, the same MSH-10.
    Retry,
    /// It is to be set aside for people to look at; a resend of the same will not help.
    Suspend,
    /// The destination is to be stopped until people have looked.
    Disable,
}

impl RetryPolicy {
    /// What most senders should do: content errors are set aside, all else that certainly was not
    /// processed is tried again.
    ///
    /// | delivery | action |
    /// |---|---|
    /// | AA, CA, none due | complete |
    /// | AE, CR | suspend |
    /// | AR with an error code 200 to 203 | suspend |
    /// | AR otherwise, CE | retry |
    /// | MSA-1 is not in Table 0008 | suspend |
    /// | not sent | retry |
    /// | unknown | suspend |
    /// | not sent or unknown because of the content, because access is refused, or because the sender shuts down | suspend |
    #[must_use]
    pub fn park_content_errors() -> Self {
        let header = 200..=203;
        Self::by_code(RetryAction::Suspend, RetryAction::Retry, RetryAction::Retry)
            .on_code(AckCode::CR, RetryAction::Suspend)
            .on_error(AckCode::AR, header, RetryAction::Suspend)
    }

    /// By the second letter of the code alone, as InterSystems products do unless told otherwise:
    /// R is the receiver's trouble, retry; E is an error in the content, suspend.
    ///
    /// | delivery | action |
    /// |---|---|
    /// | AA, CA, none due | complete |
    /// | AR, CR | retry |
    /// | AE, CE | suspend |
    /// | MSA-1 is not in Table 0008 | suspend |
    /// | not sent | retry |
    /// | unknown | suspend |
    /// | not sent or unknown because of the content, because access is refused, or because the sender shuts down | suspend |
    #[must_use]
    pub fn retry_rejected() -> Self {
        Self::by_code(RetryAction::Suspend, RetryAction::Suspend, RetryAction::Retry)
    }

    fn by_code(ae: RetryAction, ce: RetryAction, rejected: RetryAction) -> Self {
        let codes = [
            (AckCode::AA, RetryAction::Complete),
            (AckCode::CA, RetryAction::Complete),
            (AckCode::AE, ae),
            (AckCode::CE, ce),
            (AckCode::AR, rejected),
            (AckCode::CR, rejected),
        ];
        Self {
            not_sent: RetryAction::Retry,
            unknown: RetryAction::Suspend,
            unknown_code: RetryAction::Suspend,
            codes: codes.into_iter().map(|(code, action)| (code, None, action)).collect(),
            causes: Vec::new(),
        }
    }

    /// When the message was not sent, unless the cause lies in its content, access is refused or the
    /// sender shuts down.
    ///
    /// ```
    /// use hl7_ack::{RetryAction, RetryPolicy};
    ///
    /// // Somebody above tries again.
    /// let policy = RetryPolicy::park_content_errors().on_not_sent(RetryAction::Suspend);
    /// ```
    #[must_use]
    pub fn on_not_sent(mut self, action: RetryAction) -> Self {
        self.not_sent = action;
        self
    }

    /// When bytes left and no usable answer came, unless the cause lies in the content or the
    /// sender shuts down.
    ///
    /// [`RetryAction::Retry`] may make a duplicate at the far side, which can tell it by MSH-10:
    /// the standard lets a sender do so, and a receiver with a [`crate::Replay`] answers it well.
    /// No preset does it.
    ///
    /// ```
    /// use hl7_ack::{RetryAction, RetryPolicy};
    ///
    /// let policy = RetryPolicy::retry_rejected().on_unknown(RetryAction::Retry);
    /// ```
    #[must_use]
    pub fn on_unknown(mut self, action: RetryAction) -> Self {
        self.unknown = action;
        self
    }

    /// When there is no usable answer for this cause, whether or not bytes left; it goes before
    /// what is said for those two. What is said last of a kind counts.
    ///
    /// ```
    /// use hl7_ack::{Cause, CauseKind, Delivery, RetryAction, RetryPolicy};
    ///
    /// // No answer in time: the same again. An answer to another message: people are to look.
    /// let policy = RetryPolicy::park_content_errors()
    ///     .on_cause(CauseKind::TimedOut, RetryAction::Retry)
    ///     .on_cause(CauseKind::Mismatched, RetryAction::Disable);
    /// let mismatched = Delivery::Unknown(Cause::new(CauseKind::Mismatched, "MSA-2"));
    /// assert_eq!(policy.action_for(&mismatched), RetryAction::Disable);
    /// ```
    #[must_use]
    pub fn on_cause(mut self, kind: CauseKind, action: RetryAction) -> Self {
        self.causes.push((kind, action));
        self
    }

    /// When MSA-1 of the answer is not in Table 0008.
    #[must_use]
    pub fn on_unknown_code(mut self, action: RetryAction) -> Self {
        self.unknown_code = action;
        self
    }

    /// When the answer has this code, whatever its errors; replaces all that was said of the code
    /// before.
    #[must_use]
    pub fn on_code(mut self, code: AckCode, action: RetryAction) -> Self {
        self.codes.retain(|(of, ..)| *of != code);
        self.codes.push((code, None, action));
        self
    }

    /// When the answer has this code and an error code (ERR-3, Table 0357) in the range. What is
    /// said last counts; of several errors in one answer, the later [`RetryAction`]. Warnings
    /// (ERR-4 `W`, `I`) do not count.
    ///
    /// ```
    /// use hl7_ack::{AckCode, ErrorCode, RetryAction, RetryPolicy};
    ///
    /// // AE with 207 or without a code is tried again, AE with a code for content is not.
    /// let policy = RetryPolicy::park_content_errors()
    ///     .on_code(AckCode::AE, RetryAction::Retry)
    ///     .on_error(AckCode::AE, 100..=206, RetryAction::Suspend);
    /// ```
    #[must_use]
    pub fn on_error(
        mut self,
        code: AckCode,
        errors: RangeInclusive<u16>,
        action: RetryAction,
    ) -> Self {
        self.codes.push((code, Some(errors), action));
        self
    }

    /// What is to become of a message that was delivered so.
    ///
    /// ```
    /// use hl7_ack::{Cause, CauseKind, Delivery, RetryAction, RetryPolicy};
    ///
    /// let policy = RetryPolicy::park_content_errors();
    /// let refused = Delivery::NotSent(Cause::new(CauseKind::Unreachable, "refused"));
    /// assert_eq!(policy.action_for(&refused), RetryAction::Retry);
    /// let timed_out = Delivery::Unknown(Cause::new(CauseKind::TimedOut, "after 30 s"));
    /// assert_eq!(policy.action_for(&timed_out), RetryAction::Suspend);
    /// ```
    #[must_use]
    pub fn action_for(&self, delivery: &Delivery) -> RetryAction {
        let of_cause = |cause: &Cause| {
            let mut causes = self.causes.iter().rev();
            causes.find(|(kind, _)| *kind == cause.kind()).map(|(_, action)| *action)
        };
        if let Some(action) = delivery.cause().and_then(of_cause) {
            return action;
        }
        match delivery {
            Delivery::NoneDue => RetryAction::Complete,
            Delivery::NotSent(cause) | Delivery::Unknown(cause)
                if cause.kind().is_of_content()
                    || matches!(
                        cause.kind(),
                        CauseKind::AccessRefused | CauseKind::ShuttingDown
                    ) =>
            {
                RetryAction::Suspend
            }
            Delivery::NotSent(_) => self.not_sent,
            Delivery::Unknown(_) => self.unknown,
            Delivery::Answered(answer) => match answer.code() {
                None => self.unknown_code,
                Some(code) => self.by_errors(code, &error_codes(&answer.message().as_message())),
            },
        }
    }

    fn by_errors(&self, code: AckCode, errors: &[ErrorCode]) -> RetryAction {
        let of_one = |error: Option<ErrorCode>| {
            let applies = |errors: &Option<RangeInclusive<u16>>| match (errors, error) {
                (None, _) => true,
                (Some(errors), Some(error)) => errors.contains(&error.number()),
                (Some(_), None) => false,
            };
            let mut rules = self.codes.iter().rev();
            rules.find(|(of, errors, _)| *of == code && applies(errors)).map(|(.., action)| *action)
        };
        let of_errors = errors.iter().filter_map(|error| of_one(Some(*error))).max();
        of_errors.or_else(|| of_one(None)).unwrap_or(self.unknown_code)
    }
}
