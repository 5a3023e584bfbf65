//! Builds what stands around the client of a destination: retries, order, deadline, numbers.

use std::path::Path;

use hl7_ack::{
    AnyDeliver, AtOnce, ErrorCode, Forward, InOrder, OneAttempt, Outcome, PerKey, Retry,
    RetryAction, RetryPolicy, Unreachable, Waiters, WhenUnreachable,
};
use hl7_transport::TokioTimer;

use crate::{
    awaiting::Awaiting,
    client,
    config::{self, Destination, Order, RetryPreset, Told},
    meter::Metered,
    reload::Reloads,
    store::{NOT_STORED, Store},
};

/// A destination that a handler can pass messages on to. Nothing is connected yet.
pub(crate) fn forward(
    to: &'static Destination,
    route: &'static str,
    store: impl FnOnce(&str) -> Option<Store>,
    waiters: &Waiters,
    folder: &'static Path,
    reloads: &mut Reloads,
) -> Result<Forward, String> {
    let nowhere = || "a destination is one of mllp, http and store".to_owned();
    let client = match (&to.mllp, &to.http, &to.store) {
        (Some(mllp), ..) => around(to, waiters, client::mllp(mllp, to.order, folder, reloads)?),
        (None, Some(http), _) => around(to, waiters, client::http(http, folder, reloads)?),
        (None, None, Some(name)) => around(to, waiters, store(name.as_str()).ok_or_else(nowhere)?),
        (None, None, None) => return Err(nowhere()),
    };
    let deadline = to.deadline.map_or(Forward::DEADLINE, |limit| limit.0);
    let mut forward = Forward::to(Metered::new(client, route, to.name.as_str()))
        .unreachable(unreachable(to))
        .deadline(deadline, TokioTimer::default());
    if to.translate_level {
        forward = forward.translate_level();
    }
    // What is stored is what came.
    if to.verbatim_ends || to.store.is_some() {
        forward = forward.verbatim_ends();
    }
    Ok(forward)
}

/// What comes of each attempt inside, then retries, order outside: a message keeps its turn while it
/// is tried again.
fn around(to: &'static Destination, waiters: &Waiters, client: impl OneAttempt) -> AnyDeliver {
    match &to.awaits {
        None => in_order(to, client),
        Some(link) => in_order(to, Awaiting::new(client, waiters.clone(), link.as_str())),
    }
}

fn in_order(to: &Destination, client: impl OneAttempt) -> AnyDeliver {
    let client = match &to.retry {
        None => AnyDeliver::new(client),
        Some(retry) => AnyDeliver::new(retrying(retry, client)),
    };
    let max = to.max_messages.unwrap_or(PerKey::<AnyDeliver>::MAX_MESSAGES).max(1);
    match to.order {
        None => AnyDeliver::new(AtOnce::new(client, max).max_waiting(0)),
        Some(Order::Parallel(number)) => {
            let number = number.get();
            AnyDeliver::new(AtOnce::new(client, number).max_waiting(max.saturating_sub(number)))
        }
        // One is under way beside those that wait.
        Some(Order::Sequential) => AnyDeliver::new(InOrder::new(client).max_waiting(max - 1)),
        Some(Order::PerPatient) => AnyDeliver::new(PerKey::by_patient(client).max_messages(max)),
        Some(Order::PerKey(path)) => {
            let keys = PerKey::new(client, move |message, keys| {
                for segment in message.segments_with_id(path.segment()) {
                    let field = segment.field(path.field().unwrap_or(1));
                    let named = path.repetition().map(|n| field.repetition(n));
                    let all = named.is_none().then(|| field.repetitions());
                    for repetition in named.into_iter().chain(all.into_iter().flatten()) {
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

fn unreachable(to: &Destination) -> Unreachable {
    let policy = &to.unreachable;
    let is_store = to.store.is_some();
    let or = |other: &'static str| if is_store { NOT_STORED } else { other };
    let told = |told: Told, text: &str| match told {
        Told::Reject => {
            WhenUnreachable::Answer(Outcome::rejected(ErrorCode::APPLICATION_ERROR, text))
        }
        Told::Error => WhenUnreachable::Answer(Outcome::error(ErrorCode::APPLICATION_ERROR, text)),
        Told::HangUp => WhenUnreachable::HangUp,
    };
    let mut unreachable = Unreachable::default();
    if let Some(not_sent) = policy.not_sent.or(is_store.then_some(Told::Reject)) {
        unreachable = unreachable.not_sent(told(not_sent, or("destination not reached")));
    }
    if let Some(unknown) = policy.unknown.or(is_store.then_some(Told::Reject)) {
        unreachable = unreachable.unknown(told(unknown, or("no answer from the destination")));
    }
    if let Some(invalid) = policy.invalid {
        unreachable = unreachable.invalid(told(invalid, "the message can not be passed on"));
    }
    unreachable
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use hl7_ack::{Deliver, Delivery};
    use hl7_parse::OwnedMessage;
    use tokio::{sync::Semaphore, task::JoinSet};

    use super::*;

    /// A client that holds every message until it is let go, and knows how many it holds.
    #[derive(Clone)]
    struct Gate {
        held: Arc<AtomicUsize>,
        open: Arc<Semaphore>,
    }

    impl Gate {
        fn new() -> Self {
            Self { held: Arc::default(), open: Arc::new(Semaphore::new(0)) }
        }
    }

    impl OneAttempt for Gate {}

    impl Deliver for Gate {
        async fn deliver(&self, _: OwnedMessage) -> Delivery {
            self.held.fetch_add(1, Ordering::Relaxed);
            self.open.acquire().await.expect("open").forget();
            self.held.fetch_sub(1, Ordering::Relaxed);
            Delivery::NoneDue
        }
    }

    fn destination(order: &str) -> Destination {
        let text = format!("name = \"a\"\nmllp.address = \"a:1\"\nmax_messages = 6\n{order}");
        toml::from_str(&text).expect(order)
    }

    fn message(segments: &str) -> OwnedMessage {
        let text = format!("MSH|^~\\&|A|||||||7|P|2.5\r{segments}");
        OwnedMessage::parse(text).expect("HL7")
    }

    /// How many of these are under way at once, and how many are turned away.
    async fn at_once(order: &str, messages: &[&str]) -> (usize, usize) {
        let gate = Gate::new();
        let deliver = in_order(&destination(order), gate.clone());
        let mut tasks = JoinSet::new();
        for segments in messages {
            let (deliver, message) = (deliver.clone(), message(segments));
            tasks.spawn(async move { deliver.deliver(message).await });
        }
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        let held = gate.held.load(Ordering::Relaxed);
        gate.open.add_permits(messages.len());
        let delivered = tasks.join_all().await;
        let not_sent = |delivery: &&Delivery| matches!(delivery, Delivery::NotSent(_));
        (held, delivered.iter().filter(not_sent).count())
    }

    #[tokio::test]
    async fn an_order_says_how_many_are_under_way_and_wait() {
        const ORDERS: [&str; 4] = ["ORC|1|A~B\r", "ORC|1|B\r", "ORC|1|C\rORC|1|D\r", "ORC|1|D\r"];
        for (order, messages, expected) in [
            ("", &[""; 8][..], (6, 2)),
            ("order = \"parallel 2\"", &[""; 8], (2, 2)),
            ("order = \"sequential\"", &[""; 8], (1, 2)),
            ("order = \"per key ORC-2\"", &ORDERS, (2, 0)),
            ("order = \"per key ORC-2[1]\"", &ORDERS, (3, 0)),
            ("order = \"per key ORC-1\"", &ORDERS, (1, 0)),
            ("order = \"per patient\"", &["PID|||1\r", "PID|||2\r", "PID|||1\r"], (2, 0)),
        ] {
            assert_eq!(at_once(order, messages).await, expected, "{order}");
        }
    }
}
