//! From a SQLite file to a PostgreSQL: everything that must outlive everything, in one transaction, counted before it is kept.

use std::path::Path;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tokio::sync::mpsc;

use super::address::PostgresAddress;
use super::error::StoreError;
use super::postgres::{self, PostgresStore};
use super::sqlite::{SqliteStore, rows_as_json};

/// What is not copied. Whoever is in the middle of a login begins anew, and the rest is each store's own.
const LEFT_BEHIND: [&str; 8] = [
    "_sqlx_migrations",
    "attempts",
    "bindings",
    "codes",
    "must_know",
    "readiness",
    "scenes",
    "webhook_clients",
];

/// Every other table, after those that its rows name, so that one which a later version adds is copied too.
const TABLES: &str = "
    WITH RECURSIVE tables AS (
        SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND relname <> ALL ($1)
    ), depths (oid, depth) AS (
        SELECT oid, 0 FROM tables
        UNION
        SELECT conrelid, depth + 1 FROM depths JOIN pg_constraint ON contype = 'f' AND confrelid = depths.oid AND conrelid <> confrelid
    )
    SELECT relname::text FROM depths JOIN tables USING (oid) JOIN pg_class USING (oid) GROUP BY relname ORDER BY max(depth), relname";

/// A table that numbers its rows by itself goes on behind those that came with their numbers.
const GO_ON_COUNTING: &str = "
    DO $$
    DECLARE
        counted record;
    BEGIN
        FOR counted IN
            SELECT attrelid::regclass AS its_table, attname, pg_get_serial_sequence(attrelid::regclass::text, attname) AS sequence
            FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
            WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND attnum > 0 AND NOT attisdropped
            AND pg_get_serial_sequence(attrelid::regclass::text, attname) IS NOT NULL
        LOOP
            EXECUTE format('SELECT setval(%L, max(%I)) FROM %s HAVING max(%2$I) IS NOT NULL', counted.sequence, counted.attname,
                counted.its_table);
        END LOOP;
    END $$";

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
        table: String,
        /// How many.
        rows: i64,
    },
    /// Less has arrived than was sent.
    #[error("of {sent} rows of {table} {arrived} have arrived; nothing is kept")]
    Lost {
        /// Of which table.
        table: String,
        /// So many are in the file.
        sent: i64,
        /// So many came.
        arrived: i64,
    },
}

/// Copies all of the file; gives how many rows of each table. An end before the last line leaves nothing, so that it may be begun anew.
pub async fn copy(file: &Path, to: &PostgresAddress) -> Result<Vec<(String, i64)>, CopyError> {
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
) -> Result<Vec<(String, i64)>, CopyError> {
    let mut transaction = connection.begin().await.map_err(StoreError::from)?;
    let tables: Vec<String> = sqlx::query_scalar(TABLES)
        .bind(LEFT_BEHIND.as_slice())
        .fetch_all(&mut *transaction)
        .await
        .map_err(StoreError::from)?;
    let mut columns = Vec::new();
    for table in &tables {
        let rows = count(&mut transaction, table).await?;
        if rows > 0 {
            return Err(CopyError::NotEmpty { to: to.to_string(), table: table.clone(), rows });
        }
        let of_table: Vec<String> = sqlx::query_scalar(
            "SELECT attname::text FROM pg_attribute
             WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        )
        .bind(table)
        .fetch_all(&mut *transaction)
        .await
        .map_err(StoreError::from)?;
        columns.push((table.clone(), of_table));
    }
    let (send, mut pieces) = mpsc::channel(2);
    let file = file.to_owned();
    let reading = tokio::task::spawn_blocking(move || rows_as_json(&file, &columns, PIECE, &send));
    let mut sent: Vec<(String, i64)> = tables.into_iter().map(|table| (table, 0)).collect();
    while let Some((table, rows, json)) = pieces.recv().await {
        let statement = format!(
            "INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM json_populate_recordset(NULL::{table}, $1::json)"
        );
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
            return Err(CopyError::Lost { table: table.clone(), sent: *sent, arrived });
        }
    }
    sqlx::query(GO_ON_COUNTING).execute(&mut *transaction).await.map_err(StoreError::from)?;
    transaction.commit().await.map_err(StoreError::from)?;
    Ok(sent)
}

async fn count(connection: &mut PgConnection, table: &str) -> Result<i64, StoreError> {
    sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
        .fetch_one(connection)
        .await
        .map_err(StoreError::from)
}
