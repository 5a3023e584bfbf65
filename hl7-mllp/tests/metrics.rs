//! What is counted, and that nothing of a message is a label.

use std::{future::pending, time::Duration};

use hl7_ack::{Deliver, Outcome, Peer, Received};
use hl7_mllp::{
    client::{Client, ClientBuilder},
    server::{Connections, ConnectionsBuilder},
};
use hl7_parse::OwnedMessage;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    net::TcpListener,
    time::timeout,
};

use crate::{
    recorder::Notes,
    support::{Wire, ack, frame, message},
};

/// The documentation of the crate, in which the table of names stands.
const DOCUMENTED: &str = include_str!("../src/lib.rs");

/// What may follow the name of a metric: `{label=value}`.
struct Row {
    name: &'static str,
    labels: Vec<String>,
}

/// The rows of the table.
fn documented() -> Vec<Row> {
    let rows = DOCUMENTED.lines().filter(|line| line.starts_with("//! | `hl7_mllp_"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split(" | ").collect();
        let quoted = |cell: &'static str| cell.split('`').skip(1).step_by(2);
        let name = quoted(cells[1]).next().unwrap();
        let mut label = quoted(cells[3]);
        let labels = match label.next() {
            None => vec!["{}".to_owned()],
            Some(key) => label.map(|value| format!("{{{key}={value}}}")).collect(),
        };
        Row { name, labels }
    })
    .collect()
}

const LIMIT: Duration = Duration::from_secs(1);

/// What a peer sends to a server and how it goes on, for each event.
async fn peer(builder: ConnectionsBuilder, sends: &[u8], closes: bool, reads: bool) {
    let builder = builder.idle_timeout(LIMIT).frame_timeout(LIMIT).write_timeout(LIMIT);
    let connections = builder.build(async |_: Received| Outcome::accepted());
    let (mut near, far) = duplex(64);
    let sending = async {
        near.write_all(sends).await.unwrap();
        if closes {
            near.shutdown().await.unwrap();
        }
        match reads {
            true => drop(near.read_to_end(&mut Vec::new()).await),
            false => pending().await,
        }
    };
    let serving = connections.serve(far, Peer::default());
    let either = async {
        tokio::select! {
            () = serving => {}
            () = sending => {}
        }
    };
    timeout(Duration::from_secs(60), either).await.expect("an end");
}

/// Every way a delivery can end but by an answer.
async fn deliveries_that_are_not_answered() {
    let deliver = async |client: ClientBuilder, near: DuplexStream, bytes: Vec<u8>| {
        let client = client.answer_timeout(LIMIT).build_over(near);
        drop(client.deliver(OwnedMessage::parse(bytes).unwrap()).await);
    };
    let nothing_due = b"MSH|^~\\&|||||||ADT^A01|1|P|2.5|||NE|NE\r".to_vec();
    let (near, _far) = duplex(4096);
    deliver(Client::builder("unused"), near, nothing_due).await;
    let (near, _far) = duplex(4096);
    deliver(Client::builder("unused"), near, message("1")).await;
    let (near, _far) = duplex(4096);
    deliver(Client::builder("unused").max_waiting(0), near, [&message("1")[..], b"\x0b"].concat())
        .await;
}

/// A connection that can be opened, and one that can not.
async fn connects() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Client::builder(listener.local_addr().unwrap().to_string()).build().unwrap();
    let delivering = client.deliver(OwnedMessage::parse(message("SECRET1")).unwrap());
    let answering = async {
        let mut wire = Wire::new(listener.accept().await.unwrap().0);
        wire.next().await.unwrap();
        wire.send(&frame(&ack("AA", "SECRET1"))).await;
        drop(listener);
        wire
    };
    drop(tokio::join!(delivering, answering));
    drop(client.deliver(OwnedMessage::parse(message("2")).unwrap()).await);
}

#[test]
fn everything_in_the_table_is_emitted_and_nothing_else() {
    let notes = Notes::default();
    let paused = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    let sound = frame(&message("SECRET1"));
    let quiet = frame(b"MSH|^~\\&|||||||ADT^A01|1|P|2.5|||NE|NE\r");
    metrics::with_local_recorder(&notes, || {
        paused.block_on(async {
            let builder = Connections::builder;
            for (sends, closes) in [
                (&b""[..], true),                         // probe
                (b"", false),                             // idle
                (b"\x0b\x1c\r", true),                    // empty_frame
                (&[b"noise", &sound[..]].concat(), true), // garbage
                (&[&sound[..20], &sound].concat(), true), // cut_off
                (&sound[..20], true),                     // unfinished
                (&sound[..20], false),                    // slow
                (b"GET / HTTP/1.1\r\n", false),           // lost
                (&quiet, true),
            ] {
                peer(builder(), sends, closes, true).await;
            }
            peer(builder().max_frame_len(20), &sound, true, true).await;
            peer(builder(), &sound, false, false).await;
            deliveries_that_are_not_answered().await;
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(connects());
    });
    let lines = notes.lines();
    let rows = documented();
    assert_eq!(rows.len(), 9, "the table is read");
    for Row { name, labels } in &rows {
        for label in labels {
            let key = format!("{name}{label} ");
            assert!(lines.iter().any(|line| line.starts_with(&key)), "{key}is never emitted");
        }
    }
    for line in &lines {
        let name = line.split('{').next().unwrap();
        let row = rows.iter().find(|row| row.name == name);
        let row = row.unwrap_or_else(|| panic!("{line} is not in the table"));
        let known = row.labels.iter().any(|label| line.starts_with(&format!("{name}{label} ")));
        // MSA-1 has the values of Table 0008, of which the table names none.
        assert!(known || name == "hl7_mllp_exchanges_total", "{line} is not in the table");
        assert!(!line.contains("SECRET"), "{line}");
    }
}

#[test]
fn exchanges_deliveries_and_connections_are_counted_by_closed_labels() {
    let notes = Notes::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    metrics::with_local_recorder(&notes, || {
        runtime.block_on(async {
            let handle = async |_: Received| Outcome::accepted();
            let connections = Connections::builder().build(handle);
            let (near, far) = duplex(4096);
            let client = Client::builder("unused").build_over(near);
            let peer = Peer::default();
            let serving = connections.serve(far, peer);
            let delivering = async {
                let message = OwnedMessage::parse(message("SECRET1")).unwrap();
                drop(client.deliver(message).await);
                drop(client);
            };
            tokio::join!(serving, delivering);
        });
    });
    let lines = notes.lines();
    for expected in [
        "hl7_mllp_connections_total{} +1",
        "hl7_mllp_connections{} +1",
        "hl7_mllp_connections{} -1",
        "hl7_mllp_exchanges_total{code=AA} +1",
        "hl7_mllp_exchange_seconds{} recorded",
        "hl7_mllp_deliveries_total{outcome=answered} +1",
        "hl7_mllp_delivery_seconds{} recorded",
    ] {
        assert_eq!(notes.count(expected), 1, "{expected}: {lines:?}");
    }
    assert!(!lines.iter().any(|line| line.contains("SECRET")), "{lines:?}");
}
