//! What servers and clients of both transports log and count while peers misbehave.

use std::time::Duration;

use hl7_ack::{Deliver, Outcome, Received};
use hl7_chaos::{MARK, Player, Role, Settings, Transport, rows};
use hl7_parse::OwnedMessage;
use tokio::net::{TcpListener, TcpStream};

use crate::{
    marks::{assert_clean, marked},
    witness::Witness,
};

fn settings() -> Settings {
    let mut settings = Settings::new();
    settings.late = Duration::from_millis(300);
    settings.large = 600_000;
    settings
}

/// Every other message is refused for a reason that names the patient.
async fn handle(received: Received) -> Outcome {
    match received.message.as_bytes().len() % 2 {
        0 => Outcome::accepted(),
        _ => Outcome::error(hl7_ack::ErrorCode::APPLICATION_ERROR, MARK),
    }
}

#[tokio::test]
async fn servers_log_and_count_no_value_whatever_is_sent_to_them() {
    let witness = Witness::get();
    let mllp = hl7_mllp::server::Server::bind("127.0.0.1:0").await.unwrap();
    let mllp = mllp.frame_timeout(Duration::from_millis(500)).max_frame_len(500_000);
    let http = hl7_http::server::Server::bind("127.0.0.1:0").await.unwrap();
    assert_clean("servers", &format!("{mllp:?} {http:?}"));
    let (to_mllp, to_http) = (mllp.local_addr(), http.local_addr());
    tokio::spawn(mllp.serve(handle).into_future());
    tokio::spawn(http.serve(handle).into_future());
    for row in rows(&settings()).iter().filter(|row| row.role() == Role::Sender) {
        let to = if row.transport() == Transport::Mllp { to_mllp } else { to_http };
        let connect = move || TcpStream::connect(to);
        // Whether it is played to its end is another test's.
        match Player::new(connect).patience(Duration::from_secs(1)).play(row).await {
            Ok(()) => {}
            Err(fault) => assert_clean("a fault", &format!("{fault} {fault:?}")),
        }
    }
    let seen = witness.seen();
    assert_clean("the log", &seen);
    for expected in ["hl7_mllp::server", "hl7_http::server", "metric hl7_mllp_"] {
        assert!(seen.contains(expected), "nothing of {expected} was seen");
    }
}

#[tokio::test]
async fn clients_log_and_count_no_value_whatever_is_answered() {
    let witness = Witness::get();
    for row in rows(&settings()).iter().filter(|row| row.role() == Role::Receiver) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let limit = Duration::from_millis(200);
        let mllp = hl7_mllp::client::Client::builder(address.to_string()).answer_timeout(limit);
        let mllp = mllp.build().unwrap();
        let http = hl7_http::client::Client::builder(&format!("http://{address}/hl7"))
            .timeout(limit)
            .basic(MARK, MARK)
            .header("x-patient", MARK)
            .build()
            .unwrap();
        let sending = async {
            for _ in row.known() {
                let message = OwnedMessage::parse(marked()).unwrap();
                let delivery = match row.transport() {
                    Transport::Mllp => mllp.deliver(message).await,
                    _ => http.deliver(message).await,
                };
                let cause = delivery.cause().map(ToString::to_string);
                assert_clean(row.name(), &format!("{delivery:?} {cause:?} {mllp:?} {http:?}"));
            }
        };
        let mut peer = Player::new(listener).patience(Duration::from_millis(500));
        // The same message comes again and again, which is not what all rows expect.
        let ((), _played) = tokio::join!(sending, peer.play(row));
    }
    // Nobody is there, and a name that is none.
    for url in [format!("http://{MARK}:{MARK}@127.0.0.1:1/{MARK}"), format!("http://a b/{MARK}")] {
        match hl7_http::client::Client::builder(&url).build() {
            Ok(client) => {
                let delivery = client.deliver(OwnedMessage::parse(marked()).unwrap()).await;
                // A path is no secret, and stays in what an operator looks for.
                let cause = delivery.cause().map(ToString::to_string).unwrap_or_default();
                assert_clean("a cause", &cause);
            }
            Err(error) => assert_clean("an error", &format!("{error} {error:?}")),
        }
    }
    let seen = witness.seen();
    assert_clean("the log", &seen);
    for expected in ["hyper_util", "metric hl7_mllp_deliveries_total"] {
        assert!(seen.contains(expected), "nothing of {expected} was seen");
    }
}
