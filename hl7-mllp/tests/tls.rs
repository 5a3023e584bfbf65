//! Client and server over TLS.

use hl7_ack::{CauseKind, Deliver, Delivery, Outcome, Received};
use hl7_mllp::{client::Client, server::Server};
use hl7_parse::OwnedMessage;
use hl7_transport::{ClientTls, Pem, ServerTls};
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
