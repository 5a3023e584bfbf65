//! So many messages at once; and a handler as a destination.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
};

use hl7_ack::{
    Acknowledger, AtOnce, Cause, CauseKind, Deliver, Delivery, ErrorCode, Handled, Outcome,
    Received, Reply, Retry, RetryPolicy,
};
use hl7_parse::OwnedMessage;
use tokio::{task::JoinSet, time::Instant};

use crate::exchange_support::{
    AA, REFUSED, SECOND, Script, TokioTimer, after, asking, message, word,
};

/// How many may go and wait, how many come at once, how many seconds all take when each takes one,
/// and how many are turned away.
#[tokio::test(start_paused = true)]
async fn so_many_go_at_once_some_wait_and_the_others_are_not_sent() {
    for (at_once, waiting, messages, seconds, turned_away) in [
        (1, 10, 3, 3, 0),
        (2, 10, 5, 3, 0),
        (3, 0, 3, 1, 0),
        (3, 0, 4, 1, 1),
        (2, 2, 5, 2, 1),
        (5, 10, 3, 1, 0),
        // At least one.
        (0, 1, 2, 2, 0),
    ] {
        let shown = format!("{messages} with {at_once} at once, {waiting} waiting");
        let script = Script::new((0..messages).map(|_| after(SECOND, AA)));
        let deliver = AtOnce::new(script.clone(), at_once).max_waiting(waiting);
        let (mut tasks, begun) = (JoinSet::new(), Instant::now());
        for id in 0..messages {
            let deliver = deliver.clone();
            tasks.spawn(async move { deliver.deliver(message(&id.to_string())).await });
        }
        let delivered = tasks.join_all().await;
        assert_eq!(begun.elapsed(), SECOND * seconds, "{shown}");
        let overloaded = delivered.iter().filter_map(Delivery::cause);
        let overloaded = overloaded.filter(|cause| cause.kind() == CauseKind::Overloaded).count();
        assert_eq!(overloaded, turned_away, "{shown}");
        assert_eq!(script.given().len() + turned_away, messages, "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn they_begin_in_the_order_of_the_calls_and_one_that_goes_away_lets_the_next_go() {
    let script = Script::new((0..5).map(|_| after(SECOND, AA)));
    let deliver = AtOnce::new(script.clone(), 2);
    let mut calls: Vec<_> =
        ["1", "2", "3", "4", "5"].map(|id| Box::pin(deliver.deliver(message(id)))).into();
    // Polled from the last to the first: the order is that of the calls all the same.
    let mut context = Context::from_waker(Waker::noop());
    for call in calls.iter_mut().rev() {
        assert!(matches!(call.as_mut().poll(&mut context), Poll::Pending));
    }
    assert_eq!(script.ids(), ["2", "1"]);
    // One that waits goes away, then one that is under way.
    drop(calls.remove(2));
    drop(calls.remove(0));
    for call in &mut calls {
        assert!(matches!(call.as_mut().poll(&mut context), Poll::Pending));
    }
    assert_eq!(script.ids(), ["2", "1", "4"]);
    for call in calls {
        assert_eq!(word(&call.await), "AA");
    }
    assert_eq!(script.ids(), ["2", "1", "4", "5"]);
    assert_eq!(word(&deliver.deliver(message("6")).await), "AA", "no place is lost");
}

#[tokio::test(start_paused = true)]
async fn it_may_be_retried_from_outside_and_from_inside() {
    let policy = RetryPolicy::park_content_errors;
    let outside = Retry::new(AtOnce::new(Script::new([REFUSED]), 1), policy(), TokioTimer);
    assert_eq!(word(&outside.deliver(message("1")).await), "AA");
    let inside = AtOnce::new(Retry::new(Script::new([REFUSED]), policy(), TokioTimer), 1);
    assert_eq!(word(&inside.deliver(message("1")).await), "AA");
}

async fn handled(asked: &str, reply: fn() -> Reply) -> String {
    let done = Arc::new(AtomicBool::new(false));
    let ends = Arc::clone(&done);
    let handler = move |_: Received| {
        let ends = Arc::clone(&ends);
        async move { reply().then(async move { ends.store(true, Ordering::SeqCst) }) }
    };
    let delivery = Handled::by(handler).deliver(asking("7", asked)).await;
    assert!(done.load(Ordering::SeqCst), "{asked}: what was left for afterwards");
    match delivery.cause() {
        Some(cause) => format!("{} {:?}", word(&delivery), cause.kind()),
        None => word(&delivery).to_owned(),
    }
}

#[tokio::test]
async fn a_handler_delivers_what_it_takes_and_nothing_else() {
    let accepted = || Outcome::accepted().into();
    let rejected = || Outcome::rejected(ErrorCode::APPLICATION_ERROR, "no").into();
    let not_sent = || {
        let reply: Reply = Outcome::rejected(ErrorCode::APPLICATION_ERROR, "no").into();
        reply.because(Cause::new(CauseKind::Unreachable, "down"))
    };
    let another = || {
        let text = "MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.5\rMSA|AA|8\r";
        OwnedMessage::parse(text).expect("readable").into()
    };
    for (asked, reply, expected) in [
        ("|", accepted as fn() -> Reply, "AA"),
        ("|", rejected, "AR"),
        ("|", not_sent, "unknown Unreachable"),
        ("AL|NE", accepted, "CA"),
        ("NE|NE", accepted, "none due"),
        ("NE|NE", rejected, "unknown Refused"),
        ("NE|NE", not_sent, "unknown Unreachable"),
        ("|", Reply::none, "none due"),
        ("|", Reply::hang_up, "unknown Closed"),
        ("|", another, "unknown Mismatched"),
    ] {
        assert_eq!(handled(asked, reply).await, expected, "{asked}");
    }
}

#[tokio::test]
async fn the_agreement_of_a_handler_as_a_destination_is_its_acknowledgers() {
    let strict = Handled::by(async |_: Received| Outcome::accepted());
    assert_eq!(word(&strict.deliver(message("")).await), "AE");
    let unasked = strict.deliver(asking("", "NE|NE")).await;
    assert_eq!(unasked.cause().map(Cause::kind), Some(CauseKind::ContentRefused));
    let tolerant = strict.acknowledger(Acknowledger::new().tolerate_missing_control_id());
    assert_eq!(word(&tolerant.deliver(message("")).await), "AA");
}
