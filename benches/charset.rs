//! Decodes a message of 100 KB from several character sets, and encodes it again.
//!
//! The physical limit is a `memcpy` of the bytes that come.

use std::{hint::black_box, time::Duration};

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hl7_parse::{Charset, charset};

/// Names in MSH-18, and a name of a person in that set.
const SETS: [(Charset, &str, &str); 5] = [
    (Charset::Utf8, "UNICODE UTF-8", "Müller^Zoë"),
    (Charset::Latin1, "8859/1", "Müller^Zoë"),
    (Charset::ShiftJis, "SHIFT_JIS", "山田^太郎ポ"),
    (Charset::Gb18030, "GB 18030-2000", "张^磊"),
    (Charset::Iso2022Jp, "~ISO IR87", "山田^太郎"),
];
const LEN: usize = 100_000;

/// The text of a message in which every segment has the name.
fn text(msh_18: &str, name: &str) -> String {
    let segment = format!("NK1|1|{name}|FTH|12 Main Street^^Northfield^ST^12345|(555)555-0123\r");
    let header = format!("MSH|^~\\&|A|||||||1|P|2.5||||||{msh_18}||ISO 2022-1994\r");
    header + &segment.repeat(LEN / segment.len())
}

fn decode(bytes: &Bytes) -> usize {
    charset::decode(bytes.clone(), None).map_or(0, |decoded| decoded.message.as_bytes().len())
}

fn sets(c: &mut Criterion) {
    for (set, msh_18, name) in SETS {
        let text = Bytes::from(text(msh_18, name));
        let Ok(bytes) = charset::encode(text.clone(), set) else {
            assert!(!text.is_empty(), "everything is in {set}");
            return;
        };
        let label = set.label().unwrap_or_default();
        let mut group = c.benchmark_group(format!("charset/{label}-100-kb"));
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        assert_eq!(decode(&bytes), text.len(), "{set}");
        group.bench_function("hl7-parse-decode", |b| {
            b.iter(|| assert_eq!(decode(black_box(&bytes)), text.len()));
        });
        group.bench_function("hl7-parse-encode", |b| {
            b.iter(|| {
                let encoded = charset::encode(black_box(text.clone()), set);
                assert_eq!(encoded.map_or(0, |encoded| encoded.len()), bytes.len());
            });
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
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .sample_size(50);
    targets = sets
}
criterion_main!(benches);
