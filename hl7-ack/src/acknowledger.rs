//! [`Acknowledger`]: builds acknowledgments (2.9.2, 2.9.3, 2.13).

use std::{fmt, sync::Arc, time::SystemTime};

use hl7_parse::{Charset, Element, Header, Message, Separators, escape};

use crate::{
    AckCode, AckRequest, Acknowledgment, Clock, ControlIds, ErrorCode, Outcome, UniqueIds,
    outcome::Fault, rewrite::rewritten, version::Version,
};

/// Builds acknowledgments: knows the time, makes control IDs, and may have a name of its own.
///
/// ```
/// use std::time::UNIX_EPOCH;
///
/// use hl7_ack::{Acknowledger, Outcome};
/// use hl7_parse::Message;
///
/// let message = Message::parse(b"MSH|^~\\&|LAB|GH|EHR|GH|20260101||ORU^R01|77|P|2.5.1\r")?;
/// let acknowledgment = Acknowledger::with(|| UNIX_EPOCH, || "1".to_owned())
///     .acknowledge(&message, &Outcome::accepted())
///     .ok_or("nothing due")?;
/// assert_eq!(
///     acknowledgment.as_bytes(),
///     "MSH|^~\\&|EHR|GH|LAB|GH|19700101000000+0000||ACK^R01^ACK|1|P|2.5.1\rMSA|AA|77\r"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Acknowledger {
    clock: Arc<dyn Clock>,
    control_ids: Arc<dyn ControlIds>,
    identity: Option<Identity>,
}

#[derive(Clone)]
struct Identity {
    application: String,
    facility: String,
}

/// MSA-3 holds at most 80 characters (up to 2.6).
const MAX_MSA_3_LEN: usize = 80;
/// ERR-8 holds at most 250 characters.
const MAX_ERR_8_LEN: usize = 250;
/// A field of more bytes than this is not copied: an acknowledgment stays small.
const MAX_COPIED_LEN: usize = 4096;
/// What is written in MSH-12 where the message does not say.
const VERSION_WHERE_UNKNOWN: &[u8] = b"2.5.1";

impl Acknowledger {
    /// By the system's clock, with [`UniqueIds`].
    #[must_use]
    pub fn new() -> Self {
        Self::with(SystemTime::now, UniqueIds::new())
    }

    /// By another clock, with other control IDs.
    #[must_use]
    pub fn with(clock: impl Clock, control_ids: impl ControlIds) -> Self {
        Self { clock: Arc::new(clock), control_ids: Arc::new(control_ids), identity: None }
    }

    /// What to write in MSH-3 and MSH-4, instead of MSH-5 and MSH-6 of the message.
    #[must_use]
    pub fn identity(mut self, application: impl Into<String>, facility: impl Into<String>) -> Self {
        let (application, facility) = (application.into(), facility.into());
        self.identity = Some(Identity { application, facility });
        self
    }

    /// The acknowledgment that MSH-15 and MSH-16 ask for; `None` where none is due in the same
    /// exchange.
    #[must_use]
    pub fn acknowledge(&self, message: &Message<'_>, outcome: &Outcome) -> Option<Acknowledgment> {
        let code = AckRequest::of(message).code_for(outcome)?;
        Some(self.build(&message.header(), code, outcome))
    }

    /// An acknowledgment with this code, whatever the message asks for.
    #[must_use]
    pub fn build(&self, header: &Header<'_>, code: AckCode, outcome: &Outcome) -> Acknowledgment {
        let mut writer = Writer::answering(header);
        self.msh(&mut writer, header);
        writer.end();

        let version = Version::of(header);
        writer.segment("MSA");
        writer.field(code.as_str().as_bytes());
        writer.copied(header.control_id().into());
        if let (true, Some(fault)) = (version <= Version::V2_6, outcome.faults().first()) {
            writer.text(&fault.text, MAX_MSA_3_LEN);
        }
        writer.end();

        self.err(&mut writer, version, outcome);
        Acknowledgment::built(writer.bytes, code)
    }

    /// The negative acknowledgment of what is barely a message; `None` where it may be an
    /// acknowledgment itself, which is never answered.
    ///
    /// What can be read of MSH is used. Of bytes without a usable MSH nothing is echoed: AR,
    /// MSA-2 empty.
    #[must_use]
    pub fn refuse_unreadable(&self, bytes: &[u8], outcome: &Outcome) -> Option<Acknowledgment> {
        if has_msa(bytes) {
            return None;
        }
        match Header::parse(bytes) {
            Ok(header) => {
                // Only the header is known to be readable, and only it is looked at.
                let message = Message::parse(header.segment().as_bytes()).ok()?;
                self.acknowledge(&message, outcome)
            }
            Err(_) => {
                let nothing = b"MSH|^~\\&|";
                let header = Header::parse(nothing).ok()?;
                Some(self.build(&header, AckCode::AR, outcome))
            }
        }
    }

    fn msh(&self, writer: &mut Writer, header: &Header<'_>) {
        let version = Version::of(header);
        writer.msh();
        match &self.identity {
            Some(identity) => {
                writer.text(&identity.application, usize::MAX);
                writer.text(&identity.facility, usize::MAX);
            }
            None => {
                writer.copied(header.receiving_application().into());
                // It repeats from 2.9.
                writer.copied(header.receiving_facility().repetition(1).into());
            }
        }
        writer.copied(header.sending_application().into());
        writer.copied(header.sending_facility().into());
        writer.field(timestamp(self.clock.now()).as_bytes());
        writer.field(b"");

        let event = header.message_type().component(2);
        writer.field(b"ACK");
        let event_known = event.is_valued() && !event.is_null();
        let event_fits = event.as_bytes().len() <= MAX_COPIED_LEN;
        if version >= Version::V2_3_1 && event_known && event_fits && writer.component() {
            writer.copy(event.into());
            if version >= Version::V2_4 && writer.component() {
                writer.bytes.extend_from_slice(b"ACK");
            }
        }

        writer.text(&self.control_ids.next(), usize::MAX);
        match header.processing_id().is_valued() {
            true => writer.copied(header.processing_id().into()),
            false => writer.field(b"P"),
        }
        match header.version().is_valued() {
            true => writer.copied(header.version().into()),
            false => writer.field(VERSION_WHERE_UNKNOWN),
        }
        let charset = header.field(18).repetition(1);
        if version >= Version::V2_3 && charset.is_valued() {
            for _empty in 13..18 {
                writer.field(b"");
            }
            writer.copied(charset.into());
        }
    }

    fn err(&self, writer: &mut Writer, version: Version, outcome: &Outcome) {
        let (faults, accepted) = (outcome.faults(), outcome.is_accepted());
        if faults.is_empty() {
            return;
        }
        if version >= Version::V2_5 {
            for fault in faults {
                writer.segment("ERR");
                writer.field(b"");
                writer.field(b"");
                writer.location(fault);
                writer.field(fault.code.number().to_string().as_bytes());
                if !fault.code.text().is_empty() && writer.component() {
                    writer.escaped(fault.code.text().as_bytes());
                    writer.component();
                    writer.bytes.extend_from_slice(b"HL70357");
                }
                writer.field(if accepted { b"W" } else { b"E" });
                if !fault.text.is_empty() {
                    for _empty in 5..8 {
                        writer.field(b"");
                    }
                    writer.text(&fault.text, MAX_ERR_8_LEN);
                }
                writer.end();
            }
            return;
        }
        // One field, repeating; component 4 is a CE whose parts are subcomponents.
        writer.segment("ERR");
        writer.field(b"");
        for (at, fault) in faults.iter().enumerate() {
            if at > 0 && !writer.repetition() {
                break;
            }
            let number = fault.code.number().to_string();
            if version <= Version::V2_1 {
                writer.bytes.extend_from_slice(number.as_bytes());
                continue;
            }
            writer.old_location(fault);
            writer.bytes.extend_from_slice(number.as_bytes());
            if !fault.code.text().is_empty() && writer.subcomponent() {
                writer.escaped(fault.code.text().as_bytes());
                writer.subcomponent();
                writer.bytes.extend_from_slice(b"HL70357");
            }
        }
        writer.end();
    }
}

impl Default for Acknowledger {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Acknowledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acknowledger").field("identity", &self.identity.is_some()).finish()
    }
}

/// Whether a line begins with MSA: then it may be an acknowledgment.
pub(crate) fn has_msa(bytes: &[u8]) -> bool {
    let bytes = bytes.to_ascii_uppercase();
    memchr::memmem::find_iter(&bytes, b"MSA").any(|at| {
        let line_start = bytes.get(..at).unwrap_or_default().trim_ascii_end();
        let between = bytes.get(line_start.len()..at).unwrap_or_default();
        let begins_line = match line_start.last() {
            None => true,
            Some(byte) => byte.is_ascii_control() || between.iter().any(u8::is_ascii_control),
        };
        begins_line && bytes.get(at + 3).is_none_or(|after| !after.is_ascii_alphanumeric())
    })
}

/// MSH-7: to the second, in UTC, and saying so.
fn timestamp(now: SystemTime) -> String {
    match jiff::Timestamp::try_from(now) {
        Ok(now) => now.strftime("%Y%m%d%H%M%S+0000").to_string(),
        // A clock before the year -9999 or after 9999 tells nothing.
        Err(_) => String::new(),
    }
}

/// Writes segments with the delimiters of the message that is answered, or with the recommended
/// ones where those do not reach for an acknowledgment.
struct Writer {
    bytes: Vec<u8>,
    /// Whether MSH-2 of the message has a fifth character.
    five: bool,
    theirs: Separators,
    ours: Separators,
}

impl Writer {
    fn answering(header: &Header<'_>) -> Self {
        let theirs = header.separators();
        let declared =
            [theirs.component(), theirs.repetition(), theirs.escape(), theirs.subcomponent()];
        let all_usable = declared.iter().all(|byte| byte.is_some_and(|b| b.is_ascii_punctuation()));
        let ours = match all_usable {
            true => theirs,
            false => Separators::default().with_charset(theirs.charset()),
        };
        let five = header.field(2).as_bytes().len() >= 5;
        Self { bytes: Vec::with_capacity(256), five, theirs, ours }
    }

    fn msh(&mut self) {
        self.bytes.extend_from_slice(b"MSH");
        self.bytes.push(self.ours.field());
        let ours = self.ours;
        let declared = [ours.component(), ours.repetition(), ours.escape(), ours.subcomponent()];
        self.bytes.extend(declared.into_iter().flatten());
        if self.five {
            self.bytes.extend(ours.truncation());
        }
    }

    fn segment(&mut self, id: &str) {
        self.bytes.extend_from_slice(id.as_bytes());
    }

    /// Ends the segment; trailing empty fields are not sent (2.5.3).
    fn end(&mut self) {
        while self.bytes.last() == Some(&self.ours.field()) {
            self.bytes.pop();
        }
        self.bytes.push(b'\r');
    }

    /// A field of these bytes, which need no escaping.
    fn field(&mut self, value: &[u8]) {
        self.bytes.push(self.ours.field());
        self.bytes.extend_from_slice(value);
    }

    /// A field of this text, escaped, at most `max` characters of it.
    fn text(&mut self, text: &str, max: usize) {
        self.bytes.push(self.ours.field());
        let text = text.chars().take(max);
        // In the set that MSH-18 declares; what that may not have becomes a question mark.
        let text: Vec<u8> = match self.ours.charset() {
            Charset::Utf8 => text.collect::<String>().into_bytes(),
            Charset::Latin1 => text.map(|c| u8::try_from(c).unwrap_or(b'?')).collect(),
            _ => text.map(|c| if c.is_ascii() { c as u8 } else { b'?' }).collect(),
        };
        self.escaped(&text);
    }

    fn escaped(&mut self, text: &[u8]) {
        let escaped = escape(text, &self.ours);
        self.clean(&escaped);
    }

    /// A field copied from the message, whole, with the delimiters changed where they differ;
    /// empty where it is longer than [`MAX_COPIED_LEN`].
    fn copied(&mut self, element: Element<'_>) {
        self.bytes.push(self.ours.field());
        if element.as_bytes().len() <= MAX_COPIED_LEN {
            self.copy(element);
        }
    }

    fn copy(&mut self, element: Element<'_>) {
        let raw = element.as_bytes();
        let (theirs, ours) = (self.theirs, self.ours);
        let same = (theirs.field(), theirs.component(), theirs.repetition(), theirs.escape())
            == (ours.field(), ours.component(), ours.repetition(), ours.escape())
            && theirs.subcomponent() == ours.subcomponent();
        // As it is, unless it holds what may not be echoed.
        if same && !raw.iter().any(|byte| byte.is_ascii_control() && *byte != 0x1B) {
            return self.bytes.extend_from_slice(raw);
        }
        self.clean(&rewritten(raw, &theirs, &ours));
    }

    /// Writes text without the control characters it may hold: as escape sequences, or not at
    /// all. ESC stays, which switches character sets.
    fn clean(&mut self, text: &[u8]) {
        for byte in text {
            match (byte, self.ours.escape()) {
                (0x1B | 0x20..=0x7E | 0x80.., _) => self.bytes.push(*byte),
                (_, Some(escape)) => {
                    self.bytes.push(escape);
                    self.bytes.extend_from_slice(format!("X{byte:02X}").as_bytes());
                    self.bytes.push(escape);
                }
                (_, None) => {}
            }
        }
    }

    fn delimiter(&mut self, delimiter: Option<u8>) -> bool {
        self.bytes.extend(delimiter);
        delimiter.is_some()
    }

    fn component(&mut self) -> bool {
        self.delimiter(self.ours.component())
    }

    fn subcomponent(&mut self) -> bool {
        self.delimiter(self.ours.subcomponent())
    }

    fn repetition(&mut self) -> bool {
        self.delimiter(self.ours.repetition())
    }

    /// ERL: segment, occurrence, field, repetition, component, subcomponent; no deeper than
    /// known.
    fn location(&mut self, fault: &Fault) {
        let Some(path) = fault.location else { return };
        self.bytes.extend_from_slice(path.segment().as_bytes());
        let below = [path.field(), path.repetition(), path.component(), path.subcomponent()];
        let known = below.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        let numbers = std::iter::once(Some(path.occurrence())).chain(below.into_iter().take(known));
        for number in numbers {
            self.component();
            if let Some(number) = number {
                self.bytes.extend_from_slice(number.to_string().as_bytes());
            }
        }
    }

    /// Components 1 to 3 of ELD, and the separator before the fourth.
    fn old_location(&mut self, fault: &Fault) {
        if let Some(path) = fault.location {
            self.bytes.extend_from_slice(path.segment().as_bytes());
            self.component();
            self.bytes.extend_from_slice(path.occurrence().to_string().as_bytes());
            self.component();
            if let Some(field) = path.field() {
                self.bytes.extend_from_slice(field.to_string().as_bytes());
            }
        } else {
            self.component();
            self.component();
        }
        self.component();
    }
}

/// What is said about bytes that can not be read as a message.
pub(crate) fn unreadable() -> Outcome {
    Outcome::error(ErrorCode::SEGMENT_SEQUENCE_ERROR, "not a readable HL7 message")
}
