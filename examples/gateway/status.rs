//! [`Status`]: answers `/healthz`, `/readyz` and `/metrics` over HTTP/1.1, one request a connection.

use std::{io, sync::Arc, time::Duration};

use hl7_transport::{BindError, Listener, Serving, Shutdown, Stream};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::watch,
    time::timeout,
};

use crate::exposition::Registry;

/// What an operator's tools see.
pub(crate) struct Status {
    registry: Registry,
    ready: watch::Receiver<bool>,
}

impl Status {
    const MAX_CONNECTIONS: usize = 16;
    const MAX_REQUEST_LEN: usize = 8 * 1024;
    /// How long one request may take, its answer included.
    const TIMEOUT: Duration = Duration::from_secs(5);

    pub(crate) fn new(registry: Registry, ready: watch::Receiver<bool>) -> Self {
        Self { registry, ready }
    }

    /// Binds; nothing is answered before the returned value is awaited.
    pub(crate) async fn serve(self, address: &str) -> Result<Serving, BindError> {
        let listener = Listener::bind(address).await?.max_connections(Self::MAX_CONNECTIONS);
        let status = Arc::new(self);
        Ok(Serving::new(listener, Shutdown::new(), Self::TIMEOUT, move |stream, _| {
            let status = Arc::clone(&status);
            async move {
                // Whoever goes away or takes too long is not waited for.
                let _answered = timeout(Self::TIMEOUT, status.exchange(stream)).await;
            }
        }))
    }

    async fn exchange(&self, mut stream: Stream) -> io::Result<()> {
        let mut request = Vec::new();
        while !request.windows(4).any(|end| end == b"\r\n\r\n") {
            if request.len() > Self::MAX_REQUEST_LEN || stream.read_buf(&mut request).await? == 0 {
                return Ok(());
            }
        }
        let line = request.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let (status, body) = self.answer(line);
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: text/plain; version=0.0.4; charset=utf-8\r\n\
             content-length: {}\r\ncache-control: no-store\r\nconnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body.as_bytes()).await?;
        stream.shutdown().await
    }

    fn answer(&self, line: &[u8]) -> (&'static str, String) {
        let mut words = line.split(|byte| *byte == b' ');
        if words.next() != Some(b"GET") {
            return ("405 Method Not Allowed", "only GET is answered\n".to_owned());
        }
        let path = words.next().and_then(|path| path.split(|byte| *byte == b'?').next());
        match path {
            Some(b"/healthz") => ("200 OK", "ok\n".to_owned()),
            Some(b"/readyz") if *self.ready.borrow() => ("200 OK", "ready\n".to_owned()),
            Some(b"/readyz") => ("503 Service Unavailable", "not ready\n".to_owned()),
            Some(b"/metrics") => ("200 OK", self.registry.render()),
            _ => ("404 Not Found", "there are /healthz, /readyz and /metrics\n".to_owned()),
        }
    }
}
