//! Reads the value of a Content-Type header (RFC 9110, 8.3).

/// A media type: `type/subtype` in lower case, and the charset parameter if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MediaType {
    essence: String,
    charset: Option<String>,
}

impl MediaType {
    /// Reads a type with its parameters, in any letter case and order; values may be quoted. A
    /// parameter that is malformed is passed over, a type that is malformed is `None`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
        let essence = essence.trim_ascii().to_ascii_lowercase();
        let (kind, subtype) = essence.split_once('/')?;
        if !is_token(kind) || !is_token(subtype) {
            return None;
        }
        let charset = pieces(parameters).find_map(|piece| {
            let (name, value) = piece.split_once('=')?;
            if !name.trim_ascii().eq_ignore_ascii_case("charset") {
                return None;
            }
            let mut value = unquoted(value.trim_ascii());
            value.make_ascii_lowercase();
            is_token(&value).then_some(value)
        });
        Some(Self { essence, charset })
    }

    /// `type/subtype`, in lower case.
    pub(crate) fn essence(&self) -> &str {
        &self.essence
    }

    /// The charset parameter, in lower case.
    #[cfg(any(feature = "server", test))]
    pub(crate) fn charset(&self) -> Option<&str> {
        self.charset.as_deref()
    }

    /// Whether the type says HL7, so that an answer can be given in it.
    #[cfg(any(feature = "server", test))]
    pub(crate) fn is_hl7(&self) -> bool {
        self.essence.contains("hl7")
    }
}

/// Splits at the semicolons outside of quotes.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |character| {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ';' => return !quoted,
            _ => {}
        }
        false
    })
}

/// A parameter's value without quotes and backslashes.
fn unquoted(value: &str) -> String {
    let Some(inside) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return value.to_owned();
    };
    let mut escaped = false;
    let keep = |character: &char| {
        escaped = *character == '\\' && !escaped;
        !escaped
    };
    inside.chars().filter(keep).collect()
}

/// Whether the text is a token of RFC 9110, 5.6.2.
fn is_token(text: &str) -> bool {
    let is_tchar = |byte| {
        matches!(byte, b'a'..=b'z' | b'-' | b'+' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'_'
            | b'!' | b'#'..=b'\'' | b'*' | b'^' | b'`' | b'|' | b'~')
    };
    !text.is_empty() && text.bytes().all(is_tchar)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_and_charset_are_found_however_they_are_written() {
        for (text, essence, charset) in [
            ("application/hl7-v2", "application/hl7-v2", None),
            ("application/hl7-v2; charset=UTF-8", "application/hl7-v2", Some("utf-8")),
            ("Application/HL7-V2+ER7;CHARSET=utf-8", "application/hl7-v2+er7", Some("utf-8")),
            (" text/plain ; charset = \"ISO-8859-1\" ", "text/plain", Some("iso-8859-1")),
            ("text/plain; format=flowed; charset=us-ascii", "text/plain", Some("us-ascii")),
            ("text/plain; x=\"a;charset=no\"; charset=yes", "text/plain", Some("yes")),
            ("text/plain; x=\"a\\\";charset=no\"; charset=yes", "text/plain", Some("yes")),
            ("text/plain; charset=\"utf\\-8\"", "text/plain", Some("utf-8")),
            ("text/plain; charset=a; charset=b", "text/plain", Some("a")),
            ("text/plain; charset=; charset=b", "text/plain", Some("b")),
            ("text/plain; charset", "text/plain", None),
            ("text/plain; charset=\"", "text/plain", None),
            ("text/plain;", "text/plain", None),
            ("text/plain; charset=\"unclosed", "text/plain", None),
        ] {
            let found = MediaType::parse(text).expect(text);
            assert_eq!(found.essence(), essence, "{text:?}");
            assert_eq!(found.charset(), charset, "{text:?}");
        }
    }

    #[test]
    fn a_token_is_of_the_characters_of_the_rfc() {
        let others = "!#$%&'*+-.^_`|~";
        for character in (0..=u8::MAX).map(char::from) {
            let expected = character.is_ascii_alphanumeric() || others.contains(character);
            assert_eq!(is_token(&character.to_string()), expected, "{character:?}");
        }
    }

    #[test]
    fn what_is_no_type_is_none() {
        for text in ["", "text", "text/", "/plain", "te xt/plain", "text/pl/ain", "text/pläin", ";"]
        {
            assert_eq!(MediaType::parse(text), None, "{text:?}");
        }
    }
}
