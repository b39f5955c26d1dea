//! Brings a file to this version. The files in `migrations/sqlite` go in order, each in one transaction together with its row in
//! `_sqlx_migrations`: whatever moment a start is killed at, the next one goes on from there. The table is the one that sqlx makes
//! and reads, since earlier versions of this program went by it and may still run beside this one.

use std::collections::BTreeMap;
use std::time::Instant;

use rusqlite::{Connection, TransactionBehavior, params};
use sqlx::migrate::{Migration, Migrator};

use crate::store::StoreError;

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

/// The versions that the file has, in order.
pub(super) fn known(connection: &Connection) -> Result<Vec<i64>, StoreError> {
    let known = "SELECT version FROM _sqlx_migrations WHERE success ORDER BY version";
    let mut known = connection.prepare(known)?;
    let known = known.query_map([], |row| row.get(0))?;
    Ok(known.collect::<Result<_, _>>()?)
}

/// Brings the file to this version.
pub(super) fn run(connection: &mut Connection) -> Result<(), StoreError> {
    connection.execute_batch(TABLE)?;
    for migration in MIGRATOR.iter() {
        apply(connection, migration)?;
    }
    Ok(())
}

/// Applies a migration, unless it was, by this process or by another one that starts at the same moment.
fn apply(connection: &mut Connection, migration: &Migration) -> Result<(), StoreError> {
    let since = Instant::now();
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if applied(&transaction)?.contains_key(&migration.version) {
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

/// What the file has, if all of it is known here and as it was: version and checksum.
fn applied(connection: &Connection) -> Result<BTreeMap<i64, Vec<u8>>, StoreError> {
    let mut rows = connection.prepare("SELECT version, success, checksum FROM _sqlx_migrations")?;
    let mut rows = rows.query([])?;
    let mut applied = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (version, success, checksum): (i64, bool, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let own = MIGRATOR.iter().find(|own| own.version == version);
        let Some(own) = own else {
            return Err(impossible(format!("it has migration {version}, which a newer program has made")));
        };
        if !success {
            return Err(impossible(format!("migration {version} was not brought to its end")));
        }
        if own.checksum != checksum {
            return Err(impossible(format!("migration {version} was another one when it was applied")));
        }
        applied.insert(version, checksum);
    }
    Ok(applied)
}

fn impossible(why: String) -> StoreError {
    StoreError::Migration(why.into())
}
