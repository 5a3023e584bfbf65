//! Edits and minimises: keeps what a registry of admissions needs, and nothing else.
//!
//! `cargo run --example minimise -- testdata/messages/adt_a01.hl7`

use std::{error::Error, process::ExitCode};

use hl7_examples::{end, input, print_segments};
use hl7_parse::{Editor, Message, Path, value::Date};

/// What stays. A list of what is to go would let through what nobody thought of: another
/// identifier, a note, a local segment.
const KEPT: [Path; 8] = [
    Path::new("MSH-7"),
    Path::new("MSH-9"),
    Path::new("MSH-10"),
    Path::new("MSH-11"),
    Path::new("EVN-2"),
    Path::new("PID-8"),
    Path::new("PV1-2"),
    Path::new("DG1-3"),
];
const IDENTIFIER: Path = Path::new("PID-3");
const BORN: Path = Path::new("PID-7");

fn main() -> ExitCode {
    end(minimise())
}

fn minimise() -> Result<(), Box<dyn Error>> {
    let bytes = input("messages/adt_a01.hl7")?;
    let message = Message::parse(&bytes)?;

    let mut editor = Editor::new(&message);
    editor.keep_only(KEPT.iter());
    // Text is escaped where that is needed, and missing elements on the way are added.
    editor.set(&Path::new("MSH-3"), "REGISTRY & CO");
    // The pseudonym comes from whoever may know both.
    editor.set_components(&IDENTIFIER, ["P-0001", "", "", "REGISTRY", "PI"]);
    if let Some(born) = message.read::<Option<Date>>(&BORN)? {
        editor.set(&BORN, format!("{:04}", born.year()));
    }
    // Edits are collected, and written in one pass. The first that could not be done is the error.
    let minimal = editor.finish()?;
    Ok(print_segments(&minimal)?)
}
