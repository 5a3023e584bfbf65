//! The messages of a file, to be sent.

use std::{error::Error, fs, path::Path};

use bytes::Bytes;
use hl7_parse::{
    OwnedMessage,
    batch::{PartKind, parts},
};

/// The messages of a file, ready to be sent; at least one. They share the bytes of the file.
///
/// # Errors
///
/// Where the file can not be read, holds no message, or has lines that are in none: those would
/// be lost.
pub fn messages_of(path: &Path) -> Result<Vec<OwnedMessage>, Box<dyn Error>> {
    let file = Bytes::from(fs::read(path)?);
    let mut messages = Vec::new();
    for part in parts(&file) {
        match part.kind() {
            PartKind::Message => {
                // Sent as it is, whatever its character set.
                let message = OwnedMessage::parse_undecoded(file.slice_ref(part.as_bytes()))?;
                messages.push(message.with_cr_ends());
            }
            PartKind::Other => return Err("the file does not begin with MSH, FHS or BHS".into()),
            // An envelope segment. Lines after it would be lost.
            _ if part.read()?.segments().len() == 1 => {}
            _ => return Err("there are lines between the messages of the batch".into()),
        }
    }
    if messages.is_empty() { Err("no message in the file".into()) } else { Ok(messages) }
}
