//! What several tests need: messages, a running server, raw peers.

use std::{future::Future, io, net::SocketAddr, time::Duration};

use bytes::Bytes;
use hl7_ack::{Outcome, Received};
use hl7_http::server::Serving;
use hl7_parse::OwnedMessage;
use http::{Request, Response, request};
use http_body_util::{BodyExt, Full};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};

/// Long enough for anything on loopback; a test that waits for it has failed.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// A name that must never be seen outside a body.
pub(crate) const SECRET: &str = "EVERYWOMAN";

/// An ADT message that asks for acknowledgments as MSH-15 and MSH-16 say.
pub(crate) fn adt(id: &str, msh_15: &str, msh_16: &str) -> String {
    format!(
        "MSH|^~\\&|ADT|GH|EHR|GH|20240229101112||ADT^A01^ADT_A01|{id}|P|2.5.1|||{msh_15}|{msh_16}\r\
         PID|1||12345^^^GH^MR||{SECRET}^EVE^E\r"
    )
}

/// An acknowledgment of the message with this control ID.
pub(crate) fn ack(code: &str, id: &str) -> String {
    format!("MSH|^~\\&|EHR|GH|ADT|GH|20240229101113||ACK^A01^ACK|A{id}|P|2.5.1\rMSA|{code}|{id}\r")
}

pub(crate) fn owned(text: impl Into<Bytes>) -> OwnedMessage {
    OwnedMessage::parse(text).expect("a message")
}

pub(crate) async fn accept(_: Received) -> Outcome {
    Outcome::accepted()
}

/// A POST with a body, for a service that is called without a socket.
pub(crate) fn post(headers: &[(&str, &str)], body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    let add =
        |builder: request::Builder, (name, value): &(&str, &str)| builder.header(*name, *value);
    headers.iter().fold(Request::post("/adt"), add).body(Full::new(body.into())).expect("a request")
}

/// Status, content type (`-` if none) and body of a response.
pub(crate) async fn parts<B>(response: Response<B>) -> (u16, String, Bytes)
where
    B: http_body::Body<Data = Bytes>,
    B::Error: std::fmt::Debug,
{
    let status = response.status().as_u16();
    let content_type = header(&response, "content-type");
    (status, content_type, response.into_body().collect().await.unwrap().to_bytes())
}

pub(crate) fn header<B>(response: &Response<B>, name: &str) -> String {
    response.headers().get(name).map_or("-", |value| value.to_str().unwrap()).to_owned()
}

/// A server that runs until it is told to stop.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    end: JoinHandle<io::Result<()>>,
}

impl Running {
    pub(crate) fn start(serving: Serving) -> Self {
        let address = serving.local_addr();
        let (stop, stopped) = oneshot::channel();
        let serving = serving.with_graceful_shutdown(async { drop(stopped.await) });
        Self { address, stop, end: tokio::spawn(async { serving.await }) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/adt", self.address)
    }

    /// Asks for the stop without waiting for it.
    pub(crate) fn ask_to_stop(self) -> JoinHandle<io::Result<()>> {
        self.stop.send(()).expect("the server runs");
        self.end
    }

    /// Stops gracefully.
    pub(crate) async fn stop(self) {
        let end = self.ask_to_stop();
        timeout(SOON, end).await.expect("in time").expect("no panic").expect("nothing cut off");
    }
}

/// The text of a POST by HTTP/1.1, as a client writes it.
pub(crate) fn raw_post(extra: &str, body: &str) -> String {
    let length = body.len();
    format!("POST /adt HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n{extra}\r\n{body}")
}

/// Writes these bytes to a new connection and reads until the other side closes.
pub(crate) async fn raw(address: SocketAddr, bytes: impl AsRef<[u8]>) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The other side may have had enough before it read everything.
    let _refused = stream.write_all(bytes.as_ref()).await;
    rest(&mut stream).await
}

/// Everything up to the end of the connection, by FIN or RST.
pub(crate) async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut text = Vec::new();
    let _reset = timeout(SOON, stream.read_to_end(&mut text)).await.expect("closed in time");
    String::from_utf8_lossy(&text).into_owned()
}

/// Checks that the server still answers, on a new connection.
pub(crate) async fn still_serves(address: SocketAddr) {
    let answer = raw(address, raw_post("Connection: close\r\n", &adt("99", "", ""))).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.contains("\rMSA|AA|99"), "{answer}");
}

/// Reads one request with a Content-Length; head and body.
pub(crate) async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> (String, Vec<u8>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("a whole head"));
    }
    let head = String::from_utf8(head).expect("an ASCII head");
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.expect("a whole body");
    (head, body)
}

/// A peer that runs this script on each of its connections, one after the other.
pub(crate) async fn peer<F>(script: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            script(stream).await;
        }
    });
    address
}

/// A peer that answers every request with these bytes and closes.
pub(crate) async fn answering(response: impl Into<Bytes>) -> SocketAddr {
    let response = response.into();
    peer(move |mut stream| {
        let response = response.clone();
        async move {
            read_request(&mut stream).await;
            stream.write_all(&response).await.unwrap();
        }
    })
    .await
}

/// A peer that answers each request with what this function makes of its head and body, and keeps
/// the connection.
pub(crate) async fn stand_in(
    answer: impl Fn(&str, &[u8]) -> String + Send + Sync + 'static,
) -> SocketAddr {
    let answer = std::sync::Arc::new(answer);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = std::sync::Arc::clone(&answer);
            tokio::spawn(async move {
                while stream.readable().await.is_ok() {
                    if stream.peek(&mut [0]).await.unwrap_or(0) == 0 {
                        break;
                    }
                    let (head, body) = read_request(&mut stream).await;
                    stream.write_all(answer(&head, &body).as_bytes()).await.unwrap();
                }
            });
        }
    });
    address
}

/// The value of a header in the text of a head; empty if there is none.
pub(crate) fn sent(head: &str, name: &str) -> String {
    let line = head.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    });
    line.unwrap_or_default()
}

/// A response by HTTP/1.1 with a Content-Length.
pub(crate) fn response(status: &str, content_type: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}
