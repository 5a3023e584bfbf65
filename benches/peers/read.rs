//! Reads the same fields with each crate, beside what the hardware allows.

use std::{hint::black_box, time::Duration};

use criterion::{
    AxisScale, Criterion, PlotConfiguration, Throughput, criterion_group, criterion_main,
};
use hl7_parse::{Header, Message, Path};
use hl7_peers::index_every_delimiter;

const ADMISSION: &str = include_str!("../../testdata/messages/adt_a01.hl7");
const RESULTS: &str = include_str!("../../testdata/messages/oru_r01_100_obx.hl7");

const FIELDS: [Path; 4] =
    [Path::new("MSH-9"), Path::new("MSH-10"), Path::new("PID-3.1"), Path::new("PID-5.1")];

fn ours(message: &[u8]) -> usize {
    let message = Message::parse(message).expect("readable");
    FIELDS.iter().map(|path| message.get(path).as_bytes().len()).sum()
}

fn ours_header(message: &[u8]) -> usize {
    let header = Header::parse(message).expect("readable");
    header.message_type().as_bytes().len() + header.control_id().as_bytes().len()
}

fn hl7_v2(message: &[u8]) -> usize {
    let message = hl7_v2::Hl7Message::parse(message).expect("readable");
    let pid = message.segment("PID").expect("PID");
    let component = |n: usize| pid.field(n).and_then(|f| f.component(1).map(str::len)).unwrap_or(0);
    message.message_type().map_or(0, str::len)
        + message.message_control_id().map_or(0, str::len)
        + component(3)
        + component(5)
}

fn hl7_parser(message: &str) -> usize {
    let message = hl7_parser::Message::parse(message).expect("readable");
    ["MSH.9", "MSH.10", "PID.3.1", "PID.5.1"]
        .iter()
        .map(|path| message.query(*path).map_or(0, |found| found.raw_value().len()))
        .sum()
}

fn rust_hl7(message: &str) -> usize {
    let message = rusthl7::message::Message::try_from(message).expect("readable");
    ["MSH.F9", "MSH.F10", "PID.F3.R1.C1", "PID.F5.R1.C1"]
        .iter()
        .map(|path| message.query(*path).len())
        .sum()
}

fn admission(c: &mut Criterion) {
    let mut group = c.benchmark_group("read-4-fields/adt-1-kb");
    // Others take many times as long.
    group.plot_config(PlotConfiguration::default().summary_scale(AxisScale::Logarithmic));
    group.throughput(Throughput::Bytes(ADMISSION.len() as u64));
    let bytes = ADMISSION.as_bytes();
    let expected = ours(bytes);
    group.bench_function("hl7-parse", |b| {
        b.iter(|| assert_eq!(ours(black_box(bytes)), expected));
    });
    let of_header = ours_header(bytes);
    group.bench_function("hl7-parse-header-only", |b| {
        b.iter(|| assert_eq!(ours_header(black_box(bytes)), of_header));
    });
    // What a peer reads differently it answers differently each time: that it does the work is
    // what counts.
    let theirs = hl7_v2(bytes);
    group.bench_function("hl7-v2-0.1.0", |b| {
        b.iter(|| assert_eq!(hl7_v2(black_box(bytes)), theirs));
    });
    let theirs = hl7_parser(ADMISSION);
    group.bench_function("hl7-parser-0.3.0", |b| {
        b.iter(|| assert_eq!(hl7_parser(black_box(ADMISSION)), theirs));
    });
    let theirs = rust_hl7(ADMISSION);
    group.bench_function("rust-hl7-0.5.0", |b| {
        b.iter(|| assert_eq!(rust_hl7(black_box(ADMISSION)), theirs));
    });
    limits(&mut group, bytes);
    group.finish();
}

fn our_observations(message: &[u8]) -> usize {
    let message = Message::parse(message).expect("readable");
    message.segments_with_id("OBX").map(|obx| obx.field(5).as_bytes().len()).sum()
}

fn their_observations(message: &[u8]) -> usize {
    let message = hl7_v2::Hl7Message::parse(message).expect("readable");
    message.segments("OBX").map(|obx| obx.field(5).map_or(0, |field| field.value().len())).sum()
}

fn every_leaf(message: &[u8]) -> usize {
    Message::parse(message).expect("readable").leaves().map(|leaf| leaf.as_bytes().len()).sum()
}

fn results(c: &mut Criterion) {
    let mut group = c.benchmark_group("sum-obx-5/oru-12-kb");
    // Others take many times as long.
    group.plot_config(PlotConfiguration::default().summary_scale(AxisScale::Logarithmic));
    group.throughput(Throughput::Bytes(RESULTS.len() as u64));
    let bytes = RESULTS.as_bytes();
    let expected = our_observations(bytes);
    assert_eq!(their_observations(bytes), expected, "both read the same");
    group.bench_function("hl7-parse", |b| {
        b.iter(|| assert_eq!(our_observations(black_box(bytes)), expected));
    });
    group.bench_function("hl7-v2-0.1.0", |b| {
        b.iter(|| assert_eq!(their_observations(black_box(bytes)), expected));
    });
    let leaves = every_leaf(bytes);
    group.bench_function("hl7-parse-every-leaf", |b| {
        b.iter(|| assert_eq!(every_leaf(black_box(bytes)), leaves));
    });
    limits(&mut group, bytes);
    group.finish();
}

fn document(c: &mut Criterion) {
    let head = "MSH|^~\\&|A|B|C|D|20260101||MDM^T02|1|P|2.5\rPID|1\rOBX|1|ED|x||^A^PDF^Base64^";
    let message = [head, &"Q".repeat(1 << 20), "|||||F\r"].concat();
    let mut group = c.benchmark_group("length-of-obx-5/document-1-mb");
    group.throughput(Throughput::Bytes(message.len() as u64));
    let bytes = message.as_bytes();
    let expected = our_observations(bytes);
    group.bench_function("hl7-parse", |b| {
        b.iter(|| assert_eq!(our_observations(black_box(bytes)), expected));
    });
    limits(&mut group, bytes);
    group.finish();
}

fn limits(
    group: &mut criterion::BenchmarkGroup<'_, criterion::measurement::WallTime>,
    message: &[u8],
) {
    let mut positions = Vec::new();
    let expected = index_every_delimiter(message, &mut positions);
    group.bench_function("vectorised-index", |b| {
        b.iter(|| {
            assert_eq!(index_every_delimiter(black_box(message), &mut positions), expected);
        });
    });
    let mut copy = vec![0; message.len()];
    group.bench_function("memcpy", |b| {
        b.iter(|| {
            copy.copy_from_slice(black_box(message));
            assert_eq!(black_box(&copy).first(), message.first());
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .sample_size(50);
    targets = admission, results, document
}
criterion_main!(benches);
