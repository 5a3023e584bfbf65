//! Reads typed values of an admission, numbers of a result, and a document of 10 MB.
//!
//! Beside the document stands a `memcpy` of the encoded bytes, which any decoder has to read.

use std::{hint::black_box, io, time::Duration};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hl7_parse::{
    Message, Path,
    value::{Cx, DateTime, Ed, Observation, Xad, Xpn},
};

const ADMISSION: &[u8] = include_bytes!("../testdata/messages/adt_a01.hl7");
const RESULTS: &[u8] = include_bytes!("../testdata/messages/oru_r01_100_obx.hl7");

/// How many of the usual values of an admission are in form.
fn patient(message: &Message<'_>) -> usize {
    const SENT: Path = Path::new("MSH-7");
    let Some(pid) = message.segment("PID") else { return 0 };
    let ids = pid.field(3).read_each::<Cx<'_>>().filter(Result::is_ok).count();
    let named = pid.field(5).read::<Xpn<'_>>().is_ok_and(|name| name.given_name().is_valued());
    let lives = pid.field(11).read::<Xad<'_>>().is_ok_and(|place| place.city().is_valued());
    let born = pid.field(7).read::<DateTime>().is_ok();
    let sent = message.read::<DateTime>(&SENT).is_ok();
    ids + [named, lives, born, sent].into_iter().filter(|read| *read).count()
}

/// How many numbers there are in OBX-5.
fn numbers(message: &Message<'_>) -> usize {
    let values = message.segments_with_id("OBX").flat_map(Observation::of);
    values.filter(|value| matches!(value, Ok(Observation::Nm(_)))).count()
}

/// How long the document is.
fn document(message: &Message<'_>) -> u64 {
    const DOCUMENT: Path = Path::new("OBX-5");
    let Ok(document) = message.read::<Ed<'_>>(&DOCUMENT) else { return 0 };
    let Ok(data) = document.data() else { return 0 };
    io::copy(&mut data.reader(), &mut io::sink()).unwrap_or(0)
}

fn values(c: &mut Criterion) {
    let mut group = c.benchmark_group("values/adt-1-kb");
    group.throughput(Throughput::Bytes(ADMISSION.len() as u64));
    let Ok(message) = Message::parse(ADMISSION) else { return };
    let expected = patient(&message);
    assert!(expected > 4, "the values are there");
    group.bench_function("hl7-parse", |b| {
        b.iter(|| assert_eq!(patient(black_box(&message)), expected));
    });
    group.finish();

    let mut group = c.benchmark_group("observations/oru-12-kb");
    group.throughput(Throughput::Bytes(RESULTS.len() as u64));
    let Ok(message) = Message::parse(RESULTS) else { return };
    let expected = numbers(&message);
    assert!(expected > 50, "the numbers are there");
    group.bench_function("hl7-parse", |b| {
        b.iter(|| assert_eq!(numbers(black_box(&message)), expected));
    });
    group.finish();
}

fn documents(c: &mut Criterion) {
    let mut bytes = b"MSH|^~\\&|A\rOBX|1|ED|||^AP^PDF^Base64^".to_vec();
    bytes.extend(b"SEw3".repeat(10_000_000 / 4));
    let Ok(message) = Message::parse(&bytes) else { return };
    let mut group = c.benchmark_group("document/base64-10-mb");
    group.throughput(Throughput::Bytes(bytes.len() as u64)).sample_size(20);
    group.bench_function("hl7-parse", |b| {
        b.iter(|| assert_eq!(document(black_box(&message)), 7_500_000));
    });
    let mut copy = vec![0; bytes.len()];
    group.bench_function("memcpy", |b| {
        b.iter(|| {
            copy.copy_from_slice(black_box(&bytes));
            assert_eq!(black_box(&copy).first(), bytes.first());
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .sample_size(50);
    targets = values, documents
}
criterion_main!(benches);
