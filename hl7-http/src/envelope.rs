//! Puts messages and answers into bodies, and finds them there again.

use std::borrow::Cow;

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{
        DecodePaddingMode,
        general_purpose::{GeneralPurpose, GeneralPurposeConfig},
    },
};
use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;

use crate::{
    content::unframed,
    dialect::{Dialect, Envelope},
};

/// The alphabet of RFC 4648, 4; padding is written, and may be missing where it is read.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    message: Carried<'a>,
}

#[derive(Deserialize)]
struct Carried<'a> {
    #[serde(borrow)]
    data: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Response<'a> {
    #[serde(borrow, rename = "hl7Ack")]
    ack: Option<Cow<'a, str>>,
    #[serde(borrow)]
    error: Option<Failure<'a>>,
}

#[derive(Deserialize)]
struct Failure<'a> {
    #[serde(borrow, default)]
    details: Vec<Detail<'a>>,
}

#[derive(Deserialize)]
struct Detail<'a> {
    #[serde(borrow, rename = "hl7Nack")]
    nack: Option<Cow<'a, str>>,
}

/// What the sides of an exchange do with bodies, for those who bring their own HTTP.
impl Dialect {
    /// The body of a request that carries this message. Without an envelope it is the message, and
    /// nothing is copied.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use hl7_http::Dialect;
    ///
    /// let message = Bytes::from_static(b"MSH|^~\\&|A\r");
    /// let body = Dialect::google().request_body(&message);
    /// assert_eq!(body, r#"{"message":{"data":"TVNIfF5+XCZ8QQ0="}}"#);
    /// assert_eq!(Dialect::google().request_content(&body), Some(message));
    /// ```
    #[must_use]
    pub fn request_body(&self, message: &Bytes) -> Bytes {
        match self.envelope() {
            Envelope::None => message.clone(),
            Envelope::Google => enclosed("{\"message\":{\"data\":\"", message, "\"}}"),
        }
    }

    /// What HL7 a request's body carries, without the MLLP bytes that some senders leave around
    /// it; `None` when the envelope can not be read. Whether it is a message is not looked at.
    #[must_use]
    pub fn request_content(&self, body: &Bytes) -> Option<Bytes> {
        match self.envelope() {
            Envelope::None => Some(unframed(body)),
            Envelope::Google => {
                let request: Request<'_> = serde_json::from_slice(body).ok()?;
                decoded(&request.message.data)
            }
        }
    }

    /// The body of a response that carries this answer under this status.
    #[must_use]
    pub fn response_body(&self, status: StatusCode, answer: &Bytes) -> Bytes {
        match self.envelope() {
            Envelope::None => answer.clone(),
            Envelope::Google if status.is_success() => enclosed("{\"hl7Ack\":\"", answer, "\"}"),
            Envelope::Google => {
                let before = format!(
                    "{{\"error\":{{\"code\":{},\"message\":\"the message was not accepted\",\
                     \"status\":\"{}\",\"details\":[{{\"hl7Nack\":\"",
                    status.as_u16(),
                    canonical(status),
                );
                enclosed(&before, answer, "\"}]}}")
            }
        }
    }

    /// What HL7 a response's body carries, as [`request_content`](Self::request_content) has it.
    #[must_use]
    pub fn response_content(&self, body: &Bytes) -> Option<Bytes> {
        match self.envelope() {
            Envelope::None => Some(unframed(body)),
            Envelope::Google => {
                let Response { ack, error } = serde_json::from_slice(body).ok()?;
                let nack = || error?.details.into_iter().find_map(|detail| detail.nack);
                decoded(&ack.or_else(nack)?)
            }
        }
    }
}

fn enclosed(before: &str, content: &[u8], after: &str) -> Bytes {
    let encoded = content.len().div_ceil(3).saturating_mul(4);
    let mut text = String::with_capacity(before.len() + encoded + after.len());
    text.push_str(before);
    BASE64.encode_string(content, &mut text);
    text.push_str(after);
    Bytes::from(text)
}

fn decoded(text: &str) -> Option<Bytes> {
    BASE64.decode(text).ok().map(|content| unframed(&Bytes::from(content)))
}

/// The name of an error as Google's APIs have it (`google.rpc.Code`).
fn canonical(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400..=499 => "INVALID_ARGUMENT",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        _ => "INTERNAL",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_enclosed_is_found_again_in_every_envelope() {
        for dialect in [Dialect::default(), Dialect::google()] {
            for content in [&b"MSH|^~\\&|A\r"[..], b"MSH|^~\\&|\"\xfc\x00\r", b"x", b"xy", b""] {
                let content = Bytes::from(content);
                let body = dialect.request_body(&content);
                assert_eq!(dialect.request_content(&body), Some(content.clone()), "{body:?}");
                for status in [200, 202, 400, 422, 500, 503, 504] {
                    let status = StatusCode::from_u16(status).unwrap();
                    let body = dialect.response_body(status, &content);
                    assert_eq!(dialect.response_content(&body), Some(content.clone()), "{body:?}");
                }
            }
        }
    }

    #[test]
    fn an_answer_is_found_where_google_puts_it() {
        for (body, expected) in [
            (r#"{"hl7Ack":"eA==","message":{"name":"n","labels":{"a":"b"}}}"#, Some("x")),
            (r#"{"hl7Ack":"eA"}"#, Some("x")),
            (r#"{"message":{},"hl7Ack":"C3gcDQ=="}"#, Some("x")),
            (
                r#"{"error":{"code":400,"details":[{"@type":"t","a":1},{"hl7Nack":"eA=="}]}}"#,
                Some("x"),
            ),
            (r#"{"error":{"code":403,"message":"m","status":"PERMISSION_DENIED"}}"#, None),
            (r#"{"error":{"details":[]}}"#, None),
            (r#"{"hl7Ack":"not Base64"}"#, None),
            (r#"{"hl7Ack":1}"#, None),
            ("{}", None),
            ("[]", None),
            ("MSH|^~\\&|A\r", None),
            ("", None),
        ] {
            let found = Dialect::google().response_content(&Bytes::from(body));
            assert_eq!(found, expected.map(Bytes::from), "{body}");
        }
    }

    #[test]
    fn a_request_without_its_envelope_is_none() {
        for body in ["", "{}", "MSH|^~\\&|A\r", r#"{"message":{}}"#, r#"{"message":{"data":"~"}}"#]
        {
            assert_eq!(Dialect::google().request_content(&Bytes::from(body)), None, "{body}");
        }
    }
}
