//! Reads what an [`Answer`] says: its text, its errors, and whether a resend can help.

use std::ops::Range;

use hl7_parse::{Component, Field, Message, Path, Segment, unescape};

use crate::{
    AckCode, Answer, ErrorCode, Fault, Severity, WaitingPriority,
    msa::{is_segment, msa_field, msa_from, msa_of},
};

/// Whether sending a message once more can help, by the code and the errors of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Resend {
    /// It was accepted.
    NotNeeded,
    /// The receiver was unable: the same message may be taken after a pause, a limited number of
    /// times (CE, and AR for anything but type, version and processing ID).
    Later,
    /// The message itself is at fault, or nobody can tell: it is to be parked, and people are to
    /// be told (AE, CR, AR with codes 200 to 203, a code that is not in Table 0008).
    Useless,
}

impl Answer {
    /// Errors beyond this many are not read.
    pub const MAX_FAULTS: usize = 100;

    /// The text for people: MSA-3, and where it is empty that of the first error. Empty where
    /// there is none.
    ///
    /// Some systems write JSON into MSA-3 and do not escape it, delimiters, line ends and all: then
    /// all that follows on the line is the text, and the lines up to the last bracket.
    ///
    /// ```
    /// use hl7_ack::{Finding, Outstanding};
    /// use hl7_parse::OwnedMessage;
    ///
    /// let sent = OwnedMessage::parse("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\r")?;
    /// let answer = "MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.5\nMSA|AE|7|{\"issue\":\"PID|3 & PV1\"}";
    /// let Finding::Answer(answer) = Outstanding::of(&sent).examine(answer.into()) else {
    ///     return Err("no answer".into());
    /// };
    /// assert_eq!(answer.text(), "{\"issue\":\"PID|3 & PV1\"}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn text(&self) -> String {
        let message = self.message().as_message();
        let text = match msa_of(&message) {
            Some(msa) => match unescaped_json(&message) {
                Some(json) => String::from_utf8_lossy(&json.text).into_owned(),
                None => text_of_msa_3(&msa),
            },
            None => String::new(),
        };
        match text.trim() {
            "" | "\"\"" => {
                self.faults().into_iter().next().map(|fault| fault.text).unwrap_or_default()
            }
            _ => text,
        }
    }

    /// The errors it tells of, in order, at most [`Answer::MAX_FAULTS`]: from ERR in the present
    /// form or the one up to 2.4, whatever version MSH-12 says, and where there is no ERR from
    /// MSA-6.
    ///
    /// ```
    /// use hl7_ack::{ErrorCode, Finding, Outstanding};
    /// use hl7_parse::{OwnedMessage, Path};
    ///
    /// let sent = Outstanding::of(&OwnedMessage::parse("MSH|^~\\&|||||||ADT^A01|7|P|2.3.1\r")?);
    /// for answer in [
    ///     "MSH|^~\\&|||||||ACK|9|P|2.3.1\rMSA|AE|7\rERR|PID^1^7^101&Required field missing&HL70357\r",
    ///     "MSH|^~\\&|||||||ACK|9|P|2.5.1\rMSA|AE|7\rERR||PID^1^7|101^Required field missing^HL70357|E\r",
    /// ] {
    ///     let Finding::Answer(answer) = sent.examine(answer.into()) else {
    ///         return Err("no answer".into());
    ///     };
    ///     let faults = answer.faults();
    ///     assert_eq!(faults[0].code(), Some(ErrorCode::REQUIRED_FIELD_MISSING));
    ///     assert_eq!(faults[0].locations(), [Path::new("PID-7")]);
    ///     assert_eq!(faults[0].text(), "Required field missing");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        faults(&self.message().as_message())
    }

    /// Whether sending the message once more can help.
    ///
    /// That is what the code means by the standard. Systems differ: some use AE where they were
    /// unable, and AR where the content is at fault; what is agreed with them comes first.
    ///
    /// ```
    /// use hl7_ack::{Finding, Outstanding, Resend};
    /// use hl7_parse::OwnedMessage;
    ///
    /// let sent = Outstanding::of(&OwnedMessage::parse("MSH|^~\\&|||||||ADT^A01|7|P|2.5\r")?);
    /// for (answer, expected) in [
    ///     ("MSA|AA|7\r", Resend::NotNeeded),
    ///     ("MSA|AR|7\rERR|||207|E\r", Resend::Later),
    ///     ("MSA|AR|7\rERR|||201|E\r", Resend::Useless),
    ///     ("MSA|AR|7\rERR|||207|E\rERR|||203|W\r", Resend::Later),
    /// ] {
    ///     let answer = format!("MSH|^~\\&|||||||ACK|9|P|2.5\r{answer}");
    ///     let Finding::Answer(answer) = sent.examine(answer.into()) else {
    ///         return Err("no answer".into());
    ///     };
    ///     assert_eq!(answer.resend(), expected);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn resend(&self) -> Resend {
        match self.code() {
            Some(AckCode::AA | AckCode::CA) => Resend::NotNeeded,
            Some(AckCode::AR) => {
                let errors = error_codes(&self.message().as_message());
                match errors.into_iter().any(ErrorCode::concerns_header) {
                    true => Resend::Useless,
                    false => Resend::Later,
                }
            }
            Some(AckCode::CE) => Resend::Later,
            Some(AckCode::AE | AckCode::CR) | None => Resend::Useless,
        }
    }

    /// MSA-4, of the sequence number protocol (2.9.1): see
    /// [`SequenceSender`](crate::SequenceSender).
    ///
    /// ```
    /// use hl7_ack::{Finding, Outstanding};
    /// use hl7_parse::OwnedMessage;
    ///
    /// let sent = OwnedMessage::parse("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5|42\r")?;
    /// let came = "MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.5\rMSA|AA|7||42\r";
    /// let Finding::Answer(answer) = Outstanding::of(&sent).examine(came.into()) else {
    ///     return Err("no answer".into());
    /// };
    /// assert_eq!(answer.expected_sequence_number(), Some(42));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn expected_sequence_number(&self) -> Option<i64> {
        self.behind_msa_3(4)?.parse().ok()
    }

    /// How many messages wait at the far side to be fetched (MSA-7), and how urgent the most urgent
    /// of them is (MSA-8), from 2.6 on.
    ///
    /// ```
    /// use hl7_ack::{Finding, Outstanding, WaitingPriority};
    /// use hl7_parse::OwnedMessage;
    ///
    /// let sent = OwnedMessage::parse("MSH|^~\\&|A|B|C|D|1||QCN^J01|7|P|2.6\r")?;
    /// let came = "MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.6\rMSA|AA|7|||||12|M\r";
    /// let Finding::Answer(answer) = Outstanding::of(&sent).examine(came.into()) else {
    ///     return Err("no answer".into());
    /// };
    /// assert_eq!(answer.messages_waiting(), Some((12, Some(WaitingPriority::Medium))));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn messages_waiting(&self) -> Option<(u32, Option<WaitingPriority>)> {
        let number = self.behind_msa_3(7)?.parse().ok()?;
        let priority = self.behind_msa_3(8);
        Some((number, priority.and_then(|priority| WaitingPriority::from_msa_8(&priority))))
    }

    /// MSA-`n`, unless text in MSA-3 that was not escaped may have moved it.
    fn behind_msa_3(&self, n: usize) -> Option<String> {
        let message = self.message().as_message();
        if unescaped_json(&message).is_some() {
            return None;
        }
        let text = std::str::from_utf8(msa_field(&msa_of(&message)?, n)).ok()?;
        Some(text.trim().to_owned())
    }
}

/// The codes of Table 0357 that an acknowledgment names for errors. Before 2.5 nothing tells those
/// of warnings apart.
pub(crate) fn error_codes(message: &Message<'_>) -> Vec<ErrorCode> {
    faults(message).into_iter().filter_map(|fault| fault.error_code()).collect()
}

fn faults(message: &Message<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let json = unescaped_json(message);
    let said = |at: &usize| json.as_ref().is_none_or(|json| !json.lines.contains(at));
    let segments = message.segments().enumerate().filter(|(at, _)| said(at));
    for (_, err) in segments.filter(|(_, segment)| is_segment(segment, b"ERR")) {
        if (2..=12).any(|n| err.field(n).is_valued()) {
            faults.push(present_form(&err));
        } else {
            let entries = err.field(1).repetitions();
            let entries = entries.filter(|entry| entry.is_valued() && !entry.is_null());
            faults.extend(
                entries.take(Answer::MAX_FAULTS).map(|entry| {
                    old_form([1, 2, 3, 4].map(|component| entry.component(component)))
                }),
            );
        }
        if faults.len() >= Answer::MAX_FAULTS {
            faults.truncate(Answer::MAX_FAULTS);
            break;
        }
    }
    if let (Some(msa), true) = (msa_of(message), faults.is_empty() && json.is_none()) {
        let condition = msa.field(6);
        if condition.is_valued() && !condition.is_null() {
            faults.push(coded(condition.component(1), &text_of(condition.component(2))));
        }
    }
    faults
}

/// JSON that was written into MSA-3 as it is.
struct Json {
    text: Vec<u8>,
    /// The lines after MSA that are part of it, by their place among the segments.
    lines: Range<usize>,
}

/// What stands from MSA-3 on, where that is JSON: it begins so, or a bracket is open where the
/// field ends.
///
/// Lines belong to it up to the one that closes the brackets, where that one is no segment; where
/// none does, or a segment would, those before the next segment. Brackets in strings are counted
/// like others.
fn unescaped_json(message: &Message<'_>) -> Option<Json> {
    let at = message.segments().position(|segment| is_segment(&segment, b"MSA"))?;
    let msa = message.segments().nth(at)?;
    let separator = msa.separators().field();
    let line = msa_from(&msa, 3)?;
    let begins = matches!(line.trim_ascii_start().first(), Some(b'{' | b'['));
    let field = line.split(|byte| *byte == separator).next().unwrap_or_default();
    if !begins && open_brackets(field, 0) == 0 {
        return None;
    }
    let first = at + 1;
    let following = || message.segments().enumerate().skip(first);
    let mut open = open_brackets(line, 0);
    let mut end = first;
    if open > 0 {
        let closing = following().find_map(|(at, segment)| {
            // A segment may hold line ends: its first line is what looks like one.
            let mut lines = segment.as_bytes().split(|byte| matches!(byte, b'\r' | b'\n'));
            open = open_brackets(lines.next().unwrap_or_default(), open);
            if open == 0 {
                return Some(segment.id().is_empty().then_some(at));
            }
            open = lines.fold(open, |open, line| match open {
                0 => 0,
                open => open_brackets(line, open),
            });
            (open == 0).then_some(Some(at))
        });
        end = match closing {
            Some(Some(at)) => at + 1,
            _ => {
                let next = following().find(|(_, segment)| !segment.id().is_empty());
                next.map_or(message.segments().len(), |(at, _)| at)
            }
        };
    }
    let mut text = line.to_vec();
    for (_, line) in following().take(end.saturating_sub(first)) {
        text.push(b'\n');
        text.extend_from_slice(line.as_bytes());
    }
    Some(Json { text, lines: first..end })
}

/// How many brackets are open after these bytes; one that closes none counts nothing.
fn open_brackets(bytes: &[u8], open: usize) -> usize {
    bytes.iter().fold(open, |open, byte| match byte {
        b'{' | b'[' => open.saturating_add(1),
        b'}' | b']' => open.saturating_sub(1),
        _ => open,
    })
}

/// An ERR segment from 2.5 on.
fn present_form(err: &Segment<'_>) -> Fault {
    let code = err.field(3);
    let written = text_of(code.component(2));
    let written = if written.is_empty() { text_of(code.component(9)) } else { written };
    let mut fault = coded(code.component(1), &written);
    let places = err.field(2).repetitions().take(Fault::MAX_LOCATIONS);
    fault.locations = places
        .filter_map(|place| {
            location([1, 2, 3, 4, 5, 6].map(|component| place.component(component)))
        })
        .collect();
    fault.severity = err.field(4).to_str().ok().and_then(Severity::from_err_4);
    let application = err.field(5);
    let replaced = ErrorCode::from_table_0533(&text_of(application.component(1)));
    let in_0533 = application.component(3).as_bytes() == b"HL70533";
    match replaced.filter(|_| in_0533 && fault.code == Some(ErrorCode::APPLICATION_ERROR)) {
        Some(replaced) => {
            fault.code = Some(replaced);
            fault.text = text_of(application.component(2));
        }
        None if application.is_valued() => {
            fault.application_code = text_of(application.component(1));
        }
        None => {}
    }
    fault.diagnostic = text_of_field(err.field(7));
    let text = text_of_field(err.field(8));
    if !text.is_empty() {
        fault.text = text;
    }
    fault
}

/// One repetition of ERR-1 up to 2.4: segment, occurrence, field, code. In 2.1 a code alone.
fn old_form(components: [Component<'_>; 4]) -> Fault {
    let [segment, occurrence, field, code] = components;
    if !code.is_valued() && !occurrence.is_valued() && !field.is_valued() {
        return coded(segment, "");
    }
    let [written, own_code, own] =
        [2, 4, 5].map(|subcomponent| decoded(&code.subcomponent(subcomponent).decode()));
    let mut fault = coded(code.subcomponent(1), if own.is_empty() { &written } else { &own });
    if !own_code.is_empty() {
        fault.application_code = own_code;
    }
    fault.locations = location([segment, occurrence, field]).into_iter().collect();
    fault
}

/// A fault with a code; one that is no number is the application's own.
fn coded<'a>(code: impl Into<hl7_parse::Element<'a>>, text: &str) -> Fault {
    let code = decoded(&code.into().decode());
    let number = ErrorCode::from_err_3(&code);
    let text = if text.is_empty() { number.map_or("", ErrorCode::text) } else { text };
    let mut fault = Fault::new(number.unwrap_or(ErrorCode::APPLICATION_ERROR), text);
    if number.is_none() {
        fault.code = None;
        fault.application_code = code;
    }
    fault
}

/// ERL or the first components of ELD as a path, as deep as it can be read.
fn location<const N: usize>(components: [Component<'_>; N]) -> Option<Path> {
    let mut texts = components.iter().map(|component| component.to_str().unwrap_or("").trim());
    let segment = texts.next()?;
    let mut found: Option<Path> = segment.get(..3).filter(|id| *id == segment)?.parse().ok();
    // Which occurrence is not named where it is the first.
    let mut text = match texts.next() {
        None | Some("" | "0" | "1") => segment.to_owned(),
        Some(occurrence) => format!("{segment}[{occurrence}]"),
    };
    let mut repetition = "";
    found = text.parse().ok().or(found);
    for (at, number) in texts.enumerate() {
        text += &match (at, number) {
            // A component of any repetition follows.
            (1, _) => {
                repetition = number;
                continue;
            }
            (_, "") => break,
            (0, field) => format!("-{field}"),
            (2, component) if repetition.is_empty() => format!(".{component}"),
            (2, component) => format!("[{repetition}].{component}"),
            (_, subcomponent) => format!(".{subcomponent}"),
        };
        match text.parse() {
            Ok(path) => found = Some(path),
            Err(_) => return found,
        }
    }
    match found {
        Some(path) if path.component().is_none() && !repetition.is_empty() => {
            format!("{text}[{repetition}]").parse().ok().or(found)
        }
        found => found,
    }
}

fn text_of_msa_3(msa: &Segment<'_>) -> String {
    let (cut, text) = (msa.field(3), msa_field(msa, 3));
    match cut.as_bytes() == text {
        true => cut.decode().into_owned(),
        // MSA-2 holds separators that are none.
        false => String::from_utf8_lossy(&unescape(text, &msa.separators())).into_owned(),
    }
}

fn text_of(component: Component<'_>) -> String {
    decoded(&component.decode())
}

fn text_of_field(field: Field<'_>) -> String {
    decoded(&field.decode())
}

/// The text; empty where it says nothing.
fn decoded(text: &str) -> String {
    match text.trim() {
        "" | "\"\"" => String::new(),
        text => text.to_owned(),
    }
}
