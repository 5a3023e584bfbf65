//! Decides what a response means: the body first, the status as evidence.

use std::{borrow::Cow, time::Duration};

use bytes::Bytes;
use hl7_ack::{Answer, Cause, CauseKind, Delivery, Finding, Outstanding};
use http::StatusCode;

use crate::dialect::{Dialect, EmptyAnswer, StatusConflict};

/// The body of a response, as far as it was read.
pub(super) enum Content {
    Complete(Bytes),
    /// Over the limit, not kept.
    TooLong,
}

/// What became of a message, and how many messages the response holds beside its answer.
pub(super) struct Evaluated {
    pub(super) delivery: Delivery,
    pub(super) beside: u64,
}

/// What became of the message, by the table in the module documentation of [`crate::client`].
pub(super) fn evaluate(
    outstanding: &Outstanding,
    dialect: &Dialect,
    status: StatusCode,
    content: Content,
    max_response_len: usize,
    retry_after: Option<Duration>,
) -> Evaluated {
    let (mut is_empty, mut messages) = (false, 0);
    let (finding, what) = match content {
        Content::TooLong => {
            (Finding::Unreadable, Cow::Owned(format!("more than {max_response_len} bytes")))
        }
        Content::Complete(body) => {
            let content = dialect.response_content(&body).unwrap_or_default();
            is_empty = body.trim_ascii().is_empty();
            match content.trim_ascii().is_empty() {
                true if is_empty => (Finding::Unreadable, Cow::Borrowed("an empty body")),
                true => (Finding::Unreadable, Cow::Borrowed("a body without HL7")),
                false => {
                    let finding = examine(outstanding, &content, &mut messages);
                    (finding, Cow::Borrowed("a body that is not HL7"))
                }
            }
        }
    };
    let number = status.as_u16();
    let none_due = !outstanding.answer_due()
        || match dialect.empty_answer() {
            EmptyAnswer::Unknown => is_empty && outstanding.silence_accepts(),
            EmptyAnswer::Accepts => is_empty,
            EmptyAnswer::AnyBodyAccepts => matches!(finding, Finding::Unreadable),
        };
    let answers = u64::from(matches!(finding, Finding::Answer(_)));
    let delivery = match finding {
        Finding::Answer(answer) if contradicts(&answer, status, dialect) => unknown(
            CauseKind::Mismatched,
            format!("HTTP status {number} with a positive acknowledgment"),
        ),
        Finding::Answer(answer) => Delivery::Answered(answer),
        _ if status.is_success() && none_due => Delivery::NoneDue,
        Finding::Other(_) => unknown(
            CauseKind::Mismatched,
            format!("HTTP status {number} with the acknowledgment of another message"),
        ),
        Finding::Inbound(_) => unknown(
            CauseKind::Mismatched,
            format!("HTTP status {number} with a message that acknowledges nothing"),
        ),
        _ if status.is_success() => {
            unknown(CauseKind::Unreadable, format!("HTTP status {number} with {what}"))
        }
        _ => refused(status, retry_after),
    };
    Evaluated { delivery, beside: messages.saturating_sub(answers) }
}

/// The answer in a body, or what its first message is; and how many there are, less an accept
/// acknowledgment that an application acknowledgment stands for.
fn examine(outstanding: &Outstanding, content: &Bytes, messages: &mut u64) -> Finding {
    let (mut answer, mut first) = (None::<Answer>, None);
    for finding in outstanding.examine_each(content) {
        *messages = messages.saturating_add(1);
        match finding {
            Finding::Answer(found) => match &answer {
                Some(accept) if found.supersedes(accept) => {
                    *messages = messages.saturating_sub(1);
                    answer = Some(found);
                }
                Some(_) => {}
                None => answer = Some(found),
            },
            other => first = first.or(Some(other)),
        }
    }
    answer.map(Finding::Answer).or(first).unwrap_or(Finding::Unreadable)
}

/// What a status that is not 2xx says by itself.
fn refused(status: StatusCode, retry_after: Option<Duration>) -> Delivery {
    let cause = |kind| {
        let cause = Cause::new(kind, format!("HTTP status {}", status.as_u16()));
        match retry_after {
            Some(pause) => cause.with_retry_after(pause),
            None => cause,
        }
    };
    match (status.as_u16(), retry_after) {
        // What can not be read today can not be read tomorrow.
        (400 | 413 | 415 | 422, _) => Delivery::Unknown(cause(CauseKind::ContentRefused)),
        // The message was not looked at (RFC 9110, 15.5.2 and 15.5.4).
        (401 | 403, _) => Delivery::NotSent(cause(CauseKind::AccessRefused)),
        // It was not either, and is asked for again (RFC 6585, 4; RFC 9110, 15.6.4).
        (429, _) | (503, Some(_)) => Delivery::NotSent(cause(CauseKind::Overloaded)),
        _ => Delivery::Unknown(cause(CauseKind::Refused)),
    }
}

fn contradicts(answer: &Answer, status: StatusCode, dialect: &Dialect) -> bool {
    answer.is_positive() && !status.is_success() && dialect.conflict() == StatusConflict::Unknown
}

fn unknown(kind: CauseKind, text: String) -> Delivery {
    Delivery::Unknown(Cause::new(kind, text))
}
