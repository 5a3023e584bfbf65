//! Wires a configuration: sources, what is done with each message, clients; then runs.

use std::{collections::BTreeMap, sync::Arc};

use hl7_ack::{AnyHandler, Delivery, FanOut, Forward, Waiters};
use hl7_transport::TokioTimer;
use tokio::{sync::watch, task::JoinSet};

use crate::{
    config::{Answer, Config, Order, Route, Source},
    copies, destination,
    exposition::Registry,
    meter,
    reload::{Current, Reloads},
    rules::{Rules, is_stored, validator},
    source::{Prepared, Ready},
    status::Status,
    store::{Database, Store},
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
    let mut all_rules = Vec::new();
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
        let rules = self::rules(route, config, &wired.stores, &waiters, reloads);
        match (source, rules) {
            (Ok(source), Ok(rules)) => {
                let handler = meter::around(name, rules.handler());
                wired.routes.push((route, source.allow(rules.allowed()), handler));
                all_rules.push(rules);
            }
            (source, rules) => {
                let told = [source.err(), rules.err()].into_iter().flatten();
                faults.extend(told.map(|fault| format!("route {name}: {fault}")));
            }
        }
    }
    reloads.add_rules(config, all_rules);
    if faults.is_empty() { Ok(wired) } else { Err(faults.join("\n")) }
}

/// What runs once it is told to.
#[derive(Default)]
pub(crate) struct Wired {
    stores: Stores,
    /// Each route with its server to be and its handler.
    routes: Vec<(&'static Route, Prepared, AnyHandler)>,
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
    // Nothing is taken before all can be: whoever is taken from is not left in the middle of it.
    let mut bound = Vec::new();
    for (route, source, handler) in wired.routes {
        let name = route.name.get_ref().as_str();
        let source = source.bind(handler).await;
        bound.push((route, source.map_err(|error| format!("route {name}: {error}"))?));
    }
    let (stopping, stopped) = watch::channel(false);
    let mut sources = JoinSet::new();
    for (route, source) in bound {
        tell(route, &source);
        sources.spawn(source.run(until(stopped.clone())));
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

/// What becomes of a message, from the outside in: its sender is known, or a copy is, then it meets
/// the rules of the route, then it is passed on.
fn rules(
    route: &'static Route,
    config: &'static Config,
    stores: &Stores,
    waiters: &Waiters,
    reloads: &mut Reloads,
) -> Result<Rules, String> {
    let (name, folder) = (route.name.get_ref().as_str(), config.folder.as_path());
    let validate = Arc::new(validator(route, is_stored(route)));
    let validate = Current::new(validate);
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
    let beyond = pass_on(route.answer, name, destinations, names);
    Rules::new(name, route, folder, validate, beyond, |inside| {
        let handler = match &route.replay {
            Some(replay) => copies::around(replay, inside),
            None => inside,
        };
        match &route.acknowledges {
            Some(link) => waiters.around(link.as_str(), handler),
            None => handler,
        }
    })
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
