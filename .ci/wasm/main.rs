//! Receives, acknowledges and matches without a clock, without randomness and without a runtime of
//! the system: all of it is passed in.
//!
//! `just wasm` builds this for wasm32-unknown-unknown, where asking the system for the time panics,
//! and has node run it. A panic is a trap there, and ends node with an error.

use std::{
    pin::pin,
    sync::atomic::{AtomicU64, Ordering},
    task::{Context, Poll, Waker},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use hl7_ack::{
    AckCode, Acknowledger, Action, Deliver, Delivery, Enhanced, Finding, Handled, MemoryStore,
    Outcome, Outstanding, Peer, Received, Replay, Responder,
};
use hl7_parse::OwnedMessage;

const MESSAGE: &str = "MSH|^~\\&|LAB|GH|EHR|GH|20260101||ORU^R01|77|P|2.5.1|||AL|AL\rPID|1\r";

fn clock() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_767_323_045)
}

fn acknowledger() -> Acknowledger {
    let count = AtomicU64::new(0);
    Acknowledger::with(clock, move || count.fetch_add(1, Ordering::Relaxed).to_string())
}

/// Nothing here waits for anything but itself.
fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let message = OwnedMessage::parse(MESSAGE)?;
    let built = acknowledger().acknowledge(&message.as_message(), &Outcome::accepted());
    let built = built.ok_or("an acknowledgment is due")?;
    let expected =
        "MSH|^~\\&|EHR|GH|LAB|GH|20260102030405+0000||ACK^R01^ACK|0|P|2.5.1\rMSA|CA|77\r";
    assert_eq!(built.as_bytes(), expected, "built");
    assert!(acknowledger().refuse_unreadable(b"PID|1", &Outcome::accepted()).is_some());
    let found = Outstanding::of(&message).examine(built.as_bytes().clone());
    assert!(matches!(found, Finding::Answer(answer) if answer.application_due()));

    // A server of two acknowledgments that knows copies, and a way back.
    let back = Handled::by(async |_: Received| Outcome::accepted()).acknowledger(acknowledger());
    let store = async |_: Received| Outcome::accepted();
    let application = async |_: Received| Outcome::accepted();
    let enhanced = Enhanced::new(store, application, back, |_, _| {}).acknowledger(acknowledger());
    let replay = Replay::new(MemoryStore::new().clock(clock)).acknowledger(acknowledger());
    let responder = Responder::new(replay.around(enhanced)).with_acknowledger(acknowledger());
    let mut answers = Vec::new();
    for _ in 0..2 {
        let mut response = run(responder.respond(MESSAGE.into(), Peer::default()));
        assert_eq!(response.code(), Some(AckCode::CA), "answered");
        if let Some(then) = response.take_then() {
            run(then);
        }
        answers.push(response.action().clone());
    }
    assert!(answers.windows(2).all(|pair| pair.first() == pair.last()), "the same to a copy");
    assert!(matches!(answers.first(), Some(Action::Answer(_))));

    let handled = Handled::by(async |_: Received| Outcome::accepted()).acknowledger(acknowledger());
    assert!(matches!(run(handled.deliver(message)), Delivery::Answered(_)));
    Ok(())
}
