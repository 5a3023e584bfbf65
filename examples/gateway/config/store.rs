//! [`Store`]: a database that messages are kept in.

use std::num::NonZeroU32;

use serde::Deserialize;
use toml::Spanned;

use super::{
    faults::Faults,
    text::{Secret, Text},
    units::{Size, Wait},
};
use crate::store::Address;

/// `[store.NAME]`: a database. Its tables are made when the gateway starts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Store {
    /// `sqlite:PATH`, `mariadb://USER@HOST/NAME` or `postgres://USER@HOST/NAME`. A server on
    /// another machine is reached by TLS and its certificate verified, unless the URL says
    /// otherwise (`sslmode`).
    pub(crate) url: Spanned<Text>,
    pub(crate) password: Option<Secret>,
    /// Default 8; of SQLite, which writes one message after the other, 1.
    pub(crate) max_connections: Option<NonZeroU32>,
    /// How long a message waits for a connection. Default 5 s.
    pub(crate) queue_timeout: Option<Wait>,
    /// How long the database may take to write a message. Default 10 s.
    pub(crate) timeout: Option<Wait>,
    /// The longest message that is kept; a longer one is AE. Default 16 MiB.
    pub(crate) max_message_len: Option<Size>,
    /// AE with 205 for an ID that was used for another message.
    #[serde(default)]
    pub(crate) refuse_reused_ids: bool,
}

impl Store {
    pub(super) fn check(&self, text: &str, faults: &mut Faults) {
        if let Err(what) = Address::parse(self.url.get_ref().as_str()) {
            faults.add(text, self.url.span(), what);
        }
    }
}
