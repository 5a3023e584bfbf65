//! Passing on, to one destination and to several.

use std::sync::{Arc, Mutex};

use hl7_ack::{
    AckCode, Acknowledger, Action, CauseKind, FanOut, Finding, Forward, Handler, InOrder, Matching,
    Outcome, Outstanding, Peer, Received, Reply, Responder, Response, Retry, RetryPolicy,
    TimeLimited, Unreachable, WhenUnreachable,
};
use hl7_parse::OwnedMessage;
use tokio::time::Instant;

use crate::{
    exchange_support::{
        AA, AE, AR, LOST, REFUSED, SECOND, Script, Step, TokioTimer, after, asking, message, word,
    },
    lines,
};

async fn respond(handler: impl Handler, message: &OwnedMessage) -> Response {
    let responder = Responder::new(handler)
        .with_acknowledger(Acknowledger::new().tolerate_missing_control_id());
    responder.respond(message.as_bytes().clone(), Peer::default()).await
}

fn heard(response: &Response) -> &'static str {
    match (response.action(), response.code()) {
        (Action::HangUp, _) => "hang up",
        (_, code) => code.map_or("-", AckCode::as_str),
    }
}

/// Tells apart which policy answered.
fn telling_policy() -> Unreachable {
    Unreachable::default().unknown(WhenUnreachable::HangUp)
}

#[tokio::test(start_paused = true)]
async fn the_deadline_tells_what_had_left_from_what_had_not() {
    let waits = Step::BeginAfter(60 * SECOND, Box::new(AA));
    for (steps, expected) in [
        (vec![after(60 * SECOND, AA)], "hang up"),
        (vec![waits.clone()], "AR"),
        (vec![REFUSED, REFUSED, waits], "AR"),
        (vec![AR, after(60 * SECOND, AA)], "hang up"),
    ] {
        let script = Script::new(steps.clone());
        let retry = Retry::new(script.clone(), RetryPolicy::park_content_errors(), TokioTimer);
        let forward = Forward::to(InOrder::new(retry.max_attempts(9)))
            .unreachable(telling_policy())
            .deadline(25 * SECOND, TokioTimer);
        let begun = Instant::now();
        let response = respond(forward, &message("7")).await;
        assert_eq!((heard(&response), begun.elapsed()), (expected, 25 * SECOND), "{steps:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_at_the_deadline_is_never_sent_and_what_has_begun_goes_on() {
    let script = Script::new([after(60 * SECOND, AA)]);
    let forward = Forward::to(InOrder::new(script.clone()))
        .unreachable(telling_policy())
        .deadline(25 * SECOND, TokioTimer);
    let (one, other) = (message("1"), message("2"));
    let (mut first, mut second) =
        tokio::join!(respond(forward.clone(), &one), respond(forward, &other));
    assert_eq!((heard(&first), heard(&second)), ("hang up", "AR"));
    assert!(second.take_then().is_none(), "nothing is left of what did not leave");
    first.take_then().expect("it goes on").await;
    assert_eq!(script.ids(), ["1"]);
    assert!(script.given()[0].completed);
}

#[tokio::test(start_paused = true)]
async fn after_the_deadline_nothing_is_tried_again() {
    let script = Script::new([after(60 * SECOND, AR), AA]);
    let retry = Retry::new(script.clone(), RetryPolicy::park_content_errors(), TokioTimer)
        .max_time(3600 * SECOND);
    let forward = Forward::to(retry).deadline(25 * SECOND, TokioTimer);
    let mut response = respond(forward, &message("7")).await;
    response.take_then().expect("it goes on").await;
    assert_eq!(script.given().len(), 1, "the sender was told to try again itself");
}

#[tokio::test]
async fn levels_are_translated_if_asked() {
    const CONTENT: &str = "ERR|||101|E\r";
    const HEADER: &str = "ERR|||203|E\r";
    const INTERNAL: &str = "ERR|||207|E\r";
    for (asked, code, rest, plain, translated) in [
        ("", "CA", "", "CA", "AA"),
        ("", "CE", "", "CE", "AR"),
        ("", "CE", INTERNAL, "CE", "AR"),
        ("", "CE", CONTENT, "CE", "AE"),
        ("", "CE", "ERR|||207|E\rERR|||103|W\r", "CE", "AR"),
        ("", "CR", HEADER, "CR", "AR"),
        ("", "AE", CONTENT, "AE", "AE"),
        ("AL|NE", "AA", "", "AA", "CA"),
        ("AL|NE", "AE", CONTENT, "AE", "CE"),
        ("AL|NE", "AR", INTERNAL, "AR", "CE"),
        ("AL|NE", "AR", HEADER, "AR", "CR"),
        ("AL|NE", "CA", "", "CA", "CA"),
        ("NE|AL", "AA", "", "AA", "AA"),
        ("ER|NE", "AA", "", "-", "-"),
    ] {
        let shown = format!("asked {asked:?}, answered {code} {rest:?}");
        let script = Script::new(vec![Step::Answer(code, rest); 2]);
        let forward = Forward::to(script);
        let message = asking("7", asked);
        assert_eq!(heard(&respond(forward.clone(), &message).await), plain, "{shown}");
        let response = respond(forward.translate_level(), &message).await;
        assert_eq!(heard(&response), translated, "{shown}");
        if let Action::Answer(bytes) = response.action() {
            let expected = format!(
                "MSH|^~\\&|C|D|A|B|1||ACK|far7|P|2.5\nMSA|{translated}|7\n{}",
                rest.replace('\r', "\n")
            );
            assert_eq!(lines(bytes), expected, "{shown}");
        }
    }
}

#[tokio::test]
async fn segment_ends_are_kept_if_asked() {
    let sent = OwnedMessage::parse("\nMSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\r\nPID|1").expect("ok");
    for (verbatim, expected) in [
        (true, "\nMSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\r\nPID|1"),
        (false, "MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\rPID|1\r"),
    ] {
        let script = Script::default();
        let forward = Forward::to(script.clone());
        let forward = if verbatim { forward.verbatim_ends() } else { forward };
        let _reply = forward.handle(Received::new(sent.clone(), Peer::default())).await;
        assert_eq!(script.given()[0].bytes, expected, "verbatim: {verbatim}");
    }
}

type Told = Arc<Mutex<Vec<(usize, &'static str)>>>;

fn fan_out(rule: &str, scripts: &[Script], told: &Told) -> FanOut {
    let forwards: Vec<Forward> = scripts
        .iter()
        .map(|script| Forward::to(script.clone()).deadline(25 * SECOND, TokioTimer))
        .collect();
    let told = Arc::clone(told);
    let report = move |at, delivery: &_| {
        told.lock().expect("not poisoned").push((at, word(delivery)));
    };
    match rule {
        "all" => FanOut::all(forwards, report),
        "first" => FanOut::first(forwards, report),
        _ => FanOut::any(forwards, report),
    }
}

/// The rule, what each destination does, what the sender hears after how many seconds, and what
/// is reported before the answer and after it.
#[tokio::test(start_paused = true)]
async fn each_rule_answers_as_its_table_says() {
    let slow = |seconds: u32, step: Step| after(seconds * SECOND, step);
    type Reported = Vec<(usize, &'static str)>;
    type Case = (&'static str, Vec<Step>, &'static str, u64, Reported, Reported);
    let cases: Vec<Case> = vec![
        ("all", vec![AA, slow(2, AA)], "AA", 2, vec![(1, "AA")], vec![]),
        ("all", vec![slow(2, AA), AE, AR], "AE", 2, vec![(0, "AA"), (2, "AR")], vec![]),
        ("all", vec![AA, REFUSED], "AR", 0, vec![(0, "AA")], vec![]),
        ("all", vec![AA, slow(60, AE)], "AR", 25, vec![(0, "AA")], vec![(1, "AE")]),
        ("first", vec![slow(2, AA), slow(1, AE)], "AE", 1, vec![], vec![(0, "AA")]),
        (
            "first",
            vec![REFUSED, slow(1, AA), slow(2, AR)],
            "AA",
            1,
            vec![(0, "not sent")],
            vec![(2, "AR")],
        ),
        ("first", vec![REFUSED, LOST], "AR", 0, vec![(1, "unknown")], vec![]),
        (
            "any",
            vec![AE, slow(1, AR), slow(2, AA), slow(3, AA)],
            "AA",
            2,
            vec![(0, "AE"), (1, "AR")],
            vec![(3, "AA")],
        ),
        ("any", vec![slow(1, AE), AR], "AE", 1, vec![(1, "AR")], vec![]),
        // What was answered by in time is told once what came late was chosen instead.
        ("any", vec![AE, slow(60, AA)], "AE", 25, vec![(1, "unknown")], vec![(1, "AA"), (0, "AE")]),
        ("any", vec![AE, slow(60, AR)], "AE", 25, vec![(1, "unknown")], vec![(1, "AR")]),
        ("any", vec![slow(30, AA), slow(1, AA)], "AA", 1, vec![], vec![(0, "unknown"), (0, "AA")]),
        ("any", vec![], "AR", 0, vec![], vec![]),
    ];
    for (rule, steps, expected, seconds, before, after) in cases {
        let shown = format!("{rule} of {steps:?}");
        let scripts: Vec<Script> = steps.into_iter().map(|step| Script::new([step])).collect();
        let told = Told::default();
        let begun = Instant::now();
        let mut response = respond(fan_out(rule, &scripts, &told), &message("7")).await;
        assert_eq!((heard(&response), begun.elapsed().as_secs()), (expected, seconds), "{shown}");
        let take = || std::mem::take(&mut *told.lock().expect("not poisoned"));
        assert_eq!(take(), before, "{shown}: before the answer");
        let then = response.take_then();
        assert_eq!(then.is_some(), !after.is_empty(), "{shown}: whether it goes on");
        if let Some(then) = then {
            then.await;
        }
        assert_eq!(take(), after, "{shown}: after the answer");
        assert!(scripts.iter().all(|script| script.given()[0].completed), "{shown}");
    }
}

struct Panics;

impl hl7_ack::Deliver for Panics {
    async fn deliver(&self, _: OwnedMessage) -> hl7_ack::Delivery {
        panic!("as arranged")
    }
}

#[tokio::test(start_paused = true)]
async fn a_destination_that_panics_has_failed_and_the_others_go_on() {
    for (rule, expected, reported) in [
        ("all", "AR", vec![(1, "AA")]),
        ("any", "AA", vec![(0, "unknown")]),
        ("first", "AA", vec![(0, "unknown")]),
    ] {
        let (script, told) = (Script::new([after(SECOND, AA)]), Told::default());
        let seen = Arc::clone(&told);
        let report = move |at, delivery: &_| {
            seen.lock().expect("not poisoned").push((at, word(delivery)));
        };
        let forwards = [Forward::to(Panics), Forward::to(script.clone())];
        let fan_out = match rule {
            "all" => FanOut::all(forwards, report),
            "any" => FanOut::any(forwards, report),
            _ => FanOut::first(forwards, report),
        };
        let response = respond(fan_out, &message("7")).await;
        assert_eq!(heard(&response), expected, "{rule}");
        assert!(script.given()[0].completed, "{rule}");
        assert_eq!(*told.lock().expect("not poisoned"), reported, "{rule}");
    }
}

/// What MSH-15 and MSH-16 ask, what the far side answers, and what the sender hears.
#[tokio::test]
async fn always_original_mode_passes_back_what_the_sender_waits_for() {
    let content = "ERR|||101|E\r";
    for (asked, step, expected) in [
        ("AL|NE", Step::Answer("CE", content), "AE"),
        ("AL|NE", Step::Answer("CA", ""), "AA"),
        ("ER|NE", Step::Answer("CA", ""), "AA"),
        ("NE|NE", Step::NoneDue, "AA"),
        ("NE|AL", Step::NoneDue, "AA"),
        ("", AE, "AE"),
        ("NE|NE", REFUSED, "AR"),
    ] {
        let shown = format!("{asked} {step:?}");
        let forward = Forward::to(Script::new([step])).always_original_mode().translate_level();
        let acknowledger = hl7_ack::Acknowledger::new().always_original_mode();
        let responder = Responder::new(forward).with_acknowledger(acknowledger);
        let sent = asking("7", asked).as_bytes().clone();
        let response = responder.respond(sent, Peer::default()).await;
        assert_eq!(heard(&response), expected, "{shown}");
    }
}

/// The far side's MSA-2, and the one that the sender hears.
#[tokio::test]
async fn an_answer_that_was_matched_by_less_names_the_message() {
    struct Tolerant(&'static str);
    impl hl7_ack::Deliver for Tolerant {
        async fn deliver(&self, message: OwnedMessage) -> hl7_ack::Delivery {
            let answer = format!("MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.5\nMSA|AA|{}|text\n", self.0);
            let outstanding = Outstanding::of(&message).matching(Matching::exact().or_any());
            match outstanding.examine(answer.into()) {
                Finding::Answer(answer) => hl7_ack::Delivery::Answered(answer),
                other => panic!("{other:?}"),
            }
        }
    }
    for (id, far, expected) in [
        ("7", "", "7"),
        ("7", "8", "7"),
        ("7", "7", "7"),
        ("7", " 7 ", " 7 "),
        ("a\\T\\b", "", "a\\T\\b"),
        ("a\\T\\b", "a\\X26\\b", "a\\X26\\b"),
        ("", "far", "far"),
    ] {
        let response = respond(Forward::to(Tolerant(far)), &message(id)).await;
        let Action::Answer(bytes) = response.action() else { panic!("{far}: {response:?}") };
        let expected = format!("MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.5\nMSA|AA|{expected}|text\n");
        assert_eq!(lines(bytes), expected, "{id:?} answered as {far:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_what_is_left_for_afterwards_does_not_lose_the_rest() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let note = |what: &'static str| {
        let seen = Arc::clone(&seen);
        async move { seen.lock().expect("not poisoned").push(what) }
    };
    let (first, third, late) = (note("first"), note("third"), note("late"));
    let reply = Reply::from(Outcome::accepted())
        .then(first)
        .then(async { panic!("as arranged") })
        .then(third)
        .late(async move { Reply::none().then(late) });
    let reply = Mutex::new(Some(reply));
    let handler = move |_: Received| {
        let reply = reply.lock().expect("not poisoned").take().expect("once");
        async move { reply }
    };
    let mut response = respond(handler, &message("7")).await;
    response.take_then().expect("left").await;
    assert_eq!(*seen.lock().expect("not poisoned"), ["first", "third", "late"]);
}

#[tokio::test]
async fn too_many_messages_are_told_from_what_is_none() {
    let responder = Responder::new(async |_: Received| Outcome::accepted()).with_max_messages(2);
    let one = "MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\r";
    for (content, messages, too_many) in [
        (one.to_owned(), 1, false),
        (one.repeat(2), 2, false),
        (one.repeat(3), 1, true),
        (format!("{one}FTS|x\rOBX|1\r"), 1, false),
        ("junk".to_owned(), 1, false),
    ] {
        let cut = responder.messages(content.clone().into());
        assert_eq!(cut.len(), messages, "{content:?}");
        let response = responder.respond(cut[0].clone(), Peer::default()).await;
        assert_eq!(response.has_too_many_messages(), too_many, "{content:?}");
    }
}

#[test]
fn a_time_limit_may_stand_anywhere() {
    let limited = TimeLimited::new(Script::default(), SECOND, TokioTimer);
    let retry = Retry::new(limited, RetryPolicy::park_content_errors(), TokioTimer);
    let _forward = Forward::to(TimeLimited::new(InOrder::new(retry), SECOND, TokioTimer));
}

/// Only an acknowledger that answers in original mode whatever is asked says more than was heard.
#[tokio::test]
async fn where_none_is_due_from_the_far_side_none_is_given() {
    for asked in ["|", "NE|NE", "NE|AL"] {
        let forward = Forward::to(Script::new([Step::NoneDue]));
        let sent = asking("7", asked).as_bytes().clone();
        let response = Responder::new(forward).respond(sent, Peer::default()).await;
        assert!(matches!(response.action(), Action::Nothing), "{asked}: {response:?}");
    }
}

#[tokio::test]
async fn content_that_can_not_be_carried_is_answered_as_its_own_policy_says() {
    for kind in [CauseKind::InvalidContent, CauseKind::ContentRefused] {
        for (policy, expected) in [
            (Unreachable::default(), "AE"),
            (Unreachable::default().unknown(WhenUnreachable::HangUp), "AE"),
            (Unreachable::default().invalid(WhenUnreachable::HangUp), "hang up"),
        ] {
            let forward = Forward::to(Script::new([Step::NotSent(kind)])).unreachable(policy);
            assert_eq!(heard(&respond(forward, &message("7")).await), expected, "{kind:?}");
        }
    }
}
