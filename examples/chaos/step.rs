//! [`Step`]: one thing that a peer does, and [`Script`]: one after the other.

use std::{fmt, time::Duration};

use crate::{
    message::{frame, message},
    row::{Known, Settings, Transport},
};

/// What is written in answer to the message that was read last; it gets that message's
/// acknowledgment.
type Words = fn(&[u8]) -> Vec<u8>;

/// One thing that a peer does, or waits for.
#[derive(Clone)]
#[non_exhaustive]
pub enum Step {
    /// Takes a new connection, and closes the one before.
    Open,
    /// Writes these bytes, as far as they are taken.
    Write(Vec<u8>),
    /// Does nothing for so long.
    Pause(Duration),
    /// Waits for the acknowledgment that names this control ID, positive or negative.
    Answer {
        /// MSA-2.
        id: String,
        /// Whether MSA-1 says AA or CA.
        positive: bool,
    },
    /// Waits for an answer that acknowledges nothing, as HTTP has for what is no message.
    Refusal,
    /// Waits for a message of the engine, on a new connection if the engine leaves this one.
    Message {
        /// It has to be the last message once more, to the byte.
        again: bool,
    },
    /// Answers the last message.
    Reply {
        /// `A`, `E` or `R`: see [`crate::acknowledgment`].
        code: char,
        /// Makes what is written of the acknowledgment.
        words: Words,
    },
    /// Says that nothing more will be written, and goes on reading.
    Finish,
    /// Waits until the other side closes; what comes before is a fault.
    Closed,
    /// The same, but takes a new connection if that does not happen for so long.
    GivenUp(Duration),
    /// Closes the connection in good order.
    Close,
    /// Closes it with a reset, where the stream can do that.
    Reset,
    /// Takes so many connections and closes each at once.
    TurnAway(usize),
}

impl fmt::Debug for Step {
    /// Lengths, and no content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("open"),
            Self::Write(bytes) => write!(f, "write {} bytes", bytes.len()),
            Self::Pause(time) => write!(f, "pause {time:?}"),
            Self::Answer { id, positive: true } => write!(f, "wait for a positive answer to {id}"),
            Self::Answer { id, positive: false } => write!(f, "wait for a negative answer to {id}"),
            Self::Refusal => f.write_str("wait for a refusal"),
            Self::Message { again: false } => f.write_str("wait for a message"),
            Self::Message { again: true } => f.write_str("wait for the same message again"),
            Self::Reply { code, .. } => write!(f, "reply {code}"),
            Self::Finish => f.write_str("finish writing"),
            Self::Closed => f.write_str("wait for the other side to close"),
            Self::GivenUp(time) => write!(f, "wait for the other side to close, at most {time:?}"),
            Self::Close => f.write_str("close"),
            Self::Reset => f.write_str("reset"),
            Self::TurnAway(count) => write!(f, "turn away {count} connections"),
        }
    }
}

/// The steps of a row while they are put together.
#[derive(Clone, Debug)]
pub struct Script {
    pub(crate) transport: Transport,
    pub(crate) settings: Settings,
    /// Makes the control IDs of this row its own.
    pub(crate) row: usize,
    pub(crate) steps: Vec<Step>,
    pub(crate) handled: Vec<String>,
    pub(crate) may_be_handled: Vec<String>,
    pub(crate) known: Vec<(usize, Known)>,
}

impl Script {
    pub(crate) fn new(transport: Transport, settings: &Settings, row: usize) -> Self {
        Self {
            transport,
            settings: settings.clone(),
            row,
            steps: Vec::new(),
            handled: Vec::new(),
            may_be_handled: Vec::new(),
            known: Vec::new(),
        }
    }

    pub(crate) fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    fn id(&self, number: usize) -> String {
        format!("{}{:02}-{number}", self.settings.prefix, self.row)
    }

    pub(crate) fn open(self) -> Self {
        self.step(Step::Open)
    }

    pub(crate) fn write(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.step(Step::Write(bytes.into()))
    }

    pub(crate) fn pause(self, time: Duration) -> Self {
        self.step(Step::Pause(time))
    }

    pub(crate) fn close(self) -> Self {
        self.step(Step::Close)
    }

    pub(crate) fn finish(self) -> Self {
        self.step(Step::Finish)
    }

    pub(crate) fn closed(self) -> Self {
        self.step(Step::Closed)
    }

    // For peers that send.

    /// Writes what `words` makes of the message with this number.
    pub(crate) fn say(self, number: usize, words: impl Fn(&[u8]) -> Vec<u8>) -> Self {
        let message = message(&self.id(number));
        self.write(words(&message))
    }

    /// Writes the message with this number as the transport asks.
    pub(crate) fn send(self, number: usize) -> Self {
        match self.transport {
            Transport::Mllp => self.say(number, frame),
            Transport::Http => self.say(number, post),
        }
    }

    /// Waits for the positive answer to the message with this number, which is handled.
    pub(crate) fn accepted(mut self, number: usize) -> Self {
        let id = self.id(number);
        if !self.handled.contains(&id) {
            self.handled.push(id.clone());
        }
        self.step(Step::Answer { id, positive: true })
    }

    /// The message with this number may be handled or not: nobody waits to hear of it.
    pub(crate) fn perhaps(mut self, number: usize) -> Self {
        self.may_be_handled.push(self.id(number));
        self
    }

    /// Nothing is wrong with the engine: a new connection is served.
    pub(crate) fn then_served(self) -> Self {
        self.open().send(99).accepted(99)
    }

    // For peers that receive.

    /// Waits for the message with this number; `known` is all that its sender may say of it then.
    pub(crate) fn take(mut self, number: usize, known: Known) -> Self {
        let again = self.known.last().is_some_and(|(last, _)| *last == number);
        self.known.push((number, known));
        self.step(Step::Message { again })
    }

    pub(crate) fn reply(self, code: char, words: Words) -> Self {
        self.step(Step::Reply { code, words })
    }

    /// Answers well.
    pub(crate) fn accept(self) -> Self {
        match self.transport {
            Transport::Mllp => self.reply('A', frame),
            Transport::Http => self.reply('A', |ack| response("200 OK", ack)),
        }
    }
}

/// A request of HTTP/1.1 with this message.
pub(crate) fn post(message: &[u8]) -> Vec<u8> {
    post_with("", message)
}

pub(crate) fn post_with(headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST / HTTP/1.1\r\nHost: engine\r\nContent-Type: application/hl7-v2+er7; charset=utf-8\r\n\
         {headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// A response of HTTP/1.1 with this HL7 content.
pub(crate) fn response(status: &str, content: &[u8]) -> Vec<u8> {
    response_of("application/hl7-v2+er7; charset=utf-8", status, content)
}

pub(crate) fn response_of(content_type: &str, status: &str, content: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
        content.len()
    );
    [head.as_bytes(), content].concat()
}
