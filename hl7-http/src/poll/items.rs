//! Finds the messages in an answer of a source.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hl7_parse::{
    Charset, OwnedMessage,
    batch::{self, PartKind},
};
use serde::Deserialize;

use crate::{content, dialect::Dialect};

/// One message as it was fetched.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) content: Bytes,
    pub(super) id: Option<String>,
    /// Whether it was text of JSON, and so is UTF-8 whatever it was before.
    pub(super) is_text: bool,
}

impl Item {
    /// The message as it is delivered: segments ended by CR, and an MSH-18 that is true of text
    /// out of JSON where that matters. `None` where there is none.
    pub(super) fn message(&self) -> Option<OwnedMessage> {
        let message = OwnedMessage::parse_undecoded(self.content.clone()).ok()?.with_cr_ends();
        let is_true = message.header().charset() == Charset::Utf8 || message.as_bytes().is_ascii();
        match self.is_text && !is_true {
            true => content::declaring(&message, Charset::Utf8.name()?),
            false => Some(message),
        }
    }
}

/// One item of a JSON list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Listed {
    Text(String),
    Object(Object),
}

#[derive(Deserialize)]
#[serde(try_from = "Fields")]
struct Object(Item);

#[derive(Deserialize)]
struct Fields {
    id: Option<Id>,
    #[serde(alias = "hl7")]
    message: Option<String>,
    #[serde(alias = "payload")]
    data: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Number(u64),
    Text(String),
}

impl TryFrom<Fields> for Object {
    type Error = &'static str;

    fn try_from(fields: Fields) -> Result<Self, &'static str> {
        let (content, is_text) = match (fields.message, fields.data) {
            (Some(text), None) => (text.into_bytes(), true),
            (None, Some(packed)) => (STANDARD.decode(packed).map_err(|_| "not Base64")?, false),
            _ => return Err("no message, or two"),
        };
        let id = fields.id.map(|id| match id {
            Id::Number(number) => number.to_string(),
            Id::Text(text) => text,
        });
        Ok(Self(Item { content: Bytes::from(content), id, is_text }))
    }
}

/// The messages in a body, in order; `None` where there is something else in it.
pub(super) fn items(dialect: &Dialect, body: &Bytes) -> Option<Vec<Item>> {
    // Some writers of JSON begin with the mark of UTF-8 (RFC 8259, 8.1).
    let json = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
    match json.trim_ascii_start().first() {
        Some(b'[') => {
            let listed: Vec<Listed> = serde_json::from_slice(json).ok()?;
            Some(listed.into_iter().map(Item::from).collect())
        }
        Some(b'{') => {
            let Object(item) = serde_json::from_slice(json).ok()?;
            Some(vec![item])
        }
        _ => {
            let content = dialect.response_content(body)?;
            let mut items = Vec::new();
            for part in batch::parts(&content) {
                match part.kind() {
                    PartKind::Message => {
                        let content = content.slice_ref(part.as_bytes());
                        items.push(Item { content, id: None, is_text: false });
                    }
                    PartKind::Other => return None,
                    // FHS, BHS, BTS, FTS.
                    _ => {}
                }
            }
            Some(items)
        }
    }
}

impl From<Listed> for Item {
    fn from(listed: Listed) -> Self {
        match listed {
            Listed::Text(text) => Self { content: Bytes::from(text), id: None, is_text: true },
            Listed::Object(Object(item)) => item,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_found_in_every_form() {
        let one = "MSH|^~\\&|A\rPID|1\r";
        let two = "MSH|^~\\&|B\rPID|2\r";
        type Expected<'a> = Option<Vec<(&'a str, Option<&'a str>)>>;

        fn plain<'a>(contents: &[&'a str]) -> Expected<'a> {
            Some(contents.iter().map(|text| (*text, None)).collect())
        }
        let json = r#""MSH|^~\\&|A\rPID|1\r""#;
        let other = r#""MSH|^~\\&|B\rPID|2\r""#;
        let cases: Vec<(String, Expected<'_>)> = vec![
            (one.to_owned(), plain(&[one])),
            (format!("\x0b{one}\x1c\r"), plain(&[one])),
            (format!("{one}{two}"), plain(&[one, two])),
            (format!("FHS|^~\\&\rBHS|^~\\&\r{one}{two}BTS|2\rFTS|1\r"), plain(&[one, two])),
            (format!("[{json}, {other}]"), plain(&[one, two])),
            (" []".to_owned(), plain(&[])),
            (format!("\u{feff}[{json}]"), plain(&[one])),
            (format!("\u{feff}{one}"), plain(&[one])),
            (
                format!(
                    "[{{\"id\":7,\"message\":{json}}},{{\"id\":\"x\",\"hl7\":{other},\"n\":[]}}]"
                ),
                Some(vec![(one, Some("7")), (two, Some("x"))]),
            ),
            ("{\"data\":\"TVNIfF5+XCZ8QQ0=\"}".to_owned(), plain(&["MSH|^~\\&|A\r"])),
            ("[{\"payload\":\"TVNIfF5+XCZ8QQ0=\"}]".to_owned(), plain(&["MSH|^~\\&|A\r"])),
            ("[{}]".to_owned(), None),
            ("[1]".to_owned(), None),
            ("[{\"data\":\"~\"}]".to_owned(), None),
            ("[".to_owned(), None),
            ("{\"error\":1}".to_owned(), None),
            ("<html>".to_owned(), None),
            ("nothing new".to_owned(), None),
        ];
        for (body, expected) in cases {
            let found = items(&Dialect::default(), &Bytes::from(body.clone()));
            let is_text = body.contains('"') && !body.contains("data") && !body.contains("payload");
            let expected = expected.map(|expected| {
                let item = |(content, id): (&str, Option<&str>)| Item {
                    content: Bytes::from(content.to_owned()),
                    id: id.map(str::to_owned),
                    is_text,
                };
                expected.into_iter().map(item).collect::<Vec<_>>()
            });
            assert_eq!(found, expected, "{body:?}");
        }
    }

    #[test]
    fn text_of_json_says_that_it_is_utf_8_where_that_matters() {
        let message = |msh_18: &str, name: &str| {
            format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5||||||{msh_18}\rPID|||||{name}\r")
        };
        for (msh_18, name, expected) in [
            ("8859/1", "Müller", "UNICODE UTF-8"),
            ("", "Müller", "UNICODE UTF-8"),
            ("ISO IR87", "Müller", "UNICODE UTF-8"),
            ("GB 18030-2000", "李", "UNICODE UTF-8"),
            ("SOMETHING", "Müller", "UNICODE UTF-8"),
            ("UTF-8", "Müller", "UTF-8"),
            ("UNICODE UTF-8", "Müller", "UNICODE UTF-8"),
            ("8859/1", "Muller", "8859/1"),
            ("", "Muller", ""),
        ] {
            let read = |is_text| {
                let content = Bytes::from(message(msh_18, name));
                Item { content, id: None, is_text }.message().expect("a message")
            };
            let case = format!("{msh_18} {name}");
            assert_eq!(read(true).as_bytes(), &message(expected, name), "{case}");
            assert_eq!(read(false).as_bytes(), &message(msh_18, name), "{case}: as it came");
        }
        let none = Item { content: Bytes::from("PID|1\r"), id: None, is_text: true };
        assert!(none.message().is_none());
    }
}
