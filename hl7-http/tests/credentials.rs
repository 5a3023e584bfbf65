//! What a client shows of itself, and where it lets itself be led.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use hl7_ack::{CauseKind, Deliver, Delivery};
use hl7_http::client::{Client, ClientErrorKind, OAuth};
use tokio::sync::mpsc;

use crate::{
    client::came_to,
    support::{ack, adt, answering, owned, response, sent, stand_in},
};

/// A peer that tells each value of `Authorization` and accepts.
async fn noting() -> (String, mpsc::UnboundedReceiver<String>) {
    let (note, notes) = mpsc::unbounded_channel();
    let address = stand_in(move |head, _| {
        note.send(sent(head, "authorization")).unwrap();
        response("200 OK", "text/plain", &ack("AA", "7"))
    });
    (format!("http://{}/hl7", address.await), notes)
}

async fn send(client: &Client) -> String {
    came_to(&client.deliver(owned(adt("7", "", ""))).await)
}

#[tokio::test]
async fn credentials_are_sent_as_the_rfcs_have_them() {
    let (url, mut notes) = noting().await;
    let with_user = url.replacen("http://", "http://me:hidden@", 1);
    for (builder, expected) in [
        (Client::builder(&url), ""),
        (
            Client::builder(&url).basic("Aladdin", "open sesame"),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        ),
        (Client::builder(&url).basic("test", "123£"), "Basic dGVzdDoxMjPCow=="),
        (Client::builder(&url).bearer("mF_9.B5f-4.1JqM"), "Bearer mF_9.B5f-4.1JqM"),
        (Client::builder(&with_user), "Basic bWU6aGlkZGVu"),
        (Client::builder(&with_user).bearer("x"), "Bearer x"),
        (Client::builder(&url).bearer("x").header("authorization", "Key y"), "Key y"),
    ] {
        assert_eq!(send(&builder.build().unwrap()).await, "AA", "{expected}");
        assert_eq!(notes.recv().await.as_deref(), Some(expected));
    }
    for builder in [
        Client::builder(&url).bearer("x\r\ny: z"),
        Client::builder(&url).basic("a:b", "c"),
        Client::builder(&url).proxy("nowhere"),
        Client::builder(&url).oauth(OAuth::client_credentials("nowhere", "hidden", "hidden")),
    ] {
        let error = builder.build().unwrap_err();
        assert!(
            matches!(
                error.kind(),
                ClientErrorKind::Credentials | ClientErrorKind::Proxy | ClientErrorKind::Url
            ),
            "{error}"
        );
        assert!(!format!("{error} {error:?}").contains("hidden"), "{error:?}");
    }
}

/// A token endpoint that issues `t1`, `t2`, ... with this lifetime, and counts.
async fn endpoint(expires_in: u64) -> (String, Arc<AtomicUsize>) {
    let issued = Arc::new(AtomicUsize::new(0));
    let address = stand_in({
        let issued = Arc::clone(&issued);
        move |head, body| {
            let body = String::from_utf8_lossy(body).into_owned();
            assert!(head.starts_with("POST /token "), "{head}");
            assert_eq!(sent(head, "content-type"), "application/x-www-form-urlencoded");
            // `site 7` and `se:cret`, each form-encoded, then Basic (RFC 6749, 2.3.1).
            assert_eq!(sent(head, "authorization"), "Basic c2l0ZSs3OnNlJTNBY3JldA==");
            assert_eq!(body, "grant_type=client_credentials&scope=hl7.write+b");
            let number = issued.fetch_add(1, Ordering::SeqCst) + 1;
            let json = format!(
                "{{\"access_token\":\"t{number}\",\"token_type\":\"bearer\",\"expires_in\":{expires_in}}}"
            );
            response("200 OK", "application/json", &json)
        }
    });
    (format!("http://{}/token", address.await), issued)
}

fn oauth(url: &str) -> OAuth {
    OAuth::client_credentials(url, "site 7", "se:cret").scope("hl7.write b")
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_kept_by_all_clones() {
    let (url, mut notes) = noting().await;
    let (token_url, issued) = endpoint(3600).await;
    let client = Client::builder(&url).oauth(oauth(&token_url)).build().unwrap();
    let sending: Vec<_> = (0..8)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { send(&client).await })
        })
        .collect();
    for one in sending {
        assert_eq!(one.await.unwrap(), "AA");
        assert_eq!(notes.recv().await.as_deref(), Some("Bearer t1"));
    }
    assert_eq!(issued.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_token_near_its_end_is_replaced_by_one_task_while_messages_go_on_with_it() {
    let (url, mut notes) = noting().await;
    let (token_url, issued) = endpoint(0).await;
    let client = Client::builder(&url).oauth(oauth(&token_url)).build().unwrap();
    // A lifetime of nothing: each message needs its own.
    for number in 1..=3 {
        assert_eq!(send(&client).await, "AA");
        assert_eq!(notes.recv().await, Some(format!("Bearer t{number}")));
    }
    assert_eq!(issued.load(Ordering::SeqCst), 3);

    let (token_url, issued) = endpoint(2).await;
    let client = Client::builder(&url).oauth(oauth(&token_url)).build().unwrap();
    assert_eq!(send(&client).await, "AA");
    assert_eq!(notes.recv().await.as_deref(), Some("Bearer t1"));
    let half = tokio::time::Instant::now() + Duration::from_millis(1050);
    tokio::time::sleep_until(half).await;
    let (one, two) = tokio::join!(send(&client), send(&client));
    assert_eq!((one.as_str(), two.as_str()), ("AA", "AA"));
    assert_eq!(notes.recv().await.as_deref(), Some("Bearer t1"), "still good");
    assert_eq!(notes.recv().await.as_deref(), Some("Bearer t1"), "still good");
    while issued.load(Ordering::SeqCst) < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(issued.load(Ordering::SeqCst), 2, "one task asked");
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    for (good, expected, tries) in
        [("Bearer t2", "AA", 2), ("nobody", "not sent: AccessRefused", 2)]
    {
        let tried = Arc::new(AtomicUsize::new(0));
        let address = stand_in({
            let tried = Arc::clone(&tried);
            move |head, _| {
                tried.fetch_add(1, Ordering::SeqCst);
                match sent(head, "authorization") == good {
                    true => response("200 OK", "text/plain", &ack("AA", "7")),
                    false => response("401 Unauthorized", "text/plain", "no"),
                }
            }
        });
        let url = format!("http://{}/", address.await);
        let (token_url, issued) = endpoint(3600).await;
        let client = Client::builder(&url).oauth(oauth(&token_url)).build().unwrap();
        let found = send(&client).await;
        assert!(found.starts_with(expected), "{good}: {found}");
        assert_eq!(tried.load(Ordering::SeqCst), tries, "{good}");
        assert_eq!(issued.load(Ordering::SeqCst), 2, "{good}");
    }
}

#[tokio::test]
async fn a_message_refused_for_its_token_was_not_sent_where_there_is_no_other() {
    let address = answering(response("401 Unauthorized", "text/plain", "no")).await;
    for late in [false, true] {
        let issued = Arc::new(AtomicUsize::new(0));
        let token_url = stand_in({
            let issued = Arc::clone(&issued);
            move |_, _| match (issued.fetch_add(1, Ordering::SeqCst), late) {
                (0, _) => response(
                    "200 OK",
                    "application/json",
                    r#"{"access_token":"t","token_type":"bearer"}"#,
                ),
                (_, false) => response("503 Service Unavailable", "text/plain", "later"),
                // Less than it announces: it never ends.
                (_, true) => "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n".into(),
            }
        });
        let token_url = format!("http://{}/token", token_url.await);
        let client = Client::builder(&format!("http://{address}/"))
            .timeout(Duration::from_millis(500))
            .oauth(oauth(&token_url))
            .build()
            .unwrap();
        let delivery = client.deliver(owned(adt("7", "", ""))).await;
        assert!(matches!(delivery, Delivery::NotSent(_)), "{late}: {delivery:?}");
        assert_eq!(issued.load(Ordering::SeqCst), 2, "{late}");
    }
}

#[tokio::test]
async fn without_a_token_the_message_is_not_sent() {
    let (url, mut notes) = noting().await;
    let refusing = answering(response("401 Unauthorized", "application/json", "{}")).await;
    let nonsense = answering(response("200 OK", "text/html", "<html>")).await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (address, kind) in [
        (refusing, CauseKind::Refused),
        (nonsense, CauseKind::Refused),
        (free, CauseKind::Unreachable),
    ] {
        let tokens = oauth(&format!("http://{address}/token?hidden=1")).secret_in_body();
        let client = Client::builder(&url).oauth(tokens).build().unwrap();
        let delivery = client.deliver(owned(adt("7", "", ""))).await;
        let Delivery::NotSent(cause) = delivery else { panic!("{delivery:?}") };
        assert_eq!(cause.kind(), kind, "{cause}");
        assert!(!cause.to_string().contains("hidden"), "{cause}");
        assert!(!cause.to_string().contains('\n'), "{cause}");
    }
    assert!(notes.try_recv().is_err(), "no message left");
}

#[tokio::test]
async fn redirects_are_followed_only_when_allowed_by_307_and_308_to_the_same_host() {
    let (elsewhere, mut notes) = noting().await;
    for (allowed, status, location, expected) in [
        (0, "307 Temporary Redirect", "/next", "unknown: Refused"),
        (1, "307 Temporary Redirect", "/next", "AA"),
        (1, "308 Permanent Redirect", "/next?x=1", "AA"),
        (1, "301 Moved Permanently", "/next", "unknown: Refused"),
        (1, "302 Found", "/next", "unknown: Refused"),
        (1, "303 See Other", "/next", "unknown: Refused"),
        (1, "307 Temporary Redirect", elsewhere.as_str(), "unknown: Refused"),
        (9, "307 Temporary Redirect", "/", "unknown: Refused"),
    ] {
        let location = location.to_owned();
        let line =
            format!("HTTP/1.1 {status}\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
        let address = stand_in(move |head, body| {
            assert!(body.starts_with(b"MSH|"), "the message comes along");
            match head.starts_with("POST /next") {
                true => response("200 OK", "text/plain", &ack("AA", "7")),
                false => line.clone(),
            }
        });
        let url = format!("http://{}/", address.await);
        let found = send(&Client::builder(&url).max_redirects(allowed).build().unwrap()).await;
        assert!(found.starts_with(expected), "{allowed} {status} {location}: {found}");
    }
    assert!(notes.try_recv().is_err(), "no message went elsewhere");
}

#[tokio::test]
async fn a_proxy_is_asked_with_the_whole_url_and_its_own_credentials() {
    let (note, mut notes) = mpsc::unbounded_channel();
    let address = stand_in(move |head, _| {
        note.send((head.lines().next().unwrap().to_owned(), sent(head, "proxy-authorization")))
            .unwrap();
        response("200 OK", "text/plain", &ack("AA", "7"))
    });
    let proxy = format!("http://me:hidden@{}", address.await);
    let client = Client::builder("http://ehr.invalid/hl7").proxy(&proxy).build().unwrap();
    assert_eq!(send(&client).await, "AA");
    let (line, credentials) = notes.recv().await.unwrap();
    assert_eq!(line, "POST http://ehr.invalid/hl7 HTTP/1.1");
    assert_eq!(credentials, "Basic bWU6aGlkZGVu");
}

#[tokio::test]
async fn https_to_a_port_of_plain_http_names_tls_in_one_line() {
    let raw = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = raw.local_addr().unwrap();
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        while let Ok((mut stream, _)) = raw.accept().await {
            let _hello = stream.read(&mut [0; 1024]).await;
            let _sent =
                stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
        }
    });
    let tls = hl7_transport::ClientTls::trusting_nobody().unwrap();
    let client = Client::builder(&format!("https://localhost:{}/x?hidden=1", at.port())).tls(tls);
    let delivery = client.build().unwrap().deliver(owned(adt("7", "", ""))).await;
    let Delivery::NotSent(cause) = delivery else { panic!("{delivery:?}") };
    let text = cause.to_string();
    assert_eq!(cause.kind(), CauseKind::Tls, "{text}");
    assert!(text.contains("did not speak TLS") && text.lines().count() == 1, "{text}");
    assert!(!text.contains("hidden"), "{text}");
}
