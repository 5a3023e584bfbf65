//! Renders formatted text as plain text (2.7.6).

use memchr::memchr2;

use crate::{
    Charset,
    formatted::tokens::{Level, Token, TokenKind},
};

/// The most lines or spaces that one command writes, so that short input gives no long text.
const MAX_WRITTEN: usize = 100;

/// The most lines and spaces that all commands of a text write together, beside
/// [`BLANKS_PER_BYTE`]: 64 KiB.
const MAX_BLANKS: usize = 64 * 1024;

/// How many more they may write for each byte of the text up to there.
const BLANKS_PER_BYTE: usize = 2;

const SPACES: &[u8] = &[b' '; MAX_WRITTEN];

pub(crate) fn plain_text<'a>(tokens: impl Iterator<Item = Token<'a>>, charset: Charset) -> String {
    let mut page = Page {
        bytes: Vec::new(),
        indent: 0,
        added: 0,
        line: Line::Empty,
        blanks: 0,
        left: MAX_BLANKS,
    };
    for token in tokens {
        let more = token.as_bytes().len().saturating_mul(BLANKS_PER_BYTE);
        page.left = page.left.saturating_add(more);
        match token.kind() {
            TokenKind::Break | TokenKind::Center => page.end_line(),
            TokenKind::Separator(Level::Repetition) => page.end_line(),
            TokenKind::Space(lines) => {
                for _ in 0..page.take(usize::from(lines)) {
                    page.end_line();
                }
            }
            TokenKind::Skip(spaces) => {
                let spaces = page.take(usize::from(spaces));
                page.text(SPACES.get(..spaces).unwrap_or(SPACES));
            }
            TokenKind::Indent(spaces) => page.indent = spaces.max(0),
            TokenKind::TemporaryIndent(spaces) => page.added = spaces,
            TokenKind::HighlightStart
            | TokenKind::HighlightEnd
            | TokenKind::Fill
            | TokenKind::NoFill => {}
            _ => page.text(&token.unescape()),
        }
    }
    page.write_blanks();
    charset.decode(&page.bytes).into_owned()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    /// Nothing but blanks yet.
    Empty,
    /// The same, and a CR ended the line before: an LF belongs to it.
    AfterCr,
    /// Indented, and with text.
    Begun,
}

struct Page {
    bytes: Vec<u8>,
    indent: i32,
    /// To the indent, in this line.
    added: i32,
    line: Line,
    /// Blanks at the start of the line, not written yet: commands for it may follow.
    blanks: usize,
    /// How many lines and spaces commands may still write.
    left: usize,
}

impl Page {
    /// So many lines or spaces as one command may write, of those it asks for.
    fn take(&mut self, wanted: usize) -> usize {
        let taken = wanted.min(MAX_WRITTEN).min(self.left);
        self.left -= taken;
        taken
    }

    fn text(&mut self, text: &[u8]) {
        let mut rest = text;
        while let Some(end) = memchr2(b'\r', b'\n', rest) {
            let (line, ended) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            self.part_of_line(line);
            match ended.split_first() {
                Some((b'\n', after)) => {
                    if self.line == Line::AfterCr {
                        self.line = Line::Empty;
                    } else {
                        self.end_line();
                    }
                    rest = after;
                }
                Some((_, after)) => {
                    self.end_line();
                    self.line = Line::AfterCr;
                    rest = after;
                }
                None => rest = &[],
            }
        }
        self.part_of_line(rest);
    }

    fn part_of_line(&mut self, text: &[u8]) {
        let mut text = text;
        if self.line != Line::Begun {
            let printable = text.iter().position(|byte| *byte != b' ').unwrap_or(text.len());
            if printable > 0 {
                self.line = Line::Empty;
            }
            self.blanks += printable;
            text = text.get(printable..).unwrap_or_default();
            if text.is_empty() {
                return;
            }
            let indent = usize::try_from(self.indent.saturating_add(self.added)).unwrap_or(0);
            let indent = self.take(indent);
            self.bytes.resize(self.bytes.len() + indent, b' ');
            self.write_blanks();
            self.line = Line::Begun;
        }
        self.bytes.extend_from_slice(text);
    }

    fn write_blanks(&mut self) {
        self.bytes.resize(self.bytes.len() + self.blanks, b' ');
        self.blanks = 0;
    }

    fn end_line(&mut self) {
        self.write_blanks();
        self.bytes.push(b'\n');
        self.line = Line::Empty;
        self.added = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Separators, Tokens};

    #[test]
    fn commands_become_lines_and_spaces() {
        for (raw, expected) in [
            ("", ""),
            ("plain", "plain"),
            (r"a\.br\b", "a\nb"),
            (r"a\.sp\b\.sp 2\c\.sp+3\d", "a\nb\n\nc\n\n\nd"),
            (r"a\.sk3\b", "a   b"),
            (r"a\.ce\b", "a\nb"),
            (r"\.fi\a\.nf\b\H\c\N\", "abc"),
            (r"\.in+2\a\.br\b\.in0\\.br\c", "  a\n  b\nc"),
            (r"\.in4\\.ti-4\ 1. a\.br\ \.ti-4\2. b\.br\c", " 1. a\n 2. b\n    c"),
            (r"\.ti+2\a\.br\b", "  a\nb"),
            (r"\.in-4\a", "a"),
            (r"a\X0D\b\X0A\c\X0D0A\d\X0D\\X0A\e", "a\nb\nc\nd\ne"),
            (r"a\X0D\\.br\b", "a\n\nb"),
            ("a\nb", "a\nb"),
            ("a~b", "a\nb"),
            (r"a^b&c \T\ \F\", "a^b&c & |"),
            (r"\Zab\\C2842\\.xx\\Q\ C:\temp", r"\Zab\\C2842\\.xx\\Q\ C:\temp"),
            (r"\XC3\\XA9\", "\u{e9}"),
            (r" a \.br\  ", " a \n  "),
        ] {
            let tokens = Tokens::new(raw.as_bytes(), Separators::default());
            assert_eq!(plain_text(tokens, Charset::Unspecified), expected, "{raw}");
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "measures")]
    fn many_commands_give_no_more_blanks_than_the_limit() {
        for raw in [r"\.in100\a~".to_owned() + &"a~".repeat(100_000), r"\.sp99\".repeat(20_000)] {
            let tokens = Tokens::new(raw.as_bytes(), Separators::default());
            let text = plain_text(tokens, Charset::Unspecified);
            let most = MAX_BLANKS + BLANKS_PER_BYTE * raw.len() + raw.len();
            assert!(text.len() <= most, "{} of {}", text.len(), raw.len());
            assert_eq!(text.matches('a').count(), raw.matches('a').count());
        }
        // What people write stays as it was.
        let notes = r"\.in4\a\.br\".repeat(1_000);
        let tokens = Tokens::new(notes.as_bytes(), Separators::default());
        assert_eq!(plain_text(tokens, Charset::Unspecified), "    a\n".repeat(1_000));
    }

    #[test]
    fn short_commands_give_no_long_text() {
        for raw in [r"\.sp65535\", r"\.sk65535\", r"\.in65535\a", r"\.in9999\\.ti9999\a"] {
            let tokens = Tokens::new(raw.as_bytes(), Separators::default());
            assert!(plain_text(tokens, Charset::Unspecified).len() <= MAX_WRITTEN + 1, "{raw}");
        }
    }
}
