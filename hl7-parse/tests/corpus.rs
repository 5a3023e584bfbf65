//! Real messages, where a corpus lies beside the project or `HL7_CORPUS` names one: what is read
//! is written back the same. That it is what the corpus expects is held by `.ci/run`, with the
//! listing of the `leaves` example and the checker that the corpus brings along.

use std::{fs, path::PathBuf};

use hl7_parse::{Editor, Message, OwnedMessage, batch};

pub(crate) fn files() -> Vec<PathBuf> {
    let corpus = std::env::var_os("HL7_CORPUS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus"),
        PathBuf::from,
    );
    match fs::read_dir(corpus.join("messages")) {
        Ok(entries) => entries.filter_map(|entry| Some(entry.ok()?.path())).collect(),
        Err(_) => {
            eprintln!("skipped: no corpus of messages (set HL7_CORPUS)");
            Vec::new()
        }
    }
}

#[test]
fn real_messages_are_read_and_written_back_the_same() {
    for path in files() {
        let bytes = fs::read(&path).expect("a readable file");
        let joined: Vec<u8> =
            batch::parts(&bytes).flat_map(|part| part.as_bytes().to_vec()).collect();
        assert_eq!(joined, bytes, "{}", path.display());
        let Ok(message) = Message::parse(&bytes) else { continue };
        let copied = Editor::new(&message).keep_line_ends().finish().expect("no edit");
        assert_eq!(copied.as_bytes(), &bytes, "{}", path.display());
        let mut written = Vec::new();
        for part in batch::parts(&bytes) {
            let kept = part.read().map(|part| Editor::new(&part).keep_line_ends().finish());
            match kept {
                Ok(kept) => written.extend_from_slice(kept.expect("no edit").as_bytes()),
                Err(_) => written.extend_from_slice(part.as_bytes()),
            }
        }
        assert_eq!(written, bytes, "part by part: {}", path.display());
        let leaves: Vec<_> = message.leaves().map(|leaf| leaf.as_bytes().to_vec()).collect();
        let owned = OwnedMessage::parse(bytes).expect("just read").with_cr_ends();
        let again: Vec<_> =
            owned.as_message().leaves().map(|leaf| leaf.as_bytes().to_vec()).collect();
        assert_eq!(leaves, again, "{}", path.display());
    }
}
