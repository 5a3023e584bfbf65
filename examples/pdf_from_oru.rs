//! Takes the PDF out of an ORU: decodes the first one in an OBX, piece by piece.
//!
//! `cargo run --example pdf_from_oru -- testdata/messages/oru_r01_pdf.hl7 > report.pdf`

use std::{
    error::Error,
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use hl7_examples::{end, input};
use hl7_parse::{
    Message,
    value::{Ed, Observation},
};

fn main() -> ExitCode {
    end(pdf_from_oru())
}

fn pdf_from_oru() -> Result<(), Box<dyn Error>> {
    let bytes = input("messages/oru_r01_pdf.hl7")?;
    let message = Message::parse(&bytes)?;
    let pdf = first_pdf(&message)?.ok_or("no PDF in the message")?;
    // Base64 is decoded as it is read: there is no copy of the whole, however long it is. What
    // is not Base64 is an error, which comes after what could be decoded.
    let mut data = pdf.data()?.reader();

    let mut out = io::stdout().lock();
    if out.is_terminal() {
        // Nobody wants a PDF on the screen.
        let len = io::copy(&mut data, &mut io::sink())?;
        writeln!(out, "a PDF of {len} bytes; `> report.pdf` saves it")?;
    } else {
        io::copy(&mut data, &mut out)?;
    }
    Ok(out.flush()?)
}

fn first_pdf<'a>(message: &Message<'a>) -> Result<Option<Ed<'a>>, Box<dyn Error>> {
    for obx in message.segments_with_id("OBX") {
        // OBX-5, as the type that OBX-2 names.
        for observation in Observation::of(obx) {
            if let Observation::Ed(document) = observation?
                && document.media_type().as_deref() == Some("application/pdf")
            {
                return Ok(Some(document));
            }
        }
    }
    Ok(None)
}
