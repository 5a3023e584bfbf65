//! Every row of the table of statuses and content types, on the side that answers.

use hl7_ack::{ErrorCode, Outcome, Received, Reply};
use hl7_http::{
    Dialect,
    server::{RequestParts, Service},
};
use hl7_parse::OwnedMessage;
use http::{Method, Request, StatusCode};
use http_body_util::Full;

use crate::support::{SECRET, accept, ack, adt, header, owned, parts, post};

const ER7: (&str, &str) = ("content-type", "application/hl7-v2+er7; charset=utf-8");

/// A service that answers what the sending application is named after.
fn by_name() -> Service {
    Service::new(async |received: Received| {
        let view = received.message.as_message();
        let wanted = view.header().sending_facility().as_bytes().to_vec();
        match wanted.as_slice() {
            b"ERROR" => Outcome::error(ErrorCode::REQUIRED_FIELD_MISSING, "no").into(),
            b"REJECT" => Outcome::rejected(ErrorCode::UNSUPPORTED_EVENT_CODE, "no").into(),
            b"NONE" => Reply::none(),
            b"HANGUP" => Reply::hang_up(),
            b"PANIC" => panic!("of a handler"),
            _ => Outcome::accepted().into(),
        }
    })
}

#[tokio::test]
async fn every_acknowledgment_has_status_200_and_nothing_due_has_204() {
    for (facility, msh_15, msh_16, status, msa) in [
        ("GH", "", "", 200, "\rMSA|AA|7"),
        ("ERROR", "", "", 200, "\rMSA|AE|7"),
        ("REJECT", "", "", 200, "\rMSA|AR|7"),
        ("GH", "AL", "NE", 200, "\rMSA|CA|7"),
        ("ERROR", "AL", "NE", 200, "\rMSA|CE|7"),
        ("REJECT", "AL", "NE", 200, "\rMSA|CR|7"),
        ("PANIC", "", "", 200, "\rMSA|AR|7"),
        ("GH", "ER", "NE", 204, ""),
        ("GH", "NE", "NE", 204, ""),
        ("ERROR", "NE", "NE", 204, ""),
        ("GH", "NE", "AL", 204, ""),
        ("NONE", "", "", 204, ""),
        ("HANGUP", "", "", 500, ""),
    ] {
        let message = adt("7", msh_15, msh_16).replacen("|GH|", &format!("|{facility}|"), 1);
        let response = by_name().answer(post(&[ER7], message)).await;
        let case = format!("{facility} {msh_15}/{msh_16}");
        let closes = header(&response, "connection");
        assert_ne!(header(&response, "date"), "-", "{case}");
        let (found, content_type, body) = parts(response).await;
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert_eq!(found, status, "{case}: {body:?}");
        assert!(body.contains(msa), "{case}: {body:?}");
        assert_eq!(body.is_empty(), msa.is_empty(), "{case}: {body:?}");
        let expected = if msa.is_empty() { "-" } else { "application/hl7-v2+er7; charset=utf-8" };
        assert_eq!(content_type, expected, "{case}");
        assert_eq!(closes, if status == 500 { "close" } else { "-" }, "{case}");
    }
}

#[tokio::test]
async fn a_dialect_maps_codes_and_the_empty_answer_to_statuses() {
    let dialect = Dialect::hapi()
        .with_status(hl7_ack::AckCode::AE, StatusCode::INTERNAL_SERVER_ERROR)
        .with_status(hl7_ack::AckCode::AR, StatusCode::BAD_REQUEST)
        .with_empty_status(StatusCode::ACCEPTED);
    let service = by_name().dialect(dialect);
    for (facility, msh_15, status) in
        [("GH", "", 200), ("ERROR", "", 500), ("REJECT", "", 400), ("GH", "NE", 202)]
    {
        let message = adt("7", msh_15, "").replacen("|GH|", &format!("|{facility}|"), 1);
        let (found, _, body) = parts(service.answer(post(&[ER7], message)).await).await;
        assert_eq!(found, status, "{facility} {msh_15}");
        assert_eq!(body.is_empty(), status == 202, "{facility} {msh_15}");
    }
}

#[tokio::test]
async fn a_status_that_asks_for_another_try_says_when() {
    for (status, expected) in [(503, "1"), (429, "1"), (500, "-"), (200, "-")] {
        let wanted = StatusCode::from_u16(status).unwrap();
        let dialect = Dialect::hapi().with_status(hl7_ack::AckCode::AR, wanted);
        let message = adt("7", "", "").replacen("|GH|", "|REJECT|", 1);
        let response = by_name().dialect(dialect).answer(post(&[ER7], message)).await;
        assert_eq!(header(&response, "retry-after"), expected, "{status}");
        let (found, _, body) = parts(response).await;
        assert_eq!(found, status);
        assert!(body.windows(9).any(|bytes| bytes == b"\rMSA|AR|7"), "{status}: {body:?}");
    }
}

#[tokio::test]
async fn requests_that_get_no_hl7_answer_are_refused_in_plain_text() {
    let service = Service::new(accept);
    let message = adt("7", "", "");
    let unreadable = [
        "",
        " \r\n",
        "hello",
        "{\"message\":\"MSH\"}",
        "<ADT_A01/>",
        "\u{b}\u{1c}\r",
        "\u{feff}",
        "MSH",
        "PID|1\r",
    ];
    let mut cases: Vec<(u16, Request<Full<bytes::Bytes>>)> = Vec::new();
    cases.extend(unreadable.map(|body| (400, post(&[ER7], body))));
    cases.extend(unreadable.map(|body| (400, post(&[], body))));
    for content_type in [
        "application/json",
        "application/hl7-v2+xml",
        "application/fhir+json",
        "multipart/form-data; boundary=x",
        "text/html",
        "nothing",
    ] {
        cases.push((415, post(&[("content-type", content_type)], message.clone())));
    }
    for coding in ["deflate", "br", "identity, gzip"] {
        cases.push((415, post(&[ER7, ("content-encoding", coding)], message.clone())));
    }
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::OPTIONS, Method::PATCH] {
        let mut request = post(&[ER7], message.clone());
        *request.method_mut() = method;
        cases.push((405, request));
    }
    for (status, request) in cases {
        let case = format!("{request:?}");
        let response = service.answer(request).await;
        let allow = header(&response, "allow");
        let taken = (header(&response, "accept"), header(&response, "accept-encoding"));
        let (found, content_type, body) = parts(response).await;
        assert_eq!(found, status, "{case}");
        assert_eq!(content_type, "text/plain; charset=utf-8", "{case}");
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.ends_with('\n') && body.lines().count() == 1, "{case}: {body:?}");
        assert!(!body.contains(SECRET), "{case}: {body:?}");
        assert_eq!(allow, if status == 405 { "POST" } else { "-" }, "{case}");
        let expected = match status {
            415 if case.contains("content-encoding") => ("-", "gzip"),
            415 => ("application/hl7-v2+er7", "-"),
            _ => ("-", "-"),
        };
        assert_eq!((&*taken.0, &*taken.1), expected, "{case}");
    }
}

#[tokio::test]
async fn a_type_that_is_refused_is_answered_by_one_that_the_dialect_takes() {
    let service = Service::new(accept).dialect(Dialect::google());
    let response = service.answer(post(&[ER7], adt("7", "", ""))).await;
    assert_eq!(response.status(), 415);
    assert_eq!(header(&response, "accept"), "application/json");
}

#[tokio::test]
async fn a_content_type_without_a_value_is_none() {
    let service = Service::new(accept);
    let request = post(&[("content-type", "")], adt("7", "", ""));
    assert_eq!(service.answer(request).await.status(), 200);
}

#[tokio::test]
async fn the_answer_has_the_type_of_the_request_if_that_says_hl7() {
    let er7 = "application/hl7-v2+er7; charset=utf-8";
    for (sent, expected) in [
        (Some("application/hl7-v2"), "application/hl7-v2; charset=utf-8"),
        (Some("APPLICATION/HL7-V2; charset=\"x\""), "application/hl7-v2; charset=utf-8"),
        (Some("application/hl7-v2+er7"), er7),
        (Some("x-application/hl7-v2+er7"), "x-application/hl7-v2+er7; charset=utf-8"),
        (Some("x-application/hl7-v2"), "x-application/hl7-v2; charset=utf-8"),
        (Some("application/hl7"), "application/hl7; charset=utf-8"),
        (Some("application/edi-hl7"), "application/edi-hl7; charset=utf-8"),
        (Some("application/edi-hl7v2"), "application/edi-hl7v2; charset=utf-8"),
        (Some("text/hl7"), "text/hl7; charset=utf-8"),
        (Some("application/x-hl7"), "application/x-hl7; charset=utf-8"),
        (Some("text/plain; charset=utf-8"), er7),
        (Some("application/octet-stream"), er7),
        (None, er7),
    ] {
        let headers: Vec<_> = sent.iter().map(|sent| ("content-type", *sent)).collect();
        let response = Service::new(accept).answer(post(&headers, adt("7", "", ""))).await;
        let (status, content_type, _) = parts(response).await;
        assert_eq!((status, content_type.as_str()), (200, expected), "{sent:?}");
    }
    let plain = Service::new(accept).dialect(Dialect::plain_text());
    let (_, content_type, _) = parts(plain.answer(post(&[], adt("7", "", ""))).await).await;
    assert_eq!(content_type, "text/plain; charset=utf-8");
}

#[tokio::test]
async fn the_charset_of_the_answer_is_declared_only_when_it_is_true() {
    for (msh_18, text, expected) in [
        ("", &b"gut"[..], "application/hl7-v2; charset=utf-8"),
        ("", "Müller".as_bytes(), "application/hl7-v2; charset=utf-8"),
        ("", b"M\xfcller", "application/hl7-v2"),
        ("8859/1", b"M\xfcller", "application/hl7-v2; charset=iso-8859-1"),
        ("UNICODE UTF-8", b"M\xfcller", "application/hl7-v2"),
    ] {
        let mut answer =
            format!("MSH|^~\\&|EHR|GH|ADT|GH|1||RSP^K22|A7|P|2.5.1||||||{msh_18}\rMSA|AA|7\rZXX|")
                .into_bytes();
        answer.extend_from_slice(text);
        answer.push(b'\r');
        let given = owned(answer.clone());
        let service = Service::new(move |_: Received| {
            let given: OwnedMessage = given.clone();
            async move { given }
        });
        let request = post(&[("content-type", "application/hl7-v2")], adt("7", "", ""));
        let (status, content_type, body) = parts(service.answer(request).await).await;
        assert_eq!((status, content_type.as_str()), (200, expected), "{msh_18:?} {text:?}");
        assert_eq!(body, answer, "the bytes of a response message pass unchanged");
    }
}

#[tokio::test]
async fn mllp_bytes_around_the_body_are_tolerated() {
    for (before, after) in [("\x0b", "\x1c\r"), ("\x0b", "\x1c"), ("\x0b", ""), ("", "\x1c\r")] {
        let body = format!("{before}{}{after}", adt("7", "", ""));
        let (status, _, answer) =
            parts(Service::new(accept).answer(post(&[ER7], body)).await).await;
        assert_eq!(status, 200, "{before:?} {after:?}");
        assert!(answer.starts_with(b"MSH|"), "{before:?} {after:?}: no MLLP bytes come back");
    }
}

#[tokio::test]
async fn several_messages_in_one_body_are_answered_in_one_body_in_order() {
    let batch = format!(
        "FHS|^~\\&|A\rBHS|^~\\&|A\r{}{}BTS|2\rFTS|1\r",
        adt("1", "", ""),
        adt("2", "", "").replacen("|GH|", "|ERROR|", 1),
    );
    let loose = format!("{}{}{}", adt("1", "", ""), adt("2", "NE", "NE"), adt("3", "AL", ""));
    for (body, expected) in [(batch, &["AA|1", "AE|2"][..]), (loose, &["AA|1", "CA|3"])] {
        let (status, content_type, answer) =
            parts(by_name().answer(post(&[ER7], body)).await).await;
        let answer = String::from_utf8(answer.to_vec()).unwrap();
        assert_eq!(status, 200, "{answer:?}");
        assert_eq!(content_type, "application/hl7-v2+er7; charset=utf-8");
        let found: Vec<_> = answer.split("\rMSA|").skip(1).map(|rest| &rest[..4]).collect();
        assert_eq!(found, expected, "{answer:?}");
        assert_eq!(answer.matches("MSH|").count(), expected.len(), "{answer:?}");
        assert!(answer.ends_with('\r'), "{answer:?}");
    }
}

#[tokio::test]
async fn a_batch_has_the_status_of_its_worst_answer() {
    let dialect = Dialect::default().with_status(hl7_ack::AckCode::AE, StatusCode::CONFLICT);
    let service = by_name().dialect(dialect);
    let error = adt("2", "", "").replacen("|GH|", "|ERROR|", 1);
    let body = format!("{}{error}{}", adt("1", "", ""), adt("3", "", ""));
    let (status, _, answer) = parts(service.answer(post(&[ER7], body)).await).await;
    assert_eq!(status, 409);
    assert_eq!(String::from_utf8_lossy(&answer).matches("MSA|").count(), 3);
}

#[tokio::test]
async fn a_message_of_a_batch_that_is_refused_unread_counts_for_the_status() {
    let dialect = Dialect::ingest();
    let service = Service::new(accept).dialect(dialect.clone());
    // Without delimiters it is no message, and begins a part of the batch all the same.
    let body = format!("{}MSH\rPID|1\r{}", adt("1", "", ""), adt("3", "", ""));
    let (status, _, answer) = parts(service.answer(post(&[], body)).await).await;
    let answer = String::from_utf8_lossy(&answer);
    let codes: Vec<_> = answer.split("\rMSA|").skip(1).map(|rest| &rest[..2]).collect();
    assert_eq!(codes, ["AA", "AR", "AA"], "{answer}");
    assert_eq!(status, dialect.status(hl7_ack::AckCode::AR).as_u16(), "{answer}");
    assert_eq!(status, 400, "{answer}");
}

#[tokio::test]
async fn an_acknowledgment_is_not_acknowledged() {
    let (status, _, body) =
        parts(Service::new(accept).answer(post(&[ER7], ack("AA", "7"))).await).await;
    assert_eq!((status, body.len()), (204, 0));
}

#[tokio::test]
async fn the_handler_sees_the_request() {
    let service = Service::new(async |received: Received| {
        let request = received.peer.extensions().get::<RequestParts>().expect("in extensions");
        let seen = (
            request.method() == Method::POST,
            request.path() == "/lab",
            request.uri().query() == Some("CfgItem=x"),
            request.headers()["organisation-code"] == "r0d",
            request.charset().as_deref() == Some("iso-8859-1"),
            received.peer.address().is_some_and(|address| address.port() == 7),
            !format!("{request:?}").contains("CfgItem"),
        );
        match seen == (true, true, true, true, true, true, true) {
            true => Outcome::accepted(),
            false => Outcome::error(ErrorCode::APPLICATION_ERROR, format!("{seen:?}")),
        }
    });
    let mut request = post(
        &[("content-type", "text/plain; CharSet=\"ISO-8859-1\""), ("organisation-code", "r0d")],
        adt("7", "", ""),
    );
    *request.uri_mut() = "/lab?CfgItem=x".parse().unwrap();
    request.extensions_mut().insert(hl7_ack::Peer::at(([127, 0, 0, 1], 7).into()));
    let (_, _, body) = parts(service.answer(request).await).await;
    assert!(body.windows(6).any(|bytes| bytes == b"MSA|AA"), "{body:?}");
}
