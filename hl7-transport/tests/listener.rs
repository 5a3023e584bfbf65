//! What a listener promises: limits, clear errors, socket options.

use std::{io, time::Duration};

use hl7_transport::{BindErrorKind, Listener};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

/// Long enough for anything on loopback; a test that waits for it has failed.
const SOON: Duration = Duration::from_secs(5);

/// Long enough to see that something does not happen.
const A_WHILE: Duration = Duration::from_millis(50);

#[tokio::test]
async fn a_connection_over_the_limit_is_accepted_once_another_ends() {
    let listener = Listener::bind("127.0.0.1:0").await.unwrap().max_connections(2);
    let mut peers = Vec::new();
    for _ in 0..3 {
        peers.push(TcpStream::connect(listener.local_addr()).await.unwrap());
    }
    let first = timeout(SOON, listener.accept()).await.expect("one under the limit");
    let second = timeout(SOON, listener.accept()).await.expect("at the limit");
    assert_eq!(first.1, peers[0].local_addr().unwrap());
    assert!(timeout(A_WHILE, listener.accept()).await.is_err(), "over the limit");

    drop(first);
    let (mut stream, peer, _permit) = timeout(SOON, listener.accept()).await.expect("a free slot");
    assert_eq!(peer, peers[2].local_addr().unwrap(), "a dropped accept loses no connection");
    peers[2].write_all(b"x").await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), b'x');
    drop(second);
}

#[tokio::test]
async fn zero_connections_means_one() {
    let listener = Listener::bind("127.0.0.1:0").await.unwrap().max_connections(0);
    let _peer = TcpStream::connect(listener.local_addr()).await.unwrap();
    let (_stream, _, _permit) = timeout(SOON, listener.accept()).await.expect("one connection");
}

#[tokio::test]
async fn accepted_sockets_send_at_once_and_keep_alive() {
    let listener = Listener::bind("127.0.0.1:0").await.unwrap();
    let _peer = TcpStream::connect(listener.local_addr()).await.unwrap();
    let (stream, _, _permit) = listener.accept().await;
    assert!(stream.nodelay().unwrap());
    let socket = socket2::SockRef::from(&stream);
    assert!(socket.keepalive().unwrap());
    #[cfg(target_os = "linux")]
    assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(60));
}

#[tokio::test]
async fn an_address_in_use_is_named_with_the_remedy() {
    let holder = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = holder.local_addr().unwrap();
    let error = Listener::bind(address).await.expect_err("in use");
    assert_eq!(error.kind(), BindErrorKind::AddressInUse);
    assert_eq!(error.address(), Some(address));
    let text = error.to_string();
    assert!(text.contains(&address.to_string()) && text.contains("in use"), "{text}");
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::AddrInUse);
}

#[tokio::test]
async fn what_is_no_address_is_an_error_not_a_panic() {
    for text in ["", "127.0.0.1", "127.0.0.1:", "127.0.0.1:hl7", "127.0.0.1:99999"] {
        let error = Listener::bind(text).await.expect_err(text);
        assert_eq!(error.kind(), BindErrorKind::Unresolved, "{text:?}: {error}");
        assert!(error.to_string().contains("host:port"), "{text:?}: {error}");
    }
}

#[tokio::test]
async fn an_address_of_another_machine_is_an_error() {
    // TEST-NET-1 (RFC 5737) belongs to no interface.
    let error = Listener::bind("192.0.2.1:0").await.expect_err("not ours");
    assert_eq!(error.kind(), BindErrorKind::AddressNotAvailable, "{error}");
}

#[tokio::test(start_paused = true)]
async fn bind_retry_gives_up_after_its_wait() {
    let holder = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = holder.local_addr().unwrap();
    let started = tokio::time::Instant::now();
    let error = Listener::bind_retry(address, Duration::from_secs(3)).await.expect_err("held");
    assert_eq!(error.kind(), BindErrorKind::AddressInUse);
    assert_eq!(started.elapsed().as_secs(), 3);
}

#[tokio::test(start_paused = true)]
async fn bind_retry_binds_once_the_address_is_free() {
    let holder = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = holder.local_addr().unwrap();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(2)).await;
        drop(holder);
    });
    let listener = Listener::bind_retry(address, Duration::from_secs(60)).await.expect("free");
    assert_eq!(listener.local_addr(), address);
}

#[tokio::test]
async fn an_address_can_be_bound_again_after_a_connection_was_closed_here() {
    let listener = Listener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr();
    let mut peer = TcpStream::connect(address).await.unwrap();
    let (stream, _, _permit) = listener.accept().await;
    drop((stream, listener)); // our side closes first and keeps the port in TIME_WAIT
    assert_eq!(peer.read(&mut [0; 1]).await.unwrap(), 0);
    drop(peer);
    Listener::bind(address).await.expect("the address is reusable");
}
