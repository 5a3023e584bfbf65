//! [`Flavour`]: which database it is, and what is said to it.

use std::borrow::Cow;

use sqlx::{
    SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavour {
    Sqlite,
    Mariadb,
    Postgres,
}

/// Statements with their placeholders: `$1` in PostgreSQL, `?` in the others.
macro_rules! statement {
    ($name:ident, $numbered:literal, $others:literal) => {
        pub(super) fn $name(self) -> &'static str {
            match self {
                Self::Postgres => $numbered,
                Self::Sqlite | Self::Mariadb => $others,
            }
        }
    };
}

impl Flavour {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Mariadb => "MariaDB",
            Self::Postgres => "PostgreSQL",
        }
    }

    /// The feature of this package that brings its driver.
    pub(crate) fn feature(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Mariadb => "mariadb",
            Self::Postgres => "postgres",
        }
    }

    /// Whether its driver was built in.
    pub(crate) fn is_built(self) -> bool {
        match self {
            Self::Sqlite => cfg!(feature = "sqlite"),
            Self::Mariadb => cfg!(feature = "mariadb"),
            Self::Postgres => cfg!(feature = "postgres"),
        }
    }

    /// What makes the tables, whatever was there before. Steps are added at the end, and none is
    /// changed.
    pub(super) fn migrator(self) -> Migrator {
        let steps = [match self {
            Self::Sqlite => include_str!("migrations/sqlite.sql"),
            Self::Mariadb => include_str!("migrations/mariadb.sql"),
            Self::Postgres => include_str!("migrations/postgres.sql"),
        }];
        let migration = |(number, sql): (i64, &'static str)| {
            let kind = MigrationType::Simple;
            Migration::new(number, Cow::Borrowed("messages"), kind, sql.into_sql_str(), false)
        };
        let mut migrator = Migrator::with_migrations((1..).zip(steps).map(migration).collect());
        // The database may be that of an application with steps of its own.
        migrator.dangerous_set_table_name("hl7_gateway_migration");
        migrator
    }

    statement!(
        find,
        "SELECT acknowledgment FROM hl7_message WHERE id_key = $1 AND content_key = $2",
        "SELECT acknowledgment FROM hl7_message WHERE id_key = ? AND content_key = ?"
    );

    statement!(
        find_id,
        "SELECT acknowledgment FROM hl7_message WHERE id_key = $1 LIMIT 1",
        "SELECT acknowledgment FROM hl7_message WHERE id_key = ? LIMIT 1"
    );

    statement!(
        insert,
        "INSERT INTO hl7_message (received_ms, message_type, control_id, sending_application, \
         sending_facility, id_key, content_key, message, acknowledgment) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        "INSERT INTO hl7_message (received_ms, message_type, control_id, sending_application, \
         sending_facility, id_key, content_key, message, acknowledgment) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
    );
}
