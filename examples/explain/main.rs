//! Explains a file: each message with what was put up with in reading it, and each field with
//! its byte offset, its path and its text.
//!
//! `cargo run --example explain -- testdata/messages/oru_r01.hl7`
//!
//! It prints what is in the messages, on purpose: not for a log, and not for a ticket.

use std::{
    error::Error,
    io::{self, BufWriter, Write},
    process::ExitCode,
};

use hl7_ack::{AckRequest, Condition, Mode};
use hl7_examples::{end, input};
use hl7_parse::{
    Message, ParseErrorKind, ParseOptions, Separators,
    batch::{self, PartKind},
    charset,
};

mod fields;

fn main() -> ExitCode {
    end(explain())
}

fn explain() -> Result<(), Box<dyn Error>> {
    let file = input("messages/oru_r01.hl7")?;
    let mut out = BufWriter::new(io::stdout().lock());
    if batch::parts(&file).all(|part| part.kind() == PartKind::Other) {
        // No header anywhere: what is missing is the error, unless the text is UTF-16.
        explain_message(&mut out, &file, 0)?;
        return Ok(out.flush()?);
    }
    let mut refused = 0;
    for part in batch::parts(&file) {
        write!(out, "{} at byte {}", title(part.kind()), part.offset())?;
        writeln!(out, ", {} bytes", part.as_bytes().len())?;
        for fault in part.faults().iter() {
            writeln!(out, "  fault: {fault}")?;
        }
        let explained = match part.kind() {
            PartKind::Message => explain_message(&mut out, part.as_bytes(), part.offset()),
            _ => match part.read() {
                Ok(envelope) => {
                    fields::write(&mut out, &envelope, part.offset()).map_err(Into::into)
                }
                Err(error) => Err(error.into()),
            },
        };
        match explained {
            Err(error) if error.is::<io::Error>() => return Err(error),
            Err(error) => {
                refused += 1;
                writeln!(out, "  can not be read: {error}")?;
            }
            Ok(()) => {}
        }
        writeln!(out)?;
    }
    out.flush()?;
    if refused > 0 { Err(format!("parts that can not be read: {refused}").into()) } else { Ok(()) }
}

fn title(kind: PartKind) -> &'static str {
    match kind {
        PartKind::FileHeader => "file header",
        PartKind::BatchHeader => "batch header",
        PartKind::Message => "message",
        PartKind::BatchTrailer => "batch trailer",
        PartKind::FileTrailer => "file trailer",
        _ => "lines of no message",
    }
}

/// One message that begins at byte `offset` of the file.
fn explain_message(
    out: &mut impl Write,
    bytes: &[u8],
    offset: usize,
) -> Result<(), Box<dyn Error>> {
    match ParseOptions::new().parse(bytes) {
        Ok(parsed) => {
            for diagnostic in &parsed.diagnostics {
                writeln!(out, "  put up with: {diagnostic}")?;
            }
            if parsed.diagnostics_left_out > 0 {
                writeln!(out, "  put up with: {} more", parsed.diagnostics_left_out)?;
            }
            summarise(out, &parsed.message)?;
            fields::write(out, &parsed.message, offset)?;
        }
        Err(error) if matches!(error.kind(), ParseErrorKind::NeedsDecoding(_)) => {
            let decoded = charset::decode(bytes.to_vec(), None)?;
            writeln!(
                out,
                "  decoded from {} first: the offsets are those of the text",
                decoded.charset
            )?;
            let message = decoded.message.as_message();
            summarise(out, &message)?;
            fields::write(out, &message, 0)?;
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// What the header says of the whole message.
fn summarise(out: &mut impl Write, message: &Message<'_>) -> io::Result<()> {
    let separators = message.separators();
    writeln!(out, "  delimiters: {}", delimiters(&separators))?;
    writeln!(out, "  text: {}", separators.charset())?;
    let request = AckRequest::of(message);
    let asked = |what, condition| match condition {
        Condition::Always => format!("{what} always"),
        Condition::OnSuccess => format!("{what} on success"),
        Condition::OnError => format!("{what} on error"),
        _ => format!("{what} never"),
    };
    let acknowledgment = match request.mode() {
        _ if request.of_acknowledgment() => "none, it is one itself".to_owned(),
        Mode::Original => "application acknowledgment at once".to_owned(),
        _ => {
            asked("accept", request.accept()) + ", " + &asked("application", request.application())
        }
    };
    writeln!(out, "  acknowledgment: {acknowledgment}")
}

fn delimiters(separators: &Separators) -> String {
    let names = [
        ("field", Some(separators.field())),
        ("component", separators.component()),
        ("repetition", separators.repetition()),
        ("escape", separators.escape()),
        ("subcomponent", separators.subcomponent()),
    ];
    let shown = names.map(|(name, delimiter)| match delimiter {
        Some(delimiter) => format!("{name} {}", char::from(delimiter)),
        None => format!("no {name}"),
    });
    shown.join(", ")
}
