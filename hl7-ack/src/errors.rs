//! Reads the error codes of an acknowledgment (ERR, MSA-6).

use hl7_parse::{Element, Message};

use crate::ErrorCode;

/// Codes beyond this many are not read.
const MAX_CODES: usize = 100;

/// The codes of Table 0357 in an acknowledgment: ERR-3, in the old form the fourth component of
/// ERR-1, before that MSA-6.
pub(crate) fn error_codes(message: &Message<'_>) -> Vec<ErrorCode> {
    let mut codes = Vec::new();
    for segment in message.segments_with_id("ERR") {
        match number(segment.field(3).component(1).into()) {
            Some(code) => codes.push(code),
            None => {
                let old = segment.field(1).repetitions().take(MAX_CODES);
                codes.extend(
                    old.filter_map(|error| number(error.component(4).subcomponent(1).into())),
                );
            }
        }
        if codes.len() >= MAX_CODES {
            codes.truncate(MAX_CODES);
            return codes;
        }
    }
    if codes.is_empty() {
        let msa = message.segment("MSA");
        codes.extend(msa.and_then(|msa| number(msa.field(6).component(1).into())));
    }
    codes
}

fn number(element: Element<'_>) -> Option<ErrorCode> {
    element.to_str().ok()?.trim().parse().ok().map(ErrorCode::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_in_every_form() {
        for (segments, expected) in [
            ("MSA|AE|1\rERR|||101^Required field missing^HL70357|E\rERR|||102|W", &[101, 102][..]),
            ("MSA|AE|1\rERR|PID^1^5^101&Required field missing&HL70357~^^^207", &[101, 207]),
            ("MSA|AE|1|||| 204 ", &[204]),
            ("MSA|AE|1\rERR|||none", &[]),
            ("MSA|AE|1", &[]),
        ] {
            let bytes = format!("MSH|^~\\&|A\r{segments}\r");
            let message = Message::parse(bytes.as_bytes()).expect("readable");
            let found: Vec<u16> = error_codes(&message).iter().map(|code| code.number()).collect();
            assert_eq!(found, expected, "{segments:?}");
        }
    }

    #[test]
    fn no_more_codes_are_read_than_the_limit() {
        let bytes = format!("MSH|^~\\&|A\rERR|{}\rERR|||1\r", "^^^101~".repeat(1000));
        let message = Message::parse(bytes.as_bytes()).expect("readable");
        assert_eq!(error_codes(&message).len(), MAX_CODES);
    }
}
