//! Keeping order: of all messages, and of those that have to do with each other.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_like::join_all;
use hl7_ack::{CauseKind, Deliver, Delivery, InOrder, PerKey, Progress, Retry, RetryPolicy};
use hl7_parse::OwnedMessage;
use proptest::prelude::*;

use crate::exchange_support::{
    AA, AE, AR, REFUSED, SECOND, Script, Step, TokioTimer, after, control_id, message, patient,
    word,
};

/// Joins futures without a crate for it.
mod futures_like {
    use std::{future::Future, pin::Pin, task::Poll};

    /// Polls them from the last to the first, so that order is not kept by accident.
    pub(super) async fn join_all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
        let mut futures: Vec<Pin<Box<F>>> = futures.into_iter().map(Box::pin).collect();
        let mut outputs: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
        std::future::poll_fn(move |context| {
            for (future, output) in futures.iter_mut().zip(&mut outputs).rev() {
                if output.is_none()
                    && let Poll::Ready(value) = future.as_mut().poll(context)
                {
                    *output = Some(value);
                }
            }
            match outputs.iter().all(Option::is_some) {
                true => Poll::Ready(outputs.drain(..).flatten().collect()),
                false => Poll::Pending,
            }
        })
        .await
    }
}

fn words(deliveries: &[Delivery]) -> Vec<&'static str> {
    deliveries.iter().map(word).collect()
}

fn kind(delivery: &Delivery) -> Option<CauseKind> {
    delivery.cause().map(hl7_ack::Cause::kind)
}

#[tokio::test(start_paused = true)]
async fn messages_go_one_at_a_time_in_the_order_of_the_calls() {
    let script = Script::new(vec![after(SECOND, AA); 5]);
    let in_order = InOrder::new(script.clone());
    let calls = ["1", "2", "3", "4", "5"].map(|id| in_order.deliver(message(id)));
    assert_eq!(words(&join_all(calls.into()).await), ["AA"; 5]);
    assert_eq!(script.ids(), ["1", "2", "3", "4", "5"]);
    let given = script.given();
    assert!(given.windows(2).all(|pair| pair[1].at - pair[0].at == SECOND), "{given:?}");
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_tried_again_keeps_its_turn() {
    let script = Script::new([REFUSED, AR, AE, REFUSED, AA]);
    let retry = Retry::new(script.clone(), RetryPolicy::park_content_errors(), TokioTimer);
    let in_order = InOrder::new(retry);
    let calls = ["1", "2", "3"].map(|id| in_order.deliver(message(id)));
    assert_eq!(words(&join_all(calls.into()).await), ["AE", "AA", "AA"]);
    assert_eq!(script.ids(), ["1", "1", "1", "2", "2", "3"]);
}

#[tokio::test(start_paused = true)]
async fn one_more_than_may_wait_is_not_sent() {
    for (max_waiting, calls, sent) in [(2, 2, 2), (2, 3, 3), (2, 4, 3), (0, 2, 1)] {
        let script = Script::new(vec![after(SECOND, AA); 9]);
        let in_order = InOrder::new(script.clone()).max_waiting(max_waiting);
        let calls = (0..calls).map(|id| in_order.deliver(message(&id.to_string()))).collect();
        let deliveries = join_all(calls).await;
        let shown = format!("{max_waiting} may wait: {deliveries:?}");
        assert_eq!(script.given().len(), sent, "{shown}");
        for (at, delivery) in deliveries.iter().enumerate() {
            let expected = (at >= sent).then_some(CauseKind::Overloaded);
            assert_eq!(kind(delivery), expected, "{shown}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_delivery_gives_its_place_to_the_next() {
    let script = Script::new(vec![after(SECOND, AA); 9]);
    let in_order = InOrder::new(script.clone()).max_waiting(2);
    let mut under_way = Box::pin(in_order.deliver(message("1")));
    let waiting = Box::pin(in_order.deliver(message("2")));
    let last = in_order.deliver(message("3"));
    assert!(tokio::time::timeout(SECOND / 2, &mut under_way).await.is_err());

    drop(waiting);
    let more = in_order.deliver(message("4"));
    let over = in_order.deliver(message("5"));
    drop(under_way);
    assert_eq!(words(&join_all(vec![last, more, over]).await), ["AA", "AA", "not sent"]);
    assert_eq!(script.ids(), ["1", "3", "4"]);
    // Never polled, and gone.
    drop(in_order.deliver(message("6")));
    assert_eq!(word(&in_order.deliver(message("7")).await), "AA");
}

#[tokio::test(start_paused = true)]
async fn messages_of_other_patients_pass() {
    let script = Script::new([after(9 * SECOND, AA), after(SECOND, AA), after(SECOND, AA)]);
    let per_key = PerKey::by_patient(script.clone());
    let calls = [("1", "X"), ("2", "X"), ("3", "Y"), ("4", "Y")]
        .map(|(id, who)| per_key.deliver(patient(id, who, "")));
    assert_eq!(words(&join_all(calls.into()).await), ["AA"; 4]);
    // Polled from the last to the first: the patient of 3 is the slow one.
    assert_eq!(script.ids(), ["3", "1", "2", "4"]);
}

#[tokio::test(start_paused = true)]
async fn patients_do_not_share_an_identifier_that_is_empty_or_deleted() {
    for shared in ["", "\"\"", "^^^GH"] {
        let script = Script::new(vec![after(SECOND, AA); 2]);
        let per_key = PerKey::by_patient(script.clone());
        let calls = [("1", "X"), ("2", "Y")]
            .map(|(id, who)| per_key.deliver(patient(id, &format!("{who}~{shared}"), "")));
        join_all(calls.into()).await;
        let given = script.given();
        assert_eq!(given[0].at, given[1].at, "{shared:?} is in both");
    }
}

#[tokio::test(start_paused = true)]
async fn a_merge_waits_for_both_patients_and_holds_up_both() {
    let script = Script::new([after(3 * SECOND, AA), after(SECOND, AA), after(2 * SECOND, AA)]);
    let per_key = PerKey::by_patient(script.clone());
    let begun = tokio::time::Instant::now();
    let calls = [("1", "X", ""), ("2", "Y", ""), ("3", "X", "Y"), ("4", "Y", ""), ("5", "X", "")]
        .map(|(id, who, merged)| per_key.deliver(patient(id, who, merged)));
    join_all(calls.into()).await;
    let given = script.given();
    let times: HashMap<String, u64> = given
        .iter()
        .map(|given| (control_id(&given.bytes), (given.at - begun).as_secs()))
        .collect();
    let ended = 3;
    assert_eq!((times["1"], times["2"]), (0, 0));
    assert_eq!(times["3"], ended, "{times:?}");
    assert_eq!((times["4"], times["5"]), (ended + 2, ended + 2), "{times:?}");
}

/// A40 crosswise: each waits for what the other holds, if places were taken one after another.
#[tokio::test(start_paused = true)]
async fn crosswise_merges_do_not_block_each_other() {
    let script = Script::new(vec![after(SECOND, AA); 40]);
    let per_key = PerKey::by_patient(script.clone());
    let calls = (0..40)
        .map(|at| {
            let (who, merged) = [("X", "Y"), ("Y", "X"), ("X", "Z"), ("Z", "Y")][at % 4];
            per_key.deliver(patient(&at.to_string(), who, merged))
        })
        .collect();
    let deliveries =
        tokio::time::timeout(100 * SECOND, join_all(calls)).await.expect("no deadlock");
    assert_eq!(words(&deliveries), vec!["AA"; 40]);
}

#[tokio::test(start_paused = true)]
async fn messages_without_a_key_keep_their_order() {
    let script = Script::new(vec![after(SECOND, AA); 3]);
    let per_key = PerKey::by_patient(script.clone());
    let calls = ["1", "2", "3"].map(|id| per_key.deliver(message(id)));
    join_all(calls.into()).await;
    assert_eq!(script.ids(), ["1", "2", "3"]);
}

#[tokio::test(start_paused = true)]
async fn messages_and_their_keys_are_bounded() {
    let script = Script::new(vec![after(SECOND, AA); 9]);
    let per_key = PerKey::by_patient(script.clone()).max_messages(2);
    let calls = ["1", "2", "3"].map(|id| per_key.deliver(patient(id, id, "")));
    let deliveries = join_all(calls.into()).await;
    assert_eq!(words(&deliveries), ["AA", "AA", "not sent"]);
    assert_eq!(kind(&deliveries[2]), Some(CauseKind::Overloaded));

    for (keys, expected) in [
        (PerKey::<Script>::MAX_KEYS - 1, None),
        (PerKey::<Script>::MAX_KEYS, None),
        (PerKey::<Script>::MAX_KEYS + 1, Some(CauseKind::InvalidContent)),
    ] {
        let per_key =
            PerKey::new(Script::default(), move |_, all| (0..keys).for_each(|k| all.add(k)));
        assert_eq!(kind(&per_key.deliver(message("1")).await), expected, "{keys} keys");
    }
    // The same key twice is one.
    let twice = PerKey::new(Script::default(), |_, all| (0..5000).for_each(|_| all.add("same")));
    assert_eq!(word(&twice.deliver(message("1")).await), "AA");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_message_lets_those_behind_it_go() {
    let script = Script::new([after(60 * SECOND, AA)]);
    let per_key = PerKey::by_patient(script.clone());
    let mut under_way = Box::pin(per_key.deliver(patient("1", "X", "")));
    let merge = per_key.deliver(patient("2", "X", "Y"));
    let behind = per_key.deliver(patient("3", "Y", ""));
    assert!(tokio::time::timeout(SECOND, &mut under_way).await.is_err());
    drop(merge);
    assert_eq!(word(&behind.await), "AA", "Y is free, although X is not");
    drop(under_way);
}

#[test]
fn deliveries_can_be_sent_to_other_threads() {
    fn is_send(_: impl Send) {}
    let retry = Retry::new(Script::default(), RetryPolicy::park_content_errors(), TokioTimer);
    is_send(retry.deliver(message("1")));
    let in_order = InOrder::new(retry.clone());
    is_send(in_order.deliver_tracked(message("1"), Progress::new()));
    is_send(PerKey::by_patient(retry).deliver(message("1")));
    is_send(hl7_ack::TimeLimited::new(in_order, SECOND, TokioTimer).deliver(message("1")));
}

/// Records who is under way, and complains where two are that share a patient.
#[derive(Clone, Default)]
struct Watched {
    under_way: Arc<Mutex<Vec<Vec<String>>>>,
    most: Arc<AtomicUsize>,
    begun: Arc<Mutex<Vec<String>>>,
}

fn patients(message: &OwnedMessage) -> Vec<String> {
    let view = message.as_message();
    let ids = [("PID", 3), ("MRG", 1)];
    let fields = ids.iter().filter_map(|(id, at)| Some(view.segment(id)?.field(*at)));
    fields.map(|field| field.component(1).decode().into_owned()).collect()
}

impl Deliver for Watched {
    async fn deliver(&self, message: OwnedMessage) -> Delivery {
        let ours = patients(&message);
        {
            let mut under_way = self.under_way.lock().expect("not poisoned");
            let shared = under_way.iter().any(|theirs| theirs.iter().any(|id| ours.contains(id)));
            assert!(!shared, "{ours:?} with {under_way:?}");
            under_way.push(ours.clone());
            self.most.fetch_max(under_way.len(), Ordering::SeqCst);
        }
        let id = control_id(message.as_bytes());
        self.begun.lock().expect("not poisoned").push(id.clone());
        let guard = Guard { watched: self, ours };
        let wait: u64 = id.bytes().map(u64::from).sum::<u64>() % 7;
        tokio::time::sleep(Duration::from_millis(wait)).await;
        drop(guard);
        crate::exchange_support::answered(&message, "AA", "")
    }
}

struct Guard<'a> {
    watched: &'a Watched,
    ours: Vec<String>,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        let mut under_way = self.watched.under_way.lock().expect("not poisoned");
        let at = under_way.iter().position(|theirs| *theirs == self.ours).expect("is there");
        under_way.remove(at);
    }
}

/// Patient, merged patient, when the call is made, and when its future is dropped, if it is.
type Call = (u8, Option<u8>, u64, Option<u64>);

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let patient = 0_u8..4;
    let call = (
        patient.clone(),
        prop::option::weighted(0.3, patient),
        0_u64..20,
        prop::option::weighted(0.3, 0_u64..30),
    );
    prop::collection::vec(call, 1..25)
}

/// Makes the calls, each from a task of its own, and returns what came of each.
async fn play(
    deliver: impl Deliver + Clone,
    calls: &[Call],
) -> Vec<(usize, OwnedMessage, Option<Delivery>)> {
    let mut tasks = tokio::task::JoinSet::new();
    // In the order of time, and of the list where the time is the same.
    let mut order: Vec<usize> = (0..calls.len()).collect();
    order.sort_by_key(|at| calls[*at].2);
    let mut now = 0;
    for at in order {
        let (who, merged, when, dropped) = calls[at];
        tokio::time::sleep(Duration::from_millis(when - now)).await;
        now = when;
        let merged =
            merged.filter(|merged| *merged != who).map_or(String::new(), |m| format!("P{m}"));
        let sent = patient(&at.to_string(), &format!("P{who}"), &merged);
        let deliver = deliver.clone();
        let limit = Duration::from_millis(dropped.unwrap_or(1_000_000));
        tasks.spawn(async move {
            let delivery = tokio::time::timeout(limit, deliver.deliver(sent.clone())).await.ok();
            (at, sent, delivery)
        });
        tokio::task::yield_now().await;
    }
    let mut results = tasks.join_all().await;
    results.sort_by_key(|(at, ..)| (calls[*at].2, *at));
    results
}

fn check(watched: &Watched, results: &[(usize, OwnedMessage, Option<Delivery>)], calls: &[Call]) {
    let begun = watched.begun.lock().expect("not poisoned").clone();
    for (at, _, delivery) in results {
        match delivery {
            Some(delivery) => assert_eq!(word(delivery), "AA", "{at} of {calls:?}"),
            None => assert!(calls[*at].3.is_some(), "{at} was not dropped"),
        }
    }
    let place = |at: usize| begun.iter().position(|id| *id == at.to_string());
    for (index, (later, message, _)) in results.iter().enumerate() {
        for (earlier, other, _) in &results[..index] {
            let shares = patients(other).iter().any(|id| patients(message).contains(id));
            if let (true, Some(earlier), Some(later)) = (shares, place(*earlier), place(*later)) {
                assert!(earlier < later, "{later} before {earlier} in {begun:?}");
            }
        }
    }
    assert!(watched.under_way.lock().expect("not poisoned").is_empty());
}

fn run(future: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(future);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn under_any_schedule_each_patient_is_in_order_and_nothing_is_lost(calls in calls()) {
        run(async {
            let watched = Watched::default();
            let results = play(PerKey::by_patient(watched.clone()), &calls).await;
            prop_assert_eq!(results.len(), calls.len());
            check(&watched, &results, &calls);
            Ok(())
        }.map_err_to_panic());
    }

    #[test]
    fn under_any_schedule_one_is_under_way_and_order_is_kept(calls in calls()) {
        run(async {
            let watched = Watched::default();
            // The same patient for all.
            let calls: Vec<Call> = calls.iter().map(|(_, _, when, drop)| (0, None, *when, *drop)).collect();
            let results = play(InOrder::new(watched.clone()), &calls).await;
            prop_assert_eq!(results.len(), calls.len());
            check(&watched, &results, &calls);
            prop_assert!(watched.most.load(Ordering::SeqCst) <= 1);
            Ok(())
        }.map_err_to_panic());
    }
}

/// A failed property as a panic, which is what proptest catches outside of its own macro.
trait MapErrToPanic: Future<Output = Result<(), TestCaseError>> + Sized {
    async fn map_err_to_panic(self) {
        if let Err(error) = self.await {
            panic!("{error}");
        }
    }
}

impl<F: Future<Output = Result<(), TestCaseError>>> MapErrToPanic for F {}

/// Where nothing is dropped and all is done by tasks, all arrive.
#[tokio::test(start_paused = true)]
async fn tasks_of_one_queue_all_end() {
    let script = Script::new(vec![Step::After(SECOND, Box::new(AA)); 100]);
    let in_order = InOrder::new(script.clone());
    let mut tasks = tokio::task::JoinSet::new();
    for at in 0..100 {
        let in_order = in_order.clone();
        tasks.spawn(async move { in_order.deliver(message(&at.to_string())).await });
    }
    assert_eq!(words(&tasks.join_all().await), vec!["AA"; 100]);
    assert_eq!(script.given().len(), 100);
}
