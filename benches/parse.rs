//! Parses an admission and reads four fields of it, beside the least that any reader must do.
//!
//! The physical limits are a copy of the bytes and one pass of `memchr` for the segment ends. The
//! messages are those in `testdata/`.

use std::{hint::black_box, time::Duration};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hl7_parse::{Header, Message, Path};

const ADMISSION: &[u8] = include_bytes!("../testdata/messages/adt_a01.hl7");
const RESULTS: &[u8] = include_bytes!("../testdata/messages/oru_r01_100_obx.hl7");

const FIELDS: [Path; 4] =
    [Path::new("MSH-9"), Path::new("MSH-10"), Path::new("PID-3.1"), Path::new("PID-5.1")];

/// The lengths of the four fields together.
fn four_fields(message: &[u8]) -> usize {
    let Ok(message) = Message::parse(message) else { return 0 };
    FIELDS.iter().map(|path| message.get(path).as_bytes().len()).sum()
}

/// The lengths of MSH-9 and MSH-10 together.
fn header_fields(message: &[u8]) -> usize {
    let Ok(header) = Header::parse(message) else { return 0 };
    header.message_type().as_bytes().len() + header.control_id().as_bytes().len()
}

/// The length of every OBX-5 together.
fn observations(message: &[u8]) -> usize {
    let Ok(message) = Message::parse(message) else { return 0 };
    message.segments_with_id("OBX").map(|obx| obx.field(5).as_bytes().len()).sum()
}

fn admission(c: &mut Criterion) {
    let mut group = c.benchmark_group("read-4-fields/adt-1-kb");
    group.throughput(Throughput::Bytes(ADMISSION.len() as u64));
    let expected = four_fields(ADMISSION);
    assert!(expected > 20, "the four fields are there");
    group.bench_function("hl7-parse", |b| {
        b.iter(|| assert_eq!(four_fields(black_box(ADMISSION)), expected));
    });
    let of_header = header_fields(ADMISSION);
    group.bench_function("hl7-parse-header-only", |b| {
        b.iter(|| assert_eq!(header_fields(black_box(ADMISSION)), of_header));
    });
    limits(&mut group, ADMISSION);
    group.finish();
}

fn results(c: &mut Criterion) {
    let mut group = c.benchmark_group("sum-obx-5/oru-12-kb");
    group.throughput(Throughput::Bytes(RESULTS.len() as u64));
    let expected = observations(RESULTS);
    assert!(expected > 100, "the observations are there");
    group.bench_function("hl7-parse", |b| {
        b.iter(|| assert_eq!(observations(black_box(RESULTS)), expected));
    });
    let leaves = Message::parse(RESULTS).map_or(0, |message| message.leaves().count());
    group.bench_function("hl7-parse-every-leaf", |b| {
        b.iter(|| {
            let message = Message::parse(black_box(RESULTS));
            assert_eq!(message.map_or(0, |message| message.leaves().count()), leaves);
        });
    });
    limits(&mut group, RESULTS);
    group.finish();
}

fn limits(
    group: &mut criterion::BenchmarkGroup<'_, criterion::measurement::WallTime>,
    message: &[u8],
) {
    let segments = memchr::memchr_iter(b'\r', message).count();
    group.bench_function("memchr-segment-ends", |b| {
        b.iter(|| assert_eq!(memchr::memchr_iter(b'\r', black_box(message)).count(), segments));
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
    targets = admission, results
}
criterion_main!(benches);
