//! Unpacks a body that came as gzip (RFC 1952), within the limits of one that did not.

use std::io::Read;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;

use super::{budget::Held, read::Unread};

/// Bytes unpacked between two looks at the limits.
const STEP: usize = 64 * 1024;

/// Unpacks at most `max` bytes. What is unpacked counts as held from its first byte on, so that a
/// small body can not become a large one unseen.
pub(super) fn unpacked(packed: &[u8], max: usize, held: &mut Held) -> Result<Bytes, Unread> {
    let mut decoder = MultiGzDecoder::new(packed);
    let mut content = Vec::new();
    loop {
        let left = max - content.len();
        if !held.grow_to(packed.len().saturating_add(content.len()).saturating_add(STEP)) {
            return Err(Unread::NoRoom);
        }
        // One byte more than is allowed tells that there are too many.
        let step = STEP.min(left.saturating_add(1)) as u64;
        let got = (&mut decoder).take(step).read_to_end(&mut content);
        let got = got.map_err(|_| Unread::NotGzip)?;
        if got > left {
            return Err(Unread::TooLong);
        }
        if got == 0 {
            break;
        }
    }
    content.shrink_to_fit();
    Ok(Bytes::from(content))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;
    use crate::server::budget::Budget;

    fn packed(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn the_limit_is_that_of_the_unpacked_bytes() {
        for len in [0, 1, STEP - 1, STEP, STEP + 1, 3 * STEP] {
            let content = vec![b'x'; len];
            let body = packed(&content);
            let read = |max| unpacked(&body, max, &mut Budget::new(1 << 30).hold());
            assert_eq!(read(len).as_deref(), Ok(&content[..]), "at {len}");
            assert_eq!(read(len + 1).as_deref(), Ok(&content[..]), "under {len}");
            if len > 0 {
                assert_eq!(read(len - 1), Err(Unread::TooLong), "over {len}");
            }
        }
    }

    #[test]
    fn a_bomb_is_unpacked_no_further_than_the_room_there_is() {
        let body = packed(&vec![0; 8 << 20]);
        let mut held = Budget::new(1 << 20).hold();
        assert_eq!(unpacked(&body, 16 << 20, &mut held), Err(Unread::NoRoom));
    }

    #[test]
    fn what_is_cut_off_or_no_gzip_is_refused() {
        let body = packed(b"MSH|^~\\&|A\r");
        for end in 0..body.len() {
            let found = unpacked(&body[..end], 100, &mut Budget::new(1 << 20).hold());
            assert_eq!(found, Err(Unread::NotGzip), "cut off at {end}");
        }
        let found = unpacked(b"MSH|^~\\&|A\r", 100, &mut Budget::new(1 << 20).hold());
        assert_eq!(found, Err(Unread::NotGzip));
    }
}
