//! A message as an argument of an axum handler.

use axum::{Extension, Router, body::Body as AxumBody, routing::post as route};
use hl7_ack::{ErrorCode, Outcome, Reply};
use hl7_http::{
    Dialect,
    server::{Access, Body, Hl7, RequestParts, Service},
};
use http::{Request, Response};
use tokio::sync::oneshot;
use tower_service::Service as _;

use crate::support::{adt, header, parts};

async fn by_id(hl7: Hl7) -> Response<Body> {
    let request = hl7.peer().extensions().get::<RequestParts>().expect("parts").clone();
    assert_eq!(request.path(), "/adt");
    assert_eq!(hl7.received().message.as_bytes(), hl7.message().as_bytes());
    let reply: Reply = match hl7.message().header().control_id().as_bytes() {
        b"AE" => Outcome::error(ErrorCode::REQUIRED_FIELD_MISSING, "no").into(),
        b"NONE" => Reply::none(),
        _ => Outcome::accepted().into(),
    };
    hl7.answer(reply).await
}

async fn call(mut app: Router, headers: &[(&str, &str)], body: String) -> (u16, String, String) {
    let add = |builder: http::request::Builder, (name, value): &(&str, &str)| {
        builder.header(*name, *value)
    };
    let request = headers.iter().fold(Request::post("/adt"), add);
    let response = app.call(request.body(AxumBody::from(body)).unwrap()).await.unwrap();
    assert_ne!(header(&response, "date"), "-");
    let (status, content_type, body) = parts(response).await;
    (status, content_type, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn the_answer_is_in_the_callers_type_and_dialect() {
    let app = || Router::new().route("/adt", route(by_id));
    let mapped = Service::for_extractor().dialect(Dialect::hapi_mapped());
    let both = format!("{}{}", adt("1", "", ""), adt("2", "", ""));
    let er7 = "application/hl7-v2+er7; charset=utf-8";
    for (app, sent, body, status, content_type, content) in [
        (app(), "application/hl7-v2+er7", adt("7", "", ""), 200, er7, "\rMSA|AA|7"),
        (app(), "text/hl7", adt("7", "", ""), 200, "text/hl7; charset=utf-8", "\rMSA|AA|7"),
        (app(), "text/plain", adt("7", "AL", ""), 200, er7, "\rMSA|CA|7"),
        (app(), "text/plain", adt("AE", "", ""), 200, er7, "\rMSA|AE|AE"),
        (app(), "text/plain", adt("NONE", "", ""), 204, "-", ""),
        (app(), "text/plain", adt("7", "NE", "NE"), 204, "-", ""),
        (
            app(),
            "text/plain",
            "nonsense".to_owned(),
            400,
            "text/plain; charset=utf-8",
            "not an HL7",
        ),
        (app(), "text/plain", String::new(), 400, "text/plain; charset=utf-8", "not an HL7"),
        (app(), "text/plain", both, 400, "text/plain; charset=utf-8", "one message at a time"),
        (app(), "image/png", adt("7", "", ""), 415, "text/plain; charset=utf-8", "not supported"),
        (
            app().layer(Extension(mapped)),
            "text/plain",
            adt("AE", "", ""),
            500,
            "application/hl7-v2; charset=utf-8",
            "\rMSA|AE|AE",
        ),
        (
            app().layer(Extension(Service::for_extractor().max_body_len(10))),
            "text/plain",
            adt("7", "", ""),
            413,
            "text/plain; charset=utf-8",
            "too long",
        ),
        (
            app().layer(Extension(Service::for_extractor().access(Access::new()))),
            "text/plain",
            adt("7", "", ""),
            401,
            "text/plain; charset=utf-8",
            "credentials",
        ),
    ] {
        let case = format!("{sent} {body:?}");
        let found = call(app, &[("content-type", sent)], body).await;
        assert_eq!((found.0, found.1.as_str()), (status, content_type), "{case}: {}", found.2);
        assert!(found.2.contains(content), "{case}: {}", found.2);
    }
}

#[tokio::test]
async fn what_is_left_to_do_runs_after_the_answer_was_taken() {
    let (done, mut is_done) = oneshot::channel();
    let done = std::sync::Arc::new(std::sync::Mutex::new(Some(done)));
    let service = Service::for_extractor();
    let app = Router::new()
        .route(
            "/adt",
            route(async move |hl7: Hl7| {
                let done = done.lock().unwrap().take().expect("one message");
                let reply = Reply::from(Outcome::accepted());
                hl7.answer(reply.then(async move { done.send(7).unwrap() })).await
            }),
        )
        .layer(Extension(service.clone()));
    let mut app: Router = app;
    let request = Request::post("/adt").body(AxumBody::from(adt("7", "", ""))).unwrap();
    let response = app.call(request).await.unwrap();
    assert!(is_done.try_recv().is_err(), "the answer is not taken yet");
    drop(response);
    assert_eq!(is_done.await, Ok(7));
    assert_eq!(service.finish(std::time::Duration::from_secs(10)).await, Ok(()));
}
