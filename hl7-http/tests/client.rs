//! The client against scripted peers and real servers: every row of its table.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use hl7_ack::{
    AckCode, CauseKind, Deliver, Delivery, Forward, Matching, Received, Reply, TimeLimited,
};
use hl7_http::{
    CharsetRule, Dialect,
    client::{Client, ClientErrorKind},
    server::Server,
};
use hl7_parse::OwnedMessage;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc,
};

use crate::support::{
    Running, SECRET, accept, ack, adt, answering, owned, peer, raw, raw_post, read_request,
    response,
};

const ER7: &str = "application/hl7-v2+er7; charset=utf-8";

fn client(url: &str) -> Client {
    Client::builder(url).build().expect("a client")
}

/// What a delivery came to, in few words: `AA`, `none due`, `not sent: ...`, `unknown: ...`.
pub(crate) fn came_to(delivery: &Delivery) -> String {
    match delivery {
        Delivery::Answered(answer) => {
            answer.code().map_or("no code".to_owned(), |code| code.as_str().to_owned())
        }
        Delivery::NoneDue => "none due".to_owned(),
        Delivery::NotSent(cause) => format!("not sent: {:?}: {cause}", cause.kind()),
        Delivery::Unknown(cause) => format!("unknown: {:?}: {cause}", cause.kind()),
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn every_response_means_what_the_table_says() {
    let html = "<html>not found</html>";
    let long = "x".repeat(1024 * 1024 + 1);
    let bare = |status: &str| format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
    for (due, answer, expected) in [
        // The body names the message: it decides, under any status and of any type.
        (true, response("200 OK", ER7, &ack("AA", "7")), "AA"),
        (true, response("200 OK", ER7, &ack("AE", "7")), "AE"),
        (true, response("200 OK", ER7, &ack("CR", "7")), "CR"),
        (true, response("200 OK", "text/html", &ack("AA", "7")), "AA"),
        (true, response("201 Created", ER7, &ack("AA", "7")), "AA"),
        (true, response("400 Bad Request", ER7, &ack("AR", "7")), "AR"),
        (true, response("400 Bad Request", "text/plain", &ack("AR", "7")), "AR"),
        (true, response("400 Bad Request", ER7, &ack("AA", "7")), "AA"),
        (true, response("500 Internal Server Error", ER7, &ack("AE", "7")), "AE"),
        (true, response("500 Internal Server Error", ER7, &ack("XX", "7")), "no code"),
        (true, response("200 OK", ER7, &ack("AA", "7").replace('\r', "\n")), "AA"),
        (true, response("200 OK", ER7, &format!("\x0b{}\x1c\r", ack("AA", "7"))), "AA"),
        (true, response("200 OK", ER7, ack("AA", "7").trim_end()), "AA"),
        // It is HL7 and names another, or none.
        (true, response("200 OK", ER7, &ack("AA", "8")), "unknown: Mismatched"),
        (true, response("500 Internal Server Error", ER7, &ack("AE", "8")), "unknown: Mismatched"),
        (true, response("200 OK", ER7, &adt("7", "", "")), "unknown: Mismatched"),
        // 2xx without HL7.
        (true, bare("200 OK"), "unknown: Unreadable"),
        (true, bare("202 Accepted"), "unknown: Unreadable"),
        (true, "HTTP/1.1 204 No Content\r\n\r\n".to_owned(), "unknown: Unreadable"),
        (true, response("200 OK", "text/plain", "OK"), "unknown: Unreadable"),
        (true, response("200 OK", "text/html", html), "unknown: Unreadable"),
        (true, response("200 OK", ER7, &long), "unknown: Unreadable"),
        // Nothing was due.
        (false, bare("200 OK"), "none due"),
        (false, bare("202 Accepted"), "none due"),
        (false, "HTTP/1.1 204 No Content\r\n\r\n".to_owned(), "none due"),
        (false, response("200 OK", "text/plain", "OK"), "none due"),
        (false, response("200 OK", ER7, &ack("AE", "7")), "AE"),
        (false, bare("404 Not Found"), "unknown: Refused"),
        // Any other status without HL7.
        (
            true,
            "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n".to_owned(),
            "unknown: Refused",
        ),
        (true, bare("301 Moved"), "unknown: Refused"),
        (
            true,
            "HTTP/1.1 307 Moved\r\nLocation: /\r\nContent-Length: 0\r\n\r\n".to_owned(),
            "unknown: Refused",
        ),
        (true, bare("400 Bad Request"), "unknown: ContentRefused"),
        (true, bare("401 Unauthorized"), "not sent: AccessRefused"),
        (true, bare("403 Forbidden"), "not sent: AccessRefused"),
        (false, bare("401 Unauthorized"), "not sent: AccessRefused"),
        (true, response("401 Unauthorized", ER7, &ack("AR", "7")), "AR"),
        (true, response("404 Not Found", "text/html", html), "unknown: Refused"),
        (true, bare("405 Method Not Allowed"), "unknown: Refused"),
        (true, bare("408 Request Timeout"), "unknown: Refused"),
        (true, bare("413 Content Too Large"), "unknown: ContentRefused"),
        (true, bare("415 Unsupported Media Type"), "unknown: ContentRefused"),
        (true, bare("422 Unprocessable Content"), "unknown: ContentRefused"),
        (true, bare("429 Too Many Requests"), "not sent: Overloaded"),
        (true, bare("500 Internal Server Error"), "unknown: Refused"),
        (true, response("502 Bad Gateway", "text/html", &long), "unknown: Refused"),
        (true, bare("503 Service Unavailable"), "unknown: Refused"),
        (
            true,
            "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"
                .to_owned(),
            "not sent: Overloaded",
        ),
        (true, bare("504 Gateway Timeout"), "unknown: Refused"),
    ] {
        let line = answer.lines().next().unwrap_or_default().to_owned();
        let status = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let address = answering(answer).await;
        let asks = if due { "" } else { "NE" };
        let message = owned(adt("7", asks, asks));
        let found = came_to(&client(&format!("http://{address}/adt")).deliver(message).await);
        assert!(found.starts_with(expected), "{line}, due {due}: {found}");
        if expected.starts_with("unknown") || expected.starts_with("not sent") {
            assert!(found.contains(&format!("HTTP status {status}")), "{line}: {found}");
        }
    }
}

#[tokio::test]
async fn the_pause_a_refusal_asks_for_is_told_and_at_most_an_hour() {
    let of = |seconds| Some(Duration::from_secs(seconds));
    for (status, header, expected) in [
        ("429 Too Many Requests", "Retry-After: 7\r\n", of(7)),
        ("503 Service Unavailable", "Retry-After: 120\r\n", of(120)),
        ("503 Service Unavailable", "Retry-After: 86400\r\n", of(3600)),
        ("503 Service Unavailable", "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n", of(0)),
        ("503 Service Unavailable", "Retry-After: soon\r\n", None),
        ("500 Internal Server Error", "Retry-After: 7\r\n", of(7)),
        ("429 Too Many Requests", "", None),
    ] {
        let answer = format!("HTTP/1.1 {status}\r\n{header}Content-Length: 0\r\n\r\n");
        let address = answering(answer).await;
        let delivery = client(&format!("http://{address}/")).deliver(owned(adt("7", "", ""))).await;
        let found = delivery.cause().expect("no answer").retry_after();
        assert_eq!(found, expected, "{status} {header:?}");
    }
}

#[tokio::test]
async fn the_limit_of_a_response_holds_with_and_without_a_length() {
    let answer = ack("AA", "7");
    let plain = response("200 OK", ER7, &answer);
    let until_closed = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{answer}");
    for text in [plain, until_closed] {
        for (max, expected) in [
            (answer.len() - 1, "unknown: Unreadable"),
            (answer.len(), "AA"),
            (answer.len() + 1, "AA"),
        ] {
            let url = format!("http://{}/", answering(text.clone()).await);
            let client = Client::builder(&url).max_response_len(max).build().unwrap();
            let found = came_to(&client.deliver(owned(adt("7", "", ""))).await);
            assert!(found.starts_with(expected), "max {max}: {found}");
        }
    }
}

#[tokio::test]
async fn an_endless_response_is_cut_off() {
    let address = peer(|mut stream| async move {
        read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        while stream.write_all(&[b'x'; 64 * 1024]).await.is_ok() {}
    })
    .await;
    let found =
        came_to(&client(&format!("http://{address}")).deliver(owned(adt("7", "", ""))).await);
    assert!(found.starts_with("unknown: Unreadable"), "{found}");
}

#[tokio::test]
async fn a_message_that_could_not_leave_was_not_sent() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let found =
        came_to(&client(&format!("http://{closed}/")).deliver(owned(adt("7", "", ""))).await);
    assert!(found.starts_with("not sent: Unreachable"), "{found}");
    assert!(found.contains(&closed.to_string()) && found.contains("refused"), "{found}");

    let found = came_to(&client("http://hl7.invalid:80/").deliver(owned(adt("7", "", ""))).await);
    assert!(found.starts_with("not sent: Unreachable"), "{found}");
    assert!(found.contains("hl7.invalid") && found.contains("resolved"), "{found}");

    let closing = peer(|stream| async move { drop(stream) }).await;
    let tls = hl7_transport::ClientTls::trusting_nobody().unwrap();
    let builder = Client::builder(&format!("https://{closing}/")).tls(tls);
    let found = came_to(&builder.build().unwrap().deliver(owned(adt("7", "", ""))).await);
    assert!(found.starts_with("not sent: Unreachable"), "{found}");

    // A peer that accepts and never answers the handshake.
    let address = peer(|stream| async move {
        let _open = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let builder = Client::builder(&format!("https://{address}/"));
    let hurried = builder
        .tls(hl7_transport::ClientTls::trusting_nobody().unwrap())
        .connect_timeout(Duration::from_millis(100))
        .build()
        .unwrap();
    let found = came_to(&hurried.deliver(owned(adt("7", "", ""))).await);
    assert!(found.starts_with("not sent: TimedOut"), "{found}");
}

#[tokio::test]
async fn a_message_that_may_have_arrived_is_unknown() {
    let silent = peer(|mut stream| async move {
        read_request(&mut stream).await;
        std::future::pending::<()>().await;
    })
    .await;
    let closing = peer(|mut stream| async move {
        read_request(&mut stream).await;
    })
    .await;
    let cut = answering("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nMSH|^~").await;
    let resetting = peer(|mut stream| async move {
        stream.read_u8().await.unwrap();
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    })
    .await;
    let garbage = answering("\x0bMSH|^~\\&|EVERYWOMAN\x1c\r").await;
    let stalled = peer(|mut stream| async move {
        read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nMSH|^~").await.unwrap();
        std::future::pending::<()>().await;
    })
    .await;
    for (what, address, expected) in [
        ("silent", silent, "unknown: TimedOut"),
        ("stalled", stalled, "unknown: TimedOut"),
        ("closing", closing, "unknown: Closed"),
        ("cut", cut, "unknown: Closed"),
        ("resetting", resetting, "unknown: Closed"),
        ("garbage", garbage, "unknown: Closed"),
    ] {
        let builder = Client::builder(&format!("http://{address}/"));
        let client = builder.timeout(Duration::from_millis(300)).build().unwrap();
        let found = came_to(&client.deliver(owned(adt("7", "", ""))).await);
        assert!(found.starts_with(expected), "{what}: {found}");
        assert!(found.contains(&address.to_string()), "{what}: {found}");
        assert!(!found.contains(SECRET), "{what}: {found}");
    }
}

#[tokio::test]
async fn a_time_limit_around_the_client_knows_whether_the_body_has_left() {
    let silent = peer(|stream| async move {
        let _open = stream;
        std::future::pending::<()>().await;
    })
    .await;
    for (scheme, expected) in [("http", "unknown: TimedOut"), ("https", "not sent: TimedOut")] {
        let client = Client::builder(&format!("{scheme}://{silent}/"))
            .tls(hl7_transport::ClientTls::trusting_nobody().unwrap())
            .build()
            .unwrap();
        let timer = hl7_transport::TokioTimer::default();
        let limited = TimeLimited::new(client, Duration::from_millis(300), timer);
        let found = came_to(&limited.deliver(owned(adt("7", "", ""))).await);
        assert!(found.starts_with(expected), "{scheme}: {found}");
    }
}

#[tokio::test]
async fn the_request_is_as_the_dialect_and_the_draft_want_it() {
    let (seen, mut requests) = mpsc::unbounded_channel();
    let address = peer(move |mut stream| {
        let seen = seen.clone();
        async move {
            seen.send(read_request(&mut stream).await).unwrap();
            stream.write_all(response("200 OK", ER7, &ack("AA", "7")).as_bytes()).await.unwrap();
        }
    })
    .await;
    let latin = |msh_18: &str| {
        let head = format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5||||||{msh_18}\rPID|||||M");
        [head.as_bytes(), b"\xfcller\r"].concat()
    };
    let never = Dialect::hapi().with_charset(CharsetRule::Never);
    for (dialect, message, expected) in [
        (
            Dialect::default(),
            adt("7", "", "").into_bytes(),
            "application/hl7-v2+er7; charset=utf-8",
        ),
        (Dialect::hapi(), adt("7", "", "").into_bytes(), "application/hl7-v2; charset=utf-8"),
        (Dialect::plain_text(), adt("7", "", "").into_bytes(), "text/plain; charset=utf-8"),
        (never, adt("7", "", "").into_bytes(), "application/hl7-v2"),
        (Dialect::hapi(), latin(""), "application/hl7-v2"),
        (Dialect::hapi(), latin("8859/1"), "application/hl7-v2; charset=iso-8859-1"),
        (Dialect::hapi(), latin("UNICODE UTF-8"), "application/hl7-v2"),
    ] {
        let client = Client::builder(&format!("http://u:p@{address}/Lab/ADT?CfgItem=x"))
            .dialect(dialect)
            .header("organisation-code", "r0d")
            .build()
            .unwrap();
        let delivery = client.deliver(owned(message.clone())).await;
        assert_eq!(came_to(&delivery), "AA", "{expected}");
        let (head, body) = requests.recv().await.unwrap();
        let lower = head.to_ascii_lowercase();
        assert_eq!(body, message, "the bytes pass as they are");
        assert!(head.starts_with("POST /Lab/ADT?CfgItem=x HTTP/1.1\r\n"), "{head}");
        for line in [
            &format!("content-type: {expected}"),
            "organisation-code: r0d",
            &format!("host: {address}"),
            "authorization: basic dtpw",
            &format!("content-length: {}", message.len()),
        ] {
            assert!(lower.contains(&format!("\r\n{line}\r\n")), "{line:?} in {head}");
        }
        assert!(lower.contains("\r\ndate: ") && lower.contains(" gmt\r\n"), "{head}");
        assert!(!lower.contains("transfer-encoding"), "{head}");
    }
}

#[tokio::test]
async fn a_header_of_the_caller_replaces_that_of_the_client() {
    let (seen, mut requests) = mpsc::unbounded_channel();
    let address = peer(move |mut stream| {
        let seen = seen.clone();
        async move {
            seen.send(read_request(&mut stream).await.0).unwrap();
            stream.write_all(response("200 OK", ER7, &ack("AA", "7")).as_bytes()).await.unwrap();
        }
    })
    .await;
    let client = Client::builder(&format!("http://{address}/"))
        .header("Content-Type", "application/x-own")
        .header("host", "front.example")
        .header("date", "never")
        .bearer("client's")
        .header("authorization", "own")
        .header("x-two", "1")
        .header("x-two", "2")
        .build()
        .unwrap();
    assert_eq!(came_to(&client.deliver(owned(adt("7", "", ""))).await), "AA");
    let head = requests.recv().await.unwrap().to_ascii_lowercase();
    assert_eq!(head.matches("content-type: ").count(), 1, "{head}");
    assert!(head.contains("\r\ncontent-type: application/x-own\r\n"), "{head}");
    for (name, value) in [("host", "front.example"), ("date", "never"), ("authorization", "own")] {
        assert_eq!(head.matches(&format!("\r\n{name}: ")).count(), 1, "{head}");
        assert!(head.contains(&format!("\r\n{name}: {value}\r\n")), "{head}");
    }
    assert!(head.contains("x-two: 1\r\n") && head.contains("x-two: 2\r\n"), "{head}");
    assert!(!format!("{client:?}").contains("x-own"), "{client:?}");
}

#[tokio::test]
async fn connections_are_used_again() {
    let accepted = Arc::new(AtomicUsize::new(0));
    let address = peer({
        let accepted = Arc::clone(&accepted);
        move |mut stream| {
            accepted.fetch_add(1, Ordering::Relaxed);
            async move {
                for _ in 0..3 {
                    read_request(&mut stream).await;
                    let answer = response("200 OK", ER7, &ack("AA", "7"));
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            }
        }
    })
    .await;
    let client = client(&format!("http://{address}/"));
    for _ in 0..3 {
        assert_eq!(came_to(&client.deliver(owned(adt("7", "", ""))).await), "AA");
    }
    assert_eq!(accepted.load(Ordering::Relaxed), 1);
}

#[test]
fn what_can_not_be_built_is_told_in_one_line_without_the_url() {
    for (url, word) in [
        ("", "not a URL"),
        ("nonsense", "http://host:port/path"),
        ("127.0.0.1:8575", "http://host:port/path"),
        ("localhost:8575", "neither http nor https"),
        ("ftp://u:hunter2@host/", "neither http nor https"),
        ("http://", "not a URL"),
        ("http://u:hunter2@:80/", "not a URL"),
        ("http://host:99999/?k=hunter2", "not a URL"),
        ("mllp://host:2575", "neither http nor https"),
        ("http://ho st/?k=hunter2", "not a URL"),
    ] {
        let error = Client::builder(url).build().expect_err(url);
        let text = error.to_string();
        assert_eq!(error.kind(), ClientErrorKind::Url, "{url}: {text}");
        assert!(text.contains(word) && !text.contains('\n'), "{url}: {text}");
        assert!(!text.contains("hunter2") && !format!("{error:?}").contains("hunter2"), "{text}");
    }
    for (name, value) in [("x y", "z"), ("", "z"), ("x", "a\nhunter2")] {
        let error = Client::builder("http://host").header(name, value).build().expect_err(name);
        assert_eq!(error.kind(), ClientErrorKind::Header, "{name}: {error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

#[tokio::test]
async fn no_error_shows_credentials_or_the_query() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let refusing = answering(response("403 Forbidden", "text/plain", "hunter2")).await;
    let silent = peer(|stream| async move {
        let _open = stream;
        std::future::pending::<()>().await;
    })
    .await;
    for address in [closed, refusing, silent] {
        let url = format!("http://user:hunter2@{address}/p?token=hunter2");
        let builder = Client::builder(&url).header("x-key", "hunter2");
        let text = format!("{builder:?}");
        let client = builder.timeout(Duration::from_millis(100)).build().unwrap();
        let delivery = client.deliver(owned(adt("7", "", ""))).await;
        let text = format!("{text} {client:?} {delivery:?} {}", came_to(&delivery));
        assert!(!text.contains("hunter2"), "{text}");
        assert!(!text.contains("token"), "{text}");
        assert!(!text.contains(SECRET), "{text}");
    }
}

#[tokio::test]
async fn client_and_server_understand_each_other() {
    let running = Running::start(Server::bind("127.0.0.1:0").await.unwrap().serve(accept));
    let client = client(&running.url());
    assert_eq!(client.destination(), format!("http://{}", running.address));
    for (msh_15, msh_16, expected) in
        [("", "", "AA"), ("AL", "NE", "CA"), ("NE", "NE", "none due"), ("NE", "AL", "none due")]
    {
        let delivery = client.deliver(owned(adt("7", msh_15, msh_16))).await;
        assert_eq!(came_to(&delivery), expected, "{msh_15}/{msh_16}");
    }
    running.stop().await;
}

#[tokio::test]
async fn a_bridge_passes_bytes_and_acknowledgments_and_answers_for_a_dead_far_side() {
    let (seen, mut messages) = mpsc::unbounded_channel::<OwnedMessage>();
    let far = Server::bind("127.0.0.1:0").await.unwrap();
    let far = Running::start(far.serve(move |received: Received| {
        seen.send(received.message.detach()).unwrap();
        async { Reply::from(hl7_ack::Outcome::accepted()) }
    }));
    let near = Server::bind("127.0.0.1:0").await.unwrap();
    let near = Running::start(near.serve(Forward::to(client(&far.url()))));

    let message = adt("7", "", "");
    let answer = raw(near.address, raw_post("Connection: close\r\n", &message)).await;
    assert!(answer.contains("\rMSA|AA|7"), "{answer}");
    assert_eq!(messages.recv().await.unwrap().as_bytes(), message.as_bytes());

    far.stop().await;
    for (msh_15, expected) in [("", "\rMSA|AR|8"), ("AL", "\rMSA|CE|8")] {
        let message = adt("8", msh_15, "");
        let answer = raw(near.address, raw_post("Connection: close\r\n", &message)).await;
        assert!(answer.contains(expected), "{answer}");
        assert!(!answer.contains("127.0.0.1"), "no internals: {answer}");
    }
    near.stop().await;
}

#[tokio::test]
async fn codes_and_causes_can_be_asked_for() {
    let address = answering(response("404 Not Found", "text/plain", "no")).await;
    let delivery = client(&format!("http://{address}")).deliver(owned(adt("7", "", ""))).await;
    let Delivery::Unknown(cause) = delivery else { panic!("{delivery:?}") };
    assert_eq!(cause.kind(), CauseKind::Refused);

    let address = answering(response("200 OK", ER7, &ack("AA", "7"))).await;
    let delivery = client(&format!("http://{address}")).deliver(owned(adt("7", "", ""))).await;
    let Delivery::Answered(answer) = delivery else { panic!("{delivery:?}") };
    assert_eq!(answer.code(), Some(AckCode::AA));
    assert!(answer.is_positive());
}

#[tokio::test]
async fn an_empty_answer_accepts_where_only_errors_are_to_be_told() {
    let bare = |status: &str| format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
    for (answer, expected) in [
        (bare("204 No Content"), "none due"),
        (bare("200 OK"), "none due"),
        (response("200 OK", ER7, &ack("CE", "7")), "CE"),
        (bare("500 Internal Server Error"), "unknown: Refused"),
        (response("200 OK", "text/plain", "OK"), "unknown: Unreadable"),
    ] {
        let line = answer.lines().next().unwrap_or_default().to_owned();
        let address = answering(answer).await;
        let client = client(&format!("http://{address}/adt"));
        let found = came_to(&client.deliver(owned(adt("7", "ER", "NE"))).await);
        assert!(found.starts_with(expected), "{line}: {found}");
    }
}

#[tokio::test]
async fn an_answer_that_names_no_message_counts_where_that_is_asked_for() {
    let address = answering(response("200 OK", ER7, &ack("AA", ""))).await;
    let url = format!("http://{address}/adt");
    let exact = client(&url).deliver(owned(adt("7", "", ""))).await;
    assert!(came_to(&exact).starts_with("unknown: Mismatched"), "{exact:?}");
    let tolerant = Client::builder(&url).matching(Matching::exact().or_missing()).build().unwrap();
    assert_eq!(came_to(&tolerant.deliver(owned(adt("7", "", ""))).await), "AA");
}

#[tokio::test]
async fn what_stands_beside_the_answer_in_a_body_is_counted() {
    let inbound = adt("5", "", "");
    for (body, due, expected, dropped) in [
        (ack("AA", "7"), true, "AA", 0),
        // The application acknowledgment says more.
        (ack("CA", "7") + &ack("AE", "7"), true, "AE", 0),
        (ack("AE", "7") + &ack("CA", "7"), true, "AE", 1),
        (ack("AA", "7") + &ack("AE", "7"), true, "AA", 1),
        (inbound.clone() + &ack("AE", "7") + &inbound, true, "AE", 2),
        (inbound.clone(), false, "none due", 1),
        (ack("AA", "8"), true, "unknown: Mismatched", 1),
        ("OK".to_owned(), false, "none due", 0),
    ] {
        let address = answering(response("200 OK", ER7, &body)).await;
        let client = client(&format!("http://{address}/adt"));
        let asks = if due { "" } else { "NE" };
        let found = came_to(&client.deliver(owned(adt("7", asks, asks))).await);
        assert!(found.starts_with(expected), "{body:?}: {found}");
        assert_eq!(client.dropped_inbound(), dropped, "{body:?}");
    }
}

#[tokio::test]
async fn a_peer_that_is_always_in_original_mode_owes_an_answer_to_every_message() {
    for (asks, body, expected) in [
        ("NE", ack("AE", "7"), "AE"),
        ("NE", String::new(), "unknown: Unreadable"),
        ("ER", String::new(), "unknown: Unreadable"),
        ("AL", ack("AA", "7"), "AA"),
    ] {
        let address = answering(response("200 OK", ER7, &body)).await;
        let builder = Client::builder(&format!("http://{address}/adt")).always_original_mode();
        let client = builder.build().expect("a client");
        let found = came_to(&client.deliver(owned(adt("7", asks, "NE"))).await);
        assert!(found.starts_with(expected), "{asks}, {body:?}: {found}");
    }
}
