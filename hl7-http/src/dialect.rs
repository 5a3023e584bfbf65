//! [`Dialect`]: what differs between peers that speak HL7 v2 over HTTP, as data.

use std::{borrow::Cow, error::Error, fmt};

use hl7_ack::AckCode;
use http::StatusCode;

use crate::media_type::MediaType;

/// How one peer, or one group of them, speaks HL7 v2 over HTTP.
///
/// | preset | type sent | for |
/// |---|---|---|
/// | [`hapi_draft`](Self::hapi_draft), the default | `application/hl7-v2+er7` | peers that follow the draft's text |
/// | [`hapi`](Self::hapi) | `application/hl7-v2` | HAPI's own code, which takes no other type |
/// | [`plain_text`](Self::plain_text) | `text/plain` | engines that treat HL7 as any text |
///
/// In all of them every acknowledgment, positive or negative, has status 200, and 204 says that
/// none was due (draft, section on status codes); all accept the same types:
/// `application/hl7-v2`, `application/hl7-v2+er7`, both with `x-application`, `application/hl7`,
/// `application/x-hl7`, `application/edi-hl7`, `application/edi-hl7v2`, `text/hl7`, `text/plain`,
/// `application/octet-stream`, `application/x-www-form-urlencoded` (what curl says unless told
/// better), and none at all.
///
/// ```
/// use hl7_ack::AckCode;
/// use hl7_http::Dialect;
/// use http::StatusCode;
///
/// // A peer that maps negative acknowledgments to errors, as old HAPI versions did.
/// let dialect = Dialect::hapi()
///     .with_status(AckCode::AE, StatusCode::INTERNAL_SERVER_ERROR)
///     .with_status(AckCode::AR, StatusCode::BAD_REQUEST);
/// assert_eq!(dialect.status(AckCode::AR), 400);
/// assert_eq!(dialect.status(AckCode::AA), 200);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    content_type: Cow<'static, str>,
    accepted: Vec<Cow<'static, str>>,
    charset: CharsetRule,
    statuses: Statuses,
    empty_status: StatusCode,
}

/// When the charset parameter is sent with a content type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CharsetRule {
    /// When it is true: what MSH-18 names (Table 0211), else `utf-8` if the bytes are UTF-8, else
    /// no parameter.
    #[default]
    WhenTrue,
    /// Never, for peers that compare the whole header.
    Never,
}

/// The status sent with an acknowledgment of each code: the one place it is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Statuses {
    aa: StatusCode,
    ae: StatusCode,
    ar: StatusCode,
    ca: StatusCode,
    ce: StatusCode,
    cr: StatusCode,
}

/// What is accepted for messages in ER7, the form with delimiters.
const ER7_TYPES: [&str; 12] = [
    "application/hl7-v2",
    "application/hl7-v2+er7",
    "x-application/hl7-v2+er7",
    "x-application/hl7-v2",
    "application/hl7",
    "application/edi-hl7",
    "application/edi-hl7v2",
    "text/plain",
    "text/hl7",
    "application/octet-stream",
    "application/x-hl7",
    // What curl and Python's urllib say of any body unless they are told better.
    "application/x-www-form-urlencoded",
];

impl Dialect {
    /// The HAPI draft by its text: `application/hl7-v2+er7`. The default.
    #[must_use]
    pub fn hapi_draft() -> Self {
        Self::sending("application/hl7-v2+er7")
    }

    /// HAPI as implemented: `application/hl7-v2`; its decoder rejects any other value.
    #[must_use]
    pub fn hapi() -> Self {
        Self::sending("application/hl7-v2")
    }

    /// HL7 as plain text: `text/plain`.
    #[must_use]
    pub fn plain_text() -> Self {
        Self::sending("text/plain")
    }

    fn sending(content_type: &'static str) -> Self {
        let ok = StatusCode::OK;
        Self {
            content_type: Cow::Borrowed(content_type),
            accepted: ER7_TYPES.map(Cow::Borrowed).to_vec(),
            charset: CharsetRule::default(),
            statuses: Statuses { aa: ok, ae: ok, ar: ok, ca: ok, ce: ok, cr: ok },
            empty_status: StatusCode::NO_CONTENT,
        }
    }

    /// Sets the type sent: with every request, and with answers to callers whose own type does
    /// not say HL7.
    ///
    /// # Errors
    ///
    /// When the text is no `type/subtype`. A parameter is not part of it; see
    /// [`with_charset`](Self::with_charset).
    pub fn with_content_type(mut self, content_type: &str) -> Result<Self, InvalidMediaType> {
        self.content_type = Cow::Owned(essence(content_type)?);
        Ok(self)
    }

    /// Accepts one more type in requests.
    ///
    /// # Errors
    ///
    /// When the text is no `type/subtype`.
    pub fn accepting(mut self, content_type: &str) -> Result<Self, InvalidMediaType> {
        self.accepted.push(Cow::Owned(essence(content_type)?));
        Ok(self)
    }

    /// Sets when the charset parameter is sent.
    #[must_use]
    pub fn with_charset(mut self, rule: CharsetRule) -> Self {
        self.charset = rule;
        self
    }

    /// Sets the status sent with an acknowledgment of this code.
    #[must_use]
    pub fn with_status(mut self, code: AckCode, status: StatusCode) -> Self {
        if let Some(entry) = self.statuses.entry(code) {
            *entry = status;
        }
        self
    }

    /// Sets the status sent when no acknowledgment is due: 204 by default, 200 or 202 elsewhere.
    #[must_use]
    pub fn with_empty_status(mut self, status: StatusCode) -> Self {
        self.empty_status = status;
        self
    }

    /// The type sent, without parameters.
    #[must_use]
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// Whether requests of this type (`type/subtype`, in lower case) are taken.
    #[must_use]
    pub fn accepts(&self, content_type: &str) -> bool {
        self.accepted.iter().any(|accepted| accepted == content_type)
    }

    /// When the charset parameter is sent.
    #[must_use]
    pub fn charset(&self) -> CharsetRule {
        self.charset
    }

    /// The status sent with an acknowledgment of this code.
    #[must_use]
    pub fn status(&self, code: AckCode) -> StatusCode {
        let mut statuses = self.statuses;
        statuses.entry(code).map_or(StatusCode::OK, |status| *status)
    }

    /// The status sent when no acknowledgment is due.
    #[must_use]
    pub fn empty_status(&self) -> StatusCode {
        self.empty_status
    }
}

impl Default for Dialect {
    fn default() -> Self {
        Self::hapi_draft()
    }
}

impl Statuses {
    /// The row of a code; `None` for one that Table 0008 does not have today.
    fn entry(&mut self, code: AckCode) -> Option<&mut StatusCode> {
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

fn essence(text: &str) -> Result<String, InvalidMediaType> {
    let found = MediaType::parse(text).ok_or(InvalidMediaType { _private: () })?;
    Ok(found.essence().to_owned())
}

/// A text that should be a media type and is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidMediaType {
    _private: (),
}

impl fmt::Display for InvalidMediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a media type; type/subtype is expected, as in application/hl7-v2")
    }
}

impl Error for InvalidMediaType {}

#[cfg(test)]
mod tests {
    use super::*;

    const CODES: [AckCode; 6] =
        [AckCode::AA, AckCode::AE, AckCode::AR, AckCode::CA, AckCode::CE, AckCode::CR];

    #[test]
    fn every_code_has_status_200_in_every_preset() {
        for dialect in [Dialect::hapi_draft(), Dialect::hapi(), Dialect::plain_text()] {
            for code in CODES {
                assert_eq!(dialect.status(code), StatusCode::OK, "{dialect:?} {code}");
            }
            assert_eq!(dialect.empty_status(), StatusCode::NO_CONTENT);
        }
    }

    #[test]
    fn a_status_is_set_for_its_code_alone() {
        for set in CODES {
            let dialect = Dialect::default().with_status(set, StatusCode::ACCEPTED);
            for code in CODES {
                let expected = if code == set { StatusCode::ACCEPTED } else { StatusCode::OK };
                assert_eq!(dialect.status(code), expected, "{code} after setting {set}");
            }
        }
    }

    #[test]
    fn a_type_is_added_by_its_essence() {
        let dialect = Dialect::default();
        assert!(!dialect.accepts("application/pdf"));
        let dialect = dialect.accepting("Application/PDF; charset=x").unwrap();
        assert!(dialect.accepts("application/pdf"));
        assert!(dialect.clone().accepting("nothing").is_err());
        assert_eq!(dialect.with_content_type("TEXT/HL7").unwrap().content_type(), "text/hl7");
    }
}
