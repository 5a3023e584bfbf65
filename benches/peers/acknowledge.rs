//! From the bytes of a message to the bytes of its acknowledgment, beside crate `mllp`.

use std::{hint::black_box, time::Duration};

use criterion::{
    AxisScale, Criterion, PlotConfiguration, Throughput, criterion_group, criterion_main,
};
use hl7_ack::{Acknowledger, Outcome};
use hl7_parse::Message;

const ADMISSION: &str = include_str!("../../testdata/messages/adt_a01.hl7");

fn ours(acknowledger: &Acknowledger, message: &[u8]) -> usize {
    let message = Message::parse(message).expect("readable");
    let acknowledgment = acknowledger.acknowledge(&message, &Outcome::accepted()).expect("due");
    acknowledgment.as_bytes().len()
}

/// Of the header alone.
fn ours_unread(acknowledger: &Acknowledger, message: &[u8]) -> usize {
    let acknowledgment = acknowledger.acknowledge_unread(message, &Outcome::accepted());
    acknowledgment.expect("a header").expect("due").as_bytes().len()
}

fn theirs(message: &[u8]) -> usize {
    let message = std::str::from_utf8(message).expect("UTF-8");
    let context = mllp::AckContext::from_message(&mllp::Message::parse(message).expect("readable"));
    mllp::build_ack(
        &context,
        mllp::AckCode::Accept,
        "8B7W3DC0ASV400000000",
        "",
        mllp::Separators::default(),
    )
    .len()
}

fn acknowledge(c: &mut Criterion) {
    let mut group = c.benchmark_group("acknowledge/adt-1-kb");
    // Others take many times as long.
    group.plot_config(PlotConfiguration::default().summary_scale(AxisScale::Logarithmic));
    group.throughput(Throughput::Bytes(ADMISSION.len() as u64));
    let acknowledger = Acknowledger::new();
    let expected = ours(&acknowledger, ADMISSION.as_bytes());
    group.bench_function("hl7-ack", |b| {
        b.iter(|| assert_eq!(ours(&acknowledger, black_box(ADMISSION.as_bytes())), expected));
    });
    group.bench_function("hl7-ack-unread", |b| {
        b.iter(|| {
            assert_eq!(ours_unread(&acknowledger, black_box(ADMISSION.as_bytes())), expected)
        });
    });
    let expected = theirs(ADMISSION.as_bytes());
    group.bench_function("mllp-0.3.0", |b| {
        b.iter(|| assert_eq!(theirs(black_box(ADMISSION.as_bytes())), expected));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .sample_size(50);
    targets = acknowledge
}
criterion_main!(benches);
