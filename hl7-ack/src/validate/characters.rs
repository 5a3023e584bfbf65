//! Finds characters that a message can not have by what it declares.

use hl7_parse::{Charset, Message, Path, Segment};

use crate::{ErrorCode, Fault, Outcome};

const TEXT: &str = "characters that can not be there";

/// Each field with a control character, or with bytes that are no text of the set in MSH-18.
pub(super) fn faults(message: &Message<'_>) -> Vec<Fault> {
    let charset = message.header().charset();
    let segments = message.segments().enumerate();
    let broken = segments.filter(|(_, segment)| !are_of(charset, segment.as_bytes()));
    let fields = broken.flat_map(|(at, segment)| {
        let id = segment.id();
        let before = message.segments().take(at).filter(|other| other.id() == id);
        let occurrence = before.count().saturating_add(1);
        let fields = (1..).zip(segment.fields()).skip(if is_header(&segment) { 2 } else { 0 });
        let broken = fields.filter(|(_, field)| !are_of(charset, field.as_bytes()));
        let told: Vec<_> = broken.map(|(number, _)| fault(id, occurrence, number)).collect();
        // Its ID is what is broken.
        if told.is_empty() { vec![Fault::new(ErrorCode::DATA_TYPE_ERROR, TEXT)] } else { told }
    });
    fields.take(Outcome::MAX_ERRORS).collect()
}

fn fault(id: &str, occurrence: usize, field: usize) -> Fault {
    let number = if occurrence > 1 { format!("[{occurrence}]") } else { String::new() };
    let fault = Fault::new(ErrorCode::DATA_TYPE_ERROR, TEXT);
    match format!("{id}{number}-{field}").parse::<Path>() {
        Ok(path) => fault.at(path),
        // Of what is no segment, or further behind than a path can say.
        Err(_) => fault,
    }
}

/// MSH-1 and MSH-2 are what they are.
fn is_header(segment: &Segment<'_>) -> bool {
    matches!(segment.id(), "MSH" | "FHS" | "BHS")
}

fn are_of(charset: Charset, bytes: &[u8]) -> bool {
    let is_text = |byte: &u8| !byte.is_ascii_control() || matches!(byte, b'\t' | b'\n');
    match charset {
        Charset::Unspecified | Charset::Ascii => bytes.is_ascii() && bytes.iter().all(is_text),
        Charset::Utf8 => std::str::from_utf8(bytes)
            .is_ok_and(|text| !text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n'))),
        // Between ASCII and the letters of these are control characters; text that has them was
        // written in the set of Windows.
        Charset::Latin1
        | Charset::Latin2
        | Charset::Latin3
        | Charset::Latin4
        | Charset::Cyrillic
        | Charset::Arabic
        | Charset::Greek
        | Charset::Hebrew
        | Charset::Latin5
        | Charset::Latin9 => bytes.iter().all(|byte| is_text(byte) && !(0x80..0xa0).contains(byte)),
        // These switch between sets.
        Charset::Iso2022Jp | Charset::Iso2022Jp1 => {
            bytes.iter().all(|byte| is_text(byte) || matches!(byte, 0x0e | 0x0f | 0x1b))
        }
        _ => bytes.iter().all(is_text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_switches_between_sets_is_text_where_a_set_has_it_and_no_other_control_is() {
        for (charset, bytes, expected) in [
            (Charset::Iso2022Jp, &b"\x1b$B%]\x1b(B plain"[..], true),
            (Charset::Iso2022Jp1, b"\x0eA\x0f\t\n", true),
            (Charset::Iso2022Jp, b"a\x07", false),
            (Charset::Iso2022Jp1, b"a\x7f", false),
            (Charset::ShiftJis, b"\x83|", true),
            (Charset::ShiftJis, b"\x1b$B", false),
            (Charset::Latin1, b"\xe9\t", true),
            (Charset::Latin1, b"\x85", false),
            (Charset::Latin1, b"\x1b", false),
        ] {
            assert_eq!(are_of(charset, bytes), expected, "{} in {charset:?}", bytes.escape_ascii());
        }
    }
}
