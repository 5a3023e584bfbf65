//! What stands inside of `Enhanced`: a forward to a system that commits, and one that can not be
//! reached; and what stands around it.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use hl7_ack::{
    AckCode, Application, CauseKind, Deliver, Delivery, Enhanced, ErrorCode, FanOut, Forward,
    MemoryStore, Outcome, Peer, Received, Replay, ReplayScope, Reply, Responder, Waiters,
};
use hl7_parse::{OwnedMessage, Path};

use crate::{
    acknowledger,
    exchange_support::{
        AA, AE, AR, LOST, REFUSED, SECOND, Script, Step, TokioTimer, after, answered, asking, word,
    },
};

const CA: Step = Step::Answer("CA", "");

async fn stored(_: Received) -> Outcome {
    Outcome::accepted()
}

fn msa_1(message: &OwnedMessage) -> String {
    message.as_message().get(&Path::new("MSA-1")).decode().into_owned()
}

/// The codes of what is sent afterwards, and in brackets of what is told instead.
async fn heard(asked: &str, application: impl Application) -> String {
    let to = Script::default();
    let told = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&told);
    let undelivered = move |message: &OwnedMessage, _: &Delivery| {
        seen.lock().expect("not poisoned").push(format!("[{}]", msa_1(message)));
    };
    let enhanced = Enhanced::new(stored, application, to.clone(), undelivered);
    let responder = Responder::new(enhanced.acknowledger(acknowledger()));
    let message = asking("7", asked).as_bytes().clone();
    let mut response = responder.respond(message, Peer::default()).await;
    response.take_then().expect("the application").await;
    let sent = to.given();
    let sent = sent.iter().map(|given| OwnedMessage::parse(given.bytes.clone()).expect("HL7"));
    let sent = sent.map(|message| msa_1(&message));
    let all: Vec<_> = sent.chain(told.lock().expect("not poisoned").clone()).collect();
    all.join(" ")
}

#[tokio::test]
async fn a_commit_of_the_far_side_is_no_application_acknowledgment() {
    const OF_CONTENT: &str = "ERR|||101|E\r";
    for (asked, far, expected) in [
        ("AL|AL", CA, "AA"),
        ("NE|AL", CA, "AA"),
        ("AL|SU", CA, "AA"),
        ("AL|ER", CA, ""),
        ("AL|AL", Step::Answer("CE", ""), "AR"),
        ("NE|AL", Step::Answer("CE", OF_CONTENT), "AE"),
        ("NE|AL", Step::Answer("CE", "ERR|||207|E\rERR|||103|W\r"), "AR"),
        ("NE|ER", Step::Answer("CR", "ERR|||200|E\r"), "AR"),
        ("AL|NE", Step::Answer("CE", ""), "[AR]"),
        ("AL|SU", Step::Answer("CR", ""), "[AR]"),
        // What is at the right level already.
        ("NE|AL", AA, "AA"),
        ("NE|ER", AE, "AE"),
        ("AL|AL", AR, "AR"),
    ] {
        for translates in [false, true] {
            let forward = Forward::to(Script::new([far.clone()]));
            let forward = if translates { forward.translate_level() } else { forward };
            assert_eq!(heard(asked, forward).await, expected, "{asked}, far side {far:?}");
        }
    }
    let itself = "MSH|^~\\&|C|D|A|B|1||ACK|55|P|2.5\rMSA|CE|7\r";
    let answers = move |_: Received| async move { OwnedMessage::parse(itself).expect("HL7") };
    assert_eq!(heard("AL|AL", answers).await, "AR");
}

/// MSH-15 and MSH-16, what the far side answers at once, what it sends later, and what the sender
/// hears in the end.
#[tokio::test(start_paused = true)]
async fn the_application_acknowledgment_of_the_far_side_can_be_waited_for() {
    for (asked, far, later, expected) in [
        ("AL|AL", CA, Some("AE"), "AE"),
        ("AL|AL", CA, Some("AA"), "AA"),
        ("NE|AL", Step::NoneDue, Some("AR"), "AR"),
        ("AL|ER", CA, Some("AE"), "AE"),
        ("AL|ER", CA, None, ""),
        // Nobody knows.
        ("AL|AL", CA, None, "AR"),
        ("AL|SU", CA, None, "[AR]"),
        // It ends the waiting.
        ("AL|AL", Step::Answer("CE", ""), None, "AR"),
        ("AL|AL", AE, None, "AE"),
        ("AL|AL", REFUSED, None, "AR"),
        ("AL|NE", CA, None, ""),
    ] {
        let waiters = Waiters::new(TokioTimer).timeout(60 * SECOND);
        let script = Script::new([after(SECOND, far.clone())]);
        let forward = Forward::to(waiters.awaiting("far", script.clone()));
        let sends = async {
            tokio::time::sleep(5 * SECOND).await;
            let Some(code) = later else { return };
            let Delivery::Answered(answer) = answered(&asking("7", asked), code, "") else {
                panic!("an answer");
            };
            assert!(waiters.hand_over("far", answer.message()), "{asked} {code}");
        };
        let (heard, ()) = tokio::join!(heard(asked, forward), sends);
        assert_eq!(heard, expected, "{asked}, far side {far:?}, later {later:?}");
        assert_eq!((waiters.waiting(), script.given().len()), (0, 1), "{asked}");
    }
}

/// The code of the far side, which answers after the deadline.
#[tokio::test(start_paused = true)]
async fn the_true_answer_of_a_late_application_is_the_one_that_is_sent() {
    for (asked, far, expected) in [
        ("AL|AL", AA, "AA"),
        ("NE|AL", AE, "AE"),
        ("AL|ER", AA, ""),
        ("AL|NE", AE, "[AE]"),
        ("AL|SU", CA, "AA"),
    ] {
        let late = || {
            let script = Script::new([after(30 * SECOND, far.clone())]);
            Forward::to(script).deadline(25 * SECOND, TokioTimer)
        };
        assert_eq!(heard(asked, late()).await, expected, "{asked}, far side {far:?}");
        let both = FanOut::all([Forward::to(Script::new([AA])), late()], |_, _| {});
        assert_eq!(heard(asked, both).await, expected, "{asked}, far side {far:?}, beside another");
    }
    let panics =
        async |_: Received| Reply::from(Outcome::accepted()).late(async { panic!("told") });
    assert_eq!(heard("AL|AL", panics).await, "AR");
}

#[tokio::test]
async fn what_a_late_application_leaves_for_afterwards_is_run_in_its_order() {
    let ran = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&ran);
    let application = move |_: Received| {
        let runs = |what: &'static str| {
            let ran = Arc::clone(&seen);
            async move { ran.lock().expect("not poisoned").push(what) }
        };
        let late = Reply::from(Outcome::accepted()).then(runs("second"));
        let reply = Reply::from(Outcome::rejected(ErrorCode::APPLICATION_ERROR, "late"));
        let reply = reply.then(runs("first")).late(async { late });
        async { reply }
    };
    assert_eq!(heard("AL|AL", application).await, "AA");
    assert_eq!(*ran.lock().expect("not poisoned"), ["first", "second"]);
}

/// What becomes of the exchange after the application acknowledgment AA has come elsewhere.
#[tokio::test(start_paused = true)]
async fn an_application_acknowledgment_that_came_first_outlives_the_exchange() {
    for (far, expected) in
        [(LOST, "AA"), (REFUSED, "AA"), (Step::Answer("CE", ""), "AA"), (CA, "AA"), (AE, "AE")]
    {
        let waiters = Waiters::new(TokioTimer);
        let client = waiters.awaiting("far", Script::new([after(5 * SECOND, far.clone())]));
        let comes = async {
            tokio::time::sleep(SECOND).await;
            let Delivery::Answered(answer) = answered(&asking("7", "AL|AL"), "AA", "") else {
                panic!("an answer");
            };
            assert!(waiters.hand_over("far", answer.message()), "{far:?}");
        };
        let (delivery, ()) = tokio::join!(client.deliver(asking("7", "AL|AL")), comes);
        assert_eq!(word(&delivery), expected, "{far:?}");
    }
}

#[tokio::test]
async fn one_message_more_than_may_wait_is_not_sent() {
    let waiters = Waiters::new(TokioTimer).max_waiting(0);
    let script = Script::default();
    let delivery = waiters.awaiting("far", script.clone()).deliver(asking("7", "AL|AL")).await;
    assert_eq!(delivery.cause().map(hl7_ack::Cause::kind), Some(CauseKind::Overloaded));
    assert!(script.given().is_empty());
    // In original mode nobody waits.
    let delivery = waiters.awaiting("far", script).deliver(asking("7", "|")).await;
    assert_eq!(word(&delivery), "AA");
}

#[tokio::test]
async fn the_cause_of_a_negative_that_the_sender_hears_is_told() {
    for (asked, step, sent, cause, undelivered) in [
        ("AL|AL", REFUSED, 1, Some(CauseKind::Unreachable), 0),
        ("NE|ER", REFUSED, 1, Some(CauseKind::Unreachable), 0),
        // `undelivered` has it.
        ("AL|NE", REFUSED, 0, None, 1),
        // There is none.
        ("AL|AL", AE, 1, None, 0),
        ("AL|AL", AA, 1, None, 0),
    ] {
        let (causes, lost) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
        let (seen, counted) = (Arc::clone(&causes), Arc::clone(&lost));
        let to = Script::default();
        let forward = Forward::to(Script::new([step.clone()]));
        let enhanced = Enhanced::new(stored, forward, to.clone(), move |_, _| {
            counted.fetch_add(1, Ordering::SeqCst);
        })
        .on_cause(move |message, cause| {
            seen.lock().expect("not poisoned").push((msa_1(message), cause.kind()));
        });
        let message = asking("7", asked).as_bytes().clone();
        let mut response = Responder::new(enhanced).respond(message, Peer::default()).await;
        response.take_then().expect("the application").await;
        let expected: Vec<_> = cause.into_iter().map(|cause| ("AR".to_owned(), cause)).collect();
        assert_eq!(*causes.lock().expect("not poisoned"), expected, "{asked} {step:?}");
        assert_eq!(to.given().len(), sent, "{asked} {step:?}");
        assert_eq!(lost.load(Ordering::SeqCst), undelivered, "{asked} {step:?}");
    }
}

#[tokio::test]
async fn a_replay_around_enhanced_gives_a_copy_what_the_sender_heard_first() {
    for (asked, first, second) in
        [("AL|AL", Some(AckCode::CA), "AE"), ("NE|AL", None, "AE"), ("|", Some(AckCode::AE), "")]
    {
        let handled = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&handled);
        let application = move |received: Received| {
            counted.fetch_add(1, Ordering::SeqCst);
            let outcome = Outcome::error(ErrorCode::UNKNOWN_KEY_IDENTIFIER, "no such order");
            // What it kept by a scope would be the accept acknowledgment.
            assert_eq!(ReplayScope::of(&received).is_some(), asked == "|", "{asked}");
            async move { Reply::from(outcome) }
        };
        let to = Script::default();
        let enhanced = Enhanced::new(stored, application, to.clone(), |_, _| {});
        let replay = Replay::new(MemoryStore::new()).acknowledger(acknowledger());
        let responder = Responder::new(replay.around(enhanced));
        let mut answers = Vec::new();
        for _ in 0..2 {
            let message = asking("7", asked).as_bytes().clone();
            let mut response = responder.respond(message, Peer::default()).await;
            assert_eq!(response.code(), first, "{asked}");
            answers.push(response.action().clone());
            if let Some(then) = response.take_then() {
                then.await;
            }
        }
        assert_eq!(handled.load(Ordering::SeqCst), 1, "{asked}");
        assert_eq!(answers[0], answers[1], "{asked}");
        let sent: Vec<_> = to.given().into_iter().map(|given| given.bytes).collect();
        let sent = sent.into_iter().map(|bytes| msa_1(&OwnedMessage::parse(bytes).expect("HL7")));
        assert_eq!(sent.collect::<Vec<_>>().join(" "), second, "{asked}");
    }
}
