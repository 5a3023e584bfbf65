//! What `hl7-ack` makes of marked messages: decisions, acknowledgments, decorators, their errors.

use std::time::Duration;

use hl7_ack::{
    AcceptOnly, AckCode, Acknowledger, AnyHandler, BatchAnswer, BatchForm, Cause, CauseKind,
    Deliver, Delivery, ErrorCode, Fault, Forward, Handler, InOrder, MemoryStore, OneAttempt,
    Outcome, Outstanding, Peer, PerKey, Received, Replay, ReplayKey, Reply, Responder, Retry,
    RetryPolicy, TimeLimited,
};
use hl7_chaos::{MARK, acknowledgment};
use hl7_parse::{OwnedMessage, Path};
use hl7_transport::TokioTimer;

use crate::{
    marks::{assert_clean, damaged, marked},
    witness::Witness,
};

fn owned() -> OwnedMessage {
    OwnedMessage::parse(marked()).unwrap()
}

fn received() -> Received {
    Received::new(owned(), Peer::default())
}

/// What a handler may come to.
async fn outcomes(number: usize) -> Reply {
    match number {
        0 => Outcome::accepted().into(),
        1 => Outcome::error(ErrorCode::REQUIRED_FIELD_MISSING, MARK).at(Path::new("PID-3")).into(),
        2 => Outcome::rejected(ErrorCode::APPLICATION_ERROR, MARK)
            .with(Fault::new(ErrorCode::TABLE_VALUE_NOT_FOUND, MARK))
            .into(),
        3 => owned().into(),
        4 => Reply::none(),
        5 => Reply::hang_up(),
        6 => Reply::from(Outcome::accepted()).then(async {}),
        _ => panic!("of a handler"),
    }
}

/// A far side that comes to nothing, or to this answer.
struct Far(Option<Vec<u8>>);

impl Deliver for Far {
    async fn deliver(&self, message: OwnedMessage) -> Delivery {
        let Some(answer) = &self.0 else {
            return Delivery::NotSent(Cause::new(CauseKind::Unreachable, "nobody is there"));
        };
        match Outstanding::of(&message).examine(answer.clone().into()) {
            hl7_ack::Finding::Answer(answer) => Delivery::Answered(answer),
            other => {
                assert_clean("a finding", &format!("{other:?}"));
                Delivery::Unknown(Cause::new(CauseKind::Unreadable, "no answer"))
            }
        }
    }
}

impl OneAttempt for Far {}

#[tokio::test]
async fn replies_and_their_acknowledgments_show_no_value() {
    let witness = Witness::get();
    for number in 0..8 {
        let handler = AnyHandler::new(move |_: Received| outcomes(number));
        let replay = Replay::new(MemoryStore::new());
        for handler in [
            handler.clone(),
            replay.clone().around(handler.clone()),
            AcceptOnly::types([MARK]).around(handler.clone()),
            AcceptOnly::types(["ORU^*"]).around(handler.clone()),
        ] {
            let responder = Responder::new(handler.clone());
            assert_clean("a responder", &format!("{responder:?} {replay:?} {handler:?}"));
            for bytes in [marked(), marked()[..40].to_vec(), MARK.into(), marked()[8..].to_vec()] {
                let response = responder.respond(bytes.into(), Peer::default()).await;
                assert_clean("a response", &format!("{response:?}"));
            }
        }
        if number < 7 {
            assert_clean("a reply", &format!("{:?} {:?}", outcomes(number).await, received()));
        }
    }
    for bytes in damaged() {
        let responder = Responder::new(|_: Received| async { Outcome::accepted() });
        let response = responder.respond(bytes.into(), Peer::default()).await;
        assert_clean("a response to damage", &format!("{response:?}"));
    }
    assert_clean("the log", &witness.seen());
}

#[tokio::test]
async fn deliveries_and_their_decorators_show_no_value() {
    let witness = Witness::get();
    let ack = |code| acknowledgment(&marked(), code).unwrap();
    let errors = format!("ERR||PID^1^5|101^{MARK}|E|{MARK}||{MARK}\r");
    let erring = [&ack('E')[..], errors.as_bytes()].concat();
    let answers = [
        None,
        Some(ack('A')),
        Some(ack('R')),
        Some(erring),
        Some(marked()),
        Some(MARK.into()),
        Some(format!("MSH|^~\\&|{MARK}\rMSA|{MARK}|77|{MARK}\r").into_bytes()),
    ];
    let timer = TokioTimer::default();
    for answer in answers {
        let retry = Retry::new(Far(answer.clone()), RetryPolicy::park_content_errors(), timer)
            .pauses(Duration::from_millis(1), Duration::from_millis(1));
        let per_key = PerKey::by_patient(Far(answer.clone()));
        let limited = TimeLimited::new(Far(answer.clone()), Duration::from_secs(1), timer);
        let delivery = Far(answer.clone()).deliver(owned()).await;
        assert_clean("a delivery", &format!("{delivery:?}"));
        if let Some(cause) = delivery.cause() {
            assert_clean("a cause", &cause.to_string());
        }
        for delivery in [
            InOrder::new(retry).deliver(owned()).await,
            per_key.deliver(owned()).await,
            limited.deliver(owned()).await,
        ] {
            assert_clean("a decorated delivery", &format!("{delivery:?}"));
        }
        let forward = Forward::to(Far(answer.clone())).translate_level();
        assert_clean("forward", &format!("{forward:?} {:?}", forward.handle(received()).await));
    }
    assert_clean("the log", &witness.seen());
}

#[test]
fn what_decides_shows_no_value() {
    let message = owned();
    let view = message.as_message();
    let acknowledger = Acknowledger::new().identity(MARK, MARK);
    let outcome = Outcome::error(ErrorCode::APPLICATION_ERROR, MARK);
    let built = acknowledger.build(&view.header(), AckCode::AE, &outcome);
    let text = format!(
        "{acknowledger:?} {outcome:?} {built:?} {:?} {:?} {:?} {:?} {:?}",
        acknowledger.acknowledge(&view, &outcome),
        Outstanding::of(&message),
        ReplayKey::of(&view),
        BatchAnswer::new(acknowledger.clone(), BatchForm::default()),
        hl7_ack::ControlId::from(MARK),
    );
    assert_clean("a decision", &text);
    // The mark is there, where it belongs.
    let built = String::from_utf8_lossy(built.as_bytes()).into_owned();
    assert!(built.contains(MARK), "{built}");
}
