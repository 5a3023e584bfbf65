//! What a bridge to MLLP makes of the charset parameter.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use hl7_ack::{AnyHandler, Outcome, Received};
use hl7_http::server::{CharsetOverride, Service};
use hl7_parse::Charset;

use crate::support::{parts, post};

fn message(msh_18: &str, name: &[u8]) -> Bytes {
    let mut bytes =
        format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5||||||{msh_18}\rPID|||||").into_bytes();
    bytes.extend_from_slice(name);
    bytes.push(b'\r');
    Bytes::from(bytes)
}

/// What arrives behind the override, and MSA-1 of the answer.
async fn passed(
    wrap: impl Fn(AnyHandler) -> AnyHandler,
    content_type: &str,
    message: Bytes,
) -> (Option<Bytes>, String) {
    let seen = Arc::new(Mutex::new(None));
    let handler = AnyHandler::new({
        let seen = Arc::clone(&seen);
        move |received: Received| {
            *seen.lock().unwrap() = Some(received.message.as_bytes().clone());
            async { Outcome::accepted() }
        }
    });
    let service = Service::new(wrap(handler));
    let request = post(&[("content-type", content_type)], message);
    let (_, _, body) = parts(service.answer(request).await).await;
    let body = String::from_utf8_lossy(&body).into_owned();
    let code = body.split("\rMSA|").nth(1).map_or("", |msa| &msa[..2]).to_owned();
    let seen = seen.lock().unwrap().take();
    (seen, code)
}

#[tokio::test]
async fn rewriting_makes_msh_18_say_what_the_parameter_says() {
    let wrap = |handler| AnyHandler::new(CharsetOverride::rewriting(handler));
    let plain = "application/hl7-v2";
    for (parameter, msh_18, name, expected) in [
        ("", "8859/1", &b"M\xfcller"[..], Some("8859/1")),
        ("; charset=iso-8859-1", "8859/1", b"M\xfcller", Some("8859/1")),
        ("; charset=iso-8859-15", "8859/1", b"M\xfcller", Some("8859/15")),
        ("; charset=ISO-8859-1", "", b"M\xfcller", Some("8859/1")),
        ("; charset=utf-8", "8859/1", "Müller".as_bytes(), Some("UNICODE UTF-8")),
        ("; charset=utf-8", "UTF-8", "Müller".as_bytes(), Some("UTF-8")),
        ("; charset=utf-8", "8859/1", b"Muller", Some("8859/1")),
        ("; charset=x-nobody", "8859/1", b"M\xfcller", None),
        ("; charset=x-nobody", "8859/1", b"Muller", Some("8859/1")),
    ] {
        let content_type = format!("{plain}{parameter}");
        let (seen, code) = passed(wrap, &content_type, message(msh_18, name)).await;
        let case = format!("{parameter} {msh_18} {name:?}");
        assert_eq!(seen, expected.map(|msh_18| message(msh_18, name)), "{case}");
        assert_eq!(code, if expected.is_some() { "AA" } else { "AE" }, "{case}");
    }
}

#[tokio::test]
async fn transcoding_writes_everything_in_one_set_or_refuses() {
    let wrap = |handler| AnyHandler::new(CharsetOverride::transcoding(Charset::Latin1, handler));
    let latin = message("8859/1", b"M\xfcller");
    for (parameter, msh_18, name, expected) in [
        ("; charset=utf-8", "8859/1", "Müller".as_bytes(), Some(&latin)),
        ("; charset=utf-8", "", "Müller".as_bytes(), Some(&latin)),
        ("", "UNICODE UTF-8", "Müller".as_bytes(), Some(&latin)),
        ("; charset=iso-8859-1", "UNICODE UTF-8", b"M\xfcller", Some(&latin)),
        ("; charset=windows-1252", "", b"M\xfcller", Some(&latin)),
        ("; charset=utf-8", "", "Müller €".as_bytes(), None),
        ("; charset=utf-8", "", b"M\xfcller", None),
        ("", "UNICODE UTF-8", b"M\xfcller", None),
    ] {
        let content_type = format!("text/plain{parameter}");
        let (seen, code) = passed(wrap, &content_type, message(msh_18, name)).await;
        let case = format!("{parameter} {msh_18} {name:?}");
        assert_eq!(seen.as_ref(), expected, "{case}");
        assert_eq!(code, if expected.is_some() { "AA" } else { "AE" }, "{case}");
    }
    let ascii = message("8859/2", b"Muller");
    let (seen, _) = passed(wrap, "text/plain", ascii.clone()).await;
    assert_eq!(seen, Some(ascii), "nothing to be done");
}

#[tokio::test]
async fn transcoding_writes_sets_whose_bytes_look_like_delimiters() {
    for (to, msh_18, name) in [
        (Charset::ShiftJis, "shift_jis", &b"\x83|\x81[\x83\x8b"[..]),
        (Charset::Gb18030, "GB 18030-2000", b"\xa5\xdd\xa9`\xa5\xeb"),
        (Charset::Iso2022Jp, "ISO IR87", b"\x1b$B%]!<%k\x1b(B"),
    ] {
        let wrap = |handler| AnyHandler::new(CharsetOverride::transcoding(to, handler));
        let came = message("UNICODE UTF-8", "ポール".as_bytes());
        let (seen, code) = passed(wrap, "text/plain", came).await;
        assert_eq!((seen, &*code), (Some(message(msh_18, name)), "AA"), "{to:?}");
    }
}
