//! Writes an answer at the level of acknowledgment that is due.

use hl7_parse::OwnedMessage;

use crate::{
    AckCode, AckRequest, Answer, Condition, ErrorCode, Level, Mode, acknowledgment::msa_code,
    answer::error_codes, msa::msa_of, responder::read,
};

/// The answer with MSA-1 at the level asked for; as it is where no answer is due at once.
pub(crate) fn translated(answer: Answer, request: AckRequest) -> Answer {
    let wanted = match (request.mode(), request.accept()) {
        (Mode::Original, _) => Level::Application,
        (Mode::Enhanced, Condition::Never) => return answer,
        (Mode::Enhanced, _) => Level::Accept,
    };
    let Some(code) = answer.code().filter(|code| code.level() != wanted) else { return answer };
    let code = at_other_level(code, &error_codes(&answer.message().as_message()));
    match with_code(answer.message(), code) {
        Some(message) => answer.with_message(message, code),
        None => answer,
    }
}

/// What answers a message as an application acknowledgment: C. in its MSA-1 becomes A.
pub(crate) fn of_application(answer: OwnedMessage) -> Option<OwnedMessage> {
    match msa_code(&answer.as_message()).filter(|code| code.level() == Level::Accept) {
        None => Some(answer),
        Some(code) => with_code(&answer, at_other_level(code, &error_codes(&answer.as_message()))),
    }
}

fn with_code(answer: &OwnedMessage, code: AckCode) -> Option<OwnedMessage> {
    let (bytes, view) = (answer.as_bytes(), answer.as_message());
    let written = msa_of(&view)?.field(1).as_bytes();
    // It lies in them.
    let start = (written.as_ptr() as usize).checked_sub(bytes.as_ptr() as usize)?;
    let (before, after) = (bytes.get(..start)?, bytes.get(start + written.len()..)?);
    read([before, code.as_str().as_bytes(), after].concat().into()).ok()
}

/// What makes the sender do what the code would have made it do.
fn at_other_level(code: AckCode, errors: &[ErrorCode]) -> AckCode {
    let any = |test: fn(ErrorCode) -> bool| errors.iter().any(|error| test(*error));
    match code {
        AckCode::AA => AckCode::CA,
        AckCode::AR if any(ErrorCode::concerns_header) => AckCode::CR,
        AckCode::AE | AckCode::AR => AckCode::CE,
        AckCode::CA => AckCode::AA,
        AckCode::CE if any(is_of_content) => AckCode::AE,
        AckCode::CE | AckCode::CR => AckCode::AR,
    }
}

fn is_of_content(error: ErrorCode) -> bool {
    matches!(error.number(), 100..=199 | 204 | 205)
}
