//! The contract: handlers, replies, deliveries, forwarding.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use hl7_ack::{
    AckCode, Acknowledger, Action, AnyDeliver, AnyHandler, Cause, CauseKind, Deliver, Delivery,
    ErrorCode, Finding, Forward, Outcome, Outstanding, Peer, Received, Reply, Responder, Timer,
    Unreachable, WhenUnreachable,
};
use hl7_parse::OwnedMessage;

use crate::lines;

const ADMISSION: &str = "MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\rPID|1\r";

struct TokioTimer;

impl Timer for TokioTimer {
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// Answers by what it is told, and keeps what it was given.
#[derive(Clone)]
struct Destination {
    answer: Result<&'static str, Delivery>,
    given: Arc<Mutex<Vec<Bytes>>>,
}

impl Destination {
    fn new(answer: Result<&'static str, Delivery>) -> Self {
        Self { answer, given: Arc::default() }
    }
}

impl Deliver for Destination {
    async fn deliver(&self, message: OwnedMessage) -> Delivery {
        self.given.lock().expect("not poisoned").push(message.as_bytes().clone());
        match self.answer.clone() {
            Ok(answer) => match Outstanding::of(&message).examine(answer.into()) {
                Finding::Answer(answer) => Delivery::Answered(answer),
                _ => Delivery::Unknown(Cause::new(CauseKind::Mismatched, "")),
            },
            Err(delivery) => delivery,
        }
    }
}

async fn respond(responder: &Responder, message: &str) -> (Action, Option<AckCode>) {
    let response = responder.respond(message.to_owned().into(), Peer::default()).await;
    (response.action().clone(), response.code())
}

fn bytes_of(action: &Action) -> String {
    match action {
        Action::Answer(bytes) => lines(bytes),
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn whatever_turns_into_a_reply_can_be_returned() {
    let outcome = Responder::new(async |_: Received| Outcome::accepted());
    assert_eq!(respond(&outcome, ADMISSION).await.1, Some(AckCode::AA));

    let none = Responder::new(async |_: Received| Reply::none());
    assert_eq!(respond(&none, ADMISSION).await.0, Action::Nothing);

    let hang_up = Responder::new(AnyHandler::new(async |_: Received| Reply::hang_up()));
    assert_eq!(respond(&hang_up, ADMISSION).await.0, Action::HangUp);

    let message = Responder::new(async |_: Received| {
        OwnedMessage::parse("MSH|^~\\&|C|D\nMSA|AA|7").expect("readable")
    });
    let (action, code) = respond(&message, ADMISSION).await;
    assert_eq!(bytes_of(&action), "MSH|^~\\&|C|D\nMSA|AA|7\n");
    assert_eq!(code, Some(AckCode::AA));
}

/// The message, its answer, and whether the handler and the log of the server hear of it.
#[tokio::test]
async fn a_message_without_a_control_id_is_refused_unless_that_is_tolerated() {
    let said = "101^Required field missing^HL70357|E||||no message control ID\n";
    for (message, expected, handled, logged) in [
        ("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\r", "MSA|AA|7\n", true, false),
        ("MSH|^~\\&|A|B|C|D|1||ADT^A01||P|2.5\r", "MSA|AE", false, false),
        ("MSH|^~\\&|A|B|C|D|1||ADT^A01|\"\"|P|2.5\r", "MSA|AE", false, false),
        ("MSH|^~\\&|A|B|C|D|1||ADT^A01| |P|2.5|||AL|NE\r", "MSA|CE", false, false),
        ("MSH|^~\\&|A|B|C|D|1||ADT^A01||P|2.5|||NE|NE\r", "", false, true),
        ("MSH|^~\\&|A|B|C|D|1||ADT^A01|\"\"|P|2.8\r", "MSA|AE\n", false, false),
        // None of these says anything.
        ("MSH|^~\\&|A|B|C|D|1||ADT^A01|^|P|2.5\r", "MSA|AE", false, false),
        ("MSH|^~\\&|A|B|C|D|1||ADT^A01|~|P|2.5\r", "MSA|AE", false, false),
        ("MSH|^~\\&|A|B|C|D|1||ADT^A01| && |P|2.5\r", "MSA|AE", false, false),
        ("MSH|^~\\&|A|B|C|D|1||ADT^A01|\\X20\\|P|2.5\r", "MSA|AE", false, false),
        ("MSH|^~\\&|A|B|C|D|1||ADT^A01|\0|P|2.5\r", "MSA|AE", false, false),
        // These do.
        ("MSH|^~\\&|A|B|C|D|1||ADT^A01|^7|P|2.5\r", "MSA|AA|^7\n", true, false),
        ("MSH|^~\\&|A|B|C|D|1||ADT^A01|\\S\\|P|2.5\r", "MSA|AA|\\S\\\n", true, false),
        ("MSH|^~\\&|A|B|C|D|1||ADT^A01|\u{e9}|P|2.5\r", "MSA|AA|\u{e9}\n", true, false),
        ("MSH|", "MSA|AE", false, false),
        ("MSH|^~\\&\rPID|1\r", "MSA|AE", false, false),
        // An acknowledgment is not answered, and whoever waits for it is to have it.
        ("MSH|^~\\&|A|B|C|D|1||ACK||P|2.5\rMSA|AA|1\r", "", true, false),
    ] {
        for tolerates in [false, true] {
            let seen = Arc::new(AtomicBool::new(false));
            let noting = Arc::clone(&seen);
            let mut responder = Responder::new(move |_: Received| {
                noting.store(true, Ordering::SeqCst);
                async { Outcome::accepted() }
            });
            if tolerates {
                let tolerant = Acknowledger::new().tolerate_missing_control_id();
                responder = responder.with_acknowledger(tolerant);
            }
            let response = responder.respond(message.into(), Peer::default()).await;
            assert_eq!(seen.load(Ordering::SeqCst), handled || tolerates, "{message:?}");
            assert!(response.is_readable(), "{message:?}");
            if tolerates {
                assert!(!response.is_negative(), "{message:?}");
                continue;
            }
            assert_eq!(response.cause().is_some(), logged, "{message:?}");
            let answer = bytes_of(response.action());
            match expected {
                "" => assert_eq!(answer, "Nothing", "{message:?}"),
                expected => assert!(answer.contains(expected), "{message:?}: {answer}"),
            }
            let refused = answer.contains("ERR||MSH^1^10|") && answer.ends_with(said);
            assert_eq!(refused, !handled && !expected.is_empty(), "{message:?}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_control_id_is_echoed_in_full_or_refused() {
    for (len, refused) in [(200, false), (4096, false), (4097, true)] {
        let id = "x".repeat(len);
        let message = format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|{id}|P|2.8\r");
        let responder = Responder::new(move |_: Received| {
            assert!(!refused, "the handler is not called");
            async { Outcome::accepted() }
        });
        let response = responder.respond(message.into(), Peer::default()).await;
        let answer = bytes_of(response.action());
        let expected = match refused {
            true => "MSA|AE\nERR||MSH^1^10|104^".to_owned(),
            false => format!("MSA|AA|{id}\n"),
        };
        assert!(answer.contains(&expected), "{len}: {answer}");
    }
}

#[tokio::test]
async fn a_panic_is_answered_and_the_responder_goes_on() {
    let first = AtomicBool::new(true);
    let responder = Responder::new(move |_: Received| {
        let panics = first.swap(false, Ordering::SeqCst);
        async move {
            assert!(!panics, "as arranged");
            Outcome::accepted()
        }
    });
    assert_eq!(respond(&responder, ADMISSION).await.1, Some(AckCode::AR));
    assert_eq!(respond(&responder, ADMISSION).await.1, Some(AckCode::AA));
}

#[tokio::test(start_paused = true)]
async fn a_slow_handler_is_answered_for_and_goes_on() {
    let finished = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&finished);
    let responder = Responder::new(move |_: Received| {
        let seen = Arc::clone(&seen);
        async move {
            tokio::time::sleep(Duration::from_secs(60)).await;
            Reply::from(Outcome::accepted()).then(async move { seen.store(true, Ordering::SeqCst) })
        }
    })
    .with_time_limit(Duration::from_secs(10), TokioTimer);

    let mut response = responder.respond(ADMISSION.into(), Peer::default()).await;
    assert_eq!(response.code(), Some(AckCode::AR));
    assert!(!finished.load(Ordering::SeqCst));
    response.take_then().expect("the handler is not dropped").await;
    assert!(finished.load(Ordering::SeqCst));
}

#[tokio::test]
async fn forwarding_passes_bytes_and_answer_through() {
    let answer = "MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.5\nMSA|AE|7|{\"a\":\"b\"}\nZZZ|x";
    let destination = Destination::new(Ok(answer));
    let responder = Responder::new(Forward::to(destination.clone()));
    let inbound = "\u{feff}MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\nPID|1||é\\X41\\  \n\nZPI|1";
    let (action, code) = respond(&responder, inbound).await;
    assert_eq!(bytes_of(&action), answer.to_owned() + "\n");
    assert_eq!(code, Some(AckCode::AE));
    let given = destination.given.lock().expect("not poisoned");
    assert_eq!(
        lines(&given[0]),
        "MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\nPID|1||é\\X41\\  \nZPI|1\n"
    );
}

#[tokio::test]
async fn the_policy_answers_where_the_far_side_does_not() {
    let unreachable = Cause::new(CauseKind::Unreachable, "127.0.0.1:1");
    let timed_out = Cause::new(CauseKind::TimedOut, "after 30 s");
    let invalid = Cause::new(CauseKind::InvalidContent, "holds FS");
    let refused = Cause::new(CauseKind::ContentRefused, "HTTP status 422");
    let enhanced = "MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5|||AL|NE\r";
    let silent = "MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5|||NE|NE\r";
    for (message, delivery, code) in [
        (ADMISSION, Delivery::NotSent(unreachable.clone()), Some(AckCode::AR)),
        (ADMISSION, Delivery::Unknown(timed_out.clone()), Some(AckCode::AR)),
        (ADMISSION, Delivery::NotSent(invalid.clone()), Some(AckCode::AE)),
        (ADMISSION, Delivery::Unknown(refused.clone()), Some(AckCode::AE)),
        (enhanced, Delivery::NotSent(unreachable.clone()), Some(AckCode::CE)),
        (enhanced, Delivery::Unknown(timed_out.clone()), Some(AckCode::CE)),
        (enhanced, Delivery::NoneDue, None),
        (silent, Delivery::NotSent(unreachable.clone()), None),
    ] {
        let shown = format!("{message} {delivery:?}");
        let far = AnyDeliver::new(Destination::new(Err(delivery.clone())));
        let response = Responder::new(Forward::to(far))
            .respond(message.to_owned().into(), Peer::default())
            .await;
        assert_eq!(response.code(), code, "{shown}");
        if let Delivery::NotSent(cause) | Delivery::Unknown(cause) = delivery {
            assert_eq!(response.cause(), Some(&cause), "{shown}");
        }
    }
}

#[tokio::test]
async fn the_policy_can_hang_up_or_answer_otherwise() {
    let cause = Cause::new(CauseKind::TimedOut, "");
    let far = Destination::new(Err(Delivery::Unknown(cause)));
    let policy = Unreachable::default().unknown(WhenUnreachable::HangUp);
    let responder = Responder::new(Forward::to(far.clone()).unreachable(policy));
    assert_eq!(respond(&responder, ADMISSION).await.0, Action::HangUp);

    let error = Outcome::error(ErrorCode::APPLICATION_ERROR, "");
    let policy = Unreachable::default().unknown(WhenUnreachable::Answer(error));
    let responder = Responder::new(Forward::to(far).unreachable(policy));
    assert_eq!(respond(&responder, ADMISSION).await.1, Some(AckCode::AE));
}

#[tokio::test(start_paused = true)]
async fn the_deadline_of_forwarding_ends_before_the_sender_gives_up() {
    struct Never;
    impl Deliver for Never {
        async fn deliver(&self, _: OwnedMessage) -> Delivery {
            std::future::pending().await
        }
    }
    let started = tokio::time::Instant::now();
    let forward = Forward::to(Never).deadline(Forward::DEADLINE, TokioTimer);
    let (_, code) = respond(&Responder::new(forward), ADMISSION).await;
    assert_eq!(code, Some(AckCode::AR));
    assert_eq!(started.elapsed(), Forward::DEADLINE);
}

/// What MSH-15 and MSH-16 ask for, what the far side answers, and what the sender hears.
#[tokio::test]
async fn an_answer_passes_if_the_sender_asked_for_one_of_its_outcome() {
    for (asked, far, heard, told) in [
        ("", "AA", "AA", false),
        ("", "AE", "AE", false),
        ("AL|NE", "CA", "CA", false),
        ("AL|NE", "AA", "AA", false),
        ("ER|NE", "CA", "-", false),
        ("ER|NE", "CE", "CE", false),
        ("SU|NE", "CE", "-", true),
        ("NE|NE", "AE", "-", true),
        ("NE|NE", "AA", "-", false),
        ("NE|AL", "AA", "AA", false),
        ("NE|ER", "AE", "AE", false),
        ("AL|NE", "XX", "CE", true),
        ("", "XX", "AR", true),
    ] {
        let far_answer: &'static str =
            Box::leak(format!("MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.5\rMSA|{far}|7\r").into_boxed_str());
        let message = format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5|||{asked}\r");
        let responder = Responder::new(Forward::to(Destination::new(Ok(far_answer))));
        let response = responder.respond(message.into(), Peer::default()).await;
        let code = response.code().map_or("-", AckCode::as_str);
        assert_eq!(code, heard, "{asked:?}, far side {far}");
        assert_eq!(response.cause().is_some(), told, "{asked:?}, far side {far}");
    }
}

#[tokio::test]
async fn an_acknowledgment_is_not_answered_even_if_the_handler_would() {
    let answering = Responder::new(async |received: Received| Reply::from(received.message));
    let acknowledgment = "MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.5\rMSA|AA|7\r";
    assert_eq!(respond(&answering, acknowledgment).await.0, Action::Nothing);
}

#[test]
fn frames_of_several_messages_are_cut() {
    let responder = Responder::new(async |_: Received| Outcome::accepted());
    let message = "MSH|^~\\&|A\rPID|1\r";
    for (content, expected) in [
        (message.to_owned(), vec![message]),
        (message.repeat(3), vec![message; 3]),
        (format!("BHS|^~\\&|A\r{message}{message}BTS|2\r"), vec![message; 2]),
        ("junk\rMSH|^~\\&|A\r".to_owned(), vec!["junk\rMSH|^~\\&|A\r"]),
        ("BHS|^~\\&|A\rBTS|0\r".to_owned(), vec![]),
        // Lines that would be lost with their envelope.
        (
            format!("BHS|^~\\&|A\rPID|1\r{message}"),
            vec!["BHS|^~\\&|A\rPID|1\rMSH|^~\\&|A\rPID|1\r"],
        ),
        (
            format!("BHS|^~\\&|A\r{message}BTS|1\rOBX|1\r"),
            vec!["BHS|^~\\&|A\rMSH|^~\\&|A\rPID|1\rBTS|1\rOBX|1\r"],
        ),
        // Without an envelope there is no trailer.
        (format!("{message}FTS|x\rOBX|1\r"), vec!["MSH|^~\\&|A\rPID|1\rFTS|x\rOBX|1\r"]),
        (String::new(), vec![""]),
    ] {
        assert_eq!(responder.messages(content.clone().into()), expected, "{content:?}");
    }
    let many = message.repeat(Responder::MAX_MESSAGES);
    assert_eq!(responder.messages(many.clone().into()).len(), Responder::MAX_MESSAGES);
    assert_eq!(responder.messages((many + message).into()).len(), 1, "one too many: whole");
}

#[tokio::test]
async fn text_that_needs_decoding_is_passed_on_as_it_is() {
    let destination = Destination::new(Ok("MSH|^~\\&|C|D\rMSA|AA|7\r"));
    let responder = Responder::new(Forward::to(destination.clone()));
    for (declared, text) in [
        ("BIG-5", &b"\xB3\x5C\xA5\x7C"[..]),
        ("GB 18030-2000", b"\x81\x7C\x81\x5E"),
        ("~ISO IR87", b"\x1B$B;3ED\x1B(B"),
    ] {
        let header =
            format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5||||||{declared}||ISO 2022-1994\r");
        let message = [header.as_bytes(), b"PID|||||", text, b"\r"].concat();
        let response = responder.respond(message.clone().into(), Peer::default()).await;
        assert_eq!(response.code(), Some(AckCode::AA), "{declared}");
        let given = destination.given.lock().expect("not poisoned").pop();
        assert_eq!(given.as_deref(), Some(&message[..]), "{declared}");
    }
}
