//! [`Config`]: what a configuration file says, and what is wrong with it.
//!
//! The structs below are the reference of the file: a field is a key, its comment what it means.
//! What is left out has the default of the crate that it is an option of.

mod endpoints;
mod faults;
mod text;
mod units;

use std::{
    collections::BTreeSet,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use toml::Spanned;

pub(crate) use self::{
    endpoints::{
        ClientTlsFiles, HttpDestination, HttpSource, MllpDestination, MllpSource, ServerTlsFiles,
    },
    faults::Faults,
    text::Text,
    units::{Order, Place, Size, Wait},
};
use crate::{destination, filter::Rule, transform::Step};

/// A whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// `[log]`
    #[serde(default)]
    pub(crate) log: Log,
    /// `[status]`: health, readiness and metrics; none without it.
    pub(crate) status: Option<Status>,
    /// `[[route]]`, one or more.
    #[serde(default, rename = "route")]
    pub(crate) routes: Vec<Route>,
    /// The folder of the file: where relative paths begin.
    #[serde(skip)]
    pub(crate) folder: PathBuf,
}

/// How log lines are written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Log {
    /// `text`, or `json`: one object a line.
    #[serde(default)]
    pub(crate) format: LogFormat,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    #[default]
    Text,
    Json,
}

/// Where an operator's tools look: `/healthz`, `/readyz`, `/metrics`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Status {
    /// A loopback address with its port: `127.0.0.1:9575`.
    pub(crate) listen: Spanned<Text>,
}

/// Messages from one place to one or more others.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Route {
    /// What it is called in log lines and metrics: lower-case letters, digits, `-` and `_`.
    pub(crate) name: Spanned<Text>,
    /// `[route.from.mllp]` or `[route.from.http]`.
    pub(crate) from: Source,
    /// Message types, versions and processing IDs that are taken; others are rejected (AR).
    pub(crate) accept: Option<Accept>,
    /// `[[route.filter]]`: what a message must be to be passed on; all of them.
    #[serde(default)]
    pub(crate) filter: Vec<Spanned<Rule>>,
    /// What the sender of a message hears that a filter holds back.
    #[serde(default)]
    pub(crate) filtered: Filtered,
    /// What is changed in each message.
    #[serde(default)]
    pub(crate) transform: Vec<Spanned<Step>>,
    /// `[route.replay]`: a message that is sent again gets the answer it had.
    pub(crate) replay: Option<Replay>,
    /// `[[route.to]]`, one or more.
    #[serde(default)]
    pub(crate) to: Vec<Spanned<Destination>>,
    /// With several destinations: whose answer the sender gets.
    #[serde(default)]
    pub(crate) answer: Answer,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Source {
    Mllp(MllpSource),
    Http(HttpSource),
}

/// See [`hl7_ack::AcceptOnly`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Accept {
    /// `["ADT^*", "ORU^R01"]`; all if left out.
    pub(crate) types: Option<Vec<String>>,
    /// `["2.3.1", "2.5.1"]`; all if left out.
    pub(crate) versions: Option<Vec<String>>,
    /// `["P"]`; all if left out.
    pub(crate) processing_ids: Option<Vec<String>>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Filtered {
    /// AA: it was received, and is not wanted.
    #[default]
    Accept,
    /// AR.
    Reject,
}

/// See [`hl7_ack::Replay`]; answers are kept in memory.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Replay {
    pub(crate) max_answers: Option<usize>,
    pub(crate) max_bytes: Option<Size>,
    pub(crate) max_age: Option<Wait>,
    /// AE with 205 for an ID that was used for another message.
    #[serde(default)]
    pub(crate) refuse_reused_ids: bool,
}

/// See [`hl7_ack::FanOut`].
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// When all are done: the first in the list that failed, the first if none did.
    #[default]
    All,
    /// The first answer, good or bad.
    First,
    /// The first good answer.
    Any,
}

/// Where messages go.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Destination {
    /// What it is called in log lines and metrics.
    pub(crate) name: Text,
    /// `mllp.address`, or
    pub(crate) mllp: Option<MllpDestination>,
    /// `http.url`.
    pub(crate) http: Option<HttpDestination>,
    /// Default: as many at once as come.
    pub(crate) order: Option<Order>,
    /// Most messages that wait here or are under way; one more is not sent. Default 1024.
    pub(crate) max_messages: Option<usize>,
    /// Trying again before the sender is told. Default: not at all.
    pub(crate) retry: Option<Retry>,
    /// What the sender hears when there is no answer.
    #[serde(default)]
    pub(crate) unreachable: Unreachable,
    /// Then it hears that at the latest. Default 25 s: most senders wait for 30.
    pub(crate) deadline: Option<Wait>,
    /// Writes the answer at the level (A. or C.) that the sender asked for.
    #[serde(default)]
    pub(crate) translate_level: bool,
    /// Leaves segment ends as they came.
    #[serde(default)]
    pub(crate) verbatim_ends: bool,
}

/// See [`hl7_ack::Retry`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Retry {
    pub(crate) preset: RetryPreset,
    pub(crate) max_attempts: Option<u32>,
    pub(crate) max_time: Option<Wait>,
    /// The first pause and the longest: `["500ms", "10s"]`.
    pub(crate) pauses: Option<(Wait, Wait)>,
    /// Also after an unknown outcome, at the price of a duplicate where the message had arrived.
    #[serde(default)]
    pub(crate) unknown: bool,
}

/// See the constructors of [`hl7_ack::RetryPolicy`].
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RetryPreset {
    ParkContentErrors,
    RetryRejected,
}

/// See [`hl7_ack::Unreachable`].
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unreachable {
    /// No byte of the message left. Default `reject`.
    pub(crate) not_sent: Option<Told>,
    /// It may have arrived. Default `reject`.
    pub(crate) unknown: Option<Told>,
    /// It can not be carried, or its content is refused. Default `error`.
    pub(crate) invalid: Option<Told>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Told {
    /// AR: try again later.
    Reject,
    /// AE: trying again does not help.
    Error,
    /// Nothing: the connection is closed.
    HangUp,
}

impl Config {
    /// Most bytes of a configuration file.
    const MAX_LEN: usize = 4 * 1024 * 1024;

    /// Reads a file. Files that it refers to are not opened.
    pub(crate) fn load(path: &Path) -> Result<Self, Faults> {
        let name = path.display().to_string();
        let text = match fs::read_to_string(path) {
            Ok(text) if text.len() <= Self::MAX_LEN => text,
            read => {
                let why = read.map_or_else(|error| error.to_string(), |_| "too long".to_owned());
                let mut faults = Faults::new(name);
                faults.add("", 0..0, format!("can not be read: {why}"));
                return Err(faults);
            }
        };
        let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
        Self::read(&name, &text).map(|config| Self { folder, ..config })
    }

    fn read(name: &str, text: &str) -> Result<Self, Faults> {
        let mut faults = Faults::new(name);
        match toml::from_str::<Self>(text) {
            Err(error) => faults.add_unread(text, &error),
            Ok(config) => {
                config.check(text, &mut faults);
                if faults.is_empty() {
                    return Ok(config);
                }
            }
        }
        Err(faults)
    }

    /// What no single value shows.
    fn check(&self, text: &str, faults: &mut Faults) {
        if let Some(status) = &self.status {
            let address = status.listen.get_ref().as_str().parse::<SocketAddr>();
            if !address.is_ok_and(|address| address.ip().is_loopback()) {
                let what = "status.listen is a loopback address with a port: 127.0.0.1:9575";
                faults.add(text, status.listen.span(), what);
            }
        }
        if self.routes.is_empty() {
            faults.add(text, 0..0, "there is no route; begin one with [[route]]");
        }
        let mut names = BTreeSet::new();
        for route in &self.routes {
            let name = route.name.get_ref().as_str();
            if !is_label(name) {
                let what = "a name is 1 to 40 lower-case letters, digits, `-` or `_`";
                faults.add(text, route.name.span(), what);
            } else if !names.insert(name) {
                faults.add(text, route.name.span(), format!("there is another route `{name}`"));
            }
            route.check(text, faults);
        }
    }
}

impl Route {
    fn check(&self, text: &str, faults: &mut Faults) {
        if self.to.is_empty() {
            let what = "the route leads nowhere; add [[route.to]]";
            faults.add(text, self.name.span(), what);
        }
        for rule in &self.filter {
            if let Some(what) = rule.get_ref().fault() {
                faults.add(text, rule.span(), what);
            }
        }
        for step in &self.transform {
            if let Some(what) = step.get_ref().fault() {
                faults.add(text, step.span(), what);
            }
        }
        let listen = match &self.from {
            Source::Mllp(mllp) => &mllp.listen,
            Source::Http(http) => &http.listen,
        };
        if !is_host_and_port(listen.get_ref().as_str()) {
            let what = "an address to listen on is host:port, such as 0.0.0.0:2575";
            faults.add(text, listen.span(), what);
        }
        let mut names = BTreeSet::new();
        for destination in &self.to {
            let (to, span) = (destination.get_ref(), destination.span());
            let name = to.name.as_str();
            if !is_label(name) || !names.insert(name) {
                let what = "each destination has a name of its own: 1 to 40 lower-case letters, \
                            digits, `-` or `_`";
                faults.add(text, span.clone(), what);
            }
            match (&to.mllp, &to.http) {
                (Some(_), None) | (None, Some(_)) => {
                    for what in destination::faults(to) {
                        faults.add(text, span.clone(), what);
                    }
                }
                _ => faults.add(text, span, "a destination is either mllp or http"),
            }
        }
    }
}

fn is_host_and_port(address: &str) -> bool {
    let parts = address.rsplit_once(':');
    parts.is_some_and(|(host, port)| {
        !host.is_empty() && !host.contains('/') && port.parse::<u16>().is_ok()
    })
}

fn is_label(name: &str) -> bool {
    let fits = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    (1..=40).contains(&name.len()) && name.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTE: &str = r#"
[[route]]
name = "adt"
from.mllp.listen = "127.0.0.1:2575"
[[route.to]]
name = "ehr"
mllp.address = "ehr.example.org:2575"
"#;

    fn faults(text: &str) -> String {
        Config::read("gateway.toml", text)
            .err()
            .map(|faults| faults.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn a_small_configuration_has_no_fault() {
        assert_eq!(faults(ROUTE), "");
    }

    #[test]
    fn every_fault_is_told_with_its_line() {
        for (from, to, expected) in [
            (
                "name = \"adt\"",
                "nane = \"adt\"",
                "gateway.toml:3: unknown key `nane`; did you mean `name`?",
            ),
            (
                "from.mllp.listen",
                "from.mlp.listen",
                "gateway.toml:4: unknown word `mlp`; did you mean `mllp`?",
            ),
            (
                ".listen =",
                ".lisen =",
                "gateway.toml:4: unknown key `lisen`; did you mean `listen`?",
            ),
            (
                ":2575\"\n[[",
                "\"\n[[",
                "gateway.toml:4: an address to listen on is host:port, such as 0.0.0.0:2575",
            ),
            (
                "name = \"adt\"",
                "name = \"A D T\"",
                "gateway.toml:3: a name is 1 to 40 lower-case letters, digits, `-` or `_`",
            ),
            (
                "org:2575",
                "org",
                "gateway.toml:5: `ehr.example.org` is not an address: expected host:port",
            ),
            (
                "mllp.address = \"ehr.example.org:2575\"",
                "",
                "gateway.toml:5: a destination is either mllp or http",
            ),
            (
                "mllp.address = \"ehr.example.org:2575\"",
                "http.url = \"ftp://ehr\"",
                "gateway.toml:5: the URL is neither http nor https; http://host:port/path is expected",
            ),
            (
                "[[route.to]]\n",
                "[[route.to]]\norder = \"some\"\n",
                "gateway.toml:6: `some` is no order; write `sequential`, `parallel 4`, `per patient` or `per key PATH`",
            ),
            (
                "[[route.to]]\n",
                "[[route.to]]\ndeadline = \"25\"\n",
                "gateway.toml:6: `25` is no time; write 200ms, 5s, 10min, 24h or 7d",
            ),
            (
                "[[route.to]]\n",
                "[[route.filter]]\npath = \"PV1-2\"\n[[route.to]]\n",
                "gateway.toml:5: a filter has one of any_of, none_of and valued",
            ),
            (
                "[[route.to]]\n",
                "transform = [{ clear = { path = \"MSH-10\" } }]\n[[route.to]]\n",
                "gateway.toml:5: MSH-10 stays: the acknowledgment is known by it",
            ),
            (
                "127.0.0.1:2575",
                "${HL7_GATEWAY_UNSET}",
                "gateway.toml:4: the environment variable HL7_GATEWAY_UNSET is not set; ${HL7_GATEWAY_UNSET:-default} has a default",
            ),
        ] {
            let text = ROUTE.replacen(from, to, 1);
            assert_eq!(faults(&text), expected, "{text}");
        }
    }

    #[test]
    fn several_faults_are_told_at_once() {
        let text = ROUTE.replace("\"adt\"", "\"ADT\"").replace("org:2575", "org");
        let told = faults(&format!("[status]\nlisten = \"0.0.0.0:80\"\n{text}{ROUTE}{ROUTE}"));
        let lines: Vec<_> = told.lines().filter_map(|line| line.split(": ").next()).collect();
        assert_eq!(
            lines,
            ["gateway.toml:2", "gateway.toml:5", "gateway.toml:7", "gateway.toml:17"],
            "{told}"
        );
    }

    #[test]
    fn the_shipped_files_have_no_fault() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
        let mut seen = 0;
        for entry in fs::read_dir(folder).expect("examples/config") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                let faults = Config::load(&path).err().map(|faults| faults.to_string());
                assert_eq!(faults, None);
                seen += 1;
            }
        }
        assert!(seen >= 5, "{seen} files");
    }
}
