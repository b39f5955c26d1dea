//! From a SQLite file to a PostgreSQL: everything that must outlive everything, in one transaction, counted before it is kept.

use std::path::Path;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tokio::sync::mpsc;

use super::address::PostgresAddress;
use super::error::StoreError;
use super::postgres::{self, PostgresStore};
use super::sqlite::{SqliteStore, rows_as_json};

/// In the order in which they refer to one another. What lives for minutes stays behind: whoever is in the middle of a login begins anew.
const TABLES: [&str; 16] = [
    "accounts",
    "identities",
    "subjects",
    "account_aliases",
    "retired_subjects",
    "first_subjects",
    "spent_subjects",
    "audit",
    "contacts",
    "sessions",
    "session_clients",
    "logouts",
    "grants",
    "refresh_tokens",
    "signing_keys",
    "webhook_events",
];

/// So many rows cross at once.
const PIECE: usize = 500;

/// Why nothing was copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// One of the two.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is there would be mixed with what comes.
    #[error("{to} has {rows} rows in {table} already: copy into a database that is empty")]
    NotEmpty {
        /// Where.
        to: String,
        /// In which table.
        table: &'static str,
        /// How many.
        rows: i64,
    },
    /// Less has arrived than was sent.
    #[error("of {sent} rows of {table} {arrived} have arrived; nothing is kept")]
    Lost {
        /// Of which table.
        table: &'static str,
        /// So many are in the file.
        sent: i64,
        /// So many came.
        arrived: i64,
    },
}

/// Copies all of the file; gives how many rows of each table. An end before the last line leaves nothing, so that it may be begun anew.
pub async fn copy(file: &Path, to: &PostgresAddress) -> Result<Vec<(&'static str, i64)>, CopyError> {
    // The file has this version's columns.
    drop(SqliteStore::open_existing(file).await?);
    drop(PostgresStore::open(to).await?);
    let mut connection = to.options().connect().await.map_err(StoreError::from)?;
    let copied = copy_into(file, to, &mut connection).await;
    let _ = connection.close().await;
    copied
}

async fn copy_into(
    file: &Path,
    to: &PostgresAddress,
    connection: &mut PgConnection,
) -> Result<Vec<(&'static str, i64)>, CopyError> {
    let mut transaction = connection.begin().await.map_err(StoreError::from)?;
    let mut columns = Vec::new();
    for table in TABLES {
        let rows = count(&mut transaction, table).await?;
        if rows > 0 {
            return Err(CopyError::NotEmpty { to: to.to_string(), table, rows });
        }
        let of_table: Vec<String> = sqlx::query_scalar(
            "SELECT attname::text FROM pg_attribute
             WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        )
        .bind(table)
        .fetch_all(&mut *transaction)
        .await
        .map_err(StoreError::from)?;
        columns.push((table, of_table));
    }
    let (send, mut pieces) = mpsc::channel(2);
    let file = file.to_owned();
    let reading = tokio::task::spawn_blocking(move || rows_as_json(&file, &columns, PIECE, &send));
    let mut sent = Vec::from(TABLES.map(|table| (table, 0)));
    while let Some((table, rows, json)) = pieces.recv().await {
        let statement =
            format!("INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{table}, $1::json)");
        sqlx::query(AssertSqlSafe(statement))
            .bind(postgres::without_nul(json))
            .execute(&mut *transaction)
            .await
            .map_err(StoreError::from)?;
        for (name, count) in &mut sent {
            if *name == table {
                *count += rows;
            }
        }
    }
    reading.await.map_err(|error| StoreError::Refused(error.into()))??;
    for (table, sent) in &sent {
        let arrived = count(&mut transaction, table).await?;
        if arrived != *sent {
            return Err(CopyError::Lost { table, sent: *sent, arrived });
        }
    }
    // The next rows are younger than those that came.
    for (table, column) in [("audit", "id"), ("webhook_events", "seq")] {
        let statement = format!(
            "SELECT setval(pg_get_serial_sequence('{table}', '{column}'), coalesce(max({column}), 0) + 1, false) FROM {table}"
        );
        sqlx::query(AssertSqlSafe(statement)).execute(&mut *transaction).await.map_err(StoreError::from)?;
    }
    transaction.commit().await.map_err(StoreError::from)?;
    Ok(sent)
}

async fn count(connection: &mut PgConnection, table: &str) -> Result<i64, StoreError> {
    sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
        .fetch_one(connection)
        .await
        .map_err(StoreError::from)
}
