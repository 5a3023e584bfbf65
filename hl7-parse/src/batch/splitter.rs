//! [`Splitter`]: bytes in, messages and envelope segments out.

use std::{fmt, mem};

use bytes::{Buf, Bytes};

use super::{
    Fault, OwnedPart, PartKind, SplitError, SplitOptions,
    envelope::{Entry, Envelope},
    heads::{Head, Heads},
};
use crate::scan::{LineFeeds, line_feeds_alone};

/// Cuts a stream that comes in pieces of any size into its parts.
///
/// Where the pieces were cut changes nothing but who owns the bytes: a part that lies within one
/// piece shares them with it, one that lies across several is a copy. Each byte is looked at
/// once and copied at most a few times, whatever the pieces and whatever they hold.
///
/// Beside the piece that was given last, it holds at most twice
/// [`SplitOptions::max_message_len`] and 64 KiB. What is blank between the parts, framing bytes
/// and byte order marks included, is left out.
///
/// The last part of a stream comes out at its end, from [`Splitter::finish`]: only there it is
/// known that nothing more belongs to it.
///
/// ```
/// use bytes::Bytes;
/// use hl7_parse::batch::{PartKind, Splitter};
///
/// let mut splitter = Splitter::new();
/// let mut messages = Vec::new();
/// for piece in ["MSH|^~\\&|LAB\rPID|1\rMS", "H|^~\\&|LAB\rPID|2", "\r"] {
///     let mut piece = Bytes::from(piece);
///     while let Some(part) = splitter.next_part(&mut piece) {
///         messages.push(part?.parse()?);
///     }
/// }
/// while let Some(part) = splitter.finish() {
///     messages.push(part?.parse()?);
/// }
/// assert_eq!(messages.len(), 2);
/// assert_eq!(messages[1].as_bytes(), "MSH|^~\\&|LAB\rPID|2\r");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Splitter {
    options: SplitOptions,
    heads: Heads,
    envelope: Envelope,
    under_way: Option<Head>,
    /// What is kept of the part under way, or of what may become one, from before `input`: all
    /// of it, or where that is over a limit the beginning.
    carry: Vec<u8>,
    /// Whether the part under way is over the limit for certain.
    over: bool,
    input: Bytes,
    /// The offset of the first byte of `input`.
    base: u64,
    /// How much of `input` was looked at.
    seen: usize,
    #[cfg(test)]
    meter: Meter,
}

/// What the bounds are tested by.
#[cfg(test)]
#[derive(Clone, Copy, Default)]
struct Meter {
    /// Bytes written.
    copied: u64,
    /// The most that was held at once.
    peak: usize,
}

impl Splitter {
    /// How much is kept of a part that is too long: 4 KiB.
    pub const HEAD_LEN: usize = 4096;

    /// As the part under way, so that what is not decided about yet has room beside it.
    const UNDECIDED_LEN: usize = 4;

    /// More than this is not kept allocated for nothing with a part.
    const MAX_SPARE: usize = 4096;

    /// With [`SplitOptions::new`].
    #[must_use]
    pub fn new() -> Self {
        Self::with_options(SplitOptions::new())
    }

    /// With a limit and refusals of one's own.
    #[must_use]
    pub fn with_options(options: SplitOptions) -> Self {
        Self {
            heads: Heads::new(options.line_feeds),
            options,
            envelope: Envelope::new(),
            under_way: None,
            carry: Vec::new(),
            over: false,
            input: Bytes::new(),
            base: 0,
            seen: 0,
            #[cfg(test)]
            meter: Meter::default(),
        }
    }

    /// The next part that is complete. Takes `input` where what was given before is used up.
    ///
    /// `None` when `input` is empty and more is needed: to be asked until then, and with the
    /// next piece again.
    ///
    /// # Errors
    ///
    /// Where the part shows a fault that is refused; with no such options, never. One can go on
    /// after it.
    pub fn next_part(&mut self, input: &mut Bytes) -> Option<Result<OwnedPart, SplitError>> {
        loop {
            while let Some(head) = self.look() {
                if let Some(part) = self.turn_to(head) {
                    return Some(self.judge(part));
                }
            }
            if input.is_empty() {
                return None;
            }
            self.put_by();
            self.input = mem::take(input);
        }
    }

    /// The parts that are left at the end of the stream; to be asked until `None`. Then the
    /// splitter is as new, for another stream.
    ///
    /// # Errors
    ///
    /// As [`Splitter::next_part`].
    pub fn finish(&mut self) -> Option<Result<OwnedPart, SplitError>> {
        while let Some(head) = self.look().or_else(|| self.heads.finish()) {
            if let Some(part) = self.turn_to(head) {
                return Some(self.judge(part));
            }
        }
        let last = self.under_way.take().map(|head| {
            let mut part = self.cut(head, self.heads.content_end());
            part.faults.add_all(self.envelope.end());
            self.judge(part)
        });
        *self = Self::with_options(self.options.clone());
        last
    }

    /// Goes on through the input to the next head.
    fn look(&mut self) -> Option<Head> {
        let mut rest = self.input.get(self.seen..).unwrap_or_default();
        let head = self.heads.next(&mut rest);
        self.seen = self.input.len() - rest.len();
        head
    }

    /// Cuts the part before `head`, if there is one, and begins the next.
    fn turn_to(&mut self, head: Head) -> Option<OwnedPart> {
        let finished = self.under_way.replace(head);
        let finished = finished.map(|before| self.cut(before, self.heads.content_end()));
        self.over = false;
        if head.text >= self.base {
            let before = narrow(head.text - self.base);
            self.carry.clear();
            self.input.advance(before.min(self.input.len()));
            self.seen = self.seen.saturating_sub(before);
            self.base = head.text;
        } else if head.kind != PartKind::Other {
            // What came of it with earlier input can be but a piece of its ID.
            let before = narrow(self.base - head.text);
            self.carry.clear();
            self.carry.extend_from_slice(head.kind.id().get(..before).unwrap_or_default());
        }
        finished
    }

    /// Makes a part of what lies from a head to `end`.
    fn cut(&mut self, head: Head, end: u64) -> OwnedPart {
        let len = end.saturating_sub(head.text);
        let too_long = len > self.options.max_message_len as u64;
        let kept = if too_long { narrow(len).min(Self::HEAD_LEN) } else { narrow(len) };
        let bytes = if self.carry.is_empty() && !too_long {
            self.input.slice(..kept.min(self.input.len()))
        } else {
            let missing = kept.saturating_sub(self.carry.len());
            let input = mem::take(&mut self.input);
            self.reserve(missing);
            self.keep(input.get(..missing).unwrap_or_default());
            self.input = input;
            let mut bytes = mem::take(&mut self.carry);
            bytes.truncate(kept);
            if bytes.capacity() - bytes.len() > Self::MAX_SPARE {
                bytes.shrink_to_fit();
            }
            bytes.into()
        };
        let Entry { place, mut faults, separators } = self.envelope.enter(head.kind, &bytes);
        faults.add_if(too_long, Fault::TooLong);
        let kind = if too_long { PartKind::TooLong } else { head.kind };
        let (offset, line_feeds) = (head.text, self.options.line_feeds);
        let alone = line_feeds != LineFeeds::Guessed && line_feeds_alone(&bytes, separators);
        faults.add_if(alone, Fault::LineFeedsAlone);
        OwnedPart { kind, bytes, offset, len, separators, line_feeds, place, faults }
    }

    fn judge(&self, part: OwnedPart) -> Result<OwnedPart, SplitError> {
        match part.faults.first_of(self.options.refused) {
            Some(fault) => Err(SplitError::new(fault, part)),
            None => Ok(part),
        }
    }

    /// Keeps of the input, all of which was looked at, what is needed later.
    fn put_by(&mut self) {
        let input = mem::take(&mut self.input);
        let end = self.base + input.len() as u64;
        if let Some(head) = self.under_way {
            let certain = self.heads.certain_end().saturating_sub(head.text);
            if !self.over && certain > self.options.max_message_len as u64 {
                self.over = true;
                self.carry.truncate(Self::HEAD_LEN);
                self.carry.shrink_to_fit();
            }
            self.keep_within_limit(&input);
        } else if let Some(text) = self.heads.undecided() {
            if text >= self.base {
                self.carry.clear();
            }
            let before = narrow(text.saturating_sub(self.base));
            self.keep_within_limit(input.get(before..).unwrap_or_default());
        } else {
            self.carry.clear();
        }
        self.base = end;
        self.seen = 0;
    }

    /// How much may be kept: a message, and what may follow it undecided.
    fn max_carry(&self) -> usize {
        let limit = self.options.max_message_len.saturating_add(Self::UNDECIDED_LEN);
        if self.over { Self::HEAD_LEN } else { limit.max(Self::HEAD_LEN) }
    }

    fn keep_within_limit(&mut self, bytes: &[u8]) {
        let room = self.max_carry().saturating_sub(self.carry.len());
        let kept = bytes.get(..room).unwrap_or(bytes);
        let needed = self.carry.len() + kept.len();
        if needed > self.carry.capacity() {
            let doubled = self.carry.capacity().saturating_mul(2).min(self.max_carry());
            self.reserve(doubled.max(needed) - self.carry.len());
        }
        self.keep(kept);
    }

    fn reserve(&mut self, additional: usize) {
        #[cfg(test)]
        let before = self.carry.capacity();
        self.carry.reserve_exact(additional);
        #[cfg(test)]
        if self.carry.capacity() > before {
            // Both are there while one is copied to the other.
            self.meter.copied += self.carry.len() as u64;
            self.meter.peak = self.meter.peak.max(before + self.carry.capacity());
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.carry.extend_from_slice(bytes);
        #[cfg(test)]
        {
            self.meter.copied += bytes.len() as u64;
        }
    }
}

fn narrow(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

impl Default for Splitter {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Splitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Splitter")
            .field("options", &self.options)
            .field("offset", &(self.base + self.seen as u64))
            .field("held", &(self.carry.len() + self.input.len()))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds a splitter in pieces of one size and returns work, copies and peak.
    fn run(options: &SplitOptions, input: &[u8], piece_len: usize) -> (u64, Meter) {
        let mut splitter = options.splitter();
        for piece in input.chunks(piece_len) {
            let mut piece = Bytes::copy_from_slice(piece);
            while splitter.next_part(&mut piece).is_some() {}
        }
        let measured = (splitter.heads.work, splitter.meter);
        while splitter.finish().is_some() {}
        measured
    }

    fn adversaries(len: usize) -> Vec<(&'static str, Vec<u8>)> {
        let repeated = |piece: &'static [u8]| piece.iter().copied().cycle().take(len).collect();
        let headed = |piece: &'static [u8]| {
            b"MSH|^~\\&|A\r".iter().chain(piece.iter().cycle()).copied().take(len).collect()
        };
        vec![
            ("messages", repeated(b"MSH|^~\\&|A\rPID|1\r")),
            ("headers", repeated(b"MSH\r")),
            ("carriage returns", headed(b"\r")),
            ("line feeds after CR", headed(b"\r\n")),
            ("blanks", headed(b" \0\x0b\x1c")),
            ("marks", headed(b"\xEF\xBB\xBF")),
            ("half marks", headed(b"\xEF\xBB\r")),
            ("nearly heads", headed(b"MSHX|\rBT\rFTSX\r")),
            ("one line", headed(b"x")),
            ("M", headed(b"M")),
            ("M lines", headed(b"M\r")),
            ("trailers", repeated(b"BTS|1\rFTS\r")),
            ("no head", repeated(b"x\r")),
        ]
    }

    #[test]
    #[cfg_attr(miri, ignore = "measures")]
    fn work_is_linear_in_the_input_whatever_it_holds_and_however_it_comes() {
        for max in [100, 20_000] {
            let options = SplitOptions::new().max_message_len(max);
            for len in [1_000, 30_000] {
                for (name, input) in adversaries(len) {
                    for piece_len in [1, 7, 4096, len] {
                        let (looked_at, meter) = run(&options, &input, piece_len);
                        let case = format!("{name}, {len} bytes by {piece_len}, max {max}");
                        assert!(looked_at <= 3 * len as u64, "{case}: {looked_at} looked at");
                        assert!(meter.copied <= 4 * len as u64, "{case}: {} copied", meter.copied);
                    }
                }
            }
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "measures")]
    fn memory_stays_within_twice_the_limit() {
        for max in [0, 5000, 50_000] {
            let options = SplitOptions::new().max_message_len(max);
            for (name, input) in adversaries(300_000) {
                for piece_len in [777, 65_536] {
                    let (_, meter) = run(&options, &input, piece_len);
                    let bound = 2 * max + 16 * 1024;
                    assert!(
                        meter.peak <= bound,
                        "{name} by {piece_len}, max {max}: {} held, {bound} allowed",
                        meter.peak
                    );
                }
            }
        }
    }

    #[test]
    fn a_part_within_a_piece_is_not_copied() {
        let mut input = Bytes::from_static(b"\nMSH|^~\\&|A\rMSH|^~\\&|B\r\n");
        let whole = input.clone();
        let mut splitter = Splitter::new();
        let first = splitter.next_part(&mut input).expect("complete").expect("nothing refused");
        assert_eq!(first.as_bytes().as_ptr(), whole[1..].as_ptr());
        assert!(splitter.next_part(&mut input).is_none());
        let last = splitter.finish().expect("one more").expect("nothing refused");
        assert_eq!(last.as_bytes().as_ptr(), whole[12..].as_ptr());
        assert!(splitter.finish().is_none());
    }
}
