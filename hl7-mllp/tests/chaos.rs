//! Every misbehaving peer of `hl7-chaos`, against the server and against the client.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use hl7_ack::{Deliver, Delivery, Outcome, Peer, Received};
use hl7_chaos::{Known, MARK, Open, Player, Role, Row, Settings, Transport, message, rows};
use hl7_mllp::{client::Client, server::Connections};
use hl7_parse::OwnedMessage;
use tokio::{
    io::{DuplexStream, duplex},
    net::TcpListener,
};

use crate::support::Log;

fn mllp(role: Role) -> Vec<Row> {
    let mut settings = Settings::new();
    settings.late = Duration::from_millis(500);
    let all = rows(&settings).into_iter();
    all.filter(|row| row.role() == role && row.transport() == Transport::Mllp).collect()
}

/// The server, without sockets, so that the clock can be paused.
struct Near {
    connections: Connections,
}

impl Open for Near {
    type Io = DuplexStream;

    async fn open(&mut self) -> io::Result<DuplexStream> {
        let (near, far) = duplex(64 * 1024);
        let connections = self.connections.clone();
        tokio::spawn(async move { connections.serve(far, Peer::default()).await });
        Ok(near)
    }
}

#[tokio::test(start_paused = true)]
async fn the_server_takes_what_it_should_from_every_sender_and_nothing_else() {
    let log = Log::start();
    let senders = mllp(Role::Sender);
    assert!(senders.len() > 20);
    for row in senders {
        let handled = Arc::<Mutex<Vec<Bytes>>>::default();
        let seen = Arc::clone(&handled);
        let connections = Connections::builder().build(move |received: Received| {
            let id = received.message.as_message().header().control_id().as_bytes().to_vec();
            seen.lock().unwrap().push(id.into());
            async { Outcome::accepted() }
        });
        let mut peer = Player::new(Near { connections }).patience(Duration::from_secs(120));
        let name = row.name();
        peer.play(&row).await.unwrap_or_else(|fault| panic!("{name}: {fault}"));
        let mut handled = handled.lock().unwrap().clone();
        // A message that was sent again is handled again where nothing remembers it.
        handled.dedup();
        handled.retain(|id| !row.may_be_handled().iter().any(|may| may.as_bytes() == id));
        assert_eq!(handled, row.handled(), "{name}");
    }
    log.assert_without(MARK);
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
    let log = Log::start();
    let receivers = mllp(Role::Receiver);
    assert!(receivers.len() > 15);
    for row in receivers {
        let name = row.name();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = Client::builder(listener.local_addr().unwrap().to_string())
            .answer_timeout(Duration::from_millis(300))
            .max_reconnect_pause(Duration::from_millis(20))
            .build()
            .unwrap();
        let attempts = row.known().to_vec();
        let sending = async {
            for (number, wanted) in attempts {
                let message = OwnedMessage::parse(message(&number.to_string())).unwrap();
                let mut delivery = client.deliver(message.clone()).await;
                if wanted == Known::AcceptedInTheEnd {
                    for _ in 0..10 {
                        if !delivery.is_positive() {
                            delivery = client.deliver(message.clone()).await;
                        }
                    }
                    assert!(delivery.is_positive(), "{name}, {number}: {delivery:?}");
                } else {
                    assert_eq!(known(&delivery), wanted, "{name}, {number}: {delivery:?}");
                }
            }
        };
        let mut peer = Player::new(listener).patience(Duration::from_secs(10));
        let ((), played) = tokio::join!(sending, peer.play(&row));
        played.unwrap_or_else(|fault| panic!("{name}: {fault}"));
    }
    log.assert_without(MARK);
}
