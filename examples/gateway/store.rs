//! [`Store`]: a destination that keeps messages in a database, and acknowledges after the commit.
//!
//! A message and the acknowledgment that its sender gets are one row, written by one statement: a
//! crash leaves both or none of it, and a message that is sent again gets the same acknowledgment
//! out of its row.

mod address;
mod database;
mod flavour;

use std::{sync::Arc, time::SystemTime};

use hl7_ack::{
    Acknowledger, CauseKind, Deliver, Delivery, ErrorCode, FinalAnswer, Handled, Handler,
    OneAttempt, Outcome, Progress, Received, Replay, ReplayScope, Reply, Validate,
};
use hl7_parse::OwnedMessage;

pub(crate) use self::{address::Address, database::Database};
use crate::reload::Current;

/// What a sender hears whose message could not be stored now.
pub(crate) const NOT_STORED: &str = "not stored, send again";

/// A database as a destination.
pub(crate) struct Store(Handled);

impl Store {
    /// Keeps what `validate` lets through, with its warnings in the acknowledgment.
    pub(crate) fn new(
        database: Arc<Database>,
        validate: Current<Arc<Validate>>,
        refuse_reused_ids: bool,
    ) -> Self {
        let acknowledger = Acknowledger::new();
        let replay = Replay::new(Arc::clone(&database)).acknowledger(acknowledger.clone());
        let replay = match refuse_reused_ids {
            true => replay.refuse_reused_ids(),
            false => replay,
        };
        Self(Handled::by(replay.around(Keep { database, validate, acknowledger })))
    }
}

impl OneAttempt for Store {}

impl Deliver for Store {
    async fn deliver(&self, message: OwnedMessage) -> Delivery {
        self.deliver_tracked(message, Progress::new()).await
    }

    async fn deliver_tracked(&self, message: OwnedMessage, progress: Progress) -> Delivery {
        // What is being written goes on when the sender is no longer waited for.
        progress.begin();
        match self.0.deliver(message).await {
            Delivery::Unknown(cause) if cause.kind() == CauseKind::Unreachable => {
                Delivery::NotSent(cause)
            }
            delivery => delivery,
        }
    }
}

/// Writes a message that was not known before.
struct Keep {
    database: Arc<Database>,
    validate: Current<Arc<Validate>>,
    acknowledger: Acknowledger,
}

impl Handler for Keep {
    async fn handle(&self, received: Received) -> Reply {
        let at = SystemTime::now();
        let message = &received.message;
        let outcome = self.validate.get().check(&message.as_message());
        if !outcome.is_accepted() {
            return outcome.into();
        }
        let limit = self.database.max_message_len();
        if message.as_bytes().len() > limit {
            let text = format!("the message is longer than {limit} bytes");
            return Outcome::error(ErrorCode::VALUE_TOO_LONG, text).into();
        }
        let scope = ReplayScope::of(&received);
        let answer = match scope {
            Some(scope) => scope.answer(&outcome),
            // It is an acknowledgment itself: whoever lets those in has each of them kept.
            None => {
                let built = self.acknowledger.acknowledge(&message.as_message(), &outcome);
                FinalAnswer::from_bytes(built.map(|built| built.as_bytes().clone()))
            }
        };
        match self.database.insert(scope.map(ReplayScope::key), message, at, &answer).await {
            // What another process has written in the meantime, its answer.
            Ok(kept) => kept.unwrap_or(answer).into(),
            Err(cause) => {
                let outcome = Outcome::rejected(ErrorCode::APPLICATION_ERROR, NOT_STORED);
                Reply::from(outcome).because(cause)
            }
        }
    }
}

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests {
    use std::{fs, path::PathBuf};

    use hl7_ack::Rule;
    use hl7_parse::Path;

    use super::*;
    use crate::{config, reload::Current};

    /// A store in a folder of its own, which goes with it.
    struct Kept {
        folder: PathBuf,
        database: Arc<Database>,
    }

    impl Kept {
        async fn new(name: &str, options: &str) -> Self {
            let folder =
                std::env::temp_dir().join(format!("hl7-store-{name}-{}", std::process::id()));
            fs::create_dir(&folder).expect("a folder");
            let text = format!("url = \"sqlite:events.db\"\n{options}");
            let store: config::Store = toml::from_str(&text).expect(options);
            let database = Database::new("events", &store, &folder).expect("a database");
            database.open().await.expect("opened");
            Self { folder, database }
        }

        /// What a sender is answered: MSA-1 with the codes of errors, and the bytes.
        async fn answer(&self, refuses: bool, message: &str) -> (String, Vec<u8>) {
            let rule = Rule::required(Path::new("PID-7")).only_report();
            let validate = Current::new(Arc::new(Validate::new([rule])));
            let store = Store::new(Arc::clone(&self.database), validate, refuses);
            let message = OwnedMessage::parse(message.to_owned()).expect("HL7");
            match store.deliver(message).await {
                Delivery::Answered(answer) => {
                    let message = answer.message().as_message();
                    let code = message.get(&Path::new("MSA-1")).decode().into_owned();
                    let error = message.get(&Path::new("ERR-3.1")).decode().into_owned();
                    (format!("{code}{error}"), message.as_bytes().to_vec())
                }
                other => (format!("{other:?}"), Vec::new()),
            }
        }
    }

    impl Drop for Kept {
        fn drop(&mut self) {
            let _left_behind = fs::remove_dir_all(&self.folder);
        }
    }

    fn message(control_id: &str, rest: &str) -> String {
        format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|{control_id}|P|2.5\r{rest}")
    }

    #[tokio::test]
    async fn a_copy_gets_the_same_bytes_and_is_not_kept_again() {
        let kept = Kept::new("copy", "").await;
        let (code, first) = kept.answer(false, &message("1", "PID|1||||||1962\r")).await;
        assert_eq!(code, "AA");
        for _ in 0..2 {
            let again = kept.answer(false, &message("1", "PID|1||||||1962\r")).await;
            assert_eq!(again, ("AA".to_owned(), first.clone()));
        }
        let (code, other) = kept.answer(false, &message("1", "PID|1||||||1963\r")).await;
        assert!(code == "AA" && other != first, "{code}");
        // The warning is kept with the acknowledgment.
        let (code, warned) = kept.answer(false, &message("2", "PID|1\r")).await;
        assert_eq!(code, "AA101");
        assert_eq!(kept.answer(false, &message("2", "PID|1\r")).await.1, warned);
    }

    #[tokio::test]
    async fn what_can_not_be_kept_is_refused() {
        let kept =
            Kept::new("refused", "max_message_len = \"100B\"\nrefuse_reused_ids = true").await;
        for (text, expected) in [
            (message("1", &"x".repeat(100)), "AE102"),
            (message("1", "PID|1||||||1962\r"), "AA"),
            (message("1", "PID|1||||||1963\r"), "AE205"),
        ] {
            assert_eq!(kept.answer(true, &text).await.0, expected, "{text}");
        }
    }

    #[tokio::test]
    #[cfg(unix)]
    async fn nothing_is_taken_for_a_file_that_is_gone() {
        let kept = Kept::new("gone", "").await;
        assert_eq!(kept.answer(false, &message("1", "PID|1||||||1962\r")).await.0, "AA");
        let (file, elsewhere) = (kept.folder.join("events.db"), kept.folder.join("moved.db"));
        fs::rename(&file, &elsewhere).expect("moved");
        for again in ["1", "2"] {
            let (code, _) = kept.answer(false, &message(again, "PID|1||||||1962\r")).await;
            assert!(code.starts_with("Unknown"), "{again}: {code}");
        }
        fs::rename(&elsewhere, &file).expect("back");
        assert_eq!(kept.answer(false, &message("2", "PID|1||||||1962\r")).await.0, "AA");
    }

    #[tokio::test]
    async fn a_file_that_is_no_database_is_told_at_the_start() {
        let kept = Kept::new("junk", "").await;
        fs::write(kept.folder.join("junk.db"), [b'x'; 4096]).expect("a file");
        let store: config::Store = toml::from_str("url = \"sqlite:junk.db\"").expect("a store");
        let database = Database::new("junk", &store, &kept.folder).expect("a database");
        let told = database.open().await.expect_err("it is none");
        assert!(told.contains("junk.db: ") && told.contains("file is not a database"), "{told}");
    }

    #[tokio::test]
    #[cfg(unix)]
    async fn nobody_else_can_read_the_file() {
        use std::os::unix::fs::PermissionsExt;

        let kept = Kept::new("rights", "").await;
        let (code, _) = kept.answer(false, &message("1", "PID|1||||||1962\r")).await;
        assert_eq!(code, "AA");
        let mut seen = 0;
        for file in fs::read_dir(&kept.folder).expect("the folder") {
            let file = file.expect("an entry");
            let rights = file.metadata().expect("its rights").permissions().mode();
            assert_eq!(rights & 0o077, 0, "{:?}", file.path());
            seen += 1;
        }
        assert!(seen >= 2, "the log of SQLite is beside it");
    }
}
