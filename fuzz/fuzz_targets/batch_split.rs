//! A stream is cut into the same parts however it comes, in bounded memory; parts lose nothing but
//! what is blank between them.

#![no_main]

use std::io::{self, Read};

use bytes::Bytes;
use hl7_parse::batch::{OwnedPart, PartKind, SplitOptions, parts};
use libfuzzer_sys::{
    arbitrary::{self, Arbitrary},
    fuzz_target,
};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    max_message_len: u8,
    sizes: [u8; 4],
    stream: &'a [u8],
}

fuzz_target!(|input: Input<'_>| {
    let Input { max_message_len, sizes, stream } = input;
    let limited = SplitOptions::new().max_message_len(usize::from(max_message_len));
    for options in [&limited, &SplitOptions::new()] {
        let whole = split(options, [stream]);
        assert_eq!(split(options, stream.chunks(1)), whole, "byte by byte");
        assert_eq!(split(options, pieces(stream, &sizes)), whole, "in pieces of {sizes:?}");
        let read: Result<Vec<_>, _> = options
            .reader(Trickle { rest: stream, sizes: sizes.iter().cycle(), interrupted: false })
            .collect();
        assert_eq!(told(&read.expect("nothing fails")), whole, "read");
    }

    // Without a limit the splitter gives what the slices are.
    let owned = split(&SplitOptions::new(), [stream]);
    let mut next = 0;
    let mut borrowed = Vec::new();
    for part in parts(stream) {
        assert_eq!(part.offset(), next, "parts are the whole");
        next += part.as_bytes().len();
        if part.kind() != PartKind::Other || part.faults().iter().next().is_some() {
            borrowed.push((part.kind(), part.place()));
        }
        let _ = part.read();
    }
    assert_eq!(next, stream.len(), "parts are the whole");
    let owned: Vec<_> = owned
        .iter()
        .filter(|told| told.0 != PartKind::Other || !told.4.is_empty())
        .map(|told| (told.0, told.5))
        .collect();
    assert_eq!(owned, borrowed);
});

type Told = (PartKind, Vec<u8>, u64, u64, Vec<&'static str>, hl7_parse::batch::Place);

fn told(parts: &[OwnedPart]) -> Vec<Told> {
    let told = |part: &OwnedPart| {
        let _ = part.parse();
        (
            part.kind(),
            part.head().to_vec(),
            part.offset(),
            part.len(),
            part.faults().iter().map(|fault| fault.name()).collect(),
            part.place(),
        )
    };
    parts.iter().map(told).collect()
}

fn split<'a>(options: &SplitOptions, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Told> {
    let mut splitter = options.splitter();
    let mut found = Vec::new();
    for piece in pieces {
        let mut piece = Bytes::copy_from_slice(piece);
        while let Some(part) = splitter.next_part(&mut piece) {
            found.push(part.expect("nothing is refused"));
        }
    }
    while let Some(part) = splitter.finish() {
        found.push(part.expect("nothing is refused"));
    }
    told(&found)
}

fn pieces<'a>(mut rest: &'a [u8], sizes: &[u8]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, after) = rest.split_at(rest.len().min(usize::from(*size) + 1));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

/// Reads a few bytes at a time, and is interrupted once.
struct Trickle<'a, S> {
    rest: &'a [u8],
    sizes: S,
    interrupted: bool,
}

impl<'a, S: Iterator<Item = &'a u8>> Read for Trickle<'_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.sizes.next().map_or(1, |size| usize::from(*size));
        // Never twice: the sizes may all be the same.
        if size == 7 && !std::mem::replace(&mut self.interrupted, true) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let len = (size + 1).min(buffer.len());
        self.rest.by_ref().take(len as u64).read(buffer)
    }
}
