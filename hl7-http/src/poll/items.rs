//! Finds the messages in an answer of a source.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hl7_parse::batch::{self, PartKind};
use serde::Deserialize;

use crate::dialect::Dialect;

/// One message as it was fetched.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) content: Bytes,
    pub(super) id: Option<String>,
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
        let content = match (fields.message, fields.data) {
            (Some(text), None) => text.into_bytes(),
            (None, Some(packed)) => STANDARD.decode(packed).map_err(|_| "not Base64")?,
            _ => return Err("no message, or two"),
        };
        let id = fields.id.map(|id| match id {
            Id::Number(number) => number.to_string(),
            Id::Text(text) => text,
        });
        Ok(Self(Item { content: Bytes::from(content), id }))
    }
}

/// The messages in a body, in order; `None` where there is something else in it.
pub(super) fn items(dialect: &Dialect, body: &Bytes) -> Option<Vec<Item>> {
    match body.trim_ascii_start().first() {
        Some(b'[') => {
            let listed: Vec<Listed> = serde_json::from_slice(body).ok()?;
            Some(listed.into_iter().map(Item::from).collect())
        }
        Some(b'{') => {
            let Object(item) = serde_json::from_slice(body).ok()?;
            Some(vec![item])
        }
        _ => {
            let content = dialect.response_content(body)?;
            let mut items = Vec::new();
            for part in batch::parts(&content) {
                match part.kind() {
                    PartKind::Message => {
                        let content = content.slice_ref(part.as_bytes());
                        items.push(Item { content, id: None });
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
            Listed::Text(text) => Self { content: Bytes::from(text), id: None },
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
            let expected = expected.map(|expected| {
                let item = |(content, id): (&str, Option<&str>)| Item {
                    content: Bytes::from(content.to_owned()),
                    id: id.map(str::to_owned),
                };
                expected.into_iter().map(item).collect::<Vec<_>>()
            });
            assert_eq!(found, expected, "{body:?}");
        }
    }
}
