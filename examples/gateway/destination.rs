//! Builds the client of a destination, and what stands around it: retries, order, numbers.

use std::{num::NonZeroUsize, path::Path, time::Duration};

use hl7_ack::{
    AnyDeliver, Cause, CauseKind, Deliver, Delivery, ErrorCode, Forward, InOrder, OneAttempt,
    Outcome, PerKey, Progress, Retry, RetryAction, RetryPolicy, Unreachable, WhenUnreachable,
};
use hl7_http::client::OAuth;
use hl7_mllp::client::Pool;
use hl7_parse::OwnedMessage;
use hl7_transport::{ClientTls, Pem, TokioTimer};
use tokio::sync::Semaphore;

use crate::{
    config::{
        self, ClientTlsFiles, Destination, HttpDestination, MllpDestination, Order, RetryPreset,
        Told,
    },
    meter::Metered,
    reload::Reloads,
};

/// What an MLLP answer and the wait for a free connection may take: together less than
/// [`Forward::DEADLINE`].
const ANSWER_TIMEOUT: Duration = Duration::from_secs(16);
const QUEUE_TIMEOUT: Duration = Duration::from_secs(8);

/// What an HTTP exchange may take: less than [`Forward::DEADLINE`].
const HTTP_TIMEOUT: Duration = Duration::from_secs(24);

/// A destination that a handler can pass messages on to. Nothing is connected yet.
pub(crate) fn forward(
    to: &Destination,
    route: &'static str,
    name: &'static str,
    folder: &Path,
    reloads: &mut Reloads,
) -> Result<Forward, String> {
    let client = match (&to.mllp, &to.http) {
        (Some(mllp), _) => around(to, mllp_client(to, mllp, folder, reloads)?),
        (None, Some(http)) => around(to, http_client(http, folder)?),
        (None, None) => return Err("a destination is either mllp or http".to_owned()),
    };
    let deadline = to.deadline.map_or(Forward::DEADLINE, |limit| limit.0);
    let mut forward = Forward::to(Metered::new(client, route, name))
        .unreachable(unreachable(&to.unreachable))
        .deadline(deadline, TokioTimer::default());
    if to.translate_level {
        forward = forward.translate_level();
    }
    if to.verbatim_ends {
        forward = forward.verbatim_ends();
    }
    Ok(forward)
}

/// What can be told of a destination without opening a file.
pub(crate) fn faults(to: &Destination) -> Vec<String> {
    let mut faults = Vec::new();
    let mut tls = None;
    if let Some(mllp) = &to.mllp {
        let client = hl7_mllp::client::Client::builder(mllp.address.as_str()).build();
        faults.extend(client.err().map(|error| error.to_string()));
        tls = mllp.tls.as_ref();
    }
    if let Some(http) = &to.http {
        let mut client = hl7_http::client::Client::builder(http.url.as_str());
        for (name, value) in &http.headers {
            client = client.header(name, value.as_str());
        }
        if let Some(tokens) = &http.oauth {
            let (url, name) = (tokens.url.as_str(), tokens.client.as_str());
            client = client.oauth(OAuth::client_credentials(url, name, ""));
        }
        if let Ok(nobody) = ClientTls::trusting_nobody() {
            client = client.tls(nobody);
        }
        faults.extend(client.build().err().map(|error| error.to_string()));
        let shown = [http.basic.is_some(), http.bearer.is_some(), http.oauth.is_some()];
        if shown.iter().filter(|shown| **shown).count() > 1 {
            faults.push("at most one of basic, bearer and oauth is shown".to_owned());
        }
        tls = http.tls.as_ref();
    }
    if tls.is_some_and(|files| files.certificate.is_some() != files.key.is_some()) {
        faults.push("a client certificate and its key are named together".to_owned());
    }
    faults
}

/// Retries inside, order outside: a message keeps its turn while it is tried again.
fn around(to: &Destination, client: impl OneAttempt) -> AnyDeliver {
    let client = match &to.retry {
        None => AnyDeliver::new(client),
        Some(retry) => AnyDeliver::new(retrying(retry, client)),
    };
    let max = to.max_messages.unwrap_or(PerKey::<AnyDeliver>::MAX_MESSAGES).max(1);
    match to.order {
        None => AnyDeliver::new(AtOnce::new(client, max, max)),
        Some(Order::Parallel(number)) => AnyDeliver::new(AtOnce::new(client, number.get(), max)),
        // One is under way beside those that wait.
        Some(Order::Sequential) => AnyDeliver::new(InOrder::new(client).max_waiting(max - 1)),
        Some(Order::PerPatient) => AnyDeliver::new(PerKey::by_patient(client).max_messages(max)),
        Some(Order::PerKey(path)) => {
            let keys = PerKey::new(client, move |message, keys| {
                for segment in message.segments_with_id(path.segment()) {
                    for repetition in segment.field(path.field().unwrap_or(1)).repetitions() {
                        let whole = repetition.as_bytes();
                        let key = match (path.component(), path.subcomponent()) {
                            (None, _) => whole,
                            (Some(n), None) => repetition.component(n).as_bytes(),
                            (Some(n), Some(sub)) => {
                                repetition.component(n).subcomponent(sub).as_bytes()
                            }
                        };
                        if !key.is_empty() {
                            keys.add(key);
                        }
                    }
                }
            });
            AnyDeliver::new(keys.max_messages(max))
        }
    }
}

fn retrying<C: OneAttempt>(retry: &config::Retry, client: C) -> Retry<C> {
    let policy = match retry.preset {
        RetryPreset::ParkContentErrors => RetryPolicy::park_content_errors(),
        RetryPreset::RetryRejected => RetryPolicy::retry_rejected(),
    };
    let policy = match retry.unknown {
        true => policy.on_unknown(RetryAction::Retry),
        false => policy,
    };
    let mut retrying = Retry::new(client, policy, TokioTimer::default());
    if let Some(attempts) = retry.max_attempts {
        retrying = retrying.max_attempts(attempts);
    }
    if let Some(limit) = retry.max_time {
        retrying = retrying.max_time(limit.0);
    }
    if let Some((first, longest)) = retry.pauses {
        retrying = retrying.pauses(first.0, longest.0);
    }
    retrying
}

fn unreachable(policy: &config::Unreachable) -> Unreachable {
    let told = |told: Told, text: &str| match told {
        Told::Reject => {
            WhenUnreachable::Answer(Outcome::rejected(ErrorCode::APPLICATION_ERROR, text))
        }
        Told::Error => WhenUnreachable::Answer(Outcome::error(ErrorCode::APPLICATION_ERROR, text)),
        Told::HangUp => WhenUnreachable::HangUp,
    };
    let mut unreachable = Unreachable::default();
    if let Some(not_sent) = policy.not_sent {
        unreachable = unreachable.not_sent(told(not_sent, "destination not reached"));
    }
    if let Some(unknown) = policy.unknown {
        unreachable = unreachable.unknown(told(unknown, "no answer from the destination"));
    }
    if let Some(invalid) = policy.invalid {
        unreachable = unreachable.invalid(told(invalid, "the message can not be passed on"));
    }
    unreachable
}

/// One exchange at a time on each of its connections.
fn mllp_client(
    to: &Destination,
    mllp: &MllpDestination,
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
    if let Some(files) = &mllp.tls {
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
        let name = files.server_name.as_ref().map_or(host, |name| name.as_str());
        let tls = client_tls(files, folder)?;
        reloads.client(tls.clone());
        client = client.tls(tls, name);
    }
    let connections = mllp.connections.or(match to.order {
        Some(Order::Parallel(number)) => Some(number),
        _ => None,
    });
    let pool = client.build_pool(connections.unwrap_or(NonZeroUsize::MIN));
    pool.map(Connections).map_err(|error| error.to_string())
}

fn http_client(http: &HttpDestination, folder: &Path) -> Result<impl OneAttempt + use<>, String> {
    let mut client = hl7_http::client::Client::builder(http.url.as_str())
        .timeout(http.timeout.map_or(HTTP_TIMEOUT, |limit| limit.0));
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
    if let Some(connections) = http.max_idle_connections {
        client = client.max_idle_connections(connections);
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

/// Connections that take turns; each message is sent once, on one of them.
struct Connections(Pool);

impl OneAttempt for Connections {}

impl Deliver for Connections {
    async fn deliver(&self, message: OwnedMessage) -> Delivery {
        self.0.deliver(message).await
    }

    async fn deliver_tracked(&self, message: OwnedMessage, progress: Progress) -> Delivery {
        self.0.deliver_tracked(message, progress).await
    }
}

/// Delivers up to so many messages at once; some more wait, and those beyond are not sent.
struct AtOnce {
    inner: AnyDeliver,
    turns: Semaphore,
    places: Semaphore,
}

impl AtOnce {
    fn new(inner: AnyDeliver, at_once: usize, max_messages: usize) -> Self {
        let at_once = at_once.min(Semaphore::MAX_PERMITS);
        let places = max_messages.max(at_once).min(Semaphore::MAX_PERMITS);
        let (turns, places) = (Semaphore::new(at_once), Semaphore::new(places));
        Self { inner, turns, places }
    }
}

impl Deliver for AtOnce {
    async fn deliver(&self, message: OwnedMessage) -> Delivery {
        self.deliver_tracked(message, Progress::new()).await
    }

    async fn deliver_tracked(&self, message: OwnedMessage, progress: Progress) -> Delivery {
        let Ok(_place) = self.places.try_acquire() else {
            let full = Cause::new(CauseKind::Overloaded, "too many messages are waiting already");
            return Delivery::NotSent(full);
        };
        // Nothing closes the semaphore.
        let _turn = self.turns.acquire().await;
        self.inner.deliver_tracked(message, progress).await
    }
}
