//! [`Row`]: a habit of a peer, its script, and what a good engine makes of it.

use std::time::Duration;

use crate::{Step, http_receivers, http_senders, receivers, senders, step::Script};

/// Which side of a link the peer plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// It connects to the engine and sends to it.
    Sender,
    /// It listens, and the engine sends to it.
    Receiver,
}

/// What a link speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Transport {
    /// Frames of VT, FS and CR.
    Mllp,
    /// HTTP/1.1, a message in each POST.
    Http,
}

/// What an engine that sends may say of a message once it has given an attempt up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Known {
    /// It was acknowledged, positively.
    Accepted,
    /// It was acknowledged, negatively.
    Refused,
    /// Nobody can tell; in particular it was not accepted.
    NotKnown,
    /// It is accepted at the last of several attempts; those before are not known.
    AcceptedInTheEnd,
}

/// What can be set for all rows.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// Begins the control IDs of what is sent, so that two runs are no duplicates. Default `CX`.
    pub prefix: String,
    /// How long what comes late takes. Default 1 s.
    pub late: Duration,
    /// Bytes of the large document. Default 5 MiB.
    pub large: usize,
}

impl Settings {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self { prefix: "CX".to_owned(), late: Duration::from_secs(1), large: 5 * 1024 * 1024 }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::new()
    }
}

/// One habit of a peer in the wild.
#[derive(Clone, Debug)]
pub struct Row {
    name: &'static str,
    role: Role,
    does: &'static str,
    wants: &'static str,
    script: Script,
}

impl Row {
    /// The name it is played by: lower case, with hyphens.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether the peer sends or receives.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// What is spoken.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.script.transport
    }

    /// What the peer does, in one line.
    #[must_use]
    pub fn does(&self) -> &'static str {
        self.does
    }

    /// What a good engine makes of it, in one line.
    #[must_use]
    pub fn wants(&self) -> &'static str {
        self.wants
    }

    /// The steps, in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.script.steps
    }

    /// Of a peer that sends: the control IDs of what the engine hands on, in this order. Those of
    /// [`Row::may_be_handled`] may stand among them.
    #[must_use]
    pub fn handled(&self) -> &[String] {
        &self.script.handled
    }

    /// Of a peer that sends: control IDs of messages whose sender went away.
    #[must_use]
    pub fn may_be_handled(&self) -> &[String] {
        &self.script.may_be_handled
    }

    /// Of a peer that receives: each attempt of the engine, with the number of its message, and what
    /// the engine may say of it. The same number twice is one message sent again.
    #[must_use]
    pub fn known(&self) -> &[(usize, Known)] {
        &self.script.known
    }
}

/// What a row is made of: name, what it does, what a good engine makes of it, and its steps.
pub(crate) type Template = (&'static str, &'static str, &'static str, fn(Script) -> Script);

/// Every row.
#[must_use]
pub fn rows(settings: &Settings) -> Vec<Row> {
    let tables = [
        (Role::Sender, Transport::Mllp, senders::ROWS),
        (Role::Receiver, Transport::Mllp, receivers::ROWS),
        (Role::Sender, Transport::Http, http_senders::ROWS),
        (Role::Receiver, Transport::Http, http_receivers::ROWS),
    ];
    let templates = tables.into_iter().flat_map(|(role, transport, table)| {
        table.iter().map(move |template| (role, transport, template))
    });
    templates
        .enumerate()
        .map(|(index, (role, transport, (name, does, wants, steps)))| {
            let script = steps(Script::new(transport, settings, index));
            Row { name, role, does, wants, script }
        })
        .collect()
}

/// The row with this name.
#[must_use]
pub fn find(name: &str, settings: &Settings) -> Option<Row> {
    rows(settings).into_iter().find(|row| row.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_row_has_a_name_of_its_own_and_says_what_is_expected() {
        let rows = rows(&Settings::new());
        let names: HashSet<_> = rows.iter().map(Row::name).collect();
        assert_eq!(names.len(), rows.len());
        for row in &rows {
            let name = row.name();
            assert!(
                name.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'),
                "{name}"
            );
            assert_eq!(row.handled().is_empty(), row.role() == Role::Receiver, "{name}");
            assert_eq!(row.known().is_empty(), row.role() == Role::Sender, "{name}");
            assert!(!row.does().is_empty() && !row.wants().is_empty(), "{name}");
            assert!(find(name, &Settings::new()).is_some(), "{name}");
        }
    }
}
