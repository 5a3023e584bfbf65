//! Writes ERR in the form of each version (2.13.5).

use hl7_parse::Path;

use crate::{ErrorCode, Fault, Severity, Version, writer::Writer};

/// ERR-7 holds at most 2048 characters.
const MAX_ERR_7_LEN: usize = 2048;
/// ERR-8 holds at most 250 characters.
const MAX_ERR_8_LEN: usize = 250;
/// ERR-5.1: a code is no text.
const MAX_APPLICATION_CODE_LEN: usize = 80;

/// The text of a fault in the old form, within a code.
const MAX_ELD_TEXT_LEN: usize = 80;

/// One ERR segment for each fault from 2.5 on; before, one segment whose field repeats. `msa_3`:
/// the text that is said already.
pub(crate) fn write<'f>(
    writer: &mut Writer,
    version: Version,
    accepted: bool,
    msa_3: &str,
    faults: impl Iterator<Item = &'f Fault>,
) {
    if version >= Version::V2_5 {
        faults.for_each(|fault| write_segment(writer, version, accepted, fault));
        return;
    }
    let mut places = faults.flat_map(|fault| {
        let nowhere = fault.locations.is_empty().then_some(None);
        // In 2.1 no place is said, and once is enough.
        let said = if version == Version::V2_1 { 1 } else { usize::MAX };
        let places = fault.locations.iter().map(Some).chain(nowhere).take(said);
        places.map(move |place| (fault, place))
    });
    let Some((fault, place)) = places.next() else { return };
    writer.begin(b"ERR");
    writer.field();
    write_eld(writer, version, fault, place, msa_3);
    for (fault, place) in places {
        writer.repetition();
        write_eld(writer, version, fault, place, msa_3);
    }
    writer.end();
}

fn write_segment(writer: &mut Writer, version: Version, accepted: bool, fault: &Fault) {
    writer.begin(b"ERR");
    writer.skip(1);
    match fault.locations.split_first() {
        None => writer.skip(1),
        Some((first, others)) => {
            writer.field();
            write_erl(writer, first);
            for place in others {
                writer.repetition();
                write_erl(writer, place);
            }
        }
    }

    // It is required; what says no more is an application error.
    let code = fault.code.unwrap_or(ErrorCode::APPLICATION_ERROR);
    // From 2.9 codes 204 to 206 are told in ERR-5, if nothing else is.
    let replacement = code
        .in_table_0533()
        .filter(|_| version >= Version::V2_9 && fault.application_code.is_empty());
    let written = if replacement.is_some() { ErrorCode::APPLICATION_ERROR } else { code };
    let (written, text) = written.in_version(version);
    writer.field();
    writer.number(written.number().into());
    if !text.is_empty() {
        writer.component();
        writer.escaped(text, usize::MAX);
        writer.component();
        writer.raw(b"HL70357");
    }

    let severity = match fault.severity {
        _ if code == ErrorCode::MESSAGE_ACCEPTED => Severity::Information,
        Some(Severity::FatalError) if version < Version::V2_7 => Severity::Error,
        Some(severity) => severity,
        None if accepted => Severity::Warning,
        None => Severity::Error,
    };
    writer.text(severity.letter().encode_utf8(&mut [0; 4]), usize::MAX);

    match replacement {
        Some(replacement) => {
            writer.plain(replacement.as_bytes());
            writer.component();
            writer.escaped(code.text(), usize::MAX);
            writer.component();
            writer.raw(b"HL70533");
        }
        None => writer.text(&fault.application_code, MAX_APPLICATION_CODE_LEN),
    }
    writer.skip(1);
    writer.text(&fault.diagnostic, MAX_ERR_7_LEN);
    writer.text(&fault.text, MAX_ERR_8_LEN);
    writer.end();
}

/// Segment, occurrence, field, repetition, component, subcomponent; no deeper than known.
fn write_erl(writer: &mut Writer, path: &Path) {
    let below = [path.field(), path.repetition(), path.component(), path.subcomponent()];
    let known = below.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
    let numbers = std::iter::once(Some(path.occurrence())).chain(below.into_iter().take(known));
    writer.raw(path.segment().as_bytes());
    for number in numbers {
        writer.component();
        if let Some(number) = number {
            writer.number(number);
        }
    }
}

/// Segment, occurrence, field, and a coded element pressed into one component: its alternate code
/// and text are the application's own. In 2.1 the code alone.
fn write_eld(
    writer: &mut Writer,
    version: Version,
    fault: &Fault,
    place: Option<&Path>,
    msa_3: &str,
) {
    let code = fault.code.unwrap_or(ErrorCode::APPLICATION_ERROR);
    let (code, text) = code.in_version(version);
    if version == Version::V2_1 {
        return writer.number(code.number().into());
    }
    if let Some(path) = place {
        writer.raw(path.segment().as_bytes());
    }
    writer.component();
    if let Some(path) = place {
        writer.number(path.occurrence());
    }
    writer.component();
    if let Some(field) = place.and_then(Path::field) {
        writer.number(field);
    }
    writer.component();
    writer.number(code.number().into());
    // Before 2.3.1 the codes are local ones.
    let system = if version >= Version::V2_3_1 && !text.is_empty() { "HL70357" } else { "" };
    let says_more = !fault.text.is_empty() && fault.text != msa_3 && fault.text != text;
    let own = match says_more {
        true => &fault.text,
        false => &fault.diagnostic,
    };
    let parts = [
        (text, usize::MAX),
        (system, usize::MAX),
        (&fault.application_code, MAX_APPLICATION_CODE_LEN),
        (own, MAX_ELD_TEXT_LEN),
    ];
    let known = parts.iter().rposition(|(part, _)| !part.is_empty()).map_or(0, |last| last + 1);
    for (part, max) in parts.into_iter().take(known) {
        writer.subcomponent();
        writer.escaped(part, max);
    }
}
