//! [`Route`]: where messages come from, what is done with them, and where they go.

use std::collections::BTreeSet;

use hl7_examples::without_secrets;
use serde::Deserialize;
use toml::Spanned;

use super::{
    endpoints::{HttpDestination, HttpSource, MllpDestination, MllpSource, PollSource},
    faults::{Faults, instead},
    text::Text,
    units::{Order, Size, Wait},
};
use crate::{authorize::Sender, client, filter::Rule, poll, transform::Step, validate::Check};

/// Messages from one place to one or more others.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Route {
    /// What it is called in log lines and metrics: lower-case letters, digits, `-` and `_`.
    pub(crate) name: Spanned<Text>,
    /// `[route.from.mllp]`, `[route.from.http]` or `[route.from.poll]`.
    pub(crate) from: Source,
    /// Whose certificates may send, and for which facility; everybody's if left out.
    pub(crate) senders: Option<Vec<Sender>>,
    /// Message types, versions and processing IDs that are taken; others are rejected (AR).
    pub(crate) accept: Option<Spanned<Accept>>,
    /// `[[route.validate]]`: rules that a message keeps to; which makes it fail, or is only told.
    #[serde(default)]
    pub(crate) validate: Vec<Spanned<Check>>,
    /// `[[route.filter]]`: what a message must be to be passed on; all of them.
    #[serde(default)]
    pub(crate) filter: Vec<Spanned<Rule>>,
    /// What the sender of a message hears that a filter holds back.
    #[serde(default)]
    pub(crate) filtered: Filtered,
    /// What is changed in each message.
    #[serde(default)]
    pub(crate) transform: Vec<Spanned<Step>>,
    /// Acknowledgments from here are those that destinations await by this name.
    pub(crate) acknowledges: Option<Text>,
    /// `[route.replay]`: a message that was taken and is sent again gets the answer it had.
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
    Mllp(Box<MllpSource>),
    Http(Box<HttpSource>),
    Poll(Box<PollSource>),
}

impl Source {
    /// Where it listens, if it does.
    pub(super) fn listen(&self) -> Option<&Spanned<Text>> {
        match self {
            Self::Mllp(mllp) => Some(&mllp.listen),
            Self::Http(http) => Some(&http.listen),
            Self::Poll(_) => None,
        }
    }

    fn asks_for_certificates(&self) -> bool {
        let tls = match self {
            Self::Mllp(mllp) => mllp.tls.as_ref(),
            Self::Http(http) => http.tls.as_ref(),
            Self::Poll(_) => None,
        };
        tls.is_some_and(|tls| tls.client_ca.is_some() || tls.pinned.is_some())
    }
}

/// See [`hl7_ack::AcceptOnly`].
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Accept {
    /// `["ADT^*", "ORU^R01"]`; all if left out.
    pub(crate) types: Option<Vec<Text>>,
    /// `["2.3.1", "2.5.1"]`; all if left out.
    pub(crate) versions: Option<Vec<Text>>,
    /// `["P"]`; all if left out.
    pub(crate) processing_ids: Option<Vec<Text>>,
}

impl Accept {
    /// What lets nothing through, or not what it seems to.
    pub(crate) fn fault(&self) -> Option<String> {
        let lists = [&self.types, &self.versions, &self.processing_ids];
        if lists.into_iter().flatten().any(Vec::is_empty) {
            return Some("an empty list takes no message; leave it out to take all".to_owned());
        }
        let types = self.types.iter().flatten().map(Text::as_str);
        // MSH-9.3 is no place to look at: older messages have none.
        types.filter(|listed| !listed.contains('^')).find_map(|listed| {
            let (code, event) = listed.split_once('_')?;
            Some(format!("`{listed}` is no type; write `{code}^{event}`"))
        })
    }
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
    /// `http.url`, or
    pub(crate) http: Option<HttpDestination>,
    /// the name of a `[store.NAME]`.
    pub(crate) store: Option<Text>,
    /// Default: as many at once as come.
    pub(crate) order: Option<Order>,
    /// Most messages that wait here or are under way; one more is not sent. Default 1024.
    pub(crate) max_messages: Option<usize>,
    /// After an accept acknowledgment (CA), waits for the application acknowledgment from a route
    /// that `acknowledges` this name, for up to 600 s; `deadline` may end it before.
    pub(crate) awaits: Option<Text>,
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

impl Destination {
    /// Where it is, as it may be shown: without user, password, query and fragment.
    pub(crate) fn address(&self) -> String {
        match (&self.mllp, &self.http, &self.store) {
            (Some(mllp), ..) => mllp.address.as_str().to_owned(),
            (None, Some(http), _) => without_secrets(http.url.as_str()),
            (None, None, Some(store)) => format!("store {}", store.as_str()),
            (None, None, None) => String::new(),
        }
    }
}

impl Route {
    /// `stores` and `links` are the names that destinations may use.
    pub(super) fn check(&self, text: &str, stores: &[&str], links: &[&str], faults: &mut Faults) {
        if self.to.is_empty() {
            let what = "the route leads nowhere; add [[route.to]]";
            faults.add(text, self.name.span(), what);
        }
        if self.senders.is_some() && !self.from.asks_for_certificates() {
            let what = "senders are known by certificates; add tls.client_ca or tls.pinned";
            faults.add(text, self.name.span(), what);
        }
        if let Some(accept) = &self.accept
            && let Some(what) = accept.get_ref().fault()
        {
            faults.add(text, accept.span(), what);
        }
        for rule in &self.validate {
            if let Some(what) = rule.get_ref().fault() {
                faults.add(text, rule.span(), what);
            }
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
        if let Source::Poll(poll) = &self.from {
            for what in poll::faults(poll) {
                faults.add(text, self.name.span(), what);
            }
        }
        let listen = self.from.listen();
        if let Some(listen) = listen.filter(|at| !is_host_and_port(at.get_ref().as_str())) {
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
            if let Some(link) = to.awaits.as_ref().filter(|link| !links.contains(&link.as_str())) {
                let link = link.as_str();
                let what = match instead(link, links) {
                    Some(instead) => format!("no route acknowledges `{link}`; {instead}"),
                    None => format!("no route acknowledges `{link}`"),
                };
                faults.add(text, span.clone(), what);
            }
            match (&to.mllp, &to.http, &to.store) {
                (Some(_), None, None) | (None, Some(_), None) => {
                    for what in client::faults(to) {
                        faults.add(text, span.clone(), what);
                    }
                }
                (None, None, Some(store)) => {
                    let name = store.as_str();
                    if !stores.contains(&name) {
                        let what = match instead(name, stores) {
                            Some(instead) => format!("there is no store `{name}`; {instead}"),
                            None => format!("there is no store; add [store.{name}]"),
                        };
                        faults.add(text, span, what);
                    }
                }
                _ => faults.add(text, span, "a destination is one of mllp, http and store"),
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

pub(super) fn is_label(name: &str) -> bool {
    let fits = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    (1..=40).contains(&name.len()) && name.bytes().all(fits)
}
