//! The other side of a connection, and what was logged meanwhile.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use bytes::{Bytes, BytesMut};
use hl7_mllp::MllpCodec;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_util::codec::Decoder;
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

/// A message whose patient is marked, so that it is noticed where it must not be.
pub(crate) fn message(id: &str) -> Vec<u8> {
    format!(
        "MSH|^~\\&|LAB|GH|EHR|GH|20240229||ADT^A01|{id}|P|2.5\r\
         PID|1||SECRET||SECRET^PATIENT\r"
    )
    .into_bytes()
}

pub(crate) fn frame(content: &[u8]) -> Vec<u8> {
    [b"\x0b", content, b"\x1c\r"].concat()
}

/// An acknowledgment as a peer would write it.
pub(crate) fn ack(code: &str, id: &str) -> Vec<u8> {
    format!("MSH|^~\\&|EHR|GH|LAB|GH|20240229||ACK^A01|A{id}|P|2.5\rMSA|{code}|{id}\r").into_bytes()
}

/// The MSA segment of an acknowledgment.
#[cfg(feature = "server")]
pub(crate) fn msa(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer);
    let segment = text.split('\r').find(|segment| segment.starts_with("MSA|"));
    segment.unwrap_or_else(|| panic!("no MSA in {text:?}")).to_owned()
}

/// A scripted peer.
pub(crate) struct Wire<S> {
    pub(crate) io: S,
    codec: MllpCodec,
    buffer: BytesMut,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(crate) fn new(io: S) -> Self {
        Self { io, codec: MllpCodec::new().strict(true), buffer: BytesMut::new() }
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.io.write_all(bytes).await.unwrap();
        self.io.flush().await.unwrap();
    }

    /// The content of the next frame; `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(block) = self.codec.decode(&mut self.buffer).unwrap() {
                return Some(block.into_content().unwrap());
            }
            if self.io.read_buf(&mut self.buffer).await.unwrap_or(0) == 0 {
                assert!(self.buffer.is_empty(), "ended within a frame");
                return None;
            }
        }
    }

    /// The MSA segment of the next answer.
    #[cfg(feature = "server")]
    pub(crate) async fn msa(&mut self) -> String {
        msa(&self.next().await.expect("an answer"))
    }
}

/// What was logged on this thread while the value lived.
pub(crate) struct Log {
    lines: Arc<Mutex<Vec<(Level, String)>>>,
    spans: Arc<Mutex<Vec<String>>>,
    _guard: tracing::subscriber::DefaultGuard,
}

impl Log {
    pub(crate) fn start() -> Self {
        let lines = Arc::<Mutex<Vec<_>>>::default();
        let spans = Arc::<Mutex<Vec<_>>>::default();
        let subscriber = Recorder { lines: Arc::clone(&lines), spans: Arc::clone(&spans) };
        Self { lines, spans, _guard: tracing::subscriber::set_default(subscriber) }
    }

    /// The lines at `level` of this crate.
    pub(crate) fn at(&self, level: Level) -> Vec<String> {
        let lines = self.lines.lock().unwrap();
        lines.iter().filter(|(at, _)| *at == level).map(|(_, line)| line.clone()).collect()
    }

    /// Name and fields of every span that was begun, and what was added to one.
    #[cfg(feature = "server")]
    pub(crate) fn spans(&self) -> Vec<String> {
        self.spans.lock().unwrap().clone()
    }

    pub(crate) fn assert_nothing_of_a_patient(&self) {
        self.assert_without("SECRET");
    }

    pub(crate) fn assert_without(&self, mark: &str) {
        let (lines, spans) = (self.lines.lock().unwrap(), self.spans.lock().unwrap());
        for line in lines.iter().map(|(_, line)| line).chain(spans.iter()) {
            assert!(!line.contains(mark), "{line}");
        }
    }
}

struct Recorder {
    lines: Arc<Mutex<Vec<(Level, String)>>>,
    spans: Arc<Mutex<Vec<String>>>,
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("hl7")
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        let mut line = Line(format!("{} ", attributes.metadata().name()));
        attributes.record(&mut line);
        self.spans.lock().unwrap().push(line.0);
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        let mut line = Line(String::new());
        values.record(&mut line);
        self.spans.lock().unwrap().push(line.0);
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.lines.lock().unwrap().push((*event.metadata().level(), line.0));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0 += &format!("{}={value:?} ", field.name());
    }
}
