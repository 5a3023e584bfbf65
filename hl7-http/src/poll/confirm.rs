//! [`Confirm`]: how a source is told that it may forget a message.

use std::borrow::Cow;

use hl7_ack::{Cause, CauseKind};
use http::{HeaderMap, HeaderName, Method};
use reqwest::Url;

use crate::client::{ClientError, ClientErrorKind};

/// How a source is told that it may forget a message.
///
/// The URL is that of the source's host, and may be written relative to the source's. Written with
/// `{control_id}` (MSH-10) or `{id}` (the `id` of a JSON item) each message is confirmed for itself;
/// else the answer it came in is, once all in it were delivered.
///
/// ```
/// use hl7_http::poll::Confirm;
/// use http::HeaderName;
///
/// let each = Confirm::delete("/outbox/{control_id}");
/// let all = Confirm::post_at(HeaderName::from_static("x-confirm-url"));
/// # drop((each, all));
/// ```
#[derive(Clone, Debug)]
pub struct Confirm {
    method: Method,
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    Template(String),
    Header(HeaderName),
}

/// What a template may be filled with.
#[derive(Clone, Copy, Default)]
pub(super) struct Told<'a> {
    pub(super) id: Option<&'a str>,
    pub(super) control_id: &'a [u8],
}

const ID: &str = "{id}";
const CONTROL_ID: &str = "{control_id}";

impl Confirm {
    /// By DELETE to this URL.
    pub fn delete(template: impl Into<String>) -> Self {
        Self { method: Method::DELETE, place: Place::Template(template.into()) }
    }

    /// By POST without a body to this URL.
    pub fn post(template: impl Into<String>) -> Self {
        Self { method: Method::POST, place: Place::Template(template.into()) }
    }

    /// By DELETE to the URL in this header of the answer.
    pub fn delete_at(header: HeaderName) -> Self {
        Self { method: Method::DELETE, place: Place::Header(header) }
    }

    /// By POST without a body to the URL in this header of the answer.
    pub fn post_at(header: HeaderName) -> Self {
        Self { method: Method::POST, place: Place::Header(header) }
    }

    pub(super) fn method(&self) -> &Method {
        &self.method
    }

    /// Whether each message is confirmed for itself.
    pub(super) fn is_per_item(&self) -> bool {
        match &self.place {
            Place::Template(text) => text.contains(ID) || text.contains(CONTROL_ID),
            Place::Header(_) => false,
        }
    }

    /// Whether the template makes a URL at all.
    pub(super) fn check(&self, source: &Url) -> Result<(), ClientError> {
        let Place::Template(text) = &self.place else { return Ok(()) };
        let told = Told { id: Some("1"), control_id: b"1" };
        match filled(text, told).and_then(|text| on_host(source, &text)) {
            Some(_) => Ok(()),
            None => Err(ClientError::new(
                ClientErrorKind::Url,
                "the URL of the confirmation is malformed or not on the host of the source",
            )),
        }
    }

    pub(super) fn url(
        &self,
        source: &Url,
        headers: &HeaderMap,
        told: Told<'_>,
    ) -> Result<Url, Cause> {
        let text = match &self.place {
            Place::Template(text) => filled(text, told).map(Cow::Owned),
            Place::Header(name) => {
                headers.get(name).and_then(|value| value.to_str().ok()).map(Cow::Borrowed)
            }
        };
        text.and_then(|text| on_host(source, &text)).ok_or_else(|| {
            let text = "the answer does not say where it is to be confirmed, or not on its host";
            Cause::new(CauseKind::Refused, text)
        })
    }
}

/// The template with what it asks for; `None` when that is not known.
fn filled(template: &str, told: Told<'_>) -> Option<String> {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at_checked(at)?;
        text.push_str(before);
        rest = if let Some(rest) = from.strip_prefix(ID) {
            encode(told.id?.as_bytes(), &mut text)?;
            rest
        } else if let Some(rest) = from.strip_prefix(CONTROL_ID) {
            encode(told.control_id, &mut text)?;
            rest
        } else {
            return None;
        };
    }
    text.push_str(rest);
    Some(text)
}

/// Writes a value so that it is one piece of a path or a query, whatever is in it (RFC 3986, 2.1).
/// What is empty, or would be a step in a path, can not be written.
fn encode(value: &[u8], text: &mut String) -> Option<()> {
    if matches!(value, b"" | b"." | b"..") {
        return None;
    }
    for &byte in value {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                text.push(char::from(byte));
            }
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    Some(())
}

/// The URL, if it is of the source's scheme, host and port: elsewhere the credentials would go
/// astray.
fn on_host(source: &Url, text: &str) -> Option<Url> {
    let url = source.join(text).ok()?;
    (url.origin() == source.origin()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> Url {
        Url::parse("https://me:secret@host.example:8443/a/outbox?since=1").unwrap()
    }

    #[test]
    fn what_a_message_says_of_itself_is_one_piece_of_the_url() {
        for (template, id, control_id, expected) in [
            ("/b/{control_id}", None, "7", Some("https://host.example:8443/b/7")),
            ("{id}", Some("7"), "8", Some("https://host.example:8443/a/7")),
            (
                "?done={id}",
                Some("a b&c"),
                "8",
                Some("https://host.example:8443/a/outbox?done=a%20b%26c"),
            ),
            ("/b/{control_id}/x", None, "../c", Some("https://host.example:8443/b/..%2Fc/x")),
            (
                "/b/{control_id}",
                None,
                "//evil.example",
                Some("https://host.example:8443/b/%2F%2Fevil.example"),
            ),
            (
                "{control_id}",
                None,
                "https://evil.example/",
                Some("https://host.example:8443/a/https%3A%2F%2Fevil.example%2F"),
            ),
            ("/b/{control_id}", None, "..", None),
            ("/b/{control_id}", None, "", None),
            ("/b/{id}", None, "7", None),
            ("/b/{other}", None, "7", None),
            ("https://evil.example/{control_id}", None, "7", None),
            ("http://host.example:8443/{control_id}", None, "7", None),
            ("/done", None, "7", Some("https://host.example:8443/done")),
        ] {
            let told = Told { id, control_id: control_id.as_bytes() };
            let found = Confirm::delete(template).url(&source(), &HeaderMap::new(), told);
            let found = found.ok().map(|mut url| {
                url.set_username("").unwrap();
                url.set_password(None).unwrap();
                url.to_string()
            });
            assert_eq!(found.as_deref(), expected, "{template} {id:?} {control_id:?}");
        }
    }

    #[test]
    fn a_template_that_can_not_be_a_url_of_the_source_is_refused_at_once() {
        for (template, good) in [
            ("/b/{control_id}", true),
            ("/b/{id}", true),
            ("", true),
            ("/b/{controlid}", false),
            ("https://evil.example/", false),
            ("//evil.example/", false),
            ("http://[", false),
        ] {
            assert_eq!(Confirm::post(template).check(&source()).is_ok(), good, "{template}");
        }
    }
}
