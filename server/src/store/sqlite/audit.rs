//! What has happened to accounts, in SQLite.

use rusqlite::{Connection, params};

use super::statement::statements;
use crate::clock::Seconds;
use crate::store::StoreError;
use crate::store::audit::{AuditRow, By, What};

/// Keeps what happens to an account, within the transaction in which it does.
pub(super) fn note(
    connection: &Connection,
    account_id: &str,
    what: What,
    by: By,
    detail: Option<&str>,
    now: Seconds,
) -> Result<(), StoreError> {
    NOTE.execute(connection, params![account_id, what.as_str(), by.as_str(), detail, now]).map(drop)
}

/// What has happened to an account and to those that were merged into it.
pub(super) fn history(connection: &Connection, account_id: &str) -> Result<Vec<AuditRow>, StoreError> {
    HISTORY.all(connection, [account_id], |row| {
        Ok(AuditRow {
            account_id: row.get("account_id")?,
            what: row.get("what")?,
            by: row.get("by")?,
            detail: row.get("detail")?,
            at: row.get("at")?,
        })
    })
}

statements! {
    NOTE = "INSERT INTO audit (account_id, what, by, detail, at) VALUES (?1, ?2, ?3, ?4, ?5)";
    HISTORY = "SELECT account_id, what, by, detail, at FROM audit
        WHERE account_id IN (SELECT ?1 UNION SELECT id FROM account_aliases WHERE account_id = ?1) ORDER BY id";
}
