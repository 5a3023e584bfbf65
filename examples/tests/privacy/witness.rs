//! [`Witness`]: all that the process logs, at any level of any crate, and all that it counts.

use std::{
    io,
    sync::{Arc, Mutex, OnceLock},
};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use tracing::Level;
use tracing_subscriber::fmt::{MakeWriter, format::FmtSpan};

#[derive(Clone, Default)]
pub(crate) struct Witness(Arc<Mutex<Vec<u8>>>);

impl Witness {
    /// The one of this process.
    pub(crate) fn get() -> &'static Self {
        static WITNESS: OnceLock<Witness> = OnceLock::new();
        WITNESS.get_or_init(|| {
            let witness = Self::default();
            tracing_subscriber::fmt()
                .with_max_level(Level::TRACE)
                .with_span_events(FmtSpan::FULL)
                .with_ansi(false)
                .with_writer(witness.clone())
                .init();
            metrics::set_global_recorder(witness.clone()).expect("the first recorder");
            witness
        })
    }

    /// All that was seen until now.
    pub(crate) fn seen(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }

    fn note(&self, text: &str) {
        self.0.lock().unwrap().extend_from_slice(text.as_bytes());
    }

    fn key(&self, key: &Key) {
        let labels = key.labels().map(|label| format!(" {}={}", label.key(), label.value()));
        self.note(&format!("metric {}{}\n", key.name(), labels.collect::<String>()));
    }
}

impl io::Write for Witness {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Witness {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Recorder for Witness {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        self.key(key);
        Counter::noop()
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        self.key(key);
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        self.key(key);
        Histogram::noop()
    }
}
