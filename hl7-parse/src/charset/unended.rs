//! Where text of ISO 2022 ends that was not brought back to ASCII.
//!
//! A designation holds at most to the end of its element (2.6.3), and text is to be in ASCII again
//! before a delimiter. Not every sender does that.

/// What a designation leads to, for the bytes below 0x80.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Designated {
    is_pairs: bool,
    /// The final byte, the same for the same set.
    set: u8,
}

impl Designated {
    /// What stands at the start of `bytes`, which follow an ESC, and its length.
    pub(crate) fn by(bytes: &[u8]) -> Option<(Self, usize)> {
        let pairs = |set, len| Some((Self { is_pairs: true, set }, len));
        match bytes {
            [b'$', b'@' | b'B', ..] => pairs(b'B', 2),
            [b'$', b'A', ..] => pairs(b'A', 2),
            [b'$', b'(', b'@' | b'B', ..] => pairs(b'B', 3),
            [b'$', b'(', set @ (b'A' | b'C' | b'D'), ..] => pairs(*set, 3),
            [b'(', set @ (b'B' | b'I' | b'J'), ..] => {
                Some((Self { is_pairs: false, set: *set }, 2))
            }
            _ => None,
        }
    }

    /// The first delimiter in text that follows, up to the next ESC or line end.
    pub(crate) fn delimiter(
        self,
        run: &[u8],
        is_ended: bool,
        delimiters: [u8; 2],
    ) -> Option<usize> {
        match self {
            Self { is_pairs: true, .. } => delimiter_in_pairs(run, is_ended, delimiters),
            Self { set: b'I', .. } => delimiter_in_katakana(run, delimiters),
            _ => None,
        }
    }
}

/// The first delimiter among pairs of bytes: one in the place of a first byte.
///
/// No set has a row 0x7E. In 0x7C, the byte of `|`, are extensions of JIS X 0208 that names need
/// (髙): that is a delimiter only where the text is not ended, as `is_ended` says, or not of whole
/// pairs. The rows up to 0x74 are those of JIS X 0208 itself, whatever delimits.
pub(crate) fn delimiter_in_pairs(run: &[u8], is_ended: bool, delimiters: [u8; 2]) -> Option<usize> {
    let (mut at, mut found, mut is_whole) = (0, None, true);
    while let Some(rest @ [first, ..]) = run.get(at..) {
        let delimits = *first > 0x74 && delimiters.contains(first);
        if delimits && *first == 0x7E {
            return found.or(Some(at));
        }
        if delimits && found.is_none() {
            found = Some(at);
        }
        at += match rest {
            [0x21..=0x7E, 0x21..=0x7E, ..] => 2,
            _ => {
                is_whole = false;
                1
            }
        };
    }
    found.filter(|_| !is_ended || !is_whole)
}

/// The first delimiter among half-width katakana, which end at 0x5F.
pub(crate) fn delimiter_in_katakana(run: &[u8], delimiters: [u8; 2]) -> Option<usize> {
    run.iter().position(|byte| *byte > 0x5F && delimiters.contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delimiter_in_the_place_of_a_first_byte_ends_what_was_not_ended() {
        for (run, in_unended, in_ended) in [
            (&b";3ED|19800101|M||X|Y"[..], Some(4), None),
            (b";3ED|19800101|M||X", Some(4), None),
            (b";3ED|19800101|M||X|", Some(4), Some(4)),
            (b";3ED~ED|1", Some(4), Some(4)),
            (b"|b;3~", Some(0), Some(0)),
            (b"F|K\\", None, None),
            (b"|b66", Some(0), None),
            (b";3E", None, None),
            (b"", None, None),
        ] {
            let shown = run.escape_ascii();
            assert_eq!(delimiter_in_pairs(run, false, *b"|~"), in_unended, "{shown}");
            assert_eq!(delimiter_in_pairs(run, true, *b"|~"), in_ended, "{shown}");
        }
        // Hiragana.
        assert_eq!(delimiter_in_pairs(b"$\"$$", false, *b"$%"), None);
        assert_eq!(delimiter_in_katakana(b"ITO@^|1", *b"|~"), Some(5));
        assert_eq!(delimiter_in_katakana(b"$I", *b"$~"), None);
    }
}
