//! Reads the messages that are to be sent.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use hl7_parse::{
    OwnedMessage,
    batch::{PartKind, parts},
};

/// What is sent where no file is named.
const DEFAULT: &str = "testdata/batches/file_batch_three.hl7";

/// The messages of all files, in order; at least one.
pub(crate) fn read(files: &[PathBuf]) -> Result<Vec<OwnedMessage>, Box<dyn Error>> {
    let default = [Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name(DEFAULT)];
    let mut messages = Vec::new();
    for path in if files.is_empty() { &default } else { files } {
        let so_far = messages.len();
        read_file(path, &mut messages).map_err(|error| format!("{}: {error}", path.display()))?;
        if messages.len() == so_far {
            return Err(format!("{}: no message in the file", path.display()).into());
        }
    }
    Ok(messages)
}

fn read_file(path: &Path, messages: &mut Vec<OwnedMessage>) -> Result<(), Box<dyn Error>> {
    let file = Bytes::from(fs::read(path)?);
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
    Ok(())
}
