//! What is counted, and that nothing of a message is a label.

use std::sync::{Arc, Mutex};

use hl7_ack::{Deliver, Outcome, Peer, Received};
use hl7_mllp::{client::Client, server::Connections};
use hl7_parse::OwnedMessage;
use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};
use tokio::io::duplex;

use crate::support::message;

/// Notes every call as a line.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

struct Noted(Notes, String);

impl Noted {
    fn note(&self, what: &str) {
        self.0.0.lock().unwrap().push(format!("{} {what}", self.1));
    }
}

impl CounterFn for Noted {
    fn increment(&self, value: u64) {
        self.note(&format!("+{value}"));
    }

    fn absolute(&self, _: u64) {}
}

impl GaugeFn for Noted {
    fn increment(&self, value: f64) {
        self.note(&format!("+{value}"));
    }

    fn decrement(&self, value: f64) {
        self.note(&format!("-{value}"));
    }

    fn set(&self, _: f64) {}
}

impl HistogramFn for Noted {
    fn record(&self, _: f64) {
        self.note("recorded");
    }
}

impl Notes {
    fn of(&self, key: &Key) -> Arc<Noted> {
        let labels = key.labels().map(|label| format!("{}={}", label.key(), label.value()));
        let labels = labels.collect::<Vec<_>>().join(",");
        Arc::new(Noted(self.clone(), format!("{}{{{labels}}}", key.name())))
    }
}

impl Recorder for Notes {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.of(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.of(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.of(key))
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
    let lines = notes.0.lock().unwrap().clone();
    for expected in [
        "hl7_mllp_connections_total{} +1",
        "hl7_mllp_connections{} +1",
        "hl7_mllp_connections{} -1",
        "hl7_mllp_exchanges_total{code=AA} +1",
        "hl7_mllp_exchange_seconds{} recorded",
        "hl7_mllp_deliveries_total{outcome=answered} +1",
        "hl7_mllp_delivery_seconds{} recorded",
    ] {
        let found = lines.iter().filter(|line| *line == expected).count();
        assert_eq!(found, 1, "{expected}: {lines:?}");
    }
    assert!(!lines.iter().any(|line| line.contains("SECRET")), "{lines:?}");
}
