//! [`BatchAnswer`]: the envelope around the acknowledgments of a batch (2.10.3).

use bytes::Bytes;
use hl7_parse::Message;

use crate::{Acknowledger, Acknowledgment, Version, header_fields::HeaderFields, writer::Writer};

/// Which acknowledgments a batch is answered with. That nothing is answered, and people get a
/// report, is the third form, and needs no [`BatchAnswer`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BatchForm {
    /// One for each message.
    #[default]
    EveryMessage,
    /// Those of messages that were not accepted; there may be none, and the batch is answered all
    /// the same.
    ErrorsOnly,
}

/// Answers a batch, or a file of batches, with a batch of acknowledgments.
///
/// Each call gives the bytes that come next, so that an answer of any length is written as it is
/// made: only counts are held. BHS-12 of the answer is BHS-11 of the request, and FHS-12 is
/// FHS-11. Sender and receiver are exchanged. Batches and files that lack their trailer are
/// closed as well; acknowledgments outside of any batch stand by themselves.
///
/// MSH-15 and MSH-16 of each message hold: add what [`Acknowledger::acknowledge`] gives.
///
/// ```
/// use hl7_ack::{Acknowledger, BatchAnswer, BatchForm, Outcome};
/// use hl7_parse::{Message, batch::{self, PartKind}};
///
/// let request = b"BHS|^~\\&|LAB|GH|EHR|GH|20260101||||B17\r\
///     MSH|^~\\&|LAB|GH|EHR|GH|20260101||ORU^R01|77|P|2.5.1\r\
///     BTS|1\r";
/// let acknowledger = Acknowledger::new();
/// let mut answer = BatchAnswer::new(acknowledger.clone(), BatchForm::EveryMessage);
/// let mut written = Vec::new();
/// for part in batch::parts(request) {
///     let message = part.read()?;
///     match part.kind() {
///         PartKind::Message => {
///             if let Some(ack) = acknowledger.acknowledge(&message, &Outcome::accepted()) {
///                 written.extend(answer.add(&ack));
///             }
///         }
///         _ => written.extend(answer.envelope(&message)),
///     }
/// }
/// written.extend(answer.finish());
///
/// let parts: Vec<_> = batch::parts(&written).collect();
/// assert_eq!(parts.len(), 3);
/// assert_eq!(parts[0].read()?.header().field(12).as_bytes(), b"B17");
/// assert!(parts.iter().all(|part| part.faults().is_empty()));
/// # Ok::<(), hl7_parse::ParseError>(())
/// ```
#[derive(Clone, Debug)]
pub struct BatchAnswer {
    acknowledger: Acknowledger,
    form: BatchForm,
    /// The field separator and the number of messages of a batch that is open.
    batch: Option<(u8, usize)>,
    /// The field separator and the number of batches of a file that is open.
    file: Option<(u8, usize)>,
    /// Whether a message of it stands in no batch.
    outside: bool,
}

impl BatchAnswer {
    /// Begins an answer. The acknowledger gives the time, control IDs and identity.
    #[must_use]
    pub fn new(acknowledger: Acknowledger, form: BatchForm) -> Self {
        Self { acknowledger, form, batch: None, file: None, outside: false }
    }

    /// What answers an envelope segment of the request: FHS, BHS, BTS or FTS, the first segment of
    /// its part ([`Part::read`](hl7_parse::batch::Part::read)). Nothing for any other.
    pub fn envelope(&mut self, part: &Message<'_>) -> Bytes {
        let header = part.header();
        let id = match header.segment().id() {
            "" => padded_id(header.segment().as_bytes()),
            id => id.as_bytes(),
        };
        match id {
            b"FHS" => {
                let mut written = self.close_file();
                let (begun, separator) = self.header(b"FHS", &HeaderFields::of(&header));
                self.file = Some((separator, 0));
                written.extend_from_slice(&begun);
                written.into()
            }
            b"BHS" => {
                let mut written = self.close_batch();
                let (begun, separator) = self.header(b"BHS", &HeaderFields::of(&header));
                self.batch = Some((separator, 0));
                written.extend_from_slice(&begun);
                written.into()
            }
            b"BTS" => self.close_batch().into(),
            b"FTS" => self.close_file().into(),
            _ => Bytes::new(),
        }
    }

    /// What answers a message: its acknowledgment, or nothing where that is positive and only
    /// those of errors are wanted.
    pub fn add(&mut self, acknowledgment: &Acknowledgment) -> Bytes {
        let positive = acknowledgment.code().is_some_and(|code| code.is_positive());
        if positive && self.form == BatchForm::ErrorsOnly {
            return Bytes::new();
        }
        match &mut self.batch {
            Some((_, messages)) => *messages = messages.saturating_add(1),
            None => self.outside = true,
        }
        acknowledgment.as_bytes().clone()
    }

    /// The trailers that are still due.
    #[must_use]
    pub fn finish(mut self) -> Bytes {
        self.close_file().into()
    }

    fn close_batch(&mut self) -> Vec<u8> {
        let Some((separator, messages)) = self.batch.take() else { return Vec::new() };
        if let Some((_, batches)) = &mut self.file {
            *batches = batches.saturating_add(1);
        }
        trailer("BTS", separator, messages)
    }

    fn close_file(&mut self) -> Vec<u8> {
        let mut written = self.close_batch();
        let outside = std::mem::take(&mut self.outside);
        if let Some((separator, batches)) = self.file.take() {
            // Messages of a file without BHS are one batch.
            let batches = if batches == 0 { usize::from(outside) } else { batches };
            written.extend_from_slice(&trailer("FTS", separator, batches));
        }
        written
    }

    /// A header, and the field separator it declares, which need not be that of the request.
    fn header(&self, id: &[u8; 3], request: &HeaderFields<'_>) -> (Bytes, u8) {
        // No version is said, and four encoding characters do in any.
        let mut writer = Writer::answering(request, Version::WHERE_UNKNOWN);
        writer.begin_header(id, false);
        self.acknowledger.write_addresses(&mut writer, request);
        // Name and comment say nothing of an answer.
        writer.skip(2);
        self.acknowledger.write_control_id(&mut writer);
        writer.copied(request.get(11));
        writer.end();
        let separator = writer.field_separator();
        (writer.finish(), separator)
    }
}

/// The ID before a control character, as the one who cuts a batch takes it: `FTS`, NUL and more is a
/// trailer, and closes the file.
fn padded_id(segment: &[u8]) -> &[u8] {
    match segment.split_first_chunk::<3>() {
        Some((id, [next, ..])) if next.is_ascii_control() => id,
        _ => &[],
    }
}

fn trailer(id: &str, separator: u8, count: usize) -> Vec<u8> {
    format!("{id}{}{count}\r", char::from(separator)).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_padded_id_ends_with_a_control_character() {
        for (segment, id) in [
            (&b"FTS\0\0x|"[..], &b"FTS"[..]),
            (b"BTS\x0b", b"BTS"),
            (b"FTSx|", b""),
            (b"FTS|1", b""),
            (b"FTS", b""),
            (b"", b""),
        ] {
            assert_eq!(padded_id(segment), id, "{}", segment.escape_ascii());
        }
    }
}
