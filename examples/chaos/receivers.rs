//! The peers that receive over MLLP.

use crate::{
    Known::{Accepted, AcceptedInTheEnd, NotKnown, Refused},
    Step,
    message::{frame, message},
    row::Template,
};

pub(crate) const ROWS: &[Template] = &[
    ("well", "every message is acknowledged", "sends the next on the same connection", |s| {
        s.take(1, Accepted).accept().take(2, Accepted).accept()
    }),
    ("answer-in-bytes", "every byte of the answer is written apart", "reads it", |s| {
        // The acknowledgment is not known yet: its frame is cut where it always can be.
        s.take(1, Accepted)
            .reply('A', |_| b"\x0b".to_vec())
            .reply('A', |ack| ack.get(..7).unwrap_or_default().to_vec())
            .reply('A', |ack| ack.get(7..).unwrap_or_default().to_vec())
            .reply('A', |_| b"\x1c".to_vec())
            .reply('A', |_| b"\r".to_vec())
            .take(2, Accepted)
            .accept()
    }),
    (
        "answer-without-cr",
        "no CR follows the FS of the answer",
        "takes it after a short wait",
        |s| {
            s.take(1, Accepted)
                .reply('A', |ack| [b"\x0b", ack, b"\x1c"].concat())
                .take(2, Accepted)
                .accept()
        },
    ),
    (
        "answer-after-noise",
        "blanks and line ends come before the answer",
        "passes over them",
        |s| {
            s.take(1, Accepted)
                .reply('A', |ack| [b"\r\n\0 ", &frame(ack)[..]].concat())
                .take(2, Accepted)
                .accept()
        },
    ),
    ("answer-with-lf", "the answer has LF ends and none at last", "reads it", |s| {
        s.take(1, Accepted).reply('A', |ack| frame(&with_lf(ack))).take(2, Accepted).accept()
    }),
    (
        "answer-late",
        "the answer comes when nobody waits",
        "does not take it for the next one's",
        |s| {
            let late = s.settings.late;
            s.take(1, NotKnown)
                .step(Step::GivenUp(late))
                .accept()
                .open()
                .take(2, Refused)
                .reply('E', frame)
        },
    ),
    ("answer-nonsense", "the answer is the word ACK", "does not take it for success", |s| {
        s.take(1, NotKnown).reply('A', |_| frame(b"ACK")).closed().take(2, Accepted).accept()
    }),
    ("answer-empty", "the answer is an empty frame", "does not take it for success", |s| {
        s.take(1, NotKnown).reply('A', |_| frame(b"")).closed().take(2, Accepted).accept()
    }),
    ("answer-unframed", "the answer has no frame", "does not take it for success", |s| {
        s.take(1, NotKnown).reply('A', |_| b"OK\r\n".to_vec()).closed().take(2, Accepted).accept()
    }),
    ("answer-foreign", "the answer names another message", "does not take it for success", |s| {
        s.take(1, NotKnown)
            .reply('A', |ack| frame(&[ack.trim_ascii_end(), b"X\r"].concat()))
            .closed()
            .take(2, Accepted)
            .accept()
    }),
    (
        "commit-alone",
        "the answer is a block with ACK alone, as release 2 has it",
        "does not take it for success unless told of release 2",
        |s| s.take(1, NotKnown).reply('A', |_| frame(b"\x06")).closed().take(2, Accepted).accept(),
    ),
    (
        "nak-alone",
        "the answer is the byte NAK without a frame",
        "does not take it for success",
        |s| {
            s.take(1, NotKnown).reply('A', |_| b"\x15".to_vec()).closed().take(2, Accepted).accept()
        },
    ),
    ("answer-http", "an HTTP server answers", "does not take it for success", |s| {
        s.take(1, NotKnown)
            .reply('A', |_| b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".to_vec())
            .closed()
            .take(2, Accepted)
            .accept()
    }),
    ("not-answered", "it closes instead of answering", "sends the same bytes again", |s| {
        s.take(1, NotKnown).close().take(1, Accepted).accept()
    }),
    ("reset", "it resets instead of answering", "sends the same bytes again", |s| {
        s.take(1, NotKnown).step(Step::Reset).take(1, Accepted).accept()
    }),
    ("answer-cut", "it closes within the answer", "sends the same bytes again", |s| {
        s.take(1, NotKnown)
            .reply('A', |ack| frame(ack).get(..ack.len() / 2).unwrap_or_default().to_vec())
            .close()
            .take(1, Accepted)
            .accept()
    }),
    ("silent", "it never answers", "gives up, and sends the same bytes on a new connection", |s| {
        s.take(1, NotKnown).closed().take(1, Accepted).accept()
    }),
    (
        "answer-twice",
        "every answer is sent twice",
        "does not take the copy for the next one's",
        |s| {
            s.take(1, Accepted)
                .reply('A', |ack| [frame(ack), frame(ack)].concat())
                .take(2, Refused)
                .reply('E', frame)
        },
    ),
    (
        "own-message-first",
        "a message of its own comes before the answer",
        "waits for the answer",
        |s| {
            s.take(1, Accepted)
                .reply('A', |ack| [frame(&message("OWN")), frame(ack)].concat())
                .take(2, Accepted)
                .accept()
        },
    ),
    ("refuses", "it says AE, then AR", "does not take it for success", |s| {
        s.take(1, Refused).reply('E', frame).take(2, Refused).reply('R', frame)
    }),
    ("idle-cut", "it closes after each answer", "notices, and connects again for the next", |s| {
        s.take(1, Accepted)
            .accept()
            .close()
            .take(2, Accepted)
            .accept()
            .close()
            .take(3, Accepted)
            .accept()
    }),
    (
        "half-closed",
        "it shuts its writing side after an answer",
        "connects again for the next",
        |s| s.take(1, Accepted).accept().finish().closed().take(2, Accepted).accept(),
    ),
    (
        "down",
        "it closes connections at once for a while",
        "pauses longer each time, comes back",
        |s| s.step(Step::TurnAway(3)).take(1, AcceptedInTheEnd).accept(),
    ),
];

fn with_lf(ack: &[u8]) -> Vec<u8> {
    let lines = ack.trim_ascii_end().iter();
    lines.map(|byte| if *byte == b'\r' { b'\n' } else { *byte }).collect()
}
