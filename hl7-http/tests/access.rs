//! Who is let in, and who is believed about whom.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use base64::{Engine, engine::general_purpose::STANDARD};
use hl7_ack::Deliver;
use hl7_ack::{Identity, Outcome, Peer, Received};
use hl7_http::{
    client::Client,
    server::{Access, Permission, RequestParts, Server, Service, TrustedProxies},
};
use http::HeaderName;

use crate::{
    client::came_to,
    support::{Running, SECRET, accept, adt, owned, post},
};

#[tokio::test]
async fn one_way_in_is_enough_and_none_is_401_with_a_challenge() {
    let handled = Arc::new(AtomicUsize::new(0));
    let service = Service::new({
        let handled = Arc::clone(&handled);
        move |_: Received| {
            handled.fetch_add(1, Ordering::Relaxed);
            async { Outcome::accepted() }
        }
    });
    let both = Access::new()
        .basic("lab", "pass:word")
        .basic("ward", "£")
        .bearer("t1")
        .bearer("t2")
        .bearer("")
        .basic("a:b", "c")
        .check(|request, _| match request.path() {
            "/adt" => Permission::Unknown,
            "/open" => Permission::Granted,
            _ => Permission::Denied,
        });
    let service = service.access(both);
    let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
    for (path, authorization, status) in [
        ("/adt", basic("lab:pass:word"), 200),
        ("/adt", basic("lab:pass:word").replacen("Basic", "bAsIc", 1), 200),
        ("/adt", basic("ward:£"), 200),
        ("/adt", "Bearer t1".to_owned(), 200),
        ("/adt", "bearer  t2".to_owned(), 200),
        ("/adt", basic("lab:pass:wor"), 401),
        ("/adt", basic("lab:pass:words"), 401),
        ("/adt", basic("lab"), 401),
        ("/adt", basic(":"), 401),
        ("/adt", basic("a:b:c"), 401),
        ("/adt", "Basic lab:pass:word".to_owned(), 401),
        ("/adt", "Basic".to_owned(), 401),
        ("/adt", "Bearer t".to_owned(), 401),
        ("/adt", "Bearer ".to_owned(), 401),
        ("/adt", "Digest t1".to_owned(), 401),
        ("/adt", "t1".to_owned(), 401),
        ("/adt", String::new(), 401),
        ("/open", String::new(), 200),
        ("/other", "Bearer t1".to_owned(), 403),
    ] {
        handled.store(0, Ordering::Relaxed);
        let mut request = post(&[], adt("7", "", ""));
        *request.uri_mut() = path.parse().unwrap();
        if !authorization.is_empty() {
            let value = authorization.parse().unwrap();
            request.headers_mut().insert("authorization", value);
        }
        let response = service.answer(request).await;
        let case = format!("{path} {authorization:?}");
        assert_eq!(response.status(), status, "{case}");
        let challenges: Vec<_> = response.headers().get_all("www-authenticate").iter().collect();
        let expected: &[&str] = match status {
            401 => &["Basic realm=\"hl7\", charset=\"UTF-8\"", "Bearer realm=\"hl7\""],
            _ => &[],
        };
        assert_eq!(challenges, expected, "{case}");
        let expected = usize::from(status == 200);
        assert_eq!(handled.load(Ordering::Relaxed), expected, "{case}");
    }
}

#[tokio::test]
async fn a_certificate_lets_in_by_its_subject_or_fingerprint() {
    let known = || Some(Identity::new("CN=Lab,O=GH", vec![], [0xAB; 32]));
    let other = || Some(Identity::new("CN=Lab,O=GH,C=DE", vec![], [0xAC; 32]));
    let nameless = || Some(Identity::new("", vec!["lab.example.org".to_owned()], [0xAD; 32]));
    let colons = "AB:".repeat(32);
    let by_subject = Access::new().certificate_subject("CN=Lab,O=GH");
    let by_fingerprint = Access::new().certificate_fingerprint(colons.trim_end_matches(':'));
    let by_digits = Access::new().certificate_fingerprint(&"ab".repeat(32));
    let by_nothing = Access::new().certificate_fingerprint("ab").certificate_subject("");
    let or_token = by_subject.clone().bearer("t1");
    let or_check = by_subject.clone().check(|_, _| Permission::Unknown);
    let denied = by_subject.clone().check(|_, _| Permission::Denied);
    for (name, access, identity, status) in [
        ("subject", &by_subject, known(), 200),
        ("subject", &by_subject, other(), 403),
        ("subject", &by_subject, nameless(), 403),
        ("subject", &by_subject, None, 403),
        ("fingerprint", &by_fingerprint, known(), 200),
        ("fingerprint", &by_fingerprint, other(), 403),
        ("digits", &by_digits, known(), 200),
        ("digits", &by_digits, None, 403),
        ("nothing", &by_nothing, known(), 403),
        ("nothing", &by_nothing, nameless(), 403),
        ("or token", &or_token, known(), 200),
        ("or token", &or_token, other(), 401),
        ("or check", &or_check, known(), 200),
        ("or check", &or_check, None, 401),
        ("denied", &denied, known(), 403),
    ] {
        let service = Service::new(accept).access(access.clone());
        let mut request = post(&[], adt("7", "", ""));
        if let Some(identity) = &identity {
            request.extensions_mut().insert(Peer::default().with_identity(identity.clone()));
        }
        let response = service.answer(request).await;
        assert_eq!(response.status(), status, "{name} {identity:?}");
        let challenged = response.headers().contains_key("www-authenticate");
        assert_eq!(challenged, status == 401, "{name} {identity:?}");
    }
}

#[tokio::test]
async fn nobody_gets_in_where_no_way_is_set() {
    let service = Service::new(accept).access(Access::new());
    for authorization in ["", "Basic Og==", "Bearer "] {
        let headers = [("authorization", authorization)];
        let response = service.answer(post(&headers, adt("7", "", ""))).await;
        assert_eq!(response.status(), 401, "{authorization:?}");
    }
}

#[tokio::test]
async fn a_client_with_the_credentials_is_let_in_and_no_secret_is_shown() {
    let access = Access::new().basic("lab", SECRET).bearer(SECRET);
    assert!(!format!("{access:?}").contains(SECRET));
    let server = Server::bind("127.0.0.1:0").await.unwrap().access(access);
    let running = Running::start(server.serve(accept));
    let url = running.url();
    for (builder, expected) in [
        (Client::builder(&url).basic("lab", SECRET), "AA"),
        (Client::builder(&url).bearer(SECRET), "AA"),
        (
            Client::builder(&url).bearer("other"),
            "not sent: AccessRefused: access refused: HTTP status 401",
        ),
        (Client::builder(&url), "not sent: AccessRefused: access refused: HTTP status 401"),
    ] {
        let client = builder.build().unwrap();
        assert!(!format!("{client:?}").contains(SECRET));
        assert_eq!(came_to(&client.deliver(owned(adt("7", "", ""))).await), expected);
    }
    running.stop().await;
}

#[tokio::test]
async fn what_proxies_tell_is_believed_from_trusted_ones_alone() {
    let service = Service::new(async |received: Received| {
        let request = received.peer.extensions().get::<RequestParts>().expect("parts");
        let certificate = request.forwarded_certificate().and_then(|value| value.to_str().ok());
        let address = request.forwarded_for().map(|address| address.to_string());
        let raw = request.headers().contains_key("x-forwarded-for")
            || request.headers().contains_key("x-cert");
        owned(format!(
            "MSH|^~\\&|A|B|C|D|1||ACK|9|P|2.4\rMSA|AA|7|{address:?} {certificate:?} {raw}\r"
        ))
    })
    .trusted_proxies(
        TrustedProxies::new("10.0.0.1".parse().unwrap())
            .address_in(HeaderName::from_static("x-forwarded-for"))
            .certificate_in(HeaderName::from_static("x-cert")),
    );
    for (peer, expected) in [
        ("10.0.0.1:9", "Some(\"192.0.2.7\") Some(\"CN=lab\") false"),
        ("10.0.0.2:9", "None None false"),
    ] {
        let headers = [("x-forwarded-for", "1.2.3.4, 192.0.2.7"), ("x-cert", "CN=lab")];
        let mut request = post(&headers, adt("7", "", ""));
        request.extensions_mut().insert(Peer::at(peer.parse::<SocketAddr>().unwrap()));
        let (_, _, body) = crate::support::parts(service.answer(request).await).await;
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.ends_with(&format!("|{expected}\r")), "{peer}: {body:?}");
    }
}
