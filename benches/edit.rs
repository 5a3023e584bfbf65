//! Edits and builds messages, and strips a result to what is needed.
//!
//! The physical limit is a `memcpy` of the message.

use std::{hint::black_box, time::Duration};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use hl7_parse::{Editor, Message, MessageBuilder, Path, Separators, Target};

const ADMISSION: &[u8] = include_bytes!("../testdata/messages/adt_a01.hl7");
const RESULTS: &[u8] = include_bytes!("../testdata/messages/oru_r01_100_obx.hl7");

/// Three fields of an admission.
fn three_fields(message: &Message<'_>) -> usize {
    const FACILITY: Path = Path::new("MSH-6");
    const NAME: Path = Path::new("PID-5.1");
    const PHONE: Path = Path::new("PID-13");
    let mut editor = Editor::new(message);
    editor.set(&FACILITY, "GH").set(&NAME, "A & B").set_null(&PHONE);
    editor.finish().map_or(0, |edited| edited.as_bytes().len())
}

/// The units of every result.
fn each_segment(message: &Message<'_>) -> usize {
    const UNITS: Path = Path::new("OBX-6");
    let edited = Editor::new(message).set(Target::each(&UNITS), "kg").finish();
    edited.map_or(0, |edited| edited.as_bytes().len())
}

fn minimised(message: &Message<'_>) -> usize {
    const KEPT: [Path; 4] =
        [Path::new("MSH-9"), Path::new("PID-3.1"), Path::new("OBX-3.1"), Path::new("OBX-5")];
    let stripped = Editor::new(message).keep_only(KEPT).finish();
    stripped.map_or(0, |stripped| stripped.as_bytes().len())
}

fn swapped(message: &Message<'_>) -> usize {
    let Ok(delimiters) = Separators::new(b'$', "%*/@") else { return 0 };
    let swapped = Editor::new(message).swap_delimiters(delimiters).finish();
    swapped.map_or(0, |swapped| swapped.as_bytes().len())
}

/// A result of a hundred numbers.
fn built(values: &[String]) -> usize {
    let mut builder = MessageBuilder::new();
    builder.sending_application("LAB").message_type(["ORU", "R01", "ORU_R01"]);
    builder.control_id("1").processing_id("P").version("2.5.1");
    for value in values {
        let obx = builder.segment("OBX");
        obx.set(1, value).set(2, "NM").set_components(3, ["718-7", "Hemoglobin", "LN"]);
        obx.set(5, value).set(6, "g/dL").set(11, "F");
    }
    builder.finish().map_or(0, |message| message.as_bytes().len())
}

fn edits(c: &mut Criterion) {
    let Ok(message) = Message::parse(ADMISSION) else { return };
    let mut group = c.benchmark_group("edit-3-fields/adt-1-kb");
    bench(&mut group, ADMISSION, || three_fields(black_box(&message)));
    group.finish();

    let Ok(message) = Message::parse(RESULTS) else { return };
    for (name, edit) in [
        ("edit-each-obx/oru-12-kb", each_segment as fn(&Message<'_>) -> usize),
        ("keep-only/oru-12-kb", minimised),
        ("swap-delimiters/oru-12-kb", swapped),
    ] {
        let mut group = c.benchmark_group(name);
        bench(&mut group, RESULTS, || edit(black_box(&message)));
        group.finish();
    }

    let values: Vec<_> = (1..=100).map(|n| n.to_string()).collect();
    let mut group = c.benchmark_group("build/oru-100-obx");
    let made = vec![b'x'; built(&values)];
    bench(&mut group, &made, || built(black_box(&values)));
    group.finish();
}

/// Measures `run`, and a copy of the bytes.
fn bench(group: &mut BenchmarkGroup<'_, WallTime>, bytes: &[u8], run: impl Fn() -> usize) {
    let expected = run();
    assert!(expected > 100, "something was written");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("hl7-parse", |b| b.iter(|| assert_eq!(run(), expected)));
    let mut copy = vec![0; bytes.len()];
    group.bench_function("memcpy", |b| {
        b.iter(|| {
            copy.copy_from_slice(black_box(bytes));
            assert_eq!(black_box(&copy).first(), bytes.first());
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .sample_size(50);
    targets = edits
}
criterion_main!(benches);
