//! What a dialect encloses it finds again, and a service answers any body without a panic.

#![no_main]

use std::sync::LazyLock;

use bytes::Bytes;
use hl7_ack::{AckCode, Outcome, Received};
use hl7_http::{Dialect, server::Service};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use libfuzzer_sys::fuzz_target;
use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_all().build().expect("a runtime"));

static SERVICES: LazyLock<Vec<(Dialect, Service)>> = LazyLock::new(|| {
    let service = |dialect: Dialect| {
        let service = Service::new(|_: Received| async { Outcome::accepted() });
        (dialect.clone(), service.dialect(dialect))
    };
    [
        Dialect::hapi_draft(),
        Dialect::ingest(),
        Dialect::google(),
        Dialect::plain_text().acknowledging_unreadable(true),
    ]
    .map(service)
    .into()
});

const CODES: [AckCode; 6] =
    [AckCode::AA, AckCode::AE, AckCode::AR, AckCode::CA, AckCode::CE, AckCode::CR];

fuzz_target!(|bytes: &[u8]| {
    let body = Bytes::copy_from_slice(bytes);
    for (dialect, service) in SERVICES.iter() {
        let _ = dialect.response_content(&body);
        let content = dialect.request_content(&body);
        let is_framed = body.first() == Some(&0x0B) || body.trim_ascii_end().ends_with(&[0x1C]);
        if !is_framed {
            let enclosed = dialect.request_body(&body);
            assert_eq!(dialect.request_content(&enclosed).as_ref(), Some(&body));
            for status in [StatusCode::OK, StatusCode::BAD_REQUEST] {
                let enclosed = dialect.response_body(status, &body);
                assert_eq!(dialect.response_content(&enclosed).as_ref(), Some(&body));
            }
        }
        RUNTIME.block_on(async {
            for coding in ["identity", "gzip"] {
                let request = Request::post("/").header("content-encoding", coding);
                let request = request.body(Full::new(body.clone())).expect("a request");
                let response = service.answer(request).await;
                let status = response.status();
                let is_answer = CODES.iter().any(|code| dialect.status(*code) == status);
                let is_refusal = matches!(status.as_u16(), 204 | 400 | 413);
                assert!(is_answer || is_refusal, "{status}");
                let answer = response.into_body().collect().await.expect("a body").to_bytes();
                if is_answer && !is_refusal && !answer.is_empty() {
                    assert!(dialect.response_content(&answer).is_some(), "an answer to be read");
                    assert!(coding == "gzip" || content.is_some(), "an answer to nothing");
                }
            }
        });
    }
});
