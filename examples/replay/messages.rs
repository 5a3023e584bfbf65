//! Reads the messages that are to be sent.

use std::{
    error::Error,
    path::{Path, PathBuf},
};

use hl7_examples::messages_of;
use hl7_parse::OwnedMessage;

/// What is sent where no file is named.
const DEFAULT: &str = "testdata/batches/file_batch_three.hl7";

/// The messages of all files, in order; at least one of each.
pub(crate) fn read(files: &[PathBuf]) -> Result<Vec<OwnedMessage>, Box<dyn Error>> {
    let default = [Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name(DEFAULT)];
    let mut messages = Vec::new();
    for path in if files.is_empty() { &default } else { files } {
        let found = messages_of(path).map_err(|error| format!("{}: {error}", path.display()))?;
        messages.extend(found);
    }
    Ok(messages)
}
