//! Who may connect: networks, counts, and the word of a trusted proxy.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use hl7_transport::{Listener, Serving, Shutdown};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Long enough for anything on loopback; a test that waits for it has failed.
const SOON: Duration = Duration::from_secs(5);

async fn listener() -> Listener {
    Listener::bind("127.0.0.1:0").await.unwrap()
}

/// Serves by telling each peer its own address, until the peer closes.
fn serve(listener: Listener) -> SocketAddr {
    let address = listener.local_addr();
    let serving = Serving::new(listener, Shutdown::new(), SOON, |mut stream, peer| async move {
        let told = stream.write_all(format!("{peer}\n").as_bytes()).await;
        if told.is_ok() {
            let _end = stream.read_u8().await;
        }
    });
    tokio::spawn(async move { serving.await });
    address
}

/// What the server says to one who sends `first`; empty when it closes without a word.
async fn told(address: SocketAddr, first: &[u8]) -> (String, TcpStream) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(first).await.unwrap();
    let (mut line, mut byte) = (Vec::new(), [0]);
    while let Ok(1) = timeout(SOON, stream.read(&mut byte)).await.expect("an end or a line") {
        if byte == *b"\n" {
            break;
        }
        line.push(byte[0]);
    }
    (String::from_utf8(line).unwrap(), stream)
}

#[tokio::test]
async fn an_address_outside_the_allowed_networks_is_closed_and_one_inside_served() {
    let outside = serve(listener().await.allow("10.0.0.0/8".parse().unwrap()));
    assert_eq!(told(outside, b"").await.0, "");
    let inside = serve(listener().await.allow("10.0.0.0/8, 127.0.0.0/8".parse().unwrap()));
    let (line, stream) = told(inside, b"").await;
    assert_eq!(line, stream.local_addr().unwrap().to_string());
}

#[tokio::test]
async fn one_connection_over_the_limit_of_an_address_is_closed_until_another_ends() {
    let address = serve(listener().await.max_per_address(2));
    let first = told(address, b"").await;
    let second = told(address, b"").await;
    assert!(!first.0.is_empty() && !second.0.is_empty(), "under and at the limit");
    assert_eq!(told(address, b"").await.0, "", "over the limit");
    drop(first);
    // The server learns of the end in its own time.
    let next = timeout(SOON, async {
        loop {
            let next = told(address, b"").await;
            if !next.0.is_empty() {
                return next;
            }
        }
    });
    next.await.expect("a place is free");
    drop(second);
}

#[tokio::test]
async fn the_address_behind_a_trusted_proxy_is_the_peers_and_decides() {
    let allowed = listener().await.allow("192.0.2.0/24".parse().unwrap());
    let address = serve(allowed.proxy_protocol("127.0.0.1".parse().unwrap()));
    for (header, expected) in [
        ("PROXY TCP4 192.0.2.7 10.0.0.1 4711 2575\r\n", "192.0.2.7:4711"),
        ("PROXY TCP4 198.51.100.7 10.0.0.1 4711 2575\r\n", ""),
        ("MSH|^~\\&|no header", ""),
    ] {
        assert_eq!(told(address, header.as_bytes()).await.0, expected, "{header}");
    }
}

#[tokio::test]
async fn the_limit_of_an_address_counts_those_behind_a_proxy_apart() {
    let limited = listener().await.max_per_address(1);
    let address = serve(limited.proxy_protocol("127.0.0.1".parse().unwrap()));
    let header = |last: u8| format!("PROXY TCP4 192.0.2.{last} 10.0.0.1 1 2\r\n");
    let first = told(address, header(1).as_bytes()).await;
    let second = told(address, header(2).as_bytes()).await;
    assert_eq!((&*first.0, &*second.0), ("192.0.2.1:1", "192.0.2.2:1"));
    assert_eq!(told(address, header(1).as_bytes()).await.0, "");
}

#[tokio::test]
async fn a_header_from_elsewhere_is_not_believed() {
    let address = serve(listener().await.proxy_protocol("192.0.2.1".parse().unwrap()));
    let (line, stream) = told(address, b"PROXY TCP4 192.0.2.7 10.0.0.1 4711 2575\r\n").await;
    assert_eq!(line, stream.local_addr().unwrap().to_string());
}

#[tokio::test]
async fn a_proxy_without_a_header_is_closed_after_its_time() {
    let short = Duration::from_millis(50);
    let trusting = listener().await.proxy_protocol("127.0.0.1".parse().unwrap());
    let address = serve(trusting.proxy_timeout(short));
    assert_eq!(told(address, b"PROXY TCP4 ").await.0, "");
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn the_header_stands_before_tls_and_the_certificate_tells_who_it_is() {
    use hl7_transport::{ClientTls, Pem, ServerTls};

    let made = rcgen::generate_simple_self_signed(["lab.example.org".to_owned()]).unwrap();
    let (chain, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let pem = |text: &str| Pem::bytes(text.as_bytes());
    let server = ServerTls::builder(pem(&chain), pem(&key)).pinned_client(pem(&chain));
    let client = ClientTls::builder().pinned_server(pem(&chain)).identity(pem(&chain), pem(&key));
    let (server, client) = (server.build().unwrap(), client.build().unwrap());

    let seen = Arc::new(Mutex::new(None));
    let listener = listener().await.proxy_protocol("127.0.0.1".parse().unwrap());
    let address = listener.local_addr();
    let keep = Arc::clone(&seen);
    let serving = Serving::new(listener, Shutdown::new(), SOON, move |_, peer| {
        *keep.lock().unwrap() = Some(peer);
        async {}
    });
    tokio::spawn(async move { serving.tls(server).await });
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"PROXY TCP6 2001:db8::7 ::1 4711 2575\r\n").await.unwrap();
    let mut stream = client.connect("anything", stream).await.unwrap();
    let mut rest = Vec::new();
    // The server drops the connection once it has noted the peer.
    let _end = timeout(SOON, stream.read_to_end(&mut rest)).await.expect("an end");

    let peer = seen.lock().unwrap().clone().expect("served");
    assert_eq!(peer.address(), Some("[2001:db8::7]:4711".parse().unwrap()));
    let identity = peer.identity().expect("a client certificate");
    assert_eq!(identity.names(), ["lab.example.org"]);
    let digest = ring::digest::digest(&ring::digest::SHA256, made.cert.der());
    assert_eq!(identity.fingerprint()[..], *digest.as_ref());
}
