//! Every dialect against a stand-in that behaves as its peers are described to.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hl7_ack::{Deliver, Delivery, ErrorCode, Outcome, Received, Reply};
use hl7_http::{
    Dialect, EmptyAnswer, StatusConflict,
    client::Client,
    server::{RequestParts, Server, Service},
};
use hl7_parse::OwnedMessage;
use tokio::sync::mpsc;

use crate::{
    client::came_to,
    support::{
        Running, SECRET, accept, ack, adt, answering, header, owned, parts, post, response, sent,
        stand_in,
    },
};

/// A message whose control ID says how it is to be answered.
fn wanting(code: &str) -> String {
    adt(code, "", "")
}

/// What the stand-ins make of a message: the code is its MSH-10.
fn code_of(body: &[u8]) -> &'static str {
    let text = String::from_utf8_lossy(body);
    assert!(text.starts_with("MSH|^~\\&|") && text.contains(SECRET), "not as it was sent: {text}");
    let id = text.split('|').nth(9).expect("MSH-10").to_owned();
    ["AA", "AE", "AR"].into_iter().find(|code| *code == id).expect("a code")
}

async fn deliver(client: &Client, code: &str) -> String {
    came_to(&client.deliver(owned(wanting(code))).await)
}

async fn client(dialect: Dialect, path: &str, answer: impl Answer) -> Client {
    let address = stand_in(answer).await;
    Client::builder(&format!("http://{address}{path}")).dialect(dialect).build().unwrap()
}

trait Answer: Fn(&str, &[u8]) -> String + Send + Sync + 'static {}
impl<F: Fn(&str, &[u8]) -> String + Send + Sync + 'static> Answer for F {}

/// HAPI's decoder takes one type alone, and reads the charset where it stands first.
#[tokio::test]
async fn hapi() {
    let answer = |head: &str, body: &[u8]| {
        if sent(head, "content-type") != "application/hl7-v2; charset=utf-8" {
            return response("400 Bad Request", "text/html", "Invalid Content-Type");
        }
        assert_ne!(sent(head, "date"), "");
        let code = code_of(body);
        response("200 OK", "application/hl7-v2; charset=UTF-8", &ack(code, code))
    };
    let right = client(Dialect::hapi(), "/hapi", answer).await;
    for code in ["AA", "AE", "AR"] {
        assert_eq!(deliver(&right, code).await, code);
    }
    let draft = client(Dialect::hapi_draft(), "/hapi", answer).await;
    let refused = deliver(&draft, "AA").await;
    assert!(refused.starts_with("unknown: ContentRefused"), "{refused}");
}

/// The draft by its text answers in the type of the request, always 200.
#[tokio::test]
async fn hapi_draft() {
    let answer = |head: &str, body: &[u8]| {
        let content_type = sent(head, "content-type");
        assert_eq!(content_type, "application/hl7-v2+er7; charset=utf-8");
        assert!(head.starts_with("POST /Lab/ADT HTTP/1.1\r\n"), "{head}");
        response("200 OK", &content_type, &ack(code_of(body), code_of(body)))
    };
    let client = client(Dialect::hapi_draft(), "/Lab/ADT", answer).await;
    for code in ["AA", "AE", "AR"] {
        assert_eq!(deliver(&client, code).await, code);
    }
}

/// Early HAPI maps AE to 500 and AR to 400.
#[tokio::test]
async fn hapi_mapped() {
    let answer = |_: &str, body: &[u8]| {
        let code = code_of(body);
        let status = match code {
            "AA" => "200 OK",
            "AE" => "500 Internal Server Error",
            _ => "400 Bad Request",
        };
        response(status, "application/hl7-v2", &ack(code, code))
    };
    let client = client(Dialect::hapi_mapped(), "/", answer).await;
    for code in ["AA", "AE", "AR"] {
        assert_eq!(deliver(&client, code).await, code);
    }
}

/// A Mirth channel answers plain text with 200, as it likes.
#[tokio::test]
async fn mirth_and_plain_text() {
    for dialect in [Dialect::mirth(), Dialect::plain_text()] {
        let answer = |head: &str, body: &[u8]| {
            assert_eq!(sent(head, "content-type"), "text/plain; charset=utf-8");
            let code = code_of(body);
            response("200 OK", "text/plain", &ack(code, code).replace('\r', "\n"))
        };
        let client = client(dialect, "/", answer).await;
        for code in ["AA", "AE", "AR"] {
            assert_eq!(deliver(&client, code).await, code);
        }
    }
}

/// `$ingest` wants to know who sends, maps codes to statuses, and writes loose acknowledgments:
/// LF between segments, none at the end, JSON with delimiters in MSA-3.
#[tokio::test]
async fn ingest() {
    let answer = |head: &str, body: &[u8]| {
        assert!(head.starts_with("POST /$ingest HTTP/1.1\r\n"), "{head}");
        assert_eq!(sent(head, "content-type"), "text/plain; charset=utf-8");
        if !sent(head, "data-type").eq_ignore_ascii_case("hl7v2") {
            return response("400 Bad Request", "text/plain", "unknown data type");
        }
        let (domain, organisation) = (sent(head, "source-domain"), sent(head, "organisation-code"));
        let code = code_of(body);
        let (status, text) = match code {
            "AA" => ("200 OK", "Successfully processed"),
            "AE" => (
                "500 Internal Server Error",
                "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"code\":\"a|b&c\"}]}",
            ),
            _ => ("400 Bad Request", "unknown template"),
        };
        let body = format!(
            "MSH|^~\\&|DEX|DHC|{domain}|{organisation}|20240229||ACK|\
             0e2b5b2c-2c2f-4c5e-9d5a-1c1f0a4d8f77|P|2.4\nMSA|{code}|{code}|{text}"
        );
        response(status, "text/plain", &body)
    };
    let dialect = Dialect::ingest()
        .with_header("source-domain", "emergency-care")
        .unwrap()
        .with_header("organisation-code", "r0d")
        .unwrap();
    let guide = client(dialect.clone(), "/$ingest", answer).await;
    for code in ["AA", "AE", "AR"] {
        let delivery = guide.deliver(owned(wanting(code))).await;
        let Delivery::Answered(found) = &delivery else { panic!("{code}: {delivery:?}") };
        assert_eq!(found.code().map(|code| code.as_str()), Some(code));
        let view = found.message().as_message();
        assert_eq!(view.header().field(5).as_bytes(), b"emergency-care");
        assert_eq!(view.header().field(6).as_bytes(), b"r0d");
    }
    let in_code = client(dialect.with_header("data-type", "HL7v2").unwrap(), "/$ingest", answer);
    assert_eq!(deliver(&in_code.await, "AA").await, "AA");
}

/// EMS: 200 alone says that the message was processed, whatever else a proxy lets through.
#[tokio::test]
async fn ems() {
    let answer = |_: &str, body: &[u8]| {
        let code = code_of(body);
        let status = if code == "AA" { "200 OK" } else { "500 Internal Server Error" };
        response(status, "application/hl7-v2+er7", &ack(code, code))
    };
    let client_of = client(Dialect::ems(), "/", answer).await;
    for code in ["AA", "AE", "AR"] {
        assert_eq!(deliver(&client_of, code).await, code);
    }
    let contradicting = |_: &str, body: &[u8]| {
        response("502 Bad Gateway", "text/plain", &ack(code_of(body), code_of(body)))
    };
    let delivery = deliver(&client(Dialect::ems(), "/", contradicting).await, "AA").await;
    assert!(delivery.starts_with("unknown: Mismatched"), "{delivery}");
    assert!(delivery.contains("HTTP status 502 with a positive acknowledgment"), "{delivery}");
    let trusting = Dialect::ems().with_conflict(StatusConflict::Body);
    assert_eq!(deliver(&client(trusting, "/", contradicting).await, "AA").await, "AA");
}

/// With a dialect that keeps order the next message leaves after the answer to the one before, and
/// those that wait are bounded.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_message_at_a_time_where_order_is_kept() {
    let (arrived, mut arrivals) = mpsc::unbounded_channel();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = std::sync::Mutex::new(released);
    let address = stand_in(move |_, body| {
        let text = String::from_utf8_lossy(body).into_owned();
        let id = text.split('|').nth(9).unwrap().to_owned();
        arrived.send(id.clone()).unwrap();
        tokio::task::block_in_place(|| released.lock().unwrap().recv().unwrap());
        response("200 OK", "text/plain", &ack("AA", &id))
    })
    .await;
    let url = format!("http://{address}/");
    let client = Client::builder(&url).dialect(Dialect::ems()).max_waiting(2).build().unwrap();
    let messages: Vec<_> = (1..=4).map(|id| owned(adt(&id.to_string(), "", ""))).collect();
    let deliver = |message: OwnedMessage| {
        let client = client.clone();
        Box::pin(async move { client.deliver(message).await })
    };
    let sending: Vec<_> = messages.into_iter().map(deliver).collect();
    let [mut first, mut second, mut third, fourth] = <[_; 4]>::try_from(sending).ok().unwrap();
    // Each is polled once, so that they stand in line in this order.
    for (id, one) in [("1", &mut first), ("2", &mut second), ("3", &mut third)] {
        let waits = std::future::poll_fn(|context| {
            std::task::Poll::Ready(one.as_mut().poll(context).is_pending())
        });
        assert!(waits.await, "{id}");
    }
    let over = came_to(&fourth.await);
    assert!(over.starts_with("not sent: Overloaded"), "{over}");
    for (id, one) in [("1", first), ("2", second), ("3", third)] {
        let one = tokio::spawn(one);
        assert_eq!(arrivals.recv().await.as_deref(), Some(id));
        assert!(arrivals.try_recv().is_err(), "another arrived before {id} was answered");
        release.send(()).unwrap();
        assert_eq!(came_to(&one.await.unwrap()), "AA", "{id}");
    }
}

/// InterSystems takes the character set from the parameter and the item from the query.
#[tokio::test]
async fn intersystems() {
    let answer = |head: &str, body: &[u8]| {
        assert!(head.starts_with("POST /csp/hl7?CfgItem=ADT.In+1 HTTP/1.1\r\n"), "{head}");
        let expected = match body.is_ascii() {
            true => "application/hl7-v2; charset=utf-8",
            false => "application/hl7-v2; charset=iso-8859-1",
        };
        assert_eq!(sent(head, "content-type"), expected);
        response("200 OK", "text/html", &ack("CA", "7"))
    };
    let dialect = Dialect::intersystems().with_query("CfgItem", "ADT.In 1");
    let client = client(dialect, "/csp/hl7", answer).await;
    let mut latin = adt("7", "", "").into_bytes();
    latin.extend_from_slice(b"NTE|1||gr\xfcn\r");
    for message in [adt("7", "", "").into_bytes(), latin] {
        assert_eq!(came_to(&client.deliver(owned(message)).await), "CA");
    }
}

/// Google takes JSON with the message in Base64, and gives a negative acknowledgment as an error.
#[tokio::test]
async fn google() {
    let path = "/v1/projects/P/locations/L/datasets/D/hl7V2Stores/S/messages:ingest";
    let answer = |head: &str, body: &[u8]| {
        assert!(head.contains("/hl7V2Stores/S/messages:ingest HTTP/1.1\r\n"), "{head}");
        assert_eq!(sent(head, "content-type"), "application/json");
        let request: serde_json::Value = serde_json::from_slice(body).expect("JSON");
        let data = request["message"]["data"].as_str().expect("message.data");
        let code = code_of(&STANDARD.decode(data).expect("Base64"));
        let ack = STANDARD.encode(ack(code, code));
        let (status, json) = match code {
            "AA" => (
                "200 OK",
                serde_json::json!({"hl7Ack": ack, "message": {
                    "name": "projects/P", "data": data, "sendFacility": "GH",
                    "messageType": "ADT", "patientIds": [{"value": "1", "type": "MR"}],
                }}),
            ),
            "AE" => (
                "400 Bad Request",
                serde_json::json!({"error": {"code": 400, "message": "m", "status":
                    "INVALID_ARGUMENT", "details": [{"@type": "t"}, {"hl7Nack": ack}]}}),
            ),
            _ => (
                "403 Forbidden",
                serde_json::json!({"error": {"code": 403, "message": "m",
                    "status": "PERMISSION_DENIED"}}),
            ),
        };
        response(status, "application/json; charset=UTF-8", &json.to_string())
    };
    let client = client(Dialect::google(), path, answer).await;
    assert_eq!(deliver(&client, "AA").await, "AA");
    assert_eq!(deliver(&client, "AE").await, "AE");
    let refused = deliver(&client, "AR").await;
    assert!(refused.starts_with("not sent: AccessRefused"), "{refused}");
    assert!(refused.contains("HTTP status 403"), "{refused}");
}

/// A service that answers as the control ID of the message says.
fn by_id() -> Service {
    Service::new(async |received: Received| {
        match received.message.header().control_id().as_bytes() {
            b"AE" => Outcome::error(ErrorCode::REQUIRED_FIELD_MISSING, "no").into(),
            b"AR" => Outcome::rejected(ErrorCode::UNSUPPORTED_EVENT_CODE, "no").into(),
            b"NONE" => Reply::none(),
            _ => Outcome::accepted().into(),
        }
    })
}

#[tokio::test]
async fn a_server_speaks_every_dialect_its_client_does() {
    for (name, dialect, statuses) in [
        ("hapi_draft", Dialect::hapi_draft(), [200, 200, 200, 204]),
        ("hapi", Dialect::hapi(), [200, 200, 200, 204]),
        ("hapi_mapped", Dialect::hapi_mapped(), [200, 500, 400, 204]),
        ("plain_text", Dialect::plain_text(), [200, 200, 200, 204]),
        ("mirth", Dialect::mirth(), [200, 200, 200, 200]),
        ("ingest", Dialect::ingest(), [200, 500, 400, 204]),
        ("ems", Dialect::ems(), [200, 200, 200, 200]),
        ("intersystems", Dialect::intersystems(), [200, 200, 200, 204]),
        ("google", Dialect::google(), [200, 400, 400, 200]),
    ] {
        let service = by_id().dialect(dialect.clone());
        for (id, status) in ["AA", "AE", "AR", "NONE"].into_iter().zip(statuses) {
            let content = Bytes::from(wanting(id));
            let body = dialect.request_body(&content);
            let request = post(&[("content-type", dialect.content_type())], body);
            let response = service.answer(request).await;
            let content_type = header(&response, "content-type");
            let (found, _, body) = parts(response).await;
            assert_eq!(found, status, "{name} {id}: {body:?}");
            if id == "NONE" {
                assert!(body.is_empty(), "{name}: {body:?}");
                continue;
            }
            assert!(content_type.starts_with(dialect.content_type()), "{name}: {content_type}");
            let content = dialect.response_content(&body).expect(name);
            let text = String::from_utf8(content.to_vec()).unwrap();
            assert!(text.contains(&format!("\rMSA|{id}|{id}")), "{name} {id}: {text}");
        }
        let server = Server::bind("127.0.0.1:0").await.unwrap().dialect(dialect.clone());
        let running = Running::start(server.serve(accept));
        let client = Client::builder(&running.url()).dialect(dialect).build().unwrap();
        assert_eq!(deliver(&client, "7").await, "AA", "{name}");
        drop(client);
        running.stop().await;
    }
}

#[tokio::test]
async fn a_body_that_is_not_hl7_is_answered_by_ar_where_the_dialect_says_so() {
    let dialect = Dialect::hapi().acknowledging_unreadable(true);
    let service = Service::new(accept).dialect(dialect);
    for (body, expected) in [("PID|1\r", "\rMSA|AR"), ("nonsense", "\rMSA|AR")] {
        let (status, content_type, answer) = parts(service.answer(post(&[], body)).await).await;
        let answer = String::from_utf8(answer.to_vec()).unwrap();
        assert_eq!(status, 200, "{body:?}: {answer}");
        assert!(content_type.starts_with("application/hl7-v2"), "{body:?}: {content_type}");
        assert!(answer.contains(expected), "{body:?}: {answer}");
    }
}

#[tokio::test]
async fn an_empty_answer_counts_as_the_dialect_says() {
    use EmptyAnswer as E;

    let empty = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned();
    let ok = response("200 OK", "text/plain", "OK");
    let foreign = response("200 OK", "text/plain", &ack("AA", "8"));
    let failed = "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n".to_owned();
    for (rule, answer, expected) in [
        (E::Unknown, &empty, "unknown: Unreadable"),
        (E::Unknown, &ok, "unknown: Unreadable"),
        (E::Accepts, &empty, "none due"),
        (E::Accepts, &ok, "unknown: Unreadable"),
        (E::AnyBodyAccepts, &empty, "none due"),
        (E::AnyBodyAccepts, &ok, "none due"),
        (E::AnyBodyAccepts, &foreign, "unknown: Mismatched"),
        (E::AnyBodyAccepts, &failed, "unknown: Refused"),
    ] {
        let address = answering(answer.clone()).await;
        let dialect = Dialect::mirth().with_empty_answer(rule);
        let client = Client::builder(&format!("http://{address}/")).dialect(dialect);
        let found = deliver(&client.build().unwrap(), "AA").await;
        assert!(found.starts_with(expected), "{rule:?} {answer:?}: {found}");
    }
}

#[tokio::test]
async fn the_answer_of_a_stand_in_for_ingest_comes_from_the_request_headers() {
    let service = Service::new(async |received: Received| {
        let parts = received.peer.extensions().get::<RequestParts>().expect("parts").clone();
        let of = |name: &str| {
            parts.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned()
        };
        owned(format!(
            "MSH|^~\\&|DEX|DHC|{}|{}|1||ACK|9|P|2.4\rMSA|AR|7|no\r",
            of("source-domain"),
            of("organisation-code")
        ))
    })
    .dialect(Dialect::ingest());
    let headers = [
        ("content-type", "text/plain"),
        ("source-domain", "emergency-care"),
        ("organisation-code", "r0d"),
    ];
    let (status, _, body) = parts(service.answer(post(&headers, adt("7", "", ""))).await).await;
    assert_eq!(status, 400);
    assert!(body.starts_with(b"MSH|^~\\&|DEX|DHC|emergency-care|r0d|"), "{body:?}");
}
