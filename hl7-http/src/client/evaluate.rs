//! Decides what a response means: the body first, the status as evidence.

use bytes::Bytes;
use hl7_ack::{Cause, CauseKind, Delivery, Finding, Outstanding};
use http::StatusCode;

use crate::content::unframed;

/// The body of a response, as far as it was read.
pub(super) enum Content {
    Complete(Bytes),
    /// Over the limit, not kept.
    TooLong,
}

/// What became of the message, by the table in the module documentation of [`crate::client`].
pub(super) fn evaluate(
    outstanding: &Outstanding,
    status: StatusCode,
    content: Content,
    max_response_len: usize,
) -> Delivery {
    let mut is_empty = false;
    let (finding, what) = match content {
        Content::TooLong => (Finding::Unreadable, format!("more than {max_response_len} bytes")),
        Content::Complete(body) => {
            let content = unframed(&body);
            is_empty = content.trim_ascii().is_empty();
            if is_empty {
                (Finding::Unreadable, "an empty body".to_owned())
            } else {
                (outstanding.examine(content), "a body that is not HL7".to_owned())
            }
        }
    };
    let number = status.as_u16();
    match finding {
        Finding::Answer(answer) => Delivery::Answered(answer),
        _ if status.is_success() && !outstanding.answer_due() => Delivery::NoneDue,
        _ if status.is_success() && is_empty && outstanding.silence_accepts() => Delivery::NoneDue,
        Finding::Other => unknown(
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
        // What can not be read today can not be read tomorrow.
        _ if matches!(number, 400 | 413 | 415 | 422) => {
            unknown(CauseKind::ContentRefused, format!("HTTP status {number}"))
        }
        _ => unknown(CauseKind::Refused, format!("HTTP status {number}")),
    }
}

fn unknown(kind: CauseKind, text: String) -> Delivery {
    Delivery::Unknown(Cause::new(kind, text))
}
