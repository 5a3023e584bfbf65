//! Wires a configuration: sources, what is done with each message, clients; then runs.

use std::{collections::BTreeMap, sync::Arc};

use hl7_ack::{
    AcceptOnly, AnyHandler, Delivery, FanOut, Forward, MemoryStore, Replay, Rule, Validate, Waiters,
};
use hl7_parse::Path;
use hl7_transport::TokioTimer;
use tokio::{sync::watch, task::JoinSet};

use crate::{
    authorize,
    config::{Accept, Answer, Config, Order, Route, Source, Text},
    destination,
    exposition::Registry,
    filter, meter,
    reload::Reloads,
    source::{Prepared, Ready},
    status::Status,
    store::{Database, Store},
    transform::Transform,
    validate,
};

/// Reads every file that the configuration refers to, and builds all servers and clients from
/// them, without a port.
///
/// # Errors
///
/// One line for each fault.
pub(crate) fn prepare(config: &'static Config, reloads: &mut Reloads) -> Result<Wired, String> {
    let waiters = Waiters::new(TokioTimer::default());
    let mut faults = Vec::new();
    let mut wired = Wired::default();
    for (name, store) in &config.stores {
        match Database::new(name, store, &config.folder) {
            Ok(database) => drop(wired.stores.insert(name, database)),
            Err(fault) => faults.push(format!("store {name}: {fault}")),
        }
    }
    if !faults.is_empty() {
        return Err(faults.join("\n"));
    }
    for route in &config.routes {
        let name = route.name.get_ref().as_str();
        let source = Prepared::new(&route.from, &config.folder, reloads);
        let handler = handler(route, config, &wired.stores, &waiters, reloads);
        match (source, handler) {
            (Ok(source), Ok(handler)) => wired.routes.push((route, source, handler)),
            (source, handler) => {
                let told = [source.err(), handler.err()].into_iter().flatten();
                faults.extend(told.map(|fault| format!("route {name}: {fault}")));
            }
        }
    }
    if faults.is_empty() { Ok(wired) } else { Err(faults.join("\n")) }
}

/// What runs once it is told to.
#[derive(Default)]
pub(crate) struct Wired {
    stores: Stores,
    /// Each route with its server to be and its handler.
    routes: Vec<(&'static Route, Prepared<'static>, AnyHandler)>,
}

type Stores = BTreeMap<&'static str, Arc<Database>>;

/// Binds and serves until `stop`.
pub(crate) async fn run(
    config: &'static Config,
    registry: Registry,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), String> {
    let mut reloads = Reloads::default();
    let wired = prepare(config, &mut reloads)?;
    let reloading = reloads.at_hangup().map_err(|error| error.to_string())?;
    let reloading = tokio::spawn(reloading);
    for (name, store) in &wired.stores {
        store.open().await.map_err(|error| format!("store {name}: {error}"))?;
    }

    let (ready, is_ready) = watch::channel(false);
    // It answers from before the first route listens until after the last one has stopped.
    let (end_status, status_ends) = watch::channel(false);
    let mut status = JoinSet::new();
    if let Some(at) = &config.status {
        let serving = Status::new(registry, is_ready).serve(at.listen.get_ref().as_str()).await;
        let serving = serving.map_err(|error| format!("status: {error}"))?;
        tracing::info!(at = %serving.local_addr(), "health, readiness and metrics");
        status.spawn(serving.with_graceful_shutdown(until(status_ends)).into_future());
    }
    let (stopping, stopped) = watch::channel(false);
    let mut sources = JoinSet::new();
    for (route, source, handler) in wired.routes {
        let name = route.name.get_ref().as_str();
        let ready = source.bind(handler).await;
        let ready = ready.map_err(|error| format!("route {name}: {error}"))?;
        tell(route, &ready);
        sources.spawn(ready.run(until(stopped.clone())));
    }
    ready.send_replace(true);
    tracing::info!(routes = config.routes.len(), "ready");

    // No route ends before it is told to; if one does, nobody would notice but its senders.
    let mut cut_off = tokio::select! {
        () = stop => None,
        _ended = sources.join_next() => Some("a route ended by itself".to_owned()),
    };
    ready.send_replace(false);
    stopping.send_replace(true);
    while let Some(source) = sources.join_next().await {
        cut_off = cut_off.or(source.map_or_else(
            |error| Some(error.to_string()),
            |ended| ended.err().map(|error| error.to_string()),
        ));
    }
    reloading.abort();
    end_status.send_replace(true);
    while status.join_next().await.is_some() {}
    cut_off.map_or(Ok(()), Err)
}

async fn until(mut said: watch::Receiver<bool>) {
    // A sender that is gone says the same.
    let _gone = said.wait_for(|said| *said).await;
}

/// What becomes of a message, from the outside in: its sender is known, or a copy is, the header is looked at, then
/// the content, then it is changed and passed on.
fn handler(
    route: &'static Route,
    config: &'static Config,
    stores: &Stores,
    waiters: &Waiters,
    reloads: &mut Reloads,
) -> Result<AnyHandler, String> {
    let (name, folder) = (route.name.get_ref().as_str(), config.folder.as_path());
    let rules = validate::rules(route.validate.iter().map(|check| check.get_ref()));
    let is_stored = route.to.iter().any(|to| to.get_ref().store.is_some());
    // Without MSH-10 nothing says that a message is a copy, and no acknowledgment can name it.
    let known = is_stored.then(|| Rule::required(const { Path::new("MSH-10") }));
    let validate = Validate::new(known.into_iter().chain(rules));
    let store = |store: &str| {
        let refuse_reused_ids = config.stores.get(store)?.refuse_reused_ids;
        let database = Arc::clone(stores.get(store)?);
        // It looks again at what it is to keep: what is only reported stands in the
        // acknowledgment that it keeps with it.
        Some(Store::new(database, validate.clone(), refuse_reused_ids))
    };
    let mut destinations = Vec::new();
    let mut names = Vec::new();
    for to in &route.to {
        let to = to.get_ref();
        let to_name = to.name.as_str();
        let forward = destination::forward(to, name, store, waiters, folder, reloads);
        destinations.push(forward.map_err(|fault| format!("destination {to_name}: {fault}"))?);
        names.push(to_name);
    }
    let mut handler = pass_on(route.answer, name, destinations, names);
    if !route.transform.is_empty() {
        let steps = route.transform.iter().map(|step| step.get_ref().clone()).collect();
        let transform = Transform::new(steps, folder)?;
        if transform.has_tables() {
            let reloaded = transform.clone();
            reloads.add(move || reloaded.reload(folder));
        }
        handler = transform.around(name, handler);
    }
    if !route.filter.is_empty() {
        let rules = route.filter.iter().map(|rule| rule.get_ref().clone()).collect();
        handler = filter::around(rules, route.filtered, name, handler);
    }
    if is_stored || !route.validate.is_empty() {
        handler = validate::around(validate, name, handler);
    }
    if let Some(accept) = &route.accept {
        handler = accept_only(accept).around(handler);
    }
    if let Some(replay) = &route.replay {
        let mut store = MemoryStore::new();
        if let Some(answers) = replay.max_answers {
            store = store.max_answers(answers);
        }
        if let Some(size) = replay.max_bytes {
            store = store.max_bytes(size.0);
        }
        if let Some(age) = replay.max_age {
            store = store.max_age(age.0);
        }
        let replaying = Replay::new(store);
        handler = match replay.refuse_reused_ids {
            true => replaying.refuse_reused_ids().around(handler),
            false => replaying.around(handler),
        };
    }
    if let Some(link) = &route.acknowledges {
        handler = waiters.around(link.as_str(), handler);
    }
    if let Some(senders) = &route.senders {
        handler = authorize::around(senders.clone(), handler);
    }
    Ok(meter::around(name, handler))
}

fn pass_on(
    answer: Answer,
    route: &'static str,
    mut destinations: Vec<Forward>,
    names: Vec<&'static str>,
) -> AnyHandler {
    if destinations.len() == 1
        && let Some(only) = destinations.pop()
    {
        return AnyHandler::new(only);
    }
    let report = move |at: usize, delivery: &Delivery| {
        if delivery.is_positive() {
            return;
        }
        let destination = names.get(at).copied().unwrap_or_default();
        match delivery.cause() {
            Some(cause) => tracing::warn!(route, destination, %cause, "not delivered, not told"),
            None => tracing::warn!(route, destination, "answered negatively, not told"),
        }
    };
    AnyHandler::new(match answer {
        Answer::All => FanOut::all(destinations, report),
        Answer::First => FanOut::first(destinations, report),
        Answer::Any => FanOut::any(destinations, report),
    })
}

pub(crate) fn accept_only(accept: &Accept) -> AcceptOnly {
    let mut only = match &accept.types {
        Some(types) => AcceptOnly::types(types.iter().map(Text::as_str)),
        None => AcceptOnly::types(["*"]),
    };
    if let Some(versions) = &accept.versions {
        only = only.versions(versions.iter().map(Text::as_str));
    }
    if let Some(ids) = &accept.processing_ids {
        only = only.processing_ids(ids.iter().map(Text::as_str));
    }
    only
}

/// One line of the summary at the start for each destination of a route.
fn tell(route: &Route, ready: &Ready) {
    let at = match ready {
        Ready::Server(serving) => serving.local_addr().to_string(),
        Ready::Poller(..) => "-".to_owned(),
    };
    let (from, tls) = match &route.from {
        Source::Mllp(mllp) => ("mllp", mllp.tls.is_some()),
        Source::Http(http) => ("http", http.tls.is_some()),
        Source::Poll(poll) => ("poll", poll.http.url.as_str().starts_with("https:")),
    };
    for to in &route.to {
        let to = to.get_ref();
        let order = match to.order {
            None => "as it comes".to_owned(),
            Some(Order::Sequential) => "sequential".to_owned(),
            Some(Order::Parallel(number)) => format!("parallel {number}"),
            Some(Order::PerPatient) => "per patient".to_owned(),
            Some(Order::PerKey(path)) => format!("per key {path}"),
        };
        tracing::info!(
            route = route.name.get_ref().as_str(),
            listen = at,
            from,
            tls,
            rules = route.validate.len(),
            filters = route.filter.len(),
            steps = route.transform.len(),
            replay = route.replay.is_some(),
            to = to.name.as_str(),
            at = to.address(),
            order,
            retry = to.retry.is_some(),
            deadline = ?to.deadline.map_or(Forward::DEADLINE, |limit| limit.0),
            "forwarding"
        );
    }
}
