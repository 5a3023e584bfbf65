//! The codec yields the same items however a stream is cut, and never panics.
//!
//! The first bytes of the input choose the options and the sizes of the pieces; the rest is the
//! stream. Small limits, so that the fuzzer reaches them.

#![no_main]

use bytes::BytesMut;
use hl7_mllp::{Block, END_BLOCK, Envelope, FrameErrorKind, MllpCodec, START_BLOCK};
use libfuzzer_sys::fuzz_target;
use tokio_util::codec::Decoder;

fuzz_target!(|input: &[u8]| {
    let Some((&[options, frame, garbage, cuts], rest)) = input.split_first_chunk::<4>() else {
        return;
    };
    let (sizes, stream) = rest.split_at(rest.len().min(usize::from(cuts % 16)));
    let codec = MllpCodec::new()
        .strict(options & 1 != 0)
        .release2(options & 2 != 0)
        .max_frame_len(usize::from(frame))
        .max_garbage_len(usize::from(garbage));
    // The other way round, so that the seeds are of use.
    let codec = match Envelope::new(END_BLOCK, START_BLOCK) {
        Some(swapped) if options & 4 != 0 => codec.envelope(swapped),
        _ => codec,
    };

    let whole = items(codec.clone(), [stream]);
    let pieces = items(codec.clone(), Pieces { stream, sizes: sizes.iter().cycle() });
    assert_eq!(pieces, whole, "options {options:#04b}, limits {frame} {garbage}, cut {sizes:?}");
    let bytes = items(codec, stream.chunks(1));
    assert_eq!(bytes, whole, "options {options:#04b}, limits {frame} {garbage}, byte by byte");
});

/// Every item of the stream, and why it was lost, if it was.
fn items<'a>(
    mut codec: MllpCodec,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Block>, Option<FrameErrorKind>) {
    let (mut buffer, mut items) = (BytesMut::new(), Vec::new());
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            match codec.decode(&mut buffer) {
                Ok(Some(item)) => items.push(item),
                Ok(None) => break,
                Err(error) => return (items, Some(error.kind())),
            }
        }
    }
    loop {
        match codec.decode_eof(&mut buffer) {
            Ok(Some(item)) => items.push(item),
            Ok(None) => break,
            Err(error) => return (items, Some(error.kind())),
        }
    }
    assert!(buffer.is_empty(), "{} bytes left at the end", buffer.len());
    (items, None)
}

/// Cuts a stream into pieces of the given sizes, over and over.
struct Pieces<'a, S> {
    stream: &'a [u8],
    sizes: S,
}

impl<'a, S: Iterator<Item = &'a u8>> Iterator for Pieces<'a, S> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.stream.is_empty() {
            return None;
        }
        // No sizes at all: in one piece.
        let size = self.sizes.next().map_or(usize::MAX, |size| usize::from(*size) + 1);
        let (piece, rest) = self.stream.split_at(size.min(self.stream.len()));
        self.stream = rest;
        Some(piece)
    }
}
