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

    /// What the TOML reader refused, with the known key that comes nearest to an unknown one. A value
    /// of the wrong type is not shown: it may be a secret.
    pub(crate) fn add_unread(&mut self, text: &str, error: &toml::de::Error) {
        let message = error.message().lines().collect::<Vec<_>>().join(", ");
        let what = suggestion(&message).or_else(|| without_value(&message)).unwrap_or(message);
        self.add(text, error.span().unwrap_or(0..0), what);
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
/// use.
fn suggestion(message: &str) -> Option<String> {
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

/// Serde says "invalid type: string "hidden", expected a map"; what is left is "invalid type: string,
/// expected a map".
fn without_value(message: &str) -> Option<String> {
    let (what, rest) = message.split_once(": ").filter(|(what, _)| what.starts_with("invalid "))?;
    let (found, expected) = rest.rsplit_once(", expected ")?;
    let kind = found.split(['`', '"']).next()?.trim_end();
    Some(format!("{what}: {kind}, expected {expected}"))
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
        ] {
            assert_eq!(suggestion(message).as_deref(), Some(expected));
        }
        assert_eq!(suggestion("missing field `listen`"), None);
    }

    #[test]
    fn a_value_of_the_wrong_type_is_not_shown() {
        for (message, expected) in [
            (
                "invalid type: string \"hid, expected den\", expected struct Basic",
                Some("invalid type: string, expected struct Basic"),
            ),
            (
                "invalid type: integer `7`, expected a string",
                Some("invalid type: integer, expected a string"),
            ),
            (
                "invalid type: sequence, expected a string",
                Some("invalid type: sequence, expected a string"),
            ),
            ("missing field `listen`", None),
        ] {
            assert_eq!(without_value(message).as_deref(), expected, "{message}");
        }
    }
}
