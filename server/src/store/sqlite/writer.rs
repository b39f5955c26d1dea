//! The one way to write. A transaction that may write is IMMEDIATE from its beginning: one that only becomes so after it has read
//! is refused at once, without waiting, when another process has written in between.

use std::time::{Duration, Instant};

use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqlitePool};
use sqlx::{Sqlite, Transaction};

use crate::clock::Seconds;
use crate::store::StoreError;

/// How long a write waits for those of other processes.
const PATIENCE: Duration = Duration::from_secs(5);
/// After this long SQLite gives its wait up, and it begins anew: its pauses grow, and who writes without a pause would hold
/// off the one that waits longest.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_millis(25);
/// SQLITE_BUSY; the other bits of a code say more exactly why.
const SQLITE_BUSY: u32 = 5;

/// The connection that writes.
pub(super) struct Writer(SqlitePool);

impl Writer {
    pub(super) fn new(pool: SqlitePool) -> Self {
        Self(pool)
    }

    /// A transaction that may write, as soon as nobody else does.
    pub(super) async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        let since = Instant::now();
        loop {
            match self.0.begin_with("BEGIN IMMEDIATE").await {
                Err(error) if is_busy(&error) && since.elapsed() < PATIENCE => {}
                begun => return Ok(begun?),
            }
        }
    }

    /// A transaction of one statement; gives how many rows it has changed.
    pub(super) async fn execute(
        &self,
        statement: Query<'_, Sqlite, SqliteArguments>,
    ) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let done = statement.execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(done.rows_affected())
    }

    /// A transaction that deletes at most `most` rows, by statements that have a time and a limit; gives how many.
    pub(super) async fn delete(
        &self,
        statements: &[(&'static str, Seconds)],
        most: u32,
    ) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let mut gone = 0;
        for (statement, until) in statements {
            let left = u64::from(most) - gone;
            let limit = i64::try_from(left).unwrap_or(i64::MAX);
            gone += sqlx::query(*statement)
                .bind(until)
                .bind(limit)
                .execute(&mut *transaction)
                .await?
                .rows_affected()
                .min(left);
        }
        transaction.commit().await?;
        Ok(gone)
    }
}

fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == SQLITE_BUSY)
}
