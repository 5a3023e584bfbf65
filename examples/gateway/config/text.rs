//! [`Text`] and [`Secret`]: strings of a configuration that may refer to the environment or a file.

use std::{env, fmt, fs, path::Path};

use serde::{Deserialize, Deserializer, de::Error};

/// A string in which `${NAME}` and `${NAME:-default}` are replaced from the environment; `$$` is a
/// dollar sign.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text(String);

impl Text {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        expand(&text, |name| env::var(name).ok()).map(Self).map_err(D::Error::custom)
    }
}

/// A [`Text`] that is not shown; `file:PATH` stands for what is in that file.
#[derive(Clone)]
pub(crate) struct Secret(Text);

impl Secret {
    /// Most bytes of a file with a secret.
    const MAX_LEN: usize = 64 * 1024;

    /// The secret itself, without the line end of its file. A relative path begins at `folder`.
    pub(crate) fn read(&self, folder: &Path) -> Result<String, String> {
        let Some(file) = self.0.as_str().strip_prefix("file:") else {
            return Ok(self.0.as_str().to_owned());
        };
        let path = folder.join(file);
        let error = |why: &str| format!("the secret in {}: {why}", path.display());
        let text = fs::read_to_string(&path).map_err(|cause| error(&cause.to_string()))?;
        match text.trim_end_matches(['\r', '\n']) {
            "" => Err(error("it is empty")),
            text if text.len() > Self::MAX_LEN => Err(error("it is longer than 64 KiB")),
            text => Ok(text.to_owned()),
        }
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        // Of a server an empty one would let everybody in.
        match text.as_str() {
            "" | "file:" => Err(D::Error::custom("the secret is empty")),
            _ => Ok(Self(text)),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

fn expand(text: &str, variable: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('$') {
        expanded.push_str(before);
        if let Some(behind) = behind.strip_prefix('$') {
            expanded.push('$');
            rest = behind;
            continue;
        }
        let Some(behind) = behind.strip_prefix('{') else {
            return Err("`$` is followed by neither `{NAME}` nor `$`".to_owned());
        };
        let Some((reference, behind)) = behind.split_once('}') else {
            return Err("`${` is not closed by `}`".to_owned());
        };
        let (name, default) = match reference.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (reference, None),
        };
        if !is_name(name) {
            // Of a secret it may be a part.
            return Err("what stands in `${}` names no environment variable".to_owned());
        }
        if default.is_some_and(|default| default.contains('$')) {
            return Err(format!("the default of {name} refers to another variable; write it out"));
        }
        match (variable(name).filter(|value| !value.is_empty()), default) {
            (Some(value), _) => expanded.push_str(&value),
            (None, Some(default)) => expanded.push_str(default),
            (None, None) => {
                return Err(format!(
                    "the environment variable {name} is not set; ${{{name}:-default}} has a default"
                ));
            }
        }
        rest = behind;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_replaced_and_faulty_ones_told() {
        let variable = |name: &str| match name {
            "HOST" => Some("ehr".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        for (text, expected) in [
            ("plain", Some("plain")),
            ("${HOST}:2575", Some("ehr:2575")),
            ("${NONE:-localhost}:${EMPTY:-1}", Some("localhost:1")),
            ("${HOST:-other}", Some("ehr")),
            ("${NONE:-}", Some("")),
            ("/$$ingest", Some("/$ingest")),
            ("${NONE}", None),
            ("${EMPTY}", None),
            ("${NONE:-${HOST}}", None),
            ("${HOST", None),
            ("${}", None),
            ("${A B}", None),
            ("$HOST", None),
            ("5$", None),
        ] {
            assert_eq!(expand(text, variable).ok().as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_secret_is_not_shown() {
        let secret = Secret(Text("hidden".to_owned()));
        assert_eq!(format!("{secret:?}"), "Secret");
        assert_eq!(secret.read(Path::new("/")), Ok("hidden".to_owned()));
    }

    #[test]
    fn an_empty_secret_is_none() {
        #[derive(Debug, Deserialize)]
        struct Read {
            #[serde(rename = "secret")]
            _secret: Secret,
        }
        for text in ["", "${HL7_GATEWAY_UNSET:-}", "file:", "file:${HL7_GATEWAY_UNSET:-}"] {
            let read = toml::from_str::<Read>(&format!("secret = {text:?}"));
            let error = read.expect_err(text);
            assert_eq!(error.message(), "the secret is empty", "{text}");
        }
    }
}
