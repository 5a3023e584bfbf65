//! [`Switching`]: how the text of a message changes its character set, by MSH-20.

use crate::{Charset, Field, header::charsets};

/// How text changes its character set (MSH-20, Table 0356).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Switching {
    /// Not at all, or in a way not known.
    Not,
    /// By `\C..\` and `\M..\` sequences: `2.3`. Also where MSH-20 is empty: versions before
    /// 2.3.1 have none, and the sequences mean nothing else.
    Sequences,
    /// By ESC and what follows it: `ISO 2022-1994`.
    Iso2022,
}

impl Switching {
    /// What MSH-18, which names `charset` first, and MSH-20 declare.
    pub(crate) fn declared(msh_18: Field<'_>, msh_20: Field<'_>, charset: Charset) -> Self {
        if charset == Charset::Utf8 {
            // Has to be the only set.
            return Self::Not;
        }
        let scheme = msh_20.repetition(1).component(1).as_bytes().trim_ascii();
        let folded = || scheme.iter().filter(|byte| byte.is_ascii_alphanumeric());
        if scheme.is_empty() {
            // With such a set named beside the first, ESC can mean nothing else.
            match charsets(msh_18).skip(1).any(Charset::is_iso_2022_jp) {
                true => Self::Iso2022,
                false => Self::Sequences,
            }
        } else if scheme == b"2.3" {
            Self::Sequences
        } else if folded().take(7).map(u8::to_ascii_uppercase).eq(*b"ISO2022") {
            Self::Iso2022
        } else {
            Self::Not
        }
    }
}
