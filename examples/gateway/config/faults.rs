//! [`Faults`]: what is wrong with a configuration, one line each, with file and line number.

use std::{fmt, ops::Range};

/// What is wrong with a configuration file.
#[derive(Debug)]
pub(crate) struct Faults {
    file: String,
    /// Line number, from 1, and what is wrong there.
    found: Vec<(usize, String)>,
}

impl Faults {
    pub(crate) fn new(file: impl Into<String>) -> Self {
        Self { file: file.into(), found: Vec::new() }
    }

    /// A fault at a place in the text of the file.
    pub(crate) fn add(&mut self, text: &str, at: Range<usize>, what: impl Into<String>) {
        let before = text.bytes().take(at.start);
        self.found.push((before.filter(|byte| *byte == b'\n').count() + 1, what.into()));
    }

    /// What the TOML reader refused, with the known key that comes nearest to an unknown one.
    pub(crate) fn add_unread(&mut self, text: &str, error: &toml::de::Error) {
        let message = error.message().lines().collect::<Vec<_>>().join(", ");
        let at = error.span().unwrap_or(0..0);
        let what = match (suggestion(&message), expected(&message)) {
            (Some(what), _) => what,
            (None, Some(what)) => match key_before(text, at.start) {
                Some(key) => format!("`{key}`: {what}"),
                None => what,
            },
            (None, None) => message,
        };
        self.add(text, at, what);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (line, what)) in self.found.iter().enumerate() {
            let end = if number == 0 { "" } else { "\n" };
            write!(f, "{end}{}:{line}: {what}", self.file)?;
        }
        Ok(())
    }
}

/// Serde says "unknown field `a`, expected one of `b`, `c`"; of a long list only the nearest is of
/// use. Of variants with fields TOML says "unexpected keys in table: a, available keys: b, c".
fn suggestion(message: &str) -> Option<String> {
    if let Some(keys) = message.strip_prefix("unexpected keys in table: ") {
        let (unknown, known) = keys.split_once(", available keys: ")?;
        let unknown = unknown.split(", ").next()?;
        let known: Vec<_> = known.split(", ").collect();
        return Some(format!("unknown key `{unknown}`; {}", instead(unknown, &known)?));
    }
    let is_key = message.starts_with("unknown field");
    if !is_key && !message.starts_with("unknown variant") {
        return None;
    }
    let mut names = message.split('`').skip(1).step_by(2);
    let unknown = names.next()?;
    let known: Vec<_> = names.collect();
    let what = if is_key { "key" } else { "word" };
    Some(format!("unknown {what} `{unknown}`; {}", instead(unknown, &known)?))
}

/// What should stand there; the value that does is not repeated, because it may be a secret.
fn expected(message: &str) -> Option<String> {
    match message {
        "wanted exactly 1 element, more than 1 element" => {
            return Some("only one of the keys in this table can stand there".to_owned());
        }
        "wanted exactly 1 element, found 0 elements" => {
            return Some("this table has no key".to_owned());
        }
        _ => {}
    }
    if let Some(key) = message.strip_prefix("missing field ") {
        return Some(format!("the key {key} is missing"));
    }
    let is_other = message.starts_with("invalid type: ") || message.starts_with("invalid value: ");
    let (_, wanted) = message.rsplit_once(", expected ").filter(|_| is_other)?;
    let wanted = match wanted {
        "a string" => "text in quotes",
        "a boolean" => "true or false",
        "a sequence" => "a list: [...], or [[...]] of tables",
        "a nonzero usize" | "a nonzero u32" => "a whole number from 1",
        "usize" | "u32" => "a whole number",
        wanted if wanted.contains("struct") || wanted.contains("variant") => "a table: { ... }",
        wanted => wanted,
    };
    Some(format!("expected is {wanted}"))
}

/// The key of the value that begins there, where it stands in the same line.
fn key_before(text: &str, value: usize) -> Option<&str> {
    let line = text.get(..value)?.rsplit('\n').next()?;
    let (key, between) = line.rsplit_once('=')?;
    let key = key.rsplit(['{', ',', '[']).next()?.trim();
    (between.trim().is_empty() && !key.is_empty()).then_some(key)
}

/// What to write instead of a name that is not known; `None` where there is nothing to write.
pub(super) fn instead(unknown: &str, known: &[&str]) -> Option<String> {
    let nearest = known.iter().min_by_key(|name| distance(unknown, name))?;
    let is_near = distance(unknown, nearest) <= (unknown.chars().count() / 3).max(2);
    Some(match is_near {
        true => format!("did you mean `{nearest}`?"),
        false => format!("known here: {}", known.join(", ")),
    })
}

/// How many letters have to be put in, left out or changed to make one name of the other.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for ((to, diagonal), above) in b.chars().zip(&row).zip(row.iter().skip(1)) {
            let changed = diagonal + usize::from(from != to);
            let left = next.last().map_or(usize::MAX, |left| left + 1);
            next.push(changed.min(above + 1).min(left));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_counts_letters() {
        for (a, b, expected) in [
            ("", "", 0),
            ("listen", "listen", 0),
            ("lisen", "listen", 1),
            ("listne", "listen", 2),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
            assert_eq!(distance(b, a), expected, "{b} {a}");
        }
    }

    #[test]
    fn an_unknown_key_is_told_with_the_nearest_or_with_all() {
        for (message, expected) in [
            (
                "unknown field `lisen`, expected one of `listen`, `tls`",
                "unknown key `lisen`; did you mean `listen`?",
            ),
            (
                "unknown variant `sett`, expected `set` or `clear`",
                "unknown word `sett`; did you mean `set`?",
            ),
            (
                "unknown field `colour`, expected one of `listen`, `tls`",
                "unknown key `colour`; known here: listen, tls",
            ),
            (
                "unexpected keys in table: valu, each, available keys: path, value, each",
                "unknown key `valu`; did you mean `value`?",
            ),
        ] {
            assert_eq!(suggestion(message).as_deref(), Some(expected));
        }
        assert_eq!(suggestion("missing field `listen`"), None);
    }

    #[test]
    fn a_value_of_another_kind_is_told_with_its_key_and_not_repeated() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Read {
            _text: Option<String>,
            _number: Option<usize>,
            _list: Option<Vec<String>>,
            _inner: Option<Box<Self>>,
            _one: Option<One>,
        }
        #[derive(Debug, serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum One {
            First(String),
            Second(Box<Read>),
        }
        for (text, told) in [
            ("\n_text = 4711", "f:2: `_text`: expected is text in quotes"),
            ("_inner = { _text = 4711 }", "f:1: `_text`: expected is text in quotes"),
            ("_number = -1", "f:1: `_number`: expected is a whole number"),
            ("_number = \"4\"", "f:1: `_number`: expected is a whole number"),
            ("_list = \"4711\"", "f:1: `_list`: expected is a list: [...], or [[...]] of tables"),
            ("_inner = true", "f:1: `_inner`: expected is a table: { ... }"),
            (
                "_one = { first = \"\", second = {} }",
                "f:1: `_one`: only one of the keys in this table can stand there",
            ),
            ("_one = {}", "f:1: `_one`: this table has no key"),
        ] {
            let mut faults = Faults::new("f");
            faults.add_unread(text, &toml::from_str::<Read>(text).expect_err(text));
            assert_eq!(faults.to_string(), told, "{text}");
        }
    }
}
