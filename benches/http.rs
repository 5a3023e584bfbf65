//! Answers a message over HTTP on loopback, beside a bare hyper server that answers a constant 200.
//!
//! Both are asked by the same client, over connections that stay open: one request after the other
//! on one connection, and sixteen at once on sixteen. The bare server reads the body and drops it;
//! hl7-http reads the message in it and writes the acknowledgment.

#![allow(clippy::expect_used, reason = "where it can not be set up there is nothing to measure")]

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hl7_ack::{Outcome, Received};
use hl7_http::server::Server;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::Incoming,
    client::conn::http1::{SendRequest, handshake},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::{Builder, Runtime},
};

/// An ORU^R01 with this many OBX segments.
fn oru(observations: usize) -> Bytes {
    let head = "MSH|^~\\&|LAB|GH|EHR|GH|20240229101112||ORU^R01^ORU_R01|17|P|2.5.1\r\
                PID|1||12345^^^GH^MR||TEST^EVE^E||19620320|F\rOBR|1|845439|1045813|24331-1^Lipids^LN\r";
    let mut message = head.to_owned();
    for number in 1..=observations {
        message.push_str(&format!(
            "OBX|{number}|NM|2571-8^Triglyceride^LN||1{number}|mg/dL|||N|||F\r"
        ));
    }
    Bytes::from(message)
}

/// The runtime of the servers: a thread of its own, so that they do not share the client's.
fn servers() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
}

async fn ours() -> SocketAddr {
    let server = Server::bind("127.0.0.1:0").await.expect("bound");
    let address = server.local_addr();
    let serving = server.serve(|_: Received| async { Outcome::accepted() });
    tokio::spawn(async { serving.await });
    address
}

async fn bare() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).expect("nodelay");
            let answer = service_fn(|request: Request<Incoming>| async {
                let body = request.into_body().collect().await.expect("a body");
                assert!(!body.to_bytes().is_empty());
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"OK\n"))))
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
        }
    });
    address
}

async fn connect(address: SocketAddr) -> SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(address).await.expect("connected");
    stream.set_nodelay(true).expect("nodelay");
    let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("a connection");
    tokio::spawn(async { connection.await.expect("no error") });
    sender
}

async fn ask(sender: &mut SendRequest<Full<Bytes>>, message: Bytes, expected: &[u8]) {
    let request = Request::post("/adt").header("host", "x");
    let request = request.header("content-type", "application/hl7-v2").body(Full::new(message));
    sender.ready().await.expect("still open");
    let response = sender.send_request(request.expect("a request")).await.expect("an answer");
    assert_eq!(response.status(), 200);
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    assert!(body.windows(expected.len()).any(|window| window == expected), "{body:?}");
}

fn answer(c: &mut Criterion) {
    let servers = servers();
    let client = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let peers = [
        ("hl7-http", servers.block_on(ours()), &b"\rMSA|AA|17"[..]),
        ("bare-hyper", servers.block_on(bare()), b"OK\n"),
    ];
    for (case, observations) in [("1-obx", 1), ("100-obx", 100)] {
        let message = oru(observations);
        for connections in [1_usize, 16] {
            let mut group = c.benchmark_group(format!("answer/{case}-{connections}-connections"));
            group.throughput(Throughput::Bytes((message.len() * connections) as u64));
            for (name, address, expected) in peers {
                let mut senders: Vec<_> =
                    (0..connections).map(|_| client.block_on(connect(address))).collect();
                group.bench_function(name, |b| {
                    b.iter(|| {
                        client.block_on(async {
                            let mut asking: Vec<_> = senders
                                .iter_mut()
                                .map(|sender| Box::pin(ask(sender, message.clone(), expected)))
                                .collect();
                            // All were begun before the first is waited for.
                            std::future::poll_fn(|context| {
                                asking.retain_mut(|one| one.as_mut().poll(context).is_pending());
                                match asking.is_empty() {
                                    true => std::task::Poll::Ready(()),
                                    false => std::task::Poll::Pending,
                                }
                            })
                            .await;
                        });
                    });
                });
            }
            group.finish();
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().measurement_time(Duration::from_secs(3));
    targets = answer
}
criterion_main!(benches);
