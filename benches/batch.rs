//! Cuts a batch of 10 MB into its messages: from a slice, in pieces as they come, and from a reader.
//!
//! The physical limits are one pass of `memchr` for the line ends and, for pieces, a `memcpy` of
//! each into a buffer.

use std::{hint::black_box, time::Duration};

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hl7_parse::batch::{PartKind, Reader, Splitter, parts};

const ADMISSION: &[u8] = include_bytes!("../testdata/messages/adt_a01.hl7");
const MESSAGES: usize = 10_000_000 / ADMISSION.len();
const PIECE: usize = 16 * 1024;

fn split(pieces: &[Bytes]) -> usize {
    let mut splitter = Splitter::new();
    let mut messages = 0;
    for piece in pieces {
        let mut piece = piece.clone();
        while let Some(Ok(part)) = splitter.next_part(&mut piece) {
            messages += usize::from(part.kind() == PartKind::Message);
        }
    }
    while let Some(Ok(part)) = splitter.finish() {
        messages += usize::from(part.kind() == PartKind::Message);
    }
    messages
}

fn batch(c: &mut Criterion) {
    let trailer = format!("BTS|{MESSAGES}\r");
    let file = [b"BHS|^~\\&|LAB\r", &ADMISSION.repeat(MESSAGES)[..], trailer.as_bytes()].concat();
    let pieces: Vec<_> = file.chunks(PIECE).map(Bytes::copy_from_slice).collect();
    let mut group = c.benchmark_group("batch/10-mb");
    group.throughput(Throughput::Bytes(file.len() as u64)).sample_size(20);
    group.bench_function("hl7-parse-parts", |b| {
        b.iter(|| {
            let parts = parts(black_box(&file));
            let messages = parts.filter(|part| part.kind() == PartKind::Message).count();
            assert_eq!(messages, MESSAGES);
        });
    });
    group.bench_function("hl7-parse-splitter", |b| {
        b.iter(|| assert_eq!(split(black_box(&pieces)), MESSAGES));
    });
    group.bench_function("hl7-parse-reader", |b| {
        b.iter(|| {
            let parts = Reader::new(black_box(&file[..])).filter_map(Result::ok);
            let messages = parts.filter(|part| part.kind() == PartKind::Message).count();
            assert_eq!(messages, MESSAGES);
        });
    });
    let lines = memchr::memchr_iter(b'\r', &file).count();
    group.bench_function("memchr-line-ends", |b| {
        b.iter(|| assert_eq!(memchr::memchr_iter(b'\r', black_box(&file)).count(), lines));
    });
    let mut buffer = vec![0; PIECE];
    group.bench_function("memcpy-of-pieces", |b| {
        b.iter(|| {
            for piece in black_box(&pieces) {
                if let Some(room) = buffer.get_mut(..piece.len()) {
                    room.copy_from_slice(piece);
                }
            }
            assert_eq!(black_box(&buffer).len(), PIECE);
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
    targets = batch
}
criterion_main!(benches);
