//! What benchmarks of peers share: the physical limit of finding every delimiter.

/// Writes the position of every delimiter and segment end to `positions`, 32 bytes at a time,
/// and returns how many there are. The least that a parser which indexes everything must do.
///
/// Without AVX2 one byte at a time.
pub fn index_every_delimiter(message: &[u8], positions: &mut Vec<u32>) -> usize {
    positions.clear();
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        unsafe { avx2(message, positions) };
        return positions.len();
    }
    bytewise(message, 0, positions);
    positions.len()
}

const DELIMITERS: [u8; 6] = *b"|^~\\&\r";

fn bytewise(message: &[u8], from: usize, positions: &mut Vec<u32>) {
    for (at, byte) in message.iter().enumerate().skip(from) {
        if DELIMITERS.contains(byte) {
            positions.push(at as u32);
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2(message: &[u8], positions: &mut Vec<u32>) {
    use std::arch::x86_64::{
        __m256i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256,
        _mm256_set1_epi8, _mm256_setzero_si256,
    };
    positions.reserve(message.len());
    let wanted = DELIMITERS.map(|byte| _mm256_set1_epi8(byte as i8));
    let (chunks, _) = message.as_chunks::<32>();
    for (number, chunk) in chunks.iter().enumerate() {
        // SAFETY: the load is unaligned and within the 32 bytes of the chunk.
        let bytes = unsafe { _mm256_loadu_si256(chunk.as_ptr().cast::<__m256i>()) };
        let mut hits = _mm256_setzero_si256();
        for byte in wanted {
            hits = _mm256_or_si256(hits, _mm256_cmpeq_epi8(bytes, byte));
        }
        let mut mask = _mm256_movemask_epi8(hits) as u32;
        while mask != 0 {
            positions.push((number * 32) as u32 + mask.trailing_zeros());
            mask &= mask - 1;
        }
    }
    bytewise(message, chunks.len() * 32, positions);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_is_what_a_byte_loop_finds() {
        let message: Vec<u8> =
            (0..999u32).map(|n| b"ab|^~\\&\rcd"[(n * n % 10) as usize]).collect();
        for length in 0..message.len() {
            let (mut fast, mut slow) = (Vec::new(), Vec::new());
            index_every_delimiter(&message[..length], &mut fast);
            bytewise(&message[..length], 0, &mut slow);
            assert_eq!(fast, slow, "{length} bytes");
        }
    }
}
