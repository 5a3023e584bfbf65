//! [`Config`]: what a configuration file says, and what is wrong with it.
//!
//! The structs below are the reference of the file: a field is a key, its comment what it means.
//! What is left out has the default of the crate that it is an option of.

mod endpoints;
mod faults;
mod route;
mod store;
mod text;
mod units;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use toml::Spanned;

use self::route::is_label;
pub(crate) use self::{
    endpoints::{
        ClientTlsFiles, Confirmation, HttpDestination, HttpSource, MllpDestination, MllpSource,
        PollSource, ServerTlsFiles,
    },
    faults::Faults,
    route::{
        Accept, Answer, Destination, Filtered, Replay, Retry, RetryPreset, Route, Source, Told,
    },
    store::Store,
    text::Text,
    units::{Order, Place},
};

/// A whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// `[log]`
    #[serde(default)]
    pub(crate) log: Log,
    /// `[status]`: health, readiness and metrics; none without it.
    pub(crate) status: Option<Status>,
    /// `[store.NAME]`: databases that a route can lead to.
    #[serde(default, rename = "store")]
    pub(crate) stores: BTreeMap<String, Store>,
    /// `[[route]]`, one or more.
    #[serde(default, rename = "route")]
    pub(crate) routes: Vec<Route>,
    /// The folder of the file: where relative paths begin.
    #[serde(skip)]
    pub(crate) folder: PathBuf,
    #[serde(skip)]
    pub(crate) file: PathBuf,
    /// What the file says of all that can not change while the gateway runs.
    #[serde(skip)]
    pub(crate) fixed: toml::Table,
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
        Self::read(&name, &text).map(|config| Self { folder, file: path.to_path_buf(), ..config })
    }

    fn read(name: &str, text: &str) -> Result<Self, Faults> {
        let mut faults = Faults::new(name);
        match toml::from_str::<Self>(text) {
            Err(error) => faults.add_unread(text, &error),
            Ok(config) => {
                config.check(text, &mut faults);
                if faults.is_empty() {
                    return Ok(Self { fixed: fixed(text), ..config });
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
        for (name, store) in &self.stores {
            if !is_label(name) {
                faults.add(text, store.url.span(), NO_LABEL);
            }
            store.check(text, faults);
        }
        let links = self.routes.iter().filter_map(|route| route.acknowledges.as_ref());
        let links: Vec<_> = links.map(Text::as_str).collect();
        let stores: Vec<_> = self.stores.keys().map(String::as_str).collect();
        if self.routes.is_empty() {
            faults.add(text, 0..0, "there is no route; begin one with [[route]]");
        }
        let mut names = BTreeSet::new();
        let status = self.status.as_ref().map(|status| &status.listen);
        let mut addresses: BTreeSet<_> =
            status.map(|at| at.get_ref().as_str()).into_iter().collect();
        for route in &self.routes {
            let name = route.name.get_ref().as_str();
            if !is_label(name) {
                faults.add(text, route.name.span(), NO_LABEL);
            } else if !names.insert(name) {
                faults.add(text, route.name.span(), format!("there is another route `{name}`"));
            }
            if let Some(listen) = route.from.listen()
                && let address = listen.get_ref().as_str()
                && !address.ends_with(":0")
                && !addresses.insert(address)
            {
                faults.add(text, listen.span(), format!("`{address}` is listened on already"));
            }
            route.check(text, &stores, &links, faults);
        }
    }
}

/// The whole text but for what is read again while the gateway runs: the rules of routes.
fn fixed(text: &str) -> toml::Table {
    let mut all: toml::Table = toml::from_str(text).unwrap_or_default();
    let routes = all.get_mut("route").and_then(toml::Value::as_array_mut);
    for route in routes.into_iter().flatten().filter_map(toml::Value::as_table_mut) {
        for rule in ["senders", "accept", "validate", "filter", "filtered", "transform"] {
            route.remove(rule);
        }
        let from = route.get_mut("from").and_then(toml::Value::as_table_mut);
        for source in from.into_iter().flat_map(|from| from.iter_mut()) {
            source.1.as_table_mut().map(|source| source.remove("allow"));
        }
    }
    all
}

const NO_LABEL: &str = "a name is 1 to 40 lower-case letters, digits, `-` or `_`";

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
                "[[route]]\n",
                "[status]\nlisten = \"127.0.0.1:2575\"\n[[route]]\n",
                "gateway.toml:6: `127.0.0.1:2575` is listened on already",
            ),
            (
                "[[route.to]]\n",
                "accept = { types = [\"ADT_A01\"] }\n[[route.to]]\n",
                "gateway.toml:5: `ADT_A01` is no type; write `ADT^A01`",
            ),
            (
                "[[route.to]]\n",
                "accept = { versions = [] }\n[[route.to]]\n",
                "gateway.toml:5: an empty list takes no message; leave it out to take all",
            ),
            (
                "mllp.address = \"ehr.example.org:2575\"",
                "http.url = \"http://ehr/\"\nhttp.tls.ca = \"ca.pem\"",
                "gateway.toml:5: the URL is http, which sends in the clear; write https, or leave tls out",
            ),
            (
                "mllp.address = \"ehr.example.org:2575\"",
                "mllp.address = \"a:1\"\nmllp.tls.server_name = \"a b\"",
                "gateway.toml:5: `a b` is no name of a server",
            ),
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
                "gateway.toml:5: a destination is one of mllp, http and store",
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
                "from.mllp.envelope = \"0x02 0x0d\"\n[[route.to]]\n",
                "gateway.toml:5: `0x02 0x0d` does not begin and end frames; write `0x02 0x03`: two control characters, but not TAB, LF, CR or ESC",
            ),
            (
                "[[route.to]]\n",
                "[[route.to]]\nmllp.envelope = \"STX ETX\"\n",
                "gateway.toml:6: `STX ETX` does not begin and end frames; write `0x02 0x03`: two control characters, but not TAB, LF, CR or ESC",
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
                "[[route.to]]\n",
                "senders = [{ certificate = \"a\", facilities = [\"b\"] }]\n[[route.to]]\n",
                "gateway.toml:3: senders are known by certificates; add tls.client_ca or tls.pinned",
            ),
            (
                "[[route.to]]\n",
                "validate = [{ path = \"PID-3\" }]\n[[route.to]]\n",
                "gateway.toml:5: a rule is one of accept, required, segments, characters, max_length, max_repetitions and any_of",
            ),
            (
                "[[route.to]]\n",
                "validate = [{ require = [\"PID\"] }]\n[[route.to]]\n",
                "gateway.toml:5: unknown key `require`; did you mean `required`?",
            ),
            (
                "[[route.to]]\n",
                "[[route.to]]\nawaits = \"later\"\n",
                "gateway.toml:5: no route acknowledges `later`",
            ),
            (
                "mllp.address = \"ehr.example.org:2575\"",
                "store = \"events\"",
                "gateway.toml:5: there is no store; add [store.events]",
            ),
            (
                "\n[[route]]\n",
                "\n[store.events]\nurl = \"sqlite:\"\n[[route]]\n",
                "gateway.toml:3: the store's URL names no file; write sqlite:PATH",
            ),
            (
                "\n[[route]]\n",
                "\n[store.events]\nurl = \"sqlite:a\"\ntimout = \"5s\"\n[[route]]\n",
                "gateway.toml:4: unknown key `timout`; did you mean `timeout`?",
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
    fn a_store_that_is_not_there_is_told_with_the_nearest() {
        let store = "[store.events]\nurl = \"sqlite:a\"\n";
        let to = "mllp.address = \"ehr.example.org:2575\"";
        let route = format!("{store}{}", ROUTE.replace(to, "store = \"event\""));
        let expected = "gateway.toml:7: there is no store `event`; did you mean `events`?";
        assert_eq!(faults(&route), expected, "{route}");
        assert_eq!(faults(&route.replace("\"event\"", "\"events\"")), "");
    }

    #[test]
    fn rules_are_what_may_change() {
        let read = |text: &str| Config::read("gateway.toml", text).expect(text).fixed;
        for (from, to, is_rule) in [
            ("\n[[route]]\n", "\n# more\n[[route]]\n", true),
            ("[[route.to]]\n", "accept = { types = [\"ADT^*\"] }\n[[route.to]]\n", true),
            ("[[route.to]]\n", "filtered = \"reject\"\n[[route.to]]\n", true),
            ("[[route.to]]\n", "validate = [{ required = [\"PID\"] }]\n[[route.to]]\n", true),
            (
                "[[route.to]]\n",
                "[[route.filter]]\npath = \"PV1-2\"\nvalued = true\n[[route.to]]\n",
                true,
            ),
            (
                "[[route.to]]\n",
                "transform = [{ clear = { path = \"PID-5\" } }]\n[[route.to]]\n",
                true,
            ),
            ("[[route.to]]\n", "from.mllp.allow = \"10.0.0.0/8\"\n[[route.to]]\n", true),
            ("[[route.to]]\n", "from.mllp.strict = true\n[[route.to]]\n", false),
            ("[[route.to]]\n", "answer = \"any\"\n[[route.to]]\n", false),
            ("[[route.to]]\n", "[route.replay]\n[[route.to]]\n", false),
            ("2575\"\n[[", "2576\"\n[[", false),
            ("ehr.example", "his.example", false),
            ("\"adt\"", "\"adt2\"", false),
            ("\n[[route]]\n", "\n[log]\nformat = \"json\"\n[[route]]\n", false),
        ] {
            let text = ROUTE.replacen(from, to, 1);
            assert_eq!(read(&text) == read(ROUTE), is_rule, "{text}");
        }
    }

    #[test]
    fn several_faults_are_told_at_once() {
        let text = ROUTE.replace("\"adt\"", "\"ADT\"").replace("org:2575", "org");
        let told = faults(&format!("[status]\nlisten = \"0.0.0.0:80\"\n{text}{ROUTE}{ROUTE}"));
        let lines: Vec<_> = told.lines().filter_map(|line| line.split(": ").next()).collect();
        assert_eq!(
            lines,
            [2, 5, 7, 13, 19, 20].map(|line| format!("gateway.toml:{line}")),
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
