//! A server never panics, whatever arrives and however it is cut, and what it answers is frames.
//!
//! The first bytes of the input choose the options and the size of the pieces; the rest is what a
//! peer sends before it closes. Small limits, so that the fuzzer reaches them. The clock is paused:
//! waiting takes no time.

#![no_main]

use bytes::BytesMut;
use hl7_ack::{Outcome, Peer, Received};
use hl7_mllp::{Block, MllpCodec, server::Connections};
use libfuzzer_sys::fuzz_target;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio_util::codec::Decoder;

fuzz_target!(|input: &[u8]| {
    let Some((&[options, frame, size], stream)) = input.split_first_chunk::<3>() else {
        return;
    };
    let connections = Connections::builder()
        .strict(options & 1 != 0)
        .release2(options & 2 != 0)
        .max_frame_len(4 * usize::from(frame))
        .max_garbage_len(64)
        .max_buffered(0)
        .build(async |_: Received| Outcome::accepted());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let answers = runtime.block_on(async {
        let (near, far) = duplex(1024);
        let serving = tokio::spawn(async move { connections.serve(far, Peer::default()).await });
        let (mut read, mut write) = tokio::io::split(near);
        let sending = async move {
            for piece in stream.chunks(usize::from(size) + 1) {
                // The server may have closed already.
                if write.write_all(piece).await.is_err() {
                    break;
                }
            }
            drop(write.shutdown().await);
        };
        let mut answers = BytesMut::new();
        let reading =
            async { while read.read_buf(&mut answers).await.is_ok_and(|read| read > 0) {} };
        tokio::join!(sending, reading);
        serving.await.expect("no panic");
        answers
    });
    let (mut codec, mut answers) = (MllpCodec::new().strict(true).release2(true), answers);
    while let Some(block) = codec.decode(&mut answers).expect("frames") {
        assert!(matches!(block, Block::Content(_) | Block::Commit(_)), "{block:?}");
    }
    assert!(answers.is_empty(), "{} bytes of an answer that does not end", answers.len());
});
