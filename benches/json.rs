//! Writes messages as JSON, reads them back, and fills structs from them.
//!
//! Beside the JSON form stands `serde_json` with one string of the same length.

use std::{hint::black_box, time::Duration};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hl7_parse::{Message, OwnedMessage, de, json::Json};
use serde::Deserialize;

const ADMISSION: &[u8] = include_bytes!("../testdata/messages/adt_a01.hl7");
const RESULTS: &[u8] = include_bytes!("../testdata/messages/oru_r01_100_obx.hl7");

#[derive(Deserialize)]
struct Report {
    #[serde(rename = "PID-3.1")]
    ids: Vec<String>,
    #[serde(rename = "OBX")]
    results: Vec<Observation>,
}

#[derive(Deserialize)]
struct Observation {
    #[serde(rename = "3.1")]
    code: String,
    #[serde(rename = "5")]
    value: Option<String>,
}

/// The lengths of all texts together.
fn fill(message: &Message<'_>) -> usize {
    let Ok(report) = de::from_message::<Report>(message) else { return 0 };
    let lengths = |one: &Observation| one.code.len() + one.value.as_ref().map_or(0, String::len);
    report.ids.len() + report.results.iter().map(lengths).sum::<usize>()
}

fn json(c: &mut Criterion) {
    for (case, bytes) in [("adt-1-kb", ADMISSION), ("oru-12-kb", RESULTS)] {
        let Ok(message) = Message::parse(bytes) else { return };
        let Ok(text) = serde_json::to_string(&Json(&message)) else { return };
        let mut group = c.benchmark_group(format!("json/{case}"));
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function("hl7-parse-write", |b| {
            b.iter(|| {
                let written = serde_json::to_string(&Json(black_box(&message)));
                assert_eq!(written.map_or(0, |written| written.len()), text.len());
            });
        });
        group.bench_function("hl7-parse-read", |b| {
            b.iter(|| {
                let read = serde_json::from_str::<Json<OwnedMessage>>(black_box(&text));
                assert_eq!(read.map_or(0, |Json(read)| read.as_bytes().len()), bytes.len());
            });
        });
        let plain = "x".repeat(text.len());
        group.bench_function("serde_json-one-string", |b| {
            b.iter(|| {
                let written = serde_json::to_string(black_box(&plain));
                assert_eq!(written.map_or(0, |written| written.len()), text.len() + 2);
            });
        });
        group.finish();
    }
}

fn structs(c: &mut Criterion) {
    let Ok(message) = Message::parse(RESULTS) else { return };
    let expected = fill(&message);
    assert!(expected > 100, "the results are there");
    let mut group = c.benchmark_group("fill-struct/oru-12-kb");
    group.throughput(Throughput::Bytes(RESULTS.len() as u64));
    group.bench_function("hl7-parse", |b| {
        b.iter(|| assert_eq!(fill(black_box(&message)), expected));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .sample_size(50);
    targets = json, structs
}
criterion_main!(benches);
