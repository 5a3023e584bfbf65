//! [`DialectError`]: a value that can not be part of a dialect.

use std::{error::Error, fmt};

/// A value that can not be part of a [`Dialect`](super::Dialect). `Display` does not show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DialectError {
    kind: DialectErrorKind,
}

/// Which kind of value is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DialectErrorKind {
    /// A header's name or value holds characters that can not be sent.
    Header,
    /// A text is no media type.
    MediaType,
    /// A number is no HTTP status.
    Status,
}

impl DialectError {
    pub(super) fn new(kind: DialectErrorKind) -> Self {
        Self { kind }
    }

    /// Which kind of value is at fault.
    #[must_use]
    pub fn kind(&self) -> DialectErrorKind {
        self.kind
    }
}

impl fmt::Display for DialectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            DialectErrorKind::Header => {
                "a header's name or value holds characters that can not be sent"
            }
            DialectErrorKind::MediaType => {
                "not a media type; type/subtype is expected, as in application/hl7-v2"
            }
            DialectErrorKind::Status => "not an HTTP status; 200 to 599 is expected",
        })
    }
}

impl Error for DialectError {}
