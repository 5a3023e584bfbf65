//! Reads fields: by path, by segment, each repetition; and what is not there.
//!
//! `cargo run --example read_field -- testdata/messages/adt_a01.hl7`

use std::{
    error::Error,
    io::{self, Write},
    process::ExitCode,
};

use hl7_examples::{end, input};
use hl7_parse::{Message, Path};

// Checked at compile time: a path with a slip in it does not build.
const FAMILY_NAME: Path = Path::new("PID-5.1");
const GIVEN_NAME: Path = Path::new("PID-5.2");

fn main() -> ExitCode {
    end(read_field())
}

fn read_field() -> Result<(), Box<dyn Error>> {
    let bytes = input("messages/adt_a01.hl7")?;
    let message = Message::parse(&bytes)?;
    let mut out = io::stdout().lock();

    // `decode` resolves escape sequences and the character set; `as_bytes` is what was sent.
    let (family, given) = (message.get(&FAMILY_NAME), message.get(&GIVEN_NAME));
    writeln!(out, "name        {}, {}", family.decode(), given.decode())?;

    // A missing segment is `None`, because no PID is something else than a PID without a name.
    let pid = message.segment("PID").ok_or("the message has no PID segment")?;
    for id in pid.field(3).repetitions() {
        let authority = id.component(4).subcomponent(1);
        writeln!(out, "identifier  {} of {}", id.component(1).decode(), authority.decode())?;
    }

    // A field is always there to be asked. Not sent and sent empty mean the same: nothing is
    // said. A pair of double quotes says "delete what you have".
    let died = pid.field(29);
    let died = match (died.is_null(), died.is_valued()) {
        (true, _) => "to be deleted".into(),
        (_, true) => died.decode(),
        _ => "nothing is said".into(),
    };
    writeln!(out, "died        {died}")?;

    for allergy in message.segments_with_id("AL1") {
        let (agent, reaction) = (allergy.field(3).component(2), allergy.field(5));
        writeln!(out, "allergy     {}: {}", agent.decode(), reaction.decode())?;
    }
    Ok(())
}
