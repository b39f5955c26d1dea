//! What an error of sqlx's means for a store.

use super::StoreError;

/// SQLite's: somebody else writes.
const BUSY: u32 = 5;
/// SQLite's: the file may only be read; the disk does not work; it is full.
const NOT_WRITABLE: [u32; 3] = [8, 10, 13];

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let database = match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => return Self::Unreachable(error.into()),
            sqlx::Error::PoolTimedOut => return Self::TimedOut(error.into()),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => return Self::Row(error.into()),
            sqlx::Error::Database(database) => database,
            _ => return Self::Refused(error.into()),
        };
        // The upper bits of SQLite's codes say more exactly why.
        let code = database.code().and_then(|code| code.parse::<u32>().ok()).map(|code| code & 0xff);
        if database.is_unique_violation() {
            Self::Duplicate(error.into())
        } else if code == Some(BUSY) {
            Self::TimedOut(error.into())
        } else if code.is_some_and(|code| NOT_WRITABLE.contains(&code)) {
            Self::NotWritable(error.into())
        } else {
            Self::Refused(error.into())
        }
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        Self::Migration(error.into())
    }
}
