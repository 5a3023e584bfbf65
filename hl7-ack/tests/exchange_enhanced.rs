//! Enhanced mode: two acknowledgments, and those who wait for the second.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use hl7_ack::{
    AcceptOnly, AckCode, Action, AnyHandler, CauseKind, Delivery, Enhanced, ErrorCode, Forward,
    Handler, Outcome, Peer, Received, Reply, Responder, Rule, Unreachable, Validate, Waiters,
    WhenUnreachable,
};
use hl7_parse::{OwnedMessage, Path};

use crate::{
    acknowledger,
    exchange_support::{
        AA, AE, LOST, REFUSED, SECOND, Script, Step, TokioTimer, answered, asking, message, word,
    },
    lines,
};

async fn respond(handler: impl Handler, message: &OwnedMessage) -> hl7_ack::Response {
    let responder = Responder::new(handler).with_acknowledger(acknowledger());
    responder.respond(message.as_bytes().clone(), Peer::default()).await
}

fn outcome(word: &str) -> Outcome {
    match word {
        "good" => Outcome::accepted(),
        "bad" => Outcome::error(ErrorCode::REQUIRED_FIELD_MISSING, "PID-7 is missing"),
        _ => Outcome::rejected(ErrorCode::APPLICATION_ERROR, "down"),
    }
}

/// MSA-1, what became of it, and why.
type Told = Arc<Mutex<Vec<(String, &'static str, Option<CauseKind>)>>>;

/// An `undelivered` that remembers.
fn telling() -> (Told, impl Fn(&OwnedMessage, &Delivery) + Send + Sync + 'static) {
    let told = Told::default();
    let seen = Arc::clone(&told);
    let undelivered = move |message: &OwnedMessage, delivery: &Delivery| {
        let view = message.as_message();
        let code = view.get(&Path::new("MSA-1")).decode().into_owned();
        let cause = delivery.cause().map(hl7_ack::Cause::kind);
        seen.lock().expect("not poisoned").push((code, word(delivery), cause));
    };
    (told, undelivered)
}

/// What MSH-15 and MSH-16 ask, what store and application say, the answer, and what is sent
/// afterwards; in brackets what is not sent but told.
#[tokio::test]
async fn acknowledgments_follow_msh_15_and_msh_16() {
    for (asked, stored, applied, first, second) in [
        ("AL|AL", "good", "good", "CA", "AA"),
        ("AL|AL", "good", "bad", "CA", "AE"),
        ("AL|AL", "good", "unable", "CA", "AR"),
        ("AL|AL", "unable", "good", "CE", "-"),
        ("AL|AL", "bad", "good", "CE", "-"),
        ("AL|NE", "good", "bad", "CA", "[AE]"),
        ("AL|NE", "good", "good", "CA", "-"),
        ("AL|ER", "good", "good", "CA", "-"),
        ("AL|ER", "good", "bad", "CA", "AE"),
        ("AL|SU", "good", "unable", "CA", "[AR]"),
        ("SU|AL", "unable", "good", "-", "AR"),
        ("SU|AL", "good", "good", "CA", "AA"),
        ("ER|AL", "good", "good", "-", "AA"),
        ("ER|AL", "unable", "good", "CE", "-"),
        ("NE|AL", "good", "good", "-", "AA"),
        ("NE|AL", "unable", "good", "-", "AR"),
        ("NE|AL", "bad", "good", "-", "AE"),
        ("NE|ER", "bad", "good", "-", "AE"),
        ("NE|SU", "bad", "good", "-", "-"),
        ("NE|NE", "bad", "good", "-", "-"),
        ("NE|NE", "good", "bad", "-", "[AE]"),
        ("NE|NE", "good", "good", "-", "-"),
        ("", "good", "good", "AA", "-"),
        ("", "good", "bad", "AE", "-"),
        ("", "unable", "good", "AR", "-"),
    ] {
        let shown = format!("asked {asked:?}, stored {stored}, applied {applied}");
        let to = Script::default();
        let ran = Arc::new(AtomicBool::new(false));
        let (told, undelivered) = telling();
        let application = {
            let ran = Arc::clone(&ran);
            move |_: Received| {
                ran.store(true, Ordering::SeqCst);
                async move { outcome(applied) }
            }
        };
        let enhanced = Enhanced::new(
            move |_| async move { outcome(stored) },
            application,
            to.clone(),
            undelivered,
        )
        .acknowledger(acknowledger());
        let mut response = respond(enhanced, &asking("7", asked)).await;
        assert_eq!(response.code().map_or("-", AckCode::as_str), first, "{shown}");
        assert_eq!(ran.load(Ordering::SeqCst), asked.is_empty() && stored == "good", "{shown}");
        assert!(to.given().is_empty(), "{shown}: nothing before the answer");
        if let Some(then) = response.take_then() {
            then.await;
        }
        assert_eq!(ran.load(Ordering::SeqCst), stored == "good", "{shown}");
        let sent: Vec<String> = to.given().iter().map(|given| lines(&given.bytes)).collect();
        let told: Vec<String> = told
            .lock()
            .expect("not poisoned")
            .iter()
            .map(|(code, ..)| format!("[{code}]"))
            .collect();
        match second {
            "-" => assert!(sent.is_empty() && told.is_empty(), "{shown}: {sent:?} {told:?}"),
            code if code.starts_with('[') => {
                assert!(sent.is_empty() && told == [code], "{shown}: {sent:?} {told:?}");
            }
            code => {
                assert!(sent[0].contains(&format!("\nMSA|{code}|7")), "{shown}: {sent:?}");
                assert!(told.is_empty(), "{shown}: {told:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_accept_acknowledgment_waits_for_the_store() {
    let stored = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&stored);
    let store = move |_| {
        let stored = Arc::clone(&stored);
        async move {
            tokio::time::sleep(SECOND).await;
            stored.store(true, Ordering::SeqCst);
            Outcome::accepted()
        }
    };
    let application = async |_: Received| Outcome::accepted();
    let enhanced = Enhanced::new(store, application, Script::default(), |_, _| {});
    let response = respond(enhanced, &asking("7", "AL|AL")).await;
    assert_eq!(response.code(), Some(AckCode::CA));
    assert!(seen.load(Ordering::SeqCst));
}

#[tokio::test]
async fn what_the_application_answers_itself_is_sent_as_it_is() {
    let response = "MSH|^~\\&|C|D|A|B|1||RRE^O12|55|P|2.5\rMSA|AA|7\rORC|OK\r";
    let to = Script::new([Step::NoneDue]);
    let application =
        move |_: Received| async move { OwnedMessage::parse(response).expect("readable") };
    let store = |_| async { Outcome::accepted() };
    let enhanced = Enhanced::new(store, application, to.clone(), |_, _| {});
    let mut first = respond(enhanced, &asking("7", "AL|AL")).await;
    first.take_then().expect("the application").await;
    assert_eq!(to.given()[0].bytes, response);
}

#[tokio::test]
async fn an_accept_acknowledgment_of_the_second_can_be_asked_for() {
    for (asks, expected) in [(false, ("NE", "NE")), (true, ("AL", "NE"))] {
        let to = Script::new([Step::Answer("CA", "")]);
        let store = |_| async { Outcome::accepted() };
        let application = async |_: Received| Outcome::accepted();
        let enhanced = Enhanced::new(store, application, to.clone(), |_, _| {});
        let enhanced = if asks { enhanced.ask_for_accept() } else { enhanced };
        respond(enhanced, &asking("7", "AL|AL")).await.take_then().expect("the application").await;
        let sent = OwnedMessage::parse(to.given()[0].bytes.clone()).expect("readable");
        let field = |path: &str| {
            let path: Path = path.parse().expect("a path");
            sent.as_message().get(&path).decode().into_owned()
        };
        assert_eq!((field("MSH-15").as_str(), field("MSH-16").as_str()), expected);
    }
}

#[tokio::test]
async fn what_is_not_taken_is_told_and_a_panic_is_no_fault_of_the_content() {
    for (step, expected) in [(REFUSED, "not sent"), (AE, "AE"), (AA, "-")] {
        let told = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&told);
        let undelivered = move |message: &OwnedMessage, delivery: &Delivery| {
            let text = lines(message.as_bytes());
            assert!(text.contains("\nMSA|AR|7"), "{text}");
            seen.lock().expect("not poisoned").push(word(delivery));
        };
        let store = |_| async { Outcome::accepted() };
        let application = |received: Received| async move {
            assert!(received.message.as_bytes().is_empty(), "as arranged");
            Outcome::accepted()
        };
        let enhanced = Enhanced::new(store, application, Script::new([step]), undelivered);
        let asked = asking("7", "AL|AL");
        respond(enhanced, &asked).await.take_then().expect("the application").await;
        let told = told.lock().expect("not poisoned").first().copied().unwrap_or("-");
        assert_eq!(told, expected);
    }
}

/// What the application does, what MSH-15 and MSH-16 ask, and what is told of it.
#[tokio::test]
async fn what_the_sender_does_not_hear_is_told() {
    let hangs_up = WhenUnreachable::HangUp;
    let policy = Unreachable::default().not_sent(hangs_up.clone()).unknown(hangs_up);
    let forward = |step: Step| AnyHandler::new(Forward::to(Script::new([step])));
    let silent =
        |step: Step| AnyHandler::new(Forward::to(Script::new([step])).unreachable(policy.clone()));
    let cause = |cause| Some(("not sent", cause));
    for (asked, application, told_of) in [
        ("AL|NE", forward(REFUSED), cause(CauseKind::Unreachable)),
        ("AL|SU", forward(REFUSED), cause(CauseKind::Unreachable)),
        ("AL|AL", forward(REFUSED), None),
        ("AL|AL", silent(REFUSED), cause(CauseKind::Unreachable)),
        ("AL|NE", silent(LOST), cause(CauseKind::Closed)),
        (
            "AL|NE",
            AnyHandler::new(async |_: Received| Reply::hang_up()),
            cause(CauseKind::Unreadable),
        ),
        ("AL|AL", AnyHandler::new(async |_: Received| Reply::none()), cause(CauseKind::Unreadable)),
        ("AL|NE", AnyHandler::new(async |_: Received| Reply::none()), None),
    ] {
        let (told, undelivered) = telling();
        let to = Script::new([AA]);
        let store = |_| async { Outcome::accepted() };
        let application = move |received: Received| {
            let application = application.clone();
            async move { application.handle(received).await }
        };
        let enhanced = Enhanced::new(store, application, to.clone(), undelivered);
        let mut response = respond(enhanced, &asking("7", asked)).await;
        assert_eq!(response.code(), Some(AckCode::CA), "{asked}");
        response.take_then().expect("the application").await;
        let told = told.lock().expect("not poisoned").clone();
        let expected: Vec<_> =
            told_of.into_iter().map(|(word, cause)| ("AR".to_owned(), word, Some(cause))).collect();
        assert_eq!(told, expected, "{asked} {told_of:?}");
        assert_eq!(to.given().len(), usize::from(asked == "AL|AL" && told.is_empty()), "{asked}");
    }
}

#[tokio::test]
async fn a_panic_in_the_delivery_is_told_and_the_rest_goes_on() {
    let (told, undelivered) = telling();
    let ran = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&ran);
    let application = move |_: Received| {
        let ran = Arc::clone(&seen);
        async move {
            Reply::from(Outcome::accepted()).then(async move { ran.store(true, Ordering::SeqCst) })
        }
    };
    let store = |_| async { Outcome::accepted() };
    let to = Back(|_| panic!("as arranged"));
    let enhanced = Enhanced::new(store, application, to, undelivered);
    respond(enhanced, &asking("7", "AL|AL")).await.take_then().expect("the application").await;
    let told = told.lock().expect("not poisoned").clone();
    assert_eq!(told, [("AA".to_owned(), "unknown", Some(CauseKind::Internal))]);
    assert!(ran.load(Ordering::SeqCst), "what the application left for afterwards");
}

#[tokio::test]
async fn always_original_mode_holds_for_both_acknowledgments() {
    for asked in ["AL|NE", "NE|NE", "AL|AL", "NE|AL"] {
        let ours = acknowledger().always_original_mode();
        let to = Script::default();
        let store = |_| async { Outcome::accepted() };
        let application = async |_: Received| outcome("bad");
        let enhanced = Enhanced::new(store, application, to.clone(), |_, _| panic!("nothing"))
            .acknowledger(ours.clone());
        let responder = Responder::new(enhanced).with_acknowledger(ours);
        let sent = asking("7", asked).as_bytes().clone();
        let mut response = responder.respond(sent, Peer::default()).await;
        assert_eq!(response.code(), Some(AckCode::AE), "{asked}");
        assert!(response.take_then().is_none() && to.given().is_empty(), "{asked}");
    }
}

/// After a CE that only said that the store was late, no application acknowledgment follows.
#[tokio::test(start_paused = true)]
async fn a_late_store_makes_no_second_acknowledgment_of_another_kind() {
    for (asked, heard, sent, expected) in [
        ("AL|AL", Some(AckCode::CE), 0, vec![("AA".to_owned(), "not sent", CauseKind::TimedOut)]),
        ("NE|AL", None, 1, vec![]),
        ("SU|AL", None, 1, vec![]),
    ] {
        let (told, undelivered) = telling();
        let to = Script::new([AA]);
        let store = |_| async {
            tokio::time::sleep(2 * SECOND).await;
            Outcome::accepted()
        };
        let application = async |_: Received| Outcome::accepted();
        let enhanced = Enhanced::new(store, application, to.clone(), undelivered);
        let responder = Responder::new(enhanced).with_time_limit(SECOND, TokioTimer);
        let message = asking("7", asked).as_bytes().clone();
        let mut response = responder.respond(message, Peer::default()).await;
        assert_eq!(response.code(), heard, "{asked}");
        response.take_then().expect("it goes on").await;
        assert_eq!(to.given().len(), sent, "{asked}");
        let told = told.lock().expect("not poisoned").clone();
        let told: Vec<_> =
            told.into_iter().map(|(code, word, cause)| (code, word, cause.expect("one"))).collect();
        assert_eq!(told, expected, "{asked}");
    }
}

#[test]
fn what_comes_after_the_answer_is_not_swallowed() {
    let waiters = Waiters::new(TokioTimer);
    let _waiting = waiters.register("his", &asking("7", "AL|AL")).expect("a place");
    assert!(waiters.hand_over("his", &acknowledgment("CE", "7")));
    assert!(!waiters.hand_over("his", &acknowledgment("AA", "7")), "it has an answer");
    let _another = waiters.register("his", &asking("7", "AL|AL")).expect("a place");
    assert!(waiters.hand_over("his", &acknowledgment("AA", "7")), "one of two waits");
}

fn acknowledgment(code: &str, id: &str) -> OwnedMessage {
    let text = format!("MSH|^~\\&|C|D|A|B|1||ACK|x|P|2.5\rMSA|{code}|{id}\r");
    OwnedMessage::parse(text).expect("readable")
}

#[tokio::test(start_paused = true)]
async fn what_is_waited_for_is_handed_over_by_link_and_msa_2() {
    for (link, code, id, handed_over) in [
        ("his", "AA", "7", true),
        ("his", "AE", "7", true),
        ("his", "AR", " 7 ", true),
        ("his", "CE", "7", true),
        ("his", "CR", "7", true),
        ("his", "CA", "7", false),
        ("his", "AA", "8", false),
        ("lab", "AA", "7", false),
    ] {
        let shown = format!("{code} for {id} from {link}");
        let waiters = Waiters::new(TokioTimer);
        let waiting = waiters.register("his", &asking("7", "AL|AL")).expect("a place");
        assert_eq!(waiters.hand_over(link, &acknowledgment(code, id)), handed_over, "{shown}");
        let answer = waiting.answer().await;
        match handed_over {
            true => assert_eq!(answer.expect(&shown).code().map(AckCode::as_str), Some(code)),
            false => assert_eq!(answer.expect_err(&shown).kind(), CauseKind::TimedOut),
        }
        assert_eq!(waiters.waiting(), 0, "{shown}");
        assert!(!waiters.hand_over(link, &acknowledgment(code, id)), "{shown}: nobody waits");
    }
    let waiters = Waiters::new(TokioTimer);
    let _waiting = waiters.register("his", &message("7")).expect("a place");
    assert!(!waiters.hand_over("his", &message("7")), "it answers nothing");
}

#[tokio::test(start_paused = true)]
async fn waiters_are_bounded_in_number_and_in_time() {
    let waiters = Waiters::new(TokioTimer).max_waiting(2).timeout(5 * SECOND);
    let first = waiters.register("his", &message("1")).expect("under");
    let same = waiters.register("his", &message("1")).expect("at, also of the same message");
    let over = waiters.register("his", &message("2")).expect_err("over");
    assert_eq!(over.kind(), CauseKind::Overloaded);

    let begun = tokio::time::Instant::now();
    let timed_out = first.answer().await.expect_err("nothing came");
    assert_eq!((timed_out.kind(), begun.elapsed()), (CauseKind::TimedOut, 5 * SECOND));
    drop(same);
    assert_eq!(waiters.waiting(), 0);
    let nameless = waiters.register("his", &message("")).expect_err("no MSH-10");
    assert_eq!(nameless.kind(), CauseKind::InvalidContent);
}

#[tokio::test(start_paused = true)]
async fn all_who_wait_for_one_message_hear_before_or_after_it_came() {
    let waiters = Waiters::new(TokioTimer);
    let early = waiters.register("his", &message("7")).expect("a place");
    let late = waiters.register("his", &message("7")).expect("a place");
    let task = tokio::spawn(early.answer());
    tokio::task::yield_now().await;
    assert!(waiters.hand_over("his", &acknowledgment("AA", "7")));
    for answer in [task.await.expect("no panic"), late.answer().await] {
        assert_eq!(answer.expect("came").code(), Some(AckCode::AA));
    }
}

#[tokio::test]
async fn a_handler_gets_what_nobody_waits_for() {
    let waiters = Waiters::new(TokioTimer);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let inner = {
        let seen = Arc::clone(&seen);
        move |received: Received| {
            seen.lock().expect("not poisoned").push(lines(received.message.as_bytes()));
            async { Reply::from(Outcome::accepted()) }
        }
    };
    let handler = waiters.around("his", inner);
    let _waiting = waiters.register("his", &message("7")).expect("a place");
    for (message, inside) in
        [(acknowledgment("AA", "7"), 0), (acknowledgment("AA", "8"), 1), (message("7"), 2)]
    {
        respond(handler.clone(), &message).await;
        assert_eq!(seen.lock().expect("not poisoned").len(), inside, "{message:?}");
    }
    // One that asks for an accept acknowledgment gets it.
    let asking = "MSH|^~\\&|C|D|A|B|1||ACK|x|P|2.5|||AL|NE\rMSA|AE|7\r";
    let asking = OwnedMessage::parse(asking).expect("readable");
    let response = respond(handler, &asking).await;
    assert_eq!(response.code(), Some(AckCode::CA), "{:?}", Action::Nothing);
}

/// From the outside to the inside, and whether the acknowledgment is handed over.
#[tokio::test]
async fn what_is_waited_for_is_handed_over_before_it_could_be_refused() {
    let accepted = async |_: Received| Outcome::accepted();
    let filter = || AcceptOnly::types(["ADT^*"]);
    let rules = || Validate::new([Rule::required(Path::new("PID"))]);
    let waiters = Waiters::new(TokioTimer);
    let around = |handler: AnyHandler| waiters.around("his", handler);
    for (shown, handler, handed_over) in [
        ("waiters, filter", around(filter().around(accepted)), true),
        ("waiters, rules", around(rules().around(accepted)), true),
        ("filter, waiters", filter().around(around(AnyHandler::new(accepted))), false),
        ("rules, waiters", rules().around(around(AnyHandler::new(accepted))), false),
    ] {
        let _waiting = waiters.register("his", &asking("7", "AL|AL")).expect("a place");
        let response = respond(handler, &acknowledgment("AA", "7")).await;
        // The log hears of it.
        let refused = response.cause().is_some_and(|cause| cause.kind() == CauseKind::Refused);
        assert_eq!(refused, !handed_over, "{shown}");
        assert_eq!(waiters.hand_over("his", &acknowledgment("AA", "7")), !handed_over, "{shown}");
    }
}

/// Both ends together: the acknowledgment that `Enhanced` sends reaches the one who waits.
#[tokio::test(start_paused = true)]
async fn the_second_acknowledgment_reaches_the_sender() {
    let waiters = Waiters::new(TokioTimer);
    let (sent, waiting_side) = (asking("7", "AL|AL"), waiters.clone());
    let waiting = waiters.register("his", &sent).expect("a place");
    let back = move |message: OwnedMessage| {
        assert!(waiting_side.hand_over("his", &message));
        answered(&sent, "CA", "")
    };
    let enhanced = Enhanced::new(
        |_| async { Outcome::accepted() },
        async |_: Received| outcome("bad"),
        Back(back),
        |_, delivery| panic!("{delivery:?}"),
    );
    let mut response = respond(enhanced, &asking("7", "AL|AL")).await;
    assert_eq!(response.code(), Some(AckCode::CA));
    let (answer, ()) = tokio::join!(waiting.answer(), response.take_then().expect("more"));
    assert_eq!(answer.expect("it came").code(), Some(AckCode::AE));
}

struct Back<F>(F);

impl<F: Fn(OwnedMessage) -> Delivery + Send + Sync + 'static> hl7_ack::Deliver for Back<F> {
    async fn deliver(&self, message: OwnedMessage) -> Delivery {
        (self.0)(message)
    }
}
