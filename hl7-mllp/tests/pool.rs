//! Several connections: side by side, and in the order of a key. And the pause between tries.

use std::{
    collections::{HashMap, HashSet},
    num::NonZeroUsize,
    time::Duration,
};

use hl7_ack::{CauseKind, Deliver, Delivery, PerKey, Retry, RetryPolicy};
use hl7_mllp::client::{Client, Pool};
use hl7_parse::OwnedMessage;
use hl7_transport::TokioTimer;
use tokio::{
    net::TcpListener,
    time::{Instant, timeout},
};

use crate::support::{Wire, ack, frame, message};

fn owned(id: &str) -> OwnedMessage {
    OwnedMessage::parse(message(id)).unwrap()
}

async fn pool(connections: usize) -> (Pool, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let builder = Client::builder(listener.local_addr().unwrap().to_string());
    (builder.build_pool(NonZeroUsize::new(connections).unwrap()).unwrap(), listener)
}

#[tokio::test]
async fn as_many_messages_are_under_way_as_there_are_connections() {
    let (pool, listener) = pool(3).await;
    let deliver = |id: &'static str| {
        let pool = pool.clone();
        tokio::spawn(async move { pool.deliver(owned(id)).await })
    };
    let tasks = ["1", "2", "3", "4"].map(deliver);
    let mut wires = HashMap::new();
    for _ in 0..3 {
        let mut wire = Wire::new(listener.accept().await.unwrap().0);
        let content = wire.next().await.unwrap();
        let id = OwnedMessage::parse(content).unwrap();
        let id = id.as_message().header().control_id().as_bytes().to_vec();
        wires.insert(String::from_utf8(id).unwrap(), wire);
    }
    let fourth = timeout(Duration::from_millis(20), listener.accept()).await;
    assert!(fourth.is_err(), "a fourth connection");
    for id in ["3", "2", "1"] {
        let wire = wires.get_mut(id).unwrap();
        wire.send(&frame(&ack("AA", id))).await;
    }
    // The fourth follows on the connection it waited for.
    let answered = async {
        let mut waiting = tokio::task::JoinSet::new();
        for (_, mut wire) in wires {
            waiting.spawn(async move {
                if wire.next().await.is_some() {
                    wire.send(&frame(&ack("AA", "4"))).await;
                    wire.next().await;
                }
            });
        }
        for task in tasks {
            let delivery = task.await.unwrap();
            assert!(matches!(delivery, Delivery::Answered(_)), "{delivery:?}");
        }
    };
    timeout(Duration::from_secs(5), answered).await.expect("all four answered");
}

#[tokio::test]
async fn messages_of_one_key_keep_their_order_over_a_pool_that_is_retried() {
    let (pool, listener) = pool(4).await;
    let retrying = Retry::new(pool, RetryPolicy::park_content_errors(), TokioTimer::default());
    let ordered = PerKey::new(retrying, |message, keys| {
        keys.add(message.header().control_id().as_bytes().first());
    });
    let (told, mut arrived) = tokio::sync::mpsc::unbounded_channel();
    let serving = tokio::spawn(async move {
        let mut connections = 0;
        while let Ok((stream, _)) = listener.accept().await {
            connections += 1;
            let told = told.clone();
            tokio::spawn(async move {
                let mut wire = Wire::new(stream);
                while let Some(content) = wire.next().await {
                    let message = OwnedMessage::parse(content).unwrap();
                    let id = message.as_message().header().control_id().as_bytes().to_vec();
                    let id = String::from_utf8(id).unwrap();
                    told.send((connections, id.clone())).unwrap();
                    wire.send(&frame(&ack("AA", &id))).await;
                }
            });
        }
    });
    let mut tasks = Vec::new();
    for number in 0..5 {
        for key in ["a", "b", "c", "d", "e", "f"] {
            let (ordered, message) = (ordered.clone(), owned(&format!("{key}{number}")));
            tasks.push(tokio::spawn(async move { ordered.deliver(message).await }));
            tokio::task::yield_now().await;
        }
    }
    for task in tasks {
        let delivery = task.await.unwrap();
        assert!(matches!(delivery, Delivery::Answered(_)), "{delivery:?}");
    }
    serving.abort();
    let (mut of_key, mut used) = (HashMap::<char, String>::new(), HashSet::new());
    while let Ok((connection, id)) = arrived.try_recv() {
        let (key, number) = id.split_at(1);
        of_key.entry(key.chars().next().unwrap()).or_default().push_str(number);
        used.insert(connection);
    }
    assert_eq!(of_key.len(), 6, "{of_key:?}");
    assert!(of_key.values().all(|numbers| numbers == "01234"), "{of_key:?}");
    assert!((2..=4).contains(&used.len()), "{} connections", used.len());
}

#[tokio::test]
async fn a_client_pauses_longer_after_each_failure_and_not_after_a_success() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let pause = Duration::from_millis(80);
    let client = Client::builder(address.to_string()).max_reconnect_pause(pause).build().unwrap();
    let started = Instant::now();
    for tries in 1..=3 {
        let delivery = client.deliver(owned("1")).await;
        let Delivery::NotSent(cause) = delivery else { panic!("{delivery:?}") };
        assert_eq!(cause.kind(), CauseKind::Unreachable, "{cause}");
        assert!(started.elapsed() >= (pause / 2) * (tries - 1), "try {tries}");
    }
    let listener = TcpListener::bind(address).await.unwrap();
    for id in ["2", "3"] {
        let client = client.clone();
        let task = tokio::spawn(async move { client.deliver(owned(id)).await });
        let mut wire = Wire::new(listener.accept().await.unwrap().0);
        wire.next().await.unwrap();
        wire.send(&frame(&ack("AA", id))).await;
        assert!(matches!(task.await.unwrap(), Delivery::Answered(_)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_longer_than_the_time_to_connect_leaves_the_message_unsent() {
    let client =
        Client::builder("127.0.0.1:1").connect_timeout(Duration::from_millis(10)).build().unwrap();
    for kind in [CauseKind::Unreachable, CauseKind::TimedOut] {
        let Delivery::NotSent(cause) = client.deliver(owned("1")).await else { panic!("sent") };
        assert_eq!(cause.kind(), kind, "{cause}");
    }
}
