//! Chooses the set of a message from what is declared and what the bytes show.

use memchr::memchr;

use super::{Basis, Content, ESCAPE, detect, iso2022};
use crate::{
    Charset, Separators, header,
    scan::{Ignore, leading},
};

/// What there is to choose from, for text whose delimiters and whose MSH-18 are ASCII.
pub(super) struct Findings<'a> {
    pub(super) body: &'a [u8],
    pub(super) transport: Option<Charset>,
    pub(super) mark: Option<Charset>,
    pub(super) header: Declaration,
    pub(super) content: Content,
    pub(super) has_escape: bool,
    default: Charset,
}

impl<'a> Findings<'a> {
    /// Looks at the bytes behind a mark.
    pub(super) fn of(
        body: &'a [u8],
        transport: Option<Charset>,
        mark: Option<Charset>,
        default: Charset,
    ) -> Self {
        let header = Declaration::of(body);
        let content = if !body.is_ascii() {
            match std::str::from_utf8(body) {
                Ok(_) => Content::Utf8,
                Err(_) => Content::EightBit,
            }
        } else if iso2022::is_iso_2022_jp(body, &header.separators) {
            Content::Iso2022
        } else {
            Content::Ascii
        };
        let has_escape = memchr(ESCAPE, body).is_some();
        Self { body, transport, mark, header, content, has_escape, default }
    }

    fn holds_kanji(&self) -> bool {
        self.has_escape && detect::kanji(self.body, &self.header.separators).is_some()
    }

    /// The set, and what decided.
    pub(super) fn choose(&self) -> (Charset, Basis) {
        let usable = |charset: &Charset| match charset {
            Charset::Unspecified | Charset::Unknown => false,
            Charset::Ascii => self.content == Content::Ascii,
            charset => !charset.is_wide(),
        };
        // Labels are often those of the sender's HTTP library. ESC in a message that names
        // ISO-2022-JP means nothing else.
        let declared = self.header.separators.charset;
        let is_declared = self.content == Content::Iso2022
            && [Some(declared), self.header.additional]
                .into_iter()
                .flatten()
                .any(Charset::is_iso_2022_jp);
        if let Some(charset) = self.transport.filter(usable)
            && (!is_declared || charset.is_iso_2022_jp())
        {
            return (charset, Basis::Transport);
        }
        if let Some(charset) = self.mark {
            return (charset, Basis::Mark);
        }
        if self.has_escape
            && let Some(additional) = self.header.additional
            && (additional.is_iso_2022_jp() || !usable(&declared))
        {
            return (additional, Basis::Declared);
        }
        if declared.is_iso_2022_jp() && !self.has_escape {
            // ISO-2022-JP has no bytes from 0x80. Senders that name it and do not write it
            // write UTF-8 or Shift_JIS, of which half-width katakana are a part.
            if self.content == Content::Utf8 {
                return (Charset::Utf8, Basis::Content);
            }
            if self.content == Content::EightBit
                && !Charset::ShiftJis.read(self.body, self.default).1
            {
                return (Charset::ShiftJis, Basis::Content);
            }
        }
        // Half-width katakana alone, and then ESC to kanji.
        let is_half_declared = declared == Charset::JisX0201 && self.holds_kanji();
        if usable(&declared) && !is_half_declared {
            return (declared, Basis::Declared);
        }
        match self.content {
            Content::Iso2022 => (Charset::Iso2022Jp, Basis::Content),
            Content::Utf8 => (Charset::Utf8, Basis::Content),
            // Half-width katakana in eight bits beside kanji.
            Content::EightBit
                if self.holds_kanji() && !Charset::Iso2022Jp.read(self.body, self.default).1 =>
            {
                (Charset::Iso2022Jp, Basis::Content)
            }
            Content::EightBit => (self.default, Basis::Default),
            Content::Ascii | Content::Wide => (Charset::Ascii, Basis::Content),
        }
    }
}

/// What the header says of character sets.
pub(super) struct Declaration {
    pub(super) separators: Separators,
    pub(super) additional: Option<Charset>,
}

impl Declaration {
    pub(super) fn of(body: &[u8]) -> Self {
        let line = header::line(body.get(leading(body)..).unwrap_or_default());
        let separators = header::declared(line, 0, &mut Ignore).unwrap_or_default();
        Self { separators, additional: detect::switched_to(line, separators) }
    }
}
