//! What an error of PostgreSQL's means for a store.

use std::io::ErrorKind;

use sqlx::migrate::MigrateError;

use crate::store::StoreError;

/// SQLSTATE, <https://www.postgresql.org/docs/current/errcodes-appendix.html>: it starts, stops or has just died; no connection is left.
const AWAY: [&str; 5] = ["57P01", "57P02", "57P03", "57P05", "53300"];
/// A statement or the wait for a lock took too long.
const LATE: [&str; 2] = ["57014", "55P03"];
/// The disk is full; it takes no writes, as a standby.
const NOT_WRITABLE: [&str; 2] = ["53100", "25006"];
/// A prepared statement is there twice, or not any more: somebody in between gives each transaction another connection.
const POOLED: [&str; 2] = ["42P05", "26000"];
/// A serialization failure, a deadlock: another one has gone on.
const UNDONE: [&str; 2] = ["40001", "40P01"];

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let code = code(&error);
        let is = |codes: &[&str]| code.as_deref().is_some_and(|code| codes.contains(&code));
        let is_away = is(&AWAY) || code.as_deref().is_some_and(|code| code.starts_with("08"));
        match &error {
            // No TLS, or a certificate that is not believed: no waiting mends it.
            sqlx::Error::Io(io) if io.kind() == ErrorKind::InvalidData => Self::Refused(error.into()),
            sqlx::Error::Tls(_) => Self::Refused(error.into()),
            sqlx::Error::Io(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                Self::Unreachable(error.into())
            }
            sqlx::Error::PoolTimedOut => Self::TimedOut(error.into()),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Self::Row(error.into()),
            _ if is(&POOLED) => Self::Refused(
                format!(
                    "{error}: what pools connections before PostgreSQL must keep prepared statements (PgBouncer 1.21 with max_prepared_statements), or pool by session"
                )
                .into(),
            ),
            _ if is_away => Self::Unreachable(error.into()),
            _ if is(&LATE) => Self::TimedOut(error.into()),
            _ if is(&NOT_WRITABLE) => Self::NotWritable(error.into()),
            sqlx::Error::Database(database) if database.is_unique_violation() => {
                Self::Duplicate(error.into())
            }
            _ => Self::Refused(error.into()),
        }
    }
}

impl From<MigrateError> for StoreError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) => match Self::from(error) {
                // It goes on as soon as there is somebody who takes writes.
                error if error.is_away() || matches!(error, Self::NotWritable(_)) => error,
                error => Self::Migration(error.into()),
            },
            error => Self::Migration(error.into()),
        }
    }
}

/// Whether PostgreSQL has undone it for another one's sake, so that it may begin anew.
pub(super) fn was_undone(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|code| UNDONE.contains(&&*code))
}

/// Whether a statement has done nothing: PostgreSQL says that it has failed, and goes on.
pub(super) fn was_taken_back(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|code| !AWAY.contains(&&*code) && !code.starts_with("08"))
}

fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error().and_then(|error| error.code()).map(|code| code.into_owned())
}
