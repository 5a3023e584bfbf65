//! Trying again: by the policy, within its limits, and no more.

use std::{sync::Mutex, time::Duration};

use hl7_ack::{
    AckCode, CauseKind, Deliver, Delivery, OneAttempt, Progress, Retry, RetryAction, RetryPolicy,
    TimeLimited,
};
use hl7_parse::OwnedMessage;
use tokio::time::Instant;

use crate::exchange_support::{
    AA, AE, AR, LOST, REFUSED, SECOND, Script, Step, TokioTimer, after, answered, message, word,
};

/// Pauses of 1, 2, 4 and again 4 seconds, whole.
fn retry(script: &Script, policy: RetryPolicy) -> Retry<Script> {
    Retry::new(script.clone(), policy, TokioTimer).pauses(SECOND, 4 * SECOND).randomness(|| !0)
}

fn park() -> RetryPolicy {
    RetryPolicy::park_content_errors()
}

fn of(step: &Step) -> Delivery {
    let cause = |kind| hl7_ack::Cause::new(kind, "");
    match *step {
        Step::Answer(code, rest) => answered(&message("7"), code, rest),
        Step::NotSent(kind) => Delivery::NotSent(cause(kind)),
        Step::Unknown(kind) => Delivery::Unknown(cause(kind)),
        _ => Delivery::NoneDue,
    }
}

#[test]
fn the_presets_say_what_their_tables_say() {
    use RetryAction::{Complete as C, Retry as R, Suspend as S};
    let error = |code: &'static str, number: &'static str| Step::Answer(code, number);
    for (step, by_content, by_letter) in [
        (AA, C, C),
        (Step::Answer("CA", ""), C, C),
        (Step::NoneDue, C, C),
        (AE, S, S),
        (error("AE", "ERR|||207|E\r"), S, S),
        (AR, R, R),
        (error("AR", "ERR|||207|E\r"), R, R),
        (error("AR", "ERR|||200|E\r"), S, R),
        (error("AR", "ERR|^^^203&Unsupported version ID&HL70357\r"), S, R),
        (error("AR", "ERR|||207|E\rERR|||202|E\r"), S, R),
        (error("AR", "ERR|||207|E\rERR|||200|W\r"), R, R),
        (error("AR", "ERR|||207|E\rERR|||203|I\r"), R, R),
        (Step::Answer("CE", ""), R, S),
        (Step::Answer("CR", ""), S, R),
        (Step::Answer("XX", ""), S, S),
        (REFUSED, R, R),
        (Step::NotSent(CauseKind::Overloaded), R, R),
        (Step::NotSent(CauseKind::InvalidContent), S, S),
        (Step::NotSent(CauseKind::ShuttingDown), S, S),
        (Step::NotSent(CauseKind::AccessRefused), S, S),
        (LOST, S, S),
        (Step::Unknown(CauseKind::TimedOut), S, S),
        (Step::Unknown(CauseKind::ContentRefused), S, S),
    ] {
        let delivery = of(&step);
        assert_eq!(park().action_for(&delivery), by_content, "{step:?}");
        assert_eq!(RetryPolicy::retry_rejected().action_for(&delivery), by_letter, "{step:?}");
    }
}

#[test]
fn what_is_said_last_of_a_code_counts() {
    let policy = park()
        .on_error(AckCode::AE, 206..=206, RetryAction::Disable)
        .on_code(AckCode::AE, RetryAction::Retry)
        .on_error(AckCode::AE, 100..=205, RetryAction::Suspend)
        .on_unknown_code(RetryAction::Complete)
        .on_not_sent(RetryAction::Disable)
        .on_unknown(RetryAction::Retry);
    for (step, action) in [
        (AE, RetryAction::Retry),
        (Step::Answer("AE", "ERR|||206|E\r"), RetryAction::Retry),
        (Step::Answer("AE", "ERR|||207|E\r"), RetryAction::Retry),
        (Step::Answer("AE", "ERR|||100|E\r"), RetryAction::Suspend),
        (Step::Answer("AE", "ERR|||205|E\r"), RetryAction::Suspend),
        (Step::Answer("AE", "ERR|||207|E\rERR|||101|E\r"), RetryAction::Suspend),
        (Step::Answer("XX", ""), RetryAction::Complete),
        (REFUSED, RetryAction::Disable),
        (LOST, RetryAction::Retry),
    ] {
        assert_eq!(policy.action_for(&of(&step)), action, "{step:?}");
    }
}

#[test]
fn a_cause_goes_before_whether_bytes_left() {
    use RetryAction::{Complete, Disable, Retry, Suspend};
    let policy = park()
        .on_cause(CauseKind::TimedOut, Complete)
        .on_cause(CauseKind::TimedOut, Retry)
        .on_cause(CauseKind::Mismatched, Disable)
        .on_cause(CauseKind::ShuttingDown, Retry)
        .on_unknown(Suspend);
    for (step, action) in [
        (Step::Unknown(CauseKind::TimedOut), Retry),
        (Step::Unknown(CauseKind::Mismatched), Disable),
        (Step::NotSent(CauseKind::Mismatched), Disable),
        (Step::NotSent(CauseKind::ShuttingDown), Retry),
        (Step::NotSent(CauseKind::InvalidContent), Suspend),
        (LOST, Suspend),
        (REFUSED, Retry),
        (AE, Suspend),
    ] {
        assert_eq!(policy.action_for(&of(&step)), action, "{step:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_bytes_are_sent_after_doubling_pauses() {
    let script = Script::new([REFUSED, AR, REFUSED, REFUSED, AA]);
    let begun = Instant::now();
    let delivery = retry(&script, park()).deliver(message("7")).await;
    let Delivery::Answered(answer) = &delivery else { panic!("{delivery:?}") };
    assert_eq!((answer.code(), answer.attempts()), (Some(AckCode::AA), 5));
    let given = script.given();
    let times: Vec<u64> = given.iter().map(|given| (given.at - begun).as_secs()).collect();
    assert_eq!(times, [0, 1, 3, 7, 11]);
    assert!(given.iter().all(|given| given.bytes == *message("7").as_bytes()));
}

#[tokio::test(start_paused = true)]
async fn a_far_side_that_asks_for_a_longer_pause_gets_it_up_to_the_longest() {
    /// Not now: come back after so many seconds, unless it is none.
    struct Busy(Mutex<Vec<Option<u32>>>);

    impl OneAttempt for Busy {}
    impl Deliver for Busy {
        async fn deliver(&self, message: OwnedMessage) -> Delivery {
            let mut asked = self.0.lock().unwrap();
            if asked.is_empty() {
                return answered(&message, "AA", "");
            }
            let cause = hl7_ack::Cause::new(CauseKind::Overloaded, "");
            Delivery::NotSent(match asked.remove(0) {
                Some(seconds) => cause.with_retry_after(seconds * SECOND),
                None => cause,
            })
        }
    }

    // The longest pause is 4 s; the second and third would be 2 and 4 s by themselves.
    for (asked, seconds) in [
        (vec![None], 1),
        (vec![Some(0)], 1),
        (vec![Some(3)], 3),
        (vec![Some(3600)], 4),
        (vec![Some(3), Some(3)], 3 + 3),
        (vec![Some(3), None], 3 + 2),
    ] {
        let begun = Instant::now();
        let retry = Retry::new(Busy(Mutex::new(asked.clone())), park(), TokioTimer)
            .pauses(SECOND, 4 * SECOND)
            .randomness(|| !0);
        assert!(retry.deliver(message("7")).await.is_positive(), "{asked:?}");
        assert_eq!(begun.elapsed().as_secs(), seconds, "{asked:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn attempts_end_at_their_number() {
    for (max, failures, expected, attempts) in [
        (3, 1, "AA", 2),
        (3, 2, "AA", 3),
        (3, 3, "not sent", 3),
        (1, 1, "not sent", 1),
        (0, 1, "not sent", 1),
    ] {
        let script = Script::new(vec![REFUSED; failures]);
        let delivery = retry(&script, park()).max_attempts(max).deliver(message("7")).await;
        let shown = format!("{max} attempts, {failures} failures: {delivery:?}");
        assert_eq!(word(&delivery), expected, "{shown}");
        assert_eq!(script.given().len(), attempts, "{shown}");
        let told = match &delivery {
            Delivery::Answered(answer) => answer.attempts(),
            other => other.cause().expect("there is one").attempts(),
        };
        assert_eq!(told as usize, attempts, "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_attempt_begins_once_the_time_is_over() {
    // Attempts would begin after 0, 1, 3, 7 and 11 seconds.
    for (limit, attempts, ended) in [
        (2999, 2, Duration::from_millis(2999)),
        (3001, 3, Duration::from_millis(3001)),
        (0, 1, Duration::ZERO),
    ] {
        let script = Script::new(vec![REFUSED; 9]);
        let begun = Instant::now();
        let retry = retry(&script, park()).max_time(Duration::from_millis(limit));
        assert_eq!(word(&retry.deliver(message("7")).await), "not sent");
        assert_eq!((script.given().len(), begun.elapsed()), (attempts, ended), "{limit} ms");
    }
    // It counts from the beginning of the first, also where that one takes long.
    let script = Script::new([after(3 * SECOND, AR), AR, AA]);
    let begun = Instant::now();
    let limited = retry(&script, park()).max_time(Duration::from_millis(3500));
    assert_eq!(word(&limited.deliver(message("7")).await), "AR");
    assert_eq!((script.given().len(), begun.elapsed()), (1, Duration::from_millis(3500)));
    // One that has begun is not cut off.
    let script = Script::new([after(60 * SECOND, AR), AA]);
    let delivery = retry(&script, park()).max_time(SECOND).deliver(message("7")).await;
    assert_eq!((word(&delivery), script.given().len()), ("AR", 1));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_outcome_is_not_repeated_unless_told_to() {
    for policy in [park(), RetryPolicy::retry_rejected()] {
        let script = Script::new([LOST, AA]);
        assert_eq!(word(&retry(&script, policy).deliver(message("7")).await), "unknown");
        assert_eq!(script.given().len(), 1);
    }
    let script = Script::new([LOST, AA]);
    let policy = park().on_unknown(RetryAction::Retry);
    assert_eq!(word(&retry(&script, policy).deliver(message("7")).await), "AA");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_did_not_leave_does_not_undo_those_before() {
    for (steps, expected) in [
        ([LOST, REFUSED], "unknown"),
        ([REFUSED, LOST], "unknown"),
        ([AR, REFUSED], "AR"),
        ([AR, LOST], "unknown"),
        ([LOST, AR], "AR"),
        ([REFUSED, REFUSED], "not sent"),
    ] {
        let script = Script::new(steps.clone());
        let policy = park().on_unknown(RetryAction::Retry);
        let delivery = retry(&script, policy).max_attempts(2).deliver(message("7")).await;
        assert_eq!(word(&delivery), expected, "{steps:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_gave_up_says_how_often_it_was_tried() {
    let delivery = retry(&Script::new(vec![REFUSED; 5]), park()).deliver(message("7")).await;
    let cause = delivery.cause().expect("not sent");
    assert_eq!(cause.to_string(), "unreachable: as told (5 attempts)");
}

#[tokio::test(start_paused = true)]
async fn dropping_the_delivery_ends_the_attempts() {
    let script = Script::new(vec![REFUSED; 9]);
    let retry = retry(&script, park());
    let limited = tokio::time::timeout(2 * SECOND, retry.deliver(message("7"))).await;
    assert!(limited.is_err());
    tokio::time::sleep(60 * SECOND).await;
    assert_eq!(script.given().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn no_attempt_follows_once_nobody_waits_for_it() {
    let (script, begun) = (Script::new([after(SECOND, AR), AA]), Instant::now());
    let progress = Progress::new();
    let retry = retry(&script, park());
    let delivering = retry.deliver_tracked(message("7"), progress.clone());
    let (delivery, ()) = tokio::join!(delivering, async { progress.make_last() });
    assert_eq!((word(&delivery), script.given().len()), ("AR", 1));
    assert_eq!(begun.elapsed(), SECOND, "nor a pause");
}

#[tokio::test(start_paused = true)]
async fn a_time_limit_tells_what_is_true() {
    let unknown = Step::BeginAfter(5 * SECOND, Box::new(after(9 * SECOND, AA)));
    for (step, expected) in [
        (after(9 * SECOND, AA), "AA"),
        (after(11 * SECOND, AA), "unknown"),
        (Step::BeginAfter(9 * SECOND, Box::new(AA)), "AA"),
        (Step::BeginAfter(11 * SECOND, Box::new(AA)), "not sent"),
        (unknown, "unknown"),
    ] {
        let script = Script::new([step.clone()]);
        let limited = TimeLimited::new(script.clone(), 10 * SECOND, TokioTimer);
        let delivery = limited.deliver(message("7")).await;
        assert_eq!(word(&delivery), expected, "{step:?}");
        if expected != "AA" {
            assert_eq!(delivery.cause().expect("one").kind(), CauseKind::TimedOut);
            assert!(!script.given()[0].completed, "it is dropped");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_time_limit_around_retrying_keeps_what_is_known() {
    for (steps, expected) in [
        // Cut off in the pause after the second.
        (vec![AR, REFUSED, AA], "AR"),
        (vec![REFUSED, REFUSED, AA], "not sent"),
        (vec![LOST, REFUSED, AA], "unknown"),
        (vec![REFUSED, AR, AA], "AR"),
        // Cut off in the second.
        (vec![AR, after(9 * SECOND, AA)], "unknown"),
        (vec![AR, Step::BeginAfter(9 * SECOND, Box::new(AA))], "AR"),
    ] {
        let script = Script::new(steps.clone());
        let retry = retry(&script, park().on_unknown(RetryAction::Retry));
        let delivery = TimeLimited::new(retry, 2 * SECOND, TokioTimer).deliver(message("7")).await;
        assert_eq!(word(&delivery), expected, "{steps:?}");
        assert_eq!(script.given().len(), 2, "{steps:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_attempt_can_have_a_limit_of_its_own() {
    let script = Script::new([Step::BeginAfter(60 * SECOND, Box::new(AA)), AA]);
    let attempt = TimeLimited::new(script.clone(), 2 * SECOND, TokioTimer);
    let retry = Retry::new(attempt, park(), TokioTimer);
    assert_eq!(word(&retry.deliver(message("7")).await), "AA");
    assert_eq!(script.given().len(), 2);
}
