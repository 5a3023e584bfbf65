//! HTTPS and mutual TLS between client and server.

use std::time::Duration;

use bytes::Bytes;
use hl7_ack::{CauseKind, Deliver, Delivery};
use hl7_http::{
    client::Client,
    server::{Access, Server},
};
use hl7_transport::{ClientTls, Pem, ServerTls};
use http::Request;
use http_body_util::Full;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio::net::TcpStream;

use crate::client::came_to;
use crate::support::{Running, accept, adt, owned, parts, raw, still_serves};

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> Pem {
        Pem::bytes(self.0.pem())
    }

    fn issue(&self) -> (Pem, Pem) {
        let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        let chain = params.signed_by(&key, &self.0).unwrap().pem();
        (Pem::bytes(chain), Pem::bytes(key.serialize_pem()))
    }
}

async fn start(tls: ServerTls) -> Running {
    Running::start(Server::bind("127.0.0.1:0").await.unwrap().tls(tls).serve(accept))
}

/// The server by the name its certificate is for.
fn url(running: &Running) -> String {
    format!("https://localhost:{}/adt", running.address.port())
}

async fn deliver(url: &str, tls: ClientTls) -> Delivery {
    Client::builder(url).tls(tls).build().unwrap().deliver(owned(adt("7", "", ""))).await
}

#[tokio::test]
async fn a_trusted_server_is_spoken_to_and_an_unknown_one_is_not() {
    let authority = Authority::new("ours");
    let (chain, key) = authority.issue();
    let running = start(ServerTls::builder(chain, key).build().unwrap()).await;

    let trusting = ClientTls::builder().ca(authority.pem()).build().unwrap();
    let delivery = deliver(&url(&running), trusting.clone()).await;
    assert!(
        matches!(&delivery, Delivery::Answered(answer) if answer.is_positive()),
        "{delivery:?}"
    );

    let wary = ClientTls::builder().ca(Authority::new("other").pem()).build().unwrap();
    let by_address = format!("https://{}/", running.address);
    for (url, tls, word) in
        [(url(&running), wary, "authority"), (by_address, trusting, "not for the name")]
    {
        let delivery = deliver(&url, tls).await;
        let Delivery::NotSent(cause) = delivery else { panic!("{delivery:?}") };
        assert_eq!(cause.kind(), CauseKind::Tls, "{cause}");
        assert!(cause.to_string().contains(word), "{cause}");
    }
    running.stop().await;
}

#[tokio::test]
async fn a_client_without_the_certificate_asked_for_gets_no_answer() {
    let authority = Authority::new("ours");
    let (chain, key) = authority.issue();
    let tls = ServerTls::builder(chain, key).client_ca(authority.pem()).build().unwrap();
    let running = start(tls).await;

    let (chain, key) = authority.issue();
    let known = ClientTls::builder().ca(authority.pem()).identity(chain, key).build().unwrap();
    let delivery = deliver(&url(&running), known.clone()).await;
    assert!(matches!(&delivery, Delivery::Answered(_)), "{delivery:?}");

    let (chain, key) = Authority::new("other").issue();
    let strange = ClientTls::builder().ca(authority.pem()).identity(chain, key).build().unwrap();
    let nameless = ClientTls::builder().ca(authority.pem()).build().unwrap();
    for tls in [nameless, strange] {
        let delivery = deliver(&url(&running), tls).await;
        let (Delivery::NotSent(cause) | Delivery::Unknown(cause)) = delivery else {
            panic!("{delivery:?}")
        };
        assert!(matches!(cause.kind(), CauseKind::Tls | CauseKind::Closed), "{cause}");
    }
    assert!(matches!(deliver(&url(&running), known).await, Delivery::Answered(_)), "goes on");
    running.stop().await;
}

#[tokio::test]
async fn who_is_let_in_by_its_certificate_is_told_from_who_is_not() {
    let authority = Authority::new("ours");
    let (chain, key) = authority.issue();
    let mutual = ServerTls::builder(chain, key).client_ca(authority.pem()).build().unwrap();
    let (chain, key) = authority.issue();
    let known = ClientTls::builder().ca(authority.pem()).identity(chain, key).build().unwrap();
    // What rcgen calls a subject that was given no name.
    let rules = Access::new().certificate_subject("CN=rcgen self signed cert");
    for (access, expected) in
        [(rules, "AA"), (Access::new().certificate_subject("CN=lab"), "not sent: AccessRefused")]
    {
        let server = Server::bind("127.0.0.1:0").await.unwrap().tls(mutual.clone());
        let running = Running::start(server.access(access.clone()).serve(accept));
        let found = came_to(&deliver(&url(&running), known.clone()).await);
        assert!(found.starts_with(expected), "{access:?}: {found}");
        running.stop().await;
    }
}

#[tokio::test]
async fn bad_tls_is_refused_and_the_server_still_serves() {
    let authority = Authority::new("ours");
    let (chain, key) = authority.issue();
    let tls = ServerTls::builder(chain, key);
    let running = start(tls.build().unwrap().handshake_timeout(Duration::from_millis(200))).await;
    // A record of a handshake whose content never comes; one that is no hello; none at all.
    let hello: &[u8] = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    for bytes in [hello, b"\x16\x03\x01\x00\x05hello", b"\x80\x2e\x01\x00\x02", &[0xFF; 5000]] {
        let answer = raw(running.address, bytes).await;
        assert!(!answer.contains("HTTP"), "{bytes:?}: {answer:?}");
        let trusting = ClientTls::builder().ca(authority.pem()).build().unwrap();
        assert!(matches!(deliver(&url(&running), trusting).await, Delivery::Answered(_)));
    }
    running.stop().await;
}

#[tokio::test]
async fn plain_http_on_an_https_port_is_refused_and_the_server_goes_on() {
    let authority = Authority::new("ours");
    let (chain, key) = authority.issue();
    let running = start(ServerTls::builder(chain, key).build().unwrap()).await;
    let answer = raw(running.address, "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n").await;
    assert!(!answer.starts_with("HTTP"), "{answer:?}");
    let trusting = ClientTls::builder().ca(authority.pem()).build().unwrap();
    assert!(matches!(deliver(&url(&running), trusting).await, Delivery::Answered(_)));
    running.stop().await;
}

#[tokio::test]
async fn https_to_a_plain_port_is_not_sent() {
    let running = Running::start(Server::bind("127.0.0.1:0").await.unwrap().serve(accept));
    let tls = ClientTls::builder().ca(Authority::new("ours").pem()).build().unwrap();
    let delivery = deliver(&url(&running), tls).await;
    let Delivery::NotSent(cause) = delivery else { panic!("{delivery:?}") };
    assert_eq!(cause.kind(), CauseKind::Tls, "{cause}");
    assert!(cause.to_string().contains("did not speak TLS"), "{cause}");
    still_serves(running.address).await;
    running.stop().await;
}

#[tokio::test]
async fn http_2_is_agreed_on_over_tls() {
    let authority = Authority::new("ours");
    let (chain, key) = authority.issue();
    let running = start(ServerTls::builder(chain, key).build().unwrap()).await;
    let mut config = (*ClientTls::builder().ca(authority.pem()).build().unwrap().config()).clone();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = TcpStream::connect(running.address).await.unwrap();
    let stream = ClientTls::from_config(config.into()).connect("localhost", stream).await.unwrap();
    assert_eq!(stream.alpn_protocol(), Some(&b"h2"[..]));
    let (mut send, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    let driving = tokio::spawn(connection);
    let body = Full::new(Bytes::from(adt("7", "", "")));
    let request = Request::post(url(&running)).body(body).unwrap();
    let (status, _, body) = parts(send.send_request(request).await.unwrap()).await;
    assert_eq!(status, 200);
    assert!(body.windows(9).any(|bytes| bytes == b"\rMSA|AA|7"), "{body:?}");
    drop(send);
    driving.await.unwrap().unwrap();
    running.stop().await;
}
