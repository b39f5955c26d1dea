//! Brings a file to this version. The files in `migrations/sqlite` go in order, each in one transaction together with its row in
//! `_sqlx_migrations`: whatever moment a start is killed at, the next one goes on from there. The table is the one that sqlx makes
//! and reads, since earlier versions of this program went by it and may still run beside this one.

use std::time::Instant;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use sqlx::migrate::{Migration, Migrator};

use crate::store::StoreError;
use crate::store::version::{self, Applied};

static MIGRATOR: Migrator = sqlx::migrate!("migrations/sqlite");

const TABLE: &str = "CREATE TABLE IF NOT EXISTS _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
)";

/// The versions that this program has, in order.
pub(super) fn versions() -> Vec<i64> {
    MIGRATOR.iter().map(|migration| migration.version).collect()
}

/// What the file has been through.
pub(super) fn applied(connection: &Connection) -> Result<Applied, StoreError> {
    let versions = "SELECT version FROM _sqlx_migrations WHERE success ORDER BY version";
    let mut versions = connection.prepare(versions)?;
    let versions = versions.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let must_know = connection
        .table_exists(None, "must_know")?
        .then(|| connection.query_row("SELECT version FROM must_know", [], |row| row.get(0)));
    Ok(Applied { versions, must_know: must_know.transpose()? })
}

/// Brings the file to this version; one that a newer program has brought further stays there.
pub(super) fn run(connection: &mut Connection) -> Result<(), StoreError> {
    connection.execute_batch(TABLE)?;
    let unknown = applied(connection)?.unknown_to(&versions())?;
    for migration in MIGRATOR.iter() {
        apply(connection, migration)?;
    }
    version::tell_of(&unknown);
    Ok(())
}

/// Applies a migration, unless it was, by this process or by another one that starts at the same moment.
fn apply(connection: &mut Connection, migration: &Migration) -> Result<(), StoreError> {
    let since = Instant::now();
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if is_applied(&transaction, migration)? {
        return Ok(());
    }
    transaction
        .execute_batch(migration.sql.as_str())
        .map_err(|error| impossible(format!("while executing migration {}: {error}", migration.version)))?;
    let took = i64::try_from(since.elapsed().as_nanos()).unwrap_or(i64::MAX);
    transaction.execute(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (?1, ?2, TRUE, ?3, ?4)",
        params![migration.version, migration.description, migration.checksum, took],
    )?;
    Ok(transaction.commit()?)
}

/// Whether the file has it, as it is here.
fn is_applied(connection: &Connection, migration: &Migration) -> Result<bool, StoreError> {
    let version = migration.version;
    let row = "SELECT success, checksum FROM _sqlx_migrations WHERE version = ?1";
    let row = connection.query_row(row, [version], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let (success, checksum): (bool, Vec<u8>) = match row {
        Some(row) => row,
        None => return Ok(false),
    };
    if !success {
        return Err(impossible(format!("migration {version} was not brought to its end")));
    }
    if migration.checksum != checksum {
        return Err(impossible(format!("migration {version} was another one when it was applied")));
    }
    Ok(true)
}

fn impossible(why: String) -> StoreError {
    StoreError::Migration(why.into())
}
