//! [`Dialect`]: what differs between peers that speak HL7 v2 over HTTP, as data.

#[cfg(feature = "serde")]
mod config;
mod error;
mod presets;
mod rules;

use std::{borrow::Cow, fmt};

use hl7_ack::AckCode;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

pub use self::error::{DialectError, DialectErrorKind};
use self::rules::Statuses;
pub use self::rules::{CharsetRule, EmptyAnswer, Envelope, StatusConflict};
use crate::media_type::MediaType;

/// How one peer, or one group of them, speaks HL7 v2 over HTTP.
///
/// | preset | type sent | for |
/// |---|---|---|
/// | [`hapi_draft`](Self::hapi_draft), the default | `application/hl7-v2+er7` | peers that follow the draft's text |
/// | [`hapi`](Self::hapi) | `application/hl7-v2` | HAPI's own code, which takes no other type |
/// | [`hapi_mapped`](Self::hapi_mapped) | `application/hl7-v2` | early HAPI: AE is 500, AR is 400 |
/// | [`plain_text`](Self::plain_text) | `text/plain` | engines that treat HL7 as any text |
/// | [`mirth`](Self::mirth) | `text/plain` | Mirth Connect's HTTP Listener and Sender |
/// | [`ingest`](Self::ingest) | `text/plain` | `$ingest` of the NHS Dorset exchange: AE is 500, AR is 400 |
/// | [`ems`](Self::ems) | `application/hl7-v2+er7` | MEDILOGIK EMS: 200 alone counts, one message at a time |
/// | [`intersystems`](Self::intersystems) | `application/hl7-v2` | Ensemble, HealthShare, IRIS: charset always sent |
/// | [`google`](Self::google) | `application/json` | `messages:ingest` of Google Cloud Healthcare |
///
/// Unless the table says otherwise every acknowledgment, positive or negative, has status 200, and
/// 204 says that none was due (draft, section on status codes). All but the last accept the same
/// types: `application/hl7-v2`, `application/hl7-v2+er7`, both with `x-application`,
/// `application/hl7`, `application/x-hl7`, `application/edi-hl7`, `application/edi-hl7v2`,
/// `text/hl7`, `text/plain`, `application/octet-stream`, `application/x-www-form-urlencoded` (what
/// curl says unless told better), and none at all.
///
/// ```
/// use hl7_ack::AckCode;
/// use hl7_http::Dialect;
/// use http::StatusCode;
///
/// # fn main() -> Result<(), hl7_http::DialectError> {
/// // Strict REST, for a peer that also wants to know which site is speaking.
/// let dialect = Dialect::hapi()
///     .with_status(AckCode::AE, StatusCode::UNPROCESSABLE_ENTITY)
///     .with_status(AckCode::AR, StatusCode::CONFLICT)
///     .with_header("organisation-code", "r0d")?;
/// assert_eq!(dialect.status(AckCode::AR), 409);
/// assert_eq!(dialect.status(AckCode::AA), 200);
/// # Ok(())
/// # }
/// ```
///
/// With the feature `serde` a dialect is read from a configuration; see
/// [its `Deserialize`](#impl-Deserialize%3C'de%3E-for-Dialect).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    content_type: Cow<'static, str>,
    accepted: Vec<Cow<'static, str>>,
    charset: CharsetRule,
    envelope: Envelope,
    headers: HeaderMap,
    query: Vec<Pair>,
    statuses: Statuses,
    empty_status: StatusCode,
    acknowledges_unreadable: bool,
    empty_answer: EmptyAnswer,
    conflict: StatusConflict,
    in_order: bool,
}

impl Dialect {
    /// Sets the type sent: with every request, and with answers to callers whose own type does
    /// not say HL7.
    ///
    /// # Errors
    ///
    /// When the text is no `type/subtype`. A parameter is not part of it; see
    /// [`with_charset`](Self::with_charset).
    pub fn with_content_type(mut self, content_type: &str) -> Result<Self, DialectError> {
        self.content_type = Cow::Owned(essence(content_type)?);
        Ok(self)
    }

    /// Accepts one more type in requests.
    ///
    /// # Errors
    ///
    /// When the text is no `type/subtype`.
    pub fn accepting(mut self, content_type: &str) -> Result<Self, DialectError> {
        self.accepted.push(Cow::Owned(essence(content_type)?));
        Ok(self)
    }

    /// Sets when the charset parameter is sent.
    #[must_use]
    pub fn with_charset(mut self, rule: CharsetRule) -> Self {
        self.charset = rule;
        self
    }

    /// Sets what bodies are made of.
    #[must_use]
    pub fn with_envelope(mut self, envelope: Envelope) -> Self {
        self.envelope = envelope;
        self
    }

    /// Sends this header with every request, in place of one of the same name.
    ///
    /// # Errors
    ///
    /// When the name or the value holds characters that can not be sent.
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Self, DialectError> {
        let invalid = DialectError::new(DialectErrorKind::Header);
        let name = HeaderName::try_from(name).map_err(|_| invalid)?;
        let mut value = HeaderValue::try_from(value).map_err(|_| invalid)?;
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Ok(self)
    }

    /// Adds this pair to the query of every request: `?CfgItem=...` names the configuration item
    /// of InterSystems.
    #[must_use]
    pub fn with_query(mut self, name: &str, value: &str) -> Self {
        self.query.push(Pair { name: name.to_owned(), value: value.to_owned() });
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

    /// Answers a body that is not HL7 by AR, with the status of that code, in place of 400 and a
    /// line of text. A body in which nothing can be read at all has an acknowledgment without
    /// MSA-2.
    #[must_use]
    pub fn acknowledging_unreadable(mut self, acknowledges: bool) -> Self {
        self.acknowledges_unreadable = acknowledges;
        self
    }

    /// Sets what a client takes a 2xx without HL7 for.
    #[must_use]
    pub fn with_empty_answer(mut self, rule: EmptyAnswer) -> Self {
        self.empty_answer = rule;
        self
    }

    /// Sets what a client makes of a positive acknowledgment under a status that says failure.
    #[must_use]
    pub fn with_conflict(mut self, rule: StatusConflict) -> Self {
        self.conflict = rule;
        self
    }

    /// Whether a client sends the next message only after the answer to the one before. HTTP
    /// servers work in parallel: two requests at once may be handled in either order.
    #[must_use]
    pub fn keeping_order(mut self, in_order: bool) -> Self {
        self.in_order = in_order;
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

    /// What bodies are made of.
    #[must_use]
    pub fn envelope(&self) -> Envelope {
        self.envelope
    }

    /// The headers sent with every request.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The pairs added to the query of every request.
    pub fn query(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.query.iter().map(|pair| (pair.name.as_str(), pair.value.as_str()))
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

    /// Whether a body that is not HL7 is answered by AR.
    #[must_use]
    pub fn acknowledges_unreadable(&self) -> bool {
        self.acknowledges_unreadable
    }

    /// What a client takes a 2xx without HL7 for.
    #[must_use]
    pub fn empty_answer(&self) -> EmptyAnswer {
        self.empty_answer
    }

    /// What a client makes of a positive acknowledgment under a status that says failure.
    #[must_use]
    pub fn conflict(&self) -> StatusConflict {
        self.conflict
    }

    /// Whether a client has one request outstanding at most.
    #[must_use]
    pub fn is_in_order(&self) -> bool {
        self.in_order
    }
}

/// A pair of a query. The value may be a key of an interface and is not shown.
#[derive(Clone, PartialEq, Eq)]
struct Pair {
    name: String,
    value: String,
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pair").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Default for Dialect {
    fn default() -> Self {
        Self::hapi_draft()
    }
}

fn essence(text: &str) -> Result<String, DialectError> {
    let found = MediaType::parse(text);
    let found = found.ok_or(DialectError::new(DialectErrorKind::MediaType))?;
    Ok(found.essence().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODES: [AckCode; 6] =
        [AckCode::AA, AckCode::AE, AckCode::AR, AckCode::CA, AckCode::CE, AckCode::CR];

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
        let error = dialect.clone().accepting("nothing").unwrap_err();
        assert_eq!(error.kind(), DialectErrorKind::MediaType);
        assert_eq!(dialect.with_content_type("TEXT/HL7").unwrap().content_type(), "text/hl7");
    }

    #[test]
    fn a_header_is_replaced_by_one_of_its_name_and_refused_when_it_can_not_be_sent() {
        let dialect = Dialect::ingest().with_header("Data-Type", "HL7v2").unwrap();
        assert_eq!(dialect.headers()["data-type"], "HL7v2");
        assert_eq!(dialect.headers().len(), 1);
        for (name, value) in [("a b", "c"), ("", "c"), ("a", "c\r\nd: e"), ("a", "\0")] {
            let error = dialect.clone().with_header(name, value).unwrap_err();
            assert_eq!(error.kind(), DialectErrorKind::Header, "{name:?}: {value:?}");
        }
    }

    #[test]
    fn a_dialect_shows_no_value_of_a_header_or_a_query() {
        let dialect = Dialect::default().with_header("x-api-key", "hidden").unwrap();
        let dialect = dialect.with_query("key", "hidden");
        assert!(!format!("{dialect:?}").contains("hidden"), "{dialect:?}");
    }
}
