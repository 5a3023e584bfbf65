//! The peers that receive over HTTP.

use crate::{
    Known::{Accepted, NotKnown, Refused},
    Step,
    row::Template,
    step::{response, response_of},
};

pub(crate) const ROWS: &[Template] = &[
    ("http-well", "every message is acknowledged", "sends the next", |s| {
        s.take(1, Accepted).accept().take(2, Accepted).accept()
    }),
    ("http-refuses", "AE comes with status 200, then AR", "believes the body", |s| {
        s.take(1, Refused)
            .reply('E', |ack| response("200 OK", ack))
            .take(2, Refused)
            .reply('R', |ack| response("200 OK", ack))
    }),
    ("http-ae-under-500", "AE comes with status 500", "believes the body", |s| {
        s.take(1, Refused).reply('E', |ack| response("500 Internal Server Error", ack))
    }),
    ("http-ar-under-400", "AR comes with status 400", "believes the body", |s| {
        s.take(1, Refused).reply('R', |ack| response("400 Bad Request", ack))
    }),
    (
        "http-aa-under-400",
        "AA comes with status 400",
        "believes the body, unless told that this peer means its status",
        |s| s.take(1, Accepted).reply('A', |ack| response("400 Bad Request", ack)),
    ),
    ("http-answer-lf", "the answer has LF ends and none at last", "reads it", |s| {
        s.take(1, Accepted).reply('A', |ack| {
            let text = ack.trim_ascii_end().iter();
            let text: Vec<u8> = text.map(|b| if *b == b'\r' { b'\n' } else { *b }).collect();
            response_of("text/plain", "200 OK", &text)
        })
    }),
    (
        "http-answer-empty",
        "status 200 comes with an empty body",
        "does not take it for success",
        |s| s.take(1, NotKnown).reply('A', |_| response("200 OK", b"")),
    ),
    ("http-page", "status 200 comes with a web page", "does not take it for success", |s| {
        s.take(1, NotKnown)
            .reply('A', |_| response_of("text/html", "200 OK", b"<html>Welcome</html>"))
    }),
    ("http-foreign", "the answer names another message", "does not take it for success", |s| {
        s.take(1, NotKnown)
            .reply('A', |ack| response("200 OK", &[ack.trim_ascii_end(), b"X\r"].concat()))
    }),
    ("http-busy", "status 503 comes, and then an answer", "sends the same bytes again", |s| {
        s.take(1, NotKnown)
            .reply('A', |_| response_of("text/plain", "503 Service Unavailable", b""))
            .take(1, Accepted)
            .accept()
    }),
    (
        "http-redirect",
        "status 307 names another host",
        "does not follow without being told to",
        |s| {
            s.take(1, NotKnown).reply('A', |_| {
                b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://192.0.2.1/\r\n\
              Content-Length: 0\r\n\r\n"
                    .to_vec()
            })
        },
    ),
    ("http-cut", "it closes within the answer", "sends the same bytes again", |s| {
        s.take(1, NotKnown)
            .reply('A', |ack| {
                let whole = response("200 OK", ack);
                whole.get(..whole.len().saturating_sub(9)).unwrap_or_default().to_vec()
            })
            .close()
            .take(1, Accepted)
            .accept()
    }),
    ("http-reset", "it resets instead of answering", "sends the same bytes again", |s| {
        s.take(1, NotKnown).step(Step::Reset).take(1, Accepted).accept()
    }),
    ("http-silent", "it never answers", "gives up, and sends the same bytes again", |s| {
        s.take(1, NotKnown).closed().take(1, Accepted).accept()
    }),
    ("http-idle-cut", "it closes after each answer and did not say so", "connects again", |s| {
        s.take(1, Accepted).accept().close().take(2, Accepted).accept()
    }),
];
