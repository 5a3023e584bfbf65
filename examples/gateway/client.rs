//! Builds the client of a destination: MLLP or HTTP, with TLS and what it shows of itself.

use std::{net::IpAddr, num::NonZeroUsize, path::Path, time::Duration};

use hl7_ack::{Deliver, Delivery, OneAttempt, Progress};
use hl7_http::client::{Client as HttpClient, OAuth};
use hl7_parse::OwnedMessage;
use hl7_transport::{ClientTls, Pem};

use crate::{
    config::{self, ClientTlsFiles, Destination, HttpDestination, MllpDestination, Order},
    reload::{Current, Reloads},
};

/// What an MLLP answer and the wait for a free connection may take: together less than
/// [`hl7_ack::Forward::DEADLINE`].
const ANSWER_TIMEOUT: Duration = Duration::from_secs(16);
const QUEUE_TIMEOUT: Duration = Duration::from_secs(8);

/// What an HTTP exchange may take: less than [`hl7_ack::Forward::DEADLINE`].
const HTTP_TIMEOUT: Duration = Duration::from_secs(24);

/// How many connections of an HTTP destination are kept while nothing is sent: messages come on as many
/// connections at once, and to open one over TLS costs more than to send a message.
const MAX_IDLE_CONNECTIONS: usize = 64;

/// What can be told of a destination without opening a file.
pub(crate) fn faults(to: &Destination) -> Vec<String> {
    let mut faults = Vec::new();
    let mut tls = None;
    if let Some(mllp) = &to.mllp {
        let client = hl7_mllp::client::Client::builder(mllp.address.as_str()).build();
        faults.extend(client.err().map(|error| error.to_string()));
        tls = mllp.tls.as_ref();
        let name = tls.and_then(|files| files.server_name.as_ref()).map(config::Text::as_str);
        // The brackets of an IPv6 address stand in URLs alone.
        if let Some(name) =
            name.filter(|name| name.parse::<IpAddr>().is_err() && url::Host::parse(name).is_err())
        {
            faults.push(format!("`{name}` is no name of a server"));
        }
    }
    if let Some(http) = &to.http {
        faults.extend(http_without_files(http).err());
        tls = http.tls.as_ref();
    }
    if tls.is_some_and(|files| files.certificate.is_some() != files.key.is_some()) {
        faults.push("a client certificate and its key are named together".to_owned());
    }
    faults
}

/// A client that is as it will be but for files, and reaches nobody over TLS.
pub(crate) fn http_without_files(http: &HttpDestination) -> Result<HttpClient, String> {
    let shown = [http.basic.is_some(), http.bearer.is_some(), http.oauth.is_some()];
    if shown.iter().filter(|shown| **shown).count() > 1 {
        return Err("at most one of basic, bearer and oauth is shown".to_owned());
    }
    if http.tls.is_some() && http.url.as_str().to_ascii_lowercase().starts_with("http:") {
        let what = "the URL is http, which sends in the clear; write https, or leave tls out";
        return Err(what.to_owned());
    }
    let mut client = HttpClient::builder(http.url.as_str());
    for (name, value) in &http.headers {
        client = client.header(name, value.as_str());
    }
    if let Some(tokens) = &http.oauth {
        let (url, name) = (tokens.url.as_str(), tokens.client.as_str());
        client = client.oauth(OAuth::client_credentials(url, name, ""));
    }
    let nobody = ClientTls::trusting_nobody().map_err(|error| error.to_string())?;
    client.tls(nobody).build().map_err(|error| error.to_string())
}

/// One exchange at a time on each of its connections.
pub(crate) fn mllp(
    mllp: &MllpDestination,
    order: Option<Order>,
    folder: &Path,
    reloads: &mut Reloads,
) -> Result<impl OneAttempt + use<>, String> {
    let address = mllp.address.as_str();
    let mut client = hl7_mllp::client::Client::builder(address)
        .answer_timeout(mllp.answer_timeout.map_or(ANSWER_TIMEOUT, |limit| limit.0))
        .queue_timeout(mllp.queue_timeout.map_or(QUEUE_TIMEOUT, |limit| limit.0))
        .release2(mllp.release2);
    if let Some(limit) = mllp.connect_timeout {
        client = client.connect_timeout(limit.0);
    }
    if let Some(limit) = mllp.write_timeout {
        client = client.write_timeout(limit.0);
    }
    if let Some(limit) = mllp.silence_timeout {
        client = client.silence_timeout(limit.0);
    }
    if let Some(limit) = mllp.max_frame_len {
        client = client.max_frame_len(limit.0);
    }
    if let Some(envelope) = mllp.envelope {
        client = client.envelope(envelope.0);
    }
    if let Some(files) = &mllp.tls {
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
        let name = files.server_name.as_ref().map_or(host, |name| name.as_str());
        let tls = client_tls(files, folder)?;
        let reloaded = tls.clone();
        reloads.add(move || reloaded.reload().map_err(|error| error.to_string()));
        client = client.tls(tls, name);
    }
    let connections = mllp.connections.or(match order {
        Some(Order::Parallel(number)) => Some(number),
        _ => None,
    });
    let pool = client.build_pool(connections.unwrap_or(NonZeroUsize::MIN));
    pool.map_err(|error| error.to_string())
}

/// Made anew at each reload, with its certificates and secrets.
pub(crate) fn http(
    http: &'static HttpDestination,
    folder: &'static Path,
    reloads: &mut Reloads,
) -> Result<impl OneAttempt + use<>, String> {
    let client = Current::new(build_http(http, folder)?);
    let renewed = client.clone();
    reloads.add(move || {
        renewed.set(build_http(http, folder)?);
        Ok(())
    });
    Ok(Renewable(client))
}

/// An HTTP client that may be replaced; exchanges under way end on the one before.
struct Renewable(Current<HttpClient>);

impl OneAttempt for Renewable {}

impl Deliver for Renewable {
    async fn deliver(&self, message: OwnedMessage) -> Delivery {
        self.0.get().deliver(message).await
    }

    async fn deliver_tracked(&self, message: OwnedMessage, progress: Progress) -> Delivery {
        self.0.get().deliver_tracked(message, progress).await
    }
}

pub(crate) fn build_http(http: &HttpDestination, folder: &Path) -> Result<HttpClient, String> {
    let mut client = HttpClient::builder(http.url.as_str())
        .timeout(http.timeout.map_or(HTTP_TIMEOUT, |limit| limit.0))
        .max_idle_connections(http.max_idle_connections.unwrap_or(MAX_IDLE_CONNECTIONS));
    if let Some(dialect) = &http.dialect {
        client = client.dialect(dialect.clone());
    }
    for (name, value) in &http.headers {
        client = client.header(name, value.as_str());
    }
    if let Some(basic) = &http.basic {
        client = client.basic(basic.user.as_str(), &basic.password.read(folder)?);
    }
    if let Some(token) = &http.bearer {
        client = client.bearer(&token.read(folder)?);
    }
    if let Some(tokens) = &http.oauth {
        let secret = tokens.secret.read(folder)?;
        let (url, name) = (tokens.url.as_str(), tokens.client.as_str());
        let mut oauth = OAuth::client_credentials(url, name, &secret);
        if let Some(scope) = &tokens.scope {
            oauth = oauth.scope(scope.as_str());
        }
        for (name, value) in &tokens.parameters {
            oauth = oauth.parameter(name, value.as_str());
        }
        if tokens.secret_in_body {
            oauth = oauth.secret_in_body();
        }
        client = client.oauth(oauth);
    }
    if let Some(proxy) = &http.proxy {
        client = client.proxy(&proxy.read(folder)?);
    }
    if let Some(files) = &http.tls {
        client = client.tls(client_tls(files, folder)?);
    }
    if let Some(limit) = http.connect_timeout {
        client = client.connect_timeout(limit.0);
    }
    if let Some(limit) = http.idle_timeout {
        client = client.idle_timeout(limit.0);
    }
    if let Some(limit) = http.max_response_len {
        client = client.max_response_len(limit.0);
    }
    client.build().map_err(|error| error.to_string())
}

fn client_tls(files: &ClientTlsFiles, folder: &Path) -> Result<ClientTls, String> {
    let pem = |path: &config::Text| Pem::file(folder.join(path.as_str()));
    let mut tls = ClientTls::builder();
    if let Some(ca) = &files.ca {
        tls = tls.ca(pem(ca));
    }
    if files.system_roots {
        tls = tls.system_roots();
    }
    if let Some(pinned) = &files.pinned {
        tls = tls.pinned_server(pem(pinned));
    }
    if let Some(revoked) = &files.revoked {
        tls = tls.revoked(pem(revoked));
    }
    tls = match (&files.certificate, &files.key) {
        (Some(certificate), Some(key)) => tls.identity(pem(certificate), pem(key)),
        (None, None) => tls,
        _ => return Err("a client certificate and its key are named together".to_owned()),
    };
    tls.build().map_err(|error| error.to_string())
}
