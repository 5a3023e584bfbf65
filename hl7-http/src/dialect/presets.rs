//! The presets: one function for each family of peers.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::{
    Dialect,
    rules::{CharsetRule, EmptyAnswer, Envelope, StatusConflict, Statuses},
};

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

/// Every acknowledgment has status 200 (draft).
const ALWAYS_200: Statuses = Statuses::of(StatusCode::OK, StatusCode::OK, StatusCode::OK);

/// AE and CE are 500, AR and CR are 400 (HAPI's early versions, `$ingest`).
const MAPPED: Statuses =
    Statuses::of(StatusCode::OK, StatusCode::INTERNAL_SERVER_ERROR, StatusCode::BAD_REQUEST);

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

    /// Early versions of HAPI, which send AE and CE with status 500, AR and CR with 400.
    #[must_use]
    pub fn hapi_mapped() -> Self {
        Self { statuses: MAPPED, ..Self::hapi() }
    }

    /// HL7 as plain text: `text/plain`.
    #[must_use]
    pub fn plain_text() -> Self {
        Self::sending("text/plain")
    }

    /// Mirth Connect: `text/plain` both ways, and status 200 also where nothing is due, which is
    /// what its HTTP Listener sends unless a channel says otherwise.
    #[must_use]
    pub fn mirth() -> Self {
        Self { empty_status: StatusCode::OK, ..Self::plain_text() }
    }

    /// `$ingest` of the NHS Dorset Healthcare Exchange: plain text, and statuses that follow the
    /// acknowledgment: AE is 500, AR is 400.
    ///
    /// A client adds the headers that say who sends, and may spell `data-type` otherwise than the
    /// guide does (`Hl7v2`):
    ///
    /// ```
    /// use hl7_http::Dialect;
    ///
    /// # fn main() -> Result<(), hl7_http::DialectError> {
    /// let dialect = Dialect::ingest()
    ///     .with_header("source-domain", "emergency-care")?
    ///     .with_header("organisation-code", "r0d")?;
    /// # drop(dialect);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn ingest() -> Self {
        let data_type = (HeaderName::from_static("data-type"), HeaderValue::from_static("Hl7v2"));
        Self {
            charset: CharsetRule::Utf8WhenTrue,
            headers: HeaderMap::from_iter([data_type]),
            statuses: MAPPED,
            ..Self::plain_text()
        }
    }

    /// MEDILOGIK EMS: status 200 says that an acknowledgment is in the body, anything else that the
    /// message was not processed; the next message leaves after the answer to the one before.
    #[must_use]
    pub fn ems() -> Self {
        Self {
            empty_status: StatusCode::OK,
            conflict: StatusConflict::Unknown,
            in_order: true,
            ..Self::hapi_draft()
        }
    }

    /// InterSystems Ensemble, HealthShare and IRIS for Health: the adapter takes the character set
    /// from the parameter, so that one is always sent.
    ///
    /// A client names the configuration item where the path does not:
    /// `Dialect::intersystems().with_query("CfgItem", "ADT.In")`.
    #[must_use]
    pub fn intersystems() -> Self {
        Self { charset: CharsetRule::Always, ..Self::hapi() }
    }

    /// `messages:ingest` of the Google Cloud Healthcare API: JSON with the message in Base64.
    ///
    /// The URL is that of the store with `/messages:ingest` behind it, and a client needs an access
    /// token with the permission `healthcare.hl7V2Messages.ingest`. A negative acknowledgment comes
    /// as an error with status 400 that holds it (`hl7Nack`).
    #[must_use]
    pub fn google() -> Self {
        let bad = StatusCode::BAD_REQUEST;
        Self {
            accepted: vec![Cow::Borrowed("application/json")],
            charset: CharsetRule::Never,
            envelope: Envelope::Google,
            statuses: Statuses::of(StatusCode::OK, bad, bad),
            empty_status: StatusCode::OK,
            ..Self::sending("application/json")
        }
    }

    fn sending(content_type: &'static str) -> Self {
        Self {
            content_type: Cow::Borrowed(content_type),
            accepted: ER7_TYPES.map(Cow::Borrowed).to_vec(),
            charset: CharsetRule::default(),
            envelope: Envelope::default(),
            headers: HeaderMap::new(),
            query: Vec::new(),
            statuses: ALWAYS_200,
            empty_status: StatusCode::NO_CONTENT,
            acknowledges_unreadable: false,
            empty_answer: EmptyAnswer::default(),
            conflict: StatusConflict::default(),
            in_order: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use hl7_ack::AckCode;

    use super::*;

    #[test]
    fn statuses_are_those_of_the_table() {
        for (name, dialect, aa, ae, ar, empty) in [
            ("hapi_draft", Dialect::hapi_draft(), 200, 200, 200, 204),
            ("hapi", Dialect::hapi(), 200, 200, 200, 204),
            ("hapi_mapped", Dialect::hapi_mapped(), 200, 500, 400, 204),
            ("plain_text", Dialect::plain_text(), 200, 200, 200, 204),
            ("mirth", Dialect::mirth(), 200, 200, 200, 200),
            ("ingest", Dialect::ingest(), 200, 500, 400, 204),
            ("ems", Dialect::ems(), 200, 200, 200, 200),
            ("intersystems", Dialect::intersystems(), 200, 200, 200, 204),
            ("google", Dialect::google(), 200, 400, 400, 200),
        ] {
            for (codes, status) in [
                ([AckCode::AA, AckCode::CA], aa),
                ([AckCode::AE, AckCode::CE], ae),
                ([AckCode::AR, AckCode::CR], ar),
            ] {
                for code in codes {
                    assert_eq!(dialect.status(code).as_u16(), status, "{name} {code}");
                }
            }
            assert_eq!(dialect.empty_status().as_u16(), empty, "{name}");
        }
    }
}
