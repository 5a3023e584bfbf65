//! Client and server over TLS.

use hl7_ack::{AckCode, CauseKind, Deliver, Delivery, Outcome, Received};
use hl7_mllp::{client::Client, server::Server};
use hl7_parse::OwnedMessage;
use hl7_transport::{Authorize, ClientTls, Pem, Permission, ServerTls};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::{io::AsyncReadExt, net::TcpStream};
use tracing::Level;

use crate::support::{Log, Wire, frame, message};

/// A server's configuration, and a client's that trusts it.
fn configs() -> (ServerTls, ClientTls) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let server = ServerTls::builder(
        Pem::bytes(cert.pem().into_bytes()),
        Pem::bytes(signing_key.serialize_pem().into_bytes()),
    );
    let client = ClientTls::builder().ca(Pem::bytes(cert.pem().into_bytes()));
    (server.build().unwrap(), client.build().unwrap())
}

async fn serving(tls: ServerTls) -> String {
    let server = Server::bind("127.0.0.1:0").await.unwrap().tls(tls);
    let address = server.local_addr().to_string();
    tokio::spawn(async { server.serve(|_: Received| async { Outcome::accepted() }).await });
    address
}

fn owned(id: &str) -> OwnedMessage {
    OwnedMessage::parse(message(id)).unwrap()
}

#[tokio::test]
async fn messages_are_exchanged_over_tls() {
    let (server, client) = configs();
    let address = serving(server).await;
    let client = Client::builder(address).tls(client, "localhost").build().unwrap();
    for id in ["1", "2", "3"] {
        let delivery = client.deliver(owned(id)).await;
        let Delivery::Answered(answer) = delivery else { panic!("{delivery:?}") };
        assert!(answer.is_positive());
    }
    let large = [message("4"), b"OBX|1|ED|||".to_vec(), vec![b'Q'; 3_000_000]].concat();
    let delivery = client.deliver(OwnedMessage::parse(large).unwrap()).await;
    assert!(matches!(delivery, Delivery::Answered(_)), "{delivery:?}");
}

#[tokio::test]
async fn an_unknown_authority_or_another_name_is_not_sent() {
    let ((server, trusting), (_, other)) = (configs(), configs());
    let address = serving(server).await;
    for (tls, name) in [(other, "localhost"), (trusting, "example.org")] {
        let client = Client::builder(address.clone()).tls(tls, name).build().unwrap();
        let delivery = client.deliver(owned("1")).await;
        let Delivery::NotSent(cause) = delivery else { panic!("{delivery:?}") };
        assert_eq!(cause.kind(), CauseKind::Tls, "{cause}");
    }
}

#[tokio::test]
async fn plain_bytes_on_a_tls_port_are_refused_and_the_server_goes_on() {
    let log = Log::start();
    let (server, client) = configs();
    let address = serving(server).await;
    let mut wire = Wire::new(TcpStream::connect(&address).await.unwrap());
    wire.send(&frame(&message("1"))).await;
    let mut rest = Vec::new();
    // An alert or nothing; the connection ends.
    drop(wire.io.read_to_end(&mut rest).await);
    assert!(log.at(Level::WARN).iter().any(|line| line.contains("TLS handshake failed")));
    log.assert_nothing_of_a_patient();
    let client = Client::builder(address).tls(client, "localhost").build().unwrap();
    assert!(matches!(client.deliver(owned("2")).await, Delivery::Answered(_)));
}

#[tokio::test]
async fn a_plain_client_at_a_tls_port_never_succeeds() {
    let (server, _) = configs();
    let client = Client::builder(serving(server).await).build().unwrap();
    let delivery = client.deliver(owned("1")).await;
    assert!(matches!(delivery, Delivery::Unknown(_)), "{delivery:?}");
}

#[tokio::test]
async fn a_client_of_tls_at_a_plain_port_names_tls() {
    let log = Log::start();
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().to_string();
    tokio::spawn(async { server.serve(|_: Received| async { Outcome::accepted() }).await });
    let (_, tls) = configs();
    let client = Client::builder(address).tls(tls, "localhost").build().unwrap();
    let Delivery::NotSent(cause) = client.deliver(owned("1")).await else { panic!("sent") };
    assert_eq!(cause.kind(), CauseKind::Tls);
    let text = cause.to_string();
    assert!(text.contains("TLS") && text.contains("plain text"), "{text}");
    let lines = log.at(Level::WARN);
    assert!(lines.iter().any(|line| line.contains("TLS spoken to an MLLP port")), "{lines:?}");
}

#[tokio::test]
async fn the_handler_learns_whose_certificate_it_is_and_a_rule_decides_by_it() {
    let certified = |name: &str| {
        let made = generate_simple_self_signed([format!("{name}.example.org")]).unwrap();
        (made.cert.pem().into_bytes(), made.signing_key.serialize_pem().into_bytes())
    };
    let (own, lab, ward) = (certified("ehr"), certified("lab"), certified("ward"));
    let server = ServerTls::builder(Pem::bytes(own.0.clone()), Pem::bytes(own.1))
        .pinned_client(Pem::bytes(lab.0.clone()))
        .pinned_client(Pem::bytes(ward.0.clone()));
    let listening = Server::bind("127.0.0.1:0").await.unwrap().tls(server.build().unwrap());
    let address = listening.local_addr().to_string();
    let rule = |received: &Received| match received.peer.identity() {
        Some(identity) if identity.has_name("lab.example.org") => Permission::Allowed,
        Some(_) => Permission::Rejected,
        None => Permission::HangUp,
    };
    let handler = Authorize::new(rule, |_: Received| async { Outcome::accepted() });
    tokio::spawn(async { listening.serve(handler).await });

    for ((chain, key), code) in [(lab, AckCode::AA), (ward, AckCode::AR)] {
        let tls = ClientTls::builder().pinned_server(Pem::bytes(own.0.clone()));
        let tls = tls.identity(Pem::bytes(chain), Pem::bytes(key)).build().unwrap();
        let client = Client::builder(address.clone()).tls(tls, "another.example.org").build();
        let delivery = client.unwrap().deliver(owned("1")).await;
        let Delivery::Answered(answer) = delivery else { panic!("{delivery:?}") };
        assert_eq!(answer.code(), Some(code));
    }
}

#[tokio::test]
async fn a_client_without_a_certificate_hears_that_one_is_required() {
    let made = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let pem = || Pem::bytes(made.cert.pem().into_bytes());
    let key = Pem::bytes(made.signing_key.serialize_pem().into_bytes());
    let server = ServerTls::builder(pem(), key).client_ca(pem()).build().unwrap();
    let client = ClientTls::builder().ca(pem()).build().unwrap();
    let client = Client::builder(serving(server).await).tls(client, "localhost").build().unwrap();
    let delivery = client.deliver(owned("1")).await;
    // With TLS 1.3 the server says so after the client believes itself connected.
    let Delivery::Unknown(cause) = delivery else { panic!("{delivery:?}") };
    assert_eq!(cause.kind(), CauseKind::Tls);
    assert!(cause.to_string().contains("requires a client certificate"), "{cause}");
}
