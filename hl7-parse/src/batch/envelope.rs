//! Keeps account of files and batches: places, counts and faults.

use super::{Fault, Faults, PartKind, Place, in_force::InForce};
use crate::{
    Segment, Separators,
    header::{declared, line, until_line_end},
    scan::{Ignore, leading},
};

/// What is open, and how much of it there was so far.
#[derive(Clone)]
pub(super) struct Envelope {
    in_force: InForce<Separators>,
    in_file: bool,
    in_batch: bool,
    /// In the stream.
    files: u64,
    messages: u64,
    /// Since the file began, or the last one ended.
    batches: u64,
    file_messages: u64,
    /// Since the batch began, or the last one ended.
    batch_messages: u64,
}

/// What is known of a part besides its bytes.
pub(super) struct Entry {
    pub(super) place: Place,
    pub(super) faults: Faults,
    pub(super) separators: Separators,
}

impl Envelope {
    pub(super) fn new() -> Self {
        Self {
            in_force: InForce::new(Separators::RECOMMENDED),
            in_file: false,
            in_batch: false,
            files: 0,
            messages: 0,
            batches: 0,
            file_messages: 0,
            batch_messages: 0,
        }
    }

    /// Takes the next part into account, by its text or at least the beginning of it.
    pub(super) fn enter(&mut self, kind: PartKind, text: &[u8]) -> Entry {
        let mut faults = Faults::default();
        let separators = self.separators(kind, text, &mut faults);
        match kind {
            PartKind::FileHeader => {
                faults.add_if(self.in_batch, Fault::UnendedBatch);
                faults.add_if(self.in_file, Fault::NestedFile);
                self.end_file();
                self.in_file = true;
                self.files += 1;
            }
            PartKind::BatchHeader => {
                faults.add_if(self.in_batch, Fault::NestedBatch);
                let before_the_first = self.in_file && self.batches == 0 && self.file_messages > 0;
                faults.add_if(before_the_first, Fault::MessageOutsideBatch);
                self.end_batch();
                self.in_batch = true;
                self.batches += 1;
            }
            PartKind::Message => {
                let outside = self.in_file && !self.in_batch && self.batches > 0;
                faults.add_if(outside, Fault::MessageOutsideBatch);
                self.messages += 1;
                self.file_messages += 1;
                self.batch_messages += 1;
            }
            PartKind::BatchTrailer => {
                faults.add_if(!self.in_batch, Fault::BatchTrailerWithoutHeader);
                let counted = self.batch_messages;
                match stated(text, separators) {
                    Stated::Number(stated) if stated != counted => {
                        faults.add_count(Fault::MessageCount, stated, counted);
                    }
                    Stated::Unreadable => faults.add_if(true, Fault::UnreadableCount),
                    Stated::Nothing | Stated::Number(_) => {}
                }
            }
            PartKind::FileTrailer => {
                faults.add_if(self.in_batch, Fault::UnendedBatch);
                faults.add_if(!self.in_file, Fault::FileTrailerWithoutHeader);
                // Messages without BHS are one batch; nothing at all is none, or an empty one.
                let counted = match self.batches {
                    0 => u64::from(self.file_messages > 0),
                    batches => batches,
                };
                match stated(text, separators) {
                    Stated::Number(1) if counted == 0 => {}
                    Stated::Number(stated) if stated != counted => {
                        faults.add_count(Fault::BatchCount, stated, counted);
                    }
                    Stated::Unreadable => faults.add_if(true, Fault::UnreadableCount),
                    Stated::Nothing | Stated::Number(_) => {}
                }
            }
            PartKind::Other | PartKind::TooLong => {
                faults.add_if(leading(text) < text.len(), Fault::StrayLines);
            }
        }
        let place = self.place(kind);
        match kind {
            PartKind::BatchTrailer => self.end_batch(),
            PartKind::FileTrailer => self.end_file(),
            _ => {}
        }
        Entry { place, faults, separators }
    }

    /// What is wrong at the end of the stream.
    pub(super) fn end(&self) -> Faults {
        let mut faults = Faults::default();
        faults.add_if(self.in_batch, Fault::UnendedBatch);
        faults.add_if(self.in_file, Fault::UnendedFile);
        faults
    }

    fn end_batch(&mut self) {
        self.in_batch = false;
        self.batch_messages = 0;
    }

    fn end_file(&mut self) {
        self.end_batch();
        self.in_file = false;
        self.batches = 0;
        self.file_messages = 0;
    }

    fn place(&self, kind: PartKind) -> Place {
        let only = |holds: bool, number: u64| if holds { number } else { 0 };
        let is_message = kind == PartKind::Message;
        Place {
            file: only(self.in_file, self.files),
            batch: only(self.in_batch, self.batches),
            index: only(is_message, self.messages),
            index_in_file: only(is_message && self.in_file, self.file_messages),
            index_in_batch: only(is_message && self.in_batch, self.batch_messages),
        }
    }

    /// The delimiters of a part, and whether it has those and no more lines than it should.
    fn separators(&mut self, kind: PartKind, text: &[u8], faults: &mut Faults) -> Separators {
        let (separators, declared) = match kind {
            PartKind::Message | PartKind::FileHeader | PartKind::BatchHeader => {
                let declared = declared(line(text), 0, &mut Ignore).ok();
                faults.add_if(declared.is_none(), Fault::DamagedHeader);
                (declared.unwrap_or(self.in_force.last()), declared)
            }
            PartKind::BatchTrailer | PartKind::FileTrailer => {
                let first_line = until_line_end(text);
                let next = line(first_line).get(3).copied();
                let fits = |separators: &Separators| {
                    next.is_none_or(|next| next == separators.field() || next.is_ascii_control())
                };
                let more = text.get(first_line.len()..).unwrap_or_default();
                faults.add_if(leading(more) < more.len(), Fault::StrayLines);
                (self.in_force.of_trailer(kind, fits).unwrap_or(self.in_force.last()), None)
            }
            PartKind::Other | PartKind::TooLong => (self.in_force.last(), None),
        };
        self.in_force.pass(kind, declared);
        separators
    }
}

/// What BTS-1 or FTS-1 says.
enum Stated {
    Nothing,
    Number(u64),
    Unreadable,
}

/// BTS-1 is ST and FTS-1 is NM: a whole number, which NM may write with a sign and a fraction.
fn stated(text: &[u8], separators: Separators) -> Stated {
    let field = Segment::new(line(text), separators).field(1);
    if field.is_null() {
        return Stated::Nothing;
    }
    let number = field.component(1).as_bytes().trim_ascii();
    if number.is_empty() {
        return Stated::Nothing;
    }
    let number = number.strip_prefix(b"+").unwrap_or(number);
    let mut halves = number.splitn(2, |byte| *byte == b'.');
    let (whole, fraction) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
    let is_whole = !whole.is_empty() && whole.iter().all(u8::is_ascii_digit);
    let parsed = std::str::from_utf8(whole).ok().and_then(|whole| whole.parse().ok());
    match parsed {
        Some(number) if is_whole && fraction.iter().all(|byte| *byte == b'0') => {
            Stated::Number(number)
        }
        _ => Stated::Unreadable,
    }
}
