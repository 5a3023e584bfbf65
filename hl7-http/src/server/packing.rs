//! [`Packing`]: how a body is packed, by its Content-Encoding.

use http::{HeaderMap, header};

/// How a body is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Not,
    Gzip,
}

impl Packing {
    /// `None` when it is packed in a way that is not taken.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut codings = headers.get_all(header::CONTENT_ENCODING).iter();
        let coding = match (codings.next(), codings.next()) {
            (None, _) => return Some(Self::Not),
            (Some(coding), None) => coding.as_bytes().trim_ascii(),
            _ => return None,
        };
        let is = |name: &[u8]| coding.eq_ignore_ascii_case(name);
        match () {
            () if is(b"identity") => Some(Self::Not),
            () if is(b"gzip") || is(b"x-gzip") => Some(Self::Gzip),
            () => None,
        }
    }
}
