//! Decodes runs of frames and one large frame, beside the least that any decoder must do.
//!
//! The peer of `hl7-mllp` here is `memchr2` for the two bytes that can end a frame, over the same
//! bytes, and for reads in pieces a `memcpy` of each piece into the buffer before it.

use std::{hint::black_box, time::Duration};

use bytes::{Bytes, BytesMut};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use hl7_mllp::{Block, END_BLOCK, MllpCodec, START_BLOCK};
use memchr::memchr2_iter;
use tokio_util::codec::Decoder;

const FRAMES: usize = 10_000;
const FRAME_LEN: usize = 1024;
const LARGE_LEN: usize = 10 * 1024 * 1024;
const READ_LEN: usize = 4096;

/// `count` frames of `len` bytes of content each.
fn stream(count: usize, len: usize) -> Vec<u8> {
    let head = b"MSH|^~\\&|LAB|GH|EHR|GH|20240229||ORU^R01|1|P|2.5\rOBX|1|ED|||";
    let mut content = head.to_vec();
    content.resize(len, b'Q');
    [&[START_BLOCK][..], &content, &[END_BLOCK, b'\r']].concat().repeat(count)
}

/// Decodes what the buffer holds; returns the number of frames and their length together.
fn decode(codec: &mut MllpCodec, buffer: &mut BytesMut) -> (usize, usize) {
    let (mut frames, mut len) = (0, 0);
    while let Ok(Some(Block::Content(content))) = codec.decode(buffer) {
        frames += 1;
        len += content.len();
        black_box(&content);
    }
    (frames, len)
}

fn many_frames(c: &mut Criterion) {
    let stream = Bytes::from(stream(FRAMES, FRAME_LEN));
    let mut group = c.benchmark_group("decode/10000-frames-of-1-kib");
    group.throughput(Throughput::Bytes(stream.len() as u64));
    group.bench_function("hl7-mllp", |b| {
        b.iter_batched_ref(
            || (MllpCodec::new(), BytesMut::from(&stream[..])),
            |(codec, buffer)| {
                assert_eq!(decode(codec, buffer), (FRAMES, FRAMES * FRAME_LEN));
            },
            BatchSize::LargeInput,
        );
    });
    group.bench_function("memchr2", |b| {
        b.iter_batched_ref(
            || BytesMut::from(&stream[..]),
            |buffer| {
                assert_eq!(memchr2_iter(END_BLOCK, START_BLOCK, buffer).count(), 2 * FRAMES);
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

fn one_large_frame(c: &mut Criterion) {
    let stream = stream(1, LARGE_LEN);
    let mut group = c.benchmark_group("decode/10-mib-frame-in-4-kib-reads");
    group.throughput(Throughput::Bytes(stream.len() as u64));
    // First, so that both find an allocator that has seen blocks of this size: a new one gives
    // them back to the system each time, and page faults are then most of what is measured.
    group.bench_function("memcpy-memchr2", |b| {
        b.iter(|| {
            let mut buffer = BytesMut::new();
            let mut found = 0;
            for piece in stream.chunks(READ_LEN) {
                let from = buffer.len();
                buffer.extend_from_slice(piece);
                let read = buffer.get(from..).unwrap_or_default();
                found += memchr2_iter(END_BLOCK, START_BLOCK, read).count();
            }
            assert_eq!((found, buffer.len()), (2, stream.len()));
            black_box(buffer);
        });
    });
    group.bench_function("hl7-mllp", |b| {
        b.iter(|| {
            let (mut codec, mut buffer) = (MllpCodec::new(), BytesMut::new());
            let mut found = (0, 0);
            for piece in stream.chunks(READ_LEN) {
                buffer.extend_from_slice(piece);
                let (frames, len) = decode(&mut codec, &mut buffer);
                found = (found.0 + frames, found.1 + len);
            }
            assert_eq!(found, (1, LARGE_LEN));
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .sample_size(20);
    targets = many_frames, one_large_frame
}
criterion_main!(benches);
