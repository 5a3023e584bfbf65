//! The peers that send over MLLP.

use std::time::Duration;

use crate::{Step, message::frame, row::Template, step::Script};

/// A moment in which nothing comes; shorter than any time limit for the end of a frame.
const MOMENT: Duration = Duration::from_millis(50);

/// Longer than the wait for a CR after FS may be.
const LATE_CR: Duration = Duration::from_millis(700);

pub(crate) const ROWS: &[Template] = &[
    (
        "trailer-split",
        "FS and CR come in packets of their own",
        "answers as if they were one",
        |s| {
            s.open()
                .say(1, |message| [b"\x0b", message].concat())
                .pause(MOMENT)
                .write(*b"\x1c")
                .pause(MOMENT)
                .write(*b"\r")
                .accepted(1)
                .send(2)
                .accepted(2)
        },
    ),
    ("cr-late", "the CR after FS comes a while later", "answers once, and takes the next", |s| {
        s.open().say(1, without_cr).pause(LATE_CR).write(*b"\r").accepted(1).send(2).accepted(2)
    }),
    ("cr-missing", "no CR follows FS, ever", "takes FS for the end after a short wait", |s| {
        s.open().say(1, without_cr).accepted(1).say(2, without_cr).accepted(2).send(3).accepted(3)
    }),
    ("byte-by-byte", "every byte is written apart", "answers as if they were one", |s| {
        let mut script = s.open().say(1, frame);
        if let Some(Step::Write(bytes)) = script.steps.pop() {
            script = bytes.into_iter().fold(script, |script, byte| script.write([byte]));
        }
        script.accepted(1)
    }),
    ("parts-apart", "VT, body, FS CR are written apart", "answers as if they were one", |s| {
        s.open()
            .write(*b"\x0b")
            .pause(MOMENT)
            .say(1, <[u8]>::to_vec)
            .pause(MOMENT)
            .write(*b"\x1c\r")
            .accepted(1)
    }),
    ("many-at-once", "a hundred frames come in one write", "answers all, in order", |s| {
        let script = (1..=100).fold(s.open(), Script::send);
        let script = joined(script);
        (1..=100).fold(script, Script::accepted)
    }),
    ("noise-between", "NULs, blanks and line ends stand between frames", "passes over them", |s| {
        s.open()
            .say(1, |message| [b"\0\0 \r\n", &frame(message)[..]].concat())
            .accepted(1)
            .say(2, |message| [b"\r\n\n", &frame(message)[..], b"\r\n"].concat())
            .accepted(2)
            .send(3)
            .accepted(3)
    }),
    ("noise-endless", "noise comes and no frame", "closes, and serves others", |s| {
        (0..64).fold(s.open(), |s, _| s.write([b'#'; 64 * 1024])).closed().then_served()
    }),
    (
        "start-inside",
        "a frame is cut off and the next begins",
        "drops the part, takes the next",
        |s| {
            s.open()
                .say(1, |message| frame(message).get(..60).unwrap_or_default().to_vec())
                .send(2)
                .accepted(2)
        },
    ),
    ("end-inside", "FS stands within a message, no CR after it", "takes it for content", |s| {
        s.open()
            .say(1, |message| frame(&[message, b"NTE|1||a\x1cb\r"].concat()))
            .accepted(1)
            .send(2)
            .accepted(2)
    }),
    ("cut-off", "the connection ends within a frame", "drops the part, serves others", |s| {
        s.open().say(1, half).close().then_served()
    }),
    ("stall", "the sender stops within a frame and stays", "closes once its time is over", |s| {
        s.open().say(1, half).closed().then_served()
    }),
    ("probe", "a load balancer connects and closes", "serves others, logs no error", |s| {
        s.open().close().open().step(Step::Reset).then_served()
    }),
    ("empty-frame", "frames without content come as signs of life", "passes over them", |s| {
        s.open().write(*b"\x0b\x1c\r\x0b\x1c\r").send(1).accepted(1)
    }),
    ("http-spoken", "a browser asks the port", "closes, and serves others", |s| {
        s.open().write(*b"GET / HTTP/1.1\r\nHost: engine\r\n\r\n").closed().then_served()
    }),
    ("tls-spoken", "a TLS client asks the plain port", "closes, and serves others", |s| {
        s.open().write(*b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00").closed().then_served()
    }),
    (
        "no-frame",
        "a message comes without a frame, ended by the end of the connection",
        "hands nothing on, serves others",
        |s| s.open().say(1, <[u8]>::to_vec).finish().closed().then_served(),
    ),
    ("half-close", "the sender shuts its writing side", "answers what came, then closes", |s| {
        s.open().send(1).send(2).finish().accepted(1).accepted(2).closed()
    }),
    (
        "answer-lost",
        "the same bytes come again: no answer was seen",
        "gives a positive answer again",
        |s| s.open().send(1).accepted(1).close().open().send(1).accepted(1),
    ),
    ("gone", "the sender resets before its answer", "serves others", |s| {
        s.open().send(1).perhaps(1).step(Step::Reset).then_served()
    }),
    ("large", "a document of many megabytes comes", "takes it in one piece", |s| {
        let len = s.settings.large;
        s.open()
            .say(1, |message| {
                let mut message = message.to_vec();
                message.extend_from_slice(b"OBX|1|ED|18842-5^Document^LN||^AP^PDF^Base64^");
                message.resize(len.max(message.len()), b'Q');
                message.extend_from_slice(b"||||||F\r");
                frame(&message)
            })
            .accepted(1)
            .send(2)
            .accepted(2)
    }),
    ("lf-ends", "segments end with LF", "reads them", |s| {
        s.open().say(1, |message| frame(&ends(message, b"\n"))).accepted(1)
    }),
    ("crlf-ends", "segments end with CR LF", "reads them", |s| {
        s.open().say(1, |message| frame(&ends(message, b"\r\n"))).accepted(1)
    }),
    ("no-last-cr", "the last segment has no end", "reads it", |s| {
        s.open().say(1, |message| frame(message.trim_ascii_end())).accepted(1)
    }),
    ("two-crs", "the last segment has two ends", "reads it", |s| {
        s.open().say(1, |message| frame(&[message, b"\r"].concat())).accepted(1)
    }),
    ("bom", "a byte order mark follows VT", "passes over it", |s| {
        s.open().say(1, |message| frame(&[b"\xef\xbb\xbf", message].concat())).accepted(1)
    }),
    ("two-in-one-frame", "a frame holds two messages", "answers each, in order", |s| {
        let script = joined(s.open().say(1, <[u8]>::to_vec).say(2, <[u8]>::to_vec));
        let Some(Step::Write(both)) = script.steps.last() else { return script };
        let framed = frame(both);
        let mut script = script;
        script.steps.pop();
        script.write(framed).accepted(1).accepted(2)
    }),
];

fn without_cr(message: &[u8]) -> Vec<u8> {
    [b"\x0b", message, b"\x1c"].concat()
}

fn half(message: &[u8]) -> Vec<u8> {
    frame(message).get(..message.len() / 2).unwrap_or_default().to_vec()
}

fn ends(message: &[u8], end: &[u8]) -> Vec<u8> {
    message.trim_ascii_end().split(|byte| *byte == b'\r').flat_map(|line| [line, end]).fold(
        Vec::new(),
        |mut text, part| {
            text.extend_from_slice(part);
            text
        },
    )
}

/// All that is written becomes one write.
fn joined(mut script: Script) -> Script {
    let mut all = Vec::new();
    script.steps.retain(|step| match step {
        Step::Write(bytes) => {
            all.extend_from_slice(bytes);
            false
        }
        _ => true,
    });
    script.write(all)
}
