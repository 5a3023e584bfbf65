//! [`Registry`]: holds all metrics of the process, and writes them in the text format of Prometheus.

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use metrics::{
    Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};

/// A recorder for the `metrics` facade. Clones are handles to the same one.
#[derive(Clone, Default)]
pub(crate) struct Registry {
    series: Arc<Mutex<BTreeMap<String, BTreeMap<String, Series>>>>,
}

#[derive(Clone)]
enum Series {
    Counter(Arc<AtomicU64>),
    /// The bits of an `f64`.
    Gauge(Arc<AtomicU64>),
    Histogram(Arc<Buckets>),
}

/// Upper bounds in seconds.
const BOUNDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 30.0];

#[derive(Default)]
struct Buckets {
    /// How many were at most the bound and over the one before.
    counts: [AtomicU64; BOUNDS.len()],
    count: AtomicU64,
    nanoseconds: AtomicU64,
}

impl HistogramFn for Buckets {
    fn record(&self, seconds: f64) {
        let bucket = BOUNDS.iter().zip(&self.counts).find(|(bound, _)| seconds <= **bound);
        if let Some((_, count)) = bucket {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        let nanoseconds = std::time::Duration::try_from_secs_f64(seconds).unwrap_or_default();
        let nanoseconds = u64::try_from(nanoseconds.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }
}

impl Registry {
    /// Most series; further ones are not kept, so that no mistake in a label fills the memory.
    const MAX_SERIES: usize = 10_000;

    /// All metrics as text.
    pub(crate) fn render(&self) -> String {
        let all = self.series.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut text = String::new();
        for (name, of_labels) in &all {
            let kind = match of_labels.values().next() {
                Some(Series::Counter(_)) => "counter",
                Some(Series::Gauge(_)) => "gauge",
                _ => "histogram",
            };
            // Writing to a string does not fail.
            let _infallible = writeln!(text, "# TYPE {name} {kind}");
            for (labels, series) in of_labels {
                series.render(&mut text, name, labels);
            }
        }
        text
    }

    fn register<T>(
        &self,
        key: &Key,
        make: impl FnOnce() -> Series,
        get: impl Fn(&Series) -> Option<T>,
    ) -> Option<T> {
        let name = key.name().to_owned();
        let labels = key.labels().map(|label| format!("{}={:?}", label.key(), label.value()));
        let labels = labels.collect::<Vec<_>>().join(",");
        let mut all = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        let held: usize = all.values().map(BTreeMap::len).sum();
        let of_name = all.entry(name).or_default();
        if !of_name.contains_key(&labels) && held >= Self::MAX_SERIES {
            return None;
        }
        get(of_name.entry(labels).or_insert_with(make))
    }
}

impl Series {
    fn render(&self, text: &mut String, name: &str, labels: &str) {
        let braced = match labels.is_empty() {
            true => String::new(),
            false => format!("{{{labels}}}"),
        };
        let comma = if labels.is_empty() { "" } else { "," };
        // Writing to a string does not fail.
        let _infallible = match self {
            Self::Counter(count) => {
                writeln!(text, "{name}{braced} {}", count.load(Ordering::Relaxed))
            }
            Self::Gauge(bits) => {
                let value = f64::from_bits(bits.load(Ordering::Relaxed));
                writeln!(text, "{name}{braced} {value}")
            }
            Self::Histogram(buckets) => {
                let mut sum = 0;
                for (bound, count) in BOUNDS.iter().zip(&buckets.counts) {
                    sum += count.load(Ordering::Relaxed);
                    let _infallible =
                        writeln!(text, "{name}_bucket{{{labels}{comma}le=\"{bound}\"}} {sum}");
                }
                // Never less than the buckets below it, whatever was recorded meanwhile.
                let count = buckets.count.load(Ordering::Relaxed).max(sum);
                let seconds =
                    std::time::Duration::from_nanos(buckets.nanoseconds.load(Ordering::Relaxed));
                writeln!(
                    text,
                    "{name}_bucket{{{labels}{comma}le=\"+Inf\"}} {count}\n\
                     {name}_sum{braced} {}\n{name}_count{braced} {count}",
                    seconds.as_secs_f64()
                )
            }
        };
    }
}

impl Recorder for Registry {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let counter = self.register(
            key,
            || Series::Counter(Arc::default()),
            |series| match series {
                Series::Counter(count) => Some(Arc::clone(count)),
                _ => None,
            },
        );
        counter.map_or_else(Counter::noop, Counter::from_arc)
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        let gauge = self.register(
            key,
            || Series::Gauge(Arc::default()),
            |series| match series {
                Series::Gauge(bits) => Some(Arc::clone(bits)),
                _ => None,
            },
        );
        gauge.map_or_else(Gauge::noop, Gauge::from_arc)
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        let histogram = self.register(
            key,
            || Series::Histogram(Arc::default()),
            |series| match series {
                Series::Histogram(buckets) => Some(Arc::clone(buckets)),
                _ => None,
            },
        );
        histogram.map_or_else(Histogram::noop, Histogram::from_arc)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_kinds_are_written_as_prometheus_reads_them() {
        let registry = Registry::default();
        metrics::with_local_recorder(&registry, || {
            metrics::counter!("messages_total", "route" => "a").increment(2);
            metrics::counter!("messages_total", "route" => "b").increment(1);
            metrics::gauge!("connections").increment(3.0);
            metrics::gauge!("connections").decrement(1.0);
            for seconds in [0.001, 0.4, 60.0] {
                metrics::histogram!("wait_seconds", "route" => "a").record(seconds);
            }
        });
        let text = registry.render();
        let (counted, waited) = text.split_once("# TYPE wait_seconds histogram\n").expect("both");
        assert_eq!(
            counted,
            "# TYPE connections gauge\nconnections 2\n\
             # TYPE messages_total counter\n\
             messages_total{route=\"a\"} 2\nmessages_total{route=\"b\"} 1\n"
        );
        let lines: Vec<_> = waited.lines().collect();
        assert_eq!(lines.len(), BOUNDS.len() + 3, "{waited}");
        for line in [
            "wait_seconds_bucket{route=\"a\",le=\"0.001\"} 1",
            "wait_seconds_bucket{route=\"a\",le=\"0.1\"} 1",
            "wait_seconds_bucket{route=\"a\",le=\"0.5\"} 2",
            "wait_seconds_bucket{route=\"a\",le=\"30\"} 2",
            "wait_seconds_bucket{route=\"a\",le=\"+Inf\"} 3",
            "wait_seconds_sum{route=\"a\"} 60.401",
            "wait_seconds_count{route=\"a\"} 3",
        ] {
            assert!(lines.contains(&line), "{line} in {waited}");
        }
    }
}
