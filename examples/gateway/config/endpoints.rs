//! Both ends of a route: the options of servers and clients.

use std::{collections::BTreeMap, num::NonZeroUsize};

use hl7_http::Dialect;
use serde::Deserialize;
use toml::Spanned;

use super::{
    text::{Secret, Text},
    units::{Allowed, Ends, Size, Wait},
};

/// See [`hl7_mllp::server`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MllpSource {
    /// `0.0.0.0:2575`
    pub(crate) listen: Spanned<Text>,
    pub(crate) tls: Option<ServerTlsFiles>,
    /// Networks that may connect; everybody if left out.
    pub(crate) allow: Option<Allowed>,
    /// Load balancers that say on whose behalf they connect (PROXY protocol).
    pub(crate) proxy_protocol: Option<Allowed>,
    pub(crate) max_connections: Option<usize>,
    pub(crate) max_per_address: Option<usize>,
    pub(crate) max_frame_len: Option<Size>,
    pub(crate) max_in_flight: Option<usize>,
    pub(crate) max_buffered: Option<Size>,
    pub(crate) idle_timeout: Option<Wait>,
    pub(crate) frame_timeout: Option<Wait>,
    pub(crate) handler_timeout: Option<Wait>,
    pub(crate) write_timeout: Option<Wait>,
    pub(crate) shutdown_timeout: Option<Wait>,
    /// The bytes that begin and end frames, the peers' and ours: `0x02 0x03`. VT and FS if left out.
    pub(crate) envelope: Option<Ends>,
    #[serde(default)]
    pub(crate) strict: bool,
    #[serde(default)]
    pub(crate) release2: bool,
}

/// See [`hl7_http::server`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HttpSource {
    /// `0.0.0.0:8575`
    pub(crate) listen: Spanned<Text>,
    /// The only path that is taken, such as `/$$ingest`; every path if left out.
    pub(crate) path: Option<Text>,
    /// A preset and what differs from it; see [`Dialect`].
    pub(crate) dialect: Option<Dialect>,
    /// A user name and password that let in.
    pub(crate) basic: Option<Basic>,
    /// A token that lets in.
    pub(crate) bearer: Option<Secret>,
    pub(crate) tls: Option<ServerTlsFiles>,
    pub(crate) allow: Option<Allowed>,
    pub(crate) proxy_protocol: Option<Allowed>,
    pub(crate) max_connections: Option<usize>,
    pub(crate) max_per_address: Option<usize>,
    pub(crate) max_body_len: Option<Size>,
    pub(crate) max_in_flight: Option<usize>,
    pub(crate) max_buffered: Option<Size>,
    pub(crate) idle_timeout: Option<Wait>,
    pub(crate) header_timeout: Option<Wait>,
    pub(crate) body_timeout: Option<Wait>,
    pub(crate) handler_timeout: Option<Wait>,
    pub(crate) write_timeout: Option<Wait>,
    pub(crate) shutdown_timeout: Option<Wait>,
}

/// Messages that are fetched; see [`hl7_http::poll`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PollSource {
    /// The client that asks: `http.url` and the other options of an HTTP destination.
    pub(crate) http: HttpDestination,
    /// How the source is told that it may forget a message.
    pub(crate) confirm: Confirmation,
    pub(crate) interval: Option<Wait>,
    pub(crate) max_pause: Option<Wait>,
    pub(crate) max_attempts: Option<u32>,
    /// The source answers when something is there; `http.timeout` is for how long at most.
    #[serde(default)]
    pub(crate) long_poll: bool,
    /// Asks by POST and not by GET.
    #[serde(default)]
    pub(crate) by_post: bool,
    /// Confirms also what was refused, so that it does not hold back what is behind it.
    #[serde(default)]
    pub(crate) confirm_refused: bool,
}

/// A URL of the source's host with `{control_id}` or `{id}`, or the header that holds it; see
/// [`hl7_http::poll::Confirm`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Confirmation {
    Delete(Text),
    Post(Text),
    DeleteAt(Text),
    PostAt(Text),
}

/// See [`hl7_mllp::client`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MllpDestination {
    /// `his.example.org:2575`
    pub(crate) address: Text,
    /// In the clear if left out.
    pub(crate) tls: Option<ClientTlsFiles>,
    /// How many; each carries one message at a time. Default: the number of `parallel`, else 1.
    pub(crate) connections: Option<NonZeroUsize>,
    pub(crate) connect_timeout: Option<Wait>,
    /// Default 16 s, which with `queue_timeout` is below the usual `deadline`.
    pub(crate) answer_timeout: Option<Wait>,
    pub(crate) write_timeout: Option<Wait>,
    /// Default 8 s.
    pub(crate) queue_timeout: Option<Wait>,
    pub(crate) silence_timeout: Option<Wait>,
    pub(crate) max_frame_len: Option<Size>,
    /// As of a source.
    pub(crate) envelope: Option<Ends>,
    #[serde(default)]
    pub(crate) release2: bool,
}

/// See [`hl7_http::client`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HttpDestination {
    /// `https://ehr.example.org/hl7`
    pub(crate) url: Text,
    /// A preset and what differs from it; see [`Dialect`].
    pub(crate) dialect: Option<Dialect>,
    /// Sent with every request.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, Text>,
    pub(crate) basic: Option<Basic>,
    pub(crate) bearer: Option<Secret>,
    pub(crate) oauth: Option<Tokens>,
    /// An HTTP proxy to go through.
    pub(crate) proxy: Option<Secret>,
    pub(crate) tls: Option<ClientTlsFiles>,
    pub(crate) connect_timeout: Option<Wait>,
    /// Default 24 s, which is below the usual `deadline`.
    pub(crate) timeout: Option<Wait>,
    pub(crate) idle_timeout: Option<Wait>,
    /// Default 64.
    pub(crate) max_idle_connections: Option<usize>,
    pub(crate) max_response_len: Option<Size>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Basic {
    pub(crate) user: Text,
    pub(crate) password: Secret,
}

/// Access tokens by the client credentials grant; see [`hl7_http::client::OAuth`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tokens {
    pub(crate) url: Text,
    pub(crate) client: Text,
    pub(crate) secret: Secret,
    pub(crate) scope: Option<Text>,
    #[serde(default)]
    pub(crate) parameters: BTreeMap<String, Text>,
    #[serde(default)]
    pub(crate) secret_in_body: bool,
}

/// PEM files of a server; see [`hl7_transport::ServerTls`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServerTlsFiles {
    /// Its certificate, then those that lead to the authority.
    pub(crate) certificate: Text,
    pub(crate) key: Text,
    /// Asks for a certificate that one of these authorities has signed.
    pub(crate) client_ca: Option<Text>,
    /// Takes these very client certificates.
    pub(crate) pinned: Option<Text>,
    /// Lists of revoked certificates.
    pub(crate) revoked: Option<Text>,
}

/// PEM files of a client; see [`hl7_transport::ClientTls`].
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientTlsFiles {
    /// Authorities to trust instead of the system's.
    pub(crate) ca: Option<Text>,
    /// Trusts the system's authorities as well.
    #[serde(default)]
    pub(crate) system_roots: bool,
    /// The certificate to present, and its key.
    pub(crate) certificate: Option<Text>,
    pub(crate) key: Option<Text>,
    /// Accepts these very server certificates.
    pub(crate) pinned: Option<Text>,
    pub(crate) revoked: Option<Text>,
    /// For MLLP: the name on the server's certificate, if it is not the host of the address.
    pub(crate) server_name: Option<Text>,
}
