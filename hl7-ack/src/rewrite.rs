//! Writes a part of the message with our delimiters where they are not the sender's, so that it
//! reads the same.

use hl7_parse::{TokenKind, Tokens};

use crate::writer::Writer;

impl Writer {
    #[cold]
    pub(crate) fn rewrite(&mut self, part: &[u8]) {
        if self.theirs == self.ours {
            // It holds what may not be echoed; its delimiters and sequences are ours.
            for byte in part {
                self.unless_control(*byte);
            }
            return;
        }
        let mut rest = part;
        while let Some(hidden) = self.theirs.first_hidden(rest) {
            let (before, from) = rest.split_at_checked(hidden.start).unwrap_or((rest, &[]));
            let (characters, after) = from.split_at_checked(hidden.len()).unwrap_or((from, &[]));
            self.tokens(before);
            // Whoever reads them knows that they hold no delimiter.
            characters.iter().for_each(|byte| self.unless_control(*byte));
            rest = after;
        }
        self.tokens(rest);
    }

    fn tokens(&mut self, text: &[u8]) {
        for token in Tokens::new(text, self.theirs) {
            match token.kind() {
                TokenKind::Separator(level) => self.delimiter(level),
                TokenKind::Text | TokenKind::Escaped(_) => self.data(&token.unescape()),
                _ => self.sequence(token.as_bytes()),
            }
        }
    }

    /// Bytes that are data, in the set of the message.
    fn data(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match *byte {
                0x1B if self.keeps_esc => self.out.push(0x1B),
                byte if byte.is_ascii() => {
                    let mut sequence = [0; 5];
                    let written = self.escape(byte, &mut sequence);
                    self.out.extend(written);
                }
                byte => self.out.push(byte),
            }
        }
    }

    /// A sequence stays what it is, unless it can not be told from something else with our
    /// delimiters.
    fn sequence(&mut self, sequence: &[u8]) {
        let ([_, body @ .., _], Some(escape)) = (sequence, self.ours.escape()) else {
            return self.data(sequence);
        };
        let written = [&[escape], body, &[escape]].concat();
        let mut read = Tokens::new(&written, self.ours);
        // The code of a delimiter that was not in use stood for nothing, and must not begin to.
        let same = read.next().is_some_and(|token| {
            token.as_bytes() == written && !matches!(token.kind(), TokenKind::Escaped(_))
        });
        // One without bytes of a delimiter is read as one; a control character is never echoed.
        match same && !body.iter().any(|byte| self.delimits(*byte) || byte.is_ascii_control()) {
            true => self.out.extend(&written),
            false => self.data(sequence),
        }
    }

    fn unless_control(&mut self, byte: u8) {
        match byte {
            0x1B if self.keeps_esc => self.out.push(byte),
            byte if byte.is_ascii_control() => self.data(&[byte]),
            byte => self.out.push(byte),
        }
    }
}
