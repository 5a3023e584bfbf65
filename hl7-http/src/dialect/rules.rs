//! The rules a dialect is made of, each with the value most peers expect as its default.

use hl7_ack::AckCode;
use http::StatusCode;

/// When the charset parameter is sent with a content type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum CharsetRule {
    /// When it is true: what MSH-18 names (Table 0211), else `utf-8` if the bytes are UTF-8, else
    /// no parameter.
    #[default]
    WhenTrue,
    /// As [`WhenTrue`](Self::WhenTrue), and `iso-8859-1` where that sends none: each byte is one
    /// character of it, so that the peer loses none. For peers that go by the parameter alone.
    Always,
    /// `utf-8` if the bytes are UTF-8, else no parameter.
    Utf8WhenTrue,
    /// Never, for peers that compare the whole header.
    Never,
}

/// What the body of a request and of a response is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Envelope {
    /// The message itself.
    #[default]
    None,
    /// JSON as Google Cloud Healthcare has it: the message in Base64 as `message.data`, the answer
    /// as `hl7Ack`, or as `hl7Nack` among the details of an error.
    Google,
}

/// What a client takes a 2xx for whose body is not HL7, though an answer was due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum EmptyAnswer {
    /// The outcome is unknown.
    #[default]
    Unknown,
    /// An empty body says that the message was taken; any other is unknown.
    Accepts,
    /// Any body that is not HL7 says so (`OK`, a page).
    AnyBodyAccepts,
}

/// What a client makes of AA or CA under a status that is not 2xx.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum StatusConflict {
    /// The acknowledgment decides: it was written by whoever handled the message.
    #[default]
    Body,
    /// The outcome is unknown, for peers with which only a success counts.
    Unknown,
}

/// The status sent with an acknowledgment of each code: the one place it is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Statuses {
    aa: StatusCode,
    ae: StatusCode,
    ar: StatusCode,
    ca: StatusCode,
    ce: StatusCode,
    cr: StatusCode,
}

impl Statuses {
    /// Positive, error, reject; the same at the accept level as at the application level.
    pub(super) const fn of(positive: StatusCode, error: StatusCode, reject: StatusCode) -> Self {
        Self { aa: positive, ae: error, ar: reject, ca: positive, ce: error, cr: reject }
    }

    /// The row of a code; `None` for one that Table 0008 does not have today.
    pub(super) fn entry(&mut self, code: AckCode) -> Option<&mut StatusCode> {
        Some(match code {
            AckCode::AA => &mut self.aa,
            AckCode::AE => &mut self.ae,
            AckCode::AR => &mut self.ar,
            AckCode::CA => &mut self.ca,
            AckCode::CE => &mut self.ce,
            AckCode::CR => &mut self.cr,
            _ => return None,
        })
    }
}
