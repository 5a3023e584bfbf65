//! The graceful stop: what is in flight is finished, what is not begun is not.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use hl7_ack::{Handler, Outcome, Peer, Received, Reply};
use hl7_mllp::server::{Connections, Server};
use tokio::{
    io::duplex,
    net::TcpStream,
    sync::{Notify, oneshot},
    task::JoinHandle,
    time::{Instant, timeout},
};

use crate::support::{Wire, frame, message};

struct Running {
    wire: Wire<TcpStream>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<io::Result<()>>,
}

/// A server with one connection that has had an exchange.
async fn running(handler: impl Handler, limit: Duration) -> Running {
    let server = Server::bind("127.0.0.1:0").await.unwrap().shutdown_timeout(limit);
    let address = server.local_addr();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = server.serve(handler).with_graceful_shutdown(async { drop(stopped.await) });
    assert_eq!(serving.local_addr(), address);
    let server = tokio::spawn(serving.into_future());
    let wire = Wire::new(TcpStream::connect(address).await.unwrap());
    Running { wire, stop, server }
}

/// Accepts; a message `wait` is answered when `gate` is notified.
fn gated(entered: &Arc<Notify>, gate: &Arc<Notify>) -> impl Handler {
    let (entered, gate) = (Arc::clone(entered), Arc::clone(gate));
    move |received: Received| {
        let (entered, gate) = (Arc::clone(&entered), Arc::clone(&gate));
        async move {
            if received.message.header().control_id().as_bytes() == b"wait" {
                entered.notify_one();
                gate.notified().await;
            }
            Outcome::accepted()
        }
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed_at_once_and_new_ones_are_refused() {
    let handler = |_: Received| async { Outcome::accepted() };
    let Running { mut wire, stop, server } = running(handler, Duration::from_secs(30)).await;
    wire.send(&frame(&message("1"))).await;
    assert_eq!(wire.msa().await, "MSA|AA|1");
    let address = wire.io.peer_addr().unwrap();
    stop.send(()).unwrap();
    assert_eq!(wire.next().await, None);
    drop(wire);
    server.await.unwrap().expect("nothing was cut off");
    assert!(TcpStream::connect(address).await.is_err(), "still listening");
}

#[tokio::test]
async fn an_exchange_in_flight_is_finished_and_what_is_behind_it_is_not_begun() {
    let (entered, gate) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let handler = gated(&entered, &gate);
    let Running { mut wire, stop, server } = running(handler, Duration::from_secs(30)).await;
    wire.send(&frame(&message("wait"))).await;
    entered.notified().await;
    stop.send(()).unwrap();
    tokio::task::yield_now().await;
    // What was not read when the stop began is not begun any more.
    wire.send(&frame(&message("late"))).await;
    gate.notify_one();
    assert_eq!(wire.msa().await, "MSA|AA|wait");
    assert_eq!(wire.next().await, None);
    drop(wire);
    server.await.unwrap().expect("nothing was cut off");
}

#[tokio::test]
async fn a_frame_that_has_begun_is_read_to_its_end_and_answered() {
    let handler = |_: Received| async { Outcome::accepted() };
    let Running { mut wire, stop, server } = running(handler, Duration::from_secs(30)).await;
    let stream = [frame(&message("1")), frame(&message("2"))].concat();
    let (begun, rest) = stream.split_at(stream.len() - 20);
    wire.send(begun).await;
    assert_eq!(wire.msa().await, "MSA|AA|1");
    stop.send(()).unwrap();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    wire.send(rest).await;
    assert_eq!(wire.msa().await, "MSA|AA|2");
    assert_eq!(wire.next().await, None);
    drop(wire);
    server.await.unwrap().expect("nothing was cut off");
}

#[tokio::test]
async fn what_handlers_left_is_awaited() {
    let (gate, done) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
    let handler = {
        let (gate, done) = (Arc::clone(&gate), Arc::clone(&done));
        move |_: Received| {
            let (gate, done) = (Arc::clone(&gate), Arc::clone(&done));
            async move {
                Reply::from(Outcome::accepted()).then(async move {
                    gate.notified().await;
                    done.store(true, Ordering::SeqCst);
                })
            }
        }
    };
    let Running { mut wire, stop, mut server } = running(handler, Duration::from_secs(30)).await;
    wire.send(&frame(&message("1"))).await;
    assert_eq!(wire.msa().await, "MSA|AA|1");
    stop.send(()).unwrap();
    assert_eq!(wire.next().await, None);
    drop(wire);
    assert!(timeout(Duration::from_millis(50), &mut server).await.is_err(), "did not wait");
    gate.notify_one();
    server.await.unwrap().expect("nothing was cut off");
    assert!(done.load(Ordering::SeqCst));
}

#[tokio::test]
async fn what_outlives_the_deadline_is_cut_off_and_said() {
    let (entered, gate) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let handler = gated(&entered, &gate);
    let Running { mut wire, stop, server } = running(handler, Duration::from_millis(50)).await;
    wire.send(&frame(&message("wait"))).await;
    entered.notified().await;
    stop.send(()).unwrap();
    let error = server.await.unwrap().expect_err("an exchange was cut off");
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert!(error.to_string().contains("1 tasks"), "{error}");
    assert_eq!(wire.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn connections_over_any_stream_stop_too() {
    let (entered, gate) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let connections = Connections::builder().build(gated(&entered, &gate));
    let started = Instant::now();
    let mut tasks = Vec::new();
    let mut wires = Vec::new();
    for _ in 0..2 {
        let (near, far) = duplex(4096);
        let connections = connections.clone();
        tasks.push(tokio::spawn(async move { connections.serve(far, Peer::default()).await }));
        wires.push(Wire::new(near));
    }
    wires[0].send(&frame(&message("wait"))).await;
    entered.notified().await;
    connections.shutdown().await.expect("no background work");
    assert_eq!(wires[1].next().await, None);
    gate.notify_one();
    assert_eq!(wires[0].msa().await, "MSA|AA|wait");
    assert_eq!(wires[0].next().await, None);
    for task in tasks {
        task.await.unwrap();
    }
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

#[tokio::test]
async fn dropping_the_server_closes_its_connections() {
    let handler = |_: Received| async { Outcome::accepted() };
    let Running { mut wire, server, stop } = running(handler, Duration::from_secs(30)).await;
    wire.send(&frame(&message("1"))).await;
    assert_eq!(wire.msa().await, "MSA|AA|1");
    server.abort();
    assert_eq!(wire.next().await, None);
    drop(stop);
}
