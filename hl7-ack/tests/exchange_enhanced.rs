//! Enhanced mode: two acknowledgments, and those who wait for the second.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use hl7_ack::{
    AckCode, Action, CauseKind, Delivery, Enhanced, ErrorCode, Handler, Outcome, Peer, Received,
    Reply, Responder, Waiters,
};
use hl7_parse::{OwnedMessage, Path};

use crate::{
    acknowledger,
    exchange_support::{
        AA, AE, REFUSED, SECOND, Script, Step, TokioTimer, answered, asking, message, word,
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

/// What MSH-15 and MSH-16 ask, what store and application say, the answer, and what is sent
/// afterwards.
#[tokio::test]
async fn acknowledgments_follow_msh_15_and_msh_16() {
    for (asked, stored, applied, first, second) in [
        ("AL|AL", "good", "good", "CA", "AA"),
        ("AL|AL", "good", "bad", "CA", "AE"),
        ("AL|AL", "good", "unable", "CA", "AR"),
        ("AL|AL", "unable", "good", "CE", "-"),
        ("AL|AL", "bad", "good", "CE", "-"),
        ("AL|NE", "good", "bad", "CA", "-"),
        ("AL|ER", "good", "good", "CA", "-"),
        ("AL|ER", "good", "bad", "CA", "AE"),
        ("AL|SU", "good", "bad", "CA", "-"),
        ("ER|AL", "good", "good", "-", "AA"),
        ("ER|AL", "unable", "good", "CE", "-"),
        ("NE|AL", "good", "good", "-", "AA"),
        ("NE|AL", "unable", "good", "-", "-"),
        ("NE|NE", "good", "good", "-", "-"),
        ("", "good", "good", "AA", "-"),
        ("", "good", "bad", "AE", "-"),
        ("", "unable", "good", "AR", "-"),
    ] {
        let shown = format!("asked {asked:?}, stored {stored}, applied {applied}");
        let to = Script::default();
        let ran = Arc::new(AtomicBool::new(false));
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
            |_, delivery| panic!("{delivery:?}"),
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
        match second {
            "-" => assert!(sent.is_empty(), "{shown}: {sent:?}"),
            code => assert!(sent[0].contains(&format!("\nMSA|{code}|7")), "{shown}: {sent:?}"),
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
async fn what_is_not_taken_is_told_and_a_panic_is_an_error() {
    for (step, expected) in [(REFUSED, "not sent"), (AE, "AE"), (AA, "-")] {
        let told = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&told);
        let undelivered = move |message: &OwnedMessage, delivery: &Delivery| {
            let text = lines(message.as_bytes());
            assert!(text.contains("\nMSA|AE|7"), "{text}");
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
