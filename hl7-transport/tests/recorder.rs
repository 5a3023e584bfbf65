//! [`Notes`]: a recorder for the tests of what the transports count; `hl7-mllp` and `hl7-http` both
//! use this file.

use std::sync::{Arc, Mutex};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};

/// Notes every call as a line: `name{label=value} +1`.
#[derive(Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    /// All that was noted until now.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// How often this line was noted.
    pub(crate) fn count(&self, expected: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|line| *line == expected).count()
    }

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

/// A metric with its labels.
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

    fn absolute(&self, value: u64) {
        self.note(&format!("={value}"));
    }
}

impl GaugeFn for Noted {
    fn increment(&self, value: f64) {
        self.note(&format!("+{value}"));
    }

    fn decrement(&self, value: f64) {
        self.note(&format!("-{value}"));
    }

    fn set(&self, value: f64) {
        self.note(&format!("={value}"));
    }
}

impl HistogramFn for Noted {
    fn record(&self, _: f64) {
        self.note("recorded");
    }
}
