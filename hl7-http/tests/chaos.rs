//! Every misbehaving peer of `hl7-chaos`, against the server and against the client.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use hl7_ack::{Deliver, Delivery, Outcome, Received};
use hl7_chaos::{Known, Player, Role, Row, Settings, Transport, message, rows};
use hl7_http::{client::Client, server::Server};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
};

use crate::support::{Running, SOON, accept, adt, owned, raw_post, rest};

fn http(role: Role) -> Vec<Row> {
    let all = rows(&Settings::new()).into_iter();
    all.filter(|row| row.role() == role && row.transport() == Transport::Http).collect()
}

#[tokio::test]
async fn the_server_takes_what_it_should_from_every_sender_and_nothing_else() {
    let senders = http(Role::Sender);
    assert!(senders.len() > 10);
    for row in senders {
        let name = row.name();
        let handled = Arc::<Mutex<Vec<Bytes>>>::default();
        let seen = Arc::clone(&handled);
        let server = Server::bind("127.0.0.1:0").await.unwrap();
        let running = Running::start(server.serve(move |received: Received| {
            let id = received.message.as_message().header().control_id().as_bytes().to_vec();
            seen.lock().unwrap().push(id.into());
            async { Outcome::accepted() }
        }));
        let address = running.address;
        let mut peer = Player::new(move || TcpStream::connect(address)).patience(SOON);
        peer.play(&row).await.unwrap_or_else(|fault| panic!("{name}: {fault}"));
        running.stop().await;
        let mut handled = handled.lock().unwrap().clone();
        // A message that was sent again is handled again where nothing remembers it.
        handled.dedup();
        handled.retain(|id| !row.may_be_handled().iter().any(|may| may.as_bytes() == id));
        assert_eq!(handled, row.handled(), "{name}");
    }
}

fn known(delivery: &Delivery) -> Known {
    match delivery {
        Delivery::Answered(answer) if answer.is_positive() => Known::Accepted,
        Delivery::Answered(_) => Known::Refused,
        _ => Known::NotKnown,
    }
}

#[tokio::test]
async fn the_client_says_of_every_receiver_no_more_than_can_be_known() {
    let receivers = http(Role::Receiver);
    assert!(receivers.len() > 10);
    for row in receivers {
        let name = row.name();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let client = Client::builder(&url).timeout(Duration::from_millis(500)).build().unwrap();
        let attempts = row.known().to_vec();
        let sending = async {
            for (number, wanted) in attempts {
                let delivery = client.deliver(owned(message(&number.to_string()))).await;
                assert_eq!(known(&delivery), wanted, "{name}, {number}: {delivery:?}");
            }
        };
        let mut peer = Player::new(listener).patience(SOON);
        let ((), played) = tokio::join!(sending, peer.play(&row));
        played.unwrap_or_else(|fault| panic!("{name}: {fault}"));
    }
}

#[tokio::test]
async fn a_body_that_a_line_broke_off_is_not_called_at_fault() {
    // 400 would make the sender set the message aside: `CauseKind::ContentRefused`.
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let running = Running::start(server.serve(accept));
    let whole = raw_post("", &adt("7", "", ""));
    for cut in [1, 20, 100] {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        stream.write_all(&whole.as_bytes()[..whole.len() - cut]).await.unwrap();
        stream.shutdown().await.unwrap();
        let answer = rest(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{cut} bytes missing: {answer}");
    }
    running.stop().await;
}
