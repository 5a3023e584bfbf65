//! A destination that does what it is told, and a timer on tokio's clock.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use hl7_ack::{
    Cause, CauseKind, Deliver, Delivery, Finding, OneAttempt, Outstanding, Progress, Timer,
};
use hl7_parse::OwnedMessage;
use tokio::time::Instant;

pub(crate) const SECOND: Duration = Duration::from_secs(1);

#[derive(Clone, Copy)]
pub(crate) struct TokioTimer;

impl Timer for TokioTimer {
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// What comes of one attempt.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// MSA-1, and the segments after MSA.
    Answer(&'static str, &'static str),
    NoneDue,
    NotSent(CauseKind),
    Unknown(CauseKind),
    /// Begins, waits, and then does that.
    After(Duration, Box<Self>),
    /// Waits, and only then begins and does that.
    BeginAfter(Duration, Box<Self>),
}

pub(crate) fn after(duration: Duration, step: Step) -> Step {
    Step::After(duration, Box::new(step))
}

pub(crate) const AA: Step = Step::Answer("AA", "");
pub(crate) const AE: Step = Step::Answer("AE", "");
pub(crate) const AR: Step = Step::Answer("AR", "");
pub(crate) const REFUSED: Step = Step::NotSent(CauseKind::Unreachable);
pub(crate) const LOST: Step = Step::Unknown(CauseKind::Closed);

/// What a [`Script`] was given, and when.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) bytes: Bytes,
    pub(crate) at: Instant,
    pub(crate) completed: bool,
}

/// Does one step for each attempt, and AA at once after the last.
#[derive(Clone, Default)]
pub(crate) struct Script {
    steps: Arc<Mutex<VecDeque<Step>>>,
    given: Arc<Mutex<Vec<Given>>>,
}

impl Script {
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        let steps = Arc::new(Mutex::new(steps.into_iter().collect()));
        Self { steps, given: Arc::default() }
    }

    pub(crate) fn given(&self) -> Vec<Given> {
        self.given.lock().expect("not poisoned").clone()
    }

    /// MSH-10 of each attempt, in order.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.given().iter().map(|given| control_id(&given.bytes)).collect()
    }
}

impl OneAttempt for Script {}

impl Deliver for Script {
    fn deliver(&self, message: OwnedMessage) -> impl Future<Output = Delivery> + Send {
        self.deliver_tracked(message, Progress::new())
    }

    async fn deliver_tracked(&self, message: OwnedMessage, progress: Progress) -> Delivery {
        let given =
            Given { bytes: message.as_bytes().clone(), at: Instant::now(), completed: false };
        let number = {
            let mut all = self.given.lock().expect("not poisoned");
            all.push(given);
            all.len() - 1
        };
        let mut step = self.steps.lock().expect("not poisoned").pop_front().unwrap_or(AA);
        let delivery = loop {
            match step {
                Step::BeginAfter(duration, next) => {
                    tokio::time::sleep(duration).await;
                    step = *next;
                }
                Step::After(duration, next) => {
                    progress.begin();
                    tokio::time::sleep(duration).await;
                    step = *next;
                }
                Step::NotSent(kind) => break Delivery::NotSent(Cause::new(kind, "as told")),
                Step::Unknown(kind) => {
                    progress.begin();
                    break Delivery::Unknown(Cause::new(kind, "as told"));
                }
                Step::NoneDue => {
                    progress.begin();
                    break Delivery::NoneDue;
                }
                Step::Answer(code, rest) => {
                    progress.begin();
                    break answered(&message, code, rest);
                }
            }
        };
        self.given.lock().expect("not poisoned")[number].completed = true;
        delivery
    }
}

/// An answer to the message, as a far side would write it.
pub(crate) fn answered(message: &OwnedMessage, code: &str, rest: &str) -> Delivery {
    let id = control_id(message.as_bytes());
    let answer = format!("MSH|^~\\&|C|D|A|B|1||ACK|far{id}|P|2.5\rMSA|{code}|{id}\r{rest}");
    match Outstanding::of(message).examine(answer.into()) {
        Finding::Answer(answer) => Delivery::Answered(answer),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn control_id(bytes: &[u8]) -> String {
    let message = hl7_parse::Message::parse(bytes).expect("readable");
    message.header().control_id().decode().into_owned()
}

/// In original mode.
pub(crate) fn message(id: &str) -> OwnedMessage {
    asking(id, "")
}

/// With these as MSH-15 and MSH-16.
pub(crate) fn asking(id: &str, asked: &str) -> OwnedMessage {
    let message = format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|{id}|P|2.5|||{asked}\rPID|1\r");
    OwnedMessage::parse(message).expect("readable")
}

/// Of this patient; with `merged`, the merge of that one into this.
pub(crate) fn patient(id: &str, patient: &str, merged: &str) -> OwnedMessage {
    let merge = match merged {
        "" => String::new(),
        merged => format!("MRG|{merged}^^^GH\r"),
    };
    let text = format!("MSH|^~\\&|A|B|C|D|1||ADT^A40|{id}|P|2.5\rPID|1||{patient}^^^GH\r{merge}");
    OwnedMessage::parse(text).expect("readable")
}

/// In one word: the code of an answer, or what else became of it.
pub(crate) fn word(delivery: &Delivery) -> &'static str {
    match delivery {
        Delivery::Answered(answer) => answer.code().map_or("??", hl7_ack::AckCode::as_str),
        Delivery::NoneDue => "none due",
        Delivery::NotSent(_) => "not sent",
        Delivery::Unknown(_) => "unknown",
        _ => "?",
    }
}
