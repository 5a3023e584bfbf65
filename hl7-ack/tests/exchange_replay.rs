//! A message that is sent again, and one that is not for this receiver.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, UNIX_EPOCH},
};

use bytes::Bytes;
use hl7_ack::{
    AcceptOnly, AckCode, Acknowledger, Action, AnyHandler, Cause, CauseKind, Enhanced, ErrorCode,
    FanOut, Fault, FinalAnswer, Forward, Known, MemoryStore, Outcome, Peer, Received, Replay,
    ReplayKey, ReplayScope, ReplayStore, Reply, Responder, Rule, Severity, UniqueIds, Validate,
};
use hl7_parse::{OwnedMessage, Path};

use crate::exchange_support::{AA, AR, SECOND, Script, TokioTimer, after, asking, message};
use crate::lines;

/// Counts its calls, and answers the first ones as told, then accepts.
fn handler(outcomes: Vec<Reply>) -> (impl Fn(Received) -> Handling + Clone, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let outcomes = Arc::new(Mutex::new(outcomes.into_iter()));
    let handler = move |_: Received| {
        counted.fetch_add(1, Ordering::SeqCst);
        let next = outcomes.lock().expect("not poisoned").next();
        let reply = next.unwrap_or_else(|| Outcome::accepted().into());
        let handling: Handling = Box::pin(async move {
            tokio::time::sleep(SECOND).await;
            reply
        });
        handling
    };
    (handler, calls)
}

type Handling = std::pin::Pin<Box<dyn Future<Output = Reply> + Send>>;

fn responder(handler: AnyHandler) -> Responder {
    Responder::new(handler).with_time_limit(10 * SECOND, TokioTimer)
}

async fn answer(responder: &Responder, message: &OwnedMessage) -> Action {
    responder.respond(message.as_bytes().clone(), Peer::default()).await.action().clone()
}

fn code(action: &Action) -> String {
    match action {
        Action::Answer(bytes) => {
            let text = lines(bytes);
            let msa = text.lines().find(|line| line.starts_with("MSA|")).expect("has MSA");
            msa.get(4..6).expect("has a code").to_owned()
        }
        other => format!("{other:?}"),
    }
}

/// What the handler says the first time, what the sender hears, and whether that is kept.
#[tokio::test(start_paused = true)]
async fn final_answers_are_kept_and_outages_are_not() {
    let error = |code| Outcome::error(code, "x");
    let rejected = |code| Outcome::rejected(code, "x");
    let foreign = |text: &'static str| Reply::from(OwnedMessage::parse(text).expect("readable"));
    let told = Cause::new(CauseKind::Refused, "AE, which the sender has not asked for");
    let warned = |outcome: Outcome, code| {
        let warning = Fault::new(code, "y").with_severity(Severity::Warning);
        Reply::from(outcome.with(warning))
    };
    for (asked, reply, heard, kept) in [
        ("", Outcome::accepted().into(), "AA", true),
        ("", error(ErrorCode::REQUIRED_FIELD_MISSING).into(), "AE", true),
        ("", error(ErrorCode::APPLICATION_ERROR).into(), "AE", false),
        (
            "",
            error(ErrorCode::DATA_TYPE_ERROR).and(ErrorCode::APPLICATION_ERROR, "").into(),
            "AE",
            false,
        ),
        ("", rejected(ErrorCode::APPLICATION_ERROR).into(), "AR", false),
        ("", rejected(ErrorCode::UNSUPPORTED_MESSAGE_TYPE).into(), "AR", false),
        ("AL|NE", Outcome::accepted().into(), "CA", true),
        ("AL|NE", error(ErrorCode::REQUIRED_FIELD_MISSING).into(), "CE", false),
        ("AL|NE", rejected(ErrorCode::UNSUPPORTED_VERSION_ID).into(), "CR", true),
        ("AL|NE", rejected(ErrorCode::APPLICATION_ERROR).into(), "CE", false),
        // What is only told decides nothing.
        (
            "AL|NE",
            warned(rejected(ErrorCode::APPLICATION_ERROR), ErrorCode::UNSUPPORTED_VERSION_ID),
            "CE",
            false,
        ),
        (
            "",
            warned(error(ErrorCode::REQUIRED_FIELD_MISSING), ErrorCode::APPLICATION_ERROR),
            "AE",
            true,
        ),
        ("", foreign("MSH|^~\\&|C|D\nMSA|AE|7\nERR|||101|E\nERR|||207|W"), "AE", true),
        ("NE|NE", Outcome::accepted().into(), "Nothing", true),
        ("NE|NE", rejected(ErrorCode::APPLICATION_ERROR).into(), "Nothing", false),
        ("", foreign("MSH|^~\\&|C|D\nMSA|AA|7\nORC|1"), "AA", true),
        ("", foreign("MSH|^~\\&|C|D\nMSA|AE|7\nERR|||207|E"), "AE", false),
        ("", foreign("MSH|^~\\&|C|D\nMSA|XX|7"), "XX", false),
        ("", Reply::none(), "Nothing", true),
        ("", Reply::none().because(told), "Nothing", false),
        ("", Reply::hang_up(), "HangUp", false),
    ] {
        let shown = format!("asked {asked:?}: {heard}, {reply:?}");
        let (handler, calls) = handler(vec![reply]);
        let responder = responder(Replay::new(MemoryStore::new()).around(handler));
        let message = asking("7", asked);
        let first = answer(&responder, &message).await;
        assert_eq!(code(&first), heard, "{shown}");
        let second = answer(&responder, &message).await;
        assert_eq!(calls.load(Ordering::SeqCst), 2 - usize::from(kept), "{shown}");
        if kept {
            assert_eq!(second, first, "{shown}: the same bytes");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_waits_for_the_answer_to_the_first() {
    let rejected = Outcome::rejected(ErrorCode::APPLICATION_ERROR, "down");
    for (reply, expected) in [
        (Reply::from(Outcome::accepted()), "AA"),
        // Not kept, and yet the answer to those who waited.
        (Reply::from(rejected), "AR"),
    ] {
        let (handler, calls) = handler(vec![reply]);
        let responder = responder(Replay::new(MemoryStore::new()).around(handler));
        let message = message("7");
        let (one, two, three) = tokio::join!(
            answer(&responder, &message),
            answer(&responder, &message),
            answer(&responder, &message)
        );
        assert_eq!(code(&one), expected);
        assert_eq!((&two, &three), (&one, &one));
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    }
}

/// MSH-15 and MSH-16 let it pass in silence.
#[tokio::test(start_paused = true)]
async fn a_refusal_that_the_sender_does_not_hear_of_is_told_to_the_log() {
    let filter = || AcceptOnly::types(["ORU"]);
    let accepted = async |_: Received| Outcome::accepted();
    let replay = || Replay::new(MemoryStore::new());
    let fails = async |_: Received| Outcome::rejected(ErrorCode::APPLICATION_ERROR, "full");
    let enhanced = || Enhanced::new(fails, accepted, Script::default(), |_, _| {});
    let validate = || Validate::new([Rule::required(Path::new("PV1"))]).around(accepted);
    for (asked, handler, expected) in [
        ("NE|AL", filter().around(accepted), "refused: code 200, "),
        ("NE|AL", replay().around(filter().around(accepted)), "refused: code 200, "),
        ("SU|NE", validate(), "refused: code 100, "),
        ("NE|NE", AnyHandler::new(enhanced()), "refused: code 207, "),
        ("SU|SU", replay().around(enhanced()), "refused: code 207, "),
        ("NE|NE", replay().around(accepted), ""),
        ("NE|AL", AnyHandler::new(accepted), ""),
        // The answer says it.
        ("AL|NE", filter().around(accepted), ""),
    ] {
        let message = asking("7", asked).as_bytes().clone();
        let response = responder(handler).respond(message, Peer::default()).await;
        let cause = response.cause().map(ToString::to_string).unwrap_or_default();
        assert!(cause.starts_with(expected) && cause.is_empty() == expected.is_empty(), "{cause}");
        assert_eq!(response.is_negative(), asked == "AL|NE" || !expected.is_empty(), "{asked}");
        assert_eq!(*response.action() == Action::Nothing, asked != "AL|NE", "{asked}");
    }
    let responder = responder(replay().refuse_reused_ids().around(accepted));
    let used_again = "MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5|||NE|NE\rPID|2\r";
    for (message, refused) in
        [(asking("7", "NE|NE").as_bytes().clone(), false), (used_again.into(), true)]
    {
        let response = responder.respond(message, Peer::default()).await;
        let cause = response.cause().map(ToString::to_string).unwrap_or_default();
        assert_eq!(cause.contains("205"), refused, "{cause}");
    }
}

#[tokio::test(start_paused = true)]
async fn copies_that_wait_are_bounded() {
    for (copies, refused) in [(2, 0), (3, 1)] {
        let (handler, calls) = handler(vec![]);
        let replay = Replay::new(MemoryStore::new()).max_waiting(2).around(handler);
        let responder = responder(replay);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..=copies {
            let responder = responder.clone();
            tasks.spawn(async move { code(&answer(&responder, &message("7")).await) });
        }
        let mut codes = tasks.join_all().await;
        codes.sort();
        let expected: Vec<&str> =
            std::iter::repeat_n("AA", 3).chain(std::iter::repeat_n("AR", refused)).collect();
        assert_eq!(codes, expected, "{copies} copies");
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn copies_of_one_message_do_not_take_the_places_of_another() {
    let (handler, _) = handler(vec![]);
    let responder = responder(Replay::new(MemoryStore::new()).max_waiting(1).around(handler));
    let (one, other) = (message("1"), message("2"));
    let answered = tokio::join!(
        answer(&responder, &one),
        answer(&responder, &one),
        answer(&responder, &one),
        answer(&responder, &other),
        answer(&responder, &other)
    );
    let (a, b, c, d, e) = answered;
    assert_eq!([a, b, c, d, e].map(|action| code(&action)), ["AA", "AA", "AR", "AA", "AA"]);
}

/// 199 is not in these versions, and written as 207.
#[tokio::test(start_paused = true)]
async fn what_is_kept_does_not_depend_on_how_a_code_is_written() {
    for version in ["2.1", "2.5", "2.9"] {
        let other = Outcome::error(ErrorCode::OTHER_HL7_ERROR, "x");
        let (handler, calls) = handler(vec![other.clone().into(), other.into()]);
        let responder = responder(Replay::new(MemoryStore::new()).around(handler));
        let sent = format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|{version}\rPID|1\r");
        let sent = OwnedMessage::parse(sent).expect("readable");
        for _ in 0..2 {
            assert_eq!(code(&answer(&responder, &sent).await), "AE", "{version}");
        }
        assert_eq!(calls.load(Ordering::SeqCst), 1, "{version}");
    }
}

/// Both answer AA, one of them after the deadline.
#[tokio::test(start_paused = true)]
async fn what_several_destinations_answer_late_is_what_a_resend_gets() {
    for (rule, first_takes, expected) in [("all", 1, "AA"), ("any", 7, "AA"), ("first", 7, "AA")] {
        let steps = [after(first_takes * SECOND, AA), after(8 * SECOND, AA)];
        let scripts = steps.map(|step| Script::new([step]));
        let forwards =
            scripts.clone().map(|script| Forward::to(script).deadline(5 * SECOND, TokioTimer));
        let report = |_: usize, _: &hl7_ack::Delivery| {};
        let fan_out = match rule {
            "all" => FanOut::all(forwards, report),
            "any" => FanOut::any(forwards, report),
            _ => FanOut::first(forwards, report),
        };
        let responder = responder(Replay::new(MemoryStore::new()).around(fan_out));
        let sent = message("7");
        let mut first = responder.respond(sent.as_bytes().clone(), Peer::default()).await;
        assert_eq!(first.code(), Some(AckCode::AR), "{rule}: late");
        first.take_then().expect("it goes on").await;
        for _ in 0..2 {
            assert_eq!(code(&answer(&responder, &sent).await), expected, "{rule}");
        }
        for script in scripts {
            assert_eq!(script.given().len(), 1, "{rule}: each got it once");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_takes_over_from_a_first_that_was_given_up() {
    let (handler, calls) = handler(vec![]);
    let responder = responder(Replay::new(MemoryStore::new()).around(handler));
    let sent = message("7");
    let first = tokio::time::timeout(SECOND / 2, answer(&responder, &sent));
    let (first, second) = tokio::join!(first, answer(&responder, &sent));
    assert!(first.is_err(), "dropped");
    assert_eq!(code(&second), "AA");
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_copy_is_handled_itself_where_the_first_panicked() {
    let panics = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&panics);
    let handler = move |_: Received| {
        let first = counted.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            tokio::time::sleep(SECOND).await;
            assert!(!first, "as arranged");
            Outcome::accepted()
        }
    };
    let responder = responder(Replay::new(MemoryStore::new()).around(handler));
    let sent = message("7");
    let (first, second) = tokio::join!(answer(&responder, &sent), answer(&responder, &sent));
    assert_eq!((code(&first), code(&second)), ("AR".into(), "AA".into()));
}

#[tokio::test(start_paused = true)]
async fn the_result_of_a_handler_that_was_late_is_what_a_resend_gets() {
    let slow = |_: Received| async {
        tokio::time::sleep(60 * SECOND).await;
        Outcome::error(ErrorCode::UNKNOWN_KEY_IDENTIFIER, "no such patient")
    };
    let responder = responder(Replay::new(MemoryStore::new()).around(slow));
    let sent = message("7");
    let mut first = responder.respond(sent.as_bytes().clone(), Peer::default()).await;
    assert_eq!(first.code(), Some(AckCode::AR), "late");
    let then = tokio::spawn(first.take_then().expect("it goes on"));
    // While it is still under way, a resend waits, and is late itself.
    let mut resend = responder.respond(sent.as_bytes().clone(), Peer::default()).await;
    assert_eq!(resend.code(), Some(AckCode::AR));
    then.await.expect("no panic");
    resend.take_then().expect("it waited on").await;
    assert_eq!(code(&answer(&responder, &sent).await), "AE", "the true answer");
}

#[tokio::test(start_paused = true)]
async fn what_is_forwarded_past_the_deadline_is_what_a_resend_gets() {
    let script = Script::new([after(60 * SECOND, AA), AR]);
    let forward = Forward::to(script.clone()).deadline(5 * SECOND, TokioTimer);
    let responder = responder(Replay::new(MemoryStore::new()).around(forward));
    let sent = message("7");
    let mut first = responder.respond(sent.as_bytes().clone(), Peer::default()).await;
    assert_eq!(first.code(), Some(AckCode::AR), "late");
    first.take_then().expect("it goes on").await;
    assert_eq!(code(&answer(&responder, &sent).await), "AA", "the far side's");
    assert_eq!(script.given().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_id_that_is_used_again_is_refused_if_asked() {
    for (refuse, expected, calls_expected) in [(false, "AA", 2), (true, "AE", 1)] {
        let (handler, calls) = handler(vec![]);
        let replay = Replay::new(MemoryStore::new());
        let replay = if refuse { replay.refuse_reused_ids() } else { replay };
        let responder = responder(replay.around(handler));
        answer(&responder, &message("7")).await;
        let other = OwnedMessage::parse("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\rPID|2\r");
        let answered = answer(&responder, &other.expect("readable")).await;
        assert_eq!(code(&answered), expected);
        if let (true, Action::Answer(bytes)) = (refuse, &answered) {
            assert!(lines(bytes).contains("ERR||MSH^1^10|205^"), "{}", lines(bytes));
        }
        assert_eq!(calls.load(Ordering::SeqCst), calls_expected);
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_is_in_use_while_its_message_is_being_handled() {
    let (handler, calls) = handler(vec![]);
    let replay = Replay::new(MemoryStore::new()).refuse_reused_ids();
    let responder = responder(replay.around(handler));
    let (sent, other) = (message("7"), "MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\rPID|2\r");
    let other = OwnedMessage::parse(other).expect("readable");
    let (first, second) = tokio::join!(answer(&responder, &sent), answer(&responder, &other));
    assert_eq!((code(&first), code(&second)), ("AA".into(), "AE".into()));
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn what_has_no_id_or_is_an_acknowledgment_is_never_replayed() {
    for text in
        ["MSH|^~\\&|A|B|C|D|1||ADT^A01||P|2.5\r", "MSH|^~\\&|A|B|C|D|1||ACK|7|P|2.5\rMSA|AA|1\r"]
    {
        let (handler, calls) = handler(vec![]);
        let tolerant = Acknowledger::new().tolerate_missing_control_id();
        let responder =
            responder(Replay::new(MemoryStore::new()).around(handler)).with_acknowledger(tolerant);
        let sent = OwnedMessage::parse(text).expect("readable");
        answer(&responder, &sent).await;
        answer(&responder, &sent).await;
        assert_eq!(calls.load(Ordering::SeqCst), 2, "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_left_for_afterwards_is_run_once() {
    let ran = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&ran);
    let handler = move |_: Received| {
        let counted = Arc::clone(&counted);
        let then = async move {
            counted.fetch_add(1, Ordering::SeqCst);
        };
        async move { Reply::from(Outcome::accepted()).then(then) }
    };
    let responder = responder(Replay::new(MemoryStore::new()).around(handler));
    for _ in 0..2 {
        let sent = message("7").as_bytes().clone();
        if let Some(then) = responder.respond(sent, Peer::default()).await.take_then() {
            then.await;
        }
    }
    assert_eq!(ran.load(Ordering::SeqCst), 1);
}

fn key(id: &str) -> ReplayKey {
    ReplayKey::of(&message(id).as_message()).expect("has an ID")
}

fn sized(bytes: usize) -> FinalAnswer {
    FinalAnswer::from_bytes(Some(Bytes::from(vec![b'x'; bytes])))
}

async fn knows(store: &MemoryStore, id: &str) -> bool {
    matches!(store.find(&key(id)).await, Ok(Known::Answer(_)))
}

#[tokio::test]
async fn the_store_in_memory_forgets_the_oldest_at_its_limits() {
    let each = 100 + MemoryStore::OVERHEAD;
    for (store, kept) in [
        (MemoryStore::new().max_answers(4), 4),
        (MemoryStore::new().max_answers(3), 3),
        (MemoryStore::new().max_answers(0), 0),
        (MemoryStore::new().max_bytes(4 * each), 4),
        (MemoryStore::new().max_bytes(4 * each - 1), 3),
        (MemoryStore::new().max_bytes(each - 1), 0),
    ] {
        for id in ["1", "2", "3", "4"] {
            store.keep(&key(id), &sized(100)).await.expect("memory does not fail");
        }
        assert_eq!(store.len(), kept, "{store:?}");
        for (at, id) in ["1", "2", "3", "4"].iter().enumerate() {
            assert_eq!(knows(&store, id).await, at >= 4 - kept, "{id} of {store:?}");
        }
    }
}

#[tokio::test]
async fn the_store_in_memory_forgets_what_is_too_old() {
    let now = Arc::new(Mutex::new(UNIX_EPOCH + Duration::from_secs(1_000_000)));
    let clock = {
        let now = Arc::clone(&now);
        move || *now.lock().expect("not poisoned")
    };
    let store = MemoryStore::new().max_age(60 * SECOND).clock(clock);
    store.keep(&key("1"), &sized(1)).await.expect("memory does not fail");
    for (later, known) in [(0, true), (60, true), (61, false)] {
        *now.lock().expect("not poisoned") = UNIX_EPOCH + Duration::from_secs(1_000_000 + later);
        assert_eq!(knows(&store, "1").await, known, "after {later} s");
    }
    store.keep(&key("2"), &sized(1)).await.expect("memory does not fail");
    *now.lock().expect("not poisoned") = UNIX_EPOCH;
    assert!(knows(&store, "2").await, "a clock that was set back makes nothing old");
    assert!(!store.is_empty());
}

#[tokio::test]
async fn the_store_in_memory_counts_a_key_once_and_knows_ids() {
    let store = MemoryStore::new();
    for size in [10, 20] {
        store.keep(&key("1"), &sized(size)).await.expect("memory does not fail");
    }
    assert_eq!(store.len(), 1);
    assert_eq!(store.find(&key("1")).await, Ok(Known::Answer(sized(20))));
    let other = OwnedMessage::parse("MSH|^~\\&|A|B|C|D|1||ADT^A01|1|P|2.5\rPID|2\r");
    let other = ReplayKey::of(&other.expect("readable").as_message()).expect("has an ID");
    assert_eq!(store.find(&other).await, Ok(Known::OtherContent));
    assert_eq!(store.find(&key("2")).await, Ok(Known::Nothing));
}

/// A database with transactions: what is written counts when it is committed.
#[derive(Clone, Default)]
struct Database {
    /// Key, answer, and whether the content was taken with it.
    rows: Arc<Mutex<Vec<(ReplayKey, FinalAnswer)>>>,
    admitted: Arc<AtomicUsize>,
    broken: Arc<Mutex<Option<&'static str>>>,
}

impl Database {
    fn fails(&self, at: &str) -> bool {
        *self.broken.lock().expect("not poisoned") == Some(at)
    }
}

impl ReplayStore for Database {
    async fn find(&self, key: &ReplayKey) -> Result<Known, Cause> {
        if self.fails("find") {
            return Err(Cause::new(CauseKind::Storage, "the database is down"));
        }
        let rows = self.rows.lock().expect("not poisoned");
        let row = rows.iter().find(|(of, _)| of == key);
        Ok(row.map_or(Known::Nothing, |(_, answer)| Known::Answer(answer.clone())))
    }

    async fn keep(&self, _: &ReplayKey, _: &FinalAnswer) -> Result<(), Cause> {
        match self.fails("keep") {
            true => Err(Cause::new(CauseKind::Storage, "the database is down")),
            false => panic!("the handler has"),
        }
    }
}

async fn in_transaction(database: Database, received: Received) -> Reply {
    let outcome = Outcome::accepted();
    let Some(scope) = ReplayScope::of(&received).filter(|scope| scope.is_final(&outcome)) else {
        return outcome.into();
    };
    let answer = scope.answer(&outcome);
    if database.fails("commit") {
        return Outcome::rejected(ErrorCode::APPLICATION_ERROR, "not stored").into();
    }
    database.admitted.fetch_add(1, Ordering::SeqCst);
    database.rows.lock().expect("not poisoned").push((*scope.key(), answer.clone()));
    answer.into()
}

#[tokio::test(start_paused = true)]
async fn a_handler_can_keep_the_answer_in_its_own_transaction() {
    let database = Database::default();
    let responder = |database: &Database| {
        let inner = database.clone();
        let handler = move |received| in_transaction(inner.clone(), received);
        // Each as after a restart, with control IDs of its own.
        let replay = Replay::new(database.clone())
            .acknowledger(Acknowledger::with(|| UNIX_EPOCH, UniqueIds::new()));
        responder(replay.around(handler))
    };
    *database.broken.lock().expect("not poisoned") = Some("commit");
    assert_eq!(code(&answer(&responder(&database), &message("7")).await), "AR");
    *database.broken.lock().expect("not poisoned") = Some("find");
    let sent = message("7").as_bytes().clone();
    let looked = responder(&database).respond(sent, Peer::default()).await;
    assert_eq!(
        (looked.code(), looked.cause().map(Cause::kind)),
        (Some(AckCode::AR), Some(CauseKind::Storage))
    );
    assert_eq!(database.admitted.load(Ordering::SeqCst), 0);

    *database.broken.lock().expect("not poisoned") = None;
    let first = answer(&responder(&database), &message("7")).await;
    let second = answer(&responder(&database), &message("7")).await;
    assert_eq!(code(&first), "AA");
    assert_eq!(first, second, "the same bytes after a restart");
    assert_eq!(database.admitted.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_can_not_be_kept_is_given_and_told() {
    let database = Database::default();
    *database.broken.lock().expect("not poisoned") = Some("keep");
    let (handler, _) = handler(vec![]);
    let responder = responder(Replay::new(database).around(handler));
    let response = responder.respond(message("7").as_bytes().clone(), Peer::default()).await;
    assert_eq!(response.code(), Some(AckCode::AA));
    assert_eq!(response.cause().map(Cause::kind), Some(CauseKind::Storage));
}

/// MSH-9, MSH-11, MSH-12, the codes that are refused with.
#[tokio::test]
async fn what_is_not_for_this_receiver_is_refused_by_the_table() {
    let filter = AcceptOnly::types(["ADT^*", "ORU^R01", "SIU"])
        .versions(["2.3.1", "2.5"])
        .processing_ids(["P", "T"]);
    for (message_type, processing_id, version, codes) in [
        ("ADT^A01^ADT_A01", "P", "2.5", &[][..]),
        ("ADT", "P", "2.5", &[]),
        ("adt^a01", "p", "2.3.1", &[]),
        ("ORU^R01", "T^A", "2.5^USA", &[]),
        ("SIU^S12", " P ", " 2.5 ", &[]),
        ("ORU^R30", "P", "2.5", &[201]),
        ("ORU", "P", "2.5", &[201]),
        ("ORM^O01", "P", "2.5", &[200]),
        ("", "P", "2.5", &[200]),
        ("ADT^A01", "D", "2.5", &[202]),
        ("ADT^A01", "", "2.5", &[202]),
        ("ADT^A01", "P", "2.5.1", &[203]),
        ("ADT^A01", "P", "", &[203]),
        ("ORM^O01", "D", "2.1", &[200, 202, 203]),
    ] {
        for (asked, accepted, rejected) in [("", "AA", "AR"), ("AL|NE", "CA", "CR")] {
            let text = format!(
                "MSH|^~\\&|A|B|C|D|1||{message_type}|7|{processing_id}|{version}|||{asked}\r"
            );
            let handler = filter.clone().around(async |_: Received| Outcome::accepted());
            let sent = OwnedMessage::parse(text.clone()).expect("readable");
            let action = answer(&responder(handler), &sent).await;
            assert_eq!(code(&action), if codes.is_empty() { accepted } else { rejected }, "{text}");
            let place = |code: u16| match code {
                200 => "MSH-9.1",
                201 => "MSH-9.2",
                202 => "MSH-11.1",
                _ => "MSH-12.1",
            };
            let expected = codes.iter().fold(None, |refusal: Option<Outcome>, code| {
                let (error, text) = (ErrorCode::other(*code), "not taken by this receiver");
                let refusal = match refusal {
                    None => Outcome::rejected(error, text),
                    Some(refusal) => refusal.and(error, text),
                };
                Some(refusal.at(place(*code).parse().expect("a path")))
            });
            let expected = match codes.contains(&203) {
                true => expected.map(|refusal| refusal.newest_version(hl7_ack::Version::V2_5)),
                false => expected,
            };
            assert_eq!(filter.refusal(&sent.header()), expected, "{text}");
        }
    }
}

#[tokio::test]
async fn everything_is_let_through_where_all_is_taken() {
    for filter in [AcceptOnly::types(["*"]), AcceptOnly::types(["*^*"])] {
        let handler = filter.around(async |_: Received| Outcome::accepted());
        let sent = OwnedMessage::parse("MSH|^~\\&|A|B|C|D|1|||7\r").expect("readable");
        assert_eq!(code(&answer(&responder(handler), &sent).await), "AA");
    }
    let handler = AcceptOnly::types([""; 0]).around(async |_: Received| Outcome::accepted());
    assert_eq!(code(&answer(&responder(handler), &message("7")).await), "AR");
}

#[tokio::test]
async fn what_is_kept_is_never_shown() {
    let text = "MSH|^~\\&|SECRET|B|C|D|1||ADT^A01|SECRET|P|2.5\rPID|1||SECRET\r";
    let sent = OwnedMessage::parse(text).expect("readable");
    let key = ReplayKey::of(&sent.as_message()).expect("has an ID");
    let waiters = hl7_ack::Waiters::new(TokioTimer);
    let waiting = waiters.register("his", &sent).expect("a place");
    let store = MemoryStore::new();
    let answer = FinalAnswer::from_bytes(Some(Bytes::from(text)));
    store.keep(&key, &answer).await.expect("memory does not fail");
    let known = store.find(&key).await;
    let shown = format!("{key:?} {waiters:?} {waiting:?} {store:?} {answer:?} {known:?}");
    let scope: Arc<Mutex<String>> = Arc::default();
    let inner = Arc::clone(&scope);
    let handler = Replay::new(store).around(move |received: Received| {
        let shown = format!("{received:?} {:?}", ReplayScope::of(&received));
        *inner.lock().expect("not poisoned") = shown;
        async { Outcome::accepted() }
    });
    let other = OwnedMessage::parse(text.replace("PID|1", "PID|2")).expect("readable");
    answer_of(handler, &other).await;
    let scope = scope.lock().expect("not poisoned");
    assert!(scope.contains("ReplayScope"), "{scope}");
    assert!(!shown.contains("SECRET") && !scope.contains("SECRET"), "{shown} {scope}");
}

async fn answer_of(handler: AnyHandler, message: &OwnedMessage) -> Action {
    answer(&responder(handler), message).await
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_final_unless_it_says_that_the_receiver_was_unable() {
    let handler = async |received: Received| {
        let scope = ReplayScope::of(&received).expect("within a replay");
        for (outcome, expected) in [
            (Outcome::accepted(), true),
            (Outcome::error(ErrorCode::UNKNOWN_KEY_IDENTIFIER, "no such patient"), true),
            (Outcome::error(ErrorCode::APPLICATION_ERROR, "down"), false),
            (Outcome::rejected(ErrorCode::APPLICATION_ERROR, "down"), false),
        ] {
            assert_eq!(scope.is_final(&outcome), expected, "{outcome:?}");
        }
        Outcome::accepted()
    };
    let store = MemoryStore::new();
    assert!(store.is_empty());
    let responder = responder(Replay::new(store.clone()).around(handler));
    // A handler that panics is answered by AR.
    assert_eq!(code(&answer(&responder, &message("7")).await), "AA");
    assert_eq!((store.len(), store.is_empty()), (1, false));
}
