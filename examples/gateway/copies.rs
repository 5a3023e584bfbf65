//! Builds what answers a message that comes again with the answer it had.

use hl7_ack::{AnyHandler, Cause, FinalAnswer, Known, MemoryStore, Replay, ReplayKey, ReplayStore};
use hl7_parse::{Message, Path};

use crate::config;

/// Around what must not get a message twice.
pub(crate) fn around(replay: &config::Replay, handler: AnyHandler) -> AnyHandler {
    let mut store = MemoryStore::new();
    if let Some(answers) = replay.max_answers {
        store = store.max_answers(answers);
    }
    if let Some(size) = replay.max_bytes {
        store = store.max_bytes(size.0);
    }
    if let Some(age) = replay.max_age {
        store = store.max_age(age.0);
    }
    let replaying = Replay::new(Taken(store));
    match replay.refuse_reused_ids {
        true => replaying.refuse_reused_ids().around(handler),
        false => replaying.around(handler),
    }
}

/// Knows the messages that were taken. One that was refused is looked at again: the rules, or a
/// table, may be others by then.
struct Taken(MemoryStore);

impl ReplayStore for Taken {
    async fn find(&self, key: &ReplayKey) -> Result<Known, Cause> {
        self.0.find(key).await
    }

    async fn keep(&self, key: &ReplayKey, answer: &FinalAnswer) -> Result<(), Cause> {
        match answer.as_bytes().is_none_or(|bytes| is_positive(bytes)) {
            true => self.0.keep(key, answer).await,
            false => Ok(()),
        }
    }
}

fn is_positive(acknowledgment: &[u8]) -> bool {
    const CODE: Path = Path::new("MSA-1");
    Message::parse(acknowledgment)
        .is_ok_and(|message| matches!(message.get(&CODE).as_bytes(), b"AA" | b"CA"))
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use hl7_ack::{Deliver, Delivery, ErrorCode, Handled, Outcome, Received};
    use hl7_parse::OwnedMessage;

    use super::*;

    #[tokio::test]
    async fn what_was_taken_is_known_and_what_was_refused_is_looked_at_again() {
        let seen = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&seen);
        // The first one is refused, those behind it are taken.
        let handler = AnyHandler::new(move |_: Received| {
            let first = counted.fetch_add(1, Ordering::Relaxed) == 0;
            async move {
                match first {
                    true => Outcome::error(ErrorCode::REQUIRED_FIELD_MISSING, "not yet"),
                    false => Outcome::accepted(),
                }
            }
        });
        let replay: config::Replay = toml::from_str("refuse_reused_ids = true").expect("options");
        let handled = Handled::by(around(&replay, handler));
        let mut answers = Vec::new();
        for (content, expected, handled_by_then) in [
            ("PID|1", "AE", 1),
            ("PID|1", "AA", 2),
            ("PID|1", "AA", 2),
            // Another message by the ID of one that was taken.
            ("PID|2", "AE", 2),
        ] {
            let text = format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\r{content}\r");
            let message = OwnedMessage::parse(text).expect("HL7");
            let Delivery::Answered(answer) = handled.deliver(message).await else {
                panic!("{content}: no answer");
            };
            let code = answer.code().map_or("-", |code| code.as_str());
            assert_eq!(code, expected, "{content}");
            assert_eq!(seen.load(Ordering::Relaxed), handled_by_then, "{content}");
            answers.push(answer.message().as_bytes().clone());
        }
        assert_eq!(answers[1], answers[2], "the answer to the copy");
    }
}
