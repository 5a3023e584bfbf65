//! Fills a struct with serde: each field is renamed to the path of what it holds.
//!
//! `cargo run --example struct_serde -- testdata/messages/oru_r01.hl7`

use std::{
    borrow::Cow,
    error::Error,
    io::{self, Write},
    process::ExitCode,
};

use hl7_examples::{end, input};
use hl7_parse::{Message, de, value::Date};
use serde::Deserialize;

#[derive(Deserialize)]
struct Report<'a> {
    #[serde(rename = "MSH-10", borrow)]
    control_id: Cow<'a, str>,
    // A list has all repetitions of a field, or all segments with an ID.
    #[serde(rename = "PID-3.1")]
    patient_ids: Vec<String>,
    // A date keeps its precision: `1962` is read, and does not become the first of January.
    #[serde(rename = "PID-7")]
    born: Option<Date>,
    #[serde(rename = "OBX", borrow)]
    results: Vec<Observation<'a>>,
}

/// In a list of segments names are relative to the segment.
#[derive(Deserialize)]
struct Observation<'a> {
    #[serde(rename = "3.2", borrow)]
    name: Cow<'a, str>,
    // As text; `value::Observation` reads it as the type that OBX-2 names.
    #[serde(rename = "5", borrow)]
    value: Cow<'a, str>,
    #[serde(rename = "6.1")]
    unit: Option<String>,
}

fn main() -> ExitCode {
    end(struct_serde())
}

fn struct_serde() -> Result<(), Box<dyn Error>> {
    let bytes = input("messages/oru_r01.hl7")?;
    // What does not fit is an error that names the place, as in `PID-7: ... (byte 140)`.
    let report: Report<'_> = de::from_message(&Message::parse(&bytes)?)?;
    let mut out = io::stdout().lock();
    writeln!(out, "{}: {}", report.control_id, report.patient_ids.join(", "))?;
    if let Some(born) = report.born {
        writeln!(out, "born in {}", born.year())?;
    }
    for Observation { name, value, unit } in report.results {
        writeln!(out, "{name}: {value} {}", unit.unwrap_or_default())?;
    }
    Ok(())
}
