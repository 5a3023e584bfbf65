//! Reads a dialect from a configuration, by serde.

use std::collections::BTreeMap;

use hl7_ack::AckCode;
use http::StatusCode;
use serde::{Deserialize, Deserializer, de::Error};

use super::{
    CharsetRule, Dialect, DialectError, DialectErrorKind, EmptyAnswer, Envelope, StatusConflict,
};

/// The form of a configuration: a preset, and what differs from it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    #[serde(default)]
    preset: Preset,
    content_type: Option<String>,
    #[serde(default)]
    accept: Vec<String>,
    charset: Option<CharsetRule>,
    envelope: Option<Envelope>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    query: BTreeMap<String, String>,
    #[serde(default)]
    status: Codes,
    empty_status: Option<u16>,
    acknowledge_unreadable: Option<bool>,
    empty_answer: Option<EmptyAnswer>,
    conflict: Option<StatusConflict>,
    in_order: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Preset {
    #[default]
    HapiDraft,
    Hapi,
    HapiMapped,
    PlainText,
    Mirth,
    Ingest,
    Ems,
    Intersystems,
    Google,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "UPPERCASE", default)]
struct Codes {
    aa: Option<u16>,
    ae: Option<u16>,
    ar: Option<u16>,
    ca: Option<u16>,
    ce: Option<u16>,
    cr: Option<u16>,
}

impl Config {
    fn dialect(self) -> Result<Dialect, DialectError> {
        let mut dialect = match self.preset {
            Preset::HapiDraft => Dialect::hapi_draft(),
            Preset::Hapi => Dialect::hapi(),
            Preset::HapiMapped => Dialect::hapi_mapped(),
            Preset::PlainText => Dialect::plain_text(),
            Preset::Mirth => Dialect::mirth(),
            Preset::Ingest => Dialect::ingest(),
            Preset::Ems => Dialect::ems(),
            Preset::Intersystems => Dialect::intersystems(),
            Preset::Google => Dialect::google(),
        };
        if let Some(content_type) = &self.content_type {
            dialect = dialect.with_content_type(content_type)?;
        }
        for content_type in &self.accept {
            dialect = dialect.accepting(content_type)?;
        }
        for (name, value) in &self.headers {
            dialect = dialect.with_header(name, value)?;
        }
        for (name, value) in &self.query {
            dialect = dialect.with_query(name, value);
        }
        for (code, number) in self.status.rows() {
            dialect = dialect.with_status(code, status(number)?);
        }
        if let Some(number) = self.empty_status {
            dialect = dialect.with_empty_status(status(number)?);
        }
        Ok(Dialect {
            charset: self.charset.unwrap_or(dialect.charset),
            envelope: self.envelope.unwrap_or(dialect.envelope),
            acknowledges_unreadable: self
                .acknowledge_unreadable
                .unwrap_or(dialect.acknowledges_unreadable),
            empty_answer: self.empty_answer.unwrap_or(dialect.empty_answer),
            conflict: self.conflict.unwrap_or(dialect.conflict),
            in_order: self.in_order.unwrap_or(dialect.in_order),
            ..dialect
        })
    }
}

impl Codes {
    fn rows(&self) -> impl Iterator<Item = (AckCode, u16)> {
        let rows = [
            (AckCode::AA, self.aa),
            (AckCode::AE, self.ae),
            (AckCode::AR, self.ar),
            (AckCode::CA, self.ca),
            (AckCode::CE, self.ce),
            (AckCode::CR, self.cr),
        ];
        rows.into_iter().filter_map(|(code, number)| Some((code, number?)))
    }
}

/// A final status; 1xx is none.
fn status(number: u16) -> Result<StatusCode, DialectError> {
    let found = StatusCode::from_u16(number).ok();
    found
        .filter(|_| (200..600).contains(&number))
        .ok_or(DialectError::new(DialectErrorKind::Status))
}

/// A preset by name, and what differs from it; every key may be left out, an unknown one is an
/// error. The keys are named after the functions of [`Dialect`]: `preset`, `content_type`, `accept`
/// (a list), `charset`, `envelope`, `headers` and `query` (maps), `status` (a map from `AA`, `AE`,
/// ... to numbers), `empty_status`, `acknowledge_unreadable`, `empty_answer`, `conflict`,
/// `in_order`.
///
/// ```
/// use hl7_ack::AckCode;
/// use hl7_http::Dialect;
///
/// # fn main() -> Result<(), serde_json::Error> {
/// let dialect: Dialect = serde_json::from_str(
///     r#"{
///         "preset": "plain_text",
///         "charset": "always",
///         "headers": { "organisation-code": "r0d" },
///         "status": { "AE": 422, "AR": 409 },
///         "in_order": true
///     }"#,
/// )?;
/// assert_eq!(dialect.content_type(), "text/plain");
/// assert_eq!(dialect.status(AckCode::AR), 409);
/// # Ok(())
/// # }
/// ```
impl<'de> Deserialize<'de> for Dialect {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Config::deserialize(deserializer)?.dialect().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Dialect, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn an_empty_configuration_is_the_default() {
        assert_eq!(read("{}"), Ok(Dialect::default()));
    }

    #[test]
    fn every_preset_has_its_name() {
        for (name, expected) in [
            ("hapi_draft", Dialect::hapi_draft()),
            ("hapi", Dialect::hapi()),
            ("hapi_mapped", Dialect::hapi_mapped()),
            ("plain_text", Dialect::plain_text()),
            ("mirth", Dialect::mirth()),
            ("ingest", Dialect::ingest()),
            ("ems", Dialect::ems()),
            ("intersystems", Dialect::intersystems()),
            ("google", Dialect::google()),
        ] {
            assert_eq!(read(&format!("{{\"preset\": \"{name}\"}}")), Ok(expected), "{name}");
        }
    }

    #[test]
    fn every_key_changes_its_rule() {
        let ok = |status| StatusCode::from_u16(status).unwrap();
        let base = Dialect::default();
        for (text, expected) in [
            (r#""content_type": "text/hl7""#, base.clone().with_content_type("text/hl7").unwrap()),
            (r#""accept": ["a/b"]"#, base.clone().accepting("a/b").unwrap()),
            (r#""charset": "never""#, base.clone().with_charset(CharsetRule::Never)),
            (r#""envelope": "google""#, base.clone().with_envelope(Envelope::Google)),
            (r#""headers": {"a": "b"}"#, base.clone().with_header("a", "b").unwrap()),
            (r#""query": {"CfgItem": "x"}"#, base.clone().with_query("CfgItem", "x")),
            (r#""status": {"CR": 409}"#, base.clone().with_status(AckCode::CR, ok(409))),
            (r#""empty_status": 202"#, base.clone().with_empty_status(ok(202))),
            (r#""acknowledge_unreadable": true"#, base.clone().acknowledging_unreadable(true)),
            (
                r#""empty_answer": "any_body_accepts""#,
                base.clone().with_empty_answer(EmptyAnswer::AnyBodyAccepts),
            ),
            (r#""conflict": "unknown""#, base.clone().with_conflict(StatusConflict::Unknown)),
            (r#""in_order": true"#, base.clone().keeping_order(true)),
        ] {
            assert_ne!(expected, base, "{text}");
            assert_eq!(read(&format!("{{{text}}}")), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for text in [
            r#"{"presets": "hapi"}"#,
            r#"{"preset": "other"}"#,
            r#"{"charset": "sometimes"}"#,
            r#"{"status": {"AX": 200}}"#,
            r#"{"status": {"AA": 99}}"#,
            r#"{"status": {"AA": 100}}"#,
            r#"{"status": {"AA": 600}}"#,
            r#"{"empty_status": 70000}"#,
            r#"{"content_type": "text"}"#,
            r#"{"accept": ["text"]}"#,
            r#"{"headers": {"a b": "c"}}"#,
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
