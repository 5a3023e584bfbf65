//! The peers that send over HTTP.

use crate::{
    Step,
    message::frame,
    row::Template,
    step::{post, post_with},
};

pub(crate) const ROWS: &[Template] = &[
    ("http-framed", "the body has the frame of MLLP around it", "reads what is in it", |s| {
        s.open().say(1, |message| post(&frame(message))).accepted(1)
    }),
    ("http-lf-ends", "segments end with LF", "reads them", |s| {
        s.open()
            .say(1, |message| {
                post(
                    &message
                        .iter()
                        .map(|b| if *b == b'\r' { b'\n' } else { *b })
                        .collect::<Vec<_>>(),
                )
            })
            .accepted(1)
    }),
    ("http-chunked", "the body comes in chunks of one byte", "reads it in one piece", |s| {
        s.open()
            .say(1, |message| {
                let mut text = b"POST / HTTP/1.1\r\nHost: engine\r\nContent-Type: text/plain\r\n\
                    Transfer-Encoding: chunked\r\n\r\n"
                    .to_vec();
                for byte in message {
                    text.extend_from_slice(&[b'1', b'\r', b'\n', *byte, b'\r', b'\n']);
                }
                text.extend_from_slice(b"0\r\n\r\n");
                text
            })
            .accepted(1)
            .send(2)
            .accepted(2)
    }),
    ("http-pipelined", "two requests come in one write", "answers both, in order", |s| {
        let mut script = s.open().send(1).send(2);
        if let (Some(Step::Write(second)), Some(Step::Write(first))) =
            (script.steps.pop(), script.steps.pop())
        {
            script = script.write([first, second].concat());
        }
        script.accepted(1).accepted(2)
    }),
    (
        "http-cut-off",
        "the connection ends within the body",
        "hands nothing on, serves others",
        |s| {
            s.open()
                .say(1, |message| {
                    let whole = post(message);
                    whole.get(..whole.len().saturating_sub(20)).unwrap_or_default().to_vec()
                })
                .close()
                .then_served()
        },
    ),
    ("http-half-close", "the sender shuts its writing side", "answers what came", |s| {
        s.open().send(1).finish().accepted(1)
    }),
    (
        "http-answer-lost",
        "the same bytes come again: no answer was seen",
        "gives a positive answer again",
        |s| s.open().send(1).accepted(1).close().open().send(1).accepted(1),
    ),
    ("http-gone", "the sender resets before its answer", "serves others", |s| {
        s.open().send(1).perhaps(1).step(Step::Reset).then_served()
    }),
    ("http-no-message", "the body is no message", "refuses it, serves others", |s| {
        s.open().write(post(b"hello")).step(Step::Refusal).then_served()
    }),
    ("http-empty", "the body is empty", "refuses it, serves others", |s| {
        s.open().write(post(b"")).step(Step::Refusal).then_served()
    }),
    ("http-get", "a probe asks with GET", "hands nothing on, serves others", |s| {
        s.open().write(*b"GET / HTTP/1.1\r\nHost: engine\r\n\r\n").step(Step::Refusal).then_served()
    }),
    ("http-mllp-spoken", "a frame of MLLP comes without HTTP", "refuses it, serves others", |s| {
        s.open().say(1, frame).step(Step::Refusal).then_served()
    }),
    ("http-two-lengths", "a head says two lengths", "refuses it, serves others", |s| {
        s.open()
            .say(1, |message| post_with("Content-Length: 1\r\n", message))
            .step(Step::Refusal)
            .then_served()
    }),
];
