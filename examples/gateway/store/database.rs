//! [`Database`]: the connections to a database, and the two statements that are said to it.
//!
//! An error of the database may quote what was being written. So of a statement only its code is
//! told; what goes wrong while connecting is told in full, because no message is at hand by then.

use std::{
    fs::OpenOptions,
    io,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use hl7_ack::{Cause, CauseKind, FinalAnswer, Known, ReplayKey, ReplayStore};
use hl7_parse::{Element, Header, OwnedMessage};
use sqlx::{
    Any, AnyConnection, AnyPool, ConnectOptions, Executor, Row,
    any::{AnyArguments, AnyConnectOptions, AnyPoolOptions, AnyRow},
    migrate::MigrateError,
    pool::PoolConnection,
    query::Query,
};
use tokio::{sync::OnceCell, time::timeout};

use super::{address::Address, flavour::Flavour};
use crate::config;

/// A database that messages are kept in.
pub(crate) struct Database {
    name: &'static str,
    address: Address,
    /// Of SQLite.
    file: Option<PathBuf>,
    /// Which file that was when it was opened.
    opened: OnceLock<FileId>,
    pool: AnyPool,
    options: AnyConnectOptions,
    /// What is said to a connection of SQLite first.
    settings: String,
    /// Set once the tables are as they should be.
    migrated: OnceCell<()>,
    timeout: Duration,
    max_message_len: usize,
    refuses_reused_ids: bool,
}

impl Database {
    /// SQLite writes one after the other, so that it is given one connection.
    const MAX_CONNECTIONS: u32 = 8;
    /// How long a message waits for a connection.
    const QUEUE_TIMEOUT: Duration = Duration::from_secs(5);
    /// How long a statement may take.
    const TIMEOUT: Duration = Duration::from_secs(10);
    const MAX_MESSAGE_LEN: usize = 16 * 1024 * 1024;
    /// Most characters of a column that is there to be searched by.
    const MAX_COLUMN_LEN: usize = 200;

    /// Reads the files that the configuration names. Nothing is connected yet.
    pub(crate) fn new(
        name: &'static str,
        store: &config::Store,
        folder: &Path,
    ) -> Result<Arc<Self>, String> {
        let address = Address::parse(store.url.get_ref().as_str())?;
        sqlx::any::install_default_drivers();
        let password = store.password.as_ref().map(|secret| secret.read(folder)).transpose()?;
        let url = address.url(folder, password.as_deref())?;
        let options = AnyConnectOptions::from_url(&url).map_err(|error| error.to_string())?;
        let options = options.disable_statement_logging();
        let mut settings = String::new();
        let own = match address.flavour() {
            Flavour::Sqlite => 1,
            Flavour::Mariadb | Flavour::Postgres => Self::MAX_CONNECTIONS,
        };
        let limit = store.timeout.map_or(Self::TIMEOUT, |limit| limit.0);
        let mut pool = AnyPoolOptions::new()
            .max_connections(store.max_connections.map_or(own, |number| number.get()))
            .acquire_timeout(store.queue_timeout.map_or(Self::QUEUE_TIMEOUT, |limit| limit.0));
        if address.flavour() == Flavour::Sqlite {
            // A commit is on the disk before it is acknowledged, and readers hold up no writer. It
            // gives up waiting for another writer before it is given up itself.
            let busy = limit.as_millis() / 2;
            settings = format!(
                "PRAGMA busy_timeout = {busy}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL"
            );
            let said = settings.clone();
            pool = pool.after_connect(move |connection, _| {
                let settings = sqlx::raw_sql(sqlx::AssertSqlSafe(said.clone()));
                Box::pin(async move { connection.execute(settings).await.map(drop) })
            });
        }
        Ok(Arc::new(Self {
            name,
            file: address.file(folder),
            opened: OnceLock::new(),
            address,
            pool: pool.connect_lazy_with(options.clone()),
            options,
            settings,
            migrated: OnceCell::new(),
            timeout: limit,
            max_message_len: store.max_message_len.map_or(Self::MAX_MESSAGE_LEN, |size| size.0),
            refuses_reused_ids: store.refuse_reused_ids,
        }))
    }

    /// The longest message that is kept.
    pub(super) fn max_message_len(&self) -> usize {
        self.max_message_len
    }

    /// Connects, and makes the tables that are missing. Where the database can not be reached yet,
    /// that is tried again with each message.
    ///
    /// # Errors
    ///
    /// What no waiting mends: it refuses the user, or its tables are others.
    pub(crate) async fn open(&self) -> Result<(), String> {
        let (store, at) = (self.name, self.address.shown());
        if let Some(file) = &self.file {
            let told = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
            create(file).map_err(|error| told(&error))?;
            self.try_file().await.map_err(|error| told(&error))?;
        }
        match self.migrated.get_or_try_init(|| self.migrate()).await {
            Ok(()) => tracing::info!(store, at, "store opened"),
            Err(failed) if failed.passes => {
                tracing::warn!(store, at, cause = %failed.cause, "store not reached yet");
            }
            Err(failed) => return Err(failed.cause.to_string()),
        }
        Ok(())
    }

    /// What is wrong with the file of SQLite itself. A pool tries again until its time is over, and
    /// says no more than that it is.
    async fn try_file(&self) -> Result<(), sqlx::Error> {
        let mut connection = self.options.connect().await?;
        let settings = sqlx::raw_sql(sqlx::AssertSqlSafe(self.settings.clone()));
        match connection.execute(settings).await {
            Err(sqlx::Error::Database(error)) if is_busy(error.code().as_deref()) => Ok(()),
            tried => tried.map(drop),
        }
    }

    async fn migrate(&self) -> Result<(), Failed> {
        let mut connection = self.pool.acquire().await.map_err(Failed::to_connect)?;
        let connection: &mut AnyConnection = &mut connection;
        let migrator = self.address.flavour().migrator();
        match timeout(self.timeout, migrator.run_direct(None, connection, false)).await {
            Ok(Ok(())) => {
                if let Some(id) = self.file.as_deref().and_then(file_id) {
                    self.opened.get_or_init(|| id);
                }
                Ok(())
            }
            Ok(Err(MigrateError::Execute(error))) => Err(Failed::to_connect(error)),
            Ok(Err(error)) => Err(Failed {
                cause: Cause::new(CauseKind::Storage, error.to_string()),
                passes: false,
            }),
            Err(_) => Err(Failed { cause: self.timed_out(), passes: true }),
        }
    }

    async fn connection(&self) -> Result<PoolConnection<Any>, Cause> {
        let migrated = self.migrated.get_or_try_init(|| self.migrate()).await;
        migrated.map_err(|failed| failed.cause)?;
        self.check_file()?;
        self.pool.acquire().await.map_err(|error| Failed::to_connect(error).cause)
    }

    /// SQLite goes on writing to a file that was moved or removed, where nobody looks for it.
    fn check_file(&self) -> Result<(), Cause> {
        let (Some(file), Some(opened)) = (&self.file, self.opened.get()) else { return Ok(()) };
        match file_id(file).as_ref() == Some(opened) {
            true => Ok(()),
            false => {
                let what = "the store's file was moved or removed; restart the gateway";
                Err(Cause::new(CauseKind::Storage, what))
            }
        }
    }

    async fn fetch(&self, query: Query<'_, Any, AnyArguments>) -> Result<Option<AnyRow>, Cause> {
        let mut connection = self.connection().await?;
        match timeout(self.timeout, query.fetch_optional(&mut *connection)).await {
            Ok(row) => row.map_err(|error| failed(&error)),
            Err(_) => {
                connection.close_on_drop();
                Err(self.timed_out())
            }
        }
    }

    /// Keeps a message and its answer; gives the answer that a copy of it has had, if one came
    /// first. What is written without an error is on the disk.
    pub(super) async fn insert(
        &self,
        key: Option<&ReplayKey>,
        message: &OwnedMessage,
        at: SystemTime,
        answer: &FinalAnswer,
    ) -> Result<Option<FinalAnswer>, Cause> {
        let digests = key.map(|key| (key.id().to_be_bytes(), key.content().to_be_bytes()));
        let columns = Columns::of(&message.header());
        // One statement is a transaction of its own.
        let query = sqlx::query(self.address.flavour().insert())
            .bind(milliseconds(at))
            .bind(columns.message_type)
            .bind(columns.control_id)
            .bind(columns.sending_application)
            .bind(columns.sending_facility)
            .bind(digests.as_ref().map(|(id, _)| &id[..]))
            .bind(digests.as_ref().map(|(_, content)| &content[..]))
            .bind(&message.as_bytes()[..])
            .bind(answer.as_bytes().map(|bytes| &bytes[..]));
        let mut connection = self.connection().await?;
        let written = timeout(self.timeout, query.execute(&mut *connection)).await;
        let error = match written {
            Ok(Ok(_)) => return self.check_file().map(|()| None),
            Ok(Err(error)) => error,
            Err(_) => {
                connection.close_on_drop();
                return Err(self.timed_out());
            }
        };
        drop(connection);
        let is_there = error.as_database_error().is_some_and(|error| error.is_unique_violation());
        if let Some(key) = key.filter(|_| is_there)
            && let Some(kept) = self.answer(key).await?
        {
            return Ok(Some(kept));
        }
        Err(failed(&error))
    }

    async fn answer(&self, key: &ReplayKey) -> Result<Option<FinalAnswer>, Cause> {
        let (id, content) = (key.id().to_be_bytes(), key.content().to_be_bytes());
        let query = sqlx::query(self.address.flavour().find()).bind(&id[..]).bind(&content[..]);
        let Some(row) = self.fetch(query).await? else { return Ok(None) };
        let bytes: Option<Vec<u8>> = row.try_get(0).map_err(|error| failed(&error))?;
        Ok(Some(FinalAnswer::from_bytes(bytes.map(Bytes::from))))
    }

    fn timed_out(&self) -> Cause {
        Cause::new(CauseKind::TimedOut, format!("no answer of the database in {:?}", self.timeout))
    }
}

impl ReplayStore for Database {
    async fn find(&self, key: &ReplayKey) -> Result<Known, Cause> {
        if let Some(answer) = self.answer(key).await? {
            return Ok(Known::Answer(answer));
        }
        if !self.refuses_reused_ids {
            return Ok(Known::Nothing);
        }
        let id = key.id().to_be_bytes();
        let query = sqlx::query(self.address.flavour().find_id()).bind(&id[..]);
        Ok(match self.fetch(query).await? {
            Some(_) => Known::OtherContent,
            None => Known::Nothing,
        })
    }

    /// What is accepted has been kept by then. What was refused is refused again by the same rules.
    async fn keep(&self, _: &ReplayKey, _: &FinalAnswer) -> Result<(), Cause> {
        Ok(())
    }
}

/// Whether another process writes to the file of SQLite just then: SQLITE_BUSY, SQLITE_LOCKED.
fn is_busy(code: Option<&str>) -> bool {
    let code = code.and_then(|code| code.parse::<u32>().ok());
    // The primary code is in the lowest eight bits.
    code.is_some_and(|code| matches!(code & 0xff, 5 | 6))
}

/// Tells files apart, whatever they are called.
type FileId = (u64, u64);

#[cfg(unix)]
fn file_id(file: &Path) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt;

    file.metadata().ok().map(|file| (file.dev(), file.ino()))
}

/// An open file is not moved or removed here.
#[cfg(not(unix))]
fn file_id(_: &Path) -> Option<FileId> {
    None
}

/// Makes a file that nobody else can read, if it is not there. SQLite gives those beside it the same
/// rights.
fn create(file: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(drop)
}

/// Why there is no connection.
struct Failed {
    cause: Cause,
    /// Whether waiting may mend it.
    passes: bool,
}

impl Failed {
    fn to_connect(error: sqlx::Error) -> Self {
        let passes = matches!(error, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut);
        let detail = match error {
            sqlx::Error::PoolTimedOut => "no connection to the database in time".to_owned(),
            sqlx::Error::Io(error) => format!("the database: {}", error.kind()),
            error => error.to_string(),
        };
        let detail = detail.lines().collect::<Vec<_>>().join(", ");
        Self { cause: Cause::new(CauseKind::Unreachable, detail), passes }
    }
}

/// What went wrong in a statement, without its text.
fn failed(error: &sqlx::Error) -> Cause {
    match error {
        sqlx::Error::Io(error) => Cause::new(CauseKind::Closed, error.kind().to_string()),
        sqlx::Error::Database(error) => {
            let code = error.code();
            let code = code.as_deref().unwrap_or("none");
            Cause::new(CauseKind::Storage, format!("the database's error code is {code}"))
        }
        _ => Cause::new(CauseKind::Storage, "the database's driver failed"),
    }
}

fn milliseconds(at: SystemTime) -> i64 {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// What a row can be found by.
struct Columns {
    message_type: String,
    control_id: String,
    sending_application: String,
    sending_facility: String,
}

impl Columns {
    fn of(header: &Header<'_>) -> Self {
        let column = |element: Element<'_>| {
            // PostgreSQL takes no NUL in a text.
            let shown = |c: char| if c == '\0' { char::REPLACEMENT_CHARACTER } else { c };
            let text = element.decode();
            text.chars().map(shown).take(Database::MAX_COLUMN_LEN).collect::<String>()
        };
        let types = header.message_type();
        let types: Vec<_> = (1..=3).map(|n| column(types.component(n).into())).collect();
        let message_type = types.join("^");
        let message_type = message_type.trim_end_matches('^').chars();
        Self {
            message_type: message_type.take(Database::MAX_COLUMN_LEN).collect(),
            control_id: column(header.control_id().into()),
            sending_application: column(header.sending_application().component(1).into()),
            sending_facility: column(header.sending_facility().component(1).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_hold_any_header() {
        let long = "x".repeat(1000);
        for (header, expected) in [
            (
                "MSH|^~\\&|LAB^1.2^ISO|GH|||1||ADT^A01^ADT_A01|7|P|2.5",
                ["ADT^A01^ADT_A01", "7", "LAB", "GH"],
            ),
            ("MSH|*~\\&|A*B|C|||1||ADT*A01|7|P|2.5", ["ADT^A01", "7", "A", "C"]),
            ("MSH|^~\\&|A\\T\\B|\0|||1||ACK|7|P|2.5", ["ACK", "7", "A&B", "\u{fffd}"]),
            ("MSH|^~\\&", ["", "", "", ""]),
        ] {
            let columns = Columns::of(&Header::parse(header.as_bytes()).expect(header));
            let found = [
                columns.message_type,
                columns.control_id,
                columns.sending_application,
                columns.sending_facility,
            ];
            assert_eq!(found, expected, "{header}");
        }
        let header = format!("MSH|^~\\&|{long}|{long}|||1||{long}^{long}|{long}|P|2.5");
        let columns = Columns::of(&Header::parse(header.as_bytes()).expect("readable"));
        for column in [columns.message_type, columns.control_id, columns.sending_facility] {
            assert_eq!(column.chars().count(), Database::MAX_COLUMN_LEN);
        }
    }
}
